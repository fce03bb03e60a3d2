//! A part of the library to which a re-analysis is confined.

use sqlx::postgres::PgConnection;

use crate::discover::Roots;
use crate::error::Result;
use crate::library;

/// Contents that lie below some roots, but for those that were just analysed.
#[derive(Clone, Debug)]
pub struct Within {
    /// Where they lie.
    pub roots: Roots,
    /// The run that stored the others.
    pub but_of_run: i32,
}

impl Within {
    /// The ids of the sources below the roots.
    pub(super) async fn sources(&self, connection: &mut PgConnection) -> Result<Vec<i64>> {
        Ok(library::known_sources(connection, Some(&self.roots)).await?.ids().collect())
    }
}
