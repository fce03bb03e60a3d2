//! Beats per minute as a name says them: `120bpm`, `BPM 120`, `tempo_96`, `127,5 bpm`.
//!
//! A bare number beside a key is the key's affair.

use std::ops::RangeInclusive;

use super::gap::Gap;
use super::words::{Role, Words};

/// Tempos that are believed.
const PLAUSIBLE: RangeInclusive<f32> = 20.0..=400.0;

/// A number of bpm from here on may be the lower end of a range, `120-124bpm`.
const LOWEST_OF_A_RANGE: f32 = 60.0;

/// The tempo that the name claims; none where it claims two.
pub(super) fn claimed(words: &mut Words) -> Option<f32> {
    let mut claimed = None;
    for at in 0..words.count() {
        let found = if words.is(at, "bpm") {
            beside_bpm(words, at)
        } else if words.is(at, "tempo") {
            let gap = words.after(at);
            let fits = gap == Gap::JOINED || gap.has(Gap::OTHER) || gap.binds();
            number_from(words, at + 1).filter(|_| fits)
        } else {
            continue;
        };
        let Some((bpm, span)) = found else { continue };
        if claimed.is_some_and(|other: f32| other.to_bits() != bpm.to_bits()) {
            words.take_back(Role::Tempo);
            return None;
        }
        claimed = Some(bpm);
        words.give(at.min(*span.start())..=at.max(*span.end()), Role::Tempo);
    }
    claimed
}

/// The number before or behind `bpm`, and the words it takes. What is joined to it goes first.
fn beside_bpm(words: &Words, at: usize) -> Option<(f32, RangeInclusive<usize>)> {
    let behind = number_from(words, at + 1);
    if words.after(at) == Gap::JOINED && behind.is_some() {
        return behind;
    }
    let gap = words.before(at);
    let before = at.checked_sub(1).filter(|_| gap == Gap::JOINED || gap.binds());
    let before = before.and_then(|last| number_to(words, last));
    before.or_else(|| behind.filter(|_| words.after(at).binds() || words.after(at).has(Gap::OTHER)))
}

/// The number that ends with this word.
fn number_to(words: &Words, last: usize) -> Option<(f32, RangeInclusive<usize>)> {
    let first = last.checked_sub(1);
    if let Some(first) = first
        && let Some(bpm) = decimal(words, first)
    {
        return Some((bpm, first..=last));
    }
    let bpm = whole(words, last)?;
    let lower = first.filter(|_| words.gap_text(last) == "-").and_then(|first| whole(words, first));
    let is_range = lower.is_some_and(|lower| lower >= LOWEST_OF_A_RANGE && lower < bpm);
    (!is_range).then_some((bpm, last..=last))
}

/// The number that begins with this word. One that a word follows without a gap is none (`80s`).
fn number_from(words: &Words, first: usize) -> Option<(f32, RangeInclusive<usize>)> {
    let ends = |last: usize| words.after(last) != Gap::JOINED;
    if let Some(bpm) = decimal(words, first)
        && ends(first + 1)
    {
        return Some((bpm, first..=first + 1));
    }
    whole(words, first).filter(|_| ends(first)).map(|bpm| (bpm, first..=first))
}

/// A tempo in whole beats.
fn whole(words: &Words, at: usize) -> Option<f32> {
    let bpm = words.number(at).filter(|_| words.text(at).len() <= 3).map(f32::from)?;
    PLAUSIBLE.contains(&bpm).then_some(bpm)
}

/// A tempo whose fraction is the word behind this one.
fn decimal(words: &Words, at: usize) -> Option<f32> {
    let (whole, fraction) = (words.text(at), words.text(at + 1));
    let point = matches!(words.gap_text(at + 1), "." | ",") && words.is_number(at + 1);
    if !point || whole.len() > 3 || whole.starts_with('0') {
        return None;
    }
    let scale = match fraction.len() {
        1 => 10.0,
        2 => 100.0,
        3 => 1_000.0,
        _ => return None,
    };
    // Both are small whole numbers: exact until the division.
    let bpm = (f32::from(words.number(at)?) * scale + f32::from(words.number(at + 1)?)) / scale;
    PLAUSIBLE.contains(&bpm).then_some(bpm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tempos() {
        for (name, expected) in [
            ("120bpm", Some(120.0)),
            ("120 BPM", Some(120.0)),
            ("120-bpm", Some(120.0)),
            ("bpm120", Some(120.0)),
            ("BPM_96", Some(96.0)),
            ("bpm=96", Some(96.0)),
            ("02_bpm120", Some(120.0)),
            ("100_bpm120", Some(120.0)),
            ("tempo_96", Some(96.0)),
            ("Tempo 96", Some(96.0)),
            ("127.5bpm", Some(127.5)),
            ("127,3 bpm", Some(127.3)),
            ("bpm127.25", Some(127.25)),
            ("01.120bpm", Some(120.0)),
            ("12.120bpm", Some(120.0)),
            ("090bpm", Some(90.0)),
            ("120bpm 120 BPM", Some(120.0)),
            ("120bpm 140bpm", None),
            ("120-124bpm", None),
            ("999bpm", None),
            ("1200bpm", None),
            ("19bpm", None),
            ("bpm", None),
            ("Up Tempo 80s", None),
            ("Tempo di Valse", None),
            ("Tempo 2", None),
            ("120 ebpm", None),
        ] {
            assert_eq!(claimed(&mut Words::cut(name)), expected, "{name}");
        }
    }
}
