//! The texts of a file: names, copyright, markers, lyrics, and all of it for searching.
//!
//! Keeps bytes while the file is read, within limits; once it is read, [`encoding`] makes text of them and
//! [`write()`](Texts::write) sorts it into its columns. What no column keeps for want of room is told by
//! [`Warnings::TEXT_CUT`].

mod encoding;
mod lines;

use std::borrow::Cow;

use self::encoding::TextEncoding;
use crate::midi::warnings::Warnings;
use crate::record::Metadata;

/// Bytes of text kept of a file.
const TOTAL_BYTES: usize = 64 * 1024;

/// Bytes of them for other texts than names and copyrights, so that lyrics leave room for the names behind them.
const FREE_BYTES: usize = 48 * 1024;

/// Bytes kept of one event.
const EVENT_BYTES: usize = 16 * 1024;

/// Names of one kind that are kept.
const NAMES: usize = 256;

/// Meta types.
const TEXT: u8 = 1;
const COPYRIGHT: u8 = 2;
const TRACK_NAME: u8 = 3;
const INSTRUMENT_NAME: u8 = 4;
const LYRIC: u8 = 5;
const MARKER: u8 = 6;
const CUE_POINT: u8 = 7;

/// A text event; its bytes are `Texts::bytes[start..end]`.
#[derive(Clone, Copy, Debug)]
struct TextEvent {
    tick: u64,
    track: u32,
    start: usize,
    end: usize,
    kind: u8,
}

/// Collects the text events of a file, track after track.
#[derive(Debug, Default)]
pub(in crate::midi) struct Texts {
    events: Vec<TextEvent>,
    /// The bytes of all events; each but a lyric is followed by a line feed, for the detection of the encoding.
    bytes: Vec<u8>,
    free_bytes: usize,
    is_cut: bool,
}

impl Texts {
    /// Forgets everything.
    pub(in crate::midi) fn clear(&mut self) {
        self.events.clear();
        self.bytes.clear();
        self.free_bytes = 0;
        self.is_cut = false;
    }

    /// A text event of this meta type on this track.
    pub(in crate::midi) fn push(&mut self, tick: u64, track: u32, kind: u8, bytes: &[u8]) {
        let mut room = TOTAL_BYTES.saturating_sub(self.bytes.len() + 1).min(EVENT_BYTES);
        let is_free = !matches!(kind, COPYRIGHT | TRACK_NAME | INSTRUMENT_NAME);
        if is_free {
            room = room.min(FREE_BYTES.saturating_sub(self.free_bytes + 1));
        }
        let kept = bytes.get(..room).unwrap_or(bytes);
        self.is_cut |= kept.len() < bytes.len();
        if kept.is_empty() {
            return;
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(kept);
        self.events.push(TextEvent { tick, track, start, end: self.bytes.len(), kind });
        // Syllables may split a character; other texts must not seem to go on in the next.
        if kind != LYRIC {
            self.bytes.push(b'\n');
        }
        if is_free {
            self.free_bytes += kept.len() + 1;
        }
    }

    /// Writes its columns.
    pub(in crate::midi) fn write(&self, warnings: &mut Warnings, to: &mut Metadata) {
        let mut is_cut = self.is_cut;
        if !self.events.is_empty() {
            let encoding = TextEncoding::detect(&self.bytes);
            to.text_encoding = Some(encoding.name().into_owned());
            to.text_raw = encoding.is_guess().then(|| self.bytes.clone());
            self.write_names(encoding, &mut is_cut, to);
            self.write_texts(encoding, to);
        }
        if is_cut {
            *warnings |= Warnings::TEXT_CUT;
        }
    }

    fn write_names(&self, encoding: TextEncoding, is_cut: &mut bool, to: &mut Metadata) {
        let mut last_track = None;
        for event in self.of_kind(TRACK_NAME).filter(|event| !self.is_blank(event)) {
            if last_track == Some(event.track) {
                continue;
            }
            last_track = Some(event.track);
            if to.track_names.len() == NAMES {
                *is_cut = true;
                break;
            }
            let name = lines::name(&encoding.decode(self.slice(event)), is_cut);
            if name.is_empty() {
                continue;
            }
            if event.track == 0 {
                to.title = Some(name.clone());
            }
            to.track_names.push(name);
        }
        self.write_karaoke(encoding, is_cut, to);
        to.copyright = self
            .of_kind(COPYRIGHT)
            .map(|event| lines::name(&encoding.decode(self.slice(event)), is_cut))
            .find(|text| !text.is_empty());
        for event in self.of_kind(INSTRUMENT_NAME) {
            let name = lines::name(&encoding.decode(self.slice(event)), is_cut);
            if name.is_empty() || to.instrument_names.contains(&name) {
                continue;
            }
            if to.instrument_names.len() == NAMES {
                *is_cut = true;
                break;
            }
            to.instrument_names.push(name);
        }
        let mut markers: Vec<_> =
            self.events.iter().filter(|event| matches!(event.kind, MARKER | CUE_POINT)).collect();
        markers.sort_by_key(|event| event.tick);
        *is_cut |= markers.len() > NAMES;
        let names = markers.iter().take(NAMES).map(|event| encoding.decode(self.slice(event)));
        to.markers = names.map(|text| lines::name(&text, is_cut)).filter(|name| !name.is_empty()).collect();
    }

    /// What the marked lines of a karaoke file say. By custom the first `@T` line names the song and the second whoever sings
    /// it.
    fn write_karaoke(&self, encoding: TextEncoding, is_cut: &mut bool, to: &mut Metadata) {
        let mut name = |line: Cow<'_, str>| Some(lines::name(&line, is_cut)).filter(|name| !name.is_empty());
        let mut titles = self.karaoke_lines(encoding, b"@T");
        to.title = titles.next().and_then(&mut name).or(to.title.take());
        to.artist = titles.next().and_then(&mut name);
        let language = self.karaoke_lines(encoding, b"@L").next().and_then(name);
        to.lyrics_language = language.map(|word| word.to_lowercase());
    }

    fn write_texts(&self, encoding: TextEncoding, to: &mut Metadata) {
        let is_karaoke =
            self.of_kind(TEXT).any(|event| matches!(self.slice(event), [b'@', b'K' | b'L' | b'T', ..]));
        let syllables = is_karaoke.then(|| self.syllable_track()).flatten();
        let is_syllable = |event: &TextEvent| {
            event.kind == TEXT && Some(event.track) == syllables && !self.slice(event).starts_with(b"@")
        };
        let has_lyrics = self.of_kind(LYRIC).next().is_some();
        let is_sung = |event: &TextEvent| if has_lyrics { event.kind == LYRIC } else { is_syllable(event) };
        to.is_karaoke = is_karaoke || has_lyrics;
        to.lyrics = self.sung(encoding, is_sung);
        let mut text = String::new();
        for event in self.events.iter().filter(|event| event.kind != LYRIC && !is_syllable(event)) {
            lines::add(&mut text, &encoding.decode(self.slice(event)));
        }
        to.text = Some(text).filter(|text| !text.is_empty());
    }

    /// The events of `is_sung`, track after track, joined before they are decoded: syllables may split a character.
    fn sung(&self, encoding: TextEncoding, is_sung: impl Fn(&TextEvent) -> bool) -> Option<String> {
        let mut bytes = Vec::new();
        let mut track = None;
        for event in self.events.iter().filter(|event| is_sung(event)) {
            if track.replace(event.track).is_some_and(|last| last != event.track) {
                bytes.push(b'\n');
            }
            match self.slice(event) {
                // Karaoke: a backslash begins a paragraph, a slash a line.
                [b'\\', rest @ ..] => {
                    bytes.extend_from_slice(b"\n\n");
                    bytes.extend_from_slice(rest);
                }
                [b'/', rest @ ..] => {
                    bytes.push(b'\n');
                    bytes.extend_from_slice(rest);
                }
                syllable => bytes.extend_from_slice(syllable),
            }
        }
        let lyrics = lines::paragraphs(&encoding.decode(&bytes));
        Some(lyrics).filter(|lyrics| !lyrics.is_empty())
    }

    /// The track with the most text events that are no `@` line, the first of them: where karaoke files keep the words.
    fn syllable_track(&self) -> Option<u32> {
        let mut most = None;
        let texts = self.of_kind(TEXT).filter(|event| !self.slice(event).starts_with(b"@"));
        let mut run = (None, 0_usize);
        for event in texts {
            run = if run.0 == Some(event.track) { (run.0, run.1 + 1) } else { (Some(event.track), 1) };
            if most.is_none_or(|(_, count)| run.1 > count) {
                most = Some((event.track, run.1));
            }
        }
        most.map(|(track, _)| track)
    }

    /// What follows this mark in the text events that begin with it.
    fn karaoke_lines(&self, encoding: TextEncoding, mark: &[u8]) -> impl Iterator<Item = Cow<'_, str>> {
        self.of_kind(TEXT)
            .filter_map(move |event| Some(encoding.decode(self.slice(event).strip_prefix(mark)?)))
    }

    fn of_kind(&self, kind: u8) -> impl Iterator<Item = &TextEvent> {
        self.events.iter().filter(move |event| event.kind == kind)
    }

    fn slice(&self, event: &TextEvent) -> &[u8] {
        self.bytes.get(event.start..event.end).unwrap_or_default()
    }

    fn is_blank(&self, event: &TextEvent) -> bool {
        self.slice(event).iter().all(|byte| *byte <= b' ')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(events: &[(u32, u8, &[u8])]) -> (Metadata, Warnings) {
        let mut texts = Texts::default();
        for (tick, (track, kind, bytes)) in (0..).zip(events) {
            texts.push(tick, *track, *kind, bytes);
        }
        let (mut found, mut warnings) = (Metadata::default(), Warnings::NONE);
        texts.write(&mut warnings, &mut found);
        (found, warnings)
    }

    #[test]
    fn texts_go_to_their_columns() {
        let (found, warnings) = write(&[
            (0, TRACK_NAME, b" Song\0 "),
            (0, TRACK_NAME, b"Not this"),
            (0, COPYRIGHT, b"(c) 1999"),
            (0, MARKER, b"Verse"),
            (1, TRACK_NAME, b"  "),
            (1, INSTRUMENT_NAME, b"Violin"),
            (2, TRACK_NAME, b"Bass"),
            (2, INSTRUMENT_NAME, b"Violin"),
            (2, TEXT, b"Hello\r\nthere\x07"),
            (3, LYRIC, b"Yes"),
            (3, LYRIC, b"ter"),
            (3, LYRIC, b"day\r"),
            (3, LYRIC, b"/all"),
        ]);
        assert_eq!(found.title.as_deref(), Some("Song"));
        assert_eq!(found.track_names, ["Song", "Bass"]);
        assert_eq!(found.copyright.as_deref(), Some("(c) 1999"));
        assert_eq!(
            (found.markers, found.instrument_names),
            (vec!["Verse".to_owned()], vec!["Violin".to_owned()])
        );
        assert_eq!(found.lyrics.as_deref(), Some("Yesterday\nall"));
        let text = "Song\nNot this\n(c) 1999\nVerse\nViolin\nBass\nViolin\nHello\nthere";
        assert_eq!(found.text.as_deref(), Some(text));
        assert_eq!((found.is_karaoke, found.text_encoding.as_deref()), (true, Some("ascii")));
        assert_eq!(found.text_raw, None);
        assert_eq!(warnings, Warnings::NONE);
    }

    #[test]
    fn karaoke_files_sing_in_text_events() {
        let (found, _) = write(&[
            (0, TRACK_NAME, b"Words"),
            (1, TEXT, b"@KMIDI KARAOKE FILE"),
            (1, TEXT, b"@LENGL "),
            (1, TEXT, b"@TMy Song"),
            (1, TEXT, b"@TMy Singer"),
            (1, TEXT, b"made by me"),
            (2, TEXT, b"\\Hel"),
            (2, TEXT, b"lo"),
            (2, TEXT, b"/world"),
        ]);
        assert_eq!((found.title.as_deref(), found.artist.as_deref()), (Some("My Song"), Some("My Singer")));
        assert_eq!(found.lyrics_language.as_deref(), Some("engl"));
        assert_eq!(found.lyrics.as_deref(), Some("Hello\nworld"));
        let text = "Words\n@KMIDI KARAOKE FILE\n@LENGL\n@TMy Song\n@TMy Singer\nmade by me";
        assert_eq!(found.text.as_deref(), Some(text));
        assert!(found.is_karaoke);
    }

    #[test]
    fn one_encoding_is_found_for_the_whole_file() {
        let (found, _) = write(&[
            (0, TRACK_NAME, b"\x83\x81\x83\x8D\x83\x66\x83\x42"),
            (0, LYRIC, b"\x82"),
            (0, LYRIC, b"\xA0\x82\xA2\x82\xCC"),
            (0, TEXT, b"\x8D\xEC\x8B\xC8\x81\x46\x83\x6F\x83\x62\x83\x6E\x82\xCC\x82\xE0\x82\xCC"),
        ]);
        assert_eq!(found.text_encoding.as_deref(), Some("shift_jis"));
        let raw = found.text_raw.unwrap();
        assert!(
            raw.starts_with(b"\x83\x81\x83\x8D\x83\x66\x83\x42\n\x82\xA0\x82\xA2"),
            "{}",
            raw.escape_ascii()
        );
        assert_eq!(found.track_names, ["メロディ"]);
        assert_eq!(found.lyrics.as_deref(), Some("あいの"));
    }

    #[test]
    fn a_flood_of_text_is_cut_and_leaves_room_for_names() {
        let flood = vec![b'x'; 10_000];
        let mut events: Vec<(u32, u8, &[u8])> = vec![(0, TEXT, &flood); 20];
        events.push((1, TRACK_NAME, b"Bass"));
        let (found, warnings) = write(&events);
        assert_eq!(found.track_names, ["Bass"]);
        assert!(found.text.unwrap().len() <= TOTAL_BYTES);
        assert_eq!(warnings, Warnings::TEXT_CUT);

        let many: Vec<(u32, u8, &[u8])> =
            (0..300).map(|track| (track, TRACK_NAME, flood.as_slice())).collect();
        let (found, warnings) = write(&many);
        assert!(found.track_names.len() <= NAMES);
        assert!(found.track_names.iter().all(|name| name.len() <= 1_024));
        assert_eq!(warnings, Warnings::TEXT_CUT);
    }
}
