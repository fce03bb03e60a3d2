//! Renewing what the planner knows of a table, when all else stands.

use sqlx::PgConnection;

use crate::server::indexes::{IndexError, Result, catalog};

/// How statistics are renewed at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refresh {
    /// `ANALYZE`: the planner knows the new rows.
    Analyze,
    /// `VACUUM (ANALYZE)`: the visibility map is made too, so that index-only scans work at once.
    #[default]
    VacuumAnalyze,
}

/// Renews the statistics of a table, whose rows have just been counted by building its indexes.
pub(super) async fn refresh(connection: &mut PgConnection, table: &'static str, how: Refresh) -> Result<()> {
    let refused = |cause| IndexError::Refresh { table, cause };
    sqlx::query(include_str!("../../../../database/suspend/statistics.sql"))
        .bind(format!("public.{table}"))
        .execute(&mut *connection)
        .await
        .map_err(refused)?;
    let statement = match how {
        Refresh::Analyze => format!("ANALYZE {table}"),
        Refresh::VacuumAnalyze => format!("VACUUM (ANALYZE) {table}"),
    };
    catalog::execute(connection, &statement).await.map_err(refused)
}
