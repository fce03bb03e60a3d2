//! RAR: encryption, damage, cuts.
//!
//! Headers are forged here, because the crate that writes the others encrypts nothing; what is encrypted is not, but says so.

use rars::{ArchiveVersion, Builder};

use super::forge::piece;
use super::{Case, WHOLE, run};

const FILES: [&str; 3] = ["a.mid", "b.mid", "c.mid"];

fn builder(version: ArchiveVersion, first: u64) -> Builder {
    let mut builder = Builder::new(version);
    for (name, number) in FILES.into_iter().zip(first..) {
        builder.add_bytes(name.into(), piece(number), None, None).unwrap();
    }
    builder
}

/// A block of RAR 4: type, flags, fields; the checksum before them.
fn old_block(kind: u8, flags: u16, fields: &[u8]) -> Vec<u8> {
    let size = u16::try_from(7 + fields.len()).unwrap();
    let body = [&[kind][..], &flags.to_le_bytes(), &size.to_le_bytes(), fields].concat();
    let crc = libdeflater::crc32(&body).to_le_bytes();
    [&crc[..2], &body].concat()
}

/// RAR 4 with stored files, each with these flags; the archive's own flags before.
fn old(archive: u16, file: u16, dictionary: u16, contents: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = b"Rar!\x1a\x07\0".to_vec();
    bytes.extend(old_block(0x73, archive, &[0; 6]));
    for (name, content) in contents {
        let size = u32::try_from(content.len()).unwrap().to_le_bytes();
        let length = u16::try_from(name.len()).unwrap().to_le_bytes();
        let mut fields = [&size[..], &size, &[3]].concat();
        fields.extend(libdeflater::crc32(content).to_le_bytes());
        // Time, version 2.9, method "store", name, attributes.
        fields.extend([0, 0, 0x21, 0x50, 29, 0x30]);
        fields.extend(length);
        fields.extend(0o100_644_u32.to_le_bytes());
        fields.extend(name.as_bytes());
        bytes.extend(old_block(0x74, 0x8000 | file | dictionary, &fields));
        bytes.extend(content);
    }
    bytes.extend(old_block(0x7b, 0x4000, &[]));
    bytes
}

/// A number of RAR 5: seven bits a byte, the lowest first.
fn number(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
    bytes
}

/// A block of RAR 5: the checksum, the size, the fields.
fn new_block(fields: &[u8]) -> Vec<u8> {
    let body = [&number(fields.len() as u64)[..], fields].concat();
    [&libdeflater::crc32(&body).to_le_bytes()[..], &body].concat()
}

/// What RAR 5 says of a file.
struct NewFile {
    encrypted: bool,
    /// Method and dictionary.
    compression: u64,
    declared: Option<u64>,
}

const STORED: NewFile = NewFile { encrypted: false, compression: 0, declared: None };

/// RAR 5 with these files.
fn new(files: &NewFile, before: &[u8], contents: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = b"Rar!\x1a\x07\x01\0".to_vec();
    bytes.extend(before);
    bytes.extend(new_block(&[1, 0, 0]));
    for (name, content) in contents {
        let mut extra = Vec::new();
        if files.encrypted {
            // Version, flags, rounds, salt, initial vector.
            let record = [&[1, 0, 0, 15][..], &[7; 32]].concat();
            extra = [&number(record.len() as u64)[..], &record].concat();
        }
        let has_extra = u8::from(files.encrypted);
        let mut fields = vec![2, 2 | has_extra];
        if files.encrypted {
            fields.extend(number(extra.len() as u64));
        }
        fields.extend(number(content.len() as u64));
        // With a checksum; size, attributes.
        fields.push(4);
        fields.extend(number(files.declared.unwrap_or(content.len() as u64)));
        fields.extend(number(0o100_644));
        fields.extend(libdeflater::crc32(content).to_le_bytes());
        fields.extend(number(files.compression));
        // Unix; the name.
        fields.push(1);
        fields.extend(number(name.len() as u64));
        fields.extend(name.as_bytes());
        fields.extend(extra);
        bytes.extend(new_block(&fields));
        bytes.extend(content);
    }
    bytes.extend(new_block(&[5, 0, 0]));
    bytes
}

fn contents(first: u64) -> Vec<(&'static str, Vec<u8>)> {
    FILES.into_iter().zip((first..).map(piece)).collect()
}

#[tokio::test]
async fn encrypted_archives() {
    // Version, flags, rounds, salt.
    let encryption = new_block(&[&[4, 0, 0, 0, 15][..], &[7; 16]].concat());
    let encrypted = NewFile { encrypted: true, ..STORED };
    let files = FILES.map(|file| (file, "encrypted"));
    run(vec![
        Case::new("old-plain.rar", old(0, 0, 0, &contents(940))).keeps(FILES),
        Case::new("old.rar", old(0, 4, 0, &contents(943))).refuses(files),
        Case::new("old-header.rar", old(0x80, 4, 0, &contents(943))).refuses([(WHOLE, "encrypted")]),
        Case::new("new-plain.rar", new(&STORED, &[], &contents(946))).keeps(FILES),
        Case::new("new.rar", new(&encrypted, &[], &contents(949))).refuses(files),
        Case::new("new-header.rar", new(&encrypted, &encryption, &contents(949)))
            .refuses([(WHOLE, "encrypted")]),
    ])
    .await;
}

#[tokio::test]
async fn headers_that_lie() {
    // Method 3; the dictionary is 128 KiB times two to this power.
    let four_gibibytes = NewFile { compression: 3 << 7 | 15 << 10, ..STORED };
    let half = NewFile { compression: 3 << 7 | 12 << 10, ..STORED };
    let large = NewFile { declared: Some(8 << 30), ..STORED };
    let longer = NewFile { declared: Some(5_000), ..STORED };
    let one = |first: u64| contents(first)[..1].to_vec();
    let huge_name = {
        let fields = [&[2, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1][..], &number(1 << 40), b"a.mid"].concat();
        [&b"Rar!\x1a\x07\x01\0"[..], &new_block(&[1, 0, 0]), &new_block(&fields)].concat()
    };
    let huge_block = [&b"Rar!\x1a\x07\x01\0"[..], &new_block(&[1, 0, 0]), &[0; 4], &number(1 << 50)].concat();
    run(vec![
        Case::new("four-gibibytes.rar", new(&four_gibibytes, &[], &one(952)))
            .refuses([("a.mid", "limit_decoder_memory")]),
        Case::new("half-a-gibibyte.rar", new(&half, &[], &one(953)))
            .refuses([("a.mid", "limit_decoder_memory")]),
        // What is stored is as long as what is packed.
        Case::new("large.rar", new(&large, &[], &one(954))).refuses_between_any(
            1,
            1,
            &["limit_entry_size", "archive_damaged", "archive_truncated"],
        ),
        Case::new("longer.rar", new(&longer, &[], &one(955))).refuses_between_any(
            1,
            1,
            &["archive_damaged", "archive_truncated"],
        ),
        Case::new("name.rar", huge_name).refuses_between_any(
            1,
            2,
            &["archive_damaged", "archive_truncated", "limit_name"],
        ),
        Case::new("block.rar", huge_block).refuses_between_any(
            1,
            1,
            &["archive_damaged", "archive_truncated"],
        ),
        Case::new("start-only.rar", b"Rar!\x1a\x07\x01\0".to_vec()).refuses_between_any(
            1,
            1,
            &["archive_truncated", "archive_damaged"],
        ),
        Case::new("text.rar", b"no archive at all".repeat(40)).refuses_between_any(
            1,
            1,
            &["archive_damaged"],
        ),
    ])
    .await;
}

#[tokio::test]
async fn damaged_and_cut() {
    let mut cases = Vec::new();
    for (version, called, first) in
        [(ArchiveVersion::Rar29, "rar4", 960), (ArchiveVersion::Rar50, "rar5", 980)]
    {
        let case = |what: &str, bytes: Vec<u8>| Case::new(&format!("{called}-{what}.rar"), bytes);
        let closed = |builder: Builder| [&builder.to_bytes().unwrap()[..], mark].concat();
        let whole = closed(builder(version, first));
        let solid = closed(builder(version, first + 3).solid(true));
        let stored = closed(builder(version, first + 6).store(true));
        let middle = stored.len() / 2;
        let mut flipped = stored.clone();
        flipped[middle] ^= 0xff;
        let mut damaged = whole.clone();
        let third = damaged.len() / 3;
        damaged[third / 2..third].fill(0xff);
        cases.extend([
            case("whole", whole.clone()).keeps(FILES),
            case("solid", solid).keeps(FILES),
            case("stored", stored.clone()).keeps(FILES),
            case("flipped", flipped).keeps(["a.mid", "c.mid"]).refuses([("b.mid", "archive_damaged")]),
            case("damaged", damaged).keeps(["b.mid", "c.mid"]).refuses([("a.mid", "archive_damaged")]),
            case("cut", stored[..middle].to_vec())
                .keeps(["a.mid"])
                .refuses([("b.mid", "archive_truncated"), (WHOLE, "archive_truncated")]),
            case("prefix", [&[0x11; 3_000][..], &whole].concat()).keeps(FILES),
        ]);
    }
    run(cases).await;
}
