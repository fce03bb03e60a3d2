//! 7z archives written by the `sevenz-rust2` crate, read back whole, cut and damaged.

use std::io::Cursor;

use sevenz_rust2::encoder_options::{
    AesEncoderOptions, Bzip2Options, DeltaOptions, Lzma2Options, LzmaOptions, PpmdOptions,
};
use sevenz_rust2::{
    ArchiveEntry, ArchiveWriter, EncoderConfiguration, EncoderMethod, Password, SourceReader,
};

mod forge;
mod hostile;

use super::*;
use crate::archive::directory::PART_MEMBERS;
use crate::reject::Reason;
use forge::{archive, block, coder, entry, sign};

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

/// The method with little memory, because much of it takes longer than the test.
fn small(method: EncoderMethod) -> EncoderConfiguration {
    match method {
        EncoderMethod::LZMA => LzmaOptions::from_level(1).into(),
        EncoderMethod::LZMA2 => Lzma2Options::from_level(1).into(),
        EncoderMethod::PPMD => PpmdOptions::from_order_memory_size(6, 1 << 16).into(),
        EncoderMethod::BZIP2 => Bzip2Options::from_level(1).into(),
        method => method.into(),
    }
}

fn one(method: EncoderMethod) -> Vec<EncoderConfiguration> {
    vec![small(method)]
}

#[test]
fn every_method_is_read_solid_and_not() {
    let with = |method, filter| vec![small(method), small(filter)];
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
    let files = files(20, 3_000);
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
        let mut options = Lzma2Options::from_level(1);
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
        for at in (0..bytes.len() * 8).step_by(3) {
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
fn a_rare_block_is_read_in_passes() {
    // More than one pass keeps.
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
