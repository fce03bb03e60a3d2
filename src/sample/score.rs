//! Composes a piece: form, parts and bars become timed events, tracks and at last the bytes of a file of about the size
//! asked for. The music of one bar is [`super::bar`]'s, the bytes are [`super::smf`]'s.

use midly::{
    Format, Header, MetaMessage, MidiMessage, PitchBend, TrackEvent, TrackEventKind,
    num::{u4, u7, u24, u28},
};

use super::bar::{self, Note, Place};
use super::ensemble::{self, Part, Role};
use super::form::{Form, Lyrics, Meter, PULSES, Release, TempoMap};
use super::random::Random;
use super::smf;
use super::song::Song;
use super::words;

/// An event at its time. Events of one tick keep this order: ends of notes, then all else, then starts of notes.
struct Timed<'t> {
    tick: u32,
    rank: u8,
    kind: TrackEventKind<'t>,
}

/// The texts of one piece, encoded.
struct Texts {
    title: Vec<u8>,
    copyright: Vec<u8>,
    credit: Vec<u8>,
    karaoke: Vec<Vec<u8>>,
    syllables: Vec<Vec<u8>>,
    /// A sequencer-specific event that makes every generated file distinct: the identifier kept free for
    /// non-commercial use, then seed and number.
    serial: Vec<u8>,
}

impl Texts {
    fn of(song: &Song, form: &Form, seed: u64, index: u64) -> Self {
        let encode = |text: &str| song.charset.encode(text);
        Self {
            title: encode(&song.title),
            copyright: encode(&format!("(C) {} {}", song.year, song.artist)),
            credit: encode(&format!("Sequenced for {}", song.artist)),
            karaoke: match form.lyrics {
                Lyrics::Karaoke => ["@KMIDI KARAOKE FILE", "@V0100", "@LENGL"]
                    .into_iter()
                    .map(encode)
                    .chain([encode(&format!("@T{}", song.title)), encode(&format!("@T{}", song.artist))])
                    .collect(),
                _ => Vec::new(),
            },
            syllables: match form.lyrics {
                Lyrics::None => Vec::new(),
                Lyrics::Karaoke => song.syllables.iter().map(|syllable| encode(syllable)).collect(),
                Lyrics::Lyric => song
                    .syllables
                    .iter()
                    .map(|syllable| encode(syllable.trim_start_matches(['\\', '/'])))
                    .collect(),
            },
            serial: [&[0x7d][..], &seed.to_be_bytes(), &index.to_be_bytes()].concat(),
        }
    }
}

/// Composes the piece with this number and encodes it in about `target_size` bytes.
pub(super) fn compose(seed: u64, index: u64, target_size: usize) -> Vec<u8> {
    let song = Song::of(seed, index);
    let mut random = Random::new(&[seed, 2, index]);
    let form = Form::of(&song, &mut random);
    let parts = ensemble::assemble(&song, target_size, &mut random);
    let texts = Texts::of(&song, &form, seed, index);
    let mut score = Score::new(&song, &form, &parts, random);
    score.open(&texts);
    score.play(&texts, target_size, Random::new(&[seed, 3, index]).bits());
    score.encode()
}

struct Score<'t> {
    song: &'t Song,
    form: &'t Form,
    parts: &'t [Part],
    tracks: Vec<Vec<Timed<'t>>>,
    /// Expected size of the file so far, in sixteenths of a byte.
    size: usize,
    /// Expected size of a delta time and of a status byte, in sixteenths of a byte.
    delta_cost: usize,
    status_cost: usize,
    random: Random,
    sung: usize,
}

impl<'t> Score<'t> {
    fn new(song: &'t Song, form: &'t Form, parts: &'t [Part], random: Random) -> Self {
        let count = match form.format {
            Format::SingleTrack => 1,
            Format::Parallel => 1 + parts.len() + usize::from(form.lyrics == Lyrics::Karaoke),
            Format::Sequential => parts.len(),
        };
        // Measured over generated files: the finer the ticks, the more delta times need a second byte; a single track
        // merges its parts, so its deltas are shorter and its statuses repeat less.
        let is_merged = form.format == Format::SingleTrack && parts.len() > 1;
        let delta_cost = match form.beat {
            0..=160 => 16,
            _ if is_merged => 19,
            161..=300 => 19,
            301..=600 => 21,
            _ => 23,
        };
        let status_cost = match (form.has_running_status, form.release) {
            (false, _) => 16,
            (true, Release::SilentOn) => {
                if is_merged {
                    9
                } else {
                    1
                }
            }
            (true, Release::Off(_)) => {
                if is_merged {
                    14
                } else {
                    12
                }
            }
        };
        Self {
            song,
            form,
            parts,
            tracks: std::iter::repeat_with(Vec::new).take(count).collect(),
            size: 16 * (14 + 12 * count),
            delta_cost,
            status_cost,
            random,
            sung: 0,
        }
    }

    /// The track that part number `part` plays in.
    const fn track_of(&self, part: usize) -> usize {
        match self.form.format {
            Format::SingleTrack => 0,
            Format::Parallel => part + 1,
            Format::Sequential => part,
        }
    }

    fn push(&mut self, track: usize, tick: u32, rank: u8, kind: TrackEventKind<'t>) {
        if let Some(track) = self.tracks.get_mut(track) {
            track.push(Timed { tick, rank, kind });
        }
    }

    fn meta(&mut self, track: usize, tick: u32, message: MetaMessage<'t>) {
        let length = match message {
            MetaMessage::Text(text)
            | MetaMessage::TrackName(text)
            | MetaMessage::Copyright(text)
            | MetaMessage::Lyric(text)
            | MetaMessage::Marker(text)
            | MetaMessage::SequencerSpecific(text) => text.len(),
            _ => 3,
        };
        self.size += 16 * (4 + length);
        self.push(track, tick, 1, TrackEventKind::Meta(message));
    }

    fn control(&mut self, part: &Part, track: usize, tick: u32, message: MidiMessage) {
        self.size += self.delta_cost + 48;
        self.push(
            track,
            tick,
            1,
            TrackEventKind::Midi { channel: u4::from_int_lossy(part.channel), message },
        );
    }

    /// Everything at the start: names, reset, signatures, programs.
    fn open(&mut self, texts: &'t Texts) {
        self.meta(0, 0, MetaMessage::SequencerSpecific(&texts.serial));
        let form = self.form;
        if form.has_text {
            self.meta(0, 0, MetaMessage::TrackName(&texts.title));
            if self.random.percent(45) {
                self.meta(0, 0, MetaMessage::Copyright(&texts.copyright));
            }
            if self.random.percent(20) {
                self.meta(0, 0, MetaMessage::Text(&texts.credit));
            }
        }
        if !form.reset.is_empty() {
            self.size += 16 * (3 + form.reset.len());
            self.push(0, 0, 1, TrackEventKind::SysEx(form.reset));
        }
        if form.declares_meter {
            self.meter(0, form.meter);
        }
        if let Some((sharps, is_minor)) = form.key_signature {
            self.meta(0, 0, MetaMessage::KeySignature(sharps, is_minor));
        }
        if form.tempo_map != TempoMap::Absent {
            self.tempo(0, self.song.tempo);
        }
        if form.lyrics == Lyrics::Karaoke {
            let words = self.tracks.len().saturating_sub(1);
            self.meta(words, 0, MetaMessage::TrackName(b"Words"));
            for text in &texts.karaoke {
                self.meta(words, 0, MetaMessage::Text(text));
            }
        }
        for (number, part) in self.parts.iter().enumerate() {
            let track = self.track_of(number);
            if form.has_text && form.format == Format::Parallel {
                self.meta(track, 0, MetaMessage::TrackName(part.name.as_bytes()));
            }
            let value = |value| u7::from_int_lossy(value);
            if part.role != Role::Drums || part.program != 0 || self.random.percent(50) {
                self.control(part, track, 0, MidiMessage::ProgramChange { program: value(part.program) });
            }
            if self.random.percent(80) {
                self.control(
                    part,
                    track,
                    0,
                    MidiMessage::Controller { controller: value(7), value: value(100) },
                );
            }
            if self.random.percent(60) {
                let pan = u8::try_from(self.random.between(20, 108)).unwrap_or(64);
                self.control(
                    part,
                    track,
                    0,
                    MidiMessage::Controller { controller: value(10), value: value(pan) },
                );
            }
        }
    }

    fn meter(&mut self, tick: u32, meter: Meter) {
        self.meta(0, tick, MetaMessage::TimeSignature(meter.beats, meter.unit_power, 24, 8));
    }

    fn tempo(&mut self, tick: u32, beats_per_minute: u32) {
        let microseconds = 60_000_000 / beats_per_minute.max(4);
        self.meta(0, tick, MetaMessage::Tempo(u24::from_int_lossy(microseconds)));
    }

    /// Bars, section by section, until the file is as large as it should be. Sections return, as choruses do.
    fn play(&mut self, texts: &'t Texts, target_size: usize, music: u64) {
        let target = target_size.saturating_mul(16);
        let section_bars: u32 = self.random.pick(&[4, 8, 8]).max(4);
        let progression: [i32; 4] = self.random.pick(bar::PROGRESSIONS);
        let (mut tick, mut meter, mut section) = (0_u32, self.form.meter, 0);
        let mut notes = Vec::with_capacity(64);
        for bar in 0_u32.. {
            let at = bar % section_bars;
            if at == 0 {
                section = self.random.pick(&[0_u64, 0, 1, 2]);
                meter = self.begin_section(bar, tick, meter, section);
            }
            if self.form.tempo_map == TempoMap::EveryBar && bar > 0 {
                let change = self.random.between(-7, 7);
                self.tempo(tick, self.song.tempo.saturating_add_signed(change));
            }
            let place = Place {
                pulses: meter.pulses(),
                degree: progression
                    .iter()
                    .cycle()
                    .nth(usize::try_from(at).unwrap_or(0))
                    .copied()
                    .unwrap_or(0),
                tonic: self.song.tonic,
                is_minor: self.song.is_minor,
                is_first_of_section: at == 0,
                is_last_of_section: at + 1 == section_bars,
            };
            let parts = self.parts;
            for (number, part) in parts.iter().enumerate() {
                // The same bar of the same section is the same music whenever it returns.
                let mut music = Random::new(&[music, section, u64::from(at), number as u64]);
                notes.clear();
                bar::compose(part, place, &mut music, &mut notes);
                self.perform(part, self.track_of(number), tick, place.pulses, &notes, texts);
                if self.size >= target {
                    return;
                }
            }
            tick = tick.saturating_add(self.ticks(place.pulses));
        }
    }

    /// What happens where a section starts; returns its meter.
    fn begin_section(&mut self, bar: u32, tick: u32, meter: Meter, section: u64) -> Meter {
        if self.form.has_markers {
            let name = usize::try_from(section).ok().and_then(|at| words::SECTIONS.get(at)).copied();
            self.meta(0, tick, MetaMessage::Marker(name.unwrap_or(b"End")));
        }
        if bar == 0 {
            return meter;
        }
        if self.form.tempo_map == TempoMap::Sections {
            let change = self.random.between(-12, 12);
            self.tempo(tick, self.song.tempo.saturating_add_signed(change));
        }
        if !self.form.changes_meter {
            return meter;
        }
        let other = Meter { beats: self.random.pick(&[2, 3, 4, 5]).max(2), unit_power: 2 };
        self.meter(tick, other);
        other
    }

    /// Ticks of so many pulses.
    const fn ticks(&self, pulses: u32) -> u32 {
        pulses.saturating_mul(self.form.beat) / PULSES
    }

    /// Turns the notes of a bar into events: timing, touch, pedal, bends, words.
    fn perform(
        &mut self,
        part: &Part,
        track: usize,
        tick: u32,
        pulses: u32,
        notes: &[Note],
        texts: &'t Texts,
    ) {
        let channel = u4::from_int_lossy(part.channel);
        let note_cost = 2 * (self.delta_cost + self.status_cost + 32);
        for note in notes {
            let late = u32::try_from(self.random.below(u64::from(self.form.looseness) + 1)).unwrap_or(0);
            let start = tick.saturating_add(self.ticks(note.start) + late);
            let length = self.ticks(note.length);
            let length = if self.form.looseness == 0 {
                length * 15 / 16
            } else {
                length * (24 + u32::try_from(self.random.below(8)).unwrap_or(0)) / 32
            };
            let touch = if self.form.is_level { 0 } else { note.accent + self.random.between(-7, 7) };
            let velocity = u8::try_from((i32::from(part.velocity) + touch).clamp(1, 127)).unwrap_or(80);
            let (key, velocity) = (u7::from_int_lossy(note.pitch), u7::from_int_lossy(velocity));
            self.push(
                track,
                start,
                2,
                TrackEventKind::Midi { channel, message: MidiMessage::NoteOn { key, vel: velocity } },
            );
            let message = match self.form.release {
                Release::Off(velocity) => MidiMessage::NoteOff { key, vel: u7::from_int_lossy(velocity) },
                Release::SilentOn => MidiMessage::NoteOn { key, vel: u7::from_int_lossy(0) },
            };
            self.push(
                track,
                start.saturating_add(length.max(1)),
                0,
                TrackEventKind::Midi { channel, message },
            );
            self.size += note_cost;
            if part.role == Role::Melody {
                self.sing(track, start, texts);
            }
        }
        let value = |value| u7::from_int_lossy(value);
        let bar = self.ticks(pulses);
        if part.has_pedal {
            for (at, down) in [(self.ticks(1), 127), (bar.saturating_sub(self.ticks(1)), 0)] {
                let message = MidiMessage::Controller { controller: value(64), value: value(down) };
                self.control(part, track, tick.saturating_add(at), message);
            }
        }
        if part.has_expression {
            for step in 0..6_u8 {
                let message = MidiMessage::Controller { controller: value(11), value: value(80 + 8 * step) };
                self.control(part, track, tick.saturating_add(bar / 6 * u32::from(step)), message);
            }
        }
        if part.has_bend && self.random.percent(25) {
            let deep = self.random.between(1_000, 4_096);
            for step in 0..8 {
                let bend = i16::try_from(if step == 7 { 0 } else { deep * (7 - step) / 7 }).unwrap_or(0);
                let at = self.ticks(u32::try_from(step).unwrap_or(0));
                let message = MidiMessage::PitchBend { bend: PitchBend::from_int(bend) };
                self.control(part, track, tick.saturating_add(at), message);
            }
        }
    }

    /// The next syllable, with a note of the melody.
    fn sing(&mut self, track: usize, tick: u32, texts: &'t Texts) {
        let Some(syllable) = texts.syllables.get(self.sung % texts.syllables.len().max(1)) else {
            return;
        };
        self.sung += 1;
        match self.form.lyrics {
            Lyrics::None => {}
            Lyrics::Lyric => self.meta(track, tick, MetaMessage::Lyric(syllable)),
            Lyrics::Karaoke => {
                let words = self.tracks.len().saturating_sub(1);
                self.meta(words, tick, MetaMessage::Text(syllable));
            }
        }
    }

    /// Sorts the events, turns times into deltas, ends the tracks and encodes them.
    fn encode(mut self) -> Vec<u8> {
        let mut tracks = Vec::with_capacity(self.tracks.len());
        for timed in &mut self.tracks {
            timed.sort_by_key(|event| (u64::from(event.tick) << 2) | u64::from(event.rank));
            let mut events = Vec::with_capacity(timed.len() + 1);
            let mut before = 0;
            for event in &*timed {
                events.push(TrackEvent { delta: u28::from_int_lossy(event.tick - before), kind: event.kind });
                before = event.tick;
            }
            events.push(TrackEvent { delta: 0.into(), kind: TrackEventKind::Meta(MetaMessage::EndOfTrack) });
            tracks.push(events);
        }
        let header = Header::new(self.form.format, self.form.timing);
        smf::encode(header, &tracks, self.form.has_running_status)
    }
}
