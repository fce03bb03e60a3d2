//! Reading the journal of suspended indexes and the catalog of present ones.
//!
//! Changes nothing.

use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::{IndexError, Result, Subject};

/// An index in the journal: dropped, and waiting to be built again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuspendedIndex {
    /// Its name, without the schema.
    pub name: String,
    /// The schema of table and index.
    pub schema: String,
    /// The table it belongs to, without the schema.
    pub table: String,
    /// The complete `CREATE INDEX`, every name with its schema.
    pub definition: String,
    /// Its comment.
    pub comment: Option<String>,
    /// Its tablespace; none for the database's own.
    pub tablespace: Option<String>,
    /// Statistics targets set by hand, a JSON object by column number.
    pub statistics: String,
    /// Whether `CLUSTER` used it last.
    pub is_clustered: bool,
    /// Bytes it had when it was dropped.
    pub size_bytes: i64,
    /// The run that dropped it.
    pub run_id: i32,
    /// Whether the present transaction dropped it.
    pub(super) is_of_this_transaction: bool,
    /// What goes before the definition.
    pub(super) preparation: String,
    /// What goes after it; the last takes it out of the journal.
    pub(super) finishing: Vec<String>,
}

impl SuspendedIndex {
    pub(super) fn subject(&self) -> Subject {
        Subject::Index(self.name.clone())
    }
}

/// An index in the catalog.
#[derive(Clone, Debug)]
pub(super) struct Present {
    pub(super) name: String,
    pub(super) definition: String,
    pub(super) comment: Option<String>,
    pub(super) tablespace: Option<String>,
    pub(super) statistics: String,
    pub(super) is_clustered: bool,
    pub(super) is_valid: bool,
}

/// What the journal holds, the most expensive to build first.
pub(super) async fn pending(connection: &mut PgConnection) -> Result<Vec<SuspendedIndex>> {
    let rows =
        sqlx::query(include_str!("../../../database/suspend/pending.sql")).fetch_all(connection).await?;
    rows.iter().map(|row| suspended(row).map_err(IndexError::Catalog)).collect()
}

fn suspended(row: &PgRow) -> sqlx::Result<SuspendedIndex> {
    Ok(SuspendedIndex {
        name: row.try_get("name")?,
        schema: row.try_get("schema_name")?,
        table: row.try_get("table_name")?,
        definition: row.try_get("definition")?,
        comment: row.try_get("comment")?,
        tablespace: row.try_get("tablespace")?,
        statistics: row.try_get("statistics")?,
        is_clustered: row.try_get("is_clustered")?,
        size_bytes: row.try_get("size_bytes")?,
        run_id: row.try_get("run_id")?,
        is_of_this_transaction: row.try_get("is_of_this_transaction")?,
        preparation: row.try_get("preparation")?,
        finishing: row.try_get("finishing")?,
    })
}

/// The secondary indexes that stand, or the one of this name. Call it inside a transaction.
pub(super) async fn present(connection: &mut PgConnection, name: Option<&str>) -> Result<Vec<Present>> {
    let query = sqlx::query(include_str!("../../../database/suspend/present.sql")).bind(name);
    let rows = with_complete_names(connection, query).await?;
    rows.iter().map(|row| read_present(row).map_err(IndexError::Catalog)).collect()
}

/// What a query finds that describes objects of the catalog: the search path is emptied for it, so that definitions name
/// every schema and can be compared, and then is the session's own again. Call it inside a transaction.
pub(super) async fn with_complete_names(
    connection: &mut PgConnection,
    query: Query<'_, Postgres, PgArguments>,
) -> Result<Vec<PgRow>> {
    execute(connection, "SET LOCAL search_path = ''").await?;
    let rows = query.fetch_all(&mut *connection).await?;
    execute(connection, "SET LOCAL search_path TO DEFAULT").await?;
    Ok(rows)
}

fn read_present(row: &PgRow) -> sqlx::Result<Present> {
    Ok(Present {
        name: row.try_get("name")?,
        definition: row.try_get("definition")?,
        comment: row.try_get("comment")?,
        tablespace: row.try_get("tablespace")?,
        statistics: row.try_get("statistics")?,
        is_clustered: row.try_get("is_clustered")?,
        is_valid: row.try_get("is_valid")?,
    })
}

/// Runs one statement that was made by the catalog's own quoting.
pub(super) async fn execute(connection: &mut PgConnection, statement: &str) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.map(|_| ())
}
