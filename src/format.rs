//! What a file is: MIDI, an archive of some format, clutter, or nothing that concerns this program.
//!
//! Content decides; a name is only a hint where content cannot tell. Decides on the bytes and the name it is given; opens
//! and decodes nothing: looking into what is compressed is for [`crate::archive::probe`].

use crate::entry::{extension_of, file_name_of};
use crate::reject::{Reason, Refusal};

mod container;
mod magic;

pub use container::{Compression, Container};
pub use magic::{is_program, is_tar_header, octal};

/// How many first bytes of a file suffice to say what it is.
pub const HEAD: usize = 1_024;

/// How far into a file that is named like MIDI and does not start like it a chunk is searched for.
const SEARCHED: usize = 64 << 10;

/// What the first bytes of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// An archive or compressed file that is read.
    Container(Container),
    /// An archive that is recognised and not read; its name, as people call it.
    Unsupported(&'static str),
    /// A MIDI file by its first bytes: `MThd`, or `RIFF` … `RMID`.
    Midi,
    /// Anything else.
    Other,
}

impl Format {
    /// Recognises a file by its first bytes (best [`HEAD`] or more; fewer only if the file has no more) and, where they
    /// do not tell, by its name.
    #[must_use]
    pub fn recognise(head: &[u8], name: &str) -> Self {
        match Self::of_content(head, name) {
            Self::Other if is_clutter(name) => Self::Other,
            Self::Other => Self::hinted(head, name),
            format => format,
        }
    }

    /// What the first bytes prove. Whether there is a tar in what is compressed only decoding tells; until then the
    /// name's word counts.
    fn of_content(head: &[u8], name: &str) -> Self {
        match magic::recognise(head) {
            Self::Container(Container::Single(compression))
                if Self::expected(name) == Some(Container::Tar(compression)) =>
            {
                Self::Container(Container::Tar(compression))
            }
            format => format,
        }
    }

    /// The container that a name promises, before anything is read; none for a bare file and for formats not read.
    #[must_use]
    pub fn expected(name: &str) -> Option<Container> {
        if is_clutter(name) {
            return None;
        }
        Container::promised(name)
    }

    /// The refusal of an archive that is recognised and not read.
    #[must_use]
    pub fn unsupported(kind: &str) -> Refusal {
        let detail = format!("a {kind} archive; this version reads {}", Container::LIST);
        Refusal::new(Reason::UnsupportedFormat, detail)
    }

    /// What the name says of content that says nothing. A damaged archive is thus refused as such, not passed over.
    fn hinted(head: &[u8], name: &str) -> Self {
        // Self-extracting zips are programs; whether there is a zip behind the program only the file's end tells.
        if matches!(extension_of(name).as_str(), "exe" | "sfx") && magic::is_program(head) {
            return Self::Container(Container::Zip);
        }
        match Self::expected(name) {
            // Only the first bytes tell a file of LZMA Utils from any other that is called so.
            Some(container) if container.compression() != Compression::Lzma || magic::is_lzma(head) => {
                Self::Container(container)
            }
            _ => magic::named(&extension_of(name), head).map_or(Self::Other, Self::Unsupported),
        }
    }
}

/// What is to be done with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// It is read as MIDI.
    Midi,
    /// It is an archive: never [`Format::Midi`], never [`Format::Other`].
    Archive(Format),
    /// Named like MIDI, and holds something else: refused, see [`EntryKind::not_midi`].
    NamedMidiButIsNot,
    /// Neither MIDI nor an archive, by content and by name.
    Other,
    /// What operating systems leave beside files (`._x.mid`, `__MACOSX/`, `Thumbs.db`): not MIDI, whatever its extension.
    Clutter,
}

impl EntryKind {
    /// Decides by the first bytes (as for [`Format::recognise`]) and the name or path, in this order:
    ///
    /// 1. `MThd` or `RIFF` … `RMID` at the start is MIDI, whatever the name.
    /// 2. The magic bytes of an archive make it one, whatever the name.
    /// 3. A clutter name makes it clutter.
    /// 4. Named like MIDI with `MThd` or `MTrk` within what is at hand of the first 64 KiB (behind a `MacBinary` header or
    ///    junk, or without its header) is MIDI as far as can be told here; the MIDI reader may still find none in it.
    /// 5. Named like MIDI and anything else, or empty, is refused.
    /// 6. Named like an archive is an archive, a damaged one.
    #[must_use]
    pub fn classify(head: &[u8], name: &str) -> Self {
        match Format::of_content(head, name) {
            Format::Midi => return Self::Midi,
            Format::Other => {}
            archive => return Self::Archive(archive),
        }
        if Self::is_clutter(name) {
            return Self::Clutter;
        }
        if Self::names_midi(name) {
            let start = head.get(..head.len().min(SEARCHED)).unwrap_or_default();
            let holds_chunk = start.windows(4).any(|bytes| bytes == b"MThd" || bytes == b"MTrk");
            return if holds_chunk { Self::Midi } else { Self::NamedMidiButIsNot };
        }
        match Format::hinted(head, name) {
            Format::Other | Format::Midi => Self::Other,
            archive => Self::Archive(archive),
        }
    }

    /// Whether a name or path says MIDI: `.mid .midi .kar .rmi .rmid .smf` in any case, and no clutter.
    #[must_use]
    pub fn names_midi(name: &str) -> bool {
        const EXTENSIONS: [&str; 6] = ["mid", "midi", "kar", "rmi", "rmid", "smf"];
        EXTENSIONS.contains(&extension_of(name).as_str()) && !is_clutter(name)
    }

    /// Whether a name or path is what operating systems leave behind.
    #[must_use]
    pub fn is_clutter(name: &str) -> bool {
        is_clutter(name)
    }

    /// The refusal of a file that is named like MIDI and is none; says what it seems to be.
    #[must_use]
    pub fn not_midi(head: &[u8]) -> Refusal {
        if head.is_empty() {
            return Refusal::new(Reason::MidiEmpty, "it is named like a MIDI file and is empty");
        }
        let found = magic::describe(head);
        let detail = format!(
            "it is named like a MIDI file, but neither `MThd` nor `MTrk` is in its first {SEARCHED} bytes: {found}"
        );
        Refusal::new(Reason::NotMidiContent, detail)
    }
}

fn is_clutter(name: &str) -> bool {
    const NAMES: [&str; 4] = [".DS_Store", "Thumbs.db", "desktop.ini", "Icon\r"];
    let file_name = file_name_of(name);
    file_name.starts_with("._")
        || NAMES.iter().any(|clutter| file_name.eq_ignore_ascii_case(clutter))
        || name.split('/').any(|part| part == "__MACOSX")
}

/// A name without its extension and the extension in lower case.
fn split_extension(name: &str) -> (&str, String) {
    let extension = extension_of(name);
    let stem = name.get(..name.len().saturating_sub(extension.len() + 1)).unwrap_or(name);
    (stem, extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_classified_by_content_then_by_name() {
        let midi = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk";
        let riff = b"RIFF\x20\0\0\0RMIDdata";
        let wave = b"RIFF\x20\0\0\0WAVEfmt ";
        let zip = b"PK\x03\x04\x14\0\0\0\0\0";
        let jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF";
        let double = b"\0\x05\x16\x07\0\x02\0\0Mac OS X";
        let mut mac_binary = vec![0; 128];
        mac_binary.extend_from_slice(midi);
        let mut far = vec![b'x'; SEARCHED];
        far.extend_from_slice(midi);
        let archive = EntryKind::Archive;
        let cases: &[(&[u8], &str, EntryKind)] = &[
            (midi, "a.mid", EntryKind::Midi),
            (midi, "README", EntryKind::Midi),
            (midi, "__MACOSX/b.mid", EntryKind::Midi),
            (riff, "a.rmi", EntryKind::Midi),
            (riff, "noext", EntryKind::Midi),
            (wave, "a.wav", EntryKind::Other),
            (wave, "a.rmi", EntryKind::NamedMidiButIsNot),
            (&mac_binary, "A.MID", EntryKind::Midi),
            (&mac_binary, "a.bin", EntryKind::Other),
            (&far, "a.mid", EntryKind::NamedMidiButIsNot),
            (jpeg, "x/not-really.mid", EntryKind::NamedMidiButIsNot),
            (b"", "a.KAR", EntryKind::NamedMidiButIsNot),
            (b"", "", EntryKind::Other),
            (double, "__MACOSX/._a.mid", EntryKind::Clutter),
            (double, "x/._a.mid", EntryKind::Clutter),
            (double, "x/._a.zip", EntryKind::Clutter),
            (b"\0\0\0\x01Bud1", "x/.DS_Store", EntryKind::Clutter),
            (zip, "a.mid", archive(Format::Container(Container::Zip))),
            (zip, "._a.mid", archive(Format::Container(Container::Zip))),
            (b"<html>", "a.zip", archive(Format::Container(Container::Zip))),
            (b"MZ\x90\0", "setup.exe", archive(Format::Container(Container::Zip))),
            (b"text", "setup.exe", EntryKind::Other),
            (b"\x60\xea\x29\0\x1e\x07", "a.bin", archive(Format::Unsupported("ARJ"))),
            (b"hello", "a.arj", archive(Format::Unsupported("ARJ"))),
            (b"hello", "a.txt", EntryKind::Other),
        ];
        for (head, name, expected) in cases {
            assert_eq!(EntryKind::classify(head, name), *expected, "{name} with {head:x?}");
        }
    }

    #[test]
    fn names_promise_containers() {
        let cases = [
            ("a.zip", Some(Container::Zip)),
            ("A.TAR", Some(Container::Tar(Compression::None))),
            ("a.tar.gz", Some(Container::Tar(Compression::Gzip))),
            ("a.TGZ", Some(Container::Tar(Compression::Gzip))),
            ("a.mid.gz", Some(Container::Single(Compression::Gzip))),
            ("a.tar.zst", Some(Container::Tar(Compression::Zstandard))),
            ("a.mid.zst", Some(Container::Single(Compression::Zstandard))),
            ("._a.zip", None),
            ("a.7z", Some(Container::SevenZip)),
            ("a.LHA", Some(Container::Lzh)),
            ("a.tbz2", Some(Container::Tar(Compression::Bzip2))),
            ("a.tar.xz", Some(Container::Tar(Compression::Xz))),
            ("a.mid.lz4", Some(Container::Single(Compression::Lz4))),
            ("a.arj", None),
            ("a.mid", None),
            ("", None),
        ];
        for (name, expected) in cases {
            assert_eq!(Format::expected(name), expected, "{name}");
        }
    }

    #[test]
    fn what_is_not_midi_says_what_it_is() {
        assert_eq!(EntryKind::not_midi(b"").reason, Reason::MidiEmpty);
        let jpeg = EntryKind::not_midi(b"\xff\xd8\xff\xe0");
        assert_eq!(jpeg.reason, Reason::NotMidiContent);
        assert!(jpeg.detail.contains("JPEG"), "{jpeg}");
    }
}
