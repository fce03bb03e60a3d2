//! What a failure or a difference is about, in words.

use std::fmt;

/// An index or a foreign key, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An index.
    Index(String),
    /// A foreign key.
    Key {
        /// The table that refers to another.
        table: String,
        /// The constraint's name, distinct within the table only.
        name: String,
    },
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(name) => write!(f, "index {name}"),
            Self::Key { table, name } => write!(f, "foreign key {name} of {table}"),
        }
    }
}
