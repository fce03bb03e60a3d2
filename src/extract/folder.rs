//! A folder that nothing gets out of: where an entry may be written, whatever it calls itself.
//!
//! Names only choose a place below the folder: `..`, `.`, empty parts, drive letters and a leading `/` are dropped, bytes
//! that a terminal or a file system takes amiss are replaced, and no link is followed on the way.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Longest name of a file or folder that file systems take, in bytes; some are left for a number and a suffix.
const LONGEST: usize = 200;

/// A folder being filled.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    /// How often each place was asked for, so that a second entry of the same name gets one of its own.
    asked: HashMap<PathBuf, u32>,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It was written.
    New,
    /// A file of this name was there already, and was left as it is.
    Kept,
    /// Something on the way to it is a link, or no folder.
    Blocked,
}

impl Folder {
    /// A folder below `to`, created when the first file is written.
    pub(super) fn new(to: &Path, name: &Path) -> Self {
        let mut root = to.to_owned();
        root.extend(name.components().filter_map(|part| match part {
            std::path::Component::Normal(part) => Some(part),
            _ => None,
        }));
        Self { root, asked: HashMap::new() }
    }

    /// Writes an entry called `name`; it appears whole or not at all.
    ///
    /// # Errors
    /// Where the operating system does not let it be written.
    pub(super) fn write(&mut self, name: &str, content: &[u8]) -> io::Result<Written> {
        let mut place = place_of(name);
        let asked = self.asked.entry(place.clone()).or_default();
        *asked += 1;
        if *asked > 1 {
            place = numbered(&place, *asked);
        }
        let Some(folder) = self.folder_for(&place)? else { return Ok(Written::Blocked) };
        let target = self.root.join(&place);
        if fs::symlink_metadata(&target).is_ok() {
            return Ok(Written::Kept);
        }
        let part = folder.join(format!("{}.loader-part", file_name(&place)));
        // What an interrupted extraction left.
        match fs::remove_file(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(named(&error, &part)),
            _ => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&part)
            .map_err(|error| named(&error, &part))?;
        file.write_all(content).map_err(|error| named(&error, &part))?;
        drop(file);
        // A link is made only where nothing is; file systems without links have only the check above.
        let done = match fs::hard_link(&part, &target) {
            Ok(()) => Written::New,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Written::Kept,
            Err(_) => {
                fs::rename(&part, &target).map_err(|error| named(&error, &target))?;
                return Ok(Written::New);
            }
        };
        fs::remove_file(&part).map_err(|error| named(&error, &part))?;
        Ok(done)
    }

    /// The folder that a place lies in, created; none if a link or a file is in the way.
    fn folder_for(&self, place: &Path) -> io::Result<Option<PathBuf>> {
        fs::create_dir_all(&self.root).map_err(|error| named(&error, &self.root))?;
        let mut folder = self.root.clone();
        for part in place.parent().into_iter().flat_map(Path::components) {
            folder.push(part);
            match fs::symlink_metadata(&folder) {
                Ok(found) if found.is_dir() => {}
                Ok(_) => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::create_dir(&folder) {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                        return Err(named(&error, &folder));
                    }
                    _ => {}
                },
                Err(error) => return Err(named(&error, &folder)),
            }
        }
        Ok(Some(folder))
    }
}

/// `a.mid`, `a~2.mid`, `a~3.mid`, …
pub(super) fn numbered(place: &Path, number: u32) -> PathBuf {
    let stem = place.file_stem().unwrap_or_default().to_string_lossy();
    let name = match place.extension() {
        Some(extension) => format!("{stem}~{number}.{}", extension.to_string_lossy()),
        None => format!("{stem}~{number}"),
    };
    place.with_file_name(name)
}

/// The place below the folder that an entry's path stands for. What is nested in an archive lies in a folder of the
/// archive's name.
fn place_of(path: &str) -> PathBuf {
    let parts = path.split("!/").flat_map(|part| part.split('/'));
    let mut place: PathBuf = parts.filter_map(part_of).collect();
    if place.as_os_str().is_empty() {
        place.push("unnamed");
    }
    place
}

/// One part of a path as a name; none where it says nothing or leads elsewhere.
fn part_of(part: &str) -> Option<String> {
    let is_drive = matches!(part.as_bytes(), [letter, b':'] if letter.is_ascii_alphabetic());
    if part.is_empty() || part == "." || part == ".." || is_drive {
        return None;
    }
    let unsafe_character =
        |character: char| character.is_control() || matches!(character, '\\' | '\u{202a}'..='\u{202e}');
    let mut name: String =
        part.chars().map(|character| if unsafe_character(character) { '_' } else { character }).collect();
    if name.len() > LONGEST {
        let extension = crate::entry::extension_of(&name);
        let keep = LONGEST.saturating_sub(extension.len() + 1);
        let end = (0..=keep).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
        name.truncate(end);
        if !extension.is_empty() && extension.len() < LONGEST {
            name = format!("{name}.{extension}");
        }
    }
    Some(name)
}

fn file_name(place: &Path) -> String {
    place.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The error with the name of what it is about.
fn named(error: &io::Error, path: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("'{}' could not be written: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out() {
        let cases = [
            ("a/b.mid", "a/b.mid"),
            ("/etc/passwd", "etc/passwd"),
            ("../../x.mid", "x.mid"),
            ("a/../../b.mid", "a/b.mid"),
            ("C:/autoexec.bat", "autoexec.bat"),
            ("x/./y.mid", "x/y.mid"),
            ("..", "unnamed"),
            ("", "unnamed"),
            ("a\u{1b}[2J.mid", "a_[2J.mid"),
            ("in.zip!/x/y.mid", "in.zip/x/y.mid"),
            ("a!/../b.mid", "a/b.mid"),
        ];
        for (name, expected) in cases {
            assert_eq!(place_of(name), Path::new(expected), "{name}");
        }
        let long = format!("{}.mid", "é".repeat(500));
        let place = place_of(&long);
        assert!(place.as_os_str().len() <= LONGEST + 1, "{}", place.as_os_str().len());
        assert_eq!(place.extension().unwrap(), "mid");
    }

    #[test]
    fn existing_files_are_kept_and_equal_names_get_numbers() {
        let to = tempfile::tempdir().unwrap();
        fs::create_dir_all(to.path().join("p.zip")).unwrap();
        fs::write(to.path().join("p.zip/a.mid"), b"mine").unwrap();
        fs::write(to.path().join("p.zip/b.mid.loader-part"), b"cut").unwrap();
        for _ in 0..2 {
            let mut folder = Folder::new(to.path(), Path::new("p.zip"));
            let results: Vec<Written> = ["a.mid", "a.mid", "b.mid", "x/c.mid"]
                .iter()
                .map(|name| folder.write(name, name.as_bytes()).unwrap())
                .collect();
            assert_eq!(results.first(), Some(&Written::Kept));
        }
        let read = |name: &str| fs::read_to_string(to.path().join("p.zip").join(name)).unwrap();
        assert_eq!(
            (read("a.mid"), read("a~2.mid"), read("b.mid")),
            ("mine".into(), "a.mid".into(), "b.mid".into())
        );
        assert_eq!(read("x/c.mid"), "x/c.mid");
        assert_eq!(fs::read_dir(to.path().join("p.zip")).unwrap().count(), 4, "parts are left behind");
    }

    #[test]
    fn a_link_on_the_way_is_not_followed() {
        let to = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::create_dir_all(to.path().join("p.zip")).unwrap();
        std::os::unix::fs::symlink(outside.path(), to.path().join("p.zip/out")).unwrap();
        let mut folder = Folder::new(to.path(), Path::new("p.zip"));
        assert_eq!(folder.write("out/a.mid", b"x").unwrap(), Written::Blocked);
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }
}
