//! Whether suspending the indexes pays for a load of a given size: a pure function over measured figures.
//!
//! Knows rows, not servers; who asks counts or estimates them.

use std::time::Duration;

/// New rows per existing row from which building everything anew is cheaper than keeping it up row by row.
///
/// Measured with the 39 indexes of version 2 over 384,000 contents, two connections: between 0.3 and 0.4. Since then
/// building has become 1.5 times as dear and upkeep 1.12 times (see below), which moves the point where both cost the same
/// by a factor of 1.6.
const BREAK_EVEN: f64 = 0.55;

/// Server time to keep all indexes up for one new content, in microseconds of one core, once a library is there.
///
/// Measured 150 to 192 with the indexes of version 2, when 32,000 contents came on top of 384,000; 85 on an empty library.
/// When 10,000 come on top of the 100,000 of the tests' library, those of version 2 take 94 and the present ones 106.
const UPKEEP_MICROSECONDS: f64 = 170.0;

/// Server time to build all indexes, in microseconds of one core for each content there is.
///
/// Measured 42 to 47 with the indexes of version 2 over 384,000 contents. Over the 100,000 of the tests' library those take
/// 35 and the present ones 53, of which `metadata_alike` takes 22: eight keys a content, hardly one of them twice.
const BUILD_MICROSECONDS: f64 = 68.0;

/// A load smaller than this keeps the indexes: taking them away and back costs locks and a second or so whatever the size.
const SMALLEST_SUSPENSION: u64 = 3_200;

/// Bytes of disk for one content with its places and all indexes: 1,715 in tables and primary keys, 789 in secondary
/// indexes, measured over 100,000 contents of 20 KB.
const BYTES_A_CONTENT: u64 = 2_504;

/// About how many bytes of the server's disk so many new contents take, indexes included.
#[must_use]
pub const fn disk_bytes(contents: u64) -> u64 {
    contents.saturating_mul(BYTES_A_CONTENT)
}

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
    /// Suspends from 0.55 new rows per existing one; a load of less than one batch (3,200) never does.
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
            (400_000, 220_000, Choice::Keep),
            (400_000, 220_001, Choice::Suspend),
            (u64::MAX, 1_000_000, Choice::Keep),
            (1_000_000, u64::MAX, Choice::Suspend),
        ] {
            assert_eq!(Plan::weigh(existing, arriving, 2).choice, choice, "{existing} + {arriving}");
        }
    }

    #[test]
    fn estimates_follow_the_measured_figures() {
        let one = Plan::weigh(0, 384_000, 1);
        assert!((24.0..=30.0).contains(&one.build.as_secs_f64()), "17.8 s measured, times 1.5: {one:?}");
        let two = Plan::weigh(0, 384_000, 2);
        assert!((13.5..=16.5).contains(&two.build.as_secs_f64()), "9.0 to 10.7 s measured: {two:?}");
        assert_eq!(Plan::weigh(0, 384_000, 0), one);
        assert!(Plan::weigh(u64::MAX, u64::MAX, 1).build > two.build);
    }
}
