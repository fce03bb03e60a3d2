//! How much memory decoding will take, by the first header of a stream.
//!
//! An estimate for whoever divides memory: it refuses nothing. The limit on a decoder's memory is kept by the decoder.

use super::numbers::{Numbers, little_endian};
use super::zstandard::{FrameHeader, skippable};
use crate::format::Compression;

/// Largest window of deflate, with what a decoder keeps beside it.
const GZIP: u64 = 64 << 10;
/// Two blocks of the largest size, and a window.
const LZ4: u64 = 9 << 20;
/// Where a header tells nothing.
const UNKNOWN: u64 = 8 << 20;

/// Bytes that decoding takes for its window or dictionary, by the stream's first bytes (a kilobyte suffices). What cannot be
/// told is taken for 8 MiB, as the usual encoders would need it. Not limited: a header may demand exbibytes.
#[must_use]
pub fn window(compression: Compression, head: &[u8]) -> u64 {
    match compression {
        Compression::None => 0,
        Compression::Gzip => GZIP,
        Compression::Lz4 => LZ4,
        Compression::Bzip2 => bzip2(head),
        Compression::Xz => xz(head).unwrap_or(UNKNOWN),
        Compression::Lzma => head.get(1..5).map_or(UNKNOWN, little_endian),
        Compression::Zstandard => zstandard(head).unwrap_or(UNKNOWN),
    }
}

/// Four bytes for each of a block's, and the tables.
fn bzip2(head: &[u8]) -> u64 {
    let level = head.get(3).filter(|digit| (b'1'..=b'9').contains(*digit)).map_or(9, |digit| digit - b'0');
    u64::from(level) * 400_000 + (100 << 10)
}

/// The dictionary of the LZMA2 filter in the first block's header (The .xz File Format, 3.1 and 5.3.1).
fn xz(head: &[u8]) -> Option<u64> {
    let block = head.get(12..)?;
    let (size, flags) = (block.first()?, block.get(1)?);
    let header = block.get(2..(usize::from(*size) + 1) * 4)?;
    let mut fields = Numbers(header);
    for _ in 0..(flags >> 6).count_ones() {
        fields.next()?;
    }
    for _ in 0..=flags & 3 {
        let (id, length) = (fields.next()?, fields.next()?);
        let properties = fields.pass_over(usize::try_from(length).ok()?)?;
        if id == 0x21 {
            let bits = u64::from(*properties.first()? & 0x3f);
            return Some(if bits >= 40 { u64::from(u32::MAX) } else { (2 | bits & 1) << (bits / 2 + 11) });
        }
    }
    None
}

fn zstandard(head: &[u8]) -> Option<u64> {
    let mut rest = head;
    while let Some(length) = skippable(rest) {
        rest = rest.get(usize::try_from(length).ok()?..)?;
    }
    FrameHeader::read(rest).map(|frame| frame.window)
}

#[cfg(test)]
mod tests {
    use super::*;
    use liblzma::stream::{Check, Filters, LzmaOptions, Stream};
    use std::io::Write;

    fn lzma_options(dictionary: u32) -> LzmaOptions {
        let mut options = LzmaOptions::new_preset(1).unwrap();
        options.dict_size(dictionary);
        options
    }

    fn written(stream: Stream) -> Vec<u8> {
        let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
        encoder.write_all(b"content").unwrap();
        encoder.finish().unwrap()
    }

    fn zst(log: u32) -> Vec<u8> {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(log).unwrap();
        encoder.write_all(&vec![7; 1 << 20]).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn the_first_header_tells() {
        let mut filters = Filters::new();
        filters.x86().lzma2(&lzma_options(3 << 20));
        let skipped = [b"\x5a\x2a\x4d\x18\x03\0\0\0abc".to_vec(), zst(23)].concat();
        let single = zstd::bulk::compress(b"nine byte", 3).unwrap();
        let cases = [
            (Compression::None, vec![], 0),
            (Compression::Gzip, vec![], 64 << 10),
            (Compression::Lz4, vec![], 9 << 20),
            (Compression::Bzip2, b"BZh1".to_vec(), 502_400),
            (Compression::Bzip2, b"BZh9".to_vec(), 3_702_400),
            (Compression::Bzip2, b"?".to_vec(), 3_702_400),
            (Compression::Xz, written(Stream::new_easy_encoder(6, Check::Crc64).unwrap()), 8 << 20),
            (Compression::Xz, written(Stream::new_stream_encoder(&filters, Check::Crc32).unwrap()), 3 << 20),
            (Compression::Xz, b"\xfd7zXZ".to_vec(), UNKNOWN),
            (Compression::Lzma, written(Stream::new_lzma_encoder(&lzma_options(1 << 20)).unwrap()), 1 << 20),
            (Compression::Lzma, b"\x5d\0".to_vec(), UNKNOWN),
            (Compression::Zstandard, zst(23), 8 << 20),
            (Compression::Zstandard, zst(27), 128 << 20),
            (Compression::Zstandard, skipped, 8 << 20),
            (Compression::Zstandard, single, 9),
            (Compression::Zstandard, b"\x28\xb5\x2f\xfd\0\xff".to_vec(), (1 << 41) + (1 << 38) * 7),
            (Compression::Zstandard, b"\x28\xb5".to_vec(), UNKNOWN),
        ];
        for (compression, head, expected) in cases {
            assert_eq!(window(compression, &head), expected, "{compression:?} {head:x?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_head_has_one(head in proptest::collection::vec(0_u8.., 0..100)) {
            for compression in Compression::ALL {
                let magic: &[u8] = if compression == Compression::Xz { b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46" } else { b"\x28\xb5\x2f\xfd" };
                let _ = window(compression, &head);
                let _ = window(compression, &[magic, &head].concat());
            }
        }
    }
}
