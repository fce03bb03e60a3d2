//! The chords of a file, one for each change.
//!
//! Templates are laid over the pitch classes that sound in each beat (Fujishima 1999), weighted by how long they do; the root in
//! the bass counts for a chord; and the sequence is taken that fits best over the whole file, where each change costs
//! something, least on a bar line (the best path of Viterbi 1967, as the segmentation of Pardo and Birmingham 2002). Fits are
//! integers, so that every machine finds the same. What it costs grows with the notes and with the beats, never with their
//! product: `docs/decisions/0008-chords-and-loops.md`.

mod beats;
mod cover;
mod name;

use self::beats::{Beats, Place};
use self::cover::Cover;
use super::bars::Bars;
use super::notes::Note;

/// Chords that are listed.
const MOST_CHORDS: usize = 256;

/// Chords that are told apart: twelve roots of ten kinds.
const CHORDS: usize = 12 * KINDS.len();

/// The place of "no chord" among the fits.
const NO_CHORD: usize = CHORDS;

/// Places for fits: the chords, "no chord" and some that are never taken, so that the rows fill whole registers.
const PLACES: usize = CHORDS + 8;

/// How well the chords fit, by kind, then root. In 16 bits eight of them are reckoned at once.
type Fits = [i16; PLACES];

/// The fit of all that sounds in a beat to a triad that holds all of it; kinds that hold more, or are rarer, weigh less.
const WHOLE: i16 = 1_000;

/// The fit of "no chord", whatever sounds: chords that hold less than this share of a beat are not believed.
const FIT_OF_NONE: i16 = 400;

/// What the root in the bass adds to the weight of a chord.
const WEIGHT_OF_BASS: i16 = 150;

/// A place that is never taken.
const NEVER: i16 = i16::MIN;

/// A kind of chord: the semitones of its tones above the root, and what it weighs against [`WHOLE`].
struct Kind {
    third: usize,
    fifth: usize,
    seventh: Option<usize>,
    weight: i16,
}

/// In the order in which they win where they fit alike.
///
/// Four tones hold at least what three hold: against that their weight is √3/2, as in the cosine between a template and what
/// sounds. The weights of the rarer kinds are from trials on the Nottingham set.
const KINDS: [Kind; 10] = [
    Kind { third: 4, fifth: 7, seventh: None, weight: WHOLE },
    Kind { third: 3, fifth: 7, seventh: None, weight: WHOLE },
    Kind { third: 3, fifth: 6, seventh: None, weight: 900 },
    Kind { third: 4, fifth: 8, seventh: None, weight: 820 },
    Kind { third: 5, fifth: 7, seventh: None, weight: 900 },
    Kind { third: 4, fifth: 7, seventh: Some(10), weight: 866 },
    Kind { third: 4, fifth: 7, seventh: Some(11), weight: 866 },
    Kind { third: 3, fifth: 7, seventh: Some(10), weight: 866 },
    Kind { third: 3, fifth: 6, seventh: Some(10), weight: 820 },
    Kind { third: 3, fifth: 6, seventh: Some(9), weight: 820 },
];

/// What it costs to begin another chord at this place.
const fn cost_of_change(place: Place) -> i16 {
    match place {
        Place::Line => 150,
        Place::Middle => 200,
        Place::Within => 400,
    }
}

/// A chord that ended: which, and what ended before it.
#[derive(Clone, Copy, Debug)]
struct Ended {
    chord: u8,
    before: u16,
}

/// Nothing ended before. No beat has this number.
const FIRST: u16 = u16::MAX;

/// Finds the chords of one file after another. Its buffers are used again, and hold no more than the most beats.
#[derive(Debug, Default)]
pub(in crate::midi) struct Chords {
    beats: Beats,
    cover: Cover,
    /// For each beat but the first, the chord that is best before it.
    ended: Vec<Ended>,
}

impl Chords {
    /// The chords of these notes in order, by name, at most 256. Where too little sounds, `N`; not at the beginning and the end.
    pub(in crate::midi) fn find(&mut self, notes: &[Note], bars: &Bars) -> Vec<String> {
        let Some(lowest) = notes.iter().filter(|note| !note.is_drum()).map(|note| note.key()).min() else {
            return Vec::new();
        };
        // Roots are counted from the lowest key: a transposed file then decides alike where two chords fit alike.
        let tonic = usize::from(lowest % 12);
        self.cover.lay(notes, bars, &mut self.beats);
        if self.beats.count() == 0 {
            return Vec::new();
        }
        let last = self.walk(tonic);
        let mut chords = self.trace(last);
        let is_chord = |chord: &u8| usize::from(*chord) != NO_CHORD;
        chords.truncate(chords.iter().rposition(is_chord).map_or(0, |last| last + 1));
        let heard = chords.iter().skip_while(|chord| !is_chord(chord)).take(MOST_CHORDS);
        heard.map(|chord| name::of(usize::from(*chord), tonic)).collect()
    }

    /// Goes through the beats and keeps which chord is best before each; gives the last of the best sequence.
    fn walk(&mut self, tonic: usize) -> Ended {
        let mut best: Fits = [NEVER; PLACES];
        best[..=NO_CHORD].fill(0);
        let mut before = [FIRST; PLACES];
        self.ended.clear();
        for ((width, place), (weights, bass)) in self.beats.each().zip(self.cover.each()) {
            let (chord, most) = highest(&best);
            let changed = most - cost_of_change(place);
            // The first beat is no change: all are as good before it.
            let number = u16::try_from(self.ended.len()).unwrap_or(FIRST);
            self.ended
                .push(Ended { chord, before: before.get(usize::from(chord)).copied().unwrap_or(FIRST) });
            let fits = fits(weights, *bass, width, tonic);
            for ((best, before), fit) in best.iter_mut().zip(&mut before).zip(fits) {
                *before = if *best < changed { number } else { *before };
                // Counted from the best, so that the numbers stay small.
                *best = (*best).max(changed) - most + fit;
            }
            best[NO_CHORD + 1..].fill(NEVER);
        }
        let (chord, _) = highest(&best);
        Ended { chord, before: before.get(usize::from(chord)).copied().unwrap_or(FIRST) }
    }

    /// The sequence that ends so, in order.
    fn trace(&self, last: Ended) -> Vec<u8> {
        let mut chords = vec![last.chord];
        let mut before = last.before;
        while let Some(ended) = self.ended.get(usize::from(before)) {
            chords.push(ended.chord);
            before = ended.before;
        }
        chords.reverse();
        chords
    }
}

/// The place of the best fit, the first of several.
fn highest(fits: &Fits) -> (u8, i16) {
    let most = fits.iter().copied().fold(NEVER, i16::max);
    let place = fits.iter().position(|fit| *fit == most).unwrap_or(NO_CHORD);
    (u8::try_from(place).unwrap_or(u8::MAX), most)
}

/// How well each chord fits what sounds in a beat of this many steps: steps by pitch class, and the key in the bass.
fn fits(weights: &[u32; 12], bass: Option<u8>, width: u64, tonic: usize) -> Fits {
    // Where notes fill less than the beat, the rest of it is silence.
    let all = weights.iter().map(|weight| u64::from(*weight)).sum::<u64>().max(width).max(1);
    let reciprocal = (1 << 48) / all;
    // Shares of 2^12, from the tonic on and twice over, so that a tone above the root needs no division.
    let mut shares = [0_i16; 24];
    let turned = weights.iter().skip(tonic).chain(weights);
    let (once, again) = shares.split_at_mut(12);
    for ((once, again), weight) in once.iter_mut().zip(again).zip(turned) {
        *once = i16::try_from((u64::from(*weight) * reciprocal) >> 36).unwrap_or(0);
        *again = *once;
    }
    let mut in_bass = [0; 12];
    let root = bass.map(|bass| (usize::from(bass) + 12 - tonic) % 12);
    if let Some(weight) = root.and_then(|root| in_bass.get_mut(root)) {
        *weight = WEIGHT_OF_BASS;
    }
    let mut fits: Fits = [0; PLACES];
    fits[NO_CHORD] = FIT_OF_NONE;
    let (rows, _) = fits.as_chunks_mut::<12>();
    for (kind, row) in KINDS.iter().zip(rows) {
        let held = match kind.seventh {
            Some(seventh) => {
                sum(&[&shares, from(&shares, kind.third), from(&shares, kind.fifth), from(&shares, seventh)])
            }
            None => sum(&[&shares, from(&shares, kind.third), from(&shares, kind.fifth)]),
        };
        for ((fit, held), in_bass) in row.iter_mut().zip(held).zip(in_bass) {
            *fit = of_whole(held, kind.weight + in_bass);
        }
    }
    fits
}

/// The shares from a semitone on.
#[inline]
fn from(shares: &[i16; 24], semitone: usize) -> &[i16] {
    shares.get(semitone..).unwrap_or_default()
}

/// The sums of twelve shares each.
#[inline]
fn sum<const TONES: usize>(tones: &[&[i16]; TONES]) -> [i16; 12] {
    let mut sums = [0; 12];
    for tone in tones.iter().filter_map(|tone| tone.first_chunk::<12>()) {
        sums.iter_mut().zip(tone).for_each(|(sum, share)| *sum += share);
    }
    sums
}

/// A share of 2^12 of this weight.
#[inline]
fn of_whole(share: i16, weight: i16) -> i16 {
    ((i32::from(share) * i32::from(weight << 4)) >> 16) as i16
}

#[cfg(test)]
mod tests;
