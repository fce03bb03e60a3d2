//! What `check-instructions.sh` makes of counts: which growth fails, which the change log permits, and when it does not
//! compare at all. Counting itself is `scripts/test.sh`'s.

use std::os::unix::fs::PermissionsExt as _;

use fs_err as fs;

use super::script;
use crate::program::Ended;

/// Counts that are kept, a change log, and a compiler that only tells its version.
struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    fn new(change_log: &str) -> Self {
        let case = Self { folder: tempfile::tempdir().unwrap() };
        let kept = "rustc = \"1.2.3\"\ntarget = \"here\"\nbuilt-for = \"x\"\n\n[counts]\nencode = 1000\nparse = 2_000\n";
        case.write("kept.toml", kept);
        let log = format!(
            "# Changelog\n\n## [Unreleased]\n\n{change_log}\n\n## [0.1.0]\n\n* instructions: encode 1100 because of old\n"
        );
        case.write("CHANGELOG.md", &log);
        case.be_compiled_by("1.2.3", "here");
        case
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn be_compiled_by(&self, version: &str, host: &str) {
        self.write("rustc", &format!("#!/bin/sh\necho 'release: {version}'\necho 'host: {host}'\n"));
        fs::set_permissions(self.path("rustc"), std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Compares these counts, or keeps them.
    fn run(&self, counts: &str, more: &[&str]) -> Ended {
        self.write("counts", counts);
        let path = format!("{}:{}", self.folder.path().display(), std::env::var("PATH").unwrap());
        let [counts, kept, log] = ["counts", "kept.toml", "CHANGELOG.md"].map(|name| self.path(name));
        let arguments = [&["--counts", &counts, "--recorded", &kept, "--changelog", &log], more].concat();
        script("check-instructions.sh", &arguments).env("PATH", path).run()
    }
}

#[test]
fn growth_fails_unless_the_change_log_says_why() {
    let silent = Case::new("* Something else.");
    silent.run("encode 1050\nparse 1990\n", &[]).expect(&[0]);
    let grown = silent.run("encode 1051\nparse 2000\n", &[]).expect(&[1]);
    assert!(grown.stdout.contains("| encode | 1000 | 1051 | +5.10 % | GROWN |"), "{}", grown.stdout);
    grown.says(&["* instructions: encode 1051 because", "code has grown slower: encode 1051"]);
    let told = Case::new("* instructions: encode 1,100 because it does more");
    told.run("encode 1100\nparse 2000\n", &[]).expect(&[0]);
    // The line is about another part, another count, or says nothing.
    told.run("encode 1000\nparse 2200\n", &[]).expect(&[1]);
    told.run("encode 1200\nparse 2000\n", &[]).expect(&[1]);
    told.run("encode 1060\nparse 2000\n", &[]).expect(&[1]);
    Case::new("* instructions: encode 1100 because ").run("encode 1100\nparse 2000\n", &[]).expect(&[1]);
}

#[test]
fn what_is_not_compared_is_no_success() {
    let case = Case::new("");
    case.run("encode 1000\n", &[]).expect(&[1]).says(&["the part parse has kept counts and was not counted"]);
    case.run("encode 1\nparse 1\nnew 1\n", &[])
        .expect(&[1])
        .says(&["NOT COMPARED", "nothing is kept of new"]);
    case.be_compiled_by("1.2.4", "here");
    case.run("encode 1\nparse 1\n", &[]).expect(&[4]).says(&["NOT COMPARED", "rustc 1.2.3", "1.2.4"]);
    case.be_compiled_by("1.2.3", "there");
    case.run("encode 1\nparse 1\n", &[]).expect(&[4]).says(&["NOT COMPARED", "here", "there"]);
}

#[test]
fn counts_are_renewed_but_not_raised_in_silence() {
    let case = Case::new("* instructions: parse 3000 because it does more");
    case.run("encode 1200\nparse 2000\n", &["--renew"]).expect(&[1]).says(&["encode 1200"]);
    case.run("encode 900\nparse 3000\nnew 7\n", &["--renew"]).expect(&[0]);
    case.run("encode 900\nparse 3000\nnew 7\n", &[]).expect(&[0]);
    case.run("encode 1000\nparse 3000\nnew 7\n", &[]).expect(&[1]);
    // Counts of another compiler are no growth.
    case.be_compiled_by("1.2.4", "here");
    case.run("encode 5000\nparse 5000\nnew 7\n", &["--renew"]).expect(&[0]);
    case.run("encode 5000\nparse 5000\nnew 7\n", &[]).expect(&[0]);
}
