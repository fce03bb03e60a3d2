//! What a library holds, in words that can be compared: every row of every table, by key, and whether all is in order.

use std::collections::BTreeMap;
use std::path::Path;

use loader::sample::{self, Container, SampleOptions, SampleSummary};
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

use crate::harness::connect_to;

/// The tables of a library without `runs`, each with what names a row.
const TABLES: [(&str, &str); 5] = [
    ("sources", "id"),
    ("files", "id"),
    ("musical_metadata", "file_id"),
    ("file_locations", "source_id, entry_ordinal"),
    ("rejects", "source_id, entry_ordinal"),
];

/// Songs by their versions that lie somewhere, whatever their numbers.
const SONGS: &str = "
    SELECT jsonb_build_object('artist', s.artist, 'title', s.title, 'is_named', s.is_named,
                              'versions', array_agg(ARRAY[h.file_id::text, h.artist, h.title] ORDER BY h.file_id))::text
      FROM songs s
      JOIN file_songs h ON h.song_id = s.id
      JOIN files f ON f.id = h.file_id AND f.is_active
     GROUP BY s.id
     ORDER BY min(h.file_id)";

/// The tables of songs, each with what names a row.
const SONG_TABLES: [(&str, &str); 3] = [("songs", "id"), ("song_lookup", "key"), ("file_songs", "file_id")];

/// The rows of a library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rows(BTreeMap<&'static str, Vec<String>>);

impl Rows {
    /// What a library holds, whichever run stored it, and wherever the disk has put the files.
    pub(crate) async fn of(url: &str) -> Self {
        Self::read(url, &TABLES, "(to_jsonb(t) - '{run_id,first_run_id,inode,device}'::text[])::text")
            .await
            .with_songs(url)
            .await
    }

    /// With the songs, whatever their numbers.
    async fn with_songs(mut self, url: &str) -> Self {
        let songs = sqlx::query_scalar(SONGS).fetch_all(&mut connect_to(url).await).await;
        self.0.insert("songs", songs.unwrap());
        self
    }

    /// What a library holds of what is on the disk, whichever run stored it, and wherever on the disk that was.
    pub(crate) async fn active(url: &str) -> Self {
        let mut connection = connect_to(url).await;
        let mut rows = BTreeMap::new();
        for (table, key) in TABLES {
            let condition = match table {
                "musical_metadata" => "EXISTS (SELECT FROM files f WHERE f.id = t.file_id AND f.is_active)",
                "rejects" => "EXISTS (SELECT FROM sources s WHERE s.id = t.source_id AND s.is_active)",
                _ => "t.is_active",
            };
            let query = format!(
                "SELECT (to_jsonb(t) - '{{run_id,first_run_id,inode,device}}'::text[])::text FROM {table} t
                  WHERE {condition} ORDER BY {key}"
            );
            let read = sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(&mut connection).await;
            rows.insert(table, read.unwrap_or_else(|error| panic!("{table}: {error}")));
        }
        Self(rows).with_songs(url).await
    }

    /// The same with the run and the transaction that stored each row: differs if anything was written again.
    pub(crate) async fn with_history(url: &str) -> Self {
        let tables: Vec<_> = TABLES.into_iter().chain(SONG_TABLES).collect();
        Self::read(url, &tables, "concat_ws(' ', t.xmin, t.ctid, to_jsonb(t))").await
    }

    async fn read(url: &str, tables: &[(&'static str, &'static str)], expression: &str) -> Self {
        let mut connection = connect_to(url).await;
        let mut rows = BTreeMap::new();
        for (table, key) in tables.iter().copied() {
            let query = format!("SELECT {expression} FROM {table} t ORDER BY {key}");
            let read = sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(&mut connection).await;
            rows.insert(table, read.unwrap_or_else(|error| panic!("{table}: {error}")));
        }
        Self(rows)
    }

    /// How many rows a table has.
    pub(crate) fn count(&self, table: &str) -> u64 {
        self.0[table].len() as u64
    }

    /// The rows of one table.
    pub(crate) fn table(&self, table: &str) -> &[String] {
        &self.0[table]
    }

    /// Fails, with the first rows that differ, unless `found` holds the same.
    #[track_caller]
    pub(crate) fn assert_same(&self, found: &Self, what: &str) {
        for table in self.0.keys() {
            self.assert_same_in(table, found, what);
        }
    }

    /// The same for one table.
    #[track_caller]
    pub(crate) fn assert_same_in(&self, table: &str, found: &Self, what: &str) {
        let (expected, found) = (self.table(table), found.table(table));
        if expected == found {
            return;
        }
        let lacks = |rows: &[String], others: &[String]| {
            let missing: Vec<_> = rows.iter().filter(|row| !others.contains(row)).take(4).cloned().collect();
            missing.join("\n  ")
        };
        panic!(
            "{what}: {table} differs, {} rows expected, {} found\n expected and missing:\n  {}\n found and not expected:\n  {}",
            expected.len(),
            found.len(),
            lacks(expected, found),
            lacks(found, expected)
        );
    }
}

/// One number from the database.
pub(crate) async fn number(connection: &mut PgConnection, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(connection).await.unwrap_or_else(|error| panic!("{query}: {error}"))
}

/// The same, or nothing where it cannot be told, for instance because there is no library yet.
pub(crate) async fn try_number(url: &str, query: &'static str) -> Option<i64> {
    use loader::server::connect::{self, Origin, Target};
    let target = Target::from_url(url, Origin::Flag).ok()?;
    let mut connection = connect::connect(&target, "loader test").await.ok()?;
    sqlx::query_scalar(query).fetch_one(&mut connection).await.ok()
}

/// The reason codes of all refusals, with how often each occurs.
pub(crate) async fn reasons(url: &str) -> BTreeMap<String, i64> {
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT reason, count(*) FROM rejects GROUP BY reason ORDER BY reason")
            .fetch_all(&mut connect_to(url).await)
            .await
            .unwrap();
    rows.into_iter().collect()
}

/// Checks that no content waits to be sorted, and that each is sorted by what calls it something.
pub(crate) async fn assert_sorted(url: &str, what: &str) {
    let mut connection = connect_to(url).await;
    for (question, query) in [
        ("contents to be sorted", "SELECT count(*) FROM loader.unsorted_contents"),
        ("songs to be shown otherwise", "SELECT count(*) FROM loader.touched_songs"),
        (
            "songs without versions",
            "SELECT count(*) FROM songs s WHERE NOT EXISTS (SELECT FROM file_songs h WHERE h.song_id = s.id)",
        ),
        (
            "songs to which no name leads",
            "SELECT count(*) FROM songs s
              WHERE NOT s.is_named AND NOT EXISTS (SELECT FROM song_lookup k WHERE k.song_id = s.id)",
        ),
        (
            "contents that a name gives a title, without a song",
            "SELECT count(*) FROM files f
              WHERE f.is_active AND NOT EXISTS (SELECT FROM file_songs h WHERE h.file_id = f.id)
                AND EXISTS (SELECT FROM file_locations l
                             WHERE l.file_id = f.id AND l.is_active AND l.name_title ~ '[a-z]')",
        ),
    ] {
        assert_eq!(number(&mut connection, query).await, 0, "{what}: {question}");
    }
}

/// Checks what holds of every library after a run that came to its end: all indexes are there, every entry of every source
/// is accounted for, and no row hangs in the air.
pub(crate) async fn assert_whole(url: &str, what: &str) {
    let mut connection = connect_to(url).await;
    let connection = &mut connection;
    for (question, query, expected) in [
        ("valid indexes", "SELECT count(*) FROM loader.secondary_indexes WHERE is_valid", 39),
        ("all indexes", "SELECT count(*) FROM loader.secondary_indexes", 39),
        ("suspended indexes", "SELECT count(*) FROM loader.suspended_indexes", 0),
        ("valid foreign keys", "SELECT count(*) FROM loader.foreign_keys WHERE is_valid", 10),
        ("suspended foreign keys", "SELECT count(*) FROM loader.suspended_foreign_keys", 0),
        ("unfinished sources", "SELECT count(*) FROM sources WHERE state = 'loading'", 0),
        ("runs still running", "SELECT count(*) FROM runs WHERE state = 'running'", 0),
        (
            "contents without metadata or place",
            "SELECT count(*) FROM files f
              WHERE NOT EXISTS (SELECT FROM musical_metadata m WHERE m.file_id = f.id)
                 OR f.is_active AND NOT EXISTS (SELECT FROM file_locations l WHERE l.file_id = f.id AND l.is_active)",
            0,
        ),
        (
            "contents that lie somewhere and are inactive",
            "SELECT count(*) FROM files f
              WHERE NOT f.is_active AND EXISTS (SELECT FROM file_locations l WHERE l.file_id = f.id AND l.is_active)",
            0,
        ),
        (
            "places that are not as active as their sources",
            "SELECT count(*) FROM file_locations l JOIN sources s ON s.id = l.source_id WHERE l.is_active <> s.is_active",
            0,
        ),
        (
            "sources that vanished and nobody knows when",
            "SELECT count(*) FROM sources WHERE is_active <> (vanished_at IS NULL)",
            0,
        ),
        ("contents left to be settled", "SELECT count(*) FROM loader.loose_contents", 0),
        ("contents stored twice", "SELECT count(*) - count(DISTINCT digest) FROM files", 0),
        (
            "places that are also refused",
            "SELECT count(*) FROM rejects JOIN file_locations USING (source_id, entry_ordinal)",
            0,
        ),
        (
            "sources that do not balance",
            "SELECT count(*) FROM sources s
              WHERE s.entries <> s.not_midi
                   + (SELECT count(*) FROM file_locations l WHERE l.source_id = s.id)
                   + (SELECT count(*) FROM rejects r WHERE r.source_id = s.id AND r.entry_ordinal >= 0)",
            0,
        ),
    ] {
        assert_eq!(number(connection, query).await, expected, "{what}: {question}");
    }
}

/// Writes a small collection of all containers, with copies, clutter and damage.
pub(crate) fn collection(folder: &Path, files: u64) -> SampleSummary {
    let options = SampleOptions {
        files,
        mean_size: 2_000,
        duplicates: 0.2,
        damaged: 0.1,
        clutter: 0.1,
        files_per_archive: 40,
        ..SampleOptions::default()
    };
    sample::write(&options, folder).unwrap()
}

/// Adds an archive with nothing in it that is as large on paper as one of more entries than a batch has: from that size on
/// taking the indexes away while loading pays.
pub(crate) fn make_large(folder: &Path) {
    let file = fs_err::File::create(folder.join("silence.tar")).unwrap();
    // A hole: blocks of zeros end a tar, and take no space.
    file.set_len(28 << 20).unwrap();
}

/// Writes clean files of `mean_size` bytes into one kind of container, and tells the first one's path.
pub(crate) fn archive(
    folder: &Path,
    container: Container,
    seed: u64,
    files: u64,
    mean_size: usize,
) -> std::path::PathBuf {
    let options = SampleOptions {
        seed,
        files,
        mean_size,
        duplicates: 0.0,
        damaged: 0.0,
        clutter: 0.0,
        layout: vec![container],
        files_per_archive: files,
    };
    let summary = sample::write(&options, folder).unwrap();
    folder.join(&summary.parts[0].path)
}
