//! PostgreSQL's error codes, and what can be done about each: by code, never by message text.
//!
//! Codes: PostgreSQL documentation, appendix A.

use sqlx::error::Error;

use super::{SinkError, SinkErrorKind};

impl From<Error> for SinkError {
    fn from(error: Error) -> Self {
        match &error {
            Error::Database(database) => {
                let sqlstate = database.code().map(std::borrow::Cow::into_owned);
                let kind = sqlstate.as_deref().map_or(SinkErrorKind::Fatal, kind_of);
                let detail = database
                    .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
                    .and_then(|error| error.detail())
                    .map(|detail| format!(": {detail}"))
                    .unwrap_or_default();
                Self { kind, sqlstate, message: format!("{}{detail}", database.message()) }
            }
            // The connection itself broke, or what came over it was no longer the protocol.
            Error::Io(_) | Error::Protocol(_) | Error::Tls(_) | Error::PoolClosed | Error::WorkerCrashed => {
                Self { kind: SinkErrorKind::Transient, sqlstate: None, message: error.to_string() }
            }
            _ => Self { kind: SinkErrorKind::Fatal, sqlstate: None, message: error.to_string() },
        }
    }
}

fn kind_of(sqlstate: &str) -> SinkErrorKind {
    match sqlstate {
        "23505" => SinkErrorKind::Conflict,
        "53100" => SinkErrorKind::DiskFull,
        // serialization failure, deadlock, too many connections, lock not available, shutdowns and start-up
        "40001" | "40P01" | "53300" | "55P03" | "57P01" | "57P02" | "57P03" => SinkErrorKind::Transient,
        _ => match sqlstate.get(..2) {
            Some("08") => SinkErrorKind::Transient,
            // data exceptions, constraints, program limits (a value too large for an index), a user's own trigger
            Some("22" | "23" | "54" | "P0") => SinkErrorKind::Refused,
            _ => SinkErrorKind::Fatal,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_decide() {
        for (code, kind) in [
            ("23505", SinkErrorKind::Conflict),
            ("23503", SinkErrorKind::Refused),
            ("22021", SinkErrorKind::Refused),
            ("54000", SinkErrorKind::Refused),
            ("P0001", SinkErrorKind::Refused),
            ("40P01", SinkErrorKind::Transient),
            ("08006", SinkErrorKind::Transient),
            ("57P01", SinkErrorKind::Transient),
            ("53100", SinkErrorKind::DiskFull),
            ("42P01", SinkErrorKind::Fatal),
            ("57014", SinkErrorKind::Fatal),
            ("", SinkErrorKind::Fatal),
        ] {
            assert_eq!(kind_of(code), kind, "{code}");
        }
    }
}
