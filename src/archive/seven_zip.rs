//! The members of a 7z: its list, and each run of members on its own, from any thread.
//!
//! Works on bytes in memory and keeps 48 bytes and the name for a member. The list is read here and most blocks are decoded
//! with the libraries that decode streams, because the `sevenz-rust2` crate honours whatever dictionary a header declares,
//! refuses an archive for one odd name, and cannot be stopped between members; it decodes what is rare. Which members are
//! worth reading is decided elsewhere. Archives in several volumes and programs with an archive behind them are not read.

mod decode;
mod files;
mod folder;
mod header;
mod method;
mod part;
mod rare;
mod scan;
mod signature;
mod streams;

use super::directory::{Directory, Part};
use super::limits::Limits;
use super::members::{Members, Skipped};
use crate::entry::NameDecoder;
use crate::reject::Refusal;
use files::Listing;
use part::PartMembers;

/// The members of a 7z, in the order of its list; duplicates are kept.
#[derive(Debug)]
pub struct SevenZipDirectory {
    listing: Listing,
    parts: Vec<Part>,
}

impl SevenZipDirectory {
    /// Reads the list of members at the end of an archive.
    ///
    /// # Errors
    /// Where nothing can be listed: [`Reason::ArchiveTruncated`] for an archive without its end,
    /// [`Reason::ArchiveDamaged`], [`Reason::Encrypted`] for an encrypted list, [`Reason::UnsupportedMethod`],
    /// [`Reason::UnsupportedFormat`], and for a list beyond the limits [`Reason::LimitDecoderMemory`] or
    /// [`Reason::LimitRatio`].
    ///
    /// [`Reason::ArchiveTruncated`]: crate::reject::Reason::ArchiveTruncated
    /// [`Reason::ArchiveDamaged`]: crate::reject::Reason::ArchiveDamaged
    /// [`Reason::Encrypted`]: crate::reject::Reason::Encrypted
    /// [`Reason::UnsupportedMethod`]: crate::reject::Reason::UnsupportedMethod
    /// [`Reason::UnsupportedFormat`]: crate::reject::Reason::UnsupportedFormat
    /// [`Reason::LimitDecoderMemory`]: crate::reject::Reason::LimitDecoderMemory
    /// [`Reason::LimitRatio`]: crate::reject::Reason::LimitRatio
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, Refusal> {
        let header = header::read(bytes, limits)?;
        let listing = if header.is_empty() { Listing::default() } else { Listing::read(&header, limits)? };
        let parts = part::divide(bytes, &listing, limits);
        Ok(Self { listing, parts })
    }

    /// How many regular files it has.
    #[must_use]
    pub const fn members(&self) -> usize {
        self.listing.files.len()
    }
}

impl Directory for SevenZipDirectory {
    fn parts(&self) -> &[Part] {
        &self.parts
    }

    fn open_part<'a>(&'a self, bytes: &'a [u8], part: usize, limits: &'a Limits) -> Box<dyn Members + 'a> {
        let part = self.parts.get(part).copied().unwrap_or_default();
        Box::new(PartMembers::new(&self.listing, bytes, part, limits))
    }

    /// All names are Unicode by the format's own word.
    fn name_decoder(&self) -> NameDecoder {
        NameDecoder::default()
    }

    fn refusal(&self) -> Option<&Refusal> {
        self.listing.refusal.as_ref()
    }

    fn skipped(&self) -> Skipped {
        self.listing.skipped
    }
}

#[cfg(test)]
mod tests;
