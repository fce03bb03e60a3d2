//! What one compressed stream may still yield: the ratio limit of the stream and the output limit of its source.
//!
//! Adds up and compares; whoever decodes tells it what was decoded. It is the same whether one thread decodes a stream,
//! several decode pieces of it, or it arrives on standard input.

use std::sync::Arc;

use super::limits::Limits;
use super::meter::Meter;
use crate::reject::Refusal;

/// Counts the bytes of one stream on both sides of its decoder.
#[derive(Clone, Debug)]
pub struct Allowance {
    limits: Limits,
    meter: Option<Arc<Meter>>,
    compressed: u64,
    decoded: u64,
}

impl Allowance {
    /// Nothing was decoded yet.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self { limits: limits.clone(), meter: None, compressed: 0, decoded: 0 }
    }

    /// Counts the output for a source as well. The source's input is counted by whoever reads it.
    #[must_use]
    pub fn with_meter(mut self, meter: Arc<Meter>) -> Self {
        self.meter = Some(meter);
        self
    }

    /// `more` bytes were decoded, and `compressed` bytes of the stream were taken in all for what was decoded so far.
    ///
    /// # Errors
    /// [`crate::reject::Reason::LimitRatio`] or [`crate::reject::Reason::LimitOutput`].
    pub fn count(&mut self, compressed: u64, more: u64) -> Result<(), Refusal> {
        self.compressed = self.compressed.max(compressed);
        self.decoded = self.decoded.saturating_add(more);
        self.limits.check_ratio(self.compressed, self.decoded)?;
        self.meter.as_ref().map_or(Ok(()), |meter| meter.add_output(more))
    }

    /// `more` bytes were handed on as they are: they count, and no limit concerns them.
    pub(super) const fn pass(&mut self, more: u64) {
        self.decoded = self.decoded.saturating_add(more);
    }

    /// Decoded bytes so far.
    #[must_use]
    pub const fn decoded(&self) -> u64 {
        self.decoded
    }

    /// The limits that are kept.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reject::Reason;

    #[test]
    fn the_stream_and_its_source_are_both_counted() {
        let limits =
            Limits { ratio: 10, ratio_grace: 100, output_ratio: 2, output_grace: 1_000, ..Limits::default() };
        let reason = |result: Result<(), Refusal>| result.err().map(|refusal| refusal.reason);
        let mut alone = Allowance::new(&limits);
        assert_eq!(reason(alone.count(5, 100)), None, "within the grace");
        assert_eq!(reason(alone.count(20, 100)), None, "exactly the ratio");
        assert_eq!(reason(alone.count(20, 1)), Some(Reason::LimitRatio));
        assert_eq!(alone.decoded(), 201);

        let meter = Arc::new(Meter::new(&limits, 400));
        let mut one = Allowance::new(&limits).with_meter(Arc::clone(&meter));
        let mut two = Allowance::new(&limits).with_meter(meter);
        assert_eq!(reason(one.count(200, 600)), None);
        assert_eq!(reason(two.count(200, 400)), None);
        assert_eq!(
            reason(two.count(200, 1)),
            Some(Reason::LimitOutput),
            "streams of a source count together"
        );
    }
}
