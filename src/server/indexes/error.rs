//! What can go wrong with indexes and foreign keys, each naming its subject, and the remedy.

use sqlx::postgres::PgDatabaseError;

use super::Subject;
use crate::error::{Error, ErrorKind};

/// A failure while indexes were made, or indexes and foreign keys suspended or restored. Whatever it was, the journals
/// still hold everything that does not stand.
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
    /// The catalog or a journal could not be read or written.
    #[error("cannot read the catalog or the journals of suspended indexes and foreign keys")]
    Catalog(#[from] sqlx::Error),
    /// A connection for building could not be made.
    #[error("cannot open a connection for building indexes")]
    Connect(#[source] sqlx::Error),
    /// The file of statements could not be written; nothing was dropped.
    #[error("cannot write the backup of indexes and foreign keys; all were left as they were")]
    Backup(#[source] std::io::Error),
    /// Something could not be dropped; nothing was.
    #[error(
        "cannot suspend indexes and foreign keys, all were left as they were; the server refused: {statement}"
    )]
    Suspend {
        /// What it was asked.
        statement: String,
        /// What PostgreSQL said.
        #[source]
        cause: sqlx::Error,
    },
    /// An index of the manifest could not be made; none was.
    #[error("cannot make the index {index}; none of those that are missing was made")]
    Create {
        /// Its name.
        index: String,
        /// What PostgreSQL said.
        #[source]
        cause: sqlx::Error,
    },
    /// An index or a foreign key could not be made; it stays in the journal.
    #[error("cannot make the {subject}")]
    Make {
        /// Which.
        subject: Subject,
        /// What PostgreSQL said.
        #[source]
        cause: sqlx::Error,
    },
    /// Rows do not keep a foreign key. It stands for whatever is written from now on, and stays in the journal.
    #[error("the {subject} does not hold for all rows: {detail}")]
    Violated {
        /// Which.
        subject: Subject,
        /// The first such row, as PostgreSQL describes it.
        detail: String,
        /// What PostgreSQL said.
        #[source]
        cause: sqlx::Error,
    },
    /// Another has taken the name of what was suspended.
    #[error("the {subject} cannot be restored: its name is taken; expected {expected}, found {found}")]
    Conflict {
        /// Which.
        subject: Subject,
        /// The journalled definition.
        expected: String,
        /// The definition in the catalog.
        found: String,
    },
    /// What was restored is not what the journal described.
    #[error("the {subject} is not what it was: {property}: expected {expected}, found {found}")]
    Differs {
        /// Which.
        subject: Subject,
        /// What differs.
        property: &'static str,
        /// As journalled.
        expected: String,
        /// As in the catalog.
        found: String,
    },
    /// Statistics of a table could not be renewed.
    #[error(
        "all indexes and foreign keys are back, but the statistics of table {table} could not be renewed"
    )]
    Refresh {
        /// Its name.
        table: &'static str,
        /// What PostgreSQL said.
        #[source]
        cause: sqlx::Error,
    },
}

impl IndexError {
    /// The error of a statement that makes an index or a foreign key.
    pub(super) fn of_making(subject: Subject, cause: sqlx::Error) -> Self {
        match (&subject, sql_state(&cause).as_deref()) {
            (Subject::Key { .. }, Some("23503")) => {
                let detail = detail(&cause).unwrap_or("a row points to one that is not there").to_owned();
                Self::Violated { subject, detail, cause }
            }
            _ => Self::Make { subject, cause },
        }
    }

    /// The remedy.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Manifest { .. } => "install a released version of loader".into(),
            Self::Backup(_) => {
                "let XDG_STATE_HOME name a folder that can be written, then run the same command again".into()
            }
            Self::Conflict { subject, .. } => {
                format!("rename or drop the present {subject}, then run: loader restore")
            }
            Self::Differs { subject, .. } => format!("drop the {subject} and create it as described"),
            Self::Violated { .. } => {
                "add the row that is missing, or delete those that point to it, then run: loader restore"
                    .into()
            }
            Self::Suspend { cause, .. } if sql_state(cause) == Some("42501".into()) => {
                "connect as the owner of the library's tables, or use --mode normal".into()
            }
            Self::Create { cause, .. } if sql_state(cause) == Some("53100".into()) => {
                "free disk space on the server, then run the same command again".into()
            }
            Self::Suspend { .. } | Self::Create { .. } => "run the same command again".into(),
            Self::Make { cause, .. } if sql_state(cause) == Some("53100".into()) => {
                "free disk space on the server, then run: loader restore".into()
            }
            Self::Catalog(_) | Self::Connect(_) | Self::Make { .. } | Self::Refresh { .. } => {
                "run: loader restore".into()
            }
        }
    }
}

fn sql_state(error: &sqlx::Error) -> Option<std::borrow::Cow<'_, str>> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code)
}

fn detail(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error()?.try_downcast_ref::<PgDatabaseError>()?.detail()
}

impl From<IndexError> for Error {
    fn from(error: IndexError) -> Self {
        let hint = error.hint();
        let kind = match error {
            // Each is all or nothing, and it was nothing: there is nothing to be put back.
            IndexError::Backup(_) | IndexError::Suspend { .. } | IndexError::Create { .. } => ErrorKind::Run,
            _ => ErrorKind::Suspended,
        };
        Self::new(kind, error.to_string()).with_hint(hint).with_cause(error)
    }
}
