//! Who plays: the parts of a generated piece, with their instruments and channels. Composes nothing.

use super::random::Random;
use super::song::{Song, Style};

/// What a part does in the music.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Drum kit on channel 10.
    Drums,
    /// Roots and fifths, low.
    Bass,
    /// Chords in rhythm.
    Chords,
    /// Chords held for the whole bar.
    Pad,
    /// The tune.
    Melody,
    /// Broken chords.
    Arpeggio,
}

/// One part of the ensemble.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) role: Role,
    /// MIDI channel from 0; 9 is the drums'.
    pub(super) channel: u8,
    /// General MIDI program from 0.
    pub(super) program: u8,
    pub(super) name: &'static str,
    /// How loud it plays, 1 to 127.
    pub(super) velocity: u8,
    /// Octaves above the one that starts at pitch 0.
    pub(super) octave: u8,
    /// Uses the sustain pedal, pitch bend or expression.
    pub(super) has_pedal: bool,
    pub(super) has_bend: bool,
    pub(super) has_expression: bool,
}

type Instrument = (u8, &'static str);

const BASSES: &[Instrument] = &[
    (32, "Acoustic Bass"),
    (33, "Finger Bass"),
    (34, "Pick Bass"),
    (35, "Fretless"),
    (38, "Synth Bass 1"),
    (43, "Contrabass"),
];
const CHORDS: &[Instrument] = &[
    (0, "Piano"),
    (4, "E.Piano 1"),
    (16, "Drawbar Organ"),
    (24, "Nylon Guitar"),
    (25, "Steel Guitar"),
    (27, "Clean Guitar"),
    (29, "Overdrive Gtr"),
    (30, "Distortion Gtr"),
    (61, "Brass Section"),
];
const PADS: &[Instrument] =
    &[(48, "Strings"), (49, "Slow Strings"), (52, "Choir Aahs"), (89, "Warm Pad"), (91, "Polysynth Pad")];
const MELODIES: &[Instrument] = &[
    (0, "Melody"),
    (11, "Vibraphone"),
    (22, "Harmonica"),
    (30, "Lead Guitar"),
    (40, "Violin"),
    (56, "Trumpet"),
    (65, "Alto Sax"),
    (66, "Tenor Sax"),
    (68, "Oboe"),
    (71, "Clarinet"),
    (73, "Flute"),
    (80, "Square Lead"),
];
const ARPEGGIOS: &[Instrument] =
    &[(6, "Harpsichord"), (12, "Marimba"), (24, "Guitar Picking"), (46, "Harp"), (81, "Saw Arp")];

/// Channels in the order parts take them; channel 10 (index 9) is left to the drums.
const CHANNELS: [u8; 15] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15];

/// Draws the parts of a piece; the larger the file is to be, the more of them.
pub(super) fn assemble(song: &Song, target_size: usize, random: &mut Random) -> Vec<Part> {
    let (fewest, most) = match target_size {
        0..1_500 => (1, 1),
        1_500..4_000 => (1, 3),
        4_000..12_000 => (3, 6),
        12_000..40_000 => (4, 9),
        40_000..120_000 => (5, 12),
        _ => (7, 16),
    };
    let count = usize::try_from(random.between(fewest, most)).unwrap_or(1);
    let order: &[Role] = match song.style {
        Style::Band => {
            &[Role::Melody, Role::Drums, Role::Bass, Role::Chords, Role::Pad, Role::Arpeggio, Role::Chords]
        }
        Style::Piano => &[Role::Melody, Role::Arpeggio],
        Style::Chamber => &[Role::Melody, Role::Pad, Role::Bass, Role::Melody, Role::Arpeggio],
        Style::Electronic => &[Role::Arpeggio, Role::Drums, Role::Bass, Role::Pad, Role::Melody],
        Style::Percussion => &[Role::Drums],
    };
    let count = match song.style {
        Style::Piano => count.min(2),
        Style::Percussion => count.min(1),
        _ => count,
    };
    let mut channels = CHANNELS.iter();
    let mut parts: Vec<Part> = Vec::with_capacity(count);
    for role in order.iter().chain(order.iter().cycle().filter(|role| **role != Role::Drums)).take(count) {
        let Some(part) = part(song.style, *role, &mut channels, random) else { break };
        parts.push(part);
    }
    parts
}

/// One part, or nothing when no channel is left.
fn part<'c>(
    style: Style,
    role: Role,
    channels: &mut impl Iterator<Item = &'c u8>,
    random: &mut Random,
) -> Option<Part> {
    let channel = match (role, style) {
        (Role::Drums, _) => 9,
        (Role::Arpeggio, Style::Piano) => 0,
        _ => *channels.next()?,
    };
    let ((program, name), octave) = match (role, style) {
        (Role::Drums, _) => ((random.pick(&[0, 0, 0, 8, 16, 24, 25, 40]), "Drums"), 0),
        (Role::Melody, Style::Piano) => ((0, "Piano right"), 5),
        (_, Style::Piano) => ((0, "Piano left"), 3),
        (Role::Bass, _) => (random.pick(BASSES), 2),
        (Role::Chords, _) => (random.pick(CHORDS), 4),
        (Role::Pad, _) => (random.pick(PADS), 4),
        (Role::Melody, _) => (random.pick(MELODIES), random.pick(&[5, 5, 6])),
        (Role::Arpeggio, _) => (random.pick(ARPEGGIOS), random.pick(&[4, 5])),
    };
    Some(Part {
        role,
        channel,
        program,
        name,
        velocity: u8::try_from(random.between(64, 112)).unwrap_or(90),
        octave,
        has_pedal: (style == Style::Piano && role == Role::Arpeggio) || (program == 0 && random.percent(20)),
        has_bend: role == Role::Melody && style == Style::Band && random.percent(35),
        has_expression: role == Role::Pad && random.percent(30),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_fit_sixteen_channels_and_only_drums_use_the_tenth() {
        for index in 0..500 {
            let song = Song::of(5, index);
            for target in [100, 5_000, 30_000, 500_000] {
                let parts = assemble(&song, target, &mut Random::new(&[index]));
                assert!((1..=16).contains(&parts.len()));
                for part in parts {
                    assert_eq!(part.channel == 9, part.role == Role::Drums);
                    assert!(part.channel < 16 && part.program < 128);
                }
            }
        }
    }
}
