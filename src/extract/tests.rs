//! Extraction of generated archives into a temporary folder.

use std::collections::BTreeMap;
use std::fs;

use super::*;
use crate::sample::{self, SampleOptions};

fn settings(from: &Path, to: &Path, jobs: usize) -> ExtractSettings {
    ExtractSettings {
        roots: Roots::resolve(&[from.to_owned()]).unwrap(),
        to: to.to_owned(),
        jobs,
        midi_only: false,
        limits: Limits::default(),
        map_policy: MapPolicy::Auto,
        priority: Priority::default(),
    }
}

/// Every file below a folder, with its content.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.unwrap());
    let files = entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path);
    files.map(|path| (path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap())).collect()
}

#[test]
fn archives_are_extracted_once_the_same_by_any_number_of_threads() {
    let from = tempfile::tempdir().unwrap();
    let options =
        SampleOptions { files: 300, files_per_archive: 40, clutter: 0.1, ..SampleOptions::default() };
    let summary = sample::write(&options, from.path()).unwrap();
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let stop = Stop::default();
    let refused = Mutex::new(Vec::new());
    let note = |path: &str, refusal: &Refusal| refused.lock().unwrap().push(format!("{path}: {refusal}"));
    let first = run(&settings(from.path(), one.path(), 1), &stop, &note).unwrap();
    assert!(first.written > 200 && first.complete, "{first:?}");
    assert!(first.written + first.passed_over + first.refused <= summary.total.entries);
    run(&settings(from.path(), two.path(), 4), &stop, &note).unwrap();
    assert_eq!(files(one.path()), files(two.path()));
    let again = run(&settings(from.path(), one.path(), 2), &stop, &note).unwrap();
    assert_eq!((again.written, again.kept), (0, first.written), "existing files are kept");
    assert_eq!(files(one.path()), files(two.path()));
}

#[test]
fn hostile_names_stay_inside_and_no_copy_is_lost() {
    let from = tempfile::tempdir().unwrap();
    let mut tar = tar::Builder::new(fs::File::create(from.path().join("evil.tar")).unwrap());
    for name in ["../../up.mid", "/abs.mid", "a.mid", "a.mid"] {
        let mut header = tar::Header::new_gnu();
        header.set_size(name.len() as u64);
        // The builder refuses such names.
        let field = &mut header.as_old_mut().name;
        field[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, name.as_bytes()).unwrap();
    }
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_link_name("/etc").unwrap();
    link.set_size(0);
    tar.append_data(&mut link, "etc", &b""[..]).unwrap();
    let mut through = tar::Header::new_gnu();
    through.set_size(1);
    tar.append_data(&mut through, "etc/loader-was-here", &b"x"[..]).unwrap();
    tar.into_inner().unwrap();
    fs::write(from.path().join("loose.mid"), b"MThd").unwrap();

    let to = tempfile::tempdir().unwrap();
    let inside = to.path().join("out");
    let report = run(&settings(from.path(), &inside, 2), &Stop::default(), &|path, refusal| {
        // What calls itself MIDI is written whatever it holds: extraction takes entries as they are.
        panic!("{path}: {refusal}");
    })
    .unwrap();
    let found: Vec<String> = files(to.path()).keys().map(|path| path.display().to_string()).collect();
    let expected = ["a.mid", "abs.mid", "a~2.mid", "etc/loader-was-here", "up.mid"];
    assert_eq!(found, expected.map(|name| format!("out/evil.tar/{name}")));
    assert_eq!(report.written, 5);
}
