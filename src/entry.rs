//! What an entry is called and where it stands: names as text, paths through nested archives, positions.
//!
//! Text only. Nothing here is ever used as a path on disk; `..` and absolute names stay as they were recorded.

mod claims;
mod cp437;
mod name;
mod ordinal;

pub use claims::Claims;
pub use name::{EntryName, NameDecoder};
pub use ordinal::{Ordinal, Ordinals};

/// What separates the levels of nesting in a path.
const NESTING: &str = "!/";

/// Longest extension that is kept; what is longer is no extension.
const LONGEST_EXTENSION: usize = 16;

/// Where an entry lies within its source, spelled `a.zip!/b.tar.gz!/c.mid`.
///
/// The levels are separated by `!/`. A member whose own name holds `!/` is spelled as it is: the path is for people, the
/// ordinal identifies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EntryPath {
    text: String,
    raw: Option<Vec<u8>>,
    encoding: &'static str,
}

/// An [`EntryPath`] taken apart into the columns of `file_locations`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The whole path.
    pub path: String,
    /// Its bytes, where any level of it was not UTF-8 or had to be altered.
    pub raw: Option<Vec<u8>>,
    /// What follows the last `/`.
    pub name: String,
    /// The name's extension, see [`extension_of`].
    pub extension: String,
    /// How the last level's name was decoded.
    pub encoding: &'static str,
}

impl EntryPath {
    /// The path of the member `name` of what this path leads to; the empty path leads to the source itself.
    #[must_use]
    pub fn join(&self, name: EntryName) -> Self {
        if self.text.is_empty() {
            return Self { text: name.text, raw: name.raw, encoding: name.encoding };
        }
        let raw = (self.raw.is_some() || name.raw.is_some()).then(|| {
            let outer = self.raw.as_deref().unwrap_or(self.text.as_bytes());
            let inner = name.raw.as_deref().unwrap_or(name.text.as_bytes());
            [outer, NESTING.as_bytes(), inner].concat()
        });
        Self { text: [self.text.as_str(), NESTING, &name.text].concat(), raw, encoding: name.encoding }
    }

    /// The path as text: valid UTF-8 without NUL. It may hold control characters; who shows it escapes them.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its bytes, where any level of it was not UTF-8 or had to be altered.
    #[must_use]
    pub fn raw(&self) -> Option<&[u8]> {
        self.raw.as_deref()
    }

    /// What follows the last `/`.
    #[must_use]
    pub fn file_name(&self) -> &str {
        file_name_of(&self.text)
    }

    /// The file name's extension, see [`extension_of`].
    #[must_use]
    pub fn extension(&self) -> String {
        extension_of(&self.text)
    }

    /// Bytes it takes in memory beside itself.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.text.len() + self.raw.as_ref().map_or(0, Vec::len)
    }

    /// Takes it apart.
    #[must_use]
    pub fn into_named(self) -> Named {
        let encoding = if self.encoding.is_empty() { name::UTF_8 } else { self.encoding };
        let (name, extension) = (self.file_name().to_owned(), self.extension());
        Named { name, extension, path: self.text, raw: self.raw, encoding }
    }
}

/// What follows the last `/` of a path.
#[must_use]
pub fn file_name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The extension of a path's last part, in lower case: what follows its last dot, if that is 1 to 16 letters and digits
/// of any script; else nothing.
#[must_use]
pub fn extension_of(path: &str) -> String {
    let Some((_, extension)) = file_name_of(path).rsplit_once('.') else { return String::new() };
    if extension.chars().count() > LONGEST_EXTENSION || !extension.chars().all(char::is_alphanumeric) {
        return String::new();
    }
    extension.to_lowercase().chars().take(LONGEST_EXTENSION).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_nest_and_keep_their_bytes() {
        let outer = EntryPath::default().join(NameDecoder::alone(b"packs/a.zip"));
        assert_eq!((outer.text(), outer.raw()), ("packs/a.zip", None));
        let inner = outer.join(NameDecoder::alone(b"M\xfcsik\\F\xfcr Elise.MID"));
        assert_eq!(inner.text(), "packs/a.zip!/Müsik/Für Elise.MID");
        assert_eq!(inner.raw(), Some(&b"packs/a.zip!/M\xfcsik\\F\xfcr Elise.MID"[..]));
        let named = inner.into_named();
        assert_eq!((named.name.as_str(), named.extension.as_str()), ("Für Elise.MID", "mid"));
        assert_eq!(named.encoding, "windows-1252");
        assert_eq!(EntryPath::default().into_named().encoding, "utf-8");
    }

    #[test]
    fn extensions() {
        let cases = [
            ("a.mid", "mid"),
            ("A.MIDI", "midi"),
            ("dir.x/a", ""),
            ("a.", ""),
            (".mid", "mid"),
            ("a.tar.gz", "gz"),
            ("a.Live at the Opera", ""),
            ("a.12345678901234567", ""),
            ("a.1234567890123456", "1234567890123456"),
            ("a.МИД", "мид"),
            ("x.zip!/", ""),
        ];
        for (path, expected) in cases {
            assert_eq!(extension_of(path), expected, "{path}");
        }
    }
}
