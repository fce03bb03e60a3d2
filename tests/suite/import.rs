//! What an import stores: the same rows whatever the options, nothing when it is repeated, and what changed when something
//! did.

mod change;
mod claims;
mod collision;
mod stream;

use fs_err as fs;
use serde_json::Value;

use crate::harness::{TestDatabase, connect_to, passable_directory};
use crate::program::Program;
use crate::rows::{Rows, assert_sorted, assert_whole, collection, make_large, number};

/// Imports with `options`, and checks that the report, the rows and the sums agree.
pub(crate) async fn import(database: &TestDatabase, options: &[&str], paths: &[&std::path::Path]) -> Value {
    let mut arguments: Vec<std::ffi::OsString> = vec!["import".into(), "--json".into()];
    arguments.extend(options.iter().map(Into::into));
    arguments.extend(paths.iter().map(Into::into));
    let report = Program::on(database, arguments).run().finished().json();
    assert_whole(&database.url, &format!("{options:?}")).await;
    assert_sorted(&database.url, &format!("{options:?}")).await;
    assert_balance(&report);
    report
}

/// A count of a report.
pub(crate) fn count(report: &Value, name: &str) -> u64 {
    report[name].as_u64().unwrap_or_else(|| panic!("no count {name}: {report}"))
}

/// seen = inserted + duplicate + unchanged + rejected + not MIDI
fn assert_balance(report: &Value) {
    let parts = ["inserted", "duplicate", "unchanged", "rejected", "not_midi"];
    let sum: u64 = parts.iter().map(|part| count(report, part)).sum();
    assert_eq!(count(report, "seen"), sum, "{report}");
    assert_eq!(report["complete"], true, "{report}");
}

/// The other side of a first import's account: what SQL counts.
async fn assert_stored(database: &TestDatabase, report: &Value) {
    let mut connection = connect_to(&database.url).await;
    for (query, expected) in [
        ("SELECT count(*) FROM files", count(report, "inserted")),
        ("SELECT count(*) FROM musical_metadata", count(report, "inserted")),
        ("SELECT count(*) FROM file_locations", count(report, "inserted") + count(report, "duplicate")),
        ("SELECT count(*) FROM rejects", count(report, "rejected")),
        ("SELECT sum(not_midi)::bigint FROM sources", count(report, "not_midi")),
        ("SELECT sum(entries)::bigint FROM sources", count(report, "seen")),
        ("SELECT seen FROM runs", count(report, "seen")),
        ("SELECT inserted + duplicate + unchanged + rejected + not_midi FROM runs", count(report, "seen")),
    ] {
        assert_eq!(number(&mut connection, query).await.unsigned_abs(), expected, "{query}: {report}");
    }
}

#[tokio::test]
async fn the_same_rows_whatever_the_options() {
    let folder = passable_directory();
    let summary = collection(folder.path(), 420);
    let (expected, report) = with_options(folder.path(), &[], None).await;
    assert_eq!(count(&report, "seen"), summary.total.entries);
    assert!(count(&report, "duplicate") > 20 && count(&report, "rejected") > 2, "{report}");
    for options in [
        &["--jobs", "1"][..],
        &["--jobs", "8", "--connections", "3"],
        &["--writer", "unnest"],
        &["--mode", "fast", "--batch-size", "1"],
        &["--batch-size", "7", "--connections", "3", "--memory", "1", "--max-entry-size", "1"],
        &["--batch-size", "3200", "--mmap", "always"],
        &["--mmap", "never", "--connections", "1", "--writer", "unnest"],
    ] {
        with_options(folder.path(), options, Some(&expected)).await;
    }

    // The same where indexes are taken away and come back.
    make_large(folder.path());
    let (expected, _) = with_options(folder.path(), &["--mode", "fast"], None).await;
    for options in [
        &["--mode", "normal", "--writer", "unnest", "--connections", "3"][..],
        &["--mode", "fast", "--connections", "1", "--jobs", "1"],
        &["--mode", "ludicrous", "--writer", "unnest", "--batch-size", "7"],
        &["--mode", "ludicrous", "--jobs", "8", "--batch-size", "64", "--mmap", "never"],
    ] {
        with_options(folder.path(), options, Some(&expected)).await;
    }
}

/// Imports a folder into a fresh library; where `expected` is given, its rows must be these.
async fn with_options(folder: &std::path::Path, options: &[&str], expected: Option<&Rows>) -> (Rows, Value) {
    let database = TestDatabase::create().await;
    let report = import(&database, options, &[folder]).await;
    assert_stored(&database, &report).await;
    let rows = Rows::of(&database.url).await;
    if let Some(expected) = expected {
        expected.assert_same(&rows, &format!("{options:?}"));
    }
    (rows, report)
}

#[tokio::test]
async fn importing_twice_changes_no_row() {
    let folder = passable_directory();
    collection(folder.path(), 280);
    make_large(folder.path());
    for options in [&[][..], &["--writer", "unnest", "--mode", "fast"], &["--mode", "ludicrous"]] {
        let database = TestDatabase::create().await;
        let first = import(&database, options, &[folder.path()]).await;
        let before = Rows::with_history(&database.url).await;
        let again = import(&database, options, &[folder.path()]).await;
        before.assert_same(&Rows::with_history(&database.url).await, &format!("{options:?}"));
        assert_eq!(count(&again, "seen"), count(&first, "seen"));
        assert_eq!(count(&again, "unchanged"), count(&first, "seen"), "{again}");
        let runs = number(&mut connect_to(&database.url).await, "SELECT count(*) FROM runs").await;
        assert_eq!(runs, 2);
    }
}

#[tokio::test]
async fn overlapping_roots_count_once() {
    let folder = passable_directory();
    collection(folder.path(), 70);
    let database = TestDatabase::create().await;
    let once = import(&database, &[], &[folder.path()]).await;
    let expected = Rows::of(&database.url).await;

    let database = TestDatabase::create().await;
    let link = passable_directory();
    std::os::unix::fs::symlink(folder.path(), link.path().join("link")).unwrap();
    let paths: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let linked = link.path().join("link");
    let mut roots = vec![folder.path(), linked.as_path(), folder.path()];
    roots.extend(paths.iter().map(std::path::PathBuf::as_path));
    let several = import(&database, &[], &roots).await;
    assert_eq!(count(&several, "seen"), count(&once, "seen"));
    expected.assert_same(&Rows::of(&database.url).await, "overlapping roots");
}
