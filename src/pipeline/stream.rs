//! Standard input: an archive that arrives byte by byte, decoded on the way by async-compression.
//!
//! Nothing tells what a stream is called or whether it changed, so it is named after its first mebibyte: the same stream
//! again is recognised, read again and absorbed; every entry is compared with what is stored.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use tokio::io::{AsyncRead, AsyncReadExt, BufReader};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::context::{Context, Stop};
use super::reader::refuse_reading;
use super::reading::{Reading, Share};
use super::sequential::read_as_holder;
use crate::archive::probe::look_inside;
use crate::archive::traverse::{Bytes, Numbers, Spot, Stopped};
use crate::budget;
use crate::digest::{Digest, SourceId};
use crate::format::{Compression, Container, Format};
use crate::progress::add;
use crate::record::{SourceRow, SourceState};
use crate::reject::{Reason, Refusal};

/// Standard input.
#[derive(Debug)]
pub(super) struct Stream;

/// What a stream is named after.
const PREFIX: usize = 1 << 20;
/// How much travels at once between decoding and reading, and how many pieces may wait.
const PIECE: usize = 256 << 10;
const PIECES: usize = 8;

/// Reads standard input to its end.
pub(super) fn read(context: &Arc<Context>, _stream: Stream) {
    let prefix = context.runtime.block_on(prefix(&context.stop));
    let (prefix, input) = match prefix {
        Ok(Some(begun)) => begun,
        Ok(None) => return,
        Err(error) => {
            let refusal = Refusal::new(Reason::IoError, format!("standard input could not be read: {error}"));
            return read_as(context, "unread", b"", |share, _| {
                share.finish(&context.ledger);
                Err(refusal.into())
            });
        }
    };
    let format = look_inside(Format::recognise(&prefix, ""), &prefix);
    let name = prefix.clone();
    match format {
        Format::Container(container @ (Container::Tar(_) | Container::Single(_))) => {
            read_as(context, container.name(), &name, |share, holder| {
                let decoded = decode(context, container.compression(), prefix, input);
                read_as_holder(context, share, holder, |traversal| {
                    let (spot, mut numbers) = (Spot::default(), Numbers::outer());
                    traversal.read_decoded(container, decoded, b"standard input", &spot, &mut numbers)
                })
            });
        }
        Format::Container(container) => read_as(context, container.name(), &name, |share, holder| {
            let (bytes, _permit) = read_whole(context, prefix, input, holder, container)?;
            read_as_holder(context, share, holder, |traversal| {
                let (spot, mut numbers) = (Spot::default(), Numbers::outer());
                traversal.read(container, &bytes, b"standard input", &spot, &mut numbers)
            })
        }),
        Format::Midi | Format::Other => {
            let kind = if format == Format::Midi { "midi" } else { "other" };
            let container = Container::Single(Compression::None);
            read_as(context, kind, &name, |share, holder| {
                let bytes = decode(context, Compression::None, prefix, input);
                read_as_holder(context, share, holder, |traversal| {
                    let (spot, mut numbers) = (Spot::default(), Numbers::outer());
                    traversal.read_decoded(container, bytes, b"standard input", &spot, &mut numbers)
                })
            });
        }
        Format::Unsupported(kind) => {
            read_as(context, kind, &name, |share, _| {
                share.finish(&context.ledger);
                Err(Format::unsupported(kind).into())
            });
        }
    }
}

/// Registers the stream and reads it by `read`.
fn read_as(
    context: &Arc<Context>,
    kind: &'static str,
    prefix: &[u8],
    read: impl FnOnce(Share, budget::Holder) -> Result<(), Stopped>,
) {
    let name = name_of(prefix);
    let id = SourceId::of(name.as_bytes()).0;
    let known_before = context.known.contains_key(&id);
    let row = SourceRow {
        id,
        path: name,
        path_raw: None,
        kind,
        size_bytes: -1,
        mtime_ns: 0,
        state: SourceState::Loading.word(),
        entries: 0,
        not_midi: 0,
        first_run_id: context.run_id,
    };
    let Some(resume) = context.register(row) else { return };
    context.opened(id);
    let share = Reading::begin(id, kind, None, known_before, resume, &context.limits);
    match read(share.another(), budget::Holder::new()) {
        Ok(()) => {}
        Err(Stopped::Refused(refusal)) => refuse_reading(context, share.reading(), refusal, true),
        Err(Stopped::Asked) => return,
    }
    add(&context.counters.archives_done, 1);
    add(&context.counters.sources_done, 1);
    share.finish(&context.ledger);
}

/// `stream:` and the first 64 bits of the digest of how it begins.
fn name_of(prefix: &[u8]) -> String {
    let digest = Digest::of(prefix).to_string();
    format!("stream:{}", digest.get(..16).unwrap_or_default())
}

/// The first mebibyte, or all where there is less; none if the run is stopped meanwhile.
async fn prefix(stop: &Stop) -> std::io::Result<Option<(Vec<u8>, tokio::io::Stdin)>> {
    let mut input = tokio::io::stdin();
    let mut prefix = Vec::new();
    let mut piece = vec![0; 64 << 10];
    while prefix.len() < PREFIX {
        let wanted = piece.len().min(PREFIX - prefix.len());
        let Some(room) = piece.get_mut(..wanted) else { break };
        let Some(length) = unless_stopped(stop, input.read(room)).await else { return Ok(None) };
        let length = length?;
        if length == 0 {
            break;
        }
        prefix.extend_from_slice(room.get(..length).unwrap_or_default());
    }
    Ok(Some((prefix, input)))
}

/// Decodes on the async side; what comes out is read on this one.
fn decode(context: &Context, compression: Compression, prefix: Vec<u8>, input: tokio::io::Stdin) -> Decoded {
    let (sender, receiver) = channel(PIECES);
    let stop = Arc::clone(&context.stop);
    let bytes = BufReader::with_capacity(PIECE, AsyncReadExt::chain(std::io::Cursor::new(prefix), input));
    let window = context.limits.decoder_memory.max(1).ilog2();
    context.runtime.spawn(async move {
        match compression {
            Compression::Gzip => {
                let mut decoder = GzipDecoder::new(bytes);
                decoder.multiple_members(true);
                pump(decoder, sender, &stop).await;
            }
            Compression::Zstandard => {
                let window = async_compression::zstd::DParameter::window_log_max(window);
                let mut decoder = ZstdDecoder::with_params(bytes, &[window]);
                decoder.multiple_members(true);
                pump(decoder, sender, &stop).await;
            }
            _ => pump(bytes, sender, &stop).await,
        }
    });
    Decoded { receiver, piece: Vec::new(), position: 0 }
}

/// Sends decoded pieces until the end, an error or the wish to stop.
async fn pump(mut decoder: impl AsyncRead + Unpin, sender: Sender<std::io::Result<Vec<u8>>>, stop: &Stop) {
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        let read = async {
            while piece.len() < PIECE {
                if decoder.read_buf(&mut piece).await? == 0 {
                    break;
                }
            }
            Ok(())
        };
        let Some(result) = unless_stopped(stop, read).await else { return };
        let over = piece.is_empty();
        if !over && sender.send(Ok(piece)).await.is_err() {
            return;
        }
        if let Err(error) = result {
            let _ = sender.send(Err(error)).await;
            return;
        }
        if over {
            return;
        }
    }
}

/// The result of `work`, or none once the run is to stop: standard input may never give another byte.
async fn unless_stopped<T>(stop: &Stop, work: impl Future<Output = T>) -> Option<T> {
    tokio::pin!(work);
    loop {
        match tokio::time::timeout(Duration::from_millis(100), &mut work).await {
            Ok(result) => return Some(result),
            Err(_) if stop.is_asked() => return None,
            Err(_) => {}
        }
    }
}

/// Decoded bytes, as they arrive.
struct Decoded {
    receiver: Receiver<std::io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    position: usize,
}

impl Read for Decoded {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.position >= self.piece.len() {
            match self.receiver.blocking_recv() {
                None => return Ok(0),
                Some(piece) => {
                    self.piece = piece?;
                    self.position = 0;
                }
            }
        }
        let rest = self.piece.get(self.position..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), rest.get(..length)) {
            to.copy_from_slice(from);
        }
        self.position += length;
        Ok(length)
    }
}

/// The directory of a zip or 7z is at its end, so all of it must be there first: in memory, up to the limit of nested
/// archives.
fn read_whole(
    context: &Arc<Context>,
    prefix: Vec<u8>,
    input: tokio::io::Stdin,
    holder: budget::Holder,
    container: Container,
) -> Result<(Bytes, budget::Permit), Stopped> {
    let limit = context.limits.nested_size;
    let mut permit = context.budget.nesting.acquire(holder, context.limits.largest_nested())?;
    let mut bytes = Vec::new();
    let mut stream = decode(context, Compression::None, prefix, input).take(limit.saturating_add(1));
    stream.read_to_end(&mut bytes).map_err(|error| Refusal::new(Reason::IoError, error.to_string()))?;
    if bytes.len() as u64 > limit {
        let detail = format!(
            "a {} on standard input is held in memory, up to {limit} bytes; save it and import the file",
            container.name()
        );
        return Err(Refusal::new(Reason::LimitNestedSize, detail).into());
    }
    permit.shrink_to(bytes.len());
    Ok((Bytes::new(Arc::new(bytes)), permit))
}
