//! LZH archives written by hand, read back; and what broken and hostile ones yield.

mod writer;

use super::*;
use writer::{Written, archive, crc16};

/// Names and contents of all members, what is wrong with the whole, and what was passed over.
type Outcome = (Vec<(Vec<u8>, Result<Vec<u8>, Reason>)>, Option<Reason>, Skipped);

fn read(bytes: &[u8], limits: &Limits) -> Result<Outcome, Reason> {
    let directory = LzhDirectory::read(bytes, limits).map_err(|refusal| refusal.reason)?;
    let mut members = Vec::new();
    for part in 0..directory.parts().len() {
        let mut reader = directory.open_part(bytes, part, limits);
        while let Some(member) = reader.next_member() {
            let content = match member.refusal {
                Some(refusal) => Err(refusal),
                None => whole(reader.as_mut(), member.size),
            };
            if let Ok(content) = &content {
                assert_eq!(content.len() as u64, member.size);
            }
            members.push((member.raw_name, content.map_err(|refusal| refusal.reason)));
        }
        assert_eq!((reader.refusal(), reader.skipped()), (None, Skipped::default()));
    }
    let counted: usize = directory.parts().iter().map(|part| part.members).sum();
    assert_eq!(counted, members.len());
    Ok((members, directory.refusal().map(|refusal| refusal.reason), directory.skipped()))
}

/// The head first, then the rest.
fn whole(reader: &mut dyn Members, size: u64) -> Result<Vec<u8>, Refusal> {
    let mut content = b"before".to_vec();
    reader.fill(&mut content, 6 + 10)?;
    assert!(content.len() <= 16);
    reader.fill(&mut content, 6 + usize::try_from(size).unwrap())?;
    reader.fill(&mut content, usize::MAX)?;
    assert!(content.starts_with(b"before"));
    Ok(content.split_off(6))
}

fn read_default(bytes: &[u8]) -> Outcome {
    read(bytes, &Limits::default()).unwrap()
}

fn names(outcome: &Outcome) -> Vec<(&str, Result<usize, Reason>)> {
    outcome
        .0
        .iter()
        .map(|(name, content)| {
            (std::str::from_utf8(name).unwrap(), content.as_ref().map(Vec::len).map_err(|reason| *reason))
        })
        .collect()
}

fn sjis(text: &str) -> Vec<u8> {
    encoding_rs::SHIFT_JIS.encode(text).0.into_owned()
}

#[test]
fn members_of_each_level_and_method_are_read_in_order() {
    let text = b"MThd, and again MThd, and noise: ".repeat(2_000);
    let noise: Vec<u8> =
        (0..90_000_u32).flat_map(|index| index.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    let mut members = Vec::new();
    let mut expected = Vec::new();
    for level in 0..4 {
        for method in [b"-lh0-", b"-lh5-", b"-lh7-", b"-lz4-", b"-pm0-"] {
            for content in [&b""[..], b"M", &text, &noise] {
                let name = format!("{level}{}{}.mid", method.escape_ascii(), content.len());
                members.push(Written::packed(level, method, name.as_bytes(), content));
                expected.push((name.into_bytes(), Ok(content.to_vec())));
            }
        }
    }
    let bytes = archive(&members);
    assert_eq!(read_default(&bytes), (expected.clone(), None, Skipped::default()));
    // Behind a program; without an end mark; filled up as on CP/M.
    let program = [b"MZ program, this is -lh5- unpacked".repeat(100), bytes.clone()].concat();
    assert_eq!(read_default(&program).0, expected);
    assert_eq!(read_default(&program).1, None);
    let unmarked = &bytes[..bytes.len() - 1];
    assert_eq!(read_default(unmarked), (expected.clone(), None, Skipped::default()));
    assert_eq!(read_default(&[unmarked, &[0x1a; 99]].concat()), (expected, None, Skipped::default()));
}

#[test]
fn a_stream_by_another_encoder_is_decoded() {
    // One block of three commands whose trees have a single code each: `A`, whatever the bits.
    let data = [0, 3, 0, 0, 0x04, 0x10, 0];
    let member =
        Written { data: data.to_vec(), size: 3, crc: crc16(b"AAA"), ..Written::stored(2, b"a", b"") };
    let bytes = archive(&[Written { method: *b"-lh5-", ..member }]);
    assert_eq!(read_default(&bytes).0, [(b"a".to_vec(), Ok(b"AAA".to_vec()))]);
    // `-lz5-` marks eight literals by the bits of the byte before them.
    let lz5 = [&[0xff][..], b"literals", &[0x01], b"!"].concat();
    let lz5 = Written { data: lz5, size: 9, crc: crc16(b"literals!"), ..Written::stored(0, b"b", b"") };
    let bytes = archive(&[Written { method: *b"-lz5-", ..lz5 }]);
    assert_eq!(read_default(&bytes).0, [(b"b".to_vec(), Ok(b"literals!".to_vec()))]);
}

#[test]
fn names_are_kept_as_stored_but_for_separators() {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let stored = |level, name: &[u8]| Written::stored(level, name, b"x");
    let in_folder =
        |level, folder: &[u8], name: &[u8]| Written { folder: folder.to_vec(), ..stored(level, name) };
    let folders = [&sjis("曲")[..], b"\xff", &sjis("表"), b"\xff"].concat();
    let utf8 = (0x46, 65_001_u32.to_le_bytes().to_vec());
    let cases = [
        // Half of each of these characters is a backslash.
        (stored(0, &sjis("曲\\表示ソ能.mid")), sjis("曲/表示ソ能.mid"), false),
        (stored(1, &sjis("曲/表示.mid")), sjis("曲/表示.mid"), false),
        (stored(0, b"a\xffb.mid"), b"a/b.mid".to_vec(), false),
        // In code page 437 it is no half, but who knows.
        (stored(0, b"\x81b\\r\x81\\c.mid"), b"\x81b/r\x81\\c.mid".to_vec(), false),
        (in_folder(1, &folders, &sjis("十字架.mid")), sjis("曲/表/十字架.mid"), false),
        (in_folder(2, &folders, b"a.mid"), sjis("曲/表/a.mid"), false),
        (in_folder(3, b"no separator", b"a.mid"), b"no separator/a.mid".to_vec(), false),
        (in_folder(1, b"\xffetc\xff..\xff", b"passwd"), b"/etc/../passwd".to_vec(), false),
        (stored(0, b"amiga.mid\0a comment"), b"amiga.mid".to_vec(), false),
        (
            Written { extras: vec![utf8], ..in_folder(2, "音楽".as_bytes(), "曲.mid".as_bytes()) },
            "音楽/曲.mid".into(),
            true,
        ),
        (
            Written {
                extras: vec![(0x44, wide("🎹.mid")), (0x45, wide("音楽\u{ffff}"))],
                ..in_folder(2, b"??\xff", b"?.mid")
            },
            "音楽/🎹.mid".into(),
            true,
        ),
        (
            Written { extras: vec![(1, sjis("長い名前.mid"))], ..stored(1, b"NAGAI~1.MID") },
            sjis("長い名前.mid"),
            false,
        ),
    ];
    let bytes = archive(&cases.iter().map(|(member, ..)| member.clone()).collect::<Vec<_>>());
    let limits = Limits::default();
    let directory = LzhDirectory::read(&bytes, &limits).unwrap();
    assert_eq!((directory.refusal(), directory.parts().len()), (None, 1));
    let mut reader = directory.open_part(&bytes, 0, &limits);
    for (_, raw_name, is_utf8) in cases {
        let member = reader.next_member().unwrap();
        assert_eq!((member.raw_name, member.is_utf8), (raw_name, is_utf8));
    }
    assert_eq!(reader.next_member(), None);
}

#[test]
fn names_are_decoded_together() {
    let texts = ["曲/バトル１.mid", "曲/町の音楽.mid", "曲/ボス戦３.mid", "曲/表示ソ能.mid", "曲/十字架.mid"];
    let members = texts.map(|text| Written::stored(0, &sjis(&text.replace('/', "\\")), b"x"));
    let directory = LzhDirectory::read(&archive(&members), &Limits::default()).unwrap();
    let names = directory.name_decoder();
    for (entry, text) in directory.entries.iter().zip(texts) {
        let name = names.decode(directory.raw_name(entry), entry.is_utf8);
        assert_eq!((name.text.as_str(), name.encoding), (text, "shift_jis"));
    }
}

#[test]
fn what_is_no_regular_file_is_counted() {
    let mode = |mode: u16| vec![(0x50, mode.to_le_bytes().to_vec())];
    let bodiless = |level, name: &[u8]| Written { method: *b"-lhd-", ..Written::stored(level, name, b"") };
    let bytes = archive(&[
        bodiless(0, b"folder\\"),
        Written { folder: b"folder\xff".to_vec(), ..bodiless(1, b"") },
        Written { folder: b"folder\xff".to_vec(), ..bodiless(2, b"") },
        Written { folder: b"folder\xff".to_vec(), ..Written::stored(2, b"", b"") },
        bodiless(2, b"link|target"),
        Written { extras: mode(0o120_777), ..bodiless(2, b"link") },
        Written { extras: mode(0o100_644), ..Written::stored(2, b"file", b"content") },
    ]);
    let outcome = read_default(&bytes);
    assert_eq!(names(&outcome), [("file", Ok(7))]);
    assert_eq!((outcome.1, outcome.2), (None, Skipped { directories: 4, links: 2, others: 0 }));
}

#[test]
fn each_member_is_refused_for_its_own_reason() {
    let good = |name: &str| Written::packed(2, b"-lh5-", name.as_bytes(), b"good good good good");
    let dense = vec![0; 3 << 20];
    let cases = [
        (good("good"), Ok(19)),
        (Written { crc: 1, ..good("crc") }, Err(Reason::ArchiveDamaged)),
        (Written { crc: 1, ..Written::stored(0, b"crc of nothing", b"") }, Err(Reason::ArchiveDamaged)),
        (Written { method: *b"-lh9-", ..good("method") }, Err(Reason::UnsupportedMethod)),
        (Written { method: *b"-lh2-", ..good("method") }, Err(Reason::UnsupportedMethod)),
        (Written { size: 9_000, ..good("longer than it is") }, Err(Reason::ArchiveDamaged)),
        (Written { size: 9_000, ..Written::stored(1, b"stored", b"short") }, Err(Reason::ArchiveDamaged)),
        (Written { size: 18, ..good("shorter than it is") }, Err(Reason::ArchiveDamaged)),
        (Written { size: 4_000_000_000, ..good("bomb") }, Err(Reason::LimitRatio)),
        (Written { data: vec![0xff; 900], ..good("nonsense") }, Err(Reason::ArchiveDamaged)),
        (Written::packed(1, b"-lh5-", b"dense", &dense), Ok(3 << 20)),
        (good("last"), Ok(19)),
    ];
    let bytes = archive(&cases.iter().map(|(member, _)| member.clone()).collect::<Vec<_>>());
    let outcome = read_default(&bytes);
    assert_eq!(outcome.1, None);
    for ((member, expected), found) in cases.iter().zip(names(&outcome)) {
        assert_eq!(found, (std::str::from_utf8(&member.name).unwrap(), *expected));
    }
    let limits = Limits { name: 6, decoder_memory: 4 << 10, ..Limits::default() };
    let outcome = read(&bytes, &limits).unwrap();
    assert_eq!(outcome.0[0].1, Err(Reason::LimitDecoderMemory));
    assert_eq!(outcome.0[2], (b"crc of".to_vec(), Err(Reason::LimitName)));
    let directory = LzhDirectory::read(&bytes, &Limits::default()).unwrap();
    let unsupported = directory.entries[3].refusal(&Limits::default()).unwrap();
    assert!(unsupported.detail.contains("-lh9-"), "{unsupported}");
}

#[test]
fn entries_beyond_the_limit_are_refused_as_one_and_parts_are_small() {
    let members: Vec<_> = (0..1_000).map(|_| Written::stored(0, b"x", b"content")).collect();
    let bytes = archive(&members);
    let limits = Limits { entries: 7, ..Limits::default() };
    let outcome = read(&bytes, &limits).unwrap();
    assert_eq!((outcome.0.len(), outcome.1), (7, Some(Reason::LimitEntries)));
    let directory = LzhDirectory::read(&bytes, &Limits::default()).unwrap();
    let sizes: Vec<_> = directory.parts().iter().map(|part| (part.first, part.members)).collect();
    assert_eq!(sizes, [(0, 256), (256, 256), (512, 256), (768, 232)]);
    assert_eq!(size_of::<Entry>(), 48);
    let half = vec![1; 600 << 10];
    let members: Vec<_> = [b"-lh0-", b"-lh7-", b"-lh0-"]
        .map(|method| Written { data: half.clone(), method: *method, ..Written::stored(0, b"x", b"") })
        .to_vec();
    let directory = LzhDirectory::read(&archive(&members), &Limits::default()).unwrap();
    let windows: Vec<_> = directory.parts().iter().map(|part| (part.packed, part.window)).collect();
    assert_eq!(windows, [(600 << 10, 0), (600 << 10, 64 << 10), (600 << 10, 0)]);
}

#[test]
fn what_is_behind_a_damaged_header_is_found_again() {
    for level in 0..4 {
        let members = ["aa", "bb", "cc"].map(|name| Written::stored(level, name.as_bytes(), b"the content"));
        let bytes = archive(&members);
        let second = members[0].bytes().len();
        let without_b = (vec![("aa", Ok(11)), ("cc", Ok(11))], Some(Reason::ArchiveDamaged));
        // Its first byte, its checksum, its level, its name.
        for at in [0, 1, 20, members[1].header().len() - 8] {
            let mut damaged = bytes.clone();
            damaged[second + at] = if at == 0 { 0 } else { damaged[second + at] ^ 0x40 };
            let outcome = read_default(&damaged);
            assert_eq!((names(&outcome), outcome.1), without_b, "level {level}, byte {at}");
        }
        // The first one.
        let mut damaged = bytes.clone();
        damaged[3] ^= 1;
        assert_eq!(names(&read_default(&damaged)), [("bb", Ok(11)), ("cc", Ok(11))]);
        // The second header is a hole, and so is all of the first member.
        for hole in [second..second + 24, 0..second] {
            let mut holed = bytes.clone();
            let at = hole.start;
            holed[hole].fill(0);
            let outcome = read_default(&holed);
            let first = if at == 0 { "bb" } else { "aa" };
            let expected = [(first, Ok(11)), ("cc", Ok(11))];
            assert_eq!(names(&outcome), expected, "level {level}");
            assert_eq!(outcome.1, Some(Reason::ArchiveDamaged));
        }
        let mac_binary = [vec![0; 128], bytes.clone()].concat();
        let outcome = read_default(&mac_binary);
        assert_eq!((outcome.0.len(), outcome.1), (3, None), "level {level}");
        assert_eq!(read(&vec![0; bytes.len()], &Limits::default()), Err(Reason::ArchiveDamaged));
        // All of them.
        let last = second * 2;
        let ruined: Vec<u8> = bytes.iter().map(|byte| if *byte == b'-' { b'+' } else { *byte }).collect();
        assert_eq!(read(&ruined, &Limits::default()), Err(Reason::ArchiveDamaged));
        // The last one and its data are cut off, at each byte.
        for length in 0..bytes.len() {
            let complete = length / second;
            match read(&bytes[..length], &Limits::default()) {
                Ok(outcome) => {
                    let found = outcome.0.iter().filter(|(_, content)| content.is_ok()).count();
                    assert_eq!(found, complete.min(3), "level {level}, {length} bytes");
                    let is_whole = length % second == 0 || length == bytes.len();
                    assert_eq!(outcome.1, (!is_whole).then_some(Reason::ArchiveTruncated));
                }
                Err(reason) => assert_eq!((reason, length < last), (Reason::ArchiveTruncated, true)),
            }
        }
    }
}

#[test]
fn headers_that_lie_about_their_length_end() {
    // A length of zero, one that lies, a level 3 header of 4 GiB, an endless chain of extension headers.
    let mut level3 = Written::stored(3, b"x", b"x").header();
    level3[24..28].fill(0xff);
    level3[28..32].copy_from_slice(&[0xf0, 0xff, 0xff, 0x7f]);
    level3.resize(3 << 20, 0);
    assert_eq!(read(&level3, &Limits::default()), Err(Reason::LimitName));
    let mut zero = Written::stored(2, b"x", b"x").bytes();
    zero[..2].fill(0);
    assert_eq!(read(&zero, &Limits::default()), Err(Reason::ArchiveDamaged));
    for level in 0..4 {
        let whole = Written::stored(level, b"x", b"x").bytes();
        for at in 0..whole.len() {
            for value in 0..=u8::MAX {
                let mut changed = whole.clone();
                changed[at] = value;
                let _ = read(&changed, &Limits::default());
            }
        }
    }
    for bytes in
        [&b""[..], b"M", b"MZ", &[b'M'; 100], &[0xff; 100], b"\x19\x00-lh5-", &b"MZ-lh5-".repeat(20_000)]
    {
        assert!(read(bytes, &Limits::default()).is_err());
    }
    assert_eq!(read_default(b"\0"), (vec![], None, Skipped::default()));
}

#[test]
fn a_file_full_of_forged_headers_ends_soon() {
    // Each header promises a chain of extensions that reaches to the end.
    let mut forged = Written::stored(3, b"x", b"x").header()[..32].to_vec();
    forged[24..28].copy_from_slice(&(16_u32 << 20).to_le_bytes());
    forged[28..32].copy_from_slice(&(8_u32 << 20).to_le_bytes());
    let bytes = [&b"MZ"[..], &forged.repeat(1 << 19)].concat();
    let started = std::time::Instant::now();
    assert_eq!(read(&bytes, &Limits::default()), Err(Reason::ArchiveDamaged));
    let unframed = &bytes[2..];
    assert_eq!(read(unframed, &Limits::default()), Err(Reason::LimitName));
    assert!(started.elapsed().as_secs() < 20, "took {:?}", started.elapsed());
}

proptest::proptest! {
    #[test]
    fn what_is_written_is_read_whatever_is_done_to_it(
        entries in proptest::collection::vec(
            (0_u8..4, 0_usize..3, "[a-z]{1,20}", proptest::collection::vec(0_u8..9, 0..600)), 1..8),
        noise in proptest::collection::vec(0_u8.., 0..300),
        cut in 0_usize..9_000,
        flip in 0_usize..9_000,
        bit in 0_u8..8,
    ) {
        const METHODS: [&[u8; 5]; 3] = [b"-lh0-", b"-lh5-", b"-lh7-"];
        let members: Vec<_> = entries
            .iter()
            .map(|(level, method, name, content)| Written::packed(*level, METHODS[*method], name.as_bytes(), content))
            .collect();
        let bytes = archive(&members);
        let limits = Limits { name: 16, ..Limits::default() };
        let outcome = read(&bytes, &limits).unwrap();
        assert_eq!((outcome.0.len(), outcome.1), (entries.len(), None));
        for ((name, content), (.., written, expected)) in outcome.0.iter().zip(&entries) {
            let name_fits = written.len() <= 16;
            assert_eq!(name.as_slice(), &written.as_bytes()[..written.len().min(16)]);
            assert_eq!(*content, if name_fits { Ok(expected.clone()) } else { Err(Reason::LimitName) });
        }
        if let Ok(outcome) = read(&bytes[..cut % bytes.len()], &limits) {
            assert!(outcome.0.len() <= entries.len());
        }
        let mut flipped = bytes.clone();
        flipped[flip % bytes.len()] ^= 1 << bit;
        let _ = read(&flipped, &limits);
        // Noise as an archive, behind a program, and as the data of each method.
        let _ = read(&noise, &limits);
        let _ = read(&[b"MZ", &noise[..]].concat(), &limits);
        for method in [b"-lh1-", b"-lh4-", b"-lh5-", b"-lh6-", b"-lh7-", b"-lhx-", b"-lzs-", b"-lz5-", b"-pm1-", b"-pm2-"] {
            let member = Written { method: *method, data: noise.clone(), size: 5_000, ..Written::stored(2, b"x", b"") };
            let (contents, _, _) = read(&archive(&[member]), &limits).unwrap();
            assert!(contents[0].1.as_ref().map_or(true, |content| content.len() == 5_000));
        }
    }
}
