//! Hears the events of a file once and makes its row of them.
//!
//! Hands each event to the part that it concerns; every part answers for its own columns. Knows nothing of bytes.

mod bars;
mod chords;
pub(super) mod column;
mod devices;
pub(super) mod dissection;
mod grid;
mod key;
mod key_signature;
mod loops;
mod meter;
mod minhash;
mod notes;
mod parts;
mod performance;
mod polyphony;
mod programs;
mod rhythm;
#[cfg(test)]
mod score;
mod signature;
mod sounding;
mod tally;
mod tempo;
mod text;
mod tonality;

use self::bars::Bars;
use self::chords::Chords;
use self::column::{bigint, double, integer, ratio, real};
use self::devices::Devices;
use self::grid::Steps;
use self::key_signature::KeySignatures;
use self::loops::Loops;
use self::meter::Meters;
use self::notes::Notes;
use self::parts::{Frame, Parts};
use self::polyphony::Polyphony;
use self::programs::Programs;
use self::sounding::Sounding;
use self::tempo::{TempoMap, beats_per_minute};
use self::text::Texts;
use super::event::{Edge, Event, InvalidMeta, Listener};
use super::header::{Division, Header};
use super::level::AnalysisLevel;
use super::warnings::Warnings;
use crate::record::Metadata;

/// Distinct meters that are kept.
const METERS: usize = 64;

/// The sustain pedal.
const SUSTAIN: u8 = 64;

/// What has been heard of one file. Its buffers are used again for the next.
#[derive(Debug, Default)]
pub(super) struct Analysis {
    level: AnalysisLevel,
    tempo: TempoMap,
    meters: Meters,
    keys: KeySignatures,
    notes: Notes,
    polyphony: Polyphony,
    programs: Programs,
    texts: Texts,
    sounding: Sounding,
    parts: Parts,
    bars: Bars,
    chords: Chords,
    loops: Loops,
    heard: Heard,
}

/// The plain counters among it.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    /// Those that are no notes.
    events: u64,
    track: u32,
    /// Where the track begins: tick 0, or behind the pattern before it in a file of patterns (format 2).
    begin: u64,
    /// The last event of any track.
    end: u64,
    is_sequence: bool,
    has_pitch_bend: bool,
    has_sustain: bool,
    /// A bit for each controller that is moved.
    controllers: u128,
    devices: Devices,
    warnings: Warnings,
}

impl Analysis {
    /// One that finds out as much as `level` says.
    pub(super) fn new(level: AnalysisLevel) -> Self {
        Self { level, ..Self::default() }
    }

    /// Forgets the last file and begins one with this header.
    pub(super) fn begin(&mut self, header: &Header) {
        self.tempo.clear();
        self.meters.clear();
        self.keys.clear();
        self.notes.clear();
        self.programs.clear();
        self.texts.clear();
        self.heard = Heard { is_sequence: header.format == 2, ..Heard::default() };
    }

    /// The row of the file whose tracks were heard, and what was odd about it.
    pub(super) fn finish(&mut self, header: &Header, tracks: u64) -> (Metadata, Warnings) {
        let Heard { end, mut warnings, .. } = self.heard;
        self.tempo.settle();
        self.meters.settle();
        let mut found = Metadata {
            analyser_version: super::ANALYSER_VERSION,
            analysis: self.level.word(),
            smf_format: i16::from(header.format),
            n_tracks: integer(tracks),
            n_tracks_declared: i32::from(header.tracks),
            n_events: integer(self.heard.events + self.notes.edges()),
            duration_ticks: bigint(end),
            has_pitch_bend: self.heard.has_pitch_bend,
            has_sustain: self.heard.has_sustain,
            n_notes_paired: integer(self.notes.paired()),
            ..Metadata::default()
        };
        self.write_time(header.division, &mut found);
        self.write_signatures(header.division, &mut found);
        let notes = self.notes.all();
        let changes = self.sounding.count(notes, self.polyphony.begin(notes.len(), end));
        let polyphony = changes.sweep();
        let polyphony = polyphony.unwrap_or_else(|| self.polyphony.sort(notes, self.notes.late_ends()));
        if self.sounding.is_capped() {
            warnings |= Warnings::VALUE_CAPPED;
        }
        self.sounding.write(header.division.metrical(), &mut found);
        found.polyphony_max = integer(polyphony.most);
        found.polyphony_mean = polyphony.mean;
        if self.level >= AnalysisLevel::Standard {
            self.write_standard(header.division, polyphony.several, &mut found);
        }
        self.programs.write(&self.notes, &mut found);
        let count = f64::from(found.n_notes);
        found.notes_per_sec = ratio(count, found.duration_sec).filter(|_| found.duration_sec > 0.0);
        found.notes_per_beat =
            found.duration_beats.filter(|beats| *beats > 0.0).and_then(|beats| ratio(count, beats));
        self.texts.write(&mut warnings, &mut found);
        if self.level >= AnalysisLevel::Full {
            self.write_form(header.division, &mut found);
        }
        (found, warnings)
    }

    /// What the basic analysis leaves out.
    fn write_standard(&mut self, division: Division, several: u64, to: &mut Metadata) {
        to.polyphony_rate = ratio(double(several), double(self.notes.last_end()));
        to.controllers = Some((0..128).filter(|bit| self.heard.controllers >> bit & 1 == 1).collect());
        to.devices = Some(self.heard.devices.words());
        let (struck, ticks) = self.sounding.melodic();
        tonality::write(struck, ticks, to);
        let frame = Frame {
            ticks_per_quarter: division.metrical(),
            meter: self.meters.main_meter(self.heard.end),
            lowest: to.pitch_min.and_then(|pitch| u8::try_from(pitch).ok()).unwrap_or_default(),
        };
        self.parts.write(&self.notes, frame, to);
    }

    fn write_time(&self, division: Division, to: &mut Metadata) {
        let end = self.heard.end;
        let seconds = |tick| self.tempo.seconds(tick, division);
        to.duration_sec = seconds(end);
        let first_start = self.notes.first_start();
        to.first_note_sec = first_start.map(seconds);
        to.last_note_end_sec = first_start.map(|_| seconds(self.notes.last_end()));
        to.n_tempo_changes = integer(self.tempo.changes());
        to.tempo_explicit = self.tempo.is_explicit();
        match division {
            Division::Metrical(ticks) => {
                let beats = double(end) / f64::from(ticks);
                let range = self.tempo.range(end);
                to.division = Some(i32::from(ticks));
                to.duration_beats = Some(beats);
                to.tempo_first = real(beats_per_minute(range.first));
                to.tempo_min = real(beats_per_minute(range.slowest));
                to.tempo_max = real(beats_per_minute(range.fastest));
                let mean = ratio(beats * 60.0, to.duration_sec).filter(|_| end > 0);
                to.tempo_bpm = mean.or(real(beats_per_minute(range.slowest)));
            }
            Division::Timecode { frames, ticks } => {
                to.smpte_fps = Some(i16::from(frames));
                to.smpte_ticks_per_frame = Some(i16::from(ticks));
            }
        }
    }

    fn write_signatures(&self, division: Division, to: &mut Metadata) {
        let end = self.heard.end;
        to.n_bars = division.metrical().map(|ticks| integer(self.meters.bars(end, ticks)));
        to.time_signature_first = self.meters.first();
        to.time_signature_main = Some(self.meters.main(end));
        to.time_signatures = self.meters.distinct(METERS).0;
        to.n_time_signature_changes = integer(self.meters.changes());
        to.key_declared = self.keys.first().map(str::to_owned);
        to.n_key_signatures = integer(self.keys.count());
    }

    /// Chords and loops, which need a meter.
    fn write_form(&mut self, division: Division, to: &mut Metadata) {
        let Some(ticks) = division.metrical() else { return };
        self.bars.draw(&self.meters, self.heard.end, Steps::of(ticks));
        to.chords = Some(self.chords.find(self.notes.all(), &self.bars));
        let loops = self.loops.find(&self.notes, &self.bars);
        to.n_loops = Some(integer(loops.count));
        let (numerator, power) = self.meters.main_meter(self.heard.end);
        let bar = 4.0 * f64::from(numerator) / f64::from(1_u32 << power);
        to.loop_bars = loops.length.and_then(|length| ratio(length, bar));
    }
}

impl Listener for Analysis {
    fn begin_track(&mut self) -> u64 {
        self.heard.begin
    }

    #[expect(
        clippy::inline_always,
        reason = "saves building each event in memory: a tenth of the whole reading"
    )]
    #[inline(always)]
    fn event(&mut self, tick: u64, event: Event<'_>) {
        if let Event::Note { channel, key, velocity } = event {
            return self.note(Edge::new(tick, channel, key, velocity));
        }
        self.heard.events += 1;
        match event {
            Event::Program { channel, program } => {
                self.programs.push(tick, channel, program, self.notes.count());
            }
            Event::Controller { controller, value } => {
                self.heard.controllers |= 1 << (controller & 0x7F);
                self.heard.has_sustain |= controller == SUSTAIN && value >= 64;
            }
            Event::PitchBend => self.heard.has_pitch_bend = true,
            Event::Tempo(tempo) => self.tempo.push(tick, tempo),
            Event::Meter { numerator, power } => self.meters.push(tick, numerator, power),
            Event::Key { sharps, minor } => self.keys.push(tick, sharps, minor),
            Event::Text { kind, bytes } => self.texts.push(tick, self.heard.track, kind, bytes),
            Event::Invalid(which) => {
                self.heard.warnings |= Warnings::META_INVALID;
                if which == InvalidMeta::Key {
                    self.keys.push_invalid();
                }
            }
            Event::SystemExclusive(data) => self.heard.devices.hear(data),
            Event::Note { .. } | Event::EndOfTrack | Event::Other => {}
        }
    }

    #[inline]
    fn note(&mut self, edge: Edge) {
        self.notes.hear(edge);
    }

    fn end_track(&mut self, tick: u64) {
        self.notes.end_track(tick);
        self.heard.end = self.heard.end.max(tick);
        self.heard.track = self.heard.track.saturating_add(1);
        if self.heard.is_sequence {
            self.heard.begin = tick;
        }
    }
}
