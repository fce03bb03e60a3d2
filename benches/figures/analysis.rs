//! What reading a MIDI file costs at each level of analysis, beside the bare walk over its events by midly.
//!
//! `cargo bench --bench figures -- analysis [--rounds N] [--corpus FOLDER]`. Contents of 10 to 120 KB in memory: generated ones, and
//! with `--corpus` also the bare MIDI files below a folder that are in order. Sides take turns on one thread and are judged by
//! their processor time; then all cores read side by side. Of `standard`, digest included, 3.5 times the walk is allowed and 2.5
//! the aim; of `basic` 2 times; and 7,000 files and 220 MB a second on two cores. The walk that counts looks at each event; the
//! quickest one, which only counts note-ons and lets the compiler leave out the rest, is printed beside it.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Args;
use loader::digest::Digest;
use loader::midi::{Analyser, AnalysisLevel, starts_like_midi};
use loader::record::ParseStatus;
use loader::sample;
use rayon::prelude::*;

use crate::measuring::process::thread_processor;
use crate::measuring::{Series, Verdict, floor, megabytes, print_machine, real, timed};

/// Sizes of the generated contents in bytes, and how many of each: 32 KB on average.
const SIZES: [(usize, u64); 5] = [(10_000, 240), (20_000, 480), (40_000, 320), (80_000, 80), (120_000, 30)];

/// Sizes of files that are taken from a folder.
const TAKEN: std::ops::RangeInclusive<u64> = 10_000..=120_000;

/// Times that all contents are read for one value: the system counts processor time by steps of milliseconds.
const AGAIN: u32 = 4;

/// What is allowed, in times the walk.
const BASIC: f64 = 2.0;
const STANDARD: f64 = 3.5;

/// What two cores must do.
const FILES: f64 = 7_000.0;
const MEGABYTES: f64 = 220.0;

/// What the measurement takes.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Times that each side is measured
    #[arg(long, default_value_t = 15)]
    rounds: u32,
    /// A folder with MIDI files to measure too
    #[arg(long)]
    corpus: Option<PathBuf>,
}

/// Contents, and the processor seconds that each side took for all of them.
struct Corpus {
    name: String,
    contents: Vec<Vec<u8>>,
    bytes: u64,
    notes: u64,
    events: u64,
    /// Counting note-ons.
    quickest: Series,
    /// Looking at each event.
    walk: Series,
    /// By level; the digest is taken with `standard` and `full`.
    levels: [Series; AnalysisLevel::ALL.len()],
    /// Wall seconds of all cores together, at `standard`.
    together: Series,
}

pub(crate) fn measure(options: &Options) -> Result<ExitCode> {
    print_machine();
    let generated = SIZES
        .into_iter()
        .flat_map(|(size, count)| (0..count).map(move |index| sample::midi(size as u64, index, size)));
    let mut corpora = vec![Corpus::of("generated", generated.collect())];
    if let Some(folder) = &options.corpus {
        corpora.push(Corpus::of(&folder.display().to_string(), taken(folder)?));
    }
    let mut verdict = Verdict::default();
    println!(
        "| corpus | files | KB each | notes each | side | µs a file | files/s | MB/s | × walk | × quickest |"
    );
    println!("|---|---:|---:|---:|---|---:|---:|---:|---:|---:|");
    for corpus in &mut corpora {
        let mut analysers = AnalysisLevel::ALL.map(Analyser::new);
        for _ in 0..options.rounds {
            corpus.measure(&mut analysers)?;
        }
        corpus.print();
    }
    for corpus in &corpora {
        corpus.judge(&mut verdict);
    }
    Ok(verdict.exit())
}

/// The bare MIDI files below a folder that are of a usual size and in order, each content once.
fn taken(folder: &Path) -> Result<Vec<Vec<u8>>> {
    let mut analyser = Analyser::new(AnalysisLevel::Basic);
    let mut contents = std::collections::BTreeSet::new();
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry?;
        if !entry.file_type().is_file() || !TAKEN.contains(&entry.metadata()?.len()) {
            continue;
        }
        let content = fs_err::read(entry.path())?;
        let mut is_clean =
            |content: &[u8]| analyser.read(content).is_ok_and(|reading| reading.status == ParseStatus::Clean);
        if starts_like_midi(&content) && is_clean(&content) {
            contents.insert(content);
        }
    }
    ensure!(!contents.is_empty(), "{} holds no MIDI file of 10 to 120 KB in order", folder.display());
    Ok(contents.into_iter().collect())
}

impl Corpus {
    fn of(name: &str, contents: Vec<Vec<u8>>) -> Self {
        Self {
            name: name.to_owned(),
            bytes: contents.iter().map(|content| content.len() as u64).sum(),
            notes: contents.iter().map(|content| floor::count_notes(content)).sum(),
            events: contents.iter().map(|content| floor::look_at_events(content)).sum(),
            contents,
            quickest: Series::default(),
            walk: Series::default(),
            levels: Default::default(),
            together: Series::default(),
        }
    }

    fn measure(&mut self, analysers: &mut [Analyser]) -> Result<()> {
        let contents = &self.contents;
        for (walk, expected, series) in [
            (floor::count_notes as fn(&[u8]) -> u64, self.notes, &mut self.quickest),
            (floor::look_at_events, self.events, &mut self.walk),
        ] {
            let before = thread_processor();
            let met: u64 = (0..AGAIN).flat_map(|_| contents).map(|content| walk(black_box(content))).sum();
            series.add((thread_processor() - before) / f64::from(AGAIN));
            ensure!(
                met == u64::from(AGAIN) * expected,
                "a walk met {met}, expected {AGAIN} times {expected}"
            );
        }
        for ((level, analyser), series) in AnalysisLevel::ALL.iter().zip(analysers).zip(&mut self.levels) {
            let before = thread_processor();
            for content in (0..AGAIN).flat_map(|_| contents) {
                read(analyser, *level, content)?;
            }
            series.add((thread_processor() - before) / f64::from(AGAIN));
        }
        let level = AnalysisLevel::Standard;
        let (seconds, result) = timed(|| {
            let all = contents.par_iter();
            all.map_init(|| Analyser::new(level), |analyser, content| read(analyser, level, content))
                .collect::<Result<()>>()
        });
        result?;
        self.together.add(seconds);
        Ok(())
    }

    /// Name of a side, processor seconds.
    fn sides(&self) -> impl Iterator<Item = (String, f64)> {
        let walks = [
            ("midly, counting note-ons".to_owned(), self.quickest.median()),
            ("midly, looking at each event".to_owned(), self.walk.median()),
        ];
        let names = AnalysisLevel::ALL.iter().map(|level| match level {
            AnalysisLevel::Basic => "basic".to_owned(),
            _ => format!("{} and digest", level.word()),
        });
        walks.into_iter().chain(names.zip(self.levels.iter().map(Series::median)))
    }

    fn print(&self) {
        let files = real(self.contents.len() as u64);
        let row = |side: &str, seconds: f64, ratios: &str| {
            println!(
                "| {} | {files} | {:.1} | {:.0} | {side} | {:.1} | {:.0} | {:.0} | {ratios} |",
                self.name,
                real(self.bytes) / files / 1e3,
                real(self.notes) / files,
                seconds / files * 1e6,
                files / seconds,
                megabytes(self.bytes) / seconds,
            );
        };
        for (side, seconds) in self.sides() {
            let (walk, quickest) = (seconds / self.walk.median(), seconds / self.quickest.median());
            row(&side, seconds, &format!("{walk:.2} | {quickest:.2}"));
        }
        row("standard and digest, all cores", self.together.median(), " | ");
    }

    fn judge(&self, verdict: &mut Verdict) {
        let [basic, standard, _] = &self.levels;
        for (name, series, allowed) in [("basic", basic, BASIC), ("standard", standard, STANDARD)] {
            let ratio = series.median() / self.walk.median();
            let strict = series.median() / self.quickest.median();
            verdict.require(
                ratio <= allowed,
                &format!(
                    "{}: {name} {ratio:.2} times the walk ({strict:.2} the quickest), {allowed} allowed",
                    self.name
                ),
            );
        }
        let seconds = self.together.median();
        let (files, megabytes) =
            (real(self.contents.len() as u64) / seconds, megabytes(self.bytes) / seconds);
        // A folder's files may be smaller or larger than 32 KB on average: bytes count there.
        let holds = megabytes >= MEGABYTES || files >= FILES;
        verdict.require(
            holds,
            &format!(
                "{}: {files:.0} files/s, {megabytes:.0} MB/s on all cores; 7,000 or 220 are promised of two",
                self.name
            ),
        );
    }
}

fn read(analyser: &mut Analyser, level: AnalysisLevel, content: &[u8]) -> Result<()> {
    if level > AnalysisLevel::Basic {
        black_box(Digest::of(content));
    }
    let reading = analyser.read(black_box(content));
    black_box(reading.ok().context("a content was refused")?);
    Ok(())
}
