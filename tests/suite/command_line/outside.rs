//! A run as it is seen from outside while it goes on, after it was killed, and until everything is put back.

use std::path::Path;

use fs_err as fs;
use loader::sample::{self, Container, SampleOptions};
use serde_json::Value;

use crate::harness::{TestDatabase, passable_directory};
use crate::program::{Program, Running, until};
use crate::rows::{assert_whole, make_large, try_number};

/// Two archives, of which memory for one batch holds far from everything.
fn collection(folder: &Path) {
    let options = SampleOptions {
        files: 2_000,
        mean_size: 6_000,
        layout: vec![Container::Tar],
        files_per_archive: 1_000,
        ..SampleOptions::default()
    };
    sample::write(&options, folder).unwrap();
    fs::write(folder.join("x.mid"), "no music").unwrap();
}

/// An import whose writers are kept waiting, so that it is for sure in the middle; and the connection that keeps them.
async fn stopped_in_the_middle(
    database: &TestDatabase,
    folder: &Path,
    options: &[&str],
) -> (Running, sqlx::postgres::PgConnection) {
    let limits = ["import", "--memory", "1", "--max-entry-size", "1", "--batch-size", "100", "--jobs", "2"];
    let arguments = limits.iter().chain(options).map(std::ffi::OsStr::new).chain([folder.as_os_str()]);
    let mut running = Program::on(database, arguments).start();
    until("rows are stored", async || {
        try_number(&database.url, "SELECT count(*) FROM files").await >= Some(100)
    })
    .await;
    let mut dam = database.connect().await;
    sqlx::raw_sql("BEGIN; LOCK TABLE files IN SHARE MODE").execute(&mut dam).await.unwrap();
    running.stands_before(&mut dam, 1).await;
    (running, dam)
}

fn status(database: &TestDatabase, statuses: &[i32]) -> (Value, String) {
    let json = Program::on(database, ["status", "--json"]).run().expect(statuses).json();
    (json, Program::on(database, ["status"]).run().expect(statuses).stdout)
}

#[tokio::test]
async fn a_run_that_is_killed_and_put_back() {
    let folder = passable_directory();
    collection(folder.path());
    make_large(folder.path());
    let database = TestDatabase::create().await;
    Program::on(&database, ["status"]).run().expect(&[0]).says(&["no import has been run yet"]);

    let (mut running, mut dam) = stopped_in_the_middle(&database, folder.path(), &["--mode", "fast"]).await;
    // A heartbeat a second: the next one tells of now.
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    assert!(running.is_running());
    let (json, text) = status(&database, &[0]);
    assert_eq!(
        (&json["state"], &json["progress"]["phase"]),
        (&"running".into(), &"loading".into()),
        "{json}"
    );
    assert_eq!(json["suspended_indexes"], 39, "{json}");
    assert!(json["progress"]["inserted"].as_u64() >= Some(100), "{json}");
    assert_eq!(json["progress"]["sources_found"], 4, "{json}");
    assert_eq!(json["suspended_foreign_keys"], 10, "{json}");
    for word in
        ["running, loading", "mode fast", "of 4", "new files", "stored", "39 suspended", "10 foreign keys"]
    {
        assert!(text.contains(word), "no `{word}`:\n{text}");
    }
    let backup = fs::read_to_string(running.state().join("INDEX_BACKUP.sql")).unwrap();
    for word in ["CREATE INDEX IF NOT EXISTS metadata_words", "ADD CONSTRAINT musical_metadata_file_id_fkey"]
    {
        assert!(backup.contains(word), "no `{word}`:\n{backup}");
    }

    running.signal("-KILL");
    assert_eq!(running.wait().signal, Some(9));
    sqlx::raw_sql("ROLLBACK").execute(&mut dam).await.unwrap();
    until("the server has noticed", async || {
        Program::on(&database, ["status", "--json"]).run().json()["state"] == "killed"
    })
    .await;
    let (json, text) = status(&database, &[13]);
    assert_eq!(json["suspended_indexes"], 39, "{json}");
    for word in ["killed while running", "the same command goes on", "loader restore", "39 suspended"] {
        assert!(text.contains(word), "no `{word}`:\n{text}");
    }

    let restored = Program::on(&database, ["restore"]).run().expect(&[0]);
    restored.says(&["building 39 indexes", "everything is as it was, and was seen to be"]);
    let (json, text) = status(&database, &[0]);
    assert_eq!((&json["state"], &json["suspended_indexes"]), (&"killed".into(), &0.into()), "{json}");
    assert!(text.contains("killed; the same command goes on where it stopped"), "{text}");
    Program::on(&database, ["restore"]).run().expect(&[0]).says(&["nothing is suspended"]);

    Program::on(&database, ["import".as_ref(), folder.path().as_os_str()]).run().expect(&[3]);
    assert_whole(&database.url, "after the kill").await;
    let (json, _) = status(&database, &[0]);
    assert_eq!((&json["state"], &json["progress"]["phase"]), (&"finished".into(), &"done".into()), "{json}");
}

#[tokio::test]
async fn progress_and_log_can_be_followed() {
    let folder = passable_directory();
    collection(folder.path());
    let logs = passable_directory();
    for (face, database) in [("json", TestDatabase::create().await), ("plain", TestDatabase::create().await)]
    {
        let log = logs.path().join(format!("{face}.log"));
        let options = ["--progress", face, "--log-file", log.to_str().unwrap()];
        let (running, mut dam) = stopped_in_the_middle(&database, folder.path(), &options).await;
        // Two lines, two seconds apart.
        tokio::time::sleep(std::time::Duration::from_millis(4_500)).await;
        let text = fs::read_to_string(&log).unwrap();
        sqlx::raw_sql("ROLLBACK").execute(&mut dam).await.unwrap();
        let ended = running.wait().expect(&[3]);

        // The log could be followed while the run went on: each line has the time, the progress all that one asks for.
        for line in text.lines() {
            let (time, rest) = line.split_at(29);
            assert!(jiff::Timestamp::strptime("%Y-%m-%d %H:%M:%S%.f%:z", time).is_ok(), "{line}");
            assert!(rest.trim_start().starts_with("INFO "), "{line}");
        }
        let progress: Vec<_> = text.lines().filter(|line| line.contains("INFO loading ")).collect();
        assert!(progress.len() >= 2, "{text}");
        for word in ["/3 sources", " read, ", " stored", "/s ", "kB/s", "rejected"] {
            let is_told = |line: &&str| line.replace("MB/s", "kB/s").replace(" B/s", " kB/s").contains(word);
            assert!(progress.iter().all(is_told), "no `{word}`:\n{text}");
        }
        // Not before a source is done.
        assert!(progress.last().is_some_and(|line| line.contains("ETA ")), "no `ETA `:\n{text}");
        assert!(text.contains("plan: mode:"), "{text}");
        let whole = fs::read_to_string(&log).unwrap();
        assert!(whole.lines().any(|line| line.contains("INFO Imported ")), "{whole}");

        let lines: Vec<_> = ended.stderr.lines().collect();
        if face == "plain" {
            assert!(
                lines.iter().filter(|line| line.starts_with("loading ")).count() >= 2,
                "{}",
                ended.stderr
            );
            continue;
        }
        let documents: Vec<Value> = lines
            .iter()
            .filter(|line| line.starts_with('{'))
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert!(documents.len() >= 2, "{}", ended.stderr);
        for document in &documents {
            for key in [
                "phase",
                "seconds",
                "files_per_second",
                "bytes_per_second",
                "eta_seconds",
                "sources_done",
                "rejected",
            ] {
                assert!(document.get(key).is_some(), "no {key}: {document}");
            }
        }
        // What comes after loading is short, and may be met as well.
        assert!(documents.iter().take(2).all(|document| document["phase"] == "loading"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn the_log_has_a_place_by_itself() {
    let database = TestDatabase::create().await;
    let folder = passable_directory();
    let program = Program::on(&database, ["import".as_ref(), folder.path().as_os_str()]);
    let logs = program.home().join("state/loader/logs");
    let mut running = program.start();
    while running.is_running() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let log = fs::read_dir(&logs).unwrap().next().unwrap().unwrap().path();
    assert!(fs::read_to_string(&log).unwrap().contains("Imported 0 files"));
    running.wait().expect(&[0]).says(&[&format!("log: {}", log.display())]);
}
