//! Writes sample collections of MIDI files: like real ones in sizes, music, names, containers, duplicates, clutter and
//! damage, and the same for the same options on every machine. They feed the quickstart, the tests and the benches,
//! because no third-party music is part of this project. Reads nothing and prints nothing.
//!
//! ```text
//! plan (what each slot holds) ─▶ entry (name, make, pack) ─▶ part (one container) ─▶ summary (the truth about it)
//!                                   song ─▶ form, ensemble, bar ─▶ score ─▶ smf ─▶ damage
//! ```
//!
//! The contents, their names and their order are a function of the options alone; compressed bytes may differ with the
//! versions of the compressors.

mod bar;
mod clutter;
mod container;
mod damage;
mod ensemble;
mod entry;
mod form;
mod name;
mod part;
mod plan;
mod random;
mod score;
mod smf;
mod song;
mod summary;
#[cfg(test)]
mod tests;
mod words;

use std::io;
use std::path::Path;

use rayon::prelude::*;

pub use container::{Container, UnknownContainer};
pub use damage::{Damage, Expectation};
pub use summary::{Counts, PartSummary, SampleSummary};

/// What a sample should be like.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleOptions {
    /// Another seed gives another collection. Default 1.
    pub seed: u64,
    /// Files of the collection, copies and damaged ones included, clutter not. Default 1,000.
    pub files: u64,
    /// Mean size of a file in bytes, 200 to 16 MiB; sizes are log-normal with a median of about a third of it. Default
    /// 20,000.
    pub mean_size: usize,
    /// Share of the files that are copies of another, under another name and often in another container; 0 to 1. Default 0.1.
    pub duplicates: f64,
    /// Share of the originals that are damaged, each kind of [`Damage`] as often; 0 to 1. Default 0.02.
    pub damaged: f64,
    /// Pieces of clutter per file; 0 to 1. Default 0.02.
    pub clutter: f64,
    /// The containers, taken in turn. Default all seven.
    pub layout: Vec<Container>,
    /// Most files in one container; fewer where that gives every container of the layout its share. Default 1,000.
    pub files_per_archive: u64,
}

impl Default for SampleOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            files: 1_000,
            mean_size: 20_000,
            duplicates: 0.1,
            damaged: 0.02,
            clutter: 0.02,
            layout: Container::ALL.to_vec(),
            files_per_archive: 1_000,
        }
    }
}

impl SampleOptions {
    /// Checks the ranges.
    ///
    /// # Errors
    /// The sentence that says which option is out of its range, what was given and what is allowed.
    pub fn check(&self) -> Result<(), String> {
        for (name, share) in
            [("duplicates", self.duplicates), ("damaged", self.damaged), ("clutter", self.clutter)]
        {
            if !(0.0..=1.0).contains(&share) {
                return Err(format!("the share of {name} must lie between 0 and 1, not {share}"));
            }
        }
        if !(200..=16 << 20).contains(&self.mean_size) {
            return Err(format!(
                "the mean size must lie between 200 and 16777216 bytes, not {}",
                self.mean_size
            ));
        }
        if self.files_per_archive == 0 {
            return Err("an archive must hold at least 1 file, not 0".to_owned());
        }
        if self.layout.is_empty() {
            return Err("at least one container must be named, for instance zip".to_owned());
        }
        Ok(())
    }

    /// The containers of the sample, each with the files it holds.
    fn parts(&self) -> Vec<part::Part> {
        let kinds = (self.layout.len() as u64).max(1);
        let each = self.files_per_archive.min(self.files.div_ceil(kinds)).max(1);
        let numbers = 0..self.files.div_ceil(each);
        numbers
            .zip(self.layout.iter().cycle())
            .map(|(number, &container)| {
                let start = number * each;
                part::Part { number, container, slots: start..self.files.min(start.saturating_add(each)) }
            })
            .collect()
    }
}

/// Writes a sample into the folder `to`, which is made if it is not there; files of the same names are overwritten.
///
/// Uses the threads of the current rayon pool. Memory stays at a few hundred files for each thread, and an archive that is
/// nested inside another.
///
/// # Errors
/// An option out of its range ([`io::ErrorKind::InvalidInput`]), or a file that cannot be written, by name.
pub fn write(options: &SampleOptions, to: &Path) -> io::Result<SampleSummary> {
    options.check().map_err(|problem| io::Error::new(io::ErrorKind::InvalidInput, problem))?;
    fs_err::create_dir_all(to)?;
    let parts = options.parts();
    // Either the containers or the entries of one container are made side by side, never both: a thread that waits for
    // entries would take up another container meanwhile, and memory would grow with their number.
    let written: io::Result<Vec<_>> = if parts.len() >= 2 * rayon::current_num_threads() {
        parts.par_iter().map(|part| part.write(options, to, false)).collect()
    } else {
        parts.iter().map(|part| part.write(options, to, true)).collect()
    };
    written.map(SampleSummary::of)
}

/// One clean file, a pure function of its arguments: two of them differ whenever seed or index differ.
///
/// The size comes within a few percent of `target_size` bytes where that is more than about 300; the shortest piece that is
/// still a piece takes more than 60. Every track ends in End of Track, and at least one note sounds.
#[must_use]
pub fn midi(seed: u64, index: u64, target_size: usize) -> Vec<u8> {
    score::compose(seed, index, target_size)
}
