//! `loader watch`: what was typed, resolved; and a line for what happens.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Zoned;

use super::configuration::{Effort, Wishes};
use super::limits::LimitArguments;
use super::progress::{Reporter, Running};
use super::terminal::{Terminal, counted, duration, further, safe_line};
use super::{Everywhere, import, logging, plan, signals};
use crate::discover::Roots;
use crate::error::{ExitStatus, Result};
use crate::import::{ImportSettings, RescanSettings};
use crate::mode::Mode;
use crate::pipeline::{Asked, Inputs, Stop};
use crate::server::connect;
use crate::watch::{Account, Deaf, Folder, How, News, Pass, Patience, Watch, WatchSettings, Why};

const EXAMPLES: &str = "\
Examples:
  loader watch ~/midi                        from now on, until Ctrl-C
  loader watch --json ~/midi | jq .inserted  one line of JSON for each import
  loader watch --poll 30s /mnt/share         where nobody tells what others change

First everything is looked through, as by loader import; then only what changes is, a second and a half after the last
change to it. A file that is still being written is left until it is not. What vanishes is marked, moved files keep their
ids; a folder that is not there any more, as if a disk were not mounted, loses nothing. The library's lock is held only
while something is imported: an import, a prune beside it is waited for. So is a server that is away.";

/// What `loader watch` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct WatchArguments {
    /// Folders to watch, with all below them
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Import a file when nothing has happened to it for so long
    #[arg(long, default_value = "1.5s", value_name = "TIME", value_parser = time)]
    debounce: Duration,
    /// While others go on changing, import what is quiet after so long
    #[arg(long, default_value = "10s", value_name = "TIME", value_parser = time)]
    at_most: Duration,
    /// Look through everything so often, whatever was noticed; or never
    #[arg(long, default_value = "1h", value_name = "TIME", value_parser = time_or_never)]
    rescan_every: Every,
    /// Look through the folders so often, instead of being told by the operating system [default: only those on network
    /// file systems, or beyond its limits, every 10s]
    #[arg(long, value_name = "TIME", value_parser = time)]
    poll: Option<Duration>,
    #[command(flatten)]
    wishes: Wishes,
    /// Store the MD5 of each content that is new, by which other catalogues name files
    #[arg(long)]
    md5: bool,
    #[command(flatten)]
    limits: LimitArguments,
}

/// How often, if at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Every(Option<Duration>);

/// Where no time is given.
const POLL_EVERY: Duration = Duration::from_secs(10);

/// The longest time that is taken: a year.
const LONGEST: f64 = 366.0 * 86_400.0;

/// `0.5`, `1.5s`, `10m`, `2h`.
fn time(text: &str) -> std::result::Result<Duration, String> {
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3_600.0), ("d", 86_400.0)];
    let unit = units.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, *seconds)));
    let (number, unit) = unit.unwrap_or((text, 1.0));
    let seconds = number.trim().parse::<f64>().map(|number| number * unit).ok();
    match seconds.filter(|seconds| (0.01..=LONGEST).contains(seconds)) {
        Some(seconds) => Ok(Duration::from_secs_f64(seconds)),
        None => Err("write a time as 0.5s, 90s, 10m or 2h; at least 10ms".to_owned()),
    }
}

fn time_or_never(text: &str) -> std::result::Result<Every, String> {
    if text == "never" { Ok(Every(None)) } else { time(text).map(|time| Every(Some(time))) }
}

impl WatchArguments {
    /// What was typed, as it is meant.
    fn resolve(&self, everywhere: &Everywhere, terminal: &Terminal) -> Result<WatchSettings> {
        let folders = Roots::resolve(&self.folders)?.paths().to_vec();
        let effort = Effort::resolve(&everywhere.configuration, &self.wishes, &folders);
        effort.announce(terminal);
        let asked = Asked { md5: self.md5, ..Asked::all(effort.analysis) };
        Ok(WatchSettings {
            import: ImportSettings {
                inputs: Inputs::default(),
                mode: Mode::default(),
                keep_mode: false,
                accept_cluster_risk: false,
                rescan: RescanSettings::default(),
                writer: effort.writer,
                connections: effort.connections,
                pipeline: effort.pipeline(asked, &self.limits),
            },
            folders,
            patience: Patience { quiet: self.debounce, longest: self.at_most.max(self.debounce) },
            rescan_every: self.rescan_every.0,
            poll_every: self.poll.unwrap_or(POLL_EVERY),
            polls: self.poll.is_some(),
        })
    }
}

/// Watches until it is interrupted.
///
/// # Errors
/// What waiting cannot cure.
pub(super) async fn run(
    arguments: &WatchArguments,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    let log = logging::start("watch", everywhere)?;
    terminal.say(&format!("log: {}", log.display()));
    let settings = arguments.resolve(everywhere, terminal)?;
    let stop = Arc::new(Stop::default());
    let received = signals::listen(Arc::clone(&stop), *terminal, signals::Effect::Stores)?;
    import::announce_cluster(everywhere, terminal)?;
    let target = connect::resolve(everywhere.database()).await?;
    let watch = Watch::prepare(settings, target, stop).await?;
    let mut listener =
        Listener { everywhere, terminal: *terminal, running: None, passes: 0, printed: Ok(()) };
    let account = watch.run(|news| listener.hear(&news)).await;
    if let Err(error) = &account {
        tracing::error!(%error, "watching failed");
    }
    let account = account?;
    listener.printed?;
    let line = closing_line(&account);
    tracing::info!("{line}");
    terminal.say(&terminal.bold(&line));
    Ok(received.signal().map_or(ExitStatus::Success, ExitStatus::Signal))
}

/// Says what it hears.
struct Listener<'e> {
    everywhere: &'e Everywhere,
    terminal: Terminal,
    running: Option<Running>,
    passes: u64,
    printed: Result<()>,
}

impl Listener<'_> {
    fn hear(&mut self, news: &News<'_>) {
        match news {
            News::Watching { folder, poll_every } => self.watching(folder, *poll_every),
            News::Away(path) => self.warn(&format!(
                "'{}' is not there any more; nothing of it is taken for deleted, and it is watched again when it is back",
                safe_line(&path.to_string_lossy())
            )),
            News::Replaced(path) => self.warn(&format!(
                "'{}' is another folder now, as if a disk had been mounted or unmounted; nothing is taken for deleted that \
                 only seems to be",
                safe_line(&path.to_string_lossy())
            )),
            News::Back(path) => self.say(&format!("'{}' is there again", safe_line(&path.to_string_lossy()))),
            News::Begins(counters) => {
                self.running = Some(Reporter::new(self.everywhere, self.terminal, Arc::clone(counters)).start());
            }
            News::Ended => {
                if let Some(running) = self.running.take() {
                    // What is drawn is cleared before the next line is written.
                    let runtime = tokio::runtime::Handle::current();
                    tokio::task::block_in_place(|| runtime.block_on(running.end()));
                }
            }
            News::Passed(pass) => self.passed(pass),
            News::Waits(error) => self.say(&format!("waiting: {}", safe_line(&error.to_string()))),
            News::GoesOn => self.say("going on"),
            News::Trouble { error, wait } => {
                let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
                let wait = duration(wait.as_secs_f64());
                let error = safe_line(&error.to_string()).into_owned();
                self.warn(&format!("{error}{hint}; tried again in {wait}, and then less and less often"));
            }
        }
    }

    fn watching(&self, folder: &Folder, poll_every: Duration) {
        let path = safe_line(&folder.path.to_string_lossy()).into_owned();
        let every = duration(poll_every.as_secs_f64());
        match &folder.how {
            How::Told => self.say(&format!("watching '{path}' ({})", counted(folder.folders, "folder"))),
            How::Polled(Why::Asked) => self.say(&format!("watching '{path}', looked through every {every}")),
            How::Polled(Why::Remote(kind)) => self.say(&format!(
                "watching '{path}', looked through every {every}: it lies on {kind}, which others may change unseen"
            )),
            How::Polled(Why::Deaf(deaf)) => self.warn(&format!(
                "watching '{path}', looked through every {every}: {}",
                match deaf {
                    Deaf::Folders => "the operating system watches no more folders for this user; to be told at once, \
                        raise the limit: sysctl fs.inotify.max_user_watches=1048576".to_owned(),
                    Deaf::Programs => "the operating system lets no more programs of this user watch; to be told at once, \
                        raise the limit: sysctl fs.inotify.max_user_instances=1024".to_owned(),
                    Deaf::Refused(said) => format!("the operating system does not tell of it ({})", safe_line(said)),
                }
            )),
        }
    }

    /// The first import is always told of, others where they did something.
    fn passed(&mut self, pass: &Pass) {
        let line = import::closing_line(&pass.report);
        self.passes += 1;
        if pass.is_idle() && self.passes > 1 {
            tracing::debug!("{line}");
            return;
        }
        self.say(&line);
        plan::warn_of(&pass.report.held_back, &self.terminal);
        if self.everywhere.json && self.printed.is_ok() {
            self.printed = self.terminal.print_json(pass);
        }
    }

    fn say(&self, line: &str) {
        tracing::info!("{line}");
        self.terminal.say(&format!("{} {line}", Zoned::now().strftime("%H:%M:%S")));
    }

    fn warn(&self, line: &str) {
        tracing::warn!("{line}");
        self.terminal.warn(&format!("{} {line}", Zoned::now().strftime("%H:%M:%S")));
    }
}

/// `Watched for 2h 05m: 12 imports, 340 new files · 3 duplicates · 2 vanished · 1 rejected`
fn closing_line(account: &Account) -> String {
    let mut line = format!(
        "Watched for {}: {}, {}",
        duration(account.seconds),
        counted(account.imports, "import"),
        counted(account.inserted, "new file"),
    );
    line.push_str(&further(&[
        (account.duplicate, "duplicates"),
        (account.sources_vanished, "vanished"),
        (account.rejected, "rejected"),
    ]));
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_understood() {
        for (text, millis) in
            [("1.5", 1_500), ("250ms", 250), ("2s", 2_000), ("10m", 600_000), ("1h", 3_600_000)]
        {
            assert_eq!(time(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "-1s", "0", "nan", "inf", "1 fortnight", "9999999h"] {
            assert!(time(text).is_err(), "{text}");
        }
        assert_eq!(time_or_never("never"), Ok(Every(None)));
    }
}
