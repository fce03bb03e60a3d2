//! Decodes a compressed stream: gzip and Zstandard, several members or frames one after the other.
//!
//! A [`Decoder`] is a [`Read`]; it keeps the ratio limit, the decoder's memory limit and the source's output limit, and its
//! errors carry the [`Refusal`] to be recorded ([`refusal_of`]). What is in the stream is none of its business.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use flate2::bufread::GzDecoder;

use super::limits::Limits;
use super::meter::Meter;
use crate::format::Compression;
use crate::reject::{Reason, Refusal};

/// Compressed bytes read at once.
const INPUT_BUFFER: usize = 64 << 10;

/// Decodes a stream.
pub struct Decoder<R: Read> {
    kind: Kind<R>,
    limits: Limits,
    source: Arc<Source>,
    output: u64,
    meter: Option<Arc<Meter>>,
    refusal: Option<Refusal>,
}

enum Kind<R: Read> {
    Plain(Counted<R>),
    Gzip(Gzip<R>),
    Zstandard(Box<zstd::Decoder<'static, BufReader<Counted<R>>>>),
}

/// What is known of the compressed side.
#[derive(Debug, Default)]
struct Source {
    read: AtomicU64,
    failed: AtomicBool,
}

/// Counts what is read of the compressed stream, and remembers whether reading it failed.
struct Counted<R> {
    reader: R,
    source: Arc<Source>,
}

impl<R: Read> Decoder<R> {
    /// A decoder of `reader`.
    ///
    /// # Errors
    /// [`Reason::ArchiveDamaged`] if the decoding library cannot set itself up.
    pub fn new(compression: Compression, reader: R, limits: &Limits) -> Result<Self, Refusal> {
        let source = Arc::new(Source::default());
        let counted = Counted { reader, source: Arc::clone(&source) };
        let kind = match compression {
            Compression::None => Kind::Plain(counted),
            Compression::Bzip2 | Compression::Xz | Compression::Lzma | Compression::Lz4 => {
                return Err(Refusal::new(Reason::UnsupportedFormat, "not read yet"));
            }
            Compression::Gzip => {
                Kind::Gzip(Gzip::Between(BufReader::with_capacity(INPUT_BUFFER, counted), false))
            }
            Compression::Zstandard => {
                let failed = |error: io::Error| Refusal::new(Reason::ArchiveDamaged, error.to_string());
                let input = BufReader::with_capacity(INPUT_BUFFER, counted);
                let mut decoder = zstd::Decoder::with_buffer(input).map_err(failed)?;
                // The range that the format allows.
                decoder.window_log_max(limits.decoder_memory.max(1).ilog2().clamp(10, 31)).map_err(failed)?;
                Kind::Zstandard(Box::new(decoder))
            }
        };
        Ok(Self { kind, limits: limits.clone(), source, output: 0, meter: None, refusal: None })
    }

    /// Counts the output for a source as well.
    #[must_use]
    pub fn with_meter(mut self, meter: Arc<Meter>) -> Self {
        self.meter = Some(meter);
        self
    }

    /// Compressed bytes read so far; by up to a buffer more than were decoded.
    #[must_use]
    pub fn input(&self) -> u64 {
        self.source.read.load(Relaxed)
    }

    /// Decoded bytes handed out so far.
    #[must_use]
    pub const fn output(&self) -> u64 {
        self.output
    }

    fn explain(&self, error: &io::Error) -> Refusal {
        if self.source.failed.load(Relaxed) {
            return refusal_of(error);
        }
        let at = self.output;
        let text = error.to_string();
        if error.kind() == io::ErrorKind::UnexpectedEof {
            let detail =
                format!("the compressed data ends too early, after {at} decoded bytes; those were kept");
            Refusal::new(Reason::ArchiveTruncated, detail)
        } else if text.contains("too much memory") {
            let most = self.limits.decoder_memory;
            let detail =
                format!("decoding it would need a window larger than {most} bytes (--decoder-memory)");
            Refusal::new(Reason::LimitDecoderMemory, detail)
        } else {
            let detail = format!(
                "the compressed data cannot be decoded after {at} decoded bytes ({text}); those were kept"
            );
            Refusal::new(Reason::ArchiveDamaged, detail)
        }
    }

    fn check(&mut self, decoded: u64) -> Result<(), Refusal> {
        self.output += decoded;
        if !matches!(self.kind, Kind::Plain(_)) {
            self.limits.check_ratio(self.input(), self.output)?;
            if let Some(meter) = &self.meter {
                meter.add_output(decoded)?;
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoder<R> {
    /// Reads decoded bytes. After an error every further call gives the same one.
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if let Some(refusal) = &self.refusal {
            return Err(RefusedRead(refusal.clone()).into());
        }
        let result = match &mut self.kind {
            Kind::Plain(reader) => reader.read(to),
            Kind::Gzip(reader) => reader.read(to),
            Kind::Zstandard(reader) => reader.read(to),
        };
        let checked = match result {
            Ok(decoded) => self.check(decoded as u64).map(|()| decoded),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => Err(self.explain(&error)),
        };
        checked.map_err(|refusal| {
            self.refusal = Some(refusal.clone());
            RefusedRead(refusal).into()
        })
    }
}

impl<R: Read> std::fmt::Debug for Decoder<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder")
            .field("source", &self.source)
            .field("output", &self.output)
            .finish_non_exhaustive()
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let result = self.reader.read(to);
        match &result {
            Ok(read) => {
                self.source.read.fetch_add(*read as u64, Relaxed);
            }
            Err(error) => self.source.failed.store(error.kind() != io::ErrorKind::Interrupted, Relaxed),
        }
        result
    }
}

/// gzip members one after the other. Unlike `MultiGzDecoder` it takes what follows the last member and is none, as gzip
/// does, for padding.
enum Gzip<R: Read> {
    /// Before a member; whether one came before it.
    Between(BufReader<Counted<R>>, bool),
    Within(Box<GzDecoder<BufReader<Counted<R>>>>),
    Ended,
}

impl<R: Read> Read for Gzip<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        loop {
            match std::mem::replace(self, Self::Ended) {
                Self::Between(mut reader, later) => {
                    let padding = match reader.fill_buf() {
                        Ok(buffer) => later && buffer.first() != Some(&0x1f),
                        Err(error) => {
                            *self = Self::Between(reader, later);
                            return Err(error);
                        }
                    };
                    if padding {
                        return Ok(0);
                    }
                    *self = Self::Within(Box::new(GzDecoder::new(reader)));
                }
                Self::Within(mut decoder) => match decoder.read(to) {
                    Ok(0) => *self = Self::Between(decoder.into_inner(), true),
                    result => {
                        *self = Self::Within(decoder);
                        return result;
                    }
                },
                Self::Ended => return Ok(0),
            }
        }
    }
}

/// Bytes that decoding a stream takes for its window, by its first header.
#[must_use]
pub fn window(_compression: Compression, _head: &[u8]) -> u64 {
    0
}

/// A refusal on its way through [`Read`].
#[derive(Debug)]
struct RefusedRead(Refusal);

impl std::fmt::Display for RefusedRead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for RefusedRead {}

impl From<RefusedRead> for io::Error {
    fn from(refused: RefusedRead) -> Self {
        Self::other(refused)
    }
}

/// The refusal that an error of a reader stands for: the one that a [`Decoder`] gave, else what the operating system
/// said.
#[must_use]
pub fn refusal_of(error: &io::Error) -> Refusal {
    if let Some(RefusedRead(refusal)) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        return refusal.clone();
    }
    let reason = match error.kind() {
        io::ErrorKind::UnexpectedEof => Reason::ArchiveTruncated,
        io::ErrorKind::PermissionDenied => Reason::PermissionDenied,
        _ => Reason::IoError,
    };
    Refusal::new(reason, format!("reading it failed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn zst(content: &[u8]) -> Vec<u8> {
        zstd::bulk::compress(content, 3).unwrap()
    }

    /// What could be decoded, and how it ended.
    fn decode(compression: Compression, bytes: &[u8], limits: &Limits) -> (Vec<u8>, Option<Reason>) {
        let mut out = Vec::new();
        let result = Decoder::new(compression, bytes, limits).unwrap().read_to_end(&mut out);
        (out, result.err().map(|error| refusal_of(&error).reason))
    }

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn members_and_frames_follow_one_another() {
        let (one, two) = (noise(100_000), b"two".to_vec());
        let whole = [one.clone(), two.clone()].concat();
        let limits = Limits::default();
        for (compression, encode) in
            [(Compression::Gzip, gzip as fn(&[u8]) -> _), (Compression::Zstandard, zst)]
        {
            let both = [encode(&one), encode(&[]), encode(&two)].concat();
            assert_eq!(decode(compression, &both, &limits), (whole.clone(), None), "{compression:?}");
        }
        let padded = [gzip(&one), vec![0; 700]].concat();
        assert_eq!(decode(Compression::Gzip, &padded, &limits), (one.clone(), None));
        assert_eq!(decode(Compression::None, &one, &limits), (one, None));
    }

    #[test]
    fn what_is_cut_or_damaged_says_so_and_keeps_the_start() {
        let content = noise(300_000);
        let limits = Limits::default();
        for (compression, encoded) in
            [(Compression::Gzip, gzip(&content)), (Compression::Zstandard, zst(&content))]
        {
            for length in (1..encoded.len()).step_by(9_973).chain([encoded.len() - 1]) {
                let (out, reason) = decode(compression, &encoded[..length], &limits);
                assert_eq!(reason, Some(Reason::ArchiveTruncated), "{compression:?} cut at {length}");
                assert!(content.starts_with(&out));
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
        assert_eq!(decode(Compression::Gzip, b"", &limits).1, Some(Reason::ArchiveTruncated));
        assert_eq!(
            decode(Compression::Gzip, b"\x1f\x8b\x07\0\0\0\0\0\0\0\0", &limits).1,
            Some(Reason::ArchiveDamaged)
        );
    }

    #[test]
    fn bombs_end_at_the_limits() {
        let zeros = vec![0; 64 << 20];
        let limits = Limits::default();
        let (out, reason) = decode(Compression::Zstandard, &zst(&zeros), &limits);
        assert_eq!(reason, Some(Reason::LimitRatio));
        assert!(out.len() < 8 << 20, "{} bytes came out", out.len());

        let limits = Limits { output_grace: 1 << 20, output_ratio: 10, ..Limits::default() };
        let bomb = gzip(&zeros);
        let meter = Arc::new(Meter::new(&limits, bomb.len() as u64));
        let mut out = Vec::new();
        let mut decoder =
            Decoder::new(Compression::Gzip, &bomb[..], &limits).unwrap().with_meter(Arc::clone(&meter));
        let error = decoder.read_to_end(&mut out).unwrap_err();
        assert_eq!(refusal_of(&error).reason, Reason::LimitOutput);
        assert!(out.len() < 2 << 20, "{} bytes came out", out.len());
        assert!(decoder.read(&mut [0; 16]).is_err(), "an error is final");
    }

    #[test]
    fn a_giant_window_is_refused() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(28).unwrap();
        encoder.write_all(&noise(10_000)).unwrap();
        let giant = encoder.finish().unwrap();
        assert_eq!(
            decode(Compression::Zstandard, &giant, &Limits::default()).1,
            Some(Reason::LimitDecoderMemory)
        );
    }

    #[test]
    fn an_error_of_the_disk_is_told_from_damage() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::from_raw_os_error(libc::EIO))
            }
        }
        for compression in [Compression::None, Compression::Gzip, Compression::Zstandard] {
            let error =
                Decoder::new(compression, Broken, &Limits::default()).unwrap().read(&mut [0; 9]).unwrap_err();
            assert_eq!(refusal_of(&error).reason, Reason::IoError, "{compression:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(0_u8.., 0..300), at in 0_usize..100, bit in 0_u8..8) {
            let limits = Limits { output_grace: 1 << 20, ..Limits::default() };
            for (compression, mut encoded) in [(Compression::Gzip, gzip(&bytes)), (Compression::Zstandard, zst(&bytes))] {
                assert_eq!(decode(compression, &encoded, &limits), (bytes.clone(), None));
                let index = at % encoded.len();
                encoded[index] ^= 1 << bit;
                let _ = decode(compression, &encoded, &limits);
                let _ = decode(compression, &bytes, &limits);
            }
        }
    }
}
