//! Fits counts, ticks and means into the types of their columns.
//!
//! What is too large is held at the largest value (and the caller told, where it asks); floats are finite or none.
//! Nothing here knows what a value means.

/// `value` as a `smallint`, at most 32,767.
pub(in crate::midi) fn smallint(value: impl TryInto<i16>) -> i16 {
    value.try_into().unwrap_or(i16::MAX)
}

/// `value` as an `integer`, at most 2^31 - 1.
pub(in crate::midi) fn integer(value: impl TryInto<i32>) -> i32 {
    value.try_into().unwrap_or(i32::MAX)
}

/// `value` as a `bigint`, at most 2^63 - 1.
pub(in crate::midi) fn bigint(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}

/// `value` in 32 bits without a sign, at most 2^32 - 1.
#[inline]
pub(in crate::midi) fn unsigned(value: impl TryInto<u32>) -> u32 {
    value.try_into().unwrap_or(u32::MAX)
}

/// `value` as a `double precision`; exact up to 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts and ticks stay below 2^53, where every integer is exact"
)]
pub(in crate::midi) const fn double(value: u64) -> f64 {
    value as f64
}

/// `value` as a `real`; none where it is not a number or infinite.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a mean is stored to seven digits; infinity is caught below"
)]
pub(in crate::midi) fn real(value: f64) -> Option<f32> {
    let value = value as f32;
    value.is_finite().then_some(value)
}

/// `of / by` as a `real`; none where that is no finite number.
pub(in crate::midi) fn ratio(of: f64, by: f64) -> Option<f32> {
    real(of / by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_held_at_the_edge_of_their_type() {
        assert_eq!(smallint(40_000_u32), i16::MAX);
        assert_eq!(integer(1_u64 << 40), i32::MAX);
        assert_eq!(integer(7_u64), 7);
        assert_eq!(bigint(u64::MAX), i64::MAX);
        assert_eq!(real(1e300), None);
        assert_eq!(ratio(1.0, 0.0), None);
        assert_eq!(ratio(0.0, 0.0), None);
        assert_eq!(ratio(3.0, 2.0), Some(1.5));
    }
}
