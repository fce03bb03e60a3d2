//! What each mode is worth: 400,000 row pairs to a library with 39 indexes and foreign keys, analysed and durable, by every
//! path there is; and what indexes cost a library that is there already.
//!
//! `cargo bench --bench figures -- modes [--pairs 400000 --rounds 2 --break-even]`. The paths take turns on a server of their own, each into a new
//! database. At the size that is promised it ends with 1 if `fast` takes more than 1.15 times the best ludicrous path, `ludicrous`
//! more than 1.10 times the best path there is, or the usual recipe less than 1.6 times either; if two connections take more than
//! 0.6 of one's time to build the indexes; or if `normal` chooses wrongly by more than 1.05.

mod library;
mod path;
mod rows;
mod upkeep;

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use loader::server::indexes::{Choice, Plan};

use self::library::Shares;
use self::path::{BARE, FAST, FROZEN, LUDICROUS, Path, RECIPE, Times, UNLOGGED};
use self::rows::Rows;
use self::upkeep::{Arrival, Existing};
use crate::measuring::server::Server;
use crate::measuring::{Series, Verdict, print_machine, real, timed};

/// The promised size and figures.
const PAIRS: u64 = 400_000;
const ARRIVING: u64 = 32_000;
const FAST_BY_LUDICROUS: f64 = 1.15;
const LUDICROUS_BY_BEST: f64 = 1.10;
const RECIPE_BY_OURS: f64 = 1.6;
const TWO_BY_ONE: f64 = 0.6;
const CHOICE: f64 = 1.05;

/// What the measurement takes.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Row pairs of a library
    #[arg(long, default_value_t = PAIRS)]
    pairs: u64,
    /// Row pairs that come on top of it
    #[arg(long, default_value_t = ARRIVING)]
    arriving: u64,
    /// Mean size in bytes of the files the rows are made of
    #[arg(long, default_value_t = 20_000)]
    mean_size: usize,
    /// Times that everything is measured
    #[arg(long, default_value_t = 2)]
    rounds: u32,
    /// Only the paths, or only the library that is there
    #[arg(long)]
    only: Option<Part>,
    /// Also twice and four times as many arriving rows, and so on up to the pairs: where does suspending begin to pay?
    #[arg(long)]
    break_even: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Paths,
    Existing,
}

pub(crate) fn measure(options: &Options) -> Result<ExitCode> {
    print_machine();
    let (took, rows) = timed(|| Rows::generate(1, options.pairs, options.mean_size));
    let rows = rows?;
    let server = Server::start()?;
    println!(
        "server: {}; {} row pairs, made in {took:.0} s; {} rounds",
        server.version()?,
        rows.pairs(),
        options.rounds
    );
    let mut verdict = Verdict::default();
    if options.only != Some(Part::Existing) {
        let paths = measure_paths(&server, &rows, options.rounds)?;
        print_paths(&paths, rows.pairs());
        if options.pairs >= PAIRS {
            judge_paths(&paths, &mut verdict);
        }
    }
    if options.only != Some(Part::Paths) {
        measure_existing(&server, &rows, options, &mut verdict)?;
    }
    Ok(verdict.exit())
}

/// The runs of one path.
struct Runs {
    path: Path,
    total: Series,
    times: Vec<Times>,
}

impl Runs {
    /// The middle one of some part.
    fn median(&self, part: impl Fn(&Times) -> f64) -> f64 {
        let mut series = Series::default();
        self.times.iter().for_each(|times| series.add(part(times)));
        series.median()
    }
}

fn measure_paths(server: &Server, rows: &Rows, rounds: u32) -> Result<Vec<Runs>> {
    let paths = [FAST, LUDICROUS, FROZEN, BARE, UNLOGGED, RECIPE];
    let mut all: Vec<_> =
        paths.map(|path| Runs { path, total: Series::default(), times: Vec::new() }).into_iter().collect();
    for round in 1..=rounds {
        for runs in &mut all {
            let times = runs.path.run(server, rows)?;
            eprintln!("round {round}: {} {:.2} s", runs.path.name, times.total());
            runs.total.add(times.total());
            runs.times.push(times);
        }
    }
    Ok(all)
}

fn print_paths(all: &[Runs], pairs: u64) {
    let fast = all.first().map_or(f64::NAN, |runs| runs.total.median());
    println!(
        "| path | s (least – most) | × fast | storing | logged, primary keys | restoring | to disk | indexes, keys, VACUUM, idle | server CPU s | pairs/s |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for runs in all {
        println!(
            "| {} | {:.2} ({:.2} – {:.2}) | {:.3} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2}, {:.2}, {:.2}, {:.2} | {:.1} | {:.0} |",
            runs.path.name,
            runs.total.median(),
            runs.total.least(),
            runs.total.most(),
            runs.total.median() / fast,
            runs.median(|times| times.storing),
            runs.median(|times| times.converting),
            runs.median(|times| times.restoring),
            runs.median(|times| times.flushing),
            runs.median(|times| times.shares.building),
            runs.median(|times| times.shares.proving),
            runs.median(|times| times.shares.refreshing),
            runs.median(|times| times.shares.idle),
            runs.median(|times| times.processor),
            real(pairs) / runs.total.median(),
        );
    }
}

fn judge_paths(all: &[Runs], verdict: &mut Verdict) {
    let of = |paths: &[Path]| {
        let named = all.iter().filter(|runs| paths.iter().any(|path| path.name == runs.path.name));
        named.map(|runs| runs.total.median()).fold(f64::INFINITY, f64::min)
    };
    let (fast, ludicrous, recipe) = (of(&[FAST]), of(&[LUDICROUS]), of(&[RECIPE]));
    let best_ludicrous = of(&[LUDICROUS, FROZEN, BARE, UNLOGGED]);
    let best = of(&[FROZEN, BARE]);
    let mut at_most = |what: &str, ratio: f64, allowed: f64| {
        verdict.require(ratio <= allowed, &format!("{what}: {ratio:.3}, at most {allowed}"));
    };
    at_most("fast / the best ludicrous path", fast / best_ludicrous, FAST_BY_LUDICROUS);
    at_most("ludicrous / the best path there is", ludicrous / best, LUDICROUS_BY_BEST);
    for (name, ours) in [("fast", fast), ("ludicrous", ludicrous)] {
        let ratio = recipe / ours;
        verdict.require(
            ratio >= RECIPE_BY_OURS,
            &format!("the usual recipe / {name}: {ratio:.2}, at least {RECIPE_BY_OURS}"),
        );
    }
}

/// Arriving rows, with what both ways took.
struct Load {
    rows: Rows,
    kept: Series,
    suspended: Series,
    processor: [Series; 2],
}

impl Load {
    fn add(&mut self, suspends: bool, Arrival { wall, processor }: Arrival) {
        let [kept, suspended] = &mut self.processor;
        if suspends {
            self.suspended.add(wall);
            suspended.add(processor);
        } else {
            self.kept.add(wall);
            kept.add(processor);
        }
    }
}

fn measure_existing(server: &Server, rows: &Rows, options: &Options, verdict: &mut Verdict) -> Result<()> {
    let mut sizes = vec![options.arriving];
    while options.break_even && sizes.last().is_some_and(|size| 2 * size <= options.pairs) {
        sizes.extend(sizes.last().map(|size| 2 * size));
    }
    let most = sizes.last().copied().unwrap_or_default();
    let arriving = Rows::generate(2, most, options.mean_size)?;
    let mut loads: Vec<_> = sizes
        .iter()
        .map(|size| Load {
            rows: arriving.first(*size),
            kept: Series::default(),
            suspended: Series::default(),
            processor: Default::default(),
        })
        .collect();

    let existing = Existing::load(server, rows)?;
    let (tables, indexes) = existing.sizes;
    let each = |bytes: u64| real(bytes) / real(rows.pairs());
    println!(
        "a content takes {:.0} bytes in tables, {:.0} in secondary indexes",
        each(tables),
        each(indexes)
    );

    let (mut one, mut two) = (Series::default(), Series::default());
    println!("| connections | restoring s | indexes | keys | VACUUM | idle |");
    println!("|---:|---:|---:|---:|---:|---:|");
    for round in 1..=options.rounds {
        for (connections, series) in [(2, &mut two), (1, &mut one)] {
            let (took, Shares { building, proving, refreshing, idle }) = existing.build(connections)?;
            println!(
                "| {connections} | {took:.2} | {building:.2} | {proving:.2} | {refreshing:.2} | {idle:.2} |"
            );
            series.add(took);
        }
        for load in &mut loads {
            for suspends in [false, true] {
                let arrival = existing.add(&load.rows, suspends)?;
                eprintln!(
                    "round {round}: {} more, suspended {suspends}: {:.2} s",
                    load.rows.pairs(),
                    arrival.wall
                );
                load.add(suspends, arrival);
            }
        }
    }

    let ratio = two.median() / one.median();
    println!();
    println!(
        "| on top of {} | kept s | suspended s | kept, server CPU s | suspended, server CPU s | kept / suspended |",
        rows.pairs()
    );
    println!("|---:|---:|---:|---:|---:|---:|");
    for load in &loads {
        let [kept, suspended] = &load.processor;
        println!(
            "| {} | {:.2} | {:.2} | {:.1} | {:.1} | {:.2} |",
            load.rows.pairs(),
            load.kept.median(),
            load.suspended.median(),
            kept.median(),
            suspended.median(),
            load.kept.median() / load.suspended.median()
        );
    }
    if options.pairs >= PAIRS {
        verdict.require(
            ratio <= TWO_BY_ONE,
            &format!("two connections / one, indexes, keys and statistics: {ratio:.3}, at most {TWO_BY_ONE}"),
        );
        if let Some(load) = loads.first() {
            let (kept, suspended) = (load.kept.median(), load.suspended.median());
            let choice = Plan::weigh(rows.pairs(), load.rows.pairs(), 2).choice;
            let chosen = if choice == Choice::Suspend { suspended } else { kept };
            let ratio = chosen / kept.min(suspended);
            verdict.require(
                ratio <= CHOICE,
                &format!("normal chooses to {choice:?}: {ratio:.3} times the better way, at most {CHOICE}"),
            );
        }
    }
    Ok(())
}
