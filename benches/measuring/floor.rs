//! The least that reading a collection can cost: the same bytes through the bare libraries, without a limit, a check, a
//! name or a row.
//!
//! What the loader's own readers are compared with; shares no code with them.

use std::io::Read as _;

use anyhow::{Context as _, Result};
use flate2::bufread::GzDecoder;
use libdeflater::Decompressor;
use std::hint::black_box;

use midly::{MidiMessage, TrackEvent, TrackEventKind};
use rawzip::{CompressionMethod, ZipArchive};

/// What was read, so that nothing of it can be left out by the compiler and both sides can be seen to have done the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Read {
    /// Contents.
    pub(crate) files: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// Their digests, all of them combined.
    pub(crate) digests: u64,
    /// MIDI events met.
    pub(crate) events: u64,
}

impl Read {
    /// Counts a content and digests it.
    pub(crate) fn digest(&mut self, content: &[u8]) {
        self.files += 1;
        self.bytes += content.len() as u64;
        let digest = blake3::hash(content);
        let start = digest.as_bytes().first_chunk().copied().unwrap_or_default();
        self.digests ^= u64::from_le_bytes(start);
    }

    /// Both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            files: self.files + other.files,
            bytes: self.bytes + other.bytes,
            digests: self.digests ^ other.digests,
            events: self.events + other.events,
        }
    }
}

/// Every member of a zip, by rawzip and libdeflater.
pub(crate) fn zip(
    bytes: &[u8],
    inflater: &mut Decompressor,
    buffer: &mut Vec<u8>,
    mut take: impl FnMut(&[u8]),
) -> Result<()> {
    let archive = ZipArchive::from_slice(bytes)?;
    let mut entries = archive.entries();
    while let Some(record) = entries.next_entry()? {
        let size = usize::try_from(record.uncompressed_size_hint())?;
        let entry = archive.get_entry(record.wayfinder())?;
        if record.compression_method() == CompressionMethod::STORE {
            take(entry.data());
            continue;
        }
        if buffer.len() < size {
            buffer.resize(size, 0);
        }
        let to = buffer.get_mut(..size).context("the buffer was just made as large")?;
        inflater.deflate_decompress(entry.data(), to)?;
        take(to);
    }
    Ok(())
}

/// Every file of a gzip-compressed tar, by flate2 and tar.
pub(crate) fn tar_gz(bytes: &[u8], mut take: impl FnMut(&[u8])) -> Result<()> {
    let mut archive = tar::Archive::new(GzDecoder::new(bytes));
    let mut content = Vec::new();
    for member in archive.entries()? {
        let mut member = member?;
        if member.header().entry_type().is_file() {
            content.clear();
            member.read_to_end(&mut content)?;
            take(&content);
        }
    }
    Ok(())
}

/// Walks over all events of a MIDI file and keeps nothing; returns how many there are up to the first that is broken in
/// each track, 0 for what is no MIDI file. An escape counts twice, so that the compiler cannot leave the kinds undecoded.
pub(crate) fn walk_events(content: &[u8]) -> u64 {
    walk(content, |event| 1 + u64::from(matches!(event.kind, TrackEventKind::Escape(_))))
}

/// Walks over all events of a MIDI file and counts its note-ons, up to the first event of each track that is broken. The
/// compiler leaves out whatever that does not need: the quickest walk there is.
pub(crate) fn count_notes(content: &[u8]) -> u64 {
    walk(content, |event| match event.kind {
        TrackEventKind::Midi { message: MidiMessage::NoteOn { vel, .. }, .. } => u64::from(vel > 0),
        _ => 0,
    })
}

/// The same walk, in which time, kind and data of each event are looked at, as any analysis must; counts the events.
pub(crate) fn look_at_events(content: &[u8]) -> u64 {
    walk(content, |event| {
        black_box(event);
        1
    })
}

/// The sum of what each event counts, up to the first of each track that is broken.
#[inline]
fn walk(content: &[u8], count: impl Fn(TrackEvent<'_>) -> u64) -> u64 {
    let Ok((_, tracks)) = midly::parse(content) else { return 0 };
    let mut sum = 0;
    for track in tracks.flatten() {
        for event in track {
            let Ok(event) = event else { break };
            sum += count(event);
        }
    }
    sum
}
