//! Which entries of a source are read, by their positions: all that are not stored yet, or some that are.
//!
//! Positions only. It cannot tell what an entry is, so it never keeps from reading what may be an archive with something
//! in it that is wanted, or one whose entries number those behind it.

use std::collections::{BTreeMap, HashMap};

use crate::entry::Ordinal;
use crate::sink::Resume;

/// What of a source is read.
#[derive(Debug)]
pub(super) enum Scope {
    /// All but these ordinals, which are stored, with the content's id; none for a refusal.
    AllBut(HashMap<i64, Option<i64>>),
    /// All; these ordinals are stored, with the content's id, and nothing is made of what is the same.
    Compared(HashMap<i64, Option<i64>>),
    /// Only these ordinals, with the content's id.
    Only(BTreeMap<i64, i64>),
}

impl From<Resume> for Scope {
    fn from(resume: Resume) -> Self {
        match resume {
            Resume::AllBut(stored) => Self::AllBut(stored.into_iter().collect()),
            Resume::Compared(stored) => Self::Compared(stored.into_iter().collect()),
            Resume::Only(wanted) => Self::Only(wanted.into_iter().collect()),
        }
    }
}

impl Scope {
    /// The ordinals at which a reading to the end meets something, if the source still is what it was.
    pub(super) fn to_be_met(&self) -> impl Iterator<Item = i64> {
        let stored = match self {
            Self::AllBut(stored) => Some(stored),
            // Who compares tells what differs, and who asks for some meets no others.
            Self::Compared(_) | Self::Only(_) => None,
        };
        stored.into_iter().flat_map(|stored| stored.keys().copied())
    }

    /// Whether the entry at this ordinal need not be read: not for itself, and not for what may be nested in it.
    pub(super) fn passes_over(&self, ordinal: i64) -> bool {
        match self {
            // What was refused may be an archive of which a part is stored: it is read again, and stored once all the same. What is
            // nested has another number where an archive before it opens that did not, or the other way round: it is compared.
            Self::AllBut(stored) => {
                Ordinal(ordinal).is_outer() && matches!(stored.get(&ordinal), Some(Some(_)))
            }
            Self::Compared(_) => false,
            Self::Only(wanted) => {
                !wanted.contains_key(&ordinal) && wanted.range(Ordinal(ordinal).leads_to()).next().is_none()
            }
        }
    }

    /// Whether this content at this ordinal, which was read, is of no interest.
    pub(super) fn leaves(&self, ordinal: i64, file_id: i64) -> bool {
        match self {
            // It may be called otherwise than before: storing it again writes nothing where it is not.
            Self::AllBut(_) => false,
            Self::Compared(stored) => stored.get(&ordinal) == Some(&Some(file_id)),
            Self::Only(wanted) => wanted.get(&ordinal) != Some(&file_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_passed_over_unless_it_is_nested() {
        let nested = Ordinal::nested(5, 2).0;
        let scope = Scope::from(Resume::AllBut(vec![(nested, Some(50))]));
        assert!(!scope.passes_over(nested) && !scope.leaves(nested, 50));
        let scope = Scope::from(Resume::AllBut(vec![(3, Some(30)), (4, None)]));
        assert_eq!([2, 3, 4].map(|ordinal| scope.passes_over(ordinal)), [false, true, false]);
        let scope = Scope::from(Resume::Compared(vec![(3, Some(30)), (4, None)]));
        assert!(scope.leaves(3, 30) && !scope.passes_over(3));
        assert!(!scope.leaves(3, 31) && !scope.leaves(4, 30) && !scope.leaves(5, 30));
        let nothing = Scope::from(Resume::default());
        assert!(!nothing.passes_over(0) && !nothing.leaves(0, 1));
    }

    #[test]
    fn what_is_wanted_is_read_and_what_leads_to_it() {
        let (wanted, nested) = (Ordinal::outer(3).0, Ordinal::nested(5, 2).0);
        let scope = Scope::from(Resume::Only(vec![(wanted, 30), (nested, 50)]));
        let outer = [0, 1, 2, 3, 4, 5, 6].map(|member| scope.passes_over(Ordinal::outer(member).0));
        assert_eq!(outer, [true, true, true, false, true, false, true]);
        // Any entry before it may be an archive, and number it.
        let inside = [0, 1, 2, 3].map(|entry| scope.passes_over(Ordinal::nested(5, entry).0));
        assert_eq!(inside, [false, false, false, true]);
        assert!(scope.passes_over(Ordinal::nested(4, 0).0));
        assert!(!scope.leaves(wanted, 30) && scope.leaves(wanted, 31) && scope.leaves(0, 30));
    }
}
