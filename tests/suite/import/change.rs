//! Sources that are not what they were: their rows are brought up to date, and nothing is doubled.

use std::path::Path;

use fs_err as fs;
use loader::sample::{self, Container};

use super::{count, import};
use crate::harness::{TestDatabase, passable_directory};
use crate::rows::{Rows, archive, reasons};

const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0 no music in here";

/// Replaces a file; its time differs from the earlier one's even where clocks tick slowly.
fn replace(path: &Path, content: &[u8]) {
    let before = fs::metadata(path).unwrap().modified().unwrap();
    fs::write(path, content).unwrap();
    let file = fs::OpenOptions::new().write(true).open(path).unwrap().into_parts().0;
    file.set_modified(before + std::time::Duration::from_secs(1)).unwrap();
}

/// What a fresh import of a folder stores, but for contents that are no longer found anywhere.
async fn assert_like_fresh(folder: &Path, database: &TestDatabase, what: &str) {
    let fresh = TestDatabase::create().await;
    import(&fresh, &[], &[folder]).await;
    let (expected, found) = (Rows::of(&fresh.url).await, Rows::of(&database.url).await);
    for table in ["sources", "file_locations", "rejects"] {
        expected.assert_same_in(table, &found, what);
    }
    let kept = expected.table("files").iter().all(|row| found.table("files").contains(row));
    assert!(kept, "{what}: a content is missing");
}

/// Imports a folder, changes it, imports again, and compares with a fresh import of what is there now.
async fn changed_by(prepare: impl FnOnce(&Path), change: impl FnOnce(&Path), what: &str) {
    let folder = passable_directory();
    prepare(folder.path());
    let database = TestDatabase::create().await;
    import(&database, &[], &[folder.path()]).await;
    change(folder.path());
    let report = import_any(&database, folder.path());
    assert!(count(&report, "seen") > 0, "{report}");
    assert_like_fresh(folder.path(), &database, what).await;
    // And then it is at rest.
    let before = Rows::with_history(&database.url).await;
    import_any(&database, folder.path());
    before.assert_same(&Rows::with_history(&database.url).await, what);
}

/// As [`import`], for libraries in which a content may have lost its last place.
fn import_any(database: &TestDatabase, folder: &Path) -> serde_json::Value {
    let folder = folder.as_os_str();
    crate::program::Program::on(database, ["import".as_ref(), "--json".as_ref(), folder])
        .run()
        .finished()
        .json()
}

#[tokio::test]
async fn archives_that_were_written_again() {
    for container in [Container::Zip, Container::TarGz, Container::Nested] {
        changed_by(
            |folder| _ = archive(folder, container, 1, 40, 900),
            |folder| {
                let path = archive(&folder.join("new"), container, 2, 25, 900);
                let old = folder.join(path.file_name().unwrap());
                replace(&old, &fs::read(&path).unwrap());
                fs::remove_dir_all(folder.join("new")).unwrap();
            },
            &format!("{container} written again"),
        )
        .await;
    }
}

/// From everything that a loose file can be to everything else, at once.
#[tokio::test]
async fn loose_files_that_changed() {
    let contents: [(&str, Vec<u8>); 6] = [
        ("a piece", sample::midi(7, 1, 700)),
        ("another piece", sample::midi(7, 2, 900)),
        ("a picture", JPEG.to_vec()),
        ("nothing", Vec::new()),
        ("half a header", b"MThd\0\0".to_vec()),
        ("a zip", {
            let folder = passable_directory();
            fs::read(archive(folder.path(), Container::Zip, 3, 5, 500)).unwrap()
        }),
    ];
    let cases = || {
        contents.iter().flat_map(|(was, before)| {
            let others = contents.iter().filter(move |(is, _)| was != is);
            others.map(move |(is, after)| (format!("{was} becomes {is}.mid"), before, after))
        })
    };
    changed_by(
        |folder| cases().for_each(|(name, before, _)| fs::write(folder.join(name), before).unwrap()),
        |folder| cases().for_each(|(name, _, after)| replace(&folder.join(name), after)),
        "loose files",
    )
    .await;
}

/// Files whose names promise nothing: neither the former refusal nor the former place may stay behind.
#[tokio::test]
async fn a_file_that_stops_being_midi() {
    changed_by(
        |folder| {
            fs::write(folder.join("data.bin"), sample::midi(9, 1, 700)).unwrap();
            fs::write(folder.join("stays.mid"), sample::midi(9, 2, 700)).unwrap();
        },
        |folder| replace(&folder.join("data.bin"), b"plain text by now, of no interest"),
        "a piece under another name became text",
    )
    .await;
}

#[tokio::test]
async fn an_archive_that_becomes_a_piece() {
    changed_by(
        |folder| _ = archive(folder, Container::Zip, 1, 12, 900),
        |folder| replace(&folder.join("pack-00000.zip"), &sample::midi(10, 1, 800)),
        "a zip became a piece",
    )
    .await;
}

#[tokio::test]
async fn what_was_refused_arrives_once_it_is_replaced() {
    let folder = passable_directory();
    let path = folder.path().join("x.mid");
    fs::write(&path, JPEG).unwrap();
    let database = TestDatabase::create().await;
    let report = import(&database, &[], &[folder.path()]).await;
    assert_eq!(count(&report, "rejected"), 1);
    assert_eq!(
        reasons(&database.url).await.into_iter().collect::<Vec<_>>(),
        [("not_midi_content".into(), 1)]
    );
    replace(&path, &sample::midi(1, 1, 800));
    let report = import(&database, &[], &[folder.path()]).await;
    assert_eq!((count(&report, "inserted"), count(&report, "rejected")), (1, 0), "{report}");
    assert!(reasons(&database.url).await.is_empty());
}

#[tokio::test]
async fn what_was_refused_is_tried_again_when_asked() {
    let folder = passable_directory();
    archive(folder.path(), Container::Nested, 4, 20, 2_000);
    let large = sample::midi(9, 9, 1_500_000);
    fs::write(folder.path().join("large.mid"), &large).unwrap();
    fs::write(folder.path().join("set.tar.gz"), tar_gz(&[("large.mid", &large), ("cover.mid", JPEG)]))
        .unwrap();
    let database = TestDatabase::create().await;
    let mebibyte = ["import".as_ref(), "--max-entry-size=1".as_ref(), folder.path().as_os_str()];
    crate::program::Program::on(&database, mebibyte).run().expect(&[3]);
    assert_eq!(reasons(&database.url).await.get("limit_entry_size"), Some(&2));
    let report = import_any(&database, folder.path());
    assert_eq!(count(&report, "inserted"), 0, "nobody asked: {report}");

    let retry = ["rejects", "--retry", "--reason", "limit_entry_size", "--json"];
    let marked = crate::program::Program::on(&database, retry).run().expect(&[0]).json();
    assert_eq!((count(&marked, "rejects"), count(&marked, "sources")), (2, 2));
    let report = import_any(&database, folder.path());
    assert_eq!(count(&report, "inserted"), 1, "{report}");
    assert_like_fresh(folder.path(), &database, "after a retry").await;
}

/// What is nested two deep is numbered with its neighbours: once an archive among them opens, all behind it have other numbers.
#[tokio::test]
async fn a_nested_archive_that_opens_at_last_moves_its_neighbours() {
    let folder = passable_directory();
    let piece = |number: u64| sample::midi(5, number, 1_500);
    let [first, second, third] = [1, 2, 3].map(piece);
    let inner = tar_gz(&[("first.mid", &first), ("second.mid", &second)]);
    // Some are the same, one behind the other.
    let neighbours: Vec<(String, Vec<u8>)> =
        (10..40).map(|index| (format!("{index}.mid"), piece(index / 3 * 3))).collect();
    let mut middle = vec![("third.mid", third.as_slice()), ("inner.tar.gz", &inner)];
    middle.extend(neighbours.iter().map(|(name, content)| (name.as_str(), content.as_slice())));
    let outer = tar_gz(&[("middle.tar.gz", &tar_gz(&middle)), ("last.mid", &piece(50))]);
    fs::write(folder.path().join("outer.tar.gz"), outer).unwrap();
    let database = TestDatabase::create().await;
    let report = import(&database, &["--max-depth", "1"], &[folder.path()]).await;
    assert_eq!((count(&report, "inserted"), count(&report, "rejected")), (13, 1), "{report}");
    crate::program::Program::on(&database, ["rejects", "--retry"]).run().expect(&[0]);
    let report = import_any(&database, folder.path());
    assert_eq!(count(&report, "inserted"), 2, "{report}");
    assert_like_fresh(folder.path(), &database, "opened at last").await;
}

fn tar_gz(members: &[(&str, &[u8])]) -> Vec<u8> {
    let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(encoder);
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, name, *content).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}
