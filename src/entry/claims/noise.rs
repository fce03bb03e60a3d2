//! What collectors and programs add to names and is no part of a song's: track numbers, versions, formats, copyright.

use super::gap::Gap;
use super::words::{Role, Words};

/// What a format or a copy is called, in brackets or at the end of a name.
const FORMATS: &[&str] = &["karaoke", "kar", "midi", "mid", "copy", "kopie"];

/// Families of synthesizers: noise in capitals, or behind an underscore or hyphen.
const SYNTHESIZERS: &[&str] = &["GM", "GM2", "XG", "GS", "MT32"];

/// Words before the number of a version.
const VERSIONS: &[&str] = &["v", "ver", "vers", "version", "rev"];

/// Words before the number of a track.
const TRACKS: &[&str] = &["track", "trk", "no", "nr"];

/// Marks all of it.
pub(super) fn strike(words: &mut Words) {
    strike_numbers_between_dashes(words);
    strike_start(words);
    strike_brackets(words);
    strike_end(words);
}

/// The number of a track in front: `01 - `, `03_`, `A1. `, `Track 3 - `, `Copy of `.
fn strike_start(words: &mut Words) {
    let Some(first) = (0..words.count()).find(|at| words.is_kept(*at)) else { return };
    let gap = words.after(first);
    let digits = words.text(first);
    let last = if words.is_number(first) {
        is_track_number(words, first).then_some(first)
    } else if words.is_any(first, TRACKS) && words.is_number(first + 1) {
        let ends = words.after(first + 1).has(Gap::DASH.with(Gap::DOT).with(Gap::OTHER).with(Gap::CLOSE));
        ends.then_some(first + 1)
    } else if matches!(digits, "A" | "B" | "C" | "D") && gap == Gap::JOINED {
        // The side of a record.
        let is_side = words.is_number(first + 1)
            && words.text(first + 1).len() <= 2
            && words.after(first + 1).has(Gap::DOT)
            && !words.is_number(first + 2);
        is_side.then_some(first + 1)
    } else if words.is_any(first, &["copy", "kopie"]) && words.is_any(first + 1, &["of", "von"]) {
        Some(first + 1)
    } else {
        None
    };
    let Some(last) = last else { return };
    // A name of nothing else is left alone.
    if (last + 1..words.count()).any(|at| words.is_kept(at)) {
        words.give(first..=last, Role::Noise);
    }
}

/// Whether the number in front is that of a track, and not a part of the title as in "99 Luftballons".
fn is_track_number(words: &Words, at: usize) -> bool {
    let (digits, gap) = (words.text(at), words.after(at));
    let is_word_next = !words.is_number(at + 1);
    let has_zero = digits.starts_with('0') && digits.len() > 1;
    match digits.len() {
        1 | 2 if gap.has(Gap::CLOSE) => true,
        1..=3 if gap.has(Gap::DOT) => is_word_next,
        2..=3 if gap == Gap::HYPHEN => is_word_next,
        2..=3 => has_zero && is_word_next && digits != "007",
        4 => has_zero && is_word_next,
        _ => false,
    }
}

/// Numbers that stand alone before a dash: `01 - Artist`, `Artist - 03 - Title`.
fn strike_numbers_between_dashes(words: &mut Words) {
    for at in 0..words.count() {
        let ends = words.after(at).has(Gap::DASH);
        let is_part = ends && (at == 0 || words.before(at).has(Gap::DASH));
        let is_last = at + 1 == words.count();
        if is_part && !is_last && words.is_kept(at) && words.is_number(at) && words.text(at).len() <= 3 {
            words.give(at..=at, Role::Noise);
        }
    }
}

/// Brackets that hold nothing else: `(v2)`, `(2)`, `[1]`, `(Karaoke)`, `[GM]`; and `(c) 1997`.
fn strike_brackets(words: &mut Words) {
    let mut open = None;
    for at in 0..words.count() {
        if words.before(at).has(Gap::OPEN) {
            open = Some(at);
        }
        if !words.after(at).has(Gap::CLOSE) {
            continue;
        }
        let Some(first) = open.take() else { continue };
        if first == at && words.is(at, "c") && is_year(words, at + 1) {
            // The holder of the rights as well, but not the song behind a dash.
            let follows_title = (0..at).any(|word| words.is_kept(word));
            let ends = |word: &usize| words.after(*word).has(Gap::DASH.with(Gap::EDGE));
            let last = (at + 1..words.count()).find(ends).filter(|_| follows_title);
            words.give(at..=last.unwrap_or(at + 1), Role::Noise);
        } else if (first..=at).all(|word| is_noise_in_brackets(words, word)) {
            words.give(first..=at, Role::Noise);
        }
    }
}

fn is_noise_in_brackets(words: &Words, at: usize) -> bool {
    !words.is_kept(at)
        || (words.is_number(at) && words.text(at).len() <= 2)
        || words.is_any(at, VERSIONS)
        || words.is_any(at, FORMATS)
        || words.is_any(at, SYNTHESIZERS)
}

fn is_year(words: &Words, at: usize) -> bool {
    words.text(at).len() == 4 && words.number(at).is_some_and(|year| (1900..2100).contains(&year))
}

/// Versions and formats at the end, one after the other.
fn strike_end(words: &mut Words) {
    let mut end = words.count();
    while let Some(last) = end.checked_sub(1) {
        let first = if words.is_kept(last) { noise_that_ends_with(words, last) } else { Some(last) };
        let Some(first) = first else { return };
        // A name of nothing else is left alone.
        if !(0..first).any(|at| words.is_kept(at)) {
            return;
        }
        if words.is_kept(last) {
            words.give(first..=last, Role::Noise);
        }
        end = first;
    }
}

/// The first word of the noise that this word ends.
fn noise_that_ends_with(words: &Words, last: usize) -> Option<usize> {
    if words.is_number(last) {
        return version_that_ends_with(words, last);
    }
    let gap = words.before(last);
    let is_set_apart = gap.has(Gap::UNDERSCORE.with(Gap::HYPHEN).with(Gap::DASH));
    let text = words.text(last);
    // "The Copy" is a title.
    let is_sure = is_set_apart || gap.has(Gap::CLOSE) || text != "Copy" && text.len() > 3;
    let is_noise = words.is_any(last, FORMATS) && gap != Gap::JOINED && is_sure
        || words.is_any(last, SYNTHESIZERS) && (is_set_apart || gap.has(Gap::SPACE) && is_in_capitals(text))
        || text == "k" && gap == Gap::UNDERSCORE;
    is_noise.then_some(last)
}

/// `v2`, `v1.2`, `ver.3`, `version 2`, `© 1997`.
fn version_that_ends_with(words: &Words, last: usize) -> Option<usize> {
    let mut number = last;
    while words.gap_text(number) == "." && number.checked_sub(1).is_some_and(|at| words.is_number(at)) {
        number -= 1;
    }
    let word = number.checked_sub(1)?;
    if words.text(word) == "©" && is_year(words, last) {
        return Some(word);
    }
    let gap = words.before(number);
    // "Chapter V 2" has no version.
    let fits = gap == Gap::JOINED
        || gap == Gap::DOT
        || gap.has(Gap::SPACE.with(Gap::UNDERSCORE)) && !words.is(word, "v");
    (fits && words.is_any(word, VERSIONS) && words.before(word) != Gap::JOINED).then_some(word)
}

fn is_in_capitals(text: &str) -> bool {
    !text.bytes().any(|byte| byte.is_ascii_lowercase())
}
