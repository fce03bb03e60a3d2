//! How the server stands: the settings in force, and what lives on it beside the library.
//!
//! Reads; judges nothing.

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{FromRow, Row as _};

use crate::error::{Error, ErrorKind, Result};

/// A setting as it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingNow {
    /// Its name.
    pub name: String,
    /// Its value in its own unit.
    pub setting: String,
    /// That unit; empty for none.
    pub unit: String,
    /// The value PostgreSQL has where nobody has chosen another, in the same unit.
    pub boot_value: String,
    /// What a change needs: `user`, `sighup`, `postmaster`, …
    pub context: String,
    /// Where the value comes from: `default`, `configuration file`, `command line`, …
    pub source: String,
    /// Its value as people write it.
    pub shown: String,
    /// Whether the configuration says otherwise, and only a restart would tell the server.
    pub pending_restart: bool,
}

impl FromRow<'_, PgRow> for SettingNow {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            name: row.try_get("name")?,
            setting: row.try_get("setting")?,
            unit: row.try_get("unit")?,
            boot_value: row.try_get("boot_value")?,
            context: row.try_get("context")?,
            source: row.try_get("source")?,
            shown: row.try_get("shown")?,
            pending_restart: row.try_get("pending_restart")?,
        })
    }
}

/// What lives on the server beside the library, and what the role may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Whether the role is a superuser.
    pub is_superuser: bool,
    /// Other databases that hold anything.
    pub other_databases: Vec<String>,
    /// Standbys that are connected.
    pub standbys: i64,
    /// Replication slots.
    pub slots: i64,
    /// Whether the log is archived.
    pub is_archiving: bool,
    /// Whether the role may run programs on the server's machine, which is how written data is made to reach its disk.
    pub runs_programs: bool,
}

impl FromRow<'_, PgRow> for Surroundings {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            is_superuser: row.try_get("is_superuser")?,
            other_databases: row.try_get("other_databases")?,
            standbys: row.try_get("standbys")?,
            slots: row.try_get("slots")?,
            is_archiving: row.try_get("is_archiving")?,
            runs_programs: row.try_get("runs_programs")?,
        })
    }
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The settings that were asked for and that this version knows.
    pub settings: Vec<SettingNow>,
    /// What lives on the server.
    pub surroundings: Surroundings,
    /// Other programs that are connected to this database, in words.
    pub clients: Vec<String>,
}

impl Standing {
    /// Reads it, for the settings of these names.
    ///
    /// # Errors
    /// What the server says.
    pub async fn read(connection: &mut PgConnection, names: &[&str]) -> Result<Self> {
        let unreadable = |error| {
            Error::new(ErrorKind::Run, "the server's settings could not be read")
                .with_cause(Box::new(error) as Box<_>)
        };
        let settings = settings(connection, names).await.map_err(unreadable)?;
        let surroundings = sqlx::query_as(include_str!("../../../database/modes/surroundings.sql"))
            .fetch_one(&mut *connection)
            .await
            .map_err(unreadable)?;
        let clients = sqlx::query_scalar(include_str!("../../../database/modes/clients.sql"))
            .fetch_all(connection)
            .await
            .map_err(unreadable)?;
        Ok(Self { settings, surroundings, clients })
    }

    /// The setting of this name, if this version of the server knows it.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&SettingNow> {
        self.settings.iter().find(|setting| setting.name == name)
    }
}

/// The settings of these names, as they stand now.
pub(super) async fn settings(connection: &mut PgConnection, names: &[&str]) -> sqlx::Result<Vec<SettingNow>> {
    sqlx::query_as(include_str!("../../../database/modes/settings.sql"))
        .bind(names)
        .fetch_all(connection)
        .await
}
