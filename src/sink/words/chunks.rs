//! What a server makes of stretches between spaces that may be more than words: hosts, paths, addresses, signed numbers.
//!
//! No token of PostgreSQL's parser but a tag reaches over a space, so the words of such a stretch are the same in every text
//! and are learnt from the server once, by what it makes of `database/words/chunks.sql`. Does not ask by itself.

use std::collections::HashMap;

/// Where they take more bytes than this, all are forgotten.
const MOST_BYTES: usize = 8 << 20;

/// What a stretch takes beside its letters, and a word of it.
const BYTES_EACH: usize = 48;

/// What is known of stretches, in lower case, with a space on each side where the text goes on there: to the parser `~/a` at the
/// beginning of a text is another thing than behind a space.
#[derive(Debug, Default)]
pub struct Chunks {
    known: HashMap<Box<str>, Vec<Word>>,
    bytes: usize,
}

/// A word, and where it stands: 1 for the first.
type Word = (Box<[u8]>, u16);

impl Chunks {
    /// Learns the words of a stretch from the `tsvector` that the server made of it, in its binary form; nothing if it is not one.
    pub fn learn(&mut self, chunk: &str, tsvector: &[u8]) {
        let Some(words) = words_of(tsvector) else { return };
        if self.bytes > MOST_BYTES {
            *self = Self::default();
        }
        let letters: usize = words.iter().map(|(word, _)| word.len()).sum();
        self.bytes += chunk.len() + letters + (1 + words.len()) * BYTES_EACH;
        self.known.insert(chunk.into(), words);
    }

    /// The words of a stretch, one position after the other.
    pub(super) fn get(&self, chunk: &str) -> Option<&[Word]> {
        self.known.get(chunk).map(Vec::as_slice)
    }
}

/// The number of words; then of each its text, a zero byte, the number of its places and these.
fn words_of(tsvector: &[u8]) -> Option<Vec<Word>> {
    let (count, mut rest) = tsvector.split_first_chunk()?;
    let mut words = Vec::new();
    for _ in 0..u32::from_be_bytes(*count) {
        let end = rest.iter().position(|byte| *byte == 0)?;
        let (word, behind) = rest.split_at(end);
        let (places, behind) = behind.get(1..)?.split_first_chunk()?;
        rest = behind;
        for _ in 0..u16::from_be_bytes(*places) {
            let (place, behind) = rest.split_first_chunk()?;
            // Above the position stands a weight, of which a text by itself has none.
            words.push((word.into(), u16::from_be_bytes(*place)));
            rest = behind;
        }
    }
    words.sort_by_key(|(_, place)| *place);
    rest.is_empty().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_learnt_in_their_order() {
        let mut chunks = Chunks::default();
        chunks.learn(" b/a ", b"\0\0\0\x02a\0\0\x01\0\x02b\0\0\x02\0\x01\0\x03");
        let expected: [Word; 3] = [(b"b"[..].into(), 1), (b"a"[..].into(), 2), (b"b"[..].into(), 3)];
        assert_eq!(chunks.get(" b/a "), Some(&expected[..]));
        chunks.learn("!", &[0; 4]);
        assert_eq!(chunks.get("!"), Some(&[][..]));
        assert_eq!(chunks.get("b/a"), None);
    }

    #[test]
    fn they_take_a_bounded_memory() {
        let mut chunks = Chunks::default();
        let many = 2 * MOST_BYTES / (2 * BYTES_EACH);
        for number in 0..many {
            chunks.learn(&number.to_string(), b"\0\0\0\x01a\0\0\x01\0\x01");
            assert!(chunks.bytes <= MOST_BYTES + 1_000);
        }
        assert!(chunks.get("0").is_none() && chunks.get(&(many - 1).to_string()).is_some());
    }

    #[test]
    fn what_is_no_tsvector_teaches_nothing() {
        let mut chunks = Chunks::default();
        for broken in
            [&b""[..], b"\0\0\0", b"\0\0\0\x01", b"\0\0\0\x01a", b"\0\0\0\x01a\0\0\x01", b"\0\0\0\0x"]
        {
            chunks.learn("x", broken);
        }
        assert_eq!(chunks.get("x"), None);
    }
}
