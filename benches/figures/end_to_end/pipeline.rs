//! What people use instead, as another program: `scripts/compare/symusic_copy.py`, which takes a database and archives and
//! prints what it did.
//!
//! Runs it as it is; knows nothing of what it does.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::measuring::seconds;
use crate::measuring::server::Server;

/// What it prints.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Done {
    /// Contents that it stored.
    pub(crate) files: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
}

/// A Python that has its libraries, and the program.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline {
    pub(crate) python: PathBuf,
}

impl Pipeline {
    /// Stores a folder's zips into a new database; seconds from its start to its end.
    pub(crate) fn run(&self, server: &Server, folder: &Path) -> Result<(f64, Done)> {
        let url = server.fresh_database()?;
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/compare/symusic_copy.py");
        let began = Instant::now();
        let output = Command::new(&self.python)
            .arg(program)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .args(["--indexes", "--database-url", &url])
            .arg(folder)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("{} could not be started", self.python.display()))?;
        let elapsed = seconds(began.elapsed());
        ensure!(output.status.success(), "the Python pipeline ended with {}", output.status);
        Ok((elapsed, serde_json::from_slice(&output.stdout)?))
    }
}
