//! Makes text fit to be stored: no NUL (PostgreSQL refuses it), no other control characters, tidy lines, bounded names.
//!
//! Decoding is done before, choosing columns elsewhere.

/// Characters kept of a name.
const NAME_LENGTH: usize = 1_024;

/// A text as a name: one line, without blanks around it, at most 1,024 characters. Sets `is_cut` where it was longer.
pub(super) fn name(text: &str, is_cut: &mut bool) -> String {
    let text = text.trim_matches(is_padding);
    if text.len() <= NAME_LENGTH && is_plain(text) {
        return text.to_owned();
    }
    let mut name = String::with_capacity(text.len().min(NAME_LENGTH));
    for (count, character) in text.chars().filter(|c| is_kept(*c)).enumerate() {
        if count == NAME_LENGTH {
            *is_cut = true;
            break;
        }
        name.push(if character.is_control() { ' ' } else { character });
    }
    name.truncate(name.trim_end().len());
    name
}

/// Adds a text to others as lines of its own; nothing where it is blank.
pub(super) fn add(to: &mut String, text: &str) {
    for line in text.split(['\r', '\n']) {
        let line = line.trim_matches(is_padding);
        if line.is_empty() {
            continue;
        }
        let length = to.len();
        if length > 0 {
            to.push('\n');
        }
        if is_plain(line) {
            to.push_str(line);
            continue;
        }
        let start = to.len();
        to.extend(line.chars().filter(|c| is_kept(*c)));
        if to.len() == start {
            to.truncate(length);
        }
    }
}

/// A text of lines and paragraphs: line ends of any system become `\n`, never more than two in a row.
pub(super) fn paragraphs(text: &str) -> String {
    let mut paragraphs = String::with_capacity(text.len());
    let mut breaks = 0;
    let mut last = '\n';
    for character in text.trim_matches(is_padding).chars().filter(|c| is_kept(*c)) {
        let is_break = matches!(character, '\r' | '\n');
        // A carriage return and its line feed are one break.
        if !(character == '\n' && last == '\r') {
            breaks = if is_break { breaks + 1 } else { 0 };
            if breaks <= 2 {
                paragraphs.push(if is_break { '\n' } else { character });
            }
        }
        last = character;
    }
    paragraphs
}

/// Blanks and controls, which mean nothing at the ends of a text.
fn is_padding(character: char) -> bool {
    character.is_whitespace() || character.is_control()
}

/// Whether it is ASCII without control characters, as most text is: then there is nothing to look at one by one.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Of the control characters only those that separate words and lines are kept.
fn is_kept(character: char) -> bool {
    !character.is_control() || matches!(character, '\t' | '\n' | '\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line_and_bounded() {
        let mut is_cut = false;
        for (text, expected) in [
            ("Piano\0\0", "Piano"),
            ("\0 a\tb\nc ", "a b c"),
            ("a\u{7}b\0c", "abc"),
            (" \0 ", ""),
            ("\u{85}x", "x"),
        ] {
            assert_eq!(name(text, &mut is_cut), expected);
        }
        assert!(!is_cut);
        assert_eq!(name(&"é".repeat(2_000), &mut is_cut).chars().count(), NAME_LENGTH);
        assert!(is_cut);
    }

    #[test]
    fn lines_are_added_and_blank_ones_left_out() {
        let mut text = String::new();
        for part in ["one", "\0", "  ", "two\r\n\r\nthree\0", ""] {
            add(&mut text, part);
        }
        assert_eq!(text, "one\ntwo\nthree");
    }

    #[test]
    fn paragraphs_keep_one_blank_line() {
        assert_eq!(paragraphs("\n\na\r\nb\rc\n\n\n\n\nd\0 \n"), "a\nb\nc\n\nd");
    }
}
