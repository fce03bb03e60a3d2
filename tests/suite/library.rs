//! The schema, the lock and the ways to connect, on a real server.

use loader::error::ErrorKind;
use loader::server::connect::{self, Origin, Target};
use loader::server::{lock, schema};
use sqlx::{Connection as _, Executor as _};

use crate::harness::{TestCluster, TestDatabase, TestServer};

#[tokio::test]
async fn an_empty_database_is_migrated_once_and_then_is_as_expected() {
    let database = TestDatabase::create_empty().await;
    let mut connection = database.connect().await;
    let error = schema::check(&mut connection).await.unwrap_err();
    assert_eq!((error.kind(), error.hint()), (ErrorKind::Schema, Some("loader db migrate")));

    let migrated = schema::migrate(&mut connection).await.unwrap();
    assert_eq!((migrated.from, migrated.to), (None, schema::newest_version()));
    schema::check(&mut connection).await.unwrap();
    let again = schema::migrate(&mut connection).await.unwrap();
    assert_eq!((again.from, again.to), (Some(schema::newest_version()), schema::newest_version()));
}

#[tokio::test]
async fn several_commands_may_migrate_at_the_same_moment() {
    let database = TestDatabase::create_empty().await;
    let migrating = (0..4).map(|_| async {
        let mut connection = database.connect().await;
        schema::migrate(&mut connection).await
    });
    for done in futures_util::future::join_all(migrating).await {
        done.unwrap();
    }
    schema::check(&mut database.connect().await).await.unwrap();
}

#[tokio::test]
async fn every_change_by_hand_is_noticed() {
    for (change, word) in [
        ("ALTER TABLE files DROP COLUMN warnings", "files.warnings is missing"),
        ("ALTER TABLE files ALTER warnings TYPE bigint", "files.warnings is bigint, expected integer"),
        ("ALTER TABLE rejects ADD own date NOT NULL", "rejects.own is new"),
        ("DROP TABLE rejects CASCADE", "table rejects is missing"),
        ("UPDATE loader.migrations SET checksum = '\\x00'", "migration 1"),
        ("INSERT INTO loader.migrations VALUES (9999, 'x', now(), true, '\\x00', 1)", "newer version"),
        ("DELETE FROM loader.migrations", "holds no library"),
    ] {
        let database = TestDatabase::create().await;
        let mut connection = database.connect().await;
        schema::check(&mut connection).await.unwrap();
        connection.execute(change).await.unwrap();
        let error = schema::check(&mut connection).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Schema);
        assert!(error.to_string().contains(word) && error.hint().is_some(), "{change}: {error}");
    }
    let database = TestDatabase::create().await;
    let mut connection = database.connect().await;
    connection.execute("ALTER TABLE files ADD own date").await.unwrap();
    schema::check(&mut connection).await.unwrap();
}

#[tokio::test]
async fn a_refused_migration_leaves_nothing_and_says_why() {
    let database = TestDatabase::create_empty().await;
    let mut connection = database.connect().await;
    connection.execute("CREATE TABLE files (mine integer)").await.unwrap();
    let error = schema::migrate(&mut connection).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.to_string().contains("42P07") && error.hint().unwrap().contains("of its own"), "{error}");
    let others: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(others, 1);
    // The connection and its locks are usable as before.
    connection.execute("DROP TABLE files").await.unwrap();
    schema::migrate(&mut database.connect().await).await.unwrap();
}

#[tokio::test]
async fn one_import_at_a_time_and_the_other_learns_who() {
    let database = TestDatabase::create().await;
    let mut first = connect::connect(&database.target(), "loader first").await.unwrap();
    let mut second = database.connect().await;
    assert_eq!(lock::holder(&mut second).await.unwrap(), None);
    lock::acquire(&mut first).await.unwrap();
    lock::acquire(&mut first).await.unwrap();
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut first).await.unwrap();

    let holder = lock::holder(&mut second).await.unwrap().unwrap();
    assert_eq!((holder.pid, holder.application_name.as_deref()), (pid, Some("loader first")));
    let error = lock::acquire(&mut second).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert!(
        error.to_string().contains("loader first") && error.to_string().contains(&pid.to_string()),
        "{error}"
    );

    // Another library on the same server is not concerned.
    let other = TestDatabase::create().await;
    lock::acquire(&mut other.connect().await).await.unwrap();

    // The lock ends with its connection, however that ends.
    first.close_hard().await.unwrap();
    for attempt in 0.. {
        match lock::acquire(&mut second).await {
            Ok(()) => break,
            Err(error) => assert!(attempt < 200, "{error}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(lock::release(&mut second).await.unwrap());
    assert!(!lock::release(&mut second).await.unwrap());
}

#[tokio::test]
async fn what_cannot_be_reached_says_why() {
    let server = TestServer::shared().await;
    let there = server.url("loader_test_absent");
    for (url, word, hint) in [
        (there.as_str(), "no database loader_test_absent", "createdb"),
        ("postgresql://ann:s3cret@127.0.0.1:1/music", "refused", "pg_isready"),
        ("postgresql:///music?host=/nonexistent&user=ann&password=s3cret", "no server socket", "pg_isready"),
        ("postgresql://ann:s3cret@nowhere.invalid/music", "lookup", "spelling"),
    ] {
        let target = Target::from_url(url, Origin::Flag).unwrap();
        let error = connect::connect(&target, "loader test").await.unwrap_err();
        let text = format!("{error} / {:?}", error.hint());
        assert_eq!(error.kind(), ErrorKind::Unreachable);
        assert!(text.contains(word) && text.contains(hint), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
        assert!(connect::pool(&target, "loader test", 2).await.is_err());
    }
}

#[tokio::test]
async fn a_password_is_used_and_never_told() {
    let test = TestCluster::running();
    let mut administrator = test.connect().await;
    administrator.execute("CREATE ROLE ann LOGIN PASSWORD 's3cret/@'").await.unwrap();
    let rules = test.cluster.layout().data.join("pg_hba.conf");
    let content = fs_err::read_to_string(&rules).unwrap();
    fs_err::write(&rules, format!("local all ann scram-sha-256\n{content}")).unwrap();
    administrator.execute("SELECT pg_reload_conf()").await.unwrap();
    // The reload arrives by signal: until then the old rules refuse ann for another reason.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;

    let url =
        |password: &str| test.cluster.url().replace("user=loader", &format!("user=ann&password={password}"));
    let right = Target::from_url(&url("s3cret%2F%40"), Origin::Flag).unwrap();
    connect::connect(&right, "loader test").await.unwrap();
    assert!(!right.shown.contains("s3cret"));
    let wrong = Target::from_url(&url("wr0ng"), Origin::Flag).unwrap();
    let error = connect::connect(&wrong, "loader test").await.unwrap_err();
    assert!(error.to_string().contains("refused the password of ann"), "{error}");
    assert!(!format!("{error:?}").contains("wr0ng"), "{error:?}");

    // A role that owns nothing is told what it lacks.
    let mut connection = connect::connect(&right, "loader test").await.unwrap();
    let error = schema::migrate(&mut connection).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.to_string().contains("42501") && error.hint().unwrap().contains("GRANT CREATE"), "{error}");
}

#[tokio::test]
async fn every_connection_of_a_pool_is_prepared() {
    let database = TestDatabase::create().await;
    let mut administrator = database.connect().await;
    for setting in [
        "search_path = pg_temp",
        "statement_timeout = '5s'",
        "default_transaction_isolation = 'serializable'",
    ] {
        let statement = format!("ALTER DATABASE {} SET {setting}", database.name);
        administrator.execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
    }
    let pool = connect::pool(&database.target(), "loader test", 2).await.unwrap();
    let (mut one, mut two) = (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());
    for connection in [&mut *one, &mut *two] {
        let found: (String, String, String) = sqlx::query_as(
            "SELECT current_setting('search_path'), current_setting('statement_timeout'), current_setting('default_transaction_isolation')",
        )
        .fetch_one(connection)
        .await
        .unwrap();
        assert_eq!(found, ("public".to_owned(), "0".to_owned(), "read committed".to_owned()));
    }
    let version = connect::server_version(&one).unwrap();
    assert!(!version.is_too_old());
}
