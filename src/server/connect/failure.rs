//! Why a connection failed, in words a person can act on.
//!
//! Judges by SQLSTATE and by the kind of I/O error, never by message text.

use std::io::ErrorKind as Io;

use super::{Origin, Target};
use crate::error::{Error, ErrorKind};

/// The error for a connection that could not be made.
pub(super) fn unreachable(error: &sqlx::Error, target: &Target) -> Error {
    let (found, hint) = match error {
        sqlx::Error::Io(io) => by_io(io, target),
        sqlx::Error::Database(refusal) => {
            let code = refusal.code().unwrap_or_default().into_owned();
            by_code(&code, refusal.message(), target)
        }
        sqlx::Error::Tls(problem) => (
            format!("the encrypted connection failed: {problem}"),
            "check the certificate (sslrootcert=FILE), or choose another sslmode in the URL".to_owned(),
        ),
        other => (plain(other), "check that a PostgreSQL server answers at that address".to_owned()),
    };
    Error::new(ErrorKind::Unreachable, message(target, &found)).with_hint(hint)
}

/// The error for a server that does not answer in time.
pub(super) fn timed_out(target: &Target, seconds: u64) -> Error {
    Error::new(ErrorKind::Unreachable, message(target, &format!("no answer within {seconds} seconds")))
        .with_hint("check the host, the port and the firewall between")
}

/// What an error says about the settings it was made from, without their values.
pub(super) fn plain(error: &sqlx::Error) -> String {
    match error {
        // The cause may quote a parameter's value; its kind is enough here.
        sqlx::Error::Configuration(cause) if cause.to_string().contains("relative URL") => {
            "it is incomplete".to_owned()
        }
        sqlx::Error::Configuration(cause) if cause.to_string().contains("port") => {
            "its port is no number below 65536".to_owned()
        }
        sqlx::Error::Configuration(_) => "its host or a parameter cannot be understood".to_owned(),
        other => other.to_string(),
    }
}

fn message(target: &Target, found: &str) -> String {
    format!("cannot connect to {} (from {}): {found}", target.shown, target.origin.name())
}

fn by_io(error: &std::io::Error, target: &Target) -> (String, String) {
    let start = match target.origin {
        Origin::PrivateCluster => "loader db start",
        _ => "start the server, or check host and port (pg_isready tells whether one answers)",
    };
    match error.kind() {
        Io::ConnectionRefused => ("nothing listens there (connection refused)".to_owned(), start.to_owned()),
        Io::NotFound => ("there is no server socket in that directory".to_owned(), start.to_owned()),
        Io::PermissionDenied => (
            "this user may not open the server's socket".to_owned(),
            "run the command as the user who owns the server, or give one with --database-url".to_owned(),
        ),
        Io::TimedOut | Io::HostUnreachable | Io::NetworkUnreachable => {
            (error.to_string(), "check the host, the port and the firewall between".to_owned())
        }
        Io::ConnectionReset | Io::ConnectionAborted | Io::UnexpectedEof | Io::BrokenPipe => (
            format!("the server closed the connection ({error})"),
            "look into the server's log; a port that is not PostgreSQL's also does this".to_owned(),
        ),
        // The standard library has no stable kind for a name that cannot be looked up.
        _ => {
            (error.to_string(), "check the spelling of the host name and that it can be looked up".to_owned())
        }
    }
}

fn by_code(code: &str, said: &str, target: &Target) -> (String, String) {
    let user = target.options.get_username();
    let database = target.database_name();
    match code {
        "28P01" => (
            format!("the server refused the password of {user}"),
            "give the password in ~/.pgpass (mode 0600), in PGPASSWORD or in the URL".to_owned(),
        ),
        "28000" => (
            format!("the server does not admit {user} ({said})"),
            "check the user name, and the server's pg_hba.conf".to_owned(),
        ),
        "3D000" => (
            format!("the server has no database {database}"),
            format!("createdb {database}, or name another one in the URL"),
        ),
        "42501" => (
            format!("{user} may not connect to the database {database}"),
            format!("GRANT CONNECT ON DATABASE \"{database}\" TO \"{user}\""),
        ),
        "53300" => (
            "the server has no connection left".to_owned(),
            "close others, raise its max_connections, or use fewer with --connections".to_owned(),
        ),
        "57P03" => (
            format!("the server does not take connections yet ({said})"),
            "wait until it has started, then run the same command again".to_owned(),
        ),
        _ => (format!("{said} (SQLSTATE {code})"), "look into the server's log".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_its_words() {
        let target = Target::from_url("postgresql://ann@db.example/music", Origin::Flag).unwrap();
        for (code, word, hint) in [
            ("28P01", "password of ann", "~/.pgpass"),
            ("28000", "does not admit ann", "pg_hba.conf"),
            ("3D000", "no database music", "createdb music"),
            ("42501", "may not connect", "GRANT CONNECT"),
            ("53300", "no connection left", "--connections"),
            ("57P03", "yet", "again"),
            ("XX000", "SQLSTATE XX000", "log"),
        ] {
            let (found, remedy) = by_code(code, "said", &target);
            assert!(found.contains(word) && remedy.contains(hint), "{code}: {found} / {remedy}");
        }
        for (kind, word) in [
            (Io::ConnectionRefused, "refused"),
            (Io::NotFound, "socket"),
            (Io::PermissionDenied, "may not"),
            (Io::UnexpectedEof, "closed"),
        ] {
            let error = unreachable(&sqlx::Error::Io(kind.into()), &target);
            assert_eq!(error.kind(), ErrorKind::Unreachable);
            assert!(
                error.to_string().contains(word) && error.to_string().contains("--database-url"),
                "{error}"
            );
            assert!(error.hint().is_some());
        }
    }
}
