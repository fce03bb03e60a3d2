//! The contents this run knows: met, being read, stored, refused.
//!
//! Only saves work: what is a duplicate is decided by the primary key of `files`. But it keeps one promise that the
//! database cannot: a place waits for the outcome of the content it repeats, so that no place is stored before its
//! content and none outlives a content that was refused.
//!
//! About 40 bytes a content on average, 57 at most.

use std::hash::BuildHasherDefault;

use dashmap::{DashMap, Entry};

use crate::digest::{Digest, IdHasher};
use crate::reject::Refusal;

/// What [`Seen::meet`] answers.
#[derive(Debug, PartialEq, Eq)]
pub enum Meeting {
    /// Never met: the caller reads it and must call [`Seen::settle`].
    First,
    /// Met and stored, or on its way ahead of the caller.
    Known,
    /// Met and refused, like this.
    Refused(Refusal),
    /// Being read just now; the place was kept and comes back from [`Seen::settle`].
    Waiting,
    /// Another content has this id.
    Collision,
}

/// The outcome of a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its rows travel to the database.
    Accepted,
    /// It was refused; every other place of it is, in the same words.
    Refused(Refusal),
}

/// The contents met so far; `P` is a place that waits for another's outcome.
#[derive(Debug)]
pub struct Seen<P> {
    contents: DashMap<i64, Content, BuildHasherDefault<IdHasher>>,
    waiting: DashMap<i64, Vec<P>, BuildHasherDefault<IdHasher>>,
    refusals: DashMap<i64, Refusal, BuildHasherDefault<IdHasher>>,
}

/// The rest of a digest, folded, and what became of it.
#[derive(Clone, Copy, Debug)]
struct Content {
    // Split in two so that an entry of the map takes 20 bytes instead of 24.
    check: [u32; 2],
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Pending,
    Accepted,
    Refused,
}

impl<P> Default for Seen<P> {
    fn default() -> Self {
        Self { contents: DashMap::default(), waiting: DashMap::default(), refusals: DashMap::default() }
    }
}

impl<P> Seen<P> {
    /// A content that is in the library already.
    pub fn know(&self, digest: &Digest) {
        let content = Content { check: check(digest), state: State::Accepted };
        self.contents.insert(digest.file_id().0, content);
    }

    /// A place with this content was met. `place` is kept only where the answer is [`Meeting::Waiting`].
    pub fn meet(&self, digest: &Digest, place: impl FnOnce() -> P) -> Meeting {
        let id = digest.file_id().0;
        match self.contents.entry(id) {
            Entry::Vacant(entry) => {
                entry.insert(Content { check: check(digest), state: State::Pending });
                Meeting::First
            }
            Entry::Occupied(entry) => {
                let content = *entry.get();
                if content.check != check(digest) {
                    return Meeting::Collision;
                }
                match content.state {
                    State::Accepted => Meeting::Known,
                    State::Refused => match self.refusals.get(&id) {
                        Some(refusal) => Meeting::Refused(refusal.clone()),
                        None => Meeting::Known,
                    },
                    State::Pending => {
                        // The entry's lock is still held: `settle` cannot run in between.
                        self.waiting.entry(id).or_default().push(place());
                        Meeting::Waiting
                    }
                }
            }
        }
    }

    /// Tells the outcome of a content that was [`Meeting::First`], after its rows were handed to its writer. Returns the
    /// places that waited for it.
    pub fn settle(&self, digest: &Digest, outcome: Outcome) -> Vec<P> {
        let id = digest.file_id().0;
        let Entry::Occupied(mut entry) = self.contents.entry(id) else { return Vec::new() };
        entry.get_mut().state = match outcome {
            Outcome::Accepted => State::Accepted,
            Outcome::Refused(refusal) => {
                self.refusals.insert(id, refusal);
                State::Refused
            }
        };
        self.waiting.remove(&id).map_or_else(Vec::new, |(_, places)| places)
    }

    /// How many distinct contents are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.contents.len()
    }

    /// Whether none is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.contents.is_empty()
    }
}

/// The 193 bits that take no part in the id, folded to 64.
fn check(digest: &Digest) -> [u32; 2] {
    let folded = digest.fold();
    let [a, b, c, d, e, f, g, h] = folded.to_be_bytes();
    [u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reject::Reason;

    #[test]
    fn an_entry_is_small() {
        assert!(size_of::<(i64, Content)>() <= 24);
    }

    #[test]
    fn a_place_waits_for_the_outcome_of_its_content() {
        let seen = Seen::default();
        let digest = Digest::of(b"a");
        assert_eq!(seen.meet(&digest, || 0), Meeting::First);
        assert_eq!(seen.meet(&digest, || 1), Meeting::Waiting);
        assert_eq!(seen.meet(&digest, || 2), Meeting::Waiting);
        let refusal = Refusal::new(Reason::MidiUnreadable, "no header");
        assert_eq!(seen.settle(&digest, Outcome::Refused(refusal.clone())), [1, 2]);
        assert_eq!(seen.meet(&digest, || 3), Meeting::Refused(refusal));
        assert_eq!(seen.len(), 1);
    }

    #[test]
    fn a_stored_content_is_known() {
        let seen: Seen<()> = Seen::default();
        let digest = Digest::of(b"a");
        seen.know(&digest);
        assert_eq!(seen.meet(&digest, || ()), Meeting::Known);
    }

    #[test]
    fn any_other_bit_of_the_digest_is_a_collision() {
        let seen: Seen<()> = Seen::default();
        let digest = Digest::of(b"a");
        seen.know(&digest);
        for byte in 8..32 {
            let mut bytes = *digest.as_bytes();
            bytes[byte] ^= 1;
            assert_eq!(seen.meet(&Digest::from_bytes(bytes), || ()), Meeting::Collision, "byte {byte}");
        }
    }
}
