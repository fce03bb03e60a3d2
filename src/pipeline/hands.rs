//! Who does the tasks: threads of their own, or whoever hands the tasks out.
//!
//! A task is the same either way. Where there is little to do, or one thread shall do everything in order, no other thread
//! is started: starting them, and waking them for each task, would cost more than they bring.

use crate::error::{Error, ErrorKind, Result};
use crate::priority::Priority;

/// Those who work.
pub(super) enum Hands {
    /// Threads that take tasks in any order.
    Pool(rayon::ThreadPool),
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
            .map(Self::Pool)
            .map_err(|error| Error::new(ErrorKind::Run, "threads could not be started").with_cause(error))
    }

    /// Has a task done. It must not wait for anything.
    pub(super) fn give(&self, task: impl FnOnce() + Send + 'static) {
        match self {
            Self::Pool(pool) => pool.spawn(task),
            Self::Own => task(),
        }
    }

    /// Tasks that are done at once.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Pool(pool) => pool.current_num_threads(),
            Self::Own => 1,
        }
    }
}
