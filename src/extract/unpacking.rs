//! One archive being extracted: the visitor that writes what it meets to disk.
//!
//! Holds one entry, and the archives around it, in memory; refuses what cannot be read and goes on.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use super::folder::{Folder, Written};
use super::{ExtractReport, ExtractSettings};
use crate::archive::meter::Meter;
use crate::archive::probe::look_inside;
use crate::archive::traverse::{Bytes, Entry, Numbers, Spot, Stopped, Traversal, Visitor, decode_in_order};
use crate::error::{Error, ErrorKind, Result};
use crate::format::{Compression, Container, EntryKind, Format};
use crate::mapping::{Input, MapPolicy};
use crate::pipeline::Stop;
use crate::reject::{Reason, Refusal};

/// Opens a file and says what it is.
///
/// # Errors
/// What the operating system says.
pub(super) fn open(path: &Path, policy: MapPolicy) -> io::Result<(Format, Bytes)> {
    let input = Input::open(path, policy)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let format = look_inside(Format::recognise(input.head(), &name), input.as_slice());
    Ok((format, Bytes::new(Arc::new(input))))
}

/// The visitor.
pub(super) struct Unpacking<'u> {
    settings: &'u ExtractSettings,
    folder: Folder,
    path: &'u str,
    meter: Arc<Meter>,
    stop: &'u Stop,
    refused: &'u (dyn Fn(&str, &Refusal) + Sync),
    report: &'u mut ExtractReport,
    buffer: Vec<u8>,
    /// Why writing is given up: a full disk is no fault of an archive.
    failure: Option<io::Error>,
}

impl<'u> Unpacking<'u> {
    #[expect(clippy::too_many_arguments, reason = "it only gathers what each was made for")]
    pub(super) fn new(
        settings: &'u ExtractSettings,
        to: &Path,
        folder: &Path,
        path: &'u str,
        size: u64,
        stop: &'u Stop,
        refused: &'u (dyn Fn(&str, &Refusal) + Sync),
        report: &'u mut ExtractReport,
    ) -> Self {
        Self {
            settings,
            folder: Folder::new(to, folder),
            path,
            meter: Arc::new(Meter::new(&settings.limits, size)),
            stop,
            refused,
            report,
            buffer: Vec::new(),
            failure: None,
        }
    }

    /// Extracts the archive.
    pub(super) fn read(&mut self, container: Container, bytes: &Bytes) -> Result<()> {
        let limits = self.settings.limits.clone();
        let name = Path::new(self.path).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let read = catch_unwind(AssertUnwindSafe(|| {
            let (spot, mut numbers) = (Spot::default(), Numbers::outer());
            Traversal::new(self, &limits).read(container, bytes, name.as_bytes(), &spot, &mut numbers)
        }));
        let refusal = match read {
            Ok(Ok(()) | Err(Stopped::Asked)) => None,
            Ok(Err(Stopped::Refused(refusal))) => Some(refusal),
            Err(_) => Some(Stopped::panicked()),
        };
        if let Some(refusal) = refusal {
            self.report.refused += 1;
            (self.refused)(self.path, &refusal);
        }
        match self.failure.take() {
            None => Ok(()),
            Some(error) => Err(Error::new(ErrorKind::Run, error.to_string())
                .with_hint("make room or choose another folder, then run the same command again")),
        }
    }

    fn write(&mut self, entry: Entry, content: &[u8]) {
        match self.folder.write(entry.path.text(), content) {
            Ok(Written::New) => {
                self.report.written += 1;
                self.report.bytes += content.len() as u64;
            }
            Ok(Written::Kept) => self.report.kept += 1,
            Ok(Written::Blocked) => {
                let detail = "a link or a file is where its folder should be; nothing is written through it";
                self.refuse(entry, Refusal::new(Reason::IoError, detail));
            }
            Err(error) => self.failure = Some(error),
        }
    }
}

impl Visitor for Unpacking<'_> {
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
        match kind {
            EntryKind::Midi => true,
            EntryKind::NamedMidiButIsNot | EntryKind::Other => !self.settings.midi_only,
            EntryKind::Archive(_) | EntryKind::Clutter => false,
        }
    }

    fn room(&mut self, _bytes: usize) -> std::result::Result<&mut Vec<u8>, Stopped> {
        self.buffer.clear();
        Ok(&mut self.buffer)
    }

    fn take_back(&mut self, start: usize) -> Vec<u8> {
        self.buffer.split_off(start)
    }

    fn hold(&mut self, _bytes: usize) -> std::result::Result<(), Stopped> {
        Ok(())
    }

    fn hold_entry(&mut self, _bytes: usize) -> std::result::Result<(), Stopped> {
        Ok(())
    }

    fn shrink(&self, _held: &mut (), _bytes: usize) {}

    fn keep(&mut self, entry: Entry, _kind: EntryKind, start: usize) {
        let buffer = std::mem::take(&mut self.buffer);
        self.write(entry, buffer.get(start..).unwrap_or_default());
        self.buffer = buffer;
    }

    fn keep_alone(&mut self, entry: Entry, _kind: EntryKind, content: Vec<u8>, (): ()) {
        self.write(entry, &content);
    }

    fn leave(&mut self, _entry: Entry, _kind: EntryKind, _start: usize) {
        self.report.passed_over += 1;
    }

    fn leave_head(&mut self, _entry: Entry, _kind: EntryKind, _head: &[u8]) {
        self.report.passed_over += 1;
    }

    fn refuse(&mut self, entry: Entry, refusal: Refusal) {
        self.report.refused += 1;
        (self.refused)(&format!("{}!/{}", self.path, entry.path.text()), &refusal);
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
