//! What the catalog does with contents that are stored: removes them, marks them as gone, looks them up. Each call is one
//! transaction.

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection};

use super::{PostgresSink, Stores};
use crate::songs;

/// Columns of sources, for `unnest`: their ids and two texts of each.
type SourceColumns = (Vec<i64>, Vec<String>, Vec<Option<String>>);

/// The parameters of a look-up, as far as its statement has them: numbers, bytes, and two columns of text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    /// Ids, signatures or positions; the first parameter of every look-up.
    pub(crate) numbers: Vec<Option<i64>>,
    /// Digests, beside the numbers.
    pub(crate) bytes: Option<Vec<Option<Vec<u8>>>>,
    /// Sources by id and path, and where in each.
    pub(crate) sources: Option<SourceColumns>,
}

impl PostgresSink {
    /// Removes contents with all their places. Answers which of them there were.
    pub(crate) async fn remove(&mut self, ids: &[i64]) -> Stores<Vec<i64>> {
        let mut connection = self.take()?;
        let result = remove_all(&mut connection, ids).await;
        self.put_back(connection, result.as_ref().err()).await;
        result
    }

    /// Marks contents and all their places as no longer there. Answers which of them there are.
    pub(crate) async fn retire(&mut self, ids: &[i64]) -> Stores<Vec<i64>> {
        let mut connection = self.take()?;
        let result = retire_all(&mut connection, ids).await;
        self.put_back(connection, result.as_ref().err()).await;
        result
    }

    /// Rows of a look-up.
    pub(crate) async fn look_up(&mut self, statement: &str, keys: &Keys) -> Stores<Vec<PgRow>> {
        let mut connection = self.take()?;
        let mut query = sqlx::query(AssertSqlSafe(statement)).bind(&keys.numbers);
        if let Some(bytes) = &keys.bytes {
            query = query.bind(bytes);
        }
        if let Some((ids, paths, entries)) = &keys.sources {
            query = query.bind(ids).bind(paths).bind(entries);
        }
        let result = query.fetch_all(&mut connection).await.map_err(Into::into);
        self.put_back(connection, result.as_ref().err()).await;
        result
    }

    /// Makes the row of a run that a program other than an import is, or ends it.
    pub(crate) async fn run_row(&mut self, mode: &str, ended: Option<i32>) -> crate::error::Result<i32> {
        let mut connection = self.take().map_err(crate::writer::run_error)?;
        let options = serde_json::json!({});
        let result = match ended {
            None => crate::library::start_run_beside(&mut connection, mode, &options).await,
            Some(id) => {
                let state = crate::library::RunState::Finished;
                crate::library::finish_run(&mut connection, id, state, &options, None).await.map(|()| id)
            }
        };
        self.connection = Some(connection);
        result
    }
}

async fn remove_all(connection: &mut PgConnection, ids: &[i64]) -> Stores<Vec<i64>> {
    let mut transaction = connection.begin().await?;
    // Their songs may go with them. Whoever sorts takes this lock before it locks contents, too.
    songs::keep_from_resolving(&mut transaction).await?;
    let present = lock(&mut transaction, ids).await?;
    let emptied: Vec<i64> = sqlx::query_scalar(include_str!("../../../database/catalog/remove_places.sql"))
        .bind(&present)
        .fetch_all(&mut *transaction)
        .await?;
    sqlx::query(include_str!("../../../database/catalog/remove_sources.sql"))
        .bind(emptied)
        .execute(&mut *transaction)
        .await?;
    // Not left to the foreign key: an import may have it suspended.
    for statement in [
        "DELETE FROM file_songs WHERE file_id = ANY ($1)",
        "DELETE FROM musical_metadata WHERE file_id = ANY ($1)",
        "DELETE FROM files WHERE id = ANY ($1)",
    ] {
        sqlx::query(statement).bind(&present).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(present)
}

async fn retire_all(connection: &mut PgConnection, ids: &[i64]) -> Stores<Vec<i64>> {
    let mut transaction = connection.begin().await?;
    let present = lock(&mut transaction, ids).await?;
    sqlx::query(include_str!("../../../database/catalog/retire.sql"))
        .bind(&present)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(present)
}

async fn lock(connection: &mut PgConnection, ids: &[i64]) -> Stores<Vec<i64>> {
    Ok(sqlx::query_scalar(include_str!("../../../database/catalog/lock.sql"))
        .bind(ids)
        .fetch_all(connection)
        .await?)
}
