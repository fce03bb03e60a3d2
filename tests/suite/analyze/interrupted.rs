//! A re-analysis that is killed, stopped or kept out: the same command finishes it.

use loader::sample::Container;
use sqlx::Connection as _;

use super::{analyze, change, library};
use crate::harness::{TestDatabase, passable_directory};
use crate::import::count;
use crate::program::{Program, Running, until};
use crate::rows::{Rows, archive, assert_whole, collection, number, try_number};

/// Memory for one batch holds far from everything.
const ARGUMENTS: [&str; 11] = [
    "analyze",
    "--missing",
    "--json",
    "--batch-size",
    "100",
    "--memory",
    "1",
    "--max-entry-size",
    "1",
    "--jobs",
    "1",
];

const BEHIND: &str = "SELECT count(*) FROM musical_metadata WHERE analyser_version = 1";

/// A re-analysis of which some batches are stored, and whose writers are kept waiting; and the connection that keeps them.
async fn stopped_in_the_middle(database: &TestDatabase) -> (Running, sqlx::postgres::PgConnection) {
    // Some batches pass, then whoever comes waits.
    sqlx::raw_sql(
        "CREATE TABLE IF NOT EXISTS gate (open boolean);
         CREATE OR REPLACE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           IF (SELECT count(*) FROM musical_metadata WHERE analyser_version = 1) < 1500 THEN
             PERFORM FROM gate; LOCK TABLE gate IN SHARE MODE;
           END IF;
           RETURN NULL;
         END $$;
         CREATE OR REPLACE TRIGGER pass BEFORE UPDATE ON musical_metadata EXECUTE FUNCTION pass()",
    )
    .execute(&database.pool)
    .await
    .unwrap();
    let mut dam = database.connect().await;
    sqlx::raw_sql("BEGIN; LOCK TABLE gate IN EXCLUSIVE MODE").execute(&mut dam).await.unwrap();
    let mut running = Program::on(database, ARGUMENTS).start();
    running.stands_before(&mut dam, 1).await;
    let told = Program::on(database, ["status"]).run().expect(&[0]).stdout;
    assert!(told.contains("mode analyze") && told.contains("running"), "{told}");
    (running, dam)
}

#[tokio::test]
async fn killed_or_stopped_the_same_command_finishes_it() {
    let folder = passable_directory();
    for seed in [1, 2] {
        archive(&folder.path().join(seed.to_string()), Container::Tar, seed, 1_000, 6_000);
    }
    let database = library(folder.path(), &[]).await;
    let expected = Rows::of(&database.url).await;
    for signal in ["-KILL", "-INT"] {
        change(&database, "UPDATE musical_metadata SET analyser_version = 1, n_notes = -1").await;
        let (mut running, dam) = stopped_in_the_middle(&database).await;
        running.signal(signal);
        if signal == "-INT" {
            until("it says so", async || running.said().contains("stopping")).await;
        } else {
            // Whoever waits on the server does not notice by itself.
            until("it is gone", async || !running.is_running()).await;
        }
        dam.close().await.unwrap();
        let ended = running.wait();
        assert!(ended.signal.is_some(), "really signalled: {}", ended.stderr);
        let behind = number(&mut database.connect().await, BEHIND).await;
        assert!(behind > 0 && behind.unsigned_abs() < expected.count("files"), "{signal}: {behind} behind");
        if signal == "-INT" {
            ended.says(&["still to be done", "run the same command again"]);
            let report = ended.json();
            assert_eq!(count(&report, "unfinished"), behind.unsigned_abs(), "{report}");
        }
        let left = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database =
            (SELECT oid FROM pg_database WHERE datname = current_database())";
        until("the lock is free", async || try_number(&database.url, left).await == Some(0)).await;
        let behind = number(&mut database.connect().await, BEHIND).await.unsigned_abs();
        let report = analyze(&database, &["--missing"], &[0]);
        assert_eq!(count(&report, "analysed"), behind, "only what was left");
        expected.assert_same(&Rows::of(&database.url).await, signal);
        assert_whole(&database.url, signal).await;
    }
}

#[tokio::test]
async fn it_takes_the_lock_of_an_import() {
    let folder = passable_directory();
    collection(folder.path(), 40);
    let database = library(folder.path(), &["--analysis", "basic"]).await;
    let mut holder = database.connect().await;
    loader::server::lock::acquire(&mut holder).await.unwrap();
    let ended = Program::on(&database, ["analyze", "--missing"]).run().expect(&[11]);
    ended.is_well_formed_error();
    // Looking is free.
    Program::on(&database, ["analyze", "--missing", "--dry-run"]).run().expect(&[0]);
}

#[tokio::test]
async fn without_a_database_or_a_library_it_says_so() {
    let nowhere = "postgresql://nobody@127.0.0.1:1/none";
    Program::new(["analyze", "--missing", "--database-url", nowhere])
        .run()
        .expect(&[10])
        .is_well_formed_error();
    let empty = TestDatabase::create_empty().await;
    let ended = Program::on(&empty, ["analyze", "--missing", "--dry-run"]).run().expect(&[12]);
    ended.is_well_formed_error();
    Program::on(&empty, ["analyze", "--missing"]).run().expect(&[0]).says(&["Nothing to do"]);
}
