//! Finds the files that a run is to read: one walk over what the user named, following no links.
//!
//! Lists and stats; opens nothing. A root that is itself a link is followed, because the user named it. What cannot be
//! listed is reported like a file that cannot be read.

mod ahead;
mod folders;

use std::collections::BTreeSet;
use std::io::ErrorKind::NotFound;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::Stat;

pub use ahead::{Ahead, WalkEnd};

use folders::{Met, Order, Walk};

use crate::digest::SourceId;
use crate::error::{Error, ErrorKind, Result};
use crate::reject::{Reason, Refusal};

/// A regular file, as the walk saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// Absolute path.
    pub path: PathBuf,
    /// Size in bytes.
    pub size: u64,
    /// Modification time, nanoseconds since 1970; saturates in the years 1677 and 2262.
    pub mtime_ns: i64,
    /// Where it lies: device and inode. Says which names are one file, not whether it changed (docs/decisions/0012).
    pub spot: Option<Spot>,
}

/// A file on its device, as the operating system numbers both; kept as the database can hold them, bit by bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The device.
    pub device: i64,
    /// The inode on it.
    pub inode: i64,
}

impl Spot {
    fn of(metadata: &std::fs::Metadata) -> Self {
        Self { device: metadata.dev().cast_signed(), inode: metadata.ino().cast_signed() }
    }
}

impl FoundFile {
    /// Looks at one file.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn look(path: PathBuf) -> std::io::Result<Self> {
        let metadata = fs_err::metadata(&path)?;
        Ok(Self::of(path, &metadata))
    }

    /// A file that was looked at.
    #[must_use]
    pub fn of(path: PathBuf, metadata: &std::fs::Metadata) -> Self {
        let modified = i128::from(metadata.mtime()) * SECOND + i128::from(metadata.mtime_nsec());
        Self { path, size: metadata.len(), mtime_ns: saturated(modified), spot: Some(Spot::of(metadata)) }
    }

    /// One that a walk has looked at.
    fn met(path: PathBuf, stat: &Stat) -> Self {
        let modified = i128::from(stat.st_mtime) * SECOND + i128::from(stat.st_mtime_nsec);
        let spot = Spot { device: stat.st_dev.cast_signed(), inode: stat.st_ino.cast_signed() };
        Self {
            path,
            size: u64::try_from(stat.st_size).unwrap_or_default(),
            mtime_ns: saturated(modified),
            spot: Some(spot),
        }
    }

    /// What could not even be looked at.
    #[must_use]
    pub const fn unseen(path: PathBuf) -> Self {
        Self { path, size: 0, mtime_ns: 0, spot: None }
    }

    /// The id of its row in `sources`.
    #[must_use]
    pub fn id(&self) -> SourceId {
        SourceId::of(self.path.as_os_str().as_bytes())
    }
}

/// In nanoseconds.
const SECOND: i128 = 1_000_000_000;

fn saturated(nanoseconds: i128) -> i64 {
    i64::try_from(nanoseconds).unwrap_or(if nanoseconds < 0 { i64::MIN } else { i64::MAX })
}

/// What the walk met.
#[derive(Debug)]
pub enum Found {
    /// A regular file.
    File(FoundFile),
    /// A regular file that is being written: it is there, and not to be read yet.
    Unsettled(FoundFile),
    /// A symbolic link below a root, a socket, a pipe or a device: not followed, not opened.
    Link,
    /// Something that could not be listed or looked at.
    Unreadable(PathBuf, Refusal),
}

/// A folder, and where it lay when it was looked at first: nothing is concluded from one that has become another since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Absolute path.
    pub path: PathBuf,
    /// Its device and inode.
    pub spot: Spot,
}

impl Anchor {
    /// Looks at a folder.
    ///
    /// # Errors
    /// What the operating system says; [`std::io::ErrorKind::NotADirectory`] for anything else.
    pub fn look(path: PathBuf) -> std::io::Result<Self> {
        let metadata = fs_err::metadata(&path)?;
        if !metadata.is_dir() {
            return Err(std::io::ErrorKind::NotADirectory.into());
        }
        Ok(Self { path, spot: Spot::of(&metadata) })
    }

    /// Whether the same folder is still there: not unmounted, moved away or made anew.
    #[must_use]
    pub fn stands(&self) -> bool {
        Self::look(self.path.clone()).is_ok_and(|now| now == *self)
    }
}

/// The roots of a walk: absolute, and none inside another, so that no file is met twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots {
    paths: Vec<PathBuf>,
    part: Option<Part>,
}

/// What makes roots a part of other ones.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    of: Vec<Anchor>,
    unsettled: BTreeSet<PathBuf>,
}

impl Roots {
    /// Resolves what the user typed.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] for a path that does not exist or cannot be looked at.
    pub fn resolve(typed: &[PathBuf]) -> Result<Self> {
        let absolute = typed.iter().map(|path| resolve(path)).collect::<Result<BTreeSet<_>>>()?;
        Ok(Self { paths: outermost(&absolute), part: None })
    }

    /// Part of the folders `of`: paths at or below them, absolute and free of links, some of which may be gone. What is missing
    /// is weighed against all that is known below the folder it lay in. `unsettled` files are met, and not read.
    #[must_use]
    pub fn part(of: Vec<Anchor>, paths: &BTreeSet<PathBuf>, unsettled: BTreeSet<PathBuf>) -> Self {
        Self { paths: outermost(paths), part: Some(Part { of, unsettled }) }
    }

    /// The paths, sorted.
    #[must_use]
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// The folders that these are a part of; none where they are the whole.
    #[must_use]
    pub fn anchors(&self) -> Option<&[Anchor]> {
        self.part.as_ref().map(|part| part.of.as_slice())
    }

    /// Between which paths those below each root sort; none where a root is too long for that.
    #[must_use]
    pub fn sorted_below(&self) -> Option<Vec<SortedBelow>> {
        self.paths.iter().map(|root| SortedBelow::of(root)).collect()
    }

    /// Walks all roots, until `meet` breaks off; it is told the root's position, too.
    pub fn walk(&self, mut meet: impl FnMut(usize, Found) -> ControlFlow<()>) {
        for (position, root) in self.paths.iter().enumerate() {
            for found in self.below(root, Order::AsListed) {
                if meet(position, found).is_break() {
                    return;
                }
            }
        }
    }

    /// What a walk meets, in the order of the paths. Costs sorting each folder, and its list in memory.
    pub fn in_order(&self) -> impl Iterator<Item = Found> {
        self.paths.iter().flat_map(|root| self.below(root, Order::ByName))
    }

    fn below(&self, root: &Path, order: Order) -> impl Iterator<Item = Found> {
        let follows_root = self.part.is_none();
        Walk::below(root, follows_root, order).filter_map(|met| self.found(met))
    }

    /// What something that was met is to a run; none for what is gone from a part, which holds it because it went.
    fn found(&self, met: Met) -> Option<Found> {
        let part = self.part.as_ref();
        Some(match met {
            Met::File(path, stat) => {
                let file = FoundFile::met(path, &stat);
                let is_unsettled = part.is_some_and(|part| part.unsettled.contains(&file.path));
                if is_unsettled { Found::Unsettled(file) } else { Found::File(file) }
            }
            Met::Other => Found::Link,
            Met::Unreadable(path, error)
                if part.is_some() && error.kind() == NotFound && self.paths.contains(&path) =>
            {
                return None;
            }
            Met::Unreadable(path, error) => Found::Unreadable(path, refuse_io(&error)),
        })
    }
}

/// Where the paths below a folder sort, byte by byte, as the database shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortedBelow {
    /// The folder as a source of its own: what was named may be a file.
    pub id: SourceId,
    /// At or after this.
    pub from: String,
    /// And before this.
    pub to: String,
}

/// So many characters of a path are sorted by, as in the index `sources_path`.
const SORTED: usize = 512;

impl SortedBelow {
    /// Of one folder; none where it is too long for that.
    #[must_use]
    pub fn of(root: &Path) -> Option<Self> {
        // Bytes that are no UTF-8 are shown as something else, those around a slash never.
        let shown = root.to_string_lossy();
        let folder = shown.trim_end_matches('/');
        let id = SourceId::of(root.as_os_str().as_bytes());
        // `0` follows the slash.
        (folder.chars().count() < SORTED).then(|| Self {
            id,
            from: format!("{folder}/"),
            to: format!("{folder}0"),
        })
    }
}

/// Those that lie in no other, sorted.
fn outermost(paths: &BTreeSet<PathBuf>) -> Vec<PathBuf> {
    let inside = |path: &&PathBuf| path.ancestors().skip(1).any(|ancestor| paths.contains(ancestor));
    paths.iter().filter(|path| !inside(path)).cloned().collect()
}

fn resolve(path: &Path) -> Result<PathBuf> {
    path.canonicalize().map_err(|error| {
        let message = match error.kind() {
            std::io::ErrorKind::NotFound => format!("there is no file or directory '{}'", path.display()),
            _ => format!("'{}' cannot be looked at: {error}", path.display()),
        };
        Error::new(ErrorKind::Usage, message).with_hint("check the path; nothing was imported")
    })
}

/// What an operating-system error on a source means for it.
#[must_use]
pub fn refuse_io(error: &std::io::Error) -> Refusal {
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            Refusal::new(Reason::SourceMissing, "it was there when the folder was listed and is gone now")
        }
        std::io::ErrorKind::PermissionDenied => {
            Refusal::new(Reason::PermissionDenied, "the operating system does not allow this user to read it")
        }
        _ => Refusal::new(Reason::IoError, format!("the operating system said: {error}")),
    }
}

#[cfg(test)]
impl Roots {
    /// Roots that need not be there.
    pub(crate) fn whole(paths: &[&str]) -> Self {
        Self { paths: paths.iter().map(PathBuf::from).collect(), part: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(roots: &[PathBuf]) -> (Vec<String>, usize) {
        let (mut files, mut links) = (Vec::new(), 0);
        Roots::resolve(roots).unwrap().walk(|_, found| {
            match found {
                Found::File(file) => {
                    files.push(file.path.file_name().unwrap().to_string_lossy().into_owned());
                }
                Found::Link => links += 1,
                found => panic!("{found:?}"),
            }
            ControlFlow::Continue(())
        });
        files.sort();
        (files, links)
    }

    #[test]
    fn links_are_counted_and_loops_end() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner.mid");
        fs_err::create_dir(&inner).unwrap();
        fs_err::write(inner.join("a.mid"), "a").unwrap();
        fs_err::write(folder.path().join("b.mid"), "b").unwrap();
        std::os::unix::fs::symlink(folder.path(), inner.join("loop")).unwrap();
        std::os::unix::fs::symlink(inner.join("a.mid"), folder.path().join("c.mid")).unwrap();
        assert_eq!(walked(&[folder.path().to_owned()]), (vec!["a.mid".to_owned(), "b.mid".to_owned()], 2));
        // The same files named three times over, once through a link.
        let named = [folder.path().to_owned(), inner.join("a.mid"), inner.join("loop")];
        assert_eq!(walked(&named).0, ["a.mid", "b.mid"]);
        // A link that is named is followed.
        assert_eq!(walked(&[folder.path().join("c.mid")]).0, ["a.mid"]);
    }

    #[test]
    fn a_part_holds_what_is_gone_and_follows_no_link() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs_err::create_dir(at("in")).unwrap();
        for name in ["in/a.mid", "in/b.mid", "c.mid", "d.mid"] {
            fs_err::write(at(name), name).unwrap();
        }
        std::os::unix::fs::symlink(at("c.mid"), at("link.mid")).unwrap();
        let anchor = Anchor::look(folder.path().to_owned()).unwrap();
        let paths = ["in", "in/a.mid", "c.mid", "link.mid", "gone.mid"].map(at).into();
        let roots = Roots::part(vec![anchor.clone()], &paths, [at("in/b.mid")].into());
        let mut met = Vec::new();
        roots.walk(|_, found| {
            let name =
                |file: &FoundFile| file.path.strip_prefix(folder.path()).unwrap().display().to_string();
            met.push(match &found {
                Found::File(file) => name(file),
                Found::Unsettled(file) => format!("unsettled {}", name(file)),
                Found::Link => "link".to_owned(),
                Found::Unreadable(path, refusal) => panic!("{}: {refusal}", path.display()),
            });
            ControlFlow::Continue(())
        });
        met.sort();
        assert_eq!(met, ["c.mid", "in/a.mid", "link", "unsettled in/b.mid"]);
        assert!(anchor.stands());
        drop(folder);
        assert!(!anchor.stands());
    }

    /// A folder's files come between those that sort before and after its name, and so do those of a root.
    #[test]
    fn in_order_is_the_order_of_the_paths() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "a.mid",
            "a/b.mid",
            "a-/c.mid",
            "a/b/c.mid",
            "a/B.mid",
            "z/1.mid",
            "z/10.mid",
            "z/2.mid",
            "b.mid",
        ];
        for name in names {
            let path = folder.path().join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, name).unwrap();
        }
        let named = ["z", "a", "b.mid", "a-"].map(|name| folder.path().join(name));
        for (roots, files) in [(vec![folder.path().to_owned()], names.len()), (named.into(), names.len() - 1)]
        {
            let roots = Roots::resolve(&roots).unwrap();
            let met: Vec<_> = roots
                .in_order()
                .map(|found| match found {
                    Found::File(file) => file.path,
                    found => panic!("{found:?}"),
                })
                .collect();
            assert!(met.is_sorted(), "{met:?}");
            assert_eq!(met.len(), files);
        }
    }

    #[test]
    fn a_path_that_is_not_there_is_a_usage_error() {
        let error = Roots::resolve(&[PathBuf::from("no/such/path")]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert_eq!(error.to_string(), "there is no file or directory 'no/such/path'");
    }

    #[test]
    fn times_before_1970_are_negative() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.mid");
        let file = fs_err::File::create(&path).unwrap();
        let old = std::time::UNIX_EPOCH - std::time::Duration::from_millis(1500);
        file.into_parts().0.set_modified(old).unwrap();
        assert_eq!(FoundFile::look(path).unwrap().mtime_ns, -1_500_000_000);
    }
}
