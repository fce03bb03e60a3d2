//! The modes: what is changed of a server, for how long, what is refused, and that all of it is put back exactly.
//!
//! Each test has a server of its own: settings belong to all of a server's databases.

mod kept;
mod offline;
mod plan;
mod refused;
mod settings;

use std::path::{Path, PathBuf};

use fs_err as fs;
use sqlx::AssertSqlSafe;

use crate::harness::{TestCluster, connect_to, passable_directory};
use crate::program::{Program, Running, until};
use crate::rows::{collection, make_large, number};

/// A server of its own, a small collection for which suspending pays, and a place for logs and journals.
struct Stage {
    test: TestCluster,
    folder: tempfile::TempDir,
}

/// What a mode may change of a server, to be compared.
#[derive(Debug)]
struct Standing {
    settings: Vec<String>,
    file: String,
}

impl Standing {
    /// Fails, with what differs, unless the server stands so again.
    #[track_caller]
    fn assert_same(&self, found: &Self, what: &str) {
        let differing: Vec<_> =
            self.settings.iter().zip(&found.settings).filter(|(one, other)| one != other).collect();
        assert!(
            differing.is_empty() && self.settings.len() == found.settings.len(),
            "{what}: {differing:#?}"
        );
        // ALTER SYSTEM moves what it changes to the end.
        let sorted = |text: &str| {
            let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&self.file), sorted(&found.file), "{what}: postgresql.auto.conf");
    }
}

impl Stage {
    fn set() -> Self {
        let folder = passable_directory();
        collection(folder.path(), 120);
        make_large(folder.path());
        Self { test: TestCluster::running(), folder }
    }

    /// Where its programs keep logs and journals.
    fn state(&self) -> PathBuf {
        self.test.directory().join("state")
    }

    fn url(&self) -> String {
        self.test.cluster.url()
    }

    /// `loader` with these arguments on this server.
    fn loader(&self, arguments: &[&str]) -> Program {
        Program::new(arguments)
            .env("LOADER_DATA_DIR", &self.test.cluster.layout().base)
            .env("XDG_STATE_HOME", self.state())
    }

    /// An import in a mode, which goes on until its standard input is closed; returns when rows are stored.
    async fn import(&self, mode: &str, more: &[&str]) -> Running {
        let folder = self.folder.path().to_str().unwrap();
        let arguments = [&["import", "--batch-size", "24", "--mode", mode], more, &[folder, "-"]].concat();
        let mut running = self.loader(&arguments).held_open().start();
        let url = self.url();
        until("some rows are stored", async || {
            assert!(running.is_running(), "it ended too early:\n{}", running.said());
            crate::rows::try_number(&url, "SELECT count(*) FROM files").await > Some(0)
        })
        .await;
        running
    }

    /// How the server's settings stand.
    async fn standing(&self) -> Standing {
        let mut connection = connect_to(&self.url()).await;
        let settings = sqlx::query_scalar(
            // A private cluster is fitted to the free space of its disk whenever it starts.
            "SELECT concat_ws(' ', name, setting, source, sourcefile) FROM pg_settings
              WHERE context <> 'internal' AND source NOT IN ('client', 'session')
                AND NOT (name IN ('max_wal_size', 'min_wal_size') AND sourcefile LIKE '%loader.conf')
              ORDER BY name",
        );
        let settings = settings.fetch_all(&mut connection).await.unwrap();
        let file = self.test.cluster.layout().data.join("postgresql.auto.conf");
        Standing { settings, file: fs::read_to_string(file).unwrap() }
    }

    async fn run(&self, statement: &str) {
        let mut connection = connect_to(&self.url()).await;
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    }

    /// Fails unless everything of the server is as it was before, and nothing waits to be put back.
    async fn assert_as_before(&self, before: &Standing, what: &str) {
        before.assert_same(&self.standing().await, what);
        assert_eq!((self.open().await, self.files()), (0, vec![]), "{what}");
    }

    async fn setting(&self, name: &str) -> String {
        let mut connection = connect_to(&self.url()).await;
        sqlx::query_scalar("SELECT current_setting($1)").bind(name).fetch_one(&mut connection).await.unwrap()
    }

    /// Settings that are to be put back, by the journal.
    async fn open(&self) -> i64 {
        let mut connection = connect_to(&self.url()).await;
        number(&mut connection, "SELECT count(*) FROM loader.changed_settings WHERE state <> 'restored'")
            .await
    }

    /// The files that tell what settings were.
    fn files(&self) -> Vec<PathBuf> {
        files(&self.state().join("loader"))
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("SETTINGS_BACKUP-")).collect()
}
