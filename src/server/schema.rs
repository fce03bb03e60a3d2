//! The library's schema: brought up to date (`migrate`) and compared with what this build writes (`check`).
//!
//! The statements stand in `database/migrations`, the secondary indexes elsewhere. Never drops or empties a table.

mod columns;

use std::collections::BTreeMap;

use sqlx::error::DatabaseError;
use sqlx::migrate::{Migrate as _, MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, SqlSafeStr as _};

use crate::error::{Error, ErrorKind, Result};

/// Where the applied migrations are recorded.
pub const TABLE: &str = "loader.migrations";

/// Number, name, statements. A migration that was released is never changed: its checksum is recorded.
const MIGRATIONS: [(i64, &str, &str); 9] = [
    (1, "library", include_str!("../../database/migrations/0001_library.sql")),
    (2, "retry", include_str!("../../database/migrations/0002_retry.sql")),
    (3, "music", include_str!("../../database/migrations/0003_music.sql")),
    (4, "modes", include_str!("../../database/migrations/0004_modes.sql")),
    (5, "living", include_str!("../../database/migrations/0005_living.sql")),
    (6, "songs", include_str!("../../database/migrations/0006_songs.sql")),
    (7, "words", include_str!("../../database/migrations/0007_words.sql")),
    (8, "names", include_str!("../../database/migrations/0008_names.sql")),
    (9, "versions", include_str!("../../database/migrations/0009_versions.sql")),
];

/// What `migrate` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The version that was there; none where there was no schema.
    pub from: Option<i64>,
    /// The version that is there now.
    pub to: i64,
}

/// The schema's version in this build.
#[must_use]
pub fn newest_version() -> i64 {
    MIGRATIONS.iter().map(|(version, ..)| *version).max().unwrap_or_default()
}

/// A number that changes with any statement of the schema, to name what was made by it.
#[must_use]
pub fn fingerprint() -> i64 {
    let all: Vec<u8> = migrator().iter().flat_map(|migration| migration.checksum.to_vec()).collect();
    crate::digest::Digest::of(&all).file_id().0
}

/// Applies what is missing, each migration in a transaction of its own; a lock makes others wait meanwhile.
///
/// # Errors
/// [`ErrorKind::Schema`] where the schema is newer than this build, was changed by hand, or a migration is refused; the
/// hint says what to do.
pub async fn migrate(connection: &mut PgConnection) -> Result<Migrated> {
    let applied = applied(connection).await?.unwrap_or_default();
    let from = applied.keys().next_back().copied();
    if compare(&applied).is_ok() {
        return Ok(Migrated { from, to: newest_version() });
    }
    let done = migrator().run_direct(None, connection, false).await;
    if let Err(error) = done {
        // sqlx keeps its lock when a migration fails; the connection may live on.
        let _ = connection.unlock().await;
        return Err(not_migrated(error));
    }
    Ok(Migrated { from, to: newest_version() })
}

/// Compares the recorded migrations with those of this build, then the tables' columns with the rows it writes.
///
/// # Errors
/// [`ErrorKind::Schema`] where the schema is missing, older, newer, or changed by hand; the hint says what to do.
pub async fn check(connection: &mut PgConnection) -> Result<()> {
    let applied = applied(connection).await?.filter(|applied| !applied.is_empty()).ok_or_else(|| {
        Error::new(ErrorKind::Schema, "the database holds no library yet").with_hint("loader db migrate")
    })?;
    compare(&applied)?;
    columns::check(connection).await
}

/// Whether the database holds a library, of whichever version.
///
/// # Errors
/// [`ErrorKind::Schema`] where that cannot be read.
pub async fn exists(connection: &mut PgConnection) -> Result<bool> {
    Ok(applied(connection).await?.is_some_and(|applied| applied.contains_key(&1)))
}

fn compare(applied: &BTreeMap<i64, Vec<u8>>) -> Result<()> {
    if let Some(unknown) =
        applied.keys().find(|version| !MIGRATIONS.iter().any(|(known, ..)| known == *version))
    {
        return Err(newer(*unknown));
    }
    for migration in migrator().iter() {
        match applied.get(&migration.version) {
            None => {
                return Err(Error::new(
                    ErrorKind::Schema,
                    format!(
                        "the library's schema is of an earlier version of loader: migration {} ({}) is missing",
                        migration.version, migration.description
                    ),
                )
                .with_hint("loader db migrate"));
            }
            Some(checksum) if **checksum != *migration.checksum => return Err(changed(migration.version)),
            Some(_) => {}
        }
    }
    Ok(())
}

/// Version and checksum of each applied migration; none where there is no record of any.
async fn applied(connection: &mut PgConnection) -> Result<Option<BTreeMap<i64, Vec<u8>>>> {
    let unreadable = |error| {
        Error::new(ErrorKind::Schema, format!("cannot read {TABLE}")).with_cause(Box::new(error) as Box<_>)
    };
    let is_there: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(TABLE)
        .fetch_one(&mut *connection)
        .await
        .map_err(|error: sqlx::Error| unreadable(error))?;
    if !is_there {
        return Ok(None);
    }
    let rows: Vec<(i64, Vec<u8>)> =
        sqlx::query_as(AssertSqlSafe(format!("SELECT version, checksum FROM {TABLE} WHERE success")))
            .fetch_all(connection)
            .await
            .map_err(unreadable)?;
    Ok(Some(rows.into_iter().collect()))
}

fn migrator() -> Migrator {
    let migrations = MIGRATIONS.map(|(version, name, statements)| {
        Migration::new(version, name.into(), MigrationType::Simple, statements.into_sql_str(), false)
    });
    let mut migrator = Migrator::with_migrations(migrations.to_vec());
    migrator.dangerous_set_table_name(TABLE);
    migrator.create_schema("loader");
    migrator
}

fn newer(version: i64) -> Error {
    Error::new(
        ErrorKind::Schema,
        format!(
            "the library was made by a newer version of loader: it has migration {version}, this build knows {}",
            newest_version()
        ),
    )
    .with_hint("use that version of loader, or a newer one")
}

fn changed(version: i64) -> Error {
    Error::new(
        ErrorKind::Schema,
        format!("migration {version} of the library is not the one this build would have applied"),
    )
    .with_hint("use the version of loader that made the library, or import into a new database")
}

fn not_migrated(error: MigrateError) -> Error {
    match error {
        MigrateError::VersionMissing(version) => newer(version),
        MigrateError::VersionMismatch(version) => changed(version),
        MigrateError::ExecuteMigration(sqlx::Error::Database(refusal), version) => {
            refused(&*refusal, &format!("migration {version}"))
        }
        MigrateError::Execute(sqlx::Error::Database(refusal)) => refused(&*refusal, "the schema loader"),
        other => Error::new(ErrorKind::Schema, "the library's schema could not be brought up to date")
            .with_cause(other),
    }
}

fn refused(refusal: &dyn DatabaseError, what: &str) -> Error {
    let code = refusal.code().unwrap_or_default();
    let own_hint = refusal
        .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
        .and_then(sqlx::postgres::PgDatabaseError::hint)
        .map(str::to_owned);
    let hint = own_hint.unwrap_or_else(|| {
        match &*code {
            "42501" => "let the role create: GRANT CREATE ON DATABASE … and ON SCHEMA public, or use the database's owner",
            "42P07" | "42710" => {
                "the database holds other tables of these names: give the library a database of its own (createdb NAME)"
            }
            "25006" => "the server is a read-only standby: give the primary's address",
            "53100" => "the server's disk is full: make room, then run the same command again",
            _ => "look into the server's log",
        }
        .to_owned()
    });
    Error::new(
        ErrorKind::Schema,
        format!("the server refused {what}: {} (SQLSTATE {code})", refusal.message()),
    )
    .with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_embedded_once_and_in_order() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/database/migrations");
        let mut files: Vec<_> = fs_err::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let embedded: Vec<_> =
            MIGRATIONS.iter().map(|(version, name, _)| format!("{version:04}_{name}.sql")).collect();
        assert_eq!(files, embedded);
    }

    #[test]
    fn what_is_recorded_is_judged() {
        let current: BTreeMap<_, _> =
            migrator().iter().map(|migration| (migration.version, migration.checksum.to_vec())).collect();
        compare(&current).unwrap();

        let mut newer = current.clone();
        newer.insert(9999, vec![0; 48]);
        let mut changed = current.clone();
        changed.insert(1, vec![0; 48]);
        let mut older = current;
        older.remove(&newest_version());
        for (applied, word, hint) in [
            (newer, "newer version", "newer one"),
            (changed, "migration 1", "new database"),
            (older, "earlier version", "loader db migrate"),
        ] {
            let error = compare(&applied).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Schema);
            assert!(error.to_string().contains(word) && error.hint().unwrap().contains(hint), "{error}");
        }
    }
}
