//! The artist and the title of a content, out of all that calls it something.

use super::key::normalised;
use super::{folder, nameless};
use crate::entry::Claims;

/// An artist and a title as they are spelled somewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Named {
    /// The artist, where one is known.
    pub artist: Option<String>,
    /// The title.
    pub title: String,
}

/// What a new content is called, going by the place where it was met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Called {
    /// Nobody has looked: it is sorted later.
    #[default]
    Open,
    /// Nothing.
    Nothing,
    /// This.
    By(Named),
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
    /// What it is called: by its name, then by its texts, whichever is a name at all. Where these tell a title alone, the folder
    /// tells the artist, or the texts do if they mean the same title.
    #[must_use]
    pub fn settle(&self) -> Option<Named> {
        self.by_name().or_else(|| self.by_texts())
    }

    fn by_name(&self) -> Option<Named> {
        let claimed = Claims {
            artist: self.name_artist.map(str::to_owned),
            title: self.name_title.map(str::to_owned),
            ..Claims::default()
        };
        let (artist, title) = believed(claimed)?;
        let artist = artist.or_else(|| self.artist_around(&title));
        Some(Named { artist, title })
    }

    /// The artist of a title that has none beside it.
    fn artist_around(&self, title: &str) -> Option<String> {
        if let Some(artist) = self.path.and_then(folder::artist) {
            return Some(artist.to_owned());
        }
        let artist = self.text_artist.filter(|artist| nameless::is_artist(artist))?;
        let means_the_same = self.text_title.is_some_and(|text| normalised(text) == normalised(title));
        means_the_same.then(|| artist.to_owned())
    }

    /// The texts are written by people and programs, as names of files are: "Piano" and "untitled" are no titles.
    fn by_texts(&self) -> Option<Named> {
        let text = self.text_title.filter(|text| nameless::is_title_in_file(text))?;
        let (artist, title) = believed(Claims::of_text(text))?;
        let told = self.text_artist.filter(|artist| nameless::is_artist(artist));
        let artist = told.map(str::to_owned).or(artist);
        let artist = artist.or_else(|| self.path.and_then(folder::artist).map(str::to_owned));
        Some(Named { artist, title })
    }
}

/// Artist and title, where they are names. Behind an artist that is none both may stand: "Karaoke - ABBA - Waterloo".
fn believed(claimed: Claims) -> Option<(Option<String>, String)> {
    let title = claimed.title?;
    match claimed.artist {
        Some(artist) if nameless::is_artist(&artist) => {
            nameless::is_title(&title, true).then_some((Some(artist), title))
        }
        Some(_) => {
            let Claims { artist, title, .. } = Claims::of_text(&title);
            let (artist, title) = (artist.filter(|artist| nameless::is_artist(artist)), title?);
            nameless::is_title(&title, artist.is_some()).then_some((artist, title))
        }
        None => nameless::is_title(&title, false).then_some((None, title)),
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
            // What is no name gives way to the next.
            (Naming { name_title: Some("Grand Piano"), ..texts }, abba),
            (Naming { name_title: Some("Untitled"), text_title: Some("Inst 1"), ..texts }, None),
            (Naming { name_title: Some("???? - ??? fix"), ..dashed }, abba),
            (
                Naming { name_artist: Some("TV Themes"), path: None, text_title: None, ..both },
                Some(("", "Waterloo")),
            ),
            (Naming { name_artist: Some("Karaoke"), name_title: Some("ABBA - Waterloo"), ..both }, abba),
            (Naming { text_artist: Some("Unknown"), ..dashed }, abba),
            (Naming { text_title: Some("???? - ??? fix"), ..dashed }, None),
            (Naming::default(), None),
        ] {
            let settled = naming.settle();
            let settled =
                settled.as_ref().map(|named| (named.artist.as_deref().unwrap_or(""), &*named.title));
            assert_eq!(settled, expected, "{naming:?}");
        }
    }
}
