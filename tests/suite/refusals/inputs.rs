//! Paths and files that are wrong in the ways that happen.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use fs_err as fs;
use loader::sample::{self, Container};
use loader::server::account::Account;

use crate::harness::{TestCluster, TestDatabase, passable_directory};
use crate::import::{count, import};
use crate::program::{BINARY, Ended, Program};
use crate::rows::{Rows, archive, assert_whole, number, reasons, try_number};

fn import_path(database: &TestDatabase, path: &Path) -> Ended {
    Program::on(database, ["import".as_ref(), "--json".as_ref(), path.as_os_str()]).run()
}

async fn reasons_of(database: &TestDatabase) -> Vec<(String, i64)> {
    reasons(&database.url).await.into_iter().collect()
}

#[tokio::test]
async fn no_such_path() {
    let database = TestDatabase::create_empty().await;
    let there = passable_directory();
    let ended = Program::on(
        &database,
        ["import".as_ref(), there.path().as_os_str(), OsStr::new("/no/such/thing.zip")],
    )
    .run()
    .expect(&[2]);
    ended.is_well_formed_error();
    ended.says(&["there is no file or directory '/no/such/thing.zip'", "nothing was imported"]);
    assert_eq!(ended.stdout, "");
    assert_eq!(try_number(&database.url, "SELECT count(*) FROM runs").await, None, "nothing was touched");

    // Without a database the private cluster would be made: not for a path that is wrong.
    let program = Program::new(["import", "/no/such/thing.zip"]);
    let home = program.home();
    program.run().expect(&[2]);
    assert!(!home.join("cluster").exists());
}

#[tokio::test]
async fn an_empty_directory_and_one_named_like_a_file() {
    let folder = passable_directory();
    let database = TestDatabase::create().await;
    let report = import(&database, &[], &[folder.path()]).await;
    assert_eq!((count(&report, "seen"), count(&report, "sources")), (0, 0), "{report}");

    fs::create_dir_all(folder.path().join("x.mid/y.zip")).unwrap();
    fs::write(folder.path().join("x.mid/y.zip/z.MID"), sample::midi(1, 1, 700)).unwrap();
    let report = import(&database, &[], &[&folder.path().join("x.mid")]).await;
    assert_eq!((count(&report, "seen"), count(&report, "inserted")), (1, 1), "{report}");
    assert_eq!(reasons_of(&database).await, []);
}

#[tokio::test]
async fn a_picture_named_like_a_piece() {
    let folder = passable_directory();
    let path = folder.path().join("cover.mid");
    fs::write(&path, b"\xff\xd8\xff\xe0\0\x10JFIF\0 a picture").unwrap();
    let database = TestDatabase::create().await;
    let ended = import_path(&database, folder.path()).expect(&[3]);
    assert_eq!(count(&ended.json(), "rejected"), 1);
    ended.says(&["1 rejected", "loader rejects --run 1"]);
    assert_eq!(reasons_of(&database).await, [("not_midi_content".to_owned(), 1)]);
    let listed = Program::on(&database, ["rejects"]).run().expect(&[0]).stdout;
    assert!(listed.starts_with(&format!("not_midi_content\t{}\t", path.display())), "{listed}");
}

#[tokio::test]
async fn archives_that_were_cut_off() {
    for (container, expected) in [
        (Container::Zip, &["archive_truncated", "zip_damaged"][..]),
        (Container::Tar, &["archive_truncated"]),
        (Container::TarGz, &["archive_truncated", "archive_damaged"]),
        (Container::TarZst, &["archive_truncated", "archive_damaged"]),
    ] {
        let folder = passable_directory();
        let path = archive(folder.path(), container, 5, 60, 6_000);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() * 6 / 10 / 512 * 512 + 100]).unwrap();
        let database = TestDatabase::create().await;
        let report = import_path(&database, folder.path()).expect(&[3]).json();
        assert_whole(&database.url, container.word()).await;
        let (kept, found) = (count(&report, "inserted"), reasons_of(&database).await);
        // What lies before the cut is kept; one refusal says that something is missing.
        assert!((20..60).contains(&kept), "{container}: {report}");
        let whole_source = "SELECT count(*) FROM rejects WHERE entry_ordinal = -1 AND entry_path IS NULL";
        assert_eq!(number(&mut database.connect().await, whole_source).await, 1, "{container}: {found:?}");
        assert!(
            found.iter().any(|(reason, _)| expected.contains(&reason.as_str())),
            "{container}: {found:?}"
        );
        // The same again: nothing new, and no second refusal.
        let before = Rows::of(&database.url).await;
        import_path(&database, folder.path()).finished();
        before.assert_same(&Rows::of(&database.url).await, container.word());

        // Mended, it is complete and no longer refused.
        fs::write(&path, &whole).unwrap();
        let report = import_path(&database, folder.path()).expect(&[0]).json();
        assert_eq!(count(&report, "inserted") + kept, 60, "{container}: {report}");
        assert_eq!(reasons_of(&database).await, [], "{container}");
    }
}

#[tokio::test]
async fn an_archive_of_a_format_that_is_not_read() {
    let folder = passable_directory();
    fs::write(folder.path().join("songs.arj"), b"\x60\xea\x29\0\x1e\x07 and so on").unwrap();
    fs::write(folder.path().join("songs.cab"), b"MSCF\0\0\0\0 and so on").unwrap();
    let database = TestDatabase::create().await;
    import_path(&database, folder.path()).expect(&[3]);
    assert_eq!(reasons_of(&database).await, [("unsupported_format".to_owned(), 2)]);
}

/// As root, the program is started without the right to read what others may not.
pub(crate) fn without_privileges() -> Command {
    if Account::running().unwrap().uid != 0 {
        return Command::new(BINARY);
    }
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set=-dac_override,-dac_read_search", BINARY]);
    command
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn what_may_not_be_read() {
    let folder = passable_directory();
    let pieces = folder.path().join("pieces");
    fs::create_dir(&pieces).unwrap();
    fs::write(pieces.join("open.mid"), sample::midi(1, 1, 700)).unwrap();
    fs::write(pieces.join("closed.mid"), sample::midi(1, 2, 700)).unwrap();
    let zip = archive(&pieces, Container::Zip, 6, 5, 700);
    let closed = [pieces.join("closed.mid"), zip];

    // Its own server, whose socket everyone may reach: even root has to ask here.
    let test = TestCluster::running();
    set_mode(&test.cluster.layout().base, 0o755);
    set_mode(Path::new(&test.cluster.layout().socket_directory), 0o755);
    set_mode(&test.cluster.layout().socket(), 0o777);
    let url = test.cluster.url();
    let import = |path: &Path| {
        let arguments = ["import".as_ref(), "--json".as_ref(), path.as_os_str()];
        Program::wrapped(without_privileges(), arguments).env("DATABASE_URL", &url).run()
    };

    let set_all = |mode| {
        for path in &closed {
            set_mode(path, mode);
        }
    };
    set_all(0o000);
    for round in 0..2 {
        let report = import(&pieces).expect(&[3]).json();
        assert_whole(&url, "denied").await;
        assert_eq!((count(&report, "rejected"), count(&report, "inserted")), (2, 1 - round), "{report}");
        assert_eq!(reasons(&url).await.into_iter().collect::<Vec<_>>(), [("permission_denied".into(), 2)]);
    }

    set_all(0o644);
    let report = import(&pieces).expect(&[0]).json();
    assert_whole(&url, "allowed").await;
    assert_eq!(count(&report, "inserted"), 6, "{report}");
    // What can be read now is no longer refused.
    assert!(reasons(&url).await.is_empty(), "{:?}", reasons(&url).await);

    // A folder that cannot be listed is refused like a file.
    let folder = pieces.join("folder");
    fs::create_dir(&folder).unwrap();
    set_mode(&folder, 0o000);
    let report = import(&pieces).expect(&[3]).json();
    assert_eq!((count(&report, "rejected"), count(&report, "unchanged")), (1, 7), "{report}");
    set_mode(&folder, 0o755);
}
