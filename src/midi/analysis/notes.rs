//! Pairs note-ons with note-offs: every note of the file with its beginning, length, channel, key and velocity.
//!
//! A note-off ends the oldest note that sounds on its track, channel and key (first in, first out, as most sequencers
//! do); what is never ended ends with its track. What the notes amount to is asked in [`super::sounding`].
//!
//! Edges are only noted down while the file is read, and paired by the track. Whether a note begins or ends there is a
//! toss-up, and a processor that guesses wrong loses more time than all else about a note takes: so neither asks.

mod note;
mod open;
mod spans;

use std::hint::select_unpredictable;

pub(in crate::midi) use self::note::{LONGEST, Note, PERCUSSION};
use self::open::{Heard, Open, OpenNotes, SEVERAL};
use self::spans::Span;
use super::column;
use crate::midi::event::Edge;

/// The notes of a track.
#[derive(Clone, Copy, Debug)]
pub(in crate::midi) struct Track<'a> {
    /// In order of time.
    pub(in crate::midi) notes: &'a [Note],
    /// A bit for each channel they are on.
    pub(in crate::midi) channels: u16,
}

/// How far the pairing has come.
#[derive(Clone, Copy, Debug, Default)]
struct Paired {
    /// Notes that have begun.
    notes: u32,
    /// Notes that have ended, by a note-off or with their track.
    ended: u32,
    /// Tick of the last note-off on this track.
    end: u64,
}

/// Collects the notes of a file, track after track.
#[derive(Debug, Default)]
pub(in crate::midi) struct Notes {
    /// What was heard since the last pairing: notes as they begin, and at velocity 0 as they end.
    edges: Vec<Edge>,
    /// How many were heard before.
    heard: u64,
    /// The notes of this file; behind them, what is left of larger ones.
    all: Vec<Note>,
    paired: Paired,
    open: OpenNotes,
    /// For each track that ended, how many notes there were by then, and a bit for each channel of its own.
    track_ends: Vec<(usize, u16)>,
    /// By channel, for the tracks before.
    spans: [Option<Span>; 16],
    /// Notes that ended with their track.
    cut: u32,
    last_end: u64,
    late_ends: Vec<u64>,
}

impl Notes {
    /// Forgets everything, also in the middle of a track.
    pub(in crate::midi) fn clear(&mut self) {
        if self.paired.ended < self.paired.notes {
            self.open.clear();
        }
        self.edges.clear();
        self.heard = 0;
        self.paired = Paired::default();
        self.track_ends.clear();
        self.spans = [None; 16];
        self.cut = 0;
        self.last_end = 0;
        self.late_ends.clear();
    }

    /// A note begins, or at velocity 0 ends.
    #[inline]
    pub(in crate::midi) fn hear(&mut self, edge: Edge) {
        self.edges.push(edge);
    }

    /// How many note-ons and note-offs came before the last track ended.
    pub(in crate::midi) const fn edges(&self) -> u64 {
        self.heard
    }

    /// Makes notes of what was heard since the last time.
    fn pair(&mut self) {
        let Some(last) = self.edges.last() else { return };
        let is_late = last.tick() >= u64::from(LONGEST);
        self.heard += self.edges.len() as u64;
        let most = self.count_paired() + self.edges.len();
        if self.all.len() < most {
            self.all.resize(most, Note::begin(Edge::new(0, 0, 0, 0)));
        }
        let (all, open) = (self.all.as_mut_slice(), &mut self.open);
        let Paired { mut notes, ended, mut end } = self.paired;
        let (mut rare, mut rare_begun, mut rare_ended) = (0, 0, 0);
        for &edge in &self.edges {
            let is_beginning = edge.is_beginning();
            let Some(place) = open.at(edge) else { continue };
            let known = *place;
            if (known.oldest() > 0) == is_beginning || known.oldest() >= SEVERAL || is_late {
                rare += 1;
                match open.hear(edge, notes, all, &mut self.late_ends) {
                    Heard::Beginning => (notes, rare_begun) = (notes + 1, rare_begun + 1),
                    Heard::End => (end, rare_ended) = (edge.tick(), rare_ended + 1),
                    Heard::Nothing => {}
                }
                continue;
            }
            // Where a note ends, an edge is written over which the next begins; where one begins, it is given any length.
            if let Some(next) = all.get_mut(index(notes)) {
                next.begin_at(edge);
            }
            let number = select_unpredictable(is_beginning, notes, known.oldest().wrapping_sub(1));
            if let Some(note) = all.get_mut(index(number)) {
                note.end_after(low_half(edge.tick()).wrapping_sub(known.start()));
            }
            notes += u32::from(is_beginning);
            end = select_unpredictable(is_beginning, end, edge.tick());
            *place = Open::one_if(is_beginning, notes, low_half(edge.tick()));
        }
        let common = self.edges.len() - rare;
        let begun = index(notes - self.paired.notes - rare_begun);
        self.paired = Paired { notes, ended: ended + rare_ended + column::unsigned(common - begun), end };
        self.edges.clear();
    }

    /// The track ends, and with it what still sounds.
    pub(in crate::midi) fn end_track(&mut self, tick: u64) {
        self.pair();
        let begin = self.track_ends.last().map_or(0, |(end, _)| *end);
        let track = self.all.get(begin..self.count_paired()).unwrap_or_default();
        let channels = spans::channels(track);
        spans::widen(&mut self.spans, begin, track, channels);
        self.track_ends.push((self.count_paired(), channels));
        self.last_end = self.last_end.max(std::mem::take(&mut self.paired.end));
        if self.paired.ended == self.paired.notes {
            return;
        }
        let count = self.count_paired();
        self.open.end_all(tick, self.all.get_mut(..count).unwrap_or_default(), &mut self.late_ends);
        self.last_end = self.last_end.max(tick);
        self.cut += self.paired.notes - self.paired.ended;
        self.paired.ended = self.paired.notes;
    }

    /// Every note, in order of track, then time; of the tracks that have ended.
    pub(in crate::midi) fn all(&self) -> &[Note] {
        self.all.get(..self.count_paired()).unwrap_or_default()
    }

    /// The tracks that have ended, those without notes among them.
    pub(in crate::midi) fn tracks(&self) -> impl Iterator<Item = Track<'_>> {
        let starts = std::iter::once(0).chain(self.track_ends.iter().map(|(end, _)| *end));
        starts.zip(&self.track_ends).map(|(start, (end, channels))| Track {
            notes: self.all.get(start..*end).unwrap_or_default(),
            channels: *channels,
        })
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
    pub(in crate::midi) fn count(&mut self) -> usize {
        self.pair();
        self.count_paired()
    }

    fn count_paired(&self) -> usize {
        index(self.paired.notes)
    }

    /// Notes that a note-off ended.
    pub(in crate::midi) const fn paired(&self) -> u32 {
        self.paired.ended - self.cut
    }

    /// Tick at which the last note ends; 0 without notes.
    pub(in crate::midi) const fn last_end(&self) -> u64 {
        self.last_end
    }

    /// The ticks at which those melodic notes end that last for [`LONGEST`] or longer.
    pub(in crate::midi) fn late_ends(&self) -> &[u64] {
        &self.late_ends
    }
}

/// The number of a note as a place in the file.
#[inline]
fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The lower 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "the upper half is what is not wanted")]
#[inline]
const fn low_half(number: u64) -> u32 {
    number as u32
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
        notes.hear(Edge::new(0, 0, 60, 100));
        notes.hear(Edge::new(10, 0, 60, 90));
        notes.hear(Edge::new(10, 1, 60, 80));
        notes.hear(Edge::new(15, 0, 60, 70));
        for tick in [20, 50, 55, 60] {
            // The last one ends nothing: nothing sounds any more.
            notes.hear(Edge::new(tick, 0, 60, 0));
        }
        notes.hear(Edge::new(70, 0, 60, 60));
        notes.hear(Edge::new(75, 0, 60, 0));
        notes.end_track(100);
        assert_eq!(lengths(&notes), [(0, 20), (10, 40), (10, 90), (15, 40), (70, 5)]);
        assert_eq!((notes.paired(), notes.last_end()), (4, 100));
    }

    #[test]
    fn a_note_does_not_end_on_another_track() {
        let mut notes = Notes::default();
        notes.hear(Edge::new(5, 9, 36, 127));
        notes.end_track(7);
        notes.hear(Edge::new(9, 9, 36, 0));
        notes.end_track(9);
        let [note] = notes.all() else { panic!("one note") };
        assert_eq!((note.channel(), note.key(), note.velocity(), note.is_drum()), (9, 36, 127, true));
        assert_eq!(lengths(&notes), [(5, 2)]);
        assert_eq!(notes.tracks().map(|track| track.notes.len()).collect::<Vec<_>>(), [1, 0]);
    }

    #[test]
    fn the_first_and_last_notes_of_each_channel_are_known() {
        let mut notes = Notes::default();
        for (tick, channel) in [(3, 0), (4, 5), (6, 0), (9, 0)] {
            notes.hear(Edge::new(tick, channel, 60, 1));
        }
        notes.end_track(9);
        notes.hear(Edge::new(1, 5, 60, 1));
        notes.end_track(9);
        let spans = notes.spans();
        assert_eq!((spans[0], spans[5]), (Some(((3, 0), (9, 3))), Some(((1, 4), (4, 1)))));
        assert_eq!((spans[1], notes.first_start()), (None, Some(1)));
    }

    #[test]
    fn notes_may_last_for_ages() {
        let mut notes = Notes::default();
        for (start, key, end) in
            [(1, 60, 1 << 33), (2, 61, u64::from(u32::MAX) + 1), (1 << 33, 62, (1 << 33) + 7)]
        {
            notes.hear(Edge::new(start, 0, key, 1));
            notes.hear(Edge::new(end, 0, key, 0));
        }
        notes.end_track(1 << 34);
        assert_eq!(lengths(&notes), [(1, LONGEST), (2, LONGEST - 1), (1 << 33, 7)]);
        assert_eq!((notes.late_ends(), notes.last_end()), ([1 << 33].as_slice(), (1 << 33) + 7));
    }

    #[test]
    fn it_forgets_in_the_middle_of_a_track() {
        let mut notes = Notes::default();
        notes.hear(Edge::new(5, 0, 36, 127));
        assert_eq!(notes.count(), 1);
        notes.clear();
        notes.hear(Edge::new(9, 0, 36, 0));
        notes.end_track(9);
        assert_eq!((notes.count(), notes.paired()), (0, 0));
    }
}
