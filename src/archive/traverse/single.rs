//! A compressed file that holds one file: a container of one member whose size nothing tells.

use std::io::Read;

use crate::archive::members::{Member, Members, Skipped};
use crate::archive::stream::refusal_of;
use crate::reject::Refusal;

/// The one file.
pub(super) struct SingleFile<R> {
    decoded: R,
    name: Option<Vec<u8>>,
}

impl<R: Read> SingleFile<R> {
    /// The file that `decoded` yields, called `name`.
    pub(super) const fn new(decoded: R, name: Vec<u8>) -> Self {
        Self { decoded, name: Some(name) }
    }
}

impl<R: Read> Members for SingleFile<R> {
    fn next_member(&mut self) -> Option<Member> {
        let raw_name = self.name.take()?;
        Some(Member { raw_name, size: u64::MAX, ..Member::default() })
    }

    fn fill(&mut self, out: &mut Vec<u8>, up_to: usize) -> Result<(), Refusal> {
        let wanted = up_to.saturating_sub(out.len()) as u64;
        (&mut self.decoded).take(wanted).read_to_end(out).map_err(|error| refusal_of(&error))?;
        Ok(())
    }

    fn refusal(&self) -> Option<&Refusal> {
        None
    }

    fn skipped(&self) -> Skipped {
        Skipped::default()
    }
}
