//! A walk that goes on while nobody can use yet what it finds: its own thread lists and stats, and waits when it is far ahead.
//!
//! What was found so is as old as that. Ends when whoever it is for is gone.

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::{Found, Roots};
use crate::priority::Priority;

/// What is handed over together.
const TOGETHER: usize = 256;

/// So many of these wait at most: some ten megabytes.
const WAITING: usize = 128;

/// What was found, each with the position of its root.
type Portion = Vec<(usize, Found)>;

/// A walk under way.
#[derive(Debug)]
pub struct Ahead(Receiver<Portion>);

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

    /// As [`Roots::walk`], over what was found by now and what is found from now on.
    pub fn walk(self, mut meet: impl FnMut(usize, Found) -> ControlFlow<()>) {
        for (root, found) in self.0.into_iter().flatten() {
            if meet(root, found).is_break() {
                return;
            }
        }
    }
}

fn list(roots: &Roots, to: &SyncSender<Portion>) {
    let mut portion = Portion::with_capacity(TOGETHER);
    roots.walk(|root, found| {
        portion.push((root, found));
        if portion.len() < TOGETHER {
            return ControlFlow::Continue(());
        }
        let full = std::mem::replace(&mut portion, Portion::with_capacity(TOGETHER));
        if to.send(full).is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    // Where nobody listens any more nothing is left to be told.
    let _ = to.send(portion);
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
            assert_eq!(met(|meet| ahead.walk(meet)), expected);
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
        Ahead::begin(roots, Priority::default()).unwrap().walk(|_, _| {
            met += 1;
            ControlFlow::Break(())
        });
        assert_eq!(met, 1);
    }
}
