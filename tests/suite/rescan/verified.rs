//! `--verify` finds what size and time do not tell; `--force` analyses again what has not changed.

use fs_err as fs;
use sqlx::Executor as _;

use super::{assert_like_new, piece, tar, write_pieces};
use crate::harness::{TestDatabase, connect_to, passable_directory};
use crate::import::{count, import};
use crate::rows::{Rows, archive, collection, number};

/// Puts other bytes in the place of a file's, of the same number, and leaves the time as it was.
fn replace_secretly(path: &std::path::Path, content: &[u8]) {
    let before = fs::metadata(path).unwrap();
    assert_eq!(before.len(), content.len() as u64, "another size is no secret");
    fs::write(path, content).unwrap();
    super::set_time(path, before.modified().unwrap());
}

#[tokio::test]
async fn what_changed_secretly_is_found() {
    let folder = passable_directory();
    write_pieces(folder.path(), 0..3);
    let at = |name: &str| folder.path().join(name);
    let mut padded = piece(4);
    let mut other = piece(5);
    let length = padded.len().max(other.len());
    padded.resize(length, 0);
    other.resize(length, 0);
    let tars = [tar(&[padded.clone(), piece(6)]), tar(&[other.clone(), piece(6)])];
    let picture: Vec<u8> =
        b"\xff\xd8\xff\xe0\0\x10JFIF\0".iter().copied().chain(std::iter::repeat(1)).take(length).collect();
    for name in ["loose.mid", "to picture.bin", "to refusal.mid", "same.mid"] {
        fs::write(at(name), &padded).unwrap();
    }
    fs::write(at("a.tar"), &tars[0]).unwrap();
    archive(folder.path(), loader::sample::Container::Zip, 3, 5, 500);
    let database = TestDatabase::create().await;
    import(&database, &[], &[folder.path()]).await;

    replace_secretly(&at("loose.mid"), &other);
    replace_secretly(&at("to picture.bin"), &picture);
    replace_secretly(&at("to refusal.mid"), &picture);
    replace_secretly(&at("a.tar"), &tars[1]);
    let before = Rows::with_history(&database.url).await;
    let report = import(&database, &[], &[folder.path()]).await;
    assert_eq!(count(&report, "sources_modified"), 0, "{report}");
    before.assert_same(&Rows::with_history(&database.url).await, "not looked for");

    let verify = || {
        crate::program::Program::on(
            &database,
            ["import".as_ref(), "--json".as_ref(), "--verify".as_ref(), folder.path().as_os_str()],
        )
    };
    let report = verify().run().expect(&[3]).json();
    let numbers = ["sources_verified", "sources_differing", "sources_modified"];
    assert_eq!(numbers.map(|name| count(&report, name)), [9, 4, 4], "{report}");
    assert_like_new(folder.path(), &database, "verified").await;
}

#[tokio::test]
async fn what_is_the_same_is_not_written() {
    let folder = passable_directory();
    collection(folder.path(), 140);
    let database = TestDatabase::create().await;
    let first = import(&database, &[], &[folder.path()]).await;
    let before = Rows::with_history(&database.url).await;
    for options in [&["--verify"][..], &["--verify", "--jobs", "1", "--batch-size", "7"]] {
        let report = import(&database, options, &[folder.path()]).await;
        assert_eq!(count(&report, "sources_differing"), 0, "{report}");
        assert_eq!(count(&report, "sources_verified"), count(&first, "sources"), "{report}");
        before.assert_same(&Rows::with_history(&database.url).await, "verified");
    }
}

#[tokio::test]
async fn what_is_forced_is_analysed_again_and_nothing_else() {
    let folder = passable_directory();
    let (inside, outside) = (folder.path().join("inside"), folder.path().join("outside"));
    fs::create_dir(&inside).unwrap();
    fs::create_dir(&outside).unwrap();
    write_pieces(&inside, 0..4);
    write_pieces(&outside, 4..6);
    let database = TestDatabase::create().await;
    import(&database, &[], &[folder.path()]).await;
    let expected = Rows::of(&database.url).await;
    let mut connection = connect_to(&database.url).await;
    // A plan tells what is done to what is unchanged.
    let plan = |more: &[&str]| {
        let arguments = [&["plan", "--verify", "--force"], more, &[inside.to_str().unwrap()]].concat();
        crate::program::Program::on(&database, arguments).run().expect(&[0])
    };
    let told = plan(&[]).stdout;
    for words in ["first, 4 unchanged files read and compared", "in 4 unchanged files is analysed again"] {
        assert!(told.contains(words), "{words}:\n{told}");
    }
    let told = plan(&["--json"]).json();
    assert_eq!(
        (&told["verify"], &told["force"], count(&told, "unchanged_sources")),
        (&true.into(), &true.into(), 4)
    );
    connection.execute("UPDATE musical_metadata SET analyser_version = 0, n_notes = -1").await.unwrap();
    fs::write(inside.join("new.mid"), piece(9)).unwrap();
    let report = import(&database, &["--force"], &[&inside]).await;
    assert_eq!((count(&report, "inserted"), count(&report["analysis"], "analysed")), (1, 4), "{report}");
    assert_eq!(number(&mut connection, "SELECT count(*) FROM musical_metadata WHERE n_notes = -1").await, 2);
    import(&database, &["--force"], &[folder.path()]).await;
    fs::remove_file(inside.join("new.mid")).unwrap();
    import(&database, &[], &[folder.path()]).await;
    let found = Rows::active(&database.url).await;
    assert_eq!(found.count("musical_metadata"), 6);
    assert_eq!(found.table("musical_metadata"), expected.table("musical_metadata"));
}
