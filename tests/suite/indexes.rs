//! The 39 indexes on a real server: their questions, their suspension and that of the foreign keys, their documentation.

mod documentation;
mod hostile;
mod interruption;
mod keys;
mod migration;
mod questions;
mod suspension;

pub(crate) use suspension::{NEVER_DROPPED, OWN};

use loader::server::indexes::{self, RestoreSettings, Restored};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, PgPool};

use crate::harness::TestDatabase;

/// A library without rows, its indexes made.
pub(crate) async fn indexed() -> TestDatabase {
    let database = TestDatabase::create().await;
    let mut connection = database.pool.acquire().await.unwrap();
    indexes::create_all(&mut connection).await.unwrap();
    drop(connection);
    database
}

pub(crate) async fn run(pool: &PgPool, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

pub(crate) async fn texts(pool: &PgPool, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(pool).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// Every secondary index with all that is to survive, in words.
pub(crate) async fn snapshot(pool: &PgPool) -> Vec<String> {
    texts(
        pool,
        "SELECT concat_ws(' | ', schema_name, table_name, name, definition, comment, tablespace, statistics,
                          is_clustered, is_valid)
           FROM loader.secondary_indexes ORDER BY name",
    )
    .await
}

pub(crate) async fn journal(pool: &PgPool) -> Vec<String> {
    texts(pool, "SELECT name FROM loader.suspended_indexes ORDER BY name").await
}

/// The names of the indexes that were suspended.
pub(crate) async fn suspend(pool: &PgPool) -> Vec<String> {
    let (mut connection, folder) = (pool.acquire().await.unwrap(), tempfile::tempdir().unwrap());
    let suspended = indexes::suspend(&mut connection, 7, &folder.path().join(indexes::BACKUP)).await.unwrap();
    suspended.indexes.into_iter().map(|index| index.name).collect()
}

/// Makes the suspended foreign keys stand for new rows, as a restore begins.
pub(crate) async fn stand(pool: &PgPool) {
    let adding =
        "SELECT format('ALTER TABLE %I ADD CONSTRAINT %I %s NOT VALID', table_name, name, definition)
                    FROM loader.suspended_foreign_keys";
    for statement in texts(pool, adding).await {
        run(pool, &statement).await;
    }
}

fn options(database: &TestDatabase) -> PgConnectOptions {
    database.url.parse::<PgConnectOptions>().unwrap().application_name("restore under test")
}

pub(crate) async fn restore(database: &TestDatabase) -> indexes::Result<Restored> {
    let settings = RestoreSettings { memory_kib: 65_536, ..RestoreSettings::default() };
    indexes::restore(&options(database), settings, &|_| ()).await
}
