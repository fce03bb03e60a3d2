//! A lock on a table of the library, in the way of whoever is to wait.
//!
//! PostgreSQL gives locks in the order in which they were asked for. So the next lock of a dam is asked for while the program
//! waits for the present one to go: it stands right behind the program, and the program gets no further than that.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use crate::harness::connect_to;
use crate::program::{Running, until};
use crate::rows::number;

/// Sessions of the program in this database; those of the suite are called otherwise.
pub(super) const ITS_SESSIONS: &str =
    "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
       AND backend_type = 'client backend' AND application_name <> 'loader test'";

/// Lets everybody read and write, not change a table.
pub(super) const AGAINST_SUSPENDING: &str = "ACCESS SHARE";
/// Lets nobody write.
pub(super) const AGAINST_WRITING: &str = "SHARE";
/// Lets nobody build an index or add a foreign key.
pub(super) const AGAINST_BUILDING: &str = "ROW EXCLUSIVE";

/// A lock in somebody's way.
#[derive(Debug)]
pub(super) struct Dam {
    url: String,
    table: &'static str,
    holder: PgConnection,
    /// Looks at the server's sessions, which a transaction sees as they were when it first looked.
    watcher: PgConnection,
}

/// What the program waits for with a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waits {
    /// Dropping an index or a foreign key.
    Suspending,
    /// Writing rows.
    Writing,
    /// Building an index or adding a foreign key.
    Building,
}

impl Dam {
    /// Takes the lock, which nobody else has.
    pub(super) async fn build(url: &str, table: &'static str, mode: &str) -> Self {
        let (mut holder, watcher) = (connect_to(url).await, connect_to(url).await);
        lock(&mut holder, table, mode).await;
        Self { url: url.to_owned(), table, holder, watcher }
    }

    /// Waits until `running` can get no further, and tells what it is at. Left out are its sessions that only tell of its
    /// progress, and the one that holds a turn at the server's settings without doing anything.
    pub(super) async fn stops(&mut self, running: &mut Running) -> Waits {
        let blocked = format!(
            "SELECT (SELECT min(l.mode) FROM pg_locks AS l
                      WHERE NOT l.granted AND l.locktype = 'relation' AND l.relation = '{}'::regclass AND l.pid IN (SELECT pid {ITS_SESSIONS}))
              WHERE NOT EXISTS (SELECT {ITS_SESSIONS} AND state <> 'idle' AND wait_event_type IS DISTINCT FROM 'Lock'
                                   AND application_name NOT IN ('loader progress', 'loader settings'))",
            self.table
        );
        let mut found = None;
        let (watcher, table) = (&mut self.watcher, self.table);
        until(&format!("the program waits for {table}"), async || {
            assert!(running.is_running(), "it ended before it waited for {table}:\n{}", running.said());
            let row: Option<Option<String>> = sqlx::query_scalar(AssertSqlSafe(blocked.as_str()))
                .fetch_optional(&mut *watcher)
                .await
                .unwrap();
            found = row.flatten();
            found.is_some()
        })
        .await;
        match found.unwrap().as_str() {
            "AccessExclusiveLock" => Waits::Suspending,
            "RowExclusiveLock" => Waits::Writing,
            "ShareLock" | "ShareRowExclusiveLock" => Waits::Building,
            other => panic!("the program waits for {table} in an unexpected mode: {other}"),
        }
    }

    /// A number that others have made so.
    pub(super) async fn number(&mut self, query: &'static str) -> i64 {
        number(&mut self.watcher, query).await
    }

    /// Lets those who wait do the one thing that they wait for, which may be only to have a statement prepared; then the lock is in the way again, in another `mode`.
    pub(super) async fn step(&mut self, mode: &'static str) {
        let (mut next, table) = (connect_to(&self.url).await, self.table);
        let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut next).await.unwrap();
        let queued = tokio::spawn(async move {
            lock(&mut next, table, mode).await;
            next
        });
        let watcher = &mut self.watcher;
        until("the next lock is asked for", async || {
            let asked =
                sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND NOT granted)");
            asked.bind(pid).fetch_one(&mut *watcher).await.unwrap()
        })
        .await;
        sqlx::raw_sql("ROLLBACK").execute(&mut self.holder).await.unwrap();
        self.holder = queued.await.unwrap();
    }

    /// Takes it away; a server that is gone has done so already.
    pub(super) async fn open(self) {
        let _ = self.holder.close().await;
    }
}

async fn lock(connection: &mut PgConnection, table: &str, mode: &str) {
    let statement = AssertSqlSafe(format!("BEGIN; LOCK TABLE {table} IN {mode} MODE"));
    sqlx::raw_sql(statement).execute(connection).await.unwrap();
}
