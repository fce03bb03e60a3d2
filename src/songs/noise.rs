//! What is added to artists and titles and is no part of them: who else sings, which version it is, which number on the record.
//!
//! Works on folded text. A text that is nothing but noise is left as it is by whoever asks ([`super::Key`]).

use super::fold::{is_of_word, words};

/// Words before those who sing along.
const GUESTS: &[&str] = &["feat", "ft", "featuring"];

/// One of these in brackets, and they tell a version: "(Almighty Remix)", "(Live at Wembley 1986)".
const VERSIONS: &[&str] = &[
    "remix",
    "rmx",
    "mix",
    "version",
    "ver",
    "vers",
    "edit",
    "live",
    "karaoke",
    "instrumental",
    "acoustic",
    "unplugged",
    "remaster",
    "remastered",
    "demo",
    "cover",
    "rework",
    "bootleg",
];

/// Nothing but these and the above, in brackets or behind a dash, and they tell no more than a version.
const PLAIN: &[&str] = &[
    "new",
    "old",
    "alt",
    "alternate",
    "alternative",
    "original",
    "final",
    "full",
    "short",
    "long",
    "extended",
    "radio",
    "album",
    "single",
    "club",
    "take",
    "copy",
    "kopie",
    "midi",
    "mid",
    "kar",
    "gm",
    "gm2",
    "xg",
    "gs",
    "mt32",
    "lyrics",
];

/// These are noise at the end without brackets or dash.
const AT_THE_END: &[&str] =
    &["remix", "rmx", "karaoke", "instrumental", "remaster", "remastered", "final", "copy", "kopie"];

/// Digits of a track's number, at most.
const TRACK_DIGITS: usize = 3;

/// A text without its noise; may be empty.
pub(super) fn without(folded: &str) -> String {
    let mut text = without_brackets(folded);
    cut_guests(&mut text);
    while cut_version(&mut text) {}
    without_article(without_track_number(&text)).to_owned()
}

/// Without brackets that tell a version or a guest.
fn without_brackets(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, opened)) = rest.split_once(['(', '[', '{']) {
        kept.push_str(before);
        let (inside, after) = opened.split_once([')', ']', '}']).unwrap_or((opened, ""));
        if !is_version(inside) && !words(inside).next().is_some_and(|first| GUESTS.contains(&first)) {
            kept.push(' ');
            kept.push_str(inside);
        }
        kept.push(' ');
        rest = after;
    }
    kept.push_str(rest);
    kept
}

/// Whether this, set apart from a title, says which version it is, and nothing else.
fn is_version(text: &str) -> bool {
    words(text).any(|word| VERSIONS.contains(&word)) || is_plain_version(text)
}

/// The same of what stands behind a dash, where a name may stand as well: "Final", "2011", but not "Live and Let Die".
fn is_plain_version(text: &str) -> bool {
    let mut parts = words(text).peekable();
    parts.peek().is_some() && parts.all(|word| is_plain(word) || VERSIONS.contains(&word))
}

fn is_plain(word: &str) -> bool {
    PLAIN.contains(&word) || is_number_of_version(word) || is_short_number(word) || is_year(word)
}

/// `v2`
fn is_number_of_version(word: &str) -> bool {
    word.strip_prefix('v').is_some_and(is_short_number)
}

fn is_short_number(word: &str) -> bool {
    matches!(word.len(), 1 | 2) && is_digits(word)
}

fn is_year(word: &str) -> bool {
    word.len() == 4 && is_digits(word) && (word.starts_with("19") || word.starts_with("20"))
}

fn is_digits(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Cuts off who else sings. "6 ft under" has nobody.
fn cut_guests(text: &mut String) {
    let mut before = None;
    let guests = words(text).find(|word| {
        GUESTS.contains(word) && before.is_some_and(|before| !is_digits(before)) || {
            before = Some(*word);
            false
        }
    });
    if let Some(at) = guests.map(|word| position(text, word)) {
        text.truncate(at);
    }
}

/// Cuts off one version at the end. Answers whether there was one.
fn cut_version(text: &mut String) -> bool {
    let is_named = |before: &str| words(before).any(|word| word != "the");
    if let Some((before, after)) = text.rsplit_once(" - ")
        && is_plain_version(after)
        && is_named(before)
    {
        text.truncate(before.len());
        return true;
    }
    let Some(last) = words(text).next_back() else { return false };
    let at = position(text, last);
    let is_noise = AT_THE_END.contains(&last) || is_number_of_version(last);
    if is_noise && text.get(..at).is_some_and(is_named) {
        text.truncate(at);
        return true;
    }
    false
}

/// Where a part of a text begins.
fn position(text: &str, part: &str) -> usize {
    part.as_ptr().addr() - text.as_ptr().addr()
}

/// Without the number of a track in front: `03 - `, `03. `, `3) `, `03 `; "99 Luftballons" has none.
fn without_track_number(text: &str) -> &str {
    let text = text.trim_start();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let Some((number, rest)) = text.split_at_checked(digits) else { return text };
    if !(1..=TRACK_DIGITS).contains(&digits) {
        return text;
    }
    let gap: String = rest.chars().take_while(|letter| !is_of_word(*letter)).collect();
    let ends = gap.contains(['.', ')', ']', '_']) || gap.starts_with(" - ") || gap == "-" && digits > 1;
    let has_zero = digits > 1 && number.starts_with('0') && !gap.is_empty() && number != "007";
    let rest = rest.get(gap.len()..).unwrap_or_default();
    let is_name = rest.chars().next().is_some_and(|letter| !letter.is_numeric());
    if (ends || has_zero) && is_name { rest } else { text }
}

/// Without "The" in front, or behind a comma.
fn without_article(text: &str) -> &str {
    let text = text.trim();
    let text = text.strip_suffix(", the").unwrap_or(text);
    match text.split_once(|letter| !is_of_word(letter)) {
        Some(("the", rest)) if words(rest).next().is_some() => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_goes_and_names_stay() {
        for (text, name) in [
            ("waterloo (v2)", "waterloo"),
            ("waterloo [almighty remix]", "waterloo"),
            ("waterloo (live at wembley 1986)", "waterloo"),
            ("waterloo (radio edit) (2)", "waterloo"),
            ("waterloo - live", "waterloo"),
            ("waterloo - remastered 2011", "waterloo"),
            ("waterloo karaoke", "waterloo"),
            ("waterloo final copy", "waterloo"),
            ("waterloo v3", "waterloo"),
            ("(i can't get no) satisfaction", "i can't get no  satisfaction"),
            ("long live", "long live"),
            ("live and let die", "live and let die"),
            ("wings - live and let die", "wings - live and let die"),
            ("the final countdown", "final countdown"),
            ("the final", "final"),
            ("the copy", "copy"),
            ("smooth (feat. rob thomas)", "smooth"),
            ("santana ft. rob thomas", "santana"),
            ("santana featuring rob thomas", "santana"),
            ("6 ft under", "6 ft under"),
            ("featuring", "featuring"),
            ("03 - waterloo", "waterloo"),
            ("03. waterloo", "waterloo"),
            ("3) waterloo", "waterloo"),
            ("03 waterloo", "waterloo"),
            ("99 luftballons", "99 luftballons"),
            ("007 theme", "007 theme"),
            ("7-11", "7-11"),
            ("1999", "1999"),
            ("the beatles", "beatles"),
            ("beatles, the", "beatles"),
            ("the the", "the"),
            ("theory", "theory"),
            ("summer of 69", "summer of 69"),
            ("mambo no. 5", "mambo no. 5"),
            ("(remix)", ""),
        ] {
            assert_eq!(without(text).trim(), name, "{text}");
        }
    }
}
