//! What a person does to songs: merge, split, rename. No run undoes it.
//!
//! Each is one transaction, which waits until nobody is just [sorting](super::sort) or importing a batch, and lets nobody come
//! to songs before it ends. It tells of its songs in `loader.song_changes`, by which a [`super::Resolver`] knows that it is to ask again. Takes
//! no lock of the library: it may be done beside an import.

mod split;

use serde::Serialize;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Postgres, Transaction};

use super::{Key, Named, SongId, Title};
use crate::check::unanswered;
use crate::error::{Error, ErrorKind, Result};

pub use split::{Split, split};

/// What a merge did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Merged {
    /// The song that has all versions.
    pub into: Title,
    /// The songs that are no more.
    pub songs: Vec<Title>,
    /// Versions that were theirs.
    pub versions: u64,
}

/// Makes the versions of several songs versions of the first, which keeps its name. What is called like the others leads to it
/// from now on. With `is_trial` nothing is changed.
///
/// # Errors
/// [`ErrorKind::Usage`] for songs that there are not, or fewer than two; or what the database says.
pub async fn merge(connection: &mut PgConnection, songs: &[SongId], is_trial: bool) -> Result<Merged> {
    let failed = |error| unanswered("merging songs", error);
    let mut others: Vec<i64> = songs.iter().skip(1).map(|song| song.0).collect();
    others.sort_unstable();
    others.dedup();
    let Some(into) = songs.first().copied().filter(|into| !others.is_empty() && !others.contains(&into.0))
    else {
        return Err(Error::new(ErrorKind::Usage, "a merge takes two songs or more, each once")
            .with_hint("the first one is kept: loader songs merge KEPT OTHER…"));
    };
    let mut transaction = begin(connection).await.map_err(failed)?;
    let mut found = lock(&mut transaction, songs).await?;
    let position = found.iter().position(|title| title.song == into);
    let Some(kept) = position.map(|position| found.remove(position)) else { return Err(unknown(into)) };
    let write = async {
        sqlx::query("UPDATE song_lookup SET song_id = $1 WHERE song_id = ANY ($2)")
            .bind(into.0)
            .bind(&others)
            .execute(&mut *transaction)
            .await?;
        let versions = sqlx::query(include_str!("../../database/songs/merge.sql"))
            .bind(into.0)
            .bind(&others)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(include_str!("../../database/songs/merged.sql"))
            .bind(into.0)
            .bind(&others)
            .execute(&mut *transaction)
            .await?;
        unchoose(&mut transaction, into).await?;
        end(transaction, is_trial).await?;
        Ok(versions.rows_affected())
    };
    let versions = write.await.map_err(failed)?;
    Ok(Merged { into: kept, songs: found, versions })
}

/// Versions that a person has put into a song to which their names lead as well need nobody's word any more.
async fn unchoose(connection: &mut PgConnection, song: SongId) -> sqlx::Result<()> {
    let chosen: Vec<(i64, Option<String>, String)> =
        sqlx::query_as("SELECT file_id, artist, title FROM file_songs WHERE song_id = $1 AND is_chosen")
            .bind(song.0)
            .fetch_all(&mut *connection)
            .await?;
    let keyed = chosen
        .into_iter()
        .filter_map(|(file_id, artist, title)| Some((file_id, Key::of(&Named { artist, title })?.joined())));
    let (files, keys): (Vec<i64>, Vec<String>) = keyed.unzip();
    sqlx::query(include_str!("../../database/songs/unchoose.sql"))
        .bind(song.0)
        .bind(files)
        .bind(keys)
        .execute(connection)
        .await?;
    Ok(())
}

/// Names a song. Without an artist or a title the one it has is kept; an empty artist is none.
///
/// # Errors
/// [`ErrorKind::Usage`] for a song that there is not, or a title without a letter or digit; or what the database says.
pub async fn rename(
    connection: &mut PgConnection,
    song: SongId,
    artist: Option<String>,
    title: Option<String>,
    is_trial: bool,
) -> Result<Title> {
    let failed = |error| unanswered("renaming a song", error);
    let mut transaction = begin(connection).await.map_err(failed)?;
    let mut renamed = lock(&mut transaction, &[song]).await?.pop().ok_or_else(|| unknown(song))?;
    if let Some(artist) = artist {
        renamed.artist = Some(artist.trim().to_owned()).filter(|artist| !artist.is_empty());
    }
    if let Some(title) = title {
        title.trim().clone_into(&mut renamed.title);
    }
    call(transaction, renamed, true, is_trial).await
}

/// Takes back what a person has called a song: it is called as most of its versions that lie somewhere are, now and from now on.
/// Where none does it keeps its name until one comes.
///
/// # Errors
/// [`ErrorKind::Usage`] for a song that there is not; or what the database says.
pub async fn unname(connection: &mut PgConnection, song: SongId, is_trial: bool) -> Result<Title> {
    let failed = |error| unanswered("renaming a song", error);
    let mut transaction = begin(connection).await.map_err(failed)?;
    lock(&mut transaction, &[song]).await?;
    let show = async {
        sqlx::query("UPDATE songs SET is_named = false WHERE id = $1")
            .bind(song.0)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(include_str!("../../database/songs/show.sql"))
            .bind([song.0].as_slice())
            .execute(&mut *transaction)
            .await
    };
    show.await.map_err(failed)?;
    let title = lock(&mut transaction, &[song]).await?.pop().ok_or_else(|| unknown(song))?;
    call(transaction, title, false, is_trial).await
}

/// Has a song called so, with the keys of that, and ends the change.
async fn call(
    mut transaction: Transaction<'_, Postgres>,
    title: Title,
    is_named: bool,
    is_trial: bool,
) -> Result<Title> {
    let key = key_of(&title)?;
    let write = async {
        sqlx::query(include_str!("../../database/songs/rename.sql"))
            .bind(title.song.0)
            .bind(&title.artist)
            .bind(&title.title)
            .bind(key.artist())
            .bind(key.title())
            .bind(is_named)
            .execute(&mut *transaction)
            .await?;
        end(transaction, is_trial).await
    };
    write.await.map_err(|error| unanswered("renaming a song", error))?;
    Ok(title)
}

/// Begins a change: whoever sorts has ended a batch, and waits with the next.
async fn begin(connection: &mut PgConnection) -> sqlx::Result<Transaction<'_, Postgres>> {
    let mut transaction = connection.begin().await?;
    super::keep_from_resolving(&mut transaction).await?;
    Ok(transaction)
}

async fn end(transaction: Transaction<'_, Postgres>, is_trial: bool) -> sqlx::Result<()> {
    if is_trial { transaction.rollback().await } else { transaction.commit().await }
}

/// The songs, which stay as they are until the end of the transaction.
async fn lock(connection: &mut PgConnection, songs: &[SongId]) -> Result<Vec<Title>> {
    let numbers: Vec<i64> = songs.iter().map(|song| song.0).collect();
    let found: Vec<(i64, Option<String>, String)> =
        sqlx::query_as(include_str!("../../database/songs/songs.sql"))
            .bind(numbers)
            .fetch_all(connection)
            .await
            .map_err(|error| unanswered("looking for songs", error))?;
    let found: Vec<_> =
        found.into_iter().map(|(song, artist, title)| Title { song: SongId(song), artist, title }).collect();
    match songs.iter().find(|song| !found.iter().any(|title| title.song == **song)) {
        Some(missing) => Err(unknown(*missing)),
        None => Ok(found),
    }
}

fn unknown(song: SongId) -> Error {
    Error::new(ErrorKind::Usage, format!("there is no song {}", song.0))
        .with_hint("loader songs lists them with their numbers; one that was merged is part of another now")
}

fn key_of(title: &Title) -> Result<Key> {
    let named = Named { artist: title.artist.clone(), title: title.title.clone() };
    Key::of(&named).ok_or_else(|| {
        Error::new(ErrorKind::Usage, "a title needs a letter or a digit").with_hint("--title NAME")
    })
}
