//! Counts small numbers in a table and lists the few large ones: a median without sorting.
//!
//! Knows nothing of what is counted.

/// Numbers that are counted; larger ones are listed.
const COUNTED: usize = 2_048;

/// How often each number came.
#[derive(Debug)]
pub(in crate::midi) struct Tally {
    counts: Box<[u32; COUNTED]>,
    large: Vec<u32>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { counts: Box::new([0; COUNTED]), large: Vec::new() }
    }
}

impl Tally {
    /// Forgets everything.
    pub(in crate::midi) fn clear(&mut self) {
        self.counts.fill(0);
        self.large.clear();
    }

    /// Counts a number.
    #[inline]
    pub(in crate::midi) fn add(&mut self, number: u32) {
        match usize::try_from(number).ok().and_then(|number| self.counts.get_mut(number)) {
            Some(count) => *count += 1,
            None => self.large.push(number),
        }
    }

    /// Whether this number came, which is too large to be usual.
    pub(in crate::midi) fn has_large(&self, number: u32) -> bool {
        self.large.contains(&number)
    }

    /// The middle number, or the mean of the two middle ones; none where none came.
    pub(in crate::midi) fn median(&mut self) -> Option<f64> {
        let counted: u64 = self.counts.iter().map(|count| u64::from(*count)).sum();
        let counted = usize::try_from(counted).unwrap_or(usize::MAX);
        let count = counted + self.large.len();
        let upper = count / 2;
        let lower = if count.is_multiple_of(2) { upper.checked_sub(1)? } else { upper };
        Some(f64::midpoint(self.at(lower, counted)?, self.at(upper, counted)?))
    }

    /// The number at this place, were they sorted; `counted` of them are in the table.
    fn at(&mut self, place: usize, counted: usize) -> Option<f64> {
        if let Some(place) = place.checked_sub(counted).filter(|place| *place < self.large.len()) {
            return Some(f64::from(*self.large.select_nth_unstable(place).1));
        }
        let mut before = 0;
        for (number, count) in (0_u32..).zip(self.counts.iter()) {
            before += usize::try_from(*count).unwrap_or(0);
            if before > place {
                return Some(f64::from(number));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        let mut tally = Tally::default();
        for (numbers, expected) in [
            (vec![], None),
            (vec![3], Some(3.0)),
            (vec![9, 1], Some(5.0)),
            (vec![5, 1, 7], Some(5.0)),
            (vec![1, 2_047, 2_048, 9_000], Some(2_047.5)),
            (vec![5_000, 1, 9_000, 4_000, 8_000], Some(5_000.0)),
            (vec![0, 0, 70_000], Some(0.0)),
        ] {
            tally.clear();
            for number in &numbers {
                tally.add(*number);
            }
            assert_eq!(tally.median(), expected, "{numbers:?}");
        }
        assert!(tally.has_large(70_000) && !tally.has_large(0));
    }
}
