//! Answers in the order of the jobs that found them, although these end in any order.
//!
//! Keeps what comes too early; jobs are begun in order, so that is little.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::Answer;
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
        self.hand_on(&answers)?;
        let mut ended = is_last;
        while ended {
            state.turn += 1;
            let turn = state.turn;
            let Some((answers, is_last)) = state.early.remove(&turn) else { break };
            self.hand_on(&answers)?;
            ended = is_last;
        }
        Ok(())
    }

    fn hand_on(&self, answers: &[Answer]) -> Result<()> {
        if answers.is_empty() { Ok(()) } else { (self.answered)(answers) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Standing;

    #[test]
    fn whatever_ends_first() {
        let heard = Mutex::new(Vec::new());
        let answered = |answers: &[Answer]| {
            heard.lock().unwrap().extend(answers.iter().map(|answer| answer.path.clone()));
            Ok(())
        };
        let order = InOrder::new(&answered);
        let answer =
            |path: &str| vec![Answer { path: path.to_owned(), digest: None, standing: Standing::New(None) }];
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
}
