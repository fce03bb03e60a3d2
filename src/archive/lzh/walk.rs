//! Walks the headers of an LZH archive from front to back.
//!
//! Each header tells how long the data behind it is, so that nothing is decoded on the way. What a damaged header hides is
//! found again by the checksum of the next one; the work for that is limited, so that a file full of forged headers does
//! not take forever.

use super::LzhDirectory;
use super::damaged;
use super::entry::Entry;
use super::header::{self, Found, Kind};
use crate::archive::limits::Limits;
use crate::entry::Ordinal;
use crate::format::is_program;
use crate::reject::{Reason, Refusal};

/// How far into a program its archive is searched for.
const PROGRAM: usize = 64 << 10;

/// The header that a Macintosh put before files it sent elsewhere (`MacBinary`); it begins with a zero.
const MAC_BINARY: usize = 128;

/// The longest header without extensions, so that a limit for these does not concern it.
const BASIC_HEADER: usize = 64 << 10;

/// Lists the members, as far as they are found.
pub(super) fn walk(bytes: &[u8], limits: &Limits) -> LzhDirectory {
    let extension = usize::try_from(limits.extension_header).unwrap_or(usize::MAX);
    let mut walk = Walk {
        bytes,
        longest: extension.max(BASIC_HEADER),
        // Twice over is enough for an honest archive, of which each header is read once.
        work: bytes.len().saturating_mul(2).saturating_add(1 << 20),
        found: LzhDirectory::default(),
    };
    if let Some(start) = walk.start() {
        walk.list(start, limits);
    }
    walk.found
}

struct Walk<'a> {
    bytes: &'a [u8],
    /// The longest header that is read, in bytes.
    longest: usize,
    /// Bytes of headers that may still be looked at in search of one.
    work: usize,
    found: LzhDirectory,
}

impl Walk<'_> {
    /// Where the first header is.
    fn start(&mut self) -> Option<usize> {
        if self.bytes.is_empty() {
            self.found.refusal = Some(Refusal::new(Reason::ArchiveTruncated, "the archive is empty"));
            return None;
        }
        if !is_program(self.bytes) || header::is_promising(self.bytes) {
            return Some(0);
        }
        let start = self.find(0, PROGRAM);
        if start.is_none() {
            let detail = format!("it is a program without an LZH archive in its first {PROGRAM} bytes");
            self.found.refusal = Some(damaged(detail));
        }
        start
    }

    fn list(&mut self, start: usize, limits: &Limits) {
        let mut position = start;
        let most = limits.entries.min(Ordinal::MOST);
        loop {
            let rest = self.bytes.get(position..).unwrap_or_default();
            let (what, is_cut) = match header::read(rest, self.longest) {
                // The end mark, or a hole where a header was.
                Found::End => {
                    let Some(next) = self.find_whole(position + 1) else {
                        if position == start && rest.len() > 1 {
                            self.refuse(Some(damaged("there is no header in it".to_owned())));
                        }
                        return;
                    };
                    if (position, next) != (0, MAC_BINARY) {
                        self.refuse(Some(damaged(format!(
                            "the archive has zeros at byte {position}, and a member behind them; what could be found \
                             before and behind was kept"
                        ))));
                    }
                    position = next;
                    continue;
                }
                Found::Header(header, length) => {
                    let data = position + length;
                    let name = header::name(&header);
                    let kind = header::kind(&header, &name);
                    if kind == Kind::Regular && self.found.entries.len() as u64 >= most {
                        self.refuse(limits.check_entries(most.saturating_add(1)).err());
                        return;
                    }
                    let end =
                        usize::try_from(header.compressed_size).ok().and_then(|size| data.checked_add(size));
                    let end = end.filter(|end| *end <= self.bytes.len());
                    match kind {
                        Kind::Directory => self.found.skipped.directories += 1,
                        Kind::Link => self.found.skipped.links += 1,
                        Kind::Regular => {
                            let [_, method @ .., _] = header.compression;
                            let entry = Entry {
                                data: data as u64,
                                packed: header.compressed_size,
                                size: header.original_size,
                                name_start: self.found.names.len(),
                                name_length: u32::try_from(name.bytes.len()).unwrap_or(u32::MAX),
                                crc: header.file_crc,
                                method,
                                is_utf8: name.is_utf8,
                                is_cut: end.is_none(),
                                name_kept: 0,
                            };
                            self.add(entry, &name.bytes, limits);
                        }
                    }
                    let Some(end) = end else {
                        self.refuse(Some(self.truncated("in the data of a member")));
                        return;
                    };
                    position = end;
                    continue;
                }
                Found::TooLong => {
                    let detail = format!(
                        "the header at byte {position} is longer than {} bytes; what could be found before and \
                         behind it was kept",
                        self.longest
                    );
                    self.refuse(Some(Refusal::new(Reason::LimitName, detail)));
                    (String::new(), false)
                }
                Found::Cut => ("a header longer than what is left".to_owned(), true),
                Found::Other(what, _) => (what, false),
            };
            let next = self.find(position + 1, usize::MAX);
            if is_cut && next.is_none() {
                self.refuse(Some(self.truncated("in a header")));
            }
            self.refuse(Some(damaged(format!(
                "the archive has {what} at byte {position}; what could be found before and behind it was kept"
            ))));
            match next {
                Some(next) => position = next,
                None => return,
            }
        }
    }

    fn add(&mut self, mut entry: Entry, name: &[u8], limits: &Limits) {
        let kept = name.get(..limits.name.min(usize::from(u16::MAX))).unwrap_or(name);
        entry.name_kept = u16::try_from(kept.len()).unwrap_or(u16::MAX);
        self.found.names.extend_from_slice(kept);
        self.found.entries.push(entry);
    }

    /// The first thing that is wrong stays.
    fn refuse(&mut self, refusal: Option<Refusal>) {
        if self.found.refusal.is_none() {
            self.found.refusal = refusal;
        }
    }

    fn truncated(&self, place: &str) -> Refusal {
        let detail =
            format!("the archive ends {place}, at byte {}; what came before was kept", self.bytes.len());
        Refusal::new(Reason::ArchiveTruncated, detail)
    }

    /// The next header whose data is all there, starting at `from` or behind it.
    fn find_whole(&mut self, from: usize) -> Option<usize> {
        let found = self.find(from, usize::MAX)?;
        let Found::Header(header, length) = header::read(self.bytes.get(found..)?, self.longest) else {
            return None;
        };
        let end = usize::try_from(header.compressed_size).ok()?.checked_add(found + length)?;
        (end <= self.bytes.len()).then_some(found)
    }

    /// The next header that is one by its checksum, starting between `from` and `to`.
    fn find(&mut self, mut from: usize, to: usize) -> Option<usize> {
        loop {
            let rest = self.bytes.get(from..self.bytes.len().min(to.saturating_add(7)))?;
            from += rest.windows(7).position(header::is_promising)?;
            let looked_at = match header::read(self.bytes.get(from..)?, self.longest) {
                Found::Header(header, _) if header::has_checksum(&header) => return Some(from),
                Found::Header(_, length) | Found::Other(_, length) => length,
                Found::TooLong | Found::Cut => self.longest.min(self.bytes.len() - from),
                Found::End => 0,
            };
            self.work = self.work.checked_sub(looked_at)?;
            from += 1;
        }
    }
}
