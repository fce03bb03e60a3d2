//! A name cut into words, numbers and the gaps between them.
//!
//! Only cutting: what the words mean is asked elsewhere.

use std::ops::{Range, RangeInclusive};

use super::gap::Gap;

/// Words that are looked at. What stands behind them belongs to no claim and to no title.
const MOST: usize = 96;

/// What became of a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Role {
    /// It is part of the artist or title.
    #[default]
    Kept,
    /// It belongs to the tempo.
    Tempo,
    /// It belongs to the number of bars.
    Bars,
    /// It belongs to the key.
    Key,
    /// It is part of the title and says the key in it.
    Prose,
    /// It is no part of a song's name: a version, a track number, the name of a format.
    Noise,
}

/// A run of ASCII digits, or of anything else that is no gap.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    /// Where it begins and ends, in bytes. Small, as there are many of them and few are used.
    start: u32,
    end: u32,
    /// What stands before it.
    gap: Gap,
    is_number: bool,
    role: Role,
}

impl Word {
    fn span(&self) -> Range<usize> {
        let [start, end] = [self.start, self.end].map(|at| usize::try_from(at).unwrap_or(usize::MAX));
        start..end
    }
}

/// A name in words. A position beyond the first or last word is allowed everywhere and holds nothing.
#[derive(Debug)]
pub(super) struct Words<'a> {
    text: &'a str,
    list: [Word; MOST],
    count: usize,
    /// What stands behind the last word.
    last_gap: Gap,
    /// What this name has for spaces.
    joiner: Gap,
}

impl<'a> Words<'a> {
    /// Cuts a name.
    pub(super) fn cut(text: &'a str) -> Self {
        let mut words =
            Self { text, list: [Word::default(); MOST], count: 0, last_gap: Gap::EDGE, joiner: Gap::SPACE };
        words.fill();
        words.joiner = words.find_joiner();
        words
    }

    fn fill(&mut self) {
        let text = self.text;
        // The word that has begun: its start, and whether it is a number.
        let mut begun: Option<(usize, bool)> = None;
        let mut gap = Gap::EDGE;
        // The character before, and whether the hyphens before have a blank on their left.
        let (mut last, mut armed) = (Gap::JOINED, false);
        for (at, letter) in text.char_indices() {
            let kind = if letter.is_ascii_alphanumeric() { None } else { Gap::of(letter) };
            let is_number = letter.is_ascii_digit();
            if let Some((start, was_number)) = begun
                && (kind.is_some() || was_number != is_number)
            {
                if !self.push(start..at, gap, was_number) {
                    self.last_gap = kind.unwrap_or_default();
                    return;
                }
                (begun, gap, last) = (None, Gap::JOINED, Gap::JOINED);
            }
            let Some(kind) = kind else {
                begun = begun.or(Some((at, is_number)));
                continue;
            };
            let blank = Gap::SPACE.with(Gap::UNDERSCORE);
            if kind == Gap::HYPHEN && last != Gap::HYPHEN {
                armed = last.has(blank);
            }
            if kind.has(blank) && last == Gap::HYPHEN && armed {
                gap = gap.with(Gap::DASH);
            }
            (gap, last) = (gap.with(kind), kind);
        }
        match begun {
            Some((start, is_number)) => {
                self.push(start..text.len(), gap, is_number);
            }
            None => self.last_gap = gap.with(Gap::EDGE),
        }
    }

    /// Adds a word; `false` when there is no room for another one.
    fn push(&mut self, span: Range<usize>, gap: Gap, is_number: bool) -> bool {
        let [start, end] = [span.start, span.end].map(|at| u32::try_from(at).unwrap_or(u32::MAX));
        if let Some(free) = self.list.get_mut(self.count) {
            *free = Word { start, end, gap, is_number, role: Role::Kept };
            self.count += 1;
        }
        self.count < MOST
    }

    /// Names without spaces have underscores for them, or else hyphens, dots or plus signs, if at least two. Dots between
    /// single letters are those of an abbreviation.
    fn find_joiner(&self) -> Gap {
        let (mut hyphens, mut dots, mut pluses, mut initials) = (0, 0, 0, 0);
        let mut underscored = false;
        for word in self.list.iter().take(self.count) {
            if word.gap.has(Gap::SPACE) {
                return Gap::SPACE;
            }
            underscored |= word.gap.has(Gap::UNDERSCORE);
            hyphens += u32::from(word.gap == Gap::HYPHEN);
            dots += u32::from(word.gap == Gap::DOT);
            pluses += u32::from(word.gap == Gap::PLUS);
            initials += u32::from(word.end - word.start == 1 && !word.is_number);
        }
        match (hyphens, dots, pluses) {
            _ if underscored => Gap::UNDERSCORE,
            (2.., _, _) => Gap::HYPHEN,
            (_, 2.., _) if initials == 0 => Gap::DOT,
            (_, _, 2..) => Gap::PLUS,
            _ => Gap::SPACE,
        }
    }

    fn word(&self, at: usize) -> Option<&Word> {
        self.list.get(at).filter(|_| at < self.count)
    }

    /// Bytes of the whole name.
    pub(super) const fn len(&self) -> usize {
        self.text.len()
    }

    /// How many words there are.
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// What this name has for spaces.
    pub(super) const fn joiner(&self) -> Gap {
        self.joiner
    }

    /// The word as it is written.
    pub(super) fn text(&self, at: usize) -> &'a str {
        self.word(at).and_then(|word| self.text.get(word.span())).unwrap_or_default()
    }

    /// Whether the word is this one, in any case of ASCII letters.
    pub(super) fn is(&self, at: usize, word: &str) -> bool {
        self.text(at).eq_ignore_ascii_case(word)
    }

    /// Whether the word is one of these, in any case of ASCII letters.
    pub(super) fn is_any(&self, at: usize, words: &[&str]) -> bool {
        let text = self.text(at);
        words.iter().any(|word| text.eq_ignore_ascii_case(word))
    }

    /// Whether it is a number, however long.
    pub(super) fn is_number(&self, at: usize) -> bool {
        self.word(at).is_some_and(|word| word.is_number)
    }

    /// A number of at most four digits.
    pub(super) fn number(&self, at: usize) -> Option<u16> {
        let digits = self.text(at);
        (self.is_number(at) && digits.len() <= 4).then(|| digits.parse().ok()).flatten()
    }

    /// What stands before the word.
    pub(super) fn before(&self, at: usize) -> Gap {
        self.word(at).map_or(self.last_gap, |word| word.gap)
    }

    /// What stands behind the word.
    pub(super) fn after(&self, at: usize) -> Gap {
        self.before(at + 1)
    }

    /// What stands before the word, as it is written; behind the last word for the position after it.
    pub(super) fn gap_text(&self, at: usize) -> &'a str {
        let start = at.checked_sub(1).and_then(|before| self.word(before)).map_or(0, |word| word.span().end);
        let end = self.word(at).map_or(self.text.len(), |word| word.span().start);
        self.text.get(start..end).unwrap_or_default()
    }

    /// More than what this name has for spaces.
    pub(super) fn is_firm(&self, gap: Gap) -> bool {
        gap.without(self.joiner).is_strong()
    }

    /// What became of the word.
    pub(super) fn role(&self, at: usize) -> Role {
        self.word(at).map_or(Role::Kept, |word| word.role)
    }

    /// Whether the word still stands for the artist or title.
    pub(super) fn is_kept(&self, at: usize) -> bool {
        self.word(at).is_some_and(|word| matches!(word.role, Role::Kept | Role::Prose))
    }

    /// Gives words a role.
    pub(super) fn give(&mut self, span: RangeInclusive<usize>, role: Role) {
        let count = self.count;
        for word in self.list.iter_mut().take(count).take(*span.end() + 1).skip(*span.start()) {
            word.role = role;
        }
    }

    /// Takes a role back from all that have it.
    pub(super) fn take_back(&mut self, role: Role) {
        for word in self.list.iter_mut().take(self.count).filter(|word| word.role == role) {
            word.role = Role::Kept;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        let words = Words::cut(text);
        (0..words.count()).map(|at| words.text(at)).collect()
    }

    #[test]
    fn names_are_cut_at_gaps_and_between_letters_and_digits() {
        assert_eq!(cut("Am120bpm_F#m (v2)"), ["Am", "120", "bpm", "F#m", "v", "2"]);
        assert_eq!(cut("  "), [""; 0]);
        assert_eq!(cut("日本語　の 歌"), ["日本語", "の", "歌"]);
    }

    #[test]
    fn only_a_dash_between_blanks_is_one() {
        for (name, expected) in [
            ("a - b", true),
            ("a_-_b", true),
            ("a – b", true),
            ("a) -- [b", true),
            ("a-b", false),
            ("a- b", false),
            ("a -b", false),
        ] {
            let words = Words::cut(name);
            assert_eq!(words.before(1).has(Gap::DASH), expected, "{name}");
        }
    }

    #[test]
    fn a_name_has_one_thing_for_spaces() {
        for (name, joiner) in [
            ("a_b c", Gap::SPACE),
            ("a_b-c", Gap::UNDERSCORE),
            ("a-b", Gap::SPACE),
            ("aa-bb-cc", Gap::HYPHEN),
            ("Take.On.Me", Gap::DOT),
            ("Y.M.C.A", Gap::SPACE),
            ("Take+On+Me", Gap::PLUS),
        ] {
            assert_eq!(Words::cut(name).joiner(), joiner, "{name}");
        }
    }

    #[test]
    fn the_number_of_words_is_bounded() {
        let name = "ab ".repeat(2_000);
        let words = Words::cut(&name);
        assert_eq!((words.count(), words.after(MOST - 1).has(Gap::EDGE)), (MOST, false));
    }
}
