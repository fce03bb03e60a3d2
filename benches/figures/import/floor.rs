//! The floor of an import: every zip of a folder inflated, digested, and its events walked over, on all cores.
//!
//! Stores nothing and needs no database.

use std::path::Path;

use anyhow::Result;
use libdeflater::Decompressor;
use loader::mapping::{Input, MapPolicy};
use rayon::prelude::*;

use crate::measuring::collection;
use crate::measuring::floor::{self, Read};

/// Reads all zips of a folder.
pub(crate) fn read(folder: &Path) -> Result<Read> {
    let zips = collection::files(folder)?;
    let each = zips.par_iter().map_init(
        || (Decompressor::new(), Vec::new()),
        |(inflater, buffer), zip| {
            let input = Input::open(zip, MapPolicy::Auto)?;
            let mut read = Read::default();
            let mut events = 0;
            floor::zip(input.as_slice(), inflater, buffer, |content| {
                read.digest(content);
                events += floor::walk_events(content);
            })?;
            read.events = events;
            Ok(read)
        },
    );
    each.try_reduce(Read::default, |one, other| Ok(one.and(other)))
}
