//! Standard MIDI Files as bytes: writes tracks through midly, spells running status out, and finds where events lie so
//! that damage can be done to them. Decides nothing musical.

use std::ops::Range;

use midly::{Header, MidiMessage, TrackEvent, TrackEventKind};

/// Encodes the tracks; with `has_running_status`, statuses that repeat are left out.
pub(super) fn encode(header: Header, tracks: &[Vec<TrackEvent<'_>>], has_running_status: bool) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(14 + tracks.iter().map(|track| 8 + 4 * track.len()).sum::<usize>());
    // Writing to memory fails only with a track of 4 GiB or 65,536 tracks, which no score has.
    if midly::write_std(&header, tracks, &mut bytes).is_err() {
        bytes.clear();
    }
    if has_running_status { bytes } else { spell_out(&bytes) }
}

/// The ranges of the bodies of all track chunks, in order.
pub(super) fn track_bodies(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut bodies = Vec::new();
    let mut at = 0;
    while let Some(&[a, b, c, d]) = bytes.get(at + 4..at + 8) {
        let start = at + 8;
        let end =
            start.saturating_add(usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX));
        if bytes.get(at..at + 4) == Some(b"MTrk") && end <= bytes.len() {
            bodies.push(start..end);
        }
        at = end;
    }
    bodies
}

/// An event and where it lies in the file.
#[derive(Clone, Debug)]
pub(super) struct Span {
    /// From its delta time to its last byte.
    pub(super) range: Range<usize>,
    /// Where the delta time ends and the event begins.
    pub(super) event: usize,
    /// The channel status it has or inherits; `None` for meta and system exclusive events.
    pub(super) status: Option<u8>,
    /// Whether the status is left out.
    pub(super) is_running: bool,
}

/// Every event of a track's body, up to the first that cannot be read.
pub(super) fn spans(bytes: &[u8], body: Range<usize>) -> Vec<Span> {
    let mut spans = Vec::new();
    let end = body.end;
    let mut start = body.start;
    let Some(track) = bytes.get(body) else { return spans };
    let mut events = midly::EventBytemapIter::new(track);
    while let Some(Ok((raw, event))) = events.next() {
        let after = end - events.unread().len();
        let status = channel_status(&event.kind);
        let is_running = status.is_some() && raw.first().is_some_and(|byte| *byte < 0x80);
        spans.push(Span { range: start..after, event: after - raw.len(), status, is_running });
        start = after;
    }
    spans
}

/// The status byte of a channel message.
fn channel_status(kind: &TrackEventKind<'_>) -> Option<u8> {
    let TrackEventKind::Midi { channel, message } = kind else { return None };
    let nibble = match message {
        MidiMessage::NoteOff { .. } => 0x80,
        MidiMessage::NoteOn { .. } => 0x90,
        MidiMessage::Aftertouch { .. } => 0xa0,
        MidiMessage::Controller { .. } => 0xb0,
        MidiMessage::ProgramChange { .. } => 0xc0,
        MidiMessage::ChannelAftertouch { .. } => 0xd0,
        MidiMessage::PitchBend { .. } => 0xe0,
    };
    Some(nibble | channel.as_int())
}

/// The same file with every status written.
fn spell_out(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 2);
    out.extend_from_slice(bytes.get(..14).unwrap_or_default());
    for body in track_bodies(bytes) {
        out.extend_from_slice(b"MTrk\0\0\0\0");
        let start = out.len();
        for span in spans(bytes, body) {
            out.extend_from_slice(bytes.get(span.range.start..span.event).unwrap_or_default());
            out.extend(span.status.filter(|_| span.is_running));
            out.extend_from_slice(bytes.get(span.event..span.range.end).unwrap_or_default());
        }
        set_length(&mut out, start);
    }
    out
}

/// Writes the length of the track whose body starts here and ends with the file into its header.
pub(super) fn set_length(bytes: &mut [u8], body: usize) {
    let length = u32::try_from(bytes.len().saturating_sub(body)).unwrap_or(u32::MAX).to_be_bytes();
    if let Some(field) = body.checked_sub(4).and_then(|start| bytes.get_mut(start..body)) {
        field.copy_from_slice(&length);
    }
}

/// Replaces bytes within one track and corrects that track's length.
pub(super) fn splice(bytes: &mut Vec<u8>, body: Range<usize>, replaced: Range<usize>, by: &[u8]) {
    let rest = bytes.split_off(body.end);
    bytes.splice(replaced, by.iter().copied());
    set_length(bytes, body.start);
    bytes.extend_from_slice(&rest);
}
