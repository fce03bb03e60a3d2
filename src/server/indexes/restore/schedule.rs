//! What several connections do next: indexes to build, table by table, and each table to be settled as soon as its indexes
//! stand.
//!
//! Knows the order; does none of the work.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::server::indexes::{IndexError, SuspendedIndex, SuspendedKey, TABLES};

/// What a connection does next.
pub(super) enum Job<'a> {
    /// Build this index.
    Build(&'a SuspendedIndex),
    /// Prove the foreign keys of this table and renew its statistics.
    Settle(Table<'a>),
}

/// A table with what is to be done when its indexes stand.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    /// Its keys in the journal.
    pub(super) keys: &'a [SuspendedKey],
    /// Its name where its statistics are to be renewed.
    pub(super) refreshed: Option<&'static str>,
}

/// Work that several connections take from until it is done or one of them fails.
///
/// A table is settled by one connection while the others go on with the indexes of the next one: `ANALYZE` of a wide table
/// takes seconds whatever its rows, and nobody can help with it. So the table that is the most work to settle comes first.
pub(super) struct Schedule<'a> {
    state: Mutex<State<'a>>,
    news: Notify,
}

#[derive(Default)]
struct State<'a> {
    /// Not begun yet, the next one last.
    indexes: Vec<&'a SuspendedIndex>,
    /// Not settled yet, with the number of indexes that do not stand, the next one last.
    tables: Vec<(Table<'a>, &'a str, usize)>,
    /// What is wrong with a key, which keeps nobody from going on.
    trouble: Option<IndexError>,
}

impl<'a> Schedule<'a> {
    /// All work of two journals, each in the order in which its most expensive work comes first, of a table without gaps for the
    /// keys.
    pub(super) fn new(indexes: &'a [SuspendedIndex], keys: &'a [SuspendedKey]) -> Self {
        let rank = |name: &str| TABLES.iter().position(|table| *table == name).unwrap_or(TABLES.len());
        let mut ordered: Vec<_> = indexes.iter().rev().collect();
        ordered.sort_by_key(|index| std::cmp::Reverse(rank(&index.table)));

        let of_table = |name: &str| {
            keys.chunk_by(|one, next| one.table == next.table)
                .find(|keys| keys.first().is_some_and(|key| key.table == name))
        };
        let mut tables = Vec::new();
        for keys in keys.chunk_by(|one, next| one.table == next.table) {
            if let Some(key) = keys.first().filter(|key| !TABLES.contains(&key.table.as_str())) {
                tables.push((Table { keys, refreshed: None }, key.table.as_str(), 0));
            }
        }
        for name in TABLES.into_iter().rev() {
            let table = Table { keys: of_table(name).unwrap_or_default(), refreshed: Some(name) };
            tables.push((table, name, indexes.iter().filter(|index| index.table == name).count()));
        }
        Self { state: Mutex::new(State { indexes: ordered, tables, trouble: None }), news: Notify::new() }
    }

    /// The next job, waited for where what is left waits for others; none when nothing is left to begin.
    pub(super) async fn next(&self) -> Option<Job<'a>> {
        loop {
            // Made before looking, so that nothing is missed in between.
            let news = self.news.notified();
            {
                let mut state = self.state();
                if let Some(ready) = state.tables.iter().rposition(|(.., unbuilt)| *unbuilt == 0) {
                    return Some(Job::Settle(state.tables.remove(ready).0));
                }
                if let Some(index) = state.indexes.pop() {
                    return Some(Job::Build(index));
                }
                if state.tables.is_empty() {
                    return None;
                }
            }
            news.await;
        }
    }

    /// An index stands.
    pub(super) fn built(&self, index: &SuspendedIndex) {
        for (_, name, unbuilt) in &mut self.state().tables {
            if *name == index.table {
                *unbuilt = unbuilt.saturating_sub(1);
            }
        }
        self.news.notify_waiters();
    }

    /// Something is wrong with a key; what is not about it goes on.
    pub(super) fn tell(&self, error: IndexError) {
        self.state().trouble.get_or_insert(error);
    }

    /// Takes the rest away, so that the others stop after what they are at.
    pub(super) fn cancel(&self) {
        *self.state() = State::default();
        self.news.notify_waiters();
    }

    /// What was wrong with the first such key.
    pub(super) fn trouble(&self) -> Option<IndexError> {
        self.state().trouble.take()
    }

    fn state(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
