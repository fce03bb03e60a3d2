//! What the library holds more than once: the same content in several places, or contents with the same or similar notes.
//!
//! Groups come one by one, as the server sorts them, so that a library of any size can be gone through; one group is held
//! in memory. Reads only. Nothing here or elsewhere in this program deletes a user's files: a [`Policy`] proposes.

mod group;
mod grouping;
mod policy;

use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;
use serde::Serialize;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use crate::check::{least_equal, unanswered};
use crate::error::Result;

pub use group::{Copy, Group, Member};
pub use policy::Policy;

use grouping::{Grouping, Place};

/// What counts as a duplicate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum By {
    /// The same bytes.
    Exact,
    /// The same notes at the same times.
    Notes,
    /// The same notes in several keys.
    Transposed,
    /// From this similarity on, 0 to 1, by MinHash.
    Similar(f64),
}

impl By {
    /// The word for it in all output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Notes => "notes",
            Self::Transposed => "transposed",
            Self::Similar(_) => "similar",
        }
    }
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct DuplicatesSettings {
    /// What counts.
    pub by: By,
    /// Least copies in a group: places of a content where it is about the same bytes, contents elsewhere; 2 at least.
    pub min_copies: u32,
    /// Only groups with a copy at or below this path.
    pub under: Option<PathBuf>,
    /// Most groups.
    pub limit: Option<u64>,
    /// Which copy is proposed to be kept.
    pub policy: Option<Policy>,
}

/// What was found in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DuplicatesReport {
    /// Groups.
    pub groups: u64,
    /// Places in all groups.
    pub places: u64,
    /// Bytes, uncompressed, of all places but one in each group.
    pub spare_bytes: u64,
}

/// Finds duplicates, and hands each group to `each`, which ends it by an error.
///
/// # Errors
/// What the database or `each` says.
pub async fn run(
    connection: &mut PgConnection,
    settings: &DuplicatesSettings,
    mut each: impl FnMut(&Group) -> Result<()>,
) -> Result<DuplicatesReport> {
    let failed = |error| unanswered("looking for duplicates", error);
    let mut transaction = connection.begin_with("BEGIN READ ONLY").await.map_err(failed)?;
    let least = i64::from(settings.min_copies.max(2));
    let under = settings.under.as_deref().map(Path::to_string_lossy);
    let limit = settings.limit.map(|limit| i64::try_from(limit).unwrap_or(i64::MAX));
    let statement = match settings.by {
        By::Exact => include_str!("../database/duplicates/exact.sql").to_owned(),
        By::Notes => signature("note_signature"),
        By::Transposed => signature("transposed_signature"),
        By::Similar(_) => include_str!("../database/duplicates/similar.sql").to_owned(),
    };
    let query = sqlx::query_as::<_, Place>(AssertSqlSafe(statement));
    let query = match settings.by {
        By::Exact => query.bind(least).bind(under).bind(limit),
        By::Notes => query.bind(least).bind(under).bind(limit).bind(1_i64),
        By::Transposed => query.bind(least).bind(under).bind(limit).bind(2_i64),
        // How large a group is and whether it counts shows only when its members are known to be in no other.
        By::Similar(similarity) => query.bind(least - 1).bind(under).bind(least_equal(similarity)),
    };
    let mut grouping = Grouping::new(settings);
    let mut report = DuplicatesReport::default();
    let mut take = |group: Option<Group>| {
        let Some(group) = group else { return Ok(()) };
        report.groups += 1;
        report.places += group.places().count() as u64;
        report.spare_bytes += group.spare_bytes();
        each(&group)
    };
    let mut rows = query.fetch(&mut *transaction);
    while let Some(place) = rows.try_next().await.map_err(failed)? {
        take(grouping.add(place))?;
        if grouping.is_full() {
            break;
        }
    }
    take(grouping.finish())?;
    drop(rows);
    transaction.rollback().await.map_err(failed)?;
    Ok(report)
}

fn signature(column: &str) -> String {
    include_str!("../database/duplicates/signature.sql").replace("{signature}", column)
}
