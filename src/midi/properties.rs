//! What must hold for any content: nothing panics, every row can be stored, both readers agree.

mod standard;

use midly::num::{u4, u7, u15, u24, u28};
use midly::{
    Format, Header as WrittenHeader, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind,
};
use proptest::collection::vec;
use proptest::prelude::*;

use super::analysis::Analysis;
use super::event::Listener;
use super::header::Header;
use super::{Analyser, AnalysisLevel, Warnings, clean, lenient};
use crate::record::{Metadata, ParseStatus, Row};

/// Bytes that look like the parts of MIDI files, in any order, so that the readers get deep.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"MThd\0\0\0\x06\0\x01\0\x02\0\x60".to_vec()),
        (0_u8..4, any::<u16>(), any::<u16>()).prop_map(|(format, tracks, division)| {
            let [t1, t0] = tracks.to_be_bytes();
            let [d1, d0] = division.to_be_bytes();
            [b"MThd\0\0\0\x06\0".as_slice(), &[format, t1, t0, d1, d0]].concat()
        }),
        (0_u8..60).prop_map(|length| [b"MTrk\0\0\0".as_slice(), &[length]].concat()),
        Just(b"MTrk\xFF\xFF\xFF\xFF".to_vec()),
        Just(b"RIFF\x20\0\0\0RMIDdata\xFF\0\0\0".to_vec()),
        Just(b"\x00\xFF\x2F\x00".to_vec()),
        (any::<u8>(), 0x80_u8.., any::<u8>(), any::<u8>()).prop_map(|(a, b, c, d)| vec![
            a & 0x7F,
            b,
            c & 0x7F,
            d
        ]),
        (0_u8..0x7F, vec(any::<u8>(), 0..12)).prop_map(|(kind, data)| {
            let length = u8::try_from(data.len()).unwrap();
            [&[0, 0xFF, kind, length], data.as_slice()].concat()
        }),
        vec(any::<u8>(), 0..8),
    ];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Whether PostgreSQL takes the row, and the row is of a bounded size.
fn assert_storable(found: &Metadata) {
    let texts = [&found.title, &found.copyright, &found.lyrics, &found.text].into_iter().flatten();
    let lists = [&found.track_names, &found.instrument_names, &found.markers].into_iter().flatten();
    assert!(texts.chain(lists).all(|text| !text.contains('\0')));
    for number in
        [found.duration_sec, found.duration_beats.unwrap_or(0.0), found.last_note_end_sec.unwrap_or(0.0)]
    {
        assert!(number.is_finite() && number >= 0.0);
    }
    let histograms =
        found.pitch_class_histogram.iter().flatten().chain(found.melodic_interval_histogram.iter().flatten());
    for number in [
        found.tempo_bpm,
        found.tempo_min,
        found.polyphony_mean,
        found.notes_per_sec,
        found.velocity_std,
        found.melodic_interval_mean,
        found.ioi_median_beats,
        found.pitch_entropy,
        found.loop_bars,
    ]
    .into_iter()
    .chain(histograms.map(|share| Some(*share)))
    {
        assert!(number.is_none_or(|number| number.is_finite() && number >= 0.0));
    }
    for share in [
        found.scale_consistency,
        found.polyphony_rate,
        found.groove_consistency,
        found.empty_beat_rate,
        found.quantized_ratio,
    ] {
        assert!(share.is_none_or(|share| (0.0..=1.0).contains(&share)));
    }
    for level in found.nomml.iter().chain(found.nomml_tracks.iter().flatten()) {
        assert!((0..=12).contains(level));
    }
    assert!(found.key_confidence.is_none_or(|fit| fit.abs() <= 1.000_1));
    assert!(found.key_margin.is_none_or(|margin| (0.0..=2.0).contains(&margin)));
    assert!(found.chords.as_ref().is_none_or(|chords| chords.len() <= 256));
    assert!(
        found.n_notes == found.n_melodic_notes + found.n_drum_notes && found.n_notes_paired <= found.n_notes
    );
    assert!(found.polyphony_max <= found.n_melodic_notes && found.n_events >= found.n_notes);
    assert!(found.last_note_end_sec.unwrap_or(0.0) <= found.duration_sec);
    assert!(found.weight() < 1 << 20, "{} bytes", found.weight());
}

/// An event that midly writes, and its delta.
fn event() -> impl Strategy<Value = (u32, TrackEventKind<'static>)> {
    let data = || (0_u8..128).prop_map(u7::new);
    let message = prop_oneof![
        4 => (40_u8..90, data()).prop_map(|(key, vel)| MidiMessage::NoteOn { key: u7::new(key), vel }),
        4 => (40_u8..90, data()).prop_map(|(key, vel)| MidiMessage::NoteOff { key: u7::new(key), vel }),
        1 => data().prop_map(|program| MidiMessage::ProgramChange { program }),
        1 => (data(), data()).prop_map(|(controller, value)| MidiMessage::Controller { controller, value }),
        1 => (data(), data()).prop_map(|(key, vel)| MidiMessage::Aftertouch { key, vel }),
        1 => data().prop_map(|vel| MidiMessage::ChannelAftertouch { vel }),
    ];
    let text = prop_oneof![Just("Piano"), Just("Flöte"), Just("@KMIDI"), Just("メロディ"), Just("")];
    let meta = prop_oneof![
        (1_u32..1 << 24).prop_map(|tempo| MetaMessage::Tempo(u24::new(tempo))),
        (1_u8.., 0_u8..8).prop_map(|(numerator, power)| MetaMessage::TimeSignature(numerator, power, 24, 8)),
        (-7_i8..8, any::<bool>()).prop_map(|(sharps, minor)| MetaMessage::KeySignature(sharps, minor)),
        text.prop_map(|text| MetaMessage::TrackName(text.as_bytes())),
        Just(MetaMessage::Lyric(b"la ")),
        Just(MetaMessage::SequencerSpecific(b"\x43\x00\x01")),
    ];
    let kind = prop_oneof![
        8 => (0_u8..16, message).prop_map(|(channel, message)| TrackEventKind::Midi { channel: u4::new(channel), message }),
        2 => meta.prop_map(TrackEventKind::Meta),
        1 => Just(TrackEventKind::SysEx(b"\x7E\x7F\x09\x01\xF7")),
    ];
    (prop_oneof![4 => 0_u32..300, 1 => 0_u32..1 << 28], kind)
}

/// The file that midly writes of these tracks.
fn written(format: Format, division: u16, tracks: &[Vec<(u32, TrackEventKind<'static>)>]) -> Vec<u8> {
    let mut smf = Smf::new(WrittenHeader::new(format, Timing::Metrical(u15::new(division))));
    for events in tracks {
        let mut track: Vec<_> =
            events.iter().map(|(delta, kind)| TrackEvent { delta: u28::new(*delta), kind: *kind }).collect();
        track.push(TrackEvent { delta: u28::new(0), kind: TrackEventKind::Meta(MetaMessage::EndOfTrack) });
        smf.tracks.push(track);
    }
    let mut content = Vec::new();
    smf.write_std(&mut content).unwrap();
    content
}

fn tracks() -> impl Strategy<Value = Vec<Vec<(u32, TrackEventKind<'static>)>>> {
    vec(vec(event(), 0..80), 1..6)
}

/// What a reader makes of a content.
fn found_by(
    content: &[u8],
    read: impl FnOnce(&Header, &mut Warnings, &mut Analysis) -> u64,
) -> (Metadata, Warnings) {
    let header = Header::find(content).unwrap();
    let (mut analysis, mut warnings) = (Analysis::new(AnalysisLevel::Full), Warnings::NONE);
    analysis.begin(&header);
    let tracks = read(&header, &mut warnings, &mut analysis);
    let (found, heard) = analysis.finish(&header, tracks);
    (found, warnings | heard)
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_storable(content in vec(any::<u8>(), 0..400)) {
        if let Ok(reading) = Analyser::new(AnalysisLevel::Full).read(&content) {
            assert_storable(&reading.metadata);
        }
    }

    #[test]
    fn anything_made_of_pieces_is_refused_or_storable(contents in vec(pieces(), 1..4)) {
        // One analyser for several: what one file leaves behind must not be seen by the next.
        let mut used = Analyser::new(AnalysisLevel::Full);
        for content in contents {
            let reading = used.read(&content);
            prop_assert_eq!(&reading, &Analyser::new(AnalysisLevel::Full).read(&content));
            if let Ok(reading) = reading {
                assert_storable(&reading.metadata);
                prop_assert_eq!(reading.status, reading.warnings.status());
            }
        }
    }

    #[test]
    fn a_damaged_file_is_refused_or_storable(
        tracks in tracks(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        length in any::<prop::sample::Index>(),
    ) {
        let mut content = written(Format::Parallel, 96, &tracks);
        for (at, byte) in changes {
            let at = at.index(content.len());
            content[at] = byte;
        }
        content.truncate(length.index(content.len()) + 1);
        if let Ok(reading) = Analyser::new(AnalysisLevel::Full).read(&content) {
            assert_storable(&reading.metadata);
        }
    }

    /// Both readers make the same of a file in order, and nothing of it is odd.
    #[test]
    fn the_lenient_reader_agrees_with_midly(tracks in tracks(), division in 1_u16..0x8000, sequence in any::<bool>()) {
        let format = if sequence { Format::Sequential } else { Format::Parallel };
        let content = written(format, division, &tracks);
        let strict = found_by(&content, |header, warnings, analysis| {
            clean::read(&content, header, warnings, analysis).unwrap()
        });
        let mended = found_by(&content, |header, warnings, analysis| {
            lenient::read(&content, header, warnings, analysis)
        });
        prop_assert_eq!(&strict, &mended);
        assert_storable(&strict.0);
    }

    /// What midly wrote is counted as it was meant, in the plainest way.
    #[test]
    fn a_written_file_reads_back_to_the_same_facts(tracks in tracks(), division in 1_u16..0x8000) {
        let reading = Analyser::new(AnalysisLevel::Full).read(&written(Format::Parallel, division, &tracks)).unwrap();
        let found = &reading.metadata;
        prop_assert_eq!((reading.status, reading.warnings), (ParseStatus::Clean, Warnings::NONE));
        let (mut last, mut notes, mut paired, mut programs, mut tempos) = (0_u64, 0, 0, Vec::new(), Vec::new());
        for (number, track) in tracks.iter().enumerate() {
            let mut tick = 0;
            let mut sounding = std::collections::HashMap::new();
            for (delta, kind) in track {
                tick += u64::from(*delta);
                match kind {
                    TrackEventKind::Midi { channel, message: MidiMessage::NoteOn { key, vel } } if vel.as_int() > 0 => {
                        notes += 1;
                        *sounding.entry((*channel, *key)).or_insert(0) += 1;
                    }
                    TrackEventKind::Midi {
                        channel,
                        message: MidiMessage::NoteOn { key, .. } | MidiMessage::NoteOff { key, .. },
                    } => {
                        let open = sounding.entry((*channel, *key)).or_insert(0);
                        paired += i32::from(*open > 0);
                        *open = (*open - 1).max(0);
                    }
                    TrackEventKind::Midi { message: MidiMessage::ProgramChange { program }, .. } => {
                        programs.push(i16::from(program.as_int()));
                    }
                    TrackEventKind::Meta(MetaMessage::Tempo(tempo)) => tempos.push((tick, number, tempo.as_int())),
                    _ => {}
                }
            }
            last = last.max(tick);
        }
        programs.sort_unstable();
        programs.dedup();
        tempos.sort_by_key(|(tick, number, _)| (*tick, *number));
        let (mut seconds, mut from, mut tempo) = (0.0, 0, 500_000);
        for (tick, _, next) in tempos.into_iter().chain([(last, 0, 0)]) {
            seconds += f64::from(tempo) * super::analysis::column::double(tick - from) / f64::from(division) / 1e6;
            (from, tempo) = (tick, next);
        }
        prop_assert_eq!((found.n_notes, found.n_notes_paired), (notes, paired));
        prop_assert_eq!(&found.programs, &programs);
        prop_assert_eq!(u64::try_from(found.duration_ticks).unwrap(), last);
        prop_assert!((found.duration_sec - seconds).abs() <= 1e-9 * seconds.max(1.0));
    }
}

/// The analysis is a listener like any other; this one is heard twice and must forget in between.
#[test]
fn an_interrupted_file_leaves_nothing_behind() {
    let header = Header::find(b"MThd\0\0\0\x06\0\x01\0\x01\0\x60").unwrap();
    let mut analysis = Analysis::new(AnalysisLevel::Full);
    analysis.begin(&header);
    analysis.begin_track();
    analysis.event(7, super::event::Event::Note { channel: 0, key: 60, velocity: 64 });
    analysis.begin(&header);
    analysis.begin_track();
    analysis.event(9, super::event::Event::Note { channel: 0, key: 60, velocity: 0 });
    analysis.end_track(9);
    let (found, _) = analysis.finish(&header, 1);
    assert_eq!(
        (found.n_notes, found.n_notes_paired, found.polyphony_max, found.duration_ticks),
        (0, 0, 0, 9)
    );
}

/// Contents made to cost more than they weigh: each would take minutes if any part of the analysis were not bounded.
#[test]
fn hostile_music_takes_no_longer_than_other_music() {
    let times = 300_000;
    let file = |division: u16, start: &[u8], repeated: &[u8], end: &[u8]| {
        let body = [start, &repeated.repeat(times), end, b"\x00\xFF\x2F\x00"].concat();
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [b"MThd\0\0\0\x06\0\0\0\x01".as_slice(), &division.to_be_bytes(), b"MTrk", &length, &body].concat()
    };
    let mut analyser = Analyser::new(AnalysisLevel::Full);
    for (name, content) in [
        (
            "notes that last for hours",
            file(480, b"\x00\x90\x3C\x40", b"\x01\x3C\x40", b"\xFF\x80\x00\x80\x3C\x40"),
        ),
        ("all at once", file(1, b"\x00\x90\x3C\x40", b"\x00\x3D\x40", b"\xFF\x80\x00\x80\x3C\x40")),
        ("none near another", file(1, b"", b"\xFF\x7F\x90\x3C\x40\x01\x3C\x00", b"")),
        ("a program for each note", file(96, b"", b"\x00\xC0\x05\x01\x90\x3C\x40", b"")),
        ("a meter for each note", file(96, b"", b"\x00\xFF\x58\x04\x01\x07\x18\x08\x01\x90\x3C\x40", b"")),
        ("a tempo for each note", file(96, b"", b"\x00\xFF\x51\x03\x07\xA1\x20\x01\x90\x3C\x40", b"")),
        ("a chord for each tick", file(2, b"", b"\x01\x90\x3C\x40\x00\x40\x40\x00\x43\x40", b"")),
    ] {
        let began = std::time::Instant::now();
        let reading = analyser.read(&content).unwrap();
        assert!(reading.metadata.n_notes > 250_000, "{name}");
        assert_storable(&reading.metadata);
        assert!(began.elapsed().as_secs() < 30, "{name}: {:?}", began.elapsed());
        println!("{name}: {:?}", began.elapsed());
    }
}
