//! Sources that are not what they were: another place is tried, and what lies nowhere any more is told.

use std::path::Path;

use fs_err as fs;
use loader::sample::{self, Container};

use super::{analyze, change, library};
use crate::harness::{TestDatabase, passable_directory};
use crate::import::{count, import};
use crate::program::Program;
use crate::rows::{Rows, archive};

const OLD: &str = "UPDATE musical_metadata SET analyser_version = 1, n_notes = -1";

/// Writes other bytes of the same length into a file, and leaves its time as it was.
fn falsify(path: &Path, content: &[u8]) {
    let before = fs::metadata(path).unwrap();
    assert_eq!(before.len(), content.len() as u64);
    fs::write(path, content).unwrap();
    let file = fs::OpenOptions::new().write(true).open(path).unwrap().into_parts().0;
    file.set_modified(before.modified().unwrap()).unwrap();
}

#[tokio::test]
async fn a_content_is_read_where_it_still_lies() {
    for container in [Container::Zip, Container::TarGz, Container::Nested, Container::Loose] {
        let folder = passable_directory();
        let (first, second) = (folder.path().join("first"), folder.path().join("second"));
        archive(&first, container, 3, 40, 900);
        archive(&second, container, 3, 40, 900);
        let database = library(folder.path(), &[]).await;
        let expected = Rows::of(&database.url).await;
        for (gone, back) in [(&first, "first"), (&second, "second")] {
            let away = folder.path().with_extension("away");
            fs::rename(gone, &away).unwrap();
            change(&database, OLD).await;
            let report = analyze(&database, &["--missing"], &[0]);
            assert_eq!(count(&report, "analysed"), 40, "{container}, {back} is away: {report}");
            expected.assert_same(&Rows::of(&database.url).await, back);
            fs::rename(&away, gone).unwrap();
        }
    }
}

#[tokio::test]
async fn what_lies_nowhere_any_more_is_named_and_stays() {
    let folder = passable_directory();
    let zip = archive(folder.path(), Container::Zip, 5, 30, 900);
    let lone = folder.path().join("lone.mid");
    fs::write(&lone, sample::midi(6, 1, 800)).unwrap();
    let database = library(folder.path(), &[]).await;
    let expected = Rows::of(&database.url).await;
    change(&database, OLD).await;

    fs::remove_file(&lone).unwrap();
    let report = analyze(&database, &["--missing"], &[3]);
    assert_eq!((count(&report, "analysed"), count(&report, "not_found")), (30, 1), "{report}");
    assert_eq!(report["left"][0]["path"], lone.to_str().unwrap(), "{report}");
    assert_eq!(report["left"][0]["detail"], "its source is gone", "{report}");
    let behind = "SELECT count(*) FROM musical_metadata WHERE analyser_version = 1 AND n_notes = -1";
    assert_eq!(crate::rows::number(&mut database.connect().await, behind).await, 1);

    // Of another time: it may hold anything.
    change(&database, OLD).await;
    let file = fs::OpenOptions::new().write(true).open(&zip).unwrap().into_parts().0;
    let now = fs::metadata(&zip).unwrap().modified().unwrap();
    file.set_modified(now + std::time::Duration::from_secs(1)).unwrap();
    let before = Rows::with_history(&database.url).await;
    let ended = Program::on(&database, ["analyze", "--missing"]).run().expect(&[3]);
    ended.says(&[
        "31 files cannot be found again",
        "2 gone or changed",
        "its source has changed",
        "and 11 more",
    ]);
    before.assert_same(&Rows::with_history(&database.url).await, "nothing was found");

    // An import notices that the zip is the same, and then it is found again.
    fs::write(&lone, sample::midi(6, 1, 800)).unwrap();
    import(&database, &[], &[folder.path()]).await;
    assert_eq!(count(&analyze(&database, &["--missing"], &[0]), "analysed"), 31);
    Rows::assert_same_in(&expected, "musical_metadata", &Rows::of(&database.url).await, "found again");
}

/// Size and time say that it is the same, the digest says that it is not.
#[tokio::test]
async fn another_content_at_the_place_is_not_taken_for_it() {
    let folder = passable_directory();
    let content = sample::midi(6, 1, 800);
    let mut other = content.clone();
    *other.last_mut().unwrap() ^= 1;
    let names = ["a.mid", "b.mid"].map(|name| folder.path().join(name));
    for path in &names {
        fs::write(path, &content).unwrap();
    }
    let database = library(folder.path(), &[]).await;
    let expected = Rows::of(&database.url).await;
    for path in &names {
        falsify(path, &other);
        change(&database, OLD).await;
        let report = analyze(&database, &["--missing"], &[0]);
        assert_eq!(count(&report, "analysed"), 1, "{report}");
        expected.assert_same(&Rows::of(&database.url).await, "the other place");
        falsify(path, &content);
    }
    for path in &names {
        falsify(path, &other);
    }
    change(&database, OLD).await;
    let before = Rows::with_history(&database.url).await;
    let report = analyze(&database, &["--missing"], &[3]);
    assert_eq!(report["left"][0]["detail"], "something else lies there now", "{report}");
    before.assert_same(&Rows::with_history(&database.url).await, "falsified");
}

/// Damage that size and time do not tell: what it hits is found elsewhere, or told with the reason.
#[tokio::test]
async fn a_damaged_archive_gives_what_it_can() {
    let folder = passable_directory();
    let zip = archive(folder.path(), Container::Zip, 7, 30, 900);
    let whole = fs::read(&zip).unwrap();
    let database = library(folder.path(), &[]).await;
    let expected = Rows::of(&database.url).await;
    // A byte in the first member's data, behind its header and name.
    let mut damaged = whole.clone();
    damaged[200] ^= 0xff;
    falsify(&zip, &damaged);
    change(&database, OLD).await;
    let report = analyze(&database, &["--missing"], &[3]);
    assert_eq!((count(&report, "analysed"), count(&report, "not_found")), (29, 1), "{report}");
    let detail = report["left"][0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("zip_bad") || detail.starts_with("archive_damaged"), "{report}");
    falsify(&zip, &whole);
    assert_eq!(count(&analyze(&database, &["--missing"], &[0]), "analysed"), 1);
    expected.assert_same(&Rows::of(&database.url).await, "mended");
}

#[tokio::test]
async fn streams_are_counted_as_such() {
    let folder = passable_directory();
    let tar = archive(folder.path(), Container::TarGz, 8, 20, 900);
    let database = TestDatabase::create().await;
    Program::on(&database, ["import", "-"]).fed_with(&tar).run().finished();
    change(&database, OLD).await;
    let report = analyze(&database, &["--missing"], &[3]);
    let counts = ["wanted", "not_found", "in_streams", "analysed"].map(|name| count(&report, name));
    assert_eq!(counts, [20, 20, 20, 0], "{report}");
    assert_eq!(report["left"][0]["why"], "in_stream", "{report}");
}
