//! The server that is imported into: a private cluster of its own in a temporary directory, and a new database for each import.
//!
//! Gone when the value is dropped; other servers of the machine are left alone.
#![allow(dead_code, reason = "each measurement uses its own part")]

use std::os::unix::fs::PermissionsExt as _;

use anyhow::{Context as _, Result, anyhow};
use loader::server::cluster::PrivateCluster;
use loader::server::connect::{self, Origin, Target};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor as _};
use tokio::runtime::Runtime;

use crate::measuring::process;

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
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let server = Self { cluster, runtime, directory };
        server.cluster.start()?;
        Ok(server)
    }

    /// What the server calls its version.
    pub(crate) fn version(&self) -> Result<String> {
        self.runtime.block_on(async {
            let mut administrator = self.administrator().await?;
            let version = sqlx::query_scalar("SELECT 'PostgreSQL ' || current_setting('server_version')");
            Ok(version.fetch_one(&mut administrator).await?)
        })
    }

    /// An empty database in the place of the last one, everything before it written out; its URL.
    pub(crate) fn fresh_database(&self) -> Result<String> {
        self.runtime.block_on(async {
            let mut administrator = self.administrator().await?;
            for statement in [
                format!("DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)"),
                format!("CREATE DATABASE {DATABASE} TEMPLATE template0"),
                "CHECKPOINT".to_owned(),
            ] {
                let done = administrator.execute(AssertSqlSafe(statement.as_str())).await;
                done.with_context(|| format!("the server refused: {statement}"))?;
            }
            Ok(self.cluster.url_of(DATABASE))
        })
    }

    /// The URL of the database that was made last.
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
        let target = Target::from_url(&self.cluster.url_of("postgres"), Origin::Flag)?;
        connect::connect(&target, "loader bench").await.map_err(|error| anyhow!("{error}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.cluster.destroy(true) {
            eprintln!("the server in {} was left behind: {error}", self.directory.path().display());
        }
    }
}
