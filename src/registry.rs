//! Which sources have their row in the database, for others to refer to.
//!
//! Sources are registered while they are being read already; a writer waits here before it stores a place in one. Bare
//! files are not here: their row travels with their item.

use std::sync::atomic::{AtomicBool, Ordering};

use dashmap::DashSet;
use tokio::sync::Notify;

use crate::batch::Item;

/// The sources that are registered.
#[derive(Debug, Default)]
pub struct Registry {
    sources: DashSet<i64>,
    news: Notify,
    broken: AtomicBool,
}

impl Registry {
    /// The rows of these sources are committed.
    pub fn add(&self, sources: impl Iterator<Item = i64>) {
        sources.for_each(|source| _ = self.sources.insert(source));
        self.news.notify_waiters();
    }

    /// No source will be registered any more: the run has failed.
    pub fn break_off(&self) {
        self.broken.store(true, Ordering::Release);
        self.news.notify_waiters();
    }

    /// Waits until the sources of these items are registered; false if that will never be.
    pub async fn wait_for(&self, items: &[Item]) -> bool {
        let archived = items.iter().filter(|item| item.source.is_none());
        let mut missing: Vec<i64> = archived.filter_map(Item::source_id).collect();
        missing.sort_unstable();
        missing.dedup();
        loop {
            let news = self.news.notified();
            tokio::pin!(news);
            // From here on nothing is missed.
            news.as_mut().enable();
            missing.retain(|source| !self.sources.contains(source));
            if missing.is_empty() {
                return true;
            }
            if self.broken.load(Ordering::Acquire) {
                return false;
            }
            news.await;
        }
    }
}
