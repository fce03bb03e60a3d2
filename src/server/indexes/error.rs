//! What can go wrong with indexes, each naming the index, and the remedy.

use crate::error::{Error, ErrorKind};

/// A failure while indexes were made, suspended or restored. Whatever it was, the journal still holds every index that
/// does not stand.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The manifest does not follow its own rules.
    #[error("database/indexes.sql: {problem}, found: {found}")]
    Manifest {
        /// Which rule.
        problem: &'static str,
        /// The statement that breaks it.
        found: String,
    },
    /// The catalog or the journal could not be read or written.
    #[error("cannot read the index catalog or the journal of suspended indexes")]
    Catalog(#[from] sqlx::Error),
    /// A connection for building could not be made.
    #[error("cannot open a connection for building indexes")]
    Connect(#[source] sqlx::Error),
    /// An index could not be dropped; nothing was.
    #[error("cannot suspend the index {index}; all indexes were left as they were")]
    Suspend {
        /// Its name.
        index: String,
        /// What PostgreSQL said.
        #[source]
        cause: sqlx::Error,
    },
    /// An index could not be built; it stays in the journal.
    #[error("cannot build the index {index}")]
    Build {
        /// Its name.
        index: String,
        /// What PostgreSQL said.
        #[source]
        cause: sqlx::Error,
    },
    /// Another index has taken the name of a suspended one.
    #[error("the index {index} cannot be restored: its name is taken; expected {expected}, found {found}")]
    Conflict {
        /// Its name.
        index: String,
        /// The journalled definition.
        expected: String,
        /// The definition in the catalog.
        found: String,
    },
    /// A restored index is not what the journal described.
    #[error("the index {index} is not what it was: {property}: expected {expected}, found {found}")]
    Differs {
        /// Its name.
        index: String,
        /// What differs.
        property: &'static str,
        /// As journalled.
        expected: String,
        /// As in the catalog.
        found: String,
    },
    /// Statistics of a table could not be renewed.
    #[error("all indexes are built, but the statistics of table {table} could not be renewed")]
    Refresh {
        /// Its name.
        table: &'static str,
        /// What PostgreSQL said.
        #[source]
        cause: sqlx::Error,
    },
}

impl IndexError {
    /// The remedy.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Manifest { .. } => "install a released version of loader".into(),
            Self::Conflict { index, .. } => {
                format!("rename or drop the present index {index}, then run: loader restore")
            }
            Self::Differs { index, .. } => format!("drop the index {index} and create it as described"),
            Self::Suspend { cause, .. } if sql_state(cause) == Some("42501".into()) => {
                "connect as the owner of the index's table, or use --mode normal".into()
            }
            Self::Suspend { .. } => "run the same command again".into(),
            Self::Build { cause, .. } if sql_state(cause) == Some("53100".into()) => {
                "free disk space on the server, then run: loader restore".into()
            }
            Self::Catalog(_) | Self::Connect(_) | Self::Build { .. } | Self::Refresh { .. } => {
                "run: loader restore".into()
            }
        }
    }
}

fn sql_state(error: &sqlx::Error) -> Option<std::borrow::Cow<'_, str>> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code)
}

impl From<IndexError> for Error {
    fn from(error: IndexError) -> Self {
        let hint = error.hint();
        Self::new(ErrorKind::Suspended, error.to_string()).with_hint(hint).with_cause(error)
    }
}
