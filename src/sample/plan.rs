//! Which file of a sample holds what: each slot is an original, a copy of an earlier one, clean or damaged. Every answer is
//! a pure function of the options and the slot's number, so that slots can be made in any order and on any thread.

use super::damage::{Damage, Expectation};
use super::random::{self, Random};
use super::{SampleOptions, midi};

/// The smallest file that is asked of the composer, in bytes.
const SMALLEST: f64 = 160.0;
/// No file is asked to be more than so many times the mean.
const LARGEST: f64 = 100.0;

/// What one file of the sample holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// The number of the slot its content was made for: its own, or an earlier one's if it is a copy.
    pub(super) content: u64,
    pub(super) damage: Option<Damage>,
    pub(super) is_copy: bool,
}

impl Slot {
    /// The slot with this number.
    pub(super) fn of(options: &SampleOptions, index: u64) -> Self {
        let mut at = index;
        loop {
            let mut random = Random::new(&[options.seed, 5, at]);
            let is_copy = random.chance(options.duplicates) && at > 0;
            let damage = random
                .chance(options.damaged)
                .then(|| random.weighted(&Damage::ALL.map(|damage| (1, damage)), Damage::TruncatedTrack));
            if !is_copy {
                return Self { content: at, damage, is_copy: at != index };
            }
            at = random.below(at);
        }
    }

    /// What a reader should make of it.
    pub(super) const fn expectation(self) -> Expectation {
        match self.damage {
            Some(damage) => damage.expectation(),
            None => Expectation::Midi,
        }
    }

    /// Its bytes.
    pub(super) fn bytes(self, options: &SampleOptions) -> Vec<u8> {
        let clean = midi(options.seed, self.content, target_size(options, self.content));
        match self.damage {
            Some(damage) => damage.apply(clean, options.seed ^ self.content),
            None => clean,
        }
    }
}

/// How large the content of this slot should be: log-normal, the median about a third of the mean.
fn target_size(options: &SampleOptions, content: u64) -> usize {
    let mean = f64::from(u32::try_from(options.mean_size).unwrap_or(u32::MAX));
    let size = Random::new(&[options.seed, 6, content]).log_normal(mean);
    random::whole(size.clamp(SMALLEST, LARGEST * mean))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_point_to_originals_of_the_same_damage() {
        let options = SampleOptions { duplicates: 0.4, damaged: 0.3, ..SampleOptions::default() };
        let mut copies = 0;
        for index in 0..2_000 {
            let slot = Slot::of(&options, index);
            let original = Slot::of(&options, slot.content);
            assert!(!original.is_copy && slot.content <= index);
            assert_eq!(original.damage, slot.damage);
            copies += u32::from(slot.is_copy);
        }
        assert!((740..860).contains(&copies), "{copies}");
    }
}
