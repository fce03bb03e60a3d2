//! The generator's source of chance: the same numbers on every machine, whatever the version of any dependency.
//!
//! Only integer arithmetic and the exactly rounded operations `+ - * /` are used, never the platform's `ln` or `exp`,
//! so that a sample made by a seed is the same everywhere. Nothing here is fit for secrets.

/// `xoshiro256**` 1.0 of Blackman and Vigna ("Scrambled Linear Pseudorandom Number Generators", 2021), its state filled
/// by `SplitMix64` (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
#[derive(Clone, Debug)]
pub(super) struct Random {
    state: (u64, u64, u64, u64),
}

/// One step of `SplitMix64`: advances the state and returns its scrambled value.
const fn split_mix(state: u64) -> (u64, u64) {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut value = state;
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (state, value ^ (value >> 31))
}

impl Random {
    /// A stream of its own for this key: usually the seed, a purpose and an index.
    pub(super) fn new(key: &[u64]) -> Self {
        let mut state = 0x6d69_6469;
        for word in key {
            state = split_mix(state ^ word).1;
        }
        let (state, a) = split_mix(state);
        let (state, b) = split_mix(state);
        let (state, c) = split_mix(state);
        let (_, d) = split_mix(state);
        Self { state: (a, b, c, d) }
    }

    /// 64 random bits.
    pub(super) const fn bits(&mut self) -> u64 {
        let (a, b, c, d) = self.state;
        let result = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let (c, d) = (c ^ a, d ^ b);
        self.state = (a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45));
        result
    }

    /// A number under `bound`, evenly distributed (to one part in 2^32 and better); 0 when the bound is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.bits()) * u128::from(bound);
        u64::try_from(product >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i32, high: i32) -> i32 {
        let span = u64::from(high.abs_diff(low)) + 1;
        low.saturating_add(i32::try_from(self.below(span)).unwrap_or(0))
    }

    /// A number from 0 up to, not including, 1, in steps of 2^-32.
    pub(super) fn unit(&mut self) -> f64 {
        f64::from(u32::try_from(self.bits() >> 32).unwrap_or(0)) / 4_294_967_296.0
    }

    /// True with this probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// True `percent` times in a hundred.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of these, each as likely as the other; the default where there is none.
    pub(super) fn pick<T: Copy + Default>(&mut self, items: &[T]) -> T {
        let at = self.below(items.len() as u64);
        usize::try_from(at).ok().and_then(|at| items.get(at)).copied().unwrap_or_default()
    }

    /// One of these, by weight; `last` where the weights are used up.
    pub(super) fn weighted<T: Copy>(&mut self, items: &[(u64, T)], last: T) -> T {
        let mut at = self.below(items.iter().map(|(weight, _)| weight).sum());
        for &(weight, item) in items {
            if at < weight {
                return item;
            }
            at -= weight;
        }
        last
    }

    /// An approximately normal deviate (mean 0, variance 1, within ±6): twelve even ones summed, after Irwin and Hall.
    pub(super) fn deviate(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// A size whose logarithm is spread like [`Random::deviate`], with this mean and a median of about a third of it.
    ///
    /// With `s` the spread of the logarithm, the mean of `exp(s * deviate)` is `(sinh(s/2) / (s/2))^12`, which is
    /// 2.949 for the `s` used here: the median is the mean divided by that.
    pub(super) fn log_normal(&mut self, mean: f64) -> f64 {
        mean / 2.949 * exponential(1.482 * self.deviate())
    }

    /// `count` random bytes.
    pub(super) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend_from_slice(&self.bits().to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}

/// `e` to the power of `x`, for `x` within ±10, by its series at `x / 1024` squared ten times over: only exactly rounded
/// operations, so the same everywhere.
fn exponential(x: f64) -> f64 {
    let y = x / 1024.0;
    let mut value = 1.0 + y * (1.0 + y / 2.0 * (1.0 + y / 3.0 * (1.0 + y / 4.0)));
    for _ in 0..10 {
        value *= value;
    }
    value
}

/// The nearest whole number, 0 for what is negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, which is what is wanted"
)]
pub(super) fn whole(value: f64) -> usize {
    (value + 0.5) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn split_mix_gives_the_published_values() {
        // The reference implementation's first outputs for the seed 1234567.
        let mut state = 1_234_567;
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        for value in expected {
            let (next, found) = split_mix(state);
            assert_eq!(found, value);
            state = next;
        }
    }

    #[test]
    fn xoshiro_gives_the_published_values() {
        // The first outputs of xoshiro256** for the state 1, 2, 3, 4, as its Rust implementation tests them.
        let mut random = Random { state: (1, 2, 3, 4) };
        for value in [11_520, 0, 1_509_978_240, 1_215_971_899_390_074_240] {
            assert_eq!(random.bits(), value);
        }
    }

    #[test]
    fn exponential_is_close_to_the_platform_one() {
        for x in [-9.0, -1.0, 0.0, 0.5, 3.0, 9.0] {
            let expected = f64::exp(x);
            assert!((exponential(x) / expected - 1.0).abs() < 1e-9, "exp({x})");
        }
    }

    #[test]
    fn sizes_have_the_mean_and_the_median_they_promise() {
        let mut random = Random::new(&[7]);
        let mut sizes: Vec<_> = (0..40_000).map(|_| random.log_normal(20_000.0)).collect();
        sizes.sort_by(f64::total_cmp);
        let mean = sizes.iter().sum::<f64>() / 40_000.0;
        assert!((mean / 20_000.0 - 1.0).abs() < 0.05, "mean {mean}");
        let median = sizes[20_000] / mean;
        assert!((0.30..0.37).contains(&median), "median {median} of the mean");
    }

    #[test]
    fn bounds_are_kept() {
        let mut random = Random::new(&[1, 2]);
        for _ in 0..1_000 {
            assert!(random.below(7) < 7);
            assert!((-3..=3).contains(&random.between(-3, 3)));
            assert!((0.0..1.0).contains(&random.unit()));
        }
        assert_eq!(random.below(0), 0);
        assert_eq!(random.bytes(13).len(), 13);
        assert_eq!(random.pick::<u8>(&[]), 0);
    }
}
