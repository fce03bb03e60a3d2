//! The members of a RAR, of version 1.5 to 7: its headers, and each member's content or each solid run's.
//!
//! Works on bytes in memory. The headers are read here, the crate `rars` unpacks; why is told in
//! `docs/decisions/0004-rar.md`. Which members are worth unpacking is decided elsewhere.

mod codec;
mod fields;
mod found;
mod hash;
mod legacy;
mod modern;
mod name;
mod part;
mod record;
mod run;
mod sink;

use std::sync::atomic::AtomicBool;

use found::Found;
use part::PartReader;
use record::Record;

use super::directory::{Directory, PART_BYTES, PART_MEMBERS, Part};
use super::limits::Limits;
use super::members::{Members, Skipped};
use crate::entry::NameDecoder;
use crate::reject::{Reason, Refusal};

/// How far into a file an archive may begin, behind a program that unpacks it: as far as `UnRAR` looks.
const LONGEST_PROGRAM: usize = 2 << 20;

/// Bytes of names that are looked at to find out their encoding.
const ENOUGH_NAMES: usize = 1 << 20;

/// The regular files of a RAR, in its order; duplicates are kept.
#[derive(Debug)]
pub struct RarDirectory {
    records: Vec<Record>,
    parts: Vec<Part>,
    skipped: Skipped,
    refusal: Option<Refusal>,
    /// Names whose encoding is not known, as many as it takes to tell it.
    odd_names: Vec<Vec<u8>>,
    /// Whether unpacking a member took longer than it may.
    stalled: AtomicBool,
}

impl RarDirectory {
    /// Reads all headers. Where the archive is cut or damaged, what can be found is kept, and [`Directory::refusal`] says
    /// so. The archive may stand behind a program of at most 2 MiB.
    ///
    /// # Errors
    /// [`Reason::Encrypted`] if the list of members is encrypted, [`Reason::UnsupportedFormat`] if it is of RAR 1.4 or
    /// before, [`Reason::ArchiveDamaged`] if no archive was found.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, Refusal> {
        let mut found = Found::new(limits, bytes.len());
        let Some((start, is_modern)) = locate(bytes) else { return Err(none_found(bytes)) };
        if is_modern {
            modern::read(bytes, start + modern::SIGNATURE.len(), &mut found)?;
        } else {
            legacy::read(bytes, start + legacy::SIGNATURE.len(), &mut found)?;
        }
        let Found { records, skipped, refusal, .. } = found;
        let parts = divide(&records, bytes, limits);
        let odd_names = odd_names(&records, bytes, limits);
        Ok(Self { records, parts, skipped, refusal, odd_names, stalled: AtomicBool::new(false) })
    }
}

impl Directory for RarDirectory {
    fn parts(&self) -> &[Part] {
        &self.parts
    }

    fn open_part<'a>(&'a self, bytes: &'a [u8], part: usize, limits: &'a Limits) -> Box<dyn Members + 'a> {
        let range = self.parts.get(part).map_or((0, 0), |part| (part.first, part.first + part.members));
        Box::new(PartReader::new(self, bytes, range, limits))
    }

    fn name_decoder(&self) -> NameDecoder {
        let mut decoder = NameDecoder::default();
        self.odd_names.iter().for_each(|name| decoder.observe(name));
        decoder
    }

    fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    fn skipped(&self) -> Skipped {
        self.skipped
    }
}

/// Where the archive starts, and whether it is of RAR 5 or later. Behind a program, which may speak of signatures, only one
/// with a header behind it counts.
fn locate(bytes: &[u8]) -> Option<(usize, bool)> {
    let start = bytes.get(..bytes.len().min(LONGEST_PROGRAM)).unwrap_or_default();
    let places = start.iter().enumerate().filter(|(_, byte)| **byte == b'R').map(|(at, _)| at);
    places.into_iter().find_map(|at| {
        let here = bytes.get(at..)?;
        if here.starts_with(legacy::SIGNATURE) {
            let starts = at == 0 || legacy::is_header(bytes, at + legacy::SIGNATURE.len());
            starts.then_some((at, false))
        } else if here.starts_with(modern::SIGNATURE) {
            let starts = at == 0 || modern::is_header(bytes, at + modern::SIGNATURE.len());
            starts.then_some((at, true))
        } else {
            None
        }
    })
}

fn none_found(bytes: &[u8]) -> Refusal {
    if bytes.starts_with(b"RE~^") {
        return Refusal::new(
            Reason::UnsupportedFormat,
            "an archive of RAR 1.4 or before; pack it again with a newer one",
        );
    }
    if modern::SIGNATURE.starts_with(bytes) || legacy::SIGNATURE.starts_with(bytes) {
        return Refusal::new(
            Reason::ArchiveTruncated,
            "the archive ends in its signature; nothing is left of it",
        );
    }
    Refusal::new(
        Reason::ArchiveDamaged,
        "it is named or starts like a RAR, but the signature of one was not found in it",
    )
}

/// Puts members together so that solid runs stay whole.
fn divide(records: &[Record], bytes: &[u8], limits: &Limits) -> Vec<Part> {
    // What needs more than is allowed is refused before it takes anything.
    let window = |record: &Record| match record.declared_memory(bytes) {
        declared if declared > limits.decoder_memory => 0,
        _ => record.memory(bytes),
    };
    // A member that is not packed belongs to a run if the next one that is packed continues it.
    let mut starts = vec![true; records.len()];
    let mut is_continued = false;
    for (record, starts) in records.iter().zip(&mut starts).rev() {
        if record.is_packed() {
            is_continued = record.continues;
        }
        *starts = !is_continued;
    }
    let mut parts: Vec<Part> = Vec::new();
    let mut members = records.iter().zip(starts).enumerate().peekable();
    while let Some((first, (record, _))) = members.next() {
        let mut run = Part { first, members: 1, packed: record.data.1, window: window(record) };
        while let Some((_, (record, _))) = members.next_if(|(_, (_, starts))| !starts) {
            run.members += 1;
            run.packed = run.packed.saturating_add(record.data.1);
            run.window = run.window.max(window(record));
        }
        let fits = |last: &Part| {
            last.packed.saturating_add(run.packed) <= PART_BYTES && last.members + run.members <= PART_MEMBERS
        };
        match parts.last_mut().filter(|last| fits(last)) {
            Some(last) => {
                last.members += run.members;
                last.packed += run.packed;
                last.window = last.window.max(run.window);
            }
            None => parts.push(run),
        }
    }
    parts
}

fn odd_names(records: &[Record], bytes: &[u8], limits: &Limits) -> Vec<Vec<u8>> {
    let mut left = ENOUGH_NAMES;
    let mut odd = Vec::new();
    for record in records {
        let (name, is_utf8, _) = record.raw_name(bytes, limits);
        if !is_utf8 && std::str::from_utf8(&name).is_err() {
            left = left.saturating_sub(name.len());
            odd.push(name);
        }
        if left == 0 {
            break;
        }
    }
    odd
}

#[cfg(test)]
mod tests;
