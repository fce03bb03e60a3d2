//! What the notes of a file amount to: how many, which keys, how loud, how long.
//!
//! One pass over the paired notes into small tables, from which everything is read off. Time and programs are others'.

use super::column::{double, integer, ratio, real, smallint};
use super::notes::{LONGEST, Note, PERCUSSION};
use super::polyphony::Changes;
use super::tally::Tally;
use crate::record::Metadata;

/// Counts by key or velocity, 0-127.
type Table = [u32; 128];

/// The tables of one file.
#[derive(Debug)]
pub(in crate::midi) struct Sounding {
    melodic: Table,
    /// Ticks that each melodic key sounds.
    ticks: [u64; 128],
    drums: Table,
    velocities: Table,
    /// The lengths of the melodic notes, in ticks.
    lengths: Tally,
    /// A bit for each channel that has notes.
    channels: u16,
}

impl Default for Sounding {
    fn default() -> Self {
        Self {
            melodic: [0; 128],
            ticks: [0; 128],
            drums: [0; 128],
            velocities: [0; 128],
            lengths: Tally::default(),
            channels: 0,
        }
    }
}

impl Sounding {
    /// Forgets the last file and counts all `notes` of the next; the melodic ones among them also count as `changes` of how
    /// many sound, which costs less in one loop than in two.
    pub(in crate::midi) fn count<'a>(&mut self, notes: &[Note], mut changes: Changes<'a>) -> Changes<'a> {
        (self.melodic, self.drums, self.velocities) = ([0; 128], [0; 128], [0; 128]);
        self.ticks = [0; 128];
        self.lengths.clear();
        self.channels = 0;
        for note in notes {
            if note.is_drum() {
                add(&mut self.drums, note.key());
            } else {
                add(&mut self.melodic, note.key());
                if let Some(ticks) = self.ticks.get_mut(usize::from(note.key() & 0x7F)) {
                    *ticks += u64::from(note.length());
                }
                self.lengths.add(note.length());
                changes.add(*note);
            }
            add(&mut self.velocities, note.velocity());
            self.channels |= 1 << (note.channel() & 0x0F);
        }
        changes
    }

    /// How often each melodic key is struck, and how many ticks it sounds.
    pub(in crate::midi) const fn melodic(&self) -> (&[u32; 128], &[u64; 128]) {
        (&self.melodic, &self.ticks)
    }

    /// Whether a note is longer than can be told.
    pub(in crate::midi) fn is_capped(&self) -> bool {
        self.lengths.has_large(LONGEST)
    }

    /// Writes its columns.
    pub(in crate::midi) fn write(&mut self, ticks_per_quarter: Option<u16>, to: &mut Metadata) {
        let melodic = Moments::of(&self.melodic);
        let drums = Moments::of(&self.drums);
        let velocities = Moments::of(&self.velocities);
        to.n_notes = integer(velocities.count);
        to.n_melodic_notes = integer(melodic.count);
        to.n_drum_notes = integer(drums.count);
        to.note_length_median_beats = ticks_per_quarter
            .zip(self.lengths.median())
            .and_then(|(ticks, length)| ratio(length, f64::from(ticks)));
        (to.pitch_min, to.pitch_max) = (melodic.min, melodic.max);
        to.pitch_mean = melodic.mean.and_then(real);
        to.n_pitches = melodic.distinct;
        to.n_pitch_classes = pitch_classes(&self.melodic);
        (to.velocity_min, to.velocity_max) = (velocities.min, velocities.max);
        to.velocity_mean = velocities.mean.and_then(real);
        to.velocity_std = velocities.deviation.and_then(real);
        to.n_distinct_velocities = velocities.distinct;
        to.channels = (0..16).filter(|bit| self.channels >> bit & 1 == 1).map(|bit| bit + 1).collect();
        to.drum_keys = present(&self.drums).collect();
        to.has_drums = self.channels >> PERCUSSION & 1 == 1;
    }
}

#[inline]
fn add(table: &mut Table, at: u8) {
    if let Some(count) = table.get_mut(usize::from(at & 0x7F)) {
        *count += 1;
    }
}

/// The values that occur, ascending.
fn present(table: &Table) -> impl Iterator<Item = i16> {
    (0_i16..).zip(table).filter(|(_, count)| **count > 0).map(|(value, _)| value)
}

fn pitch_classes(keys: &Table) -> i16 {
    let classes = present(keys).fold(0_u16, |classes, key| classes | 1 << (key % 12));
    smallint(classes.count_ones())
}

/// What a table of counts says about its values.
struct Moments {
    count: u64,
    distinct: i16,
    min: Option<i16>,
    max: Option<i16>,
    mean: Option<f64>,
    /// Standard deviation of the population.
    deviation: Option<f64>,
}

impl Moments {
    fn of(table: &Table) -> Self {
        let (mut count, mut sum, mut squares) = (0_u64, 0_u64, 0_u64);
        for (value, times) in (0_u64..).zip(table) {
            let times = u64::from(*times);
            count += times;
            sum += value * times;
            squares += value * value * times;
        }
        let mean = double(sum) / double(count);
        // Integers below 2^53 until here, so the difference loses nothing that a real would show.
        let variance = (double(squares) / double(count) - mean * mean).max(0.0);
        Self {
            count,
            distinct: smallint(present(table).count()),
            min: present(table).next(),
            max: present(table).last(),
            mean: (count > 0).then_some(mean),
            deviation: (count > 0).then_some(variance.sqrt()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::midi::analysis::notes::Notes;
    use crate::midi::event::Edge;

    #[test]
    fn a_few_notes_are_summed_up() {
        let mut notes = Notes::default();
        // (channel, key, velocity, length)
        for (channel, key, velocity, length) in
            [(0, 60, 64, 100), (0, 72, 64, 200), (15, 67, 100, 50), (0, 60, 1, 400), (9, 36, 127, 7)]
        {
            notes.hear(Edge::new(0, channel, key, velocity));
            notes.hear(Edge::new(length, channel, key, 0));
        }
        notes.end_track(400);
        let mut sounding = Sounding::default();
        sounding.count(notes.all(), Changes::default());
        let mut found = Metadata::default();
        sounding.write(Some(100), &mut found);
        assert_eq!((found.n_notes, found.n_melodic_notes, found.n_drum_notes), (5, 4, 1));
        assert_eq!((found.pitch_min, found.pitch_max, found.pitch_mean), (Some(60), Some(72), Some(64.75)));
        assert_eq!((found.n_pitches, found.n_pitch_classes), (3, 2));
        assert_eq!((found.velocity_min, found.velocity_max), (Some(1), Some(127)));
        assert_eq!((found.velocity_mean, found.n_distinct_velocities), (Some(71.2), 4));
        assert!((found.velocity_std.unwrap() - 42.367).abs() < 1e-3);
        assert_eq!(found.note_length_median_beats, Some(1.5));
        assert_eq!((found.channels, found.drum_keys, found.has_drums), (vec![1, 10, 16], vec![36], true));
    }

    #[test]
    fn no_notes_leave_no_figures() {
        let mut found = Metadata::default();
        Sounding::default().write(Some(100), &mut found);
        assert_eq!(found, Metadata::default());
    }
}
