//! Programs side by side on one library: each is refused clearly or does what it is for, and no row is lost or doubled.
//!
//! Whoever is to be in the middle of something is held there by a lock on a table, not by a moment that is waited for.

use std::path::Path;

use fs_err as fs;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor as _};

use crate::harness::{TestDatabase, connect_to, passable_directory};
use crate::import::{count, import};
use crate::program::{Ended, Program, Running, until};
use crate::rescan::{assert_like_new, piece, set_time, write_pieces};
use crate::rows::{assert_whole, number};

/// Keeps everyone from writing a table.
struct Dam {
    connection: PgConnection,
}

impl Dam {
    async fn before(database: &TestDatabase, table: &str) -> Self {
        let mut connection = connect_to(&database.url).await;
        let statement = AssertSqlSafe(format!("BEGIN; LOCK TABLE {table} IN SHARE MODE"));
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        Self { connection }
    }

    /// Waits until a program stands before it.
    async fn holds(&mut self, running: &mut Running) {
        running.stands_before(&mut self.connection, 1).await;
    }

    async fn open(mut self) {
        self.connection.execute("ROLLBACK").await.unwrap();
    }
}

fn program(database: &TestDatabase, command: &[&str], paths: &[&Path]) -> Program {
    let mut arguments: Vec<std::ffi::OsString> = command.iter().map(Into::into).collect();
    arguments.extend(paths.iter().map(Into::into));
    Program::on(database, arguments)
}

/// Refused because of the lock: with its status, who has it, and what to do.
fn assert_refused(ended: Ended, holder: &str) {
    let ended = ended.expect(&[11]);
    ended.is_well_formed_error();
    ended.says(&["another import is working on this library", holder, "wait until it has ended"]);
    assert_eq!(ended.stdout, "");
}

/// Two folders, of which the second has a copy of what is in the first.
fn folders(folder: &Path) -> [std::path::PathBuf; 2] {
    let folders = ["a", "b"].map(|name| folder.join(name));
    for folder in &folders {
        fs::create_dir(folder).unwrap();
    }
    write_pieces(&folders[0], 0..20);
    write_pieces(&folders[1], 15..30);
    folders
}

#[tokio::test]
async fn a_second_import_is_refused() {
    let folder = passable_directory();
    let [a, b] = folders(folder.path());
    let database = TestDatabase::create().await;
    let mut dam = Dam::before(&database, "files").await;
    let mut first = program(&database, &["import"], &[&a]).start();
    dam.holds(&mut first).await;
    for paths in [&[a.as_path()][..], &[&b], &[&a, &b]] {
        assert_refused(program(&database, &["import"], paths).run(), "loader import");
    }
    for command in [&["prune"][..], &["analyze", "--missing"]] {
        assert_refused(program(&database, command, &[]).run(), "loader import");
    }
    // Who only reads is not kept from it, and reads what is committed.
    program(&database, &["plan"], &[&b]).run().expect(&[0]);
    program(&database, &["duplicates"], &[]).run().expect(&[0]).says(&["no duplicates"]);
    let checked = program(&database, &["check", "--json"], &[&a]).run().expect(&[0]);
    assert_eq!(checked.stdout.matches("\"new\"").count(), 20, "{}", checked.stdout);
    dam.open().await;
    first.wait().expect(&[0]);
    let report = import(&database, &[], &[&b]).await;
    assert_eq!((count(&report, "inserted"), count(&report, "duplicate")), (10, 5), "{report}");
    assert_like_new(folder.path(), &database, "one after the other").await;
}

/// Without holding anyone: whoever comes too late is refused, and succeeds when it tries again.
#[tokio::test]
async fn many_at_once() {
    let folder = passable_directory();
    let [a, b] = folders(folder.path());
    let database = TestDatabase::create().await;
    let all = [&[a.as_path()][..], &[&b], &[&a], &[&a, &b]];
    let mut running: Vec<_> =
        all.iter().map(|paths| program(&database, &["import", "--batch-size", "3"], paths).start()).collect();
    let mut refused = Vec::new();
    for (paths, running) in all.iter().zip(running.drain(..)) {
        if running.wait().expect(&[0, 11]).code == Some(11) {
            refused.push(*paths);
        }
    }
    assert!(refused.len() < all.len(), "one of them is the first");
    for paths in refused {
        program(&database, &["import"], paths).run().expect(&[0]);
    }
    assert_whole(&database.url, "many at once").await;
    assert_like_new(folder.path(), &database, "many at once").await;
}

#[tokio::test]
async fn an_import_during_a_rescan() {
    let folder = passable_directory();
    let [a, b] = folders(folder.path());
    let database = TestDatabase::create().await;
    import(&database, &[], &[folder.path()]).await;
    // A rescan that only has to mark: it is held where it does.
    fs::remove_file(a.join("0.mid")).unwrap();
    fs::remove_file(b.join("29.mid")).unwrap();
    let mut dam = Dam::before(&database, "sources").await;
    let mut rescan = program(&database, &["import"], &[folder.path()]).start();
    dam.holds(&mut rescan).await;
    fs::write(a.join("0.mid"), piece(0)).unwrap();
    set_time(&a.join("1.mid"), std::time::SystemTime::now() + std::time::Duration::from_secs(9));
    assert_refused(program(&database, &["import"], &[folder.path()]).run(), "loader import");
    assert_refused(program(&database, &["prune"], &[]).run(), "loader import");
    dam.open().await;
    rescan.wait().expect(&[0]);
    assert_whole(&database.url, "the rescan").await;
    let report = import(&database, &[], &[folder.path()]).await;
    assert_eq!(count(&report, "sources_modified"), 2, "{report}");
    assert_like_new(folder.path(), &database, "and the import after it").await;
}

/// A library of which a folder has vanished.
async fn vanished(folder: &Path) -> (TestDatabase, [std::path::PathBuf; 2]) {
    let [a, b] = folders(folder);
    let database = TestDatabase::create().await;
    import(&database, &[], &[folder]).await;
    let away = folder.join("a.away");
    fs::rename(&a, &away).unwrap();
    fs::remove_file(away.join("19.mid")).unwrap();
    import(&database, &["--accept-vanished"], &[&b, folder]).await;
    // What lies in `a.away` is known there now; only what is deleted of it is nowhere.
    fs::remove_dir_all(&away).unwrap();
    import(&database, &["--accept-vanished"], &[folder]).await;
    (database, [a, b])
}

#[tokio::test]
async fn others_during_a_prune() {
    let folder = passable_directory();
    let (database, [a, b]) = vanished(folder.path()).await;
    // It has deleted places by then, and not yet what lay there.
    let mut dam = Dam::before(&database, "files").await;
    let mut prune = program(&database, &["prune", "--batch-size", "7"], &[]).start();
    dam.holds(&mut prune).await;
    assert_refused(program(&database, &["import"], &[&b]).run(), "loader prune");
    assert_refused(program(&database, &["prune"], &[]).run(), "loader prune");
    assert_refused(program(&database, &["analyze", "--missing"], &[]).run(), "loader prune");
    // The same contents as ever; some of them are about to go.
    fs::create_dir(&a).unwrap();
    write_pieces(&a, 0..20);
    let checked = program(&database, &["check", "--json"], &[&a, &b]).run().expect(&[0]);
    let standing = |word: &str| checked.stdout.matches(&format!("\"standing\":\"{word}\"")).count();
    // Of those in the first folder five have copies in the second.
    assert_eq!(
        (standing("known"), standing("known") + standing("new") + standing("near")),
        (20, 35),
        "{}",
        checked.stdout
    );
    let listed = program(&database, &["duplicates", "--json"], &[]).run().expect(&[0]);
    assert_eq!(listed.stdout, "", "what vanished is no duplicate");
    dam.open().await;
    prune.wait().expect(&[0]);
    assert_whole(&database.url, "pruned").await;
    let report = import(&database, &[], &[folder.path()]).await;
    assert_eq!(count(&report, "inserted") + count(&report, "duplicate"), 20, "{report}");
    assert_like_new(folder.path(), &database, "pruned, and there again").await;
}

/// A check that began before answers for the moment at which it asks.
#[tokio::test]
async fn a_prune_during_a_check() {
    let folder = passable_directory();
    let (database, _) = vanished(folder.path()).await;
    let mut check = program(&database, &["check", "--json", "-"], &[]).held_open().start();
    let mut connection = connect_to(&database.url).await;
    let connected = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'loader check'
                      AND datname = current_database()";
    until("it has connected", async || number(&mut connection, connected).await > 0).await;
    let pruned = program(&database, &["prune", "--json"], &[]).run().expect(&[0]).json();
    assert!(count(&pruned, "sources") > 0, "{pruned}");
    let mut input = check.input();
    crate::program::feed(&mut input, &crate::rescan::tar(&[piece(0), piece(20)]));
    drop(input);
    let ended = check.wait().expect(&[0]);
    let answers: Vec<serde_json::Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let standings: Vec<_> = answers.iter().map(|answer| answer["standing"].as_str().unwrap()).collect();
    assert_ne!(standings[0], "known", "{answers:?}");
    assert_eq!((standings[1], answers[0].get("formerly")), ("known", None), "{answers:?}");
    assert_whole(&database.url, "pruned").await;
}

/// Listing duplicates streams what was there when it began, whatever is deleted while it does.
#[tokio::test]
async fn a_prune_during_duplicates() {
    let folder = passable_directory();
    let (database, [_, b]) = vanished(folder.path()).await;
    for copy in 0..5 {
        let folder = folder.path().join(format!("copy {copy}"));
        fs::create_dir(&folder).unwrap();
        write_pieces(&folder, 15..30);
    }
    import(&database, &[], &[folder.path()]).await;
    // Stopped as soon as it has begun.
    let mut listing = program(&database, &["duplicates", "--json"], &[]).start();
    listing.signal("-STOP");
    let pruned = program(&database, &["prune", "--json"], &[]).run().expect(&[0]).json();
    assert!(count(&pruned, "sources") > 0, "{pruned}");
    listing.signal("-CONT");
    let listed = listing.wait().expect(&[0]);
    assert_eq!(listed.stdout.lines().count(), 15, "{}", listed.stdout);
    assert!(listed.stdout.matches(b.to_str().unwrap()).count() == 15, "{}", listed.stdout);
    assert_like_new(folder.path(), &database, "pruned").await;
}

/// An analysis holds the lock as an import does.
#[tokio::test]
async fn others_during_an_analysis() {
    let folder = passable_directory();
    let [a, b] = folders(folder.path());
    let database = TestDatabase::create().await;
    import(&database, &[], &[&a]).await;
    let mut dam = Dam::before(&database, "musical_metadata").await;
    let mut analysis = program(&database, &["analyze", "--all"], &[]).start();
    dam.holds(&mut analysis).await;
    assert_refused(program(&database, &["import"], &[&b]).run(), "loader analyze");
    assert_refused(program(&database, &["prune"], &[]).run(), "loader analyze");
    let checked = program(&database, &["check", "--json"], &[&a]).run().expect(&[0]);
    assert_eq!(checked.stdout.matches("\"known\"").count(), 20, "{}", checked.stdout);
    dam.open().await;
    analysis.wait().expect(&[0]);
    import(&database, &[], &[folder.path()]).await;
    assert_like_new(folder.path(), &database, "analysed, then imported").await;
}

/// A content loses its last place while a program that embeds the library stores another one of it.
#[tokio::test]
async fn a_place_that_comes_while_the_last_one_goes_keeps_its_content() {
    let folder = passable_directory();
    write_pieces(folder.path(), 0..5);
    let database = TestDatabase::create().await;
    program(&database, &["import"], &[folder.path()]).run().expect(&[0]);
    let storing = "BEGIN;
        INSERT INTO sources
        SELECT (jsonb_populate_record(sources, jsonb_build_object('id', id + 1, 'path', '/elsewhere.mid'))).*
          FROM sources WHERE path LIKE '%/3.mid';
        INSERT INTO file_locations
        SELECT (jsonb_populate_record(places, jsonb_build_object('source_id', id + 1))).*
          FROM file_locations places JOIN sources ON id = source_id WHERE path LIKE '%/3.mid'";
    let mut other = database.connect().await;
    sqlx::raw_sql(storing).execute(&mut other).await.unwrap();
    for name in ["3.mid", "4.mid"] {
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    let mut importing = program(&database, &["import"], &[folder.path()]).start();
    importing.stands_before(&mut other, 1).await;
    other.execute("COMMIT").await.unwrap();
    importing.wait().expect(&[0]);
    let gone = "SELECT count(*) FROM files WHERE NOT is_active";
    assert_eq!(number(&mut other, gone).await, 1, "the fifth lies nowhere, the fourth elsewhere");
}

/// A program removes a content while an import marks it as gone: each has what the other wants, and the server ends the import's
/// transaction, which is tried again.
#[tokio::test]
async fn an_import_and_a_program_that_wait_for_each_other() {
    let folder = passable_directory();
    write_pieces(folder.path(), 0..5);
    let database = TestDatabase::create().await;
    program(&database, &["import"], &[folder.path()]).run().expect(&[0]);
    let mut other = database.connect().await;
    // The import looks for a deadlock when both wait for sure, and before the other does.
    let locks = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = %L', current_database(), '5s'); END $$;
        SET deadlock_timeout = '1min';
        BEGIN;
        SELECT FROM files WHERE id IN (SELECT file_id FROM file_names WHERE path LIKE '%/3.mid') FOR UPDATE";
    sqlx::raw_sql(locks).execute(&mut other).await.unwrap();
    fs::remove_file(folder.path().join("3.mid")).unwrap();
    let mut importing = program(&database, &["import"], &[folder.path()]).start();
    importing.stands_before(&mut other, 1).await;
    let wants = "UPDATE file_locations SET name = name WHERE source_id IN (SELECT id FROM sources WHERE path LIKE '%/3.mid')";
    other.execute(wants).await.unwrap();
    other.execute("COMMIT").await.unwrap();
    importing.wait().expect(&[0]);
    let gone = "SELECT count(*) FROM files WHERE NOT is_active";
    assert_eq!(number(&mut other, gone).await, 1);
    assert_whole(&database.url, "after a deadlock").await;
}
