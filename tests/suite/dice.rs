//! Chance that can be repeated: `LOADER_TEST_SEED` gives the numbers of an earlier run again.

use std::time::Duration;

/// Numbers that look random: `SplitMix64` (Steele, Lea and Flood, 2014).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// With the seed that was asked for, else one of their own; it is printed.
    pub(crate) fn seeded() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let own = u64::from(since.subsec_nanos()) | 1;
        let chosen = std::env::var("LOADER_TEST_SEED").ok().map(|seed| seed.parse().expect("a number"));
        let seed = chosen.unwrap_or(own);
        println!("LOADER_TEST_SEED={seed}");
        Self(seed)
    }

    /// Others of the same seed, for one of several cases: what it throws does not depend on which cases went before.
    pub(crate) fn of_case(&self, number: u64) -> Self {
        let mut mixed = Self(number);
        Self(self.0 ^ mixed.throw())
    }

    /// Any number.
    pub(crate) fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of these.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.throw() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    /// A moment before `end`.
    pub(crate) fn moment(&mut self, end: Duration) -> Duration {
        let microseconds = u64::try_from(end.as_micros()).unwrap().max(1);
        Duration::from_micros(self.throw() % microseconds)
    }
}
