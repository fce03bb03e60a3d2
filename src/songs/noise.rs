//! What is added to artists and titles and is no part of them: who else sings, which version it is, which number on the record,
//! who wrote it down and where it was found.
//!
//! Works on folded text. A text that is nothing but noise is left as it is by whoever asks ([`super::Key`]).

use std::borrow::Cow;

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
    "fix",
    "fixed",
];

/// A number behind one of these is that of a version: `v2`, `fix 3`.
const NUMBERED: &[&str] = &["v", "ver", "vers", "version", "rev", "fix"];

/// Behind these, "by" names somebody who wrote it down, or a program that did; in brackets that needs no "by".
const CREDITS: &[&str] = &[
    "sequenced",
    "sequence",
    "seq",
    "arranged",
    "arr",
    "arrangement",
    "transcribed",
    "transcription",
    "midi",
    "programmed",
    "converted",
    "generated",
    "created",
    "made",
    "composed",
    "encoded",
];

/// Articles behind a comma that belong in front. "The" is none of them, it goes.
const ARTICLES: &[&str] = &["a", "an", "los", "las", "les", "le", "la", "el", "die", "der", "das", "il"];

/// Ends of names of sequencers' and notation programs' files.
const PROJECTS: &[&str] = &[
    ".cpr", ".npr", ".cwp", ".wrk", ".als", ".flp", ".logicx", ".ptx", ".sng", ".mus", ".musx", ".sib",
    ".enc", ".mscz", ".mscx", ".ove", ".gp3", ".gp4", ".gp5", ".gpx", ".gtp", ".rpp",
];

/// Ends of addresses that have nothing else to know them by.
const DOMAINS: &[&str] = &[".com", ".net", ".org", ".info", ".biz"];

/// These are noise at the end without brackets or dash.
const AT_THE_END: &[&str] =
    &["remix", "rmx", "karaoke", "instrumental", "remaster", "remastered", "final", "copy", "kopie"];

/// Digits of a track's number, at most.
const TRACK_DIGITS: usize = 3;

/// A text without its noise; may be empty.
pub(super) fn without(folded: &str) -> String {
    let text = without_addresses(folded);
    let mut text = without_brackets(without_credits(&text));
    cut_project(&mut text);
    cut_guests(&mut text);
    while cut_version(&mut text) {}
    without_article(without_track_number(&text)).into_owned()
}

/// Whether a folded word tells a version.
pub(super) fn is_of_version(word: &str) -> bool {
    VERSIONS.contains(&word) || PLAIN.contains(&word) || NUMBERED.contains(&word)
}

/// Without addresses of the web and of mail.
fn without_addresses(text: &str) -> Cow<'_, str> {
    // Hardly any text has one.
    if !text.contains(['@', '/', '.']) && !text.contains("www") {
        return Cow::Borrowed(text);
    }
    // Where dots stood for spaces, nothing shows where it ends.
    let text = match words(text).find(|word| *word == "www").map(|word| position(text, word)) {
        Some(at) if text.get(at..).is_some_and(|address| address.starts_with("www ")) => {
            text.get(..at).unwrap_or(text)
        }
        _ => text,
    };
    if !text.split(' ').any(is_address) {
        return Cow::Borrowed(text);
    }
    let kept: Vec<&str> = text.split(' ').filter(|word| !is_address(word)).collect();
    Cow::Owned(kept.join(" "))
}

fn is_address(word: &str) -> bool {
    let word = word.trim_matches(|letter| !is_of_word(letter));
    let is_mail = || {
        word.split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && host.trim_end_matches('.').contains('.'))
    };
    let is_host =
        || DOMAINS.iter().any(|domain| word.strip_suffix(domain).is_some_and(|name| !name.is_empty()));
    word.contains("://") || word.starts_with("www.") || is_mail() || is_host()
}

/// Up to who wrote it down, or who holds the rights. "(c)" is a sign of them only before a year.
fn without_credits(text: &str) -> &str {
    let mut all = words(text).peekable();
    while let Some(word) = all.next() {
        let next = all.peek().copied();
        let is_credit = CREDITS.contains(&word) && matches!(next, Some("by" | "with"));
        let is_right = word == "copyright" || word == "c" && next.is_some_and(is_year) && is_sign(text, word);
        if is_credit || is_right {
            let before = text.get(..position(text, word)).unwrap_or(text);
            return before.trim_end_matches(['(', '[', ' ']);
        }
    }
    text.split_once(['©', '℗']).map_or(text, |(before, _)| before)
}

/// Whether a word stands in brackets alone.
fn is_sign(text: &str, word: &str) -> bool {
    let at = position(text, word);
    let before = text.get(..at).is_some_and(|before| before.ends_with('('));
    before && text.get(at + word.len()..).is_some_and(|after| after.starts_with(')'))
}

/// Cuts off the end of the name of a program's file.
fn cut_project(text: &mut String) {
    let end = text.trim_end();
    if let Some(name) = PROJECTS.iter().find_map(|project| end.strip_suffix(project)) {
        let length = name.len();
        text.truncate(length);
    }
}

/// Without brackets that tell a version or a guest.
fn without_brackets(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, opened)) = rest.split_once(['(', '[', '{']) {
        kept.push_str(before);
        let (inside, after) = opened.split_once([')', ']', '}']).unwrap_or((opened, ""));
        let is_of_others = |first: &str| GUESTS.contains(&first) || CREDITS.contains(&first);
        if !is_version(inside) && !words(inside).next().is_some_and(is_of_others) {
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

/// `v2`, `fix3`
fn is_number_of_version(word: &str) -> bool {
    NUMBERED.iter().any(|numbered| word.strip_prefix(numbered).is_some_and(is_short_number))
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
    // `fix 3`
    let numbered = words(text).rev().nth(1).filter(|word| word.len() > 1 && NUMBERED.contains(word));
    let numbered = numbered.filter(|_| is_short_number(last));
    let at = position(text, numbered.unwrap_or(last));
    let is_noise = AT_THE_END.contains(&last) || is_number_of_version(last) || numbered.is_some();
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

/// Without "The" in front, or behind a comma; with other articles that stand there in front: "Whole New World, A".
fn without_article(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    let text = match text.rsplit_once(", ") {
        Some((name, "the")) => name,
        Some((name, article)) if ARTICLES.contains(&article) && is_turned(name, article) => {
            return Cow::Owned(format!("{article} {name}"));
        }
        _ => text,
    };
    match text.split_once(|letter| !is_of_word(letter)) {
        Some(("the", rest)) if words(rest).next().is_some() => Cow::Borrowed(rest),
        _ => Cow::Borrowed(text),
    }
}

/// "Bamba, La", but not "La, La, La" nor "Tra La La, La".
fn is_turned(name: &str, article: &str) -> bool {
    !name.contains(',') && words(name).all(|word| word != article) && words(name).next().is_some()
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
            ("waterloo fix2", "waterloo"),
            ("waterloo fix 2", "waterloo"),
            ("waterloo ver 3", "waterloo"),
            ("quick fix", "quick fix"),
            ("chapter v 2", "chapter v 2"),
            ("waterloo (arr. somebody)", "waterloo"),
            ("waterloo sequenced by somebody", "waterloo"),
            ("made with love", ""),
            ("made in heaven", "made in heaven"),
            ("by the way", "by the way"),
            ("waterloo (c) 1974 somebody", "waterloo"),
            ("c 1974", "c 1974"),
            ("waterloo © somebody", "waterloo"),
            ("waterloo copyright 1974", "waterloo"),
            ("waterloo (www.example.com)", "waterloo"),
            ("waterloo www example com", "waterloo"),
            ("waterloo http://example.org/a", "waterloo"),
            ("waterloo someone@example.org", "waterloo"),
            ("me @ home", "me @ home"),
            ("waterloo.cpr", "waterloo"),
            ("whole new world, a", "a whole new world"),
            ("bamba, la", "la bamba"),
            ("la, la, la", "la, la, la"),
            ("tra la la, la", "tra la la, la"),
        ] {
            assert_eq!(without(text).trim(), name, "{text}");
        }
    }
}
