//! The secondary indexes of the library: making them, taking them away for a fast load, and bringing them back exactly.
//!
//! Decides neither when a load suspends them (it only offers [`Plan`]) nor who else may be at work: callers hold the
//! library's lock. Prints nothing. The SQL stands under `database/suspend/`, for the scripts to share.

mod catalog;
mod error;
mod manifest;
mod plan;
mod restore;
mod suspend;

pub use catalog::SuspendedIndex;
pub use error::IndexError;
pub use manifest::{Definition, Manifest};
pub use plan::{Choice, Plan, disk_bytes};
pub use restore::{Refresh, RestoreEvent, RestoreSettings, Restored, RestoredIndex, restore};
pub use suspend::suspend;

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use catalog::Present;

/// The tables whose secondary indexes are managed here.
pub const TABLES: [&str; 4] = ["files", "file_locations", "sources", "musical_metadata"];

/// The result of anything done to indexes.
pub type Result<T> = std::result::Result<T, IndexError>;

/// What stands and what does not.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// In the journal, waiting to be built again, the most expensive first.
    pub suspended: Vec<SuspendedIndex>,
    /// Names of the manifest that are neither in the catalog nor in the journal: dropped by hand, or of a newer version.
    pub absent: Vec<String>,
    /// Names in the catalog that PostgreSQL marks invalid, left behind by a `CONCURRENTLY` that failed.
    pub invalid: Vec<String>,
}

impl Status {
    /// Whether every index stands as it should.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.suspended.is_empty() && self.absent.is_empty() && self.invalid.is_empty()
    }
}

/// Makes the indexes of the manifest that are not there, in one transaction.
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
    for index in manifest.definitions() {
        if suspended.iter().any(|other| other.name == index.name) {
            continue;
        }
        for statement in [&index.definition, &index.comment_statement] {
            sqlx::raw_sql(AssertSqlSafe(statement.as_str()))
                .execute(&mut *transaction)
                .await
                .map_err(|cause| IndexError::Build { index: index.name.clone(), cause })?;
        }
    }
    transaction.commit().await?;
    Ok(())
}

/// Whether the journal holds any index.
///
/// # Errors
/// When the journal cannot be read.
pub async fn is_suspended(connection: &mut PgConnection) -> Result<bool> {
    let found = sqlx::query_scalar("SELECT EXISTS (SELECT FROM loader.suspended_indexes)");
    Ok(found.fetch_one(connection).await?)
}

/// Compares manifest, catalog and journal.
///
/// # Errors
/// When catalog or journal cannot be read.
pub async fn status(connection: &mut PgConnection) -> Result<Status> {
    let manifest = Manifest::parse()?;
    let mut transaction = connection.begin().await?;
    let present = catalog::present(&mut transaction, None).await?;
    let suspended = catalog::pending(&mut transaction).await?;
    transaction.rollback().await?;
    Ok(Status { absent: absent(&manifest, &present, &suspended), invalid: invalid(&present), suspended })
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
