//! Rows of contents that the library has, brought up to date by way of temporary tables, in one transaction.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};

use super::{PostgresSink, Stores, columns};
use crate::batch::Batch;
use crate::record::{FileRow, WordedRow};

impl PostgresSink {
    /// Brings the rows of a batch's contents up to date and leaves all else of it. Rows that say the same already are not
    /// written. Answers which of the contents the library has; the others are not stored.
    pub(crate) async fn renew(&mut self, batch: &Batch) -> Stores<Vec<i64>> {
        let mut connection = self.take()?;
        let result = self.renew_all(&mut connection, batch).await;
        match &result {
            Ok(_) => self.connection = Some(connection),
            Err(error) => self.put_back(connection, Some(error)).await,
        }
        result
    }

    async fn renew_all(&mut self, connection: &mut PgConnection, batch: &Batch) -> Stores<Vec<i64>> {
        self.stage(connection).await?;
        let mut transaction = connection.begin().await?;
        self.fill::<FileRow>(&mut transaction, "staging_", batch.files().map(|rows| &rows.file)).await?;
        self.fill_worded(&mut transaction, "staging_", batch).await?;
        transaction.execute(include_str!("../../../database/merge/collisions.sql")).await?;
        transaction.execute(include_str!("../../../database/analyze/files.sql")).await?;
        transaction.execute(include_str!("../../../database/songs/note_texts.sql")).await?;
        let update = include_str!("../../../database/analyze/musical_metadata.sql");
        transaction.execute(AssertSqlSafe(update.replace("{columns}", &columns::<WordedRow<'_>>()))).await?;
        let renewed = sqlx::query_scalar::<_, i64>(include_str!("../../../database/analyze/renewed.sql"))
            .fetch_all(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(renewed)
    }
}
