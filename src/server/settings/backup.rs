//! The file of what settings were: of use where the database is not, because its server does not start or has lost its tables.
//!
//! `SETTINGS_BACKUP-SYSTEM-DATABASE.sql` beside the logs, named by the cluster's system identifier and the database's oid.
//! Statements for psql, made by `database/modes/backup.sql`, and read again here. There is one exactly while something is
//! to be put back: it is there before the first change and goes when everything has been seen to be as before.

use std::path::{Path, PathBuf};

use fs_err as fs;
use sqlx::postgres::PgConnection;

use super::failed;
use crate::error::{Error, ErrorKind, Result};
use crate::state;

/// A file of what settings were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupFile {
    path: PathBuf,
}

/// A setting and what `postgresql.auto.conf` said of it; none for nothing.
pub(super) type Entry = (String, Option<String>);

impl BackupFile {
    /// That of the connected database, whether it is there or not. Needs a superuser.
    ///
    /// # Errors
    /// What the server says; and where there is no place for it.
    pub async fn of(connection: &mut PgConnection) -> Result<Self> {
        let name: String = sqlx::query_scalar(include_str!("../../../database/modes/backup_name.sql"))
            .fetch_one(connection)
            .await
            .map_err(|error| failed("asking which cluster this is", error))?;
        Ok(Self { path: state::directory()?.join(name) })
    }

    /// Those of all databases of a cluster.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn of_cluster(system: u64) -> Result<Vec<Self>> {
        let folder = state::directory()?;
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let prefix = format!("SETTINGS_BACKUP-{system}-");
        let mut found = Vec::new();
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(&prefix) && name.ends_with(".sql") {
                found.push(Self { path: entry.path() });
            }
        }
        found.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(found)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is there.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Writes what the journal holds, so that it is on the disk when this returns.
    pub(super) async fn write(&self, connection: &mut PgConnection) -> Result<()> {
        let lines: Vec<String> = sqlx::query_scalar(include_str!("../../../database/modes/backup.sql"))
            .fetch_all(connection)
            .await
            .map_err(|error| failed("describing them", error))?;
        Ok(state::write(&self.path, &(lines.join("\n") + "\n"))?)
    }

    /// Takes it away, if it is there.
    pub(super) fn remove(&self) -> Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// When it was written, server clock, as PostgreSQL reads it.
    pub(super) fn written_at(&self) -> Result<String> {
        let text = fs::read_to_string(&self.path)?;
        written_at(&text).ok_or_else(|| self.unreadable())
    }

    /// What it says was there before.
    pub(super) fn entries(&self) -> Result<Vec<Entry>> {
        let text = fs::read_to_string(&self.path)?;
        entries(&text).ok_or_else(|| self.unreadable())
    }

    fn unreadable(&self) -> Error {
        let path = self.path.display();
        Error::new(ErrorKind::Run, format!("{path} is not as loader writes it"))
            .with_hint(format!("look into it; psql -X -f '{path}' does what it says, then remove it"))
    }
}

/// The moment in the second line.
fn written_at(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix("-- written at "))?;
    line.split_once(';').map(|(moment, _)| moment.to_owned())
}

/// Reads the statements that `database/modes/backup.sql` makes; none where any of them is another one.
fn entries(text: &str) -> Option<Vec<Entry>> {
    let is_other = |line: &&str| {
        !line.is_empty()
            && !line.starts_with("--")
            && !line.starts_with("SELECT ")
            && !line.starts_with("COPY ")
            && *line != "CHECKPOINT;"
    };
    text.lines().filter(is_other).map(entry).collect()
}

fn entry(line: &str) -> Option<Entry> {
    let statement = line.strip_prefix("ALTER SYSTEM ")?.strip_suffix(';')?;
    if let Some(name) = statement.strip_prefix("RESET ") {
        return Some((unquoted(name)?, None));
    }
    let (name, value) = statement.strip_prefix("SET ")?.split_once(" = ")?;
    Some((unquoted(name)?, Some(literal(value.trim_start())?)))
}

/// A string as `format('%L')` writes it: with backslashes in it, it begins with E and they are doubled.
fn literal(text: &str) -> Option<String> {
    let (text, is_escaped) = text.strip_prefix('E').map_or((text, false), |rest| (rest, true));
    let value = text.strip_prefix('\'')?.strip_suffix('\'')?.replace("''", "'");
    Some(if is_escaped { value.replace("\\\\", "\\") } else { value })
}

/// A setting's name: letters, digits, `_` and the dot of an extension's, the last in double quotes.
fn unquoted(name: &str) -> Option<String> {
    let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
    let is_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '.');
    (!name.is_empty() && name.chars().all(is_name)).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_own_statements_are_read() {
        let text = "-- settings of the cluster 1\n-- written at 2026-11-26 17:00:00.5+00; put back\nALTER SYSTEM RESET fsync;\n\
                    ALTER SYSTEM SET max_wal_size = '4GB';\nALTER SYSTEM SET archive_command = 'cp ''%p'' x';\n\
                    ALTER SYSTEM SET log_line_prefix =  E'a\\\\b';\nALTER SYSTEM SET \"pg_trgm.word\" = '1';\nSELECT pg_reload_conf();\nCHECKPOINT;\n\
                    COPY (SELECT) TO PROGRAM 'sync';\n";
        let expected = [
            ("fsync", None),
            ("max_wal_size", Some("4GB")),
            ("archive_command", Some("cp '%p' x")),
            ("log_line_prefix", Some("a\\b")),
            ("pg_trgm.word", Some("1")),
        ];
        let expected = expected.map(|(name, entry)| (name.to_owned(), entry.map(str::to_owned)));
        assert_eq!(entries(text).unwrap(), expected);
        assert_eq!(written_at(text).unwrap(), "2026-11-26 17:00:00.5+00");
    }

    #[test]
    fn others_are_refused() {
        for line in [
            "DROP TABLE files;",
            "ALTER SYSTEM SET fsync = off;",
            "ALTER SYSTEM RESET a b;",
            "ALTER SYSTEM RESET ;",
        ] {
            assert_eq!(entries(line), None, "{line}");
        }
    }
}
