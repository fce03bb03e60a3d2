//! Keys as a name says them: `Am`, `F#m`, `A minor`, `Bbmaj`, `c-Moll`, and the bare tempo that stands beside one (`Am_120`).
//!
//! Letters are words before they are keys: "Am I Wrong", "Plan B". A key needs a mode in words, or a place of its own in
//! the name; `docs/decisions/0006-what-a-name-claims.md` has the rules.

use super::context::Context;
use super::gap::Gap;
use super::spelling::{Accidental, Mode, Note, camelot};
use super::words::{Role, Words};

/// What may stand between the note and the mode, as in `A natural minor`.
const SCALES: &[&str] = &["natural", "harmonic", "melodic"];

/// How a key is spelled, from what says least to what says most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// `8A`
    Camelot,
    /// `C`
    Letter,
    /// `F#`, `B flat`: major, as nothing else is said.
    Accidental,
    /// `Am`
    Short,
    /// `A minor`, `Cmaj`
    Worded,
}

/// Something that is spelled like a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spelled {
    /// The words it takes.
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) key: &'static str,
    pub(super) form: Form,
    pub(super) note: Note,
}

/// The key that the name claims; none where it claims two. A bare tempo beside it is added to `bpm`.
pub(super) fn claimed(words: &mut Words, bpm: &mut Option<f32>) -> Option<&'static str> {
    let mut best: Option<(Spelled, Context)> = None;
    let mut is_contradicted = false;
    for at in 0..words.count() {
        let Some(spelled) = spelled(words, at) else { continue };
        let context = Context::of(words, &spelled, bpm.is_some());
        if !context.is_key(words, &spelled) {
            continue;
        }
        match &best {
            Some((other, _)) if rank(other.form) > rank(spelled.form) => {}
            Some((other, _)) if rank(other.form) == rank(spelled.form) => {
                is_contradicted |= other.key != spelled.key;
            }
            _ => (best, is_contradicted) = (Some((spelled, context)), false),
        }
    }
    let (spelled, context) = best.filter(|_| !is_contradicted)?;
    if context.is_apart(words, &spelled) {
        words.give(context.introduced_from(words, &spelled)..=spelled.last, Role::Key);
    } else {
        words.give(spelled.first..=spelled.last, Role::Prose);
    }
    if let Some((at, tempo)) = context.tempo {
        words.give(at..=at, Role::Tempo);
        *bpm = Some(tempo);
    }
    Some(spelled.key)
}

/// Forms of one rank may contradict each other.
const fn rank(form: Form) -> u8 {
    match form {
        Form::Camelot | Form::Letter => 1,
        Form::Accidental | Form::Short => 2,
        Form::Worded => 3,
    }
}

/// What is spelled from this word on.
fn spelled(words: &Words, at: usize) -> Option<Spelled> {
    if !words.is_kept(at) {
        return None;
    }
    if words.is_number(at) {
        let key = camelot(words.number(at)?, words.text(at + 1))?;
        let (note, _) = Note::read(words.text(at + 1))?;
        let is_one = words.after(at) == Gap::JOINED && words.is_kept(at + 1);
        return is_one.then_some(Spelled { first: at, last: at + 1, key, form: Form::Camelot, note });
    }
    let text = words.text(at);
    // The longest is `Bflatminor`; most words end here.
    if text.len() > 12 || !matches!(text.bytes().next()?, b'A'..=b'H' | b'a'..=b'h') {
        return None;
    }
    in_german(words, at).or_else(|| in_english(words, at))
}

fn in_german(words: &Words, at: usize) -> Option<Spelled> {
    let text = words.text(at);
    let found = |note: Note, mode, last| {
        let key = note.key(mode)?;
        Some(Spelled { first: at, last, key, form: Form::Worded, note })
    };
    if let Some((mode, true)) = mode_behind(words, at) {
        return found(Note::read_german(text)?, mode, at + 1);
    }
    for length in [4, 3] {
        let Some((name, suffix)) =
            text.len().checked_sub(length).and_then(|start| text.split_at_checked(start))
        else {
            continue;
        };
        if let Some((mode, true)) = Mode::read(suffix) {
            return found(Note::read_german(name)?, mode, at);
        }
    }
    None
}

fn in_english(words: &Words, at: usize) -> Option<Spelled> {
    let (mut note, rest) = Note::read(words.text(at))?;
    let mut last = at;
    let (mode, form) = match rest {
        "" => {
            let accidental = Accidental::read(words.text(at + 1)).filter(|_| words.after(at).binds());
            if let Some(accidental) = accidental
                && note.accidental == Accidental::Natural
            {
                (note.accidental, last) = (accidental, at + 1);
            }
            if words.is_any(last + 1, SCALES)
                && mode_behind(words, last + 1).is_some()
                && words.after(last).binds()
            {
                last += 1;
            }
            if let Some((mode, _)) = mode_behind(words, last) {
                last += 1;
                (mode, Form::Worded)
            } else if note.accidental == Accidental::Natural {
                (Mode::Major, Form::Letter)
            } else {
                (Mode::Major, Form::Accidental)
            }
        }
        "m" if note.is_capital || note.has_sign => (Mode::Minor, Form::Short),
        rest => (Mode::read(rest)?.0, Form::Worded),
    };
    if note.letter == b'H' && form != Form::Worded {
        return None;
    }
    Some(Spelled { first: at, last, key: note.key(mode)?, form, note })
}

/// The mode in the word behind this one.
fn mode_behind(words: &Words, at: usize) -> Option<(Mode, bool)> {
    Mode::read(words.text(at + 1)).filter(|_| words.after(at).binds())
}
