//! Musical examples, and what must hold for any notes.

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::notes::Notes;
use super::super::score::{Written, apart, bars, track};
use super::*;

/// Ticks of a quarter note in these tests.
const QUARTER: u64 = 96;

fn found(notes: &Notes, meter: (u8, u8)) -> Vec<String> {
    Chords::default().find(notes.all(), &bars(meter, 96))
}

/// Keys that sound together, from one quarter note to another.
fn block(from: u64, to: u64, keys: &[u8]) -> Vec<Written> {
    keys.iter().map(|key| (0, *key, from * QUARTER, (to - from) * QUARTER)).collect()
}

/// Keys one after the other, an eighth each, again and again.
fn broken(from: u64, to: u64, keys: &[u8]) -> Vec<Written> {
    let eighths = (from * 2..to * 2).zip(keys.iter().cycle());
    eighths.map(|(eighth, key)| (0, *key, eighth * QUARTER / 2, QUARTER / 2)).collect()
}

const C: &[u8] = &[48, 64, 67, 72];
const G: &[u8] = &[43, 62, 67, 71];
const A_MINOR: &[u8] = &[45, 60, 64, 69];
const F: &[u8] = &[41, 60, 65, 69];

/// What is played, the notes, the meter, and the chords that are heard.
type Case = (&'static str, Vec<Written>, (u8, u8), &'static [&'static str]);

#[test]
fn musical_examples() {
    let four = [C, G, A_MINOR, F];
    let bars = |play: fn(u64, u64, &[u8]) -> Vec<Written>| {
        (0..).zip(four).flat_map(|(bar, keys)| play(bar * 4, bar * 4 + 4, keys)).collect::<Vec<_>>()
    };
    let drums: Vec<_> =
        (0..32).map(|beat| (9, 36 + u8::try_from(beat % 7).unwrap(), beat * QUARTER, 20)).collect();
    // One bass note a bar, and a melody that passes through the chord and its neighbours.
    let melody = [(4, 76), (5, 74), (6, 72), (7, 67), (8, 69), (9, 72), (10, 76), (11, 72)];
    let bass_and_melody: Vec<_> = [(0, 48, 0, 8), (0, 45, 8, 8)]
        .into_iter()
        .chain((0..).zip(melody).map(|(at, (_, key))| (0, key, at * 2, 2)))
        .map(|(channel, key, start, length)| (channel, key, start * QUARTER / 2, length * QUARTER / 2))
        .collect();
    let cases: [Case; 15] = [
        ("nothing", vec![], (4, 2), &[]),
        ("no length", vec![(0, 60, 0, 0)], (4, 2), &[]),
        ("drums only", drums, (4, 2), &[]),
        ("I V vi IV in blocks", bars(block), (4, 2), &["C", "G", "Am", "F"]),
        ("I V vi IV broken", bars(broken), (4, 2), &["C", "G", "Am", "F"]),
        ("bass and melody", bass_and_melody, (4, 2), &["C", "Am"]),
        ("twice the same", [block(0, 4, C), block(4, 8, C)].concat(), (4, 2), &["C"]),
        ("two in a bar", [block(0, 2, C), block(2, 4, G)].concat(), (4, 2), &["C", "G"]),
        ("three in 3/4", [block(0, 3, C), block(3, 6, G), block(6, 9, C)].concat(), (3, 2), &["C", "G", "C"]),
        ("a rest of two bars", [block(8, 12, C), block(20, 24, G)].concat(), (4, 2), &["C", "N", "G"]),
        ("a rest of one beat", [block(0, 3, C), block(4, 8, C)].concat(), (4, 2), &["C"]),
        ("a cluster", [block(0, 8, &(48..72).collect::<Vec<_>>()), block(8, 12, C)].concat(), (4, 2), &["C"]),
        (
            "sevenths",
            [
                block(0, 4, &[43, 59, 62, 65]),
                block(4, 8, &[46, 62, 65, 69]),
                block(8, 12, &[50, 60, 65, 69]),
                block(12, 16, &[47, 62, 65, 69]),
                block(16, 20, &[47, 62, 65, 68]),
            ]
            .concat(),
            (4, 2),
            &["G7", "Bbmaj7", "Dm7", "Bm7b5", "Bdim7"],
        ),
        (
            "the other triads",
            [block(0, 4, &[54, 57, 60]), block(4, 8, &[48, 52, 56]), block(8, 12, &[48, 53, 55])].concat(),
            (4, 2),
            &["F#dim", "Caug", "Csus4"],
        ),
        (
            "a chord on its third",
            [block(0, 4, &[40, 60, 67, 72]), block(4, 8, F)].concat(),
            (4, 2),
            &["C", "F"],
        ),
    ];
    for (name, written, meter, expected) in cases {
        assert_eq!(found(&track(&written), meter), expected, "{name}");
    }
}

#[test]
fn no_more_than_the_most_are_listed() {
    let written: Vec<_> =
        (0..300).flat_map(|bar| block(bar * 4, bar * 4 + 4, if bar % 2 == 0 { C } else { G })).collect();
    let chords = found(&track(&written), (4, 2));
    assert_eq!(chords.len(), 256);
    assert_eq!(chords.last().map(String::as_str), Some("G"));
}

/// What a hostile file may ask for is done in time.
#[test]
fn hostile_notes_take_no_long() {
    let mut chords = Chords::default();
    let long: Vec<Written> =
        (0..300_000_u64).map(|n| (0, u8::try_from(n % 128).unwrap(), n, u64::from(u32::MAX) - n)).collect();
    let steps: Vec<Written> = (0..300_000_u64)
        .map(|n| (0, u8::try_from(n * 7 % 128).unwrap(), n % 1_000, (n % 400) * 40))
        .collect();
    for written in [vec![(0, 60, 0, u64::from(u32::MAX))], long, steps] {
        let notes = track(&written);
        for (meter, ticks) in [((4, 2), 1), ((1, 7), 1), ((255, 0), 0x7FFF)] {
            let bars = bars(meter, ticks);
            let start = Instant::now();
            chords.find(notes.all(), &bars);
            // Not optimised, on a machine that others use too; what is not in time takes hours.
            assert!(start.elapsed() < Duration::from_secs(20), "{} notes {meter:?} {ticks}", written.len());
        }
    }
}

/// The pitch class of a chord's root, and the rest of its name.
fn parsed(chord: &str) -> (i32, &str) {
    let Some(letter) = "C.D.EF.G.A.B".find(|letter| chord.starts_with(letter)) else { return (0, chord) };
    let (sign, rest) = match chord.as_bytes().get(1) {
        Some(b'#') => (1, &chord[2..]),
        Some(b'b') => (-1, &chord[2..]),
        _ => (0, &chord[1..]),
    };
    if chord == "N" { (0, chord) } else { ((i32::try_from(letter).unwrap() + sign).rem_euclid(12), rest) }
}

fn melody() -> impl Strategy<Value = Vec<Written>> {
    vec((0_u8..8, 30_u8..90, 0_u64..3_000, 0_u64..900), 0..60)
}

proptest! {
    #[test]
    fn transposing_moves_every_chord(written in melody(), semitones in 1_u8..24) {
        let there: Vec<_> = written.iter().map(|(channel, key, at, length)| (*channel, key + semitones, *at, *length)).collect();
        let before = found(&apart(&written), (4, 2));
        let after = found(&apart(&there), (4, 2));
        prop_assert_eq!(before.len(), after.len());
        for (before, after) in before.iter().zip(&after) {
            let ((root, kind), (moved, same)) = (parsed(before), parsed(after));
            prop_assert_eq!(kind, same);
            prop_assert!(kind == "N" || (root + i32::from(semitones)) % 12 == moved, "{} {}", before, after);
        }
    }

    #[test]
    fn drums_change_no_chord(written in melody(), drums in vec((0_u8..128, 0_u64..9_000, 0_u64..900), 0..40)) {
        let mut with_drums = written.clone();
        with_drums.extend(drums.iter().map(|(key, at, length)| (9, *key, *at, *length)));
        prop_assert_eq!(found(&apart(&written), (4, 2)), found(&apart(&with_drums), (4, 2)));
    }

    #[test]
    fn finer_ticks_change_no_chord(written in melody(), times in 2_u16..60) {
        let finer: Vec<_> = written
            .iter()
            .map(|(channel, key, at, length)| (*channel, *key, at * u64::from(times), length * u64::from(times)))
            .collect();
        let coarse = Chords::default().find(apart(&written).all(), &bars((3, 2), 96));
        prop_assert_eq!(coarse, Chords::default().find(apart(&finer).all(), &bars((3, 2), 96 * times)));
    }

    /// What is covered, against every note put into every beat; with one set of buffers for several files.
    #[test]
    fn beats_are_covered_by_the_notes_in_them(files in vec(melody(), 1..3), meter in (1_u8.., 0_u8..8)) {
        let (mut cover, mut beats) = (Cover::default(), Beats::default());
        let bars = bars(meter, 96);
        for written in files {
            cover.lay(apart(&written).all(), &bars, &mut beats);
            let mut start = 0;
            for ((width, _), (weights, bass)) in beats.each().zip(cover.each()) {
                let (mut expected, mut lowest) = ([0_u32; 12], None);
                for (_, key, at, length) in written.iter().filter(|(channel, ..)| *channel != 9) {
                    let (from, to) = (bars.step(*at).max(start), bars.step(at + length).min(start + width));
                    let steps = to.saturating_sub(from);
                    expected[usize::from(key % 12)] += u32::try_from(steps).unwrap();
                    if steps * 2 >= width {
                        lowest = Some(lowest.map_or(*key, |lowest: u8| lowest.min(*key)));
                    }
                }
                prop_assert_eq!((weights, *bass), (&expected, lowest), "beat at {}", start);
                start += width;
            }
        }
    }
}
