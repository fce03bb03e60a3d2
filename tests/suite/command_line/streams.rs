//! stdout is data, stderr is everything else; colours, pipes, quiet, plans.

use std::path::Path;
use std::process::Command;

use fs_err as fs;
use loader::sample;

use crate::harness::{TestDatabase, passable_directory};
use crate::program::{BINARY, Program};
use crate::rows::{Rows, collection, try_number};

#[tokio::test]
async fn json_stands_alone_on_stdout() {
    let folder = passable_directory();
    collection(folder.path(), 70);
    let path = folder.path().to_str().unwrap();
    let database = TestDatabase::create().await;
    for (arguments, statuses, keys) in [
        (&["plan", path][..], &[0][..], &["database", "new_sources", "indexes"][..]),
        (&["import", path, "--dry-run"], &[0], &["database", "new_sources", "indexes"]),
        (&["import", path], &[3], &["run", "seen", "inserted", "seconds", "files_per_second"]),
        (&["status"], &[0], &["run", "state", "progress", "suspended_indexes"]),
        (&["rejects", "--summary"], &[0], &["not_midi_content"]),
    ] {
        let ended = Program::on(&database, [arguments, &["--json"]].concat()).run().expect(statuses);
        let json = ended.json();
        for key in keys {
            assert!(json.get(key).is_some(), "{arguments:?}: no {key}: {json}");
        }
        assert_eq!(ended.stdout.lines().count(), 1, "{}", ended.stdout);
    }
    // Without --json an import's stdout is empty: all it says is for people.
    let ended = Program::on(&database, ["import", path]).run().expect(&[0]);
    assert_eq!(ended.stdout, "");
    ended.says(&[
        "log: ",
        "database: ",
        "mode:",
        "to read:",
        "work:",
        "indexes:",
        "Imported 0 files",
        "loader db psql",
    ]);
    // And with --quiet nobody is told anything.
    let ended = Program::on(&database, ["import", "--quiet", path]).run().expect(&[0]);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
}

#[tokio::test]
async fn a_password_of_a_url_is_shown_nowhere() {
    // On a local socket the server asks for none, so any is accepted.
    let database = TestDatabase::create().await;
    let separator = if database.url.contains('?') { '&' } else { '?' };
    let url = format!("{}{separator}password=s3cret", database.url);
    let folder = passable_directory();
    fs::write(folder.path().join("x.mid"), sample::midi(1, 1, 600)).unwrap();
    let program =
        Program::new(["import", "-vv", "--json", "--log-file", "log", folder.path().to_str().unwrap()]);
    let log = program.home();
    let mut running = program.env("DATABASE_URL", &url).start();
    while running.is_running() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let logged = fs::read_to_string(log.join("log")).unwrap();
    let ended = running.wait().expect(&[0]);
    let stored: String = sqlx::query_scalar("SELECT string_agg(to_jsonb(runs)::text, ' ') FROM runs")
        .fetch_one(&mut database.connect().await)
        .await
        .unwrap();
    for text in [&logged, &ended.stdout, &ended.stderr, &stored] {
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[tokio::test]
async fn a_plan_changes_nothing() {
    let folder = passable_directory();
    collection(folder.path(), 70);
    // Not even the private cluster is made.
    for arguments in [&["plan"][..], &["import", "--dry-run"], &["import", "-n", "--mode", "ludicrous"]] {
        let program =
            Program::new(arguments.iter().map(std::ffi::OsStr::new).chain([folder.path().as_os_str()]));
        let home = program.home();
        let mut running = program.start();
        while running.is_running() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(fs::read_dir(&home).unwrap().next().is_none(), "{arguments:?} left something behind");
        let ended = running.wait().expect(&[0]);
        assert!(ended.stdout.contains("it will be created"), "{}", ended.stdout);
        ended.says(&["nothing was done"]);
    }
    // Nor a schema, nor a row.
    let database = TestDatabase::create_empty().await;
    let dry = ["import".as_ref(), "-n".as_ref(), folder.path().as_os_str()];
    Program::on(&database, dry).run().expect(&[0]);
    assert_eq!(try_number(&database.url, "SELECT count(*) FROM runs").await, None);
    let tables = "SELECT count(*) FROM pg_namespace WHERE nspname = 'loader'";
    assert_eq!(try_number(&database.url, tables).await, Some(0));

    let database = TestDatabase::create().await;
    Program::on(&database, ["import".as_ref(), folder.path().as_os_str()]).run().finished();
    fs::write(folder.path().join("new.mid"), sample::midi(1, 1, 600)).unwrap();
    let before = Rows::with_history(&database.url).await;
    let plan = Program::on(&database, [&dry[..], &["--json".as_ref()]].concat()).run().expect(&[0]).json();
    assert_eq!(plan["new_sources"], 1, "{plan}");
    before.assert_same(&Rows::with_history(&database.url).await, "a plan");
    assert_eq!(try_number(&database.url, "SELECT count(*) FROM runs").await, Some(1));
}

#[tokio::test]
async fn a_reader_that_goes_away_is_no_failure() {
    let folder = passable_directory();
    // More than a pipe holds.
    for index in 0..1_500 {
        fs::write(folder.path().join(format!("{index:0100}.mid")), "no music").unwrap();
    }
    let database = TestDatabase::create().await;
    let path = folder.path().to_str().unwrap();
    Program::on(&database, ["import", path]).run().expect(&[3]);
    for arguments in
        [&["rejects"][..], &["rejects", "--json"], &["status"], &["plan", path], &["--help"], &["man"]]
    {
        let ended = Program::on(&database, arguments).run_unread().expect(&[0]);
        let said = ended.stderr.replace("nothing was done; the same command without --dry-run does it\n", "");
        assert_eq!(said, "", "{arguments:?}");
    }
    let mut shell = Command::new("sh");
    shell.args(["-c", "\"$0\" rejects | head -n 1", BINARY]);
    let ended = Program::wrapped(shell, [""; 0]).env("DATABASE_URL", &database.url).run().expect(&[0]);
    assert_eq!((ended.stdout.lines().count(), ended.stderr.as_str()), (1, ""));
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let failing = ["import", "/no/such/thing"];
    let is_coloured = |program: Program| program.run().stderr.contains('\x1b');
    assert!(!is_coloured(Program::new(failing)));
    assert!(is_coloured(Program::new(failing.iter().chain(&["--color", "always"]))));

    // script(1) gives it a terminal.
    let on_terminal = |program: &[(&str, &str)]| {
        let mut command = Command::new("script");
        command.args(["-qec", &format!("{BINARY} import /no/such/thing"), "/dev/null"]);
        let mut program_under_test = Program::wrapped(command, [""; 0]).env("TERM", "xterm");
        for (name, value) in program {
            program_under_test = program_under_test.env(name, value);
        }
        program_under_test.run().stdout.contains('\x1b')
    };
    assert!(on_terminal(&[]));
    assert!(!on_terminal(&[("NO_COLOR", "1")]));
    assert!(!on_terminal(&[("TERM", "dumb")]));
}

#[test]
fn a_log_file_that_cannot_be_written_is_said_before_anything_is_done() {
    let ended = Program::new(["import", "--log-file", "/proc/no/such/log", "/"]).run().expect(&[2]);
    ended.is_well_formed_error();
    ended.says(&["/proc/no/such/log", "--log-file"]);
    assert!(Path::new("/proc").exists());
}
