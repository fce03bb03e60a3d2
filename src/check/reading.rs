//! One thread of a check: reads files and archives, and collects what is MIDI in bundles.
//!
//! Holds one bundle, one entry and the archives around it in memory.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use super::bundle::Bundle;
use super::jobs::{Job, Sight, Source};
use super::order::InOrder;
use super::unchanged::Held;
use super::{Answer, CheckReport, CheckSettings, Library, standard_input};
use crate::archive::meter::Meter;
use crate::archive::probe::look_inside;
use crate::archive::traverse::{Bytes, Entry, Numbers, Spot, Stopped, Traversal, Visitor, decode_in_order};
use crate::discover::{FoundFile, refuse_io};
use crate::error::{Error, Result};
use crate::format::{Compression, EntryKind, Format};
use crate::mapping::Input;
use crate::midi::Analyser;
use crate::pipeline::Stop;
use crate::reject::{Reason, Refusal};

/// Reads job after job.
pub(super) struct Reader<'c> {
    pub(super) settings: &'c CheckSettings,
    library: &'c Library,
    stop: &'c Stop,
    order: &'c InOrder<'c>,
    bundle: Bundle,
    analyser: Option<Analyser>,
    report: CheckReport,
    /// The job being read, the source in it, and what that has yielded.
    job: usize,
    source: String,
    meter: Arc<Meter>,
    /// Why the check is given up: what the database says is no fault of an archive.
    failure: Option<Error>,
}

impl<'c> Reader<'c> {
    pub(super) fn new(
        settings: &'c CheckSettings,
        library: &'c Library,
        stop: &'c Stop,
        order: &'c InOrder<'c>,
    ) -> Self {
        Self {
            settings,
            library,
            stop,
            order,
            bundle: Bundle::default(),
            analyser: None,
            report: CheckReport::default(),
            job: 0,
            source: String::new(),
            meter: Arc::new(Meter::new(&settings.limits, 0)),
            failure: None,
        }
    }

    /// What it has answered so far.
    pub(super) const fn report(&self) -> CheckReport {
        self.report
    }

    /// Reads a job to its end, and answers for all of it.
    ///
    /// # Errors
    /// What the database or the receiver of the answers says.
    pub(super) fn read(&mut self, number: usize, job: Job) -> Result<()> {
        self.job = number;
        match job {
            Job::Sources(sources) => self.read_sources(sources)?,
            Job::StandardInput => standard_input::read(self),
        }
        self.answer(true);
        self.failure.take().map_or(Ok(()), Err)
    }

    fn read_sources(&mut self, sources: Vec<Source>) -> Result<()> {
        let held: Vec<_> = sources.iter().filter_map(Source::held).collect();
        let mut held = if held.is_empty() { Vec::new() } else { self.library.held(&held)? }.into_iter();
        for Source { file, sight } in sources {
            if self.stop.is_asked() || self.failure.is_some() {
                break;
            }
            match sight {
                Sight::Unread => self.read_file(&file),
                Sight::Unreadable(refusal) => self.bundle.refuse(shown(file.path), refusal),
                Sight::Only(digest) => {
                    self.bundle.tell(Answer::only(shown(file.path), digest));
                }
                Sight::Held(_) => match held.next().flatten() {
                    Some(held) => self.tell_held(&file, held),
                    // The library has lost it meanwhile.
                    None => self.read_file(&file),
                },
            }
        }
        Ok(())
    }

    fn tell_held(&mut self, file: &FoundFile, held: Held) {
        self.report.not_midi += held.not_midi;
        let source = file.path.display().to_string();
        for (entry, answer) in held.answers {
            let path = entry.map_or_else(|| source.clone(), |entry| format!("{source}!/{entry}"));
            self.bundle.tell(Answer { path, ..answer });
        }
    }

    /// Counts answers and hands them on.
    fn deliver(&mut self, answers: Vec<Answer>, is_last: bool) {
        if self.failure.is_none() {
            for answer in &answers {
                self.report.count(&answer.standing);
            }
            self.failure = self.order.deliver(self.job, answers, is_last).err();
        }
    }

    fn read_file(&mut self, file: &FoundFile) {
        self.begin_source(file.path.display().to_string(), file.size);
        let input = match Input::open(&file.path, self.settings.map_policy) {
            Ok(input) => input,
            Err(error) => return self.refuse_source(refuse_io(&error)),
        };
        let name = file.path.file_name().unwrap_or_default().to_string_lossy();
        match look_inside(Format::recognise(input.head(), &name), input.as_slice()) {
            Format::Container(container) => {
                let input = Arc::new(input);
                let bytes = Bytes::new(Arc::clone(&input) as Arc<_>);
                self.traverse(|traversal| {
                    let (spot, mut numbers) = (Spot::default(), Numbers::outer());
                    traversal.read(container, &bytes, name.as_bytes(), &spot, &mut numbers)
                });
                if !input.is_intact() {
                    let detail = "it became shorter while it was read, or its disk failed";
                    self.refuse_source(Refusal::new(Reason::SourceChanged, detail));
                }
            }
            Format::Unsupported(kind) => self.refuse_source(Format::unsupported(kind)),
            Format::Midi | Format::Other => self.take_bare(&name, &input),
        }
    }

    /// A file that is no archive.
    fn take_bare(&mut self, name: &str, input: &Input) {
        let content = input.as_slice();
        match EntryKind::classify(content, name) {
            EntryKind::Midi if content.len() > self.settings.limits.largest_entry() => {
                let refusal = self.settings.limits.entry_size(content.len() as u64);
                self.refuse_source(refusal);
            }
            EntryKind::Midi => {
                if self.bundle.is_full_for(content.len()) {
                    self.answer(false);
                }
                let start = self.bundle.contents.len();
                self.bundle.contents.extend_from_slice(content);
                if input.is_intact() {
                    self.bundle.take(self.source.clone(), start);
                } else {
                    self.bundle.contents.truncate(start);
                    let detail = "it became shorter while it was read";
                    self.refuse_source(Refusal::new(Reason::SourceChanged, detail));
                }
            }
            EntryKind::NamedMidiButIsNot => self.refuse_source(EntryKind::not_midi(content)),
            EntryKind::Archive(_) | EntryKind::Other | EntryKind::Clutter => self.report.not_midi += 1,
        }
    }

    /// What comes now lies in this source.
    pub(super) fn begin_source(&mut self, path: String, size: u64) {
        self.source = path;
        self.meter = Arc::new(Meter::new(&self.settings.limits, size));
    }

    /// Something is wrong with the source as a whole.
    pub(super) fn refuse_source(&mut self, refusal: Refusal) {
        self.bundle.refuse(self.source.clone(), refusal);
    }

    /// Goes through an archive, whatever happens in it.
    pub(super) fn traverse(
        &mut self,
        read: impl FnOnce(&mut Traversal<'_, Self>) -> std::result::Result<(), Stopped>,
    ) {
        let settings = self.settings;
        let read = catch_unwind(AssertUnwindSafe(|| read(&mut Traversal::new(self, &settings.limits))));
        match read {
            Ok(Ok(()) | Err(Stopped::Asked)) => {}
            Ok(Err(Stopped::Refused(refusal))) => self.refuse_source(refusal),
            Err(_) => self.refuse_source(Stopped::panicked()),
        }
    }

    /// Asks about what was read, and hands the answers on.
    fn answer(&mut self, is_last: bool) {
        if self.failure.is_some() {
            return;
        }
        match self.bundle.ask(self.library, &mut self.analyser) {
            Ok(answers) => self.deliver(answers, is_last),
            Err(error) => self.failure = Some(error),
        }
    }

    fn path_of(&self, entry: &Entry) -> String {
        format!("{}!/{}", self.source, entry.path.text())
    }

    fn pass_over(&mut self, entry: &Entry, kind: EntryKind, head: &[u8]) {
        if kind == EntryKind::NamedMidiButIsNot {
            self.bundle.refuse(self.path_of(entry), EntryKind::not_midi(head));
        } else {
            self.report.not_midi += 1;
        }
    }
}

impl Visitor for Reader<'_> {
    type Held = ();

    fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    fn begin(&mut self, _entry: &Entry) -> std::result::Result<bool, Stopped> {
        if self.failure.is_some() || self.stop.is_asked() { Err(Stopped::Asked) } else { Ok(true) }
    }

    fn resume(&mut self, entry: &Entry) -> std::result::Result<bool, Stopped> {
        self.begin(entry)
    }

    fn wants(&self, kind: EntryKind) -> bool {
        kind == EntryKind::Midi
    }

    fn room(&mut self, bytes: usize) -> std::result::Result<&mut Vec<u8>, Stopped> {
        if self.bundle.is_full_for(bytes) {
            self.answer(false);
        }
        Ok(&mut self.bundle.contents)
    }

    fn take_back(&mut self, start: usize) -> Vec<u8> {
        self.bundle.contents.split_off(start)
    }

    fn hold(&mut self, _bytes: usize) -> std::result::Result<(), Stopped> {
        Ok(())
    }

    fn hold_entry(&mut self, _bytes: usize) -> std::result::Result<(), Stopped> {
        Ok(())
    }

    fn shrink(&self, _held: &mut (), _bytes: usize) {}

    fn keep(&mut self, entry: Entry, _kind: EntryKind, start: usize) {
        self.bundle.take(self.path_of(&entry), start);
    }

    fn keep_alone(&mut self, entry: Entry, _kind: EntryKind, content: Vec<u8>, (): ()) {
        if self.bundle.is_full_for(content.len()) {
            self.answer(false);
        }
        let start = self.bundle.contents.len();
        self.bundle.contents.extend_from_slice(&content);
        self.bundle.take(self.path_of(&entry), start);
    }

    fn leave(&mut self, entry: Entry, kind: EntryKind, start: usize) {
        let content = self.take_back(start);
        self.pass_over(&entry, kind, &content);
    }

    fn leave_head(&mut self, entry: Entry, kind: EntryKind, head: &[u8]) {
        self.pass_over(&entry, kind, head);
    }

    fn refuse(&mut self, entry: Entry, refusal: Refusal) {
        self.bundle.refuse(self.path_of(&entry), refusal);
    }

    fn opened(&mut self, _entry: Entry) {}

    fn pass_over_links(&mut self, _links: u64) {}

    fn decode<'b>(
        &mut self,
        compression: Compression,
        bytes: &'b Bytes,
    ) -> std::result::Result<Box<dyn Read + 'b>, Refusal> {
        decode_in_order(compression, bytes, &self.settings.limits, &self.meter)
    }
}

/// A path as answers show it: bytes that are no UTF-8 as U+FFFD.
fn shown(path: PathBuf) -> String {
    path.into_os_string().into_string().unwrap_or_else(|path| path.to_string_lossy().into_owned())
}
