//! Pairs note-ons with note-offs: every note of the file with its beginning, length, channel, key and velocity.
//!
//! A note-off ends the oldest note that sounds on its track, channel and key (first in, first out, as most sequencers
//! do); what is never ended ends with its track. What the notes amount to is asked in [`super::sounding`].

use super::column;

/// The percussion channel, counted from 0.
pub(in crate::midi) const PERCUSSION: u8 = 9;

/// No note.
const NONE: u32 = u32::MAX;

/// The longest note that is told apart, in ticks.
const LONGEST: u32 = u32::MAX;

/// A note of the file, in 16 bytes.
#[derive(Clone, Copy, Debug)]
pub(in crate::midi) struct Note {
    /// The tick in the upper 40 bits, then a byte each of channel, key and velocity.
    packed: u64,
    length: u32,
    /// The next note that sounds on the same track, channel and key.
    next: u32,
}

impl Note {
    /// Tick at which it begins.
    #[inline]
    pub(in crate::midi) const fn start(self) -> u64 {
        self.packed >> 24
    }

    /// Ticks it lasts.
    #[inline]
    pub(in crate::midi) const fn length(self) -> u32 {
        self.length
    }

    /// 0-15.
    #[inline]
    pub(in crate::midi) const fn channel(self) -> u8 {
        let [.., channel, _, _] = self.packed.to_be_bytes();
        channel
    }

    /// 0-127.
    #[inline]
    pub(in crate::midi) const fn key(self) -> u8 {
        let [.., key, _] = self.packed.to_be_bytes();
        key
    }

    /// 1-127.
    #[inline]
    pub(in crate::midi) const fn velocity(self) -> u8 {
        let [.., velocity] = self.packed.to_be_bytes();
        velocity
    }

    /// Whether it is played on the percussion channel.
    #[inline]
    pub(in crate::midi) const fn is_drum(self) -> bool {
        self.channel() == PERCUSSION
    }
}

/// The notes that sound on one channel and key, oldest and newest.
#[derive(Clone, Copy, Debug)]
struct Sounding {
    oldest: u32,
    newest: u32,
}

const SILENT: Sounding = Sounding { oldest: NONE, newest: NONE };

/// Collects the notes of a file, track after track.
#[derive(Debug)]
pub(in crate::midi) struct Notes {
    all: Vec<Note>,
    /// By channel and key; all silent between two tracks.
    sounding: Box<[Sounding; 1 << 11]>,
    sounding_count: u32,
    paired: u64,
    last_end: u64,
    capped: bool,
}

impl Default for Notes {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            sounding: Box::new([SILENT; 1 << 11]),
            sounding_count: 0,
            paired: 0,
            last_end: 0,
            capped: false,
        }
    }
}

impl Notes {
    /// Forgets everything, also in the middle of a track.
    pub(in crate::midi) fn clear(&mut self) {
        self.all.clear();
        if self.sounding_count > 0 {
            self.sounding.fill(SILENT);
        }
        self.sounding_count = 0;
        self.paired = 0;
        self.last_end = 0;
        self.capped = false;
    }

    /// A note begins.
    #[inline]
    pub(in crate::midi) fn begin(&mut self, tick: u64, channel: u8, key: u8, velocity: u8) {
        // Four thousand million notes are more than any content within the limits can hold.
        let Ok(index) = u32::try_from(self.all.len()) else { return };
        let packed = tick << 24 | u64::from(channel) << 16 | u64::from(key) << 8 | u64::from(velocity);
        self.all.push(Note { packed, length: LONGEST, next: NONE });
        self.sounding_count += 1;
        let Some(place) = self.sounding.get_mut(place(channel, key)) else { return };
        if place.oldest == NONE {
            place.oldest = index;
        } else if let Some(newest) = note(&mut self.all, place.newest) {
            newest.next = index;
        }
        place.newest = index;
    }

    /// A note ends; says whether one was sounding.
    #[inline]
    pub(in crate::midi) fn end(&mut self, tick: u64, channel: u8, key: u8) -> bool {
        let Some(place) = self.sounding.get_mut(place(channel, key)) else { return false };
        let Some(note) = note(&mut self.all, place.oldest) else { return false };
        place.oldest = note.next;
        close(note, tick, &mut self.capped);
        self.last_end = self.last_end.max(tick);
        self.sounding_count -= 1;
        self.paired += 1;
        true
    }

    /// The track ends, and with it what still sounds; `each` is told the channel of every note that ends here.
    pub(in crate::midi) fn end_track(&mut self, tick: u64, mut each: impl FnMut(u8)) {
        if self.sounding_count == 0 {
            return;
        }
        for place in self.sounding.iter_mut() {
            while let Some(note) = note(&mut self.all, place.oldest) {
                place.oldest = note.next;
                close(note, tick, &mut self.capped);
                each(note.channel());
            }
        }
        self.last_end = self.last_end.max(tick);
        self.sounding_count = 0;
    }

    /// Every note, in order of track, then time.
    pub(in crate::midi) fn all(&self) -> &[Note] {
        &self.all
    }

    /// How many note-ons came so far.
    #[inline]
    pub(in crate::midi) fn count(&self) -> usize {
        self.all.len()
    }

    /// Notes that a note-off ended.
    pub(in crate::midi) const fn paired(&self) -> u64 {
        self.paired
    }

    /// Tick at which the last note ends; 0 without notes.
    pub(in crate::midi) const fn last_end(&self) -> u64 {
        self.last_end
    }

    /// Whether a note was longer than can be told.
    pub(in crate::midi) const fn is_capped(&self) -> bool {
        self.capped
    }
}

#[inline]
fn place(channel: u8, key: u8) -> usize {
    usize::from(channel & 0x0F) << 7 | usize::from(key & 0x7F)
}

#[inline]
fn note(notes: &mut [Note], index: u32) -> Option<&mut Note> {
    notes.get_mut(usize::try_from(index).ok()?)
}

#[inline]
fn close(note: &mut Note, tick: u64, capped: &mut bool) {
    let length = tick.saturating_sub(note.start());
    *capped |= length > u64::from(LONGEST);
    note.length = column::unsigned(length);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(notes: &Notes) -> Vec<(u64, u32)> {
        notes.all().iter().map(|note| (note.start(), note.length())).collect()
    }

    #[test]
    fn overlapping_notes_end_first_in_first_out() {
        let mut notes = Notes::default();
        notes.begin(0, 0, 60, 100);
        notes.begin(10, 0, 60, 90);
        notes.begin(10, 1, 60, 80);
        assert!(notes.end(20, 0, 60));
        assert!(notes.end(50, 0, 60));
        assert!(!notes.end(60, 0, 60), "nothing sounds any more");
        let mut cut = Vec::new();
        notes.end_track(100, |channel| cut.push(channel));
        assert_eq!(lengths(&notes), [(0, 20), (10, 40), (10, 90)]);
        assert_eq!((notes.paired(), notes.last_end(), cut), (2, 100, vec![1]));
    }

    #[test]
    fn a_note_does_not_end_on_another_track() {
        let mut notes = Notes::default();
        notes.begin(5, 9, 36, 127);
        notes.end_track(7, |_| {});
        assert!(!notes.end(9, 9, 36));
        let [note] = notes.all() else { panic!("one note") };
        assert_eq!((note.channel(), note.key(), note.velocity(), note.is_drum()), (9, 36, 127, true));
        assert_eq!(lengths(&notes), [(5, 2)]);
    }

    #[test]
    fn it_forgets_in_the_middle_of_a_track() {
        let mut notes = Notes::default();
        notes.begin(5, 0, 36, 127);
        notes.clear();
        assert!(!notes.end(9, 0, 36));
        assert_eq!((notes.count(), notes.paired()), (0, 0));
    }
}
