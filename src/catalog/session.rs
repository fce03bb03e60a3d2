//! Accumulates what is to be inserted, and stores it whenever a batch is full, and at the end.

use super::{Catalog, Original, Outcome};
use crate::batch::Item;
use crate::error::Result;
use crate::midi::{Analyser, AnalysisLevel};
use crate::reject::Refusal;

/// An insertion under way. What was added and not stored is lost if it is dropped before [`Self::finish`].
#[derive(Debug)]
pub struct Session<'c> {
    catalog: &'c mut Catalog,
    run_id: i32,
    analyser: Analyser,
    items: Vec<Item>,
    weight: usize,
    /// Items that were stored, or refused.
    done: usize,
    outcome: Outcome,
}

impl<'c> Session<'c> {
    pub(super) fn new(catalog: &'c mut Catalog, run_id: i32) -> Self {
        let analyser = Analyser::new(AnalysisLevel::default());
        Self { catalog, run_id, analyser, items: Vec::new(), weight: 0, done: 0, outcome: Outcome::default() }
    }

    /// Analyses as thoroughly as this from now on, instead of the default.
    #[must_use]
    pub fn with_level(mut self, level: AnalysisLevel) -> Self {
        self.analyser = Analyser::new(level);
        self
    }

    /// Reads a content, and makes the rows of it. Stores nothing.
    ///
    /// # Errors
    /// Refuses what no MIDI can be found in.
    pub fn read(&mut self, original: &Original<'_>) -> std::result::Result<Item, Refusal> {
        original.item(self.run_id, &mut self.analyser)
    }

    /// Takes an item, and stores a batch if it is full.
    ///
    /// # Errors
    /// As [`Catalog::insert`].
    pub async fn add(&mut self, item: Item) -> Result<()> {
        self.weight += item.weight();
        self.items.push(item);
        let limits = self.catalog.settings.batch;
        if self.items.len() >= limits.items || self.weight >= limits.bytes {
            self.flush().await?;
        }
        Ok(())
    }

    /// What became of the items stored so far; positions count from the first that was added.
    #[must_use]
    pub const fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Stores the rest.
    ///
    /// # Errors
    /// As [`Catalog::insert`].
    pub async fn finish(mut self) -> Result<Outcome> {
        self.flush().await?;
        Ok(self.outcome)
    }

    async fn flush(&mut self) -> Result<()> {
        let items = std::mem::take(&mut self.items);
        self.weight = 0;
        let (first, count) = (self.done, items.len());
        self.outcome.add(self.catalog.insert(items).await?, first);
        self.done += count;
        Ok(())
    }
}
