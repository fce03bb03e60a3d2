//! Killed anywhere, every index is either in the catalog or in the journal, and the next restore finishes.

use std::time::Duration;

use loader::server::indexes::{self, RestoreSettings};
use sqlx::{Connection, PgConnection, PgPool};

use super::{indexed, journal, options, restore, run, snapshot, stand, suspend, texts};
use crate::harness::TestDatabase;

/// Lets a statement that wants this table wait until the connection is closed.
async fn blocked(database: &TestDatabase, table: &str) -> PgConnection {
    let mut blocker = PgConnection::connect(&database.url).await.unwrap();
    let lock = format!("BEGIN; LOCK TABLE {table} IN ROW EXCLUSIVE MODE");
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut blocker).await.unwrap();
    blocker
}

/// Waits until as many sessions of this name wait for a lock, and ends them.
pub(super) async fn kill_when_waiting(pool: &PgPool, name: &str, sessions: i64) {
    const WAITING: &str =
        "FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1";
    for _ in 0..600 {
        let count = format!("SELECT count(*) {WAITING} AND wait_event_type = 'Lock'");
        let waiting =
            sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(count)).bind(name).fetch_one(pool).await;
        if waiting.unwrap() >= sessions {
            let kill = format!("SELECT pg_terminate_backend(pid) {WAITING}");
            sqlx::query(sqlx::AssertSqlSafe(kill)).bind(name).execute(pool).await.unwrap();
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no {sessions} sessions of {name} wait for a lock");
}

/// Each index is in exactly one of the two places.
async fn assert_nothing_lost(pool: &PgPool, all: usize) {
    let standing = texts(pool, "SELECT name::text FROM loader.secondary_indexes").await;
    let journal = journal(pool).await;
    assert!(standing.iter().all(|name| !journal.contains(name)), "{standing:?} {journal:?}");
    assert_eq!(standing.len() + journal.len(), all);
}

#[tokio::test]
async fn a_killed_restore_is_finished_by_the_next() {
    let database = indexed().await;
    let pool = &database.pool;
    run(pool, "ALTER TABLE musical_metadata CLUSTER ON metadata_title").await;
    run(pool, "ALTER INDEX metadata_title ALTER COLUMN 1 SET STATISTICS 300").await;
    let before = snapshot(pool).await;
    for table in ["musical_metadata", "files", "file_locations", "sources"] {
        suspend(pool).await;
        stand(pool).await;
        let blocker = blocked(&database, table).await;
        let (interrupted, ()) =
            tokio::join!(restore(&database), kill_when_waiting(pool, "restore under test", 2));
        let error = interrupted.expect_err("its connections were killed");
        assert!(error.to_string().starts_with("cannot make the index "), "{table}: {error}");
        drop(blocker);
        assert_nothing_lost(pool, 39).await;
        assert!(!journal(pool).await.is_empty());
        restore(&database).await.unwrap();
        assert_eq!(snapshot(pool).await, before, "{table}");
        assert!(journal(pool).await.is_empty());
    }
}

#[tokio::test]
async fn a_dropped_restore_is_finished_by_the_next() {
    let database = indexed().await;
    let pool = &database.pool;
    let before = snapshot(pool).await;
    suspend(pool).await;
    let blocker = blocked(&database, "files").await;
    let dropped = tokio::time::timeout(Duration::from_millis(1500), restore(&database)).await;
    assert!(dropped.is_err(), "it waits for the lock");
    let next = tokio::spawn({
        let (options, settings) = (options(&database), RestoreSettings::default());
        async move { indexes::restore(&options, settings, &|_| ()).await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    drop(blocker);
    next.await.unwrap().unwrap();
    assert_eq!(snapshot(pool).await, before);
    assert!(journal(pool).await.is_empty());
}

/// Limits on time are set for queries; a build takes as long as it takes, and here it waits for longer than they are.
#[tokio::test]
async fn limits_on_time_do_not_end_a_build() {
    let database = indexed().await;
    let pool = &database.pool;
    let before = snapshot(pool).await;
    suspend(pool).await;
    let blocker = blocked(&database, "files").await;
    let version = pool.acquire().await.unwrap().server_version_num().unwrap();
    let limits = ["statement_timeout", "lock_timeout", "transaction_timeout"];
    let known = if version < 170_000 { &limits[..2] } else { &limits };
    let options = options(&database).options(known.iter().map(|limit| (*limit, "1s")));
    let building = indexes::restore(&options, RestoreSettings::default(), &|_| ());
    let (restored, ()) = tokio::join!(building, async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        drop(blocker);
    });
    assert_eq!(restored.unwrap().indexes.len(), 39);
    assert_eq!(snapshot(pool).await, before);
}

#[tokio::test]
async fn two_restores_share_the_work() {
    let database = indexed().await;
    let before = snapshot(&database.pool).await;
    suspend(&database.pool).await;
    let (one, other) = tokio::join!(restore(&database), restore(&database));
    assert_eq!(one.unwrap().indexes.len() + other.unwrap().indexes.len(), 39);
    assert_eq!(snapshot(&database.pool).await, before);
}

#[tokio::test]
async fn a_killed_suspension_leaves_everything() {
    let database = indexed().await;
    let pool = &database.pool;
    let before = snapshot(pool).await;
    // The tables are taken in the order of their names: this kill comes when three of four are done.
    let blocker = blocked(&database, "sources").await;
    let mut connection = PgConnection::connect_with(&options(&database)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join(indexes::BACKUP);
    let (interrupted, ()) = tokio::join!(
        indexes::suspend(&mut connection, 7, &backup),
        kill_when_waiting(pool, "restore under test", 1)
    );
    let error = interrupted.expect_err("its connection was killed");
    assert!(error.to_string().contains("DROP INDEX public.sources_"), "{error}");
    drop(blocker);
    assert!(journal(pool).await.is_empty());
    assert_eq!(snapshot(pool).await, before);
    assert_eq!(suspend(pool).await.len(), 39);
}
