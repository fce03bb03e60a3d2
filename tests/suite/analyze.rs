//! What `loader analyze` renews: rows that are behind, from the files they came from, and nothing else.

mod interrupted;
mod sources;

use std::path::Path;

use fs_err as fs;
use loader::midi::ANALYSER_VERSION;
use loader::sample;
use serde_json::Value;
use sqlx::AssertSqlSafe;

use crate::harness::{TestDatabase, passable_directory};
use crate::import::{count, import};
use crate::program::Program;
use crate::rows::{Rows, assert_whole, collection, number};

/// Analyses again with `options`, expects one of `statuses`, and checks the account.
fn analyze(database: &TestDatabase, options: &[&str], statuses: &[i32]) -> Value {
    let arguments = ["analyze", "--json"].iter().chain(options);
    let report = Program::on(database, arguments).run().expect(statuses).json();
    let parts = ["analysed", "not_found", "refused", "unfinished"];
    let sum: u64 = parts.iter().map(|part| count(&report, part)).sum();
    assert_eq!(count(&report, "wanted"), sum, "{report}");
    report
}

/// Changes rows by hand.
async fn change(database: &TestDatabase, statement: &str) -> u64 {
    let done = sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&database.pool).await;
    done.unwrap_or_else(|error| panic!("{statement}: {error}")).rows_affected()
}

/// A library of a collection of every container, imported with `options`.
async fn library(folder: &Path, options: &[&str]) -> TestDatabase {
    let database = TestDatabase::create().await;
    import(&database, options, &[folder]).await;
    database
}

#[tokio::test]
async fn a_basic_import_analysed_again_is_a_standard_one() {
    let folder = passable_directory();
    collection(folder.path(), 420);
    let expected = Rows::of(&library(folder.path(), &[]).await.url).await;
    for options in [
        &["--missing"][..],
        &["--missing", "--writer", "unnest", "--jobs", "8", "--connections", "3", "--batch-size", "7"],
        &["--all", "--jobs", "1", "--connections", "1", "--memory", "1", "--max-entry-size", "1"],
    ] {
        let database = library(folder.path(), &["--analysis", "basic"]).await;
        let report = analyze(&database, options, &[0]);
        assert_eq!(count(&report, "wanted"), expected.count("files"), "{options:?}");
        assert_eq!(count(&report, "analysed"), expected.count("files"), "{options:?}");
        expected.assert_same(&Rows::of(&database.url).await, &format!("{options:?}"));
        assert_whole(&database.url, &format!("{options:?}")).await;
        let run: (String, String, String) =
            sqlx::query_as("SELECT mode, state, options->>'analysis' FROM runs ORDER BY id DESC LIMIT 1")
                .fetch_one(&database.pool)
                .await
                .unwrap();
        assert_eq!(run, ("analyze".into(), "finished".into(), "standard".into()));

        let before = Rows::with_history(&database.url).await;
        let ended = Program::on(&database, ["analyze", "--missing"]).run().expect(&[0]);
        ended.says(&["Nothing to do: no row is behind"]);
        before.assert_same(&Rows::with_history(&database.url).await, "nothing to do");
        // Where all are analysed again and say the same, none is written.
        analyze(&database, &["--all"], &[0]);
        before.assert_same(&Rows::with_history(&database.url).await, "the same again");
    }
}

#[tokio::test]
async fn only_rows_that_are_behind_are_written() {
    let folder = passable_directory();
    collection(folder.path(), 420);
    let database = library(folder.path(), &[]).await;
    let expected = Rows::of(&database.url).await;
    let (all, untouched) = (
        "SELECT concat_ws(' ', t.xmin, t.ctid, t.file_id) FROM musical_metadata t ORDER BY file_id",
        Rows::with_history(&database.url).await,
    );
    let before: Vec<String> = sqlx::query_scalar(all).fetch_all(&database.pool).await.unwrap();
    // Whatever the container: every ninth content.
    let old = change(
        &database,
        "UPDATE musical_metadata SET analyser_version = 1, n_notes = -1, title = 'old', channels = '{}' \
          WHERE file_id % 9 = 0",
    )
    .await;
    assert!(old > 20, "{old}");
    let marred =
        change(&database, "UPDATE files SET parse_status = 'partial', warnings = 1 << 20 WHERE id % 18 = 0")
            .await;
    assert!(marred > 5, "{marred}");
    let report = analyze(&database, &["--missing"], &[0]);
    assert_eq!((count(&report, "wanted"), count(&report, "analysed")), (old, old), "{report}");
    expected.assert_same(&Rows::of(&database.url).await, "renewed");

    let after: Vec<String> = sqlx::query_scalar(all).fetch_all(&database.pool).await.unwrap();
    let same = before.iter().filter(|row| after.contains(row)).count() as u64;
    assert_eq!(same, before.len() as u64 - old, "rows that were not behind keep their place");
    let found = Rows::with_history(&database.url).await;
    for table in ["sources", "file_locations", "rejects"] {
        untouched.assert_same_in(table, &found, "other tables");
    }
    let kept =
        untouched.table("files").iter().filter(|row| found.table("files").contains(row)).count() as u64;
    assert_eq!(kept, untouched.count("files") - marred, "files whose reading is the same");
}

#[tokio::test]
async fn each_row_keeps_at_least_its_level() {
    let folder = passable_directory();
    collection(folder.path(), 70);
    let database = library(folder.path(), &["--analysis", "full"]).await;
    let full = Rows::of(&database.url).await;
    let before = Rows::with_history(&database.url).await;
    assert_eq!(count(&analyze(&database, &["--missing"], &[0]), "wanted"), 0, "full is more than standard");
    before.assert_same(&Rows::with_history(&database.url).await, "full is more than standard");

    change(&database, "UPDATE musical_metadata SET analyser_version = 1, chords = NULL, n_notes = -1").await;
    analyze(&database, &["--missing", "--analysis", "basic"], &[0]);
    full.assert_same(&Rows::of(&database.url).await, "old rows come back at their own level");

    // Some lower, some higher than what is asked.
    let lowered =
        change(&database, "UPDATE musical_metadata SET analysis = 'basic' WHERE file_id % 2 = 0").await;
    let report = analyze(&database, &["--missing", "--analysis", "full"], &[0]);
    assert_eq!(count(&report, "analysed"), lowered);
    full.assert_same(&Rows::of(&database.url).await, "raised");

    // What a newer loader found stays.
    let newer = format!("UPDATE musical_metadata SET analyser_version = {}", ANALYSER_VERSION + 1);
    change(&database, &newer).await;
    let before = Rows::with_history(&database.url).await;
    assert_eq!(count(&analyze(&database, &["--all", "--md5"], &[0]), "wanted"), 0);
    before.assert_same(&Rows::with_history(&database.url).await, "newer rows");
}

#[tokio::test]
async fn the_md5_is_what_md5sum_says() {
    let folder = passable_directory();
    let mut expected = Vec::new();
    for index in 0..40 {
        let path = folder.path().join(format!("{index}.mid"));
        fs::write(&path, sample::midi(11, index, 900)).unwrap();
        let said = std::process::Command::new("md5sum").arg(&path).output().unwrap().stdout;
        expected.push(String::from_utf8(said).unwrap().split(' ').next().unwrap().to_owned());
    }
    expected.sort();
    let stored = "SELECT encode(md5, 'hex') FROM files WHERE md5 IS NOT NULL ORDER BY 1";
    let asked = library(folder.path(), &["--md5"]).await;
    let found: Vec<String> = sqlx::query_scalar(stored).fetch_all(&asked.pool).await.unwrap();
    assert_eq!(found, expected);
    let options = "SELECT count(*) FROM runs WHERE (options->>'md5')::boolean";
    assert_eq!(number(&mut asked.connect().await, options).await, 1);

    let database = library(folder.path(), &[]).await;
    let found: Vec<String> = sqlx::query_scalar(stored).fetch_all(&database.pool).await.unwrap();
    assert!(found.is_empty(), "nobody asked: {found:?}");
    let before = Rows::with_history(&database.url).await;
    let report = analyze(&database, &["--missing", "--md5"], &[0]);
    assert_eq!(count(&report, "analysed"), 40);
    Rows::of(&asked.url).await.assert_same(&Rows::of(&database.url).await, "by import and by analyze");
    let after = Rows::with_history(&database.url).await;
    before.assert_same_in("musical_metadata", &after, "the MD5 alone");
    // It is kept where it is not asked.
    change(&database, "UPDATE musical_metadata SET analyser_version = 1").await;
    analyze(&database, &["--missing"], &[0]);
    let found: Vec<String> = sqlx::query_scalar(stored).fetch_all(&database.pool).await.unwrap();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_dry_run_only_tells() {
    let folder = passable_directory();
    collection(folder.path(), 140);
    let database = library(folder.path(), &["--analysis", "basic"]).await;
    let before = Rows::with_history(&database.url).await;
    let files = before.count("files");
    let ended = Program::on(&database, ["analyze", "--missing", "-n", "--json"]).run().expect(&[0]);
    let plan = ended.json();
    assert_eq!((count(&plan, "wanted"), count(&plan, "not_found")), (files, 0), "{plan}");
    let held = "SELECT count(DISTINCT source_id) FROM file_locations";
    let held = number(&mut database.connect().await, held).await.unsigned_abs();
    assert!(count(&plan, "sources") <= held && count(&plan, "sources") > 1, "{plan}");
    ended.says(&["nothing was done"]);
    let shown = Program::on(&database, ["analyze", "--all", "--dry-run"]).run().expect(&[0]).stdout;
    for word in ["analyse:", "to read:", "indexes:  kept", &files.to_string()] {
        assert!(shown.contains(word), "no `{word}`:\n{shown}");
    }
    before.assert_same(&Rows::with_history(&database.url).await, "a dry run");
    assert_eq!(number(&mut database.connect().await, "SELECT count(*) FROM runs").await, 1);
}

/// PostgreSQL refuses one row of a batch: the others are stored, and that one is told.
#[tokio::test]
async fn a_row_that_the_database_refuses_stays_as_it_was() {
    let folder = passable_directory();
    collection(folder.path(), 140);
    let database = library(folder.path(), &["--analysis", "basic"]).await;
    let refused: i64 = sqlx::query_scalar("SELECT min(file_id) FROM musical_metadata")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$;
         CREATE TRIGGER refuse BEFORE UPDATE ON musical_metadata FOR EACH ROW
          WHEN (old.file_id = {refused}) EXECUTE FUNCTION refuse()"
    )))
    .execute(&database.pool)
    .await
    .unwrap();
    let report = analyze(&database, &["--missing"], &[3]);
    assert_eq!((count(&report, "refused"), count(&report, "not_found")), (1, 0), "{report}");
    assert_eq!(report["left"][0]["file_id"], refused, "{report}");
    assert!(report["left"][0]["detail"].as_str().unwrap().contains("not this one"), "{report}");
    let behind: Vec<i64> =
        sqlx::query_scalar("SELECT file_id FROM musical_metadata WHERE analysis = 'basic'")
            .fetch_all(&database.pool)
            .await
            .unwrap();
    assert_eq!(behind, [refused]);
}
