//! Databases that are not there, not ours, taken, or gone for a while.

use loader::sample::Container;
use sqlx::Executor as _;

use crate::harness::{TestCluster, TestDatabase, TestServer, passable_directory};
use crate::program::{Program, until};
use crate::rows::{Rows, archive, assert_whole, collection, make_large, try_number};

#[tokio::test]
async fn a_wrong_url_says_what_is_wrong() {
    let server = TestServer::shared().await;
    let folder = passable_directory();
    let no_database = server.url("loader_test_absent");
    for (url, status, words) in [
        (no_database.as_str(), 10, &["no database loader_test_absent", "createdb loader_test_absent"][..]),
        ("postgresql://ann:s3cret@127.0.0.1:1/music", 10, &["refused", "pg_isready", "--database-url"]),
        ("postgresql://ann:s3cret@nowhere.invalid/music", 10, &["lookup", "spelling"]),
        ("postgresql:///music?host=/nonexistent&user=ann&password=s3cret", 10, &["no server socket"]),
        ("mysql://ann:s3cret@db/music", 2, &["postgresql://"]),
        ("postgresql://ann:s3cret@db:port/music", 2, &["port"]),
    ] {
        for command in ["import", "plan", "status", "rejects", "restore"] {
            let mut arguments = vec![command, "--database-url", url];
            let path = folder.path().to_str().unwrap();
            arguments.extend(["import", "plan"].contains(&command).then_some(path));
            let ended = Program::new(arguments).run().expect(&[status]);
            ended.is_well_formed_error();
            ended.says(words);
            assert!(!ended.stderr.contains("s3cret"), "a password is shown: {}", ended.stderr);
            assert_eq!(ended.stdout, "");
        }
    }
}

#[tokio::test]
async fn a_database_that_is_not_a_library() {
    let folder = passable_directory();
    let path = folder.path().to_str().unwrap();
    for (change, empty) in [
        ("CREATE TABLE files (mine integer)", true),
        ("ALTER TABLE files DROP COLUMN warnings", false),
        ("INSERT INTO loader.migrations VALUES (9999, 'x', now(), true, '\\x00', 1)", false),
    ] {
        let database = if empty { TestDatabase::create_empty().await } else { TestDatabase::create().await };
        database.connect().await.execute(change).await.unwrap();
        for arguments in [&["import", path][..], &["status"], &["rejects"], &["restore"], &["db", "check"]] {
            let ended = Program::on(&database, arguments).run().expect(&[12]);
            ended.is_well_formed_error();
        }
    }
    // A database without a schema gets it from an import; those who only read say what to do.
    let database = TestDatabase::create_empty().await;
    Program::on(&database, ["status"]).run().expect(&[12]).says(&["loader db migrate"]);
    Program::on(&database, ["import", path]).run().expect(&[0]);
    Program::on(&database, ["status"]).run().expect(&[0]);
}

#[tokio::test]
async fn a_second_import_learns_who_is_at_work() {
    let database = TestDatabase::create().await;
    let mut first = Program::on(&database, ["import", "-"]).held_open().start();
    let input = first.input();
    until("the first is at work", async || first.said().contains("indexes:")).await;
    let folder = passable_directory();
    let second = Program::on(&database, ["import".as_ref(), folder.path().as_os_str()]).run().expect(&[11]);
    second.is_well_formed_error();
    second.says(&[
        "another import is working on this library",
        "loader import, server process",
        "loader status",
    ]);
    Program::on(&database, ["restore"]).run().expect(&[11]).is_well_formed_error();
    // Another library of the same server is free.
    let other = TestDatabase::create().await;
    Program::on(&other, ["import".as_ref(), folder.path().as_os_str()]).run().expect(&[0]);
    drop(input);
    first.wait().finished();
    Program::on(&database, ["import".as_ref(), folder.path().as_os_str()]).run().expect(&[0]);
}

/// A server that is restarted in mid-run: the batches wait for it, and the import comes to its end.
#[tokio::test]
async fn a_server_that_comes_back_is_waited_for() {
    let folder = passable_directory();
    collection(folder.path(), 700);
    make_large(folder.path());
    let undisturbed = TestDatabase::create().await;
    let paths = [folder.path().as_os_str(), "-".as_ref()];
    Program::on(&undisturbed, ["import".as_ref()].into_iter().chain(paths)).run().finished();
    let expected = Rows::of(&undisturbed.url).await;
    for mode in ["normal", "fast"] {
        let test = TestCluster::running();
        let url = test.cluster.url();
        let arguments = ["import", "--batch-size", "24", "--mode", mode].map(std::ffi::OsStr::new);
        let arguments = arguments.into_iter().chain(paths);
        // Its standard input is open until the server is back: the loading cannot be over before.
        let mut running = Program::new(arguments).env("DATABASE_URL", &url).held_open().start();
        until("some rows are stored", async || {
            assert!(running.is_running(), "it ended too early");
            try_number(&url, "SELECT count(*) FROM files").await > Some(0)
        })
        .await;
        test.cluster.stop().unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
        test.cluster.start().unwrap();
        running.wait().finished();
        assert_whole(&url, mode).await;
        expected.assert_same(&Rows::of(&url).await, mode);
    }
}

/// The connection that stores is ended by an administrator: a batch is tried again, the rest goes on.
#[tokio::test]
async fn a_connection_that_is_ended_is_made_again() {
    let folder = passable_directory();
    let path = archive(folder.path(), Container::TarGz, 3, 400, 2_000);
    let undisturbed = TestDatabase::create().await;
    Program::on(&undisturbed, ["import".as_ref(), path.as_os_str()]).run().expect(&[0]);
    let expected = Rows::of(&undisturbed.url).await;

    let database = TestDatabase::create().await;
    let nothing = passable_directory();
    Program::on(&database, ["import".as_ref(), nothing.path().as_os_str()]).run().expect(&[0]);
    let mut dam = database.connect().await;
    dam.execute("BEGIN").await.unwrap();
    dam.execute("LOCK TABLE files IN SHARE MODE").await.unwrap();
    let arguments = ["import".as_ref(), "--batch-size".as_ref(), "24".as_ref(), path.as_os_str()];
    let mut running = Program::on(&database, arguments).start();
    running.stands_before(&mut dam, 1).await;
    let ended: i64 = sqlx::query_scalar(
        "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'loader writer'",
    )
    .fetch_one(&mut database.connect().await)
    .await
    .unwrap();
    assert!(ended > 0);
    dam.execute("ROLLBACK").await.unwrap();
    running.wait().expect(&[0]);
    assert_whole(&database.url, "ended connections").await;
    expected.assert_same(&Rows::of(&database.url).await, "ended connections");
}
