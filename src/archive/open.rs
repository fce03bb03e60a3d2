//! Which reader reads the directory of which format.
//!
//! Chooses; reads nothing itself.

use super::directory::Directory;
use super::limits::Limits;
use super::lzh::LzhDirectory;
#[cfg(feature = "rar")]
use super::rar::RarDirectory;
use super::seven_zip::SevenZipDirectory;
use crate::format::{Container, Format};
use crate::reject::Refusal;

/// Reads the directory of an archive of this format. `bytes` is the whole archive.
///
/// # Errors
/// Where no member can be found, and for containers without a directory of this kind.
pub fn open_directory(
    container: Container,
    bytes: &[u8],
    limits: &Limits,
) -> Result<Box<dyn Directory>, Refusal> {
    Ok(match container {
        Container::SevenZip => Box::new(SevenZipDirectory::read(bytes, limits)?),
        Container::Lzh => Box::new(LzhDirectory::read(bytes, limits)?),
        #[cfg(feature = "rar")]
        Container::Rar => Box::new(RarDirectory::read(bytes, limits)?),
        _ => return Err(Format::unsupported(container.name())),
    })
}
