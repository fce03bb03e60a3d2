//! Decodes the methods that are met once in a thousand zips: all but storing and deflate.
//!
//! Slower than [`super::inflate`] and careful: never more than declared, no decoder that takes more memory than allowed, and
//! a panic of a decoding library ends with the member. bzip2, Zstandard, xz and LZMA have libraries of their own; for the
//! rest the `zip` crate reads a zip of one member made for it. It never sees the user's archive, of which it would read the
//! directory again and leave out duplicates.

use std::io::{self, BufRead, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use liblzma::bufread::XzDecoder;
use liblzma::stream::{self, Stream};

use super::inflate::wrong_size;
use super::method::{self, Method};
use super::record::Member;
use crate::reject::{Reason, Refusal};

/// Bytes before the properties of LZMA data: version and their length (APPNOTE 5.8.8).
const LZMA_PREFIX: usize = 4;
/// Bytes of the properties: one for the settings, four for the dictionary.
const LZMA_PROPERTIES: usize = 5;

/// bzip2 takes four bytes for each byte of its block, and blocks are a multiple of 100,000 bytes.
const BZIP2_BLOCK: u64 = 4 * 100_000;

/// Decodes `data` into `buffer`. The caller has checked that the declared size is allowed, and checks the sum.
pub(super) fn decode<'b>(
    method: Method,
    member: &Member,
    data: &[u8],
    buffer: &'b mut Vec<u8>,
    memory: u64,
) -> Result<&'b [u8], Refusal> {
    let size = member.uncompressed_size();
    buffer.clear();
    // One byte more tells a member that is larger than declared, where the data itself says where it ends.
    let up_to = if ends_by_itself(method) { size.saturating_add(1) } else { size };
    let result = Encoded { method, member, data, memory }.read(up_to, buffer);
    let found = buffer.len() as u64;
    match result {
        Err(refusal) if found < size => Err(refusal),
        _ if found > size => Err(wrong_size(size, None)),
        Ok(()) if found < size => Err(wrong_size(size, Some(found))),
        // Of a member that is complete the checksum decides.
        _ => Ok(buffer),
    }
}

/// The first `length` bytes of what `data` decodes to.
pub(super) fn peek(
    method: Method,
    member: &Member,
    data: &[u8],
    length: usize,
    head: &mut Vec<u8>,
    memory: u64,
) -> Result<(), Refusal> {
    let up_to = member.uncompressed_size().min(length as u64);
    // Where the data breaks off further behind, the extraction will tell; of a member without content nothing is missing.
    Encoded { method, member, data, memory }
        .read(up_to, head)
        .or_else(|refusal| if head.is_empty() && up_to > 0 { Err(refusal) } else { Ok(()) })
}

/// Whether the data says where it ends, so that there is nothing to be decoded behind its last byte.
const fn ends_by_itself(method: Method) -> bool {
    matches!(method, Method::Deflate64 | Method::Bzip2 | Method::Zstandard | Method::Xz)
}

/// What is to be decoded.
#[derive(Clone, Copy)]
struct Encoded<'a> {
    method: Method,
    member: &'a Member,
    data: &'a [u8],
    /// The most bytes that the decoder may take.
    memory: u64,
}

impl Encoded<'_> {
    /// Appends the first `up_to` bytes.
    fn read(self, up_to: u64, out: &mut Vec<u8>) -> Result<(), Refusal> {
        self.check_memory()?;
        // Nothing of the decoder is left behind a panic; `out` holds bytes, whatever they are.
        catch_unwind(AssertUnwindSafe(|| self.read_unguarded(up_to, out)))
            .unwrap_or_else(|_| {
                let method = method::name(self.member.method);
                let detail = format!("the decoder of {method} panicked after {} bytes", out.len());
                out.clear();
                Err(Failure::Refused(Refusal::new(Reason::ReaderPanicked, detail)))
            })
            .map_err(|failure| self.explain(failure))
    }

    fn read_unguarded(self, up_to: u64, out: &mut Vec<u8>) -> Result<(), Failure> {
        let data = self.data;
        match self.method {
            Method::Stored => append(data, up_to, out),
            Method::Deflated => append(flate2::bufread::DeflateDecoder::new(data), up_to, out),
            Method::Bzip2 => append(bzip2::bufread::BzDecoder::new(data), up_to, out),
            Method::Zstandard => {
                let mut decoder = zstd::Decoder::with_buffer(data)?;
                // The range that the format allows.
                decoder.window_log_max(self.memory.max(1).ilog2().clamp(10, 31))?;
                append(decoder, up_to, out)
            }
            Method::Xz => {
                let stream = Stream::new_stream_decoder(self.memory, 0).map_err(io::Error::from)?;
                append(XzDecoder::new_stream(data, stream), up_to, out)
            }
            Method::Lzma => {
                let stream = Stream::new_lzma_decoder(self.memory).map_err(io::Error::from)?;
                let alone = self.as_lzma_file()?;
                append(XzDecoder::new_stream(alone, stream), up_to, out)
            }
            Method::Shrunk | Method::Reduced | Method::Imploded | Method::Deflate64 | Method::Ppmd => {
                let mut zip = self.as_zip()?;
                match zip::read::read_zipfile_from_stream(&mut zip) {
                    Ok(Some(member)) => append(member, up_to, out),
                    Ok(None) => Err(Failure::Undecodable("no member was recognised".to_owned())),
                    Err(error) => Err(Failure::Undecodable(error.to_string())),
                }
            }
        }
    }

    /// Refuses what says beforehand that it takes too much.
    fn check_memory(self) -> Result<(), Refusal> {
        let needed = match (self.method, self.data) {
            (Method::Bzip2, [b'B', b'Z', b'h', level, ..]) => {
                u64::from(level.saturating_sub(b'0')).saturating_mul(BZIP2_BLOCK)
            }
            // Order, memory in MiB less one, and what is done when it is used up (APPNOTE 5.10).
            (Method::Ppmd, [low, high, ..]) => {
                let mebibytes = u16::from_le_bytes([*low, *high]) >> 4 & 0xff;
                (u64::from(mebibytes) + 1) << 20
            }
            (Method::Lzma, data) => data
                .get(LZMA_PREFIX + 1..)
                .and_then(<[u8]>::first_chunk)
                .map_or(0, |dictionary| u64::from(u32::from_le_bytes(*dictionary))),
            _ => 0,
        };
        if needed <= self.memory { Ok(()) } else { Err(self.too_much_memory(&needed.to_string())) }
    }

    /// The data as a file of LZMA Utils: the same properties, the size, the same data.
    fn as_lzma_file(&self) -> Result<impl BufRead, Failure> {
        let short = || Failure::Undecodable("it ends within the properties of the encoder".to_owned());
        let (prefix, rest) = self.data.split_at_checked(LZMA_PREFIX).ok_or_else(short)?;
        let (properties, rest) = rest.split_at_checked(LZMA_PROPERTIES).ok_or_else(short)?;
        if prefix.get(2..) != Some(&[5, 0]) {
            return Err(Failure::Undecodable("its properties should have 5 bytes".to_owned()));
        }
        let size = self.member.uncompressed_size().to_le_bytes();
        Ok(io::Cursor::new([properties, &size].concat()).chain(rest))
    }

    /// The data as the only member of a zip that has no directory.
    fn as_zip(&self) -> Result<impl Read, Failure> {
        let packed = u32::try_from(self.data.len()).ok().filter(|length| *length < u32::MAX);
        let packed = packed.ok_or_else(|| Failure::Undecodable("it has 4 GiB or more".to_owned()))?;
        let Member { crc, uncompressed, .. } = *self.member;
        let mut header = b"PK\x03\x04\x3f\0".to_vec();
        header.extend_from_slice(&[self.member.settings(), 0, self.member.method, 0]);
        // The first moment that a zip can tell: 1980-01-01.
        header.extend_from_slice(&[0, 0, 0x21, 0]);
        for number in [crc, packed, uncompressed] {
            header.extend_from_slice(&number.to_le_bytes());
        }
        header.extend_from_slice(b"\x01\0\0\0x");
        Ok(io::Cursor::new(header).chain(self.data))
    }

    fn too_much_memory(self, needed: &str) -> Refusal {
        let (method, most) = (method::name(self.member.method), self.memory);
        let detail = format!(
            "it is compressed by {method}; decoding it needs {needed} bytes, and {most} are allowed (--decoder-memory)"
        );
        Refusal::new(Reason::LimitDecoderMemory, detail)
    }

    fn explain(self, failure: Failure) -> Refusal {
        let what = match failure {
            Failure::Refused(refusal) => return refusal,
            Failure::TooMuchMemory => return self.too_much_memory("more"),
            Failure::Undecodable(what) => what,
        };
        let (length, method) = (self.data.len(), method::name(self.member.method));
        let detail = format!("its {length} bytes, compressed by {method}, cannot be decoded ({what})");
        Refusal::new(Reason::ArchiveDamaged, detail)
    }
}

/// Why a decoder gave up.
enum Failure {
    Refused(Refusal),
    TooMuchMemory,
    Undecodable(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        // Zstandard has no error of its own for it.
        if matches!(inner, Some(stream::Error::MemLimit)) || error.to_string().contains("too much memory") {
            return Self::TooMuchMemory;
        }
        Self::Undecodable(error.to_string())
    }
}

fn append(decoder: impl Read, up_to: u64, out: &mut Vec<u8>) -> Result<(), Failure> {
    let left = up_to.saturating_sub(out.len() as u64);
    decoder.take(left).read_to_end(out)?;
    Ok(())
}

#[cfg(test)]
mod tests;
