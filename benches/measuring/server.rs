//! The server that is measured: a private cluster of its own in a temporary directory, and a new database for each import.
//!
//! Gone when the value is dropped; other servers of the machine are left alone.

use std::os::unix::fs::PermissionsExt as _;

use anyhow::{Context as _, Result, anyhow, ensure};
use loader::server::cluster::PrivateCluster;
use loader::server::connect::{self, Origin, Target};
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;
use tokio::runtime::Runtime;

use super::process;

const DATABASE: &str = "loader_bench";

/// A running private cluster.
pub(crate) struct Server {
    cluster: PrivateCluster,
    runtime: Runtime,
    directory: tempfile::TempDir,
}

impl Server {
    /// Creates and starts it.
    pub(crate) fn start() -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("loader-bench-").tempdir()?;
        // The server may belong to another account, which must be able to get there.
        fs_err::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755))?;
        let cluster = PrivateCluster::at(&directory.path().join("cluster"))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let server = Self { cluster, runtime, directory };
        server.cluster.start()?;
        Ok(server)
    }

    /// What the server calls its version.
    pub(crate) fn version(&self) -> Result<String> {
        self.block_on(async {
            let mut administrator = self.administrator().await?;
            let version = sqlx::query_scalar("SELECT 'PostgreSQL ' || current_setting('server_version')");
            Ok(version.fetch_one(&mut administrator).await?)
        })
    }

    /// An empty database in the place of the last one, everything before it written out; its URL.
    pub(crate) fn fresh_database(&self) -> Result<String> {
        self.copy_of("template0")
    }

    /// The same with everything that is in another database, to which nobody may be connected.
    pub(crate) fn copy_of(&self, template: &str) -> Result<String> {
        self.block_on(async {
            let mut administrator = self.administrator().await?;
            let version = administrator.server_version_num().unwrap_or_default();
            // By whole files, as all servers before 15 do it.
            let strategy = if version >= 150_000 { "STRATEGY file_copy" } else { "" };
            for statement in [
                format!("DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)"),
                format!("CREATE DATABASE {DATABASE} TEMPLATE {template} {strategy}"),
                "CHECKPOINT".to_owned(),
            ] {
                execute(&mut administrator, &statement).await?;
            }
            flush()?;
            Ok(self.cluster.url_of(DATABASE))
        })
    }

    /// Gives the database of the moment another name, under which it stays.
    pub(crate) fn keep_as(&self, name: &str) -> Result<()> {
        self.block_on(async {
            let mut administrator = self.administrator().await?;
            execute(&mut administrator, &format!("ALTER DATABASE {DATABASE} RENAME TO {name}")).await
        })
    }

    /// Settings of the whole server, until [`Self::reset`]: asked for, and seen to be in force.
    pub(crate) async fn set(&self, settings: &[(&str, &str)]) -> Result<()> {
        let mut administrator = self.administrator().await?;
        for (name, value) in settings {
            execute(&mut administrator, &format!("ALTER SYSTEM SET {name} = {value}")).await?;
        }
        reload(&mut administrator, settings.iter().copied()).await
    }

    /// Undoes settings that were `on` before.
    pub(crate) async fn reset(&self, settings: &[(&str, &str)]) -> Result<()> {
        let mut administrator = self.administrator().await?;
        for (name, _) in settings {
            execute(&mut administrator, &format!("ALTER SYSTEM RESET {name}")).await?;
        }
        reload(&mut administrator, settings.iter().map(|(name, _)| (*name, "on"))).await
    }

    /// Everything written so far on the disk, by PostgreSQL and, where it was told not to care, by the system.
    pub(crate) async fn make_durable(&self, by_system: bool) -> Result<()> {
        execute(&mut self.administrator().await?, "CHECKPOINT").await?;
        if by_system { flush() } else { Ok(()) }
    }

    /// Runs something that talks to the server.
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.runtime.block_on(work)
    }

    /// The URL of the database that is imported into.
    pub(crate) fn url(&self) -> String {
        self.cluster.url_of(DATABASE)
    }

    /// Seconds of processor time that the server has taken so far, all its processes together.
    pub(crate) fn processor(&self) -> Result<f64> {
        let process = self.cluster.status()?.pid.context("the server has no process")?;
        Ok(process::family_processor(process))
    }

    /// A file that vanishes with the server.
    pub(crate) fn temporary(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    async fn administrator(&self) -> Result<PgConnection> {
        connect_to(&target(&self.cluster.url_of("postgres"))?).await
    }
}

/// A database as the loader knows it.
pub(crate) fn target(url: &str) -> Result<Target> {
    Target::from_url(url, Origin::Flag).map_err(|error| anyhow!("{error}"))
}

/// A connection as the loader makes it.
pub(crate) async fn connect_to(target: &Target) -> Result<PgConnection> {
    connect::connect(target, "loader bench").await.map_err(|error| anyhow!("{error}"))
}

/// Runs statements, of which more than one are a transaction.
pub(crate) async fn execute(connection: &mut PgConnection, statements: &str) -> Result<()> {
    let done = sqlx::raw_sql(AssertSqlSafe(statements)).execute(connection).await;
    done.map(|_| ()).with_context(|| format!("the server refused: {statements}"))
}

async fn reload(
    administrator: &mut PgConnection,
    expected: impl Iterator<Item = (&str, &str)>,
) -> Result<()> {
    execute(administrator, "SELECT pg_reload_conf()").await?;
    for (name, value) in expected {
        let mut is_in_force = false;
        for _ in 0..1_000 {
            let setting: String = sqlx::query_scalar("SELECT setting FROM pg_settings WHERE name = $1")
                .bind(name)
                .fetch_one(&mut *administrator)
                .await?;
            is_in_force = setting == value;
            if is_in_force {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        ensure!(is_in_force, "{name} does not become {value}");
    }
    Ok(())
}

/// What the system still holds in memory goes to the disk.
fn flush() -> Result<()> {
    ensure!(std::process::Command::new("sync").status()?.success(), "sync failed");
    Ok(())
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.cluster.destroy(true) {
            eprintln!("the server in {} was left behind: {error}", self.directory.path().display());
        }
    }
}
