//! Versions of PostgreSQL: which one a server or a set of binaries is, and whether this build works with it.

use std::fmt;

/// The oldest major version that is supported.
pub const OLDEST: u32 = 14;
/// The newest major version that is supported; newer servers are used, with a warning.
pub const NEWEST: u32 = 18;

/// A version of PostgreSQL, 10 or later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerVersion {
    /// The major version: 15 of 15.18.
    pub major: u32,
    /// The minor version: 18 of 15.18; 0 for one that is not released yet.
    pub minor: u32,
}

impl ServerVersion {
    /// Reads `server_version_num`: 150018 is 15.18.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self { major: number / 10_000, minor: number % 10_000 }
    }

    /// Reads what `postgres --version` prints: `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
    #[must_use]
    pub fn from_program(text: &str) -> Option<Self> {
        let (_, text) = text.split_once("(PostgreSQL) ")?;
        let (major, rest) = leading_number(text)?;
        let minor = rest.strip_prefix('.').and_then(leading_number).map_or(0, |(minor, _)| minor);
        Some(Self { major, minor })
    }

    /// Older than any version that can be used.
    #[must_use]
    pub const fn is_too_old(self) -> bool {
        self.major < OLDEST
    }

    /// Whether this build is tested with it.
    #[must_use]
    pub const fn is_supported(self) -> bool {
        self.major >= OLDEST && self.major <= NEWEST
    }

    /// The sentence to show where the version is newer than what this build knows.
    #[must_use]
    pub fn warning(self) -> Option<String> {
        (self.major > NEWEST).then(|| {
            format!(
                "the server is PostgreSQL {self}; this version of loader is tested with {OLDEST} to {NEWEST}"
            )
        })
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

fn leading_number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_print() {
        for (text, expected) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some((15, 18))),
            ("postgres (PostgreSQL) 18.4\n", Some((18, 4))),
            ("postgres (PostgreSQL) 19devel\n", Some((19, 0))),
            ("postgres (PostgreSQL) 18beta2\n", Some((18, 0))),
            ("postgres (PostgreSQL) 99999999999\n", None),
            ("postgres (PostgreSQL) \n", None),
            ("mysqld  Ver 8.0\n", None),
            ("", None),
        ] {
            let found = ServerVersion::from_program(text).map(|version| (version.major, version.minor));
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn the_supported_range() {
        for (number, old, supported, warned) in [
            (130_020, true, false, false),
            (140_000, false, true, false),
            (180_004, false, true, false),
            (190_000, false, false, true),
        ] {
            let version = ServerVersion::from_number(number);
            assert_eq!(
                (version.is_too_old(), version.is_supported(), version.warning().is_some()),
                (old, supported, warned),
                "{version}"
            );
        }
    }
}
