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
pub mod dissection;
mod event;
mod header;
mod lenient;
mod level;
#[cfg(test)]
mod properties;
mod warnings;

use std::time::{Duration, Instant};

use self::analysis::Analysis;
use self::header::Header;
pub use self::level::AnalysisLevel;
pub use self::warnings::Warnings;
use crate::record::{Metadata, ParseStatus};
use crate::reject::{Reason, Refusal};

/// The version of the analysis, stored with each row: a row of a lower version can be analysed again.
///
/// Raised whenever a column gets another meaning or value for the same content.
pub const ANALYSER_VERSION: i16 = 2;

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
#[derive(Debug)]
pub struct Analyser {
    analysis: Analysis,
    spent: Spent,
}

/// What the last content has taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Walking over its events, and pairing its notes.
    pub parsing: Duration,
    /// Finding out what they say.
    pub analysing: Duration,
}

impl Analyser {
    /// An analyser that has read nothing yet, and finds out as much as `level` says.
    #[must_use]
    pub fn new(level: AnalysisLevel) -> Self {
        Self { analysis: Analysis::new(level), spent: Spent::default() }
    }

    /// What the last content has taken; one that was refused has not been analysed.
    #[must_use]
    pub const fn spent(&self) -> Spent {
        self.spent
    }

    /// Reads a Standard MIDI File, bare or in a `RIFF` container.
    ///
    /// # Errors
    /// Refuses a content without a track: [`Reason::MidiEmpty`] where there are no bytes, [`Reason::MidiNoTracks`] where
    /// a header has no track behind it, [`Reason::MidiUnreadable`] where it starts like MIDI and nothing more can be
    /// made of it, [`Reason::NotMidiContent`] where neither a header nor a track is found within the first 64 KiB.
    pub fn read(&mut self, content: &[u8]) -> Result<Reading, Refusal> {
        let began = Instant::now();
        self.spent = Spent::default();
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
        self.spent.parsing = began.elapsed();
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
        self.spent.analysing = began.elapsed().saturating_sub(self.spent.parsing);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(content: &[u8]) -> Reason {
        Analyser::new(AnalysisLevel::default()).read(content).unwrap_err().reason
    }

    #[test]
    fn only_what_has_no_track_is_refused() {
        let header = b"MThd\0\0\0\x06\0\x01\0\x01\0\x60".as_slice();
        for (content, reason) in [
            (b"".as_slice(), Reason::MidiEmpty),
            (b"\xFF\xD8\xFF\xE0 JFIF", Reason::NotMidiContent),
            (b"MThd\0\0", Reason::MidiUnreadable),
            (b"RIFF\0\0\0\0RMIDdata\0\0\0\0", Reason::MidiUnreadable),
            (header, Reason::MidiNoTracks),
        ] {
            assert_eq!(refusal(content), reason, "{}", content.escape_ascii());
        }
        let silent = [header, b"MTrk\0\0\0\x04\x00\xFF\x2F\x00"].concat();
        let reading = Analyser::new(AnalysisLevel::default()).read(&silent).unwrap();
        assert_eq!((reading.status, reading.metadata.n_notes), (ParseStatus::Clean, 0));
    }

    /// Two tracks: a tempo map with a change at tick 96, and two notes of two beats with a bend and a pedal.
    fn song() -> Vec<u8> {
        let conductor: &[u8] =
            b"\x00\xFF\x03\x04Song\x00\xFF\x51\x03\x07\xA1\x20\x00\xFF\x58\x04\x03\x02\x18\x08\
            \x00\xFF\x59\x02\xFD\x01\x60\xFF\x51\x03\x0F\x42\x40\x00\xFF\x2F\x00";
        let notes: &[u8] = b"\x00\xC2\x28\x00\xB2\x40\x7F\x00\xE2\x00\x50\x60\x92\x3C\x50\x00\x99\x24\x64\
            \x81\x40\x82\x3C\x00\x00\x89\x24\x00\x60\xFF\x2F\x00";
        let mut song = b"MThd\0\0\0\x06\0\x01\0\x02\0\x60".to_vec();
        for track in [conductor, notes] {
            song.extend(b"MTrk");
            song.extend(u32::try_from(track.len()).unwrap().to_be_bytes());
            song.extend(track);
        }
        song
    }

    #[test]
    fn a_song_is_read_into_its_columns() {
        let reading = Analyser::new(AnalysisLevel::default()).read(&song()).unwrap();
        assert_eq!((reading.status, reading.warnings), (ParseStatus::Clean, Warnings::NONE));
        let expected = Metadata {
            analyser_version: ANALYSER_VERSION,
            analysis: "standard",
            smf_format: 1,
            n_tracks: 2,
            n_tracks_declared: 2,
            division: Some(96),
            n_events: 14,
            duration_sec: 3.5,
            duration_ticks: 384,
            duration_beats: Some(4.0),
            n_bars: Some(2),
            first_note_sec: Some(0.5),
            last_note_end_sec: Some(2.5),
            tempo_bpm: Some(240.0 / 3.5),
            tempo_first: Some(120.0),
            tempo_min: Some(60.0),
            tempo_max: Some(120.0),
            n_tempo_changes: 1,
            tempo_explicit: true,
            time_signature_first: Some("3/4".to_owned()),
            time_signature_main: Some("3/4".to_owned()),
            time_signatures: vec!["3/4".to_owned()],
            key_declared: Some("Cm".to_owned()),
            n_key_signatures: 1,
            key: Some("C".to_owned()),
            key_tonic: Some(0),
            key_mode: Some("major"),
            key_confidence: Some(0.684_472_7),
            key_margin: Some(0.000_281_519_87),
            key_second: Some("Cm".to_owned()),
            pitch_class_histogram: Some([1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
            pitch_class_entropy: Some(0.0),
            pitch_entropy: Some(0.0),
            scale_consistency: Some(1.0),
            n_notes: 2,
            n_notes_paired: 2,
            n_melodic_notes: 1,
            n_drum_notes: 1,
            notes_per_sec: Some(2.0 / 3.5),
            notes_per_beat: Some(0.5),
            note_length_median_beats: Some(2.0),
            pitch_min: Some(60),
            pitch_max: Some(60),
            pitch_mean: Some(60.0),
            n_pitches: 1,
            n_pitch_classes: 1,
            polyphony_max: 1,
            polyphony_mean: Some(1.0),
            polyphony_rate: Some(0.0),
            // An onset in the first bar of three quarter notes, none in the second.
            groove_consistency: Some(71.0 / 72.0),
            empty_beat_rate: Some(0.25),
            quantized_ratio: Some(1.0),
            nomml: Some(0),
            nomml_tracks: Some(vec![0, 0]),
            is_expressive: Some(false),
            velocity_min: Some(80),
            velocity_max: Some(100),
            velocity_mean: Some(90.0),
            velocity_std: Some(10.0),
            n_distinct_velocities: 2,
            channels: vec![3, 10],
            programs: vec![40],
            instruments: vec![40],
            families: vec![5],
            drum_keys: vec![36],
            has_drums: true,
            has_pitch_bend: true,
            has_sustain: true,
            controllers: Some(vec![64]),
            devices: Some(vec![]),
            title: Some("Song".to_owned()),
            track_names: vec!["Song".to_owned()],
            text: Some("Song".to_owned()),
            text_encoding: Some("ascii".to_owned()),
            note_signature: Some(-976_598_561_650_429_746),
            transposed_signature: Some(8_309_451_475_552_169_285),
            ..Metadata::default()
        };
        assert_eq!(reading.metadata, expected);
    }

    #[test]
    fn a_lower_level_leaves_out_and_changes_nothing() {
        let [basic, standard, full] =
            AnalysisLevel::ALL.map(|level| Analyser::new(level).read(&song()).unwrap().metadata);
        assert!(standard.note_signature.is_some());
        let less = Metadata { analysis: "standard", chords: None, n_loops: None, loop_bars: None, ..full };
        assert_eq!(less, standard);
        let less = Metadata {
            analysis: "basic",
            key: None,
            key_tonic: None,
            key_mode: None,
            key_confidence: None,
            key_margin: None,
            key_second: None,
            pitch_class_histogram: None,
            pitch_class_entropy: None,
            pitch_entropy: None,
            scale_consistency: None,
            polyphony_rate: None,
            melodic_interval_histogram: None,
            melodic_interval_mean: None,
            ioi_median_beats: None,
            groove_consistency: None,
            empty_beat_rate: None,
            quantized_ratio: None,
            nomml: None,
            nomml_tracks: None,
            is_expressive: None,
            controllers: None,
            devices: None,
            note_signature: None,
            transposed_signature: None,
            minhash: None,
            minhash_bands: None,
            ..standard
        };
        assert_eq!(less, basic);
    }

    #[test]
    fn wrapping_and_damage_are_told_and_the_music_is_the_same() {
        let song = song();
        let whole = Analyser::new(AnalysisLevel::default()).read(&song).unwrap();
        let riff =
            [b"RIFF\0\0\0\0RMIDdata", u32::try_from(song.len()).unwrap().to_le_bytes().as_slice(), &song]
                .concat();
        let behind_junk = [vec![0; 128], song.clone()].concat();
        let mut analyser = Analyser::new(AnalysisLevel::default());
        for (content, status, warnings) in [
            (riff, ParseStatus::Clean, Warnings::RIFF_WRAPPED),
            (behind_junk, ParseStatus::Repaired, Warnings::JUNK_BEFORE_HEADER),
            ([&song[..], b"\x1A"].concat(), ParseStatus::Repaired, Warnings::JUNK_BETWEEN_CHUNKS),
        ] {
            let reading = analyser.read(&content).unwrap();
            assert_eq!((reading.status, reading.warnings), (status, warnings));
            assert_eq!(reading.metadata, whole.metadata);
        }
    }

    #[test]
    fn patterns_follow_one_another() {
        let track = b"MTrk\0\0\0\x0C\x00\x90\x3C\x40\x60\x80\x3C\x40\x00\xFF\x2F\x00";
        let content = [b"MThd\0\0\0\x06\0\x02\0\x02\0\x60".as_slice(), track, track].concat();
        let found = Analyser::new(AnalysisLevel::default()).read(&content).unwrap().metadata;
        assert_eq!((found.duration_ticks, found.polyphony_max, found.n_notes), (192, 1, 2));
    }

    #[test]
    fn frames_need_no_tempo() {
        let track = b"MTrk\0\0\0\x0C\x00\x90\x3C\x40\x64\x80\x3C\x40\x00\xFF\x2F\x00";
        let content = [b"MThd\0\0\0\x06\0\0\0\x01\xE7\x28".as_slice(), track].concat();
        let found = Analyser::new(AnalysisLevel::default()).read(&content).unwrap().metadata;
        assert_eq!(
            (found.smpte_fps, found.smpte_ticks_per_frame, found.division),
            (Some(25), Some(40), None)
        );
        assert!((found.duration_sec - 0.1).abs() < 1e-12);
        assert_eq!((found.duration_beats, found.n_bars, found.tempo_bpm), (None, None, None));
    }
}
