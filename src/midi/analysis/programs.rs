//! Which programs (instruments) a file asks for, and which of them are heard.
//!
//! A program change holds for its channel on every track from its tick on; where ticks are equal, tracks count in
//! order. Names of instruments are not known here.

use super::notes::{Notes, PERCUSSION};
use crate::record::Metadata;

/// A program change, and how many notes of the file were read before it.
#[derive(Clone, Copy, Debug)]
struct Change {
    tick: u64,
    notes_before: usize,
    program: u8,
}

/// Collects the program changes of a file, track after track.
#[derive(Debug, Default)]
pub(in crate::midi) struct Programs {
    /// By channel.
    changes: [Vec<Change>; 16],
    /// A bit for each program that is asked for.
    asked: u128,
}

impl Programs {
    /// Forgets everything.
    pub(in crate::midi) fn clear(&mut self) {
        self.changes.iter_mut().for_each(Vec::clear);
        self.asked = 0;
    }

    /// A program change; `notes_before` notes were read before it, on this and earlier tracks.
    pub(in crate::midi) fn push(&mut self, tick: u64, channel: u8, program: u8, notes_before: usize) {
        self.asked |= 1 << (program & 0x7F);
        if let Some(changes) = self.changes.get_mut(usize::from(channel & 0x0F)) {
            changes.push(Change { tick, notes_before, program });
        }
    }

    /// Writes its columns, for all the `notes` of the file.
    pub(in crate::midi) fn write(&mut self, notes: &Notes, to: &mut Metadata) {
        let heard = self.heard(notes);
        to.programs = present(self.asked);
        to.instruments = present(heard);
        to.families = present((0..16).filter(|family| heard >> (family * 8) & 0xFF != 0).fold(0, set));
    }

    /// A bit for each program in force when a melodic note begins.
    fn heard(&mut self, notes: &Notes) -> u128 {
        let (mut heard, mut undecided) = (0_u128, 0_u16);
        for ((channel, changes), span) in (0_u8..).zip(&mut self.changes).zip(notes.spans()) {
            let Some((first, last)) = (*span).filter(|_| channel != PERCUSSION) else { continue };
            changes.sort_by_key(|change| (change.tick, change.notes_before));
            let before_first = changes.partition_point(|change| change.precedes(first));
            let before_last = changes.partition_point(|change| change.precedes(last));
            heard = set(heard, in_force(changes, before_first));
            heard = set(heard, in_force(changes, before_last));
            // Programs that come and go between the two: only the notes can tell.
            if before_last > before_first + 1 {
                undecided |= 1 << channel;
            }
        }
        if undecided != 0 {
            for (index, note) in notes.all().iter().enumerate() {
                if undecided >> (note.channel() & 0x0F) & 1 == 1
                    && let Some(changes) = self.changes.get(usize::from(note.channel()))
                {
                    let at = (note.start(), index);
                    let before = changes.partition_point(|change| change.precedes(at));
                    heard = set(heard, in_force(changes, before));
                }
            }
        }
        heard
    }
}

impl Change {
    /// Whether it holds for the note that begins at this tick and stands at this place in the file.
    fn precedes(self, (tick, index): (u64, usize)) -> bool {
        (self.tick, self.notes_before) <= (tick, index)
    }
}

/// The program after the first `count` changes.
fn in_force(changes: &[Change], count: usize) -> u8 {
    count.checked_sub(1).and_then(|last| changes.get(last)).map_or(0, |change| change.program)
}

fn set(bits: u128, number: u8) -> u128 {
    bits | 1 << (number & 0x7F)
}

/// The numbers whose bits are set, ascending.
fn present(bits: u128) -> Vec<i16> {
    (0_i16..128).filter(|bit| bits >> bit & 1 == 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::midi::event::Edge;
    enum Step {
        Program(u64, u8, u8),
        Note(u64, u8),
    }
    use Step::{Note as N, Program as P};

    fn instruments(steps: &[Step]) -> (Vec<i16>, Vec<i16>) {
        let (mut notes, mut programs) = (Notes::default(), Programs::default());
        for step in steps {
            match *step {
                P(tick, channel, program) => programs.push(tick, channel, program, notes.count()),
                N(tick, channel) => notes.hear(Edge::new(tick, channel, 60, 100)),
            }
        }
        let mut found = Metadata::default();
        notes.end_track(99);
        programs.write(&notes, &mut found);
        assert!(found.families.iter().all(|family| (0..16).contains(family)));
        (found.programs, found.instruments)
    }

    #[test]
    fn the_program_in_force_is_heard() {
        for (steps, asked, heard) in [
            (vec![N(0, 0)], vec![], vec![0]),
            (vec![P(0, 0, 5), N(0, 0)], vec![5], vec![5]),
            (vec![N(0, 0), P(0, 0, 5)], vec![5], vec![0]),
            (vec![P(0, 0, 5), P(0, 0, 6), N(0, 0), P(9, 0, 7)], vec![5, 6, 7], vec![6]),
            // Never heard: a channel without notes, and drums.
            (vec![P(0, 1, 5), P(0, 9, 6), N(0, 9)], vec![5, 6], vec![]),
            // Changed in the middle, once without a note in between.
            (
                vec![P(0, 0, 1), N(0, 0), P(5, 0, 2), P(6, 0, 3), N(7, 0), P(8, 0, 4), N(9, 0)],
                vec![1, 2, 3, 4],
                vec![1, 3, 4],
            ),
            // From another track (which begins again at tick 0).
            (vec![P(0, 0, 1), P(10, 0, 2), N(5, 0), N(10, 0)], vec![1, 2], vec![1, 2]),
        ] {
            assert_eq!(instruments(&steps), (asked, heard));
        }
    }

    #[test]
    fn families_are_eights_of_programs() {
        let (mut notes, mut programs, mut found) =
            (Notes::default(), Programs::default(), Metadata::default());
        for (channel, program) in [(0, 0), (1, 7), (2, 8), (3, 127)] {
            programs.push(0, channel, program, notes.count());
            notes.hear(Edge::new(0, channel, 60, 1));
        }
        notes.end_track(99);
        programs.write(&notes, &mut found);
        assert_eq!((found.instruments, found.families), (vec![0, 7, 8, 127], vec![0, 1, 15]));
    }
}
