//! The secondary indexes of the library and the foreign keys between its tables: making the indexes, taking both away for a
//! fast load, and bringing them back exactly.
//!
//! Decides neither when a load suspends them (it only offers [`Plan`]) nor who else may be at work: callers hold the
//! library's lock. Prints nothing. The SQL stands under `database/suspend/`, for the scripts to share.

mod backup;
mod catalog;
mod error;
mod keys;
mod manifest;
mod plan;
mod restore;
mod subject;
mod suspend;

pub use catalog::SuspendedIndex;
pub use error::IndexError;
pub use keys::SuspendedKey;
pub use manifest::{Definition, Manifest};
pub use plan::{Choice, Plan, disk_bytes};
pub use restore::{
    Refresh, RestoreEvent, RestoreSettings, Restored, RestoredIndex, RestoredKey, RestoredTable, restore,
};
pub use subject::Subject;
pub use suspend::{Suspended, suspend};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use catalog::Present;

/// The tables whose secondary indexes are managed here, those that are the most work first.
pub const TABLES: [&str; 4] = ["musical_metadata", "file_locations", "files", "sources"];

/// The file in which a suspension leaves the statements that undo it, in the [state directory](crate::state::directory).
pub const BACKUP: &str = "INDEX_BACKUP.sql";

/// The result of anything done to indexes.
pub type Result<T> = std::result::Result<T, IndexError>;

/// What stands and what does not.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// In the journal, waiting to be built again, the most expensive first.
    pub suspended: Vec<SuspendedIndex>,
    /// Foreign keys in their journal, waiting to be put back; some may stand already, not yet valid.
    pub suspended_keys: Vec<SuspendedKey>,
    /// Names of the manifest that are neither in the catalog nor in the journal: dropped by hand, or of a newer version.
    pub absent: Vec<String>,
    /// Names in the catalog that PostgreSQL marks invalid, left behind by a `CONCURRENTLY` that failed.
    pub invalid: Vec<String>,
}

impl Status {
    /// Whether everything stands as it should.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.is_suspended() && self.absent.is_empty() && self.invalid.is_empty()
    }

    /// Whether the journals hold anything.
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        !(self.suspended.is_empty() && self.suspended_keys.is_empty())
    }
}

/// Makes the indexes of the manifest that are not there, in one transaction. Those that are there stay as they are, with the
/// comment that somebody may have given them.
///
/// Meant for a library that is empty or small, or of an older version: it builds them one after the other. What is
/// suspended is left to [`restore`].
///
/// # Errors
/// Names the index that PostgreSQL refused.
pub async fn create_all(connection: &mut PgConnection) -> Result<()> {
    let manifest = Manifest::parse()?;
    let mut transaction = connection.begin().await?;
    let suspended = catalog::pending(&mut transaction).await?;
    let names: Vec<&str> = manifest.definitions().iter().map(|index| index.name.as_str()).collect();
    let missing: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(quote_ident(name)) IS NULL",
    )
    .bind(names)
    .fetch_all(&mut *transaction)
    .await?;
    for index in manifest.definitions() {
        if !missing.contains(&index.name) || suspended.iter().any(|other| other.name == index.name) {
            continue;
        }
        for statement in [&index.definition, &index.comment_statement] {
            sqlx::raw_sql(AssertSqlSafe(statement.as_str()))
                .execute(&mut *transaction)
                .await
                .map_err(|cause| IndexError::Create { index: index.name.clone(), cause })?;
        }
    }
    transaction.commit().await?;
    Ok(())
}

/// Whether the journals hold any index or foreign key.
///
/// # Errors
/// When a journal cannot be read.
pub async fn is_suspended(connection: &mut PgConnection) -> Result<bool> {
    let found = sqlx::query_scalar(include_str!("../../database/suspend/is_suspended.sql"));
    Ok(found.fetch_one(connection).await?)
}

/// How many indexes a suspension would take away now.
///
/// # Errors
/// When the catalog cannot be read.
pub async fn count_suspendable(connection: &mut PgConnection) -> Result<usize> {
    let count = sqlx::query_scalar("SELECT count(*) FROM loader.secondary_indexes WHERE is_suspendable");
    let count: i64 = count.fetch_one(connection).await?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Compares manifest, catalog and journals.
///
/// # Errors
/// When catalog or journals cannot be read.
pub async fn status(connection: &mut PgConnection) -> Result<Status> {
    let manifest = Manifest::parse()?;
    let mut transaction = connection.begin().await?;
    let present = catalog::present(&mut transaction, None).await?;
    let suspended = catalog::pending(&mut transaction).await?;
    let suspended_keys = keys::pending(&mut transaction).await?;
    transaction.rollback().await?;
    Ok(Status {
        absent: absent(&manifest, &present, &suspended),
        invalid: invalid(&present),
        suspended,
        suspended_keys,
    })
}

fn absent(manifest: &Manifest, present: &[Present], suspended: &[SuspendedIndex]) -> Vec<String> {
    let is_known = |name: &str| {
        present.iter().any(|index| index.name == name) || suspended.iter().any(|index| index.name == name)
    };
    let names = manifest.definitions().iter().map(|index| index.name.as_str());
    names.filter(|name| !is_known(name)).map(str::to_owned).collect()
}

fn invalid(present: &[Present]) -> Vec<String> {
    present.iter().filter(|index| !index.is_valid).map(|index| index.name.clone()).collect()
}
