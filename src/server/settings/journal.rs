//! The table of changed settings: planned → applied → restored.
//!
//! Changes no setting.

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{FromRow, Row as _};

use super::failed;
use crate::error::Result;

/// A setting that is to be put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSetting {
    /// The run that changed it; 0 where it was done by hand.
    pub run_id: i32,
    /// Its name.
    pub name: String,
    /// `planned` or `applied`.
    pub state: String,
    /// What it was changed to.
    pub wanted: String,
    /// What `postgresql.auto.conf` said before; none where it said nothing.
    pub entry: Option<String>,
    /// What was in force before, in the setting's own unit.
    pub setting: String,
    /// What `postgresql.auto.conf` says now.
    pub present: Option<String>,
    /// What is in force now; none where this server does not know the setting.
    pub in_force: Option<String>,
    /// Where that comes from.
    pub source: Option<String>,
    /// Whether `present` is what was there before or what the journal wanted; else somebody has changed it since.
    pub is_ours: bool,
    /// Whether the file says what it said and the server heeds it.
    pub is_as_before: bool,
    /// The statement that changes it.
    pub change: String,
    /// The statement that puts it back.
    pub undo: String,
}

impl FromRow<'_, PgRow> for OpenSetting {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            run_id: row.try_get("run_id")?,
            name: row.try_get("name")?,
            state: row.try_get("state")?,
            wanted: row.try_get("wanted")?,
            entry: row.try_get("entry")?,
            setting: row.try_get("setting")?,
            present: row.try_get("present")?,
            in_force: row.try_get("in_force")?,
            source: row.try_get("source")?,
            is_ours: row.try_get("is_ours")?,
            is_as_before: row.try_get("is_as_before")?,
            change: row.try_get("change")?,
            undo: row.try_get("undo")?,
        })
    }
}

impl OpenSetting {
    /// Whether the server's data is at risk while it is changed.
    #[must_use]
    pub fn is_dangerous(&self) -> bool {
        matches!(self.name.as_str(), "fsync" | "full_page_writes")
    }

    /// What was there before, in words.
    #[must_use]
    pub fn before(&self) -> String {
        let origin = if self.entry.is_some() { "by ALTER SYSTEM" } else { "no ALTER SYSTEM" };
        format!("{} ({origin})", self.entry.as_ref().unwrap_or(&self.setting))
    }
}

/// Whose changes are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Those of imports.
    Runs,
    /// Also those made by hand.
    Everyone,
}

impl Whose {
    pub(super) const fn includes(self, run_id: i32) -> bool {
        matches!(self, Self::Everyone) || run_id != 0
    }
}

/// What is to be put back, the dangerous ones first. Cheap and open to every role while that is nothing.
///
/// # Errors
/// What the server says; only a superuser may see how the changed settings stand.
pub async fn open(connection: &mut PgConnection, whose: Whose) -> Result<Vec<OpenSetting>> {
    let any: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM loader.changed_settings WHERE state <> 'restored')")
            .fetch_one(&mut *connection)
            .await
            .map_err(|error| failed("reading their journal", error))?;
    if !any {
        return Ok(Vec::new());
    }
    let mut found: Vec<OpenSetting> = sqlx::query_as(include_str!("../../../database/modes/open.sql"))
        .fetch_all(connection)
        .await
        .map_err(|error| failed("comparing them with their journal", error))?;
    found.retain(|setting| whose.includes(setting.run_id));
    Ok(found)
}

/// Writes down what a run is going to change, `(name, value)`; what stands there already stays.
pub(super) async fn plan(connection: &mut PgConnection, run_id: i32, changes: &[(&str, &str)]) -> Result<()> {
    let (names, values): (Vec<&str>, Vec<&str>) = changes.iter().copied().unzip();
    sqlx::query(include_str!("../../../database/modes/plan.sql"))
        .bind(run_id)
        .bind(names)
        .bind(values)
        .execute(connection)
        .await
        .map_err(|error| failed("writing their journal", error))?;
    Ok(())
}

/// What was planned has been done.
pub(super) async fn applied(connection: &mut PgConnection) -> Result<()> {
    sqlx::query(include_str!("../../../database/modes/applied.sql"))
        .execute(connection)
        .await
        .map_err(|error| failed("writing their journal", error))?;
    Ok(())
}

/// These are as they were.
pub(super) async fn restored(connection: &mut PgConnection, names: &[&str]) -> Result<()> {
    sqlx::query(include_str!("../../../database/modes/restored.sql"))
        .bind(names)
        .execute(connection)
        .await
        .map_err(|error| failed("writing their journal", error))?;
    Ok(())
}
