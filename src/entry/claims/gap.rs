//! What separates the words of a name.

/// What stands between two words: a set of kinds of characters. The empty set joins a word and a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Gap(u16);

impl Gap {
    pub(super) const JOINED: Self = Self(0);
    pub(super) const SPACE: Self = Self(1);
    pub(super) const UNDERSCORE: Self = Self(2);
    pub(super) const HYPHEN: Self = Self(4);
    /// A hyphen or dash with a blank on either side: what separates an artist from a title.
    pub(super) const DASH: Self = Self(8);
    pub(super) const DOT: Self = Self(16);
    pub(super) const PLUS: Self = Self(32);
    pub(super) const OPEN: Self = Self(64);
    pub(super) const CLOSE: Self = Self(128);
    /// Any other separator.
    pub(super) const OTHER: Self = Self(256);
    /// The name begins or ends here.
    pub(super) const EDGE: Self = Self(512);

    /// The gap of one character; `None` for one that belongs to words.
    pub(super) fn of(letter: char) -> Option<Self> {
        Some(match letter {
            ' ' => Self::SPACE,
            '_' => Self::UNDERSCORE,
            '-' | '–' | '—' | '‐' | '‑' | '−' => Self::HYPHEN,
            '.' => Self::DOT,
            '+' => Self::PLUS,
            '(' | '[' | '{' | '（' | '【' | '「' => Self::OPEN,
            ')' | ']' | '}' | '）' | '】' | '」' => Self::CLOSE,
            ',' | ';' | ':' | '=' | '~' | '|' | '@' | '/' | '\\' => Self::OTHER,
            _ if letter.is_whitespace() || letter.is_control() => Self::SPACE,
            _ => return None,
        })
    }

    /// Whether any of these kinds is in it.
    pub(super) const fn has(self, kinds: Self) -> bool {
        self.0 & kinds.0 != 0
    }

    /// Both sets.
    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in it beside these kinds.
    pub(super) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// A single blank or hyphen: what may stand inside of one claim, as in `A-minor` or `8 bars`.
    pub(super) fn binds(self) -> bool {
        [Self::SPACE, Self::UNDERSCORE, Self::HYPHEN].contains(&self)
    }

    /// More than a space: the end of a field.
    pub(super) fn is_strong(self) -> bool {
        self.without(Self::SPACE) != Self::JOINED
    }
}
