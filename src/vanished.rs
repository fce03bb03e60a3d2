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

use crate::discover::{Roots, SortedBelow};
use crate::error::Result;
use crate::library::{failed, waited_for_each_other};
use crate::pipeline::{KnownSources, RootTally, Walked};

/// Fewer than so many are believed, however large their share.
const FEW: u64 = 100;

/// So many sources are marked in a transaction.
const TOGETHER: usize = 1_000;

/// How often a transaction is tried that waits for another which waits for it.
const ATTEMPTS: u32 = 10;

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
                .fetch_all(&mut *connection)
                .await
                .map_err(|error| failed("reading where the missing sources lay", error))?;
        let lay = lay.into_iter().map(|(id, path, raw)| {
            (id, raw.map_or_else(|| PathBuf::from(path), |raw| PathBuf::from(OsString::from_vec(raw))))
        });
        let away = Away::below(roots, lay, walked);
        let mut tallies = walked.roots.clone();
        if let Some(anchors) = roots.anchors() {
            tallies.clear();
            for (anchor, away) in anchors.iter().zip(&away.0) {
                tallies.push(match roots.paths().iter().position(|path| *path == anchor.path) {
                    _ if away.ids.is_empty() || !anchor.stands() => RootTally::default(),
                    Some(whole) => walked.roots.get(whole).copied().unwrap_or_default(),
                    None => remaining(connection, &anchor.path, away.ids.len() as u64).await?,
                });
            }
        }
        Ok(away.judge(&tallies, is_accepted))
    }

    /// Marks what is gone, with its places and the contents that lie nowhere any more; some sources at a time, each in one
    /// transaction with all that is theirs.
    ///
    /// # Errors
    /// What the database says; what was marked stays so, and the next import marks the rest.
    pub async fn mark(&self, connection: &mut PgConnection) -> Result<()> {
        for ids in self.gone.chunks(TOGETHER) {
            let marking = in_turn(connection, async |transaction| {
                let vanish = sqlx::query(include_str!("../database/sources/vanish.sql")).bind(ids);
                vanish.execute(&mut *transaction).await?;
                settle_some(transaction, i64::MAX).await
            });
            marking.await.map_err(|error| failed("marking what vanished", error))?;
        }
        Ok(())
    }
}

/// Known sources that were not met, by the root below which they lay.
struct Away(Vec<AwayBelow>);

struct AwayBelow {
    root: PathBuf,
    ids: Vec<i64>,
}

impl Away {
    /// Of known sources that were not met, with where they lay, those that the walk should have met.
    fn below(roots: &Roots, missed: impl Iterator<Item = (i64, PathBuf)>, walked: &Walked) -> Self {
        let weighed: Vec<&Path> = match roots.anchors() {
            Some(anchors) => anchors.iter().map(|anchor| anchor.path.as_path()).collect(),
            None => roots.paths().iter().map(PathBuf::as_path).collect(),
        };
        let below = |root: &Path| AwayBelow { root: root.to_owned(), ids: Vec::new() };
        let mut away: Vec<AwayBelow> = weighed.into_iter().map(below).collect();
        for (id, path) in missed {
            let is_at = |other: &PathBuf| path.starts_with(other);
            // Roots lie in no other, so it is the only one.
            if roots.paths().iter().any(is_at)
                && !walked.unlisted.iter().any(is_at)
                && let Some(below) = away.iter_mut().find(|below| is_at(&below.root))
            {
                below.ids.push(id);
            }
        }
        Self(away)
    }

    /// What of it is believed, with what was met below each root.
    fn judge(self, tallies: &[RootTally], is_accepted: bool) -> Vanished {
        let mut vanished = Vanished::default();
        for (position, AwayBelow { root, ids }) in self.0.into_iter().enumerate() {
            let RootTally { files, known } = tallies.get(position).copied().unwrap_or_default();
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
}

/// What there still is below a folder of which only a part was walked: what is known, without so many that are `away`. Nothing
/// where that cannot be told.
async fn remaining(connection: &mut PgConnection, folder: &Path, away: u64) -> Result<RootTally> {
    let Some(SortedBelow { from, to, .. }) = SortedBelow::of(folder) else { return Ok(RootTally::default()) };
    let known: i64 = sqlx::query_scalar(include_str!("../database/sources/count_under.sql"))
        .bind(from)
        .bind(to)
        .fetch_one(connection)
        .await
        .map_err(|error| failed("counting what is known below a folder", error))?;
    let left = known.unsigned_abs().saturating_sub(away);
    Ok(RootTally { files: left, known: left })
}

/// Makes sources active again that had vanished and are back as they were, with their places and contents.
///
/// # Errors
/// What the database says.
pub(crate) async fn bring_back(connection: &mut PgConnection, returned: &[i64]) -> Result<()> {
    for ids in returned.chunks(TOGETHER) {
        let bringing = in_turn(connection, async |transaction| {
            sqlx::query(include_str!("../database/sources/return.sql")).bind(ids).execute(transaction).await
        });
        bringing.await.map_err(|error| failed("bringing back what had vanished", error))?;
    }
    Ok(())
}

/// Marks contents that lost their last place, in this run or in one that was killed before it came to this.
///
/// # Errors
/// What the database says.
pub(crate) async fn settle(connection: &mut PgConnection) -> Result<()> {
    loop {
        let settling =
            in_turn(connection, async |transaction| settle_some(transaction, CONTENTS_TOGETHER).await);
        if settling.await.map_err(|error| failed("marking contents without a place", error))? == 0 {
            return Ok(());
        }
    }
}

/// Works in a transaction, and once more where it and a program that embeds the library waited for each other and the server has
/// ended this one.
async fn in_turn<T>(
    connection: &mut PgConnection,
    work: impl AsyncFn(&mut PgConnection) -> sqlx::Result<T>,
) -> sqlx::Result<T> {
    let mut attempts = 1;
    loop {
        let mut transaction = connection.begin().await?;
        let done = match work(&mut transaction).await {
            Ok(done) => transaction.commit().await.map(|()| done),
            Err(error) => {
                // Where that fails too, the connection is gone, and so is the transaction.
                let _ = transaction.rollback().await;
                Err(error)
            }
        };
        match done {
            Err(error) if attempts < ATTEMPTS && waited_for_each_other(&error) => attempts += 1,
            done => return done,
        }
    }
}

/// Looks at contents that lost a place, at most so many rows of them; answers at how many.
async fn settle_some(transaction: &mut PgConnection, most: i64) -> sqlx::Result<usize> {
    let mut loose: Vec<i64> = sqlx::query_scalar(include_str!("../database/sources/take_loose.sql"))
        .bind(most)
        .fetch_all(&mut *transaction)
        .await?;
    let looked_at = loose.len();
    if looked_at == 0 {
        return Ok(0);
    }
    loose.sort_unstable();
    loose.dedup();
    let alone: Vec<i64> = sqlx::query_scalar(include_str!("../database/sources/loose_alone.sql"))
        .bind(loose)
        .fetch_all(&mut *transaction)
        .await?;
    if !alone.is_empty() {
        let settle = sqlx::query(include_str!("../database/sources/settle.sql")).bind(alone);
        settle.execute(&mut *transaction).await?;
    }
    Ok(looked_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(files: u64, known: u64, unlisted: &[&str]) -> Walked {
        let unlisted = unlisted.iter().map(PathBuf::from).collect();
        Walked { unlisted, roots: vec![RootTally { files, known }], returned: Vec::new() }
    }

    fn judged(
        roots: &[&str],
        missed: impl Iterator<Item = (i64, PathBuf)>,
        walked: &Walked,
        all: bool,
    ) -> Vanished {
        Away::below(&Roots::whole(roots), missed, walked).judge(&walked.roots, all)
    }

    fn missed(paths: &[&str]) -> impl Iterator<Item = (i64, PathBuf)> {
        (1..).zip(paths.iter().map(PathBuf::from).collect::<Vec<_>>())
    }

    #[test]
    fn only_what_could_have_been_met_is_gone() {
        let paths =
            ["/music/a.mid", "/music/locked/b.mid", "/musicals/c.mid", "/other/d.mid", "/music/x/e.mid"];
        let found = judged(&["/music"], missed(&paths), &walked(9, 9, &["/music/locked"]), false);
        assert_eq!(found, Vanished { gone: vec![1, 5], held_back: Vec::new() });
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
        let roots = ["/full", "/unmounted"];
        let tallies = vec![RootTally { files: 3, known: 3 }, RootTally::default()];
        let walked = Walked { roots: tallies, ..Walked::default() };
        let paths = ["/full/a.mid", "/unmounted/b.mid"];
        let found = judged(&roots, missed(&paths), &walked, false);
        let held_back = vec![HeldBack { root: "/unmounted".to_owned(), away: 1, known: 1 }];
        assert_eq!(found, Vanished { gone: vec![1], held_back });
        let found = judged(&roots, missed(&paths), &walked, true);
        assert_eq!(found, Vanished { gone: vec![1, 2], held_back: Vec::new() });
    }
}
