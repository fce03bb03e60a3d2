//! The containers that are read, what they are called, and what reading them costs.
//!
//! Names and figures only; the readers are in [`crate::archive`].

use super::{Format, magic};
use crate::entry::extension_of;

/// A container that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Container {
    /// A zip: each member can be read alone.
    Zip,
    /// A 7z: each block can.
    SevenZip,
    /// A RAR, of version 4 or 5.
    Rar,
    /// An LZH (LHA): each member can be read alone.
    Lzh,
    /// A tar, as a whole compressed so, or not at all.
    Tar(Compression),
    /// One file, compressed so, or not at all; before somebody looked inside it may also be a tar.
    Single(Compression),
}

/// How a stream is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, one or more members (RFC 1952).
    Gzip,
    /// bzip2, one or more streams.
    Bzip2,
    /// xz, one or more streams (The .xz File Format 1.2.1).
    Xz,
    /// The older format of LZMA Utils, `.lzma`.
    Lzma,
    /// Zstandard, one or more frames (RFC 8878).
    Zstandard,
    /// LZ4, one or more frames (LZ4 Frame Format 1.6.4).
    Lz4,
}

impl Compression {
    /// Every compression but none.
    pub const ALL: [Self; 6] = [Self::Gzip, Self::Bzip2, Self::Xz, Self::Lzma, Self::Zstandard, Self::Lz4];

    /// Extensions of compressed files, and those that also say that there is a tar inside.
    const fn extensions(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::None => (&[], &["tar"]),
            Self::Gzip => (&["gz", "gzip"], &["tgz", "taz"]),
            Self::Bzip2 => (&["bz2", "bz", "bzip2"], &["tbz2", "tbz", "tb2"]),
            Self::Xz => (&["xz"], &["txz"]),
            Self::Lzma => (&["lzma"], &["tlz"]),
            Self::Zstandard => (&["zst", "zstd"], &["tzst", "tzstd"]),
            Self::Lz4 => (&["lz4"], &["tlz4"]),
        }
    }

    /// The compression that a file's extension (in lower case) promises, and whether it promises a tar as well.
    fn promised(extension: &str) -> Option<(Self, bool)> {
        let of = |compression: Self| {
            let (single, tar) = compression.extensions();
            let named = single.contains(&extension).then_some((compression, false));
            named.or_else(|| tar.contains(&extension).then_some((compression, true)))
        };
        [Self::None].into_iter().chain(Self::ALL).find_map(of)
    }

    /// Expected decoding time of so many compressed bytes, in units of one byte of gzip; by the measured rates.
    const fn cost(self, size: u64) -> u64 {
        match self {
            Self::None => size / 16,
            Self::Zstandard | Self::Lz4 => size / 2,
            Self::Gzip => size,
            Self::Xz | Self::Lzma => size.saturating_mul(7),
            Self::Bzip2 => size.saturating_mul(20),
        }
    }
}

impl Container {
    /// The formats that are read, for messages.
    pub const LIST: &'static str = if cfg!(feature = "rar") {
        "zip, 7z, RAR, LZH, tar, and gzip, bzip2, xz, lzma, zstd and lz4 around a tar or one file"
    } else {
        "zip, 7z, LZH, tar, and gzip, bzip2, xz, lzma, zstd and lz4 around a tar or one file"
    };

    /// The word stored in `sources.kind`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        use Compression::{Bzip2, Gzip, Lz4, Lzma, None, Xz, Zstandard};
        match self {
            Self::Zip => "zip",
            Self::SevenZip => "7z",
            Self::Rar => "rar",
            Self::Lzh => "lzh",
            Self::Tar(None) => "tar",
            Self::Tar(Gzip) => "tar.gz",
            Self::Tar(Bzip2) => "tar.bz2",
            Self::Tar(Xz) => "tar.xz",
            Self::Tar(Lzma) => "tar.lzma",
            Self::Tar(Zstandard) => "tar.zst",
            Self::Tar(Lz4) => "tar.lz4",
            Self::Single(None) => "file",
            Self::Single(Gzip) => "gz",
            Self::Single(Bzip2) => "bz2",
            Self::Single(Xz) => "xz",
            Self::Single(Lzma) => "lzma",
            Self::Single(Zstandard) => "zst",
            Self::Single(Lz4) => "lz4",
        }
    }

    /// The container that a file's name promises.
    pub(super) fn promised(name: &str) -> Option<Self> {
        let (stem, extension) = super::split_extension(name);
        match extension.as_str() {
            "zip" => return Some(Self::Zip),
            "7z" => return Some(Self::SevenZip),
            "rar" if cfg!(feature = "rar") => return Some(Self::Rar),
            "lzh" | "lha" => return Some(Self::Lzh),
            _ => {}
        }
        let (compression, is_tar) = Compression::promised(&extension)?;
        let is_tar = is_tar || extension_of(stem) == "tar";
        Some(if is_tar { Self::Tar(compression) } else { Self::Single(compression) })
    }

    /// How the bytes must be decoded before there are files in them; where members are compressed one by one, not at all.
    #[must_use]
    pub const fn compression(self) -> Compression {
        match self {
            Self::Zip | Self::SevenZip | Self::Rar | Self::Lzh => Compression::None,
            Self::Tar(compression) | Self::Single(compression) => compression,
        }
    }

    /// Expected reading time of so many bytes, in units of one byte of gzip, by the measured rates: tar.gz 127 MB/s of
    /// compressed bytes, zip twice that for each core, a plain tar at memory speed, LZMA a seventh, bzip2 a twentieth.
    #[must_use]
    pub const fn cost(self, size: u64) -> u64 {
        match self {
            Self::Zip => size / 2,
            Self::SevenZip => Compression::Xz.cost(size),
            Self::Rar | Self::Lzh => size.saturating_mul(3),
            Self::Tar(compression) | Self::Single(compression) => compression.cost(size),
        }
    }

    /// The compressed container whose decoded content starts with `head`. Where nothing could be decoded the name's
    /// promise stands.
    #[must_use]
    pub fn holding(self, head: &[u8]) -> Self {
        match self {
            Self::Tar(compression) | Self::Single(compression)
                if compression != Compression::None && !head.is_empty() =>
            {
                let is_tar = magic::recognise(head) == Format::Container(Self::Tar(Compression::None));
                if is_tar { Self::Tar(compression) } else { Self::Single(compression) }
            }
            other => other,
        }
    }

    /// What the one file in a compressed file called `name` is called: the name without the compression's extension.
    #[must_use]
    pub fn inner_name(self, name: &[u8]) -> Vec<u8> {
        let end = match Compression::promised(&extension_of(&String::from_utf8_lossy(name))) {
            Some((Compression::None, _)) | None => return name.to_vec(),
            Some((_, is_tar)) => {
                if is_tar {
                    &b".tar"[..]
                } else {
                    b""
                }
            }
        };
        let stem = name.iter().rposition(|byte| *byte == b'.').and_then(|dot| name.get(..dot));
        [stem.unwrap_or(name), end].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inner_name_loses_the_compression() {
        let cases = [
            ("a.mid.gz", "a.mid"),
            ("a.mid.ZST", "a.mid"),
            ("a.mid.bz2", "a.mid"),
            ("a.mid.lzma", "a.mid"),
            ("a.tgz", "a.tar"),
            ("a.txz", "a.tar"),
            ("a.tar", "a.tar"),
            ("a", "a"),
            (".gz", ""),
            ("a.b", "a.b"),
        ];
        for (name, inner) in cases {
            assert_eq!(
                Container::Single(Compression::Gzip).inner_name(name.as_bytes()),
                inner.as_bytes(),
                "{name}"
            );
        }
    }
}
