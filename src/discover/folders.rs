//! A walk below one root: folder after folder, and what lies in each looked at by its name there.
//!
//! Looking from the open folder spares the operating system the way from the root for every file, and of a folder no more is
//! held than names ([decision 0018](../../docs/decisions/0018-walking.md)). Follows no link, except a root that is one where
//! that is wanted. What a file is to a run is not decided here.

use std::os::fd::BorrowedFd;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, openat, statat};
use rustix::io::Errno;
use rustix::path::Arg;

/// Names that are listed before the first of them is looked at, where order does not matter.
const TOGETHER: usize = 1_024;

/// Folders that are open at once. Those that lie deeper are listed as a whole and closed.
const MOST_OPEN: usize = 64;

/// In which order a walk meets things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// As folders list them.
    AsListed,
    /// By the bytes of their names, what lies in a folder in that folder's place.
    ByName,
}

/// What a walk meets.
#[derive(Debug)]
pub(super) enum Met {
    /// A regular file.
    File(PathBuf, Stat),
    /// A link, a socket, a pipe or a device.
    Other,
    /// What could not be listed or looked at.
    Unreadable(PathBuf, std::io::Error),
}

/// A walk under way.
#[derive(Debug)]
pub(super) struct Walk {
    /// Until it is looked at; and whether it is followed where it is a link.
    root: Option<(PathBuf, bool)>,
    /// The folders that it is in, the innermost last.
    within: Vec<Folder>,
    order: Order,
}

impl Walk {
    /// Begins at a root, which need not be there.
    pub(super) fn below(root: &Path, follows_root: bool, order: Order) -> Self {
        Self { root: Some((root.to_owned(), follows_root)), within: Vec::new(), order }
    }
}

impl Iterator for Walk {
    type Item = Met;

    fn next(&mut self) -> Option<Met> {
        let (order, mut next) = (self.order, None);
        if let Some((root, is_followed)) = self.root.take() {
            let look = Look { order, depth: 0, is_followed };
            next = Some(look.at(CWD, &root.clone(), root, FileType::Unknown));
        }
        loop {
            match next {
                Some(Step::Met(met)) => return Some(met),
                Some(Step::Into(folder)) => self.within.push(folder),
                None => {}
            }
            let look = Look { order, depth: self.within.len(), is_followed: false };
            next = self.within.last_mut()?.next(&look);
            if next.is_none() {
                self.within.pop();
            }
        }
    }
}

/// What comes next.
enum Step {
    Met(Met),
    Into(Folder),
}

/// How things are looked at.
struct Look {
    order: Order,
    /// Folders that they lie in, from the root on.
    depth: usize,
    is_followed: bool,
}

impl Look {
    /// Looks at what is called so, seen from a folder; `kind` is what that says it is.
    fn at(&self, folder: BorrowedFd<'_>, name: impl Arg + Copy, path: PathBuf, kind: FileType) -> Step {
        let (at, open) = if self.is_followed {
            (AtFlags::empty(), OFlags::empty())
        } else {
            (AtFlags::SYMLINK_NOFOLLOW, OFlags::NOFOLLOW)
        };
        let unreadable = |path, error: Errno| Step::Met(Met::Unreadable(path, error.into()));
        let stat = match kind {
            FileType::RegularFile | FileType::Unknown => match statat(folder, name, at) {
                Ok(stat) => Some(stat),
                Err(error) => return unreadable(path, error),
            },
            _ => None,
        };
        // It may have become something else since the folder was listed.
        let kind = stat.as_ref().map_or(kind, |stat| FileType::from_raw_mode(stat.st_mode));
        match (kind, stat) {
            (FileType::RegularFile, Some(stat)) => Step::Met(Met::File(path, stat)),
            (FileType::Directory, _) => {
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | open;
                match openat(folder, name, flags, Mode::empty()).and_then(Dir::new) {
                    Ok(open) => Step::Into(Folder::new(path, open)),
                    Err(error) => unreadable(path, error),
                }
            }
            _ => Step::Met(Met::Other),
        }
    }
}

/// A folder that is being listed and looked through.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    /// None once it is listed and closed.
    open: Option<Dir>,
    is_listed: bool,
    /// Names one behind the other, where each lies, and what the folder says it is.
    bytes: Vec<u8>,
    names: std::vec::IntoIter<(usize, usize, FileType)>,
}

impl Folder {
    fn new(path: PathBuf, open: Dir) -> Self {
        Self { path, open: Some(open), is_listed: false, bytes: Vec::new(), names: Vec::new().into_iter() }
    }

    /// What comes next in it; none when all has come.
    fn next(&mut self, look: &Look) -> Option<Step> {
        loop {
            if let Some((start, end, kind)) = self.names.next() {
                let name = self.bytes.get(start..end).unwrap_or_default();
                let path = joined(&self.path, name);
                return Some(match self.open.as_ref().map(Dir::fd) {
                    Some(Ok(folder)) => look.at(folder, name, path, kind),
                    _ => look.at(CWD, &path.clone(), path, kind),
                });
            }
            if self.is_listed {
                return None;
            }
            let is_deep = look.depth > MOST_OPEN;
            let is_whole = is_deep || look.order == Order::ByName;
            if let Err(error) = self.list(if is_whole { usize::MAX } else { TOGETHER }, look.order) {
                // What was listed before comes all the same.
                self.is_listed = true;
                return Some(Step::Met(Met::Unreadable(self.path.clone(), error)));
            }
            if is_deep {
                self.open = None;
            }
        }
    }

    /// Lists so many more names.
    fn list(&mut self, most: usize, order: Order) -> std::io::Result<()> {
        self.bytes.clear();
        let mut names = Vec::new();
        let mut result = Ok(());
        while names.len() < most {
            match self.open.as_mut().and_then(Dir::next) {
                None => {
                    self.is_listed = true;
                    break;
                }
                Some(Ok(entry)) => {
                    let (name, start) = (entry.file_name().to_bytes(), self.bytes.len());
                    if name != b"." && name != b".." {
                        self.bytes.extend_from_slice(name);
                        names.push((start, self.bytes.len(), entry.file_type()));
                    }
                }
                Some(Err(error)) => {
                    result = Err(error.into());
                    break;
                }
            }
        }
        if order == Order::ByName {
            let name = |(start, end, _): &(usize, usize, FileType)| self.bytes.get(*start..*end);
            names.sort_unstable_by(|one, other| name(one).cmp(&name(other)));
        }
        self.names = names.into_iter();
        result
    }
}

fn joined(folder: &Path, name: &[u8]) -> PathBuf {
    let folder = folder.as_os_str().as_bytes();
    let mut path = Vec::with_capacity(folder.len() + 1 + name.len());
    path.extend_from_slice(folder);
    if !folder.ends_with(b"/") {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    std::ffi::OsString::from_vec(path).into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn met(root: &Path, order: Order) -> Vec<String> {
        let told = |met| match met {
            Met::File(path, stat) => {
                format!("{} {}", path.strip_prefix(root).unwrap().display(), stat.st_size)
            }
            Met::Other => "other".to_owned(),
            Met::Unreadable(path, error) => {
                format!("{}: {:?}", path.strip_prefix(root).unwrap().display(), error.kind())
            }
        };
        Walk::below(root, false, order).map(told).collect()
    }

    fn sorted(mut met: Vec<String>) -> Vec<String> {
        met.sort();
        met
    }

    #[test]
    fn the_same_in_any_order() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        assert!(met(root, Order::AsListed).is_empty());
        // More than are listed at once, and folders between them.
        for number in 0..2 * TOGETHER + 10 {
            fs_err::write(root.join(format!("{number}.mid")), vec![0; number % 7]).unwrap();
        }
        for name in ["1.mids", "1.mid-", "empty"] {
            fs_err::create_dir(root.join(name)).unwrap();
        }
        for name in ["1.mids/a", "1.mids/B", "1.mid-/c"] {
            fs_err::write(root.join(name), name).unwrap();
        }
        std::os::unix::fs::symlink("1.mids", root.join("link")).unwrap();
        let by_name = met(root, Order::ByName);
        assert_eq!(by_name.len(), 2 * TOGETHER + 10 + 3 + 1);
        let at = by_name.iter().position(|met| met == "1.mid 1").unwrap();
        assert_eq!(by_name[at..at + 4], ["1.mid 1", "1.mid-/c 8", "1.mids/B 8", "1.mids/a 8"]);
        assert_eq!(sorted(met(root, Order::AsListed)), sorted(by_name));
    }

    #[test]
    fn deeper_than_may_be_open() {
        let folder = tempfile::tempdir().unwrap();
        let mut deep = folder.path().to_owned();
        let depth = 3 * MOST_OPEN;
        for _ in 0..depth {
            fs_err::write(deep.join("a"), "a").unwrap();
            deep.push("f");
            fs_err::create_dir(&deep).unwrap();
            fs_err::write(deep.join("z"), "zz").unwrap();
        }
        for order in [Order::AsListed, Order::ByName] {
            let mut walk = Walk::below(folder.path(), false, order);
            let (mut met, mut open) = (0, 0);
            while let Some(next) = walk.next() {
                assert!(matches!(next, Met::File(..)), "{next:?}");
                met += 1;
                open = open.max(walk.within.iter().filter(|folder| folder.open.is_some()).count());
            }
            assert_eq!((met, open), (2 * depth, MOST_OPEN));
        }
    }

    #[test]
    fn what_cannot_be_looked_at_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let [missing, file, link] = ["missing", "file", "link"].map(|name| root.join(name));
        fs_err::write(&file, "four").unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        let first = |root: &Path, follows| Walk::below(root, follows, Order::AsListed).next();
        assert!(matches!(first(&missing, true), Some(Met::Unreadable(path, _)) if path == missing));
        assert!(
            matches!(first(&file, false), Some(Met::File(path, stat)) if path == file && stat.st_size == 4)
        );
        assert!(matches!(first(&link, false), Some(Met::Other)));
        assert!(matches!(first(&link, true), Some(Met::File(path, _)) if path == link));
        let closed = root.join("closed");
        fs_err::create_dir(&closed).unwrap();
        fs_err::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
        let met = sorted(met(root, Order::ByName));
        fs_err::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
        // Root may look into anything.
        let refused = "closed: PermissionDenied".to_owned();
        assert!(met == ["file 4", "other"] || met == [refused, "file 4".to_owned(), "other".to_owned()]);
    }
}
