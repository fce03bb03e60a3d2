//! Tables of the library that were made unlogged by hand (`scripts/set-unlogged.sh`), and making them logged again.
//!
//! No mode makes tables unlogged: docs/decisions/0010 says why. The SQL is the scripts' too.

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Row as _};

use crate::error::{Error, ErrorKind, Result};

/// Which tables are unlogged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// All that are.
    pub unlogged: Vec<String>,
    /// Those of them that the journal knows.
    pub journalled: Vec<String>,
    /// Whether a crash of the server has emptied them since.
    pub is_emptied: bool,
}

/// How the tables stand.
///
/// # Errors
/// What the server says.
pub async fn standing(connection: &mut PgConnection) -> Result<Standing> {
    let read = async {
        let row =
            sqlx::query(include_str!("../../database/unlogged/standing.sql")).fetch_one(connection).await?;
        Ok(Standing {
            unlogged: row.try_get("unlogged")?,
            journalled: row.try_get("journalled")?,
            is_emptied: row.try_get("is_emptied")?,
        })
    };
    read.await.map_err(|error: sqlx::Error| {
        Error::new(ErrorKind::Run, "the journal of unlogged tables could not be read").with_cause(error)
    })
}

/// The tables that wait to be made logged again.
///
/// # Errors
/// What the server says.
pub async fn journalled(connection: &mut PgConnection) -> Result<Vec<String>> {
    Ok(standing(connection).await?.journalled)
}

/// Makes them logged again, all or none.
///
/// # Errors
/// [`ErrorKind::Suspended`] where the server refuses: then all stay unlogged, and in the journal.
pub async fn make_logged(connection: &mut PgConnection) -> Result<()> {
    let write = async {
        let mut transaction = connection.begin().await?;
        sqlx::raw_sql(include_str!("../../database/unlogged/off.sql")).execute(&mut *transaction).await?;
        transaction.commit().await
    };
    write.await.map_err(|error: sqlx::Error| {
        Error::new(ErrorKind::Suspended, "the unlogged tables could not be made logged again")
            .with_hint("mend what the server says, then run: loader restore")
            .with_cause(error)
    })
}
