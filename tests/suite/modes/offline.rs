//! A server that does not start, mended through its files.

use fs_err as fs;

use super::Stage;

fn mend(stage: &Stage) -> crate::program::Program {
    let data = stage.test.cluster.layout().data.clone();
    stage.loader(&["restore", "--data-directory", data.to_str().unwrap()])
}

#[tokio::test]
async fn what_a_run_left_is_put_back_without_a_server() {
    let stage = Stage::set();
    stage.run("ALTER SYSTEM SET full_page_writes = 'yes'").await;
    stage.run("SELECT pg_reload_conf()").await;
    let before = stage.standing().await;
    let mut running = stage.import("ludicrous", &[]).await;
    running.signal("-KILL");
    running.wait();
    mend(&stage).run().expect(&[2]).says(&["a server runs in"]);
    stage.test.kill_server();
    let ended = mend(&stage).run().expect(&[0]);
    ended.says(&["SETTINGS_BACKUP-", "start the server"]);
    assert!(ended.stdout.contains("fsync") && ended.stdout.contains("no entry"), "{}", ended.stdout);
    stage.loader(&["db", "start"]).run().expect(&[0]);
    before.assert_same(&stage.standing().await, "afterwards");
    stage.loader(&["restore"]).run().expect(&[0]);
    stage.assert_as_before(&before, "afterwards").await;
}

/// `wal_level = minimal` beside senders: the server refuses to start, and no journal knows who did it.
#[tokio::test]
async fn a_contradiction_is_taken_out() {
    let stage = Stage::set();
    let layout = stage.test.cluster.layout().clone();
    stage.test.cluster.stop().unwrap();
    let auto = layout.data.join("postgresql.auto.conf");
    let before = fs::read_to_string(&auto).unwrap();
    fs::write(&auto, format!("{before}wal_level = 'minimal'\nmax_wal_senders = '10'\nwork_mem = '5MB'\n"))
        .unwrap();
    stage.loader(&["db", "start"]).run().expect(&[1, 10]);
    let ended = mend(&stage).run().expect(&[0]);
    ended.says(&["only what keeps the server from starting was taken out"]);
    let mended = fs::read_to_string(&auto).unwrap();
    assert!(!mended.contains("wal_level") && mended.contains("work_mem = '5MB'"), "{mended}");
    assert!(
        fs::read_to_string(layout.data.join("postgresql.auto.conf.before-mending"))
            .unwrap()
            .contains("wal_level")
    );
}

#[tokio::test]
async fn a_folder_that_is_no_cluster_is_refused() {
    let stage = Stage::set();
    let folder = stage.folder.path().to_str().unwrap();
    let ended = stage.loader(&["restore", "--data-directory", folder]).run().expect(&[2]);
    ended.is_well_formed_error();
    ended.says(&["is no data directory of PostgreSQL", "SHOW data_directory"]);
}
