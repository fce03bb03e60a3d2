//! Which sources are complete: read to their end, with every item committed.
//!
//! Counts what readers send against what writers commit. Bare files are not here: their row travels with their item.

use dashmap::DashMap;
use tokio::sync::mpsc::UnboundedSender;

use crate::batch::Item;
use crate::sink::SourceClose;

/// The sources being read.
#[derive(Debug)]
pub struct Ledger {
    open: DashMap<i64, OpenSource>,
    closed: UnboundedSender<SourceClose>,
}

#[derive(Debug, Default)]
struct OpenSource {
    /// Items sent and not committed yet.
    on_their_way: u64,
    /// What to store once they are, known when the reading has ended.
    close: Option<SourceClose>,
}

impl Ledger {
    /// A ledger that tells `closed` which sources are complete.
    #[must_use]
    pub fn new(closed: UnboundedSender<SourceClose>) -> Self {
        Self { open: DashMap::new(), closed }
    }

    /// Items are about to be sent to a writer, or kept to wait for another item's outcome. Counted before they are sent.
    pub fn sending(&self, source: i64, items: u64) {
        self.open.entry(source).or_default().on_their_way += items;
    }

    /// A reader has come to the end of a source; all its items were counted by [`Self::sending`].
    pub fn read(&self, close: SourceClose) {
        let source = close.id;
        self.open.entry(source).or_default().close = Some(close);
        self.settle(source);
    }

    /// A writer has committed these items.
    pub fn committed<'i>(&self, items: impl Iterator<Item = &'i Item>) {
        for item in items.filter(|item| item.source.is_none()) {
            let Some(source) = item.source_id() else { continue };
            if let Some(mut open) = self.open.get_mut(&source) {
                open.on_their_way = open.on_their_way.saturating_sub(1);
                if open.on_their_way > 0 || open.close.is_none() {
                    continue;
                }
            }
            self.settle(source);
        }
    }

    /// How many sources are not complete yet.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.len()
    }

    fn settle(&self, source: i64) {
        let complete = self.open.remove_if(&source, |_, open| open.on_their_way == 0 && open.close.is_some());
        if let Some((_, OpenSource { close: Some(close), .. })) = complete {
            // Nobody listens any more only where the run has failed; then nothing is to be marked.
            let _ = self.closed.send(close);
        }
    }
}
