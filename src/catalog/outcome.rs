//! What became of rows that were given to a catalog.

/// What became of them. Positions count from 0 in what was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Rows that are stored, changed or deleted as was asked, those included that were so already.
    pub applied: u64,
    /// Contents among them that the library did not have.
    pub inserted: u64,
    /// Positions of contents that the library does not have, where it should have had them.
    pub missing: Vec<usize>,
    /// Rows that the database refused; in order.
    pub refused: Vec<RefusedRow>,
}

/// A row that was refused for good: trying it again as it is would end alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// Which one.
    pub position: usize,
    /// PostgreSQL's error code, if it came from there.
    pub sqlstate: Option<String>,
    /// Why.
    pub message: String,
}

impl Outcome {
    /// Adds what became of more rows, the first of which has this position.
    pub(super) fn add(&mut self, other: Self, first: usize) {
        self.applied += other.applied;
        self.inserted += other.inserted;
        self.missing.extend(other.missing.into_iter().map(|position| position + first));
        let refused = other.refused.into_iter();
        self.refused.extend(refused.map(|row| RefusedRow { position: row.position + first, ..row }));
    }
}
