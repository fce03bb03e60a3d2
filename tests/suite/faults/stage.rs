//! Where a case takes place: a server of its own, an empty library in the private cluster's database, a folder for the state
//! of the program, and the commands.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Duration;

use loader::server::cluster::PrivateCluster;
use loader::server::{indexes, schema};
use sqlx::{AssertSqlSafe, Executor as _};

use super::Fault;
use super::dam::ITS_SESSIONS;
use crate::harness::{TestCluster, connect_to, passable_directory};
use crate::program::{Ended, Program, until};
use crate::rows::number;
use crate::small_disk::SmallDisk;

/// A server, with what a case needs around it.
#[derive(Debug)]
pub(super) struct Stage {
    server: Server,
    /// Where the program keeps its state, anew for each case.
    state: tempfile::TempDir,
}

#[derive(Debug)]
enum Server {
    Own(TestCluster),
    Small(SmallDisk),
}

impl Stage {
    /// One for a fault; none where this machine has no disk that could be filled, which is said.
    pub(super) async fn set(fault: Fault) -> Option<Self> {
        let server = if fault == Fault::DiskFull {
            let disk = SmallDisk::mount(320)?;
            disk.cluster.start().unwrap_or_else(|error| panic!("{error}\nhint: {:?}", error.hint()));
            Server::Small(disk)
        } else {
            Server::Own(TestCluster::running())
        };
        let stage = Self { server, state: passable_directory() };
        // What the loader would fit to the free disk at each start; and a user's settings are to survive anyway. In this
        // order: ALTER SYSTEM puts what it changes last.
        let mut connection = connect_to(&stage.cluster().url()).await;
        for statement in [
            "ALTER SYSTEM SET min_wal_size = '96MB'",
            "ALTER SYSTEM SET max_wal_size = '96MB'",
            "SELECT pg_reload_conf()",
        ] {
            connection.execute(statement).await.unwrap();
        }
        Some(stage)
    }

    pub(super) fn cluster(&self) -> &PrivateCluster {
        match &self.server {
            Server::Own(test) => &test.cluster,
            Server::Small(disk) => &disk.cluster,
        }
    }

    /// The library's database.
    pub(super) fn url(&self) -> String {
        self.cluster().url()
    }

    /// A folder of the server's own file system.
    pub(super) fn directory(&self) -> &Path {
        match &self.server {
            Server::Own(test) => test.directory(),
            Server::Small(disk) => &disk.cluster.layout().base,
        }
    }

    /// Where the program keeps what belongs to its runs.
    pub(super) fn state_directory(&self) -> std::path::PathBuf {
        self.state.path().join("loader")
    }

    /// Begins anew: an empty library, and no state.
    pub(super) async fn clear(&mut self) {
        self.state = passable_directory();
        let mut administrator = connect_to(&self.cluster().url_of("postgres")).await;
        for statement in
            ["DROP DATABASE IF EXISTS loader WITH (FORCE)", "CREATE DATABASE loader TEMPLATE template0"]
        {
            administrator.execute(statement).await.unwrap();
        }
        let mut connection = connect_to(&self.url()).await;
        schema::migrate(&mut connection).await.unwrap();
        indexes::create_all(&mut connection).await.unwrap();
    }

    /// The program with these arguments, on the private cluster.
    pub(super) fn program<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Program {
        Program::new(arguments)
            .env("LOADER_DATA_DIR", &self.cluster().layout().base)
            .env("XDG_STATE_HOME", self.state.path())
    }

    /// Runs a command to its end; waits for one before it that still holds the library's lock.
    pub(super) fn finish<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Ended {
        for _ in 0..400 {
            let ended = self.program(arguments).run();
            if ended.code != Some(11) {
                return ended;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("a command that is gone holds the lock for ever");
    }

    /// Ends the server as a crash would.
    pub(super) fn kill_server(&self) {
        self.own().kill_server();
    }

    /// Makes the server stop as for an emergency.
    pub(super) fn stop_server_at_once(&self) {
        self.own().stop_server_at_once();
    }

    fn own(&self) -> &TestCluster {
        match &self.server {
            Server::Own(test) => test,
            Server::Small(_) => panic!("the server of a small disk is only stopped"),
        }
    }

    /// Makes it run again, where it does not.
    pub(super) fn start_server(&self) {
        self.cluster().start().unwrap_or_else(|error| panic!("{error}\nhint: {:?}", error.hint()));
    }

    /// Leaves no room on the server's disk, but for its log: a server that cannot write that ends, which is another case.
    pub(super) async fn fill_disk(&self) {
        let Server::Small(disk) = &self.server else { panic!("only a small disk is filled") };
        let mut connection = connect_to(&self.url()).await;
        // Files of the log that are full are kept for later use; three are more than a case needs.
        for _ in 0..3 {
            connection.execute("SELECT pg_switch_wal(), txid_current()").await.unwrap();
        }
        connection.execute("CHECKPOINT").await.unwrap();
        disk.fill(0);
    }

    /// Gives the room back.
    pub(super) fn free_disk(&self) {
        let Server::Small(disk) = &self.server else { panic!("only a small disk is filled") };
        disk.free();
    }

    /// Waits until the server has ended what the program before has left it with.
    pub(super) async fn calm(&self) {
        let mut connection = connect_to(&self.url()).await;
        let sessions = format!("SELECT count(*) {ITS_SESSIONS}");
        until("no session of the program is left", async || {
            let count = sqlx::query_scalar::<_, i64>(AssertSqlSafe(sessions.as_str()));
            count.fetch_one(&mut connection).await.unwrap() == 0
        })
        .await;
    }

    /// How much is suspended or changed now.
    pub(super) async fn left(&self) -> Left {
        let mut connection = connect_to(&self.url()).await;
        let connection = &mut connection;
        Left {
            indexes: number(connection, "SELECT count(*) FROM loader.suspended_indexes").await,
            keys: number(connection, "SELECT count(*) FROM loader.suspended_foreign_keys").await,
            settings: number(
                connection,
                "SELECT count(*) FROM loader.changed_settings WHERE state <> 'restored'",
            )
            .await,
        }
    }
}

/// What a run has left suspended or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) indexes: i64,
    pub(super) keys: i64,
    pub(super) settings: i64,
}

impl Left {
    pub(super) const fn is_nothing(self) -> bool {
        self.indexes == 0 && self.keys == 0 && self.settings == 0
    }
}

/// The arguments of an import that is not asked anything.
pub(super) fn import(folder: &Path, mode: &str, writer: &str) -> Vec<OsString> {
    let mut arguments = crate::killed::arguments(folder, mode, writer);
    arguments.push("--yes".into());
    arguments
}
