//! The artist and the title of a content, out of all that calls it something.

use super::folder;
use super::key::normalised;
use crate::entry::Claims;

/// An artist and a title as they are spelled somewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Named {
    /// The artist, where one is known.
    pub artist: Option<String>,
    /// The title.
    pub title: String,
}

/// All that calls a content something.
#[derive(Clone, Copy, Debug, Default)]
pub struct Naming<'n> {
    /// Where it lies, archives spelled `pack.zip!/a.mid`.
    pub path: Option<&'n str>,
    /// The artist by the last part of the path.
    pub name_artist: Option<&'n str>,
    /// The title by the last part of the path.
    pub name_title: Option<&'n str>,
    /// The title by the texts in it.
    pub text_title: Option<&'n str>,
    /// The artist by the texts in it.
    pub text_artist: Option<&'n str>,
}

impl Naming<'_> {
    /// What it is called: by its name, then by its texts. Where these tell a title alone, the folder tells the artist, or the texts
    /// do if they mean the same title.
    #[must_use]
    pub fn settle(&self) -> Option<Named> {
        match self.name_title {
            Some(title) => Some(Named { artist: self.artist_of(title), title: title.to_owned() }),
            None => self.by_texts(),
        }
    }

    fn artist_of(&self, title: &str) -> Option<String> {
        if let Some(artist) = self.name_artist {
            return Some(artist.to_owned());
        }
        if let Some(artist) = self.path.and_then(folder::artist) {
            return Some(artist.to_owned());
        }
        let means_the_same = self.text_title.is_some_and(|text| normalised(text) == normalised(title));
        self.text_artist.filter(|_| means_the_same).map(str::to_owned)
    }

    /// The texts are written by people and programs, as names of files are: "Piano" and "untitled" are no titles.
    fn by_texts(&self) -> Option<Named> {
        let Claims { artist, title, .. } = Claims::of_text(self.text_title?);
        let title = title?;
        let artist = self.text_artist.map(str::to_owned).or(artist);
        let artist = artist.or_else(|| self.path.and_then(folder::artist).map(str::to_owned));
        Some(Named { artist, title })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_before_texts() {
        let abba = Some(("ABBA", "Waterloo"));
        let both = Naming {
            path: Some("/midi/Elsewhere/x.mid"),
            name_artist: Some("ABBA"),
            name_title: Some("Waterloo"),
            text_title: Some("Fernando"),
            text_artist: Some("Agnetha"),
        };
        let title = Naming { name_artist: None, path: None, ..both };
        let in_folder = Naming { path: Some("/midi/ABBA/Waterloo.mid"), ..title };
        let texts =
            Naming { name_title: None, text_title: Some("Waterloo"), text_artist: Some("ABBA"), ..title };
        let dashed = Naming { text_title: Some("ABBA - Waterloo"), text_artist: None, ..texts };
        for (naming, expected) in [
            (both, abba),
            (in_folder, abba),
            (title, Some(("", "Waterloo"))),
            (Naming { text_title: Some("WATERLOO (v2)"), text_artist: Some("ABBA"), ..title }, abba),
            (texts, abba),
            (dashed, abba),
            (Naming { path: Some("/midi/ABBA/01.mid"), text_artist: None, ..texts }, abba),
            (Naming { text_title: Some("Piano"), ..texts }, None),
            (
                Naming { text_title: Some("AC/DC - Thunderstruck"), ..dashed },
                Some(("AC/DC", "Thunderstruck")),
            ),
            (Naming { text_title: None, ..texts }, None),
            (Naming::default(), None),
        ] {
            let settled = naming.settle();
            let settled =
                settled.as_ref().map(|named| (named.artist.as_deref().unwrap_or(""), &*named.title));
            assert_eq!(settled, expected, "{naming:?}");
        }
    }
}
