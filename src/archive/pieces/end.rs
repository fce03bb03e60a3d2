//! What is known of the end of a piece once it is decoded.
//!
//! Declares only.

/// Where a piece ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Not told by its format, or not read so far.
    Unknown,
    /// A bzip2 block: where the next one starts, or the stream's end is marked, and this block's checksum.
    Bit { bit: u64, check: u32 },
    /// Behind it the bytes end before that can be told.
    Cut,
    /// Behind it stands nothing that may.
    Damaged,
}
