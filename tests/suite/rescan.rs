//! A library that lives on: what an import makes of files that were added, changed, moved, deleted and brought back.

pub(crate) mod model;
mod pruned;
mod vanished;
mod verified;

use std::path::Path;
use std::time::{Duration, SystemTime};

use fs_err as fs;
use loader::sample;

use crate::harness::{TestDatabase, connect_to, passable_directory};
use crate::import::{count, import};
use crate::rows::{Rows, number};

/// A small piece.
pub(crate) fn piece(number: u64) -> Vec<u8> {
    sample::midi(77, number, 600)
}

/// Writes pieces, by number, under their numbers.
pub(crate) fn write_pieces(folder: &Path, numbers: std::ops::Range<u64>) {
    for each in numbers {
        fs::write(folder.join(format!("{each}.mid")), piece(each)).unwrap();
    }
}

/// Gives a file another time.
pub(crate) fn set_time(path: &Path, time: SystemTime) {
    let file = fs::OpenOptions::new().write(true).open(path).unwrap().into_parts().0;
    file.set_modified(time).unwrap();
}

/// A tar with these contents.
pub(crate) fn tar(contents: &[Vec<u8>]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (position, content) in contents.iter().enumerate() {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, format!("{position}.mid"), content.as_slice()).unwrap();
    }
    tar.into_inner().unwrap()
}

/// Waits until the server has noticed the death of whoever held the lock.
pub(crate) async fn lock_is_free(database: &TestDatabase) {
    let mut connection = database.connect().await;
    crate::program::until("the lock is free", async || {
        loader::server::lock::holder(&mut connection).await.unwrap().is_none()
    })
    .await;
}

/// Checks that what a library holds of what is on the disk is what one holds that was made of nothing.
pub(crate) async fn assert_like_new(folder: &Path, database: &TestDatabase, what: &str) {
    let new = TestDatabase::create().await;
    import(&new, &[], &[folder]).await;
    Rows::active(&new.url).await.assert_same(&Rows::active(&database.url).await, what);
}

#[tokio::test]
async fn the_four_numbers() {
    let folder = passable_directory();
    write_pieces(folder.path(), 0..6);
    fs::write(folder.path().join("a.tar"), tar(&[piece(10), piece(11)])).unwrap();
    let database = TestDatabase::create().await;
    import(&database, &[], &[folder.path()]).await;

    write_pieces(folder.path(), 6..8);
    set_time(&folder.path().join("0.mid"), SystemTime::now() + Duration::from_secs(9));
    fs::remove_file(folder.path().join("1.mid")).unwrap();
    let plan = crate::program::Program::on(
        &database,
        ["plan".as_ref(), "--json".as_ref(), folder.path().as_os_str()],
    );
    let plan = plan.run().expect(&[0]).json();
    let numbers = ["new_sources", "modified_sources", "unchanged_sources", "vanished_sources"];
    assert_eq!(numbers.map(|name| count(&plan, name)), [3, 1, 5, 1], "{plan}");
    let report = import(&database, &[], &[folder.path()]).await;
    let numbers = ["sources_added", "sources_modified", "sources_unchanged", "sources_vanished"];
    assert_eq!(numbers.map(|name| count(&report, name)), [2, 1, 5, 1], "{report}");
    assert_like_new(folder.path(), &database, "the four numbers").await;
    // Another folder's files were not looked for.
    let other = passable_directory();
    write_pieces(other.path(), 0..1);
    let report = import(&database, &[], &[other.path()]).await;
    assert_eq!(numbers.map(|name| count(&report, name)), [1, 0, 0, 0], "{report}");
}

#[tokio::test]
async fn what_moved_keeps_its_id() {
    let folder = passable_directory();
    let old = folder.path().join("Old.mid");
    fs::write(&old, piece(1)).unwrap();
    write_pieces(folder.path(), 2..4);
    let database = TestDatabase::create().await;
    import(&database, &[], &[folder.path()]).await;
    let before = Rows::of(&database.url).await;
    // A rename in nothing but the case, and into another folder.
    fs::rename(&old, folder.path().join("old.mid")).unwrap();
    fs::create_dir(folder.path().join("new")).unwrap();
    fs::rename(folder.path().join("2.mid"), folder.path().join("new/2.mid")).unwrap();
    let report = import(&database, &[], &[folder.path()]).await;
    let numbers = ["inserted", "duplicate", "sources_added", "sources_vanished"];
    assert_eq!(numbers.map(|name| count(&report, name)), [0, 2, 2, 2], "{report}");
    before.assert_same_in("files", &Rows::of(&database.url).await, "moved");
    assert_like_new(folder.path(), &database, "moved").await;
    let names: Vec<String> = sqlx::query_scalar("SELECT path FROM file_names ORDER BY path COLLATE \"C\"")
        .fetch_all(&mut connect_to(&database.url).await)
        .await
        .unwrap();
    let names: Vec<_> =
        names.iter().map(|name| name.strip_prefix(folder.path().to_str().unwrap()).unwrap()).collect();
    assert_eq!(names, ["/3.mid", "/new/2.mid", "/old.mid"]);
}

#[tokio::test]
async fn a_content_that_lies_nowhere_any_more_and_comes_back_elsewhere() {
    let folder = passable_directory();
    write_pieces(folder.path(), 0..3);
    fs::write(folder.path().join("a.tar"), tar(&[piece(10), piece(11)])).unwrap();
    let database = TestDatabase::create().await;
    import(&database, &[], &[folder.path()]).await;
    let mut connection = connect_to(&database.url).await;
    let inactive = "SELECT count(*) FROM files WHERE NOT is_active";
    // Replaced, loose and in an archive.
    fs::write(folder.path().join("0.mid"), [piece(0), b"tail".to_vec()].concat()).unwrap();
    fs::write(folder.path().join("a.tar"), tar(&[piece(10)])).unwrap();
    set_time(&folder.path().join("a.tar"), SystemTime::now() + Duration::from_secs(9));
    import(&database, &[], &[folder.path()]).await;
    assert_eq!(number(&mut connection, inactive).await, 2);
    assert_like_new(folder.path(), &database, "replaced").await;
    // Found again under other names: the rows of batches that are written as if all were new.
    fs::write(folder.path().join("again.mid"), piece(0)).unwrap();
    fs::write(folder.path().join("b.tar"), tar(&[piece(11)])).unwrap();
    let report = import(&database, &[], &[folder.path()]).await;
    assert_eq!(count(&report, "inserted"), 0, "{report}");
    assert_eq!(number(&mut connection, inactive).await, 0);
    assert_like_new(folder.path(), &database, "found again").await;
}

#[tokio::test]
async fn times_that_no_clock_should_show() {
    let folder = passable_directory();
    write_pieces(folder.path(), 0..3);
    let epoch = SystemTime::UNIX_EPOCH;
    set_time(&folder.path().join("0.mid"), epoch - Duration::from_millis(86_400_500));
    set_time(&folder.path().join("1.mid"), epoch + Duration::from_hours(24 * 365 * 200));
    let database = TestDatabase::create().await;
    import(&database, &[], &[folder.path()]).await;
    let before = Rows::with_history(&database.url).await;
    let report = import(&database, &[], &[folder.path()]).await;
    assert_eq!(count(&report, "sources_unchanged"), 3, "{report}");
    before.assert_same(&Rows::with_history(&database.url).await, "odd times");
    // A clock that was set back: any other time is a change, a later one or an earlier.
    set_time(&folder.path().join("2.mid"), epoch - Duration::from_secs(5));
    set_time(&folder.path().join("0.mid"), epoch - Duration::from_millis(86_400_501));
    let report = import(&database, &[], &[folder.path()]).await;
    assert_eq!(count(&report, "sources_modified"), 2, "{report}");
    assert_like_new(folder.path(), &database, "set back").await;
}
