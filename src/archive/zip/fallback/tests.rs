//! Members of each method, written by the `zip` crate, by the libraries of the methods, and by hand; and broken ones.
#![expect(clippy::cast_possible_truncation, reason = "the members written here are small")]

use std::io::{Cursor, Write};

use liblzma::stream::LzmaOptions;

use super::super::tests::{Contents, Entry, read, zip};
use super::*;
use crate::archive::limits::Limits;

/// Bits from the lowest one of each byte on, as all of these methods write them.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    /// A number, from its lowest bit on.
    fn number(&mut self, value: u32, count: u32) -> &mut Self {
        for bit in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= u8::from(value >> bit & 1 == 1) << (self.used % 8);
            self.used += 1;
        }
        self
    }

    /// A Huffman code, from its highest bit on.
    fn code(&mut self, value: u32, count: u32) -> &mut Self {
        self.number(value.reverse_bits() >> (32 - count), count)
    }

    /// The same as imploding has it: each bit the other way round.
    fn inverted(&mut self, value: u32, count: u32) -> &mut Self {
        self.code(!value & ((1 << count) - 1), count)
    }
}

/// `ABABBA`, then codes of ten bits, the last of which is met before it is known; then the codes are cleared.
fn shrunk() -> (Vec<u8>, Vec<u8>) {
    let mut bits = Bits::default();
    for code in [65, 66, 257, 258, 256, 1] {
        bits.number(code, 9);
    }
    for code in [u32::from(b'C'), u32::from(b'D'), 262, 256, 2, u32::from(b'E')] {
        bits.number(code, 10);
    }
    (bits.bytes, b"ABABBACDDDE".to_vec())
}

/// Without followers but for `b` behind `a`: literals, an escaped 0x90, and a copy whose distance and length are `factor`'s.
fn reduced(factor: u32) -> (Vec<u8>, Vec<u8>) {
    let mut bits = Bits::default();
    for byte in (0_u8..=255).rev() {
        if byte == b'a' {
            bits.number(1, 6).number(u32::from(b'b'), 8);
        } else {
            bits.number(0, 6);
        }
    }
    // The first `b` by its place among the followers, the second in full.
    bits.number(u32::from(b'a'), 8).number(0, 1).number(0, 1);
    bits.number(u32::from(b'a'), 8).number(1, 1).number(u32::from(b'b'), 8);
    bits.number(u32::from(b'c'), 8);
    bits.number(0x90, 8).number(0, 8);
    // Back to the first byte, for the longest length and nine more.
    let longest = (1 << (8 - factor)) - 1;
    bits.number(0x90, 8).number(longest, 8).number(9, 8).number(5, 8);
    let start = b"ababc\x90";
    let content = start.iter().cycle().take(start.len() + longest as usize + 9 + 3).copied().collect();
    (bits.bytes, content)
}

/// Literals, a copy and a long copy; with a window of 8 KiB (flag bit 1) and a tree for the literals (bit 2), or not.
fn imploded(flags: u16) -> (Vec<u8>, Vec<u8>) {
    let (large, literal_tree) = (flags & 2 != 0, flags & 4 != 0);
    let mut bits = Bits::default();
    if literal_tree {
        // 16 times 16 codes of eight bits.
        bits.number(15, 8);
        (0..16).for_each(|_| {
            bits.number(0xf7, 8);
        });
    }
    for _ in 0..2 {
        // Four times 16 codes of six bits.
        bits.number(3, 8);
        (0..4).for_each(|_| {
            bits.number(0xf5, 8);
        });
    }
    for literal in b"abc" {
        bits.number(1, 1);
        if literal_tree {
            bits.inverted(u32::from(*literal), 8)
        } else {
            bits.number(u32::from(*literal), 8)
        };
    }
    let low = if large { 7 } else { 6 };
    let shortest = if literal_tree { 3 } else { 2 };
    let mut content = b"abc".to_vec();
    // 5 and 300 bytes from three bytes back, then 4 from 200 back.
    bits.number(0, 1).number(2, low).inverted(0, 6).inverted(5 - shortest, 6);
    bits.number(0, 1).number(2, low).inverted(0, 6).inverted(63, 6).number(300 - 63 - shortest, 8);
    let distance = 200 - 1;
    bits.number(0, 1)
        .number(distance % (1 << low), low)
        .inverted(distance >> low, 6)
        .inverted(4 - shortest, 6);
    content = content.into_iter().cycle().take(3 + 5 + 300).collect();
    content.extend_from_within(content.len() - 200..content.len() - 196);
    (bits.bytes, content)
}

/// An `a`, and 65,538 of it: more than deflate can copy at once.
fn deflate64() -> (Vec<u8>, Vec<u8>) {
    let mut bits = Bits::default();
    bits.number(1, 1).number(1, 2);
    bits.code(0x30 + u32::from(b'a'), 8);
    bits.code(0xc0 + 5, 8).number(65_535, 16).code(0, 5);
    bits.code(0, 7);
    (bits.bytes, vec![b'a'; 65_539])
}

fn text() -> Vec<u8> {
    (0..40_000_u32).flat_map(|index| (index * index / 777 % 64).to_le_bytes().into_iter().take(2)).collect()
}

fn lzma(content: &[u8], dictionary: u32) -> Vec<u8> {
    let mut options = LzmaOptions::new_preset(6).unwrap();
    options.dict_size(dictionary);
    let stream = Stream::new_lzma_encoder(&options).unwrap();
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(content).unwrap();
    let alone = encoder.finish().unwrap();
    [&b"\x09\x14\x05\0"[..], &alone[..5], &alone[13..]].concat()
}

fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn xz(content: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// A zip by the `zip` crate.
fn by_crate(method: zip::CompressionMethod, content: &[u8]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    writer.start_file("a.mid", options).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap().into_inner()
}

/// The method's number, its flags, the data, and what it decodes to.
type Sample = (u16, u16, Vec<u8>, Vec<u8>);

fn samples() -> Vec<Sample> {
    let text = text();
    let mut samples = vec![
        (12, 0, bzip2(&text), text.clone()),
        (14, 2, lzma(&text, 1 << 16), text.clone()),
        (20, 0, zstd::bulk::compress(&text, 3).unwrap(), text.clone()),
        (93, 0, zstd::bulk::compress(&text, 3).unwrap(), text.clone()),
        (95, 0, xz(&text), text.clone()),
    ];
    // PPMd has no library of its own here: its data is behind the header of 30 bytes and the name.
    let ppmd = by_crate(zip::CompressionMethod::PPMD, &text);
    let length = u32::from_le_bytes(ppmd[18..22].try_into().unwrap()) as usize;
    samples.push((98, 0, ppmd[35..35 + length].to_vec(), text));
    samples.extend(by_hand());
    samples
}

/// Those that have no encoder.
fn by_hand() -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut add = |method, flags, (packed, content)| samples.push((method, flags, packed, content));
    add(1, 0, shrunk());
    for factor in 1..=4 {
        add(factor + 1, 0, reduced(u32::from(factor)));
    }
    for flags in [0, 2, 4, 6] {
        add(6, flags, imploded(flags));
    }
    add(9, 0, deflate64());
    samples
}

fn entry((method, flags, packed, content): &Sample) -> Entry<'_> {
    Entry { flags: *flags, packed: Some(packed), ..Entry::new("a.mid", content, *method) }
}

fn reasons(contents: &Contents) -> Vec<Result<usize, Reason>> {
    contents.iter().map(|(_, content)| content.as_ref().map(Vec::len).map_err(|reason| *reason)).collect()
}

#[test]
fn each_method_is_read_with_and_without_a_directory() {
    let samples = samples();
    let limits = Limits::default();
    for sample in &samples {
        let (method, flags, _, content) = sample;
        let expected = vec![("a.mid".to_owned(), Ok(content.clone()))];
        let found = read(&zip(&[entry(sample)]).0, &limits);
        assert_eq!(found, Ok((expected, None)), "method {method}, flags {flags}");
    }
    // All of them, and streamed: their sizes are behind the data.
    for streamed in [0, 8] {
        let entries: Vec<_> = samples.iter().map(entry).collect();
        let entries: Vec<_> =
            entries.into_iter().map(|entry| Entry { flags: entry.flags | streamed, ..entry }).collect();
        let (bytes, directory) = zip(&entries);
        let expected: Contents =
            samples.iter().map(|(.., content)| ("a.mid".to_owned(), Ok(content.clone()))).collect();
        assert_eq!(read(&bytes, &limits), Ok((expected.clone(), None)));
        assert_eq!(read(&bytes[..directory], &limits), Ok((expected, Some(Reason::ArchiveTruncated))));
    }
}

#[test]
fn zips_by_another_writer_are_read() {
    use zip::CompressionMethod as By;
    let text = text();
    for method in [By::BZIP2, By::ZSTD, By::XZ, By::PPMD, By::DEFLATE, By::STORE] {
        for content in [&b""[..], b"M", &text] {
            let expected = vec![("a.mid".to_owned(), Ok(content.to_vec()))];
            assert_eq!(
                read(&by_crate(method, content), &Limits::default()),
                Ok((expected, None)),
                "{method}"
            );
        }
    }
}

#[test]
fn what_is_not_as_declared_is_refused() {
    let limits = Limits::default();
    for sample in samples() {
        let (method, flags, packed, content) = &sample;
        let refused = |entry: Entry<'_>| reasons(&read(&zip(&[entry]).0, &limits).unwrap().0);
        let what = format!("method {method}, flags {flags}");
        assert_eq!(refused(Entry { crc: Some(1), ..entry(&sample) }), [Err(Reason::ZipBadCrc)], "{what}");
        // Where the data does not say where it ends, what is too much is not looked at, and the checksum differs.
        let shorter = refused(Entry { size: Some(content.len() as u32 - 1), ..entry(&sample) })[0];
        assert!(
            matches!(shorter, Err(Reason::ZipBadSize | Reason::ZipBadCrc | Reason::ArchiveDamaged)),
            "{what}: {shorter:?}"
        );
        let longer = refused(Entry { size: Some(content.len() as u32 + 99), ..entry(&sample) })[0];
        assert!(longer.is_err(), "{what}: {longer:?}");
        for length in (0..packed.len()).step_by(1 + packed.len() / 12) {
            let cut = refused(Entry { packed: Some(&packed[..length]), ..entry(&sample) })[0];
            // The end mark alone may be missing.
            assert!(cut.is_err() || cut == Ok(content.len()), "{what}: {length} of {}", packed.len());
        }
        // A bit that does not matter may be flipped; anything else is noticed.
        for at in (0..packed.len()).step_by(1 + packed.len() / 24) {
            let mut flipped = packed.clone();
            flipped[at] ^= 0x10;
            let _ = refused(Entry { packed: Some(&flipped), ..entry(&sample) });
        }
    }
}

#[test]
fn no_decoder_takes_more_memory_than_allowed() {
    let content = text();
    let mut zstd = zstd::Encoder::new(Vec::new(), 1).unwrap();
    zstd.window_log(28).unwrap();
    zstd.write_all(&content).unwrap();
    let zstd = zstd.finish().unwrap();
    let mut lzma_4g = lzma(&content, 1 << 16);
    lzma_4g[5..9].fill(0xff);
    // Order 6, 256 MiB.
    let ppmd = [0xf5, 0x0f, 0, 0, 0, 0];
    // A block header whose filter has the largest dictionary that there is.
    let mut xz_4g = xz(&content);
    let at = xz_4g.windows(2).position(|bytes| bytes == [0x21, 1]).unwrap();
    xz_4g[at + 2] = 40;
    let crc = libdeflater::crc32(&xz_4g[12..20]);
    xz_4g[20..24].copy_from_slice(&crc.to_le_bytes());
    let default = Limits::default();
    let small = Limits { decoder_memory: 1 << 20, ..Limits::default() };
    let cases: [(u16, &[u8], &Limits); 6] = [
        (93, &zstd, &default),
        (14, &lzma_4g, &default),
        (98, &ppmd, &default),
        (95, &xz_4g, &default),
        (12, &bzip2(&content), &small),
        (95, &xz(&content), &small),
    ];
    for (method, packed, limits) in cases {
        let bytes = zip(&[Entry { packed: Some(packed), ..Entry::new("a.mid", &content, method) }]).0;
        let (contents, _) = read(&bytes, limits).unwrap();
        assert_eq!(reasons(&contents), [Err(Reason::LimitDecoderMemory)], "method {method}");
    }
}

#[test]
fn bombs_are_refused_before_they_are_decoded() {
    let zeros = vec![0; 8 << 20];
    for (method, packed) in [(12, bzip2(&zeros)), (14, lzma(&zeros, 1 << 16)), (95, xz(&zeros))] {
        let honest = Entry { packed: Some(&packed), ..Entry::new("a.mid", &zeros, method) };
        let liar = Entry { size: Some(1_000), ..honest.clone() };
        let (contents, _) = read(&zip(&[honest, liar]).0, &Limits::default()).unwrap();
        let liar = reasons(&contents)[1];
        assert_eq!(reasons(&contents)[0], Err(Reason::LimitRatio), "method {method}");
        assert!(
            matches!(liar, Err(Reason::ZipBadSize | Reason::ArchiveDamaged)),
            "method {method}: {liar:?}"
        );
    }
}

/// `read` compares the extraction with the look at the first bytes.
#[test]
fn of_a_member_without_content_nothing_is_missing() {
    for method in [9, 12, 14, 93, 95] {
        let member = Entry { packed: Some(b""), size: Some(0), ..Entry::new("a.mid", b"", method) };
        let (contents, _) = read(&zip(&[member]).0, &Limits::default()).unwrap();
        assert_eq!(contents, [("a.mid".to_owned(), Ok(Vec::new()))], "method {method}");
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_end(
        packed in proptest::collection::vec(0_u8.., 0..400),
        size in 0_u32..20_000,
        flags in 0_u16..4,
        at in 0_usize..400,
        value in 0_u8..,
    ) {
        let limits = Limits { decoder_memory: 4 << 20, ..Limits::default() };
        for method in [1, 2, 3, 4, 5, 6, 9, 12, 14, 20, 93, 95, 98] {
            let member = Entry {
                packed: Some(&packed),
                flags: flags << 1,
                size: Some(size),
                ..Entry::new("a.mid", b"", method)
            };
            let (contents, _) = read(&zip(&[member]).0, &limits).unwrap();
            assert_ne!(reasons(&contents), [Err(Reason::UnsupportedMethod)]);
        }
        for mut sample in by_hand() {
            let index = at % sample.2.len();
            sample.2[index] = value;
            let _ = read(&zip(&[entry(&sample)]).0, &limits);
        }
    }
}
