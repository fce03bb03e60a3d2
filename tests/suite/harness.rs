//! Databases for tests, on the server that `LOADER_TEST_DATABASE_URL` names.
//!
//! Knows nothing of what is tested.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "no database, no test")]

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};

/// A fresh database with the library's schema.
pub(crate) struct TestDatabase {
    /// Its URL.
    pub(crate) url: String,
    /// Connections to it.
    pub(crate) pool: PgPool,
}

impl TestDatabase {
    /// Creates one.
    pub(crate) async fn create() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server =
            std::env::var("LOADER_TEST_DATABASE_URL").expect("LOADER_TEST_DATABASE_URL names a server");
        let name = format!("loader_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let options: PgConnectOptions = server.parse().unwrap();
        let mut administrator = options.connect().await.unwrap();
        for statement in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
            administrator.execute(AssertSqlSafe(statement)).await.unwrap();
        }
        let options = options.database(&name);
        let url = options.to_url_lossy().to_string();
        let pool = PgPoolOptions::new().max_connections(8).connect_with(options).await.unwrap();
        pool.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE SCHEMA IF NOT EXISTS loader")
            .await
            .unwrap();
        let schema = include_str!("../../database/migrations/0001_library.sql");
        sqlx::raw_sql(schema).execute(&pool).await.unwrap();
        Self { url, pool }
    }
}
