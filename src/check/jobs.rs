//! What there is to read, cut into jobs as threads ask for them: a walk in the order of the paths, which has the library asked
//! what it knows of what it meets, and goes on while that is answered.
//!
//! Lists and stats; opens nothing. Holds what is walked ahead, never all there is.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;

use super::unchanged::{Stored, recognise};
use super::{CheckSettings, Library};
use crate::digest::Digest;
use crate::discover::{Found, FoundFile, Roots};
use crate::error::{Error, ErrorKind, Result};
use crate::pipeline::Stop;
use crate::reject::Refusal;

/// Files that the library is asked about in the first query, so that something is answered soon; in each further one twice as many,
/// up to these: not so many that it is asked much more before it shows that all of it is wanted.
pub(super) const FIRST: usize = 1_024;
const MOST: usize = 4_096;

/// Portions of the walk that wait for an answer: some tens of megabytes of files, so that it goes on while a long question is answered.
const PORTIONS: usize = 64;

/// How long an answer is waited for before it is seen whether the check is to stop.
const PATIENCE: Duration = Duration::from_millis(100);

/// Files of a job that are read, at most, and their bytes; and entries of unchanged sources, about.
const FILES: u64 = 512;
const BYTES: u64 = 8 << 20;
const ENTRIES: u64 = 16_384;

/// What one thread reads before it takes the next.
pub(super) enum Job {
    Sources(Vec<Source>),
    StandardInput,
}

/// Something that the walk has met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) file: FoundFile,
    pub(super) sight: Sight,
}

/// What has to be done to answer for a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// It is to be read.
    Unread,
    /// It could not be looked at.
    Unreadable(Refusal),
    /// As it was when it was read, a bare file: the only place of this content.
    Only(Digest),
    /// As it was when it was read; so many entries are to be asked for.
    Held(u64),
}

impl Source {
    /// Its id, where its entries are to be asked for.
    pub(super) fn held(&self) -> Option<i64> {
        matches!(self.sight, Sight::Held(_)).then(|| self.file.id().0)
    }

    /// Files, bytes and entries that it brings to a job.
    const fn cost(&self) -> [u64; 3] {
        match self.sight {
            Sight::Unread => [1, self.file.size, 0],
            Sight::Held(entries) => [0, 0, entries],
            Sight::Unreadable(_) | Sight::Only(_) => [0; 3],
        }
    }
}

/// All jobs, shared by the threads.
pub(super) struct Jobs<'c> {
    settings: &'c CheckSettings,
    library: &'c Library,
    stored: Arc<Stored>,
    stop: &'c Stop,
    state: Mutex<State<'c>>,
}

struct State<'c> {
    walk: Box<dyn Iterator<Item = Found> + Send + 'c>,
    has_walked: bool,
    /// How much is walked next.
    portion: usize,
    /// What is asked about, in the order of the walk.
    asked: VecDeque<Asked>,
    /// What is to be done next.
    ready: VecDeque<Job>,
    /// The number of the next job.
    number: usize,
    is_standard_input_due: bool,
}

/// Sources that the library may know more of.
enum Asked {
    Answered(Vec<Source>),
    Waiting(JoinHandle<Result<Vec<Source>>>),
}

impl<'c> Jobs<'c> {
    pub(super) fn new(settings: &'c CheckSettings, library: &'c Library, stop: &'c Stop) -> Self {
        let state = State {
            walk: Box::new(settings.roots.iter().flat_map(Roots::in_order)),
            has_walked: false,
            portion: FIRST,
            asked: VecDeque::new(),
            ready: VecDeque::new(),
            number: 0,
            is_standard_input_due: settings.standard_input,
        };
        let stored = Arc::new(Stored::of(library));
        Self { settings, library, stored, stop, state: Mutex::new(state) }
    }

    /// The next job and its number; none where all are taken.
    ///
    /// # Errors
    /// What the database says.
    pub(super) fn next(&self) -> Result<Option<(usize, Job)>> {
        let state = &mut *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.ready.is_empty() && !self.stop.is_asked() {
            while state.asked.len() < PORTIONS && !state.asked.front().is_some_and(Asked::is_answered) {
                let Some(sources) = state.walk_on(self.stop) else { break };
                state.asked.push_back(if self.settings.verify {
                    Asked::Answered(sources)
                } else {
                    state.portion = (state.portion * 2).min(MOST);
                    Asked::Waiting(recognise(&self.stored, &self.library.runtime, sources))
                });
            }
            let Some(asked) = state.asked.pop_front() else {
                if std::mem::take(&mut state.is_standard_input_due) {
                    state.ready.push_back(Job::StandardInput);
                }
                break;
            };
            state.ready.extend(cut(asked.answered(self.library, self.stop)?).map(Job::Sources));
        }
        let Some(job) = state.ready.pop_front() else { return Ok(None) };
        state.number += 1;
        Ok(Some((state.number - 1, job)))
    }

    /// There are no more.
    pub(super) fn give_up(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.has_walked = true;
        state.is_standard_input_due = false;
        for asked in state.asked.drain(..) {
            if let Asked::Waiting(answer) = asked {
                answer.abort();
            }
        }
        state.ready.clear();
    }
}

impl State<'_> {
    /// What the walk meets next; none at its end.
    fn walk_on(&mut self, stop: &Stop) -> Option<Vec<Source>> {
        let mut sources = Vec::new();
        while !self.has_walked && sources.len() < self.portion && !stop.is_asked() {
            match self.walk.next() {
                Some(Found::File(file)) => sources.push(Source { file, sight: Sight::Unread }),
                Some(Found::Unreadable(path, refusal)) => {
                    let (file, sight) = (FoundFile::unseen(path), Sight::Unreadable(refusal));
                    sources.push(Source { file, sight });
                }
                Some(Found::Link | Found::Unsettled(_)) => {}
                None => self.has_walked = true,
            }
        }
        (!sources.is_empty()).then_some(sources)
    }
}

impl Asked {
    fn is_answered(&self) -> bool {
        match self {
            Self::Answered(_) => true,
            Self::Waiting(answer) => answer.is_finished(),
        }
    }

    /// Waits for the answer; nothing where the check is stopped before it comes.
    fn answered(self, library: &Library, stop: &Stop) -> Result<Vec<Source>> {
        let mut answer = match self {
            Self::Answered(sources) => return Ok(sources),
            Self::Waiting(answer) => answer,
        };
        library.runtime.block_on(async {
            loop {
                match tokio::time::timeout(PATIENCE, &mut answer).await {
                    Ok(answered) => {
                        break answered.map_err(|error| {
                            Error::new(ErrorKind::Run, "a question to the library ended unexpectedly")
                                .with_cause(error)
                        })?;
                    }
                    Err(_) if stop.is_asked() => {
                        answer.abort();
                        break Ok(Vec::new());
                    }
                    Err(_) => {}
                }
            }
        })
    }
}

/// In portions of their order, none dearer than a job may be; what is dearer alone stands alone.
fn cut(sources: Vec<Source>) -> impl Iterator<Item = Vec<Source>> {
    let mut sources = sources.into_iter().peekable();
    std::iter::from_fn(move || {
        let first = sources.next()?;
        let mut sum = first.cost();
        let mut portion = vec![first];
        let fits = |sum: &mut [u64; 3], source: &Source| {
            for (sum, cost) in sum.iter_mut().zip(source.cost()) {
                *sum = sum.saturating_add(cost);
            }
            sum.iter().zip([FILES, BYTES, ENTRIES]).all(|(sum, most)| *sum <= most)
        };
        while let Some(source) = sources.next_if(|source| fits(&mut sum, source)) {
            portion.push(source);
        }
        Some(portion)
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn what_costs_nothing_parts_nothing() {
        let of = |size: u64, sight: Sight| Source {
            file: FoundFile { size, ..FoundFile::unseen(PathBuf::from("/a")) },
            sight,
        };
        let told = || of(BYTES, Sight::Only(Digest::of(b"")));
        let lengths = |sources: Vec<Source>| cut(sources).map(|portion| portion.len()).collect::<Vec<_>>();
        assert!(lengths(Vec::new()).is_empty());
        // Every second one is to be read.
        let alternating = (0..2 * FILES).flat_map(|_| [of(1, Sight::Unread), told()]).collect();
        assert_eq!(lengths(alternating), [1_024, 1_024]);
        let large =
            [told(), of(1, Sight::Unread), of(2 * BYTES, Sight::Unread), told(), of(3, Sight::Unread)];
        assert_eq!(lengths(large.into()), [2, 1, 2]);
        let archives = [ENTRIES - 1, 1, 1, 2 * ENTRIES, 1].map(|entries| of(1, Sight::Held(entries)));
        assert_eq!(lengths(archives.into()), [2, 1, 1, 1]);
    }
}
