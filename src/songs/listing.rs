//! Songs with their versions, one by one, as the server sorts them.
//!
//! Reads only. One song is held in memory.

use futures_util::TryStreamExt as _;
use serde::Serialize;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{FromRow, Row as _};

use super::SongId;
use super::fold::{fold, words};
use super::key::normalised;
use crate::check::unanswered;
use crate::digest::Digest;
use crate::error::Result;

/// Which songs are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListSettings {
    /// Only songs whose artist and title hold all words of this, as parts of words or across them.
    pub search: Option<String>,
    /// Only songs of artists that are called so, or so in part.
    pub artist: Option<String>,
    /// Least versions.
    pub min_versions: u32,
    /// Most songs.
    pub limit: Option<u64>,
}

/// A song.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Song {
    /// Its number.
    pub song: i64,
    /// Its artist, where one is known.
    pub artist: Option<String>,
    /// Its title.
    pub title: String,
    /// Whether a person named or merged it.
    pub is_named: bool,
    /// Its versions that lie somewhere, by id.
    pub versions: Vec<Version>,
}

/// A content that is a version of a song.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Version {
    /// `files.id`
    pub file_id: i64,
    /// BLAKE3-256.
    pub digest: String,
    /// Bytes.
    pub size_bytes: i32,
    /// Whether a person put it there.
    pub is_chosen: bool,
    /// The artist as it spells it.
    pub artist: Option<String>,
    /// The title as it spells it.
    pub title: String,
    /// Where it lies, the lowest path first.
    pub places: Vec<String>,
}

/// What was listed in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Songs.
    pub songs: u64,
    /// Their versions.
    pub versions: u64,
}

/// Lists songs, those with the most versions first, and hands each to `each`, which ends it by an error.
///
/// # Errors
/// What the database or `each` says.
pub async fn list(
    connection: &mut PgConnection,
    settings: &ListSettings,
    mut each: impl FnMut(&Song) -> Result<()>,
) -> Result<Listed> {
    let failed = |error| unanswered("listing songs", error);
    let mut rows = sqlx::query_as::<_, Row>(include_str!("../../database/songs/list.sql"))
        .bind(settings.search.as_deref().map(parts).unwrap_or_default())
        .bind(settings.artist.as_deref().map(normalised).unwrap_or_default())
        .bind(i64::from(settings.min_versions.max(1)))
        .bind(settings.limit.map(|limit| i64::try_from(limit).unwrap_or(i64::MAX)))
        .fetch(connection);
    let mut listed = Listed::default();
    let mut hand_over = |song: Option<Song>| {
        let Some(song) = song else { return Ok(()) };
        listed.songs += 1;
        listed.versions += song.versions.len() as u64;
        each(&song)
    };
    let mut current: Option<Song> = None;
    while let Some(Row { song, version, path }) = rows.try_next().await.map_err(failed)? {
        if current.as_ref().is_none_or(|current| current.song != song.song) {
            hand_over(current.replace(song))?;
        }
        let Some(current) = &mut current else { continue };
        if current.versions.last().is_none_or(|last| last.file_id != version.file_id) {
            current.versions.push(version);
        }
        if let Some(last) = current.versions.last_mut() {
            last.places.push(path);
        }
    }
    hand_over(current)?;
    Ok(listed)
}

/// The words of a search as keys have them.
fn parts(search: &str) -> Vec<String> {
    let folded = fold(search);
    // Keys begin without it.
    words(&folded).filter(|word| *word != "the").map(str::to_owned).collect()
}

/// A place of a version.
struct Row {
    song: Song,
    version: Version,
    path: String,
}

impl FromRow<'_, PgRow> for Row {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let digest: Vec<u8> = row.try_get("digest")?;
        let digest = <[u8; 32]>::try_from(digest.as_slice()).map(Digest::from_bytes);
        Ok(Self {
            song: Song {
                song: row.try_get("song_id")?,
                artist: row.try_get("song_artist")?,
                title: row.try_get("song_title")?,
                is_named: row.try_get("is_named")?,
                versions: Vec::new(),
            },
            version: Version {
                file_id: row.try_get("file_id")?,
                digest: digest.map(|digest| digest.to_string()).unwrap_or_default(),
                size_bytes: row.try_get("size_bytes")?,
                is_chosen: row.try_get("is_chosen")?,
                artist: row.try_get("artist")?,
                title: row.try_get("title")?,
                places: Vec::new(),
            },
            path: row.try_get("path")?,
        })
    }
}

/// A song without its versions, as it is told of before and after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Title {
    /// Its number.
    pub song: SongId,
    /// Its artist, where one is known.
    pub artist: Option<String>,
    /// Its title.
    pub title: String,
}
