//! Composes one bar of one part, in pulses of a twelfth of a quarter note. Knows scales, chords and drum patterns; knows
//! nothing of ticks or files.

use super::ensemble::{Part, Role};
use super::form::PULSES;
use super::random::Random;

/// A composed note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Note {
    /// Pulses from the start of the bar.
    pub(super) start: u32,
    /// Pulses it lasts, at least 1.
    pub(super) length: u32,
    pub(super) pitch: u8,
    /// How much louder or softer than the part's own velocity.
    pub(super) accent: i32,
}

/// Where a bar stands in the piece.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Pulses in the bar.
    pub(super) pulses: u32,
    /// Degree of the scale the chord is built on, 0 = tonic.
    pub(super) degree: i32,
    pub(super) tonic: u8,
    pub(super) is_minor: bool,
    pub(super) is_first_of_section: bool,
    pub(super) is_last_of_section: bool,
}

const MAJOR: [u8; 7] = [0, 2, 4, 5, 7, 9, 11];
const MINOR: [u8; 7] = [0, 2, 3, 5, 7, 8, 10];

/// Degrees of common progressions, one chord a bar.
pub(super) const PROGRESSIONS: &[[i32; 4]] = &[
    [0, 4, 5, 3],
    [0, 5, 3, 4],
    [1, 4, 0, 0],
    [0, 3, 4, 3],
    [5, 3, 0, 4],
    [0, 6, 5, 4],
    [0, 2, 3, 4],
    [0, 0, 3, 4],
];

/// Rhythms of a quarter note or two: lengths in pulses.
const RHYTHMS: &[&[u32]] = &[
    &[12, 12],
    &[6, 6, 12],
    &[18, 6],
    &[6, 6, 6, 6],
    &[24],
    &[12, 6, 6],
    &[4, 4, 4, 12],
    &[9, 3, 12],
    &[3, 3, 6, 12],
    &[6, 12, 6],
];

/// A drum pattern: pulse, General MIDI drum key, accent.
type Pattern = &'static [(u32, u8, i32)];

const ROCK: Pattern = &[
    (0, 36, 12),
    (0, 42, 0),
    (6, 42, -14),
    (12, 38, 10),
    (12, 42, 0),
    (18, 42, -14),
    (24, 36, 8),
    (24, 42, 0),
    (30, 36, 0),
    (30, 42, -14),
    (36, 38, 10),
    (36, 42, 0),
    (42, 46, -8),
];
const DISCO: Pattern = &[
    (0, 36, 12),
    (6, 46, -6),
    (12, 36, 8),
    (12, 39, 4),
    (18, 46, -6),
    (24, 36, 12),
    (30, 46, -6),
    (36, 36, 8),
    (36, 39, 4),
    (42, 46, -6),
];
const SHUFFLE: Pattern = &[
    (0, 36, 10),
    (0, 51, 2),
    (8, 51, -16),
    (12, 38, 6),
    (12, 51, 2),
    (20, 51, -16),
    (24, 36, 8),
    (24, 51, 2),
    (32, 51, -16),
    (36, 38, 6),
    (36, 51, 2),
    (44, 51, -16),
];
const SIXTEENTHS: Pattern = &[
    (0, 36, 12),
    (0, 42, 4),
    (3, 42, -20),
    (6, 42, -8),
    (9, 42, -20),
    (12, 38, 12),
    (12, 42, 4),
    (15, 42, -20),
    (18, 42, -8),
    (21, 36, -4),
    (24, 42, 4),
    (27, 42, -20),
    (30, 36, 6),
    (30, 42, -8),
    (33, 42, -20),
    (36, 38, 12),
    (36, 42, 4),
    (39, 42, -20),
    (42, 42, -8),
    (45, 38, -24),
];
const LATIN: Pattern = &[
    (0, 36, 6),
    (0, 75, 2),
    (6, 82, -12),
    (9, 75, 0),
    (12, 64, -2),
    (18, 75, 2),
    (18, 36, 0),
    (24, 36, 6),
    (27, 63, 0),
    (30, 75, 0),
    (36, 75, 2),
    (36, 64, -4),
    (42, 63, -6),
];
const PATTERNS: &[Pattern] = &[ROCK, ROCK, DISCO, SHUFFLE, SIXTEENTHS, LATIN];

/// The pitch of a degree of the scale, in the octave given; other octaves continue below 0 and above 6.
fn pitch(place: Place, octave: u8, degree: i32) -> u8 {
    let scale = if place.is_minor { MINOR } else { MAJOR };
    let step = usize::try_from(degree.rem_euclid(7)).ok().and_then(|at| scale.get(at)).copied().unwrap_or(0);
    let pitch = 12 * (i32::from(octave) + degree.div_euclid(7)) + i32::from(place.tonic) + i32::from(step);
    u8::try_from(pitch.clamp(12, 115)).unwrap_or(60)
}

/// Appends the notes of one bar, in order of their start; at least one.
pub(super) fn compose(part: &Part, place: Place, random: &mut Random, notes: &mut Vec<Note>) {
    let mut put = |start, length, pitch, accent| notes.push(Note { start, length, pitch, accent });
    match part.role {
        Role::Drums => drums(place, random, put),
        Role::Bass => {
            let walks = random.percent(40);
            for beat in 0..place.pulses.div_ceil(PULSES) {
                let start = beat * PULSES;
                let degree = place.degree + if walks { random.pick(&[0, 2, 4, 7, 1, -1]) } else { 0 };
                let length = PULSES.min(place.pulses - start);
                put(start, length, pitch(place, part.octave, degree), if beat == 0 { 8 } else { 0 });
                if random.percent(30) && length > 6 {
                    put(start + 6, 6, pitch(place, part.octave, place.degree + 4), -6);
                }
            }
        }
        Role::Chords => {
            let step = random.pick(&[12, 6, 24, 24]).max(6);
            let mut start = if step == 12 && random.percent(30) { 6 } else { 0 };
            while start < place.pulses {
                let length = step.min(place.pulses - start);
                for third in [0, 2, 4] {
                    put(
                        start,
                        length,
                        pitch(place, part.octave, place.degree + third),
                        if start == 0 { 4 } else { -4 },
                    );
                }
                start += step;
            }
        }
        Role::Pad => {
            let voices: &[i32] = random.pick(&[&[0, 2, 4], &[0, 4, 9], &[2, 4, 7]]);
            for third in voices {
                put(0, place.pulses, pitch(place, part.octave, place.degree + third), 0);
            }
        }
        Role::Melody => {
            let mut degree = place.degree + random.pick(&[0, 2, 4]);
            let (mut start, rests) = (0, !place.is_first_of_section && random.percent(20));
            if rests && place.pulses > 2 * PULSES {
                start = PULSES;
            }
            while start < place.pulses {
                for &step in random.pick(RHYTHMS) {
                    let length = step.min(place.pulses.saturating_sub(start));
                    if length > 0 {
                        put(start, length, pitch(place, part.octave, degree), random.between(-6, 6));
                    }
                    start += step;
                    degree = (degree + random.pick(&[-1, 1, 1, -1, 2, -2, 0, 3, -4])).clamp(-5, 11);
                }
            }
        }
        Role::Arpeggio => {
            let shape: [i32; 4] = random.pick(&[[0, 2, 4, 7], [0, 4, 2, 4], [7, 4, 2, 0], [0, 4, 7, 9]]);
            let step: usize = random.pick(&[6, 6, 3, 4]).max(3);
            let starts = (0..place.pulses).step_by(step);
            for (start, degree) in starts.zip(shape.iter().cycle()) {
                let length = u32::try_from(step).unwrap_or(6).min(place.pulses - start);
                let accent = if start % PULSES == 0 { 4 } else { -6 };
                put(start, length, pitch(place, part.octave, place.degree + degree), accent);
            }
        }
    }
}

/// A bar of drums: the pattern, a crash where a section begins, a fill where it ends.
fn drums(place: Place, random: &mut Random, mut put: impl FnMut(u32, u32, u8, i32)) {
    let fill = if place.is_last_of_section { place.pulses.saturating_sub(PULSES) } else { place.pulses };
    let pattern = random.pick(PATTERNS);
    if place.is_first_of_section {
        put(0, 6, 49, 12);
    }
    for bar in (0..place.pulses).step_by(48) {
        for &(pulse, key, accent) in pattern.iter().filter(|(pulse, ..)| bar + pulse < fill.max(1)) {
            put(bar + pulse, 3, key, accent);
        }
    }
    for (start, key) in (fill..place.pulses).step_by(3).zip([38, 38, 48, 45]) {
        put(start, 3, key, 6);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::song::Song;

    #[test]
    fn every_bar_has_notes_within_it() {
        let mut notes = Vec::new();
        for index in 0..400 {
            let mut random = Random::new(&[index]);
            let song = Song::of(1, index);
            for part in crate::sample::ensemble::assemble(&song, 60_000, &mut random) {
                for pulses in [24, 36, 42, 48, 72, 66] {
                    let place = Place {
                        pulses,
                        degree: random.between(0, 6),
                        tonic: song.tonic,
                        is_minor: song.is_minor,
                        is_first_of_section: random.percent(20),
                        is_last_of_section: random.percent(20),
                    };
                    notes.clear();
                    compose(&part, place, &mut random, &mut notes);
                    assert!(!notes.is_empty(), "{:?} in {pulses}", part.role);
                    for note in &notes {
                        assert!(
                            note.length > 0 && note.start + note.length <= pulses.next_multiple_of(3),
                            "{note:?}"
                        );
                        assert!(note.pitch < 128);
                    }
                }
            }
        }
    }
}
