//! The clock of the server is set back between two runs. Times of files are in [`crate::rescan`].

use fs_err as fs;
use sqlx::Executor as _;

use crate::harness::{TestDatabase, connect_to, passable_directory};
use crate::import::{count, import};
use crate::program::Program;
use crate::rescan::{assert_like_new, write_pieces};
use crate::rows::assert_whole;

#[tokio::test]
async fn what_happened_tomorrow() {
    let folder = passable_directory();
    write_pieces(folder.path(), 0..4);
    let database = TestDatabase::create().await;
    import(&database, &[], &[folder.path()]).await;
    fs::remove_file(folder.path().join("0.mid")).unwrap();
    fs::remove_file(folder.path().join("1.mid")).unwrap();
    import(&database, &[], &[folder.path()]).await;
    // As the rows are where the clock was a day ahead when these runs were made.
    connect_to(&database.url)
        .await
        .execute(
            "UPDATE sources SET vanished_at = vanished_at + interval '1 day' WHERE NOT is_active;
             UPDATE runs SET started_at = started_at + interval '1 day', finished_at = finished_at + interval '1 day',
                             heartbeat_at = heartbeat_at + interval '1 day'",
        )
        .await
        .unwrap();
    write_pieces(folder.path(), 1..2);
    let report = import(&database, &[], &[folder.path()]).await;
    assert_eq!(count(&report, "sources_modified"), 1, "{report}");
    assert_like_new(folder.path(), &database, "back").await;
    let status = Program::on(&database, ["status", "--json"]).run().expect(&[0]).json();
    assert_eq!(
        (status["state"].as_str(), status["run"].as_i64()),
        (Some("finished"), report["run"].as_i64())
    );
    // What has vanished has vanished, however long ago that seems to be.
    let none = Program::on(&database, ["prune", "--json", "--older-than", "1"]).run().expect(&[0]).json();
    assert_eq!(count(&none, "sources"), 0, "{none}");
    let planned = Program::on(&database, ["prune", "--json", "--dry-run"]).run().expect(&[0]).json();
    let pruned = Program::on(&database, ["prune", "--json"]).run().expect(&[0]).json();
    assert_eq!((count(&planned, "sources"), count(&pruned, "sources")), (1, 1), "{planned} {pruned}");
    assert_whole(&database.url, "pruned").await;
    assert_like_new(folder.path(), &database, "pruned").await;
}

/// A run that is alive is not called dead, nor is its time less than nothing, because the clock was set back under it.
#[tokio::test]
async fn a_run_that_began_tomorrow_is_alive() {
    let database = TestDatabase::create().await;
    let mut running = Program::on(&database, ["import", "-"]).held_open().start();
    let input = running.input();
    let mut connection = connect_to(&database.url).await;
    crate::program::until("it has begun", async || {
        connection
            .execute("UPDATE runs SET started_at = now() + interval '1 day', heartbeat_at = now() + interval '1 day'")
            .await
            .unwrap()
            .rows_affected()
            == 1
    })
    .await;
    let ended = Program::on(&database, ["status"]).run().expect(&[0]);
    assert!(ended.stdout.contains("running"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("; -"), "{}", ended.stdout);
    drop(input);
    running.wait().finished();
}
