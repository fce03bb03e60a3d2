//! Folders, locks and servers that are away for a while.

use std::time::{Duration, Instant};

use fs_err as fs;

use super::{Watching, arguments};
use crate::harness::{TestCluster, TestDatabase, connect_to, passable_directory};
use crate::program::{Program, until};
use crate::rescan::write_pieces;
use crate::rows::{Rows, try_number};

#[tokio::test]
async fn a_folder_that_is_away_loses_nothing() {
    let folder = passable_directory();
    let (root, hidden) = (folder.path().join("root"), folder.path().join("hidden"));
    fs::create_dir_all(root.join("a")).unwrap();
    write_pieces(&root, 0..3);
    write_pieces(&root.join("a"), 3..6);
    let mut watching = Watching::start(&root, &[]).await;
    let before = Rows::with_history(&watching.database.url).await;
    fs::rename(&root, &hidden).unwrap();
    watching.says("is not there any more").await;
    // As it is where a disk is not mounted: a folder of this name, with nothing in it.
    fs::create_dir(&root).unwrap();
    watching.says("is there again").await;
    watching.says("6 of the 6 files known below").await;
    before.assert_same(&Rows::with_history(&watching.database.url).await, "away");
    // Or one that is another from one look to the next: a folder may take the place of an empty one at once.
    fs::create_dir(folder.path().join("second")).unwrap();
    fs::rename(folder.path().join("second"), &root).unwrap();
    watching.says("as if a disk had been mounted or unmounted").await;
    before.assert_same(&Rows::with_history(&watching.database.url).await, "another");
    fs::remove_dir(&root).unwrap();
    watching
        .until("it is away again", |watching| {
            watching.running.said().matches("not there any more").count() == 2
        })
        .await;
    fs::remove_file(hidden.join("0.mid")).unwrap();
    write_pieces(&hidden, 6..7);
    fs::rename(&hidden, &root).unwrap();
    watching.arrives(&root, "what happened to it meanwhile").await;
    write_pieces(&root.join("a"), 7..8);
    watching.arrives(&root, "it is listened to as before").await;
    watching.end().await;
}

/// Everything is deleted while it is watched: no more is believed than in an import, and the same word confirms it.
#[tokio::test]
async fn a_mass_deletion_is_asked_about() {
    let folder = passable_directory();
    fs::create_dir(folder.path().join("a")).unwrap();
    write_pieces(&folder.path().join("a"), 0..120);
    write_pieces(folder.path(), 120..130);
    let mut watching = Watching::start(folder.path(), &[]).await;
    let active = "SELECT count(*) FROM sources WHERE is_active";
    let url = watching.database.url.clone();
    fs::remove_dir_all(folder.path().join("a")).unwrap();
    watching.says("120 of the 130 files known below").await;
    assert_eq!(try_number(&url, active).await, Some(130));
    // The rest goes on, and the lock is free for whoever confirms.
    fs::remove_file(folder.path().join("121.mid")).unwrap();
    until("one file is believed to be gone", async || try_number(&url, active).await == Some(129)).await;
    let confirm = ["import".as_ref(), "--accept-vanished".as_ref(), folder.path().as_os_str()];
    until("it is confirmed", async || {
        Program::on(&watching.database, confirm).run().expect(&[0, 11]).code == Some(0)
    })
    .await;
    watching.arrives(folder.path(), "confirmed").await;
    watching.end().await;
}

#[tokio::test]
async fn another_run_is_waited_for() {
    let folder = passable_directory();
    write_pieces(folder.path(), 0..2);
    let mut watching = Watching::start(folder.path(), &[]).await;
    let mut other = connect_to(&watching.database.url).await;
    until("the lock is taken", async || loader::server::lock::acquire(&mut other).await.is_ok()).await;
    write_pieces(folder.path(), 2..3);
    watching.says("waiting: another import is working on this library").await;
    write_pieces(folder.path(), 3..4);
    assert_eq!(try_number(&watching.database.url, "SELECT count(*) FROM files").await, Some(2));
    loader::server::lock::release(&mut other).await.unwrap();
    watching.arrives(folder.path(), "what was waited with").await;
    let (ended, _) = watching.end().await;
    assert_eq!(ended.stderr.matches("waiting:").count(), 1, "said once: {}", ended.stderr);
    assert_eq!(ended.stderr.matches("going on").count(), 1, "{}", ended.stderr);
}

#[tokio::test]
async fn a_server_that_goes_away_is_waited_for() {
    let folder = passable_directory();
    write_pieces(folder.path(), 0..2);
    let test = TestCluster::running();
    let url = test.cluster.url();
    let program =
        Program::new(arguments(folder.path(), &[])).env("LOADER_DATA_DIR", &test.cluster.layout().base);
    let mut running = program.start();
    let files = "SELECT count(*) FROM files";
    until("the first look is over", async || running.printed().contains('\n')).await;
    test.stop_server_at_once();
    write_pieces(folder.path(), 2..4);
    until("it says so", async || running.said().contains("tried again in")).await;
    assert!(running.is_running());
    fs::remove_file(folder.path().join("0.mid")).unwrap();
    test.cluster.start().unwrap();
    until("what was waited with arrives", async || try_number(&url, files).await == Some(4)).await;
    let gone = "SELECT count(*) FROM files WHERE NOT is_active";
    until("and what went", async || try_number(&url, gone).await == Some(1)).await;
    running.signal("-INT");
    let ended = running.wait();
    assert_eq!(ended.signal, Some(2), "{}", ended.stderr);
    let new = TestDatabase::create().await;
    crate::import::import(&new, &[], &[folder.path()]).await;
    Rows::active(&new.url).await.assert_same(&Rows::active(&url).await, "after the server was away");
}

#[tokio::test]
async fn it_ends_at_once_when_it_is_told_to() {
    let folder = passable_directory();
    write_pieces(folder.path(), 0..2);
    let watching = Watching::start(folder.path(), &["--poll", "5s"]).await;
    let began = Instant::now();
    let (ended, _) = watching.end().await;
    // A second, and what a busy machine adds.
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", ended.took);
    // While it waits for another run, too.
    let watching = Watching::start(folder.path(), &[]).await;
    let mut watching = watching;
    let mut other = connect_to(&watching.database.url).await;
    until("the lock is taken", async || loader::server::lock::acquire(&mut other).await.is_ok()).await;
    write_pieces(folder.path(), 2..3);
    watching.says("waiting:").await;
    watching.running.signal("-TERM");
    let ended = watching.running.wait();
    assert_eq!(ended.signal, Some(15), "{}", ended.stderr);
}

#[tokio::test]
async fn what_cannot_be_watched_is_refused() {
    let folder = passable_directory();
    let file = folder.path().join("0.mid");
    write_pieces(folder.path(), 0..1);
    let database = TestDatabase::create().await;
    for (path, words) in
        [(file, "is no folder"), (folder.path().join("none"), "there is no file or directory")]
    {
        let ended = Program::on(&database, arguments(&path, &[])).run().expect(&[2]);
        ended.is_well_formed_error();
        ended.says(&[words]);
    }
    let nowhere = "postgresql://nobody@127.0.0.1:1/none";
    let ended = Program::new(arguments(folder.path(), &["--database-url", nowhere])).run().expect(&[10]);
    ended.is_well_formed_error();
}
