//! Where xz blocks lie: by the indexes of all streams of a file, read from its end (The .xz File Format 1.2.1, 2 and 4).
//!
//! An index is believed only if it and everything around it fits: magic numbers, flags, checksums, sizes that add up. A
//! file whose indexes do not is not divided, and decoding it in order finds out what is wrong with it.

use std::sync::Arc;

use flate2::Crc;

use super::{Piece, Place};
use crate::archive::stream::numbers::{Numbers, little_endian};

/// Bytes of a stream's header, and of its footer.
pub(super) const HEADER: usize = 12;
/// What a stream starts with.
const MAGIC: &[u8] = b"\xfd7zXZ\0";
/// Streams of a file that is divided, at most: what is kept for each is held in memory.
const MOST_STREAMS: usize = 65_536;

/// A stream and its index.
#[derive(Clone, Copy, Debug)]
struct StreamPlace {
    start: usize,
    /// The first of the index's records.
    records: usize,
    count: u64,
}

/// Blocks, from front to back.
#[derive(Clone, Debug)]
pub(super) struct Records {
    streams: Arc<[StreamPlace]>,
    /// The stream that is read, and in it the next record and its block.
    stream: usize,
    read: u64,
    record: usize,
    block: usize,
}

/// A block as an index describes it.
struct Record {
    /// Bytes from its header to its checksum, and the padding.
    total: u64,
    unpacked: u64,
}

/// The next record of an index.
fn record(numbers: &mut Numbers<'_>) -> Option<Record> {
    let (unpadded, unpacked) = (numbers.next()?, numbers.next()?);
    // A header of 8 bytes at least, and something in it.
    let total = unpadded.checked_next_multiple_of(4)?;
    (unpadded > 8).then_some(Record { total, unpacked })
}

impl Records {
    /// The blocks of a file that has more than one.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        if !bytes.starts_with(MAGIC) {
            return None;
        }
        let mut streams = Vec::new();
        let mut blocks = 0_u64;
        let mut end = bytes.len();
        while end > 0 {
            let field = bytes.get(end.checked_sub(4)?..end)?;
            if streams.len() == MOST_STREAMS || !end.is_multiple_of(4) {
                return None;
            }
            if field == [0; 4] {
                end -= 4;
                continue;
            }
            let stream = stream_before(bytes, end)?;
            blocks = blocks.checked_add(stream.count)?;
            end = stream.start;
            streams.push(stream);
        }
        if blocks < 2 {
            return None;
        }
        streams.reverse();
        let records = Self { streams: streams.into(), stream: 0, read: 0, record: 0, block: 0 };
        Some(records.restarted())
    }

    /// The same from the first one on.
    pub(super) fn restarted(&self) -> Self {
        let mut records = self.clone();
        records.enter(0);
        records
    }

    fn enter(&mut self, stream: usize) {
        self.stream = stream;
        self.read = 0;
        if let Some(place) = self.streams.get(stream) {
            (self.record, self.block) = (place.records, place.start + HEADER);
        }
    }

    pub(super) fn next(&mut self, bytes: &[u8]) -> Option<Piece> {
        let place = loop {
            let place = *self.streams.get(self.stream)?;
            if self.read < place.count {
                break place;
            }
            self.enter(self.stream + 1);
        };
        let rest = bytes.get(self.record..)?;
        let mut numbers = Numbers(rest);
        let Record { total, unpacked } = record(&mut numbers)?;
        self.record += rest.len() - numbers.0.len();
        self.read += 1;
        let start = self.block;
        self.block = start.checked_add(usize::try_from(total).ok()?)?;
        let place = Place::Xz { stream: place.start as u64, unpacked };
        Some(Piece { place, start: start as u64, end: self.block as u64, expected: unpacked })
    }
}

/// The stream that ends at `end`.
fn stream_before(bytes: &[u8], end: usize) -> Option<StreamPlace> {
    let footer_at = end.checked_sub(HEADER)?;
    let footer = bytes.get(footer_at..end)?;
    let (check, rest) = footer.split_at_checked(4)?;
    let (fields, magic) = rest.split_at_checked(6)?;
    let (backward, flags) = fields.split_at_checked(4)?;
    if magic != b"YZ" || !is_check_of(check, fields) {
        return None;
    }
    let length = usize::try_from((little_endian(backward) + 1) * 4).ok()?;
    let index_at = footer_at.checked_sub(length)?;
    let (index, check) = bytes.get(index_at..footer_at)?.split_at_checked(length.checked_sub(4)?)?;
    if !is_check_of(check, index) {
        return None;
    }
    let mut numbers = Numbers(index.strip_prefix(&[0])?);
    let count = numbers.next()?;
    let records = index_at + (index.len() - numbers.0.len());
    let mut packed = 0_u64;
    for _ in 0..count {
        packed = packed.checked_add(record(&mut numbers)?.total)?;
    }
    if numbers.0.len() > 3 || numbers.0.iter().any(|byte| *byte != 0) {
        return None;
    }
    let start = index_at.checked_sub(usize::try_from(packed).ok()?)?.checked_sub(HEADER)?;
    let header = bytes.get(start..start.checked_add(HEADER)?)?;
    let (header_flags, check) = header.strip_prefix(MAGIC)?.split_at_checked(2)?;
    (header_flags == flags && is_check_of(check, header_flags)).then_some(StreamPlace {
        start,
        records,
        count,
    })
}

/// Whether these four bytes are the CRC-32 of those bytes.
fn is_check_of(check: &[u8], bytes: &[u8]) -> bool {
    let mut crc = Crc::new();
    crc.update(bytes);
    little_endian(check) == u64::from(crc.sum())
}
