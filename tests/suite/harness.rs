//! Servers and databases for tests: one server for all of them, a fresh database for each, and, for those that break
//! servers, one of their own.
//!
//! Knows nothing of what is tested. The shared server outlives the test process, because the runner may start one process
//! per test: `scripts/test.sh` stops it. Its directory is `LOADER_TEST_SERVER_DIR`, by default `target/test-server`;
//! `LOADER_TEST_DATABASE_URL` names another server, whose role may create databases.
#![allow(dead_code, reason = "each module of the suite uses its own part")]

mod templates;

use std::env;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use fs_err as fs;
use loader::server::account::Account;
use loader::server::binaries::Binaries;
use loader::server::cluster::PrivateCluster;
use loader::server::connect::{self, Origin, Target};
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{AssertSqlSafe, Executor as _};

/// Databases of the suite begin so; nothing else on the server is touched.
const PREFIX: &str = "loader_test_";

/// The server the tests share.
#[derive(Clone, Debug)]
pub(crate) struct TestServer {
    /// How its databases are reached: a URL with `{database}` in the database's place.
    url_pattern: String,
}

impl TestServer {
    /// The server, started by whichever test comes first.
    pub(crate) async fn shared() -> Self {
        if let Ok(url) = env::var("LOADER_TEST_DATABASE_URL") {
            return Self { url_pattern: with_database(&url, "{database}") };
        }
        let cluster = PrivateCluster::at(&shared_directory()).expect("a directory for the test server");
        let starting = cluster.clone();
        tokio::task::spawn_blocking(move || starting.start())
            .await
            .expect("the start does not panic")
            .unwrap_or_else(|error| {
                panic!("the test server does not start: {error}\nhint: {:?}", error.hint())
            });
        Self { url_pattern: with_database(&cluster.url(), "{database}") }
    }

    /// The URL of one of its databases.
    pub(crate) fn url(&self, database: &str) -> String {
        self.url_pattern.replace("{database}", database)
    }

    /// A connection to the database every server has.
    pub(crate) async fn administrator(&self) -> PgConnection {
        connect_to(&self.url("postgres")).await
    }
}

/// A database of one test, with the library's schema and nothing in it; dropped with this value.
#[derive(Debug)]
pub(crate) struct TestDatabase {
    /// Its URL, for libpq, sqlx and `--database-url`.
    pub(crate) url: String,
    /// Connections to it.
    pub(crate) pool: PgPool,
    /// Its name on the server.
    pub(crate) name: String,
    administrator: String,
}

impl TestDatabase {
    /// A database with the schema as a fresh `loader db migrate` leaves it.
    pub(crate) async fn create() -> Self {
        let server = TestServer::shared().await;
        let template = templates::migrated(&server).await;
        Self::from_template(&server, &template).await
    }

    /// A database that holds the library of `indexes/library.sql`, 100,000 contents under all indexes, of which no
    /// statistics were made yet.
    pub(crate) async fn with_library() -> Self {
        let server = TestServer::shared().await;
        let template = templates::library(&server).await;
        Self::from_template(&server, &template).await
    }

    /// A database without a schema.
    pub(crate) async fn create_empty() -> Self {
        let server = TestServer::shared().await;
        Self::from_template(&server, "template0").await
    }

    /// What the database is to the library.
    pub(crate) fn target(&self) -> Target {
        Target::from_url(&self.url, Origin::Flag).expect("the harness makes proper URLs")
    }

    /// A connection outside the pool, prepared like the loader's own.
    pub(crate) async fn connect(&self) -> PgConnection {
        connect_to(&self.url).await
    }

    async fn from_template(server: &TestServer, template: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}_{number}_{:x}", std::process::id(), moment());
        let mut administrator = server.administrator().await;
        administrator
            .execute(AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE {template}")))
            .await
            .expect("the test role may create databases");
        let url = server.url(&name);
        let target = Target::from_url(&url, Origin::Flag).expect("a proper URL");
        let pool = connect::pool(&target, "loader test", 8).await.expect("the new database is reached");
        Self { url, pool, name, administrator: server.url("postgres") }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (url, name) = (self.administrator.clone(), self.name.clone());
        // A runtime of its own: the test's may be this very thread's, and may be ending.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            runtime.block_on(async {
                let target = Target::from_url(&url, Origin::Flag).ok()?;
                let mut administrator = connect::connect(&target, "loader test").await.ok()?;
                administrator
                    .execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")))
                    .await
                    .ok()
            })
        });
        // Best effort: what is left is removed with the server.
        let _ = dropping.join();
    }
}

/// A private cluster of one test, to be killed, stopped and broken at will; destroyed with this value.
#[derive(Debug)]
pub(crate) struct TestCluster {
    /// The cluster.
    pub(crate) cluster: PrivateCluster,
    directory: tempfile::TempDir,
}

impl TestCluster {
    /// A cluster that does not exist yet.
    pub(crate) fn absent() -> Self {
        let directory = passable_directory();
        let cluster = PrivateCluster::at(&directory.path().join("cluster")).expect("an absolute path");
        Self { cluster, directory }
    }

    /// A cluster that is running.
    pub(crate) fn running() -> Self {
        let this = Self::absent();
        this.cluster.start().unwrap_or_else(|error| panic!("{error}\nhint: {:?}", error.hint()));
        this
    }

    /// A directory that goes with the cluster.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The server's main process.
    pub(crate) fn process(&self) -> u32 {
        self.cluster.status().expect("a readable cluster").pid.expect("a running server")
    }

    /// Ends the server's main process as a crash would, and returns when it is gone; its children may still be ending.
    pub(crate) fn kill_server(&self) {
        self.signal_server("-KILL");
    }

    /// Makes the server stop as `pg_ctl stop -m immediate` does: nothing is written, its next start recovers.
    pub(crate) fn stop_server_at_once(&self) {
        self.signal_server("-QUIT");
    }

    fn signal_server(&self, signal: &str) {
        let process = self.process();
        kill(signal, process);
        // A process that nobody has waited for yet keeps its number, not its directory.
        while fs::read_link(format!("/proc/{process}/cwd")).is_ok() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }

    /// A connection to its database `loader`.
    pub(crate) async fn connect(&self) -> PgConnection {
        connect_to(&self.cluster.url()).await
    }
}

impl Drop for TestCluster {
    fn drop(&mut self) {
        // Nothing of it is wanted any more, so nothing need be written.
        if let Ok(Some(process)) = self.cluster.status().map(|status| status.pid) {
            let _ = std::process::Command::new("kill").args(["-QUIT", &process.to_string()]).status();
        }
        let _ = self.cluster.destroy(true);
    }
}

/// A temporary directory that the server's account may enter even where root makes it.
pub(crate) fn passable_directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).expect("own directory");
    directory
}

/// Sends a signal, named as for kill(1).
pub(crate) fn kill(signal: &str, process: u32) {
    let status = std::process::Command::new("kill").args([signal, &process.to_string()]).status();
    assert!(status.expect("kill(1) is there").success(), "kill {signal} {process}");
}

/// A connection prepared like the loader's own.
pub(crate) async fn connect_to(url: &str) -> PgConnection {
    let target = Target::from_url(url, Origin::Flag).expect("a proper URL");
    connect::connect(&target, "loader test")
        .await
        .unwrap_or_else(|error| panic!("no database, no test: {error}\nhint: {:?}", error.hint()))
}

/// One directory per major version, so that the suite can run on one after the other.
fn shared_directory() -> PathBuf {
    let binaries = Binaries::find().unwrap_or_else(|error| panic!("{error}\nhint: {:?}", error.hint()));
    let major = binaries.version.major.to_string();
    if let Some(chosen) = env::var_os("LOADER_TEST_SERVER_DIR") {
        return PathBuf::from(chosen).join(major);
    }
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-server");
    let account = Account::for_server(None).expect("an account for the server");
    let is_passable = |directory: &Path| {
        fs::metadata(directory).map_or(true, |found| found.permissions().mode() & 0o001 != 0)
    };
    if account.is_another() && !target.ancestors().all(is_passable) {
        // The sources lie where the server's account cannot enter, root's home for one.
        return env::temp_dir().join(format!("loader-test-server-{}", account.uid)).join(major);
    }
    target.join(major)
}

/// The URL with another database.
fn with_database(url: &str, database: &str) -> String {
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let (address, parameters) =
        rest.split_once('?').map_or((rest, None), |(before, after)| (before, Some(after)));
    let host = address.split('/').next().unwrap_or_default();
    let parameters = parameters.map(|parameters| format!("?{parameters}")).unwrap_or_default();
    format!("{scheme}://{host}/{database}{parameters}")
}

/// Something that differs between processes that had the same id.
fn moment() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_micros())
}
