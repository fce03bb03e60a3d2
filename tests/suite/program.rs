//! Runs the built program as a shell would: in an environment of its own, with a limit on its time, its two streams kept.
//!
//! Knows nothing of what is imported. A program that outlives its limit is ended, and the test fails with what it said.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::PgConnection;

use crate::harness::{TestDatabase, kill, passable_directory};
use crate::rows::number;

/// How long a program may take unless a test says otherwise; generous, for machines that do much else meanwhile.
const LIMIT: Duration = Duration::from_mins(2);

/// The program under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_loader");

/// A command to be run.
#[derive(Debug)]
pub(crate) struct Program {
    command: Command,
    limit: Duration,
    home: tempfile::TempDir,
}

impl Program {
    /// `loader` with these arguments, in an environment that names no database.
    pub(crate) fn new<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Self {
        Self::wrapped(Command::new(BINARY), arguments)
    }

    /// The same on a test's database.
    pub(crate) fn on<A: AsRef<OsStr>>(
        database: &TestDatabase,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        Self::new(arguments).env("DATABASE_URL", &database.url)
    }

    /// `loader` behind another command that starts it.
    pub(crate) fn wrapped<A: AsRef<OsStr>>(
        mut command: Command,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let home = passable_directory();
        command.args(arguments).current_dir(home.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", home.path()).env("XDG_STATE_HOME", home.path().join("state"));
        // The server under test, where one was chosen.
        if let Some(programs) = std::env::var_os("LOADER_PG_BIN") {
            command.env("LOADER_PG_BIN", programs);
        }
        // Never the private cluster of whoever runs the tests.
        command.env("LOADER_DATA_DIR", home.path().join("cluster"));
        command.env("COLUMNS", "80").env("LC_ALL", "C.UTF-8");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { command, limit: LIMIT, home }
    }

    /// Sets a variable of its environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Feeds a file to its standard input.
    pub(crate) fn fed_with(mut self, file: &Path) -> Self {
        self.command.stdin(File::open(file).unwrap());
        self
    }

    /// Gives it a standard input that stays open until the test closes it.
    pub(crate) fn held_open(mut self) -> Self {
        self.command.stdin(Stdio::piped());
        self
    }

    /// What is its home directory.
    pub(crate) fn home(&self) -> PathBuf {
        self.home.path().to_owned()
    }

    /// Starts it.
    pub(crate) fn start(mut self) -> Running {
        let mut child = self.command.spawn().unwrap_or_else(|error| panic!("{:?}: {error}", self.command));
        let stdout = Stream::collect(child.stdout.take().unwrap());
        let stderr = Stream::collect(child.stderr.take().unwrap());
        Running { child, stdout, stderr, began: Instant::now(), limit: self.limit, home: self.home }
    }

    /// Starts it and waits for its end.
    pub(crate) fn run(self) -> Ended {
        self.start().wait()
    }

    /// Starts it without anybody reading what it prints, and waits for its end.
    pub(crate) fn run_unread(self) -> Ended {
        let mut program = self;
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        program.command.stdout(writer);
        let mut child = program.command.spawn().unwrap();
        // The command keeps its end of the pipe until it is gone.
        program.command.stdout(Stdio::null());
        let (stdout, stderr) =
            (Stream::collect(std::io::empty()), Stream::collect(child.stderr.take().unwrap()));
        let began = Instant::now();
        Running { child, stdout, stderr, began, limit: program.limit, home: program.home }.wait()
    }
}

/// A program under way; ended with this value.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    stdout: Stream,
    stderr: Stream,
    began: Instant,
    limit: Duration,
    home: tempfile::TempDir,
}

impl Running {
    /// Where it keeps logs and backups.
    pub(crate) fn state(&self) -> PathBuf {
        self.home.path().join("state/loader")
    }

    /// Sends it a signal, named as for kill(1). One that has ended already gets none.
    pub(crate) fn signal(&mut self, signal: &str) {
        if self.child.try_wait().unwrap().is_none() {
            kill(signal, self.child.id());
        }
    }

    /// Its standard input, which was [held open](Program::held_open).
    pub(crate) fn input(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("it was held open")
    }

    /// What it has said on stderr so far.
    pub(crate) fn said(&self) -> String {
        self.stderr.text()
    }

    /// What it has printed on stdout so far.
    pub(crate) fn printed(&self) -> String {
        self.stdout.text()
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not ended.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until this many of its sessions stand before a lock that the connection has.
    pub(crate) async fn stands_before(&mut self, holder: &mut PgConnection, sessions: i64) {
        let deadline = Instant::now() + PATIENCE;
        while waiting_for(holder).await < sessions {
            assert!(self.is_running(), "it ended before:\n{}", self.said());
            if Instant::now() > deadline {
                let others: Vec<String> = sqlx::query_scalar(
                    "SELECT concat_ws(' | ', pid, application_name, state, wait_event_type, wait_event, query)
                       FROM pg_stat_activity",
                )
                .fetch_all(holder)
                .await
                .unwrap();
                panic!("waited in vain until it waits for the lock: {others:#?}\n{}", self.said());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Ended {
        drop(self.child.stdin.take());
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if self.began.elapsed() > self.limit {
                let _ = self.child.kill();
                let _ = self.child.wait();
                panic!("it does not end within {:?}; so far it said:\n{}", self.limit, self.stderr.text());
            }
            std::thread::sleep(Duration::from_millis(3));
        };
        Ended {
            code: status.code(),
            signal: status.signal(),
            stdout: self.stdout.finish(),
            stderr: self.stderr.finish(),
            took: self.began.elapsed(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit status, unless a signal ended it.
    pub(crate) code: Option<i32>,
    /// The signal that ended it.
    pub(crate) signal: Option<i32>,
    /// All of its stdout.
    pub(crate) stdout: String,
    /// All of its stderr.
    pub(crate) stderr: String,
    /// How long it ran.
    pub(crate) took: Duration,
}

impl Ended {
    /// Itself, if it ended with one of these statuses.
    #[track_caller]
    pub(crate) fn expect(self, statuses: &[i32]) -> Self {
        assert!(
            self.code.is_some_and(|code| statuses.contains(&code)),
            "expected status {statuses:?}, found {:?} (signal {:?}); stdout:\n{}\nstderr:\n{}",
            self.code,
            self.signal,
            self.stdout,
            self.stderr
        );
        self
    }

    /// Itself, if it succeeded, with or without refusals.
    #[track_caller]
    pub(crate) fn finished(self) -> Self {
        self.expect(&[0, 3])
    }

    /// Its stdout, which is one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON: {error}:\n{}\nstderr:\n{}", self.stdout, self.stderr))
    }

    /// Checks that its stderr holds all of these.
    #[track_caller]
    pub(crate) fn says(&self, words: &[&str]) {
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is not said:\n{}", self.stderr);
        }
    }

    /// Checks the form of a failure: what, why, an empty line, what helps.
    #[track_caller]
    pub(crate) fn is_well_formed_error(&self) {
        let error = self.stderr.find("error: ").unwrap_or_else(|| panic!("no error:\n{}", self.stderr));
        assert!(error == 0 || self.stderr[..error].ends_with('\n'), "{}", self.stderr);
        let lines: Vec<_> = self.stderr[error..].lines().collect();
        let hint = lines.iter().position(|line| line.starts_with("hint: "));
        let hint = hint.unwrap_or_else(|| panic!("no hint:\n{}", self.stderr));
        assert!(hint >= 2 && lines[hint - 1].is_empty(), "{}", self.stderr);
        assert!(
            lines[1..hint - 1].iter().all(|line| line.starts_with("  caused by: ")),
            "something else between error and hint:\n{}",
            self.stderr
        );
        assert!(!self.stderr.contains('\x1b'), "a colour where nobody sees it: {:?}", self.stderr);
    }
}

/// One of its streams, read as it comes.
#[derive(Debug)]
struct Stream {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Stream {
    fn collect(mut source: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&bytes);
        let reader = std::thread::spawn(move || {
            let mut piece = [0; 8 << 10];
            while let Ok(length) = source.read(&mut piece) {
                if length == 0 {
                    return;
                }
                kept.lock().unwrap().extend_from_slice(&piece[..length]);
            }
        });
        Self { bytes, reader: Some(reader) }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    /// All of it. A grandchild (a server that was started) may hold the stream open: it is not waited for.
    fn finish(&mut self) -> String {
        let deadline = Instant::now() + Duration::from_secs(5);
        while self.reader.as_ref().is_some_and(|reader| !reader.is_finished()) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.text()
    }
}

/// How long something is waited for that must come.
const PATIENCE: Duration = Duration::from_secs(90);

/// Waits until something holds; fails when patience is over.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until a session stands before a lock that this connection has. Others may wait for a moment at any time, as writers for
/// each other while a table grows.
pub(crate) async fn until_waited_for(holder: &mut PgConnection) {
    until("somebody waits for the lock", async || waiting_for(holder).await > 0).await;
}

async fn waiting_for(holder: &mut PgConnection) -> i64 {
    let waiting =
        "SELECT count(DISTINCT pid) FROM pg_locks WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))";
    number(holder, waiting).await
}

/// Whether the long form of the tests is wanted: `LOADER_LONG=1`.
pub(crate) fn is_long() -> bool {
    std::env::var_os("LOADER_LONG").is_some_and(|value| !value.is_empty() && value != "0")
}

/// Writes bytes into a program's input; one that has stopped reading is no failure here.
pub(crate) fn feed(input: &mut ChildStdin, bytes: &[u8]) {
    let _ = input.write_all(bytes).and_then(|()| input.flush());
}
