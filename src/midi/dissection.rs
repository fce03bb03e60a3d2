//! The steps of reading a file, each by itself: what the measurements call where [`super::Analyser`] does all in one.
//!
//! Used by `benches/` alone. Computes nothing that an analysis does not, and is no part of one.

use super::analysis::Analysis;
use super::analysis::dissection::Pass;
use super::event::{Edge, Event, Listener};
use super::header::Header;
use super::level::AnalysisLevel;
use super::warnings::Warnings;
use super::{clean, lenient};

pub use super::analysis::dissection::Step;

/// Counts events and does nothing else with them.
#[derive(Debug, Default)]
struct Counter(u64);

impl Listener for Counter {
    fn begin_track(&mut self) -> u64 {
        0
    }

    fn event(&mut self, tick: u64, event: Event<'_>) {
        std::hint::black_box((tick, event));
        self.0 += 1;
    }

    fn note(&mut self, edge: Edge) {
        std::hint::black_box(edge);
        self.0 += 1;
    }

    fn end_track(&mut self, _: u64) {}
}

/// Events that the strict reader meets in a bare file; none where the file is not in order.
#[must_use]
pub fn parse_strictly(content: &[u8]) -> Option<u64> {
    let mut counter = Counter::default();
    let header = Header::find(content)?;
    clean::read(content, &header, &mut Warnings::default(), &mut counter).ok()?;
    Some(counter.0)
}

/// Events that the lenient reader finds in a bare file; none without a header.
#[must_use]
pub fn parse_leniently(content: &[u8]) -> Option<u64> {
    let mut counter = Counter::default();
    let header = Header::find(content)?;
    lenient::read(content, &header, &mut Warnings::default(), &mut counter);
    Some(counter.0)
}

/// A file whose events were heard, and whose analyses are then made one at a time. Its buffers are used again.
#[derive(Debug)]
pub struct Dissection {
    analysis: Analysis,
    header: Option<Header>,
    pass: Pass,
}

impl Default for Dissection {
    fn default() -> Self {
        Self { analysis: Analysis::new(AnalysisLevel::Full), header: None, pass: Pass::default() }
    }
}

impl Dissection {
    /// Forgets the last file and hears the events of a bare one, which pairs its notes; whether the file is in order.
    pub fn hear(&mut self, content: &[u8]) -> bool {
        self.header = Header::find(content);
        let Some(header) = &self.header else { return false };
        self.analysis.begin(header);
        clean::read(content, header, &mut Warnings::default(), &mut self.analysis).is_ok()
    }

    /// Makes one analysis of what was heard. Some want others before them: take [`Step::ALL`] in order.
    pub fn make(&mut self, step: Step) {
        if let Some(header) = &self.header {
            self.analysis.make(step, header.division, &mut self.pass);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn both_readers_meet_the_same_events_of_a_file_in_order() {
        let content = sample::midi(1, 1, 10_000);
        let strictly = parse_strictly(&content);
        assert!(strictly.is_some_and(|events| events > 1_000));
        assert_eq!(parse_leniently(&content), strictly);
        assert_eq!(parse_strictly(content.get(..5_000).unwrap()), None);
    }
}
