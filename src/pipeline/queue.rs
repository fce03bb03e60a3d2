//! The jobs of a run: what is still to be opened, the longest first.
//!
//! Reader threads take jobs; the walk, and tasks that find an archive where none was expected, add them. The queue also
//! knows when all is done: when no job waits, none is being read, and no task that could add one is under way.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Which threads a job is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// Files on disk and streams.
    Outer,
    /// Members of an archive that may be archives themselves: they have threads of their own, because the threads of the
    /// outer lane may be waiting for the memory that these give back.
    Nested,
}

/// How many jobs of bare files may wait: the walk runs ahead of the reading by so much and no more.
const WAITING_BARE_JOBS: usize = 4_096;

/// A queue of jobs `J`.
#[derive(Debug)]
pub(super) struct JobQueue<J> {
    state: Mutex<State<J>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<J> {
    outer: BinaryHeap<Costed<J>>,
    nested: BinaryHeap<Costed<J>>,
    /// Jobs waiting or being read, tasks under way, and the walk.
    outstanding: usize,
    /// Jobs of bare files among those that wait.
    bare: usize,
    stopped: bool,
}

#[derive(Debug)]
struct Costed<J> {
    cost: u64,
    bare: bool,
    job: J,
}

impl<J> JobQueue<J> {
    /// A queue whose first outstanding work is the walk: it ends with a call of [`Self::finish`].
    pub(super) fn new() -> Self {
        let state = State {
            outer: BinaryHeap::new(),
            nested: BinaryHeap::new(),
            outstanding: 1,
            bare: 0,
            stopped: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Adds a job. `cost` is its expected reading time, in any unit that is the same for all.
    pub(super) fn push(&self, lane: Lane, cost: u64, job: J) {
        let mut state = self.lock();
        state.outstanding += 1;
        let costed = Costed { cost, bare: false, job };
        match lane {
            Lane::Outer => state.outer.push(costed),
            Lane::Nested => state.nested.push(costed),
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Adds a job of bare files, after waiting while too many of them wait. For the walk only.
    pub(super) fn push_bare(&self, cost: u64, job: J) {
        let mut state = self.lock();
        while state.bare >= WAITING_BARE_JOBS && !state.stopped {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.outstanding += 1;
        state.bare += 1;
        state.outer.push(Costed { cost, bare: true, job });
        drop(state);
        self.changed.notify_all();
    }

    /// The costliest job of a lane, waiting for one; none when all is done or the run is being stopped. Each job taken
    /// ends with a call of [`Self::finish`].
    pub(super) fn take(&self, lane: Lane) -> Option<J> {
        let mut state = self.lock();
        loop {
            if state.stopped || state.outstanding == 0 {
                return None;
            }
            let jobs = match lane {
                Lane::Outer => &mut state.outer,
                Lane::Nested => &mut state.nested,
            };
            if let Some(costed) = jobs.pop() {
                if costed.bare {
                    state.bare -= 1;
                    drop(state);
                    self.changed.notify_all();
                }
                return Some(costed.job);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A task starts that may add jobs; it ends with a call of [`Self::finish`].
    pub(super) fn begin(&self) {
        self.lock().outstanding += 1;
    }

    /// A job, a task or the walk has ended.
    pub(super) fn finish(&self) {
        let mut state = self.lock();
        state.outstanding -= 1;
        let over = state.outstanding == 0;
        drop(state);
        if over {
            self.changed.notify_all();
        }
    }

    /// Waits until everything outstanding has ended, however the run ends. Jobs that nobody took do not count.
    pub(super) fn wait_until_idle(&self) {
        let mut state = self.lock();
        while state.outstanding > if state.stopped { state.outer.len() + state.nested.len() } else { 0 } {
            state = self
                .changed
                .wait_timeout(state, std::time::Duration::from_millis(20))
                .map_or_else(|poisoned| poisoned.into_inner().0, |(state, _)| state);
        }
    }

    /// No more jobs are given out.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<J> Ord for Costed<J> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.cost.cmp(&other.cost)
    }
}

impl<J> PartialOrd for Costed<J> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<J> PartialEq for Costed<J> {
    fn eq(&self, other: &Self) -> bool {
        self.cost == other.cost
    }
}

impl<J> Eq for Costed<J> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_first_and_lanes_apart() {
        let queue = JobQueue::new();
        queue.push(Lane::Outer, 1, "small");
        queue.push(Lane::Nested, 5, "nested");
        queue.push(Lane::Outer, 9, "large");
        assert_eq!(queue.take(Lane::Outer), Some("large"));
        assert_eq!(queue.take(Lane::Nested), Some("nested"));
        assert_eq!(queue.take(Lane::Outer), Some("small"));
        (0..4).for_each(|_| queue.finish());
        assert_eq!(queue.take(Lane::Outer), None);
    }

    #[test]
    fn a_task_under_way_keeps_the_queue_open() {
        let queue = JobQueue::new();
        queue.begin();
        queue.finish();
        let taken = std::thread::scope(|scope| {
            let reader = scope.spawn(|| queue.take(Lane::Outer));
            queue.push(Lane::Outer, 1, "found by the walk");
            reader.join().unwrap()
        });
        assert_eq!(taken, Some("found by the walk"));
        queue.finish();
        queue.finish();
        queue.wait_until_idle();
        assert_eq!(queue.take(Lane::Nested), None);
    }

    #[test]
    fn a_stopped_queue_gives_nothing() {
        let queue = JobQueue::new();
        queue.push(Lane::Outer, 1, ());
        queue.stop();
        assert_eq!(queue.take(Lane::Outer), None);
        queue.finish();
        queue.wait_until_idle();
    }
}
