//! `drop-indexes.sh` and `rebuild-indexes.sh`: what they take away comes back as it was, by them and by `loader restore` alike.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use fs_err as fs;
use loader::server::lock;
use sqlx::{Connection as _, Executor as _};

use crate::harness::{TestDatabase, passable_directory};
use crate::indexes::{indexed, journal, restore, run, snapshot, suspend, texts};
use crate::program::{Program, until};

/// What a user may have made on our tables: a comment that needs quoting, a name that does, statistics, a cluster mark.
const OWN: &str = r#"
    CREATE INDEX own_covering ON files (size_bytes DESC NULLS LAST, warnings) INCLUDE (parse_status)
        WITH (fillfactor = 70) WHERE size_bytes > 1000 AND parse_status <> 'it''s';
    COMMENT ON INDEX own_covering IS E'It''s "mine"; \\ and $1\nin two lines';
    CREATE INDEX "Own ""quoted"" Name" ON musical_metadata (lower(title) text_pattern_ops, (n_notes + 1));
    ALTER INDEX "Own ""quoted"" Name" ALTER COLUMN 1 SET STATISTICS 500;
    ALTER INDEX "Own ""quoted"" Name" ALTER COLUMN 2 SET STATISTICS 0;
    ALTER TABLE files CLUSTER ON files_size;
    COMMENT ON INDEX files_size IS 'A comment of my own';
"#;

fn script(name: &str, database: &TestDatabase, arguments: &[&str]) -> Program {
    super::script(name, arguments).env("DATABASE_URL", &database.url)
}

fn drop_indexes(database: &TestDatabase, arguments: &[&str]) -> Program {
    script("drop-indexes.sh", database, &[&["--yes"], arguments].concat())
}

fn rebuild_indexes(database: &TestDatabase) -> Program {
    script("rebuild-indexes.sh", database, &["--memory", "64MB"])
}

/// Applies a file as anyone would.
fn psql(database: &TestDatabase, file: &Path) {
    let arguments = ["-Xq", "-v", "ON_ERROR_STOP=1", "-d", &database.url, "-f"].map(OsStr::new);
    Program::wrapped(Command::new("psql"), [&arguments[..], &[file.as_os_str()]].concat()).run().expect(&[0]);
}

#[tokio::test]
async fn dropped_and_rebuilt_they_are_what_they_were() {
    let database = indexed().await;
    let pool = &database.pool;
    run(pool, OWN).await;
    let before = snapshot(pool).await;
    assert_eq!(before.len(), 39 + 2);

    let state = passable_directory();
    let backup = state.path().join("loader/INDEX_BACKUP.sql");
    let ended = drop_indexes(&database, &[]).env("XDG_STATE_HOME", state.path()).run().expect(&[0]);
    ended.says(&["by DATABASE_URL", "41 indexes", "metadata_words", " kB", backup.to_str().unwrap()]);
    assert_eq!(snapshot(pool).await, Vec::<String>::new());
    assert_eq!(journal(pool).await.len(), 39 + 2);
    assert_eq!(
        texts(pool, "SELECT DISTINCT run_id::text FROM loader.suspended_indexes").await,
        ["0"],
        "dropped by hand"
    );
    let text = fs::read_to_string(&backup).unwrap();
    let again = drop_indexes(&database, &[]).env("XDG_STATE_HOME", state.path()).run().expect(&[0]);
    again.says(&["nothing to drop; 41 indexes wait"]);
    assert_eq!(fs::read_to_string(&backup).unwrap(), text);

    let ended = rebuild_indexes(&database).run().expect(&[0]);
    ended.says(&["in the journal: 41 indexes", "built 41 indexes", "39 of the manifest and 2 others stand"]);
    assert_eq!(ended.stdout.lines().count(), 41, "{}", ended.stdout);
    assert!(ended.stdout.lines().all(|line| line.ends_with(" s")), "{}", ended.stdout);
    assert_eq!(snapshot(pool).await, before);
    assert!(journal(pool).await.is_empty());
    let analysed = "SELECT relname::text FROM pg_stat_user_tables
                     WHERE schemaname = 'public' AND last_analyze IS NOT NULL AND last_vacuum IS NOT NULL";
    until("statistics are fresh", async || texts(pool, analysed).await.len() == 4).await;
    let again = rebuild_indexes(&database).run().expect(&[0]);
    again.says(&["in the journal: 0 indexes", "built 0 indexes"]);
    assert_eq!((again.stdout.as_str(), snapshot(pool).await), ("", before));
}

#[tokio::test]
async fn the_backup_makes_them_again_where_there_is_no_journal() {
    let (database, other) = (indexed().await, TestDatabase::create().await);
    run(&database.pool, OWN).await;
    let before = snapshot(&database.pool).await;
    let folder = passable_directory();
    let backup = folder.path().join("my backup.sql");
    let arguments = ["--backup", backup.to_str().unwrap()];
    drop_indexes(&database, &arguments).run().expect(&[0]);
    for database in [&other, &other, &database] {
        psql(database, &backup);
        assert_eq!(snapshot(&database.pool).await, before);
    }
    // They stand, and wait in the journal: it gives way to what the catalog says now, and no backup is lost.
    run(&database.pool, "DROP INDEX own_covering").await;
    drop_indexes(&database, &arguments).run().expect(&[0]);
    assert!(fs::read_to_string(&backup).unwrap().contains("own_covering"), "the journal had it");
    assert!(folder.path().join("my backup.sql.~1~").exists());
    rebuild_indexes(&database).run().expect(&[0]);
    assert_eq!(snapshot(&database.pool).await, before);
}

/// Where index and table lie apart. Tablespaces belong to the whole server, so this one is taken away again.
#[tokio::test]
async fn a_tablespace_is_in_journal_and_backup() {
    let database = indexed().await;
    let mut connection = database.pool.acquire().await.unwrap();
    if connection.server_version_num().is_none_or(|version| version < 150_000) {
        return; // Tablespaces without a directory of their own came with PostgreSQL 15.
    }
    let pool = &database.pool;
    let space = format!("loader_test_script_space_{}", std::process::id());
    connection.execute("SET allow_in_place_tablespaces = on").await.unwrap();
    connection.execute(sqlx::AssertSqlSafe(format!("CREATE TABLESPACE {space} LOCATION ''"))).await.unwrap();
    run(pool, &format!("CREATE INDEX own_placed ON files (warnings) TABLESPACE {space}")).await;
    let before = snapshot(pool).await;
    let folder = passable_directory();
    let backup = folder.path().join("backup.sql");
    drop_indexes(&database, &["--backup", backup.to_str().unwrap()]).run().expect(&[0]);
    psql(&database, &backup);
    let by_backup = snapshot(pool).await;
    run(pool, "DROP INDEX own_placed").await;
    rebuild_indexes(&database).run().expect(&[0]);
    let by_script = snapshot(pool).await;
    run(pool, "DROP INDEX own_placed").await;
    run(pool, &format!("DROP TABLESPACE {space}")).await;
    assert!(before.iter().any(|index| index.contains(&space)), "{before:?}");
    assert_eq!((&by_backup, &by_script), (&before, &before));
}

#[tokio::test]
async fn a_rebuild_that_was_stopped_is_finished_by_the_next() {
    let database = indexed().await;
    let pool = &database.pool;
    let before = snapshot(pool).await;
    for (signal, number) in [("-INT", Some(2)), ("-KILL", Some(9))] {
        suspend(pool).await;
        let mut blocker = database.connect().await;
        blocker.execute("BEGIN; LOCK TABLE files IN ROW EXCLUSIVE MODE").await.unwrap();
        let mut rebuilding = rebuild_indexes(&database).start();
        // All but those of the table that is held, which is at last all that is worked on.
        rebuilding.stands_before(&mut blocker, 2).await;
        rebuilding.signal(signal);
        assert_eq!(rebuilding.wait().signal, number, "{signal}");
        let (standing, missing) = (snapshot(pool).await.len(), journal(pool).await.len());
        assert!(standing + missing == 39 && missing >= 2, "{standing} + {missing}");
        blocker.close().await.unwrap();
        // What a killed script has begun holds the lock until it is done.
        let gone = "SELECT pid::text FROM pg_stat_activity
                     WHERE datname = current_database() AND application_name = 'rebuild-indexes.sh'";
        until("nothing of it is left", async || texts(pool, gone).await.is_empty()).await;
        rebuild_indexes(&database).run().expect(&[0]);
        assert_eq!(snapshot(pool).await, before, "{signal}");
        assert!(journal(pool).await.is_empty());
    }
}

#[tokio::test]
async fn a_drop_that_was_stopped_drops_nothing() {
    let database = indexed().await;
    let pool = &database.pool;
    let before = snapshot(pool).await;
    let mut blocker = database.connect().await;
    blocker.execute("BEGIN; LOCK TABLE sources IN ROW EXCLUSIVE MODE").await.unwrap();
    let mut dropping = drop_indexes(&database, &[]).start();
    dropping.stands_before(&mut blocker, 1).await;
    run(
        pool,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'drop-indexes.sh'",
    )
    .await;
    let ended = dropping.wait().expect(&[1]);
    ended.says(&["nothing was dropped: an index could not be dropped"]);
    blocker.close().await.unwrap();
    assert_eq!(snapshot(pool).await, before);
    assert!(journal(pool).await.is_empty());
}

#[tokio::test]
async fn while_an_import_is_at_work_they_do_nothing() {
    let database = indexed().await;
    let pool = &database.pool;
    let mut import = database.connect().await;
    lock::acquire(&mut import).await.unwrap();
    let before = snapshot(pool).await;
    for program in [drop_indexes(&database, &[]), rebuild_indexes(&database)] {
        let ended = program.run().expect(&[11]);
        ended.says(&["another import is working on this library: loader test, server process "]);
        ended.is_well_formed_error();
    }
    assert_eq!((snapshot(pool).await, journal(pool).await.len()), (before, 0));
}

#[tokio::test]
async fn loader_and_the_scripts_finish_what_the_other_began() {
    let database = indexed().await;
    let pool = &database.pool;
    run(pool, OWN).await;
    let before = snapshot(pool).await;
    drop_indexes(&database, &[]).run().expect(&[0]);
    assert_eq!(restore(&database).await.unwrap().indexes.len(), 39 + 2);
    assert_eq!(snapshot(pool).await, before);

    drop_indexes(&database, &[]).run().expect(&[0]);
    Program::on(&database, ["restore"]).run().expect(&[0]).says(&["building 41 indexes"]);
    assert_eq!(snapshot(pool).await, before);

    suspend(pool).await;
    rebuild_indexes(&database).run().expect(&[0]);
    assert_eq!(snapshot(pool).await, before);
}

#[tokio::test]
async fn what_stands_is_kept_what_is_missing_made_and_a_taken_name_said() {
    let database = indexed().await;
    let pool = &database.pool;
    let before = snapshot(pool).await;
    run(pool, "DROP INDEX metadata_tempo, file_locations_entry_path").await;
    suspend(pool).await;
    run(pool, "CREATE INDEX files_md5 ON files (md5) WHERE md5 IS NOT NULL").await;
    run(pool, "CREATE INDEX files_size ON files (warnings)").await;
    let ended = rebuild_indexes(&database).run().expect(&[1]);
    ended.says(&["the name of the index files_size is taken by: CREATE INDEX files_size", "hint: "]);
    assert!(journal(pool).await.contains(&"files_size".to_owned()));

    run(pool, "DROP INDEX files_size; CREATE INDEX files_size ON public.files USING btree (size_bytes)")
        .await;
    run(pool, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'files_size'::regclass").await;
    let ended = rebuild_indexes(&database).run().expect(&[0]);
    ended.says(&["missing of the manifest: 2 indexes"]);
    assert!(ended.stdout.contains("metadata_tempo ") && ended.stdout.contains("file_locations_entry_path "));
    assert_eq!(snapshot(pool).await, before);
}

#[tokio::test]
async fn help_misuse_and_databases_without_a_library() {
    let database = TestDatabase::create_empty().await;
    for name in ["drop-indexes.sh", "rebuild-indexes.sh"] {
        let help = script(name, &database, &["-h"]).run().expect(&[0]);
        assert!(help.stdout.starts_with(&format!("Usage: scripts/{name} ")), "{}", help.stdout);
        script(name, &database, &["--nonsense"]).run().expect(&[2]).is_well_formed_error();
        script(name, &database, &["-d"]).run().expect(&[2]).is_well_formed_error();
        script(name, &database, &[]).run().expect(&[12]).says(&["loader db migrate"]);
        // The flag counts for more than the variable, and no password is shown.
        let away = "postgresql://ann:s3cr%65t@localhost:1/music?connect_timeout=1";
        let ended = script(name, &database, &["-d", away]).run().expect(&[10]);
        ended.says(&["by --database-url"]);
        assert!(!ended.stderr.contains("s3cr"), "{}", ended.stderr);
        script(name, &database, &["-d", "mysql://"]).run().expect(&[2]).is_well_formed_error();
    }
    let database = indexed().await;
    script("drop-indexes.sh", &database, &[]).run().expect(&[2]).says(&["--yes"]);
    assert_eq!(snapshot(&database.pool).await.len(), 39, "nobody agreed");
}

#[tokio::test]
async fn without_a_url_they_go_by_variables_or_ask_loader() {
    let database = indexed().await;
    let folder = passable_directory();
    let loader = folder.path().join("loader");
    fs::write(&loader, format!("#!/bin/sh\n[ \"$*\" = 'db url' ] && echo '{}'\n", database.url)).unwrap();
    fs::set_permissions(&loader, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let unnamed = || rebuild_indexes(&database).env("DATABASE_URL", "").env("PATH", &path);
    unnamed().run().expect(&[0]).says(&["by the private cluster", &database.name]);
    let ended = unnamed().env("PGHOST", folder.path()).run().expect(&[10]);
    ended.says(&["by the PG* variables", "hint: "]);
}
