//! What one thread has read and not asked about: contents one behind the other in one buffer, and what each is called.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Answer, Library, Standing};
use crate::digest::Digest;
use crate::error::Result;
use crate::midi::{Analyser, AnalysisLevel};
use crate::record::Metadata;
use crate::reject::{Reason, Refusal};

/// Entries and bytes at which a bundle is asked about.
const ENTRIES: usize = 4_096;
const BYTES: usize = 16 << 20;

/// Entries in the order in which they were met.
#[derive(Default)]
pub(super) struct Bundle {
    /// Their contents. A reader appends here.
    pub(super) contents: Vec<u8>,
    entries: Vec<(String, Met)>,
}

/// What was met.
enum Met {
    Content(Range<usize>, Digest),
    Refused(Refusal),
    Told(Option<Digest>, Standing),
}

impl Bundle {
    /// Whether it is to be asked about before so many bytes come to it.
    pub(super) fn is_full_for(&self, bytes: usize) -> bool {
        self.entries.len() >= ENTRIES
            || (!self.contents.is_empty() && self.contents.len().saturating_add(bytes) > BYTES)
    }

    /// What was appended to the contents from `start` on is an entry.
    pub(super) fn take(&mut self, path: String, start: usize) {
        let end = self.contents.len();
        let digest = Digest::of(self.contents.get(start..end).unwrap_or_default());
        self.entries.push((path, Met::Content(start..end, digest)));
    }

    /// An entry that could not be read.
    pub(super) fn refuse(&mut self, path: String, refusal: Refusal) {
        self.entries.push((path, Met::Refused(refusal)));
    }

    /// An entry that is answered for already.
    pub(super) fn tell(&mut self, answer: Answer) {
        self.entries.push((answer.path, Met::Told(answer.digest, answer.standing)));
    }

    /// Asks about everything in it; it is empty afterwards.
    ///
    /// # Errors
    /// What the database says.
    pub(super) fn ask(&mut self, library: &Library, analyser: &mut Option<Analyser>) -> Result<Vec<Answer>> {
        let digests: Vec<_> = self
            .entries
            .iter()
            .filter_map(|(_, met)| match met {
                Met::Content(_, digest) => Some(*digest),
                Met::Refused(_) | Met::Told(..) => None,
            })
            .collect();
        let mut known = if digests.is_empty() { Vec::new() } else { library.known(&digests)? }.into_iter();
        // What the unknown ones sound like, and where their answers stand.
        let (mut heard, mut waiting) = (Vec::new(), Vec::new());
        let mut answers = Vec::with_capacity(self.entries.len());
        for (path, met) in std::mem::take(&mut self.entries) {
            let (digest, standing) = match met {
                Met::Refused(refusal) => (None, Standing::Refused(refusal)),
                Met::Told(digest, standing) => (digest, standing),
                Met::Content(range, digest) => (
                    Some(digest),
                    match known.next().flatten() {
                        Some(places) if places.count > 0 => Standing::Known(places),
                        vanished => match listen(analyser, self.contents.get(range).unwrap_or_default()) {
                            Ok(metadata) => {
                                heard.push(metadata);
                                waiting.push(answers.len());
                                Standing::New(vanished.and_then(|places| places.paths.into_iter().next()))
                            }
                            Err(refusal) => Standing::Refused(refusal),
                        },
                    },
                ),
            };
            answers.push(Answer { path, digest, standing, repeats: None });
        }
        self.contents.clear();
        if !heard.is_empty() {
            for (position, near) in waiting.into_iter().zip(library.near(&heard)?) {
                if let (Some(answer), Some(near)) = (answers.get_mut(position), near) {
                    answer.standing = Standing::Near(near);
                }
            }
        }
        Ok(answers)
    }
}

/// What the music of a content says.
fn listen(analyser: &mut Option<Analyser>, content: &[u8]) -> std::result::Result<Metadata, Refusal> {
    // It is taken out, so that one that panics is not used again.
    let mut listening = analyser.take().unwrap_or_else(|| Analyser::new(AnalysisLevel::Standard));
    let Ok(result) = catch_unwind(AssertUnwindSafe(|| listening.read(content))) else {
        let detail =
            "the analysis of this content panicked: a defect of loader; please report it with the file";
        return Err(Refusal::new(Reason::AnalysisPanicked, detail));
    };
    *analyser = Some(listening);
    result.map(|reading| reading.metadata)
}
