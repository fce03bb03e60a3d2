//! The new contents of a batch as versions of their songs, in the transaction that stores them.
//!
//! Only contents of which all is known that calls them something; the others are noted, and sorted behind the import. What comes
//! out is the same, for both ways go by [`Naming`](crate::songs::Naming) and [`Resolver`].

use sqlx::postgres::PgConnection;

use crate::batch::FileRows;
use crate::record::VersionRow;
use crate::songs::{self, Affected, Called, Key, Resolver, Sorted};

/// What became of the contents of a batch.
#[derive(Debug, Default)]
pub(super) struct Versions {
    /// To be stored.
    pub(super) rows: Vec<VersionRow>,
    /// What is told of it.
    pub(super) sorted: Sorted,
}

/// Finds or makes the songs of these contents. Last in the transaction: whoever makes the same songs waits until it ends.
pub(super) async fn find(
    connection: &mut PgConnection,
    resolver: &mut Resolver,
    contents: &[&FileRows],
) -> sqlx::Result<Versions> {
    let named = contents.iter().filter_map(|rows| match &rows.called {
        Called::By(name) => Some((rows.file.id, Key::of(name)?, name)),
        Called::Open | Called::Nothing => None,
    });
    let named: Vec<_> = named.collect();
    let mut versions = Versions::default();
    versions.sorted.contents = contents.len() as u64;
    if named.is_empty() {
        return Ok(versions);
    }
    songs::keep_from_editing(connection).await?;
    let wanted: Vec<_> = named.iter().map(|(_, key, name)| (key, *name)).collect();
    let resolved = resolver.resolve_batch(connection, &wanted).await?;
    let mut affected = Affected::default();
    for ((file_id, _, name), resolved) in named.iter().zip(resolved) {
        affected.meet(resolved);
        let song_id = resolved.song.0;
        let (artist, title) = (name.artist.clone(), name.title.clone());
        versions.rows.push(VersionRow { file_id: *file_id, song_id, artist, title });
    }
    affected.note(connection).await?;
    versions.sorted.changed = versions.rows.len() as u64;
    versions.sorted.songs_added = affected.made();
    Ok(versions)
}
