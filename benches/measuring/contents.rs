//! MIDI contents of the sizes that speed is promised for, the same on every machine: 10 to 120 KB, 28 KB on average, many
//! small and few large ones, as in collections.
//!
//! Makes bytes; writes none.

use loader::sample::{self, Damage};

/// Between which sizes they lie, in bytes.
pub(crate) const LEAST: u64 = 10_000;
pub(crate) const MOST: u64 = 120_000;

/// Another seed would give other music.
const SEED: u64 = 7;

/// One of so many is damaged, each kind in turn.
const DAMAGED: u64 = 50;

/// The size of a content: evenly drawn from 0 to 1, to the fifth power, from the least to the most.
fn size(index: u64) -> usize {
    // A step of the golden ratio spreads any number of indexes evenly; 20 bits of it are enough.
    let drawn = (index.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 44) + 1;
    let mut size = MOST - LEAST;
    for _ in 0..5 {
        size = (size * drawn) >> 20;
    }
    usize::try_from(LEAST + size).unwrap_or_default()
}

/// A file in order.
pub(crate) fn clean(index: u64) -> Vec<u8> {
    sample::midi(SEED, index, size(index))
}

/// A file with one kind of damage after which it still holds music.
pub(crate) fn damaged(index: u64) -> Vec<u8> {
    let kinds = Damage::ALL.iter().filter(|kind| kind.expectation() == sample::Expectation::Midi);
    let turn = usize::try_from(index).unwrap_or_default() % kinds.clone().count();
    match kinds.clone().nth(turn) {
        Some(kind) => kind.apply(clean(index), index),
        None => clean(index),
    }
}

/// A file of a collection: with its share of damage of every kind.
pub(crate) fn usual(index: u64) -> Vec<u8> {
    if !index.is_multiple_of(DAMAGED) {
        return clean(index);
    }
    let turn = usize::try_from(index / DAMAGED).unwrap_or_default() % Damage::ALL.len();
    match Damage::ALL.get(turn) {
        Some(kind) => kind.apply(clean(index), index),
        None => clean(index),
    }
}
