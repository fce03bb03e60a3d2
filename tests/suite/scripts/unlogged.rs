//! `set-unlogged.sh`: all six tables or none, there and back, and what a crash of the server does to them is told.

use loader::server::lock;
use sqlx::{Connection as _, Executor as _};

use super::Server;
use crate::harness::TestDatabase;
use crate::indexes::{indexed, run, snapshot, texts};
use crate::program::{Program, until};

/// A source with a place of one content, and a reject.
const ROWS: &str = "
    INSERT INTO runs (state, mode, options, version, host) VALUES ('finished', 'fast', '{}', '', '');
    INSERT INTO sources (id, path, kind, size_bytes, mtime_ns, state, first_run_id)
    VALUES (1, '/a.zip', 'zip', 1, 1, 'complete', 1);
    INSERT INTO files (id, digest, size_bytes, parse_status, warnings, first_run_id)
    VALUES (1, sha256(''), 1, 'clean', 0, 1);
    INSERT INTO file_locations (source_id, entry_ordinal, file_id, run_id, name, extension, name_encoding)
    VALUES (1, 0, 1, 1, 'a', 'mid', 'utf8');
    INSERT INTO rejects (source_id, entry_ordinal, run_id, stage, reason, detail)
    VALUES (1, 1, 1, 'parse', 'midi_empty', '')";

const UNLOGGED: &str =
    "SELECT relname::text FROM pg_class WHERE relpersistence = 'u' AND relkind = 'r' ORDER BY relname";
const COUNTS: &str = "SELECT concat_ws(' ', (SELECT count(*) FROM sources), (SELECT count(*) FROM files),
                                            (SELECT count(*) FROM file_locations), (SELECT count(*) FROM rejects))";

fn set_unlogged(database: &TestDatabase, arguments: &[&str]) -> Program {
    super::script("set-unlogged.sh", arguments).env("DATABASE_URL", &database.url)
}

async fn journal(database: &TestDatabase) -> Vec<String> {
    texts(&database.pool, "SELECT name FROM loader.unlogged_tables WHERE run_id = 0 ORDER BY name").await
}

#[tokio::test]
async fn there_and_back_nothing_has_changed() {
    let database = indexed().await;
    let pool = &database.pool;
    let before = snapshot(pool).await;
    set_unlogged(&database, &["off"]).run().expect(&[0]).says(&["nothing to do"]);
    set_unlogged(&database, &["on"]).run().expect(&[0]).says(&["loses 0 contents", "set-unlogged.sh off"]);
    let six = ["file_locations", "file_songs", "files", "musical_metadata", "rejects", "sources"];
    assert_eq!(texts(pool, UNLOGGED).await, ["crash_mark"].iter().chain(&six).copied().collect::<Vec<_>>());
    assert_eq!(journal(&database).await, six);
    run(pool, ROWS).await;
    let again = set_unlogged(&database, &["on"]).run().expect(&[0]);
    again.says(&["nothing to do"]);
    assert!(!again.stderr.contains("emptied"), "{}", again.stderr);
    assert_eq!(texts(pool, "SELECT count(*)::text FROM loader.crash_mark").await, ["1"]);

    let off = set_unlogged(&database, &["off"]).run().expect(&[0]);
    off.says(&["39 indexes are written anew", "logged again: file_locations,file_songs,files"]);
    assert!(!off.stderr.contains("emptied"), "{}", off.stderr);
    set_unlogged(&database, &["off"]).run().expect(&[0]).says(&["nothing to do"]);
    assert_eq!((texts(pool, UNLOGGED).await, journal(&database).await), (vec![], vec![]));
    assert_eq!((texts(pool, COUNTS).await, snapshot(pool).await), (vec!["1 1 1 1".to_owned()], before));
}

#[tokio::test]
async fn rows_are_put_at_risk_only_where_that_is_said() {
    let database = TestDatabase::create().await;
    run(&database.pool, ROWS).await;
    let refused = set_unlogged(&database, &["on"]).run().expect(&[1]);
    refused.is_well_formed_error();
    refused.says(&["a crash of the server would lose 1 contents", "--risk-rows"]);
    assert_eq!(texts(&database.pool, UNLOGGED).await, Vec::<String>::new());
    set_unlogged(&database, &["on", "--risk-rows"]).run().expect(&[0]).says(&["loses 1 contents"]);
    set_unlogged(&database, &["off"]).run().expect(&[0]);
    assert_eq!(texts(&database.pool, COUNTS).await, ["1 1 1 1"]);
}

#[tokio::test]
async fn a_foreign_key_of_a_users_own_table_is_named_and_nothing_changed() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    run(pool, r#"CREATE TABLE "My List" (id bigint CONSTRAINT "its file" REFERENCES files)"#).await;
    let refused = set_unlogged(&database, &["on"]).run().expect(&[1]);
    refused.is_well_formed_error();
    refused.says(&[r#""its file" of "My List""#]);
    assert_eq!((texts(pool, UNLOGGED).await, journal(&database).await), (vec![], vec![]));

    // Unlogged itself it is not in the way; and what a user made unlogged stays so.
    run(pool, r#"ALTER TABLE "My List" SET UNLOGGED; ALTER TABLE rejects SET UNLOGGED"#).await;
    set_unlogged(&database, &["on"]).run().expect(&[0]);
    set_unlogged(&database, &["off"]).run().expect(&[0]);
    assert_eq!(texts(pool, UNLOGGED).await, ["My List", "rejects"]);
    set_unlogged(&database, &["off"])
        .run()
        .expect(&[0])
        .says(&["not by loader, and left as they are: rejects"]);
}

#[tokio::test]
async fn killed_in_the_middle_all_of_it_is_done_or_nothing() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    for command in ["on", "off"] {
        let mut blocker = database.connect().await;
        blocker.execute("BEGIN; LOCK TABLE files IN ROW EXCLUSIVE MODE").await.unwrap();
        let mut setting = set_unlogged(&database, &[command]).start();
        setting.stands_before(&mut blocker, 1).await;
        setting.signal("-KILL");
        blocker.close().await.unwrap();
        assert_eq!(setting.wait().signal, Some(9));
        let gone = "SELECT pid::text FROM pg_stat_activity
                     WHERE datname = current_database() AND application_name = 'set-unlogged.sh'";
        until("nothing of it is left", async || texts(pool, gone).await.is_empty()).await;
        let tables = texts(pool, UNLOGGED).await.len();
        assert!(tables == 0 || tables == 7, "{tables} tables after a killed {command}");
        assert_eq!(journal(&database).await.len(), if tables == 0 { 0 } else { 6 });
        set_unlogged(&database, &[command]).run().expect(&[0]);
    }
    assert_eq!((texts(pool, UNLOGGED).await, journal(&database).await), (vec![], vec![]));
}

#[tokio::test]
async fn while_an_import_is_at_work_nothing_is_changed() {
    let database = TestDatabase::create().await;
    let mut import = database.connect().await;
    lock::acquire(&mut import).await.unwrap();
    for command in ["on", "off"] {
        let ended = set_unlogged(&database, &[command]).run().expect(&[11]);
        ended.is_well_formed_error();
    }
    let restoring = super::script("restore-safety.sh", &[]).env("DATABASE_URL", &database.url);
    restoring.run().expect(&[11]).is_well_formed_error();
    assert_eq!(texts(&database.pool, UNLOGGED).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_crash_empties_them_and_the_way_back_tells() {
    let server = Server::with_library().await;
    let set_unlogged = |arguments: &[&str]| server.script("set-unlogged.sh", arguments);
    let emptied = "a crash of the server has emptied the tables";
    set_unlogged(&["on"]).run().expect(&[0]);
    server.run(ROWS).await;
    server.cluster.kill_server();
    server.cluster.cluster.start().unwrap();
    assert_eq!(server.texts(COUNTS).await, ["0 0 0 0"]);
    set_unlogged(&["on"]).run().expect(&[0]).says(&["nothing to do", emptied]);
    set_unlogged(&["off"]).run().expect(&[0]).says(&[emptied, "has to be imported again"]);
    assert_eq!(server.texts(UNLOGGED).await, Vec::<String>::new());

    set_unlogged(&["on"]).run().expect(&[0]);
    // As a crash does.
    server.run("TRUNCATE loader.crash_mark").await;
    let ended = server.script("restore-safety.sh", &[]).run().expect(&[0]);
    assert!(ended.stdout.contains("import again what was in them"), "{}", ended.stdout);
    assert_eq!(server.texts(UNLOGGED).await, Vec::<String>::new());
}
