//! The outer form of a generated file: header, meters, tempo, touch, and which texts it carries. Draws choices in the
//! proportions of real collections; writes no events.

use midly::{Format, Fps, Timing, num::u15};

use super::random::Random;
use super::song::{Song, Style};

/// A meter: beats in a bar and the note value of one beat as a power of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meter {
    pub(super) beats: u8,
    pub(super) unit_power: u8,
}

/// Pulses in a quarter note: the grid music is composed on, fine enough for sixteenths and triplets.
pub(super) const PULSES: u32 = 12;

impl Meter {
    /// Pulses in a bar.
    pub(super) fn pulses(self) -> u32 {
        (u32::from(self.beats) * 4 * PULSES) >> self.unit_power
    }
}

impl Default for Meter {
    fn default() -> Self {
        Self { beats: 4, unit_power: 2 }
    }
}

/// How the tempo is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TempoMap {
    /// Not at all: 120 by default.
    Absent,
    /// Once, at the start.
    Single,
    /// At the start of sections.
    Sections,
    /// Every bar, as a performance is recorded.
    EveryBar,
}

/// How notes end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Release {
    /// A note-off message with this velocity.
    Off(u8),
    /// A note-on message with velocity 0, which suits running status.
    SilentOn,
}

/// What is sung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lyrics {
    /// Nothing.
    None,
    /// Lyric events.
    Lyric,
    /// Text events after `@KMIDI KARAOKE FILE`.
    Karaoke,
}

/// The outer form of one file.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a trait of its own, drawn apart from the others")]
pub(super) struct Form {
    pub(super) format: Format,
    pub(super) timing: Timing,
    /// Ticks in a quarter note (as composed; with a time code in the header, half a second).
    pub(super) beat: u32,
    pub(super) has_running_status: bool,
    pub(super) release: Release,
    /// The meter in force, and whether the file says so.
    pub(super) meter: Meter,
    pub(super) declares_meter: bool,
    pub(super) changes_meter: bool,
    /// Sharps (flats below 0) and whether minor, where the file declares a key.
    pub(super) key_signature: Option<(i8, bool)>,
    pub(super) tempo_map: TempoMap,
    /// Most ticks that a note may be off the grid; 0 = quantized.
    pub(super) looseness: u32,
    /// Every note as loud as the others of its part.
    pub(super) is_level: bool,
    pub(super) has_text: bool,
    pub(super) has_markers: bool,
    pub(super) lyrics: Lyrics,
    /// The system exclusive message that resets the device, without `F0`, or nothing.
    pub(super) reset: &'static [u8],
}

const GM_RESET: &[u8] = &[0x7e, 0x7f, 0x09, 0x01, 0xf7];
const GS_RESET: &[u8] = &[0x41, 0x10, 0x42, 0x12, 0x40, 0x00, 0x7f, 0x00, 0x41, 0xf7];
const XG_RESET: &[u8] = &[0x43, 0x10, 0x4c, 0x00, 0x00, 0x7e, 0x00, 0xf7];

impl Form {
    /// Draws a form that suits the song.
    pub(super) fn of(song: &Song, random: &mut Random) -> Self {
        let is_performed = song.style == Style::Piano && random.percent(70);
        let format = random.weighted(
            &[(815, Format::Parallel), (180, Format::SingleTrack), (5, Format::Sequential)],
            Format::Parallel,
        );
        let has_time_code = random.below(1_000) < 3;
        let beat = random.weighted(
            &[(12, 96), (20, 120), (8, 192), (8, 240), (18, 384), (25, 480), (6, 960), (3, 1024)],
            480,
        );
        let (timing, beat) = if has_time_code {
            (Timing::Timecode(Fps::Fps25, 40), 500)
        } else {
            (Timing::Metrical(u15::from_int_lossy(beat)), u32::from(beat))
        };
        let meter = |beats, unit_power| Meter { beats, unit_power };
        let meter = random.weighted(
            &[
                (74, meter(4, 2)),
                (12, meter(3, 2)),
                (5, meter(6, 3)),
                (4, meter(2, 2)),
                (1, meter(5, 2)),
                (1, meter(7, 3)),
                (2, meter(12, 3)),
                (1, meter(11, 3)),
            ],
            meter(4, 2),
        );
        let tempo_map = if is_performed && random.percent(50) {
            TempoMap::EveryBar
        } else {
            random.weighted(
                &[
                    (10, TempoMap::Absent),
                    (68, TempoMap::Single),
                    (20, TempoMap::Sections),
                    (2, TempoMap::EveryBar),
                ],
                TempoMap::Single,
            )
        };
        let is_quantized = song.style == Style::Electronic || (!is_performed && random.percent(55));
        Self {
            format: if song.is_karaoke { Format::Parallel } else { format },
            timing,
            beat,
            has_running_status: random.percent(70),
            release: if random.percent(55) {
                Release::SilentOn
            } else {
                Release::Off(random.pick(&[0, 64, 64, 127]))
            },
            meter,
            declares_meter: meter != Meter::default() || random.percent(88),
            changes_meter: random.percent(6),
            key_signature: random.percent(55).then(|| {
                if random.percent(25) {
                    (0, false)
                } else {
                    (sharps(song.tonic, song.is_minor), song.is_minor)
                }
            }),
            tempo_map,
            looseness: if is_quantized {
                0
            } else {
                beat / u32::try_from(random.between(12, 40)).unwrap_or(24)
            },
            is_level: song.style == Style::Electronic && random.percent(70),
            has_text: song.is_karaoke || random.percent(72),
            has_markers: random.percent(12),
            lyrics: match (song.is_karaoke, song.style) {
                (true, _) => Lyrics::Karaoke,
                (false, Style::Band | Style::Chamber) if random.percent(7) => Lyrics::Lyric,
                _ => Lyrics::None,
            },
            reset: random
                .weighted(&[(72, [].as_slice()), (15, GM_RESET), (9, GS_RESET), (4, XG_RESET)], GM_RESET),
        }
    }
}

/// Sharps (flats below 0) of the key with this tonic, from -5 to 6.
fn sharps(tonic: u8, is_minor: bool) -> i8 {
    let relative = if is_minor { (tonic + 3) % 12 } else { tonic % 12 };
    let fifths = i8::try_from(relative * 7 % 12).unwrap_or(0);
    if fifths > 6 { fifths - 12 } else { fifths }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_signatures_count_sharps_and_flats() {
        let cases = [
            (0, false, 0),
            (7, false, 1),
            (5, false, -1),
            (9, true, 0),
            (4, true, 1),
            (2, true, -1),
            (6, false, 6),
        ];
        for (tonic, is_minor, expected) in cases {
            assert_eq!(sharps(tonic, is_minor), expected, "{tonic} {is_minor}");
        }
    }

    #[test]
    fn bars_have_the_length_of_their_meter() {
        for (beats, unit_power, pulses) in [(4, 2, 48), (3, 2, 36), (6, 3, 36), (7, 3, 42), (2, 1, 48)] {
            assert_eq!(Meter { beats, unit_power }.pulses(), pulses);
        }
    }
}
