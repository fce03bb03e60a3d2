//! The words of a file as PostgreSQL's `to_tsvector('simple', …)` would make them, in the binary form of a `tsvector`.
//!
//! The server takes some hundred microseconds for the texts of a file, as long as for storing all of its rows. Here it takes a
//! few, but only for what is certain: ASCII and [letters](letters) that the server was asked about. Where PostgreSQL's
//! parser may find more than words (hosts, files, signed numbers; documentation, "Parsers"), it is asked for that
//! [stretch](chunks) alone; for whatever remains, as tags, for the whole. A test compares both on texts of every kind.
//! Nothing here talks to a server.

mod chunks;
mod letters;
mod places;

use std::collections::BTreeSet;

use letters::Letter;
use places::{Places, WEIGHT_A, WEIGHT_B, WEIGHT_D};

pub use chunks::Chunks;
pub use letters::Letters;

/// Characters of the title that are looked at, and of each other text.
const TITLE: usize = 1_000;
const TEXT: usize = 65_536;

/// The longest stretch that the server is asked for by itself, in bytes.
const LONGEST_CHUNK: usize = 500;

/// Stands for a character beyond ASCII that parts words; no byte of UTF-8.
const BEYOND: u8 = 0xFF;

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
    places: Places,
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
        self.places.clear();
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
            Made::Written => self.places.encode(to),
            Made::Wanting => self.missing.extend(self.wanted.drain(..)),
            Made::Unclear => {}
        }
        made
    }

    /// Reads one text.
    fn read(&mut self, text: &str, most: usize, weight: u16) -> Made {
        let begin = self.places.text.len();
        if !self.write_lower(start_of(text, most)) {
            return Made::Unclear;
        }
        let first = self.places.mark();
        let all = std::mem::take(&mut self.places.text);
        let own = all.get(begin..).unwrap_or_default();
        let mut made = Made::Written;
        // Nothing that is read here reaches over a space.
        for (start, chunk) in pieces(own, |byte| is_space(*byte)) {
            let before = self.places.mark();
            if read_chunk(&mut self.places, chunk, begin + start, weight).is_some() {
                continue;
            }
            self.places.return_to(before);
            match self.read_learnt(own, start, chunk, weight) {
                Made::Written => {}
                Made::Wanting => made = Made::Wanting,
                Made::Unclear => {
                    made = Made::Unclear;
                    break;
                }
            }
        }
        self.places.text = all;
        self.places.end_text(first);
        made
    }

    /// Reads what stands between two spaces of a text, as the server would.
    fn read_learnt(&mut self, text: &[u8], start: usize, chunk: &[u8], weight: u16) -> Made {
        // A tag may reach over spaces, and a character that stands for others is not theirs.
        if chunk.len() > LONGEST_CHUNK || chunk.iter().any(|byte| matches!(*byte, b'<' | BEYOND)) {
            return Made::Unclear;
        }
        let Ok(chunk_text) = std::str::from_utf8(chunk) else { return Made::Unclear };
        let before = if start == 0 { "" } else { " " };
        let behind = if start + chunk.len() == text.len() { "" } else { " " };
        let asked = format!("{before}{chunk_text}{behind}");
        match self.chunks.get(&asked) {
            None if self.places.is_full() => Made::Unclear,
            None => {
                self.wanted.push(asked);
                Made::Wanting
            }
            Some(words) => match self.places.push_learnt(words, weight) {
                Some(()) => Made::Written,
                None => Made::Unclear,
            },
        }
    }

    /// Puts a text in lower case behind the others, and [`BEYOND`] for each character beyond ASCII that parts words; whether
    /// all of its letters are known.
    fn write_lower(&mut self, text: &str) -> bool {
        if text.is_ascii() {
            self.places.text.extend(text.bytes().map(|byte| byte.to_ascii_lowercase()));
            return true;
        }
        text.chars().all(|letter| {
            let lower = match letter {
                _ if letter.is_ascii() => letter.to_ascii_lowercase(),
                _ => match self.letters.get(letter) {
                    Letter::Word(lower) => lower,
                    Letter::Separator => {
                        self.places.text.push(BEYOND);
                        return true;
                    }
                    Letter::Unclear => return false,
                },
            };
            self.places.text.extend_from_slice(lower.encode_utf8(&mut [0; 4]).as_bytes());
            true
        })
    }
}

/// Reads what stands between two spaces, `from` on in the text; none where it is not certain.
fn read_chunk(places: &mut Places, chunk: &[u8], from: usize, weight: u16) -> Option<()> {
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
            read_hyphens(places, run, from + start, weight)?;
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
        read_run(places, run, from + start, weight)?;
    }
    Some(())
}

/// Reads letters and digits.
fn read_run(places: &mut Places, run: &[u8], from: usize, weight: u16) -> Option<()> {
    if run.is_empty() {
        return Some(());
    }
    // A number with an exponent ends where its digits end.
    let digits = run.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if let Some([b'e' | b'E', b'0'..=b'9', ..]) = run.get(digits..).filter(|_| digits > 0) {
        return None;
    }
    places.push(from, from + run.len(), weight)
}

/// Reads letters, digits and hyphens.
fn read_hyphens(places: &mut Places, run: &[u8], from: usize, weight: u16) -> Option<()> {
    let leading = run.iter().take_while(|byte| **byte == b'-').count();
    let trailing = run.iter().rev().take_while(|byte| **byte == b'-').count();
    let Some(inner) = run.get(leading..run.len() - trailing).filter(|inner| !inner.is_empty()) else {
        return Some(());
    };
    let from = from + leading;
    let is_number = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    if leading > 0 && inner.first().is_some_and(u8::is_ascii_digit) {
        // A hyphen in front of a number is its sign.
        return if is_number(inner) { places.push(from - 1, from + inner.len(), weight) } else { None };
    }
    if !inner.contains(&b'-') {
        return read_run(places, inner, from, weight);
    }
    let parts = || inner.split(|byte| *byte == b'-');
    if parts().all(|part| !part.is_empty() && part.iter().all(u8::is_ascii_alphabetic)) {
        // Words of letters count as a whole and one by one.
        places.push(from, from + inner.len(), weight)?;
        let mut at = from;
        for part in parts() {
            places.push(at, at + part.len(), weight)?;
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
    places.push(from, from + first.len(), weight)?;
    places.push(from + first.len(), from + inner.len(), weight)
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
        let long = "x".repeat(places::LONGEST + 1);
        let many = "x y ".repeat(usize::from(places::MOST_WORDS) / 2 + 1);
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
