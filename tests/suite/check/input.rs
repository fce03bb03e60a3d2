//! What is checked: standard input, nested archives, names that are hostile.

use std::os::unix::ffi::OsStrExt as _;

use fs_err as fs;
use loader::sample::{self, Container};
use serde_json::Value;

use super::{check, melody, standings, tune};
use crate::harness::{TestDatabase, passable_directory};
use crate::import::import;
use crate::program::{Program, until};
use crate::rows::archive;

#[tokio::test]
async fn standard_input_is_read_like_a_file() {
    let folder = passable_directory();
    let database = TestDatabase::create().await;
    for (number, container) in Container::ALL.into_iter().enumerate() {
        let part = folder.path().join(number.to_string());
        let path = archive(&part, container, 7, 12, 600);
        // Some containers are folders of files.
        if path.is_dir() {
            continue;
        }
        let (of_file, _) = check(&database, &[], &[&path]);
        let ended = Program::on(&database, ["check", "--json", "-"]).fed_with(&path).run().finished();
        let of_stream: Vec<Value> =
            ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let told = |answers: &[Value], source: &str| -> Vec<String> {
            answers.iter().map(|answer| answer.to_string().replace(source, "SOURCE")).collect()
        };
        assert!(!of_stream.is_empty(), "{}", container.word());
        let (file, stream) = (told(&of_file, &format!("\"{}!", path.display())), told(&of_stream, "\"-!"));
        assert_eq!(file, stream, "{}", container.word());
    }
    let bare = folder.path().join("a.mid");
    fs::write(&bare, tune("a", &melody(3))).unwrap();
    import(&database, &[], &[&bare]).await;
    let ended = Program::on(&database, ["check", "-"]).fed_with(&bare).run().expect(&[0]);
    assert!(ended.stdout.starts_with("known\t-"), "{}", ended.stdout);
}

#[tokio::test]
async fn hostile_names_command_nobody() {
    let folder = passable_directory();
    let names: [&[u8]; 4] = [b"\x1b[2Jclear.mid", b"two\nlines.mid", b"tab\there.mid", b"\xff\xfe.mid"];
    for (number, name) in names.into_iter().enumerate() {
        let path = folder.path().join(std::ffi::OsStr::from_bytes(name));
        fs::write(path, tune(&number.to_string(), &melody(4))).unwrap();
    }
    let database = TestDatabase::create().await;
    import(&database, &[], &[folder.path()]).await;
    let ended = Program::on(&database, ["check".as_ref(), folder.path().as_os_str()]).run().expect(&[0]);
    assert_eq!(ended.stdout.lines().count(), 4, "{}", ended.stdout);
    assert!(!ended.stdout.contains('\x1b'), "{:?}", ended.stdout);
    for line in ended.stdout.lines() {
        assert_eq!(line.split('\t').count(), 3, "{line}");
    }
    let (answers, _) = check(&database, &[], &[folder.path()]);
    assert_eq!(standings(&answers)["known"], 4);

    for by in ["exact", "notes"] {
        for form in [&[][..], &["--csv"], &["--json"]] {
            let arguments = [&["duplicates", "--by", by], form].concat();
            let ended = Program::on(&database, arguments).run().expect(&[0]);
            let raw = ended.stdout.contains('\x1b');
            assert_eq!(
                raw,
                by == "notes" && form == ["--csv"],
                "only CSV holds the very name: {:?}",
                ended.stdout
            );
        }
    }
}

#[test]
fn mistakes_are_usage_errors() {
    for (arguments, words) in [
        (&["check"][..], &["PATH"][..]),
        (&["check", "--only", "old", "x"], &["new, known, near, refused"]),
        (&["check", "--similarity", "2", "x"], &["2 is not in 0..=1"]),
        (&["check", "--similarity", "NaN", "x"], &["NaN is not in 0..=1"]),
        (&["check", "no/such/path"], &["no file or directory"]),
        (&["duplicates", "--min-copies", "1"], &["1 is not in 2.."]),
        (&["duplicates", "--json", "--csv"], &["cannot be used with"]),
    ] {
        let ended = Program::new(arguments).run().expect(&[2]);
        assert_eq!(ended.stdout, "");
        ended.says(words);
    }
}

#[tokio::test]
async fn what_must_be_held_whole_has_its_limit() {
    let folder = passable_directory();
    let database = TestDatabase::create().await;
    let zip = folder.path().join("large.zip");
    let mut writer = zip::ZipWriter::new(fs::File::create(&zip).unwrap());
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for index in 0..3_u64 {
        writer.start_file(format!("{index}.mid"), stored).unwrap();
        std::io::Write::write_all(&mut writer, &sample::midi(1, index, 700_000)).unwrap();
    }
    writer.finish().unwrap();
    assert!(fs::metadata(&zip).unwrap().len() > 1 << 20, "it is larger than the limit");
    let arguments = ["check", "--json", "--max-nested-size", "1", "-"];
    let ended = Program::on(&database, arguments).fed_with(&zip).run().expect(&[3]);
    assert_eq!(ended.json()["reason"], "limit_nested_size", "{}", ended.stdout);
    let (answers, _) = check(&database, &["--max-nested-size", "1"], &[&zip]);
    assert_eq!(standings(&answers)["new"], 3, "a file on disk is not held");
}

/// Whoever asks a check to end is told that, and not of anything that would be stored.
#[tokio::test]
async fn a_check_that_is_asked_to_end_stores_nothing() {
    let folder = passable_directory();
    fs::write(folder.path().join("a.mid"), tune("a", &melody(1))).unwrap();
    let database = TestDatabase::create().await;
    import(&database, &[], &[folder.path()]).await;
    let arguments = ["check", folder.path().to_str().unwrap(), "-"];
    let mut running = Program::on(&database, arguments).held_open().start();
    let input = running.input();
    until("the file is answered for", async || running.printed().contains("a.mid")).await;
    running.signal("-INT");
    until("it is told", async || running.said().contains("stopping")).await;
    drop(input);
    let ended = running.wait();
    assert_eq!(ended.signal, Some(2), "{}", ended.stderr);
    ended.says(&["stopping: what was begun is being finished", "stopped before the end"]);
    assert!(!ended.stderr.contains("stored"), "{}", ended.stderr);
}
