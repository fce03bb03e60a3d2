//! `kill -9` of the loader at random moments, in every mode and by both writers.

use std::time::Duration;

use super::{arguments, finish};
use crate::dice::Dice;
use crate::harness::{TestDatabase, passable_directory};
use crate::program::{Program, is_long};
use crate::rows::{Rows, assert_whole, collection, make_large, try_number};

/// Every mode with every writer.
const WAYS: [(&str, &str); 6] = [
    ("normal", "copy"),
    ("fast", "copy"),
    ("ludicrous", "copy"),
    ("normal", "unnest"),
    ("fast", "unnest"),
    ("ludicrous", "unnest"),
];

/// A collection and what an import of it stores when nobody is killed.
struct Undisturbed {
    folder: tempfile::TempDir,
    rows: Rows,
    /// About how long an import takes. The first one is measured while the machine is busy with other tests; a kill that
    /// comes too late shortens it.
    takes: Duration,
}

impl Undisturbed {
    async fn import(is_large: bool) -> Self {
        let folder = passable_directory();
        collection(folder.path(), 420);
        if is_large {
            make_large(folder.path());
        }
        let database = TestDatabase::create().await;
        let takes = finish(&database, &arguments(folder.path(), "fast", "copy")).took;
        Self { rows: Rows::of(&database.url).await, folder, takes }
    }
}

/// Six kills always, twenty in each of the six ways in the long form.
#[tokio::test]
async fn at_any_moment_the_same_command_finishes() {
    let cases = if is_long() { 20 * WAYS.len() } else { WAYS.len() };
    let mut dice = Dice::seeded();
    // One in which indexes are kept, for the normal mode, and one in which they are taken away, for the others.
    let (mut small, mut large) = (Undisturbed::import(false).await, Undisturbed::import(true).await);
    let (mut kills, mut hits, mut halfway, mut bare) = (0, 0, 0, 0);

    for case in 0..cases {
        let (mode, writer) = WAYS[case % WAYS.len()];
        let database = TestDatabase::create().await;
        let Undisturbed { folder, rows: expected, takes } =
            if mode == "normal" { &mut small } else { &mut large };
        let arguments = arguments(folder.path(), mode, writer);
        // Once, twice or three times in a row.
        for _ in 0..=dice.throw() % 3 {
            let mut running = Program::on(&database, &arguments).start();
            tokio::time::sleep(dice.moment(*takes)).await;
            running.signal("-KILL");
            kills += 1;
            if running.wait().signal == Some(9) {
                hits += 1;
            } else {
                *takes = takes.mul_f64(0.8);
            }
        }
        let files = try_number(&database.url, "SELECT count(*) FROM files").await.unwrap_or_default();
        halfway += u32::from(files > 0 && files.unsigned_abs() < expected.count("files"));
        let suspended = "SELECT count(*) FROM loader.suspended_indexes";
        bare += u32::from(try_number(&database.url, suspended).await > Some(0));
        finish(&database, &arguments);
        let what = format!("case {case}: {mode}, {writer}");
        assert_whole(&database.url, &what).await;
        expected.assert_same(&Rows::of(&database.url).await, &what);
    }
    println!(
        "{cases} cases, {kills} kills, {hits} of a running import; {halfway} cases left half of the rows, {bare} no \
         indexes"
    );
    assert!(hits * 3 > kills, "too few of the kills met a running import: {hits} of {kills}");
}
