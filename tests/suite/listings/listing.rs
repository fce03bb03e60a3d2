//! What other programs say is in an archive: their listings, read, and what they unpack.

use std::collections::BTreeMap;
use std::path::Path;

use super::tool;

/// The paths of the MIDI files, and their sizes in bytes.
pub(super) type Listing = BTreeMap<String, u64>;

/// A program that lists and unpacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lister {
    Bsdtar,
    SevenZip,
    Unzip,
    Lha,
    Unar,
}

impl Lister {
    /// What it lists.
    pub(super) fn list(self, archive: &Path) -> Listing {
        let (folder, name) = (archive.parent().unwrap(), archive.file_name().unwrap().to_str().unwrap());
        let (program, arguments): (_, &[&str]) = match self {
            Self::Bsdtar => ("bsdtar", &["-tvf", name]),
            Self::SevenZip => ("7z", &["l", "-slt", "-ba", name]),
            Self::Unzip => ("unzip", &["-v", name]),
            Self::Lha => ("lha", &["l", name]),
            Self::Unar => ("lsar", &["-j", name]),
        };
        let listed = String::from_utf8(tool(folder, program, arguments).stdout).unwrap();
        let lines = listed.lines();
        let found: Listing = match self {
            // Mode, links, user, group, size, month, day, time, name.
            Self::Bsdtar => lines.filter_map(|line| columns(line, 4, 8)).collect(),
            Self::SevenZip => blocks(&listed),
            // Length, method, size, ratio, date, time, checksum, name.
            Self::Unzip => lines.filter_map(|line| columns(line, 0, 7)).collect(),
            Self::Lha => lines.filter_map(before_ratio).collect(),
            Self::Unar => document(&listed),
        };
        assert!(!found.is_empty(), "{program} lists nothing of {name}:\n{listed}");
        found
    }

    /// Unpacks into a folder.
    pub(super) fn unpack(self, archive: &Path, to: &Path) {
        let archive = archive.to_str().unwrap();
        let into = format!("-o{}", to.display());
        match self {
            Self::Bsdtar => tool(to, "bsdtar", &["-xf", archive]),
            Self::SevenZip => tool(to, "7z", &["x", "-y", &into, archive]),
            Self::Unzip => tool(to, "unzip", &["-q", archive]),
            Self::Lha => tool(to, "lha", &["xfq", archive]),
            Self::Unar => tool(to, "unar", &["-quiet", "-no-directory", "-output-directory", ".", archive]),
        };
    }
}

/// The name behind so many columns, and the size in one of them; none for lines that are no MIDI file's.
fn columns(line: &str, size: usize, before: usize) -> Option<(String, u64)> {
    let mut rest = line.trim_start();
    let mut found = None;
    for column in 0..before {
        let (value, behind) = rest.split_once(' ')?;
        if column == size {
            found = Some(value.parse().ok()?);
        }
        rest = if column + 1 == before { behind } else { behind.trim_start() };
    }
    // Between the last column and the name may be more than one space; no name here begins with one.
    midi(rest.trim_start(), found?)
}

/// `Path = …` and `Size = …`, a block for each entry.
fn blocks(listed: &str) -> Listing {
    let mut listing = Listing::new();
    let mut path = None;
    for line in listed.lines() {
        if let Some(found) = line.strip_prefix("Path = ") {
            path = Some(found.to_owned());
        } else if let (Some(size), Some(found)) = (line.strip_prefix("Size = "), &path) {
            listing.extend(size.parse().ok().and_then(|size| midi(found, size)));
        }
    }
    listing
}

/// The size stands before the ratio, and the name, which has no spaces here, is last.
fn before_ratio(line: &str) -> Option<(String, u64)> {
    let columns: Vec<_> = line.split_whitespace().collect();
    let ratio = columns.iter().position(|column| column.ends_with('%'))?;
    midi(columns.last()?, columns.get(ratio.checked_sub(1)?)?.parse().ok()?)
}

/// A JSON document with an object for each entry.
fn document(listed: &str) -> Listing {
    let document: serde_json::Value = serde_json::from_str(listed).unwrap();
    let entries = document["lsarContents"].as_array().unwrap();
    entries
        .iter()
        .filter_map(|entry| midi(entry["XADFileName"].as_str()?, entry["XADFileSize"].as_u64()?))
        .collect()
}

fn midi(name: &str, size: u64) -> Option<(String, u64)> {
    let is_midi = Path::new(name).extension().is_some_and(|extension| extension == "mid");
    is_midi.then(|| (name.to_owned(), size))
}
