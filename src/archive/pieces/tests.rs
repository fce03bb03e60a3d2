use std::io::Write;

use super::*;
use crate::archive::allowance::Allowance;
use crate::archive::stream::refusal_of;
use crate::archive::stream::tests::{decode, noise};
use crate::reject::Reason;

const DIVIDED: [Compression; 3] = [Compression::Bzip2, Compression::Xz, Compression::Zstandard];

/// Some bytes that compress, some that do not, and some that are all alike.
fn mixed(length: usize) -> Vec<u8> {
    let noise = noise(length / 3);
    let text = noise.iter().map(|byte| b"MThd MTrk 0123\n "[usize::from(byte & 15)]);
    let mut content: Vec<u8> = text.collect();
    content.extend_from_slice(&noise);
    content.resize(length, 7);
    content
}

fn bz2(content: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::new(level));
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// One stream of blocks of so many decoded bytes.
fn xz(content: &[u8], block: u64) -> Vec<u8> {
    let stream = liblzma::stream::MtStreamBuilder::new()
        .preset(1)
        .check(liblzma::stream::Check::Crc64)
        .threads(1)
        .block_size(block)
        .encoder()
        .unwrap();
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// A frame with a checksum, whose size is declared or not.
fn zst(content: &[u8], declared: bool) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    if declared {
        encoder.set_pledged_src_size(Some(content.len() as u64)).unwrap();
    }
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Several streams or frames of several blocks each.
fn encode(compression: Compression, content: &[u8], seed: u32) -> Vec<u8> {
    let third = content.len() / 3;
    let (one, rest) = content.split_at(third);
    let (two, three) = rest.split_at(third);
    match compression {
        Compression::Bzip2 => {
            let levels = [1 + seed % 9, 1, 1 + seed / 9 % 9];
            [bz2(one, levels[0]), bz2(two, levels[1]), bz2(&[], 1), bz2(three, levels[2])].concat()
        }
        Compression::Xz => {
            let zeros = vec![0; 4 * (seed as usize % 5)];
            let block = 20_000 + u64::from(seed);
            [xz(one, block), zeros, xz(&[], block), xz(two, 1 << 30), xz(three, block)].concat()
        }
        _ => {
            let skipped = b"\x51\x2a\x4d\x18\x03\0\0\0abc".to_vec();
            let small =
                two.chunks(2_000).flat_map(|part| zst(part, seed.is_multiple_of(2))).collect::<Vec<_>>();
            [skipped.clone(), zst(one, true), zst(&[], true), skipped, small, zst(three, false)].concat()
        }
    }
}

fn pieces(compression: Compression, bytes: &[u8]) -> Vec<Piece> {
    let mut pieces = Pieces::of_any(compression, bytes).unwrap();
    std::iter::from_fn(|| pieces.next(bytes)).collect()
}

/// What comes out of the pieces, how it ends, and how many were decoded apart.
fn join(
    compression: Compression,
    bytes: &[u8],
    most: usize,
    change: impl FnOnce(&mut Vec<Decoded>),
) -> (Vec<u8>, Option<Reason>) {
    let limits = Limits::default();
    let Some(found) = Pieces::of_any(compression, bytes) else { return decode(compression, bytes, &limits) };
    let mut all: Vec<Decoded> =
        pieces(compression, bytes).iter().map(|piece| piece.decode(bytes, &limits, most)).collect();
    change(&mut all);
    let supply = all.into_iter().map(|decoded| (decoded, ()));
    let mut joined = Joined::new(&found, bytes, supply, Allowance::new(&limits));
    let mut out = Vec::new();
    let result = std::io::Read::read_to_end(&mut joined, &mut out);
    (out, result.err().map(|error| refusal_of(&error).reason))
}

/// Compares without printing what is compared.
fn same(found: &(Vec<u8>, Option<Reason>), expected: &(Vec<u8>, Option<Reason>), what: &str) {
    assert_eq!((found.0.len(), found.1), (expected.0.len(), expected.1), "{what}");
    assert!(found.0 == expected.0, "{what}: other bytes");
}

#[test]
fn pieces_make_up_the_stream() {
    let content = mixed(900_000);
    for compression in DIVIDED {
        for seed in [0, 1, 8, 44, 77] {
            let bytes = encode(compression, &content, seed);
            let whole = (content.clone(), None);
            let name = |what: &str| format!("{compression:?} {seed}: {what}");
            same(&decode(compression, &bytes, &Limits::default()), &whole, &name("in order"));
            let found = pieces(compression, &bytes);
            assert!(found.len() >= 2, "{compression:?}: {} pieces", found.len());
            assert!(found.windows(2).all(|two| two[0].start < two[1].start && two[0].packed() > 0));
            let packed: u64 = found.iter().map(Piece::packed).sum();
            assert!(packed <= bytes.len() as u64 && packed * 10 > bytes.len() as u64 * 8);
            same(&join(compression, &bytes, 1 << 20, |_| ()), &whole, &name("apart"));
            same(&join(compression, &bytes, 90_000, |_| ()), &whole, &name("some too large"));
            same(&join(compression, &bytes, 0, |_| ()), &whole, &name("all too large"));
            same(&join(compression, &bytes, 1 << 20, Vec::clear), &whole, &name("none there"));
            let some = |all: &mut Vec<Decoded>| {
                let mut index = 0;
                all.retain(|_| {
                    index += 1;
                    index % 3 != 0
                });
            };
            same(&join(compression, &bytes, 1 << 20, some), &whole, &name("some missing"));
            same(&join(compression, &bytes, 1 << 20, |all| all.reverse()), &whole, &name("backwards"));
        }
    }
}

#[test]
fn pieces_are_decoded_apart_and_not_again() {
    let content = mixed(900_000);
    for compression in DIVIDED {
        let bytes = encode(compression, &content, 3);
        let limits = Limits::default();
        let found = Pieces::of_any(compression, &bytes).unwrap();
        let supply = pieces(compression, &bytes).into_iter().map(|piece| {
            let mut decoded = piece.decode(&bytes, &limits, 1 << 20);
            // What was decoded elsewhere is marked, so that it is seen to be used.
            if let Outcome::Whole { content, .. } = &mut decoded.outcome {
                content.fill(b'!');
            }
            (decoded, ())
        });
        let mut joined = Joined::new(&found, &bytes, supply, Allowance::new(&limits));
        let mut out = Vec::new();
        std::io::Read::read_to_end(&mut joined, &mut out).unwrap();
        assert_eq!(out, vec![b'!'; content.len()], "{compression:?}");
    }
}

#[test]
fn what_is_one_piece_or_none_is_not_divided() {
    let content = mixed(200_000);
    let cut = |mut bytes: Vec<u8>| {
        bytes.pop();
        bytes
    };
    let padded = [vec![0; 4], xz(&content, 20_000)].concat();
    let cases = [
        (Compression::Bzip2, bz2(&content[..80_000], 1)),
        (Compression::Bzip2, bz2(&[], 1)),
        (Compression::Bzip2, b"BZh91AY&SY".to_vec()),
        (Compression::Bzip2, vec![]),
        (Compression::Xz, xz(&content, 1 << 30)),
        (Compression::Xz, xz(&[], 20_000)),
        (Compression::Xz, cut(xz(&content, 20_000))),
        (Compression::Xz, padded),
        (Compression::Xz, vec![0; 400]),
        (Compression::Xz, vec![]),
        (Compression::Zstandard, zst(&content, true)),
        (Compression::Zstandard, zst(&content, false)),
        (Compression::Zstandard, cut(zst(&content, true))),
        (Compression::Zstandard, vec![]),
        (Compression::Gzip, content.clone()),
        (Compression::Lz4, content.clone()),
    ];
    for (compression, bytes) in cases {
        assert!(Pieces::of_any(compression, &bytes).is_none(), "{compression:?} of {} bytes", bytes.len());
    }
    let small = encode(Compression::Bzip2, &content, 0);
    assert!(Pieces::of_any(Compression::Bzip2, &small).is_some());
    assert!(Pieces::of(Compression::Bzip2, &small).is_none(), "not worth it");
}

/// A content whose bzip2 blocks hold the block magic in their tables of used bytes: the maps of the first three groups of
/// sixteen are 0x3141, 0x5926 and 0x5359.
fn forged(length: usize) -> Vec<u8> {
    let used: Vec<u8> = (0_u8..48)
        .filter(|byte| [0x3141_u16, 0x5926, 0x5359][usize::from(byte / 16)] >> (15 - byte % 16) & 1 != 0)
        .collect();
    let noise = noise(length);
    let mut content: Vec<u8> = noise.iter().map(|byte| used[usize::from(*byte) % used.len()]).collect();
    // All of them in every block, and no runs, whose lengths would be other bytes.
    for (index, byte) in content.iter_mut().enumerate() {
        if index % 2 == 0 {
            *byte = used[index / 2 % used.len()];
        }
    }
    content
}

#[test]
fn a_magic_number_inside_a_block_loses_nothing() {
    for (length, level) in [(500_000, 1), (4_000_000, 1), (2_500_000, 9)] {
        let content = forged(length);
        let bytes = bz2(&content, level);
        let found = pieces(Compression::Bzip2, &bytes);
        let blocks = length / (usize::try_from(level).unwrap() * 100_000);
        assert!(found.len() > blocks * 2, "{} pieces of {blocks} blocks", found.len());
        let whole = (content, None);
        same(&decode(Compression::Bzip2, &bytes, &Limits::default()), &whole, "in order");
        same(&join(Compression::Bzip2, &bytes, 1 << 20, |_| ()), &whole, "apart");
    }
}

#[test]
fn a_stream_full_of_false_pieces_is_soon_read_in_order() {
    let content = mixed(400_000);
    let bytes = bz2(&content, 1);
    let limits = Limits::default();
    let found = Pieces::of_any(Compression::Bzip2, &bytes).unwrap();
    let taken = std::cell::Cell::new(0);
    let supply = (40_u64..).map(|bit| {
        taken.set(taken.get() + 1);
        (super::bzip2::piece(bit, b'1', bit).decode(&bytes, &limits, 1 << 20), ())
    });
    let mut joined = Joined::new(&found, &bytes, supply, Allowance::new(&limits));
    let mut out = Vec::new();
    std::io::Read::read_to_end(&mut joined, &mut out).unwrap();
    assert!(out == content);
    assert!(taken.get() < 30, "{} were asked for", taken.get());
}

#[test]
fn a_bomb_ends_at_the_limits_however_its_pieces_are_decoded() {
    let zeros = vec![0; 24 << 20];
    let limits = Limits::default();
    let bombs = [
        (Compression::Bzip2, bz2(&zeros, 1)),
        (Compression::Xz, xz(&zeros, 4 << 20)),
        (Compression::Zstandard, zst(&zeros[..8 << 20], true).repeat(3)),
    ];
    for (compression, bytes) in bombs {
        for most in [1 << 20, 16 << 20] {
            let (out, reason) = join(compression, &bytes, most, |_| ());
            assert_eq!(reason, Some(Reason::LimitRatio), "{compression:?}");
            assert!(out.len() < 9 << 20, "{compression:?}: {} bytes came out", out.len());
        }
        let large = pieces(compression, &bytes)[0].decode(&bytes, &limits, 1 << 20);
        assert_eq!(large.held(), 0, "{compression:?}: what is too large is not held");
    }
    let giant = xz(&noise(200_000), 50_000);
    let little = Limits { decoder_memory: 1 << 16, ..Limits::default() };
    let found = Pieces::of_any(Compression::Xz, &giant).unwrap();
    let supply =
        pieces(Compression::Xz, &giant).into_iter().map(|piece| (piece.decode(&giant, &little, 1 << 20), ()));
    let mut joined = Joined::new(&found, &giant, supply, Allowance::new(&little));
    let error = std::io::Read::read(&mut joined, &mut [0; 9]).unwrap_err();
    assert_eq!(refusal_of(&error).reason, Reason::LimitDecoderMemory);
}

/// The same start and the same end as a decoder of the whole.
fn compare(compression: Compression, bytes: &[u8], what: &str) {
    let expected = decode(compression, bytes, &Limits::default());
    for most in [8 << 20, 70_000] {
        let found = join(compression, bytes, most, |_| ());
        same(&found, &expected, &format!("{compression:?} {what}"));
    }
}

#[test]
fn damage_ends_both_alike() {
    let content = mixed(400_000);
    for compression in DIVIDED {
        let bytes = encode(compression, &content, 0);
        for cut in (0..bytes.len()).step_by(bytes.len() / 61) {
            compare(compression, &bytes[..cut], &format!("cut at {cut}"));
        }
        for at in (0..bytes.len()).step_by(bytes.len() / 97) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            compare(compression, &flipped, &format!("flipped at {at}"));
        }
        for behind in [&b"garbage"[..], b"B", b"BZh9x", &[0; 8], b"\x28\xb5\x2f\xfd"] {
            compare(compression, &[&bytes, behind].concat(), &format!("followed by {behind:x?}"));
        }
    }
}

#[test]
fn the_checksum_of_a_bzip2_stream_is_compared() {
    let content = mixed(300_000);
    let (one, two) = (bz2(&content, 1), bz2(&content, 2));
    let mut wrong = one.clone();
    let end = wrong.len() - 3;
    wrong[end] ^= 1;
    let bytes = [wrong, two].concat();
    let expected = (content, Some(Reason::ArchiveDamaged));
    same(&decode(Compression::Bzip2, &bytes, &Limits::default()), &expected, "in order");
    same(&join(Compression::Bzip2, &bytes, 1 << 20, |_| ()), &expected, "apart");
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 24, ..Default::default() })]

    #[test]
    fn any_content_and_any_damage(
        length in 0_usize..500_000,
        seed in 0_u32..81,
        at in proptest::prelude::any::<proptest::sample::Index>(),
        bit in 0_u8..8,
    ) {
        let content = mixed(length);
        for compression in DIVIDED {
            let bytes = encode(compression, &content, seed);
            same(&join(compression, &bytes, 1 << 20, |_| ()), &(content.clone(), None), "whole");
            let at = at.index(bytes.len());
            compare(compression, &bytes[..at], &format!("{length} {seed}, cut at {at}"));
            let mut flipped = bytes;
            flipped[at] ^= 1 << bit;
            compare(compression, &flipped, &format!("{length} {seed}, bit {bit} of {at}"));
        }
    }

    #[test]
    fn any_bytes_are_no_trouble(bytes in proptest::collection::vec(0_u8.., 0..400), kind in 0_usize..3) {
        let compression = DIVIDED[kind];
        let magic: [&[u8]; 3] = [b"BZh11AY&SY", b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46", b"\x28\xb5\x2f\xfd\x24"];
        for bytes in [bytes.clone(), [magic[kind], &bytes, magic[kind], &bytes].concat()] {
            let _ = join(compression, &bytes, 1 << 20, |_| ());
        }
    }
}
