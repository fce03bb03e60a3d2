//! Reads a tar from front to back: V7, ustar, GNU and PAX headers.
//!
//! Members are yielded in order; those that are no regular files are counted and passed over. Extension headers are read
//! here and not by the `tar` crate, because that one buffers them at whatever length they declare. What a member holds is
//! none of this module's business, and it decodes nothing: compressed tars come through [`super::stream::Decoder`].

mod header;
mod pax;

use std::collections::VecDeque;
use std::io::{ErrorKind, Read};

pub use header::Header;
use header::{BLOCK, Kind};
use pax::Extension;

use super::limits::Limits;
use super::members::{Member, Members, Skipped};
use super::stream::refusal_of;
use crate::reject::{Reason, Refusal};

/// Bytes passed over at once.
const SKIP_BUFFER: usize = 16 << 10;

/// Headers that are remembered: as many as a record of 64 KiB holds.
const RECENT: usize = 128;

/// A tar being read.
pub struct TarReader<R> {
    reader: R,
    limits: Limits,
    /// Content of the current member that has not been read, and the padding behind it.
    remaining: u64,
    padding: u64,
    /// Bytes of the tar read so far, for messages.
    position: u64,
    /// Checksums of the headers read last, the newest behind.
    recent: VecDeque<u32>,
    ended: bool,
    is_marked: bool,
    refusal: Option<Refusal>,
    skipped: Skipped,
}

/// What the extension headers before a member said.
#[derive(Default)]
struct Pending {
    name: Option<Vec<u8>>,
    pax: Extension,
    refusal: Option<Refusal>,
}

impl<R: Read> TarReader<R> {
    /// Reads the tar that `reader` yields.
    pub fn new(reader: R, limits: &Limits) -> Self {
        Self {
            reader,
            limits: limits.clone(),
            remaining: 0,
            padding: 0,
            position: 0,
            recent: VecDeque::new(),
            ended: false,
            is_marked: false,
            refusal: None,
            skipped: Skipped::default(),
        }
    }

    /// Content of the current member that has not been read, in bytes.
    pub const fn remaining(&self) -> u64 {
        self.remaining
    }

    /// Whether it has come to zeros where a header would be, by which a tar says that it ends. Many are written without.
    pub const fn is_marked(&self) -> bool {
        self.is_marked
    }

    fn end(&mut self, refusal: Refusal) {
        self.ended = true;
        self.refusal.get_or_insert(refusal);
    }

    fn truncated(&self, place: &str) -> Refusal {
        let detail = format!("the tar ends {place}, at byte {}; what came before was kept", self.position);
        Refusal::new(Reason::ArchiveTruncated, detail)
    }

    /// Reads headers up to one that is a regular file's; none if that one is something else or there are no more.
    fn advance(&mut self) -> Result<Option<Member>, Refusal> {
        self.skip_content()?;
        let mut pending = Pending::default();
        loop {
            let Some((block, is_behind_gap)) = self.next_header()? else {
                self.ended = true;
                return Ok(None);
            };
            // What was said of the member whose header is gone is not said of this one.
            if is_behind_gap {
                pending = Pending::default();
            }
            let header = Header::new(&block);
            let kind = header.kind(pending.name.is_some() || pending.pax.path.is_some());
            let size = header.size().unwrap_or_else(|| {
                let detail = "the size in its header is no number, so that its content cannot be told";
                pending.refusal.get_or_insert(Refusal::new(Reason::ArchiveDamaged, detail));
                0
            });
            match kind {
                Kind::LongName => {
                    let name = self.extension(size, &mut pending.refusal)?;
                    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
                    pending.name = (!name.is_empty()).then(|| name.to_vec()).or(pending.name);
                }
                Kind::LongLink | Kind::GlobalExtension => {
                    self.extension(size, &mut None)?;
                }
                Kind::Extension => {
                    let records = self.extension(size, &mut pending.refusal)?;
                    pending.pax.read(&records);
                }
                Kind::Regular | Kind::Sparse => return self.regular(header, size, pending, kind).map(Some),
                Kind::Directory => {
                    self.skipped.directories += 1;
                    return Ok(None);
                }
                Kind::Link => {
                    self.skipped.links += 1;
                    return Ok(None);
                }
                Kind::Device => {
                    self.skipped.others += 1;
                    return Ok(None);
                }
                Kind::Other => {
                    self.skipped.others += 1;
                    self.expect(size);
                    return Ok(None);
                }
            }
        }
    }

    fn regular(
        &mut self,
        header: Header<'_>,
        size: u64,
        pending: Pending,
        kind: Kind,
    ) -> Result<Member, Refusal> {
        let Pending { name, pax, mut refusal } = pending;
        let stored = pax.size.unwrap_or(size);
        if kind == Kind::Sparse {
            self.sparse_map(header)?;
        }
        self.expect(stored);
        if kind == Kind::Sparse || pax.is_sparse {
            let detail = "a sparse file: tar left out its holes, and this version does not fill them in";
            refusal.get_or_insert(Refusal::new(Reason::UnsupportedMethod, detail));
        }
        let mut raw_name = pax.path.or(name).unwrap_or_else(|| header.name());
        if let Err(too_long) = self.limits.check_name(raw_name.len()) {
            raw_name.truncate(self.limits.name);
            refusal.get_or_insert(too_long);
        }
        Ok(Member { raw_name, is_utf8: false, size: stored, refusal })
    }

    /// The next header whose checksum is right, and whether something else stood before it; none at the end. Zero blocks are
    /// passed over, so that concatenated tars are read like one.
    ///
    /// Behind zeros stands padding, or the members behind a hole. Padding may hold the headers of the record before, which
    /// old tars left in their buffer.
    fn next_header(&mut self) -> Result<Option<([u8; BLOCK], bool)>, Refusal> {
        let mut is_behind_zeros = false;
        let mut is_padding = false;
        let mut is_searching = false;
        loop {
            let Some(block) = self.block(is_searching || is_behind_zeros)? else {
                self.is_marked = is_behind_zeros;
                return Ok(None);
            };
            let header = Header::new(&block);
            if header.is_valid() {
                let checksum = libdeflater::crc32(&block);
                if is_padding && self.recent.contains(&checksum) {
                    self.is_marked = true;
                    return Ok(None);
                }
                if is_padding {
                    self.damaged("zeros where a header should be, before the one");
                }
                if header.size().is_none() {
                    self.damaged("a header with an unreadable size");
                }
                if self.recent.len() == RECENT {
                    self.recent.pop_front();
                }
                self.recent.push_back(checksum);
                return Ok(Some((block, is_searching || is_behind_zeros)));
            }
            if block.iter().all(|byte| *byte == 0) {
                is_behind_zeros = true;
            } else if is_behind_zeros && !is_searching {
                is_padding = true;
            } else if !is_searching {
                self.damaged("a header whose checksum is wrong");
                is_searching = true;
            }
        }
    }

    fn damaged(&mut self, what: &str) {
        let at = self.position.saturating_sub(BLOCK as u64);
        let detail =
            format!("the tar has {what} at byte {at}; what could be found before and behind it was kept");
        self.refusal.get_or_insert(Refusal::new(Reason::ArchiveDamaged, detail));
    }

    /// One block; none at the end. `lenient` where a part of a block may end the file.
    fn block(&mut self, lenient: bool) -> Result<Option<[u8; BLOCK]>, Refusal> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while let Some(rest) = block.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.reader.read(rest) {
                Ok(0) if filled == 0 || lenient => return Ok(None),
                Ok(0) => return Err(self.truncated("in the middle of a header")),
                Ok(read) => {
                    filled += read;
                    self.position += read as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(refusal_of(&error)),
            }
        }
        Ok(Some(block))
    }

    /// Content of so many bytes follows.
    fn expect(&mut self, size: u64) {
        self.remaining = size;
        self.padding = size.checked_next_multiple_of(BLOCK as u64).unwrap_or(size) - size;
    }

    /// The body of an extension header. One that is longer than allowed is passed over, and `refusal` says so.
    fn extension(&mut self, size: u64, refusal: &mut Option<Refusal>) -> Result<Vec<u8>, Refusal> {
        self.expect(size);
        let mut body = Vec::new();
        if size <= self.limits.extension_header {
            self.fill(&mut body, usize::try_from(size).unwrap_or(usize::MAX))?;
        } else {
            let most = self.limits.extension_header;
            let detail = format!(
                "a header of {size} bytes before it gives its name, and {most} are allowed (--max-tar-header)"
            );
            refusal.get_or_insert(Refusal::new(Reason::LimitName, detail));
        }
        self.skip_content()?;
        Ok(body)
    }

    /// The blocks that continue the map of an old GNU sparse file. Each is as large as the header; their number is limited.
    fn sparse_map(&mut self, header: Header<'_>) -> Result<(), Refusal> {
        let mut continues = header.sparse_map_continues();
        let mut read = 0;
        while continues {
            let Some(block) = self.block(false)? else { return Err(self.truncated("in a map of holes")) };
            continues = block.get(504).is_some_and(|flag| *flag != 0);
            read += BLOCK as u64;
            if read > self.limits.extension_header {
                let detail = format!("a map of holes longer than {} bytes", self.limits.extension_header);
                return Err(Refusal::new(Reason::ArchiveDamaged, detail));
            }
        }
        Ok(())
    }

    fn skip_content(&mut self) -> Result<(), Refusal> {
        let mut buffer = [0; SKIP_BUFFER];
        let content = std::mem::take(&mut self.remaining);
        // What is left out of the padding at the very end is not missed.
        let mut left = content.saturating_add(std::mem::take(&mut self.padding));
        let padding = left - content;
        while left > 0 {
            let length = usize::try_from(left).unwrap_or(usize::MAX).min(SKIP_BUFFER);
            match self.reader.read(buffer.get_mut(..length).unwrap_or_default()) {
                Ok(0) if left <= padding => return Ok(()),
                Ok(0) => return Err(self.truncated("in the middle of a member")),
                Ok(read) => {
                    left = left.saturating_sub(read as u64);
                    self.position += read as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(refusal_of(&error)),
            }
        }
        Ok(())
    }
}

impl<R: Read> Members for TarReader<R> {
    fn next_member(&mut self) -> Option<Member> {
        while !self.ended {
            match self.advance() {
                Ok(Some(member)) => return Some(member),
                Ok(None) => {}
                Err(refusal) => self.end(refusal),
            }
        }
        None
    }

    fn fill(&mut self, out: &mut Vec<u8>, up_to: usize) -> Result<(), Refusal> {
        let wanted = up_to.saturating_sub(out.len()) as u64;
        let wanted = wanted.min(self.remaining);
        if wanted == 0 {
            return Ok(());
        }
        if let Some(refusal) = self.refusal.as_ref().filter(|_| self.ended) {
            return Err(refusal.clone());
        }
        // The declared size is only trusted as far as bytes arrive: the vector grows with what is read.
        let read = match (&mut self.reader).take(wanted).read_to_end(out) {
            Ok(read) => read as u64,
            Err(error) => {
                self.end(refusal_of(&error));
                return Err(refusal_of(&error));
            }
        };
        self.position += read;
        self.remaining -= read;
        if read < wanted {
            let refusal = self.truncated("in the middle of a member");
            self.end(refusal.clone());
            return Err(refusal);
        }
        Ok(())
    }

    fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    fn skipped(&self) -> Skipped {
        self.skipped
    }
}

impl<R> std::fmt::Debug for TarReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TarReader")
            .field("position", &self.position)
            .field("remaining", &self.remaining)
            .field("refusal", &self.refusal)
            .field("skipped", &self.skipped)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
