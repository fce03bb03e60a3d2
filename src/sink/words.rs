//! The words of a file as PostgreSQL's `to_tsvector('simple', …)` would make them, in the binary form of a `tsvector`.
//!
//! The server takes some hundred microseconds for the texts of a file, as long as for storing all of its rows. Here it takes a
//! few, but only for what is certain: ASCII and [letters](super::letters) that the server was asked about. Where PostgreSQL's
//! parser may find more than words (hosts, files, signed numbers; documentation, "Parsers"), it is asked for that
//! [stretch](super::chunks) alone; for whatever remains, as tags, for the whole. A test compares both on texts of every kind.
//! Nothing here talks to a server.

use std::collections::BTreeSet;

use super::chunks::Chunks;
use super::letters::{Letter, Letters};

/// Characters of the title that are looked at, and of each other text.
const TITLE: usize = 1_000;
const TEXT: usize = 65_536;

/// The longest word that PostgreSQL indexes, in bytes; longer ones are left to it.
const LONGEST: usize = 2_046;

/// Words of a file, beyond which PostgreSQL's positions come to their end.
const MOST_WORDS: u16 = 16_000;

/// Places of a word that PostgreSQL keeps: the first ones of each text, and of all texts together.
const PLACES_IN_TEXT: usize = 255;
const PLACES_IN_FILE: usize = 256;

/// Weights as they stand above a position.
const WEIGHT_A: u16 = 3 << 14;
const WEIGHT_B: u16 = 2 << 14;
const WEIGHT_D: u16 = 0;
const POSITION: u16 = (1 << 14) - 1;

/// The longest stretch that the server is asked for by itself, in bytes.
const LONGEST_CHUNK: usize = 500;

/// Stands for a character beyond ASCII that parts words; no byte of UTF-8.
const BEYOND: u8 = 0xFF;

/// A word and where it stands, the weight above the position.
type Place = (u32, u32, u16);

/// Words that are not in the text itself begin here.
const LEARNT: u32 = 1 << 31;

/// Whether the words of a file could be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// They were written.
    Written,
    /// They could be, if all [stretches that are missing](Words::missing) were known.
    Wanting,
    /// They are left to the server.
    Unclear,
}

/// Makes the words of one file after the other; its memory is used again.
#[derive(Debug, Default)]
pub struct Words {
    /// All texts in lower case, one behind the other.
    text: Vec<u8>,
    /// Words of stretches, one behind the other.
    learnt: Vec<u8>,
    /// Words by their beginning and end in the text.
    places: Vec<Place>,
    position: u16,
    letters: Letters,
    chunks: Chunks,
    /// Of this file.
    wanted: Vec<String>,
    /// Of all files that want nothing else.
    missing: BTreeSet<String>,
}

impl Words {
    /// What is known of characters beyond ASCII; words with any other are not certain.
    pub const fn letters(&mut self) -> &mut Letters {
        &mut self.letters
    }

    /// What is known of stretches that may be more than words.
    pub const fn chunks(&mut self) -> &mut Chunks {
        &mut self.chunks
    }

    /// Stretches that were met since the last call and are not known.
    pub fn missing(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.missing)
    }

    /// Characters of a file's texts that nothing is known of, beside those found before.
    pub fn find_unknown(
        &self,
        title: Option<&str>,
        lyrics: Option<&str>,
        text: Option<&str>,
        unknown: &mut BTreeSet<char>,
    ) {
        for (text, most) in [(title, TITLE), (lyrics, TEXT), (text, TEXT)] {
            self.letters.find_unknown(start_of(text.unwrap_or_default(), most), unknown);
        }
    }

    /// Writes the `tsvector` of a file's texts behind `to`, if it can.
    pub fn write(
        &mut self,
        title: Option<&str>,
        lyrics: Option<&str>,
        text: Option<&str>,
        to: &mut Vec<u8>,
    ) -> Made {
        self.text.clear();
        self.learnt.clear();
        self.places.clear();
        self.position = 0;
        self.wanted.clear();
        let mut made = Made::Written;
        for (text, most, weight) in
            [(title, TITLE, WEIGHT_A), (lyrics, TEXT, WEIGHT_B), (text, TEXT, WEIGHT_D)]
        {
            match text.map_or(Made::Written, |text| self.read(text, most, weight)) {
                Made::Written => {}
                Made::Wanting => made = Made::Wanting,
                Made::Unclear => return Made::Unclear,
            }
        }
        match made {
            Made::Written => self.encode(to),
            Made::Wanting => self.missing.extend(self.wanted.drain(..)),
            Made::Unclear => {}
        }
        made
    }

    /// Reads one text.
    fn read(&mut self, text: &str, most: usize, weight: u16) -> Made {
        let begin = self.text.len();
        if !self.write_lower(start_of(text, most)) {
            return Made::Unclear;
        }
        let first_place = self.places.len();
        let all = std::mem::take(&mut self.text);
        let own = all.get(begin..).unwrap_or_default();
        let mut made = Made::Written;
        // Nothing that is read here reaches over a space.
        for (start, chunk) in pieces(own, |byte| is_space(*byte)) {
            let (places, position) = (self.places.len(), self.position);
            if self.read_chunk(chunk, begin + start, weight).is_some() {
                continue;
            }
            self.places.truncate(places);
            self.position = position;
            match self.read_learnt(own, start, chunk, weight) {
                Made::Written => {}
                Made::Wanting => made = Made::Wanting,
                Made::Unclear => {
                    made = Made::Unclear;
                    break;
                }
            }
        }
        self.text = all;
        self.forget_places(first_place);
        made
    }

    /// Forgets the places that PostgreSQL does not keep, of a text, whose are those from `first` on, and of all until now. What
    /// comes behind is then counted from the last place that is left, for `||` knows no other.
    fn forget_places(&mut self, first: usize) {
        let Self { text, learnt, places, .. } = self;
        if places.len() <= PLACES_IN_TEXT {
            return;
        }
        let word = |place: &Place| word_at(text, learnt, place);
        // Most texts have no word so often, which needs no sorting to be seen.
        let mut alike = [0_usize; 256];
        for place in &*places {
            let (word, ends) =
                (word(place), |byte: Option<&u8>| usize::from(byte.copied().unwrap_or_default()));
            let bucket = ends(word.first()) * 7 + ends(word.last()) * 31 + word.len();
            if let Some(count) = alike.get_mut(bucket % 256) {
                *count += 1;
            }
        }
        if alike.iter().all(|count| *count <= PLACES_IN_TEXT) {
            return;
        }
        let first_of = |places: &mut Vec<Place>, most: usize| {
            places.sort_by(|one, other| word(one).cmp(word(other)));
            let same = places.chunk_by(|one, other| word(one) == word(other));
            *places = same.flat_map(|same| same.iter().take(most).copied()).collect();
            places.sort_by_key(|(.., place)| *place & POSITION);
        };
        let mut own = places.split_off(first.min(places.len()));
        first_of(&mut own, PLACES_IN_TEXT);
        places.append(&mut own);
        first_of(places, PLACES_IN_FILE);
        self.position = places.last().map_or(0, |(.., place)| *place & POSITION);
    }

    /// Reads what stands between two spaces of a text, as the server would.
    fn read_learnt(&mut self, text: &[u8], start: usize, chunk: &[u8], weight: u16) -> Made {
        // A tag may reach over spaces, and a character that stands for others is not theirs.
        if self.position >= MOST_WORDS
            || chunk.len() > LONGEST_CHUNK
            || chunk.iter().any(|byte| matches!(*byte, b'<' | BEYOND))
        {
            return Made::Unclear;
        }
        let Ok(chunk_text) = std::str::from_utf8(chunk) else { return Made::Unclear };
        let before = if start == 0 { "" } else { " " };
        let behind = if start + chunk.len() == text.len() { "" } else { " " };
        let asked = format!("{before}{chunk_text}{behind}");
        let Some(words) = self.chunks.get(&asked) else {
            self.wanted.push(asked);
            return Made::Wanting;
        };
        let first = self.position;
        for (word, place) in words {
            self.position = first.saturating_add(*place);
            let (begin, end) = (self.learnt.len(), self.learnt.len() + word.len());
            let (Ok(begin), Ok(end)) = (u32::try_from(begin), u32::try_from(end)) else {
                return Made::Unclear;
            };
            if self.position > MOST_WORDS || end >= LEARNT {
                return Made::Unclear;
            }
            self.learnt.extend_from_slice(word);
            self.places.push((LEARNT | begin, LEARNT | end, weight | self.position));
        }
        Made::Written
    }

    /// Puts a text in lower case behind the others, and [`BEYOND`] for each character beyond ASCII that parts words; whether
    /// all of its letters are known.
    fn write_lower(&mut self, text: &str) -> bool {
        if text.is_ascii() {
            self.text.extend(text.bytes().map(|byte| byte.to_ascii_lowercase()));
            return true;
        }
        text.chars().all(|letter| {
            let lower = match letter {
                _ if letter.is_ascii() => letter.to_ascii_lowercase(),
                _ => match self.letters.get(letter) {
                    Letter::Word(lower) => lower,
                    Letter::Separator => {
                        self.text.push(BEYOND);
                        return true;
                    }
                    Letter::Unclear => return false,
                },
            };
            self.text.extend_from_slice(lower.encode_utf8(&mut [0; 4]).as_bytes());
            true
        })
    }

    /// Reads what stands between two spaces, `from` on in the text; none where it is not certain.
    fn read_chunk(&mut self, chunk: &[u8], from: usize, weight: u16) -> Option<()> {
        // Two different signs may be a host, a path, a tag. One alone has few meanings.
        let mut sign = None;
        for byte in chunk {
            match kind(*byte) {
                Kind::Word | Kind::Separator => {}
                Kind::Sign if sign.is_none_or(|sign| sign == *byte) => sign = Some(*byte),
                Kind::Sign | Kind::Other => return None,
            }
        }
        if sign == Some(b'-') {
            for (start, run) in pieces(chunk, |byte| kind(*byte) == Kind::Separator) {
                self.read_hyphens(run, from + start, weight)?;
            }
            return Some(());
        }
        let is_plain = match sign {
            None | Some(b'_' | b':') => true,
            // One dot ends a sentence, or is no word's; so do three. Two are a folder.
            Some(b'.') => chunk.iter().position(|byte| *byte == b'.').is_some_and(|dot| {
                let rest = chunk.get(dot..).unwrap_or_default();
                let is_alone = |run: &[u8]| matches!(run.len(), 0 | 1 | 3);
                !rest.iter().any(|byte| kind(*byte) == Kind::Word)
                    && rest.split(|byte| *byte != b'.').all(is_alone)
            }),
            Some(b'&') => !chunk.contains(&b';'),
            Some(b'+') => !chunk.array_windows().any(|[sign, next]| *sign == b'+' && next.is_ascii_digit()),
            Some(_) => chunk.len() == 1,
        };
        if !is_plain {
            return None;
        }
        for (start, run) in pieces(chunk, |byte| kind(*byte) != Kind::Word) {
            self.read_run(run, from + start, weight)?;
        }
        Some(())
    }

    /// Reads letters and digits.
    fn read_run(&mut self, run: &[u8], from: usize, weight: u16) -> Option<()> {
        if run.is_empty() {
            return Some(());
        }
        // A number with an exponent ends where its digits end.
        let digits = run.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if let Some([b'e' | b'E', b'0'..=b'9', ..]) = run.get(digits..).filter(|_| digits > 0) {
            return None;
        }
        self.push(from, from + run.len(), weight)
    }

    /// Reads letters, digits and hyphens.
    fn read_hyphens(&mut self, run: &[u8], from: usize, weight: u16) -> Option<()> {
        let leading = run.iter().take_while(|byte| **byte == b'-').count();
        let trailing = run.iter().rev().take_while(|byte| **byte == b'-').count();
        let Some(inner) = run.get(leading..run.len() - trailing).filter(|inner| !inner.is_empty()) else {
            return Some(());
        };
        let from = from + leading;
        let is_number = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
        if leading > 0 && inner.first().is_some_and(u8::is_ascii_digit) {
            // A hyphen in front of a number is its sign.
            return if is_number(inner) { self.push(from - 1, from + inner.len(), weight) } else { None };
        }
        if !inner.contains(&b'-') {
            return self.read_run(inner, from, weight);
        }
        let parts = || inner.split(|byte| *byte == b'-');
        if parts().all(|part| !part.is_empty() && part.iter().all(u8::is_ascii_alphabetic)) {
            // Words of letters count as a whole and one by one.
            self.push(from, from + inner.len(), weight)?;
            let mut at = from;
            for part in parts() {
                self.push(at, at + part.len(), weight)?;
                at += part.len() + 1;
            }
            return Some(());
        }
        let (first, last) = (parts().next()?, parts().next_back()?);
        let is_signed = parts().count() == 2 && !last.is_empty() && is_number(last) && trailing == 0;
        let is_word = first.iter().all(u8::is_ascii_alphabetic) || is_number(first);
        if !(is_signed && is_word) {
            return None;
        }
        self.push(from, from + first.len(), weight)?;
        self.push(from + first.len(), from + inner.len(), weight)
    }

    fn push(&mut self, begin: usize, end: usize, weight: u16) -> Option<()> {
        self.position += 1;
        if end - begin > LONGEST || self.position > MOST_WORDS {
            return None;
        }
        self.places.push((u32::try_from(begin).ok()?, u32::try_from(end).ok()?, weight | self.position));
        Some(())
    }

    /// Writes the words in order, each with its places.
    fn encode(&mut self, to: &mut Vec<u8>) {
        let Self { text, learnt, places, .. } = self;
        let word = |place: &Place| word_at(text, learnt, place);
        // Places come in order, and a stable sort leaves them so.
        places.sort_by(|one, other| word(one).cmp(word(other)));
        let start = to.len();
        to.extend_from_slice(&[0; 4]);
        let mut count = 0_i32;
        for same in places.chunk_by(|one, other| word(one) == word(other)) {
            let Some((first, number)) = same.first().zip(u16::try_from(same.len()).ok()) else { continue };
            count += 1;
            to.extend_from_slice(word(first));
            to.push(0);
            to.extend_from_slice(&number.to_be_bytes());
            to.extend(same.iter().flat_map(|(.., place)| place.to_be_bytes()));
        }
        if let Some(place) = to.get_mut(start..start + 4) {
            place.copy_from_slice(&count.to_be_bytes());
        }
    }
}

/// The word at a place: of the texts, or of what was learnt.
fn word_at<'w>(text: &'w [u8], learnt: &'w [u8], (begin, end, _): &Place) -> &'w [u8] {
    let all = if *begin >= LEARNT { learnt } else { text };
    let bound = |at: &u32| usize::try_from(at & !LEARNT).unwrap_or_default();
    all.get(bound(begin)..bound(end)).unwrap_or_default()
}

/// The first characters of a text, `most` of them.
fn start_of(text: &str, most: usize) -> &str {
    // A character takes a byte at least.
    if text.len() <= most {
        return text;
    }
    let end = if text.is_ascii() { Some(most) } else { text.char_indices().nth(most).map(|(end, _)| end) };
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// What stands between the bytes that part it, with where each begins; also where nothing stands.
fn pieces(text: &[u8], parts: impl Fn(&u8) -> bool) -> impl Iterator<Item = (usize, &[u8])> {
    let mut next = 0;
    text.split(parts).map(move |piece| {
        let start = next;
        next += piece.len() + 1;
        (start, piece)
    })
}

/// What a byte is to the parser.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A letter, a part of one, or a digit.
    Word,
    /// It parts words, whatever stands beside it.
    Separator,
    /// It may join words to something else.
    Sign,
    /// Not looked into.
    Other,
}

const fn kind(byte: u8) -> Kind {
    match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | 0x80..BEYOND => Kind::Word,
        BEYOND
        | b'!'..=b'%'
        | b'\''
        | b'('
        | b')'
        | b'*'
        | b','
        | b';'
        | b'='
        | b'>'
        | b'?'
        | b'['
        | b'\\'
        | b']'
        | b'^'
        | b'`'
        | b'{'
        | b'|'
        | b'}' => Kind::Separator,
        b'&' | b'+' | b'-' | b'.' | b'/' | b':' | b'@' | b'_' => Kind::Sign,
        _ => Kind::Other,
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(words: &mut Words, title: &str, text: &str) -> (Made, Vec<u8>) {
        let mut to = b"before".to_vec();
        let made = words.write(Some(title), None, Some(text), &mut to);
        (made, to.split_off(6))
    }

    fn written(title: &str, text: &str) -> Option<Vec<u8>> {
        let (made, written) = made(&mut Words::default(), title, text);
        (made == Made::Written).then_some(written)
    }

    #[test]
    fn words_stand_in_order_with_their_places() {
        let expected: &[&[u8]] = &[
            &[0, 0, 0, 4],
            b"a\0\0\x01\x00\x04",
            b"b-side\0\0\x01\xC0\x01",
            b"b\0\0\x02\xC0\x02\x00\x05",
            b"side\0\0\x01\xC0\x03",
        ];
        // 'b' sorts before 'b-side'.
        let mut expected = expected.to_vec();
        expected.swap(2, 3);
        assert_eq!(written("B-Side!", "a B."), Some(expected.concat()));
    }

    #[test]
    fn what_may_be_more_than_words_is_asked_for_alone() {
        for chunk in
            ["a.b", "1e5", "+5", "and/or", "me@here", "x:/", "a-1-2", "R&B;", "a_b.", "~x", "a-b1", "\u{1}"]
        {
            let mut words = Words::default();
            for (text, asked) in [
                (chunk.to_owned(), chunk.to_lowercase()),
                (format!("it {chunk}"), format!(" {}", chunk.to_lowercase())),
                (format!("{chunk}\tis it"), format!("{} ", chunk.to_lowercase())),
            ] {
                assert_eq!(made(&mut words, "", &text).0, Made::Wanting, "{text}");
                assert_eq!(words.missing(), BTreeSet::from([asked.clone()]));
                words.chunks().learn(&asked, b"\0\0\0\x01word\0\0\x01\0\x01");
                assert_eq!(made(&mut words, "", &text).0, Made::Written, "{text}");
                assert_eq!(words.missing(), BTreeSet::new());
            }
        }
        let mut words = Words::default();
        words.chunks().learn(" b/a ", b"\0\0\0\x02a\0\0\x01\0\x02b\0\0\x01\0\x01");
        let expected = b"\0\0\0\x04a\0\0\x01\0\x03b\0\0\x01\0\x02the\0\0\x01\0\x01way\0\0\x01\0\x04";
        assert_eq!(made(&mut words, "", "The B/A way"), (Made::Written, expected.to_vec()));
    }

    #[test]
    fn what_reaches_over_spaces_or_is_not_known_is_left_to_the_server() {
        let long = "x".repeat(LONGEST + 1);
        let many = "x y ".repeat(usize::from(MOST_WORDS) / 2 + 1);
        for text in ["café", "<b>", "a.b <", "café a.b", &long, &many] {
            assert_eq!(made(&mut Words::default(), "", text).0, Made::Unclear, "{text}");
        }
        assert_eq!(written("", ""), Some(vec![0; 4]));
        let mut words = Words::default();
        words.letters().learn('\u{2013}', &["1", "2", "a", "b"].map(str::to_owned));
        assert_eq!(made(&mut words, "", "a\u{2013}b").0, Made::Written);
        assert_eq!(made(&mut words, "", "a\u{2013}b.c").0, Made::Unclear);
        // What is left to the server as a whole is not asked for in pieces.
        assert_eq!(made(&mut words, "d.e", "a.b <").0, Made::Unclear);
        assert_eq!(words.missing(), BTreeSet::new());
    }
}
