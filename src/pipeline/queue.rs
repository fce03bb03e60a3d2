//! The jobs of a run: what is still to be opened, the longest first or as it was found.
//!
//! Reader threads take jobs; the walk, and tasks that find an archive where none was expected, add them. Jobs of one device
//! are given out to so many readers at a time as it can serve. The queue also knows when all is done: when no job waits,
//! none is being read, and no task that could add one is under way.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::storage::AccessPolicy;

/// Which threads a job is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// Files on disk and streams.
    Outer,
    /// Members of an archive that may be archives themselves: they have threads of their own, because the threads of the
    /// outer lane may be waiting for the memory that these give back.
    Nested,
}

/// Which of the jobs that wait comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The costliest, so that no core is left without work at the end.
    LongestFirst,
    /// The one that was found first, so that a disk is read in the order in which the walk lists it.
    AsFound,
}

/// How many jobs of bare files may wait: the walk runs ahead of the reading by so much and no more.
const WAITING_BARE_JOBS: usize = 4_096;

/// A queue of jobs `J`.
#[derive(Debug)]
pub(super) struct JobQueue<J> {
    order: Order,
    access: AccessPolicy,
    state: Mutex<State<J>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<J> {
    /// By the device that they are read from; all under none where devices are not told apart.
    outer: BTreeMap<Option<i64>, Waiting<J>>,
    nested: BinaryHeap<Ranked<J>>,
    /// Jobs waiting or being read, tasks under way, and the walk.
    outstanding: usize,
    /// Jobs of bare files among those that wait.
    bare: usize,
    /// Jobs that were ever added.
    added: u64,
    stopped: bool,
}

/// The jobs of one device.
#[derive(Debug)]
struct Waiting<J> {
    jobs: BinaryHeap<Ranked<J>>,
    being_read: usize,
    most: usize,
}

#[derive(Debug)]
struct Ranked<J> {
    /// The higher comes first; of equals, the one that was added first.
    rank: (u64, Reverse<u64>),
    bare: bool,
    job: J,
}

/// A job that was given out.
#[derive(Debug)]
pub(super) struct Taken<J> {
    pub(super) job: J,
    pub(super) slot: Slot,
}

/// What a reader occupies while it is at a job; it goes back by [`JobQueue::finish_reading`].
#[derive(Debug)]
pub(super) struct Slot(Lane, Option<i64>);

impl<J> JobQueue<J> {
    /// A queue whose first outstanding work is the walk: it ends with a call of [`Self::finish`].
    pub(super) fn new(order: Order, access: AccessPolicy) -> Self {
        let state = State {
            outer: BTreeMap::new(),
            nested: BinaryHeap::new(),
            outstanding: 1,
            bare: 0,
            added: 0,
            stopped: false,
        };
        Self { order, access, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Adds a job. `cost` is its expected reading time, in any unit that is the same for all; `device` is what it waits for.
    pub(super) fn push(&self, lane: Lane, cost: u64, device: Option<i64>, job: J) {
        let cost = if self.order == Order::LongestFirst { cost } else { 0 };
        self.add(&mut self.lock(), lane, (cost, device), false, job);
        self.changed.notify_all();
    }

    /// Adds a job that belongs to what is being read now; where order matters it comes before everything that waits.
    pub(super) fn push_next(&self, lane: Lane, cost: u64, job: J) {
        let cost = if self.order == Order::LongestFirst { cost } else { u64::MAX };
        self.add(&mut self.lock(), lane, (cost, None), false, job);
        self.changed.notify_all();
    }

    /// Adds a job of bare files, after waiting while too many of them wait. For the walk only.
    pub(super) fn push_bare(&self, cost: u64, device: Option<i64>, job: J) {
        let cost = if self.order == Order::LongestFirst { cost } else { 0 };
        let mut state = self.lock();
        while state.bare >= WAITING_BARE_JOBS && !state.stopped {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.bare += 1;
        self.add(&mut state, Lane::Outer, (cost, device), true, job);
        drop(state);
        self.changed.notify_all();
    }

    fn add(&self, state: &mut State<J>, lane: Lane, (cost, device): (u64, Option<i64>), bare: bool, job: J) {
        state.outstanding += 1;
        state.added += 1;
        let ranked = Ranked { rank: (cost, Reverse(state.added)), bare, job };
        let device = device.filter(|_| self.access.depth > 0);
        match lane {
            Lane::Outer => {
                state.outer.entry(device).or_insert_with(|| self.waiting(device)).jobs.push(ranked);
            }
            Lane::Nested => state.nested.push(ranked),
        }
    }

    fn waiting(&self, device: Option<i64>) -> Waiting<J> {
        let most = device.map_or(usize::MAX, |device| self.access.depth_on(device));
        Waiting { jobs: BinaryHeap::new(), being_read: 0, most }
    }

    /// The first job of these lanes, of an earlier lane before one of a later, waiting for one; none when all is done or the
    /// run is being stopped. Each job taken ends with a call of [`Self::finish_reading`].
    pub(super) fn take(&self, lanes: &[Lane]) -> Option<Taken<J>> {
        let mut state = self.lock();
        loop {
            if state.stopped || state.outstanding == 0 {
                return None;
            }
            if let Some((ranked, slot)) = lanes.iter().find_map(|lane| state.pop(*lane)) {
                if ranked.bare {
                    state.bare -= 1;
                    drop(state);
                    self.changed.notify_all();
                }
                return Some(Taken { job: ranked.job, slot });
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A task starts that may add jobs; it ends with a call of [`Self::finish`].
    pub(super) fn begin(&self) {
        self.lock().outstanding += 1;
    }

    /// A task or the walk has ended.
    pub(super) fn finish(&self) {
        let mut state = self.lock();
        state.outstanding -= 1;
        let over = state.outstanding == 0;
        drop(state);
        if over {
            self.changed.notify_all();
        }
    }

    /// A job that was taken is read, and its device free for another.
    pub(super) fn finish_reading(&self, slot: &Slot) {
        let Slot(lane, device) = slot;
        if *lane == Lane::Outer
            && let Some(waiting) = self.lock().outer.get_mut(device)
        {
            waiting.being_read = waiting.being_read.saturating_sub(1);
        }
        self.finish();
        if device.is_some() {
            self.changed.notify_all();
        }
    }

    /// Waits until everything outstanding has ended, however the run ends. Jobs that nobody took do not count.
    pub(super) fn wait_until_idle(&self) {
        let mut state = self.lock();
        while state.outstanding > if state.stopped { state.left() } else { 0 } {
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

impl<J> State<J> {
    /// Takes the first job of a lane whose device is free.
    fn pop(&mut self, lane: Lane) -> Option<(Ranked<J>, Slot)> {
        if lane == Lane::Nested {
            return self.nested.pop().map(|ranked| (ranked, Slot(lane, None)));
        }
        let free = self.outer.iter_mut().filter(|(_, waiting)| waiting.being_read < waiting.most);
        let (device, waiting) =
            free.max_by(|(_, one), (_, other)| one.jobs.peek().cmp(&other.jobs.peek()))?;
        let ranked = waiting.jobs.pop()?;
        waiting.being_read += 1;
        Some((ranked, Slot(lane, *device)))
    }

    /// Jobs that wait.
    fn left(&self) -> usize {
        self.outer.values().map(|waiting| waiting.jobs.len()).sum::<usize>() + self.nested.len()
    }
}

impl<J> Ord for Ranked<J> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank)
    }
}

impl<J> PartialOrd for Ranked<J> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<J> PartialEq for Ranked<J> {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl<J> Eq for Ranked<J> {}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTER: &[Lane] = &[Lane::Outer];
    const NESTED: &[Lane] = &[Lane::Nested];

    fn queue(order: Order) -> JobQueue<&'static str> {
        JobQueue::new(order, AccessPolicy::default())
    }

    fn take<J>(queue: &JobQueue<J>, lanes: &[Lane]) -> Option<J> {
        queue.take(lanes).map(|taken| taken.job)
    }

    #[test]
    fn the_longest_first_and_lanes_apart() {
        let queue = queue(Order::LongestFirst);
        queue.push(Lane::Outer, 1, None, "small");
        queue.push(Lane::Nested, 5, None, "nested");
        queue.push(Lane::Outer, 9, Some(1), "large");
        assert_eq!(take(&queue, OUTER), Some("large"));
        assert_eq!(take(&queue, NESTED), Some("nested"));
        assert_eq!(take(&queue, OUTER), Some("small"));
        (0..4).for_each(|_| queue.finish());
        assert_eq!(take(&queue, OUTER), None);
    }

    #[test]
    fn as_found_and_what_belongs_to_it_next() {
        let queue = queue(Order::AsFound);
        queue.push(Lane::Outer, 1, None, "first");
        queue.push_bare(9, None, "second");
        queue.push_next(Lane::Outer, 5, "part of the first");
        queue.push_next(Lane::Outer, 7, "and another");
        queue.push_next(Lane::Nested, 1, "nested in it");
        let both = [Lane::Nested, Lane::Outer];
        let taken: Vec<_> = (0..5).filter_map(|_| take(&queue, &both)).collect();
        assert_eq!(taken, ["nested in it", "part of the first", "and another", "first", "second"]);
    }

    #[test]
    fn a_device_is_read_by_so_many_at_a_time() {
        let queue = JobQueue::new(Order::AsFound, AccessPolicy { depth: 2, ..AccessPolicy::default() });
        for (device, job) in [(1, "a"), (1, "b"), (1, "c"), (2, "d")] {
            queue.push(Lane::Outer, 0, Some(device), job);
        }
        let (first, second) = (queue.take(OUTER).unwrap(), queue.take(OUTER).unwrap());
        assert_eq!((first.job, second.job), ("a", "b"));
        assert_eq!(take(&queue, OUTER), Some("d"), "the first device is busy");
        std::thread::scope(|scope| {
            let third = scope.spawn(|| take(&queue, OUTER));
            queue.finish_reading(&first.slot);
            assert_eq!(third.join().unwrap(), Some("c"));
        });
    }

    #[test]
    fn a_task_under_way_keeps_the_queue_open() {
        let queue = queue(Order::LongestFirst);
        queue.begin();
        queue.finish();
        let taken = std::thread::scope(|scope| {
            let reader = scope.spawn(|| take(&queue, OUTER));
            queue.push(Lane::Outer, 1, None, "found by the walk");
            reader.join().unwrap()
        });
        assert_eq!(taken, Some("found by the walk"));
        queue.finish();
        queue.finish();
        queue.wait_until_idle();
        assert_eq!(take(&queue, NESTED), None);
    }

    #[test]
    fn a_stopped_queue_gives_nothing() {
        let queue = queue(Order::LongestFirst);
        queue.push(Lane::Outer, 1, None, "left");
        queue.stop();
        assert_eq!(take(&queue, OUTER), None);
        queue.finish();
        queue.wait_until_idle();
    }
}
