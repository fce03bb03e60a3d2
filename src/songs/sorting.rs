//! Contents that are new, or whose places or texts have changed, brought to their songs.
//!
//! Which these are stands in `loader.unsorted_contents`, written by whoever changed them in the same transaction; they leave it in
//! the transaction that sorts them. New contents whose only place an import has just read are not among them: it brings them
//! to their songs itself. So whatever is killed here the next run goes on with, and where nothing has changed
//! nothing is read. Changes nothing that a person has merged, split or named.

use std::collections::BTreeSet;

use serde::Serialize;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Connection as _, FromRow, Row as _};

use super::resolver::Resolved;
use super::{Key, Named, Naming, Resolver};
use crate::error::Result;
use crate::library::{failed, waited_for_each_other};

/// Pages of the list in a transaction: about 20,000 contents.
const PAGES_TOGETHER: i64 = 88;

/// A list of more pages is given back to the file system once it is empty.
const PAGES_KEPT: i64 = PAGES_TOGETHER;

/// After so many changes the planner is told what the tables are like now.
const WORTH_STATISTICS: u64 = 10_000;

/// Songs that are looked at in one statement.
const SHOWN_TOGETHER: usize = 10_000;

/// Where another program deletes contents or songs meanwhile the batch is begun anew, so often at most.
const ATTEMPTS: u32 = 10;

/// What was sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sorted {
    /// Contents that were looked at.
    pub contents: u64,
    /// Of these, those that came to a song, left one, or are called otherwise now.
    pub changed: u64,
    /// Songs that were made and stayed.
    pub songs_added: u64,
}

impl Sorted {
    const fn and(self, other: Self) -> Self {
        Self {
            contents: self.contents + other.contents,
            changed: self.changed + other.changed,
            songs_added: self.songs_added + other.songs_added,
        }
    }
}

/// Sorts what is to be sorted, a batch in a transaction, until `go_on` says otherwise, which is told how many contents a batch
/// had. The caller holds the library's lock.
///
/// # Errors
/// What the database says; what was sorted stays so, and the next call goes on.
pub async fn sort(connection: &mut PgConnection, go_on: impl FnMut(u64) -> bool) -> Result<Sorted> {
    let newest = newest(connection).await?;
    sort_rest(connection, (Sorted::default(), newest), go_on).await
}

/// The song that was made last; 0 where none is there.
pub(crate) async fn newest(connection: &mut PgConnection) -> Result<i64> {
    let newest = sqlx::query_scalar("SELECT coalesce(max(id), 0) FROM songs").fetch_one(connection).await;
    newest.map_err(|error| failed("looking for the newest song", error))
}

/// The same after an import that has sorted a part itself, and before which a song was the newest one; answers both together.
pub(crate) async fn sort_rest(
    connection: &mut PgConnection,
    (already, newest): (Sorted, i64),
    mut go_on: impl FnMut(u64) -> bool,
) -> Result<Sorted> {
    let failed = |error| failed("sorting contents into songs", error);
    let pages: i64 = sqlx::query_scalar(include_str!("../../database/songs/pages.sql"))
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    let mut resolver = Resolver::default();
    let mut sorted = already;
    let mut page = 0;
    while page < pages {
        let next = page + PAGES_TOGETHER;
        let batch = sort_pages(connection, &mut resolver, page, next).await.map_err(failed)?;
        sorted = sorted.and(batch);
        page = next;
        if !go_on(batch.contents) {
            return Ok(sorted);
        }
    }
    show_touched(connection).await.map_err(failed)?;
    if sorted.songs_added > 0 {
        // What was called otherwise at first may have left a song that was made for it.
        let added = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM songs WHERE id > $1").bind(newest);
        sorted.songs_added = added.fetch_one(&mut *connection).await.map_err(failed)?.unsigned_abs();
    }
    if sorted.contents > 0 {
        let forget = sqlx::query(include_str!("../../database/songs/forget_changes.sql"));
        forget.execute(&mut *connection).await.map_err(failed)?;
    }
    if sorted.changed >= WORTH_STATISTICS {
        renew_statistics(connection, sorted.changed).await.map_err(failed)?;
    }
    if pages > PAGES_KEPT {
        sqlx::query("VACUUM loader.unsorted_contents").execute(connection).await.map_err(failed)?;
    }
    Ok(sorted)
}

/// Tells the planner what the tables are like now. With the usual target that takes as long as sorting 10,000 contents.
async fn renew_statistics(connection: &mut PgConnection, changed: u64) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    sqlx::query(include_str!("../../database/songs/statistics.sql"))
        .bind(i64::try_from(changed).unwrap_or(i64::MAX))
        .execute(&mut *transaction)
        .await?;
    sqlx::query("ANALYZE songs, song_lookup, file_songs").execute(&mut *transaction).await?;
    transaction.commit().await
}

/// Shows the songs that lost or gained a version as most of their versions spell them: once, when all is sorted, for a song may
/// have versions in every batch. What a killed run has left is done here too.
async fn show_touched(connection: &mut PgConnection) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    let mut touched: Vec<i64> = sqlx::query_scalar("DELETE FROM loader.touched_songs RETURNING song_id")
        .fetch_all(&mut *transaction)
        .await?;
    if touched.is_empty() {
        return transaction.rollback().await;
    }
    touched.sort_unstable();
    touched.dedup();
    for songs in touched.chunks(SHOWN_TOGETHER) {
        sqlx::query(include_str!("../../database/songs/show.sql"))
            .bind(songs)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await
}

/// Has every content sorted again by the next [`sort`].
///
/// # Errors
/// What the database says.
pub async fn note_all(connection: &mut PgConnection) -> Result<()> {
    let note = sqlx::query(include_str!("../../database/songs/note_all.sql"));
    note.execute(connection).await.map_err(|error| failed("listing all contents", error))?;
    Ok(())
}

/// The songs that a batch of versions makes a difference to.
#[derive(Debug, Default)]
pub(crate) struct Affected {
    /// Those that it has made.
    made: BTreeSet<i64>,
    /// Those that may have to be shown otherwise.
    touched: BTreeSet<i64>,
}

impl Affected {
    /// A version comes to a song.
    pub(crate) fn meet(&mut self, resolved: Resolved) {
        if resolved.is_new {
            self.made.insert(resolved.song.0);
        }
        if !resolved.is_shown_so {
            self.touched.insert(resolved.song.0);
        }
    }

    /// How many it has made.
    pub(crate) fn made(&self) -> u64 {
        self.made.len() as u64
    }

    /// Has them shown as most of their versions spell them, at the end of the sorting.
    pub(crate) async fn note(&self, connection: &mut PgConnection) -> sqlx::Result<()> {
        if !self.touched.is_empty() {
            sqlx::query(include_str!("../../database/songs/note_touched.sql"))
                .bind(self.touched.iter().copied().collect::<Vec<i64>>())
                .execute(connection)
                .await?;
        }
        Ok(())
    }
}

/// Until the transaction ends others may resolve names too, but not merge or split: which song a name leads to stays so.
pub(crate) async fn keep_from_editing(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("LOCK TABLE song_lookup IN ROW EXCLUSIVE MODE").execute(connection).await?;
    Ok(())
}

/// Until the transaction ends nobody else resolves, merges or splits.
pub(crate) async fn keep_from_resolving(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("LOCK TABLE song_lookup IN EXCLUSIVE MODE").execute(connection).await?;
    Ok(())
}

async fn sort_pages(
    connection: &mut PgConnection,
    resolver: &mut Resolver,
    from: i64,
    to: i64,
) -> sqlx::Result<Sorted> {
    let mut attempts = 1;
    loop {
        match sort_once(connection, resolver, from, to).await {
            Err(error) if attempts < ATTEMPTS && passes(&error) => {
                resolver.forget();
                attempts += 1;
            }
            result => return result,
        }
    }
}

/// Whether another attempt may succeed: a content or song was deleted beside us, or two waited for each other.
fn passes(error: &sqlx::Error) -> bool {
    let is_gone = |error: &dyn sqlx::error::DatabaseError| error.is_foreign_key_violation();
    waited_for_each_other(error) || error.as_database_error().is_some_and(is_gone)
}

async fn sort_once(
    connection: &mut PgConnection,
    resolver: &mut Resolver,
    from: i64,
    to: i64,
) -> sqlx::Result<Sorted> {
    let mut transaction = connection.begin().await?;
    keep_from_editing(&mut transaction).await?;
    let mut ids: Vec<i64> = sqlx::query_scalar(include_str!("../../database/songs/take.sql"))
        .bind(from)
        .bind(to)
        .fetch_all(&mut *transaction)
        .await?;
    if ids.is_empty() {
        transaction.rollback().await?;
        return Ok(Sorted::default());
    }
    ids.sort_unstable();
    ids.dedup();
    let contents: Vec<Content> = sqlx::query_as(include_str!("../../database/songs/names.sql"))
        .bind(ids)
        .fetch_all(&mut *transaction)
        .await?;
    let names: Vec<_> = contents.iter().map(Content::name).collect();
    let keys: Vec<Option<Key>> = names.iter().map(|name| name.as_ref().and_then(Key::of)).collect();
    let called: Vec<_> = contents
        .iter()
        .zip(keys.iter().zip(&names))
        .filter_map(|(content, (key, name))| Some((content, key.as_ref()?, name.as_ref()?)))
        .collect();
    // What a person has put into a song leads to no other, whatever it is called.
    let led = called.iter().filter(|(content, ..)| !content.is_chosen);
    let wanted: Vec<_> = led.map(|(_, key, name)| (*key, *name)).collect();
    let mut found = resolver.resolve_batch(&mut transaction, &wanted).await?.into_iter();
    let mut changes = Changes::default();
    for (content, _, name) in &called {
        let resolved = if content.is_chosen { None } else { found.next() };
        changes.call(content, name, resolved);
    }
    contents
        .iter()
        .zip(&keys)
        .filter(|(_, key)| key.is_none())
        .for_each(|(content, _)| changes.uncall(content));
    changes.write(&mut transaction).await?;
    transaction.commit().await?;
    Ok(Sorted {
        contents: contents.len() as u64,
        changed: (changes.files.len() + changes.left.len()) as u64,
        songs_added: changes.affected.made(),
    })
}

/// What calls a content something, and which song holds it.
#[derive(Debug)]
struct Content {
    file_id: i64,
    is_active: bool,
    path: Option<String>,
    name_artist: Option<String>,
    name_title: Option<String>,
    text_title: Option<String>,
    text_artist: Option<String>,
    song_id: Option<i64>,
    is_chosen: bool,
    artist: Option<String>,
    title: Option<String>,
}

impl FromRow<'_, PgRow> for Content {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            file_id: row.try_get("file_id")?,
            is_active: row.try_get("is_active")?,
            path: row.try_get("path")?,
            name_artist: row.try_get("name_artist")?,
            name_title: row.try_get("name_title")?,
            text_title: row.try_get("text_title")?,
            text_artist: row.try_get("text_artist")?,
            song_id: row.try_get("song_id")?,
            is_chosen: row.try_get("is_chosen")?,
            artist: row.try_get("artist")?,
            title: row.try_get("title")?,
        })
    }
}

impl Content {
    /// What it is called; nothing where it lies nowhere: then it keeps the song it has.
    fn name(&self) -> Option<Named> {
        let naming = Naming {
            path: self.path.as_deref(),
            name_artist: self.name_artist.as_deref(),
            name_title: self.name_title.as_deref(),
            text_title: self.text_title.as_deref(),
            text_artist: self.text_artist.as_deref(),
        };
        if self.is_active { naming.settle() } else { None }
    }
}

/// What a batch changes.
#[derive(Debug, Default)]
struct Changes {
    /// Contents that come to a song, with it and their names.
    files: Vec<i64>,
    songs: Vec<i64>,
    artists: Vec<Option<String>>,
    titles: Vec<String>,
    /// Contents that are called nothing any more.
    left: Vec<i64>,
    /// Songs that have gained, lost or renamed a version.
    affected: Affected,
}

impl Changes {
    /// A content is called something, and its name leads to a song; nowhere where a person has put it into the one that holds it.
    fn call(&mut self, content: &Content, name: &Named, resolved: Option<Resolved>) {
        self.affected.touched.extend(content.song_id);
        let Some(song) = resolved.map(|resolved| resolved.song.0).or(content.song_id) else { return };
        if let Some(resolved) = resolved {
            self.affected.meet(resolved);
        }
        let is_same = content.song_id == Some(song)
            && content.artist == name.artist
            && content.title.as_ref() == Some(&name.title);
        if !is_same {
            self.files.push(content.file_id);
            self.songs.push(song);
            self.artists.push(name.artist.clone());
            self.titles.push(name.title.clone());
        }
    }

    /// A content is called nothing.
    fn uncall(&mut self, content: &Content) {
        self.affected.touched.extend(content.song_id);
        if content.song_id.is_some() && content.is_active && !content.is_chosen {
            self.left.push(content.file_id);
        }
    }

    async fn write(&self, connection: &mut PgConnection) -> sqlx::Result<()> {
        if !self.files.is_empty() {
            sqlx::query(include_str!("../../database/songs/link.sql"))
                .bind(&self.files)
                .bind(&self.songs)
                .bind(&self.artists)
                .bind(&self.titles)
                .execute(&mut *connection)
                .await?;
        }
        if !self.left.is_empty() {
            sqlx::query("DELETE FROM file_songs WHERE file_id = ANY ($1)")
                .bind(&self.left)
                .execute(&mut *connection)
                .await?;
        }
        self.affected.note(connection).await
    }
}
