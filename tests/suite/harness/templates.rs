//! Databases to copy, made by whichever test comes first and named by what they were made of.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use loader::server::{indexes, lock, schema};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use super::{PREFIX, TestServer, connect_to};

/// The rows of the library.
const LIBRARY: &str = include_str!("../indexes/library.sql");

/// What [`indexes::create_all`] makes.
const INDEXES: &str = include_str!("../../../database/indexes.sql");

/// A database with the schema: migrating once and copying is faster than migrating each time.
pub(super) async fn migrated(server: &TestServer) -> String {
    let name = format!("{PREFIX}template_{:016x}", schema::fingerprint());
    let migrate = async |connection: &mut PgConnection| {
        schema::migrate(connection).await.unwrap_or_else(|error| panic!("{error}\nhint: {:?}", error.hint()));
    };
    template(server, name, "template0", migrate).await
}

/// A database with a library of 100,000 contents, which takes half a minute to fill and a second to copy.
pub(super) async fn library(server: &TestServer) -> String {
    let migrated = migrated(server).await;
    let mut hasher = DefaultHasher::new();
    (LIBRARY, INDEXES).hash(&mut hasher);
    let name = format!("{migrated}_{:016x}", hasher.finish());
    let fill = async |connection: &mut PgConnection| {
        connection.execute(LIBRARY).await.expect("the rows suit the schema");
        // Afterwards, which is quicker than to add each row to 39 indexes.
        indexes::create_all(connection).await.expect("the indexes suit the rows");
    };
    template(server, name, &migrated, fill).await
}

/// The database of this name, made first where it is not there: a copy of another, to which something is done.
async fn template(
    server: &TestServer,
    name: String,
    base: &str,
    fill: impl AsyncFnOnce(&mut PgConnection),
) -> String {
    let mut administrator = server.administrator().await;
    // Without the lock first: whoever needs what is there does not wait while something else is made.
    if is_there(&mut administrator, &name).await {
        return name;
    }
    // One test makes it, the others wait: the lock of an import, in a database that has no imports.
    while lock::acquire(&mut administrator).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    if !is_there(&mut administrator, &name).await {
        let unfinished = format!("{name}_new");
        for statement in [
            format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)"),
            format!("CREATE DATABASE {unfinished} TEMPLATE {base}"),
        ] {
            administrator
                .execute(AssertSqlSafe(statement))
                .await
                .expect("the test role may create databases");
        }
        let mut connection = connect_to(&server.url(&unfinished)).await;
        fill(&mut connection).await;
        connection.close().await.expect("an orderly end");
        administrator
            .execute(AssertSqlSafe(format!("ALTER DATABASE {unfinished} RENAME TO {name}")))
            .await
            .expect("nobody else is connected to it");
    }
    lock::release(&mut administrator).await.expect("the lock is ours");
    name
}

async fn is_there(administrator: &mut PgConnection, database: &str) -> bool {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(database)
        .fetch_one(administrator)
        .await
        .expect("the catalog is readable")
}
