//! Pairs note-ons with note-offs: every note of the file with its beginning, length, channel, key and velocity.
//!
//! A note-off ends the oldest note that sounds on its track, channel and key (first in, first out, as most sequencers
//! do); what is never ended ends with its track. What the notes amount to is asked in [`super::sounding`].

use super::column;

/// The percussion channel, counted from 0.
pub(in crate::midi) const PERCUSSION: u8 = 9;

/// No note.
const NONE: u32 = u32::MAX;

/// The longest note that is told apart, in ticks; also of a note that has not ended yet.
pub(in crate::midi) const LONGEST: u32 = u32::MAX;

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

/// The first and the last note of a channel, each as (tick, place in the file).
pub(in crate::midi) type Span = ((u64, usize), (u64, usize));

/// The places of the first and the last note of a channel on one track.
type TrackSpan = (u32, u32);

/// Collects the notes of a file, track after track.
#[derive(Debug)]
pub(in crate::midi) struct Notes {
    all: Vec<Note>,
    /// By channel and key; all silent between two tracks.
    sounding: Box<[Sounding; 1 << 11]>,
    /// Notes that have ended, by a note-off or with their track.
    ended: usize,
    /// For each track that ended, how many notes there were by then.
    track_ends: Vec<usize>,
    /// By channel, for this track.
    track_spans: [TrackSpan; 16],
    /// By channel, for the tracks before.
    spans: [Option<Span>; 16],
    /// Those among them that ended with their track.
    cut: usize,
    /// Tick of the last note-off on this track.
    track_end: u64,
    last_end: u64,
}

impl Default for Notes {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            sounding: Box::new([SILENT; 1 << 11]),
            ended: 0,
            track_ends: Vec::new(),
            track_spans: [(NONE, NONE); 16],
            spans: [None; 16],
            cut: 0,
            track_end: 0,
            last_end: 0,
        }
    }
}

impl Notes {
    /// Forgets everything, also in the middle of a track.
    pub(in crate::midi) fn clear(&mut self) {
        if self.ended < self.all.len() {
            self.sounding.fill(SILENT);
        }
        self.all.clear();
        self.ended = 0;
        self.track_ends.clear();
        self.track_spans = [(NONE, NONE); 16];
        self.spans = [None; 16];
        self.cut = 0;
        self.track_end = 0;
        self.last_end = 0;
    }

    /// A note begins.
    #[inline]
    pub(in crate::midi) fn begin(&mut self, tick: u64, channel: u8, key: u8, velocity: u8) {
        // Four thousand million notes are more than any content within the limits can hold.
        let Ok(index) = u32::try_from(self.all.len()) else { return };
        let packed = tick << 24 | u64::from(channel) << 16 | u64::from(key) << 8 | u64::from(velocity);
        self.all.push(Note { packed, length: LONGEST, next: NONE });
        if let Some((first, last)) = self.track_spans.get_mut(usize::from(channel & 0x0F)) {
            *first = index.min(*first);
            *last = index;
        }
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
        close(note, tick);
        self.track_end = tick;
        self.ended += 1;
        true
    }

    /// The track ends, and with it what still sounds; `each` is told the channel of every note that ends here.
    pub(in crate::midi) fn end_track(&mut self, tick: u64, mut each: impl FnMut(u8)) {
        for (span, (first, last)) in self.spans.iter_mut().zip(&mut self.track_spans) {
            if let Some((first, last)) = position(&self.all, *first).zip(position(&self.all, *last)) {
                *span = Some(span.map_or((first, last), |known| (known.0.min(first), known.1.max(last))));
            }
            (*first, *last) = (NONE, NONE);
        }
        self.track_ends.push(self.all.len());
        self.last_end = self.last_end.max(std::mem::take(&mut self.track_end));
        if self.ended == self.all.len() {
            return;
        }
        for place in self.sounding.iter_mut() {
            while let Some(note) = note(&mut self.all, place.oldest) {
                place.oldest = note.next;
                close(note, tick);
                each(note.channel());
            }
        }
        self.last_end = self.last_end.max(tick);
        self.cut += self.all.len() - self.ended;
        self.ended = self.all.len();
    }

    /// Every note, in order of track, then time.
    pub(in crate::midi) fn all(&self) -> &[Note] {
        &self.all
    }

    /// The notes of each track, in order of time; of a track without notes an empty slice.
    pub(in crate::midi) fn tracks(&self) -> impl Iterator<Item = &[Note]> {
        let starts = std::iter::once(0).chain(self.track_ends.iter().copied());
        starts.zip(&self.track_ends).map(|(start, end)| self.all.get(start..*end).unwrap_or_default())
    }

    /// The first and the last note of each channel, in order of time, then track.
    pub(in crate::midi) const fn spans(&self) -> &[Option<Span>; 16] {
        &self.spans
    }

    /// Tick at which the first note begins; none without notes.
    pub(in crate::midi) fn first_start(&self) -> Option<u64> {
        self.spans.iter().flatten().map(|((tick, _), _)| *tick).min()
    }

    /// How many note-ons came so far.
    #[inline]
    pub(in crate::midi) fn count(&self) -> usize {
        self.all.len()
    }

    /// Notes that a note-off ended.
    pub(in crate::midi) const fn paired(&self) -> usize {
        self.ended - self.cut
    }

    /// Tick at which the last note ends; 0 without notes.
    pub(in crate::midi) const fn last_end(&self) -> u64 {
        self.last_end
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

/// Tick and place of the note at `index`.
fn position(notes: &[Note], index: u32) -> Option<(u64, usize)> {
    let index = usize::try_from(index).ok()?;
    notes.get(index).map(|note| (note.start(), index))
}

#[inline]
fn close(note: &mut Note, tick: u64) {
    note.length = column::unsigned(tick.saturating_sub(note.start()));
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
        notes.end_track(9, |_| {});
        assert_eq!(notes.tracks().map(<[Note]>::len).collect::<Vec<_>>(), [1, 0]);
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
