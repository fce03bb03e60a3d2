//! Folders that may not be listed, for a program that has no more rights than others.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use fs_err as fs;
use loader::sample::Container;

use crate::harness::{TestCluster, TestDatabase, passable_directory};
use crate::import::{count, import};
use crate::program::Program;
use crate::refusals::without_privileges;
use crate::rescan::{piece, write_pieces};
use crate::rows::{Rows, archive, assert_whole, reasons, try_number};

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// A server of its own, whose socket everyone may reach: even root has to ask here.
fn reachable_server() -> TestCluster {
    let test = TestCluster::running();
    set_mode(&test.cluster.layout().base, 0o755);
    set_mode(Path::new(&test.cluster.layout().socket_directory), 0o755);
    set_mode(&test.cluster.layout().socket(), 0o777);
    test
}

/// The report of an import by somebody who has no more rights than others.
fn rescan(url: &str, folder: &Path, statuses: &[i32]) -> serde_json::Value {
    let arguments = ["import".as_ref(), "--json".as_ref(), folder.as_os_str()];
    let ended = Program::wrapped(without_privileges(), arguments).env("DATABASE_URL", url).run();
    ended.expect(statuses).json()
}

#[tokio::test]
async fn a_folder_that_may_not_be_listed_keeps_what_is_known_of_it() {
    let folder = passable_directory();
    let (open, closed) = (folder.path().join("open"), folder.path().join("closed"));
    fs::create_dir(&open).unwrap();
    fs::create_dir_all(closed.join("in")).unwrap();
    write_pieces(&open, 0..3);
    write_pieces(&closed.join("in"), 3..6);
    let test = reachable_server();
    let url = test.cluster.url();
    let rescan = |statuses: &[i32]| rescan(&url, folder.path(), statuses);
    rescan(&[0]);
    let before = Rows::active(&url).await;

    set_mode(&closed, 0o000);
    let shut = fs::read_dir(&closed).is_err();
    fs::remove_file(open.join("0.mid")).unwrap();
    for round in 0..2 {
        let report = rescan(&[3]);
        let numbers = ["rejected", "sources_vanished", "sources_unchanged"];
        assert_eq!(numbers.map(|name| count(&report, name)), [1, 1 - round, 2], "{shut}: {report}");
        assert_whole(&url, "closed").await;
        assert_eq!(reasons(&url).await.into_iter().collect::<Vec<_>>(), [("permission_denied".into(), 1)]);
    }
    let listed = |expected: usize| {
        let ended = Program::new(["rejects"]).env("DATABASE_URL", &url).run().expect(&[0]);
        assert_eq!(ended.stdout.lines().count(), expected, "{}", ended.stdout);
    };
    listed(1);
    let known = "SELECT count(*) FROM sources WHERE path LIKE '%/closed/in/%' AND is_active";
    assert_eq!(try_number(&url, known).await, Some(3), "nobody knows whether they are there");

    // Something happens behind the closed door, and it opens.
    fs::write(open.join("0.mid"), piece(0)).unwrap();
    set_mode(&closed, 0o755);
    fs::remove_file(closed.join("in/3.mid")).unwrap();
    let report = rescan(&[0]);
    assert_eq!(["rejected", "sources_vanished"].map(|name| count(&report, name))[0], 0, "{report}");
    listed(0);
    assert_whole(&url, "open").await;
    fs::write(closed.join("in/3.mid"), piece(3)).unwrap();
    rescan(&[0]);
    listed(0);
    assert_eq!(before.count("files"), Rows::active(&url).await.count("files"));
    let new = TestDatabase::create().await;
    import(&new, &[], &[folder.path()]).await;
    Rows::active(&new.url).await.assert_same(&Rows::active(&url).await, "open again");
}

/// Names that are listed and files that cannot be looked at: what is stored of them stays.
#[tokio::test]
async fn files_that_may_not_be_looked_at_keep_what_is_stored_of_them() {
    let folder = passable_directory();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    write_pieces(folder.path(), 0..2);
    write_pieces(&closed, 2..4);
    archive(&closed, Container::Zip, 7, 12, 2_000);
    let names: Vec<_> = fs::read_dir(&closed).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let set_modes = |mode| {
        for name in &names {
            set_mode(&closed.join(name), mode);
        }
    };
    let test = reachable_server();
    let url = test.cluster.url();
    let rescan = |statuses: &[i32]| rescan(&url, folder.path(), statuses);
    rescan(&[0]);
    let before = Rows::active(&url).await;

    for mode in [0o444, 0o444, 0o755] {
        set_mode(&closed, mode);
        if mode == 0o755 {
            // At last they may be looked at, and not opened.
            set_modes(0o000);
        }
        let report = rescan(&[3]);
        assert!(report["seconds"].as_f64().unwrap() < 15.0, "nothing is waited for: {report}");
        assert_eq!(["rejected", "sources_vanished"].map(|name| count(&report, name)), [3, 0], "{report}");
        assert_whole(&url, "not to be looked at").await;
        assert_eq!(reasons(&url).await.into_iter().collect::<Vec<_>>(), [("permission_denied".into(), 3)]);
        let now = Rows::active(&url).await;
        assert_eq!(
            ["files", "file_locations"].map(|table| now.count(table)),
            ["files", "file_locations"].map(|table| before.count(table))
        );
    }
    set_modes(0o644);
    rescan(&[0]);
    assert!(reasons(&url).await.is_empty());
    // Complete again, and not to be opened: only who compares notices, and forgets nothing.
    set_modes(0o000);
    let verify = ["import".as_ref(), "--json".as_ref(), "--verify".as_ref(), folder.path().as_os_str()];
    let verified = Program::wrapped(without_privileges(), verify).env("DATABASE_URL", &url).run();
    let report = verified.expect(&[3]).json();
    assert_eq!(["rejected", "sources_differing"].map(|name| count(&report, name)), [3, 0], "{report}");
    let now = Rows::active(&url).await;
    assert_eq!(
        ["files", "file_locations"].map(|table| now.count(table)),
        ["files", "file_locations"].map(|table| before.count(table))
    );
    assert_whole(&url, "compared").await;
    set_modes(0o644);
    rescan(&[0]);
    assert!(reasons(&url).await.is_empty());
    before.assert_same(&Rows::active(&url).await, "to be looked at again");
}

/// The same while it is watched: what may not be listed keeps nobody from the rest, and is found when it may.
#[tokio::test]
async fn a_folder_that_may_not_be_listed_is_watched_when_it_may() {
    let folder = passable_directory();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    write_pieces(folder.path(), 0..2);
    write_pieces(&closed, 2..4);
    let test = reachable_server();
    let url = test.cluster.url();
    set_mode(&closed, 0o000);
    let arguments = ["watch", "--json", "--debounce", "0.2s", "--rescan-every", "never"].map(AsRef::as_ref);
    let arguments = arguments.into_iter().chain([folder.path().as_os_str()]);
    let mut running = Program::wrapped(without_privileges(), arguments).env("DATABASE_URL", &url).start();
    let active = "SELECT count(*) FROM sources WHERE is_active AND kind = 'midi'";
    crate::program::until("the rest arrives", async || try_number(&url, active).await == Some(2)).await;
    write_pieces(folder.path(), 4..5);
    crate::program::until("what comes arrives", async || try_number(&url, active).await == Some(3)).await;
    set_mode(&closed, 0o755);
    crate::program::until("it opens", async || try_number(&url, active).await == Some(5)).await;
    write_pieces(&closed, 5..6);
    crate::program::until("it is listened to", async || try_number(&url, active).await == Some(6)).await;
    running.signal("-TERM");
    running.wait();
    let new = TestDatabase::create().await;
    import(&new, &[], &[folder.path()]).await;
    Rows::active(&new.url).await.assert_same(&Rows::active(&url).await, "watched");
}
