//! `loader check`: do I have this already?

use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::configuration::Effort;
use super::limits::LimitArguments;
use super::terminal::{Terminal, counted, further, grouped, safe_line};
use super::work::EffortArguments;
use super::{Everywhere, signals};
use crate::check::{self, Answer, CheckReport, CheckSettings, Library, Likeness, Near, Places, Standing};
use crate::discover::Roots;
use crate::error::{Error, ErrorKind, ExitStatus, Result};
use crate::pipeline::Stop;
use crate::server::connect;

const EXAMPLES: &str = "\
A line on stdout for each MIDI file, archives looked into: new, known, near or refused, its path, and what the
library has of it. With --json an object in each line instead. What the library has read from the same path, and is of
the same size and time, is not read again, but with --verify. Nothing is written, no lock is taken: it may run beside an
import, and a role with SELECT on the tables is enough.

Examples:
  loader check ~/Downloads/pack.zip                  what of it is new
  loader check --only new --json /media/stick | jq -r .path
  curl -s https://example.org/midi.tar.gz | loader check -

Exit status: 0 answered for everything, 3 something could not be read, else as for import.";

/// What `loader check` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CheckArguments {
    /// Files, archives and folders; - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Print only these; the summary counts all
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    only: Vec<Wanted>,
    /// Least similarity that counts as near, 0 to 1; at 0.8 and above hardly any is missed
    #[arg(long, default_value_t = 0.8, value_name = "SHARE", value_parser = share)]
    similarity: f64,
    /// Most places to tell of each content
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    places: u32,
    #[command(flatten)]
    effort: EffortArguments,
    /// Read also what is unchanged by size and time since the library read it
    #[arg(long)]
    verify: bool,
    #[command(flatten)]
    limits: LimitArguments,
}

/// An answer that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Wanted {
    /// What the library has nothing of
    New,
    /// What it has
    Known,
    /// What has the same or similar notes as something it has
    Near,
    /// What could not be read
    Refused,
}

/// A share between 0 and 1.
pub(super) fn share(typed: &str) -> std::result::Result<f64, String> {
    let share: f64 = typed.parse().map_err(|_| "expected a number from 0 to 1, such as 0.8".to_owned())?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err(format!("{typed} is not in 0..=1")) }
}

/// Checks, and prints the answers as they come.
///
/// # Errors
/// Where the library cannot be asked.
pub(super) async fn run(
    arguments: &CheckArguments,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    let (streams, paths): (Vec<_>, Vec<_>) =
        arguments.paths.iter().cloned().partition(|path| path.as_os_str() == "-");
    let roots = if paths.is_empty() { None } else { Some(Roots::resolve(&paths)?) };
    let read = roots.as_ref().map(|roots| roots.paths().to_vec()).unwrap_or_default();
    let effort = Effort::resolve(&everywhere.configuration, &arguments.effort.clone().into(), &read);
    effort.announce(terminal);
    let settings = CheckSettings {
        roots,
        standard_input: !streams.is_empty(),
        verify: arguments.verify,
        jobs: effort.readers(),
        limits: arguments.limits.resolve(),
        map_policy: effort.map_policy,
        priority: effort.priority,
    };
    let target = connect::resolve(everywhere.database()).await?;
    let library = Library::open(&target, settings.jobs, arguments.similarity, arguments.places).await?;
    let stop = Arc::new(Stop::default());
    let received = signals::listen(Arc::clone(&stop), *terminal, signals::Effect::Reads)?;
    let (speaker, json, only) = (*terminal, everywhere.json, arguments.only.clone());
    let checking = tokio::task::spawn_blocking(move || {
        check::run(&settings, &library, &stop, &|answers| {
            let mut lines = String::new();
            for answer in answers.iter().filter(|answer| is_wanted(&only, &answer.standing)) {
                if json {
                    lines.push_str(&as_json(answer).to_string());
                } else {
                    add_line(&mut lines, answer);
                }
                lines.push('\n');
            }
            speaker.print(&lines)
        })
    });
    let report = checking
        .await
        .map_err(|error| Error::new(ErrorKind::Run, "the check ended unexpectedly").with_cause(error))??;
    terminal.say(&terminal.bold(&closing_line(&report)));
    Ok(match received.signal() {
        Some(signal) => ExitStatus::Signal(signal),
        None if report.refused > 0 => ExitStatus::Rejects,
        None => ExitStatus::Success,
    })
}

fn is_wanted(only: &[Wanted], standing: &Standing) -> bool {
    let kind = match standing {
        Standing::New(_) => Wanted::New,
        Standing::Known(_) => Wanted::Known,
        Standing::Near(_) => Wanted::Near,
        Standing::Refused(_) => Wanted::Refused,
    };
    only.is_empty() || only.contains(&kind)
}

/// Standing, path, and what is told of it, with tabs between: `known`, `/new/a.mid`, `/music/a.mid (and 2 more)`. There may be
/// hundreds of thousands: nothing is made beside the lines.
fn add_line(lines: &mut String, answer: &Answer) {
    let mut add = |words: &[&str]| words.iter().for_each(|word| lines.push_str(word));
    add(&[answer.standing.word(), "\t", &safe_line(&answer.path)]);
    match &answer.standing {
        Standing::New(None) => {}
        Standing::New(Some(former)) => {
            add(&["\twas known from ", &safe_line(former), ", which has vanished"]);
        }
        Standing::Known(places) => add_places(lines, "\t", places),
        Standing::Near(near) => add_places(lines, &format!("\t{} ", told_likeness(near)), &near.places),
        Standing::Refused(refusal) => {
            add(&["\t", refusal.reason.code(), ": ", &safe_line(&refusal.detail)]);
        }
    }
    if let Some(first) = &answer.repeats {
        lines.push_str("\tthe same as ");
        lines.push_str(&safe_line(first));
    }
}

/// The paths, with tabs between, after `before`.
fn add_places(lines: &mut String, before: &str, places: &Places) {
    lines.push_str(before);
    for (index, path) in places.paths.iter().enumerate() {
        if index > 0 {
            lines.push('\t');
        }
        lines.push_str(&safe_line(path));
    }
    let more = places.count.saturating_sub(places.paths.len() as u64);
    if more > 0 {
        lines.push_str(&format!(" (and {} more)", grouped(more)));
    }
}

fn told_likeness(near: &Near) -> String {
    match near.likeness {
        Likeness::SameNotes => "the same notes as".to_owned(),
        Likeness::Transposed => "transposed from".to_owned(),
        Likeness::Similar => format!("{:.2} similar to", near.similarity),
    }
}

fn as_json(answer: &Answer) -> Value {
    let mut fields = vec![("standing", json!(answer.standing.word())), ("path", json!(answer.path))];
    if let Some(digest) = answer.digest {
        fields.push(("digest", json!(digest.to_string())));
    }
    if let Some(first) = &answer.repeats {
        fields.push(("repeats", json!(first)));
    }
    match &answer.standing {
        Standing::New(None) => {}
        Standing::New(Some(former)) => fields.push(("formerly", json!(former))),
        Standing::Known(places) => fields.push(("places", json!(places))),
        Standing::Near(near) => {
            let told = json!({
                "likeness": near.likeness,
                "similarity": near.similarity,
                "digest": near.digest.to_string(),
                "places": near.places,
                "contents": near.contents,
            });
            fields.push(("near", told));
        }
        Standing::Refused(refusal) => {
            fields.push(("reason", json!(refusal.reason.code())));
            fields.push(("detail", json!(refusal.detail)));
        }
    }
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// `Checked 12,331 files · 12 new · 12,300 known · 16 near · 3 could not be read`
fn closing_line(report: &CheckReport) -> String {
    let files = report.new + report.known + report.near + report.refused;
    let mut line = format!(
        "Checked {} · {} new · {} known",
        counted(files, "file"),
        grouped(report.new),
        grouped(report.known)
    );
    line.push_str(&further(&[
        (report.near, "near"),
        (report.repeated, "of these repeated in what was checked"),
        (report.refused, "could not be read"),
        (report.not_midi, "not MIDI"),
    ]));
    if !report.complete {
        line.push_str(" · stopped before the end");
    }
    line
}
