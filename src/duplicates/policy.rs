//! Which copy of a group is proposed to be kept.
//!
//! A proposal is a mark in the listing; nothing is deleted.

use std::cmp::Reverse;

use super::{Copy, Group, Member};

/// What makes a copy the one to keep. Where several are equal the one with the shortest path is, then the first by path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The most bytes.
    Largest,
    /// The longest unmodified on disk.
    Oldest,
    /// The last modified on disk.
    Newest,
    /// The shortest path.
    ShortestPath,
    /// Read without damage, then the most notes, then the most events.
    MostComplete,
}

impl Policy {
    /// Marks one copy of a group.
    pub(super) fn mark(self, group: &mut Group) {
        let places = group.members.iter().enumerate().flat_map(|(member, content)| {
            content.copies.iter().enumerate().map(move |(copy, place)| ((member, copy), content, place))
        });
        let best = places.min_by(|(_, content, place), (_, other_content, other_place)| {
            self.rank(content, place).cmp(&self.rank(other_content, other_place))
        });
        let Some(((member, copy), ..)) = best else { return };
        let best = group.members.get_mut(member).and_then(|member| member.copies.get_mut(copy));
        if let Some(best) = best {
            best.keep = true;
        }
    }

    /// The lowest is kept.
    fn rank<'c>(self, content: &Member, place: &'c Copy) -> (Reverse<(u64, u64, u64)>, i64, usize, &'c str) {
        let most = |one, two, three| (Reverse((one, two, three)), 0);
        let (most, least) = match self {
            Self::Largest => most(content.size_bytes, 0, 0),
            Self::Oldest => (Reverse((0, 0, 0)), place.modified_ns),
            // The negative of the smallest would not fit.
            Self::Newest => (Reverse((0, 0, 0)), !place.modified_ns),
            Self::ShortestPath => most(0, 0, 0),
            Self::MostComplete => {
                let readable = match content.parse_status.as_str() {
                    "clean" => 2,
                    "repaired" => 1,
                    _ => 0,
                };
                most(readable, content.notes, content.events)
            }
        };
        (most, least, place.path.chars().count(), &place.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    fn member(size_bytes: u64, parse_status: &str, notes: u64, copies: &[(&str, i64)]) -> Member {
        let copies = copies.iter().map(|(path, modified_ns)| Copy {
            path: (*path).to_owned(),
            modified_ns: *modified_ns,
            keep: false,
        });
        Member {
            file_id: 1,
            digest: Digest::of(b""),
            size_bytes,
            parse_status: parse_status.to_owned(),
            notes,
            events: notes,
            similarity: 1.0,
            copies: copies.collect(),
        }
    }

    #[test]
    fn each_policy_keeps_another() {
        let group = Group {
            number: 1,
            members: vec![
                member(900, "partial", 99, &[("/largest.mid", 5)]),
                member(500, "clean", 40, &[("/complete.mid", 6), ("/complete/again.mid", 6)]),
                member(400, "clean", 30, &[("/oldest.mid", i64::MIN), ("/newest.mid", i64::MAX)]),
                member(400, "repaired", 80, &[("/b", 7), ("/a", 7)]),
            ],
        };
        for (policy, kept) in [
            (Policy::Largest, "/largest.mid"),
            (Policy::Oldest, "/oldest.mid"),
            (Policy::Newest, "/newest.mid"),
            (Policy::ShortestPath, "/a"),
            (Policy::MostComplete, "/complete.mid"),
        ] {
            let mut group = group.clone();
            policy.mark(&mut group);
            let marked: Vec<_> = group.places().filter(|(_, copy)| copy.keep).collect();
            assert_eq!(marked.len(), 1, "{policy:?}");
            assert_eq!(marked[0].1.path, kept, "{policy:?}");
            assert_eq!(group.spare_bytes(), 900 + 500 * 2 + 400 * 4 - marked[0].0.size_bytes);
        }
    }
}
