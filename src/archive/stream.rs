//! Decodes a compressed stream: gzip, bzip2, xz, lzma, Zstandard and LZ4, each with what may follow one another in it.
//!
//! A [`Decoder`] is a [`Read`]; it keeps the ratio limit, the decoder's memory limit, the source's output limit and the
//! limit on time without progress, and its errors carry the [`Refusal`] to be recorded ([`refusal_of`]). What is in the
//! stream is none of its business.

mod bzip2;
pub(in crate::archive) mod codec;
mod gzip;
mod lz4;
mod lzma;
pub(in crate::archive) mod numbers;
mod source;
mod trouble;
mod window;
pub(in crate::archive) mod zstandard;

use std::io::{self, BufReader, Read};
use std::sync::Arc;

use self::codec::{Codec, Fed};
use self::gzip::Gzip;
use self::source::{Counted, Source};
pub(crate) use self::trouble::{Trouble, stalled};
pub use self::window::window;
use super::allowance::Allowance;
use super::limits::Limits;
use super::meter::Meter;
use crate::format::Compression;
use crate::reject::{Reason, Refusal};

/// Compressed bytes read at once.
const INPUT_BUFFER: usize = 64 << 10;

/// Decodes a stream.
pub struct Decoder<R: Read> {
    kind: Kind<R>,
    source: Arc<Source>,
    allowance: Allowance,
    refusal: Option<Refusal>,
}

enum Kind<R: Read> {
    Plain(Counted<R>),
    Gzip(Gzip<BufReader<Counted<R>>>),
    Other(Fed<BufReader<Counted<R>>, Box<dyn Codec + Send>>),
}

impl<R: Read> Decoder<R> {
    /// A decoder of `reader`.
    ///
    /// # Errors
    /// [`Reason::LimitDecoderMemory`] or [`Reason::ArchiveDamaged`] if the decoding library cannot set itself up.
    pub fn new(compression: Compression, reader: R, limits: &Limits) -> Result<Self, Refusal> {
        let source = Source::new(limits.stall);
        let counted = Counted::new(reader, &source);
        let buffered = |counted| BufReader::with_capacity(INPUT_BUFFER, counted);
        let memory = limits.decoder_memory;
        let codec: io::Result<Box<dyn Codec + Send>> = match compression {
            Compression::None => {
                return Ok(Self::of(Kind::Plain(counted), source, limits));
            }
            Compression::Gzip => {
                return Ok(Self::of(Kind::Gzip(Gzip::new(buffered(counted))), source, limits));
            }
            Compression::Bzip2 => Ok(Box::new(bzip2::Bzip2::new())),
            Compression::Xz => lzma::Lzma::xz(memory).map(|codec| Box::new(codec) as _),
            Compression::Lzma => lzma::Lzma::alone(memory).map(|codec| Box::new(codec) as _),
            Compression::Zstandard => zstandard::Zstandard::new(memory).map(|codec| Box::new(codec) as _),
            Compression::Lz4 => Ok(Box::new(lz4::Lz4::new())),
        };
        let codec = codec.map_err(|error| Trouble::of(&error).refusal(0, limits))?;
        Ok(Self::of(Kind::Other(Fed::new(buffered(counted), codec)), source, limits))
    }

    fn of(kind: Kind<R>, source: Arc<Source>, limits: &Limits) -> Self {
        Self { kind, source, allowance: Allowance::new(limits), refusal: None }
    }

    /// Counts the output for a source as well.
    #[must_use]
    pub fn with_meter(mut self, meter: Arc<Meter>) -> Self {
        self.allowance = self.allowance.with_meter(meter);
        self
    }

    /// Compressed bytes read so far; by up to a buffer more than were decoded.
    #[must_use]
    pub fn input(&self) -> u64 {
        self.source.read()
    }

    /// Decoded bytes handed out so far.
    #[must_use]
    pub const fn output(&self) -> u64 {
        self.allowance.decoded()
    }

    fn explain(&self, error: &io::Error) -> Refusal {
        if self.source.failed() {
            refusal_of(error)
        } else if self.source.stalled() {
            stalled(self.allowance.limits())
        } else {
            Trouble::of(error).refusal(self.output(), self.allowance.limits())
        }
    }

    fn check(&mut self, decoded: u64) -> Result<(), Refusal> {
        if matches!(self.kind, Kind::Plain(_)) {
            self.allowance.pass(decoded);
            return Ok(());
        }
        self.allowance.count(self.source.read(), decoded)
    }
}

impl<R: Read> Read for Decoder<R> {
    /// Reads decoded bytes. After an error every further call gives the same one.
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if let Some(refusal) = &self.refusal {
            return Err(refused(refusal.clone()));
        }
        let result = match &mut self.kind {
            Kind::Plain(reader) => reader.read(to),
            Kind::Gzip(reader) => reader.read(to),
            Kind::Other(reader) => reader.read(to),
        };
        let checked = match result {
            // The clock goes on: nothing was yielded.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Ok(decoded) => self.check(decoded as u64).map(|()| decoded),
            Err(error) => Err(self.explain(&error)),
        };
        self.source.progressed();
        checked.map_err(|refusal| {
            self.refusal = Some(refusal.clone());
            refused(refusal)
        })
    }
}

impl<R: Read> std::fmt::Debug for Decoder<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder")
            .field("source", &self.source)
            .field("allowance", &self.allowance)
            .field("refusal", &self.refusal)
            .finish_non_exhaustive()
    }
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

/// An error that carries a refusal through [`Read`]; [`refusal_of`] gets it back.
#[must_use]
pub fn refused(refusal: Refusal) -> io::Error {
    io::Error::other(RefusedRead(refusal))
}

/// The refusal that an error of a reader stands for: the one that it carries ([`refused`]), else what the operating system
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
pub(crate) mod tests;
