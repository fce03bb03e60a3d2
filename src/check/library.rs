//! What a check asks of the library about contents: two queries, each for many at once, in transactions that cannot write.

use sqlx::Row as _;
use sqlx::postgres::{PgPool, PgRow};
use tokio::runtime::Handle;

use super::unchanged::QUESTIONS;
use super::{Likeness, Near, Places, threads};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::library::failed;
use crate::record::Metadata;
use crate::server::connect::{self, Target};
use crate::server::schema;

/// Connections at most: a check beside an import leaves the others their share of the server.
const CONNECTIONS: usize = 16;

/// Places of a MinHash.
const SKETCH: f64 = 32.0;

/// The library, to be asked.
#[derive(Debug)]
pub struct Library {
    pub(super) pool: PgPool,
    pub(super) runtime: Handle,
    /// Equal places of a MinHash from which on two contents count as similar.
    least_equal: i64,
    pub(super) most_places: i32,
    /// Rows that a question about all sources would read, about.
    pub(super) rows: u64,
}

impl Library {
    /// Connects, for so many jobs. Contents count as similar from this similarity on, 0 to 1; of each content at most so
    /// many places are told.
    ///
    /// # Errors
    /// Where the database cannot be reached or holds no library of this version.
    pub async fn open(target: &Target, jobs: usize, similarity: f64, most_places: u32) -> Result<Self> {
        // One for each thread, and those that the walk asks on.
        let connections = u32::try_from((threads(jobs) + QUESTIONS).min(CONNECTIONS)).unwrap_or(1);
        let pool = connect::pool(target, "loader check", connections).await?;
        let mut connection = pool.acquire().await.map_err(|error| unanswered("connecting", error))?;
        schema::check(&mut connection).await?;
        let rows: i64 = sqlx::query_scalar(include_str!("../../database/check/sources.sql"))
            .fetch_one(&mut *connection)
            .await
            .map_err(|error| unanswered("counting sources", error))?;
        Ok(Self {
            pool,
            runtime: Handle::current(),
            least_equal: least_equal(similarity),
            most_places: i32::try_from(most_places.max(1)).unwrap_or(i32::MAX),
            rows: rows.unsigned_abs(),
        })
    }

    /// Where each of these contents lies; none for one that the library does not have. A content that lies nowhere any
    /// more has a count of 0, and where it lay.
    pub(super) fn known(&self, digests: &[Digest]) -> Result<Vec<Option<Places>>> {
        let ids: Vec<i64> = digests.iter().map(|digest| digest.file_id().0).collect();
        let bytes: Vec<&[u8]> = digests.iter().map(|digest| digest.as_bytes().as_slice()).collect();
        let query = sqlx::query(include_str!("../../database/check/known.sql"))
            .bind(ids)
            .bind(bytes)
            .bind(self.most_places);
        let mut known = vec![None; digests.len()];
        for row in self.ask(query, "asking for known contents")? {
            if let Some(slot) = known.get_mut(position(&row)?) {
                *slot = Some(places(&row)?);
            }
        }
        Ok(known)
    }

    /// What each of these contents, which the library does not have, comes nearest to.
    pub(super) fn near(&self, contents: &[Metadata]) -> Result<Vec<Option<Near>>> {
        let notes: Vec<_> = contents.iter().map(|content| content.note_signature).collect();
        let transposed: Vec<_> = contents.iter().map(|content| content.transposed_signature).collect();
        let sketches: Vec<_> =
            contents.iter().map(|content| content.minhash.map(|all| array(&all))).collect();
        let bands: Vec<_> =
            contents.iter().map(|content| content.minhash_bands.map(|all| array(&all))).collect();
        let query = sqlx::query(include_str!("../../database/check/near.sql"))
            .bind(notes)
            .bind(transposed)
            .bind(sketches)
            .bind(bands)
            .bind(self.least_equal)
            .bind(self.most_places);
        let mut near = vec![None; contents.len()];
        for row in self.ask(query, "asking for similar contents")? {
            if let Some(slot) = near.get_mut(position(&row)?) {
                *slot = Some(neighbour(&row)?);
            }
        }
        Ok(near)
    }

    fn ask(
        &self,
        query: sqlx::query::Query<'_, sqlx::Postgres, sqlx::postgres::PgArguments>,
        doing: &str,
    ) -> Result<Vec<PgRow>> {
        let asking = async {
            let mut transaction = self.pool.begin_with("BEGIN READ ONLY").await?;
            let rows = query.fetch_all(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(rows)
        };
        self.runtime.block_on(asking).map_err(|error| unanswered(doing, error))
    }
}

/// A question that found no answer: nothing was changed by it.
pub(crate) fn unanswered(doing: &str, error: sqlx::Error) -> Error {
    failed(doing, error)
        .with_hint("when the server answers again, run the same command again; nothing was changed")
}

/// Places of a MinHash that must be equal; one at least.
#[expect(clippy::cast_possible_truncation, reason = "between 1 and 32")]
pub(crate) fn least_equal(similarity: f64) -> i64 {
    (similarity.clamp(0.0, 1.0) * SKETCH).ceil().max(1.0) as i64
}

/// Numbers as PostgreSQL writes an array.
fn array(numbers: &[i32]) -> String {
    let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
    format!("{{{}}}", numbers.join(","))
}

/// Which of the contents that were asked about a row answers.
pub(super) fn position(row: &PgRow) -> Result<usize> {
    let position: i64 = read(row, "position")?;
    Ok(usize::try_from(position).unwrap_or_default().saturating_sub(1))
}

/// The columns `places` and `paths`.
pub(super) fn places(row: &PgRow) -> Result<Places> {
    let count: i64 = read(row, "places")?;
    Ok(Places { count: count.unsigned_abs(), paths: read(row, "paths")? })
}

#[expect(clippy::cast_precision_loss, reason = "between 1 and 32")]
fn neighbour(row: &PgRow) -> Result<Near> {
    let (likeness, equal): (i32, i64) = (read(row, "likeness")?, read(row, "equal")?);
    let contents: i64 = read(row, "contents")?;
    Ok(Near {
        likeness: match likeness {
            0 => Likeness::SameNotes,
            1 => Likeness::Transposed,
            _ => Likeness::Similar,
        },
        similarity: equal as f64 / SKETCH,
        digest: digest(row)?,
        places: places(row)?,
        contents: contents.unsigned_abs(),
    })
}

/// The column `digest`.
pub(super) fn digest(row: &PgRow) -> Result<Digest> {
    let bytes: Vec<u8> = read(row, "digest")?;
    Ok(Digest::from_bytes(<[u8; 32]>::try_from(bytes).map_err(|_| unexpected())?))
}

/// A column of a row.
pub(super) fn read<'r, T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>>(
    row: &'r PgRow,
    column: &str,
) -> Result<T> {
    row.try_get(column).map_err(|error| unexpected().with_cause(error))
}

/// The answer is none that the library of this version gives.
pub(super) fn unexpected() -> Error {
    Error::new(ErrorKind::Run, "the library answered something unexpected")
        .with_hint("loader db check tells whether its schema was changed; else please report it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_similarity_is_a_number_of_equal_places() {
        let asked = [(0.0, 1), (0.5, 16), (0.8, 26), (1.0, 32), (7.0, 32)];
        assert_eq!(asked.map(|(similarity, _)| least_equal(similarity)), asked.map(|(_, equal)| equal));
        assert_eq!(array(&[-1, 20, 3]), "{-1,20,3}");
    }
}
