//! The key that a name claims, and the bare tempo that stands beside one (`Am_120`).
//!
//! Letters are words before they are keys: "Am I Wrong", "Plan B". A key needs a mode in words, or a place of its own in
//! the name; `docs/decisions/0006-what-a-name-claims.md` has the rules.

use super::context::Context;
use super::spelled::{Form, Spelled};
use super::words::{Role, Words};

/// The key that the name claims; none where it claims two. A bare tempo beside it is added to `bpm`.
pub(super) fn claimed(words: &mut Words, bpm: &mut Option<f32>) -> Option<&'static str> {
    let mut best: Option<(Spelled, Context)> = None;
    let mut is_contradicted = false;
    for at in 0..words.count() {
        let Some(spelled) = Spelled::read(words, at) else { continue };
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
