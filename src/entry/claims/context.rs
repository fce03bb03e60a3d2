//! Whether what is spelled like a key is meant as one: by what stands around it.

use std::ops::RangeInclusive;

use super::gap::Gap;
use super::spelled::{Form, Spelled};
use super::spelling::{Accidental, Mode, Note};
use super::vocabulary::{CATALOGUES, LETTERED, NUMBERED, PARTS, PIECES};
use super::words::{Role, Words};

/// Bare numbers that are believed to be tempos.
const BARE_TEMPOS: RangeInclusive<u16> = 60..=200;

/// Words back to a piece's name, as in "Prelude and Fugue No. 1 in C".
const REACH: usize = 8;

/// What stands around something that is spelled like a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    before: Gap,
    after: Gap,
    /// A claim stands before or behind it.
    follows_claim: bool,
    precedes_claim: bool,
    /// The name says its tempo or its bars, or has a bare number that may be the tempo.
    is_of_a_loop: bool,
    /// "in", "key of" or the like before it.
    introduction: Option<Introduction>,
    /// A bare number beside it that may be the tempo, and where it is.
    pub(super) tempo: Option<(usize, f32)>,
}

/// The words that announce a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Introduction {
    /// "in"
    In,
    /// "key", and whether "of" follows.
    Key { of: bool },
    /// "Camelot"
    Camelot,
}

impl Context {
    pub(super) fn of(words: &Words, spelled: &Spelled, has_bpm: bool) -> Self {
        let is_claim = |at| words.role(at) != Role::Kept;
        let previous = spelled.first.checked_sub(1);
        let mut context = Self {
            before: words.before(spelled.first),
            after: words.after(spelled.last),
            follows_claim: previous.is_some_and(is_claim),
            precedes_claim: is_claim(spelled.last + 1),
            is_of_a_loop: (0..words.count()).any(is_claim),
            introduction: previous.and_then(|at| Introduction::read(words, at)),
            tempo: None,
        };
        if !has_bpm && !matches!(spelled.form, Form::Letter | Form::Camelot) {
            context.tempo = context.tempo_beside(words, spelled);
            context.is_of_a_loop |= context.tempo.is_some();
        }
        context
    }

    /// Whether a key is meant.
    pub(super) fn is_key(&self, words: &Words, spelled: &Spelled) -> bool {
        if self.is_part_of_a_word(words, spelled) || is_in_a_row(words, spelled) {
            return false;
        }
        let beside_claim = self.follows_claim || self.precedes_claim || self.tempo.is_some();
        let is_field = self.is_edge_before() && self.is_edge_after();
        let is_firm_field = self.is_firm_before(words) && self.is_firm_after(words);
        let introduced = self.introduction.is_some();
        match spelled.form {
            Form::Worded => {
                // "a minor" at the end of a piece's name.
                let is_of_a_piece =
                    || follows_words(words, spelled, PIECES) || follows_words(words, spelled, CATALOGUES);
                let is_last = || {
                    spelled.first != spelled.last
                        && self.ends_phrase(words, spelled)
                        && (spelled.note.is_capital || is_of_a_piece())
                };
                !is_doubtful(words, spelled) || self.is_of_a_loop || introduced || is_firm_field || is_last()
            }
            Form::Short => {
                // What may be English, or the name of a format.
                let is_word = matches!(words.text(spelled.first), "Am" | "Em" | "Fm" | "Gm");
                spelled.note.accidental != Accidental::Natural
                    || introduced
                    || beside_claim && !follows_pronoun(words, spelled)
                    || is_firm_field
                    || is_field && (!is_word || self.is_of_a_loop && !follows_pronoun(words, spelled))
                    || is_field && is_beside_a_part(words, spelled)
            }
            Form::Accidental => {
                introduced && self.ends_phrase(words, spelled)
                    || is_firm_field
                    || spelled.first == spelled.last
                        && (beside_claim || is_field && (spelled.note.has_sign || self.is_of_a_loop))
            }
            Form::Letter => spelled.note.is_capital && self.is_key_letter(words, spelled),
            Form::Camelot => {
                self.introduction == Some(Introduction::Camelot) || self.is_of_a_loop && is_field
            }
        }
    }

    /// Whether a letter alone is a key: as a field beside a claim, or in the name of a piece ("Minuet in G").
    fn is_key_letter(&self, words: &Words, spelled: &Spelled) -> bool {
        match self.introduction {
            Some(Introduction::Key { of: true }) => return self.ends_phrase(words, spelled),
            Some(Introduction::In) => {
                return follows_words(words, spelled, PIECES) && self.ends_phrase(words, spelled);
            }
            _ => {}
        }
        let is_lettered = spelled.first.checked_sub(1).is_some_and(|at| words.is_any(at, LETTERED));
        // "A" and, in other languages, "E" begin phrases.
        let is_article = matches!(spelled.note.letter, b'A' | b'E') && !self.is_firm_after(words);
        let is_beside_claim = self.follows_claim || self.precedes_claim;
        let is_firm = self.is_firm_before(words) && self.is_firm_after(words);
        self.is_of_a_loop
            && self.is_edge_before()
            && self.is_edge_after()
            && (is_beside_claim || is_firm)
            && !is_lettered
            && !is_article
    }

    /// Whether it stands apart from the title, which then goes without it.
    pub(super) fn is_apart(&self, words: &Words, spelled: &Spelled) -> bool {
        let is_field = self.is_edge_before() && self.is_edge_after();
        match self.introduction {
            Some(Introduction::In) => false,
            // "in the key of C"
            Some(_) => {
                !self.introduced_from(words, spelled).checked_sub(1).is_some_and(|at| words.is(at, "the"))
            }
            None if self.follows_claim || self.precedes_claim || self.tempo.is_some() => true,
            None if self.is_firm_before(words) && self.is_firm_after(words) => true,
            None => is_field && (self.is_of_a_loop || spelled.first == spelled.last),
        }
    }

    /// The first word of what announces the key, or of the key itself.
    pub(super) fn introduced_from(&self, words: &Words, spelled: &Spelled) -> usize {
        let words_before = match self.introduction {
            Some(Introduction::Key { of: true }) if words.is(spelled.first.saturating_sub(2), "key") => 2,
            Some(Introduction::Key { .. } | Introduction::Camelot) => 1,
            Some(Introduction::In) | None => 0,
        };
        spelled.first.saturating_sub(words_before)
    }

    fn is_edge_before(&self) -> bool {
        self.follows_claim || self.before.is_strong() || self.tempo.is_some()
    }

    fn is_edge_after(&self) -> bool {
        self.precedes_claim || self.after.is_strong() || self.tempo.is_some()
    }

    fn is_firm_before(&self, words: &Words) -> bool {
        self.follows_claim || words.is_firm(self.before)
    }

    fn is_firm_after(&self, words: &Words) -> bool {
        self.precedes_claim || words.is_firm(self.after)
    }

    /// Whether the phrase ends with it, but for the number of the piece.
    fn ends_phrase(&self, words: &Words, spelled: &Spelled) -> bool {
        let next = spelled.last + 1;
        self.is_firm_after(words) || words.is_number(next) || words.is_any(next, CATALOGUES)
    }

    /// A chord such as `Am7`, or the end of something longer.
    fn is_part_of_a_word(&self, words: &Words, spelled: &Spelled) -> bool {
        let is_tempo = |at| self.tempo.is_some_and(|(tempo, _)| tempo == at);
        let is_cut = |gap: Gap, is_claim: bool, at: usize| gap == Gap::JOINED && !is_claim && !is_tempo(at);
        let first = spelled.first;
        first > 0 && is_cut(self.before, self.follows_claim, first - 1)
            || is_cut(self.after, self.precedes_claim, spelled.last + 1) && spelled.last + 1 < words.count()
    }

    /// A bare number beside it, which together with it is a field or two.
    fn tempo_beside(&self, words: &Words, spelled: &Spelled) -> Option<(usize, f32)> {
        let number = |at: usize| {
            let digits = words.text(at).len();
            words.number(at).filter(|bpm| (2..=3).contains(&digits) && BARE_TEMPOS.contains(bpm))
        };
        // `gap` is what stands between key and number, `outer` behind the number, `other` on the key's other side.
        let fits = |gap: Gap, outer: Gap, other: Gap| {
            (gap == Gap::JOINED || gap.has(Gap::SPACE) || gap.is_strong())
                && outer.is_strong()
                && (other.is_strong() || self.follows_claim || self.precedes_claim)
        };
        let behind = spelled.last + 1;
        if let Some(bpm) = number(behind)
            && fits(self.after, words.after(behind), self.before)
        {
            return Some((behind, f32::from(bpm)));
        }
        let before = spelled.first.checked_sub(1)?;
        let is_numbered = before.checked_sub(1).is_some_and(|at| words.is_any(at, NUMBERED));
        let bpm = number(before).filter(|_| !is_numbered)?;
        fits(self.before, words.before(before), self.after).then_some((before, f32::from(bpm)))
    }
}

impl Introduction {
    fn read(words: &Words, at: usize) -> Option<Self> {
        let before_is_key = at.checked_sub(1).is_some_and(|before| words.is(before, "key"));
        if words.is(at, "in") {
            Some(Self::In)
        } else if words.is(at, "key") {
            Some(Self::Key { of: false })
        } else if words.is(at, "of") && before_is_key {
            Some(Self::Key { of: true })
        } else if words.is(at, "camelot") {
            Some(Self::Camelot)
        } else {
            None
        }
    }
}

/// Words that are more often something else: "A Minor Incident", Idi Amin, Italian "e maj…".
fn is_doubtful(words: &Words, spelled: &Spelled) -> bool {
    let text = words.text(spelled.first);
    if spelled.first == spelled.last {
        return text.eq_ignore_ascii_case("amin") || text.eq_ignore_ascii_case("emin");
    }
    let gap = words.after(spelled.first);
    let is_spaced = gap == Gap::SPACE || gap == words.joiner();
    let is_article = spelled.note.letter == b'A' && spelled.note.accidental == Accidental::Natural;
    let is_short = words.text(spelled.last).len() == 3 && !spelled.note.is_capital;
    is_spaced && (is_article || is_short)
}

/// Whether one of these words stands not far before it.
fn follows_words(words: &Words, spelled: &Spelled, list: &[&str]) -> bool {
    let start = spelled.first.saturating_sub(REACH);
    (start..spelled.first).any(|at| words.is_any(at, list))
}

/// "I Am", "Who Am I".
fn follows_pronoun(words: &Words, spelled: &Spelled) -> bool {
    let is_word = matches!(words.text(spelled.first), "Am" | "Em");
    let previous = spelled.first.checked_sub(1);
    is_word
        && (previous.is_some_and(|at| words.is_any(at, &["i", "who", "what", "where"]))
            || words.is(spelled.last + 1, "i"))
}

/// Whether the words beside it name a part, as in `Melody_Am`.
fn is_beside_a_part(words: &Words, spelled: &Spelled) -> bool {
    let is_part = |at| words.is_any(at, PARTS);
    spelled.first.checked_sub(1).is_some_and(is_part) || is_part(spelled.last + 1)
}

/// Whether chords stand beside it: `Am-F-C-G` is a progression.
fn is_in_a_row(words: &Words, spelled: &Spelled) -> bool {
    let is_chord = |at: usize| {
        words.is_kept(at)
            && Note::read(words.text(at)).is_some_and(|(note, rest)| {
                note.is_capital
                    && (rest.is_empty() || rest == "m")
                    && Mode::read(words.text(at + 1)).is_none()
            })
    };
    let after = words.after(spelled.last);
    let before = spelled.first.checked_sub(1).filter(|_| words.before(spelled.first).is_strong());
    spelled.form < Form::Worded
        && (before.is_some_and(is_chord) || after.is_strong() && is_chord(spelled.last + 1))
}
