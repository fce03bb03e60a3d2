//! The key of an artist and a title: the same for all spellings that mean the same song.

use std::borrow::Cow;

use super::fold::{fold, is_of_word, words};
use super::{Named, noise};

/// Letters of a part, at most. Two parts of four bytes a letter fit into an entry of the database's index.
const LONGEST: usize = 200;

/// Letters of a text that are looked at.
const ENOUGH: usize = 4 * LONGEST;

/// What stands between artist and title in the table `song_lookup`; no part holds one.
const SEPARATOR: char = '\t';

/// Artist and title without case, accents, punctuation, spaces and noise.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    artist: String,
    title: String,
}

impl Key {
    /// The key of a name; none where the title has neither a letter nor a digit.
    #[must_use]
    pub fn of(name: &Named) -> Option<Self> {
        let title = normalised(&name.title);
        let artist = name.artist.as_deref().map(normalised).unwrap_or_default();
        (!title.is_empty()).then_some(Self { artist, title })
    }

    /// The artist; empty where none is known.
    #[must_use]
    pub fn artist(&self) -> &str {
        &self.artist
    }

    /// The title.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The two in one, as `song_lookup.key` has them.
    #[must_use]
    pub fn joined(&self) -> String {
        format!("{}{SEPARATOR}{}", self.artist, self.title)
    }
}

/// An artist or a title as it is compared and searched: at most 200 letters and digits without a space. Empty only where there
/// is no letter or digit; what is nothing but noise stays. Normalising it again changes nothing.
#[must_use]
pub(super) fn normalised(text: &str) -> String {
    let text = match text.char_indices().nth(ENOUGH) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    };
    let folded = with_spaces(fold(text));
    let name = joined(&noise::without(&folded));
    if name.is_empty() { joined(&folded) } else { name }
}

/// Underscores as the spaces they stand for.
fn with_spaces(text: String) -> String {
    if text.contains('_') { text.replace('_', " ") } else { text }
}

/// The words without what is between them. "&" is a word, and an apostrophe parts none.
fn joined(text: &str) -> String {
    let text = if text.contains('&') { Cow::Owned(text.replace('&', " and ")) } else { Cow::Borrowed(text) };
    let letters = words(&text).flat_map(str::chars).filter(|letter| is_of_word(*letter));
    // Parts that come together may make one letter.
    unicode_normalization::UnicodeNormalization::nfc(letters).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_a_song_have_one_key() {
        for (spellings, key) in [
            (
                &["Don't Stop Me Now", "dont_stop_me_now", "DontStopMeNow", "Don’t Stop Me Now (v2)"][..],
                "dontstopmenow",
            ),
            (&["AC/DC", "ACDC", "AC-DC", "Ac Dc"], "acdc"),
            (&["R.E.M.", "REM", "r.e.m"], "rem"),
            (&["Simon & Garfunkel", "Simon and Garfunkel", "SIMON AND GARFUNKEL"], "simonandgarfunkel"),
            (&["The Beatles", "Beatles, The", "BEATLES"], "beatles"),
            (&["Beyoncé", "Beyonce"], "beyonce"),
            (&["Remix", "(Remix)"], "remix"),
            (&["Live", "- live -"], "live"),
            (&["!!!", "", " - "], ""),
        ] {
            for spelling in spellings {
                assert_eq!(normalised(spelling), key, "{spelling}");
            }
        }
        assert_ne!(normalised("カ"), normalised("ガ"));
    }

    fn texts() -> impl Strategy<Value = String> {
        let word = prop_oneof![
            Just("the"),
            Just("feat."),
            Just("ft"),
            Just("(live)"),
            Just("[remix]"),
            Just("v2"),
            Just("03"),
            Just(" - "),
            Just(", the"),
            Just("_"),
            Just("&"),
            Just("copy"),
            Just("final"),
            Just("ẞ"),
            Just("İ"),
            Just("ǅ"),
            Just("\u{345}"),
            Just("ﷺ"),
            Just("カ\u{3099}"),
            Just("("),
            Just("]"),
            Just("007"),
            Just("Ω"),
        ]
        .prop_map(str::to_owned);
        let piece = prop_oneof![word, any::<String>(), "[a-zA-Z0-9 .'()-]{0,12}"];
        proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.join(" "))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn any_text_has_a_bounded_key_that_is_its_own_key(text in texts()) {
            let key = normalised(&text);
            prop_assert_eq!(&normalised(&key), &key);
            prop_assert!(key.chars().count() <= LONGEST);
            prop_assert!(key.chars().all(is_of_word));
            prop_assert_eq!(key.is_empty(), !fold(&text).contains(|letter| is_of_word(letter) || letter == '&'));
        }

        #[test]
        fn case_and_spaces_say_nothing(text in "[a-zA-Z' ]{1,40}") {
            prop_assert_eq!(normalised(&text.to_uppercase()), normalised(&text.to_lowercase()));
        }
    }

    #[test]
    fn the_longest_names_are_cut() {
        let long = "é".repeat(100_000);
        assert_eq!(normalised(&long).chars().count(), LONGEST);
        assert_eq!(normalised(&"\u{fdfa}".repeat(1_000)).chars().count(), LONGEST);
    }
}
