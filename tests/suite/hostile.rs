//! Hostile and broken input: every file is forged here, imported by the program beside a good one, and what it cost is
//! measured. What is expected of each stands in tables, one module for each family of formats.
//!
//! What happens to a file that shrinks while it is read is tested in [`crate::refusals`].

mod bombs;
mod depths;
pub(crate) mod forge;
mod lzhs;
mod names;
mod quine;
mod rars;
mod sevens;
mod streams;
mod tars;
mod unsupported;
mod zips;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fs_err as fs;
use loader::sample;

use crate::harness::{TestDatabase, connect_to, passable_directory};
use crate::program::Program;
use crate::rows::assert_whole;

/// What entries and rows may hold (`--memory`), and what the program may take beside it, in MiB.
const MEMORY: u64 = 64;
const BESIDE: u64 = 256;

/// How a refusal of the file as a whole is written here, where that of an entry has the entry's path.
pub(crate) const WHOLE: &str = "*";

/// A file, and what is to become of it.
#[derive(Debug)]
pub(crate) struct Case {
    file: String,
    content: Content,
    options: Vec<&'static str>,
    kept: Kept,
    refused: Refused,
    limit: Duration,
}

/// What the file holds.
#[derive(Debug)]
enum Content {
    Bytes(Vec<u8>),
    /// A file elsewhere that takes its place, because it is mostly a hole.
    Sparse(PathBuf),
}

/// The entries that are in the library afterwards.
#[derive(Debug)]
enum Kept {
    Paths(Vec<String>),
    Count(usize),
    /// Where it ends depends on a decoder's buffers, or on the order in which threads get there.
    Between(usize, usize),
}

/// The refusals that are recorded.
#[derive(Debug)]
enum Refused {
    Each(Vec<(String, &'static str)>),
    Counts(Vec<(&'static str, usize)>),
    /// So many, each for one of these reasons.
    Between(usize, usize, Vec<&'static str>),
}

impl Case {
    /// A file of which nothing is kept and nothing refused, unless the case says more.
    pub(crate) fn new(file: &str, bytes: Vec<u8>) -> Self {
        Self::of(file, Content::Bytes(bytes))
    }

    /// The same of a file that is mostly a hole and is moved into its place.
    pub(crate) fn sparse(file: &str, path: &Path) -> Self {
        Self::of(file, Content::Sparse(path.to_owned()))
    }

    fn of(file: &str, content: Content) -> Self {
        Self {
            file: file.to_owned(),
            content,
            options: Vec::new(),
            kept: Kept::Paths(Vec::new()),
            refused: Refused::Each(Vec::new()),
            limit: Duration::from_secs(20),
        }
    }

    /// Options of the import.
    pub(crate) fn with(mut self, options: &[&'static str]) -> Self {
        self.options = options.to_vec();
        self
    }

    /// The paths of the entries that are kept, in any order; a bare file's is empty.
    pub(crate) fn keeps<P: Into<String>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.kept = Kept::Paths(paths.into_iter().map(Into::into).collect());
        self
    }

    /// How many entries are kept.
    pub(crate) fn keeps_count(mut self, count: usize) -> Self {
        self.kept = Kept::Count(count);
        self
    }

    /// The least and the most entries that are kept.
    pub(crate) fn keeps_between(mut self, least: usize, most: usize) -> Self {
        self.kept = Kept::Between(least, most);
        self
    }

    /// The path and the reason of every refusal.
    pub(crate) fn refuses<P: Into<String>>(
        mut self,
        refusals: impl IntoIterator<Item = (P, &'static str)>,
    ) -> Self {
        self.refused =
            Refused::Each(refusals.into_iter().map(|(path, reason)| (path.into(), reason)).collect());
        self
    }

    /// How often each reason is given.
    pub(crate) fn refuses_counts(mut self, counts: &[(&'static str, usize)]) -> Self {
        self.refused = Refused::Counts(counts.to_vec());
        self
    }

    /// The least and the most refusals, all for one reason.
    pub(crate) fn refuses_between(self, least: usize, most: usize, reason: &'static str) -> Self {
        self.refuses_between_any(least, most, &[reason])
    }

    /// The least and the most refusals, each for one of these reasons.
    pub(crate) fn refuses_between_any(mut self, least: usize, most: usize, reasons: &[&'static str]) -> Self {
        self.refused = Refused::Between(least, most, reasons.to_vec());
        self
    }

    /// The longest time it may take, where that is not 20 seconds.
    pub(crate) fn within(mut self, seconds: u64) -> Self {
        self.limit = Duration::from_secs(seconds);
        self
    }
}

/// Imports every case on its own into one library, and fails with all that is not as expected.
pub(crate) async fn run(cases: Vec<Case>) {
    let database = TestDatabase::create().await;
    let mut failures = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let failed = failures.len();
        if let Some(folder) = import(&database, case, index as u64, &mut failures) {
            compare(&database, case, folder.path(), &mut failures).await;
        }
        for failure in &mut failures[failed..] {
            *failure = format!("{}: {failure}", case.file);
        }
    }
    assert!(failures.is_empty(), "{} of it is not as it should be:\n{}", failures.len(), failures.join("\n"));
    assert_whole(&database.url, "after all cases").await;
}

/// Imports one case beside a good file, within its limits of time and memory; none if it did not end.
fn import(
    database: &TestDatabase,
    case: &Case,
    index: u64,
    failures: &mut Vec<String>,
) -> Option<tempfile::TempDir> {
    let folder = passable_directory();
    let place = folder.path().join(&case.file);
    match &case.content {
        Content::Bytes(bytes) => fs::write(&place, bytes).unwrap(),
        Content::Sparse(path) => fs::rename(path, &place).unwrap(),
    }
    fs::write(folder.path().join("beside.mid"), sample::midi(99, index, 700)).unwrap();
    let memory = MEMORY.to_string();
    let mut arguments = vec!["import", "--json", "--memory", &memory];
    arguments.extend(&case.options);
    arguments.push(folder.path().to_str().unwrap());
    let began = Instant::now();
    let mut running = Program::on(database, arguments).start();
    let mut peak = 0;
    while running.is_running() {
        // The peak as the system counts it: nothing is missed but what comes in the last milliseconds.
        peak = peak.max(peak_of(running.id()).unwrap_or(0));
        if began.elapsed() > case.limit {
            failures.push(format!("takes more than {:?}, and has taken {peak} MiB", case.limit));
            return None;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let ended = running.wait();
    println!("{:<40} {:>7} ms {peak:>5} MiB", case.file, ended.took.as_millis());
    let statuses: &[i32] = match &case.refused {
        Refused::Each(refusals) if refusals.is_empty() => &[0],
        Refused::Counts(counts) if counts.is_empty() => &[0],
        Refused::Between(0, ..) => &[0, 3],
        _ => &[3],
    };
    if peak > MEMORY + BESIDE {
        failures.push(format!("takes {peak} MiB, and {MEMORY} + {BESIDE} are allowed"));
    }
    if !matches!(ended.code, Some(0 | 3)) {
        let (code, signal) = (ended.code, ended.signal);
        failures.push(format!("ends with {code:?} (signal {signal:?}):\n{}", ended.stderr));
    } else if !ended.code.is_some_and(|code| statuses.contains(&code)) {
        failures.push(format!("ends with {:?} instead of {statuses:?}", ended.code));
    }
    Some(folder)
}

/// The most memory that a process has had so far, in MiB.
fn peak_of(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes.div_ceil(1 << 10))
}

/// Compares what is stored of a case with what it expects.
async fn compare(database: &TestDatabase, case: &Case, folder: &Path, failures: &mut Vec<String>) {
    let mut connection = connect_to(&database.url).await;
    let source = folder.join(&case.file).to_string_lossy().into_owned();
    let mut kept: Vec<String> = sqlx::query_scalar(
        "SELECT coalesce(entry_path, '') FROM file_locations l JOIN sources s ON s.id = l.source_id WHERE s.path = $1",
    )
    .bind(&source)
    .fetch_all(&mut connection)
    .await
    .unwrap();
    kept.sort();
    let is_kept = match &case.kept {
        Kept::Paths(paths) => {
            let mut paths = paths.clone();
            paths.sort();
            paths == kept
        }
        Kept::Count(count) => kept.len() == *count,
        Kept::Between(least, most) => (*least..=*most).contains(&kept.len()),
    };
    if !is_kept {
        kept.truncate(12);
        failures.push(format!("is to keep {:?} and keeps (the first) {kept:?}", case.kept));
    }
    let mut refused: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT CASE entry_ordinal WHEN -1 THEN '*' ELSE coalesce(entry_path, '') END, reason, detail
           FROM rejects r JOIN sources s ON s.id = r.source_id WHERE s.path = $1",
    )
    .bind(&source)
    .fetch_all(&mut connection)
    .await
    .unwrap();
    refused.sort();
    let is_refused = match &case.refused {
        Refused::Each(refusals) => {
            let mut refusals = refusals.clone();
            refusals.sort();
            refusals.iter().map(|(path, reason)| (path.as_str(), *reason)).collect::<Vec<_>>()
                == refused
                    .iter()
                    .map(|(path, reason, _)| (path.as_str(), reason.as_str()))
                    .collect::<Vec<_>>()
        }
        Refused::Counts(counts) => {
            let of = |wanted: &str| refused.iter().filter(|(_, reason, _)| reason == wanted).count();
            counts.iter().all(|(reason, count)| of(reason) == *count)
                && counts.iter().map(|(_, count)| count).sum::<usize>() == refused.len()
        }
        Refused::Between(least, most, reasons) => {
            (*least..=*most).contains(&refused.len())
                && refused.iter().all(|(_, found, _)| reasons.contains(&found.as_str()))
        }
    };
    if !is_refused {
        let count = refused.len();
        refused.truncate(12);
        failures.push(format!("is to refuse {:?} and refuses, {count} in all, {refused:?}", case.refused));
    }
    let beside = folder.join("beside.mid").to_string_lossy().into_owned();
    let is_there: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM file_locations l JOIN sources s ON s.id = l.source_id WHERE s.path = $1)",
    )
    .bind(&beside)
    .fetch_one(&mut connection)
    .await
    .unwrap();
    if !is_there {
        failures.push("the good file beside it was not taken".to_owned());
    }
}
