//! What is written to stdout and stderr, and how: colours, control characters, broken pipes.

use std::borrow::Cow;
use std::io::{IsTerminal, Write};

use serde::Serialize;

use super::{ColorChoice, Everywhere};
use crate::error::{Error, ErrorKind, Result};

/// The two streams of this process.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    quiet: bool,
    colors: bool,
    has_cursor: bool,
}

impl Terminal {
    /// The streams, as the flags and the environment want them.
    #[must_use]
    pub fn new(everywhere: &Everywhere) -> Self {
        let stderr_is_terminal = std::io::stderr().is_terminal();
        let colors = match everywhere.color() {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                stderr_is_terminal && !unwanted && !dumb
            }
        };
        Self { quiet: everywhere.quiet, colors, has_cursor: stderr_is_terminal }
    }

    /// Whether stderr is a terminal that understands cursor movement.
    #[must_use]
    pub fn has_bars(&self) -> bool {
        self.has_cursor && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    /// Data, to stdout. A reader that has gone is no error.
    ///
    /// # Errors
    /// Where stdout cannot be written for any other reason.
    pub fn print(&self, text: &str) -> Result<()> {
        let mut stdout = std::io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// A value as one line of JSON, to stdout.
    ///
    /// # Errors
    /// As [`Self::print`].
    pub fn print_json(&self, value: &impl Serialize) -> Result<()> {
        let json = serde_json::to_string(value).map_err(|error| {
            Error::new(ErrorKind::Run, "the result could not be written as JSON").with_cause(error)
        })?;
        self.print(&format!("{json}\n"))
    }

    /// A line of news, to stderr, unless it is to be quiet.
    pub fn say(&self, line: &str) {
        if !self.quiet {
            // Nobody is left to be told where stderr is closed.
            let _ = writeln!(std::io::stderr().lock(), "{line}");
        }
    }

    /// Something that went wrong and was coped with.
    pub fn warn(&self, line: &str) {
        self.say(&format!("{} {line}", self.paint("33;1", "warning:")));
    }

    /// Asks a question that is answered with yes or no; none where there is nobody to ask.
    #[must_use]
    pub fn asks(&self, question: &str) -> Option<bool> {
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return None;
        }
        let _ = write!(std::io::stderr().lock(), "{question} [y/N] ");
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).ok()?;
        Some(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }

    /// Why the command failed: what, why, and what helps.
    pub fn error(&self, error: &Error) {
        let mut said = error.to_string();
        let mut text = format!("{} {}\n", self.paint("31;1", "error:"), safe(&said));
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            let message = error.to_string();
            // Many libraries repeat in a message what its cause will say.
            if !said.ends_with(&message) {
                text.push_str(&format!("  caused by: {}\n", safe(&message)));
                said = message;
            }
            cause = error.source();
        }
        if let Some(hint) = error.hint() {
            text.push_str(&format!("\n{} {hint}\n", self.paint("36;1", "hint:")));
        }
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }

    /// `text` in bold, where colours are wanted.
    #[must_use]
    pub fn bold(&self, text: &str) -> String {
        self.paint("1", text)
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.colors { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// `text` without anything that a terminal would take for a command: names in archives are other people's.
#[must_use]
pub fn safe(text: &str) -> Cow<'_, str> {
    without(text, |character| character != '\n' && is_command(character))
}

/// The same for what stands in one line: a name may hold the end of one.
#[must_use]
pub fn safe_line(text: &str) -> Cow<'_, str> {
    without(text, is_command)
}

/// Controls, and the marks that turn the direction of what follows.
fn is_command(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

fn without(text: &str, is_unsafe: impl Fn(char) -> bool) -> Cow<'_, str> {
    // Most names are nothing but these, which are told from others many bytes at a time.
    let is_plain = |bytes: &[u8]| bytes.iter().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'));
    if text.as_bytes().chunks(32).all(is_plain) || !text.chars().any(&is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_unsafe(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// A field of comma-separated values, which may hold anything (RFC 4180).
#[must_use]
pub fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

/// ` · 1,234 rejected · 7 vanished`: the counts that are not 0, for the end of a closing line.
#[must_use]
pub fn further(counts: &[(u64, &str)]) -> String {
    let told = counts.iter().filter(|(count, _)| *count > 0);
    told.map(|(count, what)| format!(" · {} {what}", grouped(*count))).collect()
}

/// 1234567 as `1,234,567`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// `1 file`, `1,204,331 files`.
#[must_use]
pub fn counted(number: u64, thing: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {thing}{ending}", grouped(number))
}

/// A number of bytes in decimal units: `1.5 GB`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "it is rounded to two digits")]
pub fn bytes(number: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB"];
    let (mut value, mut unit) = (number as f64, 0);
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    let name = units.get(unit).copied().unwrap_or_default();
    if unit == 0 || value >= 99.95 { format!("{value:.0} {name}") } else { format!("{value:.1} {name}") }
}

/// A time as a person says it: `450 ms`, `41.2s`, `3m 41s`, `2h 05m`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    // Not negative, and far below the limits of the type.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a run")]
    let whole = seconds.clamp(0.0, 1e15).round() as u64;
    if seconds < 0.9995 {
        format!("{:.0} ms", seconds.max(0.0) * 1000.0)
    } else if seconds < 59.95 {
        format!("{seconds:.1}s")
    } else if whole < 3600 {
        format!("{}m {:02}s", whole / 60, whole % 60)
    } else {
        format!("{}h {:02}m", whole / 3600, whole / 60 % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_204_331), "1,204,331");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_500), "1.5 kB");
        assert_eq!(bytes(133_500_000), "134 MB");
        assert_eq!(bytes(999_950), "1.0 MB");
        assert_eq!(duration(0.45), "450 ms");
        assert_eq!(duration(41.23), "41.2s");
        assert_eq!(duration(59.97), "1m 00s");
        assert_eq!(duration(221.0), "3m 41s");
        assert_eq!(duration(7_500.0), "2h 05m");
    }

    #[test]
    fn names_cannot_command_the_terminal() {
        assert_eq!(safe("Am_120bpm ♪.mid"), "Am_120bpm ♪.mid");
        assert_eq!(safe("\x1b[2J.mid\u{202e}"), "\\u{1b}[2J.mid\\u{202e}");
        assert_eq!(safe_line("a\nb\tc"), "a\\u{a}b\\u{9}c");
        assert_eq!(safe("a\nb\tc"), "a\nb\\u{9}c");
        let long = "a".repeat(100);
        assert!(matches!(safe_line(&long), Cow::Borrowed(_)));
        for (at, _) in long.char_indices() {
            let mut spoilt = long.clone();
            spoilt.replace_range(at..=at, "\x7f");
            assert_eq!(safe_line(&spoilt), long[..at].to_owned() + "\\u{7f}" + &long[at + 1..]);
        }
    }

    #[test]
    fn fields_that_need_it_are_quoted() {
        assert_eq!(quoted("/a b.mid"), "/a b.mid");
        assert_eq!(quoted("/a,\"b\"\n.mid"), "\"/a,\"\"b\"\"\n.mid\"");
    }
}
