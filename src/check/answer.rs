//! What a check answers, for each file and in sum.

use serde::Serialize;

use crate::digest::Digest;
use crate::reject::Refusal;

/// The answer for one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Where it lies: `pack.zip!/drums/fill.mid`.
    pub path: String,
    /// Its content; none where it could not be read.
    pub digest: Option<Digest>,
    /// What the library has of it.
    pub standing: Standing,
    /// Where this check met the same content before, of one that the library does not have.
    pub repeats: Option<String>,
}

impl Answer {
    /// Of a file that is where the library knows it, and its content nowhere else.
    pub(super) fn only(path: String, digest: Digest) -> Self {
        let places = Places { count: 1, paths: vec![path.clone()] };
        Self { path, digest: Some(digest), standing: Standing::Known(places), repeats: None }
    }
}

/// What the library has of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// Nothing that is still there; where the same content lay before it vanished, if it ever did.
    New(Option<String>),
    /// The same content.
    Known(Places),
    /// Another content with the same or nearly the same notes.
    Near(Near),
    /// It could not be read.
    Refused(Refusal),
}

impl Standing {
    /// The word for it in all output.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::New(_) => "new",
            Self::Known(_) => "known",
            Self::Near(_) => "near",
            Self::Refused(_) => "refused",
        }
    }
}

/// Where a content of the library lies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Places {
    /// How many places there are.
    pub count: u64,
    /// The first of them.
    pub paths: Vec<String>,
}

/// What a content comes nearest to.
#[derive(Clone, Debug, PartialEq)]
pub struct Near {
    /// In which way.
    pub likeness: Likeness,
    /// The share of runs of four notes that both have, as the MinHash estimates it; 1 for the same notes.
    pub similarity: f64,
    /// The other content.
    pub digest: Digest,
    /// Where that lies.
    pub places: Places,
    /// How many contents of the library are near in any way.
    pub contents: u64,
}

/// In which way two contents are near to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// The same notes at the same times; instruments, tempo, velocities or texts differ.
    SameNotes,
    /// The same in another key.
    Transposed,
    /// Many of the same runs of notes.
    Similar,
}

/// What was found in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// Files that the library has nothing of.
    pub new: u64,
    /// Files that it has.
    pub known: u64,
    /// Files near to something that it has.
    pub near: u64,
    /// Files and archives that could not be read.
    pub refused: u64,
    /// What neither is MIDI nor says so.
    pub not_midi: u64,
    /// Of the new and the near, those of which this check met the content before.
    pub repeated: u64,
    /// Whether everything was looked at: false where it was stopped.
    pub complete: bool,
}

impl CheckReport {
    pub(super) fn count(&mut self, standing: &Standing) {
        *match standing {
            Standing::New(_) => &mut self.new,
            Standing::Known(_) => &mut self.known,
            Standing::Near(_) => &mut self.near,
            Standing::Refused(_) => &mut self.refused,
        } += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.new += other.new;
        self.known += other.known;
        self.near += other.near;
        self.refused += other.refused;
        self.not_midi += other.not_midi;
        self.repeated += other.repeated;
    }
}
