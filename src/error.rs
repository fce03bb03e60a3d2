//! The one error of the crate's edge: what made a run fail, the exit status that says so, and the command that helps.
//!
//! Entries that are refused are no errors: see [`crate::reject`]. Each stage has its own error type; here they meet.

use std::fmt;

/// What kind of failure it was; decides the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The run stopped; the same command resumes it.
    Run,
    /// The command line or a setting cannot be used as given.
    Usage,
    /// No database could be reached.
    Unreachable,
    /// Another run holds the library's lock.
    Locked,
    /// The schema is missing, older or changed by hand.
    Schema,
    /// An earlier run left something suspended.
    Suspended,
}

/// Why a run failed, ready to be shown.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The result of anything that can make a run fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A failure with its message: what was being done, to what, and what was found.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, cause: None }
    }

    /// Adds the remedy, best a command to paste.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what lies underneath.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The kind of failure.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The remedy, where one is known.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as &(dyn std::error::Error + 'static))
    }
}

impl From<std::io::Error> for Error {
    /// `fs-err` has put the file's name into the message already.
    fn from(error: std::io::Error) -> Self {
        Self::new(ErrorKind::Run, error.to_string())
    }
}

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// All loaded or already present.
    Success,
    /// The run failed; the same command resumes it.
    Failed,
    /// The command line cannot be used.
    Usage,
    /// Finished, with rejects, or with a folder of which most was away.
    Rejects,
    /// No database could be reached.
    Unreachable,
    /// Another run holds the lock.
    Locked,
    /// Schema missing or drifted.
    Schema,
    /// An earlier run left things suspended.
    Suspended,
    /// Ended by this signal, which is raised again.
    Signal(i32),
}

impl ExitStatus {
    /// The number the shell sees.
    #[must_use]
    pub const fn code(self) -> i32 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Rejects => 3,
            Self::Unreachable => 10,
            Self::Locked => 11,
            Self::Schema => 12,
            Self::Suspended => 13,
            Self::Signal(signal) => 128 + signal,
        }
    }
}

impl From<ErrorKind> for ExitStatus {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Run => Self::Failed,
            ErrorKind::Usage => Self::Usage,
            ErrorKind::Unreachable => Self::Unreachable,
            ErrorKind::Locked => Self::Locked,
            ErrorKind::Schema => Self::Schema,
            ErrorKind::Suspended => Self::Suspended,
        }
    }
}
