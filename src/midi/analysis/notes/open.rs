//! Which notes sound on each channel and key of a track, the oldest first.
//!
//! One word tells all about a key on which one note sounds or none, which is nearly always; where several do, the notes
//! themselves are linked, so that a key held down for ever by a thousand notes costs no more than others.

use super::note::{NONE, Note};
use super::{index, low_half};
use crate::midi::event::Edge;

/// Channels and keys.
const PLACES: usize = 1 << 11;

/// Added where more than one note sounds.
pub(super) const SEVERAL: u32 = 1 << 31;

/// What sounds on a channel and key: in the lower half one more than the number of the oldest note, 0 for none; in the
/// upper half the tick at which it began, as far as it has room.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Open(u64);

impl Open {
    /// The note before number `next` began at `tick`.
    #[inline]
    pub(super) fn one(next: u32, tick: u32) -> Self {
        Self(u64::from(tick) << 32 | u64::from(next))
    }

    /// The same, or where it is not so, none.
    #[inline]
    pub(super) fn one_if(is_so: bool, next: u32, tick: u32) -> Self {
        Self(Self::one(next, tick).0 & 0_u64.wrapping_sub(u64::from(is_so)))
    }

    /// One more than the number of the oldest note, and [`SEVERAL`] where it is not the only one; 0 for none.
    #[inline]
    pub(super) fn oldest(self) -> u32 {
        low_half(self.0)
    }

    /// The lower half of the tick at which the oldest note began.
    #[inline]
    pub(super) fn start(self) -> u32 {
        low_half(self.0 >> 32)
    }
}

/// What an edge turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Beginning,
    End,
    Nothing,
}

/// The notes that sound.
#[derive(Debug)]
pub(super) struct OpenNotes {
    places: Box<[Open; PLACES]>,
    /// The newest note, where several sound.
    newest: Box<[u32; PLACES]>,
}

impl Default for OpenNotes {
    fn default() -> Self {
        Self { places: Box::new([Open::default(); PLACES]), newest: Box::new([NONE; PLACES]) }
    }
}

impl OpenNotes {
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.places.fill(Open::default());
    }

    /// What sounds where this edge stands.
    #[inline]
    pub(super) fn at(&mut self, edge: Edge) -> Option<&mut Open> {
        self.places.get_mut(edge.place())
    }

    /// Takes any edge, after `count` notes. What is written in full here is done in short by whoever knows that one note
    /// sounds or none.
    #[cold]
    pub(super) fn hear(
        &mut self,
        edge: Edge,
        count: u32,
        all: &mut [Note],
        late_ends: &mut Vec<u64>,
    ) -> Heard {
        let at = edge.place();
        let (Some(open), Some(newest)) = (self.places.get_mut(at), self.newest.get_mut(at)) else {
            return Heard::Nothing;
        };
        let is_single = open.oldest() < SEVERAL;
        let oldest = (open.oldest() & !SEVERAL).checked_sub(1);
        if edge.is_beginning() {
            // Two thousand million notes are more than any content within the limits can hold.
            if count >= SEVERAL - 1 {
                return Heard::Nothing;
            }
            if let Some(note) = all.get_mut(index(count)) {
                *note = Note::begin(edge);
            }
            let Some(oldest) = oldest else {
                *open = Open::one(count + 1, low_half(edge.tick()));
                return Heard::Beginning;
            };
            let before = if is_single { oldest } else { *newest };
            if let Some(note) = all.get_mut(index(before)) {
                note.next = count;
            }
            *newest = count;
            open.0 |= u64::from(SEVERAL);
            return Heard::Beginning;
        }
        let Some(note) = oldest.and_then(|oldest| all.get_mut(index(oldest))) else { return Heard::Nothing };
        // Where only one sounds, nobody wrote what comes next.
        let next = if is_single { NONE } else { note.next };
        note.end(edge.tick(), late_ends);
        *open = match all.get(index(next)) {
            None => Open::default(),
            Some(note) => {
                let several = if next == *newest { 0 } else { SEVERAL };
                Open::one((next + 1) | several, low_half(note.start()))
            }
        };
        Heard::End
    }

    /// Ends all that sounds.
    pub(super) fn end_all(&mut self, tick: u64, all: &mut [Note], late_ends: &mut Vec<u64>) {
        for open in self.places.iter_mut() {
            let known = std::mem::take(open);
            let is_single = known.oldest() < SEVERAL;
            let mut number = (known.oldest() & !SEVERAL).wrapping_sub(1);
            while let Some(note) = all.get_mut(index(number)) {
                number = if is_single { NONE } else { note.next };
                note.end(tick, late_ends);
            }
        }
    }
}
