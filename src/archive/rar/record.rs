//! A regular file as a RAR's headers describe it, and what of that stands in the way of reading it.
//!
//! Keeps positions instead of names and contents. How headers look is known to [`super::legacy`] and [`super::modern`].

use super::name;
use crate::archive::limits::Limits;
use crate::archive::members::Member;
use crate::reject::{Reason, Refusal};

/// How a member is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Not at all.
    Stored,
    /// As RAR 1.5 did.
    Lz15,
    /// As RAR 2.0 did.
    Lz20,
    /// As RAR 2.9 to 4 did: LZ77, `PPMd`, and filters that are programs.
    Lz29,
    /// As RAR 5 and, with longer distances, RAR 7 do.
    Lz50 {
        /// Whether distances may be longer than 4 GiB.
        far: bool,
    },
    /// In a way that this version does not know.
    Unknown,
}

/// How a name is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameForm {
    /// In a code page that the archive does not name.
    Bytes,
    /// In UTF-8.
    Utf8,
    /// In a code page and, behind a zero byte, as Unicode.
    Both,
}

/// What the content's bytes are checked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checksum {
    /// Nothing.
    None,
    /// Their CRC-32.
    Crc32(u32),
    /// Their `BLAKE2sp`, which is at this position of the file.
    Blake2(usize),
}

/// Why a member cannot be read, whatever the limits are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Encrypted,
    Split,
    Orphan,
    Cut,
    UnknownSize,
}

/// A regular file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    /// Where its name is, and how long it is.
    pub(super) name: (usize, u32),
    pub(super) name_form: NameForm,
    /// Where its packed bytes are, and how many.
    pub(super) data: (usize, u64),
    /// Bytes of its content; [`u64::MAX`] where that is not known.
    pub(super) size: u64,
    /// Bytes that its packed form may refer back to.
    pub(super) window: u64,
    pub(super) coding: Coding,
    /// Whether it can be unpacked only after the packed member before it.
    pub(super) continues: bool,
    pub(super) checksum: Checksum,
    pub(super) trouble: Option<Trouble>,
    /// Packed bytes and content of all that has to be unpacked for it, itself included.
    pub(super) run: (u64, u64),
}

/// RAR 2.9's and 2.0's windows.
const WINDOW_29: u64 = 4 << 20;
const WINDOW_20: u64 = 1 << 20;

impl Record {
    /// Whether it is packed at all: what is not takes no part in a solid run.
    pub(super) fn is_packed(&self) -> bool {
        self.coding != Coding::Stored && (self.size, self.data.1) != (0, 0)
    }

    /// Its packed bytes, as far as they are there.
    pub(super) fn packed<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let behind = bytes.get(self.data.0..).unwrap_or_default();
        let length = usize::try_from(self.data.1).unwrap_or(usize::MAX);
        behind.get(..length).unwrap_or(behind)
    }

    /// Bytes that its decoder declares to need.
    pub(super) fn declared_memory(&self, bytes: &[u8]) -> u64 {
        match self.coding {
            Coding::Lz50 { .. } => self.window,
            _ => self.memory(bytes),
        }
    }

    /// Bytes that its decoder takes: the decoders of RAR 4 and before hold all that is packed, and those before RAR 2.9
    /// all of the content as well; a window grows no larger than what was unpacked.
    pub(super) fn memory(&self, bytes: &[u8]) -> u64 {
        let (packed, size) = (self.data.1, self.run.1);
        match self.coding {
            Coding::Lz50 { .. } => self.window.min(size),
            Coding::Lz29 => WINDOW_29.min(size).saturating_add(packed).saturating_add(self.model(bytes)),
            Coding::Lz20 => WINDOW_20.min(size).saturating_add(packed).saturating_add(self.size),
            Coding::Lz15 => packed,
            Coding::Stored | Coding::Unknown => 0,
        }
    }

    /// What `PPMd` takes for its model, if that is what the member's packed form starts with. It may also start later on,
    /// which shows only while it is unpacked.
    fn model(&self, bytes: &[u8]) -> u64 {
        match self.packed(bytes) {
            [first, mebibytes, ..] if !self.continues && first & 0xa0 == 0xa0 => {
                (u64::from(*mebibytes) + 1) << 20
            }
            _ => 0,
        }
    }

    /// Its name, cut at the longest that is allowed, whether it is UTF-8, and how long it was.
    pub(super) fn raw_name(&self, bytes: &[u8], limits: &Limits) -> (Vec<u8>, bool, usize) {
        let (at, length) = self.name;
        let stored = bytes.get(at..).and_then(|rest| rest.get(..length as usize)).unwrap_or_default();
        let plain = stored.split(|byte| *byte == 0).next().unwrap_or_default();
        let (mut name, is_utf8) = match self.name_form {
            NameForm::Bytes => (plain.to_vec(), false),
            NameForm::Utf8 => (stored.to_vec(), true),
            NameForm::Both => match name::decode(stored) {
                Some(name) => (name, true),
                // A form without a second one is UTF-8 if it can be.
                None => (plain.to_vec(), false),
            },
        };
        let length = name.len();
        name.truncate(limits.name);
        (name, is_utf8, length)
    }

    /// As it is told to whoever reads it.
    pub(super) fn member(&self, bytes: &[u8], limits: &Limits) -> Member {
        let (raw_name, is_utf8, length) = self.raw_name(bytes, limits);
        let refusal = self.obstacle(bytes, limits).or_else(|| limits.check_name(length).err());
        Member { raw_name, is_utf8, size: self.size, refusal }
    }

    /// Why its content cannot be read, as far as the headers tell.
    pub(super) fn obstacle(&self, bytes: &[u8], limits: &Limits) -> Option<Refusal> {
        self.trouble.map(Trouble::refusal).or_else(|| self.check(bytes, limits).err())
    }

    fn check(&self, bytes: &[u8], limits: &Limits) -> Result<(), Refusal> {
        let packed = self.data.1;
        match self.coding {
            Coding::Unknown => {
                let detail = "it is packed in a way that this version does not know";
                return Err(Refusal::new(Reason::UnsupportedMethod, detail));
            }
            Coding::Stored if packed != self.size => {
                let size = self.size;
                let detail =
                    format!("it is stored in {packed} bytes, and the header says that it has {size}");
                return Err(Refusal::new(Reason::ArchiveDamaged, detail));
            }
            _ => {}
        }
        let memory = self.declared_memory(bytes);
        if memory > limits.decoder_memory {
            let most = limits.decoder_memory;
            let detail =
                format!("decoding it would take {memory} bytes, and {most} are allowed (--decoder-memory)");
            return Err(Refusal::new(Reason::LimitDecoderMemory, detail));
        }
        if self.is_packed() {
            // Of a solid run as a whole: a member that repeats the one before it takes next to nothing.
            limits.check_ratio(self.run.0, self.run.1)?;
        }
        if self.continues {
            // Nobody else counts what is unpacked only for the sake of what comes after it.
            limits.check_output(bytes.len() as u64, self.run.1)?;
        }
        Ok(())
    }
}

impl Trouble {
    /// The words for it.
    fn refusal(self) -> Refusal {
        let (reason, detail) = match self {
            Self::Encrypted => {
                (Reason::Encrypted, "it is encrypted; extract it with its password and load that")
            }
            Self::Split => (
                Reason::UnsupportedMethod,
                "this volume has only a part of it; join the volumes into one archive and load that",
            ),
            Self::Orphan => (
                Reason::UnsupportedMethod,
                "it is packed together with members before it that are not in this volume or were lost",
            ),
            Self::Cut => (Reason::ArchiveTruncated, "the archive ends in the middle of it"),
            Self::UnknownSize => (
                Reason::UnsupportedMethod,
                "the archive does not say how large it is, and this version needs that; pack it again",
            ),
        };
        Refusal::new(reason, detail)
    }
}
