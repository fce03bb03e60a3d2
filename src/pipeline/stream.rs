//! Standard input: an archive that arrives byte by byte, decoded on the way by async-compression.
//!
//! Nothing tells what a stream is called or whether it changed, so it is named after its first mebibyte: the same stream
//! again is recognised, read again and absorbed; every entry is compared with what is stored.

mod decoding;

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt;

use self::decoding::Decoded;
use super::context::{Context, Stop};
use super::reader::refuse_reading;
use super::reading::{Reading, Share};
use super::sequential::read_as_holder;
use crate::archive::meter::Meter;
use crate::archive::probe::look_inside;
use crate::archive::stream::refusal_of;
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

/// Reads standard input to its end.
pub(super) fn read(context: &Arc<Context>, _stream: Stream) {
    let prefix = context.runtime.block_on(prefix(&context.stop, context.limits.stall));
    let (prefix, input) = match prefix {
        Ok(Some(begun)) => begun,
        Ok(None) => return,
        Err(error) => {
            let refusal = Refusal::new(Reason::IoError, format!("standard input could not be read: {error}"));
            return read_as(context, "unread", b"", |share, _| {
                share.finish(context);
                Err(refusal.into())
            });
        }
    };
    let format = look_inside(Format::recognise(&prefix, ""), &prefix);
    let name = prefix.clone();
    match format {
        Format::Container(container @ (Container::Tar(_) | Container::Single(_))) => {
            read_as(context, container.name(), &name, |share, holder| {
                let reading = share.reading();
                let decoded = decode(context, reading.meter(), container.compression(), prefix, input);
                // Of a tar its reader knows.
                if matches!(container, Container::Single(_)) {
                    reading.mark_end();
                }
                read_as_holder(context, share, holder, |traversal| {
                    let (spot, mut numbers) = (Spot::default(), Numbers::outer());
                    traversal.read_decoded(container, decoded, b"standard input", &spot, &mut numbers)
                })
            });
        }
        Format::Container(container) => read_as(context, container.name(), &name, |share, holder| {
            let meter = share.reading().meter();
            let (bytes, _permit) = match read_whole(context, meter, prefix, input, holder, container) {
                Ok(whole) => whole,
                Err(stopped) => {
                    share.finish(context);
                    return Err(stopped);
                }
            };
            // The directory that is read from there stands at the end.
            if matches!(container, Container::Zip | Container::SevenZip) {
                share.reading().mark_end();
            }
            read_as_holder(context, share, holder, |traversal| {
                let held = bytes.as_slice().len() as u64;
                let (spot, mut numbers) = (Spot { held, ..Spot::default() }, Numbers::outer());
                traversal.read(container, &bytes, b"standard input", &spot, &mut numbers)
            })
        }),
        Format::Midi | Format::Other => {
            let kind = if format == Format::Midi { "midi" } else { "other" };
            let container = Container::Single(Compression::None);
            read_as(context, kind, &name, |share, holder| {
                let bytes = decode(context, share.reading().meter(), Compression::None, prefix, input);
                share.reading().mark_end();
                read_as_holder(context, share, holder, |traversal| {
                    let (spot, mut numbers) = (Spot::default(), Numbers::outer());
                    traversal.read_decoded(container, bytes, b"standard input", &spot, &mut numbers)
                })
            });
        }
        Format::Unsupported(kind) => {
            read_as(context, kind, &name, |share, _| {
                share.finish(context);
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
    let known_before = context.known.has(id);
    let row = SourceRow {
        id,
        path: name.clone(),
        path_raw: None,
        kind,
        size_bytes: -1,
        mtime_ns: 0,
        state: SourceState::Loading.word(),
        entries: 0,
        not_midi: 0,
        first_run_id: context.run_id,
        inode: None,
        device: None,
    };
    let Some(resume) = context.register(row) else { return };
    context.opened(id);
    let share = Reading::begin((id, name), kind, None, known_before, resume, &context.limits);
    let read = read(share.another(), budget::Holder::new());
    // The stream only seems to end where the run is being stopped.
    if context.stopping() {
        return;
    }
    match read {
        Ok(()) => {}
        Err(Stopped::Refused(refusal)) => refuse_reading(context, share.reading(), refusal, true),
        Err(Stopped::Asked) => return,
    }
    add(&context.counters.archives_done, 1);
    add(&context.counters.sources_done, 1);
    share.finish(context);
}

/// `stream:` and the first 64 bits of the digest of how it begins.
fn name_of(prefix: &[u8]) -> String {
    let digest = Digest::of(prefix).to_string();
    format!("stream:{}", digest.get(..16).unwrap_or_default())
}

/// The first mebibyte, or all where there is less, or what came before a silence; none if the run is stopped meanwhile.
async fn prefix(stop: &Stop, stall: Duration) -> std::io::Result<Option<(Vec<u8>, tokio::io::Stdin)>> {
    let mut input = tokio::io::stdin();
    let mut prefix = Vec::new();
    let mut piece = vec![0; 64 << 10];
    while prefix.len() < PREFIX {
        let wanted = piece.len().min(PREFIX - prefix.len());
        let Some(room) = piece.get_mut(..wanted) else { break };
        // Whoever goes on reading gives up what stays silent; here it only says no more of what it is.
        let arrives = tokio::time::timeout(stall, input.read(room));
        let Some(arrived) = unless_stopped(stop, arrives).await else { return Ok(None) };
        let Ok(length) = arrived else { break };
        let length = length?;
        if length == 0 {
            break;
        }
        prefix.extend_from_slice(room.get(..length).unwrap_or_default());
    }
    Ok(Some((prefix, input)))
}

/// Decodes on the async side; what comes out is read on this one.
fn decode(
    context: &Context,
    meter: Arc<Meter>,
    compression: Compression,
    prefix: Vec<u8>,
    input: tokio::io::Stdin,
) -> Decoded {
    let input = AsyncReadExt::chain(std::io::Cursor::new(prefix), input);
    decoding::decode(&context.runtime, &context.stop, &context.limits, meter, compression, input)
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

/// The directory of a zip or 7z is at its end, so all of it must be there first: in memory, up to the limit of nested
/// archives.
fn read_whole(
    context: &Arc<Context>,
    meter: Arc<Meter>,
    prefix: Vec<u8>,
    input: tokio::io::Stdin,
    holder: budget::Holder,
    container: Container,
) -> Result<(Bytes, budget::Permit), Stopped> {
    let limit = context.limits.nested_size;
    let mut permit = context.budget.nesting.acquire(holder, context.limits.largest_nested())?;
    let mut bytes = Vec::new();
    let mut stream = decode(context, meter, Compression::None, prefix, input).take(limit.saturating_add(1));
    stream.read_to_end(&mut bytes).map_err(|error| refusal_of(&error))?;
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
