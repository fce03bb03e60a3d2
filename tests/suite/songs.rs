//! Songs: which contents are versions of which, found at the end of an import, and kept as a person wants them.

mod beside;
mod edited;
mod kept;
mod resolver;

use std::collections::BTreeMap;
use std::path::Path;

use fs_err as fs;
use serde_json::Value;
use sqlx::Executor as _;

use crate::check::tune;
use crate::harness::{TestDatabase, passable_directory};
use crate::import::{count, import};
use crate::program::{Ended, Program};
use crate::rows::{Rows, assert_sorted, number};

/// Writes files, each another content without a text that calls it something.
fn write(folder: &Path, names: &[&str]) {
    for name in names {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let digest = loader::digest::Digest::of(name.as_bytes());
        let keys: Vec<u8> = digest.as_bytes().iter().map(|byte| 40 + byte % 40).collect();
        fs::write(path, tune("", &keys)).unwrap();
    }
}

/// Writes files and imports them.
async fn library(names: &[&str]) -> (tempfile::TempDir, TestDatabase) {
    let folder = passable_directory();
    write(folder.path(), names);
    let database = TestDatabase::create().await;
    import(&database, &[], &[folder.path()]).await;
    (folder, database)
}

fn songs(database: &TestDatabase, arguments: &[&str]) -> Ended {
    Program::on(database, ["songs"].iter().chain(arguments)).run()
}

/// The songs that are listed, as JSON.
fn listed(database: &TestDatabase, arguments: &[&str]) -> Vec<Value> {
    let arguments = ["list", "--json"].iter().chain(arguments).copied().collect::<Vec<_>>();
    let ended = songs(database, &arguments).expect(&[0]);
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// `Artist - Title` of each song, with the names of its files.
fn groups(database: &TestDatabase) -> BTreeMap<String, Vec<String>> {
    let names = |song: &Value| {
        let versions = song["versions"].as_array().unwrap().iter();
        let places = versions.flat_map(|version| version["places"].as_array().unwrap());
        let names = places.map(|place| place.as_str().unwrap().rsplit('/').next().unwrap().to_owned());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    };
    listed(database, &[]).iter().map(|song| (called(song), names(song))).collect()
}

fn called(song: &Value) -> String {
    let artist = song["artist"].as_str().unwrap_or("?");
    format!("{artist} - {}", song["title"].as_str().unwrap())
}

/// The number of the song that is called so.
fn number_of(database: &TestDatabase, name: &str) -> i64 {
    let songs = listed(database, &[]);
    let song = songs.iter().find(|song| called(song) == name).unwrap_or_else(|| panic!("{name}: {songs:?}"));
    song["song"].as_i64().unwrap()
}

/// The number of a file by the end of its path; of several the one with the shortest.
async fn file(database: &TestDatabase, name: &str) -> i64 {
    sqlx::query_scalar(
        "SELECT file_id FROM file_names WHERE path LIKE '%/' || $1 ORDER BY length(path) LIMIT 1",
    )
    .bind(name)
    .fetch_one(&database.pool)
    .await
    .unwrap_or_else(|error| panic!("{name}: {error}"))
}

const ABBA: &[&str] = &[
    "ABBA - Waterloo.mid",
    "new/ABBA - Waterloo (v2).mid",
    "old/abba_-_waterloo.mid",
    "old/03 - Abba - Waterloo [Karaoke].mid",
    "ABBA/Waterloo.mid",
    "B/The Beatles/Help!.mid",
    "B/The Beatles/Help! (live).mid",
    "Beatles - Help.mid",
    "Beyoncé - Halo (feat. Nobody).mid",
    "BEYONCE - HALO.mid",
    "Waterloo.mid",
    "01.mid",
];

#[tokio::test]
async fn versions_come_to_one_song() {
    let (_folder, database) = library(ABBA).await;
    let groups = groups(&database);
    let sizes: Vec<_> = groups.iter().map(|(name, files)| (name.as_str(), files.len())).collect();
    assert_eq!(
        sizes,
        [("? - Waterloo", 1), ("ABBA - Waterloo", 5), ("BEYONCE - HALO", 2), ("Beatles - Help", 3)]
    );
    let order: Vec<_> =
        listed(&database, &[]).iter().map(|song| song["versions"].as_array().unwrap().len()).collect();
    assert_eq!(order, [5, 3, 2, 1], "the most versions first");
}

#[tokio::test]
async fn the_list_is_for_people_and_programs() {
    let (_folder, database) = library(ABBA).await;
    for (arguments, expected) in [
        (&["waterloo"][..], 2),
        (&["the", "BEATLES", "help"], 1),
        (&["water", "abba"], 1),
        (&["--artist", "abba"], 1),
        (&["halo", "--artist", "Beyoncé"], 1),
        (&["--min-versions", "3"], 2),
        (&["--limit", "1"], 1),
        (&["fernando"], 0),
    ] {
        assert_eq!(listed(&database, arguments).len(), expected, "{arguments:?}");
        let plain = songs(&database, arguments).expect(&[0]);
        let heads =
            plain.stdout.lines().filter(|line| !line.starts_with("           ") && !line.contains("NAME"));
        assert_eq!(heads.count(), expected, "{arguments:?}: {}", plain.stdout);
    }
    let csv = songs(&database, &["list", "--csv", "waterloo"]).expect(&[0]).stdout;
    assert!(csv.starts_with("song,artist,title,"), "{csv}");
    assert_eq!(csv.lines().count(), 7, "{csv}");
    assert_eq!(songs(&database, &["--csv", "fernando"]).expect(&[0]).stdout.lines().count(), 1);
    let table = songs(&database, &["abba"]).expect(&[0]);
    assert!(table.stdout.contains("ABBA - Waterloo\n") && table.stdout.contains("/ABBA/Waterloo.mid\n"));
    table.says(&["1 song with 5 versions"]);
}

#[tokio::test]
async fn the_same_songs_whatever_the_order() {
    let (folder, expected) = library(ABBA).await;
    let rows = Rows::of(&expected.url).await;
    assert_eq!(rows.count("songs"), 4);
    for options in [
        &["--jobs", "1", "--batch-size", "1"][..],
        &["--jobs", "8", "--connections", "3", "--batch-size", "2"],
    ] {
        let database = TestDatabase::create().await;
        import(&database, options, &[folder.path()]).await;
        rows.assert_same(&Rows::of(&database.url).await, &format!("{options:?}"));
    }
    // One after the other, the last first.
    let database = TestDatabase::create().await;
    for name in ABBA.iter().rev() {
        import(&database, &[], &[&folder.path().join(name)]).await;
    }
    rows.assert_same(&Rows::of(&database.url).await, "one by one");
    songs(&database, &["resolve", "--all"]).expect(&[0]);
    rows.assert_same(&Rows::of(&database.url).await, "resolved again");
}

#[tokio::test]
async fn only_what_has_changed_is_looked_at() {
    let (folder, database) = library(ABBA).await;
    let before = Rows::with_history(&database.url).await;
    let report = import(&database, &[], &[folder.path()]).await;
    assert_eq!((count(&report, "sorted"), count(&report, "songs_added")), (0, 0));
    let resolved = songs(&database, &["resolve", "--all", "--json"]).expect(&[0]).json();
    assert_eq!((count(&resolved, "contents"), count(&resolved, "changed")), (ABBA.len() as u64, 0));
    before.assert_same(&Rows::with_history(&database.url).await, "nothing was written");

    let (from, to) = (folder.path().join("ABBA/Waterloo.mid"), folder.path().join("Someone - Fernando.mid"));
    fs::rename(from, to).unwrap();
    write(folder.path(), &["ABBA - SOS.mid"]);
    let report = import(&database, &[], &[folder.path()]).await;
    assert_eq!((count(&report, "sorted"), count(&report, "songs_added")), (2, 2));
    let groups = groups(&database);
    assert_eq!(groups["Someone - Fernando"], ["Someone - Fernando.mid"]);
    assert_eq!((groups["ABBA - SOS"].len(), groups["ABBA - Waterloo"].len()), (1, 4));
    songs(&database, &["resolve"]).expect(&[0]).says(&["Looked at 0 files"]);
}

#[tokio::test]
async fn what_was_left_is_found_by_the_next_run() {
    let (folder, database) = library(ABBA).await;
    let whole = Rows::of(&database.url).await;
    // As a run leaves it that was killed before it came to this, or a library that was made before there were songs.
    let forget = "DELETE FROM file_songs; INSERT INTO loader.unsorted_contents SELECT id FROM files";
    for how in ["import", "resolve", "analyze", "prune"] {
        database.pool.execute(forget).await.unwrap();
        assert_eq!(number(&mut database.connect().await, "SELECT count(*) FROM songs").await, 0);
        match how {
            "import" => drop(import(&database, &[], &[folder.path()]).await),
            "resolve" => drop(songs(&database, &["resolve"]).expect(&[0])),
            "analyze" => drop(Program::on(&database, ["analyze", "--all"]).run().expect(&[0])),
            _ => drop(Program::on(&database, ["prune"]).run().expect(&[0])),
        }
        assert_sorted(&database.url, how).await;
        whole.assert_same(&Rows::of(&database.url).await, how);
    }
}
