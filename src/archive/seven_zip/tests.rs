//! 7z archives written by the `sevenz-rust2` crate and by hand, read back; and what hostile ones yield.

use std::io::Cursor;

use sevenz_rust2::encoder_options::{AesEncoderOptions, DeltaOptions, Lzma2Options};
use sevenz_rust2::{
    ArchiveEntry, ArchiveWriter, EncoderConfiguration, EncoderMethod, Password, SourceReader,
};

use super::*;
use crate::archive::directory::PART_MEMBERS;
use crate::reject::Reason;

type Found = (String, Result<Vec<u8>, Reason>);

/// Names and contents of all members, and how it ended.
#[derive(Debug, PartialEq)]
struct Outcome {
    members: Vec<Found>,
    refusal: Option<Reason>,
    skipped: Skipped,
}

fn read(bytes: &[u8], limits: &Limits) -> Result<Outcome, Reason> {
    let directory = SevenZipDirectory::read(bytes, limits).map_err(|refusal| refusal.reason)?;
    let mut members = Vec::new();
    for (index, part) in directory.parts().iter().enumerate() {
        assert_eq!(part.first, members.len(), "parts hold every member once, in order");
        assert!(part.window <= limits.decoder_memory + rare::WINDOW + (1 << 20), "{part:?}");
        let mut reader = directory.open_part(bytes, index, limits);
        while let Some(member) = reader.next_member() {
            let refused = member.refusal.or_else(|| limits.check_size(member.size).err());
            // As the pipeline does: the start, then the rest, behind what is there already.
            let mut content = b"kept".to_vec();
            let result = refused.map_or(Ok(()), Err).and_then(|()| reader.fill(&mut content, 4 + 7));
            let result = result.and_then(|()| reader.fill(&mut content, usize::MAX));
            assert!(content.starts_with(b"kept"));
            let content = content.split_off(4);
            assert!(content.len() as u64 <= member.size, "no more than declared");
            if result.is_ok() {
                assert_eq!(content.len() as u64, member.size);
            }
            assert!(member.is_utf8 && member.raw_name.len() <= limits.name);
            let name = String::from_utf8_lossy(&member.raw_name).into_owned();
            members.push((name, result.map(|()| content).map_err(|refusal| refusal.reason)));
        }
        assert_eq!(members.len(), part.first + part.members);
        assert_eq!(reader.refusal(), None);
    }
    assert_eq!(members.len(), directory.members());
    let refusal = directory.refusal().map(|refusal| refusal.reason);
    Ok(Outcome { members, refusal, skipped: directory.skipped() })
}

fn read_all(bytes: &[u8]) -> Outcome {
    read(bytes, &Limits::default()).unwrap()
}

fn noise(seed: usize, length: usize) -> Vec<u8> {
    let mut state = u32::try_from(seed).unwrap().wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // Half of it compresses.
        if state & 0x8000 == 0 { 0x90 } else { state.to_be_bytes()[0] }
    };
    (0..length).map(|_| next()).collect()
}

fn files(count: usize, length: usize) -> Vec<(String, Vec<u8>)> {
    (0..count).map(|index| (format!("folder/{index}.mid"), noise(index, length + index))).collect()
}

fn expected(files: &[(String, Vec<u8>)]) -> Vec<Found> {
    files.iter().map(|(name, content)| (name.clone(), Ok(content.clone()))).collect()
}

/// An archive of these files as one block, or as a block for each.
fn write(methods: &[EncoderConfiguration], solid: bool, files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    writer.set_content_methods(methods.to_vec());
    writer.set_encrypt_header(false);
    if solid {
        let entries = files.iter().map(|(name, _)| ArchiveEntry::new_file(name)).collect();
        let readers = files.iter().map(|(_, content)| SourceReader::new(&content[..])).collect();
        writer.push_archive_entries(entries, readers).unwrap();
    } else {
        for (name, content) in files {
            writer.push_archive_entry(ArchiveEntry::new_file(name), Some(&content[..])).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

fn one(method: EncoderMethod) -> Vec<EncoderConfiguration> {
    vec![method.into()]
}

#[test]
fn every_method_is_read_solid_and_not() {
    let with = |method: EncoderMethod, filter: EncoderMethod| vec![method.into(), filter.into()];
    let delta = EncoderConfiguration::new(EncoderMethod::DELTA_FILTER)
        .with_options(DeltaOptions::from_distance(4).into());
    let cases = vec![
        one(EncoderMethod::COPY),
        one(EncoderMethod::LZMA),
        one(EncoderMethod::LZMA2),
        one(EncoderMethod::PPMD),
        one(EncoderMethod::BZIP2),
        one(EncoderMethod::DEFLATE),
        one(EncoderMethod::ZSTD),
        one(EncoderMethod::LZ4),
        with(EncoderMethod::LZMA, EncoderMethod::BCJ_X86_FILTER),
        with(EncoderMethod::LZMA2, EncoderMethod::BCJ_X86_FILTER),
        with(EncoderMethod::LZMA2, EncoderMethod::BCJ_ARM_FILTER),
        with(EncoderMethod::LZMA2, EncoderMethod::BCJ_ARM64_FILTER),
        with(EncoderMethod::LZMA2, EncoderMethod::BCJ_PPC_FILTER),
        with(EncoderMethod::COPY, EncoderMethod::LZMA2),
        with(EncoderMethod::BZIP2, EncoderMethod::LZMA),
        vec![EncoderMethod::LZMA2.into(), delta],
    ];
    let files = files(40, 3_000);
    for methods in cases {
        for solid in [false, true] {
            let bytes = write(&methods, solid, &files);
            let outcome = read_all(&bytes);
            assert_eq!(outcome.members, expected(&files), "{methods:?}, solid: {solid}");
            assert_eq!((outcome.refusal, outcome.skipped), (None, Skipped::default()));
        }
    }
}

#[test]
fn blocks_of_one_are_put_together_and_solid_ones_are_not_divided() {
    let count = |bytes: &[u8]| {
        let directory = SevenZipDirectory::read(bytes, &Limits::default()).unwrap();
        directory.parts().iter().map(|part| part.members).collect::<Vec<_>>()
    };
    assert_eq!(
        count(&write(&one(EncoderMethod::COPY), false, &files(600, 10))),
        [PART_MEMBERS, PART_MEMBERS, 88]
    );
    assert_eq!(count(&write(&one(EncoderMethod::COPY), true, &files(600, 10))), [600]);
    assert_eq!(count(&write(&one(EncoderMethod::COPY), false, &files(5, 400_000))), [2, 2, 1]);
    let window = |size: u32| {
        let options = Lzma2Options::from_level(6);
        let mut options = options.clone();
        options.set_dictionary_size(size);
        let methods = vec![EncoderConfiguration::new(EncoderMethod::LZMA2).with_options(options.into())];
        let bytes = write(&methods, true, &files(2, 100_000));
        SevenZipDirectory::read(&bytes, &Limits::default()).unwrap().parts()[0]
    };
    let part = window(1 << 26);
    assert!((200_000..500_000).contains(&part.window), "a dictionary is no larger than its block: {part:?}");
    assert!((1_000..200_001).contains(&part.packed), "{part:?}");
}

#[test]
fn empty_files_directories_duplicates_and_names() {
    let long = "n".repeat(4_096);
    let names =
        ["same.mid", "same.mid", "曲/バトル.mid", "emoji/🎹.mid", "../../etc/passwd", "/root.mid", &long];
    let mut writer = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    writer.push_archive_entry::<&[u8]>(ArchiveEntry::new_directory("folder"), None).unwrap();
    writer.push_archive_entry::<&[u8]>(ArchiveEntry::new_file("empty.mid"), None).unwrap();
    for name in names {
        writer.push_archive_entry(ArchiveEntry::new_file(name), Some(name.as_bytes())).unwrap();
    }
    let too_long = "é".repeat(3_000);
    writer.push_archive_entry(ArchiveEntry::new_file(&too_long), Some(&b"x"[..])).unwrap();
    writer.push_archive_entry::<&[u8]>(ArchiveEntry::new_file("last.mid"), None).unwrap();
    let outcome = read_all(&writer.finish().unwrap().into_inner());
    let mut expected = vec![("empty.mid".to_owned(), Ok(Vec::new()))];
    expected.extend(names.map(|name| (name.to_owned(), Ok(name.as_bytes().to_vec()))));
    expected.push(("é".repeat(2_048), Err(Reason::LimitName)));
    expected.push(("last.mid".to_owned(), Ok(Vec::new())));
    assert_eq!(outcome.members, expected);
    assert_eq!(outcome.skipped, Skipped { directories: 1, ..Skipped::default() });
}

#[test]
fn nothing_at_all() {
    let empty = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap().finish().unwrap().into_inner();
    assert_eq!(read_all(&empty).members, []);
    // What 7-Zip writes: no header at all.
    assert_eq!(read_all(&sign(&[], &[])).members, []);
}

// Archives written by hand.

/// An archive of packed data and a header, with the right checksums.
fn sign(packed: &[u8], header: &[u8]) -> Vec<u8> {
    let mut fields = (packed.len() as u64).to_le_bytes().to_vec();
    fields.extend((header.len() as u64).to_le_bytes());
    fields.extend(libdeflater::crc32(header).to_le_bytes());
    let mut bytes = b"7z\xbc\xaf\x27\x1c\x00\x04".to_vec();
    bytes.extend(libdeflater::crc32(&fields).to_le_bytes());
    bytes.extend(fields);
    bytes.extend(packed);
    bytes.extend(header);
    bytes
}

fn number(value: u64) -> Vec<u8> {
    if value < 0x80 {
        return vec![u8::try_from(value).unwrap()];
    }
    [&[0xff][..], &value.to_le_bytes()].concat()
}

/// A block with one coder.
struct Block {
    folder: Vec<u8>,
    packed: Vec<u8>,
    size: u64,
    /// Sizes and checksums.
    members: Vec<(u64, u32)>,
}

fn coder(method: &[u8], properties: &[u8]) -> Vec<u8> {
    let flags = u8::try_from(method.len()).unwrap() | if properties.is_empty() { 0 } else { 0x20 };
    let mut folder = [&[1, flags][..], method].concat();
    if !properties.is_empty() {
        folder.extend(number(properties.len() as u64));
        folder.extend(properties);
    }
    folder
}

/// A block that declares the coder and holds the contents as they are.
fn block(folder: Vec<u8>, contents: &[&[u8]]) -> Block {
    let packed = contents.concat();
    let members =
        contents.iter().map(|content| (content.len() as u64, libdeflater::crc32(content))).collect();
    Block { folder, size: packed.len() as u64, packed, members }
}

fn copied(contents: &[&[u8]]) -> Block {
    block(coder(&[0], &[]), contents)
}

#[derive(Default)]
struct Entry {
    name: Vec<u16>,
    is_empty: bool,
    is_directory: bool,
    is_anti: bool,
    attributes: u32,
}

fn entry(name: &str) -> Entry {
    Entry { name: name.encode_utf16().collect(), ..Entry::default() }
}

fn bits(flags: impl Iterator<Item = bool>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, flag) in flags.enumerate() {
        if index % 8 == 0 {
            bytes.push(0);
        }
        *bytes.last_mut().unwrap() |= u8::from(flag) << (7 - index % 8);
    }
    bytes
}

fn streams(blocks: &[Block], position: u64) -> Vec<u8> {
    let mut header = [&[6][..], &number(position), &number(blocks.len() as u64), &[9]].concat();
    header.extend(blocks.iter().flat_map(|block| number(block.packed.len() as u64)));
    header.extend([0, 7, 0x0b]);
    header.extend(number(blocks.len() as u64));
    header.push(0);
    header.extend(blocks.iter().flat_map(|block| block.folder.clone()));
    header.push(0x0c);
    header.extend(blocks.iter().flat_map(|block| number(block.size)));
    header.extend([0, 8, 0x0d]);
    header.extend(blocks.iter().flat_map(|block| number(block.members.len() as u64)));
    header.push(9);
    for block in blocks {
        let but_last = block.members.len().saturating_sub(1);
        header.extend(block.members[..but_last].iter().flat_map(|(size, _)| number(*size)));
    }
    header.extend([0x0a, 1]);
    header.extend(blocks.iter().flat_map(|block| &block.members).flat_map(|(_, crc)| crc.to_le_bytes()));
    header.extend([0, 0]);
    header
}

fn property(id: u8, body: &[u8]) -> Vec<u8> {
    [&[id][..], &number(body.len() as u64), body].concat()
}

fn header_of(blocks: &[Block], entries: &[Entry]) -> Vec<u8> {
    let mut header = vec![1];
    if !blocks.is_empty() {
        header.push(4);
        header.extend(streams(blocks, 0));
    }
    header.push(5);
    header.extend(number(entries.len() as u64));
    let empty = || entries.iter().filter(|entry| entry.is_empty);
    header.extend(property(0x0e, &bits(entries.iter().map(|entry| entry.is_empty))));
    header.extend(property(0x0f, &bits(empty().map(|entry| !entry.is_directory))));
    header.extend(property(0x10, &bits(empty().map(|entry| entry.is_anti))));
    let names = entries.iter().flat_map(|entry| entry.name.iter().chain(&[0]));
    header.extend(property(
        0x11,
        &std::iter::once(0).chain(names.flat_map(|unit| unit.to_le_bytes())).collect::<Vec<_>>(),
    ));
    let attributes = entries.iter().flat_map(|entry| entry.attributes.to_le_bytes());
    header.extend(property(0x15, &[1, 0].into_iter().chain(attributes).collect::<Vec<_>>()));
    header.extend([0, 0]);
    header
}

fn archive(blocks: &[Block], entries: &[Entry]) -> Vec<u8> {
    let packed: Vec<u8> = blocks.iter().flat_map(|block| block.packed.clone()).collect();
    sign(&packed, &header_of(blocks, entries))
}

/// The archive with its header packed as LZMA with these properties.
fn packed_header(blocks: &[Block], entries: &[Entry], dictionary: u32, size: Option<u64>) -> Vec<u8> {
    let header = header_of(blocks, entries);
    let packed: Vec<u8> = blocks.iter().flat_map(|block| block.packed.clone()).collect();
    let mut properties = vec![0x5d];
    properties.extend(dictionary.to_le_bytes());
    let mut options = liblzma::stream::LzmaOptions::new_preset(6).unwrap();
    options.dict_size(1 << 16);
    let mut filters = liblzma::stream::Filters::new();
    filters.lzma1(&options);
    let stream = liblzma::stream::Stream::new_raw_encoder(&filters).unwrap();
    let mut data = Vec::new();
    let mut encoder = liblzma::read::XzEncoder::new_stream(&header[..], stream);
    std::io::Read::read_to_end(&mut encoder, &mut data).unwrap();
    let own = Block {
        folder: coder(&[3, 1, 1], &properties),
        packed: data.clone(),
        size: size.unwrap_or(header.len() as u64),
        members: vec![(0, libdeflater::crc32(&header))],
    };
    let outer = [vec![0x17], streams(&[own], packed.len() as u64)].concat();
    sign(&[packed, data].concat(), &outer)
}

#[test]
fn what_is_no_regular_file_is_counted() {
    let empty = |name: &str| Entry { is_empty: true, ..entry(name) };
    let mode = |name: &str, mode: u32| Entry { attributes: 0x8000 | mode << 16, ..entry(name) };
    let entries = [
        Entry { is_directory: true, ..empty("folder") },
        mode("regular.mid", 0o100_644),
        mode("link", 0o120_777),
        Entry { is_anti: true, ..empty("anti") },
        Entry { is_anti: true, is_directory: true, ..empty("anti folder") },
        mode("device", 0o020_666),
        Entry { attributes: 0x400, ..entry("junction") },
        Entry { name: vec![0x61, 0xd800, 0x62], ..entry("") },
        empty("empty.mid"),
        entry("last.mid"),
    ];
    let bytes = archive(&[copied(&[b"one", b"target", b"null", b"there", b"odd", b"last"])], &entries);
    let outcome = read_all(&bytes);
    let ok = |name: &str, content: &[u8]| (name.to_owned(), Ok(content.to_vec()));
    let members =
        [ok("regular.mid", b"one"), ok("a\u{fffd}b", b"odd"), ok("empty.mid", b""), ok("last.mid", b"last")];
    assert_eq!(outcome.members, members);
    assert_eq!(outcome.skipped, Skipped { directories: 1, links: 2, others: 3 });
}

#[test]
fn a_block_that_cannot_be_read_leaves_the_others() {
    let lzma = |dictionary: u32| {
        let mut properties = vec![0x5d];
        properties.extend(dictionary.to_le_bytes());
        coder(&[3, 1, 1], &properties)
    };
    let ppmd = |memory: u32| coder(&[3, 4, 1], &[&[6][..], &memory.to_le_bytes()].concat());
    let cases: Vec<(&str, Vec<u8>, Reason)> = vec![
        ("LZMA 4 GiB", lzma(u32::MAX), Reason::LimitDecoderMemory),
        ("LZMA 128 MiB + 1", lzma((128 << 20) + 1), Reason::LimitDecoderMemory),
        ("LZMA2 4 GiB", coder(&[0x21], &[40]), Reason::LimitDecoderMemory),
        ("PPMd 4 GiB", ppmd(u32::MAX - 36), Reason::LimitDecoderMemory),
        ("AES", coder(&[6, 0xf1, 7, 1], &[0x53, 7, 1, 2, 3]), Reason::Encrypted),
        ("Deflate64", coder(&[4, 1, 9], &[]), Reason::UnsupportedMethod),
        ("Brotli", coder(&[4, 0xf7, 0x11, 2], &[1]), Reason::UnsupportedMethod),
        ("unknown", coder(&[9, 9, 9], &[]), Reason::UnsupportedMethod),
        ("no method", coder(&[], &[]), Reason::UnsupportedMethod),
        ("short properties", coder(&[3, 1, 1], &[0x5d, 0]), Reason::ArchiveDamaged),
        ("LZMA2 beyond", coder(&[0x21], &[41]), Reason::ArchiveDamaged),
        ("no LZMA at all", lzma(1 << 16), Reason::ArchiveDamaged),
        ("no LZMA2 at all", coder(&[0x21], &[10]), Reason::ArchiveDamaged),
        ("no PPMd at all", ppmd(1 << 16), Reason::ArchiveDamaged),
        ("no PPMd order", coder(&[3, 4, 1], &[1, 0, 0, 1, 0]), Reason::ArchiveDamaged),
        ("no bzip2 at all", coder(&[4, 2, 2], &[]), Reason::ArchiveDamaged),
        ("no zstd at all", coder(&[4, 0xf7, 0x11, 1], &[1, 5, 3, 0, 0]), Reason::ArchiveDamaged),
        ("no LZ4 at all", coder(&[4, 0xf7, 0x11, 4], &[1, 9, 3, 0, 0]), Reason::ArchiveDamaged),
    ];
    for (what, folder, reason) in cases {
        let bad: [&[u8]; 2] = [b"\xff\xfe no compressed data \xff", &[0xff; 3_000]];
        let blocks = [copied(&[b"before"]), block(folder, &bad), copied(&[b"behind", b"end"])];
        let entries = ["a", "b", "c", "d", "e"].map(entry);
        let outcome = read_all(&archive(&blocks, &entries));
        let results: Vec<_> = outcome.members.into_iter().map(|(_, content)| content).collect();
        let expected =
            [Ok(b"before".to_vec()), Err(reason), Err(reason), Ok(b"behind".to_vec()), Ok(b"end".to_vec())];
        assert_eq!(results, expected, "{what}");
    }
}

#[test]
fn an_unknown_method_is_named() {
    let bytes = archive(&[block(coder(&[4, 1, 9], &[]), &[b"x"])], &[entry("x")]);
    let directory = SevenZipDirectory::read(&bytes, &Limits::default()).unwrap();
    assert_eq!(directory.parts()[0].window, 0);
    let limits = Limits::default();
    let refusal = directory.open_part(&bytes, 0, &limits).next_member().unwrap().refusal.unwrap();
    assert_eq!(refusal.detail, "it is compressed with the 7z method 040109 (Deflate64), which is not read");
}

#[test]
fn sizes_that_lie_and_checksums_that_differ() {
    let entries = || ["a", "b", "c"].map(entry);
    let results = |bytes: &[u8]| -> Vec<_> {
        read_all(bytes).members.into_iter().map(|(_, content)| content).collect()
    };
    // One wrong checksum in a solid block: the next ones go on.
    let mut wrong = copied(&[b"one", b"two", b"three"]);
    wrong.members[1].1 ^= 1;
    let expected = [Ok(b"one".to_vec()), Err(Reason::ArchiveDamaged), Ok(b"three".to_vec())];
    assert_eq!(results(&archive(&[wrong], &entries())), expected);
    // The block declares more than it holds.
    let mut longer = copied(&[b"one", b"two", b"three"]);
    longer.size += 5;
    let expected = [Ok(b"one".to_vec()), Ok(b"two".to_vec()), Err(Reason::ArchiveDamaged)];
    assert_eq!(results(&archive(&[longer], &entries())), expected);
    // It holds more than it declares.
    let mut shorter = copied(&[b"one", b"two", b"three"]);
    shorter.size -= 2;
    assert_eq!(results(&archive(&[shorter], &entries())), expected);
    // Its data is not in the archive.
    let header = header_of(&[copied(&[b"one", b"two", &[0; 2_000]])], &entries());
    assert_eq!(results(&sign(b"onetwo", &header)), [const { Err(Reason::ArchiveTruncated) }; 3]);
    // The members are larger than the block.
    let mut beyond = copied(&[b"one", b"two", b"three"]);
    beyond.members[1].0 = 1 << 40;
    assert_eq!(read_all(&archive(&[beyond], &entries())).refusal, Some(Reason::ArchiveDamaged));
    // More files than contents.
    let outcome = read_all(&archive(&[copied(&[b"one"])], &entries()));
    assert_eq!((outcome.members.len(), outcome.refusal), (1, Some(Reason::ArchiveDamaged)));
}

#[test]
fn bombs_end_at_the_limits() {
    let files = vec![
        ("start.mid".to_owned(), b"MThd".to_vec()),
        ("zeros".to_owned(), vec![0; 12 << 20]),
        ("end.mid".to_owned(), b"MThd".to_vec()),
    ];
    for method in [
        EncoderMethod::LZMA,
        EncoderMethod::LZMA2,
        EncoderMethod::ZSTD,
        EncoderMethod::BZIP2,
        EncoderMethod::PPMD,
    ] {
        let bytes = write(&one(method), true, &files);
        let results: Vec<_> = read_all(&bytes).members.into_iter().map(|(_, content)| content).collect();
        let expected = [Ok(b"MThd".to_vec()), Err(Reason::LimitRatio), Err(Reason::LimitRatio)];
        assert_eq!(results, expected, "{method:?}");
    }
    // An entry that is too large is passed over, and what is behind it is read.
    let files = vec![("large".to_owned(), noise(1, 1 << 20)), ("end.mid".to_owned(), b"MThd".to_vec())];
    let limits = Limits { entry_size: 1_000, ..Limits::default() };
    let outcome = read(&write(&one(EncoderMethod::LZMA2), true, &files), &limits).unwrap();
    assert_eq!(outcome.members[0].1, Err(Reason::LimitEntrySize));
    assert_eq!(outcome.members[1].1, Ok(b"MThd".to_vec()));
}

#[test]
fn more_entries_than_allowed() {
    for solid in [false, true] {
        let files = files(30, 10);
        let bytes = write(&one(EncoderMethod::LZMA2), solid, &files);
        for (most, reason) in [(29, Some(Reason::LimitEntries)), (30, None)] {
            let outcome = read(&bytes, &Limits { entries: most, ..Limits::default() }).unwrap();
            let most = usize::try_from(most).unwrap();
            assert_eq!(outcome.members, expected(&files[..most]));
            assert_eq!(outcome.refusal, reason);
        }
    }
}

#[test]
fn the_header_is_held_to_the_limits_too() {
    let blocks = || [copied(&[b"one"])];
    let many: Vec<_> = (0..200).map(|index| Entry { is_empty: true, ..entry(&format!("{index}")) }).collect();
    let all = |dictionary, size| packed_header(&blocks(), &many, dictionary, size);
    assert_eq!(read_all(&all(1 << 16, None)).members.len(), 200);
    let limits = Limits::default();
    let cases = [
        ("4 GiB dictionary", all(u32::MAX, None), Reason::LimitDecoderMemory),
        ("size beyond memory", all(1 << 16, Some(1 << 40)), Reason::LimitDecoderMemory),
        ("size beyond its data", all(1 << 16, Some(1 << 26)), Reason::ArchiveDamaged),
        ("size short of its data", all(1 << 16, Some(100)), Reason::ArchiveDamaged),
        ("billions of files", sign(&[], &[1, 5, 0xf0, 0xff, 0xff, 0xff, 0xff, 0, 0]), Reason::ArchiveDamaged),
        ("no header", sign(&[], &[7]), Reason::ArchiveDamaged),
    ];
    for (what, bytes, reason) in cases {
        assert_eq!(read(&bytes, &limits), Err(reason), "{what}");
    }
    // A quarter of a million times the same.
    let many: Vec<_> = (0..250_000).map(|_| Entry { is_empty: true, ..entry("same") }).collect();
    assert_eq!(read(&packed_header(&blocks(), &many, 1 << 16, None), &limits), Err(Reason::LimitRatio));
}

#[test]
fn encrypted() {
    let methods = vec![AesEncoderOptions::new(Password::from("secret")).into(), EncoderMethod::LZMA2.into()];
    let files = files(3, 100);
    let outcome = read_all(&write(&methods, true, &files));
    assert_eq!(outcome.members.len(), 3);
    assert!(outcome.members.iter().all(|(_, content)| *content == Err(Reason::Encrypted)));
    let mut writer = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    writer.set_content_methods(methods);
    writer.push_archive_entry(ArchiveEntry::new_file("a.mid"), Some(&b"x"[..])).unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    assert_eq!(read(&bytes, &Limits::default()), Err(Reason::Encrypted));
}

#[test]
fn cut_anywhere() {
    let bytes = write(&one(EncoderMethod::LZMA), true, &files(5, 500));
    for length in 6..bytes.len() {
        let refusal = SevenZipDirectory::read(&bytes[..length], &Limits::default()).unwrap_err();
        assert_eq!(refusal.reason, Reason::ArchiveTruncated, "cut at {length}: {refusal}");
    }
    let unfinished = [&bytes[..8], &[0; 24][..], &bytes[32..]].concat();
    assert_eq!(read(&unfinished, &Limits::default()), Err(Reason::ArchiveTruncated));
    assert_eq!(read(b"", &Limits::default()), Err(Reason::ArchiveDamaged));
}

#[test]
fn any_flipped_bit_is_noticed() {
    let files = files(4, 60);
    for method in [EncoderMethod::COPY, EncoderMethod::LZMA, EncoderMethod::PPMD, EncoderMethod::BZIP2] {
        let bytes = write(&one(method), true, &files);
        for at in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[at / 8] ^= 1 << (at % 8);
            // The minor version, of which nothing depends.
            if at / 8 == 7 {
                continue;
            }
            if let Ok(outcome) = read(&damaged, &Limits::default()) {
                let right = expected(&files);
                for (found, right) in outcome.members.iter().zip(&right) {
                    assert!(found == right || found.1.is_err(), "{method:?}, bit {at}: {found:?}");
                }
            }
        }
    }
}

#[test]
fn a_header_with_right_checksums_and_any_flipped_bit() {
    let entries: Vec<_> = (0..6).map(|index| entry(&format!("{index}.mid"))).collect();
    let blocks = [copied(&[b"one", b"two"]), block(coder(&[0x21], &[10]), &[b"\x01\x00\x02abc\x00", b""])];
    let blocks = blocks.into_iter().chain([copied(&[b"three", b"four"])]).collect::<Vec<_>>();
    let packed: Vec<u8> = blocks.iter().flat_map(|block| block.packed.clone()).collect();
    let header = header_of(&blocks, &entries);
    for at in 0..header.len() * 8 {
        let mut header = header.clone();
        header[at / 8] ^= 1 << (at % 8);
        let _ = read(&sign(&packed, &header), &Limits::default());
    }
    for length in 0..header.len() {
        let _ = read(&sign(&packed, &header[..length]), &Limits::default());
    }
}

#[test]
fn a_rare_block_is_read_in_passes() {
    // Two passes and a little more; noise that PPMd packs well.
    let content = noise(3, 1 << 20).repeat(70);
    let mut files: Vec<_> = content
        .chunks(15 << 20)
        .enumerate()
        .map(|(index, part)| (index.to_string(), part.to_vec()))
        .collect();
    files.push(("end".to_owned(), b"MThd".to_vec()));
    let methods = vec![EncoderMethod::ZSTD.into(), EncoderMethod::DELTA_FILTER.into()];
    let bytes = write(&methods, true, &files);
    let limits = Limits { ratio: 1 << 20, ..Limits::default() };
    let outcome = read(&bytes, &limits).unwrap();
    for (found, right) in outcome.members.iter().zip(&files) {
        assert!(found.0 == right.0 && found.1.as_ref() == Ok(&right.1), "{}", right.0);
    }
    let mut large = block(coder(&[3], &[3]), &[b"one", b"two"]);
    large.size = 2 << 30;
    let outcome = read_all(&archive(&[large], &[entry("a"), entry("b")]));
    assert_eq!(outcome.members[0].1, Err(Reason::UnsupportedMethod));
}

proptest::proptest! {
    #[test]
    fn any_header_ends(header in proptest::collection::vec(0_u8..32, 0..200), packed in proptest::collection::vec(0_u8.., 0..50)) {
        let header = [&[1][..], &header].concat();
        let _ = read(&sign(&packed, &header), &Limits::default());
        let outer = [&[0x17][..], &header].concat();
        let _ = read(&sign(&packed, &outer), &Limits::default());
    }

    #[test]
    fn what_is_written_is_read_back(sizes in proptest::collection::vec(1_usize..3_000, 1..20), solid: bool, method in 0_usize..5) {
        let methods = [EncoderMethod::COPY, EncoderMethod::LZMA, EncoderMethod::LZMA2, EncoderMethod::PPMD, EncoderMethod::BZIP2];
        let files: Vec<_> = sizes.iter().enumerate().map(|(index, size)| (format!("{index}.mid"), noise(index, *size))).collect();
        let bytes = write(&one(methods[method]), solid, &files);
        assert_eq!(read_all(&bytes).members, expected(&files));
    }

    #[test]
    fn damage_ends(at in 0_usize..10_000, value in 0_u8.., method in 0_usize..6) {
        let methods = [EncoderMethod::LZ4, EncoderMethod::LZMA, EncoderMethod::LZMA2, EncoderMethod::PPMD, EncoderMethod::BZIP2, EncoderMethod::ZSTD];
        let mut bytes = write(&one(methods[method]), true, &files(3, 700));
        let index = 32 + at % (bytes.len() - 32);
        bytes[index] = value;
        let _ = read(&bytes, &Limits::default());
    }
}
