//! Reads what can be read of a file that is not in order: finds its tracks, mends what it can, and says what it mended.
//!
//! Walks the chunks; the events of a track are [`track`]'s. Each rule and why it was chosen stands in
//! `docs/decisions/0003-lenient-midi-reader.md`. The work is linear in the length of the content, however it is made.

mod cursor;
mod track;

use self::track::{End, Outcome};
use super::clean::is_chunk_id;
use super::event::Listener;
use super::header::{Division, Header, find};
use super::warnings::Warnings;
use crate::record::ParseStatus;

/// Reads every track that can be found and returns how many there are.
pub(in crate::midi) fn read(
    content: &[u8],
    header: &Header,
    warnings: &mut Warnings,
    listener: &mut impl Listener,
) -> u64 {
    let mut reader = Reader {
        content,
        declared_tracks: u64::from(header.tracks),
        tracks: 0,
        // What is tried and thrown away may not take longer than reading the whole content twice.
        trials: content.len().saturating_mul(2),
        longest_pause: longest_pause(header.division),
        warnings: Warnings::NONE,
        listener,
    };
    reader.read_chunks(header.end);
    *warnings |= reader.warnings;
    reader.tracks
}

/// The longest pause that is believed in a damaged track: 1,024 quarter notes (8.5 minutes at 120 a minute), or 10 minutes.
fn longest_pause(division: Division) -> u64 {
    match division {
        Division::Metrical(ticks) => 1_024 * u64::from(ticks),
        Division::Timecode { frames, ticks } => 600 * u64::from(frames) * u64::from(ticks),
    }
}

struct Reader<'a, L> {
    content: &'a [u8],
    declared_tracks: u64,
    tracks: u64,
    /// Bytes that may still be read without being sure that they are a track.
    trials: usize,
    /// Ticks, see [`track::read`].
    longest_pause: u64,
    warnings: Warnings,
    listener: &'a mut L,
}

/// The eight bytes in front of a chunk's body.
struct ChunkHeader {
    id: [u8; 4],
    /// Offset of the body.
    body: usize,
    /// Offset behind the body, as declared.
    end: usize,
}

impl<L: Listener> Reader<'_, L> {
    fn read_chunks(&mut self, mut at: usize) {
        while at < self.content.len() {
            at = match self.chunk(at) {
                Some(chunk) if chunk.id == *b"MTrk" => self.read_track(&chunk),
                Some(chunk) if chunk.id == *b"MThd" => {
                    self.warnings |= Warnings::JUNK_BETWEEN_CHUNKS;
                    if self.tracks >= self.declared_tracks.max(1) {
                        // A second file stands behind the first one.
                        return;
                    }
                    chunk.end
                }
                Some(chunk) if self.is_renamed_track(&chunk) => {
                    self.warnings |= Warnings::TRACK_NAME;
                    self.read_track(&chunk)
                }
                Some(chunk) if self.is_alien(&chunk) => {
                    self.warnings |= Warnings::ALIEN_CHUNK;
                    chunk.end
                }
                _ => self.skip_junk(at),
            };
        }
    }

    fn chunk(&self, at: usize) -> Option<ChunkHeader> {
        let (id, rest) = self.content.get(at..)?.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*rest.first_chunk::<4>()?)).unwrap_or(usize::MAX);
        let body = at + 8;
        Some(ChunkHeader { id: *id, body, end: body.saturating_add(length) })
    }

    /// Whether the chunk is one of the tracks that are still missing, but for its name.
    fn is_renamed_track(&mut self, chunk: &ChunkHeader) -> bool {
        if self.tracks >= self.declared_tracks || chunk.end > self.content.len() {
            return false;
        }
        let seen = self.try_read(chunk.body, chunk.end, End::First);
        seen.is_ended && chunk.body + seen.end == chunk.end && seen.warnings == Warnings::NONE
    }

    /// Whether the chunk is complete and followed by the end of the file or something that can be another chunk.
    fn is_alien(&self, chunk: &ChunkHeader) -> bool {
        is_chunk_id(chunk.id) && self.is_boundary(chunk.end)
    }

    /// Whether a chunk may end at `at`.
    fn is_boundary(&self, at: usize) -> bool {
        at == self.content.len()
            || self.chunk(at).is_some_and(|next| {
                next.id == *b"MTrk" || is_chunk_id(next.id) && next.end <= self.content.len()
            })
    }

    /// Reads the track and returns where the next chunk begins.
    fn read_track(&mut self, chunk: &ChunkHeader) -> usize {
        let end = chunk.end.min(self.content.len());
        let body = self.content.get(chunk.body..end).unwrap_or_default();
        let seen = track::read(body, End::First, self.longest_pause, &mut ());
        let behind = chunk.body + seen.end;
        if seen.is_ended {
            if behind < end && self.goes_on(chunk.body, end) {
                self.accept(chunk.body, end, End::Last);
                self.warnings |= Warnings::AFTER_END_OF_TRACK;
                return end;
            }
            self.accept(chunk.body, end, End::First);
            if behind == chunk.end {
                return behind;
            }
            if let Some(next) = self.find_track(behind, end) {
                self.warnings |= Warnings::TRACK_LENGTH;
                return next;
            }
            if chunk.end > end {
                self.warnings |= Warnings::TRACK_LENGTH;
            }
            if behind < end {
                self.warnings |= Warnings::AFTER_END_OF_TRACK;
            }
            return end;
        }
        if seen.is_cut {
            self.accept(chunk.body, end, End::First);
            self.warnings |= Warnings::TRACK_LENGTH;
            return behind;
        }
        if chunk.end > end {
            self.accept(chunk.body, end, End::First);
            self.warnings |= Warnings::FILE_TRUNCATED;
            return end;
        }
        if !self.is_boundary(end) {
            let longer = self.try_read(chunk.body, self.content.len(), End::First);
            if longer.is_ended && longer.warnings == Warnings::NONE {
                self.accept(chunk.body, self.content.len(), End::First);
                self.warnings |= Warnings::TRACK_LENGTH;
                return chunk.body + longer.end;
            }
            if chunk.body == end
                && let Some(to) = self.unmeasured(end)
            {
                self.accept(chunk.body, to, End::First);
                self.warnings |= Warnings::TRACK_LENGTH;
                return to;
            }
            // The track has no end, and what stands behind it may be the rest of it, if it is more than padding.
            let behind = self.content.get(end..).unwrap_or_default();
            if !behind.iter().all(|byte| matches!(byte, 0 | b'\r' | b'\n' | b' ' | 0x1a)) {
                self.warnings |= Warnings::BYTES_LOST;
            }
        }
        self.accept(chunk.body, end, End::First);
        end
    }

    /// Where a track ends whose length was never written, because its recorder was stopped: before the next one, or with the
    /// file. None where what stands there is no track.
    fn unmeasured(&mut self, from: usize) -> Option<usize> {
        let to = self.find_track(from, self.content.len()).unwrap_or(self.content.len());
        let seen = self.try_read(from, to, End::First);
        let is_music = seen.end > 0 && seen.warnings.status() != ParseStatus::Partial;
        is_music.then_some(if seen.is_ended { from + seen.end } else { to })
    }

    /// Whether the track goes on behind its first end-of-track event and ends with another, and nothing is lost between.
    fn goes_on(&mut self, from: usize, to: usize) -> bool {
        let whole = self.try_read(from, to, End::Last);
        whole.is_ended && from + whole.end == to && whole.warnings.status() != ParseStatus::Partial
    }

    /// Reads the track between `from` and `to` for the listener.
    fn accept(&mut self, from: usize, to: usize, end: End) {
        let outcome = track::read(
            self.content.get(from..to).unwrap_or_default(),
            end,
            self.longest_pause,
            self.listener,
        );
        self.warnings |= outcome.warnings;
        if !outcome.is_ended {
            self.warnings |= Warnings::NO_END_OF_TRACK;
        }
        self.tracks += 1;
    }

    /// Reads the track between `from` and `to` for nobody, as long as there is time for it.
    fn try_read(&mut self, from: usize, to: usize, end: End) -> Outcome {
        let body = self.content.get(from..to).unwrap_or_default();
        let body = body.get(..self.trials).unwrap_or(body);
        let outcome = track::read(body, end, self.longest_pause, &mut ());
        self.trials = self.trials.saturating_sub(outcome.end.saturating_add(8));
        outcome
    }

    /// Goes on at the next track behind what is no chunk.
    ///
    /// A track found like this must be without a fault, and one that the header promises: behind the last one, files hold
    /// what an earlier, longer file left on the disk.
    fn skip_junk(&mut self, at: usize) -> usize {
        self.warnings |= Warnings::JUNK_BETWEEN_CHUNKS;
        if self.tracks >= self.declared_tracks.max(1) {
            return self.content.len();
        }
        let mut from = at;
        while let Some(found) = self.find_track(from, self.content.len()) {
            let Some(chunk) = self.chunk(found) else { break };
            let seen = self.try_read(chunk.body, self.content.len(), End::First);
            if seen.is_ended && seen.warnings == Warnings::NONE {
                return found;
            }
            self.warnings |= Warnings::BYTES_LOST;
            from = chunk.body;
        }
        self.content.len()
    }

    fn find_track(&self, from: usize, to: usize) -> Option<usize> {
        find(self.content.get(from..to)?, *b"MTrk").map(|at| from + at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: &[u8] = b"\x00\xFF\x2F\x00";
    const NOTE: &[u8] = b"\x00\x90\x3C\x40";

    fn join(parts: &[&[u8]]) -> Vec<u8> {
        parts.concat()
    }

    fn chunk(id: [u8; 4], length: usize, body: &[u8]) -> Vec<u8> {
        join(&[&id, &u32::try_from(length).unwrap().to_be_bytes(), body])
    }

    fn track(parts: &[&[u8]]) -> Vec<u8> {
        let body = join(parts);
        chunk(*b"MTrk", body.len(), &body)
    }

    /// Reads chunks behind a header that promises so many tracks; returns tracks and warnings.
    fn read_chunks(promised: u8, chunks: &[&[u8]]) -> (u64, Warnings) {
        let content = join(&[b"MThd\0\0\0\x06\0\x01\0", &[promised], b"\0\x60", &join(chunks)]);
        let header = Header::find(&content).unwrap();
        let mut warnings = Warnings::NONE;
        let tracks = read(&content, &header, &mut warnings, &mut ());
        (tracks, warnings)
    }

    #[test]
    fn chunks_are_found_and_mended() {
        let whole = track(&[NOTE, END]);
        let body = join(&[NOTE, END]);
        for (name, promised, chunks, tracks, warnings) in [
            ("in order", 2, vec![whole.clone(), whole.clone()], 2, Warnings::NONE),
            ("no end of track", 2, vec![track(&[NOTE]), whole.clone()], 2, Warnings::NO_END_OF_TRACK),
            ("alien", 1, vec![chunk(*b"XFIH", 3, b"abc"), whole.clone()], 1, Warnings::ALIEN_CHUNK),
            (
                "another name",
                2,
                vec![chunk(*b"mTrk", body.len(), &body), whole.clone()],
                2,
                Warnings::TRACK_NAME,
            ),
            (
                "junk between",
                2,
                vec![whole.clone(), b"\0".to_vec(), whole.clone()],
                2,
                Warnings::JUNK_BETWEEN_CHUNKS,
            ),
            (
                "an unpromised track behind junk",
                1,
                vec![whole.clone(), b"\0".to_vec(), whole.clone()],
                1,
                Warnings::JUNK_BETWEEN_CHUNKS,
            ),
            (
                "a damaged track behind junk",
                3,
                vec![b"\0".to_vec(), track(&[b"\x00\x05\x05", END]), whole.clone()],
                1,
                Warnings::JUNK_BETWEEN_CHUNKS | Warnings::BYTES_LOST,
            ),
            ("trailing bytes", 1, vec![whole.clone(), b"\r\n".to_vec()], 1, Warnings::JUNK_BETWEEN_CHUNKS),
            ("too long, to the end", 1, vec![chunk(*b"MTrk", 999, &body)], 1, Warnings::TRACK_LENGTH),
            (
                "too long, into the next",
                2,
                vec![chunk(*b"MTrk", 12, &body), whole.clone()],
                2,
                Warnings::TRACK_LENGTH,
            ),
            ("too short", 2, vec![chunk(*b"MTrk", 3, &body), whole.clone()], 2, Warnings::TRACK_LENGTH),
            (
                "the file ends in the track",
                1,
                vec![chunk(*b"MTrk", 999, NOTE)],
                1,
                Warnings::FILE_TRUNCATED | Warnings::NO_END_OF_TRACK,
            ),
            ("behind the end", 1, vec![track(&[NOTE, END, b"\0"])], 1, Warnings::AFTER_END_OF_TRACK),
            (
                "goes on behind the end",
                1,
                vec![track(&[NOTE, END, NOTE, END])],
                1,
                Warnings::AFTER_END_OF_TRACK,
            ),
            (
                "a second file",
                1,
                vec![whole.clone(), chunk(*b"MThd", 6, b"\0\x01\0\x01\0\x60"), whole.clone()],
                1,
                Warnings::JUNK_BETWEEN_CHUNKS,
            ),
            ("nothing", 1, vec![], 0, Warnings::NONE),
            ("no track", 1, vec![b"nothing like a track".to_vec()], 0, Warnings::JUNK_BETWEEN_CHUNKS),
        ] {
            let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
            let found = read_chunks(promised, &chunks);
            assert_eq!(found, (tracks, warnings), "{name}: {:?}", found.1.words().collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_stands_behind_a_length_that_is_too_short_is_read_or_told() {
        let whole = track(&[NOTE, END]);
        for (name, promised, chunks, tracks, warnings) in [
            (
                "a length that was never written",
                1,
                vec![chunk(*b"MTrk", 0, NOTE)],
                1,
                Warnings::TRACK_LENGTH | Warnings::NO_END_OF_TRACK,
            ),
            (
                "padding behind a track without an end",
                1,
                vec![track(&[NOTE]), b"\0\0\x1a".to_vec()],
                1,
                Warnings::NO_END_OF_TRACK | Warnings::JUNK_BETWEEN_CHUNKS,
            ),
            (
                "no music behind an empty track",
                1,
                vec![chunk(*b"MTrk", 0, b"\x00\x05\x05")],
                1,
                Warnings::NO_END_OF_TRACK | Warnings::BYTES_LOST | Warnings::JUNK_BETWEEN_CHUNKS,
            ),
            (
                "too short, with a fault behind",
                1,
                vec![chunk(*b"MTrk", 4, &join(&[NOTE, b"\x00\xF8", END]))],
                1,
                Warnings::NO_END_OF_TRACK | Warnings::BYTES_LOST | Warnings::JUNK_BETWEEN_CHUNKS,
            ),
            (
                "no track promised, and a byte before it",
                0,
                vec![b"\0".to_vec(), whole.clone()],
                1,
                Warnings::JUNK_BETWEEN_CHUNKS,
            ),
        ] {
            let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
            let found = read_chunks(promised, &chunks);
            assert_eq!(found, (tracks, warnings), "{name}: {:?}", found.1.words().collect::<Vec<_>>());
        }
    }

    /// Contents made to be read over and over: each would take hours if the work were not linear.
    #[test]
    fn hostile_contents_take_no_longer_than_others() {
        let times = 100_000;
        let tail = [0, 0x40].repeat(400_000);
        for (name, start, repeated) in [
            ("tracks to the end of the file", b"".as_slice(), b"MTrk\xFF\xFF\xFF\xFF".as_slice()),
            ("empty tracks with junk behind", b"", b"MTrk\0\0\0\0\0"),
            ("texts that jump over all tracks", b"", b"MTrk\0\0\0\x04\x00\xFF\x01\x8F\xFF\x7F"),
            ("the same behind junk", b"\0", b"MTrk\0\0\0\x04\x00\xFF\x01\xBF\xFF\x7F"),
            ("ends of track", b"MTrk\x7F\xFF\xFF\xFF", b"\x00\xFF\x2F\x00"),
            ("headers", b"", b"MThd\0\0\0\0"),
        ] {
            let (tracks, _) = read_chunks(255, &[start, &repeated.repeat(times), b"\x00\x90", &tail, END]);
            assert!(tracks <= 100_001, "{name}");
        }
    }
}
