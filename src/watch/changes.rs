//! Paths that changed, until each has been quiet for a while.
//!
//! Keeps the time and what was seen of each; asks nobody, neither the disk nor the clock, but whom it is given.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// More paths than this are not told apart: the whole is looked through instead.
const MOST: usize = 100_000;

/// How long is waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// A path is due when nothing has happened to it for so long.
    pub quiet: Duration,
    /// A path that is due waits at most so long for others that are not.
    pub longest: Duration,
}

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing.
    Absent,
    /// A folder.
    Folder,
    /// A file, of this size and time.
    File(u64, i64),
    /// Something else, or nobody knows.
    Other,
}

/// What changed and is due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// The paths.
    pub paths: BTreeSet<PathBuf>,
    /// Whether everything is to be looked through.
    pub everything: bool,
}

impl Due {
    /// Whether nothing is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty() && !self.everything
    }
}

/// Paths that changed.
#[derive(Debug, Default)]
pub struct Changes {
    noted: HashMap<PathBuf, Noted>,
    everything: bool,
}

#[derive(Clone, Copy, Debug)]
struct Noted {
    first: Instant,
    last: Instant,
    seen: Option<Look>,
    is_due: bool,
}

impl Changes {
    /// Something happened to a path.
    pub fn note(&mut self, path: PathBuf, now: Instant) {
        if self.noted.len() >= MOST {
            self.note_everything();
            self.noted.clear();
        }
        let noted =
            self.noted.entry(path).or_insert(Noted { first: now, last: now, seen: None, is_due: false });
        *noted = Noted { first: noted.first, last: now, seen: None, is_due: false };
    }

    /// Nobody knows what happened. What is known to be going on goes on.
    pub fn note_everything(&mut self) {
        self.everything = true;
    }

    /// Those that nobody has looked at since something happened to them.
    #[must_use]
    pub fn unseen(&self) -> Vec<PathBuf> {
        self.noted.iter().filter(|(_, noted)| noted.seen.is_none()).map(|(path, _)| path.clone()).collect()
    }

    /// What was seen at a path.
    pub fn saw(&mut self, path: &Path, look: Look) {
        if let Some(noted) = self.noted.get_mut(path) {
            noted.seen = Some(look);
        }
    }

    /// Those that have been quiet long enough to be looked at once more.
    #[must_use]
    pub fn quiet(&self, now: Instant, patience: Patience) -> Vec<PathBuf> {
        let is_quiet = |noted: &Noted| {
            !noted.is_due && noted.seen.is_some() && now.duration_since(noted.last) >= patience.quiet
        };
        self.noted.iter().filter(|(_, noted)| is_quiet(noted)).map(|(path, _)| path.clone()).collect()
    }

    /// What is seen at a path that was quiet: it is due if that is what was seen before, and else it is not quiet, whether or
    /// not anybody told so.
    pub fn saw_again(&mut self, path: &Path, look: Look, now: Instant) {
        if let Some(noted) = self.noted.get_mut(path) {
            noted.is_due = noted.seen == Some(look);
            if !noted.is_due {
                (noted.last, noted.seen) = (now, Some(look));
            }
        }
    }

    /// Takes what is due, if it is time: all is due, or something has waited long enough for the rest.
    pub fn take(&mut self, now: Instant, patience: Patience) -> Due {
        let has_waited = |noted: &Noted| noted.is_due && now.duration_since(noted.first) >= patience.longest;
        let is_time = self.noted.values().all(|noted| noted.is_due) || self.noted.values().any(has_waited);
        if !is_time && !self.everything {
            return Due::default();
        }
        let mut due = Due { everything: std::mem::take(&mut self.everything), ..Due::default() };
        self.noted.retain(|path, noted| {
            if noted.is_due {
                due.paths.insert(path.clone());
            }
            !noted.is_due
        });
        due
    }

    /// Files that something is still happening to.
    #[must_use]
    pub fn unsettled(&self) -> BTreeSet<PathBuf> {
        let is_file = |noted: &Noted| matches!(noted.seen, Some(Look::File(..)) | None);
        self.noted
            .iter()
            .filter(|(_, noted)| !noted.is_due && is_file(noted))
            .map(|(path, _)| path.clone())
            .collect()
    }

    /// Whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.noted.is_empty() && !self.everything
    }
}

/// At most so many paths; what is more is looked for in the folders it lies in, and so on, up to these `tops`.
#[must_use]
pub fn gathered(mut paths: BTreeSet<PathBuf>, tops: &[PathBuf], most: usize) -> BTreeSet<PathBuf> {
    while paths.len() > most {
        let up = |path: &PathBuf| match path.parent() {
            Some(parent) if !tops.contains(path) => parent.to_owned(),
            _ => path.clone(),
        };
        let above: BTreeSet<PathBuf> = paths.iter().map(up).collect();
        if above == paths {
            break;
        }
        paths = above;
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience { quiet: Duration::from_secs(1), longest: Duration::from_secs(10) };

    fn due(paths: &[&str]) -> Due {
        Due { paths: paths.iter().map(PathBuf::from).collect(), everything: false }
    }

    fn look(changes: &mut Changes, path: &str, look: Look) {
        changes.saw(Path::new(path), look);
    }

    /// As the loop does it: whoever is quiet is looked at again.
    fn take(changes: &mut Changes, now: Instant, look: impl Fn(&Path) -> Look) -> Due {
        for path in changes.quiet(now, PATIENCE) {
            changes.saw_again(&path, look(&path), now);
        }
        changes.take(now, PATIENCE)
    }

    #[test]
    fn a_path_is_due_when_it_has_been_quiet() {
        let (mut changes, start) = (Changes::default(), Instant::now());
        let after = |millis| start + Duration::from_millis(millis);
        let same = |_: &Path| Look::File(1, 1);
        changes.note("/a".into(), start);
        assert_eq!(changes.unseen(), [PathBuf::from("/a")]);
        look(&mut changes, "/a", Look::File(1, 1));
        assert_eq!(take(&mut changes, after(900), same), due(&[]));
        changes.note("/a".into(), after(950));
        look(&mut changes, "/a", Look::File(1, 1));
        assert_eq!(take(&mut changes, after(1_900), same), due(&[]));
        assert_eq!(take(&mut changes, after(1_950), same), due(&["/a"]));
        assert!(changes.is_empty());
        assert_eq!(take(&mut changes, after(9_000), same), due(&[]));
    }

    #[test]
    fn what_grows_in_silence_is_not_quiet() {
        let (mut changes, start) = (Changes::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        changes.note("/a".into(), start);
        look(&mut changes, "/a", Look::File(1, 1));
        assert_eq!(take(&mut changes, after(1), |_| Look::File(2, 1)), due(&[]));
        assert_eq!(changes.unsettled(), ["/a".into()].into());
        assert_eq!(take(&mut changes, after(2), |_| Look::File(2, 1)), due(&["/a"]));
    }

    #[test]
    fn what_is_due_waits_for_the_rest_and_not_for_ever() {
        let (mut changes, start) = (Changes::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        changes.note("/done".into(), start);
        look(&mut changes, "/done", Look::Absent);
        for second in 0..10 {
            changes.note("/log".into(), after(second));
            look(&mut changes, "/log", Look::File(second, 0));
            assert_eq!(take(&mut changes, after(second), |_| Look::Absent), due(&[]), "{second}");
        }
        changes.note("/log".into(), after(10));
        assert_eq!(take(&mut changes, after(10), |_| Look::Absent), due(&["/done"]));
        assert_eq!(changes.unsettled(), ["/log".into()].into());
    }

    #[test]
    fn everything_does_not_wait_and_leaves_what_is_not_settled() {
        let (mut changes, now) = (Changes::default(), Instant::now());
        changes.note("/growing".into(), now);
        changes.note_everything();
        assert_eq!(changes.take(now, PATIENCE), Due { everything: true, ..Due::default() });
        assert_eq!(changes.unsettled(), ["/growing".into()].into());
        assert!(changes.take(now, PATIENCE).is_empty());
    }

    #[test]
    fn too_much_is_everything() {
        let (mut changes, now) = (Changes::default(), Instant::now());
        (0..=MOST).for_each(|number| changes.note(format!("/{number}").into(), now));
        assert!(changes.take(now, PATIENCE).everything);
        assert!(changes.noted.len() < 2);
    }

    #[test]
    fn many_paths_are_looked_for_in_their_folders() {
        let paths = |paths: &[&str]| paths.iter().map(PathBuf::from).collect::<BTreeSet<_>>();
        let tops = [PathBuf::from("/m"), PathBuf::from("/n")];
        let many = paths(&["/m/a/1", "/m/a/2", "/m/b/3", "/n"]);
        assert_eq!(gathered(many.clone(), &tops, 4), many);
        assert_eq!(gathered(many.clone(), &tops, 3), paths(&["/m/a", "/m/b", "/n"]));
        assert_eq!(gathered(many.clone(), &tops, 2), paths(&["/m", "/n"]));
        assert_eq!(gathered(many, &tops, 1), paths(&["/m", "/n"]));
    }
}
