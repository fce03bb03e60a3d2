//! What the library has of files and archives before they are added: new, known, or near to something known.
//!
//! What is unchanged by size and time since the library read it whole is not read, as by a rescan, unless that is asked. The rest is
//! read by the readers and limits of an import; the library is asked once for a bundle of digests, and once more for the notes of
//! those of them that it does not have. Only these are parsed. Writes nothing, takes no lock, and so may run beside an
//! import: what that has not committed yet counts as new.

mod answer;
mod bundle;
mod jobs;
mod library;
mod order;
mod reading;
mod standard_input;
mod unchanged;

use std::sync::{Mutex, PoisonError};

use crate::archive::Limits;
use crate::discover::Roots;
use crate::error::{Error, ErrorKind, Result};
use crate::mapping::MapPolicy;
use crate::pipeline::Stop;
use crate::priority::Priority;

pub use answer::{Answer, CheckReport, Likeness, Near, Places, Standing};
pub use library::Library;
pub(crate) use library::{least_equal, unanswered};

use jobs::Jobs;
use order::InOrder;
use reading::Reader;

/// What is checked, and how.
#[derive(Clone, Debug)]
pub struct CheckSettings {
    /// Files, archives and folders.
    pub roots: Option<Roots>,
    /// Whether standard input is read too.
    pub standard_input: bool,
    /// How much is read at once: 1 is strictly sequential; to more come as many threads, at most one a core, since each waits for
    /// the library about as long as it reads.
    pub jobs: usize,
    /// What is too much.
    pub limits: Limits,
    /// Which files are mapped.
    pub map_policy: MapPolicy,
    /// Whether also what is unchanged by size and time since the library read it is read.
    pub verify: bool,
    /// What the threads insist on.
    pub priority: Priority,
}

/// Checks everything. `answered` is given the answers in the order of the paths, some at a time, and ends the check by an
/// error. Blocks: not to be called on a thread of the runtime that `library` belongs to.
///
/// # Errors
/// What the database says, what `answered` says, and where the operating system gives no threads. What is wrong with a
/// file is an answer.
pub fn run(
    settings: &CheckSettings,
    library: &Library,
    stop: &Stop,
    answered: &(dyn Fn(&[Answer]) -> Result<()> + Sync),
) -> Result<CheckReport> {
    let threads = threads(settings.jobs);
    let priority = settings.priority;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .start_handler(move |_| priority.take_effect())
        .build()
        .map_err(|error| Error::new(ErrorKind::Run, "threads could not be started").with_cause(error))?;
    let (jobs, order) = (Jobs::new(settings, library, stop), InOrder::new(answered));
    let total = Mutex::new(Ok(CheckReport::default()));
    pool.scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|_| {
                let mut reader = Reader::new(settings, library, stop, &order);
                let result = work(&jobs, &mut reader);
                let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
                match (&mut *total, result) {
                    (Ok(total), Ok(())) => total.add(&reader.report()),
                    (Ok(_), Err(error)) => {
                        // The other threads need not go on.
                        jobs.give_up();
                        *total = Err(error);
                    }
                    (Err(_), _) => {}
                }
            });
        }
    });
    let mut report = total.into_inner().unwrap_or_else(PoisonError::into_inner)?;
    report.repeated = order.repeated();
    report.complete = !stop.is_asked();
    Ok(report)
}

/// Threads for so many jobs: while one waits for the library another reads, on as many cores as there are.
fn threads(jobs: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if jobs > 1 { jobs.saturating_add(jobs.min(cores)) } else { 1 }
}

/// Job after job, until there is none.
fn work(jobs: &Jobs<'_>, reader: &mut Reader<'_>) -> Result<()> {
    while let Some((number, job)) = jobs.next()? {
        reader.read(number, job)?;
    }
    Ok(())
}
