//! Which rows of a library are analysed again.

use serde::Serialize;

use crate::midi::AnalysisLevel;

/// Which contents are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Selection {
    /// Those whose rows say less than is asked, or come from an older analyser.
    Missing,
    /// All.
    All,
}

/// What every row is to be afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Criteria {
    /// Which rows are analysed again.
    pub selection: Selection,
    /// The least level; what was asked a higher one is asked that again.
    pub level: AnalysisLevel,
    /// Whether each content is to have its MD5.
    pub md5: bool,
}

impl Criteria {
    /// The levels below the one that is asked.
    pub(super) fn lower_levels(&self) -> Vec<&'static str> {
        AnalysisLevel::ALL.iter().filter(|level| **level < self.level).map(|level| level.word()).collect()
    }

    /// What a content is asked of which this level is stored: never less than that.
    pub(super) fn level_for(&self, stored: &str) -> AnalysisLevel {
        let stored = AnalysisLevel::ALL.iter().find(|level| level.word() == stored).copied();
        stored.map_or(self.level, |stored| stored.max(self.level))
    }

    /// In words, after the number of files.
    #[must_use]
    pub fn words(&self) -> String {
        match self.selection {
            Selection::All => "that is all".to_owned(),
            Selection::Missing => {
                let md5 = if self.md5 { ", or without their MD5" } else { "" };
                let level = match self.level {
                    AnalysisLevel::Basic => String::new(),
                    level => format!(", or at less than {}", level.word()),
                };
                let version = crate::midi::ANALYSER_VERSION;
                format!("analysed by a version before {version}{level}{md5}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_never_lowered() {
        let criteria = Criteria { selection: Selection::Missing, level: AnalysisLevel::Standard, md5: false };
        assert_eq!(criteria.lower_levels(), ["basic"]);
        assert_eq!(criteria.level_for("basic"), AnalysisLevel::Standard);
        assert_eq!(criteria.level_for("standard"), AnalysisLevel::Standard);
        assert_eq!(criteria.level_for("full"), AnalysisLevel::Full);
        assert_eq!(criteria.level_for("a word of a newer version"), AnalysisLevel::Standard);
    }
}
