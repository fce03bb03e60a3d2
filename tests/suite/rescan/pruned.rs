//! `loader prune` deletes what vanished, and nothing else, however often it is interrupted.

use fs_err as fs;
use sqlx::Executor as _;

use super::{assert_like_new, lock_is_free, piece, set_time, tar, write_pieces};
use crate::harness::{TestDatabase, connect_to, passable_directory};
use crate::import::{count, import};
use crate::program::Program;
use crate::rows::{Rows, assert_whole, number};

/// A library of which a part has vanished: three pieces, a refusal and an archive, of whose contents one lies elsewhere.
async fn vanished(folder: &std::path::Path) -> TestDatabase {
    write_pieces(folder, 0..6);
    fs::write(folder.join("a.tar"), tar(&[piece(10), piece(11), piece(5)])).unwrap();
    fs::write(folder.join("bad.mid"), b"no music").unwrap();
    let database = TestDatabase::create().await;
    Program::on(&database, ["import".as_ref(), folder.as_os_str()]).run().expect(&[3]);
    for name in ["0.mid", "1.mid", "2.mid", "a.tar", "bad.mid"] {
        fs::remove_file(folder.join(name)).unwrap();
    }
    import(&database, &[], &[folder]).await;
    database
}

const NUMBERS: [&str; 4] = ["sources", "locations", "rejects", "files"];

#[tokio::test]
async fn what_vanished_is_deleted() {
    let folder = passable_directory();
    let database = vanished(folder.path()).await;
    let before = Rows::with_history(&database.url).await;
    let prune = |more: &[&str]| {
        let arguments = [&["prune", "--json"], more].concat();
        Program::on(&database, arguments).run().expect(&[0]).json()
    };
    let planned = prune(&["--dry-run"]);
    assert_eq!(NUMBERS.map(|name| count(&planned, name)), [5, 6, 1, 5], "{planned}");
    let none = prune(&["--older-than", "1"]);
    assert_eq!(NUMBERS.map(|name| count(&none, name)), [0, 0, 0, 0], "{none}");
    before.assert_same(&Rows::with_history(&database.url).await, "nothing is old enough");

    let mut connection = connect_to(&database.url).await;
    connection
        .execute("UPDATE sources SET vanished_at = now() - interval '9 days' WHERE path LIKE '%/0.mid'")
        .await
        .unwrap();
    let old = prune(&["--older-than", "8"]);
    assert_eq!(NUMBERS.map(|name| count(&old, name)), [1, 1, 0, 1], "{old}");
    let rest = prune(&["--batch-size", "1"]);
    assert_eq!(NUMBERS.map(|name| count(&rest, name)), [4, 5, 1, 4], "{rest}");
    assert_whole(&database.url, "pruned").await;
    assert_like_new(folder.path(), &database, "pruned").await;
    for table in ["sources", "files"] {
        let found = Rows::of(&database.url).await;
        assert_eq!(found.count(table), 3, "{table}");
    }
}

/// Whatever was deleted before it was killed: a source that comes back is read again, and the same command goes on.
#[tokio::test]
async fn interrupted_and_gone_on_with() {
    let folder = passable_directory();
    let database = vanished(folder.path()).await;
    let mut connection = connect_to(&database.url).await;
    // As a kill leaves it: the archive has lost one of its places.
    connection
        .execute(
            "UPDATE sources SET state = 'failed' WHERE path LIKE '%/a.tar';
             DELETE FROM file_locations USING sources s WHERE s.id = source_id AND s.path LIKE '%/a.tar' AND entry_ordinal = 1",
        )
        .await
        .unwrap();
    // Of the same size and time as ever.
    let archive = folder.path().join("a.tar");
    fs::write(&archive, tar(&[piece(10), piece(11), piece(5)])).unwrap();
    let time = number(&mut connection, "SELECT mtime_ns FROM sources WHERE path LIKE '%/a.tar'").await;
    set_time(&archive, std::time::UNIX_EPOCH + std::time::Duration::from_nanos(time.unsigned_abs()));
    import(&database, &[], &[folder.path()]).await;
    assert_like_new(folder.path(), &database, "back in the middle").await;

    let mut killed = Program::on(&database, ["prune", "--batch-size", "1"]).start();
    std::thread::sleep(std::time::Duration::from_millis(60));
    killed.signal("-KILL");
    killed.wait();
    lock_is_free(&database).await;
    Program::on(&database, ["prune"]).run().expect(&[0]);
    assert_eq!(number(&mut connection, "SELECT count(*) FROM sources WHERE NOT is_active").await, 0);
    assert_whole(&database.url, "gone on").await;
    assert_like_new(folder.path(), &database, "gone on").await;
}

#[tokio::test]
async fn not_beside_an_import() {
    let folder = passable_directory();
    let database = vanished(folder.path()).await;
    let mut import = connect_to(&database.url).await;
    loader::server::lock::acquire(&mut import).await.unwrap();
    let before = Rows::with_history(&database.url).await;
    let ended = Program::on(&database, ["prune"]).run().expect(&[11]);
    ended.is_well_formed_error();
    Program::on(&database, ["import".as_ref(), folder.path().as_os_str()]).run().expect(&[11]);
    before.assert_same(&Rows::with_history(&database.url).await, "refused");
    Program::on(&database, ["prune", "--dry-run"]).run().expect(&[0]);
}
