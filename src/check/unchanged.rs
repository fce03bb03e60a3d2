//! Sources that need not be read: of the size and time that they had when the library read them whole. A rescan passes over
//! the same ones (`docs/decisions/0012-what-counts-as-changed.md`).

use sqlx::postgres::PgRow;

use super::library::{digest, places, position, read, unexpected};
use super::{Answer, Library, Standing, unanswered};
use crate::discover::Roots;
use crate::error::Result;
use crate::library::known_sources;
use crate::pipeline::KnownSources;
use crate::reject::{Reason, Refusal};

/// What the library holds of one source.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Where in the source, if it is an archive, and what the answer is.
    pub(super) answers: Vec<(Option<String>, Answer)>,
    /// What in it neither is MIDI nor says so.
    pub(super) not_midi: u64,
}

impl Library {
    /// The sources that it knows below these roots.
    ///
    /// # Errors
    /// What the database says.
    pub(super) fn sources(&self, roots: &Roots) -> Result<KnownSources> {
        self.runtime.block_on(async {
            let mut connection =
                self.pool.acquire().await.map_err(|error| unanswered("connecting", error))?;
            known_sources(&mut connection, Some(roots)).await
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
