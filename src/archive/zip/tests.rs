//! Zips written by rawzip and by hand, read back; and what broken and hostile ones yield.
#![expect(clippy::cast_possible_truncation, reason = "the zips written here are small")]

use std::io::Write;

use rawzip::{CompressionMethod, Header, ZipArchiveWriter, ZipDataWriter, extra_fields::ExtraFieldId};

use super::*;

/// A member to be written by hand.
#[derive(Clone)]
pub(super) struct Entry<'a> {
    pub(super) name: &'a [u8],
    pub(super) content: &'a [u8],
    pub(super) method: u16,
    pub(super) flags: u16,
    /// What is written instead of the content where it is neither stored nor deflated.
    pub(super) packed: Option<&'a [u8]>,
    /// Changes what the directory and the header say.
    pub(super) crc: Option<u32>,
    pub(super) size: Option<u32>,
    pub(super) attributes: u32,
}

impl<'a> Entry<'a> {
    pub(super) fn new(name: &'a str, content: &'a [u8], method: u16) -> Self {
        let (packed, crc, size) = (None, None, None);
        Self { name: name.as_bytes(), content, method, flags: 0, packed, crc, size, attributes: 0 }
    }
}

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// A zip, and where its directory starts.
pub(super) fn zip(entries: &[Entry<'_>]) -> (Vec<u8>, usize) {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let data = match entry.method {
            DEFLATED => deflate(entry.content),
            _ => entry.packed.unwrap_or(entry.content).to_vec(),
        };
        let offset = bytes.len() as u32;
        let crc = entry.crc.unwrap_or_else(|| libdeflater::crc32(entry.content));
        let size = entry.size.unwrap_or(entry.content.len() as u32);
        let streamed = entry.flags & 8 != 0;
        let fields = |crc: u32, packed: u32, size: u32| {
            let mut fields = Vec::new();
            fields.extend_from_slice(&entry.flags.to_le_bytes());
            fields.extend_from_slice(&entry.method.to_le_bytes());
            fields.extend_from_slice(&[0; 4]);
            for number in [crc, packed, size] {
                fields.extend_from_slice(&number.to_le_bytes());
            }
            fields.extend_from_slice(&(entry.name.len() as u16).to_le_bytes());
            fields.extend_from_slice(&[0; 2]);
            fields
        };
        bytes.extend_from_slice(b"PK\x03\x04\x14\0");
        bytes.extend(if streamed { fields(0, 0, 0) } else { fields(crc, data.len() as u32, size) });
        bytes.extend_from_slice(entry.name);
        bytes.extend_from_slice(&data);
        if streamed {
            bytes.extend_from_slice(b"PK\x07\x08");
            for number in [crc, data.len() as u32, size] {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
        }
        directory.extend_from_slice(b"PK\x01\x02\x14\x03\x14\0");
        directory.extend(fields(crc, data.len() as u32, size));
        directory.extend_from_slice(&[0; 6]);
        directory.extend_from_slice(&entry.attributes.to_le_bytes());
        directory.extend_from_slice(&offset.to_le_bytes());
        directory.extend_from_slice(entry.name);
    }
    let start = bytes.len();
    bytes.extend_from_slice(&directory);
    bytes.extend_from_slice(&end_record(entries.len() as u16, directory.len() as u32, start as u32));
    (bytes, start)
}

fn end_record(entries: u16, size: u32, offset: u32) -> Vec<u8> {
    let mut record = b"PK\x05\x06\0\0\0\0".to_vec();
    record.extend_from_slice(&entries.to_le_bytes());
    record.extend_from_slice(&entries.to_le_bytes());
    record.extend_from_slice(&size.to_le_bytes());
    record.extend_from_slice(&offset.to_le_bytes());
    record.extend_from_slice(&[0; 2]);
    record
}

pub(super) type Contents = Vec<(String, Result<Vec<u8>, Reason>)>;

/// All members with their contents or why there are none, and what is wrong with the whole.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<(Contents, Option<Reason>), Reason> {
    let directory = ZipDirectory::read(bytes, limits).map_err(|refusal| refusal.reason)?;
    let names = directory.name_decoder(bytes);
    let (mut inflater, mut buffer, mut own) = (Inflater::default(), Vec::new(), Vec::new());
    let contents = directory.members().iter().enumerate().map(|(index, member)| {
        let name = names.decode(directory.raw_name(bytes, member), member.name_is_utf8()).text;
        let content = directory.extract(bytes, index, &mut inflater, &mut buffer, limits).map(<[u8]>::to_vec);
        let again = directory.extract_into(bytes, index, &mut inflater, &mut own, limits);
        assert_eq!(again.map(|()| own.clone()), content);
        if let Ok(content) = &content {
            assert!(content.len() as u64 <= member.uncompressed_size());
            let mut head = Vec::new();
            directory.peek(bytes, index, &mut head).unwrap();
            assert_eq!(head, content[..content.len().min(HEAD)]);
        }
        (name, content.map_err(|refusal| refusal.reason))
    });
    let contents = contents.collect();
    Ok((contents, directory.refusal().map(|refusal| refusal.reason)))
}

fn named(contents: &Contents) -> Vec<(&str, Result<usize, Reason>)> {
    contents
        .iter()
        .map(|(name, content)| (name.as_str(), content.as_ref().map(Vec::len).map_err(|reason| *reason)))
        .collect()
}

#[test]
fn members_are_read_in_order_and_duplicates_kept() {
    let text = b"MThd ".repeat(2_000);
    let (bytes, _) = zip(&[
        Entry::new("dir/", b"", STORED),
        Entry::new("dir/a.mid", &text, DEFLATED),
        Entry::new("dir/a.mid", b"another", STORED),
        Entry::new("empty.mid", b"", DEFLATED),
        Entry { attributes: 0o120_777 << 16, ..Entry::new("link", b"dir/a.mid", STORED) },
        Entry::new("../../etc/passwd", b"x", STORED),
    ]);
    let (contents, refusal) = read(&bytes, &Limits::default()).unwrap();
    assert_eq!(refusal, None);
    let expected =
        [("dir/a.mid", Ok(10_000)), ("dir/a.mid", Ok(7)), ("empty.mid", Ok(0)), ("../../etc/passwd", Ok(1))];
    assert_eq!(named(&contents), expected);
    assert_eq!(contents[0].1, Ok(text));
    let directory = ZipDirectory::read(&bytes, &Limits::default()).unwrap();
    assert_eq!((directory.directories(), directory.links()), (1, 1));
    assert_eq!(size_of::<Member>(), 32);
    // Behind a program, in front of padding, with nothing in it.
    for (before, after) in [(&b"MZ program"[..], &b""[..]), (b"#!/bin/sh\n", b"padding"), (b"", b"\0\0\0")] {
        let moved = [before, &bytes, after].concat();
        assert!(has_directory(&moved));
        assert_eq!(named(&read(&moved, &Limits::default()).unwrap().0), expected);
    }
    assert_eq!(read(&end_record(0, 0, 0), &Limits::default()), Ok((vec![], None)));
    assert_eq!(read(b"<html>", &Limits::default()), Err(Reason::ZipDamaged));
    assert_eq!(read(b"", &Limits::default()), Err(Reason::ZipDamaged));
}

#[test]
fn each_member_is_refused_for_its_own_reason() {
    let zeros = vec![0; 3 << 20];
    let entry = |name, content, method| Entry::new(name, content, method);
    let cases = [
        (entry("good", b"good", STORED), Ok(4)),
        (Entry { flags: 1, ..entry("encrypted", b"e", STORED) }, Err(Reason::Encrypted)),
        (entry("aes", b"a", 99), Err(Reason::Encrypted)),
        (entry("lzma", b"l", 14), Err(Reason::ArchiveDamaged)),
        (entry("imploded", b"i", 6), Err(Reason::ArchiveDamaged)),
        (entry("dcl", b"d", 10), Err(Reason::UnsupportedMethod)),
        (entry("jpeg", b"j", 96), Err(Reason::UnsupportedMethod)),
        (entry("unheard of", b"u", 4_711), Err(Reason::UnsupportedMethod)),
        (Entry { crc: Some(1), ..entry("crc", b"crc", STORED) }, Err(Reason::ZipBadCrc)),
        (Entry { crc: Some(1), ..entry("crc", b"crc", DEFLATED) }, Err(Reason::ZipBadCrc)),
        (Entry { size: Some(2), ..entry("longer", b"longer", DEFLATED) }, Err(Reason::ZipBadSize)),
        (Entry { size: Some(9), ..entry("shorter", b"shorter", DEFLATED) }, Err(Reason::ZipBadSize)),
        (Entry { size: Some(9), ..entry("shorter", b"shorter", STORED) }, Err(Reason::ZipBadSize)),
        (Entry { size: Some(u32::MAX - 1), ..entry("giant", b"g", DEFLATED) }, Err(Reason::LimitEntrySize)),
        (Entry { size: Some(8 << 20), ..entry("bomb", b"g", DEFLATED) }, Err(Reason::LimitRatio)),
        (entry("dense", &zeros, DEFLATED), Ok(3 << 20)),
        (entry("last", b"last", DEFLATED), Ok(4)),
    ];
    let entries: Vec<_> = cases.iter().map(|(entry, _)| entry.clone()).collect();
    let (bytes, _) = zip(&entries);
    let (contents, refusal) = read(&bytes, &Limits::default()).unwrap();
    assert_eq!(refusal, None);
    for ((entry, expected), found) in cases.iter().zip(named(&contents)) {
        assert_eq!(found, (std::str::from_utf8(entry.name).unwrap(), *expected));
    }
    let limits = Limits { name: 5, ..Limits::default() };
    assert_eq!(named(&read(&bytes, &limits).unwrap().0)[1].1, Err(Reason::Encrypted));
    assert_eq!(named(&read(&bytes, &limits).unwrap().0)[10].1, Err(Reason::LimitName));
    // Data that cannot be inflated.
    let (mut bytes, _) = zip(&[entry("damaged", b"hello hello hello hello", DEFLATED)]);
    bytes[30 + 7] = 0xff;
    assert_eq!(
        named(&read(&bytes, &Limits::default()).unwrap().0),
        [("damaged", Err(Reason::ArchiveDamaged))]
    );
}

#[test]
fn overlapping_members_are_refused_and_the_others_kept() {
    let (mut bytes, directory) = zip(&[
        Entry::new("a", &[1; 300], STORED),
        Entry::new("b", &[2; 300], STORED),
        Entry::new("c", &[3; 300], STORED),
        Entry::new("d", &[4; 300], STORED),
    ]);
    // The directory places c where b is.
    let record = |index: usize| directory + index * 47;
    let b: [u8; 4] = bytes[record(1) + 42..record(1) + 46].try_into().unwrap();
    bytes[record(2) + 42..record(2) + 46].copy_from_slice(&b);
    let overlap = Err(Reason::ZipOverlap);
    let expected = [("a", Ok(300)), ("b", overlap), ("c", overlap), ("d", Ok(300))];
    assert_eq!(named(&read(&bytes, &Limits::default()).unwrap().0), expected);
}

#[test]
fn a_bomb_of_overlaps_costs_nothing() {
    // 60,000 records that all point to the same kernel.
    let kernel = vec![0; 10 << 20];
    let (one, directory) = zip(&[Entry::new("k", &kernel, DEFLATED)]);
    let record = &one[directory..one.len() - 22];
    let mut bytes = one[..directory].to_vec();
    (0..60_000).for_each(|_| bytes.extend_from_slice(record));
    bytes.extend_from_slice(&end_record(60_000, 60_000 * record.len() as u32, directory as u32));
    let (contents, _) = read(&bytes, &Limits::default()).unwrap();
    assert_eq!(contents.len(), 60_000);
    assert!(contents.iter().all(|(_, content)| *content == Err(Reason::ZipOverlap)));
}

#[test]
fn a_truncated_zip_is_recovered_from_its_local_headers() {
    let noise: Vec<u8> =
        (0..40_000_u32).map(|index| index.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let streamed = |name, method| Entry { flags: 8, ..Entry::new(name, &noise, method) };
    let inner = zip(&[Entry::new("inner.mid", b"inner", STORED)]).0;
    let (bytes, directory) = zip(&[
        Entry::new("a.mid", &noise, DEFLATED),
        Entry::new("dir/", b"", STORED),
        streamed("b.mid", DEFLATED),
        streamed("c.mid", STORED),
        Entry::new("inner.zip", &inner, STORED),
        Entry::new("d.mid", &noise, STORED),
    ]);
    let length = noise.len();
    let expected =
        [("a.mid", Ok(length)), ("b.mid", Ok(length)), ("c.mid", Ok(length)), ("inner.zip", Ok(inner.len()))];
    let whole = [&expected[..], &[("d.mid", Ok(length))]].concat();
    let limits = Limits::default();
    assert_eq!(named(&read(&bytes, &limits).unwrap().0), whole);
    assert_eq!(named(&read(&bytes, &limits).unwrap().0), whole);

    // Without the directory, and with half of it.
    for end in [directory, directory + 100] {
        let (contents, refusal) = read(&bytes[..end], &limits).unwrap();
        assert_eq!((named(&contents), refusal), (whole.clone(), Some(Reason::ArchiveTruncated)));
    }
    // In the middle of the last member.
    let (contents, refusal) = read(&bytes[..directory - 10], &limits).unwrap();
    let cut = [&expected[..], &[("d.mid", Err(Reason::ArchiveTruncated))]].concat();
    assert_eq!((named(&contents), refusal), (cut, Some(Reason::ArchiveTruncated)));
    // Right behind the stored zip, whose directory is not taken for the outer one's.
    let behind_inner = directory - length - "d.mid".len() - 30;
    for end in [behind_inner, behind_inner + 7] {
        let (contents, refusal) = read(&bytes[..end], &limits).unwrap();
        assert_eq!((named(&contents), refusal), (expected.to_vec(), Some(Reason::ArchiveTruncated)));
    }
    // In the middle of a streamed member.
    let (contents, _) = read(&bytes[..directory / 3], &limits).unwrap();
    assert_eq!(named(&contents).last().unwrap().1, Err(Reason::ArchiveTruncated));
    // A damaged directory.
    let mut damaged = bytes.clone();
    damaged[directory + 47 + 5] ^= 0xff;
    let (contents, refusal) = read(&damaged, &limits).unwrap();
    assert_eq!((named(&contents), refusal), (whole, Some(Reason::ZipDamaged)));
}

#[test]
fn what_lies_behind_missing_bytes_is_found() {
    let noise: Vec<u8> =
        (0..9_000_u32).map(|index| index.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let inner = zip(&[Entry::new("inner.mid", b"inner", STORED)]).0;
    let (bytes, _) = zip(&[
        Entry::new("a.mid", &noise, STORED),
        Entry::new("b.mid", &noise, DEFLATED),
        Entry::new("c.zip", &inner, STORED),
        Entry::new("d.mid", &noise, STORED),
    ]);
    let limits = Limits::default();
    let length = noise.len();
    for missing in [1, 40, 200] {
        let without = [&bytes[..5_000], &bytes[5_000 + missing..]].concat();
        let (contents, refusal) = read(&without, &limits).unwrap();
        let behind = [("b.mid", Ok(length)), ("c.zip", Ok(inner.len())), ("d.mid", Ok(length))];
        assert_eq!(named(&contents)[1..], behind, "{missing} bytes");
        assert!(named(&contents)[0].1.is_err());
        assert_eq!(refusal, Some(Reason::ZipDamaged));

        let (contents, refusal) = read(&bytes[missing..], &limits).unwrap();
        assert_eq!(
            (named(&contents), refusal),
            (behind.to_vec(), Some(Reason::ZipDamaged)),
            "{missing} first bytes"
        );
    }
}

#[test]
fn a_file_full_of_forged_headers_ends_soon() {
    // Each header promises deflated data whose end only inflating tells; each of them runs on to the end.
    let mut forged = b"PK\x03\x04\x14\0\x08\0\x08\0".to_vec();
    forged.extend_from_slice(&[0; 16]);
    forged.extend_from_slice(b"\x01\0\0\0x");
    // A stored block of 65,535 bytes, in which the next headers lie.
    forged.extend_from_slice(b"\0\xff\xff\0\0");
    let started = std::time::Instant::now();
    // Or stored or bzip2 data, whose end only a descriptor tells.
    for method in [8, 0, 12] {
        forged[8] = method;
        let bytes = forged.repeat(100_000);
        let (contents, refusal) = read(&bytes, &Limits::default()).unwrap();
        assert_eq!(refusal, Some(Reason::ArchiveTruncated));
        assert!(contents.iter().all(|(_, content)| content.is_err()));
    }
    assert!(started.elapsed().as_secs() < 20, "took {:?}", started.elapsed());
}

#[test]
fn entries_beyond_the_limit_are_refused_as_one() {
    let names: Vec<String> = (0..10).map(|index| format!("{index}.mid")).collect();
    let entries: Vec<_> = names.iter().map(|name| Entry::new(name, b"x", STORED)).collect();
    let (bytes, directory) = zip(&entries);
    let limits = Limits { entries: 7, ..Limits::default() };
    let (contents, refusal) = read(&bytes, &limits).unwrap();
    assert_eq!((contents.len(), refusal), (7, Some(Reason::LimitEntries)));
    assert_eq!(read(&bytes[..directory], &limits).unwrap().0.len(), 7);
    // A record that promises more entries than there are bytes.
    let mut lie = bytes[..bytes.len() - 22].to_vec();
    lie.extend_from_slice(&end_record(u16::MAX, (bytes.len() - 22 - directory) as u32, directory as u32));
    let (contents, refusal) = read(&lie, &Limits::default()).unwrap();
    assert_eq!((contents.len(), refusal), (10, Some(Reason::ZipDamaged)));
}

/// A zip with one member whose sizes, offset and directory are all given in 64 bits.
fn zip64(content: &[u8], prefix: &[u8]) -> Vec<u8> {
    let (plain, directory) = zip(&[Entry::new("a.mid", content, STORED)]);
    let size = (content.len() as u64).to_le_bytes();
    let start = (prefix.len() as u64).to_le_bytes();
    let sizes = [&b"\x01\0\x10\0"[..], &size, &size].concat();
    let mut local = plain[..directory].to_vec();
    local[18..26].fill(0xff);
    local[28] = 20;
    let local = [&local[..35], &sizes, &local[35..]].concat();
    let mut record = plain[directory..plain.len() - 22].to_vec();
    record[20..28].fill(0xff);
    record[30] = 28;
    record[42..46].fill(0xff);
    record.extend_from_slice(&[&b"\x01\0\x18\0"[..], &size, &size, &start].concat());
    let mut bytes = [prefix, &local].concat();
    let directory = bytes.len() as u64;
    bytes.extend_from_slice(&record);
    let end = bytes.len() as u64;
    bytes.extend_from_slice(b"PK\x06\x06");
    for number in [44, 0x2d_002d, 0, 1, 1, record.len() as u64, directory] {
        // Two versions and two disk numbers share eight bytes each, but the versions have only four of them.
        let number: u64 = number;
        let bytes_of = number.to_le_bytes();
        bytes.extend_from_slice(if number == 0x2d_002d { &bytes_of[..4] } else { &bytes_of });
    }
    bytes.extend_from_slice(b"PK\x06\x07\0\0\0\0");
    bytes.extend_from_slice(&end.to_le_bytes());
    bytes.extend_from_slice(&[1, 0, 0, 0]);
    bytes.extend_from_slice(&end_record(u16::MAX, u32::MAX, u32::MAX));
    bytes
}

#[test]
fn zip64_is_read_and_recovered() {
    for prefix in [&b""[..], b"MZ program"] {
        let bytes = zip64(b"MThd of 64 bits", prefix);
        let (contents, refusal) = read(&bytes, &Limits::default()).unwrap();
        assert_eq!((named(&contents), refusal), (vec![("a.mid", Ok(15))], None));
        let end = bytes.len() - 22 - 20 - 56;
        let (contents, refusal) = read(&bytes[..end], &Limits::default()).unwrap();
        assert_eq!((named(&contents), refusal), (vec![("a.mid", Ok(15))], Some(Reason::ArchiveTruncated)));
        for length in 0..bytes.len() {
            let _ = read(&bytes[..length], &Limits::default());
            let mut flipped = bytes.clone();
            flipped[length] ^= 0x80;
            let _ = read(&flipped, &Limits::default());
            flipped[length] = 0xff;
            let _ = read(&flipped, &Limits::default());
        }
    }
}

#[test]
fn names_come_from_the_unicode_path_where_it_is_current() {
    let field = |name: &[u8], path: &str| {
        let mut data = vec![1];
        data.extend_from_slice(&libdeflater::crc32(name).to_le_bytes());
        data.extend_from_slice(path.as_bytes());
        data
    };
    let bytes = written(&[("x.mid", field(b"x.mid", "日本.mid")), ("y.mid", field(b"other", "日本.mid"))]);
    let names: Vec<_> =
        read(&bytes, &Limits::default()).unwrap().0.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["日本.mid", "y.mid"]);
}

/// A zip by rawzip's writer, with the given Unicode path fields.
fn written(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut archive = ZipArchiveWriter::new(&mut out);
    for (name, data) in entries {
        let builder = archive.new_file(*name).compression_method(CompressionMethod::DEFLATE);
        let builder = builder.extra_field(ExtraFieldId::new(0x7075), data, Header::CENTRAL).unwrap();
        let (mut entry, config) = builder.start().unwrap();
        let encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
        let mut writer: ZipDataWriter<_> = config.wrap(encoder);
        writer.write_all(name.as_bytes()).unwrap();
        let (_, descriptor) = writer.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    out
}

proptest::proptest! {
    #[test]
    fn what_is_written_is_read_whatever_is_done_to_it(
        entries in proptest::collection::vec(
            ("[a-z/]{0,20}[a-z]", proptest::collection::vec(0_u8.., 0..600), 0_u8..4), 1..8),
        cut in 0_usize..9_000,
        flip in 0_usize..9_000,
        bit in 0_u8..8,
    ) {
        let written: Vec<_> = entries.iter().map(|(name, content, kind)| Entry {
            flags: if kind & 2 == 0 { 0 } else { 8 },
            ..Entry::new(name, content, if kind & 1 == 0 { STORED } else { DEFLATED })
        }).collect();
        let (bytes, directory) = zip(&written);
        let limits = Limits { entry_size: 5_000, ..Limits::default() };
        let expected: Contents =
            entries.iter().map(|(name, content, _)| (name.clone(), Ok(content.clone()))).collect();
        assert_eq!(read(&bytes, &limits), Ok((expected.clone(), None)));
        // Every whole member is found without the directory.
        let recovered = read(&bytes[..directory], &limits).unwrap();
        let ends_are_known = entries.iter().all(|(_, content, kind)| *kind != 2 || !content.is_empty());
        if ends_are_known {
            assert_eq!(recovered, (expected.clone(), Some(Reason::ArchiveTruncated)));
        }
        if let Ok((contents, _)) = read(&bytes[..cut % bytes.len()], &limits) {
            assert!(contents.iter().all(|(_, content)| content.as_ref().is_ok_and(|content| content.len() <= 5_000) || content.is_err()));
        }
        let mut flipped = bytes.clone();
        flipped[flip % bytes.len()] ^= 1 << bit;
        if let Ok((contents, _)) = read(&flipped, &limits) {
            assert!(contents.iter().all(|(_, content)| content.as_ref().map_or(true, |content| content.len() <= 5_000)));
        }
        let _ = read(&entries[0].1, &limits);
    }
}
