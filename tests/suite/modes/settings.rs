//! Settings of the server during a ludicrous run, after it, and after whatever cuts it short.

use fs_err as fs;

use super::Stage;
use crate::program::until;

#[tokio::test]
async fn they_are_changed_for_the_run_and_exactly_put_back() {
    let stage = Stage::set();
    // One that stood in the file before, in words of its own; the others did not.
    stage.run("ALTER SYSTEM SET full_page_writes = 'true'").await;
    stage.run("ALTER SYSTEM SET work_mem = '7MB'").await;
    stage.run("SELECT pg_reload_conf()").await;
    let before = stage.standing().await;
    let running = stage.import("ludicrous", &[]).await;
    for name in ["fsync", "full_page_writes", "autovacuum"] {
        assert_eq!(stage.setting(name).await, "off", "{name}");
    }
    assert_eq!(stage.setting("work_mem").await, "7MB");
    let [file] = stage.files().try_into().expect("one file tells what was there");
    let text = fs::read_to_string(file).unwrap();
    assert!(
        text.contains("ALTER SYSTEM RESET fsync;\nALTER SYSTEM SET full_page_writes = 'true';"),
        "{text}"
    );
    running.wait().finished();
    stage.assert_as_before(&before, "afterwards").await;
    stage.loader(&["restore"]).run().expect(&[0]).says(&["nothing to put back"]);
}

#[tokio::test]
async fn other_modes_change_none() {
    let stage = Stage::set();
    let before = stage.standing().await;
    for mode in ["normal", "fast"] {
        let running = stage.import(mode, &[]).await;
        before.assert_same(&stage.standing().await, mode);
        running.wait().finished();
        assert_eq!(stage.open().await, 0);
    }
}

/// A run that is killed leaves them changed, and says so; restore puts them back, and so does the next import of any mode.
#[tokio::test]
async fn a_killed_run_is_put_back_by_restore_and_by_the_next() {
    let stage = Stage::set();
    let before = stage.standing().await;
    for (mode, way) in [("ludicrous", "restore"), ("fast", "import"), ("normal", "import")] {
        let mut running = stage.import("ludicrous", &["--accept-cluster-risk"]).await;
        running.signal("-KILL");
        running.wait();
        assert_eq!(stage.setting("fsync").await, "off");
        assert!(stage.open().await >= 3);
        let status = stage.loader(&["status"]).run().expect(&[13]);
        assert!(
            status.stdout.contains("changed for now: autovacuum, fsync, full_page_writes"),
            "{}",
            status.stdout
        );
        if way == "restore" {
            let ended = stage.loader(&["restore"]).run().expect(&[0]);
            for word in ["fsync", "set to off", "on (no ALTER SYSTEM) again", "indexes", "39 suspended"] {
                assert!(ended.stdout.contains(word), "{word}: {}", ended.stdout);
            }
        } else {
            let running = stage.import(mode, &[]).await;
            until("they are put back", async || stage.setting("fsync").await == "on").await;
            before.assert_same(&stage.standing().await, "put back before it loads");
            running.wait().finished();
        }
        stage.assert_as_before(&before, mode).await;
        stage.run("TRUNCATE sources, files, file_locations, musical_metadata, rejects, file_songs").await;
    }
}

/// The server was killed too and has lost the journal; or the database is gone, and with it the journal.
#[tokio::test]
async fn a_file_remembers_what_the_database_forgot() {
    let stage = Stage::set();
    let before = stage.standing().await;
    let mut running = stage.import("ludicrous", &[]).await;
    running.signal("-KILL");
    running.wait();
    stage.run("TRUNCATE loader.changed_settings").await;
    assert_eq!(stage.files().len(), 1);
    let ended = stage.loader(&["restore"]).run().expect(&[0]);
    assert!(ended.stdout.contains("remembered by a file only"), "{}", ended.stdout);
    before.assert_same(&stage.standing().await, "afterwards");
    assert_eq!(stage.files(), Vec::<std::path::PathBuf>::new());
}

/// Somebody else has put everything back meanwhile, from another account: the file here is old, and does nothing any more.
#[tokio::test]
async fn an_old_file_is_not_heeded() {
    let stage = Stage::set();
    let mut running = stage.import("ludicrous", &[]).await;
    running.signal("-KILL");
    running.wait();
    let elsewhere = stage.test.directory().join("elsewhere");
    stage.loader(&["restore"]).env("XDG_STATE_HOME", elsewhere).run().expect(&[0]);
    stage.run("ALTER SYSTEM SET autovacuum = off").await;
    stage.run("SELECT pg_reload_conf()").await;
    let since = stage.standing().await;
    assert_eq!(stage.files().len(), 1);
    stage.loader(&["restore"]).run().expect(&[0]).says(&["nothing to put back"]);
    since.assert_same(&stage.standing().await, "since");
    assert_eq!(stage.files(), Vec::<std::path::PathBuf>::new());
}

/// What somebody else has changed in the middle is theirs.
#[tokio::test]
async fn what_others_have_changed_since_stays() {
    let stage = Stage::set();
    let running = stage.import("ludicrous", &[]).await;
    stage.run("ALTER SYSTEM SET autovacuum = 'true'").await;
    running.wait().finished();
    assert_eq!(stage.setting("fsync").await, "on");
    let file = fs::read_to_string(stage.test.cluster.layout().data.join("postgresql.auto.conf")).unwrap();
    assert!(file.contains("autovacuum = 'true'") && !file.contains("fsync"), "{file}");
    assert_eq!(stage.open().await, 0);
}

/// Killed with everything else: the server comes back with the settings changed, and restore finishes.
#[tokio::test]
async fn a_killed_server_comes_back_changed_and_is_put_back() {
    let stage = Stage::set();
    let before = stage.standing().await;
    let mut running = stage.import("ludicrous", &[]).await;
    running.signal("-KILL");
    stage.test.kill_server();
    running.wait();
    stage.loader(&["db", "start"]).run().expect(&[0]);
    assert_eq!(stage.setting("fsync").await, "off");
    stage.loader(&["restore"]).run().expect(&[0]);
    stage.assert_as_before(&before, "afterwards").await;
}

/// Settings belong to all databases of a server, the lock only to one: two libraries that are loaded at the same time neither
/// keep each other's values nor lose what was there before.
#[tokio::test]
async fn two_libraries_of_one_server_do_not_trap_each_other() {
    let stage = Stage::set();
    stage.run("ALTER SYSTEM SET full_page_writes = 'true'").await;
    stage.run("SELECT pg_reload_conf()").await;
    stage.run("CREATE DATABASE other").await;
    let before = stage.standing().await;
    for first_ends_first in [true, false] {
        let first = stage.import("ludicrous", &["--accept-cluster-risk"]).await;
        let other = stage.test.cluster.url_of("other");
        let folder = stage.folder.path().to_str().unwrap();
        let options = ["--mode", "ludicrous", "--accept-cluster-risk", "--batch-size", "24"];
        let arguments = [&["import", "--database-url", &other], &options[..], &[folder, "-"]].concat();
        let mut second = stage.loader(&arguments).held_open().start();
        until("the second stores rows", async || {
            assert!(second.is_running(), "it ended too early:\n{}", second.said());
            crate::rows::try_number(&other, "SELECT count(*) FROM files").await > Some(0)
        })
        .await;
        assert_eq!(stage.setting("fsync").await, "off");
        let (one, two) = if first_ends_first { (first, second) } else { (second, first) };
        one.wait().finished();
        two.wait().finished();
        stage.assert_as_before(&before, "after both").await;
        for url in [stage.url(), other] {
            let mut connection = crate::harness::connect_to(&url).await;
            sqlx::raw_sql("TRUNCATE sources, files, file_locations, musical_metadata, rejects, file_songs")
                .execute(&mut connection)
                .await
                .unwrap();
        }
    }
}
