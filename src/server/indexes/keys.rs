//! Reading the journal of suspended foreign keys and the catalog of present ones.
//!
//! Changes nothing.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::{IndexError, Result, Subject, catalog};

/// A foreign key in the journal: dropped, and waiting to be put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuspendedKey {
    /// The schema of the table that refers to another.
    pub schema: String,
    /// That table, without the schema.
    pub table: String,
    /// The constraint's name.
    pub name: String,
    /// What follows `ADD CONSTRAINT` and the name, every table with its schema.
    pub definition: String,
    /// Its comment.
    pub comment: Option<String>,
    /// The run that dropped it.
    pub run_id: i32,
    /// Whether the present transaction dropped it.
    pub(super) is_of_this_transaction: bool,
    /// The definition of the constraint that stands under its name, valid or not.
    pub(super) standing: Option<String>,
    /// What makes it; none where it stands.
    pub(super) adding: Option<String>,
    /// What looks at all rows.
    pub(super) validating: String,
    /// What gives it its comment.
    pub(super) commenting: Option<String>,
    /// What takes it out of the journal.
    pub(super) finishing: String,
}

impl SuspendedKey {
    pub(super) fn subject(&self) -> Subject {
        Subject::Key { table: self.table.clone(), name: self.name.clone() }
    }
}

/// A foreign key in the catalog.
#[derive(Clone, Debug)]
pub(super) struct PresentKey {
    pub(super) table: String,
    pub(super) name: String,
    pub(super) definition: String,
    pub(super) comment: Option<String>,
    pub(super) is_valid: bool,
}

/// What the journal holds, the keys of the largest table first. Call it inside a transaction.
pub(super) async fn pending(connection: &mut PgConnection) -> Result<Vec<SuspendedKey>> {
    let query = sqlx::query(include_str!("../../../database/suspend/keys_pending.sql"));
    let rows = catalog::with_complete_names(connection, query).await?;
    rows.iter().map(|row| suspended(row).map_err(IndexError::Catalog)).collect()
}

fn suspended(row: &PgRow) -> sqlx::Result<SuspendedKey> {
    Ok(SuspendedKey {
        schema: row.try_get("schema_name")?,
        table: row.try_get("table_name")?,
        name: row.try_get("name")?,
        definition: row.try_get("definition")?,
        comment: row.try_get("comment")?,
        run_id: row.try_get("run_id")?,
        is_of_this_transaction: row.try_get("is_of_this_transaction")?,
        standing: row.try_get("standing")?,
        adding: row.try_get("adding")?,
        validating: row.try_get("validating")?,
        commenting: row.try_get("commenting")?,
        finishing: row.try_get("finishing")?,
    })
}

/// The keys that stand. Call it inside a transaction, as [`pending`].
pub(super) async fn present(connection: &mut PgConnection) -> Result<Vec<PresentKey>> {
    let query = sqlx::query(include_str!("../../../database/suspend/keys_present.sql"));
    let rows = catalog::with_complete_names(connection, query).await?;
    rows.iter().map(|row| read_present(row).map_err(IndexError::Catalog)).collect()
}

fn read_present(row: &PgRow) -> sqlx::Result<PresentKey> {
    Ok(PresentKey {
        table: row.try_get("table_name")?,
        name: row.try_get("name")?,
        definition: row.try_get("definition")?,
        comment: row.try_get("comment")?,
        is_valid: row.try_get("is_valid")?,
    })
}
