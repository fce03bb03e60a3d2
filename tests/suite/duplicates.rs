//! `loader duplicates`: groups as a person and as a script read them.

use std::collections::BTreeSet;
use std::path::Path;

use fs_err as fs;
use serde_json::Value;
use sqlx::Executor as _;

use crate::check::{melody, tune};
use crate::harness::{TestDatabase, passable_directory};
use crate::import::import;
use crate::program::{Program, feed, until};
use crate::rows::{Rows, assert_whole, try_number};

/// The groups, as JSON.
fn groups(database: &TestDatabase, options: &[&str]) -> Vec<Value> {
    let arguments = ["duplicates", "--json"].iter().chain(options);
    let ended = Program::on(database, arguments).run().expect(&[0]);
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The names of the files in each group, in order.
fn names(groups: &[Value]) -> Vec<Vec<&str>> {
    let places = |group: &'_ Value| -> Vec<_> {
        let contents = group["contents"].as_array().unwrap().clone();
        contents.iter().flat_map(|content| content["places"].as_array().unwrap().clone()).collect()
    };
    groups
        .iter()
        .map(|group| {
            let mut names: Vec<_> = places(group)
                .iter()
                .map(|place| {
                    let path = place["path"].as_str().unwrap();
                    &*path.rsplit('/').next().unwrap().to_owned().leak()
                })
                .collect();
            names.sort_unstable();
            names
        })
        .collect()
}

/// Writes files and imports them.
async fn library(files: &[(&str, Vec<u8>)]) -> (tempfile::TempDir, TestDatabase) {
    let folder = passable_directory();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let database = TestDatabase::create().await;
    import(&database, &[], &[folder.path()]).await;
    (folder, database)
}

/// One tune in many ways.
fn versions() -> Vec<(&'static str, Vec<u8>)> {
    let keys = melody(1);
    let higher: Vec<_> = keys.iter().map(|key| key + 2).collect();
    let mut altered = keys.clone();
    altered[20] += 1;
    vec![
        ("a/one.mid", tune("one", &keys)),
        ("b/deep/one again.mid", tune("one", &keys)),
        ("b/one thrice.mid", tune("one", &keys)),
        ("a/renamed.mid", tune("a longer name for the track", &keys)),
        ("a/higher.mid", tune("one", &higher)),
        ("a/altered.mid", tune("one", &altered)),
        ("a/other.mid", tune("one", &melody(2))),
        ("a/silent.mid", tune("one", &[])),
        ("a/silent too.mid", tune("two", &[])),
    ]
}

#[tokio::test]
async fn each_kind_of_duplicate_has_its_groups() {
    let (folder, database) = library(&versions()).await;
    let before = Rows::with_history(&database.url).await;
    let same = ["one again.mid", "one thrice.mid", "one.mid"];
    let of_notes = ["one again.mid", "one thrice.mid", "one.mid", "renamed.mid"];
    let in_keys = ["higher.mid", "one again.mid", "one thrice.mid", "one.mid", "renamed.mid"];
    let alike = ["altered.mid", "higher.mid", "one again.mid", "one thrice.mid", "one.mid", "renamed.mid"];
    assert_eq!(names(&groups(&database, &[])), [same]);
    assert_eq!(names(&groups(&database, &["--by", "notes"])), [of_notes]);
    assert_eq!(names(&groups(&database, &["--by", "transposed"])), [in_keys]);
    assert_eq!(names(&groups(&database, &["--by", "similar", "--similarity", "0.7"])), [alike]);
    assert_eq!(names(&groups(&database, &["--by", "similar", "--similarity", "1"])), [in_keys]);
    for options in [&["--min-copies", "4"][..], &["--by", "notes", "--min-copies", "3"]] {
        assert!(groups(&database, options).is_empty(), "{options:?}");
    }
    // Only what a folder has a share in, wherever its copies lie.
    let below = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (under, expected) in [("b", 1), ("b/deep", 1), ("a/one.mid", 1), ("a/other.mid", 0), ("dee", 0)] {
        for by in ["exact", "notes", "transposed", "similar"] {
            let found = groups(&database, &["--by", by, "--under", &below(under)]);
            assert_eq!(found.len(), expected, "{by} under {under}");
        }
    }
    before.assert_same(&Rows::with_history(&database.url).await, "looking writes nothing");
    assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 7, "no file of the user's is touched");

    // What has vanished is no duplicate.
    let vanish = "UPDATE file_locations SET is_active = false WHERE name LIKE 'one %'";
    database.pool.execute(vanish).await.unwrap();
    assert!(groups(&database, &[]).is_empty());
    assert_eq!(names(&groups(&database, &["--by", "notes"])), [["one.mid", "renamed.mid"]]);
}

#[tokio::test]
async fn a_policy_marks_one_of_each_group() {
    let (_folder, database) = library(&versions()).await;
    for (policy, kept) in [
        ("shortest-path", "one.mid"),
        ("largest", "renamed.mid"),
        ("most-complete", "one.mid"),
        ("oldest", ""),
        ("newest", ""),
    ] {
        let found = groups(&database, &["--by", "notes", "--policy", policy]);
        let contents = found[0]["contents"].as_array().unwrap();
        let places: Vec<_> =
            contents.iter().flat_map(|content| content["places"].as_array().unwrap()).collect();
        let marked: Vec<_> = places.iter().filter(|place| place["keep"] == true).collect();
        assert_eq!(marked.len(), 1, "{policy}: {found:?}");
        assert!(marked[0]["path"].as_str().unwrap().ends_with(kept), "{policy}: {found:?}");
    }
}

#[tokio::test]
async fn a_table_fits_and_csv_is_a_table() {
    let (_folder, database) = library(&versions()).await;
    let ended = Program::on(&database, ["duplicates", "--policy", "shortest-path"]).run().expect(&[0]);
    let lines: Vec<_> = ended.stdout.lines().collect();
    assert_eq!(lines.len(), 4, "{}", ended.stdout);
    assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), ["GROUP", "KEEP", "SIZE", "PATH"]);
    let column = lines[0].find("PATH").unwrap();
    assert!(column < 40, "paths have half of 80 columns: {}", lines[0]);
    assert!(lines[1..].iter().all(|line| line[column..].starts_with('/')), "{}", ended.stdout);
    assert_eq!(lines.iter().filter(|line| line[..column].contains('*')).count(), 1, "{}", ended.stdout);
    ended.says(&["1 group in 3 places", "nothing was deleted"]);
    let plain = Program::on(&database, ["duplicates", "--by", "similar"]).run().expect(&[0]);
    let head: Vec<_> = plain.stdout.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(head, ["GROUP", "SIZE", "ALIKE", "PATH"]);

    let ended = Program::on(&database, ["duplicates", "--csv", "--by", "notes"]).run().expect(&[0]);
    let rows: Vec<Vec<_>> = ended.stdout.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{rows:?}");
    assert_eq!((rows[0][0], rows[1][1], rows[1][2]), ("group", "notes", "false"));
    let unread = Program::on(&database, ["duplicates"]).run_unread();
    assert_eq!((unread.code, unread.stderr.contains("error")), (Some(0), false), "{}", unread.stderr);
}

#[tokio::test]
async fn an_empty_library_has_none() {
    let database = TestDatabase::create().await;
    for by in ["exact", "notes", "transposed", "similar"] {
        let ended = Program::on(&database, ["duplicates", "--by", by]).run().expect(&[0]);
        assert_eq!(ended.stdout, "");
        ended.says(&["no duplicates"]);
    }
    let ended = Program::on(&database, ["duplicates", "--csv"]).run().expect(&[0]);
    assert_eq!(ended.stdout.lines().count(), 1, "a table without rows has names of columns");
    let empty = TestDatabase::create_empty().await;
    Program::on(&empty, ["duplicates"]).run().expect(&[12]).is_well_formed_error();
}

/// Five thousand groups come out complete, in order, each content once; the largest first.
#[tokio::test]
async fn thousands_of_groups() {
    let (_folder, database) = library(&[("a.mid", tune("a", &melody(1)))]).await;
    database.pool.execute(include_str!("duplicates/many.sql")).await.unwrap();
    let found = groups(&database, &[]);
    assert_eq!(found.len(), 5_000);
    let sizes: Vec<_> =
        found.iter().map(|group| group["contents"][0]["places"].as_array().unwrap().len()).collect();
    assert!(sizes.is_sorted_by(|one, next| one >= next) && sizes[0] == 4 && sizes[4_999] == 2, "{sizes:?}");
    let ids: BTreeSet<_> =
        found.iter().map(|group| group["contents"][0]["file_id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), 5_000);
    assert_eq!(groups(&database, &["--limit", "7"]), found[..7]);
    let by_notes = groups(&database, &["--by", "notes"]);
    assert_eq!(by_notes.len(), 2_500, "contents by twos");
    // By MinHash the twos are alike, and no content is in two groups.
    let similar = groups(&database, &["--by", "similar"]);
    let members: Vec<_> = similar
        .iter()
        .flat_map(|group| group["contents"].as_array().unwrap())
        .map(|content| content["file_id"].as_i64().unwrap())
        .collect();
    assert_eq!((similar.len(), members.len()), (2_500, 5_000));
    assert_eq!(members.iter().collect::<BTreeSet<_>>().len(), 5_000);
    assert_eq!(groups(&database, &["--by", "similar", "--limit", "3"]), similar[..3]);
}

#[tokio::test]
async fn an_import_beside_it() {
    let (folder, database) = library(&versions()).await;
    let mut importing = Program::on(&database, ["import", "--json", "-"]).held_open().start();
    let loading = "SELECT count(*) FROM runs WHERE progress->>'phase' = 'loading'";
    until("it waits for its input", async || try_number(&database.url, loading).await == Some(1)).await;
    assert_eq!(groups(&database, &[]).len(), 1, "no lock is waited for");
    let mut input = importing.input();
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_dir_all("again", Path::new(folder.path())).unwrap();
    feed(&mut input, &tar.into_inner().unwrap());
    drop(input);
    groups(&database, &[]);
    importing.wait().expect(&[0]);
    assert_whole(&database.url, "after duplicates beside it").await;
    assert_eq!(groups(&database, &[]).len(), 7, "every content is in the stream too");
}
