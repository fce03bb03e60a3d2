//! What is no longer there is marked, unless nobody can know; what is back is active again.

use std::os::unix::ffi::OsStrExt as _;

use fs_err as fs;
use sqlx::Executor as _;

use super::{assert_like_new, piece, tar, write_pieces};
use crate::harness::{TestDatabase, connect_to, passable_directory};
use crate::import::{count, import};
use crate::program::Program;
use crate::rows::{Rows, assert_whole, number};

#[tokio::test]
async fn what_vanished_comes_back_without_being_opened() {
    let folder = passable_directory();
    write_pieces(folder.path(), 0..3);
    // Of one content there is another place.
    fs::write(folder.path().join("a.tar"), tar(&[piece(10), piece(2)])).unwrap();
    let odd = folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.mid"));
    fs::write(&odd, piece(5)).unwrap();
    let database = TestDatabase::create().await;
    import(&database, &[], &[folder.path()]).await;
    let before = Rows::of(&database.url).await;

    let away = passable_directory();
    let names = ["a.tar".as_ref(), "1.mid".as_ref(), odd.file_name().unwrap()];
    for name in names {
        fs::rename(folder.path().join(name), away.path().join(name)).unwrap();
    }
    let report = import(&database, &[], &[folder.path()]).await;
    assert_eq!(count(&report, "sources_vanished"), 3, "{report}");
    let mut connection = connect_to(&database.url).await;
    assert_eq!(number(&mut connection, "SELECT count(*) FROM files WHERE NOT is_active").await, 3);
    assert_like_new(folder.path(), &database, "vanished").await;
    // And then it is at rest.
    let rested = Rows::with_history(&database.url).await;
    let report = import(&database, &[], &[folder.path()]).await;
    assert_eq!(count(&report, "sources_vanished"), 0, "{report}");
    rested.assert_same(&Rows::with_history(&database.url).await, "vanished, at rest");

    for name in names {
        fs::rename(away.path().join(name), folder.path().join(name)).unwrap();
    }
    let report = import(&database, &[], &[folder.path()]).await;
    let numbers = ["sources_returned", "sources_modified", "seen", "unchanged", "extracted_bytes"];
    assert_eq!(numbers.map(|name| count(&report, name)), [3, 0, 6, 6, 0], "{report}");
    before.assert_same(&Rows::of(&database.url).await, "back");
}

#[tokio::test]
async fn a_disk_that_is_not_mounted_is_no_mass_deletion() {
    let folder = passable_directory();
    let (mounted, other) = (folder.path().join("mounted"), folder.path().join("other"));
    fs::create_dir(&mounted).unwrap();
    fs::create_dir(&other).unwrap();
    write_pieces(&mounted, 0..3);
    write_pieces(&other, 3..6);
    let database = TestDatabase::create().await;
    let roots = [mounted.as_path(), other.as_path()];
    import(&database, &[], &roots).await;
    let before = Rows::with_history(&database.url).await;

    fs::remove_dir_all(&mounted).unwrap();
    fs::create_dir(&mounted).unwrap();
    let arguments = |more: &[&str]| {
        let mut arguments: Vec<std::ffi::OsString> = vec!["import".into(), "--json".into()];
        arguments.extend(more.iter().map(Into::into));
        arguments.extend(roots.iter().map(Into::into));
        arguments
    };
    let ended = Program::on(&database, arguments(&[])).run().expect(&[3]);
    ended.says(&["3 of the 3 files known below", "mounted' are not there", "--accept-vanished"]);
    assert_eq!(ended.json()["held_back"][0]["away"], 3);
    assert_eq!(count(&ended.json(), "sources_vanished"), 0);
    before.assert_same(&Rows::with_history(&database.url).await, "not mounted");
    let report = Program::on(&database, arguments(&["--accept-vanished"])).run().expect(&[0]).json();
    assert_eq!(count(&report, "sources_vanished"), 3, "{report}");
    assert_whole(&database.url, "accepted").await;
}

#[tokio::test]
async fn most_of_a_folder_is_not_believed_to_be_gone() {
    let folder = passable_directory();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    write_pieces(&inner, 0..110);
    write_pieces(folder.path(), 110..112);
    let database = TestDatabase::create().await;
    import(&database, &[], &[folder.path()]).await;
    for each in 0..50 {
        fs::remove_file(inner.join(format!("{each}.mid"))).unwrap();
    }
    let report = import(&database, &[], &[folder.path()]).await;
    assert_eq!(count(&report, "sources_vanished"), 50, "fewer than a hundred: {report}");
    write_pieces(&inner, 0..50);
    import(&database, &[], &[folder.path()]).await;
    fs::remove_dir_all(&inner).unwrap();
    let path = folder.path().as_os_str();
    let plan = Program::on(&database, ["plan".as_ref(), path]).run().expect(&[0]);
    plan.says(&["110 of the 112 files known below"]);
    Program::on(&database, ["import".as_ref(), path])
        .run()
        .expect(&[3])
        .says(&["110 of the 112 files known below"]);
    let active = "SELECT count(*) FROM sources WHERE is_active";
    assert_eq!(number(&mut connect_to(&database.url).await, active).await, 112);
    let report = import(&database, &["--accept-vanished"], &[folder.path()]).await;
    assert_eq!(count(&report, "sources_vanished"), 110, "{report}");
    assert_like_new(folder.path(), &database, "accepted").await;
}

#[tokio::test]
async fn a_stream_never_vanishes() {
    let folder = passable_directory();
    write_pieces(folder.path(), 0..1);
    let stream = folder.path().join("stream.tar");
    fs::write(&stream, tar(&[piece(7)])).unwrap();
    let database = TestDatabase::create().await;
    Program::on(&database, ["import", "-"]).fed_with(&stream).run().expect(&[0]);
    fs::remove_file(&stream).unwrap();
    let report = import(&database, &[], &[folder.path()]).await;
    assert_eq!(count(&report, "sources_vanished"), 0, "{report}");
    let active = "SELECT count(*) FROM sources WHERE is_active";
    assert_eq!(number(&mut connect_to(&database.url).await, active).await, 2);
}

/// An import was killed while it read an archive, and then the archive went: what is stored of it is a part, and is forgotten.
#[tokio::test]
async fn what_was_being_read_when_it_vanished() {
    let folder = passable_directory();
    write_pieces(folder.path(), 0..2);
    let archive = folder.path().join("a.tar");
    fs::write(&archive, tar(&[piece(10), piece(1), b"no music".to_vec()])).unwrap();
    let database = TestDatabase::create().await;
    import(&database, &[], &[folder.path()]).await;
    // As a kill leaves it.
    connect_to(&database.url)
        .await
        .execute(
            "UPDATE sources SET state = 'loading', entries = 0, not_midi = 0 WHERE path LIKE '%/a.tar';
             DELETE FROM file_locations USING sources s WHERE s.id = source_id AND s.path LIKE '%/a.tar' AND entry_ordinal = 1",
        )
        .await
        .unwrap();
    let moved = folder.path().join("b.tar");
    fs::rename(&archive, &moved).unwrap();
    let report = import(&database, &[], &[folder.path()]).await;
    assert_eq!((count(&report, "sources_vanished"), count(&report, "inserted")), (1, 0), "{report}");
    assert_like_new(folder.path(), &database, "moved").await;
    fs::rename(&moved, &archive).unwrap();
    import(&database, &[], &[folder.path()]).await;
    assert_like_new(folder.path(), &database, "moved back").await;
    fs::remove_file(&archive).unwrap();
    import(&database, &[], &[folder.path()]).await;
    assert_like_new(folder.path(), &database, "gone").await;
    Program::on(&database, ["prune"]).run().expect(&[0]);
    assert_like_new(folder.path(), &database, "pruned").await;
}
