//! Tars, plain and compressed, that are cut, damaged or absurd.

use super::forge::{gzip, gzip_of_zeros, piece, tar_header, tar_member, tar_of};
use super::{Case, WHOLE, run};

#[tokio::test]
async fn tars_that_are_cut_or_damaged() {
    let pieces: Vec<_> = (600..603).map(piece).collect();
    let members = [("a.mid", &pieces[0][..]), ("b.mid", &pieces[1]), ("c.mid", &pieces[2])];
    let tar = tar_of(&members);
    let header_of_b = 512 + pieces[0].len().next_multiple_of(512);
    let mut damaged = tar.clone();
    damaged[header_of_b + 5] ^= 0xff;
    let mut content = tar.clone();
    content[header_of_b + 512..header_of_b + 512 + pieces[1].len()].fill(b'X');
    let gz = gzip(&tar);
    let mut bad_crc = gz.clone();
    let end = bad_crc.len() - 6;
    bad_crc[end] ^= 1;
    run(vec![
        Case::new("in-content.tar", tar[..header_of_b + 700].to_vec())
            .keeps(["a.mid"])
            .refuses([("b.mid", "archive_truncated"), (WHOLE, "archive_truncated")]),
        Case::new("in-header.tar", tar[..header_of_b + 200].to_vec())
            .keeps(["a.mid"])
            .refuses([(WHOLE, "archive_truncated")]),
        Case::new("between.tar", tar[..header_of_b].to_vec()).keeps(["a.mid"]),
        Case::new("no-end.tar", tar[..tar.len() - 1_024].to_vec()).keeps(["a.mid", "b.mid", "c.mid"]),
        Case::new("header.tar", damaged).keeps(["a.mid", "c.mid"]).refuses([(WHOLE, "archive_damaged")]),
        Case::new("content.tar", content).keeps(["a.mid", "c.mid"]).refuses([("b.mid", "not_midi_content")]),
        Case::new("two.tar", [&tar[..], &tar[..]].concat())
            .keeps(["a.mid", "b.mid", "c.mid", "a.mid", "b.mid", "c.mid"]),
        Case::new("crc.tar.gz", bad_crc)
            .keeps(["a.mid", "b.mid", "c.mid"])
            .refuses([(WHOLE, "archive_damaged")]),
        Case::new("text.tar", b"no tar at all".repeat(100)).refuses([(WHOLE, "archive_damaged")]),
    ])
    .await;
    // Stored, so that each cut is at a known place of the tar.
    let mut cases = Vec::new();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    std::io::Write::write_all(&mut encoder, &tar).unwrap();
    let stored = encoder.finish().unwrap();
    for (length, kept) in [(300, 0), (header_of_b + 300, 1), (tar.len() - 1_600, 2), (tar.len() - 500, 3)] {
        let name = format!("cut-at-{length}.tar.gz");
        let paths = ["a.mid", "b.mid", "c.mid"];
        cases.push((Case::new(&name, stored[..length].to_vec()).keeps(paths.into_iter().take(kept)), kept));
    }
    run(cases
        .into_iter()
        .map(|(case, kept)| match kept {
            // In the middle of a member, that one is refused as well.
            2 => case.refuses([("c.mid", "archive_truncated"), (WHOLE, "archive_truncated")]),
            // What is not even a header is taken for what one compressed file holds.
            0 => case.refuses([("cut-at-300.tar", "archive_truncated")]),
            _ => case.refuses([(WHOLE, "archive_truncated")]),
        })
        .collect())
    .await;
}

/// Three gibibytes in sections of 16 MiB.
const SECTIONS: usize = 192;

#[tokio::test]
async fn headers_of_three_gibibytes() {
    let size = (SECTIONS as u64) << 24;
    let before = tar_member(b"before.mid", b'0', &piece(610));
    let rest = [tar_member(b"short.mid", b'0', &piece(611)), tar_of(&[("next.mid", &piece(612))])].concat();
    let with = |header: Vec<u8>| gzip_of_zeros(&[&before[..], &header].concat(), SECTIONS, &rest);
    let name = with(tar_header(b"././@LongLink", b'L', size));
    let link = with(tar_header(b"././@LongLink", b'K', size));
    let pax = with(tar_header(b"PaxHeaders/x", b'x', size));
    let global = with(tar_header(b"PaxHeaders/g", b'g', size));
    // 250 times 3 MB are less than 1 GiB, and 3 GiB are more: without `--max-output` that is a bomb.
    run(vec![
        Case::new("name.tar.gz", name).keeps(["before.mid"]).refuses([(WHOLE, "limit_output")]).within(40),
        Case::new("pax.tar.gz", pax).keeps(["before.mid"]).refuses([(WHOLE, "limit_output")]).within(40),
        Case::new("link.tar.gz", link).keeps(["before.mid"]).refuses([(WHOLE, "limit_output")]).within(40),
        Case::new("global.tar.gz", global)
            .keeps(["before.mid"])
            .refuses([(WHOLE, "limit_output")])
            .within(40),
    ])
    .await;
}

#[tokio::test]
async fn headers_that_are_too_long_are_passed_over() {
    let before = tar_member(b"before.mid", b'0', &piece(620));
    let rest = |first: u64| {
        [tar_member(b"short.mid", b'0', &piece(first)), tar_of(&[("next.mid", &piece(first + 1))])].concat()
    };
    // 3 GiB that are a hole in the file: nothing of it is compressed, and so nothing of it is a bomb.
    let folder = crate::harness::passable_directory();
    let sparse = folder.path().join("sparse.tar");
    let head = [&before[..], &tar_header(b"././@LongLink", b'L', 3 << 30)].concat();
    let mut file = fs_err::File::create(&sparse).unwrap();
    std::io::Write::write_all(&mut file, &head).unwrap();
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(head.len() as u64 + (3 << 30))).unwrap();
    std::io::Write::write_all(&mut file, &rest(621)).unwrap();
    drop(file);

    let long = |kind: u8, size: usize| tar_member(b"././@LongLink", kind, &vec![b'n'; size]);
    let five_kibibytes = [&before[..], &long(b'L', 5_000), &rest(630)].concat();
    let one_mebibyte = [&before[..], &long(b'L', (1 << 20) + 1), &rest(632)].concat();
    let pax = [&before[..], &tar_member(b"x", b'x', &vec![b'1'; 2 << 20]), &rest(634)].concat();
    run(vec![
        Case::sparse("three-gibibytes.tar", &sparse)
            .keeps(["before.mid", "next.mid"])
            .refuses([("short.mid", "limit_name")]),
        Case::new("five-kibibytes.tar", five_kibibytes)
            .keeps(["before.mid", "next.mid"])
            .refuses([("n".repeat(4_096), "limit_name")]),
        Case::new("one-mebibyte.tar", one_mebibyte)
            .keeps(["before.mid", "next.mid"])
            .refuses([("short.mid", "limit_name")]),
        Case::new("pax.tar", pax).keeps(["before.mid", "next.mid"]).refuses([("short.mid", "limit_name")]),
    ])
    .await;
}

#[tokio::test]
async fn members_that_are_no_files_and_sizes_that_are_none() {
    let odd = [
        tar_member(b"folder/", b'5', b""),
        tar_member(b"symbolic.mid", b'2', b""),
        tar_member(b"hard.mid", b'1', b""),
        tar_member(b"character.mid", b'3', b""),
        tar_member(b"block.mid", b'4', b""),
        tar_member(b"fifo.mid", b'6', b""),
        tar_member(b"label", b'V', b""),
        tar_of(&[("good.mid", &piece(640))]),
    ]
    .concat();
    let sized = |name: &[u8], field: &[u8; 12]| {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name);
        header.as_mut_bytes()[124..136].copy_from_slice(field);
        header.set_cksum();
        header.as_bytes().to_vec()
    };
    let behind = tar_of(&[("behind.mid", &piece(641))]);
    let negative =
        [sized(b"negative.mid", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), behind.clone()]
            .concat();
    let no_number = [sized(b"no-number.mid", b"sixteen MiB\0"), behind.clone()].concat();
    let huge = [sized(b"huge.mid", b"\x80\0\0\0\x40\0\0\0\0\0\0\0"), piece(642), vec![0; 100_000]].concat();
    let lie = [tar_header(b"lie.mid", b'0', 16 << 20), behind.clone()].concat();
    let giant = [tar_header(b"giant.mid", b'0', 8 << 30), vec![b'X'; 9_000]].concat();
    run(vec![
        Case::new("odd.tar", odd).keeps(["good.mid"]),
        Case::new("negative.tar", negative)
            .keeps(["behind.mid"])
            .refuses([("negative.mid", "archive_damaged"), (WHOLE, "archive_damaged")]),
        Case::new("no-number.tar", no_number)
            .keeps(["behind.mid"])
            .refuses([("no-number.mid", "archive_damaged"), (WHOLE, "archive_damaged")]),
        Case::new("huge.tar", huge).refuses([("huge.mid", "limit_entry_size"), (WHOLE, "archive_truncated")]),
        Case::new("lie.tar", lie).refuses([("lie.mid", "archive_truncated"), (WHOLE, "archive_truncated")]),
        Case::new("giant.tar", giant)
            .refuses([("giant.mid", "not_midi_content"), (WHOLE, "archive_truncated")]),
    ])
    .await;
}
