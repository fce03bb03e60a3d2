//! Who does the tasks: threads of their own, or whoever hands the tasks out.
//!
//! A task is the same either way. Where there is little to do, or one thread shall do everything in order, no other thread
//! is started: starting them, and waking them for each task, would cost more than they bring.
//!
//! Whoever hands tasks out comes to be some of them ahead and no further: what waits to be done holds memory, and what was
//! read long before it is looked at is in no cache any more.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::error::{Error, ErrorKind, Result};
use crate::priority::Priority;

/// Those who work.
pub(super) enum Hands {
    /// Threads that take tasks in any order, and how many they have been given.
    Pool(rayon::ThreadPool, Arc<Lead>),
    /// The thread that makes a task does it at once.
    Own,
}

impl Hands {
    /// As many threads as there are to be tasks at once.
    ///
    /// # Errors
    /// Where the operating system gives no threads.
    pub(super) fn pool(jobs: usize, priority: Priority) -> Result<Self> {
        rayon::ThreadPoolBuilder::new()
            .num_threads(jobs.max(1))
            .thread_name(|number| format!("task-{number}"))
            .start_handler(move |_| priority.take_effect())
            .build()
            .map(|pool| Self::Pool(pool, Arc::new(Lead::of(jobs))))
            .map_err(|error| Error::new(ErrorKind::Run, "threads could not be started").with_cause(error))
    }

    /// Has a task done. It must not wait for anything, nor panic. Returns when the lead is not too long: not for tasks to call.
    pub(super) fn give(&self, task: impl FnOnce() + Send + 'static) {
        match self {
            Self::Pool(pool, lead) => {
                lead.begin();
                let doing = Arc::clone(lead);
                pool.spawn(move || {
                    task();
                    doing.end();
                });
                // Only now, when the caller holds nothing for it any more.
                lead.wait();
            }
            Self::Own => task(),
        }
    }

    /// Tasks that are done at once.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Pool(pool, _) => pool.current_num_threads(),
            Self::Own => 1,
        }
    }
}

/// How far those who hand out tasks are ahead of those who do them.
pub(super) struct Lead {
    most: usize,
    under_way: Mutex<usize>,
    ended: Condvar,
}

/// Tasks for each thread that may be under way: enough that none waits for the next one to be read.
const TASKS_AHEAD: usize = 4;

impl Lead {
    fn of(jobs: usize) -> Self {
        let most = jobs.max(1).saturating_mul(TASKS_AHEAD);
        Self { most, under_way: Mutex::new(0), ended: Condvar::new() }
    }

    fn begin(&self) {
        *self.under_way.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    fn end(&self) {
        *self.under_way.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.ended.notify_all();
    }

    fn wait(&self) {
        let under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let too_many = |under_way: &mut usize| *under_way > self.most;
        drop(self.ended.wait_while(under_way, too_many).unwrap_or_else(PoisonError::into_inner));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    #[test]
    fn who_hands_out_tasks_is_so_far_ahead_and_no_further() {
        let hands = Hands::pool(2, Priority::default()).unwrap();
        let (go, gate) = channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let (given, seen) = channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..20 {
                    let gate = Arc::clone(&gate);
                    hands.give(move || assert!(gate.lock().unwrap().recv().is_err()));
                    given.send(number).unwrap();
                }
            });
            let patience = Duration::from_millis(200);
            let ahead = std::iter::from_fn(|| seen.recv_timeout(patience).ok()).count();
            assert_eq!(ahead, 2 * TASKS_AHEAD);
            drop(go);
            assert_eq!(std::iter::from_fn(|| seen.recv_timeout(patience).ok()).count(), 20 - ahead);
        });
    }
}
