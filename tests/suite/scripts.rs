//! The scripts that work with psql alone, against a real server.

mod indexes;
mod instructions;
mod ludicrous;
mod restore;
mod settings;
mod system;
mod unlogged;

use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use loader::server::account::Account;
use loader::server::binaries::Binaries;
use loader::server::{indexes as secondary, schema};
use sqlx::{AssertSqlSafe, Executor as _};

use crate::harness::TestCluster;
use crate::program::{Program, until};

/// A script, run in an environment that names no database.
fn script(name: &str, arguments: &[&str]) -> Program {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts").join(name);
    Program::wrapped(Command::new(path), arguments)
}

/// A server of one test with an empty library in it, and a state directory that its scripts share.
#[derive(Debug)]
struct Server {
    cluster: TestCluster,
}

impl Server {
    async fn with_library() -> Self {
        let server = Self { cluster: TestCluster::running() };
        let mut connection = server.cluster.connect().await;
        schema::migrate(&mut connection).await.unwrap();
        secondary::create_all(&mut connection).await.unwrap();
        server
    }

    /// A script on its library.
    fn script(&self, name: &str, arguments: &[&str]) -> Program {
        let url = self.cluster.cluster.url();
        script(name, arguments).env("DATABASE_URL", url).env("XDG_STATE_HOME", self.state())
    }

    fn state(&self) -> PathBuf {
        self.cluster.directory().join("state")
    }

    /// The files of statements that would put settings back; one at most for one library.
    fn backups(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.state().join("loader")) else { return Vec::new() };
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.to_str().unwrap().contains("SETTINGS_BACKUP")).collect()
    }

    async fn run(&self, sql: &str) {
        let mut connection = self.cluster.connect().await;
        // Each by itself: ALTER SYSTEM takes no transaction.
        for statement in sql.split(";\n") {
            connection
                .execute(AssertSqlSafe(statement))
                .await
                .unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
    }

    async fn texts(&self, sql: &str) -> Vec<String> {
        let mut connection = self.cluster.connect().await;
        sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_all(&mut connection)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Every setting with where it comes from, and the lines of postgresql.auto.conf, which ALTER SYSTEM may reorder.
    async fn settings(&self) -> Vec<String> {
        let mut all = self
            .texts("SELECT concat_ws('|', name, setting, source, pending_restart) FROM pg_settings ORDER BY name")
            .await;
        let file =
            fs::read_to_string(self.cluster.cluster.layout().data.join("postgresql.auto.conf")).unwrap();
        let mut lines: Vec<_> = file.lines().map(str::to_owned).collect();
        lines.sort();
        all.extend(lines);
        all
    }

    /// Where fsync and `full_page_writes` stand.
    async fn both(&self) -> Vec<String> {
        self.texts(
            "SELECT setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') ORDER BY name",
        )
        .await
    }

    /// What the journal of settings has open.
    async fn open(&self) -> Vec<String> {
        self.texts("SELECT name FROM loader.changed_settings WHERE state <> 'restored' ORDER BY name").await
    }

    /// Stops the server and starts it as anyone might, its configuration left as it is.
    fn restart(&self, options: &str, path: Option<&str>) {
        self.cluster.cluster.stop().unwrap();
        let layout = self.cluster.cluster.layout();
        let account = Account::for_server(Some(owner(&layout.data))).unwrap();
        let mut starting = account.command(Binaries::find().unwrap().program("pg_ctl"));
        starting
            .args(["start", "-w", "-s", "-o", options, "-D"])
            .arg(&layout.data)
            .arg("-l")
            .arg(layout.log());
        if let Some(path) = path {
            starting.env("PATH", path);
        }
        assert!(starting.status().unwrap().success());
    }

    /// Waits until the server has no session of the script of this name.
    async fn until_gone(&self, name: &str) {
        let sessions = format!("SELECT pid::text FROM pg_stat_activity WHERE application_name = '{name}'");
        until("nothing of it is left", async || self.texts(&sessions).await.is_empty()).await;
    }
}

fn owner(path: &Path) -> u32 {
    std::os::unix::fs::MetadataExt::uid(&fs::metadata(path).unwrap())
}
