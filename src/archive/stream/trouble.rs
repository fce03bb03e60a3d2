//! What can be wrong with compressed data, told from the errors of the decoding libraries, and the words for it.

use std::io;

use crate::archive::limits::Limits;
use crate::reject::{Reason, Refusal};

/// Why compressed data cannot be decoded any further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It ends in the middle.
    Truncated,
    /// It would need more memory than is allowed, or than there is.
    Memory,
    /// It is not what the format allows, in the library's words.
    Damaged(String),
}

impl Trouble {
    /// What an error of a decoding library stands for.
    pub(crate) fn of(error: &io::Error) -> Self {
        use liblzma::stream::Error::{Mem, MemLimit};
        let lzma = error.get_ref().and_then(|inner| inner.downcast_ref::<liblzma::stream::Error>());
        let text = error.to_string();
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            io::ErrorKind::OutOfMemory => Self::Memory,
            _ if matches!(lzma, Some(MemLimit | Mem)) => Self::Memory,
            // zstd has no other way to say it.
            _ if text.contains("too much memory") || text.contains("not enough memory") => Self::Memory,
            _ => Self::Damaged(text),
        }
    }

    /// The refusal of a stream that came to this after `at` decoded bytes.
    pub(crate) fn refusal(&self, at: u64, limits: &Limits) -> Refusal {
        match self {
            Self::Truncated => {
                let detail =
                    format!("the compressed data ends too early, after {at} decoded bytes; those were kept");
                Refusal::new(Reason::ArchiveTruncated, detail)
            }
            Self::Memory => {
                let most = limits.decoder_memory;
                let detail =
                    format!("decoding it would need a window larger than {most} bytes (--decoder-memory)");
                Refusal::new(Reason::LimitDecoderMemory, detail)
            }
            Self::Damaged(text) => {
                let detail = format!(
                    "the compressed data cannot be decoded after {at} decoded bytes ({text}); those were kept"
                );
                Refusal::new(Reason::ArchiveDamaged, detail)
            }
        }
    }
}

/// The refusal of a stream that yielded nothing for too long.
pub(crate) fn stalled(limits: &Limits) -> Refusal {
    let seconds = limits.stall.as_secs_f64();
    Refusal::new(
        Reason::LimitStall,
        format!("nothing came out of it for {seconds} seconds (--stall-timeout); what came before was kept"),
    )
}
