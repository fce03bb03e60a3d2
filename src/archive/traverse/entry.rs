//! What a traversal carries along: bytes, where in the source they lie, and how entries are numbered.

use std::fmt;
use std::sync::Arc;

use crate::entry::{EntryPath, Ordinal, Ordinals};
use crate::mapping::Input;
use crate::reject::{Reason, Refusal};

/// Bytes that several readers may share.
pub trait SharedBytes: AsRef<[u8]> + Send + Sync {
    /// Nobody will look at this range again soon; whoever does is only slower.
    fn release(&self, _from: usize, _to: usize) {}
}

impl SharedBytes for Vec<u8> {}

impl SharedBytes for Input {
    fn release(&self, from: usize, to: usize) {
        Self::release(self, from, to);
    }
}

/// The bytes of a container, in memory or mapped, shared with whoever decodes parts of them.
#[derive(Clone)]
pub struct Bytes(Arc<dyn SharedBytes>);

impl Bytes {
    /// Shares these bytes.
    #[must_use]
    pub fn new(bytes: Arc<dyn SharedBytes>) -> Self {
        Self(bytes)
    }

    /// All of them.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        (*self.0).as_ref()
    }

    /// Nobody will look at this range again soon; whoever does is only slower.
    pub fn release(&self, from: usize, to: usize) {
        self.0.release(from, to);
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({})", self.as_slice().len())
    }
}

/// A nested archive in memory, together with the leave to hold it.
pub(super) struct Nested<H> {
    content: Vec<u8>,
    _held: H,
}

impl<H> Nested<H> {
    pub(super) const fn new(content: Vec<u8>, held: H) -> Self {
        Self { content, _held: held }
    }
}

impl<H: Send + Sync> SharedBytes for Nested<H> {}

impl<H> AsRef<[u8]> for Nested<H> {
    fn as_ref(&self) -> &[u8] {
        &self.content
    }
}

/// An entry that was met.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where it lies, and what it is called.
    pub path: EntryPath,
    /// Its position.
    pub ordinal: Ordinal,
}

/// Where in the source a container lies.
#[derive(Clone, Debug, Default)]
pub struct Spot {
    /// The path of the container, as an entry; empty for the source itself.
    pub path: EntryPath,
    /// Archives around it.
    pub depth: u32,
    /// Bytes that those hold in memory, their decoders' windows included.
    pub held: u64,
}

/// How members are numbered.
#[derive(Clone, Debug)]
pub enum Numbers {
    /// Members of the source: 0, 1, 2, …
    Outer(Ordinals),
    /// What is nested in one of them, however deep, in reading order.
    Inside(Ordinals),
}

impl Default for Numbers {
    fn default() -> Self {
        Self::outer()
    }
}

impl Numbers {
    /// The numbers of the source's members.
    #[must_use]
    pub fn outer() -> Self {
        Self::Outer(Ordinal::of_members())
    }

    /// The numbers of the source's members from position `first` on.
    #[must_use]
    pub fn outer_from(first: usize) -> Self {
        Self::Outer(Ordinal::of_members_from(first))
    }

    /// The numbers of what is nested in the member with this one.
    #[must_use]
    pub fn inside(member: Ordinal) -> Self {
        Self::Inside(Ordinal::inside(usize::try_from(member.0).unwrap_or_default()))
    }

    pub(super) fn take(&mut self) -> Result<Ordinal, Refusal> {
        let (Self::Outer(ordinals) | Self::Inside(ordinals)) = self;
        ordinals.take()
    }
}

/// Why the reading of a container ended before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It cannot be read further, or something is wrong with it as a whole.
    Refused(Refusal),
    /// The visitor asked.
    Asked,
}

impl Stopped {
    /// What a reader's panic amounts to for the archive that it read.
    #[must_use]
    pub fn panicked() -> Refusal {
        let detail = "reading this archive panicked: a defect of loader; please report it with the file";
        Refusal::new(Reason::ReaderPanicked, detail)
    }
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
