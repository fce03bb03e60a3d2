//! Ctrl-C and SIGTERM: the import ends in order, the shell sees the signal, and the same command goes on.

use std::ffi::OsString;

use loader::sample::Container;

use crate::dice::Dice;
use crate::harness::{TestDatabase, passable_directory};
use crate::program::{Program, is_long, until};
use crate::rows::{Rows, archive, assert_whole, collection, make_large, number, try_number};

/// An import that cannot end by itself, because its standard input is open; by then it has stored what else there is.
fn command(folder: &std::path::Path, mode: &str) -> Vec<OsString> {
    let mut arguments: Vec<OsString> =
        ["import", "--batch-size", "24", "--mode", mode].map(OsString::from).to_vec();
    arguments.extend([folder.into(), "-".into()]);
    arguments
}

#[tokio::test]
async fn the_first_signal_ends_it_in_order() {
    let folder = passable_directory();
    collection(folder.path(), 140);
    make_large(folder.path());
    for (signal, name, mode) in [(2, "-INT", "normal"), (15, "-TERM", "fast")] {
        let arguments = command(folder.path(), mode);
        let undisturbed = TestDatabase::create().await;
        Program::on(&undisturbed, &arguments).run().finished();
        let expected = Rows::of(&undisturbed.url).await;

        let database = TestDatabase::create().await;
        let mut running = Program::on(&database, &arguments).held_open().start();
        let input = running.input();
        let stored = "SELECT count(*) FROM files";
        until("rows are stored", async || try_number(&database.url, stored).await > Some(0)).await;
        running.signal(name);
        let ended = running.wait();
        drop(input);
        assert_eq!((ended.signal, ended.code), (Some(signal), None), "really signalled: {}", ended.stderr);
        ended.says(&["stopping", "run the same command again"]);
        let mut connection = database.connect().await;
        for (question, query, found) in [
            ("state", "SELECT count(*) FROM runs WHERE state = 'interrupted'", 1),
            ("indexes", "SELECT count(*) FROM loader.secondary_indexes WHERE is_valid", 39),
            ("suspended", "SELECT count(*) FROM loader.suspended_indexes", 0),
        ] {
            assert_eq!(number(&mut connection, query).await, found, "{name}: {question}");
        }

        Program::on(&database, &arguments).run().finished();
        assert_whole(&database.url, name).await;
        expected.assert_same(&Rows::of(&database.url).await, name);
    }
}

/// Tasks that were not begun when it was told to end are not lost with it: a zip is complete when all of it was read.
#[tokio::test]
async fn in_the_middle_of_zips_none_is_called_complete() {
    let folder = passable_directory();
    for number in 0..6 {
        archive(folder.path(), Container::Zip, number, 1_500, 2_000);
    }
    let arguments = ["import".as_ref(), "--batch-size".as_ref(), "24".as_ref(), folder.path().as_os_str()];
    let undisturbed = TestDatabase::create().await;
    let took = Program::on(&undisturbed, arguments).run().finished().took;
    let expected = Rows::of(&undisturbed.url).await;

    let mut dice = Dice::seeded();
    let mut hits = 0;
    for case in 0..if is_long() { 60 } else { 6 } {
        let database = TestDatabase::create().await;
        let mut running = Program::on(&database, arguments).start();
        tokio::time::sleep(dice.moment(took)).await;
        running.signal("-INT");
        let ended = running.wait();
        assert!(!ended.stderr.contains("add up"), "case {case}: {}", ended.stderr);
        if ended.signal == Some(2) {
            hits += 1;
        }
        Program::on(&database, arguments).run().finished();
        let what = format!("case {case}");
        assert_whole(&database.url, &what).await;
        expected.assert_same(&Rows::of(&database.url).await, &what);
    }
    assert!(hits > 0, "no import was still running when it was told to end");
}

/// An archive that is read from front to back is in the middle of itself then: what is stored of it is more than what it is
/// known to hold, which was called a defect of the program once.
#[tokio::test]
async fn in_the_middle_of_an_archive_it_ends_in_order() {
    let folder = passable_directory();
    let path = archive(folder.path(), Container::TarGz, 5, 6_000, 2_000);
    let arguments = ["import".as_ref(), "--batch-size".as_ref(), "24".as_ref(), path.as_os_str()];
    let undisturbed = TestDatabase::create().await;
    Program::on(&undisturbed, arguments).run().finished();

    let database = TestDatabase::create().await;
    let mut running = Program::on(&database, arguments).start();
    until("rows are stored", async || {
        try_number(&database.url, "SELECT count(*) FROM files").await > Some(0)
    })
    .await;
    running.signal("-INT");
    let ended = running.wait();
    assert_eq!((ended.signal, ended.code), (Some(2), None), "{}", ended.stderr);
    let loading = "SELECT count(*) FROM sources WHERE state = 'loading'";
    assert_eq!(try_number(&database.url, loading).await, Some(1), "it was in the middle");
    Program::on(&database, arguments).run().finished();
    assert_whole(&database.url, "afterwards").await;
    Rows::of(&undisturbed.url).await.assert_same(&Rows::of(&database.url).await, "afterwards");
}

/// A shell reports 128 + the signal, as it does for any program that was interrupted.
#[tokio::test]
async fn a_shell_sees_130() {
    let database = TestDatabase::create().await;
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "\"$@\"; echo status $?", "sh", crate::program::BINARY]);
    let mut running =
        Program::wrapped(shell, ["import", "-"]).env("DATABASE_URL", &database.url).held_open().start();
    let input = running.input();
    until("it runs", async || running.said().contains("indexes:")).await;
    // The terminal signals both; the shell outlives it because it waits.
    let loader = children_of(running.id());
    crate::harness::kill("-INT", loader);
    let ended = running.wait();
    drop(input);
    assert_eq!(ended.stdout.trim(), "status 130", "{}", ended.stderr);
}

/// The only child of a process.
fn children_of(process: u32) -> u32 {
    let children = fs_err::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap();
    children.split_whitespace().next().unwrap_or_else(|| panic!("{process} has no child")).parse().unwrap()
}

/// Twice means at once: nothing is waited for.
#[tokio::test]
async fn the_second_signal_ends_it_at_once() {
    let folder = passable_directory();
    collection(folder.path(), 140);
    let database = TestDatabase::create().await;
    let arguments = command(folder.path(), "normal");
    Program::on(&database, ["import".as_ref(), passable_directory().path().as_os_str()]).run().finished();
    // Writers wait for this transaction, so that the first signal cannot end it.
    let mut dam = database.connect().await;
    sqlx::raw_sql("BEGIN; LOCK TABLE files IN SHARE MODE").execute(&mut dam).await.unwrap();
    let mut running = Program::on(&database, &arguments).held_open().start();
    let input = running.input();
    running.stands_before(&mut dam, 1).await;
    running.signal("-INT");
    until("it says so", async || running.said().contains("once more")).await;
    assert!(running.is_running());
    running.signal("-INT");
    let ended = running.wait();
    assert_eq!(ended.signal, Some(2), "{}", ended.stderr);
    drop(input);
    sqlx::raw_sql("ROLLBACK").execute(&mut dam).await.unwrap();
    drop(dam);
    super::finish(&database, &arguments);
    assert_whole(&database.url, "left at once").await;
}
