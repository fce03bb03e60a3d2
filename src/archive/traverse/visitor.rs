//! What a traversal asks of whoever it is made for.

use std::io::Read;
use std::sync::Arc;

use super::{Bytes, Entry, Stopped};
use crate::archive::meter::Meter;
use crate::format::{Compression, EntryKind};
use crate::reject::Refusal;

/// Receives entries, in order.
///
/// For each entry [`Self::begin`] is called, then exactly one of [`Self::keep`], [`Self::keep_alone`], [`Self::leave`],
/// [`Self::leave_head`], [`Self::refuse`] and [`Self::opened`]; between, for an archive, all that is in it.
pub trait Visitor {
    /// Leave to hold memory, until it is dropped.
    type Held: Send + Sync + 'static;

    /// What the source has yielded so far.
    fn meter(&self) -> Arc<Meter>;

    /// An entry is met. Whether it is to be read; if not, nothing more is heard of it.
    ///
    /// # Errors
    /// [`Stopped::Asked`] to end the traversal.
    fn begin(&mut self, entry: &Entry) -> Result<bool, Stopped>;

    /// An entry that was begun elsewhere is read here after all. Whether it is still to be read.
    ///
    /// # Errors
    /// [`Stopped::Asked`] to end the traversal.
    fn resume(&mut self, entry: &Entry) -> Result<bool, Stopped>;

    /// Whether entries of this kind, which is no archive, are kept.
    fn wants(&self, kind: EntryKind) -> bool;

    /// A buffer to which an entry of at most so many bytes is appended. Waits for memory.
    ///
    /// # Errors
    /// [`Stopped::Asked`].
    fn room(&mut self, bytes: usize) -> Result<&mut Vec<u8>, Stopped>;

    /// Takes what was read out of that buffer, from `start` on.
    fn take_back(&mut self, start: usize) -> Vec<u8>;

    /// Waits for memory for a nested archive or a decoder's window.
    ///
    /// # Errors
    /// [`Stopped::Asked`].
    fn hold(&mut self, bytes: usize) -> Result<Self::Held, Stopped>;

    /// Waits for memory for an entry of unknown size.
    ///
    /// # Errors
    /// [`Stopped::Asked`].
    fn hold_entry(&mut self, bytes: usize) -> Result<Self::Held, Stopped>;

    /// Gives back all but `bytes` of what is held.
    fn shrink(&self, held: &mut Self::Held, bytes: usize);

    /// An entry that is wanted was read: it is in the buffer that [`Self::room`] gave, from `start` on.
    fn keep(&mut self, entry: Entry, kind: EntryKind, start: usize);

    /// The same for an entry whose size was not known.
    fn keep_alone(&mut self, entry: Entry, kind: EntryKind, content: Vec<u8>, held: Self::Held);

    /// An entry that is not wanted was read: it is in the buffer from `start` on, and is to be taken out of it.
    fn leave(&mut self, entry: Entry, kind: EntryKind, start: usize);

    /// The same for one of which only the first bytes were read.
    fn leave_head(&mut self, entry: Entry, kind: EntryKind, head: &[u8]);

    /// An entry is refused.
    fn refuse(&mut self, entry: Entry, refusal: Refusal);

    /// An archive inside an archive was read to its end.
    fn opened(&mut self, entry: Entry);

    /// A tar has come to the zeros by which it says that it ends.
    fn mark_end(&mut self) {}

    /// So many links and devices were passed over.
    fn pass_over_links(&mut self, links: u64);

    /// Decodes a compressed stream.
    ///
    /// # Errors
    /// What the decoder cannot begin with.
    fn decode<'b>(
        &mut self,
        compression: Compression,
        bytes: &'b Bytes,
    ) -> Result<Box<dyn Read + 'b>, Refusal>;
}
