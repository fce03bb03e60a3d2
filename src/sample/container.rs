//! The containers a sample is written in: their names, and how entries get into each. Makes no contents.

mod folder;
mod tarball;
mod zipfile;

use std::fmt;
use std::io;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::entry::Entry;

pub(super) use folder::Folder;
pub(super) use tarball::{Stream, Tarball};
pub(super) use zipfile::ZipFile;

/// A kind of container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Container {
    /// A zip, most entries deflated, some stored.
    Zip,
    /// A gzip-compressed tar.
    TarGz,
    /// A Zstandard-compressed tar.
    TarZst,
    /// A plain tar.
    Tar,
    /// A folder of `.mid.gz` files, one MIDI file each.
    Gz,
    /// A folder of bare MIDI files.
    Loose,
    /// A zip that holds MIDI files, zips and gzip-compressed tars.
    Nested,
}

impl Container {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Zip, Self::TarGz, Self::TarZst, Self::Tar, Self::Gz, Self::Loose, Self::Nested];

    /// The word for it on the command line and in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Zip => "zip",
            Self::TarGz => "tar.gz",
            Self::TarZst => "tar.zst",
            Self::Tar => "tar",
            Self::Gz => "gz",
            Self::Loose => "loose",
            Self::Nested => "nested",
        }
    }

    /// The name of the container with this number, relative to the sample's folder.
    pub(super) fn path(self, number: u64) -> String {
        match self {
            Self::Zip => format!("pack-{number:05}.zip"),
            Self::TarGz => format!("pack-{number:05}.tar.gz"),
            Self::TarZst => format!("pack-{number:05}.tar.zst"),
            Self::Tar => format!("pack-{number:05}.tar"),
            Self::Gz => format!("single-{number:05}"),
            Self::Loose => format!("folder-{number:05}"),
            Self::Nested => format!("collection-{number:05}.zip"),
        }
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Serialize for Container {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// A word that names no container.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no container is called `{0}`; known are zip, tar.gz, tar.zst, tar, gz, loose and nested")]
pub struct UnknownContainer(String);

impl FromStr for Container {
    type Err = UnknownContainer;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.word() == word)
            .ok_or_else(|| UnknownContainer(word.to_owned()))
    }
}

/// Takes entries in.
pub(super) trait Receiver {
    /// Adds this entry after those that were added before.
    fn put(&mut self, entry: &Entry) -> io::Result<()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_name_their_container() {
        for container in Container::ALL {
            assert_eq!(container.word().parse(), Ok(container));
        }
        assert!("rar".parse::<Container>().unwrap_err().to_string().contains("`rar`"));
    }
}
