//! Putting the server's settings back: what `postgresql.auto.conf` said before, seen to be in force, and on the disk.
//!
//! Idempotent: whatever of it was done before a kill is done again or found done.

use sqlx::postgres::PgConnection;

use super::journal::{self, OpenSetting, Whose};
use super::{BackupFile, IN_FORCE_WITHIN, LOOKS_EVERY, SYNC, Turn, execute};
use crate::error::{Error, ErrorKind, Result};
use crate::server::connect::Target;

/// What was found, and what was done about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// What is as it was again: name, value while it was changed, and what was there before, in words.
    pub settings: Vec<(String, String, String)>,
    /// What somebody has changed since, and what was therefore left as it is.
    pub left: Vec<String>,
    /// Whether the data was made to reach the disk.
    pub synced: bool,
    /// Settings that a file remembered and the database did not.
    pub from_file: Vec<String>,
}

impl Undone {
    /// Whether there was nothing to do.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.settings.is_empty() && self.left.is_empty() && self.from_file.is_empty()
    }
}

/// Puts back what was changed.
///
/// # Errors
/// [`ErrorKind::Suspended`] where something is not as it was: then the journal still holds it.
pub async fn undo(connection: &mut PgConnection, target: &Target, whose: Whose) -> Result<Undone> {
    let open = journal::open(connection, whose).await?;
    if open.is_empty() {
        return remembered(connection, target).await;
    }
    let turn = Turn::wait(target).await?;
    let names: Vec<&str> = open.iter().map(|setting| setting.name.as_str()).collect();
    let result = put_back(connection, &names).await;
    turn.end().await;
    let synced = result?;
    let mut undone = Undone { synced, ..Undone::default() };
    for setting in open {
        let before = setting.before();
        if setting.is_ours {
            tracing::info!(name = setting.name, to = before, "setting put back");
            undone.settings.push((setting.name, setting.wanted, before));
        } else {
            let present = setting.present.unwrap_or_else(|| "nothing".to_owned());
            undone.left.push(format!(
                "{}: postgresql.auto.conf says {present} now, which loader did not write",
                setting.name
            ));
        }
    }
    Ok(undone)
}

/// The same for these names; tells whether the data was brought to the disk.
pub(super) async fn put_back(connection: &mut PgConnection, names: &[&str]) -> Result<bool> {
    let mut open = journal::open(connection, Whose::Everyone).await?;
    open.retain(|setting| names.contains(&setting.name.as_str()));
    for setting in open.iter().filter(|setting| setting.is_ours) {
        execute(connection, &setting.undo).await?;
    }
    execute(connection, "SELECT pg_reload_conf()").await?;
    until_as_before(connection, names).await?;
    let is_dangerous = open.iter().any(OpenSetting::is_dangerous);
    if is_dangerous {
        // What was written without waiting for the disk: the server's own buffers first, then the system's.
        execute(connection, "CHECKPOINT").await?;
        execute(connection, SYNC).await.map_err(|error| {
            Error::new(
                ErrorKind::Suspended,
                "the settings are as they were, but the server could not be made to bring its data to the disk",
            )
            .with_hint("run `sync` on the server's machine, see why COPY … TO PROGRAM fails, then: loader restore")
            .with_cause(error)
        })?;
    }
    // In this order: a file whose settings are not in the journal any more means that the journal was lost.
    let file = BackupFile::of(connection).await?;
    let remaining = journal::open(connection, Whose::Everyone).await?.len() > open.len();
    if !remaining {
        file.remove()?;
    }
    journal::restored(connection, names).await?;
    if remaining {
        file.write(connection).await?;
    }
    Ok(is_dangerous)
}

/// Waits until the file says what it said and the server heeds it.
async fn until_as_before(connection: &mut PgConnection, names: &[&str]) -> Result<()> {
    let began = tokio::time::Instant::now();
    loop {
        let mut open = journal::open(connection, Whose::Everyone).await?;
        open.retain(|setting| {
            names.contains(&setting.name.as_str()) && setting.is_ours && !setting.is_as_before
        });
        let Some(first) = open.first() else { return Ok(()) };
        if began.elapsed() > IN_FORCE_WITHIN {
            let in_force = first.in_force.as_deref().unwrap_or("unknown");
            let source = first.source.as_deref().unwrap_or("unknown");
            return Err(Error::new(
                ErrorKind::Suspended,
                format!(
                    "the setting {} is not as it was: expected {}, found {in_force} (from: {source})",
                    first.name, first.setting
                ),
            )
            .with_hint(
                "look where the server takes it from (table pg_file_settings), then: loader restore",
            ));
        }
        tokio::time::sleep(LOOKS_EVERY).await;
    }
}

/// Puts back what a file remembers of settings that the journal does not know: the database has lost its last commits, or
/// all of itself.
async fn remembered(connection: &mut PgConnection, target: &Target) -> Result<Undone> {
    // Only a superuser can have changed anything, and only one may ask.
    let is_superuser: String = sqlx::query_scalar("SELECT current_setting('is_superuser')")
        .fetch_one(&mut *connection)
        .await
        .map_err(|error| super::failed("asking for the role's rights", error))?;
    if is_superuser != "on" {
        return Ok(Undone::default());
    }
    let file = BackupFile::of(connection).await?;
    if !file.exists() {
        return Ok(Undone::default());
    }
    let mut forgotten = Vec::new();
    for entry in file.entries()? {
        let is_known: bool = sqlx::query_scalar(include_str!("../../../database/modes/journalled.sql"))
            .bind(&entry.0)
            .bind(file.written_at()?)
            .fetch_one(&mut *connection)
            .await
            .map_err(|error| super::failed("reading their journal", error))?;
        if !is_known {
            forgotten.push(entry);
        }
    }
    if forgotten.is_empty() {
        // Somebody else, from another account or machine, has put everything back; or it waits, changed by hand.
        if journal::open(connection, Whose::Everyone).await?.is_empty() {
            file.remove()?;
        }
        return Ok(Undone::default());
    }
    let turn = Turn::wait(target).await?;
    let result = put_back_entries(connection, &forgotten).await;
    turn.end().await;
    result?;
    execute(connection, "CHECKPOINT").await?;
    execute(connection, SYNC).await?;
    file.remove()?;
    let from_file = forgotten.into_iter().map(|(name, _)| name).collect();
    Ok(Undone { from_file, synced: true, ..Undone::default() })
}

async fn put_back_entries(connection: &mut PgConnection, entries: &[super::backup::Entry]) -> Result<()> {
    for (name, entry) in entries {
        let statement: String = sqlx::query_scalar(
            "SELECT CASE WHEN $2 IS NULL THEN format('ALTER SYSTEM RESET %I', $1)
                         ELSE format('ALTER SYSTEM SET %I = %L', $1, $2) END",
        )
        .bind(name)
        .bind(entry)
        .fetch_one(&mut *connection)
        .await
        .map_err(|error| super::failed("reading the file of what they were", error))?;
        execute(connection, &statement).await?;
    }
    execute(connection, "SELECT pg_reload_conf()").await
}
