//! Taking versions out of a song.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use sqlx::postgres::PgConnection;

use super::{begin, end, key_of, lock};
use crate::check::unanswered;
use crate::error::{Error, ErrorKind, Result};
use crate::songs::{Key, Named, SongId, Title};

/// What a split did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Split {
    /// The song that had the versions.
    pub from: Title,
    /// The one that has them now. A trial's number is not used.
    pub song: Title,
    /// Versions that were taken out.
    pub versions: u64,
    /// Names that lead to the new song from now on, because only versions that were taken out have them.
    pub names: u64,
}

/// A version of the song.
struct Version {
    file_id: i64,
    song_id: i64,
    name: Named,
    key: Option<String>,
    is_taken: bool,
}

/// Makes a song of its own of some versions of another, called as most of them are unless `artist` or `title` say otherwise. Names
/// that only these have lead to the new song from now on; versions that share theirs with what stays are put there by a
/// person's word, and stay there. With `is_trial` nothing is changed.
///
/// # Errors
/// [`ErrorKind::Usage`] for contents that belong to no song, to several, or are all of it; or what the database says.
pub async fn split(
    connection: &mut PgConnection,
    files: &[i64],
    artist: Option<String>,
    title: Option<String>,
    is_trial: bool,
) -> Result<Split> {
    let failed = |error| unanswered("splitting a song", error);
    let mut transaction = begin(connection).await.map_err(failed)?;
    let versions = versions(&mut transaction, files).await?;
    let (taken, left): (Vec<Version>, Vec<Version>) =
        versions.into_iter().partition(|version| version.is_taken);
    let from = SongId(song_of(files, &taken, left.is_empty())?);
    let from = lock(&mut transaction, &[from]).await?.pop().ok_or_else(|| super::unknown(from))?;
    let common = most_common(&taken);
    let artist = artist.or(common.artist).map(|artist| artist.trim().to_owned());
    let mut song = Title {
        song: SongId(0),
        artist: artist.filter(|artist| !artist.is_empty()),
        title: title.unwrap_or(common.title).trim().to_owned(),
    };
    let key = key_of(&song)?;
    let staying: HashSet<&String> = left.iter().filter_map(|version| version.key.as_ref()).collect();
    let leaving = taken.iter().filter_map(|version| version.key.clone());
    let leaving: Vec<String> = leaving.filter(|key| !staying.contains(key)).collect();
    let write = async {
        song.song.0 = sqlx::query_scalar(include_str!("../../../database/songs/name.sql"))
            .bind(&song.artist)
            .bind(&song.title)
            .bind(key.artist())
            .bind(key.title())
            .fetch_one(&mut *transaction)
            .await?;
        let led: HashSet<String> = sqlx::query_scalar(include_str!("../../../database/songs/lead.sql"))
            .bind(song.song.0)
            .bind(from.song.0)
            .bind(leaving)
            .fetch_all(&mut *transaction)
            .await?
            .into_iter()
            .collect();
        let is_led = |version: &Version| version.key.as_ref().is_some_and(|key| led.contains(key));
        sqlx::query(include_str!("../../../database/songs/split.sql"))
            .bind(song.song.0)
            .bind(taken.iter().map(|version| version.file_id).collect::<Vec<i64>>())
            .bind(taken.iter().map(|version| !is_led(version)).collect::<Vec<bool>>())
            .execute(&mut *transaction)
            .await?;
        sqlx::query("INSERT INTO loader.song_changes (song_id) VALUES ($1)")
            .bind(from.song.0)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(include_str!("../../../database/songs/show.sql"))
            .bind([from.song.0].as_slice())
            .execute(&mut *transaction)
            .await?;
        end(transaction, is_trial).await?;
        Ok(led.len() as u64)
    };
    let names = write.await.map_err(failed)?;
    Ok(Split { from, song, versions: taken.len() as u64, names })
}

/// All versions of the songs that hold these contents.
async fn versions(connection: &mut PgConnection, files: &[i64]) -> Result<Vec<Version>> {
    let rows: Vec<(i64, i64, Option<String>, String)> =
        sqlx::query_as(include_str!("../../../database/songs/versions.sql"))
            .bind(files)
            .fetch_all(connection)
            .await
            .map_err(|error| unanswered("looking for versions", error))?;
    let taken: HashSet<i64> = files.iter().copied().collect();
    let versions = rows.into_iter().map(|(file_id, song_id, artist, title)| {
        let name = Named { artist, title };
        let key = Key::of(&name).map(|key| key.joined());
        Version { file_id, song_id, name, key, is_taken: taken.contains(&file_id) }
    });
    Ok(versions.collect())
}

/// The one song that has them, and others.
fn song_of(files: &[i64], taken: &[Version], is_all: bool) -> Result<i64> {
    let usage = |message: String, hint: &str| Err(Error::new(ErrorKind::Usage, message).with_hint(hint));
    let found: HashSet<i64> = taken.iter().map(|version| version.file_id).collect();
    if let Some(missing) = files.iter().find(|id| !found.contains(id)) {
        return usage(
            format!("the file {missing} belongs to no song"),
            "loader songs lists versions with the numbers of their files",
        );
    }
    let songs: HashSet<i64> = taken.iter().map(|version| version.song_id).collect();
    let Some(song) = songs.iter().next().filter(|_| songs.len() == 1) else {
        return usage(
            format!("a split takes versions of one song, these belong to {}", songs.len()),
            "split each song by itself, then: loader songs merge",
        );
    };
    if is_all {
        return usage(
            format!("these are all versions of the song {song}: nothing would be left of it"),
            "to call it otherwise: loader songs rename",
        );
    }
    Ok(*song)
}

/// What most are called; of names as frequent as each other, the first in alphabetical order.
fn most_common(versions: &[Version]) -> Named {
    let mut names: BTreeMap<&Named, usize> = BTreeMap::new();
    for version in versions {
        *names.entry(&version.name).or_default() += 1;
    }
    let most = names.values().copied().max();
    let common = names.into_iter().find(|(_, count)| Some(*count) == most);
    common.map(|(name, _)| name.clone()).unwrap_or_default()
}
