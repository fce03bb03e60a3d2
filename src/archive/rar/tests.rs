//! The reader against archives that the crate `rars` writes, and against headers made by hand.

use super::*;
use proptest::prelude::*;
use rars::{ArchiveVersion, Builder};

/// A name, and the content or why there is none.
type Read = (String, Result<Vec<u8>, Reason>);

/// Reads all parts of an archive, half of the members in two steps.
fn read_all(bytes: &[u8], limits: &Limits) -> Result<(Vec<Read>, Option<Reason>), Reason> {
    let rar = RarDirectory::read(bytes, limits).map_err(|refusal| refusal.reason)?;
    let names = rar.name_decoder();
    let mut all = Vec::new();
    let mut next = 0;
    for (index, part) in rar.parts().iter().enumerate() {
        assert_eq!(part.first, next, "parts follow one another");
        next += part.members;
        let mut members = rar.open_part(bytes, index, limits);
        let mut found = 0;
        while let Some(member) = members.next_member() {
            let mut content = b"before".to_vec();
            let head = if all.len() % 2 == 0 { 0 } else { 10 };
            let read =
                members.fill(&mut content, 6 + head).and_then(|()| members.fill(&mut content, usize::MAX));
            let content = content.split_off(6);
            assert!(content.len() as u64 <= member.size, "never more than declared");
            if read.is_ok() {
                assert_eq!(content.len() as u64, member.size);
                assert!(member.refusal.is_none());
            }
            let name = names.decode(&member.raw_name, member.is_utf8).text;
            all.push((name, read.map(|()| content).map_err(|refusal| refusal.reason)));
            found += 1;
        }
        assert_eq!(found, part.members);
        assert!(members.refusal().is_none());
    }
    assert_eq!(next, rar.records.len(), "parts hold every member once");
    Ok((all, rar.refusal().map(|refusal| refusal.reason)))
}

/// The reasons of an archive's members and of the archive.
fn reasons(bytes: &[u8], limits: &Limits) -> (Vec<Option<Reason>>, Option<Reason>) {
    match read_all(bytes, limits) {
        Ok((all, reason)) => (all.into_iter().map(|(_, read)| read.err()).collect(), reason),
        Err(reason) => (Vec::new(), Some(reason)),
    }
}

fn build(version: ArchiveVersion, solid: bool, store: bool, members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut builder = Builder::new(version).solid(solid).store(store).allow_duplicate_names(true);
    for (name, content) in members {
        builder.add_bytes(name.as_bytes().to_vec(), content.clone(), None, None).unwrap();
    }
    builder.to_bytes().unwrap()
}

/// Content that can be packed, different for each seed.
fn melody(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..length).map(|at| if at % 4 == 1 { 0x90 } else { next() & 0x3c }).collect()
}

fn collection() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("a.mid", melody(1, 3_000)),
        ("folder/b.mid", melody(2, 70_000)),
        ("empty.txt", Vec::new()),
        ("folder/b.mid", melody(1, 3_000)),
        ("one", vec![7]),
        ("zeros", vec![0; 300_000]),
    ]
}

const VERSIONS: &[ArchiveVersion] = &[
    ArchiveVersion::Rar15,
    ArchiveVersion::Rar20,
    ArchiveVersion::Rar29,
    ArchiveVersion::Rar40,
    ArchiveVersion::Rar50,
    ArchiveVersion::Rar70,
];

#[test]
fn what_was_written_is_read_back() {
    let members = collection();
    for version in VERSIONS {
        for (solid, store) in [(false, false), (true, false), (false, true)] {
            let bytes = build(*version, solid, store, &members);
            let (found, reason) = read_all(&bytes, &Limits::default()).unwrap();
            assert_eq!(
                (found.len(), reason),
                (members.len(), None),
                "{version}, solid {solid}, stored {store}"
            );
            for ((name, content), (expected_name, expected)) in found.iter().zip(&members) {
                assert_eq!(name, expected_name);
                assert!(content.as_ref() == Ok(expected), "{version}, solid {solid}, stored {store}: {name}");
            }
        }
    }
}

#[test]
fn parts_are_as_large_as_they_may_be_and_solid_runs_whole() {
    let members: Vec<_> = (0..600).map(|seed| ("x.mid", melody(seed, 100))).collect();
    for (solid, store, expected) in
        [(false, false, vec![256, 256, 88]), (false, true, vec![256, 256, 88]), (true, false, vec![600])]
    {
        let bytes = build(ArchiveVersion::Rar50, solid, store, &members);
        let rar = RarDirectory::read(&bytes, &Limits::default()).unwrap();
        let sizes: Vec<_> = rar.parts().iter().map(|part| part.members).collect();
        assert_eq!(sizes, expected, "solid {solid}, stored {store}");
    }
    let large: Vec<_> = (0..3).map(|_| ("x.mid", melody(1, 700_000))).collect();
    let bytes = build(ArchiveVersion::Rar50, false, true, &large);
    let rar = RarDirectory::read(&bytes, &Limits::default()).unwrap();
    assert!(rar.parts().iter().all(|part| (part.members, part.packed) == (1, 700_000)));
}

#[test]
fn members_of_a_solid_run_are_read_without_those_before_them() {
    let members: Vec<_> = (0..6).map(|seed| ("x.mid", melody(seed, 20_000))).collect();
    for version in [ArchiveVersion::Rar29, ArchiveVersion::Rar50] {
        let bytes = build(version, true, false, &members);
        let limits = Limits::default();
        let rar = RarDirectory::read(&bytes, &limits).unwrap();
        let mut part = rar.open_part(&bytes, 0, &limits);
        for (index, (_, expected)) in members.iter().enumerate() {
            part.next_member().unwrap();
            let mut content = Vec::new();
            match index {
                // Only a start, in several steps.
                1 | 4 => {
                    part.fill(&mut content, 5).unwrap();
                    part.fill(&mut content, 300).unwrap();
                    assert_eq!(content, expected[..300], "{version}");
                }
                3 | 5 => {
                    part.fill(&mut content, usize::MAX).unwrap();
                    assert_eq!(&content, expected, "{version}");
                }
                _ => {}
            }
        }
        assert!(part.next_member().is_none());
    }
}

#[test]
fn zeros_at_the_start_are_remembered() {
    // What the streaming decoder of `rars` 0.12.3 gets wrong: a match that begins in the first zeros and goes on behind them.
    let start = [vec![0; 40], melody(1, 20)].concat();
    let content = [start.clone(), melody(2, 5_000), start[30..].to_vec(), melody(3, 500), start].concat();
    // It is used for members larger than an entry may be.
    let limits = Limits { entry_size: 1_000, ..Limits::default() };
    for first in [Vec::new(), vec![0; 300_000]] {
        let members = [("zeros", first), ("x", content.clone()), ("y", content.clone())];
        for version in [ArchiveVersion::Rar50, ArchiveVersion::Rar70] {
            for solid in [false, true] {
                let bytes = build(version, solid, false, &members);
                for limits in [&limits, &Limits::default()] {
                    let (found, _) = read_all(&bytes, limits).unwrap();
                    for ((_, content), (_, expected)) in found.iter().zip(&members) {
                        assert!(content.as_ref() == Ok(expected), "{version}, solid {solid}");
                    }
                }
            }
        }
    }
}

#[test]
fn an_archive_may_stand_behind_a_program() {
    for version in [ArchiveVersion::Rar40, ArchiveVersion::Rar50] {
        let archive = build(version, false, false, &collection());
        // The program speaks of signatures.
        let program =
            [b"MZ".as_slice(), &[0; 9_000], legacy::SIGNATURE, modern::SIGNATURE, &[1; 50]].concat();
        let (members, reason) = read_all(&[program, archive].concat(), &Limits::default()).unwrap();
        assert_eq!((members.len(), reason), (6, None), "{version}");
    }
}

/// A number of RAR 5.
fn number(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = value.to_le_bytes()[0] & 0x7f;
        value >>= 7;
        bytes.push(if value == 0 { low } else { low | 0x80 });
        if value == 0 {
            return bytes;
        }
    }
}

/// A header of RAR 5.
fn header(kind: u64, flags: u64, body: &[u8], extra: &[u8], data: u64) -> Vec<u8> {
    let flags = flags | u64::from(!extra.is_empty()) | if data > 0 { 2 } else { 0 };
    let mut inner = [number(kind), number(flags)].concat();
    if !extra.is_empty() {
        inner.extend(number(extra.len() as u64));
    }
    if data > 0 {
        inner.extend(number(data));
    }
    inner.extend_from_slice(body);
    inner.extend_from_slice(extra);
    let whole = [number(inner.len() as u64), inner].concat();
    [&libdeflater::crc32(&whole).to_le_bytes()[..], &whole].concat()
}

/// A file's header of RAR 5 and its content.
#[derive(Clone)]
struct File {
    flags: u64,
    file_flags: u64,
    size: u64,
    packing: u64,
    name: Vec<u8>,
    crc: Option<u32>,
    extra: Vec<u8>,
    content: Vec<u8>,
    declared: u64,
}

fn stored(name: &str, content: &[u8]) -> File {
    File {
        flags: 0,
        file_flags: 0,
        size: content.len() as u64,
        packing: 0,
        name: name.into(),
        crc: Some(libdeflater::crc32(content)),
        extra: Vec::new(),
        content: content.to_vec(),
        declared: content.len() as u64,
    }
}

impl File {
    fn bytes(&self) -> Vec<u8> {
        let flags = self.file_flags | if self.crc.is_some() { 4 } else { 0 };
        let mut body = [number(flags), number(self.size), number(0)].concat();
        body.extend(self.crc.into_iter().flat_map(u32::to_le_bytes));
        body.extend([number(self.packing), number(1), number(self.name.len() as u64)].concat());
        body.extend_from_slice(&self.name);
        [header(2, self.flags, &body, &self.extra, self.declared), self.content.clone()].concat()
    }
}

fn modern_archive(files: &[File]) -> Vec<u8> {
    let files: Vec<u8> = files.iter().flat_map(File::bytes).collect();
    [modern::SIGNATURE, &header(1, 0, &[0], &[], 0), &files, &header(5, 0, &[0], &[], 0)].concat()
}

/// A record of the extra area.
fn extra(kind: u64, body: &[u8]) -> Vec<u8> {
    let inner = [&number(kind)[..], body].concat();
    [number(inner.len() as u64), inner].concat()
}

#[test]
fn what_cannot_be_read_says_why_and_the_rest_goes_on() {
    let good = || stored("good.mid", b"content");
    let with = |change: fn(&mut File)| {
        let mut file = good();
        change(&mut file);
        file
    };
    let hash: Vec<u8> = vec![0; 33];
    let cases: Vec<(&str, File, Option<Reason>)> = vec![
        ("nothing wrong", good(), None),
        ("encrypted", with(|file| file.extra = extra(1, &[0; 40])), Some(Reason::Encrypted)),
        ("its start is in another volume", with(|file| file.flags = 8), Some(Reason::UnsupportedMethod)),
        ("its end is in another volume", with(|file| file.flags = 16), Some(Reason::UnsupportedMethod)),
        ("of unknown size", with(|file| file.file_flags = 8), Some(Reason::UnsupportedMethod)),
        ("an unknown method", with(|file| file.packing = 6 << 7), Some(Reason::UnsupportedMethod)),
        ("an unknown version", with(|file| file.packing = (1 << 7) | 2), Some(Reason::UnsupportedMethod)),
        (
            "a window of 4 GiB",
            with(|file| file.packing = (1 << 7) | (15 << 10)),
            Some(Reason::LimitDecoderMemory),
        ),
        (
            "a window of 1 TiB",
            with(|file| file.packing = (1 << 7) | 1 | (23 << 10)),
            Some(Reason::LimitDecoderMemory),
        ),
        (
            "the largest window there can be",
            with(|file| file.packing = (1 << 7) | 1 | (0x3ff << 10)),
            Some(Reason::LimitDecoderMemory),
        ),
        ("not packed data", with(|file| file.packing = 1 << 7), Some(Reason::ArchiveDamaged)),
        ("solid, and the first", with(|file| file.packing = (1 << 7) | 0x40), Some(Reason::ArchiveDamaged)),
        ("a wrong CRC", with(|file| file.crc = Some(1)), Some(Reason::ArchiveDamaged)),
        ("no checksum", with(|file| file.crc = None), None),
        (
            "a wrong BLAKE2 beside a right CRC",
            File { extra: extra(2, &hash), ..good() },
            Some(Reason::ArchiveDamaged),
        ),
        ("a hash of a kind that is not known", with(|file| file.extra = extra(2, &[1; 33])), None),
        ("an extra area of rubbish", with(|file| file.extra = vec![0xff; 9]), None),
        ("stored in another size", with(|file| file.size = 6), Some(Reason::ArchiveDamaged)),
        (
            "more than can be",
            with(|file| (file.size, file.packing) = (u64::MAX - 1, 1 << 7)),
            Some(Reason::LimitRatio),
        ),
        ("a long name", with(|file| file.name = vec![b'n'; 5_000]), Some(Reason::LimitName)),
    ];
    for (what, file, expected) in cases {
        let archive = modern_archive(&[good(), file, good()]);
        let found = reasons(&archive, &Limits::default());
        assert_eq!(found, (vec![None, expected, None], None), "{what}");
    }
}

#[test]
fn what_needs_another_volume_is_refused() {
    let mut solid = stored("solid.mid", b"x");
    solid.packing = (1 << 7) | 0x40;
    let files = [solid.bytes(), solid.bytes(), stored("good.mid", b"1").bytes()].concat();
    let second =
        [modern::SIGNATURE, &header(1, 0, &[3, 1], &[], 0), &files, &header(5, 0, &[0], &[], 0)].concat();
    let refused = Some(Reason::UnsupportedMethod);
    assert_eq!(reasons(&second, &Limits::default()), (vec![refused, refused, None], None));
    let solid = legacy_file(0x10, 29, 0x33, b"solid.mid", 1, b"x");
    let second =
        legacy_archive(0x09, &[solid.clone(), solid, legacy_file(0, 29, 0x30, b"good.mid", 1, b"1")]);
    assert_eq!(reasons(&second, &Limits::default()), (vec![refused, refused, None], None));
}

#[test]
fn what_is_no_regular_file_is_counted() {
    let mut directory = stored("folder", b"");
    directory.file_flags = 1;
    let mut link = stored("link", b"");
    link.extra = extra(5, &[1, 0, 1, b'x']);
    let service = [header(3, 0, &[0, 3, 0, 0, 0, 2, b'Q', b'O'], &[], 3), b"abc".to_vec()].concat();
    let archive = modern_archive(&[directory, stored("a", b"1"), link.clone(), link, stored("a", b"2")]);
    let end = archive.len() - 8;
    let archive = [&archive[..end], &service, &archive[end..]].concat();
    let rar = RarDirectory::read(&archive, &Limits::default()).unwrap();
    assert_eq!(rar.skipped(), Skipped { directories: 1, links: 2, others: 0 });
    assert_eq!((rar.records.len(), rar.refusal()), (2, None));
    assert_eq!(rar.parts(), [Part { first: 0, members: 2, packed: 2, window: 0 }]);
}

#[test]
fn limits_are_kept() {
    let files = [stored("a", b"1234"), stored("b", b"1234"), stored("c", b"1234")];
    let archive = modern_archive(&files);
    let limits = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        limits
    };
    assert_eq!(
        reasons(&archive, &limits(|limits| limits.entries = 2)),
        (vec![None; 2], Some(Reason::LimitEntries))
    );
    let small = limits(|limits| (limits.entry_size, limits.nested_size) = (3, 3));
    assert_eq!(reasons(&archive, &small), (vec![Some(Reason::LimitNestedSize); 3], None));

    // Zeros are beyond any ratio, one by one or as a solid run.
    let zeros = [("a", melody(1, 100_000)), ("b", vec![0; 3 << 20]), ("c", vec![0; 3 << 20])];
    for solid in [false, true] {
        let bytes = build(ArchiveVersion::Rar50, solid, false, &zeros);
        let few = limits(|limits| limits.ratio = 10);
        let refused = Some(Reason::LimitRatio);
        assert_eq!(reasons(&bytes, &few), (vec![None, refused, refused], None), "solid {solid}");
    }
    let bytes = build(ArchiveVersion::Rar50, true, false, &zeros);
    let few = limits(|limits| (limits.output_grace, limits.output_ratio) = (1 << 20, 1));
    let refused = Some(Reason::LimitOutput);
    assert_eq!(reasons(&bytes, &few), (vec![None, refused, refused], None));
    let little = limits(|limits| limits.decoder_memory = 1 << 10);
    for version in [ArchiveVersion::Rar20, ArchiveVersion::Rar29, ArchiveVersion::Rar50] {
        let bytes = build(version, false, false, &zeros);
        assert!(
            reasons(&bytes, &little).0.iter().all(|reason| *reason == Some(Reason::LimitDecoderMemory)),
            "{version}"
        );
    }
}

#[test]
fn what_is_behind_a_lost_member_of_a_solid_run_is_refused_with_it() {
    let members: Vec<_> = (0..4).map(|seed| ("x.mid", melody(seed, 30_000))).collect();
    for version in [ArchiveVersion::Rar29, ArchiveVersion::Rar50] {
        let mut bytes = build(version, true, false, &members);
        let rar = RarDirectory::read(&bytes, &Limits::default()).unwrap();
        let (at, length) = rar.records[1].data;
        let end = at + usize::try_from(length).unwrap();
        bytes[at..end].fill(0xff);
        let (found, archive) = reasons(&bytes, &Limits::default());
        assert_eq!(found[..2], [None, Some(Reason::ArchiveDamaged)], "{version}");
        assert!(found[2..].iter().all(|reason| *reason == Some(Reason::ArchiveDamaged)), "{version}");
        assert_eq!(archive, None);
    }
}

#[test]
fn a_damaged_header_costs_its_own_member() {
    for version in [ArchiveVersion::Rar40, ArchiveVersion::Rar50] {
        let members: Vec<_> = (0..4).map(|seed| ("x.mid", melody(seed, 3_000))).collect();
        for (solid, kept) in [(false, 3), (true, 1)] {
            let mut bytes = build(version, solid, false, &members);
            let rar = RarDirectory::read(&bytes, &Limits::default()).unwrap();
            let name = rar.records[1].name.0;
            bytes[name] ^= 0x20;
            let (found, archive) = reasons(&bytes, &Limits::default());
            assert_eq!(archive, Some(Reason::ArchiveDamaged), "{version}, solid {solid}");
            assert_eq!(found.len(), 3, "{version}, solid {solid}");
            assert_eq!(
                found.iter().filter(|reason| reason.is_none()).count(),
                kept,
                "{version}, solid {solid}"
            );
        }
    }
}

/// A block of RAR 4.
fn block(kind: u8, flags: u16, body: &[u8]) -> Vec<u8> {
    let size = u16::try_from(7 + body.len()).unwrap().to_le_bytes();
    let inner = [&[kind][..], &flags.to_le_bytes(), &size, body].concat();
    [&libdeflater::crc32(&inner).to_le_bytes()[..2], &inner].concat()
}

/// A stored file of RAR 4.
fn legacy_file(flags: u16, version: u8, method: u8, name: &[u8], size: u32, content: &[u8]) -> Vec<u8> {
    let packed = u32::try_from(content.len()).unwrap();
    let mut body = [packed.to_le_bytes(), size.to_le_bytes()].concat();
    body.push(2);
    body.extend(libdeflater::crc32(content).to_le_bytes());
    body.extend([0; 4]);
    body.extend([version, method]);
    body.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
    body.extend(0x20_u32.to_le_bytes());
    body.extend_from_slice(name);
    [block(0x74, flags | 0x8000, &body), content.to_vec()].concat()
}

fn legacy_archive(main: u16, files: &[Vec<u8>]) -> Vec<u8> {
    [legacy::SIGNATURE, &block(0x73, main, &[0; 6]), &files.concat(), &block(0x7b, 0x4000, &[])].concat()
}

#[test]
fn old_archives_say_why_too() {
    let good = || legacy_file(0, 29, 0x30, b"good.mid", 4, b"MThd");
    let cases: Vec<(&str, Vec<u8>, Option<Reason>)> = vec![
        ("nothing wrong", good(), None),
        ("encrypted", legacy_file(4, 29, 0x30, b"x", 4, b"MThd"), Some(Reason::Encrypted)),
        ("split", legacy_file(1, 29, 0x30, b"x", 4, b"MThd"), Some(Reason::UnsupportedMethod)),
        ("split", legacy_file(2, 29, 0x30, b"x", 4, b"MThd"), Some(Reason::UnsupportedMethod)),
        ("unknown size", legacy_file(0, 29, 0x33, b"x", u32::MAX, b"MThd"), Some(Reason::UnsupportedMethod)),
        ("unknown method", legacy_file(0, 29, 0x36, b"x", 4, b"MThd"), Some(Reason::UnsupportedMethod)),
        ("unknown version", legacy_file(0, 99, 0x33, b"x", 4, b"MThd"), Some(Reason::UnsupportedMethod)),
        ("stored in another size", legacy_file(0, 29, 0x30, b"x", 5, b"MThd"), Some(Reason::ArchiveDamaged)),
        ("not packed data", legacy_file(0, 29, 0x33, b"x", 50, b"MThd"), Some(Reason::ArchiveDamaged)),
        (
            "not packed data of RAR 2",
            legacy_file(0, 20, 0x33, b"x", 50, b"MThd"),
            Some(Reason::ArchiveDamaged),
        ),
        (
            "a model of 256 MiB",
            legacy_file(0, 29, 0x33, b"x", 50, b"\xaf\xff11"),
            Some(Reason::LimitDecoderMemory),
        ),
        ("more than can be", legacy_file(0, 29, 0x33, b"x", u32::MAX - 1, b"MThd"), Some(Reason::LimitRatio)),
    ];
    for (what, file, expected) in cases {
        let archive = legacy_archive(0, &[good(), file, good()]);
        assert_eq!(reasons(&archive, &Limits::default()), (vec![None, expected, None], None), "{what}");
    }
    let directory = legacy_file(0xe0, 29, 0x30, b"folder", 0, b"");
    let rar = RarDirectory::read(&legacy_archive(0, &[directory]), &Limits::default()).unwrap();
    assert_eq!(rar.skipped().directories, 1);
}

#[test]
fn an_archive_that_is_none_says_what_it_is() {
    let cases: Vec<(&str, Vec<u8>, Reason)> = vec![
        ("nothing", Vec::new(), Reason::ArchiveTruncated),
        ("something else", b"MThd something else".to_vec(), Reason::ArchiveDamaged),
        ("a part of the signature", b"Rar!\x1a".to_vec(), Reason::ArchiveTruncated),
        ("RAR 1.4", b"RE~^and more".to_vec(), Reason::UnsupportedFormat),
        ("encrypted names of RAR 4", legacy_archive(0x80, &[]), Reason::Encrypted),
        (
            "encrypted names of RAR 5",
            [modern::SIGNATURE, &header(4, 0, &[0; 20], &[], 0)].concat(),
            Reason::Encrypted,
        ),
    ];
    for (what, bytes, expected) in cases {
        assert_eq!(read_all(&bytes, &Limits::default()), Err(expected), "{what}");
    }
}

#[test]
fn names_are_decoded_as_far_as_the_archive_tells() {
    let cases: &[(u16, &[u8], &str)] = &[
        (0, b"plain\\b.mid", "plain/b.mid"),
        (0, b"Kr\x84merbr\x81cke \x94\xe1.mid", "Krämerbrücke öß.mid"),
        (0x200, b"abc.mid\0\x04\x50\x1f\x30", "\u{41f}\u{430}"),
        (0x200, "日本.mid".as_bytes(), "日本.mid"),
        (0x200, b"cut.mid\0\0\x80", "cut.mid"),
    ];
    for (flags, stored, expected) in cases {
        let archive = legacy_archive(0, &[legacy_file(*flags, 29, 0x30, stored, 1, b"x")]);
        let (members, _) = read_all(&archive, &Limits::default()).unwrap();
        assert_eq!(members[0].0, *expected);
    }
    let mut odd = stored("x", b"1");
    odd.name = b"Kr\x84merbr\x81cke \x94\xe1.mid".to_vec();
    let (members, _) =
        read_all(&modern_archive(&[stored("日本.mid", b"1"), odd]), &Limits::default()).unwrap();
    assert_eq!((members[0].0.as_str(), members[1].0.as_str()), ("日本.mid", "Krämerbrücke öß.mid"));
}

#[test]
fn what_came_before_a_cut_is_kept() {
    let members = collection();
    for version in [ArchiveVersion::Rar29, ArchiveVersion::Rar50] {
        for solid in [false, true] {
            let bytes = build(version, solid, false, &members);
            let whole = read_all(&bytes, &Limits::default()).unwrap().0;
            let signature = if version == ArchiveVersion::Rar50 { 8 } else { 7 };
            for length in (signature..bytes.len()).step_by(97).chain(bytes.len() - 40..bytes.len()) {
                let (kept, reason) = read_all(&bytes[..length], &Limits::default()).unwrap();
                assert!(kept.len() <= whole.len());
                for ((name, content), (whole_name, whole)) in kept.iter().zip(&whole) {
                    assert_eq!(name, whole_name);
                    assert!(
                        content == whole || *content == Err(Reason::ArchiveTruncated),
                        "{version}, {length}"
                    );
                }
                // An old archive has no mark at its end: cut between two members it is a shorter archive.
                let is_shorter =
                    version == ArchiveVersion::Rar29 && kept.iter().all(|(_, read)| read.is_ok());
                let expected = [Some(Reason::ArchiveTruncated), None];
                assert!(expected[..1 + usize::from(is_shorter)].contains(&reason), "{version}, {length}");
            }
        }
    }
}

#[test]
fn flipped_bits_are_noticed() {
    let members = [("a.mid", melody(1, 900)), ("b.mid", melody(2, 900)), ("c", vec![0; 5_000])];
    for version in VERSIONS {
        for solid in [false, true] {
            let bytes = build(*version, solid, false, &members);
            for at in (0..bytes.len()).step_by(3) {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << (at % 8);
                let Ok((found, _)) = read_all(&damaged, &Limits::default()) else { continue };
                // A checksum guards every content; names have none of their own in the oldest archives' comments.
                for (_, content) in found {
                    if let Ok(content) = content {
                        assert!(members.iter().any(|(_, whole)| *whole == content), "{version}, byte {at}");
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_end(bytes in proptest::collection::vec(0_u8.., 0..600), old in proptest::bool::ANY) {
        let limits = Limits::default();
        let signature = if old { legacy::SIGNATURE } else { modern::SIGNATURE };
        let _ = read_all(&bytes, &limits);
        let _ = read_all(&[signature, &bytes].concat(), &limits);
    }

    #[test]
    fn any_packed_bytes_end(
        packed in proptest::collection::vec(0_u8.., 1..400),
        size in 1_u32..2_000_000,
        solid in proptest::bool::ANY,
    ) {
        let limits = Limits::default();
        for version in [15, 20, 29] {
            let flags = if solid { 0x10 } else { 0 };
            let files: Vec<_> =
                (0..2).map(|_| legacy_file(flags, version, 0x33, b"x", size, &packed)).collect();
            prop_assert_eq!(read_all(&legacy_archive(u16::from(solid) * 8, &files), &limits).unwrap().0.len(), 2);
        }
        let mut file = stored("x", &packed);
        (file.size, file.packing) = (u64::from(size), 3 << 7);
        let mut second = file.clone();
        second.packing |= u64::from(solid) << 6;
        prop_assert_eq!(read_all(&modern_archive(&[file, second]), &limits).unwrap().0.len(), 2);
    }

    #[test]
    fn random_members_are_read_back(
        contents in proptest::collection::vec(proptest::collection::vec(0_u8..4, 1..2_000), 1..8),
        solid in proptest::bool::ANY,
        version in 0_usize..6,
        large in proptest::bool::ANY,
    ) {
        let members: Vec<_> = contents.into_iter().map(|content| ("x.mid", content)).collect();
        let bytes = build(VERSIONS[version], solid, false, &members);
        let limits = Limits { entry_size: if large { 100 } else { 1 << 20 }, ..Limits::default() };
        let (found, reason) = read_all(&bytes, &limits).unwrap();
        prop_assert_eq!(reason, None);
        let found: Vec<_> = found.into_iter().map(|(_, content)| content.unwrap()).collect();
        let written: Vec<_> = members.into_iter().map(|(_, content)| content).collect();
        prop_assert_eq!(found, written);
    }
}
