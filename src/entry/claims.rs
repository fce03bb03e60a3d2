//! What a name claims of its music: `Am_120bpm_Artist - Title (v2).mid`.
//!
//! Claims are kept apart from what the music says, and nothing here looks at it. Only the last part of a path is read. A
//! name that claims two different things of a kind claims neither; `docs/decisions/0006-what-a-name-claims.md` has the rules.

mod bars;
mod context;
mod gap;
mod key;
mod noise;
mod song;
mod spelled;
mod spelling;
mod tempo;
mod vocabulary;
mod words;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use self::words::Words;
use super::file_name_of;

/// Extensions that are no part of a name: those of MIDI files and of what they are compressed with.
const EXTENSIONS: &[&str] =
    &["mid", "midi", "kar", "rmi", "rmid", "smf", "gz", "bz2", "xz", "zst", "lzma", "lz4"];

/// Extensions that may stand one behind the other, as in `song.kar.mid.gz`.
const MOST_EXTENSIONS: usize = 4;

/// Hexadecimal digits that are no word any more.
const SHORTEST_DIGEST: usize = 16;

/// What a name claims.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims {
    /// Beats per minute, 20 to 400.
    pub bpm: Option<f32>,
    /// Key, as `C`, `F#m`, `Bb`.
    pub key: Option<&'static str>,
    /// Bars, 1 to 999.
    pub bars: Option<i16>,
    /// Artist, at most 200 characters.
    pub artist: Option<String>,
    /// Title, at most 200 characters.
    pub title: Option<String>,
}

impl Claims {
    /// Reads the last part of a path. Takes time in proportion to its length; allocates only for artist and title.
    #[must_use]
    pub fn of(path: &str) -> Self {
        Self::of_text(file_name_of(path))
    }

    /// Reads a text that calls a music something as a name does, a slash in it being a letter as any.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        let name = without_extensions(text);
        if is_digest(name) {
            return Self::default();
        }
        let name = unescaped(name);
        let mut words = Words::cut(&name);
        let mut bpm = tempo::claimed(&mut words);
        let bars = bars::claimed(&mut words);
        let key = key::claimed(&mut words, &mut bpm);
        noise::strike(&mut words);
        let (artist, title) = song::read(&words);
        Self { bpm, key, bars, artist, title }
    }
}

fn without_extensions(name: &str) -> &str {
    let mut name = name;
    for _ in 0..MOST_EXTENSIONS {
        match name.rsplit_once('.') {
            Some((stem, extension))
                if EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)) =>
            {
                name = stem;
            }
            _ => break,
        }
    }
    name
}

/// Whether a name is a number in hexadecimal, as datasets name files by their MD5; or the like with hyphens.
fn is_digest(name: &str) -> bool {
    name.len() >= SHORTEST_DIGEST
        && name.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        && name.bytes().any(|byte| byte.is_ascii_digit())
}

/// Names from the web may have `%20` for spaces.
fn unescaped(name: &str) -> Cow<'_, str> {
    if name.contains('%') { Cow::Owned(name.replace("%20", " ")) } else { Cow::Borrowed(name) }
}
