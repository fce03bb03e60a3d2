//! The first and the last note of each channel, which is where programs are asked for.

use super::Note;

/// The first and the last note of a channel, each as (tick, place in the file).
pub(in crate::midi) type Span = (Place, Place);

/// A note's tick, and its place in the file.
type Place = (u64, usize);

/// A bit for each channel that has notes.
pub(super) fn channels(notes: &[Note]) -> u16 {
    let Some(first) = notes.first() else { return 0 };
    if notes.iter().fold(true, |alike, note| alike & (note.channel() == first.channel())) {
        return 1 << first.channel();
    }
    notes.iter().fold(0, |channels, note| channels | 1 << note.channel())
}

/// Takes in the notes of a track, which begin at this place of the file and are on these channels.
pub(super) fn widen(spans: &mut [Option<Span>; 16], begin: usize, track: &[Note], channels: u16) {
    let places = (begin..begin + track.len()).zip(track);
    let places = places.map(|(place, note)| (note.channel(), (note.start(), place)));
    let firsts = first_of_each(channels, places.clone());
    let lasts = first_of_each(channels, places.rev());
    for ((channel, span), (first, last)) in spans.iter_mut().enumerate().zip(firsts.into_iter().zip(lasts)) {
        if channels >> channel & 1 == 1 {
            *span = Some(span.map_or((first, last), |known| (known.0.min(first), known.1.max(last))));
        }
    }
}

/// The first of `places` on each of these channels.
fn first_of_each(mut channels: u16, places: impl Iterator<Item = (u8, Place)>) -> [Place; 16] {
    let mut found = [(0, 0); 16];
    for (channel, place) in places {
        // One after the other they are met soon.
        if channels == 0 {
            break;
        }
        if channels >> channel & 1 == 1
            && let Some(found) = found.get_mut(usize::from(channel))
        {
            *found = place;
            channels &= !(1 << channel);
        }
    }
    found
}
