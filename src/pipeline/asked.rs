//! What a run asks of each content beside its digest: how thorough an analysis, and whether its MD5.
//!
//! Only says so; the worker does it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::digest::FileId;
use crate::midi::AnalysisLevel;

/// What is to be found out of each content.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// How much an analysis finds out.
    pub level: AnalysisLevel,
    /// Whether the MD5 is computed.
    pub md5: bool,
    /// Contents of which another level is asked.
    pub others: Arc<HashMap<i64, AnalysisLevel>>,
}

impl Asked {
    /// An analysis of this level, the same for all.
    #[must_use]
    pub fn all(level: AnalysisLevel) -> Self {
        Self { level, ..Self::default() }
    }

    /// What is asked of this content.
    #[must_use]
    pub fn level_of(&self, content: FileId) -> AnalysisLevel {
        self.others.get(&content.0).copied().unwrap_or(self.level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_content_may_be_asked_another_thing() {
        let others = HashMap::from([(7, AnalysisLevel::Full)]);
        let asked = Asked { others: Arc::new(others), ..Asked::all(AnalysisLevel::Basic) };
        assert_eq!(asked.level_of(FileId(7)), AnalysisLevel::Full);
        assert_eq!(asked.level_of(FileId(8)), AnalysisLevel::Basic);
    }
}
