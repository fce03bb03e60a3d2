//! The content of members, decoded one after the other.
//!
//! A decoder gets its member's data and nothing else; what comes out is never more than declared, grows with what is
//! decoded, and must have the declared checksum.

use std::panic::{AssertUnwindSafe, catch_unwind};

use delharc::LhaError;
use delharc::crc::Crc16;
use delharc::decode::{Decoder, DecoderAny};

use super::entry::Entry;
use super::{LzhDirectory, damaged};
use crate::archive::directory::Part;
use crate::archive::limits::Limits;
use crate::archive::members::{Member, Members, Skipped};
use crate::reject::{Reason, Refusal};

/// Bytes decoded at once; of a member that breaks off, no more than these are lost.
const CHUNK: usize = 16 << 10;

/// The members of a part.
pub(super) struct PartMembers<'a> {
    directory: &'a LzhDirectory,
    bytes: &'a [u8],
    limits: &'a Limits,
    next: usize,
    end: usize,
    current: Option<Content<'a>>,
}

/// The content of a member, as far as it has been decoded.
struct Content<'a> {
    entry: &'a Entry,
    decoder: DecoderAny<&'a [u8]>,
    decoded: u64,
    crc: Crc16,
    /// How it ended: checked, or refused.
    outcome: Option<Result<(), Refusal>>,
}

impl<'a> PartMembers<'a> {
    pub(super) fn new(directory: &'a LzhDirectory, bytes: &'a [u8], part: Part, limits: &'a Limits) -> Self {
        let end = part.first.saturating_add(part.members);
        Self { directory, bytes, limits, next: part.first, end, current: None }
    }
}

impl Members for PartMembers<'_> {
    fn next_member(&mut self) -> Option<Member> {
        self.current = None;
        let entry = self.directory.entry(self.next).filter(|_| self.next < self.end)?;
        self.next += 1;
        let refusal = entry.refusal(self.limits);
        if refusal.is_none() {
            self.current = Content::new(entry, self.bytes);
        }
        Some(Member {
            raw_name: self.directory.raw_name(entry).to_vec(),
            is_utf8: entry.is_utf8,
            size: entry.size,
            refusal,
        })
    }

    fn fill(&mut self, out: &mut Vec<u8>, up_to: usize) -> Result<(), Refusal> {
        match &mut self.current {
            Some(content) => content.fill(out, up_to),
            None => Err(damaged("there is no member whose content could be read".to_owned())),
        }
    }

    fn refusal(&self) -> Option<&Refusal> {
        None
    }

    fn skipped(&self) -> Skipped {
        Skipped::default()
    }
}

impl<'a> Content<'a> {
    fn new(entry: &'a Entry, bytes: &'a [u8]) -> Option<Self> {
        let data = entry.packed_data(bytes)?;
        let decoder = DecoderAny::new_from_compression(entry.compression()?, data);
        Some(Self { entry, decoder, decoded: 0, crc: Crc16::default(), outcome: None })
    }

    fn fill(&mut self, out: &mut Vec<u8>, up_to: usize) -> Result<(), Refusal> {
        while self.outcome.is_none() {
            let left = self.entry.size - self.decoded;
            if left == 0 {
                self.outcome = Some(self.check());
                break;
            }
            let wanted = up_to.saturating_sub(out.len()).min(CHUNK);
            let wanted = wanted.min(usize::try_from(left).unwrap_or(usize::MAX));
            if wanted == 0 {
                return Ok(());
            }
            if let Err(refusal) = self.decode(out, wanted) {
                self.outcome = Some(Err(refusal));
            }
        }
        self.outcome.clone().unwrap_or(Ok(()))
    }

    fn decode(&mut self, out: &mut Vec<u8>, wanted: usize) -> Result<(), Refusal> {
        let start = out.len();
        out.resize(start + wanted, 0);
        let to = out.get_mut(start..).unwrap_or_default();
        // Whatever state a panic leaves the decoder in, it is not asked again.
        let result = catch_unwind(AssertUnwindSafe(|| self.decoder.fill_buffer(to)));
        let refusal = match result {
            Ok(Ok(())) => {
                self.crc.digest(to);
                self.decoded += wanted as u64;
                return Ok(());
            }
            Ok(Err(error)) => self.explain(&error),
            Err(_) => Refusal::new(
                Reason::ReaderPanicked,
                format!("the decoder panicked after {} of its {} bytes", self.decoded, self.entry.size),
            ),
        };
        out.truncate(start);
        Err(refusal)
    }

    fn explain(&self, error: &LhaError<std::io::Error>) -> Refusal {
        let Entry { packed, size, .. } = *self.entry;
        let found = match error {
            LhaError::Io(_) => "end too early".to_owned(),
            error => format!("cannot be decoded ({error})"),
        };
        damaged(format!("it should have {size} bytes, and its {packed} compressed bytes {found}"))
    }

    fn check(&self) -> Result<(), Refusal> {
        let (expected, found) = (self.entry.crc, self.crc.sum16());
        if expected == found {
            return Ok(());
        }
        Err(damaged(format!("its checksum should be {expected:04x} and is {found:04x}")))
    }
}
