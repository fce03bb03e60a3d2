//! Watches folders: what changes on the disk arrives in the library within seconds, by an import of what changed.
//!
//! ```text
//! notices, glances ─▶ board ─▶ quiet? ─▶ part of the folders ─▶ import
//!  what is told        paths     each path     or all of them      walk, lock, pipeline, account
//! ```
//!
//! Decides when something is imported and what; how is [`crate::import`]'s alone, which is why nothing here knows a table.
//! The library's lock is held only while something is imported. Whatever is missed, the next rescan finds.

mod attention;
mod changes;
mod folder;
mod glances;
mod mounts;
mod news;
mod notices;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use changes::{Changes, Due, Look, Patience, gathered};
pub use folder::{Folder, How, Why};
pub use news::{Account, News, Pass, Scope};
pub use notices::Deaf;

use self::glances::Glances;
use self::notices::{Board, Notices};
use crate::discover::{Anchor, Roots};
use crate::error::{ErrorKind, Result};
use crate::import::{Import, ImportSettings, Report};
use crate::pipeline::{Inputs, Stop};
use crate::progress::Counters;
use crate::server::connect::{self, Target};

/// More paths than this are looked for in the folders they lie in: each costs a query.
const MOST_PATHS: usize = 32;

/// How often it is seen to what does not tell by itself: a wish to end, files that are quiet.
const TICK: Duration = Duration::from_millis(100);

/// How often another run is asked whether it has ended.
const LOCK_EVERY: Duration = Duration::from_secs(1);

/// The longest time between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// What is watched, and how.
#[derive(Clone, Debug)]
pub struct WatchSettings {
    /// How changes are imported; what is read is filled in here.
    pub import: ImportSettings,
    /// What is watched: absolute, and none inside another.
    pub folders: Vec<PathBuf>,
    /// How long changes are waited for to end.
    pub patience: Patience,
    /// How often everything is looked through, whatever was told.
    pub rescan_every: Option<Duration>,
    /// How often folders are looked through of which the operating system does not tell.
    pub poll_every: Duration,
    /// Whether these are all of them.
    pub polls: bool,
}

/// Folders being watched.
pub struct Watch {
    settings: WatchSettings,
    target: Target,
    stop: Arc<Stop>,
    board: Board,
    folders: Vec<Folder>,
    notices: Option<Notices>,
    glances: Glances,
    next_look: Instant,
    next_rescan: Option<Instant>,
    account: Account,
}

impl Watch {
    /// Looks at the folders, and whether there is a server.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] for what is no folder, [`ErrorKind::Unreachable`] without a server: later it is waited for.
    pub async fn prepare(settings: WatchSettings, target: Target, stop: Arc<Stop>) -> Result<Self> {
        let folders = settings.folders.iter().map(|path| Folder::look(path, settings.polls));
        let folders = folders.collect::<Result<Vec<_>>>()?;
        drop(connect::connect(&target, "loader watch").await?);
        let glances = Glances::at(Vec::new(), settings.poll_every);
        let now = Instant::now();
        Ok(Self {
            next_rescan: settings.rescan_every.map(|every| now + every),
            settings,
            target,
            stop,
            board: Board::default(),
            folders,
            notices: None,
            glances,
            next_look: now,
            account: Account::default(),
        })
    }

    /// Watches until `stop` is asked for; `tell` hears what happens.
    ///
    /// # Errors
    /// What waiting cannot cure. A server that is away is waited for.
    pub async fn run(mut self, mut tell: impl FnMut(News<'_>)) -> Result<Account> {
        let began = Instant::now();
        self.listen(&mut tell);
        self.board.tell(Changes::note_everything);
        while !self.stop.is_asked() {
            self.attend(&mut tell).await;
            let due = self.board.with(|changes| changes.take(Instant::now(), self.settings.patience));
            if due.is_empty() {
                let tick = if self.board.with(|changes| changes.is_empty()) { 3 * TICK } else { TICK };
                tokio::select! {
                    () = self.board.told() => {}
                    () = tokio::time::sleep(tick) => {}
                }
                // What follows at once is looked at together.
                tokio::time::sleep(TICK / 4).await;
            } else {
                Box::pin(self.bring(&due, &mut tell)).await?;
            }
        }
        self.account.seconds = began.elapsed().as_secs_f64();
        Ok(self.account)
    }

    /// Imports what is due, however often it takes: another run is waited for, and a server that is away.
    async fn bring(&mut self, due: &Due, tell: &mut impl FnMut(News<'_>)) -> Result<()> {
        let (mut pause, mut told) = (Duration::from_secs(1), String::new());
        while !self.stop.is_asked() {
            let Some((roots, scope)) = self.scope(due) else { return Ok(()) };
            let wait = match self.import(roots, tell).await {
                Ok(Some(report)) => {
                    if !told.is_empty() {
                        tell(News::GoesOn);
                    }
                    self.account.add(&report);
                    tell(News::Passed(&Pass { scope, report }));
                    return Ok(());
                }
                Ok(None) => return Ok(()),
                Err(error) if matches!(error.kind(), ErrorKind::Locked) => {
                    // The message tells the time, too, and who it is: that is said once.
                    if told != "locked" {
                        tell(News::Waits(&error));
                        "locked".clone_into(&mut told);
                    }
                    LOCK_EVERY
                }
                Err(error) if matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Run) => {
                    let wait = pause;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    if told != error.to_string() {
                        tell(News::Trouble { error: &error, wait });
                        told = error.to_string();
                    }
                    wait
                }
                Err(error) => return Err(error),
            };
            self.rest(wait, tell).await;
        }
        Ok(())
    }

    /// Waits, and sees to everything else meanwhile.
    async fn rest(&mut self, wait: Duration, tell: &mut impl FnMut(News<'_>)) {
        let until = Instant::now() + wait;
        while Instant::now() < until && !self.stop.is_asked() {
            tokio::time::sleep(TICK).await;
            self.attend(tell).await;
        }
    }

    /// What is walked for what is due; none where no folder of it is there.
    fn scope(&self, due: &Due) -> Option<(Roots, Scope)> {
        let anchors: Vec<Anchor> = self.folders.iter().filter_map(|folder| folder.anchor.clone()).collect();
        let tops: Vec<PathBuf> = anchors.iter().map(|anchor| anchor.path.clone()).collect();
        let (scope, paths) = if due.everything {
            (Scope::Everything, tops.iter().cloned().collect())
        } else {
            let is_below = |path: &&PathBuf| tops.iter().any(|top| path.starts_with(top));
            let paths: BTreeSet<PathBuf> =
                due.paths.iter().filter(is_below).map(|path| reachable(path, &tops)).collect();
            (Scope::Changes, gathered(paths, &tops, MOST_PATHS))
        };
        if paths.is_empty() {
            return None;
        }
        let unsettled = self.board.with(|changes| changes.unsettled());
        Some((Roots::part(anchors, &paths, unsettled), scope))
    }

    /// One import; none where it was broken off before it began.
    async fn import(&mut self, roots: Roots, tell: &mut impl FnMut(News<'_>)) -> Result<Option<Report>> {
        let inputs = Inputs { roots: Some(roots), ..Inputs::default() };
        let settings = ImportSettings { inputs, ..self.settings.import.clone() };
        let (counters, stop) = (Arc::new(Counters::default()), Arc::new(Stop::default()));
        let preparing =
            Import::prepare(settings, self.target.clone(), Arc::clone(&counters), Arc::clone(&stop));
        let mut preparing = Box::pin(preparing);
        let import = loop {
            tokio::select! {
                import = &mut preparing => break import?,
                () = tokio::time::sleep(TICK) => self.attend(tell).await,
            }
            if self.stop.is_asked() {
                return Ok(None);
            }
        };
        tell(News::Begins(&counters));
        let mut running = Box::pin(import.run(|_| true));
        let report = loop {
            tokio::select! {
                report = &mut running => break report,
                () = tokio::time::sleep(TICK) => self.attend(tell).await,
            }
            if self.stop.is_asked() {
                stop.ask();
            }
        };
        tell(News::Ended);
        report.map(Some)
    }
}

/// A path, or the innermost folder around it that can be looked at: of what lies behind a closed door nothing is known.
fn reachable(path: &Path, tops: &[PathBuf]) -> PathBuf {
    let is_shut = |path: &&Path| {
        std::fs::symlink_metadata(path)
            .is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
    };
    let is_top = |path: &&Path| tops.iter().any(|top| top == path);
    let innermost = path.ancestors().find(|path| is_top(path) || !is_shut(path));
    innermost.unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_looked_at_is_looked_at_itself() {
        let folder = tempfile::tempdir().unwrap();
        let tops = [folder.path().to_owned()];
        for name in ["", "gone.mid", "gone/deep/a.mid"] {
            let path = folder.path().join(name);
            assert_eq!(reachable(&path, &tops), path);
        }
    }
}
