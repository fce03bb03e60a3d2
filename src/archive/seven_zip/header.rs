//! Finds the header at the end of a 7z, and unpacks it where it is packed itself.
//!
//! Hands over the bytes of the plain header; what they say is read elsewhere. A header's own dictionary, size and ratio are
//! held to the limits like those of any block. Source: `7zFormat.txt`, "Archive structure".

use std::borrow::Cow;

use super::decode::BlockReader;
use super::scan::{Scan, damaged};
use super::signature::{SIGNATURE, SIGNATURE_HEADER};
use super::streams::Streams;
use crate::archive::limits::Limits;
use crate::reject::{Reason, Refusal};

const HEADER: u8 = 0x01;
const ENCODED_HEADER: u8 = 0x17;
/// How often a header may be packed again; 7-Zip writes one layer.
const MOST_LAYERS: usize = 4;

/// The plain header, behind the byte that says so; empty if the archive is.
pub(super) fn read<'a>(archive: &'a [u8], limits: &Limits) -> Result<Cow<'a, [u8]>, Refusal> {
    let mut header = locate(archive)?;
    for _ in 0..=MOST_LAYERS {
        let plain = match header.first() {
            None => return Ok(header),
            Some(&HEADER) => true,
            Some(&ENCODED_HEADER) => false,
            Some(other) => return Err(damaged(&format!("it starts with {other}"))),
        };
        if plain {
            return Ok(match header {
                Cow::Borrowed(bytes) => Cow::Borrowed(bytes.get(1..).unwrap_or_default()),
                Cow::Owned(mut bytes) => {
                    bytes.remove(0);
                    Cow::Owned(bytes)
                }
            });
        }
        let mut scan = Scan::new(header.get(1..).unwrap_or_default());
        header = Cow::Owned(unpack(archive, &mut scan, limits).map_err(|refusal| of_the_list(&refusal))?);
    }
    Err(damaged("it is packed again and again"))
}

/// The refusal of the whole archive, because its list cannot be unpacked.
fn of_the_list(refusal: &Refusal) -> Refusal {
    let detail =
        format!("nothing in it can be listed, for its list of members is packed: {}", refusal.detail);
    Refusal::new(refusal.reason, detail)
}

fn locate(archive: &[u8]) -> Result<Cow<'_, [u8]>, Refusal> {
    let truncated = |what: String| {
        let detail =
            format!("{what}; the list of its members is at the end, so that none of them can be found");
        Refusal::new(Reason::ArchiveTruncated, detail)
    };
    if !archive.starts_with(SIGNATURE) {
        return Err(Refusal::new(Reason::ArchiveDamaged, "it does not start like a 7z archive"));
    }
    let start = archive.get(..32).ok_or_else(|| truncated("it ends within its first 32 bytes".to_owned()))?;
    let mut scan = Scan::new(start.get(6..).unwrap_or_default());
    let (major, minor) = (scan.byte()?, scan.byte()?);
    if major != 0 {
        let detail = format!("it is of version {major}.{minor} of the 7z format, and 0 is known");
        return Err(Refusal::new(Reason::UnsupportedFormat, detail));
    }
    let expected = scan.fixed()?;
    let fields = scan.rest();
    if expected == 0 && fields.iter().all(|byte| *byte == 0) {
        return Err(truncated("it was never finished by the program that wrote it".to_owned()));
    }
    check_sum(fields, expected, "its first 32 bytes")?;
    let offset = wide(&mut scan)?;
    let length = wide(&mut scan)?;
    let expected = scan.fixed()?;
    let from = offset.saturating_add(SIGNATURE_HEADER);
    let end = from.saturating_add(length);
    let range = usize::try_from(from).ok().zip(usize::try_from(end).ok());
    let header = range
        .and_then(|(from, end)| archive.get(from..end))
        .ok_or_else(|| truncated(format!("it should have {end} bytes and has {}", archive.len())))?;
    check_sum(header, expected, "the list of its members")?;
    Ok(Cow::Borrowed(header))
}

fn wide(scan: &mut Scan<'_>) -> Result<u64, Refusal> {
    Ok(u64::from(scan.fixed()?) | u64::from(scan.fixed()?) << 32)
}

fn check_sum(bytes: &[u8], expected: u32, what: &str) -> Result<(), Refusal> {
    let found = libdeflater::crc32(bytes);
    if found == expected {
        return Ok(());
    }
    let detail = format!("the checksum of {what} should be {expected:08x} and is {found:08x}");
    Err(Refusal::new(Reason::ArchiveDamaged, detail))
}

fn unpack(archive: &[u8], scan: &mut Scan<'_>, limits: &Limits) -> Result<Vec<u8>, Refusal> {
    let mut streams = Streams::read(scan, limits)?;
    let stream = streams.next()?.ok_or_else(|| damaged("it is packed, and its block is missing"))?;
    let block = streams.blocks.list().get(stream.block).ok_or_else(|| damaged("its block is missing"))?;
    if stream.size > limits.decoder_memory {
        let (size, most) = (stream.size, limits.decoder_memory);
        let detail = format!("it has {size} bytes, and {most} are allowed in memory (--decoder-memory)");
        return Err(Refusal::new(Reason::LimitDecoderMemory, detail));
    }
    let mut reader = BlockReader::open(archive, &streams.blocks, block, limits)?;
    let mut header = Vec::new();
    reader.read(&mut header, stream.size)?;
    if let Some(expected) = stream.checksum {
        check_sum(&header, expected, "the list of its members")?;
    }
    Ok(header)
}
