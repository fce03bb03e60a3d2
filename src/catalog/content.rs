//! A content as the library knows it.

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::digest::{Digest, FileId};
use crate::error::Result;
use crate::library::failed;

/// A content as the library knows it. What the music says stands in `musical_metadata`, under its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// `files.id`.
    pub id: FileId,
    /// BLAKE3-256.
    pub digest: Digest,
    /// MD5, where it was kept.
    pub md5: Option<[u8; 16]>,
    /// Length in bytes.
    pub size_bytes: i32,
    /// A word of [`crate::record::ParseStatus`].
    pub parse_status: String,
    /// Whether it is still there; by path, whether it is there.
    pub is_active: bool,
}

impl Content {
    /// Out of a row of a look-up, with the position of what was asked, from 0.
    pub(super) fn of(row: &PgRow) -> Result<(usize, Self)> {
        Self::read(row).map_err(|error| failed("reading a look-up", error))
    }

    fn read(row: &PgRow) -> sqlx::Result<(usize, Self)> {
        let position: i64 = row.try_get("position")?;
        let (digest, md5): (Vec<u8>, Option<Vec<u8>>) = (row.try_get("digest")?, row.try_get("md5")?);
        let digest = <[u8; 32]>::try_from(digest).map_err(|bytes| short("digest", bytes.len()))?;
        let content = Self {
            id: FileId(row.try_get("id")?),
            digest: Digest::from_bytes(digest),
            md5: md5.and_then(|md5| md5.try_into().ok()),
            size_bytes: row.try_get("size_bytes")?,
            parse_status: row.try_get("parse_status")?,
            is_active: row.try_get("is_active")?,
        };
        Ok((usize::try_from(position).unwrap_or_default().saturating_sub(1), content))
    }
}

fn short(column: &str, length: usize) -> sqlx::Error {
    let source = format!("expected 32 bytes, found {length}").into();
    sqlx::Error::ColumnDecode { index: column.to_owned(), source }
}
