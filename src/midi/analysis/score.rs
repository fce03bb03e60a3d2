//! Writes down notes and meters for the tests of chords and loops.

use super::bars::Bars;
use super::grid::Steps;
use super::meter::Meters;
use super::notes::Notes;
use crate::midi::event::Edge;

/// A note: channel, key, where it begins and how long it lasts, in ticks.
pub(super) type Written = (u8, u8, u64, u64);

/// These notes, all on one track that ends with the last of them.
pub(super) fn track(written: &[Written]) -> Notes {
    tracks(&[written])
}

/// These notes, each on a track of its own, so that none ends another.
pub(super) fn apart(written: &[Written]) -> Notes {
    tracks(&written.chunks(1).collect::<Vec<_>>())
}

/// The notes of several tracks.
pub(super) fn tracks(written: &[&[Written]]) -> Notes {
    let mut notes = Notes::default();
    for track in written {
        let begin = |(channel, key, start, _): &Written| (*start, true, *channel, *key);
        let end = |(channel, key, start, length): &Written| (start + length, false, *channel, *key);
        let mut events: Vec<_> = track.iter().map(begin).chain(track.iter().map(end)).collect();
        events.sort_unstable();
        for (tick, is_begin, channel, key) in &events {
            if *is_begin {
                notes.hear(Edge::new(*tick, *channel, *key, 64));
            } else {
                notes.hear(Edge::new(*tick, *channel, *key, 0));
            }
        }
        notes.end_track(events.last().map_or(0, |(tick, ..)| *tick));
    }
    notes
}

/// Bars of one meter, of so many ticks to a quarter note.
pub(super) fn bars((numerator, power): (u8, u8), ticks_per_quarter: u16) -> Bars {
    let mut meters = Meters::default();
    meters.push(0, numerator, power);
    meters.settle();
    let mut bars = Bars::default();
    bars.draw(&meters, 1 << 40, Steps::of(ticks_per_quarter));
    bars
}
