//! What the analysis of a MIDI file costs beside the bare walk over its events by midly.
//!
//! `cargo bench --bench analysis [-- --rounds N]`. One thread, contents of 10 to 120 KB in memory. The goal is twice the
//! walk; it is printed and not enforced.

mod measuring;

use std::hint::black_box;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use loader::midi::{Analyser, AnalysisLevel};
use loader::sample;
use measuring::{Series, floor, megabytes, print_machine, real, timed};

/// Sizes of the contents in bytes, and how many of each: about the same number of bytes of every size.
const SIZES: [(usize, u64); 5] = [(10_000, 960), (20_000, 480), (40_000, 240), (80_000, 120), (120_000, 80)];

/// What the measurement takes.
#[derive(Debug, Parser)]
struct Options {
    /// Times that each side is measured
    #[arg(long, default_value_t = 15)]
    rounds: u32,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// Contents of one size and the times both sides took for all of them.
struct Class {
    name: String,
    contents: Vec<Vec<u8>>,
    bytes: u64,
    events: u64,
    analysis: Series,
    walk: Series,
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    print_machine();
    let mut classes: Vec<_> = SIZES.into_iter().map(|(size, count)| Class::of(size, count)).collect();
    let mut analyser = Analyser::new(AnalysisLevel::Standard);
    for _ in 0..options.rounds {
        for class in &mut classes {
            class.measure(&mut analyser)?;
        }
    }
    println!("| size | files | events a file | walk µs/file | analysis µs/file | files/s | MB/s | ratio |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    classes.iter().for_each(Class::print);
    let all = Class::sum(&classes);
    all.print();
    let ratio = all.analysis.median() / all.walk.median();
    println!("goal: at most 2 times the walk; found {ratio:.2}");
    Ok(ExitCode::SUCCESS)
}

impl Class {
    fn of(size: usize, count: u64) -> Self {
        let contents: Vec<_> = (0..count).map(|index| sample::midi(size as u64, index, size)).collect();
        Self {
            name: format!("{} KB", size / 1_000),
            bytes: contents.iter().map(|content| content.len() as u64).sum(),
            events: contents.iter().map(|content| floor::walk_events(content)).sum(),
            contents,
            analysis: Series::default(),
            walk: Series::default(),
        }
    }

    fn measure(&mut self, analyser: &mut Analyser) -> Result<()> {
        let contents = &self.contents;
        let (walk, events) =
            timed(|| contents.iter().map(|content| floor::walk_events(black_box(content))).sum::<u64>());
        anyhow::ensure!(events == self.events, "the walk met {events} events, before {}", self.events);
        let (analysis, result) = timed(|| {
            contents.iter().try_for_each(|content| {
                analyser.read(black_box(content)).map(|reading| drop(black_box(reading)))
            })
        });
        result.map_err(|refusal| anyhow::anyhow!("a generated content was refused: {}", refusal.detail))?;
        self.walk.add(walk);
        self.analysis.add(analysis);
        Ok(())
    }

    /// All classes as one: their median times add up.
    fn sum(classes: &[Self]) -> Self {
        let mut all = Self {
            name: "all".to_owned(),
            contents: classes.iter().flat_map(|class| class.contents.iter().cloned()).collect(),
            bytes: classes.iter().map(|class| class.bytes).sum(),
            events: classes.iter().map(|class| class.events).sum(),
            analysis: Series::default(),
            walk: Series::default(),
        };
        all.analysis.add(classes.iter().map(|class| class.analysis.median()).sum());
        all.walk.add(classes.iter().map(|class| class.walk.median()).sum());
        all
    }

    fn print(&self) {
        let files = self.contents.len() as u64;
        let (walk, analysis) = (self.walk.median(), self.analysis.median());
        println!(
            "| {} | {files} | {:.0} | {:.1} | {:.1} | {:.0} | {:.0} | {:.2} |",
            self.name,
            real(self.events) / real(files),
            walk / real(files) * 1e6,
            analysis / real(files) * 1e6,
            real(files) / analysis,
            megabytes(self.bytes) / analysis,
            analysis / walk,
        );
    }
}
