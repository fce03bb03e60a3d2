//! Unpacks one member after the other with the decoders of the crate `rars`.
//!
//! Hands them packed bytes and takes what they yield, never more than was asked for; catches their panics. Which members
//! are to be unpacked, in which order, is decided elsewhere.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use rars::codec::rar13::Unpack15;
use rars::codec::rar20::Unpack20;
use rars::codec::rar29::Unpack29;
use rars::codec::rar50::{DecodeMode, DecodedChunk, StreamDecodeError, Unpack50Decoder};

use super::record::{Coding, Record};
use super::sink::Sink;
use crate::reject::{Reason, Refusal};

/// The decoder of a solid run, or of one member, and what it remembers.
#[derive(Clone)]
pub(super) enum Codec {
    Lz15(Box<Unpack15>),
    Lz20(Box<Unpack20>),
    Lz29(Box<Unpack29>),
    Lz50(Box<Unpack50Decoder>, History),
}

/// How much a decoder of RAR 5 has unpacked, and how many zeros in a row were the last of it.
#[derive(Clone, Copy, Default)]
pub(super) struct History {
    bytes: u64,
    zeros: u64,
}

impl Codec {
    /// A decoder of what `record` is packed with; none if it is not packed.
    pub(super) fn new(record: &Record) -> Option<Self> {
        match record.coding {
            Coding::Stored | Coding::Unknown => None,
            Coding::Lz15 => Some(Self::Lz15(Box::new(Unpack15::new()))),
            Coding::Lz20 => Some(Self::Lz20(Box::new(Unpack20::new()))),
            Coding::Lz29 => Some(Self::Lz29(Box::new(Unpack29::new()))),
            Coding::Lz50 { .. } => Some(Self::Lz50(Box::new(Unpack50Decoder::new()), History::default())),
        }
    }

    /// Unpacks a member, or as many bytes of it as `size` says. After an error the decoder is of no use any more.
    ///
    /// # Errors
    /// [`Reason::ArchiveDamaged`], [`Reason::LimitStall`], [`Reason::LimitNestedSize`] or [`Reason::ReaderPanicked`]; what
    /// came before is in the sink.
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
            Ok(Err(_)) if sink.has_stalled() => {
                let seconds = sink.limits.stall.as_secs();
                let detail =
                    format!("unpacking it yielded nothing for longer than {seconds} s (--stall-timeout)");
                Err(Refusal::new(Reason::LimitStall, detail))
            }
            Ok(Err(refusal)) => Err(refusal),
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
    ) -> Result<(), Refusal> {
        let decoded = match self {
            Self::Lz15(decoder) => {
                decoder.decode_member_from_reader(&mut packed, size, record.continues, sink)
            }
            Self::Lz20(decoder) => decoder.decode_member_from_reader(&mut packed, size, sink),
            Self::Lz29(decoder) => decoder.decode_member_from_reader(&mut packed, size, sink),
            Self::Lz50(decoder, history) => {
                decode_modern(decoder, *history, packed, record, size, sink)?;
                let zeros = if sink.zeros == sink.bytes { history.zeros + sink.zeros } else { sink.zeros };
                *history = History { bytes: history.bytes + sink.bytes, zeros };
                return Ok(());
            }
        };
        decoded.map_err(|error| undecodable(&error))
    }
}

fn undecodable(what: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(Reason::ArchiveDamaged, format!("the packed data cannot be decoded ({what})"))
}

/// Unpacks a member of RAR 5 or later.
///
/// `rars` 0.12.3 has two ways. One yields all of a member at once, and is the one to take: the other, which yields it bit by
/// bit, moves the whole window for each member, so that a solid run of small ones takes a hundred times as long. Only a
/// member larger than an entry may be is unpacked that way, so that it need not be held.
fn decode_modern(
    decoder: &mut Unpack50Decoder,
    history: History,
    packed: &[u8],
    record: &Record,
    size: usize,
    sink: &mut Sink<'_>,
) -> Result<(), Refusal> {
    if size as u64 > sink.limits.entry_size {
        return stream_modern(decoder, history, packed, record, size, sink);
    }
    decode_at_once(decoder, packed, record, size, sink)
}

/// Unpacks a member in one piece.
fn decode_at_once(
    decoder: &mut Unpack50Decoder,
    packed: &[u8],
    record: &Record,
    size: usize,
    sink: &mut Sink<'_>,
) -> Result<(), Refusal> {
    let whole = decoder
        .decode_member_with_dictionary(
            packed,
            version(record),
            size,
            window(record),
            record.continues,
            DecodeMode::Lz,
        )
        .map_err(|error| undecodable(&error))?;
    sink.write_all(&whole).map_err(|error| undecodable(&error))
}

/// Unpacks a large member bit by bit.
///
/// That goes wrong where all that can be referred to is zeros and more zeros follow: `rars` 0.12.3 tells the sink of them as
/// a repetition, and forgets to remember them. It also does not do filters that overlap. Where the one may come, the other
/// way is taken from the same point after all, if the member is not too large for it.
fn stream_modern(
    decoder: &mut Unpack50Decoder,
    history: History,
    packed: &[u8],
    record: &Record,
    size: usize,
    sink: &mut Sink<'_>,
) -> Result<(), Refusal> {
    let all_zeros = history.zeros >= history.bytes.min(record.window);
    let spare = all_zeros.then(|| decoder.clone());
    let streamed = decoder.decode_member_from_reader_with_dictionary_to_sink(
        &mut &*packed,
        version(record),
        size,
        window(record),
        record.continues,
        |chunk| match chunk {
            DecodedChunk::Bytes(chunk) => sink.write_all(chunk),
            DecodedChunk::Repeated { .. } => Err(io::Error::other("zeros that cannot be trusted")),
        },
    );
    let error = match streamed {
        Ok(()) => return Ok(()),
        Err(StreamDecodeError::FilteredMember) => "overlapping filters".to_owned(),
        Err(StreamDecodeError::Sink(error)) => error.to_string(),
        Err(StreamDecodeError::Decode(error)) => return Err(undecodable(&error)),
    };
    let Some(spare) = spare.filter(|_| !sink.is_done() && !sink.has_stalled()) else {
        return Err(undecodable(&error));
    };
    if size as u64 > sink.limits.nested_size {
        return Err(sink.limits.nested_size(size as u64));
    }
    *decoder = spare;
    sink.restart();
    decode_at_once(decoder, packed, record, size, sink)
}

/// The version of the algorithm, as `rars` counts it.
fn version(record: &Record) -> u8 {
    u8::from(record.coding == Coding::Lz50 { far: true })
}

/// The window, which was found to be within the limits.
fn window(record: &Record) -> usize {
    usize::try_from(record.window).unwrap_or(usize::MAX)
}

impl std::fmt::Debug for Codec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Lz15(_) => "Lz15",
            Self::Lz20(_) => "Lz20",
            Self::Lz29(_) => "Lz29",
            Self::Lz50(..) => "Lz50",
        })
    }
}
