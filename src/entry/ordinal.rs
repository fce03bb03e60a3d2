//! Positions of entries: numbers that are the same whenever the same source is read.
//!
//! Numbers only; what gets one is the readers' rule: every regular file, nested archives included, in reading order.
//! Directories, links and devices get none.

use std::ops::Range;

use crate::reject::{Reason, Refusal};

/// How many numbers there are inside one member of the outer file.
const ROOM: i64 = 1_000_000_000;

/// The position of an entry within its source: members of the outer file are 0, 1, 2 …; everything nested inside member
/// n, at any depth, is (n + 1) · 10⁹ + k with k = 0, 1, 2 … in reading order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ordinal(pub i64);

/// Gives out the positions of one run of entries, in reading order.
#[derive(Clone, Debug)]
pub struct Ordinals {
    next: i64,
    end: i64,
}

impl Ordinal {
    /// Most members an outer file may have, and most entries inside one member: so that all numbers are distinct.
    pub const MOST: u64 = ROOM.cast_unsigned();

    /// Member `n` of the outer file.
    #[must_use]
    pub fn outer(n: usize) -> Self {
        Self(i64::try_from(n).unwrap_or(i64::MAX))
    }

    /// Entry `k` nested inside member `n` of the outer file.
    #[must_use]
    pub fn nested(n: usize, k: usize) -> Self {
        let base = Self::outer(n).0.saturating_add(1).saturating_mul(ROOM);
        Self(base.saturating_add(Self::outer(k).0))
    }

    /// The numbers that an entry with this one may have something to do with, were it an archive: for a member of the
    /// outer file those inside it; for what is nested those that come behind it there.
    #[must_use]
    pub const fn leads_to(self) -> Range<i64> {
        if self.0 < ROOM {
            let start = self.0.saturating_add(1).saturating_mul(ROOM);
            start..start.saturating_add(ROOM)
        } else {
            self.0.saturating_add(1)..(self.0 / ROOM).saturating_add(1).saturating_mul(ROOM)
        }
    }

    /// Whether it is a member of the outer file.
    #[must_use]
    pub const fn is_outer(self) -> bool {
        self.0 < ROOM
    }

    /// The member of the outer file in which the entry with this number lies, or which it is.
    #[must_use]
    pub const fn member(self) -> Self {
        if self.0 < ROOM { self } else { Self(self.0 / ROOM - 1) }
    }

    /// The numbers of what is nested inside member `n` of the outer file.
    #[must_use]
    pub fn inside(n: usize) -> Ordinals {
        let start = Self::nested(n, 0).0;
        Ordinals { next: start, end: start.saturating_add(ROOM) }
    }

    /// The numbers of the outer file's members.
    #[must_use]
    pub fn of_members() -> Ordinals {
        Self::of_members_from(0)
    }

    /// The numbers of the outer file's members from member `first` on.
    #[must_use]
    pub fn of_members_from(first: usize) -> Ordinals {
        Ordinals { next: Self::outer(first).0, end: ROOM }
    }
}

impl Ordinals {
    /// The next number.
    ///
    /// # Errors
    /// [`Reason::LimitEntries`] after 10⁹ of them.
    pub fn take(&mut self) -> Result<Ordinal, Refusal> {
        if self.next >= self.end {
            let detail = format!("more than {ROOM} entries, which is more than can be numbered");
            return Err(Refusal::new(Reason::LimitEntries, detail));
        }
        let ordinal = Ordinal(self.next);
        self.next += 1;
        Ok(ordinal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_distinct_and_ordered() {
        assert_eq!(Ordinal::outer(7), Ordinal(7));
        assert_eq!(Ordinal::nested(0, 0), Ordinal(1_000_000_000));
        assert_eq!(Ordinal::nested(2, 5), Ordinal(3_000_000_005));
        let mut inside = Ordinal::inside(2);
        assert_eq!(inside.take(), Ok(Ordinal(3_000_000_000)));
        assert_eq!(inside.take(), Ok(Ordinal(3_000_000_001)));
        assert_eq!(Ordinal::of_members().take(), Ok(Ordinal(0)));
    }

    #[test]
    fn an_archive_leads_to_what_is_in_it() {
        assert_eq!(Ordinal::outer(0).leads_to(), 1_000_000_000..2_000_000_000);
        assert_eq!(Ordinal::outer(2).leads_to(), 3_000_000_000..4_000_000_000);
        assert_eq!(Ordinal::nested(2, 5).leads_to(), 3_000_000_006..4_000_000_000);
        assert!(Ordinal(3_999_999_999).leads_to().is_empty());
        assert_eq!(Ordinal::nested(2, 5).member(), Ordinal::outer(2));
        assert_eq!(Ordinal::outer(2).member(), Ordinal::outer(2));
    }

    #[test]
    fn numbers_run_out_before_they_collide() {
        let mut last = Ordinals { next: 2 * ROOM - 1, end: 2 * ROOM };
        assert_eq!(last.take(), Ok(Ordinal(1_999_999_999)));
        assert_eq!(last.take().unwrap_err().reason, Reason::LimitEntries);
    }
}
