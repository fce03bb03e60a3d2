//! Sources that need not be read: of the size and time that they had when the library read them whole. A rescan passes over
//! the same ones (`docs/decisions/0012-what-counts-as-changed.md`).

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use futures_util::{Stream, TryStreamExt as _};
use sqlx::postgres::{PgPool, PgRow};
use tokio::runtime::Handle;
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::JoinHandle;

use super::jobs::{FIRST, Sight, Source};
use super::library::{digest, places, position, read, unexpected};
use super::{Answer, Library, Standing, unanswered};
use crate::digest::{Digest, IdHasher};
use crate::error::Result;
use crate::pipeline::KnownSource;
use crate::reject::{Reason, Refusal};

/// Once the walk has met one source for so many rows that a question about all would read, that is asked: to look up a quarter one
/// by one took as long, of 410,000, and who has met so many will meet more.
const LARGE_SHARE: u64 = 16;

/// So few rows are read at once where many files wait for the answer, whatever was met: that takes a quarter of a second.
const FEW: u64 = 65_536;

/// Of a library with more rows they are not: what comes of them is kept until the check ends, some 400 MB for so many.
const MOST_KEPT: u64 = 3_500_000;

/// Questions that are put at once; the others wait, and see then whether all is known by now.
pub(super) const QUESTIONS: usize = 2;

/// What the library holds of one source.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Where in the source, if it is an archive, and what the answer is.
    pub(super) answers: Vec<(Option<String>, Answer)>,
    /// What in it neither is MIDI nor says so.
    pub(super) not_midi: u64,
}

/// Sources that the library holds whole, asked for a portion at a time, and all at once where that takes less. For one check:
/// what it answers is as old as the question.
#[derive(Debug)]
pub(super) struct Stored {
    pool: PgPool,
    questions: Semaphore,
    /// Rows that a question about all would read, about.
    rows: u64,
    /// How many sources were met.
    met: AtomicU64,
    all: OnceCell<StoredSources>,
}

/// By id.
type StoredSources = HashMap<i64, StoredSource, BuildHasherDefault<IdHasher>>;

#[derive(Debug)]
struct StoredSource {
    known: KnownSource,
    /// The content of a bare file that is its only place.
    only: Option<Digest>,
}

impl Stored {
    pub(super) fn of(library: &Library) -> Self {
        Self {
            pool: library.pool.clone(),
            questions: Semaphore::new(QUESTIONS),
            rows: library.rows,
            met: AtomicU64::new(0),
            all: OnceCell::new(),
        }
    }

    /// Finds out which of these sources need not be read.
    async fn recognise(&self, sources: &mut [Source]) -> Result<()> {
        // What could not be looked at cannot be compared.
        let unread = sources.iter_mut().filter(|source| source.sight == Sight::Unread);
        let mut asked: Vec<_> = unread.map(|source| (source.file.id().0, source)).collect();
        let failed = |error| unanswered("asking for known sources", error);
        let some;
        // Not where a connection would be waited for: that has an end.
        let _turn = self.questions.acquire().await;
        let stored = if self.are_all_wanted(asked.len()) {
            self.all.get_or_try_init(|| self.all()).await.map_err(failed)?
        } else {
            some = self.some(asked.iter().map(|(id, _)| *id).collect()).await.map_err(failed)?;
            self.met.fetch_add(some.len() as u64, Relaxed);
            &some
        };
        for (id, source) in &mut asked {
            if let Some(stored) = stored.get(id)
                && stored.known.is(&source.file)
            {
                source.sight = match stored.only {
                    Some(digest) => Sight::Only(digest),
                    None => Sight::Held(stored.known.entries.unsigned_abs().max(1)),
                };
            }
        }
        Ok(())
    }

    /// Whether a question about so many sources is asked about all of them, or was.
    fn are_all_wanted(&self, asked: usize) -> bool {
        let few = if asked >= FIRST { FEW } else { 0 };
        let worth = LARGE_SHARE.saturating_mul(self.met.load(Relaxed)).saturating_add(few);
        self.all.initialized() || self.rows <= worth.min(MOST_KEPT)
    }

    /// Those with these ids.
    async fn some(&self, ids: Vec<i64>) -> sqlx::Result<StoredSources> {
        let mut some = StoredSources::with_capacity_and_hasher(ids.len(), BuildHasherDefault::new());
        let mut transaction = self.pool.begin_with("BEGIN READ ONLY").await?;
        // Planned each time, for as many as they are.
        let question = sqlx::query_as(include_str!("../../database/check/met.sql")).persistent(false);
        collect(&mut some, question.bind(ids).fetch(&mut *transaction)).await?;
        transaction.commit().await?;
        Ok(some)
    }

    /// All.
    async fn all(&self) -> sqlx::Result<StoredSources> {
        let rows = usize::try_from(self.rows).unwrap_or_default();
        let mut all = StoredSources::with_capacity_and_hasher(rows, BuildHasherDefault::new());
        let mut transaction = self.pool.begin_with("BEGIN READ ONLY ISOLATION LEVEL REPEATABLE READ").await?;
        let copied: Vec<i64> = sqlx::query_scalar(include_str!("../../database/check/copied.sql"))
            .fetch_all(&mut *transaction)
            .await?;
        let question = sqlx::query_as(include_str!("../../database/check/all.sql"));
        collect(&mut all, question.fetch(&mut *transaction)).await?;
        transaction.commit().await?;
        let copied: HashSet<i64, BuildHasherDefault<IdHasher>> = copied.into_iter().collect();
        if !copied.is_empty() {
            for source in all.values_mut() {
                source.only = source.only.filter(|digest| !copied.contains(&digest.file_id().0));
            }
        }
        Ok(all)
    }
}

/// Id, size, time, entries, and the content of a bare file.
type StoredFields = (i64, i64, i64, i64, Option<[u8; 32]>);

async fn collect(
    stored: &mut StoredSources,
    mut rows: impl Stream<Item = sqlx::Result<StoredFields>> + Unpin,
) -> sqlx::Result<()> {
    while let Some((id, size_bytes, mtime_ns, entries, digest)) = rows.try_next().await? {
        let known = KnownSource { size_bytes, mtime_ns, is_complete: true, entries, is_active: true };
        stored.insert(id, StoredSource { known, only: digest.map(Digest::from_bytes) });
    }
    Ok(())
}

/// Finds out which of these sources need not be read, while others are looked for.
pub(super) fn recognise(
    stored: &Arc<Stored>,
    runtime: &Handle,
    mut sources: Vec<Source>,
) -> JoinHandle<Result<Vec<Source>>> {
    let stored = Arc::clone(stored);
    runtime.spawn(async move {
        stored.recognise(&mut sources).await?;
        Ok(sources)
    })
}

impl Library {
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
