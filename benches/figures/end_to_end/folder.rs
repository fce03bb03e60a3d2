//! The floor of an import of any folder: every zip in it read, inflated, digested, and its events walked over once by midly,
//! on all cores, without a database, a check, a name or a row.
//!
//! Reads zips, stored or deflated, and bare files; counts what else there is: where that is much, the floor is too low to compare with.
//! Members go to the cores in small shares, so that one large archive keeps all of them busy.

use std::path::{Path, PathBuf};

use anyhow::Result;
use libdeflater::Decompressor;
use loader::mapping::{Input, MapPolicy};
use rawzip::{CompressionMethod, ZipArchive};
use rayon::prelude::*;

use crate::measuring::floor::Read;

/// No member is larger; what claims to be is left out.
const LARGEST: u64 = 256 << 20;

/// The files of a folder.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    files: Vec<PathBuf>,
    /// Bytes of all files.
    pub(crate) bytes: u64,
}

/// What was read, and what was not.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Floor {
    pub(crate) read: Read,
    /// Archives of other kinds or in archives, members of other methods, or damaged.
    pub(crate) left_out: u64,
}

/// A part of a file that becomes one content.
struct Member<'a> {
    data: &'a [u8],
    size: u64,
    is_deflated: bool,
}

impl Folder {
    /// All files below a folder.
    pub(crate) fn of(path: &Path) -> Result<Self> {
        let mut folder = Self::default();
        for entry in walkdir::WalkDir::new(path).sort_by_file_name() {
            let entry = entry?;
            if entry.file_type().is_file() {
                folder.bytes += entry.metadata()?.len();
                folder.files.push(entry.into_path());
            }
        }
        Ok(folder)
    }

    /// Their paths.
    pub(crate) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Reads all of them; `walk` goes over the events of a content.
    pub(crate) fn read(&self, walk: fn(&[u8]) -> u64) -> Result<Floor> {
        let inputs = self
            .files
            .par_iter()
            .map(|path| Ok(Input::open(path, MapPolicy::Auto)?))
            .collect::<Result<Vec<_>>>()?;
        let listed: Vec<_> = inputs.par_iter().map(|input| members(input.as_slice())).collect();
        let left_out = listed.iter().map(|(_, left_out)| left_out).sum();
        let members: Vec<_> = listed.into_iter().flat_map(|(members, _)| members).collect();
        let shares = members.par_chunks(32).map_init(
            || (Decompressor::new(), Vec::new()),
            |(inflater, buffer), share| {
                let mut floor = Floor::default();
                for member in share {
                    match member.content(inflater, buffer) {
                        Some(content) if content.starts_with(b"PK\x03\x04") => floor.left_out += 1,
                        Some(content) => {
                            floor.read.digest(content);
                            floor.read.events += walk(content);
                        }
                        None => floor.left_out += 1,
                    }
                }
                floor
            },
        );
        Ok(shares.reduce(Floor::default, Floor::and).and(Floor { left_out, ..Floor::default() }))
    }
}

impl Floor {
    fn and(self, other: Self) -> Self {
        Self { read: self.read.and(other.read), left_out: self.left_out + other.left_out }
    }
}

/// The members of a file, and how many cannot be read; a file that is no archive is its own member.
fn members(bytes: &[u8]) -> (Vec<Member<'_>>, u64) {
    if bytes.starts_with(b"MThd") || bytes.starts_with(b"RIFF") {
        return (vec![Member { data: bytes, size: bytes.len() as u64, is_deflated: false }], 0);
    }
    let Ok(archive) = ZipArchive::from_slice(bytes) else { return (Vec::new(), 1) };
    let (mut members, mut left_out) = (Vec::new(), 0);
    let mut entries = archive.entries();
    loop {
        let record = match entries.next_entry() {
            Ok(Some(record)) => record,
            Ok(None) => return (members, left_out),
            Err(_) => return (members, left_out + 1),
        };
        if record.is_dir() {
            continue;
        }
        let (size, method) = (record.uncompressed_size_hint(), record.compression_method());
        let is_known = matches!(method, CompressionMethod::STORE | CompressionMethod::DEFLATE);
        let range = archive.get_entry(record.wayfinder()).ok().map(|entry| entry.compressed_data_range());
        match range.and_then(|range| part(bytes, range)) {
            Some(data) if is_known && size <= LARGEST => {
                members.push(Member { data, size, is_deflated: method == CompressionMethod::DEFLATE });
            }
            _ => left_out += 1,
        }
    }
}

fn part(bytes: &[u8], (from, to): (u64, u64)) -> Option<&[u8]> {
    bytes.get(usize::try_from(from).ok()?..usize::try_from(to).ok()?)
}

impl Member<'_> {
    fn content<'b>(&'b self, inflater: &mut Decompressor, buffer: &'b mut Vec<u8>) -> Option<&'b [u8]> {
        if !self.is_deflated {
            return Some(self.data);
        }
        let size = usize::try_from(self.size).ok()?;
        if buffer.len() < size {
            buffer.resize(size, 0);
        }
        let to = buffer.get_mut(..size)?;
        inflater.deflate_decompress(self.data, to).ok()?;
        Some(to)
    }
}
