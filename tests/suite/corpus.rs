//! The developer set of real archives, imported and compared with its own lists: every entry, every fact.
//!
//! Nothing third-party is committed, so the set may be absent; then these tests say so on the terminal and prove
//! nothing. `LOADER_CORPUS` names its folder; where that is set, its absence is a failure.

mod facts;
mod lists;
mod second_opinion;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use crate::harness::TestDatabase;
use lists::{Entry, Fact};

fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("LOADER_CORPUS").map(PathBuf::from);
    let is_named = named.is_some();
    let folder =
        named.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora/dev"));
    if folder.is_dir() {
        return Some(folder.canonicalize().unwrap());
    }
    assert!(!is_named, "LOADER_CORPUS names {}, which is no folder", folder.display());
    // Past the capture of the test harness.
    let _ = writeln!(
        std::io::stderr(),
        "NOT TESTED: no developer set at {}; set LOADER_CORPUS",
        folder.display()
    );
    None
}

/// Where an entry of the lists is found in the library: the source's path and the place's path, as bytes.
type Spot = (String, Vec<u8>);

/// A place in the library: the content's id and size.
type Held = BTreeMap<Spot, (i64, i64)>;

fn import(folder: &std::path::Path, database: &TestDatabase) {
    let log = tempfile::NamedTempFile::new().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_loader"))
        .args(["import", "--quiet", "--database-url", &database.url, "--log-file"])
        .arg(log.path())
        .arg(folder)
        .output()
        .unwrap();
    let status = output.status.code();
    assert_eq!(status, Some(3), "it has files to refuse: {}", String::from_utf8_lossy(&output.stderr));
}

/// Source path, place path, its bytes, content id, size.
type HeldRow = (String, Option<String>, Option<Vec<u8>>, i64, i32);

async fn held(database: &TestDatabase) -> Held {
    let rows: Vec<HeldRow> = sqlx::query_as(
        "SELECT s.path, l.entry_path, l.entry_path_raw, f.id, f.size_bytes FROM file_locations l \
         JOIN sources s ON s.id = l.source_id JOIN files f ON f.id = l.file_id",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    let places = rows.into_iter().map(|(source, path, raw, id, size)| {
        let path = raw.unwrap_or_else(|| path.unwrap_or_default().into_bytes());
        ((source, path), (id, i64::from(size)))
    });
    places.collect()
}

fn spot(folder: &std::path::Path, entry: &Entry) -> Spot {
    if entry.archive == "plain/" {
        return (folder.join(&entry.path).display().to_string(), Vec::new());
    }
    // The lists show names that are no UTF-8 as code page 437, as Python's zipfile does.
    let is_foreign = entry.archive == "names-sjis-latin1-cp866.zip";
    let foreign = is_foreign.then(|| lists::cp437_bytes(&entry.path)).flatten();
    let path = foreign.unwrap_or_else(|| entry.path.clone().into_bytes());
    (folder.join(&entry.archive).display().to_string(), path)
}

#[tokio::test]
async fn every_entry_is_found_and_every_fact_agrees() {
    let Some(folder) = corpus() else { return };
    let database = TestDatabase::create().await;
    import(&folder, &database);
    let entries = lists::entries(&folder);
    let entries: Vec<&Entry> = entries.iter().collect();
    assert_eq!(entries.len(), 8_408, "the lists hold other entries than their README says");

    entry_counts(&folder, &entries, &database).await;
    let ids = contents(&folder, &entries, &held(&database).await, &database).await;
    facts::compare(&lists::facts(&folder), &ids, &database).await;
}

/// Each archive has as many entries as the lists say, and `plain/` one source for each of its files.
async fn entry_counts(folder: &std::path::Path, entries: &[&Entry], database: &TestDatabase) {
    let mut expected = BTreeMap::<String, i64>::new();
    for entry in entries {
        let source = if entry.archive == "plain/" { &entry.path } else { &entry.archive };
        *expected.entry(folder.join(source).display().to_string()).or_default() += 1;
    }
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT path, entries FROM sources WHERE state = 'complete'")
            .fetch_all(&database.pool)
            .await
            .unwrap();
    let counted: BTreeMap<String, i64> = rows.into_iter().collect();
    for (source, entries) in &expected {
        // Whoever made the lists could not open the RAR archives and the imploded zip that are called `.mid` there.
        let beyond = if source.ends_with("/oddities.zip") { 11 } else { 0 };
        assert_eq!(counted.get(source), Some(&(entries + beyond)), "{source}");
    }
    let unread: i64 = sqlx::query_scalar("SELECT count(*) FROM rejects WHERE reason LIKE 'unsupported%'")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    assert_eq!(unread, 0, "something in the set is not read");
}

/// Every entry that starts like MIDI is a place or a refusal; equal contents have one id, others another.
async fn contents(
    folder: &std::path::Path,
    entries: &[&Entry],
    held: &Held,
    database: &TestDatabase,
) -> BTreeMap<String, i64> {
    let refused: Vec<(String, Option<String>, String)> = sqlx::query_as(
        "SELECT s.path, r.entry_path, r.reason FROM rejects r JOIN sources s ON s.id = r.source_id",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    let refused: BTreeMap<Spot, String> = refused
        .into_iter()
        .map(|(source, path, reason)| ((source, path.unwrap_or_default().into_bytes()), reason))
        .collect();
    let mut ids = BTreeMap::<String, i64>::new();
    let mut without_tracks = 0;
    for entry in entries.iter().filter(|entry| entry.is_midi) {
        let spot = spot(folder, entry);
        if let Some((id, size)) = held.get(&spot) {
            assert_eq!(*size, entry.bytes, "{spot:?}");
            assert_eq!(
                *ids.entry(entry.sha256.clone()).or_insert(*id),
                *id,
                "one content, two ids: {spot:?}"
            );
        } else {
            let reason = refused.get(&spot).unwrap_or_else(|| panic!("lost: {spot:?}"));
            assert!(reason == "midi_no_tracks" || reason == "midi_unreadable", "{spot:?}: {reason}");
            without_tracks += 1;
        }
    }
    assert!(without_tracks <= 7, "{without_tracks} entries with a MIDI header are refused");
    let distinct: BTreeSet<i64> = ids.values().copied().collect();
    assert_eq!(distinct.len(), ids.len(), "two contents share an id");
    ids
}
