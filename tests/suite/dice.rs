//! Chance for tests, which can be had again.

use std::time::Duration;

/// Numbers that look random: `SplitMix64` (Steele, Lea and Flood, 2014).
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Another sequence each time, or that of `LOADER_TEST_SEED`; says which, so that it can be had again.
    pub(crate) fn seeded() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let own = u64::from(since.subsec_nanos()) | 1;
        let chosen = std::env::var("LOADER_TEST_SEED").ok().map(|seed| seed.parse().expect("a number"));
        let seed = chosen.unwrap_or(own);
        println!("LOADER_TEST_SEED={seed}");
        Self(seed)
    }

    /// The next number.
    pub(crate) fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A moment before `end`.
    pub(crate) fn moment(&mut self, end: Duration) -> Duration {
        let microseconds = u64::try_from(end.as_micros()).unwrap().max(1);
        Duration::from_micros(self.throw() % microseconds)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.throw() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }
}
