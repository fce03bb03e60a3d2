//! `LUDICROUS-SPEED-import.sh`: however the import ends, the way back follows, and the status tells how it ended. Mostly
//! with a made-up loader, which ends as it is told.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;

use super::Server;
use super::restore::{LEFT, standing};
use crate::harness::{TestDatabase, passable_directory};
use crate::indexes::{indexed, journal, snapshot};
use crate::program::{BINARY, Program, until};

/// Takes the indexes away as an import does, then ends as ENDING says.
const MADE_UP: &str = r#"#!/bin/sh
echo "$*" >>"$STUB/$1"
if [ "$1" = plan ]; then echo "the plan"; exit "${PLAN:-0}"; fi
"$STUB/drop-indexes.sh" --yes >/dev/null 2>&1
case $ENDING in
    killed) kill -KILL $$ ;;
    spoilt) psql -Xqc 'CREATE INDEX files_size ON files (warnings)' "$DATABASE_URL" ;;
    drained)
        count=0
        trap 'count=$((count + 1))' INT TERM
        touch "$STUB/ready"
        while [ $count = 0 ]; do sleep 0.01; done
        sleep 0.2
        echo $count >"$STUB/signals"
        trap - INT TERM
        kill -s "$SIGNAL" $$
        ;;
    *) exit "$ENDING" ;;
esac
"#;

/// A folder with a made-up loader, which notes there what it was given.
struct Stub {
    folder: tempfile::TempDir,
}

impl Stub {
    fn new() -> Self {
        let stub = Self { folder: passable_directory() };
        let loader = stub.path("loader");
        fs::write(&loader, MADE_UP).unwrap();
        fs::set_permissions(&loader, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let dropping = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/drop-indexes.sh");
        fs::write(stub.path("drop-indexes.sh"), format!("#!/bin/sh\nexec '{}' \"$@\"\n", dropping.display()))
            .unwrap();
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(stub.path("drop-indexes.sh"), permissions).unwrap();
        stub
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the loader was given for this command, a line a call; nothing where it was not called.
    fn given(&self, command: &str) -> String {
        fs::read_to_string(self.path(command)).unwrap_or_default()
    }

    /// The script with this loader, which ends so.
    fn import(&self, database: &TestDatabase, ending: &str, arguments: &[&str]) -> Program {
        self.with_path(super::script("LUDICROUS-SPEED-import.sh", arguments), ending)
            .env("DATABASE_URL", &database.url)
    }

    fn with_path(&self, program: Program, ending: &str) -> Program {
        let path = format!("{}:{}", self.folder.path().display(), std::env::var("PATH").unwrap());
        program.env("PATH", path).env("STUB", self.folder.path()).env("ENDING", ending)
    }
}

#[tokio::test]
async fn however_it_ends_the_way_back_follows() {
    let database = indexed().await;
    let pool = &database.pool;
    let before = snapshot(pool).await;
    for (ending, status) in [("0", 0), ("3", 3), ("1", 1), ("killed", 137)] {
        let stub = Stub::new();
        let ended =
            stub.import(&database, ending, &["--yes", "--jobs", "2", "some folder"]).run().expect(&[status]);
        ended.says(&["tail -F ", "/logs/ludicrous-", "indexes            39 missing, 39 suspended"]);
        assert_eq!(ended.stdout, "", "stdout is the import's");
        assert_eq!((snapshot(pool).await, journal(pool).await.len()), (before.clone(), 0), "{ending}");
        let given = stub.given("import");
        assert!(given.starts_with("import --mode ludicrous --yes --log-file /"), "{given}");
        assert!(given.ends_with(" --jobs 2 some folder\n"), "{given}");
    }
    let ended = Stub::new().import(&database, "spoilt", &["--yes", "."]).run().expect(&[13]);
    ended.says(&["the name of the index files_size is taken"]);
}

#[tokio::test]
async fn a_signal_reaches_the_import_once_and_the_way_back_follows() {
    let database = indexed().await;
    let before = snapshot(&database.pool).await;
    for (signal, number) in [("INT", 2), ("TERM", 15)] {
        let stub = Stub::new();
        // A group of its own, as a terminal gives to what is started from it: Ctrl-C is sent to all of the group.
        let mut command =
            Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/LUDICROUS-SPEED-import.sh"));
        command.process_group(0);
        let program = stub.with_path(Program::wrapped(command, ["--yes", "."]), "drained");
        let importing = program.env("DATABASE_URL", &database.url).env("SIGNAL", signal).start();
        until("the import is at work", async || stub.path("ready").exists()).await;
        let group = format!("-{}", importing.id());
        assert!(Command::new("kill").args(["-s", signal, "--", &group]).status().unwrap().success());
        let ended = importing.wait();
        assert_eq!((ended.signal, stub.given("signals").as_str()), (Some(number), "1\n"), "{}", ended.stderr);
        assert_eq!(snapshot(&database.pool).await, before, "{signal}");
    }
}

#[tokio::test]
async fn nothing_is_begun_before_somebody_agrees() {
    let database = indexed().await;
    let stub = Stub::new();
    let ended = stub.import(&database, "0", &["folder"]).run().expect(&[2]);
    ended.is_well_formed_error();
    ended.says(&["the plan", "nobody to ask", "--yes"]);
    let ended = stub.import(&database, "0", &["--dry-run", "folder"]).run().expect(&[0]);
    assert_eq!(ended.stdout, "the plan\n");
    stub.import(&database, "0", &["folder"]).env("PLAN", "12").run().expect(&[12]);
    assert_eq!((stub.given("plan").lines().count(), stub.given("import").as_str()), (3, ""));
    // A command line that the import refuses changes nothing either, and there is nothing to put back.
    stub.import(&database, "2", &["-y", "folder"]).run().expect(&[2]).says(&["nothing was begun"]);
}

#[tokio::test]
async fn a_mode_that_is_kept_says_how_it_ends() {
    let database = indexed().await;
    let stub = Stub::new();
    let ended = stub.import(&database, "0", &["--yes", "--keep-mode", "."]).run().expect(&[0]);
    ended.says(&["scripts/restore-safety.sh"]);
    assert!(stub.given("import").contains(" --keep-mode "), "{}", stub.given("import"));
    assert_eq!(journal(&database.pool).await.len(), 39);
    super::script("restore-safety.sh", &[]).env("DATABASE_URL", &database.url).run().expect(&[0]);
    assert_eq!(snapshot(&database.pool).await.len(), 39);
}

#[tokio::test]
async fn no_password_is_an_argument_and_no_loader_has_a_remedy() {
    let database = indexed().await;
    let stub = Stub::new();
    let separator = if database.url.contains('?') { '&' } else { '?' };
    let url = format!("{}{separator}password=s3cret", database.url);
    stub.import(&database, "0", &["-y", "-d", &url, "--log-file", "own.log", "."])
        .env("DATABASE_URL", "postgresql://localhost:1/elsewhere")
        .run()
        .expect(&[0]);
    let given = stub.given("import");
    assert!(given.contains(" --log-file own.log .") && !given.contains("s3cret"), "{given}");
    let alone =
        super::script("LUDICROUS-SPEED-import.sh", &["-y", "."]).env("CARGO_TARGET_DIR", "/nonexistent");
    let ended = alone.env("PATH", "/usr/bin:/bin").run().expect(&[1]);
    ended.is_well_formed_error();
    ended.says(&["there is no loader", "cargo build --release --locked"]);
}

#[tokio::test]
async fn with_the_real_loader_everything_is_as_before() {
    let server = Server::with_library().await;
    let before = standing(&server).await;
    let folder = server.cluster.directory().join("midi");
    let folder = folder.to_str().unwrap();
    Program::new(["sample", folder, "--files", "300"]).run().expect(&[0]);
    let programs = passable_directory();
    std::os::unix::fs::symlink(BINARY, programs.path().join("loader")).unwrap();
    let path = format!("{}:{}", programs.path().display(), std::env::var("PATH").unwrap());
    let import = server.script("LUDICROUS-SPEED-import.sh", &["--yes", "--accept-cluster-risk", folder]);
    let ended = import.env("PATH", path).run().finished();
    ended.says(&["ludicrous", "everything is as before"]);
    assert_ne!(server.texts("SELECT count(*)::text FROM files").await, ["0"]);
    assert_eq!((standing(&server).await, server.texts(LEFT).await), (before, vec![]));
    assert!(server.backups().is_empty());
}
