//! `kill -9` of the loader at random moments, in every mode and by both writers.

use std::ffi::OsString;
use std::time::{Duration, Instant};

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
    /// About how long an import takes. The first one is measured while the machine is busy with other tests; an import
    /// that ends before its kill says how long it really takes.
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

    /// A database in which an import was killed, once, twice or three times in a row, and how often it was. An import that
    /// is over before its first kill has left nothing to finish; another database is taken instead.
    async fn killed(&mut self, mode: &str, writer: &str, dice: &mut Dice) -> (TestDatabase, u32) {
        let arguments = arguments(self.folder.path(), mode, writer);
        for _ in 0..20 {
            let database = TestDatabase::create().await;
            if let Err(took) = kill(&database, &arguments, dice.moment(self.takes)).await {
                self.takes = self.takes.min(took);
                continue;
            }
            let mut kills = 1;
            for _ in 0..dice.below(3) {
                kills += u32::from(kill(&database, &arguments, dice.moment(self.takes)).await.is_ok());
            }
            return (database, kills);
        }
        panic!("twenty imports in {mode} mode ended before they were killed");
    }
}

/// Kills an import `after` it has begun. Refused with how long the import took where it ended before.
async fn kill(database: &TestDatabase, arguments: &[OsString], after: Duration) -> Result<(), Duration> {
    let mut running = Program::on(database, arguments).start();
    let began = Instant::now();
    while let Some(left) = after.checked_sub(began.elapsed()) {
        if !running.is_running() {
            return Err(began.elapsed());
        }
        tokio::time::sleep(left.min(Duration::from_millis(5))).await;
    }
    running.signal("-KILL");
    if running.wait().signal == Some(9) { Ok(()) } else { Err(after) }
}

/// Six imports always, twenty in each of the six ways in the long form.
#[tokio::test]
async fn at_any_moment_the_same_command_finishes() {
    let cases = if is_long() { 20 * WAYS.len() } else { WAYS.len() };
    let mut dice = Dice::seeded();
    // One in which indexes are kept, for the normal mode, and one in which they are taken away, for the others.
    let (mut small, mut large) = (Undisturbed::import(false).await, Undisturbed::import(true).await);
    let (mut kills, mut halfway, mut bare) = (0, 0, 0);

    for case in 0..cases {
        let (mode, writer) = WAYS[case % WAYS.len()];
        let undisturbed = if mode == "normal" { &mut small } else { &mut large };
        let (database, times) = undisturbed.killed(mode, writer, &mut dice).await;
        kills += times;
        let expected = &undisturbed.rows;
        let files = try_number(&database.url, "SELECT count(*) FROM files").await.unwrap_or_default();
        halfway += u32::from(files > 0 && files.unsigned_abs() < expected.count("files"));
        let suspended = "SELECT count(*) FROM loader.suspended_indexes";
        bare += u32::from(try_number(&database.url, suspended).await > Some(0));
        finish(&database, &arguments(undisturbed.folder.path(), mode, writer));
        let what = format!("case {case}: {mode}, {writer}");
        assert_whole(&database.url, &what).await;
        expected.assert_same(&Rows::of(&database.url).await, &what);
    }
    println!("{cases} cases, {kills} kills; {halfway} cases left half of the rows, {bare} no indexes");
}
