//! Unpacks one member after the other with the decoders of the crate `rars`.
//!
//! Hands them packed bytes and takes what they yield, never more than was asked for; catches their panics. Which members
//! are to be unpacked, in which order, is decided elsewhere.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rars::codec::rar13::Unpack15;
use rars::codec::rar20::Unpack20;
use rars::codec::rar29::Unpack29;
use rars::codec::rar50::{DecodedChunk, StreamDecodeError, Unpack50Decoder};

use super::record::{Coding, Record};
use crate::reject::{Reason, Refusal};

/// The decoder of a solid run, or of one member, and what it remembers.
#[derive(Clone)]
pub(super) enum Codec {
    Lz15(Box<Unpack15>),
    Lz20(Box<Unpack20>),
    Lz29(Box<Unpack29>),
    Lz50(Box<Unpack50Decoder>),
}

/// Where content goes.
pub(super) struct Sink<'a> {
    out: Option<&'a mut Vec<u8>>,
    /// Bytes to be passed over, and then to be taken.
    skip: usize,
    wanted: usize,
    /// Whether the rest need not be unpacked.
    only_wanted: bool,
    patience: Duration,
    progress: Instant,
    stalled: bool,
}

impl<'a> Sink<'a> {
    /// Takes nothing.
    pub(super) fn nowhere(patience: Duration) -> Self {
        let progress = Instant::now();
        Self { out: None, skip: 0, wanted: 0, only_wanted: false, patience, progress, stalled: false }
    }

    /// Appends `wanted` bytes to `out` after passing over `skip`, and with `only_wanted` ends there.
    pub(super) fn new(
        out: &'a mut Vec<u8>,
        skip: usize,
        wanted: usize,
        only_wanted: bool,
        patience: Duration,
    ) -> Self {
        Self { out: Some(out), skip, wanted, only_wanted, ..Self::nowhere(patience) }
    }

    /// Whether all that is wanted has come.
    pub(super) const fn is_full(&self) -> bool {
        self.wanted == 0
    }

    const fn is_done(&self) -> bool {
        self.only_wanted && self.is_full()
    }

    fn push(&mut self, mut length: usize, append: impl FnOnce(&mut Vec<u8>, usize, usize)) -> io::Result<()> {
        let passed = self.skip.min(length);
        self.skip -= passed;
        length = (length - passed).min(self.wanted);
        if let Some(out) = self.out.as_deref_mut() {
            append(out, passed, length);
        }
        self.wanted -= length;
        let now = Instant::now();
        self.stalled = now.duration_since(self.progress) > self.patience;
        self.progress = now;
        if self.is_done() || self.stalled { Err(io::Error::other("no more is wanted")) } else { Ok(()) }
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        self.push(chunk.len(), |out, start, length| {
            out.extend_from_slice(chunk.get(start..start + length).unwrap_or_default());
        })?;
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Codec {
    /// A decoder of what `record` is packed with; none if it is not packed.
    pub(super) fn new(record: &Record) -> Option<Self> {
        match record.coding {
            Coding::Stored | Coding::Unknown => None,
            Coding::Lz15 => Some(Self::Lz15(Box::new(Unpack15::new()))),
            Coding::Lz20 => Some(Self::Lz20(Box::new(Unpack20::new()))),
            Coding::Lz29 => Some(Self::Lz29(Box::new(Unpack29::new()))),
            Coding::Lz50 { .. } => Some(Self::Lz50(Box::new(Unpack50Decoder::new()))),
        }
    }

    /// Unpacks a member. After an error the decoder is of no use any more, unless the sink has got all that it wanted.
    ///
    /// # Errors
    /// [`Reason::ArchiveDamaged`], [`Reason::LimitStall`] or [`Reason::ReaderPanicked`]; what came before is in the sink.
    pub(super) fn unpack(
        &mut self,
        packed: &[u8],
        record: &Record,
        size: usize,
        sink: &mut Sink<'_>,
    ) -> Result<(), Refusal> {
        match catch_unwind(AssertUnwindSafe(|| self.decode(packed, record, size, sink))) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) if sink.is_done() => Ok(()),
            Ok(Err(_)) if sink.stalled => {
                let seconds = sink.patience.as_secs();
                let detail =
                    format!("unpacking it yielded nothing for longer than {seconds} s (--stall-timeout)");
                Err(Refusal::new(Reason::LimitStall, detail))
            }
            Ok(Err(what)) => {
                let detail = format!("the packed data cannot be decoded ({what})");
                Err(Refusal::new(Reason::ArchiveDamaged, detail))
            }
            Err(_) => {
                let detail = "the RAR decoder panicked on this member; please report it with the archive";
                Err(Refusal::new(Reason::ReaderPanicked, detail))
            }
        }
    }

    fn decode(
        &mut self,
        mut packed: &[u8],
        record: &Record,
        size: usize,
        sink: &mut Sink<'_>,
    ) -> Result<(), String> {
        let continues = record.continues;
        let said = |error: rars::codec::Error| error.to_string();
        match self {
            Self::Lz15(decoder) => {
                decoder.decode_member_from_reader(&mut packed, size, continues, sink).map_err(said)
            }
            Self::Lz20(decoder) => decoder.decode_member_from_reader(&mut packed, size, sink).map_err(said),
            Self::Lz29(decoder) => decoder.decode_member_from_reader(&mut packed, size, sink).map_err(said),
            Self::Lz50(decoder) => {
                let version = u8::from(record.coding == Coding::Lz50 { far: true });
                let window = usize::try_from(record.window).map_err(|error| error.to_string())?;
                let take = |chunk: DecodedChunk<'_>| match chunk {
                    DecodedChunk::Bytes(chunk) => sink.write_all(chunk),
                    DecodedChunk::Repeated { byte, len } => {
                        sink.push(len, |out, _, length| out.resize(out.len() + length, byte))
                    }
                };
                let decoded = decoder.decode_member_from_reader_with_dictionary_to_sink(
                    &mut packed,
                    version,
                    size,
                    window,
                    continues,
                    take,
                );
                decoded.map_err(|error| match error {
                    StreamDecodeError::Decode(error) => error.to_string(),
                    // UnRAR allows as many, and as long ones, as `rars` does.
                    StreamDecodeError::FilteredMember => {
                        "more or longer filters than the format allows".to_owned()
                    }
                    StreamDecodeError::Sink(error) => error.to_string(),
                })
            }
        }
    }
}

impl std::fmt::Debug for Codec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Lz15(_) => "Lz15",
            Self::Lz20(_) => "Lz20",
            Self::Lz29(_) => "Lz29",
            Self::Lz50(_) => "Lz50",
        })
    }
}
