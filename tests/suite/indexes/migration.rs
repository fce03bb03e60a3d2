//! A library of an older version ends with exactly the indexes of this one, whatever stood or was suspended before.

use loader::server::indexes;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, PgPool, SqlSafeStr as _};

use super::{indexed, journal, restore, run, snapshot, texts};
use crate::harness::TestDatabase;
use crate::program::Program;

const RETIRED: &str = include_str!("version_2.sql");

/// One that both versions have, and one of a user's own.
const KEPT: &str = "
    CREATE INDEX files_size ON files (size_bytes);
    COMMENT ON INDEX files_size IS 'Which are the biggest files, and which are suspiciously small?';
    CREATE INDEX own ON files (digest);
";

const ROWS: &str = "
    INSERT INTO runs (state, mode, options, version, host) VALUES ('finished', 'fast', '{}', '0.1.0', 'a');
    INSERT INTO files (id, digest, size_bytes, parse_status, warnings, first_run_id)
    VALUES (1, decode(repeat('00', 32), 'hex'), 1, 'partial', 4, 1);
    INSERT INTO musical_metadata
    SELECT (jsonb_populate_record(NULL::musical_metadata, jsonb_object_agg(attname, CASE attname
               WHEN 'file_id' THEN '1' WHEN 'title' THEN '\"Moonlight\"' WHEN 'lyrics' THEN '\"silver river\"'
               ELSE CASE atttypid::regtype::text WHEN 'boolean' THEN 'true' WHEN 'text' THEN 'null'
                    WHEN 'text[]' THEN '[]' WHEN 'smallint[]' THEN '[]' ELSE '0' END END::jsonb))).*
      FROM pg_attribute WHERE attrelid = 'musical_metadata'::regclass AND attnum > 0";

/// A library as version 2 of the schema left it, with a row and its indexes.
async fn of_version_2() -> TestDatabase {
    let database = TestDatabase::create_empty().await;
    let migrations = [
        (1, "library", include_str!("../../../database/migrations/0001_library.sql")),
        (2, "retry", include_str!("../../../database/migrations/0002_retry.sql")),
    ];
    let migrations = migrations.map(|(version, name, statements)| {
        Migration::new(version, name.into(), MigrationType::Simple, statements.into_sql_str(), false)
    });
    let mut migrator = Migrator::with_migrations(migrations.to_vec());
    migrator.dangerous_set_table_name(loader::server::schema::TABLE);
    migrator.create_schema("loader");
    migrator.run_direct(None, &mut database.connect().await, false).await.unwrap();
    run(&database.pool, ROWS).await;
    run(&database.pool, RETIRED).await;
    run(&database.pool, KEPT).await;
    database
}

/// Suspends its indexes as that version did: foreign keys were not among what was suspended. Tells how many they were.
async fn suspend(pool: &PgPool) -> usize {
    let mut transaction = pool.begin().await.unwrap();
    let journal = include_str!("../../../database/suspend/journal.sql");
    sqlx::raw_sql("SET LOCAL loader.run_id = 1").execute(&mut *transaction).await.unwrap();
    sqlx::raw_sql(journal).execute(&mut *transaction).await.unwrap();
    let drops = sqlx::query_scalar::<_, String>(include_str!("../../../database/suspend/drops.sql"));
    let drops = drops.fetch_all(&mut *transaction).await.unwrap();
    for statement in &drops {
        sqlx::raw_sql(AssertSqlSafe(statement.as_str())).execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
    drops.len()
}

/// The indexes that every library of this version has.
async fn expected() -> Vec<String> {
    snapshot(&indexed().await.pool).await
}

/// The indexes of a library, a user's own left out.
async fn standing(database: &TestDatabase) -> Vec<String> {
    let mut all = snapshot(&database.pool).await;
    let before = all.len();
    all.retain(|index| !index.contains(" | own | "));
    assert_eq!(all.len() + 1, before, "a user's own index is left alone");
    all
}

#[tokio::test]
async fn an_older_library_gets_the_indexes_of_today() {
    let database = of_version_2().await;
    Program::on(&database, ["db", "migrate"]).run().expect(&[0]);
    assert_eq!(standing(&database).await, expected().await);
    let kept =
        texts(&database.pool, "SELECT concat_ws(' ', analysis, key, words) FROM musical_metadata").await;
    assert_eq!(kept, ["basic 'moonlight':1A 'river':3B 'silver':2B"]);
}

#[tokio::test]
async fn so_does_one_whose_indexes_were_suspended() {
    let database = of_version_2().await;
    assert_eq!(suspend(&database.pool).await, 17);
    Program::on(&database, ["db", "migrate"]).run().expect(&[0]);
    assert_eq!(journal(&database.pool).await, ["files_size", "own"], "what is gone is not brought back");
    restore(&database).await.unwrap();
    assert_eq!(standing(&database).await, expected().await);
}

#[tokio::test]
async fn an_import_brings_them_as_well() {
    for is_suspended in [false, true] {
        let database = of_version_2().await;
        if is_suspended {
            suspend(&database.pool).await;
        }
        let program = Program::on(&database, ["import", "-"]).fed_with(std::path::Path::new("/dev/null"));
        let ended = program.run();
        assert_eq!(
            standing(&database).await,
            expected().await,
            "suspended: {is_suspended}: {}",
            ended.stderr
        );
        let mut connection = database.connect().await;
        assert!(indexes::status(&mut connection).await.unwrap().is_complete());
    }
}
