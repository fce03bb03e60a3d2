//! The magic bytes of files.
//!
//! Only compares bytes. What weighs more where bytes and name disagree is decided by the parent module.

use super::{Compression, Container, Format};

/// RAR, as far as this build reads it.
const RAR: Format =
    if cfg!(feature = "rar") { Format::Container(Container::Rar) } else { Format::Unsupported("RAR") };

/// Magic bytes that prove a format, at their offset. Sources: the formats' own documents, the `file` database.
const STRONG: &[(usize, &[u8], Format)] = &[
    (0, b"MThd", Format::Midi),
    (0, b"PK\x03\x04", Format::Container(Container::Zip)),
    (0, b"PK\x05\x06", Format::Container(Container::Zip)),
    (0, b"PK\x07\x08PK", Format::Container(Container::Zip)),
    (0, b"PK00PK", Format::Container(Container::Zip)),
    (0, b"\x28\xb5\x2f\xfd", single(Compression::Zstandard)),
    (0, b"7z\xbc\xaf\x27\x1c", Format::Container(Container::SevenZip)),
    (0, b"Rar!\x1a\x07", RAR),
    (0, b"RE~^", Format::Unsupported("RAR 1.3")),
    (0, b"\xfd7zXZ\0", single(Compression::Xz)),
    (0, b"LZIP", Format::Unsupported("lzip")),
    (0, b"\x89LZO\0\r\n\x1a\n", Format::Unsupported("lzop")),
    (0, b"\x04\x22\x4d\x18", single(Compression::Lz4)),
    (0, b"\x02\x21\x4c\x18", Format::Unsupported("legacy lz4")),
    (0, b"MSCF\0\0\0\0", Format::Unsupported("CAB")),
    (0, b"ISc(", Format::Unsupported("InstallShield CAB")),
    (32_769, b"CD001", Format::Unsupported("ISO")),
    (20, b"\xdc\xa7\xc4\xfd", Format::Unsupported("ZOO")),
    (7, b"**ACE**", Format::Unsupported("ACE")),
    (0, b"StuffIt (c)", Format::Unsupported("StuffIt")),
    (0, b"StuffIt!", Format::Unsupported("StuffIt X")),
    (10, b"rLau", Format::Unsupported("StuffIt")),
    (0, b"!<arch>\n", Format::Unsupported("ar")),
    (0, b"\xed\xab\xee\xdb", Format::Unsupported("RPM")),
    (0, b"xar!\0\x1c", Format::Unsupported("XAR")),
    (0, b"MSWIM\0\0\0", Format::Unsupported("WIM")),
    (0, b"(This file must be converted with BinHex", Format::Unsupported("BinHex")),
];

const fn single(compression: Compression) -> Format {
    Format::Container(Container::Single(compression))
}

/// What people try to pass as MIDI; only for the sentence that says so.
const OTHERS: &[(usize, &[u8], &str)] = &[
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"\x89PNG", "a PNG picture"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"%PDF", "a PDF document"),
    (0, b"ID3", "an MP3 recording"),
    (0, b"OggS", "an Ogg recording"),
    (0, b"fLaC", "a FLAC recording"),
    (8, b"WAVE", "a WAVE recording"),
    (0, b"\0\x05\x16\x07", "an AppleDouble resource file"),
    (0, b"MZ", "a Windows program"),
    (0, b"CTMF", "a Creative Music file"),
    (0, b"XMF_", "an XMF file"),
    (0, b"MTrk", "a MIDI track without the header"),
];

/// The format that the bytes prove, else [`Format::Other`].
pub(super) fn recognise(head: &[u8]) -> Format {
    if head.starts_with(b"RIFF") && has(head, 8, b"RMID") {
        return Format::Midi;
    }
    let strong = STRONG.iter().find(|(offset, bytes, _)| has(head, *offset, bytes));
    if let Some((_, _, format)) = strong {
        return *format;
    }
    if is_gzip(head) {
        return single(Compression::Gzip);
    }
    if is_skippable_frame(head) {
        return single(Compression::Zstandard);
    }
    if is_bzip2(head) {
        return single(Compression::Bzip2);
    }
    if is_plain_lzma(head) {
        return single(Compression::Lzma);
    }
    if is_lzh(head) {
        return Format::Container(Container::Lzh);
    }
    if is_arj(head) {
        return Format::Unsupported("ARJ");
    }
    if is_cpio(head) {
        return Format::Unsupported("cpio");
    }
    if is_tar(head) {
        return Format::Container(Container::Tar(Compression::None));
    }
    Format::Other
}

/// The unsupported format of a file with this extension, for content without magic bytes or with weak ones.
pub(super) fn named(extension: &str, head: &[u8]) -> Option<&'static str> {
    let found = match extension {
        "rar" => "RAR",
        "arj" => "ARJ",
        "cab" => "CAB",
        "iso" => "ISO",
        "zoo" => "ZOO",
        "ace" => "ACE",
        "sit" | "sitx" => "StuffIt",
        // Extensions that much else bears too: the first bytes must fit.
        "arc" | "ark" if matches!(head, [0x1a, 1..=0x14, ..]) => "ARC",
        "z" | "taz" if head.starts_with(b"\x1f\x9d") => "compress",
        "cpio" if head.starts_with(b"\xc7\x71") || head.starts_with(b"\x71\xc7") => "cpio",
        _ => return None,
    };
    Some(found)
}

/// Whether a program starts here, behind which a zip may lie.
#[must_use]
pub fn is_program(head: &[u8]) -> bool {
    head.starts_with(b"MZ") || head.starts_with(b"\x7fELF") || head.starts_with(b"#!")
}

/// What content that is no MIDI seems to be, for a person.
pub(super) fn describe(head: &[u8]) -> &'static str {
    if let Some((_, _, what)) = OTHERS.iter().find(|(offset, bytes, _)| has(head, *offset, bytes)) {
        return what;
    }
    let start = head.get(..head.len().min(512)).unwrap_or_default();
    if start.iter().all(|byte| *byte == 0) {
        "nothing but zeros"
    } else if start.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0x80..)) {
        "it looks like text"
    } else {
        "unknown binary data"
    }
}

fn has(head: &[u8], offset: usize, bytes: &[u8]) -> bool {
    head.get(offset..).is_some_and(|rest| rest.starts_with(bytes))
}

/// RFC 1952: method 8 is the only one, and the upper three flags are reserved.
fn is_gzip(head: &[u8]) -> bool {
    matches!(head, [0x1f, 0x8b, 8, 0..=0x1f, ..])
}

/// RFC 8878 §3.1.2: pzstd starts its files so.
fn is_skippable_frame(head: &[u8]) -> bool {
    matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

fn is_bzip2(head: &[u8]) -> bool {
    let block: &[u8] = b"\x31\x41\x59\x26\x53\x59";
    let end: &[u8] = b"\x17\x72\x45\x38\x50\x90";
    matches!(head, [b'B', b'Z', b'h', b'1'..=b'9', ..]) && (has(head, 4, block) || has(head, 4, end))
}

/// `-lh0-` to `-lhx-`, `-lzs-`, `-lz4-`, `-pm0-`… at offset 2.
fn is_lzh(head: &[u8]) -> bool {
    matches!(head, [_, _, b'-', b'l', b'h' | b'z', b'0'..=b'9' | b'a'..=b'z', b'-', ..])
        || matches!(head, [_, _, b'-', b'p', b'm', b'0'..=b'2' | b's', b'-', ..])
}

/// The basic header of an ARJ file is 30 to 2,600 bytes long and its third field, the first header's size, at least 30.
fn is_arj(head: &[u8]) -> bool {
    match head {
        [0x60, 0xea, low, high, first, ..] => {
            let size = u16::from_le_bytes([*low, *high]);
            (30..=2_600).contains(&size) && *first >= 30 && u16::from(*first) <= size
        }
        _ => false,
    }
}

/// The portable headers of cpio: 76 octal or 110 hexadecimal digits, for a text may well start with such a number.
fn is_cpio(head: &[u8]) -> bool {
    let octal = head.starts_with(b"070707");
    let hexadecimal = head.starts_with(b"070701") || head.starts_with(b"070702");
    octal && head.get(..76).is_some_and(|header| header.iter().all(|byte| matches!(byte, b'0'..=b'7')))
        || hexadecimal && head.get(..110).is_some_and(|header| header.iter().all(u8::is_ascii_hexdigit))
}

/// A tar header: its checksum is right. That also tells old V7 archives, which have no magic bytes.
fn is_tar(head: &[u8]) -> bool {
    head.first_chunk::<512>().is_some_and(is_tar_header)
}

/// Whether a block is the header of a tar member: the sum of all its bytes, with spaces in the checksum's place, is the
/// checksum. Some archivers summed signed bytes; that is taken too.
#[must_use]
pub fn is_tar_header(block: &[u8; 512]) -> bool {
    let Some(declared) = block.get(148..156).and_then(octal) else { return false };
    let mut unsigned = 8 * i64::from(b' ');
    let mut signed = unsigned;
    for (index, byte) in block.iter().enumerate() {
        if !(148..156).contains(&index) {
            unsigned += i64::from(*byte);
            signed += i64::from(byte.cast_signed());
        }
    }
    let declared = i64::try_from(declared).unwrap_or(-1);
    declared == unsigned || declared == signed
}

/// An octal number, as archivers wrote it: leading spaces, ended by a space, a NUL or the field's end.
#[must_use]
pub fn octal(field: &[u8]) -> Option<u64> {
    let start = field.iter().position(|byte| *byte != b' ')?;
    let digits = field.get(start..)?;
    let length = digits.iter().position(|byte| matches!(byte, 0 | b' ')).unwrap_or(digits.len());
    let digits = std::str::from_utf8(digits.get(..length)?).ok()?;
    if digits.starts_with('+') {
        return None;
    }
    u64::from_str_radix(digits, 8).ok()
}

/// The header of LZMA Utils: properties that an encoder writes, a dictionary of a power of two or three times one, and a size
/// that is unknown or below 256 GiB; as xz itself tells such files (`lzma_alone_decoder`).
pub(super) fn is_lzma(head: &[u8]) -> bool {
    let Some(([properties, rest @ ..], _)) = head.split_first_chunk::<13>() else { return false };
    let (dictionary, size) = rest.split_at(4);
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let (dictionary, size) = (number(dictionary), number(size));
    let usual = dictionary.is_power_of_two() || dictionary % 3 == 0 && (dictionary / 3).is_power_of_two();
    *properties < 225 && (usual || dictionary == u64::from(u32::MAX)) && (size == u64::MAX || size < 1 << 38)
}

/// The same without a name to say so: what encoders write unless told otherwise (`]`, a dictionary of whole 64 KiB), and a
/// first compressed byte of 0, which every range coder begins with; as `file` tells them.
fn is_plain_lzma(head: &[u8]) -> bool {
    matches!(head, [0x5d, 0, 0, ..]) && head.get(13) == Some(&0) && is_lzma(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_recognised_by_content() {
        let mut zoo = b"ZOO 2.10 Archive.\x1a\0\0".to_vec();
        zoo.extend_from_slice(b"\xdc\xa7\xc4\xfd");
        let mut iso = vec![0; 32_769];
        iso.extend_from_slice(b"CD001");
        let mut tar = tar::Header::new_gnu();
        tar.set_path("a.mid").unwrap();
        tar.set_size(3);
        tar.set_cksum();
        let mut old = tar::Header::new_old();
        old.set_path("a.mid").unwrap();
        old.set_size(3);
        old.set_cksum();
        let tarball = Format::Container(Container::Tar(Compression::None));
        let cases: &[(&[u8], Format)] = &[
            (tar.as_bytes(), tarball),
            (old.as_bytes(), tarball),
            (&[0; 512], Format::Other),
            (b"\x1f\x8b\x08\0\0\0\0\0\0\x03", single(Compression::Gzip)),
            (b"\x1f\x8b\x08\xe0", Format::Other),
            (b"\x28\xb5\x2f\xfd\0", single(Compression::Zstandard)),
            (b"\x50\x2a\x4d\x18\x04\0\0\0", single(Compression::Zstandard)),
            (b"PK\x05\x06", Format::Container(Container::Zip)),
            (b"PK\x07\x08PK\x03\x04", Format::Container(Container::Zip)),
            (b"]\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0\x26", single(Compression::Lzma)),
            (b"]\0\0\x10\0\x20\0\0\0\0\0\0\0\0\x26", single(Compression::Lzma)),
            (b"]\0\0\x10\0 a text that starts so", Format::Other),
            (b"7z\xbc\xaf\x27\x1c\0\x04", Format::Container(Container::SevenZip)),
            (b"Rar!\x1a\x07\0", RAR),
            (b"BZh91AY&SY", single(Compression::Bzip2)),
            (b"BZh9 is a word", Format::Other),
            (b"\xfd7zXZ\0\0\x04", single(Compression::Xz)),
            (b"\x21\x4a-lh5-\0", Format::Container(Container::Lzh)),
            (b"\x60\xea\x29\0\x1e\x07", Format::Unsupported("ARJ")),
            (b"MSCF\0\0\0\0\0", Format::Unsupported("CAB")),
            (&zoo, Format::Unsupported("ZOO")),
            (&iso, Format::Unsupported("ISO")),
            (b"\x1a\x42\x90**ACE**", Format::Other),
            (b"\0\0\0\0\0\0\0**ACE**", Format::Unsupported("ACE")),
            (b"SIT!\0\x01\0\0\0\0rLau", Format::Unsupported("StuffIt")),
            (&[&b"070707"[..], &[b'0'; 70]].concat(), Format::Unsupported("cpio")),
            (&[&b"070701"[..], &[b'F'; 104]].concat(), Format::Unsupported("cpio")),
            (&[&b"070707"[..], &[b' '; 104]].concat(), Format::Other),
            (b"\x04\x22\x4d\x18", single(Compression::Lz4)),
            (b"", Format::Other),
        ];
        for (head, expected) in cases {
            assert_eq!(recognise(head), *expected, "{:x?}", &head[..head.len().min(16)]);
        }
    }

    #[test]
    fn weak_magic_needs_its_extension() {
        let lzma = b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff";
        assert_eq!(Format::recognise(lzma, "a.mid.lzma"), single(Compression::Lzma));
        assert_eq!(Format::recognise(lzma, "a.bin"), Format::Other);
        assert_eq!(Format::recognise(b"\x5d\0\0\x80\0 text", "a.lzma"), Format::Other);
        assert_eq!(Format::recognise(b"\x1a\x08A.MID", "SONGS.ARC"), Format::Unsupported("ARC"));
        assert_eq!(Format::recognise(b"text", "map.arc"), Format::Other);
    }
}
