//! Folders that the operating system tells nothing of: looked through every so often, and compared.
//!
//! By size and by time to the nanosecond, as an import compares them; `notify`'s own polling looks at whole seconds.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::Board;
use crate::discover::{Anchor, Found, Roots};

/// What was found by one look through folders: size and time of files; neither, where it could not be looked at.
type Sight = HashMap<PathBuf, Option<(u64, i64)>>;

/// Looks through folders again and again.
pub(super) struct Glances {
    folders: Vec<Anchor>,
    every: Duration,
    next: Instant,
    before: Option<Sight>,
    running: Option<JoinHandle<Sight>>,
}

impl Glances {
    /// Begins at once.
    pub(super) fn at(folders: Vec<Anchor>, every: Duration) -> Self {
        Self { folders, every, next: Instant::now(), before: None, running: None }
    }

    /// Begins a look when it is time, and notes what the last one found to be otherwise. Waits for nothing.
    pub(super) async fn attend(&mut self, board: &Board) {
        let now = Instant::now();
        match self.running.take() {
            Some(running) if !running.is_finished() => self.running = Some(running),
            Some(running) => {
                self.next = now + self.every;
                let Ok(found) = running.await else { return };
                // A folder that is not there says nothing of its files.
                if self.folders.iter().all(Anchor::stands) {
                    board.tell(|changes| match &self.before {
                        // What happened before the first look, and after the library was brought up to date.
                        None => changes.note_everything(),
                        Some(before) => {
                            differing(before, &found).for_each(|path| changes.note(path.to_owned(), now));
                        }
                    });
                    self.before = Some(found);
                }
            }
            None if now >= self.next && !self.folders.is_empty() => {
                let folders = self.folders.clone();
                self.running = Some(tokio::task::spawn_blocking(move || look_through(folders)));
            }
            None => {}
        }
    }
}

fn look_through(folders: Vec<Anchor>) -> Sight {
    let paths = folders.iter().map(|folder| folder.path.clone()).collect();
    let mut all = Sight::new();
    Roots::part(folders, &paths, [].into()).walk(|_, found| {
        match found {
            Found::File(file) | Found::Unsettled(file) => {
                all.insert(file.path, Some((file.size, file.mtime_ns)));
            }
            Found::Unreadable(path, _) => _ = all.insert(path, None),
            Found::Link => {}
        }
        ControlFlow::Continue(())
    });
    all
}

/// Paths that are new, other or gone.
fn differing<'f>(before: &'f Sight, now: &'f Sight) -> impl Iterator<Item = &'f Path> {
    let changed = now.iter().filter(|(path, found)| before.get(*path) != Some(*found));
    let gone = before.iter().filter(|(path, _)| !now.contains_key(*path));
    changed.chain(gone).map(|(path, _)| path.as_path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_other_or_gone_differs() {
        let found = |files: &[(&str, Option<(u64, i64)>)]| -> Sight {
            files.iter().map(|(path, found)| (PathBuf::from(path), *found)).collect()
        };
        let before = found(&[
            ("/same", Some((1, 1))),
            ("/gone", Some((1, 1))),
            ("/other", Some((1, 1))),
            ("/locked", None),
        ]);
        let now = found(&[
            ("/same", Some((1, 1))),
            ("/new", Some((1, 1))),
            ("/other", Some((1, 2))),
            ("/locked", Some((1, 1))),
        ]);
        let mut paths: Vec<_> = differing(&before, &now).collect();
        paths.sort();
        assert_eq!(paths, ["/gone", "/locked", "/new", "/other"].map(Path::new));
    }
}
