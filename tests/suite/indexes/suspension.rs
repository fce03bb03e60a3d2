//! Suspended indexes come back as they were, a user's own included, and nothing else is touched.

use std::sync::Mutex;

use loader::server::indexes::{self, IndexError, RestoreEvent, RestoreSettings};
use sqlx::Connection;

use super::{indexed, journal, options, restore, run, snapshot, suspend, texts};
use crate::harness::TestDatabase;

/// What a user may have made on our tables, beside what is never to be dropped.
pub(crate) const OWN: &str = r#"
    CREATE INDEX own_covering ON files (size_bytes DESC NULLS LAST, warnings) INCLUDE (parse_status)
        WITH (fillfactor = 70) WHERE size_bytes > 1000 AND parse_status <> 'it''s';
    COMMENT ON INDEX own_covering IS 'It''s "mine"; \ and $1';
    CREATE INDEX "Own ""quoted"" Name" ON musical_metadata (lower(title) text_pattern_ops, (n_notes + 1));
    ALTER INDEX "Own ""quoted"" Name" ALTER COLUMN 1 SET STATISTICS 500;
    ALTER INDEX "Own ""quoted"" Name" ALTER COLUMN 2 SET STATISTICS 0;
    CREATE INDEX own_gin ON file_locations USING gin (entry_path public.gin_trgm_ops) WITH (fastupdate = off);
    CREATE FUNCTION fold(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower($1)';
    CREATE INDEX own_function ON sources (fold(path) COLLATE "C");
    ALTER TABLE sources CLUSTER ON own_function;
    CREATE INDEX own_brin ON files USING brin (id);
    ALTER TABLE files CLUSTER ON files_size;
"#;

/// What is never to be dropped.
pub(crate) const NEVER_DROPPED: &str = "
    CREATE UNIQUE INDEX own_unique ON files (digest);
    ALTER TABLE files REPLICA IDENTITY USING INDEX own_unique;
    ALTER TABLE sources ADD CONSTRAINT own_constraint UNIQUE (path);
    ALTER TABLE sources ADD CONSTRAINT own_exclusion EXCLUDE USING btree (id WITH =);
    CREATE TABLE theirs (file_id bigint REFERENCES files, note text);
    CREATE INDEX theirs_note ON theirs (note);
";

const CONSTRAINTS: &str = "
    SELECT indexdef FROM pg_indexes
     WHERE schemaname = 'public' AND indexname NOT IN (SELECT name FROM loader.secondary_indexes) ORDER BY indexname";

#[tokio::test]
async fn everything_comes_back_as_it_was() {
    let database = indexed().await;
    let pool = &database.pool;
    run(pool, OWN).await;
    run(pool, NEVER_DROPPED).await;
    let (before, constraints) = (snapshot(pool).await, texts(pool, CONSTRAINTS).await);
    assert_eq!(before.len(), 39 + 5);

    let suspended = suspend(pool).await;
    assert_eq!(suspended.len(), 39 + 5);
    assert_eq!(snapshot(pool).await, Vec::<String>::new());
    assert_eq!(texts(pool, CONSTRAINTS).await, constraints, "constraints stay");
    assert_eq!(journal(pool).await.len(), 39 + 5);
    let mut connection = pool.acquire().await.unwrap();
    assert!(indexes::is_suspended(&mut connection).await.unwrap());
    let status = indexes::status(&mut connection).await.unwrap();
    assert_eq!((status.suspended.len(), status.absent.len(), status.invalid.len()), (44, 0, 0));
    assert!(status.suspended.iter().all(|index| index.run_id == 7));

    let restored = restore(&database).await.unwrap();
    assert_eq!(restored.indexes.len(), 39 + 5);
    assert_eq!(snapshot(pool).await, before);
    assert_eq!(texts(pool, CONSTRAINTS).await, constraints);
    assert!(indexes::status(&mut connection).await.unwrap().is_complete());
    assert!(!indexes::is_suspended(&mut connection).await.unwrap());
}

/// Where index and table lie apart. Tablespaces belong to the whole server, so this one is taken away again.
#[tokio::test]
async fn a_tablespace_comes_back() {
    let database = indexed().await;
    let mut connection = database.pool.acquire().await.unwrap();
    if connection.server_version_num().is_none_or(|version| version < 150_000) {
        return; // Tablespaces without a directory of their own came with PostgreSQL 15.
    }
    let space = format!("loader_test_space_{}", std::process::id());
    let pool = &database.pool;
    sqlx::raw_sql("SET allow_in_place_tablespaces = on").execute(&mut *connection).await.unwrap();
    let create = sqlx::AssertSqlSafe(format!("CREATE TABLESPACE {space} LOCATION ''"));
    sqlx::raw_sql(create).execute(&mut *connection).await.unwrap();
    run(pool, &format!("CREATE INDEX own_placed ON files (warnings) TABLESPACE {space}")).await;
    let before = snapshot(pool).await;
    assert_eq!(before.iter().filter(|index| index.contains(&space)).count(), 1);
    suspend(pool).await;
    let restored = restore(&database).await.map(|_| ());
    let after = snapshot(pool).await;
    run(pool, "DROP INDEX own_placed").await;
    run(pool, &format!("DROP TABLESPACE {space}")).await;
    restored.unwrap();
    assert_eq!(after, before);
}

#[tokio::test]
async fn nothing_to_do_is_no_failure() {
    let database = indexed().await;
    let before = snapshot(&database.pool).await;
    let restored = restore(&database).await.unwrap();
    assert!(restored.indexes.is_empty() && restored.absent.is_empty() && restored.invalid.is_empty());
    assert_eq!(snapshot(&database.pool).await, before);

    assert_eq!(suspend(&database.pool).await.len(), 39);
    assert!(suspend(&database.pool).await.is_empty(), "a second suspension finds nothing");
    assert_eq!(journal(&database.pool).await.len(), 39, "and forgets nothing");
    assert_eq!(restore(&database).await.unwrap().indexes.len(), 39);
    assert_eq!(snapshot(&database.pool).await, before);
}

#[tokio::test]
async fn each_table_is_built_dearest_first_and_settled() {
    let database = TestDatabase::with_library().await;
    let pool = &database.pool;
    suspend(pool).await;
    let events = Mutex::new(Vec::new());
    let settings = RestoreSettings::default();
    let observe = |event: RestoreEvent<'_>| match event {
        RestoreEvent::Planned { indexes, keys } => assert_eq!((indexes, keys), (39, 10)),
        RestoreEvent::Started(index) => events.lock().unwrap().push(index.name.clone()),
        RestoreEvent::Finished(index, elapsed) => {
            assert!(!elapsed.is_zero());
            events.lock().unwrap().push(format!("{} stands", index.name));
        }
        RestoreEvent::Validating(_) => {}
        RestoreEvent::Validated(key, _) => events.lock().unwrap().push(format!("{} is valid", key.name)),
        RestoreEvent::Refreshing(table) => events.lock().unwrap().push(format!("{table} refreshed")),
    };
    indexes::restore(&options(&database), settings, &observe).await.unwrap();
    let events = events.into_inner().unwrap();
    assert_eq!(events.len(), 2 * 39 + 10 + 4);
    let position =
        |event: &str| events.iter().position(|other| other == event).unwrap_or_else(|| panic!("{event}"));
    let started = |table: &str| events.iter().find(|event| event.starts_with(table) && !event.contains(' '));
    assert_eq!(started("metadata_").unwrap(), "metadata_alike");
    assert_eq!(started("file_locations_").unwrap(), "file_locations_name_trigrams");
    // Each table is settled when its last index stands; the one that takes longest while others are built.
    for (table, prefix) in [
        ("musical_metadata", "metadata_"),
        ("file_locations", "file_locations_"),
        ("files", "files_"),
        ("sources", "sources_"),
    ] {
        let last = events.iter().rposition(|event| event.starts_with(prefix) && event.ends_with(" stands"));
        let proved =
            events.iter().rposition(|event| event.starts_with(table) && event.ends_with(" is valid"));
        assert!(
            last < proved && proved < Some(position(&format!("{table} refreshed"))),
            "{table}: {events:?}"
        );
    }
    assert!(position("musical_metadata refreshed") < position("sources_path stands"), "{events:?}");
    let fresh: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_class
          WHERE relname IN ('sources', 'files', 'file_locations', 'musical_metadata')
            AND reltuples > 95000 AND relallvisible > 0.9 * relpages",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    assert_eq!(fresh, 4, "tables with fresh statistics and visibility map");
    let sampled = "SELECT count(*) FROM pg_stats WHERE tablename = 'metadata_title'";
    assert_eq!(
        sqlx::query_scalar::<_, i64>(sampled).fetch_one(pool).await.unwrap(),
        1,
        "expression statistics"
    );
}

/// Somebody built the manifest by hand while it was suspended.
#[tokio::test]
async fn what_stands_already_is_kept() {
    let database = indexed().await;
    let pool = &database.pool;
    run(pool, "ALTER TABLE files CLUSTER ON files_size").await;
    let before = snapshot(pool).await;
    suspend(pool).await;
    run(pool, include_str!("../../../database/indexes.sql")).await;
    let kept = "SELECT oid::text FROM pg_class WHERE relname = 'files_size'";
    let oid = texts(pool, kept).await;
    restore(&database).await.unwrap();
    assert_eq!(snapshot(pool).await, before, "the cluster mark too");
    assert_eq!(texts(pool, kept).await, oid, "it was not built a second time");
    assert!(journal(pool).await.is_empty());
}

#[tokio::test]
async fn a_taken_name_is_said_and_an_invalid_index_replaced() {
    let database = indexed().await;
    let pool = &database.pool;
    let before = snapshot(pool).await;
    suspend(pool).await;
    run(pool, "CREATE INDEX files_size ON files (warnings)").await;
    match restore(&database).await {
        Err(error @ IndexError::Conflict { .. }) => {
            assert!(error.to_string().contains("files_size"), "{error}");
            assert!(error.hint().contains("loader restore"), "{}", error.hint());
        }
        other => panic!("{other:?}"),
    }
    assert!(journal(pool).await.contains(&"files_size".to_owned()));
    run(pool, "DROP INDEX files_size; CREATE INDEX files_size ON public.files USING btree (size_bytes)")
        .await;
    run(pool, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'files_size'::regclass").await;
    restore(&database).await.unwrap();
    assert_eq!(snapshot(pool).await, before);
}

#[tokio::test]
async fn what_is_absent_or_invalid_is_told_and_made() {
    let database = indexed().await;
    let pool = &database.pool;
    let before = snapshot(pool).await;
    run(pool, "CREATE INDEX own_broken ON files (warnings); DROP INDEX metadata_tempo").await;
    run(pool, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'own_broken'::regclass").await;
    assert_eq!(suspend(pool).await.len(), 38, "an invalid index is left alone");
    let mut connection = pool.acquire().await.unwrap();
    let status = indexes::status(&mut connection).await.unwrap();
    assert_eq!(status.absent, ["metadata_tempo"]);
    assert_eq!(status.invalid, ["own_broken"]);
    let restored = restore(&database).await.unwrap();
    assert_eq!((restored.absent, restored.invalid), (status.absent, status.invalid));
    indexes::create_all(&mut connection).await.unwrap();
    run(pool, "DROP INDEX own_broken").await;
    assert_eq!(snapshot(pool).await, before);
}

#[tokio::test]
async fn a_callers_transaction_takes_it_back() {
    let database = indexed().await;
    let pool = &database.pool;
    let before = snapshot(pool).await;
    let mut connection = pool.acquire().await.unwrap();
    let mut transaction = connection.begin().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    indexes::suspend(&mut transaction, 3, &folder.path().join("backup.sql")).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(snapshot(pool).await, before);
    assert!(journal(pool).await.is_empty());
}

/// A role whose statements are limited in time, and a search path in which the operator classes are not found.
#[tokio::test]
async fn settings_of_the_role_do_not_matter() {
    let database = indexed().await;
    let pool = &database.pool;
    run(pool, "CREATE SCHEMA extensions; ALTER EXTENSION pg_trgm SET SCHEMA extensions").await;
    let before = snapshot(pool).await;
    suspend(pool).await;
    let options = options(&database).options([("lock_timeout", "1"), ("maintenance_work_mem", "1024")]);
    indexes::restore(&options, RestoreSettings { connections: 1, ..RestoreSettings::default() }, &|_| ())
        .await
        .unwrap();
    assert_eq!(snapshot(pool).await, before);
}
