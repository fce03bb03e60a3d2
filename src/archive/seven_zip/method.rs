//! What the coders of a block are: who decodes them, and how much memory that takes.
//!
//! Decides before anything is decoded or allocated. Source: `Methods.txt` of 7-Zip 24, and for the properties the decoders
//! there.

use super::folder::{Coder, Folder};
use super::rare::{MOST_PASSES, WINDOW};
use crate::archive::limits::Limits;
use crate::reject::{Reason, Refusal};

/// Bytes that the decoders without a window to choose take at most: bzip2 for its largest block, LZ4 for two of them.
const BZIP2_MEMORY: u64 = 4 << 20;
const LZ4_MEMORY: u64 = 16 << 20;
const DEFLATE_MEMORY: u64 = 64 << 10;
/// Bytes that every step takes for its buffers.
const STEP_MEMORY: u64 = 128 << 10;

/// A step that this module's own decoders do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Copy,
    /// The byte of literal and position bits, and the dictionary's size.
    Lzma(u8, u32),
    /// The dictionary's size.
    Lzma2(u32),
    Bzip2,
    Deflate,
    Zstandard,
}

/// How a block is decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// One step after the other, each with the size of its output.
    Steps(Vec<(Step, u64)>),
    /// A method or filter of the kind that is rare: with the `sevenz-rust2` crate.
    Rare,
}

/// A block's way and its price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) way: Way,
    /// Bytes that its decoders take.
    pub(super) memory: u64,
}

impl Plan {
    /// The plan for a block of which `sizes` are the output sizes of its coders and `packed` the data in the archive.
    ///
    /// # Errors
    /// [`Reason::Encrypted`], [`Reason::UnsupportedMethod`], [`Reason::LimitDecoderMemory`], [`Reason::ArchiveDamaged`].
    pub(super) fn of(
        folder: &Folder<'_>,
        sizes: &[u64],
        packed: &[u8],
        limits: &Limits,
    ) -> Result<Self, Refusal> {
        let kinds: Vec<Kind> = folder.coders.iter().map(Kind::of).collect::<Result<_, _>>()?;
        let size = |coder: usize| sizes.get(coder).copied().unwrap_or(0);
        let mut declared = 0_u64;
        let mut taken = 0_u64;
        for (index, kind) in kinds.iter().enumerate() {
            let window = kind.window(packed);
            declared = declared.saturating_add(window);
            // A dictionary beyond the size of the output would never be filled.
            let used = if matches!(kind, Kind::Own(_)) { window.min(size(index)) } else { window };
            taken = taken.saturating_add(used).saturating_add(STEP_MEMORY);
        }
        if declared > limits.decoder_memory {
            let most = limits.decoder_memory;
            let detail =
                format!("decoding it would need {declared} bytes, and {most} are allowed (--decoder-memory)");
            return Err(Refusal::new(Reason::LimitDecoderMemory, detail));
        }
        let row: Option<Vec<(Step, u64)>> = folder.row().and_then(|row| {
            row.into_iter()
                .map(|index| match kinds.get(index) {
                    Some(Kind::Own(step)) => Some((*step, size(index))),
                    _ => None,
                })
                .collect()
        });
        if let Some(steps) = row {
            return Ok(Self { way: Way::Steps(steps), memory: taken });
        }
        let size = folder.last().map_or(0, size);
        let most = WINDOW * MOST_PASSES;
        if size > most {
            let methods: Vec<_> = folder.coders.iter().map(|coder| hexadecimal(coder.method)).collect();
            let detail = format!(
                "its block has {size} bytes, and {most} are read with the 7z methods {}",
                methods.join(" and ")
            );
            return Err(Refusal::new(Reason::UnsupportedMethod, detail));
        }
        Ok(Self {
            way: Way::Rare,
            memory: declared.saturating_add(STEP_MEMORY).saturating_add(size.min(WINDOW)),
        })
    }
}

enum Kind {
    Own(Step),
    /// Decoded by the crate, with so many bytes of memory.
    Foreign(u64),
}

impl Kind {
    fn of(coder: &Coder<'_>) -> Result<Self, Refusal> {
        Ok(match *coder.method {
            [0] => Self::Own(Step::Copy),
            [3, 1, 1] => {
                let [bits, dictionary @ ..] = fixed::<5>(coder)?;
                let dictionary = u32::from_le_bytes(dictionary);
                // liblzma takes at most four bits of literal context and position together.
                if u32::from(bits % 9) + u32::from(bits / 9 % 5) > 4 {
                    Self::Foreign(u64::from(dictionary))
                } else {
                    Self::Own(Step::Lzma(bits, dictionary))
                }
            }
            [0x21] => Self::Own(Step::Lzma2(lzma2_dictionary(fixed::<1>(coder)?)?)),
            [4, 2, 2] => Self::Own(Step::Bzip2),
            [4, 1, 8] => Self::Own(Step::Deflate),
            [4, 0xf7, 0x11, 1] => Self::Own(Step::Zstandard),
            [4, 0xf7, 0x11, 4] => Self::Foreign(LZ4_MEMORY),
            [3, 4, 1] => {
                let [_, memory @ ..] = fixed::<5>(coder)?;
                Self::Foreign(u64::from(u32::from_le_bytes(memory)))
            }
            // Delta, the branch filters, BCJ2.
            [3 | 0x0a | 0x0b] | [3, 3, 1, 3 | 0x1b] | [3, 3, 2 | 8, 5] | [3, 3, 4 | 5 | 7, 1] => {
                Self::Foreign(0)
            }
            [6, 0xf1, 7, ..] => {
                return Err(Refusal::new(
                    Reason::Encrypted,
                    "it is encrypted (7z AES), and no password is asked for",
                ));
            }
            _ => return Err(unsupported(coder.method)),
        })
    }

    /// Bytes of its window, as declared.
    fn window(&self, packed: &[u8]) -> u64 {
        match self {
            Self::Own(Step::Copy) => 0,
            Self::Own(Step::Lzma(_, dictionary) | Step::Lzma2(dictionary)) => u64::from(*dictionary),
            Self::Own(Step::Bzip2) => BZIP2_MEMORY,
            Self::Own(Step::Deflate) => DEFLATE_MEMORY,
            Self::Own(Step::Zstandard) => zstandard_window(packed),
            Self::Foreign(memory) => *memory,
        }
    }
}

fn fixed<const LENGTH: usize>(coder: &Coder<'_>) -> Result<[u8; LENGTH], Refusal> {
    coder.properties.first_chunk().copied().ok_or_else(|| {
        let found = coder.properties.len();
        let detail = format!(
            "the coder {} should have {LENGTH} bytes of properties and has {found}",
            hexadecimal(coder.method)
        );
        Refusal::new(Reason::ArchiveDamaged, detail)
    })
}

fn lzma2_dictionary([code]: [u8; 1]) -> Result<u32, Refusal> {
    match code {
        0..=39 => Ok((2 | u32::from(code & 1)) << (code / 2 + 11)),
        40 => Ok(u32::MAX),
        _ => {
            let detail = format!("its LZMA2 dictionary has the code {code}, and 40 is the largest");
            Err(Refusal::new(Reason::ArchiveDamaged, detail))
        }
    }
}

/// The window of the first frame (RFC 8878, 3.1.1.1). Later ones are held to the limit by the decoder.
fn zstandard_window(packed: &[u8]) -> u64 {
    let [0x28, 0xb5, 0x2f, 0xfd, descriptor, rest @ ..] = packed else { return 0 };
    if descriptor & 0x20 == 0 {
        let window = rest.first().copied().unwrap_or(0);
        let base = 1_u64 << (10 + (window >> 3));
        return base + base / 8 * u64::from(window & 7);
    }
    let rest =
        rest.get([0, 1, 2, 4].get(usize::from(descriptor & 3)).copied().unwrap_or(0)..).unwrap_or_default();
    let mut size = [0; 8];
    let length = 1_usize << (descriptor >> 6);
    for (to, from) in size.iter_mut().zip(rest).take(length) {
        *to = *from;
    }
    u64::from_le_bytes(size)
}

fn unsupported(method: &[u8]) -> Refusal {
    let name = match *method {
        [4, 1, 9] => " (Deflate64)",
        [4, 0xf7, 0x11, 2] => " (Brotli)",
        [4, 0xf7, 0x11, 5] => " (LZ5)",
        [4, 0xf7, 0x11, 6] => " (Lizard)",
        _ => "",
    };
    let detail =
        format!("it is compressed with the 7z method {}{name}, which is not read", hexadecimal(method));
    Refusal::new(Reason::UnsupportedMethod, detail)
}

fn hexadecimal(method: &[u8]) -> String {
    method.iter().map(|byte| format!("{byte:02x}")).collect()
}
