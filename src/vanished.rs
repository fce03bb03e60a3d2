//! Sources that are no longer on the disk: told apart from what could not be looked at, marked, and brought back.
//!
//! Nothing is deleted here ([`crate::prune`] does that), and nothing is concluded from a walk that was broken off. A disk that
//! is not mounted looks like a mass deletion: where most of what is known below a root is away, nothing of that root is
//! marked unless somebody says that it is so.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use crate::discover::Roots;
use crate::error::Result;
use crate::library::failed;
use crate::pipeline::{KnownSources, RootTally, Walked};

/// Fewer than so many are believed, however large their share.
const FEW: u64 = 100;

/// So many sources are marked in a transaction.
const TOGETHER: usize = 1_000;

/// So many contents are settled in a transaction.
const CONTENTS_TOGETHER: i64 = 10_000;

/// What a walk has missed of what the library knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vanished {
    /// Ids of sources that are no longer there.
    pub gone: Vec<i64>,
    /// Roots where too much is away to be believed.
    pub held_back: Vec<HeldBack>,
}

/// A root of which nothing is marked as vanished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldBack {
    /// Its path.
    pub root: String,
    /// Sources below it that were not met.
    pub away: u64,
    /// Sources below it that the last look had found.
    pub known: u64,
}

impl HeldBack {
    /// Whether that many of so many, with the `files` that were found, are too many to be believed.
    const fn is_doubtful(away: u64, known: u64, files: u64) -> bool {
        away > 0 && (files == 0 || (away >= FEW && away > known / 2))
    }
}

impl Vanished {
    /// Finds out what a walk that came to its end has missed. With `is_accepted` everything is believed.
    ///
    /// # Errors
    /// What the database says.
    pub async fn find(
        connection: &mut PgConnection,
        roots: Option<&Roots>,
        known: &KnownSources,
        walked: &Walked,
        is_accepted: bool,
    ) -> Result<Self> {
        let missed = known.missed();
        let Some(roots) = roots.filter(|_| !missed.is_empty()) else { return Ok(Self::default()) };
        let lay: Vec<(i64, String, Option<Vec<u8>>)> =
            sqlx::query_as(include_str!("../database/sources/paths.sql"))
                .bind(missed)
                .fetch_all(connection)
                .await
                .map_err(|error| failed("reading where the missing sources lay", error))?;
        let lay = lay.into_iter().map(|(id, path, raw)| {
            (id, raw.map_or_else(|| PathBuf::from(path), |raw| PathBuf::from(OsString::from_vec(raw))))
        });
        Ok(Self::judge(roots.paths(), lay, walked, is_accepted))
    }

    /// The same for known sources that were not met, with where they lay.
    fn judge(
        roots: &[PathBuf],
        missed: impl Iterator<Item = (i64, PathBuf)>,
        walked: &Walked,
        is_accepted: bool,
    ) -> Self {
        let mut away: Vec<Vec<i64>> = vec![Vec::new(); roots.len()];
        for (id, path) in missed {
            let is_unlisted = |path: &Path| walked.unlisted.iter().any(|unlisted| path.starts_with(unlisted));
            let root = roots.iter().position(|root| path.starts_with(root));
            // Roots lie in no other, so it is the only one.
            if let Some(away) = root.and_then(|root| away.get_mut(root))
                && !is_unlisted(&path)
            {
                away.push(id);
            }
        }
        let mut vanished = Self::default();
        for ((position, root), ids) in roots.iter().enumerate().zip(away) {
            let RootTally { files, known } = walked.roots.get(position).copied().unwrap_or_default();
            let (away, known) = (ids.len() as u64, known + ids.len() as u64);
            if HeldBack::is_doubtful(away, known, files) && !is_accepted {
                let root = root.to_string_lossy().into_owned();
                vanished.held_back.push(HeldBack { root, away, known });
            } else {
                vanished.gone.extend(ids);
            }
        }
        vanished.gone.sort_unstable();
        vanished
    }

    /// Marks what is gone, with its places and the contents that lie nowhere any more; some sources at a time, each in one
    /// transaction with all that is theirs.
    ///
    /// # Errors
    /// What the database says; what was marked stays so, and the next import marks the rest.
    pub async fn mark(&self, connection: &mut PgConnection) -> Result<()> {
        for ids in self.gone.chunks(TOGETHER) {
            let marking = async {
                let mut transaction = connection.begin().await?;
                sqlx::query(include_str!("../database/sources/vanish.sql"))
                    .bind(ids)
                    .execute(&mut *transaction)
                    .await?;
                sqlx::query(include_str!("../database/sources/settle.sql"))
                    .bind(i64::MAX)
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await
            };
            marking.await.map_err(|error| failed("marking what vanished", error))?;
        }
        Ok(())
    }
}

/// Makes sources active again that had vanished and are back as they were, with their places and contents.
///
/// # Errors
/// What the database says.
pub(crate) async fn bring_back(connection: &mut PgConnection, returned: &[i64]) -> Result<()> {
    for ids in returned.chunks(TOGETHER) {
        sqlx::query(include_str!("../database/sources/return.sql"))
            .bind(ids)
            .execute(&mut *connection)
            .await
            .map_err(|error| failed("bringing back what had vanished", error))?;
    }
    Ok(())
}

/// Marks contents that lost their last place, in this run or in one that was killed before it came to this.
///
/// # Errors
/// What the database says.
pub(crate) async fn settle(connection: &mut PgConnection) -> Result<()> {
    loop {
        let looked_at: i64 = sqlx::query_scalar(include_str!("../database/sources/settle.sql"))
            .bind(CONTENTS_TOGETHER)
            .fetch_one(&mut *connection)
            .await
            .map_err(|error| failed("marking contents without a place", error))?;
        if looked_at == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(files: u64, known: u64, unlisted: &[&str]) -> Walked {
        let unlisted = unlisted.iter().map(PathBuf::from).collect();
        Walked { unlisted, roots: vec![RootTally { files, known }], returned: Vec::new() }
    }

    fn missed(paths: &[&str]) -> impl Iterator<Item = (i64, PathBuf)> {
        (1..).zip(paths.iter().map(PathBuf::from).collect::<Vec<_>>())
    }

    #[test]
    fn only_what_could_have_been_met_is_gone() {
        let roots = [PathBuf::from("/music")];
        let paths =
            ["/music/a.mid", "/music/locked/b.mid", "/musicals/c.mid", "/other/d.mid", "/music/x/e.mid"];
        let judged = Vanished::judge(&roots, missed(&paths), &walked(9, 9, &["/music/locked"]), false);
        assert_eq!(judged, Vanished { gone: vec![1, 5], held_back: Vec::new() });
    }

    #[test]
    fn too_much_is_not_believed() {
        for (away, known, files, expected) in [
            (0, 500, 0, false),
            (1, 1, 0, true),
            (1, 2, 1, false),
            (99, 99, 1, false),
            (100, 100, 1, true),
            (100, 199, 99, true),
            (100, 200, 100, false),
            (101, 200, 99, true),
        ] {
            assert_eq!(
                HeldBack::is_doubtful(away, known, files),
                expected,
                "{away} of {known}, {files} found"
            );
        }
    }

    #[test]
    fn each_root_is_judged_alone() {
        let roots = [PathBuf::from("/full"), PathBuf::from("/unmounted")];
        let tallies = vec![RootTally { files: 3, known: 3 }, RootTally::default()];
        let walked = Walked { roots: tallies, ..Walked::default() };
        let paths = ["/full/a.mid", "/unmounted/b.mid"];
        let judged = Vanished::judge(&roots, missed(&paths), &walked, false);
        let held_back = vec![HeldBack { root: "/unmounted".to_owned(), away: 1, known: 1 }];
        assert_eq!(judged, Vanished { gone: vec![1], held_back });
        let judged = Vanished::judge(&roots, missed(&paths), &walked, true);
        assert_eq!(judged, Vanished { gone: vec![1, 2], held_back: Vec::new() });
    }
}
