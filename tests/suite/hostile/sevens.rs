//! 7z: dictionaries, counts and sizes that lie, encryption, damage within a solid block.

use std::io::Cursor;

use sevenz_rust2::{ArchiveEntry, ArchiveWriter, EncoderConfiguration, EncoderMethod, encoder_options};

use super::forge::piece;
use super::streams::lzma;
use super::{Case, WHOLE, run};

/// A number, in its longest form.
fn number(value: u64) -> Vec<u8> {
    [&[0xff][..], &value.to_le_bytes()].concat()
}

/// What a forged archive with one block says of itself.
struct Forged<'f> {
    coder: &'f [u8],
    properties: &'f [u8],
    packed: &'f [u8],
    /// Its files, with the sizes and checksums that are declared.
    files: &'f [(&'f str, u64, u32)],
    count: u64,
}

impl<'f> Forged<'f> {
    fn new(
        coder: &'f [u8],
        properties: &'f [u8],
        packed: &'f [u8],
        files: &'f [(&'f str, u64, u32)],
    ) -> Self {
        Self { coder, properties, packed, files, count: files.len() as u64 }
    }

    /// The archive, with a header that is not compressed.
    fn bytes(&self) -> Vec<u8> {
        let size: u64 = self.files.iter().map(|(_, size, _)| size).sum();
        let mut header = vec![1, 4, 6];
        // Packed streams: position, number, sizes.
        header.extend([&[0, 1, 9][..], &number(self.packed.len() as u64), &[0]].concat());
        // One folder of one coder.
        let flags = u8::try_from(self.coder.len()).unwrap() | 0x20;
        header.extend([7, 0x0b, 1, 0, 1, flags]);
        header.extend(self.coder);
        header.push(u8::try_from(self.properties.len()).unwrap());
        header.extend(self.properties);
        header.push(0x0c);
        header.extend(number(size));
        header.push(0);
        // The files in it: how many, their sizes but the last one's, their checksums.
        header.extend([8, 0x0d]);
        header.extend(number(self.count));
        header.push(9);
        let (_, but_last) = self.files.split_last().unwrap();
        for (_, size, _) in but_last {
            header.extend(number(*size));
        }
        header.extend([0x0a, 1]);
        for (_, _, crc) in self.files {
            header.extend(crc.to_le_bytes());
        }
        header.extend([0, 0]);
        // Their names.
        header.push(5);
        header.extend(number(self.count));
        let names: Vec<u8> = self
            .files
            .iter()
            .flat_map(|(name, _, _)| name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes))
            .collect();
        header.push(0x11);
        header.extend(number(names.len() as u64 + 1));
        header.push(0);
        header.extend(names);
        header.extend([0, 0]);
        signed(self.packed, &header, header.len() as u64)
    }
}

/// The start of the file, what is packed, and the header.
fn signed(packed: &[u8], header: &[u8], length: u64) -> Vec<u8> {
    let mut start = (packed.len() as u64).to_le_bytes().to_vec();
    start.extend(length.to_le_bytes());
    start.extend(libdeflater::crc32(header).to_le_bytes());
    let crc = libdeflater::crc32(&start).to_le_bytes();
    [b"7z\xbc\xaf\x27\x1c\0\x04", &crc[..], &start, packed, header].concat()
}

/// LZMA2 without compression.
fn lzma2(content: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    for (index, part) in content.chunks(60_000).enumerate() {
        packed.push(if index == 0 { 1 } else { 2 });
        packed.extend(u16::try_from(part.len() - 1).unwrap().to_be_bytes());
        packed.extend(part);
    }
    packed.push(0);
    packed
}

fn file<'f>(name: &'f str, content: &[u8]) -> (&'f str, u64, u32) {
    (name, content.len() as u64, libdeflater::crc32(content))
}

/// Files by the crate's own writer, each compressed alone or all as one.
fn written(
    methods: Vec<EncoderConfiguration>,
    solid: bool,
    encrypt_header: bool,
    contents: &[(&str, Vec<u8>)],
) -> Vec<u8> {
    let mut writer = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    writer.set_content_methods(methods);
    writer.set_encrypt_header(encrypt_header);
    if solid {
        let entries = contents.iter().map(|(name, _)| ArchiveEntry::new_file(name)).collect();
        let readers =
            contents.iter().map(|(_, content)| sevenz_rust2::SourceReader::new(&content[..])).collect();
        writer.push_archive_entries(entries, readers).unwrap();
    } else {
        for (name, content) in contents {
            writer.push_archive_entry(ArchiveEntry::new_file(name), Some(&content[..])).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

fn contents(first: u64) -> Vec<(&'static str, Vec<u8>)> {
    ["a.mid", "b.mid", "c.mid"].into_iter().zip((first..).map(piece)).collect()
}

#[tokio::test]
async fn dictionaries_of_gibibytes() {
    let content = piece(900);
    let files = [file("a.mid", &content)];
    let packed = lzma2(&content);
    let alone = lzma(&content);
    let properties = |dictionary: u32| [&alone[..1], &dictionary.to_le_bytes()].concat();
    let (small, giant) = (properties(1 << 20), properties(u32::MAX));
    let lzma2_of = |dictionary: &'static [u8]| Forged::new(&[0x21], dictionary, &packed, &files).bytes();
    let lzma_of = |properties: &[u8]| Forged::new(&[3, 1, 1], properties, &alone[13..], &files).bytes();
    let ppmd = [6, 0, 0, 0, 0xf0];
    let refused = [("a.mid", "limit_decoder_memory")];
    run(vec![
        Case::new("lzma2.7z", lzma2_of(&[16])).keeps(["a.mid"]),
        Case::new("lzma2-giant.7z", lzma2_of(&[40])).refuses(refused),
        Case::new("lzma2-gibibyte.7z", lzma2_of(&[36])).refuses(refused),
        Case::new("lzma.7z", lzma_of(&small)).keeps(["a.mid"]),
        Case::new("lzma-giant.7z", lzma_of(&giant)).refuses(refused),
        Case::new("ppmd-giant.7z", Forged::new(&[3, 4, 1], &ppmd, &alone, &files).bytes()).refuses(refused),
    ])
    .await;
}

#[tokio::test]
async fn headers_that_lie() {
    let content = piece(910);
    let good = file("a.mid", &content);
    let copy = |files: &[(&str, u64, u32)]| Forged::new(&[0], &[], &content, files).bytes();
    let mut wrong = good;
    wrong.2 ^= 1;
    let mut longer = good;
    longer.1 += 500;
    let mut large = good;
    large.1 = 8 << 30;
    let files = [good];
    let mut countless = Forged::new(&[0], &[], &content, &files);
    countless.count = 1 << 40;
    let unknown = Forged::new(&[4, 0xf7, 0x11, 0x77], &[0], &content, &files).bytes();
    let mut cut = copy(&files);
    cut.truncate(cut.len() - 20);
    let header = vec![0; 100];
    run(vec![
        Case::new("copy.7z", copy(&files)).keeps(["a.mid"]),
        Case::new("crc.7z", copy(&[wrong])).refuses([("a.mid", "archive_damaged")]),
        Case::new("longer.7z", copy(&[longer])).refuses_between_any(
            1,
            2,
            &["archive_damaged", "archive_truncated"],
        ),
        // Its start is not even as long as it takes to see what it is.
        Case::new("eight-gibibytes.7z", copy(&[large])).refuses([("a.mid", "archive_damaged")]),
        Case::new("unknown.7z", unknown).refuses([("a.mid", "unsupported_method")]),
        Case::new("countless.7z", countless.bytes()).refuses_between_any(
            1,
            1,
            &["archive_damaged", "limit_entries"],
        ),
        Case::new("cut.7z", cut).refuses([(WHOLE, "archive_truncated")]),
        Case::new("header-of-an-exbibyte.7z", signed(&content, &header, 1 << 60))
            .refuses([(WHOLE, "archive_truncated")]),
        Case::new("header-of-zeros.7z", signed(&content, &header, 100)).refuses_between_any(
            1,
            1,
            &["archive_damaged"],
        ),
        Case::new("start-only.7z", b"7z\xbc\xaf\x27\x1c\0\x04".to_vec())
            .refuses([(WHOLE, "archive_truncated")]),
    ])
    .await;
}

#[tokio::test]
async fn encrypted_archives() {
    let aes = || EncoderConfiguration::from(encoder_options::AesEncoderOptions::new("secret".into()));
    let both = || vec![aes(), EncoderMethod::LZMA2.into()];
    let files = ["a.mid", "b.mid", "c.mid"];
    let of_content = written(both(), false, false, &contents(920));
    let of_solid = written(both(), true, false, &contents(923));
    let of_header = written(both(), false, true, &contents(926));
    run(vec![
        Case::new("content.7z", of_content).refuses(files.map(|file| (file, "encrypted"))),
        Case::new("solid.7z", of_solid).refuses(files.map(|file| (file, "encrypted"))),
        Case::new("header.7z", of_header).refuses([(WHOLE, "encrypted")]),
    ])
    .await;
}

#[tokio::test]
async fn damage_in_a_solid_block() {
    let pieces: Vec<_> = (0..200).map(|index| loader::sample::midi(9, index, 4_000)).collect();
    let names: Vec<_> = (0..200).map(|index| format!("{index}.mid")).collect();
    let members: Vec<_> = names.iter().zip(pieces).map(|(name, piece)| (name.as_str(), piece)).collect();
    let methods = || vec![EncoderMethod::LZMA2.into()];
    let whole = written(methods(), true, false, &members);
    let apart = written(methods(), false, false, &members);
    let flip = |bytes: &[u8], at: usize| {
        let mut bytes = bytes.to_vec();
        bytes[at] ^= 0x55;
        bytes
    };
    let middle = whole.len() / 2;
    run(vec![
        Case::new("whole.7z", whole.clone()).keeps_count(200),
        // What comes before the damage is kept, and each that is lost is said to be.
        Case::new("flipped.7z", flip(&whole, middle)).keeps_between(50, 199).refuses_between(
            1,
            150,
            "archive_damaged",
        ),
        Case::new("one-of-many.7z", flip(&apart, apart.len() / 3)).keeps_count(199).refuses_between(
            1,
            1,
            "archive_damaged",
        ),
        Case::new("header.7z", flip(&whole, whole.len() - 30)).refuses_between(1, 1, "archive_damaged"),
        Case::new("cut.7z", whole[..middle].to_vec()).refuses([(WHOLE, "archive_truncated")]),
    ])
    .await;
}
