//! Questions whether what was read is what is stored; nothing is written.

use sqlx::postgres::PgConnection;

use super::{PostgresSink, Stores, by_source};
use crate::sink::comparison::{ReadPlaces, ReadSources};

impl PostgresSink {
    /// The sources with a place among these that holds something else than is stored there.
    pub(in crate::sink) async fn differing_places(&mut self, read: &ReadPlaces) -> Stores<Vec<i64>> {
        let query = sqlx::query_scalar(include_str!("../../../database/verification/places.sql"))
            .bind(&read.sources)
            .bind(&read.ordinals)
            .bind(&read.contents)
            .bind(&read.reasons);
        let mut connection = self.take()?;
        let differing = query.fetch_all(&mut connection).await.map_err(Into::into);
        self.put_back(connection, differing.as_ref().err()).await;
        differing
    }

    /// The sources among these that hold more, less or something else than is stored.
    pub(in crate::sink) async fn differing_sources(&mut self, read: &ReadSources) -> Stores<Vec<i64>> {
        let query = sqlx::query_scalar(include_str!("../../../database/verification/sources.sql"))
            .bind(&read.ids)
            .bind(&read.kinds)
            .bind(&read.entries)
            .bind(&read.not_midi)
            .bind(&read.refused);
        let mut connection = self.take()?;
        let differing = query.fetch_all(&mut connection).await.map_err(Into::into);
        self.put_back(connection, differing.as_ref().err()).await;
        differing
    }

    /// What is stored of these sources, place by place.
    pub(in crate::sink) async fn stored(&mut self, ids: &[i64]) -> Stores<Vec<Vec<(i64, Option<i64>)>>> {
        let mut connection = self.take()?;
        let stored = stored(&mut connection, ids).await;
        self.put_back(connection, stored.as_ref().err()).await;
        stored
    }
}

/// The same over a connection that may be in a transaction.
pub(super) async fn stored(
    connection: &mut PgConnection,
    ids: &[i64],
) -> Stores<Vec<Vec<(i64, Option<i64>)>>> {
    let done = sqlx::query_as(include_str!("../../../database/sources/done.sql")).bind(ids);
    Ok(by_source(ids, done.fetch_all(connection).await?))
}
