//! What the library has of files and archives before they are added: new, known, or near to something known.
//!
//! What is unchanged by size and time since the library read it whole is not read, as by a rescan, unless that is asked. The rest is
//! read by the readers and limits of an import; the library is asked once for a bundle of digests, and once more for the notes of
//! those of them that it does not have. Only these are parsed. Writes nothing, takes no lock, and so may run beside an
//! import: what that has not committed yet counts as new.

mod answer;
mod bundle;
mod library;
mod order;
mod reading;
mod standard_input;
mod unchanged;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::archive::Limits;
use crate::discover::{Found, FoundFile, Roots};
use crate::error::{Error, ErrorKind, Result};
use crate::mapping::MapPolicy;
use crate::pipeline::{KnownSources, Stop};
use crate::priority::Priority;
use crate::reject::Refusal;

pub use answer::{Answer, CheckReport, Likeness, Near, Places, Standing};
pub use library::Library;
pub(crate) use library::{least_equal, unanswered};

use order::InOrder;
use reading::Reader;

/// Files read together, and asked about in one query, at most; and their bytes.
const FILES: usize = 512;
const BYTES: u64 = 8 << 20;

/// Entries of unchanged sources that are asked about in one query, about.
const HELD: u64 = 16_384;

/// What is checked, and how.
#[derive(Clone, Debug)]
pub struct CheckSettings {
    /// Files, archives and folders.
    pub roots: Option<Roots>,
    /// Whether standard input is read too.
    pub standard_input: bool,
    /// Threads that read, each with one query at a time.
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

/// What one thread reads before it takes the next.
enum Job {
    /// What the library knows without reading it.
    Unchanged(Vec<FoundFile>),
    Files(Vec<FoundFile>),
    Unreadable(String, Refusal),
    StandardInput,
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
    let threads = settings.jobs.max(1);
    let priority = settings.priority;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .start_handler(move |_| priority.take_effect())
        .build()
        .map_err(|error| Error::new(ErrorKind::Run, "threads could not be started").with_cause(error))?;
    let known = match &settings.roots {
        Some(roots) if !settings.verify => library.sources(roots)?,
        _ => KnownSources::default(),
    };
    let jobs = gather(settings, &known, stop);
    let (next, order) = (AtomicUsize::new(0), InOrder::new(answered));
    let total = Mutex::new(Ok(CheckReport::default()));
    pool.scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|_| {
                let mut reader = Reader::new(settings, library, stop, &order);
                let result = jobs_of(&jobs, &next).try_for_each(|(number, job)| reader.read(number, job));
                let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
                match (&mut *total, result) {
                    (Ok(total), Ok(())) => total.add(&reader.report()),
                    (Ok(_), Err(error)) => {
                        // The other threads need not go on.
                        next.store(jobs.len(), Ordering::Relaxed);
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

/// Jobs in order, shared by all threads.
fn jobs_of<'j>(jobs: &'j [Job], next: &'j AtomicUsize) -> impl Iterator<Item = (usize, &'j Job)> {
    std::iter::from_fn(move || {
        let number = next.fetch_add(1, Ordering::Relaxed);
        jobs.get(number).map(|job| (number, job))
    })
}

/// Everything that is to be read, by path: small files together, a large one alone.
fn gather(settings: &CheckSettings, known: &KnownSources, stop: &Stop) -> Vec<Job> {
    let (mut files, mut jobs) = (Vec::new(), Vec::new());
    if let Some(roots) = &settings.roots {
        roots.walk(|_, found| {
            match found {
                Found::File(file) => files.push(file),
                Found::Unreadable(path, refusal) => {
                    jobs.push(Job::Unreadable(path.display().to_string(), refusal));
                }
                Found::Link | Found::Unsettled(_) => {}
            }
            if stop.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    }
    files.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    // Neighbours that are known by as many entries as are stored of them, and neighbours that are read.
    let files: Vec<_> = files.into_iter().map(|file| (known.unchanged(&file), file)).collect();
    for alike in files.chunk_by(|(one, _), (next, _)| one.is_some() == next.is_some()) {
        if alike.first().is_some_and(|(stored, _)| stored.is_some()) {
            let cost = |(stored, _): &Seen| stored.unwrap_or_default().max(1);
            jobs.extend(portions(alike, usize::MAX, HELD, cost).map(Job::Unchanged));
        } else {
            jobs.extend(portions(alike, FILES, BYTES, |(_, file)| file.size).map(Job::Files));
        }
    }
    if settings.standard_input {
        jobs.push(Job::StandardInput);
    }
    jobs
}

/// A file, and how many entries are stored of it if it is as it was read.
type Seen = (Option<u64>, FoundFile);

/// Files in their order, so many together, or of such a cost in all, at most; what costs more alone stands alone.
fn portions(
    files: &[Seen],
    most: usize,
    limit: u64,
    cost: impl Fn(&Seen) -> u64,
) -> impl Iterator<Item = Vec<FoundFile>> {
    let mut rest = files;
    std::iter::from_fn(move || {
        let mut sum = 0_u64;
        let fits = |seen: &&Seen| {
            sum = sum.saturating_add(cost(seen));
            sum <= limit
        };
        let count = rest.iter().take(most).take_while(fits).count().max(1);
        let (portion, others) = rest.split_at_checked(count)?;
        rest = others;
        Some(portion.iter().map(|(_, file)| file.clone()).collect())
    })
}
