//! Archives onto disk: several at a time, each into a folder of its own, by the readers and limits of an import.
//!
//! Needs no database. Never writes outside the folder it was given, never over an existing file (`folder` sees to that);
//! leaves bare files alone.

mod folder;
mod unpacking;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use serde::Serialize;

use crate::archive::Limits;
use crate::discover::{Found, FoundFile, Roots, refuse_io};
use crate::error::{Error, ErrorKind, Result};
use crate::format::Format;
use crate::mapping::MapPolicy;
use crate::pipeline::Stop;
use crate::priority::Priority;
use crate::reject::Refusal;

use unpacking::Unpacking;

/// What is extracted, and how.
#[derive(Clone, Debug)]
pub struct ExtractSettings {
    /// Archives, and folders to search for them.
    pub roots: Roots,
    /// The folder under which each archive gets one of its own. It is created.
    pub to: PathBuf,
    /// Archives at once.
    pub jobs: usize,
    /// Whether only MIDI files are written.
    pub midi_only: bool,
    /// What is too much.
    pub limits: Limits,
    /// Which archives are mapped.
    pub map_policy: MapPolicy,
    /// What the threads insist on.
    pub priority: Priority,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ExtractReport {
    /// Archives that were opened.
    pub archives: u64,
    /// Files written.
    pub written: u64,
    /// Bytes of these files.
    pub bytes: u64,
    /// Files that were there already, and were left as they are.
    pub kept: u64,
    /// Files that were not wanted.
    pub passed_over: u64,
    /// Files and archives that were refused.
    pub refused: u64,
    /// Whether everything was seen: false where it was stopped.
    pub complete: bool,
}

impl ExtractReport {
    fn add(&mut self, other: &Self) {
        self.archives += other.archives;
        self.written += other.written;
        self.bytes += other.bytes;
        self.kept += other.kept;
        self.passed_over += other.passed_over;
        self.refused += other.refused;
    }
}

/// Extracts everything. `refused` hears of each refusal, with the path of what was refused, from any thread.
///
/// # Errors
/// Where files cannot be written; what is wrong with an archive is a refusal.
pub fn run(
    settings: &ExtractSettings,
    stop: &Stop,
    refused: &(dyn Fn(&str, &Refusal) + Sync),
) -> Result<ExtractReport> {
    fs_err::create_dir_all(&settings.to)?;
    let to = settings.to.canonicalize()?;
    let priority = settings.priority;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(settings.jobs.max(1))
        .start_handler(move |_| priority.take_effect())
        .build()
        .map_err(|error| Error::new(ErrorKind::Run, "threads could not be started").with_cause(error))?;
    let total = Mutex::new(ExtractReport { complete: true, ..ExtractReport::default() });
    let mut archives = Vec::new();
    let mut taken = HashSet::new();
    settings.roots.walk(|_, found| {
        match found {
            // What was extracted before is not searched for archives.
            Found::File(file)
                if file.path.starts_with(&to) && !settings.roots.paths().contains(&file.path) => {}
            Found::File(file) => {
                let folder = unique(&folder_name(&file.path, &settings.roots), &mut taken);
                archives.push((file, folder));
            }
            Found::Unreadable(path, refusal) => {
                refused(&path.display().to_string(), &refusal);
                lock(&total).refused += 1;
            }
            Found::Link | Found::Unsettled(_) => {}
        }
        if stop.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let result: Result<()> = pool.install(|| {
        archives.into_par_iter().try_for_each(|(file, folder)| {
            if stop.is_asked() {
                return Ok(());
            }
            let mut report = ExtractReport::default();
            let result = extract(settings, &file, &to, &folder, stop, refused, &mut report);
            lock(&total).add(&report);
            result
        })
    });
    result?;
    let mut report = total.into_inner().unwrap_or_else(PoisonError::into_inner);
    report.complete = !stop.is_asked();
    Ok(report)
}

fn lock(total: &Mutex<ExtractReport>) -> std::sync::MutexGuard<'_, ExtractReport> {
    total.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Extracts one file, if it is an archive.
fn extract(
    settings: &ExtractSettings,
    file: &FoundFile,
    to: &Path,
    folder: &Path,
    stop: &Stop,
    refused: &(dyn Fn(&str, &Refusal) + Sync),
    report: &mut ExtractReport,
) -> Result<()> {
    let path = file.path.display().to_string();
    let (format, input) = match unpacking::open(&file.path, settings.map_policy) {
        Ok(opened) => opened,
        Err(error) => {
            report.refused += 1;
            refused(&path, &refuse_io(&error));
            return Ok(());
        }
    };
    match format {
        Format::Container(container) => {
            report.archives += 1;
            let mut unpacking = Unpacking::new(settings, to, folder, &path, file.size, stop, refused, report);
            unpacking.read(container, &input)
        }
        Format::Unsupported(kind) => {
            report.refused += 1;
            refused(&path, &Format::unsupported(kind));
            Ok(())
        }
        Format::Midi | Format::Other => Ok(()),
    }
}

/// What an archive's folder is called: its path below the folder that was named, else its name.
fn folder_name(path: &Path, roots: &Roots) -> PathBuf {
    let below = roots.paths().iter().find_map(|root| path.strip_prefix(root).ok());
    match below {
        Some(below) if below.components().next().is_some() => below.to_owned(),
        _ => path.file_name().map(PathBuf::from).unwrap_or_default(),
    }
}

/// The same, with a number where another archive has the name already.
fn unique(name: &Path, taken: &mut HashSet<PathBuf>) -> PathBuf {
    let mut candidate = name.to_owned();
    let mut number = 2;
    while !taken.insert(candidate.clone()) {
        candidate = folder::numbered(name, number);
        number += 1;
    }
    candidate
}

#[cfg(test)]
mod tests;
