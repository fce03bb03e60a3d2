//! What travels from the workers to a writer: items, each one place together with what was found there, and the batch
//! of items that one transaction stores.
//!
//! Knows the order in which rows must be stored and nothing of how.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::digest::{Digest, FileId};
use crate::midi::Reading;
use crate::record::{FileRow, LocationRow, MetadataRow, RejectRow, Row, SourceRow};
use crate::songs::{Called, Naming};

/// A content met for the first time, with all that is stored about it.
#[derive(Clone, Debug, PartialEq)]
pub struct FileRows {
    /// Its row in `files`.
    pub file: FileRow,
    /// Its row in `musical_metadata`.
    pub metadata: MetadataRow,
    /// What it is called where it was met, which holds if it has no other place.
    pub called: Called,
}

impl FileRows {
    /// The rows of a content that was read, stored by this run; with the MD5 where it is asked for.
    #[must_use]
    pub fn of(content: &[u8], digest: &Digest, reading: Reading, run_id: i32, md5: bool) -> Self {
        let file_id = digest.file_id().0;
        let file = FileRow {
            id: file_id,
            digest: *digest.as_bytes(),
            size_bytes: i32::try_from(content.len()).unwrap_or(i32::MAX),
            parse_status: reading.status.word(),
            warnings: reading.warnings.0,
            first_run_id: run_id,
            md5: md5.then(|| Digest::md5(content)),
        };
        let metadata = MetadataRow { file_id, metadata: reading.metadata };
        Self { file, metadata, called: Called::Open }
    }

    /// Bytes they take in memory, roughly.
    #[must_use]
    pub fn weight(&self) -> usize {
        let called = match &self.called {
            Called::By(name) => name.title.len() + name.artist.as_ref().map_or(0, String::len),
            Called::Open | Called::Nothing => 0,
        };
        size_of::<Called>() + called + self.file.weight() + self.metadata.weight()
    }

    /// Looks what it is called at this place, of the source at this path.
    #[must_use]
    pub fn called_at(mut self, place: &LocationRow, source_path: &str) -> Self {
        let path = match &place.entry_path {
            Some(entry) => Cow::Owned(format!("{source_path}!/{entry}")),
            None => Cow::Borrowed(source_path),
        };
        let texts = &self.metadata.metadata;
        let naming = Naming {
            path: Some(&path),
            name_artist: place.name_artist.as_deref(),
            name_title: place.name_title.as_deref(),
            text_title: texts.title.as_deref(),
            text_artist: texts.artist.as_deref(),
        };
        self.called = naming.settle().map_or(Called::Nothing, Called::By);
        self
    }
}

/// What was found at a place.
#[derive(Clone, Debug)]
pub enum Finding {
    /// A content that this run has not stored yet.
    New(Arc<FileRows>, LocationRow),
    /// Another place of a content that is stored, or travels ahead of this item on the same way.
    Duplicate(LocationRow),
    /// A refusal.
    Rejected(RejectRow),
    /// Nothing to record but the source itself: a bare file that is not MIDI.
    NotMidi,
}

/// One place: stored as a whole or not at all.
#[derive(Clone, Debug)]
pub struct Item {
    /// The source's own row, where the place is the whole source (a bare file).
    pub source: Option<Box<SourceRow>>,
    /// What was found.
    pub finding: Finding,
}

impl Item {
    /// The content it is about, if any.
    #[must_use]
    pub fn file_id(&self) -> Option<FileId> {
        match &self.finding {
            Finding::New(_, location) | Finding::Duplicate(location) => Some(FileId(location.file_id)),
            Finding::Rejected(_) | Finding::NotMidi => None,
        }
    }

    /// The source it lies in, if it says so.
    #[must_use]
    pub fn source_id(&self) -> Option<i64> {
        match &self.finding {
            Finding::New(_, location) | Finding::Duplicate(location) => Some(location.source_id),
            Finding::Rejected(reject) => Some(reject.source_id),
            Finding::NotMidi => self.source.as_ref().map(|source| source.id),
        }
    }

    /// Bytes it takes in memory, roughly.
    #[must_use]
    pub fn weight(&self) -> usize {
        let finding = match &self.finding {
            Finding::New(rows, location) => rows.weight() + location.weight(),
            Finding::Duplicate(location) => location.weight(),
            Finding::Rejected(reject) => reject.weight(),
            Finding::NotMidi => 0,
        };
        size_of::<Self>() + finding + self.source.as_ref().map_or(0, |source| source.weight())
    }

    /// Lower comes first in a transaction: by content, a content before its other places; then what has none.
    pub(crate) fn rank(&self) -> (i64, u8) {
        match &self.finding {
            Finding::New(rows, _) => (rows.file.id, 0),
            Finding::Duplicate(location) => (location.file_id, 1),
            Finding::Rejected(_) | Finding::NotMidi => (i64::MAX, 2),
        }
    }
}

/// In which order the items of a batch are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BatchOrder {
    /// By content id: loaders that store the same contents side by side then take their locks in the same order, and rows land
    /// near their neighbours.
    #[default]
    ByContent,
    /// As they arrived, for whoever wants to watch.
    AsRead,
}

/// The items of one transaction. A content comes before its other places.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    items: Vec<Item>,
}

impl Batch {
    /// A batch of these items, by content.
    #[must_use]
    pub fn new(items: Vec<Item>) -> Self {
        Self::arranged(items, BatchOrder::ByContent)
    }

    /// A batch of these items, which come as they may be stored, a content before its other places.
    #[must_use]
    pub fn arranged(mut items: Vec<Item>, order: BatchOrder) -> Self {
        if order == BatchOrder::ByContent {
            items.sort_by_key(Item::rank);
        }
        Self { items }
    }

    /// Its items, in the order in which they are stored.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The rows of new contents.
    pub fn files(&self) -> impl Iterator<Item = &FileRows> {
        self.items.iter().filter_map(|item| match &item.finding {
            Finding::New(rows, _) => Some(&**rows),
            _ => None,
        })
    }

    /// The places of contents, new and known.
    pub fn locations(&self) -> impl Iterator<Item = &LocationRow> {
        self.items.iter().filter_map(|item| match &item.finding {
            Finding::New(_, location) | Finding::Duplicate(location) => Some(location),
            _ => None,
        })
    }

    /// The contents whose places are in it, ascending.
    #[must_use]
    pub fn placed(&self) -> Vec<i64> {
        let mut ids: Vec<i64> = self.locations().map(|location| location.file_id).collect();
        // Most batches are sorted so already.
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The new contents of which all is known that calls them something: those with one place that was looked at.
    #[must_use]
    pub fn called(&self) -> Vec<&FileRows> {
        let mut places: HashMap<i64, u32> = HashMap::with_capacity(self.items.len());
        for location in self.locations() {
            *places.entry(location.file_id).or_default() += 1;
        }
        let looked_at = self.files().filter(|rows| rows.called != Called::Open);
        looked_at.filter(|rows| places.get(&rows.file.id) == Some(&1)).collect()
    }

    /// The contents whose places are in it without their rows, ascending.
    #[must_use]
    pub fn repeated(&self) -> Vec<i64> {
        self.placed_but(self.files())
    }

    /// The contents whose places are in it, ascending, but for those of these rows.
    #[must_use]
    pub fn placed_but<'b>(&self, rows: impl IntoIterator<Item = &'b FileRows>) -> Vec<i64> {
        let mut ids = self.placed();
        let mut others: Vec<i64> = rows.into_iter().map(|rows| rows.file.id).collect();
        others.sort_unstable();
        let mut others = others.into_iter().peekable();
        ids.retain(|id| {
            while others.next_if(|other| other < id).is_some() {}
            others.peek() != Some(id)
        });
        ids
    }

    /// The refusals.
    pub fn rejects(&self) -> impl Iterator<Item = &RejectRow> {
        self.items.iter().filter_map(|item| match &item.finding {
            Finding::Rejected(reject) => Some(reject),
            _ => None,
        })
    }

    /// The rows of bare files.
    pub fn sources(&self) -> impl Iterator<Item = &SourceRow> {
        self.items.iter().filter_map(|item| item.source.as_deref())
    }

    /// The two halves, in order; none for fewer than two items.
    #[must_use]
    pub fn split(mut self) -> Option<(Self, Self)> {
        let middle = self.items.len() / 2;
        let second = self.items.split_off(middle);
        (!self.items.is_empty()).then_some((self, Self { items: second }))
    }

    /// Its items, given up.
    #[must_use]
    pub fn into_items(self) -> Vec<Item> {
        self.items
    }
}
