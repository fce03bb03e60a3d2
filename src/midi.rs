//! Reads Standard MIDI Files and finds out what their music says.
//!
//! ```text
//! bytes ─▶ header ─▶ clean (midly), or else lenient ─▶ events ─▶ analysis ─▶ Metadata
//! ```
//!
//! A content goes in, a row comes out; nothing here knows where the bytes come from or where the row goes. A file is
//! refused only where no track can be found in it; whatever else was mended or lost on the way is told by [`Warnings`].

mod analysis;
mod clean;
mod column;
mod event;
mod header;
mod key_signature;
mod lenient;
mod meter;
mod notes;
mod polyphony;
mod programs;
mod sounding;
mod tempo;
mod text;
mod warnings;

use self::analysis::Analysis;
use self::header::Header;
pub use self::warnings::Warnings;
use crate::record::{Metadata, ParseStatus};
use crate::reject::{Reason, Refusal};

/// The version of the analysis, stored with each row: a row of a lower version can be analysed again.
///
/// Raised whenever a column gets another meaning or value for the same content.
pub const ANALYSER_VERSION: i16 = 1;

/// What was read out of one content.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What the music says.
    pub metadata: Metadata,
    /// Whether all of it could be read.
    pub status: ParseStatus,
    /// What was found odd.
    pub warnings: Warnings,
}

/// Reads one content after another; one for each thread. Its buffers are used again, and grow only with the content.
#[derive(Debug, Default)]
pub struct Analyser {
    analysis: Analysis,
}

impl Analyser {
    /// An analyser that has read nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a Standard MIDI File, bare or in a `RIFF` container.
    ///
    /// # Errors
    /// Refuses a content without a track: [`Reason::MidiEmpty`] where there are no bytes, [`Reason::MidiNoTracks`] where
    /// a header has no track behind it, [`Reason::MidiUnreadable`] where it starts like MIDI and nothing more can be
    /// made of it, [`Reason::NotMidiContent`] where neither a header nor a track is found within the first 64 KiB.
    pub fn read(&mut self, content: &[u8]) -> Result<Reading, Refusal> {
        if content.is_empty() {
            return Err(Refusal::new(Reason::MidiEmpty, "expected a MIDI file, found no bytes"));
        }
        let (file, wrapping) = header::unwrap_riff(content);
        let Some(header) = Header::find(file) else { return Err(no_header(content)) };
        self.analysis.begin(&header);
        let mut found = Warnings::NONE;
        let tracks = if let Ok(tracks) = clean::read(file, &header, &mut found, &mut self.analysis) {
            tracks
        } else {
            found = Warnings::NONE;
            self.analysis.begin(&header);
            lenient::read(file, &header, &mut found, &mut self.analysis)
        };
        if tracks == 0 {
            return Err(Refusal::new(
                Reason::MidiNoTracks,
                format!(
                    "expected {} tracks behind the header, found none in {} bytes",
                    header.tracks,
                    file.len()
                ),
            ));
        }
        if tracks != u64::from(header.tracks) && !header.warnings.has(Warnings::HEADER_MISSING) {
            found |= Warnings::TRACK_COUNT;
        }
        let (metadata, heard) = self.analysis.finish(&header, tracks);
        let warnings = wrapping | header.warnings | found | heard;
        Ok(Reading { metadata, status: warnings.status(), warnings })
    }
}

/// Whether a content starts like MIDI: with `MThd`, or as a `RIFF` container of type `RMID`.
#[must_use]
pub fn starts_like_midi(start: &[u8]) -> bool {
    header::starts_like_midi(start)
}

fn no_header(content: &[u8]) -> Refusal {
    let length = content.len();
    if starts_like_midi(content) {
        let detail = format!("expected a header of 14 bytes and a track, found {length} bytes without");
        return Refusal::new(Reason::MidiUnreadable, detail);
    }
    let start = content.get(..8).unwrap_or(content).escape_ascii();
    let detail =
        format!("expected MThd within the first 64 KiB, found {length} bytes that start with \"{start}\"");
    Refusal::new(Reason::NotMidiContent, detail)
}
