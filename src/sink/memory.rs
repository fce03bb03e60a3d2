//! A library in memory that keeps the same rules as the tables: primary keys, foreign keys, all or nothing.
//!
//! For tests of everything before the database; it is no database.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Method, Resume, Sink, SinkError, SinkErrorKind, SourceClose, Stored};
use crate::batch::{Batch, FileRows};
use crate::record::{LocationRow, RejectRow, SourceRow, SourceState};
use crate::songs::Called;

/// The tables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemoryLibrary {
    /// `sources` by id.
    pub sources: BTreeMap<i64, SourceRow>,
    /// `files` and `musical_metadata` by id.
    pub files: BTreeMap<i64, FileRows>,
    /// `file_locations` by source and ordinal.
    pub locations: BTreeMap<(i64, i64), LocationRow>,
    /// `rejects` by source and ordinal.
    pub rejects: BTreeMap<(i64, i64), RejectRow>,
}

impl MemoryLibrary {
    fn store(&mut self, batch: &Batch, method: Method) -> Result<Stored, SinkError> {
        let fresh = method == Method::Fresh;
        let mut stored = Stored::default();
        for source in batch.sources() {
            if !fresh {
                self.forget_unless_same(source);
            }
            insert(&mut self.sources, source.id, source, fresh)?;
        }
        let mut collided = BTreeSet::new();
        for rows in batch.files() {
            match self.files.get(&rows.file.id) {
                Some(_) if fresh => return Err(conflict()),
                Some(held) if held.file.digest != rows.file.digest => _ = collided.insert(rows.file.id),
                Some(_) => {}
                None => {
                    // What it is called depends on the place that was met first; the database has no such column.
                    let rows = FileRows { called: Called::Open, ..rows.clone() };
                    self.files.insert(rows.file.id, rows);
                    stored.inserted += 1;
                }
            }
        }
        for place in batch.locations().filter(|place| !collided.contains(&place.file_id)) {
            if !self.files.contains_key(&place.file_id) || !self.sources.contains_key(&place.source_id) {
                return Err(refused("a place without its file or source"));
            }
            let key = (place.source_id, place.entry_ordinal);
            insert(&mut self.locations, key, place, fresh)?;
            self.rejects.remove(&key);
        }
        for reject in batch.rejects() {
            if !self.sources.contains_key(&reject.source_id) {
                return Err(refused("a refusal without its source"));
            }
            let key = (reject.source_id, reject.entry_ordinal);
            insert(&mut self.rejects, key, reject, fresh)?;
            self.locations.remove(&key);
        }
        stored.collided = collided.into_iter().collect();
        Ok(stored)
    }

    /// What was stored of a source that has changed, or ends otherwise than before, goes.
    fn forget_unless_same(&mut self, source: &SourceRow) {
        let what_counts =
            |row: &SourceRow| (row.size_bytes, row.mtime_ns, row.state, row.entries, row.not_midi);
        if self.sources.get(&source.id).is_some_and(|held| what_counts(held) != what_counts(source)) {
            self.forget(source.id);
        }
    }

    fn forget(&mut self, id: i64) {
        self.locations.retain(|(holder, _), _| *holder != id);
        self.rejects.retain(|(holder, _), _| *holder != id);
    }

    fn register(&mut self, source: &SourceRow) -> Resume {
        let id = source.id;
        let has_changed = self.sources.get(&id).is_some_and(|held| {
            source.size_bytes >= 0 && (held.size_bytes, held.mtime_ns) != (source.size_bytes, source.mtime_ns)
        });
        if has_changed {
            self.forget(id);
        }
        if let Some(held) = self.sources.get_mut(&id) {
            held.state = SourceState::Loading.word();
            held.size_bytes = source.size_bytes;
            held.mtime_ns = source.mtime_ns;
        } else {
            self.sources.insert(id, source.clone());
        }
        let places = self.locations.range((id, i64::MIN)..=(id, i64::MAX));
        let refusals = self.rejects.range((id, 0)..=(id, i64::MAX));
        let done = places
            .map(|((_, ordinal), place)| (*ordinal, Some(place.file_id)))
            .chain(refusals.map(|((_, ordinal), _)| (*ordinal, None)));
        Resume::AllBut(done.collect())
    }
}

fn insert<K: Ord, V: Clone>(
    table: &mut BTreeMap<K, V>,
    key: K,
    row: &V,
    fresh: bool,
) -> Result<(), SinkError> {
    if fresh && table.contains_key(&key) {
        return Err(conflict());
    }
    table.insert(key, row.clone());
    Ok(())
}

fn conflict() -> SinkError {
    let message = "duplicate key value violates unique constraint".to_owned();
    SinkError { kind: SinkErrorKind::Conflict, sqlstate: Some("23505".to_owned()), message }
}

fn refused(message: &str) -> SinkError {
    let sqlstate = Some("23503".to_owned());
    SinkError { kind: SinkErrorKind::Refused, sqlstate, message: message.to_owned() }
}

/// A connection to a [`MemoryLibrary`].
#[derive(Clone, Debug, Default)]
pub struct MemorySink {
    library: Arc<Mutex<MemoryLibrary>>,
}

impl MemorySink {
    /// A copy of what is stored now.
    #[must_use]
    pub fn library(&self) -> MemoryLibrary {
        self.lock().clone()
    }

    /// Changes what is stored, as no sink could.
    pub fn change(&self, change: impl FnOnce(&mut MemoryLibrary)) {
        change(&mut self.lock());
    }

    fn lock(&self) -> MutexGuard<'_, MemoryLibrary> {
        self.library.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for MemorySink {
    async fn store(&mut self, batch: &Batch, method: Method) -> Result<Stored, SinkError> {
        let mut library = self.lock();
        // All or nothing: what is stored is a changed copy.
        let mut changed = library.clone();
        let stored = changed.store(batch, method)?;
        *library = changed;
        Ok(stored)
    }

    async fn register(&mut self, sources: &[SourceRow]) -> Result<Vec<Resume>, SinkError> {
        let mut library = self.lock();
        Ok(sources.iter().map(|source| library.register(source)).collect())
    }

    async fn close(&mut self, sources: &[SourceClose]) -> Result<(), SinkError> {
        let mut library = self.lock();
        for closed in sources {
            if !closed.refused {
                library.rejects.remove(&(closed.id, -1));
            }
            for ordinal in &closed.gone {
                library.locations.remove(&(closed.id, *ordinal));
                library.rejects.remove(&(closed.id, *ordinal));
            }
            if let Some(source) = library.sources.get_mut(&closed.id) {
                source.state = closed.state.word();
                source.kind = closed.kind;
                source.entries = closed.entries;
                source.not_midi = closed.not_midi;
            }
        }
        Ok(())
    }

    async fn reconnect(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}
