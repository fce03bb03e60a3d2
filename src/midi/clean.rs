//! Reads the events of a file that is in order, with midly.
//!
//! midly drops the rest of a track at the first event it does not understand and says nothing. So this reader takes a
//! file only as a whole: every chunk complete, every track ended by an end-of-track event on its last byte. About
//! anything else it says [`NotClean`] and the lenient reader begins anew. Channel messages in order, which are most of a
//! track, are read ahead of midly by [`message`]; every doubt is midly's to decide.

mod message;

use midly::{EventIter, MetaMessage, MidiMessage, TrackEventKind};

use super::event::{Event, Listener, advance};
use super::header::Header;
use super::warnings::Warnings;
use message::Message;

/// The file is not in order; what the listener heard so far is to be forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::midi) struct NotClean;

/// Reads every track of `content` and returns how many there are.
pub(in crate::midi) fn read(
    content: &[u8],
    header: &Header,
    warnings: &mut Warnings,
    listener: &mut impl Listener,
) -> Result<u64, NotClean> {
    let mut rest = content.get(header.end..).unwrap_or_default();
    let (mut tracks, mut has_aliens) = (0, false);
    while !rest.is_empty() {
        let (id, body) = rest.split_first_chunk::<4>().ok_or(NotClean)?;
        let (length, body) = body.split_first_chunk::<4>().ok_or(NotClean)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| NotClean)?;
        let (chunk, next) = body.split_at_checked(length).ok_or(NotClean)?;
        match id {
            b"MTrk" => {
                read_track(chunk, warnings, listener)?;
                tracks += 1;
            }
            _ if is_chunk_id(*id) => has_aliens = true,
            _ => return Err(NotClean),
        }
        rest = next;
    }
    if has_aliens {
        *warnings |= Warnings::ALIEN_CHUNK;
        // One of them may be a track under another name.
        if tracks != u64::from(header.tracks) {
            return Err(NotClean);
        }
    }
    if tracks == 0 { Err(NotClean) } else { Ok(tracks) }
}

/// Whether four bytes can be the id of a chunk: printable ASCII, and no second header.
pub(in crate::midi) fn is_chunk_id(id: [u8; 4]) -> bool {
    id != *b"MThd" && id.iter().all(|byte| (0x20..0x7F).contains(byte))
}

fn read_track(chunk: &[u8], warnings: &mut Warnings, listener: &mut impl Listener) -> Result<(), NotClean> {
    let (mut tick, mut rest, mut running) = (listener.begin_track(), chunk, 0);
    loop {
        while let Some(message) = rest.first_chunk().and_then(|window| Message::read(*window, running)) {
            rest = rest.get(message.length..).unwrap_or_default();
            running = message.status;
            tick = advance(tick, message.delta, warnings);
            listener.event(tick, message.event());
            if message.is_note() {
                rest = message::read_notes(rest, &mut running, &mut tick, listener);
            }
        }
        let mut events = EventIter::new(rest);
        *events.running_status_mut() = (running >= 0x80).then_some(running);
        let Some(Ok(event)) = events.next() else { return Err(NotClean) };
        rest = events.unread();
        running = events.running_status().unwrap_or(0);
        tick = advance(tick, u64::from(event.delta.as_int()), warnings);
        let event = match event.kind {
            TrackEventKind::Midi { channel, message } => from_message(channel.as_int(), message),
            TrackEventKind::Meta(meta) => from_meta(meta, chunk, rest.len()),
            TrackEventKind::SysEx(data) => Event::SystemExclusive(data),
            TrackEventKind::Escape(_) => Event::Other,
        };
        listener.event(tick, event);
        if event == Event::EndOfTrack {
            // midly lets the length of the last event be anything.
            if !rest.is_empty() || !chunk.ends_with(&[0xFF, 0x2F, 0]) {
                return Err(NotClean);
            }
            listener.end_track(tick);
            return Ok(());
        }
    }
}

#[inline]
fn from_message(channel: u8, message: MidiMessage) -> Event<'static> {
    match message {
        MidiMessage::NoteOn { key, vel } => {
            Event::Note { channel, key: key.as_int(), velocity: vel.as_int() }
        }
        MidiMessage::NoteOff { key, .. } => Event::Note { channel, key: key.as_int(), velocity: 0 },
        MidiMessage::ProgramChange { program } => Event::Program { channel, program: program.as_int() },
        MidiMessage::Controller { controller, value } => {
            Event::Controller { controller: controller.as_int(), value: value.as_int() }
        }
        MidiMessage::PitchBend { .. } => Event::PitchBend,
        MidiMessage::Aftertouch { .. } | MidiMessage::ChannelAftertouch { .. } => Event::Other,
    }
}

/// `unread` bytes of the track's `chunk` stand behind the event.
fn from_meta<'a>(meta: MetaMessage<'a>, chunk: &[u8], unread: usize) -> Event<'a> {
    match meta {
        MetaMessage::Text(text) => Event::from_meta(1, text),
        MetaMessage::Copyright(text) => Event::from_meta(2, text),
        MetaMessage::TrackName(text) => Event::from_meta(3, text),
        MetaMessage::InstrumentName(text) => Event::from_meta(4, text),
        MetaMessage::Lyric(text) => Event::from_meta(5, text),
        MetaMessage::Marker(text) => Event::from_meta(6, text),
        MetaMessage::CuePoint(text) => Event::from_meta(7, text),
        MetaMessage::ProgramName(text) => Event::from_meta(8, text),
        MetaMessage::DeviceName(text) => Event::from_meta(9, text),
        MetaMessage::EndOfTrack => Event::EndOfTrack,
        MetaMessage::Tempo(tempo) => Event::from_tempo(tempo.as_int()),
        MetaMessage::TimeSignature(numerator, power, ..) => Event::from_meter(numerator, power),
        // midly takes every mode but 0 for minor; the byte itself tells more.
        MetaMessage::KeySignature(sharps, minor) => match chunk.get(..chunk.len() - unread) {
            Some([.., 0xFF, 0x59, 2, _, mode]) => Event::from_key(sharps.cast_unsigned(), *mode),
            _ => Event::from_key(sharps.cast_unsigned(), u8::from(minor)),
        },
        MetaMessage::Unknown(kind, data) => Event::from_meta(kind, data),
        _ => Event::Other,
    }
}
