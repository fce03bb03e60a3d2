//! The loops in the parts of a file: stretches after which a part begins to repeat itself.
//!
//! The idea is that of the loops of `GigaMIDI` (Lee et al. 2025) after the correlative matrix of Hsu, Liu and Chen (2001): what
//! begins together is a note set, and where the note sets from one bar line on are those from an earlier one on, a loop
//! lies between the two. Here each bar is compared with the few that a loop may lead to, from the last bar to the first,
//! so that the work grows with the notes and not with their square. `docs/decisions/0008-chords-and-loops.md` says where it differs.

use std::cmp::Reverse;

use super::bars::Bars;
use super::column;
use super::grid::POSITIONS;
use super::notes::{Note, Notes};

/// Notes of a part that are looked at, the first ones.
const MOST_NOTES: usize = 50_000;

/// Note sets that the repetition must have in common with the loop at least.
const LEAST_SETS: u32 = 4;

/// Steps for which they must agree at least: two quarter notes.
const LEAST_REPETITION: u64 = 2 * POSITIONS;

/// Steps of the shortest loop.
const SHORTEST: u64 = 4 * POSITIONS;

/// Steps of the longest loop.
const LONGEST: u64 = 32 * POSITIONS;

/// Bars with notes in the longest loop.
const MOST_BARS: usize = 32;

/// Steps for each of which a loop must have a note set at least, on average.
const SPARSEST: u64 = 2 * POSITIONS;

/// Notes of a part that begin together.
#[derive(Clone, Copy, Debug)]
struct NoteSet {
    /// The step at which they begin.
    at: u64,
    /// A bit for each key.
    keys: u128,
    /// Steps that the longest lasts; 0 for drums, whose lengths mean nothing.
    length: u64,
}

/// A bar in which notes of a part begin.
#[derive(Clone, Copy, Debug)]
struct Bar {
    /// Its first step.
    start: u64,
    /// Steps from there to the next bar in which notes begin; for the last of them more than there are.
    distance: u64,
    /// A hash of its note sets, counted from its first step.
    content: u64,
    /// The same of the first of them only.
    opening: u64,
    /// The place of that one.
    first: u32,
    /// How many there are.
    sets: u32,
}

/// A loop, with what tells it from others.
type Loop = (u64, Reverse<u32>, u64);

/// For each distance in bars, how many note sets from a bar on agree with those from the other bar on.
type Agreements = [u32; MOST_BARS];

/// Finds the loops of one file after another. Its buffers are used again.
#[derive(Debug)]
pub(in crate::midi) struct Loops {
    /// The note sets of each channel of a track, and how many notes made them.
    parts: [(Vec<NoteSet>, usize); 16],
    bars: Vec<Bar>,
    /// Of one part: a hash of how it begins, how many note sets of it are repeated, and its length in steps.
    found: Vec<Loop>,
    /// How many loops of each length there are, over all parts.
    lengths: Vec<u32>,
}

impl Default for Loops {
    fn default() -> Self {
        Self { parts: Default::default(), bars: Vec::new(), found: Vec::new(), lengths: vec![0; 1 + 32 * 24] }
    }
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::midi) struct Found {
    /// Loops in all parts.
    pub(in crate::midi) count: u32,
    /// The commonest length in quarter notes, the shorter where two are as common; none without loops.
    pub(in crate::midi) length: Option<f64>,
}

impl Loops {
    /// The loops in the parts of a file. A part is what one track plays on one channel.
    pub(in crate::midi) fn find(&mut self, notes: &Notes, bars: &Bars) -> Found {
        self.lengths.fill(0);
        for track in notes.tracks() {
            self.part(track.notes, bars);
            for channel in 0..self.parts.len() {
                let Some((part, _)) = self.parts.get_mut(channel) else { continue };
                let sets = std::mem::take(part);
                self.search(&sets, bars);
                if let Some((part, notes)) = self.parts.get_mut(channel) {
                    *part = sets;
                    part.clear();
                    *notes = 0;
                }
            }
        }
        let most = self.lengths.iter().copied().max().unwrap_or(0);
        let length =
            (0_u32..).zip(&self.lengths).find(|(_, count)| **count == most).map(|(length, _)| length);
        Found {
            count: self.lengths.iter().fold(0, |all, count| all.saturating_add(*count)),
            length: length.filter(|_| most > 0).map(|steps| f64::from(steps) / column::double(POSITIONS)),
        }
    }

    /// Puts the notes of a track into the note sets of its parts.
    fn part(&mut self, track: &[Note], bars: &Bars) {
        for note in track {
            let Some((sets, notes)) = self.parts.get_mut(usize::from(note.channel())) else { continue };
            *notes += 1;
            if *notes > MOST_NOTES {
                continue;
            }
            let at = bars.step(note.start());
            let length = if note.is_drum() { 0 } else { bars.step(u64::from(note.length())) };
            let keys = 1 << (note.key() & 0x7F);
            match sets.last_mut() {
                Some(set) if set.at == at => {
                    set.keys |= keys;
                    set.length = set.length.max(length);
                }
                _ => sets.push(NoteSet { at, keys, length }),
            }
        }
    }

    /// Counts the loops of a part by their lengths.
    fn search(&mut self, sets: &[NoteSet], bars: &Bars) {
        if sets.len() <= usize::try_from(LEAST_SETS).unwrap_or(0) {
            return;
        }
        self.divide(sets, bars);
        self.found.clear();
        // From the last bar to the first: what agrees from the next bar on is known when a bar is compared.
        let mut next: Agreements = [0; MOST_BARS];
        for number in (0..self.bars.len()).rev() {
            let mut agreements: Agreements = [0; MOST_BARS];
            let mut continues = [false; MOST_BARS];
            let Some([bar, behind @ ..]) = self.bars.get(number..) else { break };
            let within = behind.iter().take_while(|later| later.start - bar.start <= LONGEST);
            for (((later, next), agreement), continues) in
                within.zip(&next).zip(&mut agreements).zip(&mut continues)
            {
                if bar.opening == later.opening {
                    (*agreement, *continues) = compare(sets, bar, later, *next);
                }
            }
            // A repetition that only goes on from the bar before is no other loop.
            gather(sets, behind, &next, &continues, &mut self.found);
            next = agreements;
        }
        gather(sets, &self.bars, &next, &[false; MOST_BARS], &mut self.found);
        self.found.sort_unstable();
        self.found.dedup_by_key(|(beginning, ..)| *beginning);
        for (.., length) in &self.found {
            if let Some(count) = usize::try_from(*length).ok().and_then(|length| self.lengths.get_mut(length))
            {
                *count = count.saturating_add(1);
            }
        }
    }

    /// Divides a part into the bars in which notes begin.
    fn divide(&mut self, sets: &[NoteSet], bars: &Bars) {
        self.bars.clear();
        let mut end = 0;
        for (first, set) in (0..).zip(sets) {
            if set.at >= end {
                let bar = bars.at(set.at);
                end = bar.end;
                if let Some(before) = self.bars.last_mut() {
                    before.distance = bar.start - before.start;
                }
                let opening = mix(0, set, bar.start);
                let start = bar.start;
                self.bars.push(Bar { start, distance: u64::MAX, content: 0, opening, first, sets: 0 });
            }
            if let Some(bar) = self.bars.last_mut() {
                bar.content = mix(bar.content, set, bar.start);
                bar.sets += 1;
            }
        }
    }
}

/// How many note sets from a bar on agree with those from a later bar on, where `next` do from the bars behind them on; and
/// whether those agree as the continuation of these.
fn compare(sets: &[NoteSet], bar: &Bar, later: &Bar, next: u32) -> (u32, bool) {
    if bar.content == later.content {
        let goes_on = bar.distance == later.distance;
        return (bar.sets + if goes_on { next } else { 0 }, goes_on);
    }
    let of = |bar: &Bar| sets.iter().skip(place(bar.first)).take(place(bar.sets));
    let distance = later.start - bar.start;
    let agree = |(set, other): &(&NoteSet, &NoteSet)| {
        set.at + distance == other.at && set.keys == other.keys && set.length == other.length
    };
    (column::unsigned(of(bar).zip(of(later)).take_while(agree).count()), false)
}

/// Keeps the loops that begin at the first of these bars, where the agreements do not go on from the bar before.
fn gather(
    sets: &[NoteSet],
    bars: &[Bar],
    agreements: &Agreements,
    goes_on: &[bool; MOST_BARS],
    to: &mut Vec<Loop>,
) {
    let Some((bar, behind)) = bars.split_first() else { return };
    if agreements.iter().all(|agreement| *agreement < LEAST_SETS) {
        return;
    }
    let mut beginning = None;
    for ((later, agreement), goes_on) in behind.iter().zip(agreements).zip(goes_on) {
        let length = later.start - bar.start;
        if length > LONGEST {
            break;
        }
        if *goes_on || *agreement < LEAST_SETS || length < SHORTEST {
            continue;
        }
        let is_sparse = u64::from(later.first - bar.first) * SPARSEST < length;
        // They agree up to the first note set that only one of them has, or that differs.
        let until =
            |bar: &Bar| sets.get(place(bar.first + *agreement)).map_or(u64::MAX, |set| set.at - bar.start);
        if !is_sparse && until(bar).min(until(later)) >= LEAST_REPETITION {
            let beginning = *beginning.get_or_insert_with(|| hash_of_beginning(sets, bar));
            to.push((beginning, Reverse(*agreement), length));
        }
    }
}

/// A hash of the note sets that a repetition of this bar must have in common at least: loops that begin alike are one.
fn hash_of_beginning(sets: &[NoteSet], bar: &Bar) -> u64 {
    let from_bar = sets.iter().skip(place(bar.first));
    let is_needed =
        |(count, set): &(u32, &NoteSet)| *count < LEAST_SETS || set.at - bar.start < LEAST_REPETITION;
    (0..).zip(from_bar).take_while(is_needed).fold(0, |hash, (_, set)| mix(hash, set, bar.start))
}

/// Mixes a note set into a hash, its step counted from `start`.
#[inline]
fn mix(hash: u64, set: &NoteSet, start: u64) -> u64 {
    /// An odd number without a pattern: 2^64 divided by the golden ratio.
    const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
    let [low_keys, high_keys] = halves(set.keys);
    [set.at - start, low_keys, high_keys, set.length]
        .into_iter()
        .fold(hash, |hash, word| (hash.rotate_left(29) ^ word).wrapping_mul(ODD))
}

/// The lower and the upper half of a word.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the halves are what is asked for")]
const fn halves(word: u128) -> [u64; 2] {
    [word as u64, (word >> 64) as u64]
}

#[inline]
fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
