//! How much an analysis is asked to find out.
//!
//! Only names the levels; what each of them computes is decided in [`super::analysis`].

use serde::{Deserialize, Serialize};

/// How much an analysis finds out, from the quickest to the most thorough.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum AnalysisLevel {
    /// Header, time, tempo, meters, notes, programs, texts
    Basic,
    /// Also key, rhythm, performance, and signatures to find near-duplicates
    #[default]
    Standard,
    /// Also chords and loops
    Full,
}

impl AnalysisLevel {
    /// Every level, ascending.
    pub const ALL: [Self; 3] = [Self::Basic, Self::Standard, Self::Full];

    /// The word stored in `musical_metadata.analysis`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Standard => "standard",
            Self::Full => "full",
        }
    }
}
