//! The log file: lines that a person can follow with `tail -f`.

use std::path::PathBuf;
use std::sync::Mutex;

use jiff::Zoned;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use super::Everywhere;
use crate::error::{Error, ErrorKind, Result};
use crate::state;

/// Starts the log of a command and tells where it is.
///
/// # Errors
/// Where the file cannot be written.
pub(super) fn start(command: &str, everywhere: &Everywhere) -> Result<PathBuf> {
    let path = match &everywhere.log_file {
        Some(path) => path.clone(),
        None => default_path(command)?,
    };
    let unwritable = |error: std::io::Error| {
        Error::new(ErrorKind::Usage, format!("the log file '{}' cannot be written", path.display()))
            .with_hint("choose another with --log-file FILE")
            .with_cause(error)
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs_err::create_dir_all(folder).map_err(unwritable)?;
    }
    let file = std::fs::OpenOptions::new().create(true).append(true).open(&path).map_err(unwritable)?;
    let level = match everywhere.verbose {
        0 => LevelFilter::INFO,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_writer(Mutex::new(file))
        .with_ansi(false)
        .with_target(false)
        .with_timer(LocalTime)
        .with_max_level(level)
        .finish();
    // A second start in one process (tests) keeps the first log.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(path)
}

/// The wall clock, to the millisecond, with the offset from UTC.
struct LocalTime;

impl FormatTime for LocalTime {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        write!(writer, "{}", Zoned::now().strftime("%Y-%m-%d %H:%M:%S%.3f%:z"))
    }
}

fn default_path(command: &str) -> Result<PathBuf> {
    let name = format!("{command}-{}-{}.log", Zoned::now().strftime("%Y%m%d-%H%M%S"), std::process::id());
    let folder = state::directory()
        .map_err(|error| error.with_hint("name a file for the log with --log-file FILE"))?;
    Ok(folder.join("logs").join(name))
}
