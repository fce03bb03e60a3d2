//! Answers in the order of the jobs that found them, although these end in any order; and which of them repeat another.
//!
//! Keeps what comes too early; jobs are begun in order, so that is little. Of each content that the library does not have
//! it remembers where it was met first.

use std::collections::BTreeMap;
use std::collections::hash_map::{Entry, HashMap};
use std::sync::{Mutex, PoisonError};

use super::{Answer, Standing};
use crate::digest::Digest;
use crate::error::Result;

/// Hands answers on.
pub(super) struct InOrder<'a> {
    state: Mutex<State>,
    answered: &'a (dyn Fn(&[Answer]) -> Result<()> + Sync),
}

#[derive(Default)]
struct State {
    /// The job whose turn it is.
    turn: usize,
    /// Answers of later jobs, and whether these have ended.
    early: BTreeMap<usize, (Vec<Answer>, bool)>,
    /// Contents that the library does not have, and where each was met first.
    first: HashMap<Digest, String>,
    repeated: u64,
}

impl State {
    /// Tells of each answer whether its content was met before.
    fn compare(&mut self, answers: &mut [Answer]) {
        for answer in answers {
            let Some(digest) = answer.digest else { continue };
            if !matches!(answer.standing, Standing::New(_) | Standing::Near(_)) {
                continue;
            }
            match self.first.entry(digest) {
                Entry::Vacant(first) => _ = first.insert(answer.path.clone()),
                Entry::Occupied(first) => {
                    answer.repeats = Some(first.get().clone());
                    self.repeated += 1;
                }
            }
        }
    }
}

impl<'a> InOrder<'a> {
    pub(super) fn new(answered: &'a (dyn Fn(&[Answer]) -> Result<()> + Sync)) -> Self {
        Self { state: Mutex::default(), answered }
    }

    /// Answers of a job, and whether they are its last.
    ///
    /// # Errors
    /// What the receiver says.
    pub(super) fn deliver(&self, job: usize, answers: Vec<Answer>, is_last: bool) -> Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if job != state.turn {
            let (early, ended) = state.early.entry(job).or_default();
            early.extend(answers);
            *ended |= is_last;
            return Ok(());
        }
        self.hand_on(&mut state, answers)?;
        let mut ended = is_last;
        while ended {
            state.turn += 1;
            let turn = state.turn;
            let Some((answers, is_last)) = state.early.remove(&turn) else { break };
            self.hand_on(&mut state, answers)?;
            ended = is_last;
        }
        Ok(())
    }

    /// How many answers repeat another.
    pub(super) fn repeated(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).repeated
    }

    fn hand_on(&self, state: &mut State, mut answers: Vec<Answer>) -> Result<()> {
        state.compare(&mut answers);
        if answers.is_empty() { Ok(()) } else { (self.answered)(&answers) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reject::{Reason, Refusal};

    #[test]
    fn whatever_ends_first() {
        let heard = Mutex::new(Vec::new());
        let answered = |answers: &[Answer]| {
            heard.lock().unwrap().extend(answers.iter().map(|answer| answer.path.clone()));
            Ok(())
        };
        let order = InOrder::new(&answered);
        let answer = |path: &str| {
            vec![Answer { path: path.to_owned(), digest: None, standing: Standing::New(None), repeats: None }]
        };
        for (job, path, is_last) in
            [(2, "2a", false), (1, "1", true), (0, "0a", false), (2, "2b", false), (0, "0b", true)]
        {
            order.deliver(job, answer(path), is_last).unwrap();
        }
        order.deliver(3, answer("3"), true).unwrap();
        assert_eq!(*heard.lock().unwrap(), ["0a", "0b", "1", "2a", "2b"]);
        order.deliver(2, Vec::new(), true).unwrap();
        assert_eq!(heard.lock().unwrap().last().unwrap(), "3");
    }

    /// By the order of the paths, not by that in which they are read.
    #[test]
    fn the_second_repeats_the_first() {
        let heard = Mutex::new(Vec::new());
        let answered = |answers: &[Answer]| {
            heard
                .lock()
                .unwrap()
                .extend(answers.iter().map(|answer| (answer.path.clone(), answer.repeats.clone())));
            Ok(())
        };
        let order = InOrder::new(&answered);
        let answer = |path: &str, content: &[u8], standing| {
            vec![Answer { path: path.to_owned(), digest: Some(Digest::of(content)), standing, repeats: None }]
        };
        order.deliver(1, answer("b", b"same", Standing::New(None)), true).unwrap();
        order.deliver(0, answer("a", b"same", Standing::New(None)), true).unwrap();
        order.deliver(2, answer("c", b"other", Standing::New(None)), false).unwrap();
        let refused = Standing::Refused(Refusal::new(Reason::IoError, "bad"));
        order.deliver(2, answer("d", b"same", refused), false).unwrap();
        order.deliver(2, answer("e", b"same", Standing::New(None)), true).unwrap();
        let repeats = |path: &str, first: Option<&str>| (path.to_owned(), first.map(str::to_owned));
        let expected = [
            repeats("a", None),
            repeats("b", Some("a")),
            repeats("c", None),
            repeats("d", None),
            repeats("e", Some("a")),
        ];
        assert_eq!(*heard.lock().unwrap(), expected);
        assert_eq!(order.repeated(), 2);
    }
}
