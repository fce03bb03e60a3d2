//! Where the time of an import went, for reading: a table at its end, and a line in the log meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::terminal::Terminal;
use crate::import::{Bound, Report, TimeSpent, Way};
use crate::progress::{Counters, MachineGlance, Phase, StageSeconds};

/// How often the log is told.
const EVERY: Duration = Duration::from_secs(10);

/// Prints where the time went.
pub(super) fn show(report: &Report, way: Way, terminal: &Terminal) {
    let spent = &report.time_spent;
    let [preparing, loading, indexing, checking, sorting] = report.phases;
    terminal.say(&format!(
        "phases: preparing {preparing:.2} s, loading {loading:.2} s, indexes {indexing:.2} s, \
         songs {sorting:.2} s,\n  checking {checking:.2} s; of loading, in seconds of all threads together:"
    ));
    for (name, seconds, what) in rows(&spent.stages, way.connections) {
        terminal.say(&format!("  {name:<9}{seconds:>9.2}  {what}"));
    }
    if let Some(machine) = &spent.machine {
        let percent = |share: f64| (share * 100.0).round();
        terminal.say(&format!(
            "processor: {} % busy, {} % by loader itself; {} % waiting for a disk",
            percent(machine.busy),
            percent(machine.own),
            percent(machine.waiting_for_disk)
        ));
    }
    terminal.say(&verdict(spent, "\n  "));
}

fn rows(stages: &StageSeconds, connections: usize) -> [(&'static str, f64, String); 8] {
    let told = |text: &str| text.to_owned();
    [
        ("walk", stages.walk, told("finding the files (one thread, until all are found)")),
        ("read", stages.read, told("opening and reading; what is mapped is read by unpack")),
        ("unpack", stages.unpack, told("entries out of archives: inflate, checksums")),
        ("digest", stages.digest, told("BLAKE3")),
        ("parse", stages.parse, told("events of MIDI files, notes paired")),
        ("analyse", stages.analyse, told("what the music says")),
        ("encode", stages.encode, told("rows into what is sent")),
        ("database", stages.database, format!("waiting for the server, of {connections} connections")),
    ]
}

/// What bounds the run, and behind `gap` what would help.
fn verdict(spent: &TimeSpent, gap: &str) -> String {
    let bound = match spent.bound {
        None => return "too short, or too little known of the machine, to say what bounds it".to_owned(),
        Some(Bound::Processor) => "bound by the processor",
        Some(Bound::Disk) => "bound by the disk that is read from",
        Some(Bound::Database) => "bound by the database, which waits for something else than this processor",
        Some(Bound::Nothing) => "bound by nothing for long: too little to do at once",
    };
    match &spent.advice {
        Some(advice) => format!("{bound};{gap}what would help: {advice}"),
        None => bound.to_owned(),
    }
}

/// Tells the log what bounds the run while it loads.
pub(super) fn follow(counters: Arc<Counters>, way: Way) -> JoinHandle<()> {
    tokio::spawn(async move {
        let (mut glance, mut before, mut since) = (None, StageSeconds::default(), Instant::now());
        loop {
            tokio::time::sleep(EVERY).await;
            let now = counters.timings.seconds();
            if counters.snapshot().phase == Phase::Loading {
                let used = glance.as_ref().and_then(MachineGlance::until_now);
                let spent = TimeSpent::of(now.since(&before), used, since.elapsed(), way);
                tracing::info!(stages = ?spent.stages, "in the last {EVERY:?}: {}", verdict(&spent, " "));
            }
            (glance, before, since) = (MachineGlance::now(), now, Instant::now());
        }
    })
}
