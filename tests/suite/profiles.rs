//! Profiles and the configuration file, as the program lets them be seen: the same rows from each, in order where that is
//! asked, and no more threads than are needed.

use std::path::Path;

use fs_err as fs;
use loader::sample::{self, SampleOptions};
use serde_json::Value;

use crate::harness::{TestDatabase, passable_directory};
use crate::program::{Program, until};
use crate::rows::try_number;

fn arguments<'a>(options: &'a [&'a str], path: &'a Path) -> Vec<&'a std::ffi::OsStr> {
    options.iter().map(std::ffi::OsStr::new).chain([path.as_os_str()]).collect()
}

/// A small file of its own content.
fn write_music(path: &Path, number: u16) {
    let [high, low] = number.to_be_bytes();
    let mut content = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\x14\0\xff\x01\x02".to_vec();
    // Letters, so that the text is one.
    content.extend([b'a' + high % 26, b'a' + low % 26]);
    content.extend([0, 0x90, u8::try_from(number % 120).unwrap(), 0x40, 0x60, 0x80]);
    content.extend([u8::try_from(number % 120).unwrap(), 0, 0, 0xff, 0x2f, 0]);
    let length = u8::try_from(content.len() - 22).unwrap();
    content[21] = length;
    fs::write(path, content).unwrap();
}

/// Every place with its content and what was found out, whatever the ids of runs.
async fn places(database: &TestDatabase) -> Vec<(String, i64, i64)> {
    sqlx::query_as(
        "SELECT s.path, l.entry_ordinal, l.file_id FROM file_locations l JOIN sources s ON s.id = l.source_id \
         JOIN musical_metadata m USING (file_id) ORDER BY 1, 2",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_profile_stores_the_same_rows() {
    let folder = passable_directory();
    let options = SampleOptions { files: 300, files_per_archive: 60, ..SampleOptions::default() };
    sample::write(&options, folder.path()).unwrap();
    let mut expected = None;
    for profile in ["default", "conservative", "aggressive", "network", "auto"] {
        let database = TestDatabase::create().await;
        let ended = Program::on(&database, arguments(&["import", "--profile", profile], folder.path())).run();
        let ended = ended.expect(&[0, 3]);
        ended.says(&[&format!("profile:  {}", if profile == "auto" { "" } else { profile })]);
        let found = places(&database).await;
        assert!(found.len() > 100);
        assert!(*expected.get_or_insert_with(|| found.clone()) == found, "{profile} stored other rows");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_job_stores_rows_in_the_order_of_the_walk() {
    let folder = passable_directory();
    for number in 0..300 {
        write_music(&folder.path().join(format!("{number:03}.mid")), number);
    }
    let walked: Vec<String> = walkdir::WalkDir::new(folder.path().canonicalize().unwrap())
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.path().display().to_string())
        .collect();
    let database = TestDatabase::create().await;
    let import = ["import", "--jobs", "1", "--batch-size", "50"];
    Program::on(&database, arguments(&import, folder.path())).run().expect(&[0]);
    let stored: Vec<String> =
        sqlx::query_scalar("SELECT path FROM sources ORDER BY ctid").fetch_all(&database.pool).await.unwrap();
    assert_eq!(stored, walked);
    let contents: Vec<i64> =
        sqlx::query_scalar("SELECT id FROM files ORDER BY ctid").fetch_all(&database.pool).await.unwrap();
    let placed: Vec<i64> = sqlx::query_scalar("SELECT file_id FROM file_locations ORDER BY ctid")
        .fetch_all(&database.pool)
        .await
        .unwrap();
    assert_eq!(contents, placed, "a content was stored before one that was read earlier");
    assert!(!contents.is_sorted(), "the order of ids is not that of the walk, or this shows nothing");
    let connections = "SELECT (options->>'connections')::bigint FROM runs";
    assert_eq!(try_number(&database.url, connections).await, Some(1));
}

/// A program's threads: what each is called, and how far it stands back.
fn threads(process: u32) -> Vec<(String, i32)> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let stats = tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("stat")).ok());
    stats.map(|stat| thread(&stat)).collect()
}

/// `123 (reader) S` and more numbers, of which the nineteenth in all is the niceness.
fn thread(stat: &str) -> (String, i32) {
    let (start, rest) = stat.rsplit_once(") ").unwrap();
    let name = start.split_once('(').unwrap().1.to_owned();
    (name, rest.split(' ').nth(16).unwrap().parse().unwrap())
}

/// The threads of an import that waits for memory, which the database does not give back.
async fn threads_in_the_middle(jobs: &str, folder: &Path) -> Vec<(String, i32)> {
    let database = TestDatabase::create().await;
    let mut dam = database.connect().await;
    sqlx::raw_sql("BEGIN; LOCK TABLE files IN SHARE MODE").execute(&mut dam).await.unwrap();
    let import = ["import", "--memory", "1", "--max-entry-size", "1", "--batch-size", "20", "--jobs", jobs];
    let import = [&import[..], &["--nice", "19"]].concat();
    let mut running = Program::on(&database, arguments(&import, folder)).start();
    running.stands_before(&mut dam, 1).await;
    // The walk comes to its end, the reading does not.
    until("the walk is over", async || !threads(running.id()).iter().any(|(name, _)| name == "walk")).await;
    let threads = threads(running.id());
    sqlx::raw_sql("ROLLBACK").execute(&mut dam).await.unwrap();
    running.wait().expect(&[0]);
    threads
}

#[tokio::test(flavor = "multi_thread")]
async fn one_job_has_one_thread_beside_the_runtime() {
    let folder = passable_directory();
    for number in 0..1_200 {
        write_music(&folder.path().join(format!("{number:04}.mid")), number);
    }
    let count = |threads: &[(String, i32)], wanted: &str| {
        threads.iter().filter(|(name, _)| name.starts_with(wanted)).count()
    };
    let four = threads_in_the_middle("4", folder.path()).await;
    assert_eq!(count(&four, "task-"), 4, "{four:?}");
    let one = threads_in_the_middle("1", folder.path()).await;
    assert_eq!((count(&one, "task-"), count(&one, "reader")), (0, 1), "{one:?}");
    // The main thread and two of the runtime, which talk to the database; the runtime may keep one more for calls that block.
    assert_eq!(one.len() - 1 - count(&one, "tokio"), 1, "{one:?}");
    assert!(count(&one, "tokio") <= 3, "{one:?}");
    // Who reads and works stands back; the runtime, which may start a server, does not.
    let own = thread(&fs::read_to_string("/proc/self/stat").unwrap()).1;
    for (name, nice) in four.iter().chain(&one) {
        let works = name == "reader" || name.starts_with("task-");
        assert_eq!(*nice, if works { 19 } else { own }, "{name} of {four:?} and {one:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fewer_than_twenty_files_take_the_short_way() {
    let database = TestDatabase::create().await;
    let folder = passable_directory();
    for number in 0..39 {
        write_music(&folder.path().join(format!("{number:03}.mid")), number);
        // What is new counts: 19 the first time, 20 the second.
        let is_told = match number {
            18 => "reading alone",
            38 => "reading side by side",
            _ => continue,
        };
        let state = passable_directory();
        let log = state.path().join("log.txt");
        let mut import = arguments(&["import", "--jobs", "2", "--log-file"], &log);
        import.push(folder.path().as_os_str());
        Program::on(&database, import).run().expect(&[0]);
        let log_text = fs::read_to_string(&log).unwrap();
        assert!(log_text.contains(is_told), "{number}: {log_text}");
    }
    assert_eq!(try_number(&database.url, "SELECT count(*) FROM files").await, Some(39));
}

#[test]
fn the_configuration_file_is_read_and_flags_go_before_it() {
    let program = Program::new(["config", "--memory", "64", "--json"]).env("LOADER_CONNECTIONS", "3");
    let file = program.home().join("config/loader/config.toml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "memory = 32\nconnections = 5\nnice = 7\nanalysis = \"full\"\n").unwrap();
    let home = program.home().join("config");
    let ended = program.env("XDG_CONFIG_HOME", home.as_os_str()).run().expect(&[0]);
    let told: Value = ended.json();
    let file = file.display().to_string();
    assert_eq!(told["file"], file);
    let settings = told["settings"].as_array().unwrap();
    for (name, value, from) in [
        ("memory", "64", "--memory".to_owned()),
        ("connections", "3", "LOADER_CONNECTIONS".to_owned()),
        ("nice", "7", format!("{file}:3")),
        ("analysis", "full", format!("{file}:4")),
        ("mmap", "auto", "built in".to_owned()),
    ] {
        let setting = settings.iter().find(|setting| setting["name"] == name).unwrap();
        assert_eq!((&setting["value"], &setting["from"]), (&value.into(), &from.into()), "{told}");
    }
}

#[test]
fn a_configuration_that_cannot_be_used_stops_every_command_but_those_that_mend_it() {
    for (arguments, status) in [
        (&["status"][..], 2),
        (&["config"], 2),
        (&["config", "path"], 0),
        (&["config", "example"], 0),
        (&["man"], 0),
    ] {
        let program = Program::new(arguments);
        let file = program.home().join("mine.toml");
        fs::write(&file, "jobs = 2\nconections = 5\n").unwrap();
        let ended = program.env("LOADER_CONFIG", file.as_os_str()).run().expect(&[status]);
        if status == 2 {
            ended.says(&["mine.toml', line 2", "'conections'", "'connections' is one"]);
            ended.is_well_formed_error();
        }
    }
    let ended = Program::new(["status", "--config", "not/there.toml"]).run().expect(&[2]);
    ended.says(&["configuration file cannot be read", "not/there.toml", "loader config example"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_and_extract_answer_the_same_in_every_profile() {
    let folder = passable_directory();
    let from = folder.path().join("from");
    let options = SampleOptions { files: 120, files_per_archive: 30, ..SampleOptions::default() };
    sample::write(&options, &from).unwrap();
    let database = TestDatabase::create().await;
    let (mut checked, mut extracted) = (None, None);
    for profile in ["default", "conservative", "network"] {
        let check = ["check", "--profile", profile];
        let answers = Program::on(&database, arguments(&check, &from)).run().expect(&[0, 3]).stdout;
        assert!(answers.lines().count() > 100, "{answers}");
        assert!(*checked.get_or_insert_with(|| answers.clone()) == answers, "{profile} answers otherwise");
        let to = folder.path().join(profile);
        let extract = ["extract", "--json", "--profile", profile, "--to"];
        let mut extract = arguments(&extract, &to);
        extract.push(from.as_os_str());
        let report = Program::new(extract).run().expect(&[0, 3]).json();
        assert!(report["written"].as_u64() > Some(50), "{report}");
        assert_eq!(*extracted.get_or_insert_with(|| report.clone()), report, "{profile}");
    }
}
