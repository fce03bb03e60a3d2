//! Help at 80 columns, compared with `tests/suite/snapshots`; `LOADER_UPDATE_SNAPSHOTS=1` writes them anew.

use std::path::Path;

use fs_err as fs;

use crate::program::Program;

/// Every command that has a help of its own.
const COMMANDS: [&[&str]; 32] = [
    &[],
    &["import"],
    &["plan"],
    &["analyze"],
    &["extract"],
    &["check"],
    &["watch"],
    &["duplicates"],
    &["songs"],
    &["songs", "list"],
    &["songs", "merge"],
    &["songs", "split"],
    &["songs", "rename"],
    &["songs", "resolve"],
    &["status"],
    &["prune"],
    &["rejects"],
    &["restore"],
    &["sample"],
    &["completions"],
    &["man"],
    &["db"],
    &["db", "start"],
    &["db", "stop"],
    &["db", "status"],
    &["db", "url"],
    &["db", "psql"],
    &["db", "migrate"],
    &["db", "destroy"],
    &["config"],
    &["config", "path"],
    &["config", "example"],
];

#[test]
fn help_is_as_it_was_and_fits_80_columns() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/snapshots");
    let update = std::env::var_os("LOADER_UPDATE_SNAPSHOTS").is_some();
    let mut changed = Vec::new();
    for command in COMMANDS {
        let ended = Program::new(command.iter().chain(&["--help"])).run().expect(&[0]);
        assert_eq!(ended.stderr, "", "help is data: {command:?}");
        assert!(!ended.stdout.contains('\x1b'), "a colour where nobody sees it: {command:?}");
        let longest = ended.stdout.lines().map(|line| line.chars().count()).max().unwrap_or_default();
        assert!(longest <= 80, "{command:?}: a line of {longest} columns:\n{}", ended.stdout);
        let name = if command.is_empty() { "loader".to_owned() } else { command.join("-") };
        let path = folder.join(format!("help-{name}.txt"));
        if update {
            fs::write(&path, &ended.stdout).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != ended.stdout {
            changed.push(format!("{}:\n{}", path.display(), ended.stdout));
        }
    }
    assert!(
        changed.is_empty(),
        "help differs from its snapshot; if that is meant, LOADER_UPDATE_SNAPSHOTS=1 writes it:\n{}",
        changed.join("\n")
    );
}

#[test]
fn the_version_is_one_line_of_data() {
    for flag in ["--version", "-V"] {
        let ended = Program::new([flag]).run().expect(&[0]);
        assert_eq!(ended.stdout, format!("loader {}\n", env!("CARGO_PKG_VERSION")));
        assert_eq!(ended.stderr, "");
    }
}

#[test]
fn what_cannot_be_understood_is_a_usage_error_with_a_suggestion() {
    for (arguments, words) in [
        (&["imprt", "x"][..], &["unrecognized subcommand 'imprt'", "import"][..]),
        (&["import"], &["PATH"]),
        (&["import", "--mode", "quick", "x"], &["quick", "normal, fast, ludicrous"]),
        (&["import", "--batch-size", "0", "x"], &["0 is not in 1..=1000000"]),
        (&["import", "--jobz", "3", "x"], &["--jobz", "--jobs"]),
        (&["import", "-q", "-v", "x"], &["cannot be used with"]),
        (&["analyze"], &["--missing", "--all"]),
        (&["analyze", "--missing", "--all"], &["cannot be used with"]),
        (&["rejects", "--run", "x"], &["invalid value 'x'"]),
        (&[], &["Usage: loader"]),
    ] {
        let ended = Program::new(arguments).run().expect(&[2]);
        assert_eq!(ended.stdout, "", "{arguments:?}");
        ended.says(words);
        assert!(!ended.stderr.contains('\x1b'), "{:?}", ended.stderr);
    }
}

#[test]
fn completions_and_the_manual_are_data() {
    for (arguments, word) in [
        (&["completions", "bash"][..], "complete -F _loader"),
        (&["completions", "zsh"], "#compdef loader"),
        (&["completions", "fish"], "complete -c loader"),
        (&["man"], ".TH loader"),
    ] {
        let ended = Program::new(arguments).run().expect(&[0]);
        assert!(ended.stdout.contains(word), "{arguments:?}: {word} is missing");
        assert_eq!(ended.stderr, "", "{arguments:?}");
    }
}
