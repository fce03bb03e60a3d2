//! Which pitch classes sound in each beat, for how long, and which key is the lowest.
//!
//! A note that lasts for many beats costs no more than one that lasts for two: where it begins and ends is noted, and summed
//! up once. Knows no chords.

use super::super::bars::Bars;
use super::super::column;
use super::super::notes::Note;
use super::beats::Beats;

/// What sounds in a beat.
#[derive(Clone, Copy, Debug, Default)]
struct Beat {
    /// Steps that each pitch class sounds, each note by itself.
    weights: [u32; 12],
    /// By how many notes of each pitch class more or less fill this beat than the one before.
    change: [i32; 12],
    /// The lowest of the notes that sound for half of it or more.
    bass: Option<u8>,
    /// The next beat, this one included, that no long note has been put under.
    open: u32,
}

/// A note that fills beats: its key, and the first of them and the one behind them.
type Long = (u8, u32, u32);

/// What sounds in the beats of a file.
#[derive(Debug, Default)]
pub(in crate::midi) struct Cover {
    beats: Vec<Beat>,
    long: Vec<Long>,
}

impl Cover {
    /// Divides the bars until the last melodic note ends into beats, and lays the notes over them.
    pub(in crate::midi) fn lay(&mut self, notes: &[Note], bars: &Bars, beats: &mut Beats) {
        let melodic = || notes.iter().filter(|note| !note.is_drum());
        let end = |note: &Note| note.start() + u64::from(note.length());
        beats.divide(bars, melodic().map(end).max().map_or(0, |end| bars.step(end)));
        self.long.clear();
        self.beats.clear();
        self.beats.extend((0..=beats.count()).map(|open| Beat { open, ..Beat::default() }));
        for note in melodic() {
            self.put(note.key(), bars.step(note.start()), bars.step(end(note)), beats);
        }
        self.fill(beats);
        self.lower();
    }

    /// What sounds in each beat, in order: steps by pitch class, and the key in the bass.
    pub(in crate::midi) fn each(&self) -> impl Iterator<Item = (&[u32; 12], &Option<u8>)> {
        self.beats.iter().map(|beat| (&beat.weights, &beat.bass))
    }

    fn get(&mut self, number: u32) -> Option<&mut Beat> {
        usize::try_from(number).ok().and_then(|number| self.beats.get_mut(number))
    }

    /// Puts a note into the beats in which it begins and ends, and notes those between.
    fn put(&mut self, key: u8, start: u64, end: u64, beats: &Beats) {
        let Some((first, at_first)) = beats.at(start) else { return };
        let width = at_first.end - at_first.start;
        self.sound(first, key, end.min(at_first.end).saturating_sub(start), width);
        if end <= at_first.end {
            return;
        }
        let behind = match beats.at(end) {
            Some((last, at_last)) => {
                self.sound(last, key, end - at_last.start, at_last.end - at_last.start);
                last
            }
            None => beats.count(),
        };
        if behind > first + 1 {
            let class = usize::from(key % 12);
            for (number, by) in [(first + 1, 1), (behind, -1)] {
                if let Some(change) = self.get(number).and_then(|beat| beat.change.get_mut(class)) {
                    *change += by;
                }
            }
            self.long.push((key, first + 1, behind));
        }
    }

    /// A key sounds for some of the steps of a beat.
    fn sound(&mut self, number: u32, key: u8, steps: u64, width: u64) {
        let Some(beat) = self.get(number) else { return };
        if let Some(weight) = beat.weights.get_mut(usize::from(key % 12)) {
            *weight = weight.saturating_add(column::unsigned(steps));
        }
        if steps * 2 >= width && steps > 0 {
            beat.bass = Some(beat.bass.map_or(key, |bass| bass.min(key)));
        }
    }

    /// Sums up the notes that fill beats.
    fn fill(&mut self, beats: &Beats) {
        if self.long.is_empty() {
            return;
        }
        let mut sounding = [0_i32; 12];
        for (beat, (width, _)) in self.beats.iter_mut().zip(beats.each()) {
            for ((sounding, change), weight) in sounding.iter_mut().zip(beat.change).zip(&mut beat.weights) {
                *sounding += change;
                let steps = u64::from(sounding.unsigned_abs()).saturating_mul(width);
                *weight = weight.saturating_add(column::unsigned(steps));
            }
        }
    }

    /// Puts the long notes under their beats, the lowest first: a beat is met once, then passed over.
    fn lower(&mut self) {
        let mut long = std::mem::take(&mut self.long);
        long.sort_unstable();
        for (key, from, behind) in &long {
            let mut number = self.open(*from);
            while number < *behind {
                if let Some(beat) = self.get(number) {
                    beat.bass = Some(beat.bass.map_or(*key, |bass| bass.min(*key)));
                    beat.open = number + 1;
                }
                number = self.open(number + 1);
            }
        }
        self.long = long;
    }

    /// The first beat from this one on that no long note is under; the way is halved for the next who goes it.
    fn open(&mut self, mut number: u32) -> u32 {
        while let Some(next) = self.get(number).map(|beat| beat.open)
            && next != number
        {
            let after = self.get(next).map_or(next, |beat| beat.open);
            if let Some(beat) = self.get(number) {
                beat.open = after;
            }
            number = after;
        }
        number
    }
}
