//! Renewing what the planner knows of a table, when all else stands.

use super::RestoreEvent;
use super::jobs::Jobs;
use crate::server::indexes::{IndexError, Result, catalog};
use sqlx::PgConnection;

/// How statistics are renewed at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refresh {
    /// `ANALYZE`: the planner knows the new rows.
    Analyze,
    /// `VACUUM (ANALYZE)`: the visibility map is made too, so that index-only scans work at once.
    #[default]
    VacuumAnalyze,
}

/// Takes tables until there are none, or one fails; then the other connections stop too.
pub(super) async fn refresh_all(
    connection: &mut PgConnection,
    jobs: &Jobs<'_, &'static str>,
    how: Refresh,
    observe: &(dyn Fn(RestoreEvent<'_>) + Sync),
) -> Result<Vec<()>> {
    while let Some(table) = jobs.take() {
        observe(RestoreEvent::Refreshing(table));
        let statement = match how {
            Refresh::Analyze => format!("ANALYZE {table}"),
            Refresh::VacuumAnalyze => format!("VACUUM (ANALYZE) {table}"),
        };
        if let Err(cause) = catalog::execute(connection, &statement).await {
            jobs.cancel();
            return Err(IndexError::Refresh { table, cause });
        }
    }
    Ok(Vec::new())
}
