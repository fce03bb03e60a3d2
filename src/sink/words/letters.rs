//! What characters beyond ASCII are to a server that makes words: part of a word, or what parts them.
//!
//! That depends on the server's version, its libraries and the database's locale, so it is learnt from the server: once for each
//! character that a text has, by what it makes of `database/words/letters.sql`. Does not ask by itself.

use std::collections::{BTreeSet, HashMap};

/// What is known of characters.
#[derive(Debug, Default)]
pub struct Letters(HashMap<char, Letter>);

/// What a character is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letter {
    /// Part of a word wherever it stands, where it is written so.
    Word(char),
    /// It parts words wherever it stands, and is nothing by itself.
    Separator,
    /// Neither, or not everywhere.
    Unclear,
}

impl Letters {
    /// Characters of a text that nothing is known of, beside those found before.
    pub fn find_unknown(&self, text: &str, unknown: &mut BTreeSet<char>) {
        if !text.is_ascii() {
            unknown.extend(text.chars().filter(|letter| !(letter.is_ascii() || self.0.contains_key(letter))));
        }
    }

    /// Learns what a character is from the words that the server made of its specimen.
    pub fn learn(&mut self, letter: char, words: &[String]) {
        self.0.insert(letter, Letter::from(letter, words));
    }

    pub(super) fn get(&self, letter: char) -> Letter {
        self.0.get(&letter).copied().unwrap_or(Letter::Unclear)
    }
}

impl Letter {
    fn from(letter: char, words: &[String]) -> Self {
        let words: BTreeSet<&str> = words.iter().map(String::as_str).collect();
        if words == BTreeSet::from(["1", "2", "a", "b"]) {
            return Self::Separator;
        }
        // By itself it is the one word that is one character.
        let alone = words.iter().find_map(|word| {
            let mut letters = word.chars();
            letters.next().filter(|_| letters.next().is_none())
        });
        let Some(lower) = alone.filter(|lower| lower.len_utf8() == letter.len_utf8()) else {
            return Self::Unclear;
        };
        let expected = ["", "aC", "Ca", "aCb", "1C2"].map(|word| match word {
            "" => lower.to_string(),
            word => word.replace('C', lower.encode_utf8(&mut [0; 4])),
        });
        if words == expected.iter().map(String::as_str).collect() { Self::Word(lower) } else { Self::Unclear }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learnt(letter: char, words: &[&str]) -> Letter {
        let mut letters = Letters::default();
        letters.learn(letter, &words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        letters.get(letter)
    }

    #[test]
    fn a_letter_is_one_wherever_it_stands() {
        assert_eq!(learnt('É', &["1é2", "aé", "aéb", "é", "éa"]), Letter::Word('é'));
        assert_eq!(learnt('\u{2013}', &["1", "2", "a", "b"]), Letter::Separator);
        // At the end of a word it is another; it is longer in lower case; it is none at the beginning; its accent goes.
        assert_eq!(learnt('Σ', &["1σ2", "aς", "aσb", "σ", "σa"]), Letter::Unclear);
        assert_eq!(learnt('İ', &["1i2", "ai", "aib", "i", "ia"]), Letter::Unclear);
        assert_eq!(learnt('\u{301}', &["1\u{301}2", "a\u{301}", "a\u{301}b", "a"]), Letter::Unclear);
        assert_eq!(learnt('é', &["1é2", "ae", "aeb", "e", "ea"]), Letter::Unclear);
        assert_eq!(learnt('é', &[]), Letter::Unclear);
        assert_eq!(Letters::default().get('é'), Letter::Unclear);
    }

    #[test]
    fn only_what_is_not_known_is_asked() {
        let mut letters = Letters::default();
        letters.learn('é', &[]);
        let mut unknown = BTreeSet::new();
        letters.find_unknown("plain", &mut unknown);
        letters.find_unknown("Café für", &mut unknown);
        assert_eq!(unknown, BTreeSet::from(['ü']));
    }
}
