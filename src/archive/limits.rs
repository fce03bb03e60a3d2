//! What an archive may demand at most: the limits, their defaults, and the refusals of what goes beyond them.
//!
//! Compares and words; measures nothing itself. What is added up over a whole source is in [`super::meter`].
//!
//! The defaults come from 14,000 real MIDI files: the largest was 3.9 MB, and they compress up to 396:1, so that the usual
//! ratio limit of 100:1 would refuse good ones.

use std::time::Duration;

use crate::reject::{Reason, Refusal};

/// The limits of one import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest entry that is taken, in bytes (`--max-entry-size`).
    pub entry_size: u64,
    /// Largest archive inside an archive, in bytes (`--max-nested-size`): it is held in memory.
    pub nested_size: u64,
    /// Deepest nesting (`--max-depth`): archives within the outer file may be nested so deep.
    pub depth: u32,
    /// Most entries of one outer file, those of nested archives included (`--max-entries`).
    pub entries: u64,
    /// Most decompressed bytes of one outer file (`--max-output`).
    pub output: u64,
    /// Most decompressed bytes for each byte of the outer file (`--max-output-ratio`), beyond [`Self::output_grace`].
    pub output_ratio: u64,
    /// Decompressed bytes below which [`Self::output_ratio`] does not count.
    pub output_grace: u64,
    /// Most decompressed bytes for each compressed byte of one entry or stream (`--max-ratio`), beyond
    /// [`Self::ratio_grace`]. 1032 is the most that deflate can reach.
    pub ratio: u64,
    /// Decompressed bytes of an entry below which [`Self::ratio`] does not count.
    pub ratio_grace: u64,
    /// Longest name of a member, in bytes (`--max-name`).
    pub name: usize,
    /// Longest extension header of a tar member, in bytes (`--max-tar-header`).
    pub extension_header: u64,
    /// Most memory that one decoder may take for its window or dictionary, in bytes (`--decoder-memory`).
    pub decoder_memory: u64,
    /// Longest time without a byte of progress (`--stall-timeout`). Whoever waits for input keeps it.
    pub stall: Duration,
    /// Which of the sizes counts for what is extracted under these limits.
    pub size_class: SizeClass,
}

/// What something is held as, which decides how large it may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SizeClass {
    /// A file to be taken: [`Limits::entry_size`].
    #[default]
    Entry,
    /// An archive to be read: [`Limits::nested_size`].
    Nested,
}

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

impl Default for Limits {
    fn default() -> Self {
        Self {
            entry_size: 16 * MIB,
            nested_size: 256 * MIB,
            depth: 4,
            entries: 5_000_000,
            output: 256 * GIB,
            output_ratio: 250,
            output_grace: GIB,
            ratio: 1_032,
            ratio_grace: MIB,
            name: 4 << 10,
            extension_header: MIB,
            decoder_memory: 128 * MIB,
            stall: Duration::from_mins(2),
            size_class: SizeClass::Entry,
        }
    }
}

impl Limits {
    /// Bytes of the largest entry, as far as this machine can address them.
    #[must_use]
    pub fn largest_entry(&self) -> usize {
        usize::try_from(self.entry_size).unwrap_or(usize::MAX)
    }

    /// Bytes of the largest nested archive, as far as this machine can address them.
    #[must_use]
    pub fn largest_nested(&self) -> usize {
        usize::try_from(self.nested_size).unwrap_or(usize::MAX)
    }

    /// Bytes of the largest window that a decoder may take: [`Self::decoder_memory`] and, for what a 7z coder must keep
    /// beside it, 64 MiB more.
    #[must_use]
    pub fn largest_window(&self) -> usize {
        usize::try_from(self.decoder_memory.saturating_add(64 * MIB)).unwrap_or(usize::MAX)
    }

    /// The same limits for what is extracted as a nested archive, of which no more than `at_most` bytes are allowed.
    #[must_use]
    pub fn for_nested(&self, at_most: usize) -> Self {
        let nested_size = self.nested_size.min(at_most as u64);
        Self { nested_size, size_class: SizeClass::Nested, ..self.clone() }
    }

    /// The largest size that counts for what is extracted, in bytes.
    #[must_use]
    pub const fn largest(&self) -> u64 {
        match self.size_class {
            SizeClass::Entry => self.entry_size,
            SizeClass::Nested => self.nested_size,
        }
    }

    /// Whether something of `size` bytes may be extracted as the limits' size class.
    ///
    /// # Errors
    /// [`Reason::LimitEntrySize`] or [`Reason::LimitNestedSize`].
    pub fn check_size(&self, size: u64) -> Result<(), Refusal> {
        match self.size_class {
            _ if size <= self.largest() => Ok(()),
            SizeClass::Entry => Err(self.entry_size(size)),
            SizeClass::Nested => Err(self.nested_size(size)),
        }
    }

    /// The refusal of an entry of `size` bytes.
    #[must_use]
    pub fn entry_size(&self, size: u64) -> Refusal {
        let most = self.entry_size;
        let detail = format!("it has {size} bytes, and an entry may have {most} (--max-entry-size)");
        Refusal::new(Reason::LimitEntrySize, detail)
    }

    /// The refusal of a nested archive of `size` bytes.
    #[must_use]
    pub fn nested_size(&self, size: u64) -> Refusal {
        let most = self.nested_size;
        let detail = format!(
            "this archive inside an archive has {size} bytes and may have {most} (--max-nested-size)"
        );
        Refusal::new(Reason::LimitNestedSize, detail)
    }

    /// The refusal of a decoder inside an archive that needs a window of `window` bytes beside the `held` ones around it.
    #[must_use]
    pub fn window_beside(&self, window: u64, held: u64) -> Refusal {
        let most = self.nested_size;
        let detail = format!(
            "decoding it takes a window of {window} bytes beside the {held} that the archives around it hold, and {most} \
             are allowed together (--max-nested-size)"
        );
        Refusal::new(Reason::LimitDecoderMemory, detail)
    }

    /// Whether an archive may be opened that lies `depth` levels below the outer file, which is at 0.
    ///
    /// # Errors
    /// [`Reason::LimitDepth`].
    pub fn check_depth(&self, depth: u32) -> Result<(), Refusal> {
        if depth <= self.depth {
            return Ok(());
        }
        let detail =
            format!("this archive is nested {depth} deep, and {} is allowed (--max-depth)", self.depth);
        Err(Refusal::new(Reason::LimitDepth, detail))
    }

    /// Whether an outer file may have so many entries.
    ///
    /// # Errors
    /// [`Reason::LimitEntries`].
    pub fn check_entries(&self, entries: u64) -> Result<(), Refusal> {
        if entries <= self.entries {
            return Ok(());
        }
        let detail = format!("more than {} entries (--max-entries); the first ones were kept", self.entries);
        Err(Refusal::new(Reason::LimitEntries, detail))
    }

    /// Whether `compressed` bytes may become `size` bytes.
    ///
    /// # Errors
    /// [`Reason::LimitRatio`].
    pub fn check_ratio(&self, compressed: u64, size: u64) -> Result<(), Refusal> {
        if size <= self.ratio_grace || size <= compressed.saturating_mul(self.ratio) {
            return Ok(());
        }
        let detail = format!(
            "{compressed} compressed bytes become {size} or more, beyond {} to 1 (--max-ratio)",
            self.ratio
        );
        Err(Refusal::new(Reason::LimitRatio, detail))
    }

    /// Whether an outer file of `input` bytes may yield `output` bytes.
    ///
    /// # Errors
    /// [`Reason::LimitOutput`].
    pub fn check_output(&self, input: u64, output: u64) -> Result<(), Refusal> {
        let beyond_ratio = output > self.output_grace && output > input.saturating_mul(self.output_ratio);
        if output <= self.output && !beyond_ratio {
            return Ok(());
        }
        let (most, flag) = if beyond_ratio {
            (self.output_grace.max(input.saturating_mul(self.output_ratio)), "--max-output-ratio")
        } else {
            (self.output, "--max-output")
        };
        let detail =
            format!("{input} bytes on disk yield more than {most} bytes ({flag}); what came before was kept");
        Err(Refusal::new(Reason::LimitOutput, detail))
    }

    /// Whether a member's name may have `length` bytes.
    ///
    /// # Errors
    /// [`Reason::LimitName`].
    pub fn check_name(&self, length: usize) -> Result<(), Refusal> {
        if length <= self.name {
            return Ok(());
        }
        let detail = format!(
            "its name has {length} bytes, and {} are allowed (--max-name); the start of it is shown",
            self.name
        );
        Err(Refusal::new(Reason::LimitName, detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_allows_itself_and_refuses_one_more() {
        let limits = Limits::default();
        let nested = limits.for_nested(1 << 20);
        let cases: Vec<(&str, Result<(), Refusal>, Option<Reason>)> = vec![
            ("entry", limits.check_size(16 * MIB), None),
            ("entry", limits.check_size(16 * MIB + 1), Some(Reason::LimitEntrySize)),
            ("nested", nested.check_size(MIB), None),
            ("nested", nested.check_size(MIB + 1), Some(Reason::LimitNestedSize)),
            ("depth", limits.check_depth(4), None),
            ("depth", limits.check_depth(5), Some(Reason::LimitDepth)),
            ("entries", limits.check_entries(5_000_000), None),
            ("entries", limits.check_entries(5_000_001), Some(Reason::LimitEntries)),
            ("ratio in grace", limits.check_ratio(1, MIB), None),
            ("ratio", limits.check_ratio(2_000, 2_000 * 1_032), None),
            ("ratio", limits.check_ratio(2_000, 2_000 * 1_032 + 1), Some(Reason::LimitRatio)),
            ("output in grace", limits.check_output(1, GIB), None),
            ("output by ratio", limits.check_output(1, GIB + 1), Some(Reason::LimitOutput)),
            ("output", limits.check_output(100 * GIB, 256 * GIB), None),
            ("output", limits.check_output(100 * GIB, 256 * GIB + 1), Some(Reason::LimitOutput)),
            ("name", limits.check_name(4_096), None),
            ("name", limits.check_name(4_097), Some(Reason::LimitName)),
        ];
        for (what, result, expected) in cases {
            assert_eq!(result.as_ref().err().map(|refusal| refusal.reason), expected, "{what}: {result:?}");
        }
    }
}
