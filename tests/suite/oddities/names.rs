//! Names that are no UTF-8, or that would command a terminal: stored, found again, and shown without harm.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use fs_err as fs;
use loader::catalog::{Catalog, CatalogSettings};
use loader::digest::Digest;

use crate::harness::{TestDatabase, passable_directory};
use crate::import::{count, import};
use crate::program::Program;
use crate::rescan::{assert_like_new, piece, tar};
use crate::rows::{Rows, assert_whole};

/// No UTF-8, a line's end, what moves the cursor, what turns the direction of reading, what ends a field of a table.
const NAMES: [&[u8]; 5] = [
    b"caf\xe9.mid",
    b"two\nlines.mid",
    b"\x1b[2J\x07.mid",
    "\u{202e}dim.mid".as_bytes(),
    b"tab\t\"quote\",.mid",
];

fn paths(folder: &std::path::Path) -> Vec<PathBuf> {
    NAMES.iter().map(|name| folder.join(OsStr::from_bytes(name))).collect()
}

#[tokio::test]
async fn they_live_like_others() {
    let (folder, away) = (passable_directory(), passable_directory());
    let odd = folder.path().join(OsStr::from_bytes(b"d\xe9\ncor"));
    fs::create_dir(&odd).unwrap();
    for (number, path) in (0..).zip(paths(&odd)) {
        fs::write(&path, piece(number)).unwrap();
    }
    fs::write(odd.join(OsStr::from_bytes(b"\xff.tar")), tar(&[piece(20)])).unwrap();
    let database = TestDatabase::create().await;
    import(&database, &[], &[folder.path()]).await;
    let before = Rows::with_history(&database.url).await;
    let report = import(&database, &[], &[folder.path()]).await;
    assert_eq!(count(&report, "sources_unchanged"), 6, "{report}");
    // Also where the folder itself is what is named.
    let report = import(&database, &[], &[&odd]).await;
    assert_eq!(count(&report, "sources_unchanged"), 6, "{report}");
    before.assert_same(&Rows::with_history(&database.url).await, "at rest");

    let mut catalog = Catalog::open(database.target(), CatalogSettings::default()).await.unwrap();
    let found = catalog.by_paths(&paths(&odd)).await.unwrap();
    let digests: Vec<_> =
        found.iter().map(|content| content.as_ref().map(|content| content.digest)).collect();
    let expected: Vec<_> = (0..).zip(NAMES).map(|(number, _)| Some(Digest::of(&piece(number)))).collect();
    assert_eq!(digests, expected);
    let within = [odd.as_os_str().as_bytes(), b"/\xff.tar!/0.mid"].concat();
    let found = catalog.by_paths(&[OsStr::from_bytes(&within)]).await.unwrap();
    assert_eq!(found[0].as_ref().map(|content| content.digest), Some(Digest::of(&piece(20))));
    // Another file of which the library would show the same.
    let other = odd.join(OsStr::from_bytes(b"caf\xe8.mid"));
    assert_eq!(catalog.by_paths(&[&other]).await.unwrap(), [None]);
    catalog.close().await.unwrap();

    // One name vanishes, and another takes its place that is shown as the same.
    fs::rename(odd.join(OsStr::from_bytes(NAMES[0])), &other).unwrap();
    let report = import(&database, &[], &[folder.path()]).await;
    let numbers = ["sources_added", "sources_vanished", "inserted"];
    assert_eq!(numbers.map(|name| count(&report, name)), [1, 1, 0], "{report}");
    assert_like_new(folder.path(), &database, "renamed").await;
    fs::rename(&odd, away.path().join("odd")).unwrap();
    fs::write(folder.path().join("left.mid"), piece(9)).unwrap();
    let report = import(&database, &[], &[folder.path()]).await;
    assert_eq!(count(&report, "sources_vanished"), 6, "{report}");
    fs::rename(away.path().join("odd"), &odd).unwrap();
    let report = import(&database, &[], &[folder.path()]).await;
    assert_eq!(["sources_returned", "extracted_bytes"].map(|name| count(&report, name))[0], 6, "{report}");
    assert_like_new(folder.path(), &database, "back").await;
    fs::remove_file(&other).unwrap();
    import(&database, &[], &[folder.path()]).await;
    Program::on(&database, ["prune"]).run().expect(&[0]);
    assert_whole(&database.url, "pruned").await;
    assert_like_new(folder.path(), &database, "pruned").await;
}

/// Whatever lists names lists one a line, and nothing that a terminal would obey.
#[tokio::test]
async fn no_listing_obeys_a_name() {
    let folder = passable_directory();
    let root = folder.path().join(OsStr::from_bytes(b"r\x1b[31m\n\xe9"));
    for part in ["a", "b"] {
        fs::create_dir_all(root.join(part)).unwrap();
        for (number, path) in (0..).zip(paths(&root.join(part))) {
            fs::write(path, piece(number)).unwrap();
        }
        fs::write(root.join(part).join(OsStr::from_bytes(b"bad\n\x1b[2J.mid")), b"MThd no").unwrap();
    }
    let database = TestDatabase::create().await;
    let run = |arguments: &[&OsStr]| {
        let ended = Program::on(&database, arguments).run().finished();
        assert_harmless(&ended.stdout, arguments);
        assert_harmless(&ended.stderr, arguments);
        ended
    };
    let root = root.as_os_str();
    run(&["plan".as_ref(), root]);
    run(&["import".as_ref(), root]);
    assert_eq!(run(&["rejects".as_ref()]).stdout.lines().count(), 2);
    assert_eq!(run(&["check".as_ref(), root]).stdout.lines().count(), 12);
    assert_eq!(run(&["duplicates".as_ref()]).stdout.lines().count(), 11);
    for (command, documents) in [("rejects", 2), ("duplicates", 5), ("check", 12)] {
        let mut arguments: Vec<OsString> = vec![command.into(), "--json".into()];
        arguments.extend((command == "check").then(|| root.to_owned()));
        let arguments: Vec<_> = arguments.iter().map(OsString::as_os_str).collect();
        let ended = Program::on(&database, &arguments).run().finished();
        let lines: Vec<serde_json::Value> =
            ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), documents, "{command}: {}", ended.stdout);
    }
    run(&["status".as_ref()]);
    // The whole folder goes: it is named in the warning, and in that of the plan.
    for part in ["a", "b"] {
        fs::remove_dir_all(PathBuf::from(root).join(part)).unwrap();
    }
    run(&["plan".as_ref(), root]);
    run(&["import".as_ref(), root]).says(&["12 of the 12 files known below"]);
    // A path that is not there is an error, which names it.
    let none = PathBuf::from(root).join(OsStr::from_bytes(b"none\x1b[2J\n"));
    for command in ["import", "plan", "check", "watch", "extract"] {
        let mut arguments = vec![command.as_ref(), none.as_os_str()];
        arguments.extend(
            (command == "extract").then(|| [OsStr::new("--to"), OsStr::new("out")]).into_iter().flatten(),
        );
        let ended = Program::on(&database, &arguments).run().expect(&[1, 2, 3]);
        assert_harmless(&ended.stderr, &arguments);
        assert_harmless(&ended.stdout, &arguments);
    }
}

#[track_caller]
fn assert_harmless(text: &str, what: &[&OsStr]) {
    let harms = |character: char| {
        character.is_control() && !matches!(character, '\n' | '\t')
            || matches!(character, '\u{202a}'..='\u{202e}')
    };
    assert!(!text.contains(harms), "{what:?} prints a control character: {text:?}");
}
