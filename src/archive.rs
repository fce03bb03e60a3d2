//! Readers of containers: zip, tar, and single compressed streams.
//!
//! Pure readers over bytes: they start no threads, write nothing to disk, hold no budget, and know nothing of MIDI. Input
//! is taken to be hostile: a reader never panics, never allocates by a declared size beyond the [`Limits`], and answers with
//! what it could read and a [`crate::reject::Refusal`] for what it could not.

pub mod allowance;
pub mod directory;
pub mod limits;
pub mod members;
pub mod meter;
pub mod pieces;
pub mod probe;
pub mod stream;
pub mod tar;
pub mod zip;

pub use limits::Limits;

#[cfg(test)]
mod corpus;
