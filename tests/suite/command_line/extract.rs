//! `loader extract` and the script around it: files on disk, nothing outside, nothing written over.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use fs_err as fs;
use loader::sample::{self, SampleOptions};

use crate::harness::passable_directory;
use crate::program::{BINARY, Program};

/// Every file below a folder: its path, and its content.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.unwrap());
    let files = entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path);
    files
        .map(|path| (path.strip_prefix(folder).unwrap().display().to_string(), fs::read(&path).unwrap()))
        .collect()
}

#[test]
fn archives_become_folders_and_again_nothing_changes() {
    let folder = passable_directory();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    let options = SampleOptions { files: 200, files_per_archive: 30, ..SampleOptions::default() };
    sample::write(&options, &from).unwrap();
    fs::write(from.join("locked.rar"), b"Rar!\x1a\x07").unwrap();
    let extract = ["extract".as_ref(), "--json".as_ref(), "--to".as_ref(), to.as_os_str(), from.as_os_str()];
    let ended = Program::new(extract).run().expect(&[3]);
    ended.says(&["Extracted", "refused", "locked.rar"]);
    let report = ended.json();
    let found = files(&to);
    assert_eq!(report["written"], found.len(), "{report}");
    assert!(found.len() > 100, "{report}");

    let again = Program::new(extract).run().expect(&[3]).json();
    assert_eq!((&again["written"], &again["kept"]), (&serde_json::json!(0), &report["written"]));
    assert_eq!(files(&to), found);
}

#[test]
fn the_script_extracts_by_the_same_command() {
    let folder = passable_directory();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    sample::write(&SampleOptions { files: 60, files_per_archive: 10, ..SampleOptions::default() }, &from)
        .unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/parallel-extract-all.sh");
    let run = |arguments: &[&std::ffi::OsStr]| {
        Command::new(&script)
            .env("LOADER", BINARY)
            .current_dir(folder.path())
            .args(arguments)
            .output()
            .unwrap()
    };
    let ended = run(&["-j".as_ref(), "2".as_ref(), "--to".as_ref(), to.as_os_str(), from.as_os_str()]);
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    let found = files(&to);
    assert!(!found.is_empty());
    let only = folder.path().join("only");
    let ended =
        run(&["-t".as_ref(), only.as_os_str(), from.as_os_str(), "--".as_ref(), "--midi-only".as_ref()]);
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    let music = files(&only);
    assert!(
        music.len() <= found.len() && music.iter().all(|(path, content)| found.get(path) == Some(content))
    );
    let help = run(&["-h".as_ref()]);
    assert!(String::from_utf8_lossy(&help.stdout).contains("parallel-extract-all.sh"));
    assert_eq!(run(&[]).status.code(), Some(2));
}
