//! What archives with a directory have in common: they fall into parts that can be read side by side.
//!
//! Declares; the readers of 7z, RAR and LZH implement it. A zip does not: each of its members is a part, and it has a way
//! of its own that costs less ([`super::zip`]).

use super::limits::Limits;
use super::members::{Members, Skipped};
use crate::entry::NameDecoder;
use crate::reject::Refusal;

/// Consecutive members that one thread reads, front to back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The position of its first member among the archive's regular files.
    pub first: usize,
    /// How many regular files it has.
    pub members: usize,
    /// Compressed bytes, as declared.
    pub packed: u64,
    /// Bytes that its decoder takes for its window or dictionary, as declared and within the limits.
    pub window: u64,
}

/// Packed bytes and members beyond which members that could be read apart are no longer put into one [`Part`].
pub const PART_BYTES: u64 = 1 << 20;
/// See [`PART_BYTES`].
pub const PART_MEMBERS: usize = 256;

/// The directory of an archive in memory. All positions count regular files only, in the order of the directory.
pub trait Directory: Send + Sync + std::fmt::Debug {
    /// The parts, which together hold every regular file once, in order. A run of members compressed as one (a solid
    /// block) is never divided; members compressed one by one are put together up to [`PART_BYTES`] and
    /// [`PART_MEMBERS`].
    fn parts(&self) -> &[Part];

    /// Reads the members of a part. `bytes` is the whole archive, the same that the directory was read from.
    fn open_part<'a>(&'a self, bytes: &'a [u8], part: usize, limits: &'a Limits) -> Box<dyn Members + 'a>;

    /// A decoder that has looked at the names of all members.
    fn name_decoder(&self) -> NameDecoder;

    /// What is wrong with the archive as a whole, if anything; the members there are can be read all the same.
    fn refusal(&self) -> Option<&Refusal>;

    /// What is no regular file. The [`Members`] of a part count nothing of it again.
    fn skipped(&self) -> Skipped;
}
