//! What archives written by hand yield, most of which no program would write.

use super::forge::*;
use super::*;

#[test]
fn a_block_of_several_streams() {
    // BCJ2 of a content without a jump: all of it in the main stream, nothing in those of the targets, and five bytes to
    // start the range coder.
    let content = noise(5, 5_000).into_iter().map(|byte| byte & 0x7f).collect::<Vec<_>>();
    let content: Vec<u8> = content.into_iter().filter(|byte| *byte != 0x0f).collect();
    let folder = [&[1, 0x14, 3, 3, 1, 0x1b, 4, 1][..], &[0, 1, 2, 3]].concat();
    let packed = [&content[..], &[0; 5]].concat();
    let length = content.len() as u64;
    let mut header = vec![1, 4, 6, 0, 4, 9];
    header.extend([length, 0, 0, 5].into_iter().flat_map(number));
    header.extend([0, 7, 0x0b, 1, 0]);
    header.extend(folder);
    header.push(0x0c);
    header.extend(number(length));
    header.extend([0x0a, 1]);
    header.extend(libdeflater::crc32(&content).to_le_bytes());
    // No sizes of members, for there is one, and one file with the name `a`.
    header.extend([0, 0, 5, 1, 0x11, 5, 0, 0x61, 0, 0, 0, 0, 0]);
    let outcome = read_all(&sign(&packed, &header));
    assert_eq!(outcome.members, [("a".to_owned(), Ok(content))]);
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
