//! A walk that goes on while nobody can use yet what it finds: its own thread lists and stats, and waits when it is far ahead.
//!
//! What was found so is as old as that. Ends when whoever it is for is gone.

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use super::{Found, Roots};
use crate::priority::Priority;

/// What is handed over together; at first one by one, so that nothing waits for a slow disk.
const TOGETHER: usize = 256;

/// So many of these wait at most, some seventy megabytes: what is known of as many files takes a second to be loaded.
const WAITING: usize = 1_024;

/// How long nothing may come before it is asked whether to go on.
const PATIENCE: Duration = Duration::from_millis(100);

/// What was found, each with the position of its root; none at the end.
type Portion = Option<Vec<(usize, Found)>>;

/// A walk under way.
#[derive(Debug)]
pub struct Ahead(Receiver<Portion>);

/// How a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WalkEnd {
    /// All was found, or no more was wanted.
    Whole,
    /// The walk broke down.
    Broken,
}

impl Ahead {
    /// Begins to walk; none where the operating system gives no thread.
    #[must_use]
    pub fn begin(roots: Roots, priority: Priority) -> Option<Self> {
        let (sender, receiver) = sync_channel(WAITING);
        let list = move || {
            priority.take_effect();
            list(&roots, &sender);
        };
        std::thread::Builder::new().name("list".to_owned()).spawn(list).ok()?;
        Some(Self(receiver))
    }

    /// As [`Roots::walk`], over what was found by now and what is found from now on, as long as `go_on` says so.
    pub fn walk(
        self,
        go_on: impl Fn() -> bool,
        mut meet: impl FnMut(usize, Found) -> ControlFlow<()>,
    ) -> WalkEnd {
        while go_on() {
            match self.0.recv_timeout(PATIENCE) {
                Ok(Some(portion)) => {
                    for (root, found) in portion {
                        if meet(root, found).is_break() {
                            return WalkEnd::Whole;
                        }
                    }
                }
                Ok(None) => return WalkEnd::Whole,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return WalkEnd::Broken,
            }
        }
        WalkEnd::Whole
    }
}

fn list(roots: &Roots, to: &SyncSender<Portion>) {
    let (mut portion, mut together) = (Vec::new(), 1);
    roots.walk(|root, found| {
        portion.push((root, found));
        if portion.len() < together {
            return ControlFlow::Continue(());
        }
        together = TOGETHER.min(2 * together);
        let full = std::mem::replace(&mut portion, Vec::with_capacity(together));
        if to.send(Some(full)).is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    // Where nobody listens any more nothing is left to be told.
    let _ = to.send(Some(portion)).and_then(|()| to.send(None));
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn paths(folder: &tempfile::TempDir, files: usize) -> Roots {
        for number in 0..files {
            fs_err::write(folder.path().join(format!("{number}.mid")), "").unwrap();
        }
        Roots::resolve(&[folder.path().to_owned()]).unwrap()
    }

    fn met(walk: impl FnOnce(&mut dyn FnMut(usize, Found) -> ControlFlow<()>)) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        walk(&mut |root, found| {
            let Found::File(file) = found else { panic!("{root}: {found:?}") };
            paths.push(file.path);
            ControlFlow::Continue(())
        });
        paths
    }

    #[test]
    fn what_it_meets_is_what_a_walk_meets() {
        for files in [0, 1, TOGETHER, 3 * TOGETHER + 1] {
            let folder = tempfile::tempdir().unwrap();
            let roots = paths(&folder, files);
            let expected = met(|meet| roots.walk(meet));
            assert_eq!(expected.len(), files);
            let ahead = Ahead::begin(roots, Priority::default()).unwrap();
            let found = met(|meet| assert_eq!(ahead.walk(|| true, meet), WalkEnd::Whole));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn it_ends_when_nobody_listens() {
        let folder = tempfile::tempdir().unwrap();
        let roots = paths(&folder, 2 * TOGETHER);
        let (sender, receiver) = sync_channel(0);
        drop(receiver);
        list(&roots, &sender);
        let mut met = 0;
        let meet = |_, _| {
            met += 1;
            ControlFlow::Break(())
        };
        Ahead::begin(roots.clone(), Priority::default()).unwrap().walk(|| true, meet);
        assert_eq!(met, 1);
        let meet = |_, _| panic!("it was not to go on");
        Ahead::begin(roots, Priority::default()).unwrap().walk(|| false, meet);
    }

    #[test]
    fn a_walk_that_breaks_down_is_told_from_one_that_ends() {
        let (sender, receiver) = sync_channel(1);
        sender.send(Some(vec![(0, Found::Link)])).unwrap();
        drop(sender);
        let mut met = 0;
        let end = Ahead(receiver).walk(
            || true,
            |_, _| {
                met += 1;
                ControlFlow::Continue(())
            },
        );
        assert_eq!((met, end), (1, WalkEnd::Broken));
    }
}
