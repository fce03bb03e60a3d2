//! Tars written by the `tar` crate and by hand, read back; and what hostile ones yield.

use std::io::Write;

use super::*;
use crate::archive::stream::Decoder;
use crate::format::Compression;

/// Names and contents of all members, and how it ended.
type Outcome = (Vec<(Vec<u8>, Result<Vec<u8>, Reason>)>, Option<Reason>, Skipped);

fn read(bytes: impl Read, limits: &Limits) -> Outcome {
    let mut reader = TarReader::new(bytes, limits);
    let mut members = Vec::new();
    while let Some(member) = reader.next_member() {
        let refused = member.refusal.or_else(|| limits.check_size(member.size).err());
        let mut content = Vec::new();
        let read = refused.map_or(Ok(()), Err).and_then(|()| reader.fill(&mut content, 7));
        let read = read.and_then(|()| reader.fill(&mut content, usize::MAX));
        let content = read.map(|()| content).map_err(|refusal| refusal.reason);
        members.push((member.raw_name, content));
    }
    (members, reader.refusal().map(|refusal| refusal.reason), reader.skipped())
}

fn header(name: &[u8], kind: u8, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes()[..name.len().min(100)].copy_from_slice(&name[..name.len().min(100)]);
    header.as_mut_bytes()[156] = kind;
    header.set_size(size);
    header.set_cksum();
    header
}

fn member(name: &[u8], kind: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = header(name, kind, content.len() as u64).as_bytes().to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    bytes
}

fn end() -> Vec<u8> {
    vec![0; 2 * BLOCK]
}

fn ok(name: &str, content: &[u8]) -> (Vec<u8>, Result<Vec<u8>, Reason>) {
    (name.as_bytes().to_vec(), Ok(content.to_vec()))
}

#[test]
fn all_header_formats_are_read() {
    let long = format!("{}/a.mid", "folder/".repeat(40));
    let mut gnu = tar::Builder::new(Vec::new());
    let mut ustar = tar::Builder::new(Vec::new());
    for (builder, mut header) in [(&mut gnu, tar::Header::new_gnu()), (&mut ustar, tar::Header::new_ustar())]
    {
        header.set_size(5);
        header.set_mode(0o644);
        builder.append_data(&mut header, "dir/a.mid", &b"MThd1"[..]).unwrap();
    }
    let mut header = tar::Header::new_gnu();
    header.set_size(5);
    gnu.append_data(&mut header, &long, &b"MThd2"[..]).unwrap();
    let prefixed = format!("{}/b.mid", "p".repeat(120));
    let mut header = tar::Header::new_ustar();
    header.set_size(3);
    ustar.append_data(&mut header, &prefixed, &b"abc"[..]).unwrap();
    ustar.append_pax_extensions([("path", "ünï.mid".as_bytes()), ("size", b"4")]).unwrap();
    let pax = [ustar.into_inner().unwrap()[..5 * BLOCK + BLOCK].to_vec(), Vec::new()].concat();
    // Cut after a slash in the header proper.
    let slash = format!("{}/a.mid", "n".repeat(99));
    let mut header = tar::Header::new_old();
    header.set_size(0);
    gnu.append_data(&mut header, &slash, &b""[..]).unwrap();
    let (members, refusal, _) = read(&gnu.into_inner().unwrap()[..], &Limits::default());
    assert_eq!(members, [ok("dir/a.mid", b"MThd1"), ok(&long, b"MThd2"), ok(&slash, b"")]);
    assert_eq!(refusal, None);
    let both = [pax, member(b"PaxHeaders/made-up", b'0', b"four"), end()].concat();
    let (members, refusal, _) = read(&both[..], &Limits::default());
    assert_eq!(members, [ok("dir/a.mid", b"MThd1"), ok(&prefixed, b"abc"), ok("ünï.mid", b"four")]);
    assert_eq!(refusal, None);
}

#[test]
fn only_regular_files_are_members_and_the_rest_is_counted() {
    let tar = [
        member(b"dir/", b'5', b""),
        member(b"old-dir/", b'\0', b""),
        member(b"a.mid", b'\0', b"a"),
        member(b"a.mid", b'0', b"the second of the same name"),
        member(b"link", b'2', b""),
        member(b"hard", b'1', b""),
        member(b"device", b'3', b""),
        member(b"pipe", b'6', b""),
        member(b"label", b'V', b""),
        member(b"contiguous", b'7', b"c"),
        member(b"/../../etc/passwd", b'0', b"p"),
        member(b"empty.mid", b'0', b""),
        end(),
    ]
    .concat();
    let (members, refusal, skipped) = read(&tar[..], &Limits::default());
    let names: Vec<_> = members.iter().map(|(name, _)| std::str::from_utf8(name).unwrap()).collect();
    assert_eq!(names, ["a.mid", "a.mid", "contiguous", "/../../etc/passwd", "empty.mid"]);
    assert!(members.iter().all(|(_, content)| content.is_ok()));
    assert_eq!(skipped, Skipped { directories: 2, links: 2, others: 3 });
    assert_eq!(refusal, None);
}

/// What was done to it, the tar, the members that are found, and what is wrong.
type Broken<'a> = (&'a str, Vec<u8>, &'a [&'a str], Option<Reason>);

#[test]
fn what_is_broken_keeps_what_came_before_and_can_be_found_behind() {
    let [a, b, c] = [member(b"a", b'0', &[1; 600]), member(b"b", b'0', &[2; 600]), member(b"c", b'0', b"c")];
    let whole = [a.clone(), b.clone(), c.clone(), end()].concat();
    let mut damaged = whole.clone();
    damaged[a.len()] ^= 0xff;
    let hole = |at: usize, length: usize| {
        let mut bytes = whole.clone();
        bytes[at..at + length].fill(0);
        bytes
    };
    let limits = Limits::default();
    let truncated = Some(Reason::ArchiveTruncated);
    let cases: &[Broken<'_>] = &[
        ("whole", whole.clone(), &["a", "b", "c"], None),
        ("without end mark", whole[..whole.len() - 1_024].to_vec(), &["a", "b", "c"], None),
        ("one end block", whole[..whole.len() - 512].to_vec(), &["a", "b", "c"], None),
        ("without padding", whole[..whole.len() - 1_024 - 511].to_vec(), &["a", "b", "c"], None),
        ("cut in content", whole[..a.len() + 700].to_vec(), &["a", "b"], truncated),
        ("cut in header", whole[..a.len() + 200].to_vec(), &["a"], truncated),
        ("damaged header", damaged, &["a", "c"], Some(Reason::ArchiveDamaged)),
        ("two tars", [whole.clone(), whole.clone()].concat(), &["a", "b", "c", "a", "b", "c"], None),
        ("padded with text", [whole.clone(), b"text".repeat(300)].concat(), &["a", "b", "c"], None),
        ("a hole over a header", hole(a.len(), 512), &["a", "c"], Some(Reason::ArchiveDamaged)),
        ("a hole over a member", hole(a.len(), b.len()), &["a", "c"], None),
        ("a hole into content", hole(a.len() - 512, 1_024), &["a", "c"], Some(Reason::ArchiveDamaged)),
        (
            "padded with the record before",
            [whole.clone(), whole[a.len() + 512..].to_vec()].concat(),
            &["a", "b", "c"],
            None,
        ),
        ("nothing", Vec::new(), &[], None),
        ("text", b"text".repeat(300), &[], Some(Reason::ArchiveDamaged)),
    ];
    for (what, bytes, names, reason) in cases {
        let (members, refusal, _) = read(&bytes[..], &limits);
        let found: Vec<_> = members.iter().map(|(name, _)| std::str::from_utf8(name).unwrap()).collect();
        assert_eq!((&found[..], refusal), (*names, *reason), "{what}");
    }
    let (members, _, _) = read(&whole[..a.len() + 700], &limits);
    assert_eq!(members[1], (b"b".to_vec(), Err(Reason::ArchiveTruncated)));

    // What was said of a member whose header is gone is not said of the next one.
    let mut lost = member(b"lost", b'0', &[3; 600]);
    lost[0] ^= 0xff;
    let long = [member(b"././@LongLink", b'L', b"a long name"), lost, b, end()].concat();
    let (members, refusal, _) = read(&long[..], &limits);
    assert_eq!((members, refusal), (vec![ok("b", &[2; 600])], Some(Reason::ArchiveDamaged)));
}

/// A reader of a long run of one byte, which takes no memory.
struct Long<'a>(&'a [u8], u64, &'a [u8]);

impl Read for Long<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        if !self.0.is_empty() {
            return self.0.read(to);
        }
        let length = to.len().min(usize::try_from(self.1).unwrap());
        if length > 0 {
            to[..length].fill(b'n');
            self.1 -= length as u64;
            return Ok(length);
        }
        self.2.read(to)
    }
}

#[test]
fn hostile_headers_cost_nothing() {
    let limits = Limits::default();
    // A long name of 3 GiB: passed over, the member is refused and the next one is read.
    let name = header(b"././@LongLink", b'L', 3 << 30);
    let rest = [member(b"short", b'0', b"x"), member(b"next", b'0', b"y"), end()].concat();
    let (members, refusal, _) = read(Long(name.as_bytes(), 3 << 30, &rest), &limits);
    assert_eq!(members, [(b"short".to_vec(), Err(Reason::LimitName)), ok("next", b"y")]);
    assert_eq!(refusal, None);

    let too_long = [member(b"L", b'L', &[b'n'; 5_000]), member(b"s", b'0', b"x"), end()].concat();
    let (members, _, _) = read(&too_long[..], &limits);
    assert_eq!(members, [(vec![b'n'; 4_096], Err(Reason::LimitName))]);

    // A member of 2⁶² bytes: refused by its size, and the tar ends in it.
    let mut giant = header(b"giant", b'0', 0);
    giant.as_mut_bytes()[124..136].copy_from_slice(b"\x80\0\0\0\x40\0\0\0\0\0\0\0");
    giant.set_cksum();
    let (members, refusal, _) = read(&[giant.as_bytes().to_vec(), vec![1; 4_000]].concat()[..], &limits);
    assert_eq!(members, [(b"giant".to_vec(), Err(Reason::LimitEntrySize))]);
    assert_eq!(refusal, Some(Reason::ArchiveTruncated));

    // The same within the limit: what is there is read, nothing is allocated for the rest.
    let lie = [header(b"lie", b'0', 16 << 20).as_bytes().to_vec(), vec![1; 4_000]].concat();
    let (members, refusal, _) = read(&lie[..], &limits);
    assert_eq!(members, [(b"lie".to_vec(), Err(Reason::ArchiveTruncated))]);
    assert_eq!(refusal, Some(Reason::ArchiveTruncated));

    let mut unreadable = header(b"u", b'0', 0);
    unreadable.as_mut_bytes()[124..136].copy_from_slice(b"negative!!!\0");
    unreadable.set_cksum();
    let (members, _, _) = read(&[unreadable.as_bytes().to_vec(), end()].concat()[..], &limits);
    assert_eq!(members, [(b"u".to_vec(), Err(Reason::ArchiveDamaged))]);
}

#[test]
fn sparse_files_are_refused_and_passed_over() {
    let mut sparse = header(b"sparse", b'S', 512);
    sparse.as_mut_bytes()[482] = 1;
    sparse.set_cksum();
    let mut map = [0; BLOCK];
    map[504] = 1;
    let old = [sparse.as_bytes().to_vec(), map.to_vec(), vec![0; BLOCK], vec![9; BLOCK]].concat();
    let pax = [
        member(b"x", b'x', b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n25 GNU.sparse.name=b.mid\n"),
        member(b"GNUSparseFile.0/b.mid", b'0', &[1; 600]),
    ]
    .concat();
    let tar = [old, pax, member(b"next", b'0', b"y"), end()].concat();
    let (members, refusal, _) = read(&tar[..], &Limits::default());
    let unsupported = Err(Reason::UnsupportedMethod);
    assert_eq!(
        members,
        [(b"sparse".to_vec(), unsupported.clone()), (b"b.mid".to_vec(), unsupported), ok("next", b"y")]
    );
    assert_eq!(refusal, None);
    // A map without end.
    let endless = [sparse.as_bytes().to_vec(), map.repeat(4_000)].concat();
    assert_eq!(read(&endless[..], &Limits::default()).1, Some(Reason::ArchiveDamaged));
}

#[test]
fn a_cut_compressed_tar_keeps_its_start() {
    let tar: Vec<u8> = (0..50_u8)
        .flat_map(|index| member(&[b'a' + index % 26], b'0', &[index; 3_000]))
        .chain(end())
        .collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    gzip.write_all(&tar).unwrap();
    let gzip = gzip.finish().unwrap();
    let limits = Limits::default();
    let decoder = Decoder::new(Compression::Gzip, &gzip[..], &limits).unwrap();
    let (members, refusal, _) = read(decoder, &limits);
    assert_eq!((members.len(), refusal), (50, None));
    let decoder = Decoder::new(Compression::Gzip, &gzip[..gzip.len() / 2], &limits).unwrap();
    let (members, refusal, _) = read(decoder, &limits);
    assert_eq!(refusal, Some(Reason::ArchiveTruncated));
    let (last, whole) = members.split_last().unwrap();
    assert!(whole.len() >= 20 && whole.iter().all(|(_, content)| content.is_ok()));
    assert_eq!(last.1, Err(Reason::ArchiveTruncated));
}

proptest::proptest! {
    #[test]
    fn what_is_written_is_read(
        entries in proptest::collection::vec(("[a-z/]{1,150}[a-z]", proptest::collection::vec(0_u8.., 0..2_000)), 0..8),
        cut in 0_usize..30_000,
        flip in 0_usize..30_000,
        bit in 0_u8..8,
    ) {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, content) in &entries {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            builder.append_data(&mut header, format!("r/{}", name.trim_matches('/')), &content[..]).unwrap();
        }
        let tar = builder.into_inner().unwrap();
        let limits = Limits { entry_size: 10_000, ..Limits::default() };
        let (members, refusal, _) = read(&tar[..], &limits);
        assert_eq!(refusal, None);
        let expected: Vec<_> = entries.iter().map(|(_, content)| Ok(content.clone())).collect();
        assert_eq!(members.into_iter().map(|(_, content)| content).collect::<Vec<_>>(), expected);

        let cut = cut % tar.len();
        let (members, _, _) = read(&tar[..cut], &limits);
        for ((_, found), expected) in members.iter().zip(&expected) {
            assert!(found == expected || *found == Err(Reason::ArchiveTruncated));
        }
        let mut flipped = tar.clone();
        flipped[flip % tar.len()] ^= 1 << bit;
        for (_, content) in read(&flipped[..], &limits).0 {
            assert!(content.is_err() || content.unwrap().len() <= 10_000);
        }
    }
}
