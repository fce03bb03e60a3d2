//! Suspended foreign keys come back as they were, those from and to a user's own tables are left alone, and whatever is
//! killed, the next restore finishes.

use std::path::Path;
use std::process::Command;

use loader::error::{Error, ErrorKind};
use loader::server::indexes::{self, IndexError, SuspendedKey};
use sqlx::{Connection as _, PgConnection, PgPool};

use super::interruption::kill_when_waiting;
use super::{indexed, journal, options, restore, run, snapshot, stand, suspend, texts};
use crate::harness::TestDatabase;
use crate::program::Program;

/// What a user may have made of our keys and beside them.
const OWN: &str = r#"
    COMMENT ON CONSTRAINT files_first_run_id_fkey ON files IS 'It''s "mine"; \ and $1';
    ALTER TABLE sources ALTER CONSTRAINT sources_first_run_id_fkey DEFERRABLE INITIALLY DEFERRED;
    ALTER TABLE rejects ADD CONSTRAINT "Own ""quoted"" Key" FOREIGN KEY (source_id) REFERENCES sources
        ON UPDATE CASCADE ON DELETE SET NULL;
    COMMENT ON CONSTRAINT "Own ""quoted"" Key" ON rejects IS 'Mine too';
"#;

/// What is never suspended: keys from and to a user's own tables, one that is not valid, one whose checks are off.
const LEFT_ALONE: &str = "
    CREATE TABLE shelves (id integer PRIMARY KEY, favourite bigint REFERENCES files ON DELETE CASCADE);
    ALTER TABLE files ADD COLUMN shelf integer REFERENCES shelves ON DELETE SET NULL;
    ALTER TABLE file_locations ADD CONSTRAINT own_unproved FOREIGN KEY (file_id) REFERENCES musical_metadata NOT VALID;
    ALTER TABLE sources ADD CONSTRAINT own_unchecked FOREIGN KEY (first_run_id) REFERENCES runs;
    DO $$
    DECLARE trigger text;
    BEGIN
        FOR trigger IN SELECT tgname FROM pg_trigger t JOIN pg_constraint c ON c.oid = tgconstraint
                        WHERE conname = 'own_unchecked' AND tgrelid = 'sources'::regclass LOOP
            EXECUTE format('ALTER TABLE sources DISABLE TRIGGER %I', trigger);
        END LOOP;
    END $$";

/// A run and a source, so that there can be a location or metadata that points to no content.
const SOURCE: &str = "
    INSERT INTO runs (state, mode, options, version, host) VALUES ('finished', 'fast', '{}', '1', 'a');
    INSERT INTO sources (id, path, kind, size_bytes, mtime_ns, state, first_run_id)
    SELECT 1, '/a', 'midi', 1, 1, 'complete', max(id) FROM runs";

const ASTRAY: &str = "
    INSERT INTO file_locations (source_id, entry_ordinal, file_id, run_id, name, extension, name_encoding)
    SELECT 1, 0, 42, max(id), 'a', 'mid', 'ascii' FROM runs";

/// Every foreign key of the database with all that is to survive, in words.
async fn keys(pool: &PgPool) -> Vec<String> {
    texts(
        pool,
        "SELECT concat_ws(' | ', conrelid::regclass, conname, pg_get_constraintdef(oid),
                          obj_description(oid, 'pg_constraint'), convalidated, condeferrable, condeferred,
                          (SELECT string_agg(DISTINCT tgenabled::text, ',') FROM pg_trigger WHERE tgconstraint = c.oid))
           FROM pg_constraint c WHERE contype = 'f' ORDER BY conrelid::regclass::text, conname",
    )
    .await
}

async fn waiting(pool: &PgPool) -> Vec<String> {
    texts(pool, "SELECT name FROM loader.suspended_foreign_keys ORDER BY table_name, name").await
}

fn names(keys: &[SuspendedKey]) -> Vec<&str> {
    keys.iter().map(|key| key.name.as_str()).collect()
}

#[tokio::test]
async fn they_come_back_as_they_were() {
    let database = indexed().await;
    let pool = &database.pool;
    run(pool, OWN).await;
    run(pool, LEFT_ALONE).await;
    let before = keys(pool).await;
    assert_eq!(before.len(), 10 + 1 + 4);
    for part in [
        "It's \"mine\"; \\ and $1",
        "DEFERRABLE INITIALLY DEFERRED",
        "ON UPDATE CASCADE ON DELETE SET NULL | Mine too",
        "REFERENCES files(id) ON DELETE CASCADE",
    ] {
        assert!(before.iter().any(|key| key.contains(part)), "{part}: {before:?}");
    }

    suspend(pool).await;
    let left = keys(pool).await;
    assert!(left.iter().all(|key| before.contains(key)), "{left:?}");
    let names_left: Vec<_> = left.iter().filter_map(|key| key.split(" | ").nth(1)).collect();
    assert_eq!(names_left, ["own_unproved", "files_shelf_fkey", "shelves_favourite_fkey", "own_unchecked"]);
    let mut connection = pool.acquire().await.unwrap();
    let status = indexes::status(&mut connection).await.unwrap();
    assert_eq!(names(&status.suspended_keys).len(), 10 + 1);
    assert!(status.suspended_keys.iter().all(|key| key.run_id == 7));
    assert!(status.is_suspended() && !status.is_complete());

    let restored = restore(&database).await.unwrap();
    assert_eq!(restored.keys.len(), 10 + 1);
    assert_eq!(keys(pool).await, before);
    assert_eq!(waiting(pool).await, Vec::<String>::new());
    assert!(indexes::status(&mut connection).await.unwrap().is_complete());
}

#[tokio::test]
async fn a_second_suspension_forgets_nothing() {
    let database = indexed().await;
    let pool = &database.pool;
    let before = keys(pool).await;
    suspend(pool).await;
    let journalled = waiting(pool).await;
    assert_eq!(journalled.len(), 10);
    suspend(pool).await;
    assert_eq!(waiting(pool).await, journalled);
    let mut connection = pool.acquire().await.unwrap();
    run(pool, "DELETE FROM loader.suspended_indexes").await;
    assert!(indexes::is_suspended(&mut connection).await.unwrap(), "keys alone");
    restore(&database).await.unwrap();
    assert!(!indexes::is_suspended(&mut connection).await.unwrap());
    assert_eq!(keys(pool).await, before);
}

/// A user's key with the name of one of ours, and one of ours that somebody has made again.
#[tokio::test]
async fn what_stands_is_kept_and_a_taken_name_is_said() {
    let database = indexed().await;
    let pool = &database.pool;
    let before = keys(pool).await;
    suspend(pool).await;
    run(
        pool,
        "ALTER TABLE sources ADD CONSTRAINT sources_first_run_id_fkey FOREIGN KEY (first_run_id) REFERENCES runs;
         ALTER TABLE rejects ADD CONSTRAINT rejects_run_id_fkey FOREIGN KEY (run_id) REFERENCES runs ON DELETE CASCADE",
    )
    .await;
    let kept = "SELECT oid::text FROM pg_constraint WHERE conname = 'sources_first_run_id_fkey'";
    let oid = texts(pool, kept).await;
    match restore(&database).await {
        Err(error @ IndexError::Conflict { .. }) => {
            for word in
                ["foreign key rejects_run_id_fkey of rejects", "ON DELETE CASCADE", "its name is taken"]
            {
                assert!(error.to_string().contains(word), "{error}");
            }
            assert!(error.hint().contains("loader restore"), "{}", error.hint());
        }
        other => panic!("{other:?}"),
    }
    assert!(waiting(pool).await.contains(&"rejects_run_id_fkey".to_owned()));
    run(pool, "ALTER TABLE rejects DROP CONSTRAINT rejects_run_id_fkey").await;
    restore(&database).await.unwrap();
    assert_eq!(keys(pool).await, before);
    assert_eq!(texts(pool, kept).await, oid, "it was not made a second time");
}

#[tokio::test]
async fn a_row_that_breaks_a_key_is_named() {
    let database = indexed().await;
    let pool = &database.pool;
    let before = keys(pool).await;
    run(pool, SOURCE).await;
    suspend(pool).await;
    run(pool, ASTRAY).await;
    let error = restore(&database).await.expect_err("a place without its content");
    assert!(matches!(error, IndexError::Violated { .. }), "{error:?}");
    let text = error.to_string();
    for word in ["file_locations_file_id_fkey of file_locations", "(file_id)=(42)", "\"files\""] {
        assert!(text.contains(word), "{text}");
    }
    assert_eq!(Error::from(error).kind(), ErrorKind::Suspended);
    assert!(waiting(pool).await.contains(&"file_locations_file_id_fkey".to_owned()));
    // Nothing more can go astray.
    let second = ASTRAY.replace("SELECT 1, 0, 42", "SELECT 1, 1, 43");
    let refused = sqlx::raw_sql(sqlx::AssertSqlSafe(second)).execute(pool).await.expect_err("the key stands");
    assert!(refused.to_string().contains("file_locations_file_id_fkey"), "{refused}");
    Program::on(&database, ["restore"]).run().expect(&[13]).says(&[
        "(file_id)=(42)",
        "hint: ",
        "loader restore",
    ]);
    run(pool, "DELETE FROM file_locations").await;
    Program::on(&database, ["restore"]).run().expect(&[0]);
    assert_eq!(keys(pool).await, before);
    assert_eq!(snapshot(pool).await.len(), 39);
}

/// Keeps a table from getting keys, not from getting indexes, until the connection is closed.
async fn without_keys(database: &TestDatabase, tables: &str) -> PgConnection {
    let mut blocker = PgConnection::connect(&database.url).await.unwrap();
    let lock = format!("BEGIN; LOCK TABLE {tables} IN SHARE MODE");
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut blocker).await.unwrap();
    blocker
}

#[tokio::test]
async fn a_killed_restore_is_finished_by_the_next() {
    let database = indexed().await;
    let pool = &database.pool;
    run(pool, OWN).await;
    let (before, indexes_before) = (keys(pool).await, snapshot(pool).await);
    let unproved = "SELECT conname::text FROM pg_constraint WHERE contype = 'f' AND NOT convalidated";
    // Keys stand for new rows before indexes are built, and are proved table by table after; so one connection waits, or two
    // do, and the indexes of the last table are not begun.
    for (tables, stand_already, sessions, unbuilt) in
        [("rejects", false, 1, 39), ("file_locations, files", true, 2, 3)]
    {
        suspend(pool).await;
        if stand_already {
            stand(pool).await;
        }
        let blocker = without_keys(&database, tables).await;
        let (interrupted, ()) =
            tokio::join!(restore(&database), kill_when_waiting(pool, "restore under test", sessions));
        let error = interrupted.expect_err("its connections were killed");
        assert!(error.to_string().contains("cannot make the foreign key "), "{tables}: {error}");
        drop(blocker);
        assert_eq!(journal(pool).await.len(), unbuilt, "{tables}");
        assert!(waiting(pool).await.len() > 3, "{tables}");
        assert!(texts(pool, unproved).await.len() > 1, "{tables}: some stand for new rows");
        restore(&database).await.unwrap();
        assert_eq!(keys(pool).await, before, "{tables}");
        assert_eq!(snapshot(pool).await, indexes_before, "{tables}");
        assert!(waiting(pool).await.is_empty());
    }
}

#[tokio::test]
async fn two_restores_share_the_work() {
    let database = indexed().await;
    let before = keys(&database.pool).await;
    suspend(&database.pool).await;
    let (one, other) = tokio::join!(restore(&database), restore(&database));
    assert_eq!(one.unwrap().keys.len() + other.unwrap().keys.len(), 10);
    assert_eq!(keys(&database.pool).await, before);
}

/// Applies a file as anyone would.
fn psql(database: &TestDatabase, file: &Path) {
    let mut psql = Command::new("psql");
    psql.args(["-Xq", "-v", "ON_ERROR_STOP=1", "-d", &database.url, "-f"]).arg(file);
    Program::wrapped(psql, [""; 0]).run().expect(&[0]);
}

#[tokio::test]
async fn the_backup_makes_them_again_where_there_is_no_journal() {
    let (database, other) = (indexed().await, TestDatabase::create().await);
    run(&database.pool, OWN).await;
    let before = (keys(&database.pool).await, snapshot(&database.pool).await);
    let folder = crate::harness::passable_directory();
    let backup = folder.path().join("state/of mine.sql");
    let mut connection = PgConnection::connect_with(&options(&database)).await.unwrap();
    indexes::suspend(&mut connection, 7, &backup).await.unwrap();
    let text = fs_err::read_to_string(&backup).unwrap();
    indexes::suspend(&mut connection, 8, &backup).await.unwrap();
    assert_eq!(
        fs_err::read_to_string(&backup).unwrap(),
        text,
        "where there is nothing to say, what was said stays"
    );
    run(
        &other.pool,
        "ALTER TABLE sources DROP CONSTRAINT sources_first_run_id_fkey;
         ALTER TABLE musical_metadata DROP CONSTRAINT musical_metadata_file_id_fkey",
    )
    .await;
    for database in [&other, &other, &database] {
        psql(database, &backup);
        assert_eq!((keys(&database.pool).await, snapshot(&database.pool).await), before);
    }
    restore(&database).await.unwrap();
    assert_eq!((keys(&database.pool).await, snapshot(&database.pool).await), before);
}

#[tokio::test]
async fn without_a_backup_nothing_is_dropped() {
    let database = indexed().await;
    let pool = &database.pool;
    let before = (keys(pool).await, snapshot(pool).await);
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("no folder"), "").unwrap();
    let backup = folder.path().join("no folder").join(indexes::BACKUP);
    let mut connection = PgConnection::connect_with(&options(&database)).await.unwrap();
    let error = indexes::suspend(&mut connection, 7, &backup).await.expect_err("no place for the backup");
    assert!(matches!(error, IndexError::Backup(_)), "{error:?}");
    assert!(error.hint().contains("XDG_STATE_HOME"), "{}", error.hint());
    assert_eq!((keys(pool).await, snapshot(pool).await), before);
    assert!(waiting(pool).await.is_empty() && journal(pool).await.is_empty());
}
