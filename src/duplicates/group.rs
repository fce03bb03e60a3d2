//! A group of duplicates: contents, and where each lies.

use serde::Serialize;

use crate::digest::Digest;

/// Contents that are duplicates of each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its number in the listing, from 1.
    pub number: u64,
    /// Its contents, each with its places; one where it is about the same bytes.
    pub members: Vec<Member>,
}

/// A content in a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// `files.id`.
    pub file_id: i64,
    /// Its digest.
    pub digest: Digest,
    /// Its length in bytes.
    pub size_bytes: u64,
    /// How well it can be read, as in `files.parse_status`.
    pub parse_status: String,
    /// Notes in it.
    pub notes: u64,
    /// Events in it.
    pub events: u64,
    /// How similar it is to the first of the group, 0 to 1; 1 where similarity was not asked.
    pub similarity: f64,
    /// Where it lies.
    pub copies: Vec<Copy>,
}

/// A place of a content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Copy {
    /// Where it is.
    pub path: String,
    /// When the file on disk was modified, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// Whether the policy proposes to keep this one of its group.
    pub keep: bool,
}

impl Group {
    /// All places, each with its content.
    pub fn places(&self) -> impl Iterator<Item = (&Member, &Copy)> {
        self.members.iter().flat_map(|member| member.copies.iter().map(move |copy| (member, copy)))
    }

    /// Bytes of all places but the one that is kept, or the first.
    #[must_use]
    pub fn spare_bytes(&self) -> u64 {
        let all: u64 = self.places().map(|(member, _)| member.size_bytes).sum();
        let kept = self.places().find(|(_, copy)| copy.keep).or_else(|| self.places().next());
        all - kept.map_or(0, |(member, _)| member.size_bytes)
    }
}
