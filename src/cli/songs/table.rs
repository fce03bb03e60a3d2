//! The forms in which songs are printed.

use crate::cli::terminal::{grouped, quoted, safe_line};
use crate::error::{Error, ErrorKind, Result};
use crate::songs::Song;

/// A form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A line for each song and below it one for each place, for people.
    Table,
    /// An object for each song.
    Json,
    /// A row for each place (RFC 4180, lines ending as everywhere on this system).
    Csv,
}

impl Form {
    /// What stands above the first song.
    pub(super) const fn head(self) -> &'static str {
        match self {
            Self::Table => "   SONG  VERSIONS  NAME, AND EACH FILE WITH ITS PATH\n",
            Self::Json => "",
            Self::Csv => {
                "song,artist,title,is_named,file_id,digest,size_bytes,is_chosen,file_artist,file_title,path\n"
            }
        }
    }

    /// A song.
    ///
    /// # Errors
    /// None that is known: a song can be written as JSON.
    pub(super) fn song(self, song: &Song) -> Result<String> {
        match self {
            Self::Table => Ok(as_rows(song)),
            Self::Json => serde_json::to_string(song).map(|line| line + "\n").map_err(|error| {
                Error::new(ErrorKind::Run, "a song cannot be written as JSON").with_cause(error)
            }),
            Self::Csv => Ok(as_csv(song)),
        }
    }
}

/// `ABBA - Waterloo`
pub(super) fn name(artist: Option<&str>, title: &str) -> String {
    artist.map_or_else(|| title.to_owned(), |artist| format!("{artist} - {title}"))
}

fn as_rows(song: &Song) -> String {
    let name = safe_line(&name(song.artist.as_deref(), &song.title)).into_owned();
    let mut rows = format!("{:>7}  {:>8}  {name}\n", song.song, grouped(song.versions.len() as u64));
    for version in &song.versions {
        let mark = if version.is_chosen { "*" } else { " " };
        for path in &version.places {
            rows.push_str(&format!("{:>19}{:<19} {mark} {}\n", "", version.file_id, safe_line(path)));
        }
    }
    rows
}

fn as_csv(song: &Song) -> String {
    let mut rows = String::new();
    for version in &song.versions {
        for path in &version.places {
            rows.push_str(&format!(
                "{},{},{},{},{},{},{},{},{},{},{}\n",
                song.song,
                quoted(song.artist.as_deref().unwrap_or_default()),
                quoted(&song.title),
                song.is_named,
                version.file_id,
                version.digest,
                version.size_bytes,
                version.is_chosen,
                quoted(version.artist.as_deref().unwrap_or_default()),
                quoted(&version.title),
                quoted(path),
            ));
        }
    }
    rows
}
