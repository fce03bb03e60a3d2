//! The members of a zip: its directory, and each member's content on its own, in any order and from any thread.
//!
//! Works on bytes in memory (best a mapped file) and keeps 32 bytes for a member; names stay where they are. Finds what is
//! wrong with a member before it is extracted. Which members are worth extracting is decided elsewhere.

mod directory;
mod fallback;
mod inflate;
mod members;
mod method;
mod overlap;
mod record;
mod recovery;

pub use inflate::Inflater;
pub use members::ZipMembers;
pub use record::Member;

use method::Method;
use record::Trouble;

use super::limits::Limits;
use crate::entry::NameDecoder;
use crate::format::HEAD;
use crate::reject::{Reason, Refusal};

/// The members of a zip, in the order of its directory; duplicates are kept.
#[derive(Clone, Debug)]
pub struct ZipDirectory {
    members: Vec<Member>,
    links: u64,
    directories: u64,
    refusal: Option<Refusal>,
    longest_name: usize,
    decoder_memory: u64,
}

/// Whether there is a zip directory at the end of these bytes, whatever stands before it.
#[must_use]
pub fn has_directory(bytes: &[u8]) -> bool {
    directory::locate(bytes).is_some()
}

/// Whether members can be found in these bytes by the headers before each, directory or not.
#[must_use]
pub fn has_member(bytes: &[u8]) -> bool {
    recovery::has_member(bytes)
}

impl ZipDirectory {
    fn empty(refusal: Option<Refusal>) -> Self {
        Self {
            members: Vec::new(),
            links: 0,
            directories: 0,
            refusal,
            longest_name: usize::MAX,
            decoder_memory: Limits::default().decoder_memory,
        }
    }

    /// Reads the directory. Where there is none, or a damaged one, members are recovered from their local headers, and
    /// [`Self::refusal`] says so.
    ///
    /// # Errors
    /// [`Reason::ZipDamaged`] if neither a directory nor a local header was found.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, Refusal> {
        let mut found = directory::read(bytes, limits);
        if found.refusal.as_ref().is_some_and(|refusal| refusal.reason != Reason::LimitEntries) {
            let recovered = recovery::read(bytes, limits);
            if recovered.members.len() > found.members.len() {
                let refusal = found.refusal.take();
                found = recovered;
                found.refusal = found.refusal.or(refusal);
            }
            if found.members.is_empty() && found.directories == 0 && found.links == 0 {
                let detail =
                    "it is named or starts like a zip, but neither a directory nor a member was found in it";
                return Err(Refusal::new(Reason::ZipDamaged, detail));
            }
        }
        if found.refusal.is_none() {
            found = Self::found_again(found, bytes, limits);
        }
        overlap::mark(&mut found.members);
        found.longest_name = limits.name;
        found.decoder_memory = limits.decoder_memory;
        Ok(found)
    }

    /// What the local headers tell, where the directory is whole but members do not lie where it says, because bytes are
    /// missing before them, and where that is more.
    fn found_again(listed: Self, bytes: &[u8], limits: &Limits) -> Self {
        let is_missed = |member: &Member| matches!(member.trouble(), Some(Trouble::NoHeader | Trouble::Cut));
        let missed = listed.members.iter().filter(|member| is_missed(member)).count();
        if missed == 0 {
            return listed;
        }
        let sound = |found: &Self| found.members.iter().filter(|member| !is_missed(member)).count();
        let mut recovered = recovery::read(bytes, limits);
        if sound(&recovered) <= sound(&listed) {
            return listed;
        }
        let detail = format!(
            "{missed} of its {} members do not lie where its directory says; they were recovered from the headers before each",
            listed.members.len()
        );
        recovered.refusal.get_or_insert(Refusal::new(Reason::ZipDamaged, detail));
        recovered
    }

    /// All regular members, in the order of the directory: a member's position here is its ordinal.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// What is wrong with the archive as a whole, if anything; the members there are can be extracted all the same.
    /// [`Reason::ArchiveTruncated`], [`Reason::ZipDamaged`] or [`Reason::LimitEntries`].
    #[must_use]
    pub const fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// Symbolic links, which are not among the members.
    #[must_use]
    pub const fn links(&self) -> u64 {
        self.links
    }

    /// Directories, which are not among the members.
    #[must_use]
    pub const fn directories(&self) -> u64 {
        self.directories
    }

    /// A member's name in `bytes`; where the member has a Unicode path of its own (extra field 0x7075), that. Cut at the
    /// longest name that is allowed.
    #[must_use]
    pub fn raw_name<'a>(&self, bytes: &'a [u8], member: &Member) -> &'a [u8] {
        let name = member.name(bytes);
        name.get(..self.longest_name).unwrap_or(name)
    }

    /// A decoder that has looked at the names of all members.
    #[must_use]
    pub fn name_decoder(&self, bytes: &[u8]) -> NameDecoder {
        let mut decoder = NameDecoder::default();
        self.members
            .iter()
            .filter(|member| !member.name_is_utf8())
            .for_each(|member| decoder.observe(self.raw_name(bytes, member)));
        decoder
    }

    /// Why a member cannot be extracted, as far as the directory and its local header tell.
    #[must_use]
    pub fn refusal_of(&self, member: &Member, limits: &Limits) -> Option<Refusal> {
        member
            .trouble()
            .map(|trouble| trouble.refusal(member))
            .or_else(|| limits.check_name(member.name_length()).err())
    }

    /// The content of a member: a part of `bytes` if it is stored, else of `buffer`, which grows to the largest content
    /// that was put in it and is otherwise reused as it is. Never more than the declared size, which is checked against
    /// the limits first.
    ///
    /// # Errors
    /// What is wrong with it, in this order: encrypted, overlapping, cut, a method that is not read, a name too long, too
    /// large, too dense, a decoder that needs too much memory or panics, data that cannot be decoded, another size than
    /// declared, another checksum than declared.
    pub fn extract<'a>(
        &self,
        bytes: &'a [u8],
        index: usize,
        inflater: &mut Inflater,
        buffer: &'a mut Vec<u8>,
        limits: &Limits,
    ) -> Result<&'a [u8], Refusal> {
        let (member, data) = self.data(bytes, index, limits)?;
        limits.check_size(member.uncompressed_size())?;
        limits.check_ratio(member.compressed_size(), member.uncompressed_size())?;
        let size = member.uncompressed_size();
        let content = match member.method() {
            Some(Method::Deflated) => inflater.inflate(data, size, buffer)?,
            Some(Method::Stored) if data.len() as u64 == size => data,
            Some(Method::Stored) => return Err(inflate::wrong_size(size, Some(data.len() as u64))),
            Some(method) => fallback::decode(method, member, data, buffer, limits.decoder_memory)?,
            None => return Err(Trouble::Method.refusal(member)),
        };
        member.check_crc(content)?;
        Ok(content)
    }

    /// The same into a buffer that then holds the content and nothing else.
    ///
    /// # Errors
    /// As for [`Self::extract`]; `buffer` is then empty.
    pub fn extract_into(
        &self,
        bytes: &[u8],
        index: usize,
        inflater: &mut Inflater,
        buffer: &mut Vec<u8>,
        limits: &Limits,
    ) -> Result<(), Refusal> {
        let mut own = std::mem::take(buffer);
        let content = self.extract(bytes, index, inflater, &mut own, limits)?;
        let length = content.len();
        // A stored member lies in `bytes`.
        let stored = bytes.as_ptr_range().contains(&content.as_ptr()).then_some(content);
        *buffer = match stored {
            Some(stored) => stored.to_vec(),
            None => own,
        };
        buffer.truncate(length);
        Ok(())
    }

    /// The first bytes of a member's content, at most [`HEAD`], without checking any more of it.
    ///
    /// # Errors
    /// As for [`Self::extract`], as far as it shows.
    pub fn peek(&self, bytes: &[u8], index: usize, head: &mut Vec<u8>) -> Result<(), Refusal> {
        head.clear();
        let (member, data) = self.data(bytes, index, &Limits { name: usize::MAX, ..Limits::default() })?;
        match member.method() {
            Some(Method::Deflated) => inflate::peek(data, HEAD, head),
            Some(Method::Stored) => {
                head.extend_from_slice(data.get(..data.len().min(HEAD)).unwrap_or_default());
                Ok(())
            }
            Some(method) => fallback::peek(method, member, data, HEAD, head, self.decoder_memory),
            None => Err(Trouble::Method.refusal(member)),
        }
    }

    fn data<'a>(
        &self,
        bytes: &'a [u8],
        index: usize,
        limits: &Limits,
    ) -> Result<(&Member, &'a [u8]), Refusal> {
        let outside = || Refusal::new(Reason::ArchiveDamaged, "the archive has no member at this position");
        let member = self.members.get(index).ok_or_else(outside)?;
        if let Some(refusal) = self.refusal_of(member, limits) {
            return Err(refusal);
        }
        let data = member.data(bytes).ok_or_else(|| Trouble::Cut.refusal(member))?;
        Ok((member, data))
    }
}

#[cfg(test)]
mod tests;
