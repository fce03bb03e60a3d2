//! Whether the server has crashed since a sink's first connection: then what was committed without waiting for the disk may
//! be lost, and nothing that builds upon it may be stored.
//!
//! A server keeps its statistics through an orderly stop and throws them away in the recovery from a crash, when it begins
//! to count anew; every role may see since when it counts. Tried with PostgreSQL 15 and 18: `kill -9` of the first process
//! and of any other, immediate, fast and smart stops.

use sqlx::postgres::PgConnection;

use crate::sink::{SinkError, SinkErrorKind};

/// What a server remembers, as one connection saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServerMemory {
    /// Since when it counts.
    since: Option<String>,
    /// Whether a commit of this connection is on the disk when it is answered.
    is_durable: bool,
}

impl ServerMemory {
    pub(super) async fn of(connection: &mut PgConnection) -> sqlx::Result<Self> {
        let (since, is_durable) = sqlx::query_as(
            "SELECT stats_reset::text, current_setting('synchronous_commit') <> 'off' FROM pg_stat_bgwriter",
        )
        .fetch_one(connection)
        .await?;
        Ok(Self { since, is_durable })
    }

    /// Refuses to go on where what was stored since may be lost by `now`.
    pub(super) fn compare(&self, now: &Self) -> Result<(), SinkError> {
        if self.is_durable || self.since == now.since {
            return Ok(());
        }
        let words = |since: &Option<String>| since.clone().unwrap_or_else(|| "never".to_owned());
        Err(SinkError {
            kind: SinkErrorKind::Lost,
            sqlstate: None,
            message: format!(
                "the server counts its statistics since {}, at the start of the run since {}: it begins anew when it has crashed",
                words(&now.since),
                words(&self.since)
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_not_waited_for_can_be_lost() {
        let memory = |since: &str, is_durable| ServerMemory { since: Some(since.to_owned()), is_durable };
        assert!(memory("noon", false).compare(&memory("noon", false)).is_ok());
        assert!(memory("noon", true).compare(&memory("one", true)).is_ok());
        let error = memory("noon", false).compare(&memory("one", false)).unwrap_err();
        assert_eq!(error.kind, SinkErrorKind::Lost);
        assert!(error.message.contains("noon") && error.message.contains("one"), "{error}");
    }
}
