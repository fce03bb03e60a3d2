//! The words of a file as PostgreSQL's `to_tsvector('simple', …)` would make them, in the binary form of a `tsvector`.
//!
//! The server takes some hundred microseconds for the texts of a file, as long as for storing all of its rows. Here it takes a
//! few, but only for what is certain: ASCII and [letters](super::letters) that the server was asked about, and none of the
//! spellings in which PostgreSQL's parser finds more than words (hosts, files, tags, signed numbers; documentation, "Parsers").
//! For anything else the answer is none, and the server is asked. A test compares both on texts of every kind. Nothing here
//! talks to a server.

use std::collections::BTreeSet;

use super::letters::{Letter, Letters};

/// Characters of the title that are looked at, and of each other text.
const TITLE: usize = 1_000;
const TEXT: usize = 65_536;

/// The longest word that PostgreSQL indexes, in bytes; longer ones are left to it.
const LONGEST: usize = 2_046;

/// Words of a file, and places of one of them, beyond which PostgreSQL keeps no exact count.
const MOST_WORDS: u16 = 16_000;
const MOST_PLACES: usize = 250;

/// Weights as they stand above a position.
const WEIGHT_A: u16 = 3 << 14;
const WEIGHT_B: u16 = 2 << 14;
const WEIGHT_D: u16 = 0;

/// A word and where it stands, the weight above the position.
type Place = (u32, u32, u16);

/// Makes the words of one file after the other; its memory is used again.
#[derive(Debug, Default)]
pub struct Words {
    /// All texts in lower case, one behind the other.
    text: Vec<u8>,
    /// Words by their beginning and end in the text.
    places: Vec<Place>,
    position: u16,
    letters: Letters,
}

impl Words {
    /// What is known of characters beyond ASCII; words with any other are not certain.
    pub const fn letters(&mut self) -> &mut Letters {
        &mut self.letters
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

    /// Writes the `tsvector` of a file's texts behind `to`; whether it is certain. Nothing is written if not.
    pub fn write(
        &mut self,
        title: Option<&str>,
        lyrics: Option<&str>,
        text: Option<&str>,
        to: &mut Vec<u8>,
    ) -> bool {
        self.text.clear();
        self.places.clear();
        self.position = 0;
        [(title, TITLE, WEIGHT_A), (lyrics, TEXT, WEIGHT_B), (text, TEXT, WEIGHT_D)]
            .into_iter()
            .all(|(text, most, weight)| text.is_none_or(|text| self.read(text, most, weight)))
            && self.encode(to)
    }

    /// Reads one text; whether all of it is certain.
    fn read(&mut self, text: &str, most: usize, weight: u16) -> bool {
        let begin = self.text.len();
        if !self.write_lower(start_of(text, most)) {
            return false;
        }
        let all = std::mem::take(&mut self.text);
        // Nothing that is read here reaches over a space.
        let is_certain = pieces(all.get(begin..).unwrap_or_default(), |byte| is_space(*byte))
            .all(|(start, chunk)| self.read_chunk(chunk, begin + start, weight).is_some());
        self.text = all;
        is_certain
    }

    /// Puts a text in lower case behind the others, and a sign of ASCII for each one beyond it that parts words; whether
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
                    Letter::Separator => '!',
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

    /// Writes the words in order, each with its places; whether there is room for all of these.
    fn encode(&mut self, to: &mut Vec<u8>) -> bool {
        let Self { text, places, .. } = self;
        let word = |place: &Place| {
            let range = usize::try_from(place.0).ok()?..usize::try_from(place.1).ok()?;
            text.get(range)
        };
        // Places come in order, and a stable sort leaves them so.
        places.sort_by(|one, other| word(one).cmp(&word(other)));
        let start = to.len();
        to.extend_from_slice(&[0; 4]);
        let mut count = 0_i32;
        for same in places.chunk_by(|one, other| word(one) == word(other)) {
            let Some((word, places)) = same.first().and_then(word).zip(u16::try_from(same.len()).ok()) else {
                continue;
            };
            if same.len() > MOST_PLACES {
                to.truncate(start);
                return false;
            }
            count += 1;
            to.extend_from_slice(word);
            to.push(0);
            to.extend_from_slice(&places.to_be_bytes());
            to.extend(same.iter().flat_map(|(.., place)| place.to_be_bytes()));
        }
        if let Some(place) = to.get_mut(start..start + 4) {
            place.copy_from_slice(&count.to_be_bytes());
        }
        true
    }
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
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | 0x80.. => Kind::Word,
        b'!'..=b'%'
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

    fn written(title: &str, text: &str) -> Option<Vec<u8>> {
        let mut to = b"before".to_vec();
        Words::default().write(Some(title), None, Some(text), &mut to).then(|| to.split_off(6))
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
    fn what_may_be_more_than_words_is_left_to_the_server() {
        for text in [
            "café", "a.b", "1e5", "+5", "and/or", "me@here", "<b>", "x:/", "a-1-2", "R&B;", "a_b.", "~x",
            "a-b1",
        ] {
            assert_eq!(written("", text), None, "{text}");
        }
        assert_eq!(written("", ""), Some(vec![0; 4]));
        assert!(written("", &"x".repeat(LONGEST + 1)).is_none());
        assert!(written("", &"x ".repeat(MOST_PLACES + 1)).is_none());
    }
}
