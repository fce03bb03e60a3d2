//! What a catalog does when a row, a lock or a connection fails it.

use std::time::Duration;

use loader::batch::{Finding, Item};
use loader::catalog::{Catalog, CatalogSettings};
use loader::error::ErrorKind;
use sqlx::{Connection as _, Executor as _};

use super::{SMALL, content, filled, id, item, library, path, rows};
use crate::harness::TestDatabase;
use crate::program::{until, until_waited_for};
use crate::rows::{assert_whole, number};

/// Hardly a pause between two attempts.
const ONE: &[Duration] = &[Duration::from_millis(1)];

/// A user's own rules for some rows: batches are halved down to them, all others are applied.
const RULES: &str = "
    CREATE FUNCTION own_rule() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND OLD.size_bytes % 5 = 0 THEN
            RAISE EXCEPTION 'not this one' USING ERRCODE = 'P0001';
        ELSIF TG_OP <> 'DELETE' AND NEW.size_bytes % 5 = 0 THEN
            RAISE EXCEPTION 'not this one' USING ERRCODE = 'P0001';
        END IF;
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END $$;
    CREATE TRIGGER own_rule BEFORE INSERT OR UPDATE OR DELETE ON files FOR EACH ROW EXECUTE FUNCTION own_rule();";

#[tokio::test]
async fn a_refused_row_is_named_and_alone() {
    let database = library().await;
    let mut catalog = filled(&database, 60).await;
    let run = catalog.run_id().await.unwrap();
    database.pool.execute(RULES).await.unwrap();
    let refused = |from: u64, to: u64| -> Vec<usize> {
        (from..to)
            .filter(|index| content(*index).len().is_multiple_of(5))
            .map(|index| index_of(index - from))
            .collect()
    };
    assert!(refused(60, 120).len() > 3, "some are refused");

    let outcome = catalog.insert((60..120).map(|index| item(run, index)).collect()).await.unwrap();
    let positions: Vec<_> = outcome.refused.iter().map(|row| row.position).collect();
    assert_eq!(positions, refused(60, 120));
    assert_eq!(outcome.inserted, 60 - positions.len() as u64);
    assert!(outcome.refused.iter().all(|row| row.sqlstate.as_deref() == Some("P0001")), "{outcome:?}");
    assert!(outcome.refused[0].message.contains("not this one"), "{outcome:?}");

    let ids: Vec<_> = (0..60).map(id).collect();
    let outcome = catalog.mark_inactive(&ids).await.unwrap();
    let positions: Vec<_> = outcome.refused.iter().map(|row| row.position).collect();
    assert_eq!(positions, refused(0, 60));
    let outcome = catalog.delete(&ids).await.unwrap();
    let positions: Vec<_> = outcome.refused.iter().map(|row| row.position).collect();
    assert_eq!(positions, refused(0, 60));
    let mut connection = database.connect().await;
    let left = number(&mut connection, "SELECT count(*) FROM files WHERE size_bytes % 5 = 0").await;
    assert_eq!(
        left,
        i64::try_from(positions.len()).unwrap(),
        "only what was refused is left of the first sixty"
    );

    // An update of what the rule forbids, among others.
    let all: Vec<_> = (0..120)
        .map(|index| {
            let mut rows = (*rows(&item(run, index))).clone();
            rows.file.warnings = 1;
            std::sync::Arc::new(rows)
        })
        .collect();
    let outcome = catalog.update(all).await.unwrap();
    let positions: Vec<_> = outcome.refused.iter().map(|row| row.position).collect();
    assert_eq!(positions, refused(0, 60), "what is there and may not change");
    assert_eq!(
        outcome.missing.len() + outcome.refused.len() + usize::try_from(outcome.applied).unwrap(),
        120
    );
    catalog.close().await.unwrap();
    assert_whole(&database.url, "beside rules of a user's own").await;
}

/// A row whose text the server will not have, among places of known contents, in any order.
#[tokio::test]
async fn a_place_may_stand_before_its_content() {
    let database = TestDatabase::create().await;
    let mut catalog = Catalog::open(database.target(), SMALL).await.unwrap();
    let run = catalog.run_id().await.unwrap();
    let mut items = Vec::new();
    for index in 0..40 {
        // Another place of it comes first, without its rows.
        let mut twin = item(run, index);
        let Finding::New(_, mut place) = twin.finding else { panic!("a content") };
        let source = twin.source.as_mut().unwrap();
        source.path = format!("/twin{}", source.path);
        source.id = loader::digest::SourceId::of(source.path.as_bytes()).0;
        place.source_id = source.id;
        items.push(Item { source: twin.source, finding: Finding::Duplicate(place) });
        items.push(item(run, index));
    }
    let Finding::New(_, place) = &mut items[7].finding else { panic!("a content") };
    place.name = "a\0b".to_owned();
    let outcome = catalog.insert(items).await.unwrap();
    let refused: Vec<_> = outcome.refused.iter().map(|row| (row.position, row.sqlstate.as_deref())).collect();
    // The content goes with its only complete item; its other place has nothing to point to.
    assert_eq!(refused, [(6, Some("23503")), (7, Some("22021"))]);
    assert_eq!((outcome.applied, outcome.inserted), (78, 39));
    catalog.close().await.unwrap();
}

/// The connection is ended in the middle of things, again and again.
#[tokio::test]
async fn a_broken_connection_is_made_anew() {
    let database = library().await;
    let mut catalog = filled(&database, 30).await;
    let run = catalog.run_id().await.unwrap();
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE application_name = 'loader writer' AND datname = current_database()";
    let mut connection = database.connect().await;
    assert_eq!(number(&mut connection, end).await, 1);
    let outcome = catalog.insert((30..90).map(|index| item(run, index)).collect()).await.unwrap();
    assert_eq!((outcome.applied, outcome.inserted), (60, 60));
    assert_eq!(number(&mut connection, end).await, 1);
    assert_eq!(catalog.by_ids(&[id(80)]).await.unwrap()[0].as_ref().unwrap().id, id(80));
    assert_eq!(number(&mut connection, end).await, 1);
    assert_eq!(catalog.delete(&[id(80)]).await.unwrap().applied, 1);
    assert_eq!(number(&mut connection, end).await, 1);
    assert_eq!(catalog.mark_inactive(&[id(81)]).await.unwrap().applied, 1);
    // Its source is there still, which no import leaves so.
    assert_eq!(catalog.delete(&[id(81)]).await.unwrap().applied, 1);

    // Within a statement: it waits for a lock that this session holds.
    let mut holder = database.connect().await;
    let mut transaction = holder.begin().await.unwrap();
    transaction.execute("LOCK TABLE files IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let inserting = tokio::spawn(async move {
        let outcome = catalog.insert((90..100).map(|index| item(run, index)).collect()).await;
        (catalog, outcome)
    });
    until_waited_for(&mut transaction).await;
    assert_eq!(number(&mut connection, end).await, 1);
    transaction.rollback().await.unwrap();
    let (catalog, outcome) = inserting.await.unwrap();
    assert_eq!(outcome.unwrap().inserted, 10);
    catalog.close().await.unwrap();
    assert_whole(&database.url, "after broken connections").await;
}

/// Two sessions lock what the other has: one of the two is ended by the server, and tries again.
#[tokio::test]
async fn a_deadlock_is_tried_again() {
    let database = TestDatabase::create().await;
    let catalog = filled(&database, 10).await;
    let mut ids: Vec<_> = (0..10).map(id).collect();
    ids.sort_unstable();
    let (lowest, highest) = (ids[0].0, ids[9].0);
    let mut other = database.connect().await;
    // The server lets the other one wait for long, so that it is the catalog that is ended.
    other.execute("SET deadlock_timeout = '1min'").await.unwrap();
    let mut transaction = other.begin().await.unwrap();
    let lock = "SELECT 1 FROM files WHERE id = $1 FOR UPDATE";
    sqlx::query(lock).bind(highest).execute(&mut *transaction).await.unwrap();
    let deleting = tokio::spawn(async move {
        let mut catalog = catalog;
        let outcome = catalog.delete(&ids).await;
        (catalog, outcome)
    });
    until_waited_for(&mut transaction).await;
    // It holds the lowest and waits for the highest.
    sqlx::query(lock).bind(lowest).execute(&mut *transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    let (catalog, outcome) = deleting.await.unwrap();
    assert_eq!(outcome.unwrap().applied, 10);
    catalog.close().await.unwrap();
    let mut connection = database.connect().await;
    until("the server has counted it", async || {
        number(&mut connection, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            .await
            > 0
    })
    .await;
}

/// What nothing helps against is an error, and what was stored before it stays.
#[tokio::test]
async fn what_does_not_pass_is_an_error() {
    let database = TestDatabase::create().await;
    let mut catalog = filled(&database, 20).await;
    let run = catalog.run_id().await.unwrap();
    database.pool.execute("ALTER TABLE rejects RENAME TO gone").await.unwrap();
    let again = (0..20).map(|index| item(run, index)).collect();
    let error = catalog.insert(again).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Run, "{error}");
    database.pool.execute("ALTER TABLE gone RENAME TO rejects").await.unwrap();
    assert!(
        catalog.by_paths(&[path(3).display().to_string()]).await.unwrap()[0].is_some(),
        "it is used again"
    );
    catalog.close().await.unwrap();

    // A server that stays away is given up after the pauses.
    let settings = CatalogSettings { retry_pauses: ONE, ..SMALL };
    let mut catalog = Catalog::open(database.target(), settings).await.unwrap();
    let name = &database.name;
    let mut administrator = crate::harness::TestServer::shared().await.administrator().await;
    let away = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false");
    administrator.execute(sqlx::AssertSqlSafe(away)).await.unwrap();
    let end = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'loader writer' AND datname = '{name}'"
    );
    administrator.execute(sqlx::AssertSqlSafe(end)).await.unwrap();
    assert!(catalog.by_ids(&[id(1)]).await.is_err());
    let back = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true");
    administrator.execute(sqlx::AssertSqlSafe(back)).await.unwrap();
}

fn index_of(index: u64) -> usize {
    usize::try_from(index).unwrap()
}
