use super::*;
use std::io::Write;
use std::time::Duration;

use crate::archive::Limits;

type Encoder = fn(&[u8]) -> Vec<u8>;

/// Every compression, with an encoder of it.
pub(crate) const ENCODERS: [(Compression, Encoder); 6] = [
    (Compression::Gzip, gzip),
    (Compression::Bzip2, bz2),
    (Compression::Xz, xz),
    (Compression::Lzma, lzma),
    (Compression::Zstandard, zst),
    (Compression::Lz4, lz4),
];

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn bz2(content: &[u8]) -> Vec<u8> {
    let mut encoder = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn xz(content: &[u8]) -> Vec<u8> {
    liblzma::encode_all(content, 1).unwrap()
}

fn lzma(content: &[u8]) -> Vec<u8> {
    lzma_with(content, 1 << 20)
}

fn lzma_with(content: &[u8], dictionary: u32) -> Vec<u8> {
    let mut options = liblzma::stream::LzmaOptions::new_preset(1).unwrap();
    options.dict_size(dictionary);
    let stream = liblzma::stream::Stream::new_lzma_encoder(&options).unwrap();
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zst(content: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(content, 3).unwrap()
}

fn lz4(content: &[u8]) -> Vec<u8> {
    let info = lz4_flex::frame::FrameInfo::new()
        .block_size(lz4_flex::frame::BlockSize::Max64KB)
        .block_mode(lz4_flex::frame::BlockMode::Linked)
        .content_checksum(true);
    let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// What could be decoded, and how it ended.
pub(crate) fn decode(compression: Compression, bytes: &[u8], limits: &Limits) -> (Vec<u8>, Option<Reason>) {
    let mut out = Vec::new();
    let result = match Decoder::new(compression, bytes, limits) {
        Ok(mut decoder) => decoder.read_to_end(&mut out),
        Err(refusal) => return (out, Some(refusal.reason)),
    };
    (out, result.err().map(|error| refusal_of(&error).reason))
}

/// Bytes that do not compress.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn streams_follow_one_another() {
    let (one, two) = (noise(300_000), b"two".to_vec());
    let whole = [one.clone(), two.clone()].concat();
    let limits = Limits::default();
    for (compression, encode) in ENCODERS {
        assert_eq!(decode(compression, &encode(&whole), &limits), (whole.clone(), None), "{compression:?}");
        if compression == Compression::Lzma {
            continue;
        }
        let both = [encode(&one), encode(&[]), encode(&two)].concat();
        assert_eq!(decode(compression, &both, &limits), (whole.clone(), None), "{compression:?}");
    }
    assert_eq!(decode(Compression::None, &one, &limits), (one, None));
}

#[test]
fn frames_are_skipped_that_hold_nothing() {
    let skipped = b"\x50\x2a\x4d\x18\x05\0\0\0skip!".to_vec();
    for (compression, encode) in ENCODERS {
        if !matches!(compression, Compression::Zstandard | Compression::Lz4) {
            continue;
        }
        let bytes = [skipped.clone(), encode(b"a"), skipped.clone(), encode(b"b"), skipped.clone()].concat();
        assert_eq!(
            decode(compression, &bytes, &Limits::default()),
            (b"ab".to_vec(), None),
            "{compression:?}"
        );
        let cut = &bytes[..bytes.len() - 1];
        assert_eq!(
            decode(compression, cut, &Limits::default()),
            (b"ab".to_vec(), Some(Reason::ArchiveTruncated))
        );
    }
}

#[test]
fn what_follows_the_last_stream_is_treated_as_the_format_has_it() {
    let (damaged, truncated) = (Some(Reason::ArchiveDamaged), Some(Reason::ArchiveTruncated));
    let zeros = [0; 700];
    let cases: &[(Compression, &[u8], Option<Reason>)] = &[
        (Compression::Gzip, &zeros, None),
        (Compression::Gzip, b"garbage", None),
        (Compression::Gzip, b"\x1f\x8b", truncated),
        (Compression::Bzip2, &zeros, None),
        (Compression::Bzip2, b"garbage", None),
        (Compression::Bzip2, b"BZ", truncated),
        (Compression::Bzip2, b"BZh9garbage", damaged),
        (Compression::Xz, &zeros, None),
        (Compression::Xz, &zeros[..699], damaged),
        (Compression::Xz, b"garbage, and more", damaged),
        (Compression::Lzma, &zeros, None),
        (Compression::Lzma, b"garbage", damaged),
        (Compression::Zstandard, b"garbage", damaged),
        (Compression::Zstandard, b"\x28\xb5", truncated),
        (Compression::Lz4, b"garbage", damaged),
        (Compression::Lz4, b"\x04\x22", truncated),
    ];
    for (compression, behind, expected) in cases {
        let (_, encode) = ENCODERS.into_iter().find(|(kind, _)| kind == compression).unwrap();
        let bytes = [&encode(b"content"), *behind].concat();
        assert_eq!(
            decode(*compression, &bytes, &Limits::default()),
            (b"content".to_vec(), *expected),
            "{compression:?} and then {behind:x?}"
        );
    }
}

#[test]
fn what_is_cut_or_damaged_says_so_and_keeps_the_start() {
    let content = noise(300_000);
    let limits = Limits::default();
    for (compression, encode) in ENCODERS {
        let encoded = encode(&content);
        for length in (0..encoded.len()).step_by(9_973).chain([encoded.len() - 1]) {
            let (out, reason) = decode(compression, &encoded[..length], &limits);
            assert_eq!(reason, Some(Reason::ArchiveTruncated), "{compression:?} cut at {length}");
            assert!(content.starts_with(&out));
            if compression != Compression::Bzip2 || length > 110_000 {
                assert!(
                    out.len() + 140_000 >= length,
                    "{compression:?} keeps {} of {length} bytes",
                    out.len()
                );
            }
        }
        let mut damaged = encoded.clone();
        damaged[5] ^= 0xff;
        let end = damaged.len() - 1;
        damaged[end / 2] ^= 1;
        let (_, reason) = decode(compression, &damaged, &limits);
        assert!(reason.is_some(), "{compression:?}");
    }
    let mut bad_crc = gzip(&content);
    let end = bad_crc.len() - 5;
    bad_crc[end] ^= 1;
    assert_eq!(decode(Compression::Gzip, &bad_crc, &limits), (content, Some(Reason::ArchiveDamaged)));
    assert_eq!(
        decode(Compression::Gzip, b"\x1f\x8b\x07\0\0\0\0\0\0\0\0", &limits).1,
        Some(Reason::ArchiveDamaged)
    );
}

#[test]
fn a_wrong_checksum_is_found_when_everything_was_decoded() {
    let content = noise(150_000);
    for (compression, from_end) in
        [(Compression::Gzip, 5), (Compression::Bzip2, 3), (Compression::Xz, 28), (Compression::Lz4, 1)]
    {
        let (_, encode) = ENCODERS.into_iter().find(|(kind, _)| *kind == compression).unwrap();
        let mut encoded = encode(&content);
        let end = encoded.len() - from_end;
        encoded[end] ^= 0x10;
        let (out, reason) = decode(compression, &encoded, &Limits::default());
        assert_eq!((out.len(), reason), (content.len(), Some(Reason::ArchiveDamaged)), "{compression:?}");
    }
}

#[test]
fn where_a_stream_breaks_does_not_depend_on_how_it_is_read() {
    let content = noise(400_000);
    for (compression, encode) in ENCODERS {
        if matches!(compression, Compression::Gzip | Compression::Lz4) {
            continue;
        }
        let mut encoded = encode(&content);
        let middle = encoded.len() / 3 * 2;
        encoded[middle] ^= 0x55;
        let expected = decode(compression, &encoded, &Limits::default());
        for length in [1_usize, 700, 65_536, 1 << 20] {
            let mut decoder = Decoder::new(compression, &encoded[..], &Limits::default()).unwrap();
            let (mut out, mut buffer) = (Vec::new(), vec![0; length]);
            let error = loop {
                match decoder.read(&mut buffer) {
                    Ok(0) => break None,
                    Ok(read) => out.extend_from_slice(&buffer[..read]),
                    Err(error) => break Some(refusal_of(&error).reason),
                }
            };
            assert_eq!((out.len(), error), (expected.0.len(), expected.1), "{compression:?} by {length}");
        }
    }
}

#[test]
fn bombs_end_at_the_limits() {
    let zeros = vec![0; 16 << 20];
    let limits = Limits::default();
    for (compression, encode) in ENCODERS {
        if matches!(compression, Compression::Gzip | Compression::Lz4) {
            continue;
        }
        let (out, reason) = decode(compression, &encode(&zeros), &limits);
        assert_eq!(reason, Some(Reason::LimitRatio), "{compression:?}");
        assert!(out.len() < 9 << 20, "{compression:?}: {} bytes came out", out.len());
    }

    let limits = Limits { output_grace: 1 << 20, output_ratio: 10, ..Limits::default() };
    for (compression, encode) in ENCODERS {
        let bomb = encode(&zeros);
        let meter = Arc::new(Meter::new(&limits, bomb.len() as u64));
        let mut out = Vec::new();
        let mut decoder =
            Decoder::new(compression, &bomb[..], &limits).unwrap().with_meter(Arc::clone(&meter));
        let error = decoder.read_to_end(&mut out).unwrap_err();
        let reason = refusal_of(&error).reason;
        assert!(matches!(reason, Reason::LimitOutput | Reason::LimitRatio), "{compression:?}: {reason:?}");
        assert!(out.len() < 4 << 20, "{compression:?}: {} bytes came out", out.len());
        assert!(decoder.read(&mut [0; 16]).is_err(), "an error is final");
    }
}

#[test]
fn a_giant_window_is_refused() {
    let content = noise(10_000);
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(28).unwrap();
    encoder.write_all(&content).unwrap();
    let zst = encoder.finish().unwrap();
    let limits = Limits { decoder_memory: 4 << 20, ..Limits::default() };
    let xz = liblzma::encode_all(&content[..], 9).unwrap();
    let lzma = lzma_with(&content, 64 << 20);
    let cases = [
        (Compression::Zstandard, &zst, &Limits::default()),
        (Compression::Xz, &xz, &limits),
        (Compression::Lzma, &lzma, &limits),
    ];
    for (compression, encoded, limits) in cases {
        assert_eq!(
            decode(compression, encoded, limits),
            (vec![], Some(Reason::LimitDecoderMemory)),
            "{compression:?}"
        );
    }
    // 4 GiB by its header, in a file of a few bytes.
    let mut giant = b"\x5d\xff\xff\xff\xff".to_vec();
    giant.extend_from_slice(&[0xff; 8]);
    giant.extend_from_slice(&[0; 20]);
    assert_eq!(decode(Compression::Lzma, &giant, &Limits::default()).1, Some(Reason::LimitDecoderMemory));
}

#[test]
fn an_error_of_the_disk_is_told_from_damage() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::from_raw_os_error(libc::EIO))
        }
    }
    for compression in [Compression::None].into_iter().chain(Compression::ALL) {
        let error =
            Decoder::new(compression, Broken, &Limits::default()).unwrap().read(&mut [0; 9]).unwrap_err();
        assert_eq!(refusal_of(&error).reason, Reason::IoError, "{compression:?}");
    }
}

/// Yields the same bytes again and again.
struct Endless {
    bytes: Vec<u8>,
    position: usize,
}

impl Read for Endless {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        for byte in to.iter_mut() {
            *byte = self.bytes[self.position % self.bytes.len()];
            self.position += 1;
        }
        Ok(to.len())
    }
}

#[test]
fn a_stream_that_yields_nothing_stalls() {
    let limits = Limits { stall: Duration::from_millis(30), ..Limits::default() };
    let skipped = b"\x53\x2a\x4d\x18\x05\0\0\0skip!".to_vec();
    let padding = || vec![0; 4];
    let cases = [
        (Compression::Gzip, gzip(b"x"), gzip(b"")),
        (Compression::Bzip2, bz2(b"x"), bz2(b"")),
        (Compression::Xz, xz(b"x"), xz(b"")),
        (Compression::Xz, xz(b"x"), padding()),
        (Compression::Lzma, lzma(b"x"), padding()),
        (Compression::Zstandard, zst(b"x"), zst(b"")),
        (Compression::Zstandard, zst(b"x"), skipped.clone()),
        (Compression::Lz4, lz4(b"x"), lz4(b"")),
        (Compression::Lz4, lz4(b"x"), skipped),
    ];
    for (compression, first, bytes) in cases {
        let reader = io::Cursor::new(first).chain(Endless { bytes, position: 0 });
        let mut decoder = Decoder::new(compression, reader, &limits).unwrap();
        let mut out = [0; 10];
        assert_eq!(decoder.read(&mut out).unwrap(), 1, "{compression:?}");
        // What its user does meanwhile does not count.
        std::thread::sleep(limits.stall * 2);
        let begun = std::time::Instant::now();
        let error = decoder.read(&mut out).unwrap_err();
        assert_eq!(refusal_of(&error).reason, Reason::LimitStall, "{compression:?}");
        assert!(begun.elapsed() >= limits.stall && begun.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn what_progresses_slowly_does_not_stall() {
    struct Slow<'a>(&'a [u8]);
    impl Read for Slow<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            std::thread::sleep(Duration::from_millis(20));
            let most = to.len().min(4_000);
            self.0.read(&mut to[..most])
        }
    }
    let content = noise(100_000);
    let limits = Limits { stall: Duration::from_millis(400), ..Limits::default() };
    for (compression, encode) in [(Compression::Gzip, gzip as fn(&[u8]) -> _), (Compression::Xz, xz)] {
        let encoded = encode(&content);
        let mut out = Vec::new();
        let mut decoder = Decoder::new(compression, Slow(&encoded), &limits).unwrap();
        assert_eq!(decoder.read_to_end(&mut out).unwrap(), content.len(), "{compression:?}");
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_end(bytes in proptest::collection::vec(0_u8.., 0..300), at in 0_usize..100, bit in 0_u8..8) {
        let limits = Limits { output_grace: 1 << 20, ..Limits::default() };
        for (compression, encode) in ENCODERS {
            let mut encoded = encode(&bytes);
            assert_eq!(decode(compression, &encoded, &limits), (bytes.clone(), None));
            let index = at % encoded.len();
            let (out, reason) = decode(compression, &encoded[..index], &limits);
            assert!(bytes.starts_with(&out));
            assert_eq!(reason, Some(Reason::ArchiveTruncated), "{compression:?} cut at {index}");
            encoded[index] ^= 1 << bit;
            let _ = decode(compression, &encoded, &limits);
            let _ = decode(compression, &bytes, &limits);
        }
    }
}
