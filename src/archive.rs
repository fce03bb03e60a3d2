//! Readers of containers: zip, 7z, RAR, LZH, tar, and compressed streams; and the way through what is nested in them.
//!
//! Pure readers over bytes: they start no threads, write nothing to disk, hold no budget, and know nothing of what MIDI
//! means. Input is taken to be hostile: a reader never panics, never allocates by a declared size beyond the [`Limits`], and answers with
//! what it could read and a [`crate::reject::Refusal`] for what it could not.

pub mod allowance;
pub mod directory;
pub mod limits;
pub mod lzh;
pub mod members;
pub mod meter;
pub mod open;
pub mod pieces;
pub mod probe;
#[cfg(feature = "rar")]
pub mod rar;
pub mod seven_zip;
pub mod stream;
pub mod tar;
pub mod traverse;
pub mod zip;

pub use limits::Limits;

#[cfg(test)]
mod corpus;
