//! What is spelled like a key: `Am`, `F#m`, `A minor`, `Bbmaj`, `c-Moll`, `8A`.
//!
//! Whether a key is meant is asked in [`super::context`].

use super::gap::Gap;
use super::spelling::{Accidental, Mode, Note, camelot};
use super::words::Words;

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

impl Spelled {
    /// What is spelled from this word on.
    pub(super) fn read(words: &Words, at: usize) -> Option<Self> {
        if !words.is_kept(at) {
            return None;
        }
        if words.is_number(at) {
            let key = camelot(words.number(at)?, words.text(at + 1))?;
            let (note, _) = Note::read(words.text(at + 1))?;
            let is_one = words.after(at) == Gap::JOINED && words.is_kept(at + 1);
            return is_one.then_some(Self { first: at, last: at + 1, key, form: Form::Camelot, note });
        }
        let text = words.text(at);
        // The longest is `Bflatminor`; most words end here.
        if text.len() > 12 || !matches!(text.bytes().next()?, b'A'..=b'H' | b'a'..=b'h') {
            return None;
        }
        in_german(words, at).or_else(|| in_english(words, at))
    }
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
