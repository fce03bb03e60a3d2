//! Sources that need not be read: of the size and time that they had when the library read them whole. A rescan passes over
//! the same ones (`docs/decisions/0012-what-counts-as-changed.md`).

use sqlx::postgres::PgRow;
use tokio::task::JoinHandle;

use super::jobs::{Sight, Source};
use super::library::{digest, places, position, read, unexpected};
use super::{Answer, Library, Standing, unanswered};
use crate::digest::Digest;
use crate::error::Result;
use crate::pipeline::KnownSource;
use crate::reject::{Reason, Refusal};

/// What the library holds of one source.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Where in the source, if it is an archive, and what the answer is.
    pub(super) answers: Vec<(Option<String>, Answer)>,
    /// What in it neither is MIDI nor says so.
    pub(super) not_midi: u64,
}

/// Which of those asked about, size, time, whether complete, entries, whether active, the content of a bare file that is its
/// only place.
type MetFields = (i64, i64, i64, bool, i64, bool, Option<[u8; 32]>);

impl Library {
    /// Finds out which of these sources need not be read, while others are looked for.
    pub(super) fn met(&self, mut sources: Vec<Source>) -> JoinHandle<Result<Vec<Source>>> {
        let (pool, known) = (self.pool.clone(), self.sources);
        self.runtime.spawn(async move {
            // What could not be looked at cannot be compared.
            let mut asked: Vec<_> =
                sources.iter_mut().filter(|source| source.sight == Sight::Unread).collect();
            let ids: Vec<_> = asked.iter().map(|source| source.file.id().0).collect();
            let question = if is_large_share(ids.len(), known) {
                include_str!("../../database/check/met_many.sql")
            } else {
                include_str!("../../database/check/met.sql")
            };
            let asking = async {
                let mut transaction = pool.begin_with("BEGIN READ ONLY").await?;
                // Planned each time, for as many as they are.
                let rows: Vec<MetFields> =
                    sqlx::query_as(question).bind(ids).persistent(false).fetch_all(&mut *transaction).await?;
                transaction.commit().await?;
                Ok(rows)
            };
            let rows = asking.await.map_err(|error| unanswered("asking for known sources", error))?;
            for (position, size_bytes, mtime_ns, is_complete, entries, is_active, digest) in rows {
                let known = KnownSource { size_bytes, mtime_ns, is_complete, entries, is_active };
                if let Some(source) = usize::try_from(position - 1).ok().and_then(|at| asked.get_mut(at))
                    && known.is_active
                    && known.is(&source.file)
                {
                    source.sight = match digest {
                        Some(digest) => Sight::Only(Digest::from_bytes(digest)),
                        None => Sight::Held(entries.unsigned_abs().max(1)),
                    };
                }
            }
            Ok(sources)
        })
    }

    /// What it holds of these sources, each in its place; none for one that is not stored whole any more.
    ///
    /// # Errors
    /// What the database says.
    pub(super) fn held(&self, ids: &[i64]) -> Result<Vec<Option<Held>>> {
        let asking = async {
            // Both answers are of one moment.
            let mut transaction =
                self.pool.begin_with("BEGIN READ ONLY ISOLATION LEVEL REPEATABLE READ").await?;
            let whole = sqlx::query(include_str!("../../database/check/whole.sql"))
                .bind(ids)
                .fetch_all(&mut *transaction)
                .await?;
            let rows = sqlx::query(include_str!("../../database/check/held.sql"))
                .bind(ids)
                .bind(self.most_places)
                .fetch_all(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok((whole, rows))
        };
        let (whole, rows) =
            self.runtime.block_on(asking).map_err(|error| unanswered("asking for known sources", error))?;
        let mut held: Vec<Option<Held>> = ids.iter().map(|_| None).collect();
        for row in whole {
            let not_midi: i64 = read(&row, "not_midi")?;
            if let Some(slot) = held.get_mut(position(&row)?) {
                *slot = Some(Held { not_midi: not_midi.unsigned_abs(), ..Held::default() });
            }
        }
        for row in rows {
            if let Some(Some(held)) = held.get_mut(position(&row)?) {
                held.answers.push(answer(&row)?);
            }
        }
        Ok(held)
    }
}

/// Whether so many sources are more of the library than are looked up one by one: at a tenth both took the same time, of 410,000.
const fn is_large_share(asked: usize, sources: u64) -> bool {
    asked as u64 * 10 >= sources
}

fn answer(row: &PgRow) -> Result<(Option<String>, Answer)> {
    let entry: Option<String> = read(row, "entry_path")?;
    let reason: Option<String> = read(row, "reason")?;
    let (digest, standing) = match reason {
        Some(code) => {
            let reason = Reason::ALL.iter().find(|reason| reason.code() == code).ok_or_else(unexpected)?;
            (None, Standing::Refused(Refusal::new(*reason, read::<String>(row, "detail")?)))
        }
        None => (Some(digest(row)?), Standing::Known(places(row)?)),
    };
    Ok((entry, Answer { path: String::new(), digest, standing, repeats: None }))
}
