//! `set-fsync.sh`: what it switches off comes back exactly, whatever is killed or restarted meanwhile, and what it cannot
//! answer for it refuses or leaves alone.

use fs_err as fs;
use sqlx::Executor as _;

use super::Server;
use crate::program::{Program, until};

fn set_fsync(server: &Server, arguments: &[&str]) -> Program {
    server.script("set-fsync.sh", arguments)
}

/// The same where nothing but libpq's variables says which server, as in a container.
fn by_variables(server: &Server, arguments: &[&str]) -> Program {
    let host = &server.cluster.cluster.layout().socket_directory;
    let program = set_fsync(server, arguments).env("DATABASE_URL", "").env("PGHOST", host);
    program.env("PGUSER", "loader").env("PGDATABASE", "loader").env("PGPORT", "5432")
}

#[tokio::test]
async fn off_and_on_leave_the_server_as_it_was() {
    let server = Server::with_library().await;
    let before = server.settings().await;
    let shown = set_fsync(&server, &["status"]).run().expect(&[0]).stdout;
    for line in
        ["fsync             on   default", "journal           nothing to put back", "file              none"]
    {
        assert!(shown.lines().any(|found| found == line), "no `{line}`:\n{shown}");
    }

    let ended = by_variables(&server, &["off", "--yes"]).run().expect(&[0]);
    ended.says(&["by the PG* variables", "may destroy every", "SETTINGS_BACKUP-", "scripts/set-fsync.sh on"]);
    assert_eq!(server.both().await, ["off", "off"]);
    assert_eq!(
        server.texts("SELECT concat_ws('|', run_id, name, state, wanted, entry, setting) FROM loader.changed_settings ORDER BY id").await,
        ["0|fsync|applied|off|on", "0|full_page_writes|applied|off|on"]
    );
    let [backup] = &server.backups()[..] else { panic!("{:?}", server.backups()) };
    let text = fs::read_to_string(backup).unwrap();
    assert!(text.contains("\nALTER SYSTEM RESET fsync;\n"), "{text}");
    let shown = set_fsync(&server, &["status"]).run().expect(&[13]);
    shown.is_well_formed_error();
    assert!(shown.stdout.contains("to be put back to on (postgresql.auto.conf: absent)"), "{}", shown.stdout);

    let now = server.settings().await;
    set_fsync(&server, &["off", "-y"]).run().expect(&[0]).says(&["nothing to do"]);
    assert_eq!((server.settings().await, fs::read_to_string(backup).unwrap()), (now, text));

    by_variables(&server, &["on"])
        .run()
        .expect(&[0])
        .says(&["fsync: on again", "full_page_writes: on again"]);
    assert_eq!(server.settings().await, before);
    assert_eq!((server.open().await.len(), server.backups().len()), (0, 0));
    set_fsync(&server, &["on"]).run().expect(&[0]);
    set_fsync(&server, &["status"]).run().expect(&[0]);
    assert_eq!(server.settings().await, before);
}

#[tokio::test]
async fn an_earlier_entry_comes_back_even_after_a_restart() {
    let server = Server::with_library().await;
    server.run("ALTER SYSTEM SET full_page_writes = 'on';\nALTER SYSTEM SET work_mem = '7MB'").await;
    server.restart("", None);
    let before = server.settings().await;
    // Another library of this server is just changing its settings.
    let mut other = server.cluster.connect().await;
    other.execute("BEGIN; LOCK TABLE pg_catalog.pg_shseclabel IN SHARE UPDATE EXCLUSIVE MODE").await.unwrap();
    let mut waiting = set_fsync(&server, &["off", "--yes"]).start();
    waiting.stands_before(&mut other, 1).await;
    assert!(server.open().await.is_empty(), "nothing is planned before its turn");
    drop(other);
    waiting.wait().expect(&[0]);
    server.restart("", None);
    assert_eq!(server.both().await, ["off", "off"]);
    set_fsync(&server, &["on"]).run().expect(&[0]);
    assert_eq!(server.settings().await, before);
    assert!(before.contains(&"full_page_writes = 'on'".to_owned()), "{before:?}");
}

#[tokio::test]
async fn killed_at_any_moment_the_next_run_puts_it_back() {
    let server = Server::with_library().await;
    let before = server.settings().await;
    // Waits where a row of the journal is about to get the state that is wanted.
    server
        .run(
            "CREATE FUNCTION loader.hold() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN IF NEW.state = current_setting('test.held') THEN PERFORM pg_advisory_xact_lock(42); END IF; RETURN NEW; END $$;
CREATE TRIGGER hold BEFORE INSERT OR UPDATE ON loader.changed_settings FOR EACH ROW EXECUTE FUNCTION loader.hold()",
        )
        .await;
    for (command, state) in [("off", "planned"), ("off", "applied"), ("on", "restored")] {
        if command == "on" {
            set_fsync(&server, &["off", "--yes"]).env("PGOPTIONS", "-c test.held=none").run().expect(&[0]);
        }
        let mut holder = server.cluster.connect().await;
        sqlx::query("SELECT pg_advisory_lock(42)").execute(&mut holder).await.unwrap();
        let mut held =
            set_fsync(&server, &[command, "--yes"]).env("PGOPTIONS", format!("-c test.held={state}")).start();
        held.stands_before(&mut holder, 1).await;
        held.signal("-KILL");
        drop(holder);
        assert_eq!(held.wait().signal, Some(9));
        server.until_gone("set-fsync.sh").await;
        set_fsync(&server, &["on"]).env("PGOPTIONS", "-c test.held=none").run().expect(&[0]);
        assert_eq!(server.settings().await, before, "{command} killed at {state}");
        assert_eq!((server.open().await.len(), server.backups().len()), (0, 0));
    }
}

#[tokio::test]
async fn what_it_cannot_answer_for_it_refuses() {
    let server = Server::with_library().await;
    server
        .run("CREATE ROLE reader;\nGRANT USAGE ON SCHEMA loader TO reader;\nGRANT SELECT ON ALL TABLES IN SCHEMA public, loader TO reader")
        .await;
    let before = server.settings().await;
    let refuses = async |program: Program, status: i32, words: &[&str]| {
        let ended = program.run().expect(&[status]);
        ended.is_well_formed_error();
        ended.says(words);
        assert!(server.open().await.is_empty() && server.backups().is_empty());
    };
    let off = |options: &[&str]| set_fsync(&server, &[&["off"], options].concat());
    refuses(off(&[]), 2, &["nobody to ask", "--yes"]).await;
    refuses(off(&["-y"]).env("PGOPTIONS", "-c role=reader"), 1, &["no superuser"]).await;
    set_fsync(&server, &["status"]).env("PGOPTIONS", "-c role=reader").run().expect(&[0]);
    refuses(off(&["-y"]).env("XDG_STATE_HOME", "/dev/null"), 1, &["could not be written"]).await;

    server.run("CREATE DATABASE shop").await;
    refuses(off(&["-y"]), 1, &["at stake: other databases: shop", "--accept-cluster-risk"]).await;
    server
        .run("INSERT INTO runs (state, mode, options, version, host) VALUES ('finished', 'fast', '{}', '', '');\n\
              INSERT INTO files (id, digest, size_bytes, parse_status, warnings, first_run_id) VALUES (1, sha256(''), 1, 'clean', 0, 1)")
        .await;
    refuses(off(&["-y"]), 1, &["at stake: other databases: shop; what the library holds"]).await;
    assert_eq!(server.settings().await, before);
    off(&["-y", "--accept-cluster-risk"]).run().expect(&[0]).says(&["at stake: other databases: shop"]);
    set_fsync(&server, &["on"]).run().expect(&[0]);
    assert_eq!(server.settings().await, before);
}

#[tokio::test]
async fn how_the_server_was_started_and_what_hangs_on_it_count() {
    let server = Server::with_library().await;
    let refuses = async |words: &[&str]| {
        let ended = set_fsync(&server, &["off", "--yes"]).run().expect(&[1]);
        ended.is_well_formed_error();
        ended.says(words);
        assert_eq!(server.both().await, ["on", "on"]);
        assert!(server.open().await.is_empty() && server.backups().is_empty());
    };
    server.restart("-c fsync=on", None);
    refuses(&["command line sets fsync"]).await;
    // Somewhere without a program sync.
    server.restart("", Some("/nonexistent"));
    refuses(&["cannot run sync"]).await;
    server
        .run(
            "ALTER SYSTEM SET wal_level = replica;\nALTER SYSTEM SET max_wal_senders = 2;\nALTER SYSTEM SET archive_mode = on",
        )
        .await;
    server.restart("", None);
    server.run("SELECT pg_create_physical_replication_slot('standby')").await;
    refuses(&["replication slots: 1; an archive of the log"]).await;
}

#[tokio::test]
async fn what_others_have_set_is_left_to_them() {
    let server = Server::with_library().await;
    server.run("ALTER SYSTEM SET fsync = off;\nSELECT pg_reload_conf()").await;
    until("fsync is off", async || server.both().await == ["off", "on"]).await;
    let before = server.settings().await;
    let ended = set_fsync(&server, &["on"]).run().expect(&[1]);
    ended.is_well_formed_error();
    ended.says(&["not switched off by loader, and left as it is: fsync", "ALTER SYSTEM RESET fsync"]);
    // The other one is ours then, and only that.
    set_fsync(&server, &["off", "--yes"]).run().expect(&[0]);
    assert_eq!(server.open().await, ["full_page_writes"]);
    set_fsync(&server, &["on"]).run().expect(&[1]);
    assert_eq!(server.settings().await, before);

    server.run("ALTER SYSTEM RESET fsync;\nSELECT pg_reload_conf()").await;
    until("fsync is on", async || server.both().await == ["on", "on"]).await;
    set_fsync(&server, &["off", "--yes"]).run().expect(&[0]);
    server.run("ALTER SYSTEM SET fsync = on;\nSELECT pg_reload_conf()").await;
    until("fsync is on", async || server.both().await == ["on", "off"]).await;
    set_fsync(&server, &["off", "--yes"]).run().expect(&[1]).says(&["somebody else has set fsync meanwhile"]);
    set_fsync(&server, &["on"]).run().expect(&[0]).says(&["fsync: left at on", "full_page_writes: on again"]);
    assert!(server.settings().await.contains(&"fsync = 'on'".to_owned()), "their entry stays");
    assert_eq!((server.open().await.len(), server.backups().len()), (0, 0));
}

#[tokio::test]
async fn help_and_misuse() {
    for name in ["set-fsync.sh", "set-unlogged.sh", "restore-safety.sh", "LUDICROUS-SPEED-import.sh"] {
        let help = super::script(name, &["-h"]).run().expect(&[0]).stdout;
        assert!(help.starts_with(&format!("Usage: scripts/{name} ")), "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 125), "{help}");
        super::script(name, &["-d"]).run().expect(&[2]).is_well_formed_error();
    }
    for (name, arguments) in [
        ("set-fsync.sh", &[][..]),
        ("set-fsync.sh", &["on", "off"]),
        ("set-unlogged.sh", &[]),
        ("set-unlogged.sh", &["off", "on"]),
        ("restore-safety.sh", &["--jobs", "0"]),
        ("LUDICROUS-SPEED-import.sh", &[]),
        ("LUDICROUS-SPEED-import.sh", &["--mode", "fast", "."]),
    ] {
        super::script(name, arguments).run().expect(&[2]).is_well_formed_error();
    }
}
