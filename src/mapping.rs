//! Bytes of a file: mapped into memory or read.
//!
//! With one call in [`crate::priority`] the only `unsafe` code. Mapping has one danger: a file that shrinks, or a disk that fails, under the map
//! kills the process by SIGBUS. Here a handler puts zeros in the place of what is gone and marks the mapping; whoever reads
//! it must ask [`Input::is_intact`] afterwards. What the bytes mean is decided elsewhere.
#![expect(
    unsafe_code,
    reason = "memory maps and the handler for their faults; the rest of the crate denies it"
)]

mod fault;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use memmap2::{Advice, Mmap, UncheckedAdvice};
use rustix::fs::Advice as FileAdvice;

use crate::budget::Permit;
use crate::format::HEAD;

/// Whether a file is mapped or read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MapPolicy {
    /// Files of [`SMALLEST_MAPPED`] bytes or more are mapped.
    #[default]
    Auto,
    /// Every file that can be mapped is.
    Always,
    /// None is: each is read into memory as a whole.
    Never,
    /// Only what is too large to be held: for storage that answers slowly, since a fault waits for a page or a few, where a
    /// read fetches a mebibyte or more.
    Last,
}

/// Bytes of a file that are asked for at once unless somebody says otherwise.
const PIECE: usize = 1 << 20;

/// Size from which mapping pays, in bytes. Measured: for archives it saves 2 to 6 %; for small files setting the map up, its
/// page faults and taking it down cost more than one read.
pub const SMALLEST_MAPPED: u64 = 1 << 20;

/// Size from which [`MapPolicy::Last`] maps a file that nobody has found memory for, in bytes.
pub const LARGEST_HELD: u64 = 64 << 20;

/// A file mapped read-only.
#[derive(Debug)]
pub struct Mapping {
    // Dropped after the registration has been given back, see `Drop`.
    map: Mmap,
    registration: fault::Registration,
}

/// The bytes of a file.
#[derive(Debug)]
pub enum Input {
    /// Mapped.
    Mapped(Mapping),
    /// Read.
    Owned {
        /// What was read.
        bytes: Vec<u8>,
        /// How many bytes the file said it had.
        expected: u64,
        /// What they hold of a budget.
        permit: Option<Permit>,
    },
}

impl Mapping {
    /// Maps the first `length` bytes of a file; none if more files are mapped than faults can be watched for.
    ///
    /// # Errors
    /// What the operating system says: not every file can be mapped, an empty one cannot.
    pub fn open(file: &File, length: u64) -> io::Result<Option<Self>> {
        let length = usize::try_from(length).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
        // SAFETY: the map is read-only and private to this process; that the file may change or shrink under it is what
        // the fault handler, registered before anyone sees a byte, and `is_intact` are for. Changing bytes are only ever
        // read as `u8`, for which every value is valid.
        let map = unsafe { memmap2::MmapOptions::new().len(length).map(file)? };
        let Some(registration) = fault::Registration::new(map.as_ptr() as usize, map.len())? else {
            return Ok(None);
        };
        Ok(Some(Self { map, registration }))
    }

    /// The file's bytes; zeros where they could not be had.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.map
    }

    /// Whether all bytes looked at so far were the file's.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.registration.is_intact()
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // Before the addresses can become another mapping's.
        self.registration.release();
    }
}

impl Input {
    /// Opens a file as the policy says. A file that cannot be mapped is read.
    ///
    /// # Errors
    /// What the operating system says when the file is opened or read.
    pub fn open(path: &Path, policy: MapPolicy) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Self::from_file(&file, length, policy, PIECE)
    }

    /// The same for an open file of `length` bytes. What is read is asked for in pieces of `piece` bytes.
    ///
    /// # Errors
    /// What the operating system says when the file is read.
    pub fn from_file(file: &File, length: u64, policy: MapPolicy, piece: usize) -> io::Result<Self> {
        let map = match policy {
            MapPolicy::Auto => length >= SMALLEST_MAPPED,
            MapPolicy::Always => length > 0,
            MapPolicy::Never => false,
            MapPolicy::Last => length > LARGEST_HELD,
        };
        if map && let Ok(Some(mapping)) = Mapping::open(file, length) {
            return Ok(Self::Mapped(mapping));
        }
        Ok(Self::Owned { bytes: read(file, length, piece)?, expected: length, permit: None })
    }

    /// The same, with its share of a budget.
    #[must_use]
    pub(crate) fn held_by(mut self, held: Permit) -> Self {
        if let Self::Owned { permit, .. } = &mut self {
            *permit = Some(held);
        }
        self
    }

    /// The file's bytes; zeros where a mapped file could not be read.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        match self {
            Self::Mapped(mapping) => mapping.as_slice(),
            Self::Owned { bytes, .. } => bytes,
        }
    }

    /// The first bytes, enough to recognise a file by.
    #[must_use]
    pub fn head(&self) -> &[u8] {
        let bytes = self.as_slice();
        // An ISO image says what it is behind its first 32 KiB.
        bytes.get(..bytes.len().min(HEAD.max(33 << 10))).unwrap_or_default()
    }

    /// Whether all bytes looked at so far were the file's, as many as it had when it was opened.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        match self {
            Self::Mapped(mapping) => mapping.is_intact(),
            Self::Owned { bytes, expected, .. } => bytes.len() as u64 == *expected,
        }
    }

    /// Lets go of the memory that looking at a range of a mapped file took. It can be looked at again; what the file then
    /// holds is read anew.
    pub fn release(&self, from: usize, to: usize) {
        if let Self::Mapped(mapping) = self
            && to <= mapping.map.len()
            && let Some(length) = to.checked_sub(from).filter(|length| *length > 0)
        {
            // SAFETY: the map is private, read-only and of a file: pages that are dropped come back with the file's bytes at
            // the next look (or, where the fault handler had put zeros, with zeros), which are as valid as `u8` as before.
            let _ = unsafe { mapping.map.unchecked_advise_range(UncheckedAdvice::DontNeed, from, length) };
        }
    }

    /// Tells the operating system that the bytes will be read from front to back. It is only advice.
    pub fn will_read_in_order(&self) {
        if let Self::Mapped(mapping) = self {
            let _ = mapping.map.advise(Advice::Sequential);
        }
    }
}

/// Tells the operating system that an open file will be read from front to back, mapped or not: it then fetches more at once,
/// and the next piece while this one is looked at. It is only advice.
pub(crate) fn expect_in_order(file: &File) {
    let _ = rustix::fs::fadvise(file, 0, None, FileAdvice::Sequential);
}

/// Reads at most `length` bytes, fewer where the file has become shorter.
fn read(mut file: &File, length: u64, piece: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(usize::try_from(length).unwrap_or(usize::MAX)).map_err(io::Error::other)?;
    if length > piece as u64 {
        expect_in_order(file);
    }
    while (bytes.len() as u64) < length {
        let start = bytes.len();
        let wanted = usize::try_from(length - start as u64).unwrap_or(usize::MAX).min(piece.max(1));
        bytes.resize(start + wanted, 0);
        let room = bytes.get_mut(start..).unwrap_or_default();
        let arrived = match file.read(room) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(error) => return Err(error),
            Ok(0) => {
                bytes.truncate(start);
                break;
            }
            Ok(arrived) => arrived,
        };
        bytes.truncate(start + arrived);
    }
    Ok(bytes)
}

impl AsRef<[u8]> for Input {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file(length: usize) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&vec![7; length]).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        file
    }

    #[test]
    fn the_policy_decides() {
        use MapPolicy::{Always, Auto, Last, Never};
        let cases = [
            (Auto, 1 << 20, true),
            (Auto, (1 << 20) - 1, false),
            (Always, 10, true),
            (Always, 0, false),
            (Never, 2 << 20, false),
            (Last, 2 << 20, false),
            (Last, usize::try_from(LARGEST_HELD).unwrap() + 1, true),
        ];
        for (policy, length, mapped) in cases {
            let input = Input::from_file(&file(length), length as u64, policy, PIECE).unwrap();
            assert_eq!(matches!(input, Input::Mapped(_)), mapped, "{policy:?} {length}");
            assert_eq!(input.as_slice(), vec![7; length]);
            assert!(input.is_intact());
            input.will_read_in_order();
        }
    }

    #[test]
    fn a_file_that_shrinks_does_not_kill() {
        let file = file(3 << 20);
        let input = Input::from_file(&file, 3 << 20, MapPolicy::Auto, PIECE).unwrap();
        assert_eq!(input.as_slice()[(3 << 20) - 1], 7);
        assert!(input.is_intact());
        file.set_len(1 << 20).unwrap();
        assert_eq!(input.as_slice()[(1 << 20) - 1], 7);
        assert!(input.is_intact(), "what is there is still there");
        assert_eq!(input.as_slice()[1 << 20], 0);
        assert!(!input.is_intact());
        assert!(input.as_slice()[1 << 20..].iter().all(|byte| *byte == 0));
        assert_eq!(input.as_slice()[0], 7);
    }

    #[test]
    fn many_threads_and_mappings_each_get_their_own_verdict() {
        std::thread::scope(|scope| {
            for thread in 0..8 {
                scope.spawn(move || {
                    for round in 0..20 {
                        let file = file(64 << 10);
                        let input = Input::from_file(&file, 64 << 10, MapPolicy::Always, PIECE).unwrap();
                        let shrinks = (thread + round) % 2 == 0;
                        if shrinks {
                            file.set_len(5_000).unwrap();
                        }
                        let sum: u64 = input.as_slice().iter().map(|byte| u64::from(*byte)).sum();
                        assert_eq!(input.is_intact(), !shrinks);
                        // The rest of the last page is zeros as well.
                        assert_eq!(sum, if shrinks { 7 * 5_000 } else { 7 * (64 << 10) });
                    }
                });
            }
        });
    }

    #[test]
    fn a_fault_elsewhere_still_ends_the_process() {
        let (ours, theirs) = (file(8 << 10), file(8 << 10));
        let input = Input::from_file(&ours, 8 << 10, MapPolicy::Always, PIECE).unwrap();
        // SAFETY: the child only reads memory and ends, without running anything of this process's other threads.
        let status = unsafe {
            let foreign = Mmap::map(&theirs).unwrap();
            theirs.set_len(0).unwrap();
            let child = libc::fork();
            if child == 0 {
                libc::_exit(i32::from(std::ptr::read_volatile(foreign.as_ptr())));
            }
            let mut status = 0;
            assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
            status
        };
        assert!(libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGBUS, "status {status}");
        assert!(input.is_intact());
    }

    #[test]
    fn a_file_that_shrank_before_it_was_read_is_not_intact() {
        let input = Input::from_file(&file(100), 200, MapPolicy::Never, PIECE).unwrap();
        assert_eq!(input.as_slice().len(), 100);
        assert!(!input.is_intact());
    }
}
