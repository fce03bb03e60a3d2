//! `restore-safety.sh`: whatever was left, by whichever run or script, all is as before after it, and it says so.

use fs_err as fs;
use loader::server::indexes::suspend;

use super::Server;
use crate::harness::{TestDatabase, passable_directory};
use crate::indexes::{indexed, snapshot, texts};
use crate::program::{Ended, Program};

const INDEXES: &str = "SELECT concat_ws(' | ', name, definition, comment, is_valid) FROM loader.secondary_indexes ORDER BY name";
const KEYS: &str = "SELECT concat_ws(' | ', table_name, name, definition, comment, is_valid) FROM loader.foreign_keys ORDER BY 1";
pub(super) const LEFT: &str =
    "SELECT 'setting ' || name FROM loader.changed_settings WHERE state <> 'restored'
                    UNION ALL SELECT 'journalled ' || name FROM loader.unlogged_tables
                    UNION ALL SELECT 'unlogged ' || relname FROM pg_class WHERE relpersistence = 'u'
                    UNION ALL SELECT 'index ' || name FROM loader.suspended_indexes
                    UNION ALL SELECT 'key ' || name FROM loader.suspended_foreign_keys";

/// What an import in the mode ludicrous changes, done and journalled as run 7 would.
const SETTINGS_OF_A_RUN: &str = "INSERT INTO loader.changed_settings (run_id, name, state, wanted, setting)
SELECT 7, name, 'applied', CASE name WHEN 'autovacuum' THEN 'off' ELSE '1h' END, setting
  FROM pg_settings WHERE name IN ('autovacuum', 'checkpoint_timeout');
ALTER SYSTEM SET autovacuum = 'off';
ALTER SYSTEM SET checkpoint_timeout = '1h';
SELECT pg_reload_conf()";

fn restore(server: &Server) -> Program {
    server.script("restore-safety.sh", &["--memory", "64MB"])
}

/// What must be as before: settings, indexes, keys.
pub(super) async fn standing(server: &Server) -> Vec<String> {
    [server.settings().await, server.texts(INDEXES).await, server.texts(KEYS).await].concat()
}

/// Everything that can be left, by hand and by a run that was killed.
async fn leave_everything(server: &Server) {
    for (name, arguments) in
        [("set-unlogged.sh", &["on"][..]), ("set-fsync.sh", &["off", "--yes", "--accept-cluster-risk"])]
    {
        server.script(name, arguments).run().expect(&[0]);
    }
    server.run(SETTINGS_OF_A_RUN).await;
    suspend_all(server).await;
}

/// Suspends indexes and foreign keys as run 7 would.
async fn suspend_all(server: &Server) {
    let mut connection = server.cluster.connect().await;
    suspend(&mut connection, 7, &server.cluster.directory().join("INDEX_BACKUP.sql")).await.unwrap();
}

/// Checks its table for these beginnings of lines, blanks aside.
#[track_caller]
fn shows(ended: &Ended, rows: &[&str]) {
    let lines: Vec<String> =
        ended.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for row in rows {
        assert!(lines.iter().any(|line| line.starts_with(row)), "no `{row}`:\n{}", ended.stdout);
    }
}

#[tokio::test]
async fn three_times_in_a_row_and_after_a_restart() {
    let server = Server::with_library().await;
    server.run("COMMENT ON CONSTRAINT rejects_run_id_fkey ON rejects IS 'It''s mine'").await;
    let before = standing(&server).await;
    let nothing = [
        "settings none changed",
        "unlogged tables none",
        "indexes 0 missing, 0 suspended",
        "foreign keys 0 suspended",
    ];
    shows(&restore(&server).run().expect(&[0]), &nothing);
    assert_eq!(standing(&server).await, before);

    leave_everything(&server).await;
    server.restart("", None);
    assert_eq!(server.both().await, ["off", "off"]);
    let ended = restore(&server).run().expect(&[0]);
    shows(
        &ended,
        &[
            "what found done",
            "fsync off on again",
            "full_page_writes off on again",
            "autovacuum off on again",
            "checkpoint_timeout 3600 1800 again",
            "file of settings there removed",
            "unlogged tables 6 logged again",
            "indexes 39 missing, 39 suspended 39 built",
            "foreign keys 10 suspended 10 back",
            "statistics",
        ],
    );
    ended.says(&["everything is as before"]);
    for _ in 0..3 {
        assert_eq!((standing(&server).await, server.texts(LEFT).await), (before.clone(), vec![]));
        assert!(server.backups().is_empty());
        let again = restore(&server).run().expect(&[0]);
        shows(&again, &nothing);
        shows(&again, &["statistics fresh"]);
    }
}

#[tokio::test]
async fn killed_in_the_middle_the_next_run_goes_on() {
    let server = Server::with_library().await;
    let before = standing(&server).await;
    leave_everything(&server).await;
    let mut blocker = server.cluster.connect().await;
    // In the middle, where it makes the tables logged.
    sqlx::raw_sql("BEGIN; LOCK TABLE sources IN ACCESS SHARE MODE").execute(&mut blocker).await.unwrap();
    let mut killed = restore(&server).start();
    killed.stands_before(&mut blocker, 1).await;
    assert_eq!(server.both().await, ["on", "on"], "settings come first");
    killed.signal("-KILL");
    drop(blocker);
    assert_eq!(killed.wait().signal, Some(9));
    server.until_gone("restore-safety.sh").await;
    restore(&server).run().expect(&[0]);
    assert_eq!((standing(&server).await, server.texts(LEFT).await), (before, vec![]));
    assert!(server.backups().is_empty());
}

#[tokio::test]
async fn the_file_knows_what_a_crash_took_from_the_journal() {
    let server = Server::with_library().await;
    server.run("ALTER SYSTEM SET full_page_writes = 'on'").await;
    server.restart("", None);
    let before = server.settings().await;
    server.script("set-fsync.sh", &["off", "--yes"]).run().expect(&[0]);
    let [file] = &server.backups()[..] else { panic!("{:?}", server.backups()) };
    let content = fs::read(file).unwrap();
    server.run("DELETE FROM loader.changed_settings").await;
    server.script("set-fsync.sh", &["status"]).run().expect(&[13]);
    let ended = restore(&server).run().expect(&[0]);
    shows(&ended, &["fsync in the file alone on again", "full_page_writes in the file alone on again"]);
    assert_eq!((server.settings().await, server.backups().len()), (before.clone(), 0));

    // A file that was only not removed in time: what somebody has set since is theirs.
    server.script("set-fsync.sh", &["off", "--yes"]).run().expect(&[0]);
    let content_now = fs::read(file).unwrap();
    server.script("set-fsync.sh", &["on"]).run().expect(&[0]);
    server.run("ALTER SYSTEM SET fsync = 'off'").await;
    fs::write(file, &content_now).unwrap();
    shows(&restore(&server).run().expect(&[0]), &["file of settings there removed"]);
    assert!(server.settings().await.contains(&"fsync = 'off'".to_owned()));
    server.run("ALTER SYSTEM RESET fsync").await;

    // Nothing but what loader writes is ever run.
    let foreign =
        String::from_utf8(content).unwrap().replace("RESET fsync", "SET work_mem = '1GB'; DROP TABLE files");
    fs::write(file, foreign).unwrap();
    server.run("DELETE FROM loader.changed_settings").await;
    restore(&server).run().expect(&[1]).says(&["is not as loader writes it: ALTER SYSTEM SET work_mem"]);
    assert_eq!(server.settings().await, before);
}

#[tokio::test]
async fn loader_puts_back_what_scripts_have_changed_and_left() {
    let server = Server::with_library().await;
    let before = standing(&server).await;
    leave_everything(&server).await;
    let restoring = Program::new(["restore"]).env("DATABASE_URL", server.cluster.cluster.url());
    let ended = restoring.env("XDG_STATE_HOME", server.state()).run().expect(&[0]);
    shows(
        &ended,
        &[
            "fsync set to off",
            "full_page_writes set to off",
            "tables unlogged: file_locations, file_songs, files",
        ],
    );
    assert_eq!((standing(&server).await, server.texts(LEFT).await), (before, vec![]));
    assert!(server.backups().is_empty());
    shows(&restore(&server).run().expect(&[0]), &["settings none changed", "unlogged tables none"]);
}

#[tokio::test]
async fn whoever_may_not_touch_settings_still_gets_the_rest() {
    let server = Server::with_library().await;
    let before = standing(&server).await;
    server
        .run(
            "CREATE ROLE owner;\nGRANT USAGE, CREATE ON SCHEMA public, loader TO owner;\n\
             DO $$ DECLARE one regclass; BEGIN FOR one IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'v')
             AND relnamespace IN ('public'::regnamespace, 'loader'::regnamespace)
             LOOP EXECUTE format('ALTER TABLE %s OWNER TO owner', one); END LOOP; END $$",
        )
        .await;
    server.run(SETTINGS_OF_A_RUN).await;
    suspend_all(&server).await;
    let as_owner = || restore(&server).env("PGOPTIONS", "-c role=owner");
    let ended = as_owner().run().expect(&[13]);
    shows(
        &ended,
        &["settings autovacuum,checkpoint_timeout NOT put back: only a superuser may", "indexes 39 missing"],
    );
    ended.is_well_formed_error();
    ended.says(&["not everything is as before: settings"]);
    assert_eq!((server.texts(INDEXES).await.len(), server.texts(KEYS).await.len()), (39, 10));
    restore(&server).run().expect(&[0]);
    assert_eq!(standing(&server).await, before);
    as_owner().run().expect(&[0]);
}

#[tokio::test]
async fn what_cannot_be_put_back_is_said() {
    let database = indexed().await;
    let restore = || super::script("restore-safety.sh", &[]).env("DATABASE_URL", &database.url);
    crate::indexes::suspend(&database.pool).await;
    crate::indexes::run(&database.pool, "CREATE INDEX files_size ON files (warnings)").await;
    restore().run().expect(&[1]).says(&["the name of the index files_size is taken by"]);
    crate::indexes::run(&database.pool, "DROP INDEX files_size").await;
    restore().run().expect(&[0]);
    assert_eq!(snapshot(&database.pool).await.len(), 39);
    assert_eq!(texts(&database.pool, LEFT).await, Vec::<String>::new());

    crate::indexes::run(
        &database.pool,
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'files_size'::regclass",
    )
    .await;
    let ended = restore().run().expect(&[13]);
    ended.is_well_formed_error();
    shows(&ended, &["indexes 0 missing, 0 suspended 0 built, NOT valid: files_size"]);
}

#[tokio::test]
async fn where_no_server_answers_it_says_what_mends_one_that_does_not_start() {
    let folder = passable_directory();
    let url = format!("postgresql:///loader?host={}", folder.path().display());
    let ended = super::script("restore-safety.sh", &["-d", &url]).run().expect(&[10]);
    ended.says(&["the database is not reached", "loader restore --data-directory DIR"]);
    let empty = TestDatabase::create_empty().await;
    let ended = super::script("restore-safety.sh", &[]).env("DATABASE_URL", &empty.url).run().expect(&[12]);
    ended.is_well_formed_error();
}
