//! Zips that lie about themselves, are broken, or are called something else.

use std::io::{Cursor, Write as _};

use super::forge::{Zip, ZipMember, deflate, gzip, piece, tar_of};
use super::{Case, WHOLE, run};

#[tokio::test]
async fn members_that_overlap() {
    let kernel = vec![0; 8 << 20];
    // Many records for one member: as in the smallest bombs.
    let mut shared = Zip::default().store("good.mid", &piece(100));
    let data = deflate(&kernel);
    let member = ZipMember::of("zeros-0.mid", 8, &kernel, &data);
    let offset = shared.bytes.len();
    shared.add(&member, &data);
    for index in 1..1_000 {
        shared.list(&ZipMember { name: format!("zeros-{index}.mid").into_bytes(), ..member.clone() }, offset);
    }

    run(vec![
        Case::new("one-body-for-all.zip", shared.finish())
            .keeps(["good.mid"])
            .refuses_counts(&[("zip_overlap", 1_000)]),
        Case::new("quoted-headers.zip", quoted(250, &kernel))
            .keeps(["good.mid"])
            .refuses_counts(&[("zip_overlap", 250)]),
    ])
    .await;
}

/// Each member's data quotes the next one's header and goes on with its data, so that all end in one kernel, and every
/// local header is where the directory says (David Fifield, "A better zip bomb").
fn quoted(count: usize, kernel: &[u8]) -> Vec<u8> {
    let mut content = kernel.to_vec();
    let mut data = deflate(kernel);
    let mut headers: Vec<(ZipMember, usize)> = Vec::new();
    for index in (0..count).rev() {
        let member = ZipMember::of(format!("{index}.mid"), 8, &content, &data);
        let header = member.local_header();
        // As long as the content is only quoted headers before the kernel, what is hashed stays affordable.
        content = [&header[..], &content].concat();
        let length = u16::try_from(header.len()).unwrap();
        let block = [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes()].concat();
        headers.push((member, data.len()));
        data = [&block[..], &header, &data].concat();
    }
    let mut zip = Zip::default().store("good.mid", &piece(101));
    // The outermost data, without the block that quotes the first header.
    let start = zip.bytes.len();
    zip.bytes.extend(&data[5..]);
    for (member, remaining) in headers.iter().rev() {
        let offset = start + (data.len() - 5) - remaining - member.local_header().len();
        zip.list(member, offset);
    }
    zip.finish()
}

#[tokio::test]
async fn sizes_and_checksums_that_lie() {
    let content = piece(110);
    let data = deflate(&content);
    let deflated = |name: &str| ZipMember::of(name, 8, &content, &data);
    let stored = |name: &str| ZipMember::of(name, 0, &content, &content);
    let lies = Zip::default()
        .forge(deflated("larger.mid"), &data, |member| member.uncompressed += 1)
        .forge(deflated("smaller.mid"), &data, |member| member.uncompressed -= 1)
        .forge(deflated("nothing.mid"), &data, |member| member.uncompressed = 0)
        .forge(deflated("two-gigabytes.mid"), &data, |member| member.uncompressed = 2 << 30)
        .forge(deflated("in-limits.mid"), &data, |member| member.uncompressed = 16 << 20)
        .forge(stored("stored-larger.mid"), &content, |member| member.uncompressed += 1)
        .forge(stored("stored-smaller.mid"), &content, |member| member.uncompressed -= 1)
        .forge(deflated("checksum.mid"), &data, |member| member.crc ^= 1)
        .forge(deflated("damaged.mid"), &[0xff; 300], |member| member.compressed = 300)
        .forge(deflated("method.mid"), &data, |member| member.method = 77)
        .forge(deflated("good.mid"), &data, |_| ())
        .finish();
    // Compressed sizes: one that reaches over the next member, one beyond the end.
    let reaching = Zip::default()
        .forge(stored("into-a-header.mid"), &content, |member| member.compressed += 20)
        .store("unharmed.mid", &piece(114))
        .forge(stored("into-the-next.mid"), &content, |member| member.compressed += 100)
        .store("next.mid", &piece(111))
        .store("good.mid", &piece(112))
        .forge(stored("beyond-the-end.mid"), &content, |member| member.compressed = 3 << 30)
        .finish();
    let mut outside = Zip::default().store("good.mid", &piece(113));
    outside.list(&stored("far.mid"), 0x7fff_0000);
    outside.list(&stored("elsewhere.mid"), 7);
    let refusals = [
        ("larger.mid", "zip_bad_size"),
        ("smaller.mid", "zip_bad_size"),
        ("nothing.mid", "zip_bad_size"),
        ("two-gigabytes.mid", "limit_entry_size"),
        ("in-limits.mid", "limit_ratio"),
        ("stored-larger.mid", "zip_bad_size"),
        ("stored-smaller.mid", "zip_bad_size"),
        ("checksum.mid", "zip_bad_crc"),
        ("damaged.mid", "archive_damaged"),
        ("method.mid", "unsupported_method"),
    ];
    run(vec![
        Case::new("lies.zip", lies.clone()).keeps(["good.mid"]).refuses(refusals),
        // An archive in an archive is read by another way.
        Case::new("nested-lies.zip", Zip::default().deflate("in.zip", &lies).finish())
            .keeps(["in.zip!/good.mid"])
            .refuses(refusals.map(|(name, reason)| (format!("in.zip!/{name}"), reason))),
        Case::new("reaching.zip", reaching).keeps(["good.mid", "unharmed.mid"]).refuses([
            ("into-a-header.mid", "zip_bad_size"),
            ("into-the-next.mid", "zip_overlap"),
            ("next.mid", "zip_overlap"),
            ("beyond-the-end.mid", "archive_truncated"),
        ]),
        Case::new("outside.zip", outside.finish())
            .keeps(["good.mid"])
            .refuses([("far.mid", "archive_truncated"), ("elsewhere.mid", "archive_damaged")]),
    ])
    .await;
}

#[tokio::test]
async fn encrypted_members() {
    let content = piece(120);
    let data = deflate(&content);
    let by_flag = Zip::default()
        .forge(ZipMember::of("old.mid", 8, &content, &data), &data, |member| member.flags = 1)
        .forge(ZipMember::of("strong.mid", 8, &content, &data), &data, |member| member.flags = 0x41)
        .deflate("good.mid", &content)
        .finish();
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let plain = zip::write::SimpleFileOptions::default();
    let secret = plain.with_aes_encryption(zip::AesMode::Aes256, "secret");
    for (name, options) in [("aes.mid", secret), ("good.mid", plain), ("inner.zip", secret)] {
        writer.start_file(name, options).unwrap();
        writer.write_all(&piece(121)).unwrap();
    }
    let aes = writer.finish().unwrap().into_inner();
    run(vec![
        Case::new("flags.zip", by_flag)
            .keeps(["good.mid"])
            .refuses([("old.mid", "encrypted"), ("strong.mid", "encrypted")]),
        Case::new("aes.zip", aes)
            .keeps(["good.mid"])
            .refuses([("aes.mid", "encrypted"), ("inner.zip", "encrypted")]),
    ])
    .await;
}

#[tokio::test]
async fn no_directory_or_something_before_it() {
    let whole = ["a.mid", "b.mid", "a.mid"]
        .iter()
        .zip(130..)
        .fold(Zip::default(), |zip, (name, number)| zip.deflate(name, &piece(number)));
    let data = whole.bytes.clone();
    let whole = whole.finish();
    let mut program = b"MZ\x90\0 This program cannot be run in DOS mode. PK\x03\x04 ".to_vec();
    program.resize(70_000, 0xcc);
    program.extend(&whole);
    let mut damaged_directory = whole.clone();
    damaged_directory[data.len()] ^= 0xff;
    let cut = data.len() - 100;
    let both = ["a.mid", "b.mid", "a.mid"];
    run(vec![
        Case::new("twice.zip", whole.clone()).keeps(both),
        Case::new("no-directory.zip", data.clone()).keeps(both).refuses([(WHOLE, "archive_truncated")]),
        Case::new("cut.zip", data[..cut].to_vec())
            .keeps(["a.mid", "b.mid"])
            .refuses([("a.mid", "archive_truncated"), (WHOLE, "archive_truncated")]),
        Case::new("damaged-directory.zip", damaged_directory)
            .keeps(both)
            .refuses([(WHOLE, "archive_truncated")]),
        Case::new("setup.exe", program.clone()).keeps(both),
        Case::new("prefix.zip", [&[0x11; 5_000][..], &whole].concat()).keeps(both),
        Case::new("trailing.zip", [&whole[..], &[0x11; 5_000]].concat()).keeps(both),
        Case::new("nothing-in-it.zip", b"PK\x03\x04 and nothing of use".to_vec())
            .refuses([(WHOLE, "zip_damaged")]),
        Case::new("text.zip", b"<html>404</html>".repeat(9)).refuses([(WHOLE, "zip_damaged")]),
        Case::new("empty.zip", Zip::default().finish()),
    ])
    .await;
}

#[tokio::test]
async fn extensions_that_are_wrong() {
    let zip = Zip::default().deflate("a.mid", &piece(140)).finish();
    let tarball = gzip(&tar_of(&[("b.mid", &piece(141))]));
    let nested = Zip::default().store("zip.mid", &zip).store("tarball.txt", &tarball).finish();
    run(vec![
        Case::new("zip.mid", zip.clone()).keeps(["a.mid"]),
        Case::new("zip.tar.gz", zip.clone()).keeps(["a.mid"]),
        Case::new("zip", zip).keeps(["a.mid"]),
        Case::new("tarball.zip", tarball.clone()).keeps(["b.mid"]),
        Case::new("tarball.kar", tarball).keeps(["b.mid"]),
        Case::new("midi.zip", piece(142)).keeps([""]),
        Case::new("midi.7z", piece(143)).keeps([""]),
        Case::new("tar.rar", tar_of(&[("c.mid", &piece(144))])).keeps(["c.mid"]),
        Case::new("nested.zip", nested).keeps(["zip.mid!/a.mid", "tarball.txt!/b.mid"]),
    ])
    .await;
}

#[tokio::test]
async fn large_formats_and_large_numbers() {
    let mut large = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().large_file(true);
    for (name, number) in [("a.mid", 150), ("b.mid", 151)] {
        large.start_file(name, options).unwrap();
        large.write_all(&piece(number)).unwrap();
    }
    let mut many = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let content = piece(152);
    for index in 0..70_000 {
        many.start_file(format!("{}/{index}.mid", index / 1_000), options).unwrap();
        many.write_all(&content).unwrap();
    }
    let few = (0..50).fold(Zip::default(), |zip, index| zip.store(format!("{index}.mid"), &content)).finish();
    run(vec![
        Case::new("zip64.zip", large.finish().unwrap().into_inner()).keeps(["a.mid", "b.mid"]),
        Case::new("many.zip", many.finish().unwrap().into_inner()).keeps_count(70_000).within(60),
        Case::new("more-than-allowed.zip", few)
            .with(&["--max-entries", "20"])
            .keeps_count(20)
            .refuses([(WHOLE, "limit_entries")]),
    ])
    .await;
}

#[tokio::test]
async fn entries_of_nested_archives_count_as_well() {
    let content = piece(153);
    let few = (0..50).fold(Zip::default(), |zip, index| zip.store(format!("{index}.mid"), &content)).finish();
    let inside = Zip::default().store("inner.zip", &few).store("z.mid", &content).finish();
    // Two members and what is in one of them. The members of both are read at the same time, so that either may be the
    // one that is too much: several times, because it is a race.
    let case = |number: usize| {
        Case::new(&format!("more-inside-{number}.zip"), inside.clone())
            .with(&["--max-entries", "20"])
            .keeps_between(18, 19)
            .refuses_between(1, 2, "limit_entries")
    };
    run((0..12).map(case).collect()).await;
}
