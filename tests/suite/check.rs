//! `loader check`: what the library has of files and archives, told without a trace.

mod beside;
mod input;

use std::collections::BTreeMap;
use std::path::Path;

use fs_err as fs;
use loader::sample;
use serde_json::Value;

use crate::harness::{TestDatabase, passable_directory};
use crate::import::import;
use crate::program::{Ended, Program};
use crate::rows::{Rows, collection, number};

/// What is answered for each path, as JSON.
pub(crate) fn check(database: &TestDatabase, options: &[&str], paths: &[&Path]) -> (Vec<Value>, Ended) {
    let mut arguments: Vec<std::ffi::OsString> = vec!["check".into(), "--json".into()];
    arguments.extend(options.iter().map(Into::into));
    arguments.extend(paths.iter().map(Into::into));
    let ended = Program::on(database, arguments).run().finished();
    let lines = ended.stdout.lines();
    (lines.map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect(), ended)
}

/// How often each standing occurs.
pub(crate) fn standings(answers: &[Value]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer["standing"].as_str().unwrap()).or_default() += 1;
    }
    counts
}

/// A format 0 file of quarter notes at 96 ticks, with a name of its track that makes the content another.
pub(crate) fn tune(name: &str, keys: &[u8]) -> Vec<u8> {
    let mut track = vec![0, 0xFF, 0x03, u8::try_from(name.len()).unwrap()];
    track.extend(name.as_bytes());
    for key in keys {
        track.extend([0, 0x90, *key, 80, 96, 0x80, *key, 0]);
    }
    track.extend([0, 0xFF, 0x2F, 0]);
    let mut file = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk".to_vec();
    file.extend(u32::try_from(track.len()).unwrap().to_be_bytes());
    file.extend(track);
    file
}

/// Sixty keys that make one melody.
pub(crate) fn melody(seed: u64) -> Vec<u8> {
    sample::midi(seed, 77, 4_000).into_iter().skip(200).take(60).map(|byte| 40 + byte % 40).collect()
}

#[tokio::test]
async fn new_known_and_refused_in_everything_there_is() {
    let folder = passable_directory();
    let (had, other) = (folder.path().join("had"), folder.path().join("other"));
    collection(&had, 300);
    let database = TestDatabase::create().await;
    let report = import(&database, &[], &[&had]).await;
    let before = Rows::with_history(&database.url).await;
    let (answers, ended) = check(&database, &[], &[&had]);
    let counted = standings(&answers);
    let count = |name: &str| usize::try_from(report[name].as_u64().unwrap()).unwrap();
    assert_eq!(counted["known"], count("inserted") + count("duplicate"), "{counted:?}");
    assert_eq!(counted["refused"], count("rejected"), "the same is refused: {counted:?}");
    assert_eq!(counted.len(), 2, "{counted:?}");
    assert_eq!(ended.code, Some(3));
    ended.says(&["Checked", "known", "could not be read", "not MIDI"]);
    for answer in answers.iter().filter(|answer| answer["standing"] == "known") {
        assert!(answer["places"]["count"].as_u64().unwrap() >= 1, "{answer}");
        let path = answer["places"]["paths"][0].as_str().unwrap();
        assert!(path.starts_with(had.to_str().unwrap()), "{answer}");
    }
    let paths: Vec<_> = answers.iter().map(|answer| answer["path"].as_str().unwrap()).collect();
    // By the paths of the files on disk; within an archive in reading order.
    let outer = |path: &str| std::path::PathBuf::from(path.split("!/").next().unwrap());
    assert!(paths.iter().map(|path| outer(path)).is_sorted(), "not in order");

    fs::create_dir(&other).unwrap();
    for index in 0..30 {
        fs::write(other.join(format!("{index}.mid")), sample::midi(99, index, 900)).unwrap();
    }
    let (answers, ended) = check(&database, &["--only", "new,near", "--jobs", "3"], &[&had, &other]);
    assert_eq!(answers.len(), 30, "{:?}", standings(&answers));
    assert!(
        answers.iter().all(|answer| answer["path"].as_str().unwrap().starts_with(other.to_str().unwrap()))
    );
    ended.says(&["known"]);
    before.assert_same(&Rows::with_history(&database.url).await, "a check writes nothing");
}

#[tokio::test]
async fn what_is_near_says_how_and_where() {
    let folder = passable_directory();
    let (had, come) = (folder.path().join("had"), folder.path().join("come"));
    fs::create_dir_all(&had).unwrap();
    fs::create_dir_all(&come).unwrap();
    let keys = melody(1);
    fs::write(had.join("a.mid"), tune("one", &keys)).unwrap();
    fs::write(had.join("copy.mid"), tune("one", &keys)).unwrap();
    let database = TestDatabase::create().await;
    import(&database, &[], &[&had]).await;

    let mut altered = keys.clone();
    altered[30] += 1;
    let higher: Vec<_> = keys.iter().map(|key| key + 3).collect();
    for (name, content) in [
        ("1 known.mid", tune("one", &keys)),
        ("2 same.mid", tune("another name", &keys)),
        ("3 higher.mid", tune("one", &higher)),
        ("4 altered.mid", tune("one", &altered)),
        ("5 other.mid", tune("one", &melody(2))),
        ("6 silent.mid", tune("silence", &[])),
        ("7 none.mid", b"no music".to_vec()),
    ] {
        fs::write(come.join(name), content).unwrap();
    }
    let (answers, _) = check(&database, &["--places", "9"], &[&come]);
    let told: Vec<_> = answers
        .iter()
        .map(|answer| {
            let name = Path::new(answer["path"].as_str().unwrap()).file_name().unwrap().to_str().unwrap();
            let likeness = answer["near"]["likeness"].as_str().unwrap_or_default();
            format!("{name}: {} {likeness}", answer["standing"].as_str().unwrap()).trim_end().to_owned()
        })
        .collect();
    assert_eq!(
        told,
        [
            "1 known.mid: known",
            "2 same.mid: near same_notes",
            "3 higher.mid: near transposed",
            "4 altered.mid: near similar",
            "5 other.mid: new",
            "6 silent.mid: new",
            "7 none.mid: refused",
        ]
    );
    assert_eq!(answers[0]["places"]["count"], 2);
    assert_eq!(answers[3]["near"]["places"]["paths"].as_array().unwrap().len(), 2, "{}", answers[3]);
    let similarity = answers[3]["near"]["similarity"].as_f64().unwrap();
    assert!((0.8..1.0).contains(&similarity), "{similarity}");
    let (answers, _) = check(&database, &["--similarity", "1"], &[&come]);
    assert_eq!(answers[3]["standing"], "new", "{}", answers[3]);

    // The same for people.
    let ended = Program::on(&database, ["check".as_ref(), come.as_os_str()]).run().expect(&[3]);
    let lines: Vec<_> = ended.stdout.lines().map(|line| line.split('\t').collect::<Vec<_>>()).collect();
    assert_eq!(lines[0][0], "known");
    assert!(lines[0][2].ends_with("had/a.mid (and 1 more)"), "{lines:?}");
    assert!(lines[1][2].starts_with("the same notes as /"), "{lines:?}");
    assert!(lines[2][2].starts_with("transposed from /"), "{lines:?}");
    assert!(lines[3][2].contains(" similar to /"), "{lines:?}");
    assert_eq!(lines[4].len(), 2, "{lines:?}");
    assert!(lines[6][2].starts_with("not_midi_content: "), "{lines:?}");
    ended.says(&["Checked 7 files · 2 new · 1 known · 3 near · 1 could not be read"]);
}

#[tokio::test]
async fn an_empty_library_and_an_empty_folder() {
    let folder = passable_directory();
    let database = TestDatabase::create().await;
    let (answers, ended) = check(&database, &[], &[folder.path()]);
    assert!(answers.is_empty());
    ended.expect(&[0]).says(&["Checked 0 files · 0 new · 0 known"]);
    fs::write(folder.path().join("a.mid"), tune("a", &melody(1))).unwrap();
    let (answers, _) = check(&database, &[], &[folder.path()]);
    assert_eq!(standings(&answers), BTreeMap::from([("new", 1)]));
    // Without a library there is nothing to compare with, and that is said.
    let empty = TestDatabase::create_empty().await;
    let ended = Program::on(&empty, ["check".as_ref(), folder.path().as_os_str()]).run().expect(&[12]);
    ended.is_well_formed_error();
    let mut connection = empty.connect().await;
    assert_eq!(
        number(&mut connection, "SELECT count(*) FROM pg_namespace WHERE nspname = 'loader'").await,
        0
    );
}

#[tokio::test]
async fn what_has_vanished_is_new_again() {
    let folder = passable_directory();
    fs::write(folder.path().join("a.mid"), tune("a", &melody(1))).unwrap();
    let database = TestDatabase::create().await;
    import(&database, &[], &[folder.path()]).await;
    for statement in [
        "UPDATE file_locations SET is_active = false",
        "UPDATE sources SET is_active = false",
        "UPDATE files SET is_active = false",
    ] {
        sqlx::query(statement).execute(&database.pool).await.unwrap();
    }
    let (answers, _) = check(&database, &[], &[folder.path()]);
    assert_eq!(standings(&answers), BTreeMap::from([("new", 1)]));
    assert!(answers[0]["formerly"].as_str().unwrap().ends_with("/a.mid"), "{answers:?}");
}

/// What comes twice in what is checked is told once as new, and then as the same as that; what the library has is known, however
/// often it comes.
#[tokio::test]
async fn what_comes_twice_is_told() {
    let folder = passable_directory();
    let had = passable_directory();
    fs::write(had.path().join("had.mid"), tune("had", &melody(1))).unwrap();
    for name in ["1.mid", "2.mid", "3.mid"] {
        fs::write(folder.path().join(name), tune("new", &melody(2))).unwrap();
        fs::write(folder.path().join(format!("known {name}")), tune("had", &melody(1))).unwrap();
    }
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_dir_all("in", folder.path()).unwrap();
    fs::write(folder.path().join("4.tar"), tar.into_inner().unwrap()).unwrap();
    let database = TestDatabase::create().await;
    import(&database, &[], &[had.path()]).await;
    let (answers, ended) = check(&database, &[], &[folder.path()]);
    assert_eq!(standings(&answers), [("known", 6), ("new", 6)].into());
    let first = folder.path().join("1.mid").display().to_string();
    let repeats: Vec<_> = answers.iter().filter_map(|answer| answer.get("repeats")).collect();
    assert_eq!(repeats, [&Value::from(first); 5], "{answers:?}");
    ended.says(&["6 new", "5 of these repeated in what was checked"]);
}

/// What was imported from where it lies is known without being read; what is secretly another content is found by reading.
#[tokio::test]
async fn what_is_unchanged_is_not_read() {
    let database = TestDatabase::create().await;
    let folder = tempfile::tempdir().unwrap();
    crate::rows::collection(folder.path(), 300);
    fs_err::write(folder.path().join("loose.mid"), tune("one", &melody(1))).unwrap();
    fs_err::write(folder.path().join("another.mid"), tune("one", &melody(2))).unwrap();
    for copy in ["copied.mid", "copy.mid"] {
        fs_err::write(folder.path().join(copy), tune("one", &melody(5))).unwrap();
    }
    // Enough for the first question to be one about many.
    for index in 0..1_200 {
        fs_err::write(folder.path().join(format!("so many {index}.txt")), "").unwrap();
    }
    Program::on(&database, ["import", folder.path().to_str().unwrap()]).run().expect(&[0, 3]);
    let (read, _) = check(&database, &["--verify"], &[folder.path()]);
    let (told, ended) = check(&database, &[], &[folder.path()]);
    assert_eq!(read, told);
    assert!(standings(&told)["known"] > 250 && standings(&told).contains_key("refused"), "{}", ended.stderr);
    // A small share of a library is asked for file by file, a large one all at once.
    for sources in [0.0, 1e6_f32] {
        let pretend = "UPDATE pg_class SET reltuples = $1 WHERE oid = 'public.sources'::regclass";
        let mut connection = database.connect().await;
        let done = sqlx::query(pretend).bind(sources).execute(&mut connection).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
        assert_eq!(check(&database, &[], &[folder.path()]).0, read, "of {sources}");
    }

    // The same size and time, another content; and one of another time, which is read.
    let secret = folder.path().join("loose.mid");
    let time = fs_err::metadata(&secret).unwrap().modified().unwrap();
    let length = fs_err::read(&secret).unwrap().len();
    let mut other = tune("one", &melody(3));
    other.resize(length, 0);
    fs_err::write(&secret, other).unwrap();
    fs_err::File::options().write(true).open(&secret).unwrap().set_modified(time).unwrap();
    fs_err::write(folder.path().join("another.mid"), tune("one", &melody(4))).unwrap();
    let of = |answers: &[Value], name: &str| {
        let answer = answers.iter().find(|answer| answer["path"].as_str().unwrap().ends_with(name)).unwrap();
        answer["standing"].as_str().unwrap().to_owned()
    };
    let (told, _) = check(&database, &[], &[folder.path()]);
    assert_eq!((of(&told, "loose.mid"), of(&told, "another.mid")), ("known".to_owned(), "new".to_owned()));
    let (read, _) = check(&database, &["--verify"], &[folder.path()]);
    assert_ne!(of(&read, "loose.mid"), "known");
}
