//! From names to songs, by way of the table `song_lookup` and a map of this process.
//!
//! A batch of names costs two statements, whatever their number: one looks up the keys that the map does not have, the other
//! makes songs for those that nobody has. The first also tells whether songs were merged, split or deleted since the map was
//! filled; then all keys of the batch are looked up once more.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use sqlx::postgres::PgConnection;

use super::{Key, Named};
use crate::error::Result;
use crate::library::failed;

/// Names in a batch.
const TOGETHER: usize = 10_000;

/// Keys that are remembered, and songs that were made; more are looked up each time. Takes about 26 MB, for each connection that
/// stores contents.
const MOST_REMEMBERED: usize = 250_000;

/// The number of a song: `songs.id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct SongId(pub i64);

/// A name's song.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub(crate) song: SongId,
    /// Whether the batch has made it.
    pub(crate) is_new: bool,
    /// Whether it was made here with this very spelling, so that it is shown so until somebody adds another.
    pub(crate) is_shown_so: bool,
}

/// A song that the batch or an earlier one has found.
#[derive(Clone, Copy, Debug)]
struct Found {
    song: SongId,
    is_new: bool,
}

/// How many changes of songs there were, and the number of the last one.
type Generation = (i64, i64);

/// Finds, or makes, the songs of names.
#[derive(Debug, Default)]
pub struct Resolver {
    /// By the digest of a key: 16 bytes, for which no two keys were ever found to be alike.
    songs: HashMap<[u8; 16], SongId>,
    /// Songs that were made here, with the digest of the spelling that each was made with.
    made: HashMap<SongId, [u8; 16]>,
    generation: Generation,
    statements: u64,
}

impl Resolver {
    /// The song of each name, in the order of the names; none for a name without a title. A song that nobody has yet is made, and
    /// stays without versions until one is added.
    ///
    /// # Errors
    /// What the database says. What was made before stays.
    pub async fn resolve(
        &mut self,
        connection: &mut PgConnection,
        names: &[Named],
    ) -> Result<Vec<Option<SongId>>> {
        let mut songs = Vec::with_capacity(names.len());
        for names in names.chunks(TOGETHER) {
            let keys: Vec<_> = names.iter().map(Key::of).collect();
            let wanted: Vec<_> =
                keys.iter().zip(names).filter_map(|(key, name)| Some((key.as_ref()?, name))).collect();
            let found = self.resolve_batch(connection, &wanted).await;
            let found = found.map_err(|error| {
                self.forget();
                failed("finding the songs of names", error)
            })?;
            let mut found = found.into_iter().map(|resolved| resolved.song);
            songs.extend(keys.iter().map(|key| key.as_ref().and_then(|_| found.next())));
        }
        Ok(songs)
    }

    /// How many statements were executed so far.
    #[must_use]
    pub const fn statements(&self) -> u64 {
        self.statements
    }

    /// Forgets all keys: what the database holds is no longer what it said, as after a rollback.
    pub(crate) fn forget(&mut self) {
        self.songs.clear();
        self.made.clear();
    }

    /// The same for names whose keys are known. After an error, or where the transaction is rolled back, the caller
    /// [forgets](Self::forget).
    pub(crate) async fn resolve_batch(
        &mut self,
        connection: &mut PgConnection,
        names: &[(&Key, &Named)],
    ) -> sqlx::Result<Vec<Resolved>> {
        let joined: Vec<String> = names.iter().map(|(key, _)| key.joined()).collect();
        // Ascending, and each once.
        let mut batch: BTreeMap<&str, Wanted<'_>> = BTreeMap::new();
        for (joined, (key, name)) in joined.iter().zip(names) {
            batch.entry(joined).or_insert_with(|| Wanted { key, name, found: None });
        }
        for (joined, wanted) in &mut batch {
            let song = self.songs.get(&digest(joined)).copied();
            wanted.found = song.map(|song| Found { song, is_new: false });
        }
        let generation = self.look_up(connection, &mut batch).await?;
        if generation != self.generation && !self.songs.is_empty() {
            self.forget();
            for wanted in batch.values_mut() {
                wanted.found = None;
            }
            self.generation = self.look_up(connection, &mut batch).await?;
        } else {
            self.generation = generation;
        }
        self.add(connection, &mut batch).await?;
        for (joined, wanted) in &batch {
            let Some(found) = wanted.found else { continue };
            if self.songs.len() < MOST_REMEMBERED {
                self.songs.insert(digest(joined), found.song);
            }
            if found.is_new && self.made.len() < MOST_REMEMBERED {
                self.made.insert(found.song, spelling(wanted.name));
            }
        }
        let resolved = joined.iter().zip(names).map(|(joined, (_, name))| {
            let Found { song, is_new } = batch.get(joined.as_str())?.found?;
            let is_shown_so = self.made.get(&song).is_some_and(|made| *made == spelling(name));
            Some(Resolved { song, is_new, is_shown_so })
        });
        resolved.collect::<Option<_>>().ok_or(sqlx::Error::RowNotFound)
    }

    /// Asks for the keys of a batch that are not found yet.
    async fn look_up(
        &mut self,
        connection: &mut PgConnection,
        batch: &mut BTreeMap<&str, Wanted<'_>>,
    ) -> sqlx::Result<Generation> {
        let asked: Vec<&str> = missing(batch).map(|(joined, _)| joined).collect();
        self.statements += 1;
        let (number, last, positions, songs): (i64, i64, Vec<i64>, Vec<i64>) =
            sqlx::query_as(include_str!("../../database/songs/look_up.sql"))
                .bind(&asked)
                .fetch_one(connection)
                .await?;
        for (position, song) in positions.into_iter().zip(songs) {
            let key = usize::try_from(position - 1).ok().and_then(|position| asked.get(position));
            if let Some(wanted) = key.and_then(|key| batch.get_mut(*key)) {
                wanted.found = Some(Found { song: SongId(song), is_new: false });
            }
        }
        Ok((number, last))
    }

    /// Makes songs for the keys of a batch that lead nowhere.
    async fn add(
        &mut self,
        connection: &mut PgConnection,
        batch: &mut BTreeMap<&str, Wanted<'_>>,
    ) -> sqlx::Result<()> {
        let wanted: Vec<_> = missing(batch).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let column = |field: fn(&Wanted<'_>) -> String| -> Vec<String> {
            wanted.iter().map(|(_, wanted)| field(wanted)).collect()
        };
        let artists: Vec<_> = wanted.iter().map(|(_, wanted)| wanted.name.artist.clone()).collect();
        self.statements += 1;
        let made: Vec<(String, i64, bool)> = sqlx::query_as(include_str!("../../database/songs/add.sql"))
            .bind(wanted.iter().map(|(joined, _)| *joined).collect::<Vec<&str>>())
            .bind(column(|wanted| wanted.key.artist().to_owned()))
            .bind(column(|wanted| wanted.key.title().to_owned()))
            .bind(artists)
            .bind(column(|wanted| wanted.name.title.clone()))
            .fetch_all(connection)
            .await?;
        for (joined, song, is_new) in made {
            if let Some(wanted) = batch.get_mut(joined.as_str()) {
                wanted.found = Some(Found { song: SongId(song), is_new });
            }
        }
        Ok(())
    }
}

/// A key of a batch.
#[derive(Debug)]
struct Wanted<'n> {
    key: &'n Key,
    /// The first name with this key.
    name: &'n Named,
    found: Option<Found>,
}

fn missing<'b, 'k, 'n>(
    batch: &'b BTreeMap<&'k str, Wanted<'n>>,
) -> impl Iterator<Item = (&'k str, &'b Wanted<'n>)> {
    batch.iter().filter(|(_, wanted)| wanted.found.is_none()).map(|(joined, wanted)| (*joined, wanted))
}

fn digest(joined: &str) -> [u8; 16] {
    first_half(blake3::hash(joined.as_bytes()))
}

/// The digest of a name as it is spelled; no artist is not an empty one.
fn spelling(name: &Named) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(name.title.as_bytes());
    if let Some(artist) = &name.artist {
        hasher.update(b"\0").update(artist.as_bytes());
    }
    first_half(hasher.finalize())
}

fn first_half(digest: blake3::Hash) -> [u8; 16] {
    digest.as_bytes().first_chunk().copied().unwrap_or_default()
}
