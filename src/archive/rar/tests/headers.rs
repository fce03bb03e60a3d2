//! Headers made by hand: what no packer writes, or only for other volumes and with passwords.

use super::*;

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
pub(super) struct File {
    flags: u64,
    own_flags: u64,
    pub(super) size: u64,
    pub(super) packing: u64,
    name: Vec<u8>,
    crc: Option<u32>,
    extra: Vec<u8>,
    content: Vec<u8>,
    declared: u64,
}

pub(super) fn stored(name: &str, content: &[u8]) -> File {
    File {
        flags: 0,
        own_flags: 0,
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
        let flags = self.own_flags | if self.crc.is_some() { 4 } else { 0 };
        let mut body = [number(flags), number(self.size), number(0)].concat();
        body.extend(self.crc.into_iter().flat_map(u32::to_le_bytes));
        body.extend([number(self.packing), number(1), number(self.name.len() as u64)].concat());
        body.extend_from_slice(&self.name);
        [header(2, self.flags, &body, &self.extra, self.declared), self.content.clone()].concat()
    }
}

pub(super) fn modern_archive(files: &[File]) -> Vec<u8> {
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
        ("of unknown size", with(|file| file.own_flags = 8), Some(Reason::UnsupportedMethod)),
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
    directory.own_flags = 1;
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

/// A block of RAR 4.
fn block(kind: u8, flags: u16, body: &[u8]) -> Vec<u8> {
    let size = u16::try_from(7 + body.len()).unwrap().to_le_bytes();
    let inner = [&[kind][..], &flags.to_le_bytes(), &size, body].concat();
    [&libdeflater::crc32(&inner).to_le_bytes()[..2], &inner].concat()
}

/// A stored file of RAR 4.
pub(super) fn legacy_file(
    flags: u16,
    version: u8,
    method: u8,
    name: &[u8],
    size: u32,
    content: &[u8],
) -> Vec<u8> {
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

pub(super) fn legacy_archive(main: u16, files: &[Vec<u8>]) -> Vec<u8> {
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
