//! Artist and title: what is left of a name without its claims and its noise.
//!
//! The text is kept as it is written, but for what stands for spaces.

use super::gap::Gap;
use super::vocabulary::{GENERIC, PARTS};
use super::words::{Role, Words};

/// Longest artist or title, in characters.
const LONGEST: usize = 200;

/// Bytes after which nothing more is looked at: two texts of the longest kind.
const ENOUGH: usize = 2 * 4 * (LONGEST + 1);

/// The artist and the title of a name.
pub(super) fn read(words: &Words) -> (Option<String>, Option<String>) {
    if !(0..words.count()).any(|at| words.is_kept(at)) {
        return (None, None);
    }
    let mut written = Written::default();
    let mut last = None;
    for at in 0..words.count() {
        if !words.is_kept(at) {
            continue;
        }
        let next_to = last.map_or(0, |last: usize| last + 1);
        if next_to == at {
            written.write_gap(words, at);
        } else {
            written.write_gaps(words, next_to, at);
        }
        written.write_word(words, at);
        last = Some(at);
        if written.text.len() > ENOUGH {
            break;
        }
    }
    if let Some(last) = last {
        written.write_end(words, last + 1);
    }
    written.split()
}

/// A name as it is put together.
#[derive(Debug, Default)]
struct Written {
    text: String,
    /// Brackets that are open.
    depth: u32,
    /// Where the artist ends and the title begins.
    dash: Option<(usize, usize)>,
    /// Whether the part before the dash is called something, and the part after it (or the whole).
    has_name: [bool; 2],
    /// Whether the part before the dash says its key: it is a piece then, and no artist.
    is_piece: bool,
    /// Whether the part after the dash has words at all, and not only numbers.
    has_words: bool,
}

impl Written {
    fn write_word(&mut self, words: &Words, at: usize) {
        if self.text.capacity() == 0 {
            self.text.reserve(words.len().min(ENOUGH));
        }
        let text = words.text(at);
        let text = text.get(..text.floor_char_boundary(ENOUGH)).unwrap_or(text);
        self.text.push_str(text);
        let [before, after] = &mut self.has_name;
        let has_name = if self.dash.is_none() { before } else { after };
        self.is_piece |= self.dash.is_none() && words.role(at) == Role::Prose;
        if !words.is_number(at) && text.chars().any(char::is_alphabetic) {
            *has_name = *has_name || !(words.is_any(at, PARTS) || words.is_any(at, GENERIC));
            self.has_words |= self.dash.is_some();
        }
    }

    /// The gap before a word whose neighbour is kept as well: as it is written.
    fn write_gap(&mut self, words: &Words, at: usize) {
        let (kinds, joiner) = (words.before(at), words.joiner());
        // Brackets aside.
        let is_joiner = kinds.without(Gap::OPEN.with(Gap::CLOSE)) == joiner;
        for letter in words.gap_text(at).chars().take(LONGEST) {
            let kind = Gap::of(letter).unwrap_or_default();
            if kind == Gap::OPEN {
                self.depth += 1;
                self.text.push(letter);
            } else if self.text.is_empty() {
                // Separators do not begin a name.
            } else if kind == Gap::CLOSE {
                self.depth = self.depth.saturating_sub(1);
                self.text.push(letter);
            } else if kind == Gap::HYPHEN && kinds.has(Gap::DASH) && self.depth == 0 && self.dash.is_none() {
                self.write_dash();
            } else if kind == Gap::HYPHEN && self.text.ends_with(" - ") {
                // A long dash.
            } else if is_joiner || kind == Gap::SPACE || kind == Gap::UNDERSCORE {
                self.write_space();
            } else {
                self.text.push(letter);
            }
        }
    }

    /// The gaps before and between words that are left out, drawn together.
    fn write_gaps(&mut self, words: &Words, first: usize, at: usize) {
        let mut kinds = Gap::JOINED;
        let (mut opened, mut closed) = (None, None);
        for gap in first..=at {
            kinds = kinds.with(words.before(gap));
            for letter in words.gap_text(gap).chars() {
                match Gap::of(letter) {
                    Some(Gap::OPEN) => opened = Some(letter),
                    // What is closed before it is opened held a word that is kept.
                    Some(Gap::CLOSE) if opened.take().is_none() => closed = Some(letter),
                    _ => {}
                }
            }
        }
        if let Some(letter) = closed.filter(|_| self.depth > 0) {
            self.depth -= 1;
            self.text.push(letter);
        }
        if self.text.is_empty() {
            // Separators do not begin a name.
        } else if kinds.has(Gap::DASH) && self.depth == 0 && self.dash.is_none() {
            self.write_dash();
        } else if kinds.has(Gap::DASH) {
            self.text.push_str(" - ");
        } else if kinds == Gap::HYPHEN && words.joiner() != Gap::HYPHEN {
            self.text.push('-');
        } else {
            self.write_space();
        }
        if let Some(letter) = opened {
            self.depth += 1;
            self.text.push(letter);
        }
    }

    fn write_space(&mut self) {
        if !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }

    /// The first dash outside of brackets parts artist and title.
    fn write_dash(&mut self) {
        let artist = self.text.trim_end().len();
        self.text.truncate(artist);
        self.text.push_str(" - ");
        self.dash = Some((artist, self.text.len()));
    }

    /// What stands behind the last word: the brackets that are open, and the dot of an abbreviation.
    fn write_end(&mut self, words: &Words, at: usize) {
        let mut is_dotted = false;
        for letter in (at..=words.count()).flat_map(|gap| words.gap_text(gap).chars()) {
            if Gap::of(letter) == Some(Gap::CLOSE) && self.depth > 0 {
                self.depth -= 1;
                self.text.push(letter);
            } else if letter == '.' && !is_dotted {
                is_dotted = true;
                if self.text.rsplit(' ').next().is_some_and(|word| word.contains('.')) {
                    self.text.push(letter);
                }
            }
        }
    }

    /// Parts artist and title.
    fn split(mut self) -> (Option<String>, Option<String>) {
        let [before, after] = self.has_name;
        let Some((artist, title)) = self.dash.filter(|_| before && !self.is_piece) else {
            if !(before || after) {
                return (None, None);
            }
            let artist = self.artist_in_brackets();
            return (artist, bounded(self.text));
        };
        // "1999" is a title, "Track 01" is none.
        let has_title = after || !self.has_words;
        let title = if has_title { self.text.get(title..).map(str::to_owned) } else { None };
        self.text.truncate(artist);
        (bounded(self.text), title.and_then(bounded))
    }

    /// The artist of `Title (by Artist)`, which is taken off.
    fn artist_in_brackets(&mut self) -> Option<String> {
        let inside = self.text.strip_suffix([')', ']'])?;
        let open = inside.rfind(['(', '['])?;
        let artist = inside.get(open + 1..)?.strip_prefix("by ")?.trim();
        let is_name = artist.chars().next().is_some_and(|first| !first.is_lowercase());
        let title = inside.get(..open)?.trim_end().len();
        if !is_name || title == 0 {
            return None;
        }
        let artist = bounded(artist.to_owned());
        self.text.truncate(title);
        artist
    }
}

/// At most the longest text; none if nothing is left.
fn bounded(mut text: String) -> Option<String> {
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
    }
    text.truncate(text.trim_end().len());
    (!text.is_empty()).then_some(text)
}
