//! Whether suspending the indexes pays for a load of a given size: a pure function over measured figures.
//!
//! Knows rows, not servers; who asks counts or estimates them.

use std::time::Duration;

/// New rows per existing row from which building everything anew is cheaper than keeping it up row by row.
///
/// Measured with 39 indexes over 384,000 contents, two connections: the break-even lay between 0.3 and 0.4.
const BREAK_EVEN: f64 = 0.35;

/// Server time to keep all indexes up for one new content, in microseconds of one core, once a library is there.
///
/// Measured 150 to 192 when 32,000 contents came on top of 384,000; 85 on an empty library.
const UPKEEP_MICROSECONDS: f64 = 150.0;

/// Server time to build all indexes, in microseconds of one core for each content there is.
///
/// Measured 42 to 47 over 384,000 contents.
const BUILD_MICROSECONDS: f64 = 45.0;

/// A load smaller than this keeps the indexes: taking them away and back costs locks and a second or so whatever the size.
const SMALLEST_SUSPENSION: u64 = 3_200;

/// What to do with the indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Keep them up while rows arrive.
    Keep,
    /// Suspend them and build them at the end.
    Suspend,
}

/// The choice for one load, with the figures behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// What to do.
    pub choice: Choice,
    /// Contents in the library now.
    pub existing: u64,
    /// New contents expected.
    pub arriving: u64,
    /// Estimated time of keeping the indexes up, spread over the cores.
    pub upkeep: Duration,
    /// Estimated time of building them all at the end, over the connections.
    pub build: Duration,
}

impl Plan {
    /// Weighs a load of `arriving` new contents into a library of `existing` ones; `connections` (at least 1) is how many
    /// work on the server side by side, no more than it has cores.
    ///
    /// Suspends from 0.35 new rows per existing one; a load of less than one batch (3,200) never does.
    #[must_use]
    pub fn weigh(existing: u64, arriving: u64, connections: usize) -> Self {
        let pays = as_float(arriving) > BREAK_EVEN * as_float(existing) && arriving >= SMALLEST_SUSPENSION;
        Self {
            choice: if pays { Choice::Suspend } else { Choice::Keep },
            existing,
            arriving,
            upkeep: shared(as_float(arriving) * UPKEEP_MICROSECONDS, connections),
            build: shared(as_float(existing.saturating_add(arriving)) * BUILD_MICROSECONDS, connections),
        }
    }
}

/// Microseconds of work over some connections. Two connections took 0.55 of one's time, hence the loss of a tenth.
fn shared(microseconds: f64, connections: usize) -> Duration {
    let hands = as_float(connections.max(1) as u64);
    let speed = if hands > 1.0 { hands * 0.9 } else { 1.0 };
    Duration::try_from_secs_f64(microseconds / 1e6 / speed).unwrap_or(Duration::MAX)
}

/// Rows as a float: exact to 2⁵³, far beyond any library, and close enough after.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
const fn as_float(rows: u64) -> f64 {
    rows as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chooses_by_the_share_of_new_rows() {
        for (existing, arriving, choice) in [
            (0, 0, Choice::Keep),
            (0, 3_199, Choice::Keep),
            (0, 3_200, Choice::Suspend),
            (0, 4_000_000, Choice::Suspend),
            (400_000, 32_000, Choice::Keep),
            (400_000, 140_000, Choice::Keep),
            (400_000, 140_001, Choice::Suspend),
            (u64::MAX, 1_000_000, Choice::Keep),
            (1_000_000, u64::MAX, Choice::Suspend),
        ] {
            assert_eq!(Plan::weigh(existing, arriving, 2).choice, choice, "{existing} + {arriving}");
        }
    }

    #[test]
    fn estimates_follow_the_measured_figures() {
        let one = Plan::weigh(0, 384_000, 1);
        assert!((16.0..=20.0).contains(&one.build.as_secs_f64()), "measured 17.8 s: {one:?}");
        let two = Plan::weigh(0, 384_000, 2);
        assert!((9.0..=11.0).contains(&two.build.as_secs_f64()), "measured 9.0 to 10.7 s: {two:?}");
        assert_eq!(Plan::weigh(0, 384_000, 0), one);
        assert!(Plan::weigh(u64::MAX, u64::MAX, 1).build > two.build);
    }
}
