//! What a task does with the entries it was given: classify, digest, meet, analyse; and where the results go.
//!
//! Runs on rayon threads. It never waits: results are handed over without blocking, and the memory they hold was
//! acquired by whoever made the task.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use super::context::Context;
use super::place::{Holder, Place};
use crate::archive::zip::Inflater;
use crate::batch::{FileRows, Finding, Item};
use crate::budget::Permit;
use crate::digest::Digest;
use crate::midi::{Analyser, AnalysisLevel, Reading as MidiReading};
use crate::progress::{Stage, Timings, add};
use crate::reject::{Reason, Refusal};
use crate::seen::{Meeting, Outcome};
use crate::writer::Delivery;

/// What a rayon thread works with: buffers that are reused from task to task.
#[derive(Default)]
pub(super) struct Worker {
    /// The entry being read.
    pub(super) buffer: Vec<u8>,
    pub(super) inflater: Inflater,
    /// One for each level that was asked so far; most runs ask one.
    analysers: Vec<(AnalysisLevel, Box<Analyser>)>,
}

impl Worker {
    /// Its analyser of this level. It is taken out, so that one that panics is not used again.
    fn take_analyser(&mut self, level: AnalysisLevel) -> Box<Analyser> {
        let found = self.analysers.iter().position(|(own, _)| *own == level);
        found
            .map_or_else(|| Box::new(Analyser::new(level)), |position| self.analysers.swap_remove(position).1)
    }

    /// Reads a content, as thoroughly as `level` says.
    fn analyse(
        &mut self,
        level: AnalysisLevel,
        content: &[u8],
        timings: &Timings,
    ) -> Result<MidiReading, Refusal> {
        let mut analyser = self.take_analyser(level);
        if let Ok(result) = catch_unwind(AssertUnwindSafe(|| analyser.read(content))) {
            let spent = analyser.spent();
            timings.add(Stage::Parse, spent.parsing);
            timings.add(Stage::Analyse, spent.analysing);
            self.analysers.push((level, analyser));
            return result;
        }
        // What it was working on may be in any state: it is dropped.
        let detail =
            "the analysis of this content panicked: a defect of loader; please report it with the file";
        Err(Refusal::new(Reason::AnalysisPanicked, detail))
    }
}

/// Workers that rest between tasks; as many are made as threads need at once.
#[derive(Default)]
pub(super) struct Workers {
    rested: Mutex<Vec<Worker>>,
}

impl Workers {
    /// Lends a worker to `task`.
    pub(super) fn lend<T>(&self, task: impl FnOnce(&mut Worker) -> T) -> T {
        let rested = self.rested.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut worker = rested.unwrap_or_default();
        let result = task(&mut worker);
        // A buffer that once held a giant is not kept.
        if worker.buffer.capacity() > LARGEST_KEPT_BUFFER {
            worker.buffer = Vec::new();
        }
        self.rested.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
        result
    }
}

const LARGEST_KEPT_BUFFER: usize = 4 << 20;

/// The results of one task.
pub(super) struct Harvest<'c> {
    context: &'c Context,
    /// By writer.
    items: Vec<Vec<Item>>,
    weights: Vec<usize>,
    /// Contents that this task met first, and what became of them.
    settled: Vec<(Digest, Outcome)>,
    merge: bool,
}

impl<'c> Harvest<'c> {
    pub(super) fn new(context: &'c Context) -> Self {
        let writers = context.writers.len();
        let items = (0..writers).map(|_| Vec::new()).collect();
        Self { context, items, weights: vec![0; writers], settled: Vec::new(), merge: false }
    }

    /// An entry that is MIDI by its first bytes.
    pub(super) fn take_midi(&mut self, place: Place, content: &[u8], worker: &mut Worker) {
        let context = self.context;
        add(&context.counters.bytes_extracted, content.len() as u64);
        add(&context.counters.read, 1);
        let digest = context.counters.timings.time(Stage::Digest, || Digest::of(content));
        let file_id = digest.file_id();
        if let Some(reading) = place.reading() {
            reading.meet(place.ordinal);
            if reading.leaves(place.ordinal, file_id.0) {
                add(&context.counters.unchanged, 1);
                return;
            }
            context.ledger.sending(reading.id, 1);
        }
        self.merge |= must_merge(context, &place);
        let mut place = Some(place);
        let run_id = context.run_id;
        let meeting = context.seen.meet(&digest, || {
            // `meet` calls this at most once, and only to keep the place.
            place.take().map(|place| place.duplicate(run_id, file_id))
        });
        let Some(place) = place else { return };
        let item = match meeting {
            Meeting::Known => place.duplicate(run_id, file_id),
            Meeting::Refused(refusal) => place.rejected(run_id, refusal),
            Meeting::Collision => {
                let detail =
                    "another content in the library has the same 63-bit id; the two cannot both be stored";
                place.rejected(run_id, Refusal::new(Reason::IdCollision, detail))
            }
            Meeting::First => {
                add(&context.counters.analysed, 1);
                match worker.analyse(context.asked.level_of(file_id), content, &context.counters.timings) {
                    Ok(reading) => {
                        self.settled.push((digest, Outcome::Accepted));
                        let rows = FileRows::of(content, &digest, reading, run_id, context.asked.md5);
                        place.first(run_id, rows)
                    }
                    Err(refusal) => {
                        self.settled.push((digest, Outcome::Refused(refusal.clone())));
                        place.rejected(run_id, refusal)
                    }
                }
            }
            Meeting::Waiting => return,
        };
        self.push(item);
    }

    /// An entry, or a source as a whole, that is refused before its content is met.
    pub(super) fn reject(&mut self, place: Place, refusal: Refusal) {
        if let Some(reading) = place.reading() {
            reading.meet_refused(place.ordinal, refusal.reason);
            self.context.ledger.sending(reading.id, 1);
        }
        self.merge |= must_merge(self.context, &place);
        let item = place.rejected(self.context.run_id, refusal);
        self.push(item);
    }

    /// An entry that neither is MIDI nor says so.
    pub(super) fn pass_over(&mut self, place: Place) {
        match place.holder {
            Holder::Archive(reading) => {
                reading.pass_by(place.ordinal);
                add(&self.context.counters.not_midi, 1);
            }
            Holder::Bare(mut source) => {
                self.merge |= self.context.known.has(source.id);
                source.not_midi = 1;
                self.push(Item { source: Some(source), finding: Finding::NotMidi });
            }
        }
    }

    fn push(&mut self, item: Item) {
        let writer = self.context.route(&item);
        if let (Some(items), Some(weight)) = (self.items.get_mut(writer), self.weights.get_mut(writer)) {
            *weight += item.weight();
            items.push(item);
        }
    }

    /// Hands everything to the writers, then settles the contents that others may be waiting for: in this order, so that
    /// no place can overtake its content. `permit` keeps of the memory what the rows hold.
    pub(super) fn publish(self, permit: Option<Permit>) {
        let Self { context, items, weights, settled, merge } = self;
        let mut permit = permit;
        for ((writer, items), weight) in context.writers.iter().zip(items).zip(weights) {
            if !items.is_empty() {
                let permit = permit.as_mut().map(|permit| permit.lay_by(weight));
                // A writer that is gone has failed, and the run with it.
                let _ = writer.send(Delivery { items, permit, merge });
            }
        }
        drop(permit);
        for (digest, outcome) in settled {
            let refusal = match &outcome {
                Outcome::Accepted => None,
                Outcome::Refused(refusal) => Some(refusal.clone()),
            };
            for waiting in context.seen.settle(&digest, outcome).into_iter().flatten() {
                let item = match &refusal {
                    None => waiting,
                    Some(refusal) => refuse(waiting, context.run_id, refusal),
                };
                let merge = merge || item.source_id().is_some_and(|source| context.known.has(source));
                if let Some(writer) = context.writers.get(context.route(&item)) {
                    let _ = writer.send(Delivery { items: vec![item], permit: None, merge });
                }
            }
        }
    }
}

/// Whether a place may be stored already, so that merging at once saves a refused attempt.
fn must_merge(context: &Context, place: &Place) -> bool {
    match &place.holder {
        Holder::Bare(source) => context.known.has(source.id),
        Holder::Archive(reading) => reading.known_before,
    }
}

/// A place that waited for a content which was refused.
fn refuse(item: Item, run_id: i32, refusal: &Refusal) -> Item {
    let Finding::Duplicate(place) = item.finding else { return item };
    let reject = crate::writer::reject_at(place, run_id, refusal.reason, &refusal.detail);
    Item { source: item.source, finding: Finding::Rejected(reject) }
}
