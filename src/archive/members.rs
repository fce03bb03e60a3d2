//! What every reader of members has in common: one after the other, each with its head and its content.
//!
//! Declares; the readers of the formats implement it.

use crate::reject::Refusal;

/// A regular file in a container, as the container describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// The name's bytes, folders included; cut at the longest allowed length.
    pub raw_name: Vec<u8>,
    /// Whether the name is UTF-8 by the container's own word.
    pub is_utf8: bool,
    /// Content in bytes, as declared. No more than this is ever yielded; [`u64::MAX`] where the container does not say.
    pub size: u64,
    /// Why it cannot be taken although it is there.
    pub refusal: Option<Refusal>,
}

/// Members that are no regular files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Directories.
    pub directories: u64,
    /// Symbolic and hard links.
    pub links: u64,
    /// Devices, FIFOs, volume labels and what other archivers invented.
    pub others: u64,
}

impl Skipped {
    /// What a person would miss: all but the directories.
    #[must_use]
    pub const fn missed(self) -> u64 {
        self.links + self.others
    }
}

/// Regular files, from front to back.
pub trait Members {
    /// The next regular file; none at the end, which is also where the container is broken: then [`Self::refusal`] says
    /// why. Content of the member before that was not read is passed over. A member with a [`Member::refusal`] has no
    /// content to be read.
    fn next_member(&mut self) -> Option<Member>;

    /// Reads the current member's content into `out` until `out` holds `up_to` bytes or the member ends. Call it with a
    /// small `up_to` to see the start, then again for the rest: `out` is appended to, and what was there before the
    /// member's first call stays. A member is complete, and its checksum right, once a call for more bytes than it has
    /// has succeeded.
    ///
    /// # Errors
    /// Why no more of it can be read; what came before is in `out`. The members behind it may still be read.
    fn fill(&mut self, out: &mut Vec<u8>, up_to: usize) -> Result<(), Refusal>;

    /// What was wrong with the container as a whole, the first thing if there were several; all members that could be
    /// found were yielded.
    fn refusal(&self) -> Option<&Refusal>;

    /// What was passed over so far.
    fn skipped(&self) -> Skipped;
}
