//! Compressed streams: dictionaries of gibibytes, bombs, cuts, what follows them and what never comes.

use std::io::Write as _;

use super::forge::{gzip, piece, tar_header, tar_member, tar_of};
use super::{Case, WHOLE, run};

/// A way to compress.
type Encode = fn(&[u8]) -> Vec<u8>;

fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn xz(content: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn lzma(content: &[u8]) -> Vec<u8> {
    let options = liblzma::stream::LzmaOptions::new_preset(1).unwrap();
    let stream = liblzma::stream::Stream::new_lzma_encoder(&options).unwrap();
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn lz4(content: &[u8]) -> Vec<u8> {
    let frame = lz4_flex::frame::FrameInfo::new()
        .content_checksum(true)
        .block_size(lz4_flex::frame::BlockSize::Max64KB);
    let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(frame, Vec::new());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zst(content: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Every compression, by its extension.
const ALL: [(&str, Encode); 6] =
    [("gz", gzip), ("zst", zst), ("bz2", bzip2), ("xz", xz), ("lzma", lzma), ("lz4", lz4)];

/// gzip and Zstandard, the others apart: what fails says which.
async fn each(cases: impl Fn(&str, Encode) -> Vec<Case>) {
    run(ALL.into_iter().flat_map(|(extension, encode)| cases(extension, encode)).collect()).await;
}

#[tokio::test]
async fn what_is_whole_is_read() {
    each(|extension, encode| {
        let number = 800 + extension.bytes().map(u64::from).sum::<u64>() * 100;
        let tar = tar_of(&[("a.mid", &piece(number)), ("b.mid", &piece(number + 1))]);
        let packed = encode(&tar);
        let inner = tar_of(&[(&format!("in.tar.{extension}"), &packed), ("own.mid", &piece(number + 2))]);
        vec![
            Case::new(&format!("tar.tar.{extension}"), packed.clone()).keeps(["a.mid", "b.mid"]),
            Case::new(&format!("piece.mid.{extension}"), encode(&piece(number + 3))).keeps(["piece.mid"]),
            Case::new(&format!("nested.tar.{extension}"), encode(&inner)).keeps([
                format!("in.tar.{extension}!/a.mid"),
                format!("in.tar.{extension}!/b.mid"),
                "own.mid".to_owned(),
            ]),
        ]
    })
    .await;
}

#[tokio::test]
async fn what_is_cut_keeps_what_came_before() {
    // Pieces that do not compress well, in so many that every decoder has yielded some of them at half of the stream.
    let pieces: Vec<_> = (0..400).map(|number| loader::sample::midi(8, number, 9_000)).collect();
    let names: Vec<_> = (0..400).map(|number| format!("{number}.mid")).collect();
    let members: Vec<_> =
        names.iter().zip(&pieces).map(|(name, piece)| (name.as_str(), &piece[..])).collect();
    let tar = tar_of(&members);
    let mut failures = Vec::new();
    for (extension, encode) in ALL {
        let packed = encode(&tar);
        let half = packed[..packed.len() * 3 / 4].to_vec();
        let case = Case::new(&format!("cut.tar.{extension}"), half).keeps_between(40, 399);
        // The entry that was cut, if it was, and the file as a whole.
        failures.push(case.refuses_between(1, 2, "archive_truncated"));
    }
    run(failures).await;
}

#[tokio::test]
async fn checksums_that_are_wrong() {
    each(|extension, encode| {
        let number = 1_000_000 + extension.bytes().map(u64::from).sum::<u64>() * 100;
        let tar = tar_of(&[("a.mid", &piece(number))]);
        let mut packed = encode(&tar);
        let at = match extension {
            "gz" => packed.len() - 6,
            "zst" | "lz4" => packed.len() - 2,
            // The stream's combined checksum, before padding bits.
            "bz2" => packed.len() - 4,
            // The checksum of the block lies before the index.
            "xz" => packed.len() - 12 - 12 - 4,
            // It has none: damage in the data itself.
            _ => packed.len() / 2,
        };
        packed[at] ^= 0x10;
        let case = Case::new(&format!("crc.tar.{extension}"), packed);
        let case = case.keeps_between(0, 1);
        vec![if extension == "lzma" {
            case.refuses_between_any(1, 2, &["archive_damaged", "archive_truncated", "not_midi_content"])
        } else {
            case.refuses_between(1, 2, "archive_damaged")
        }]
    })
    .await;
}

#[tokio::test]
async fn dictionaries_of_gibibytes() {
    let tar = tar_of(&[("a.mid", &piece(830))]);
    // The block's header in front: size, flags, LZMA2, one property, the dictionary; the checksum ends it.
    let mut giant = xz(&tar);
    assert_eq!(&giant[13..16], [0, 0x21, 1], "another block header than expected");
    giant[16] = 40;
    let length = (usize::from(giant[12]) + 1) * 4;
    let crc = libdeflater::crc32(&giant[12..12 + length - 4]);
    giant[12 + length - 4..12 + length].copy_from_slice(&crc.to_le_bytes());
    let mut giant_single = xz(&piece(831));
    giant_single[12..12 + length].copy_from_slice(&giant[12..12 + length]);

    let with_dictionary = |mut bytes: Vec<u8>, dictionary: u32| {
        bytes[1..5].copy_from_slice(&dictionary.to_le_bytes());
        bytes
    };
    // A frame with a window of 2 GiB, and one raw block.
    let window = |content: &[u8]| {
        let block = u32::try_from(content.len() << 3 | 1).unwrap();
        [b"\x28\xb5\x2f\xfd\0\xa8", &block.to_le_bytes()[..3], content].concat()
    };
    // The same in a frame of one segment, whose size is its window.
    let mut segment = b"\x28\xb5\x2f\xfd\xe0".to_vec();
    segment.extend((3_u64 << 30).to_le_bytes());
    segment.extend(&window(&tar)[6..]);
    let refused = "limit_decoder_memory";
    run(vec![
        Case::new("four-gibibytes.tar.xz", giant).refuses([(WHOLE, refused)]),
        Case::new("four-gibibytes.mid.xz", giant_single).refuses([("four-gibibytes.mid", refused)]),
        Case::new("four-gibibytes.tar.lzma", with_dictionary(lzma(&tar), u32::MAX))
            .refuses([(WHOLE, refused)]),
        Case::new("one-gibibyte.mid.lzma", with_dictionary(lzma(&piece(832)), 1 << 30))
            .refuses([("one-gibibyte.mid", refused)]),
        Case::new("two-gibibytes.tar.zst", window(&tar)).refuses([(WHOLE, refused)]),
        Case::new("two-gibibytes.mid.zst", window(&piece(833))).refuses([("two-gibibytes.mid", refused)]),
        Case::new("three-gibibytes.tar.zst", segment).refuses([(WHOLE, refused)]),
    ])
    .await;
}

#[tokio::test]
async fn bombs_of_other_compressors() {
    let zeros = vec![0; 96 << 20];
    let tar = [
        tar_member(b"before.mid", b'0', &piece(840)),
        tar_header(b"zeros.bin", b'0', zeros.len() as u64),
        zeros.clone(),
    ]
    .concat();
    let piece = [b"MThd".to_vec(), zeros].concat();
    let mut cases = Vec::new();
    for (extension, encode) in [("bz2", bzip2 as Encode), ("xz", xz), ("lzma", lzma)] {
        cases.push(
            Case::new(&format!("bomb.tar.{extension}"), encode(&tar))
                .keeps(["before.mid"])
                .refuses([(WHOLE, "limit_ratio")]),
        );
        cases.push(
            Case::new(&format!("bomb.mid.{extension}"), encode(&piece))
                .refuses([("bomb.mid", "limit_ratio")]),
        );
    }
    // 255 to 1 is the most that lz4 reaches.
    cases.push(Case::new("bomb.tar.lz4", lz4(&tar)).keeps(["before.mid"]));
    cases.push(Case::new("bomb.mid.lz4", lz4(&piece)).refuses([("bomb.mid", "limit_entry_size")]));
    run(cases).await;
}

#[tokio::test]
async fn what_follows_a_stream() {
    let tar = tar_of(&[("a.mid", &piece(850)), ("b.mid", &piece(851))]);
    let (first, second) = tar.split_at(700);
    let mut cases = Vec::new();
    for (extension, encode) in ALL {
        if extension != "lzma" {
            let both = [encode(first), encode(&[]), encode(second)].concat();
            cases.push(Case::new(&format!("parts.tar.{extension}"), both).keeps(["a.mid", "b.mid"]));
        }
    }
    let gz = gzip(&tar);
    cases.push(Case::new("zeros.tar.gz", [&gz[..], &[0; 700]].concat()).keeps(["a.mid", "b.mid"]));
    cases.push(Case::new("garbage.tar.gz", [&gz[..], b"garbage"].concat()).keeps(["a.mid", "b.mid"]));
    cases.push(
        Case::new("garbage.mid.gz", [gzip(&piece(852)), b"garbage".to_vec()].concat()).keeps(["garbage.mid"]),
    );
    cases.push(Case::new("padded.tar.xz", [xz(&tar), vec![0; 64]].concat()).keeps(["a.mid", "b.mid"]));
    run(cases).await;
}

#[tokio::test]
async fn members_that_never_hold_anything() {
    // Half a million gzip members without content, 10 MB: either they are read through, or the time for it is up.
    let empty = gzip(&[]);
    let piece = gzip(&piece(860));
    let endless = [&empty.repeat(500_000)[..], &piece].concat();
    run(vec![
        Case::new("few.mid.gz", [&empty.repeat(5_000)[..], &piece].concat()).keeps(["few.mid"]),
        Case::new("endless.mid.gz", endless)
            .with(&["--stall-timeout", "1"])
            .keeps_between(0, 1)
            .refuses_between_any(0, 1, &["limit_stall"])
            .within(20),
    ])
    .await;
}
