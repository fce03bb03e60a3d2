//! Archives of formats that are not read: refused, and called by their names.

use super::forge::{Zip, piece};
use crate::harness::{TestDatabase, passable_directory};
use crate::program::Program;

/// The start of a file, at an offset, and what the format is called.
const FORMATS: [(&str, usize, &[u8], &str); 21] = [
    ("songs.arj", 0, b"\x60\xea\x29\0\x1e\x07\x01", "ARJ"),
    ("songs.cab", 0, b"MSCF\0\0\0\0\0", "CAB"),
    ("data1.cab", 0, b"ISc(\0\0\0\0", "InstallShield CAB"),
    ("songs.iso", 32_769, b"CD001", "ISO"),
    ("songs.ace", 7, b"**ACE**", "ACE"),
    ("songs.sit", 0, b"StuffIt (c)1997", "StuffIt"),
    ("old.sit", 10, b"rLau", "StuffIt"),
    ("songs.sitx", 0, b"StuffIt!", "StuffIt X"),
    ("songs.zoo", 20, b"\xdc\xa7\xc4\xfd", "ZOO"),
    ("songs.arc", 0, b"\x1a\x08A.MID", "ARC"),
    ("songs.lz", 0, b"LZIP\x01", "lzip"),
    ("songs.lzo", 0, b"\x89LZO\0\r\n\x1a\n", "lzop"),
    ("songs.Z", 0, b"\x1f\x9d\x90", "compress"),
    ("songs.cpio", 0, b"070701", "cpio"),
    ("songs.a", 0, b"!<arch>\n", "ar"),
    ("songs.rpm", 0, b"\xed\xab\xee\xdb", "RPM"),
    ("songs.xar", 0, b"xar!\0\x1c", "XAR"),
    ("songs.wim", 0, b"MSWIM\0\0\0", "WIM"),
    ("songs.hqx", 0, b"(This file must be converted with BinHex 4.0)", "BinHex"),
    ("rar13.rar", 0, b"RE~^", "RAR 1.3"),
    ("renamed.mid", 0, b"MSCF\0\0\0\0\0", "CAB"),
];

fn file_of(offset: usize, magic: &[u8]) -> Vec<u8> {
    // What some headers need behind the magic bytes are digits.
    let mut bytes = vec![0; offset];
    bytes.extend(magic);
    bytes.resize(bytes.len() + 500, b'0');
    bytes
}

#[tokio::test]
async fn each_is_refused_by_its_name() {
    let folder = passable_directory();
    let mut zip = Zip::default().store("good.mid", &piece(700));
    for (name, offset, magic, _) in FORMATS {
        let bytes = file_of(offset, magic);
        fs_err::write(folder.path().join(name), &bytes).unwrap();
        zip = zip.store(name, &bytes);
    }
    fs_err::write(folder.path().join("all.zip"), zip.finish()).unwrap();
    let database = TestDatabase::create().await;
    Program::on(&database, ["import".as_ref(), folder.path().as_os_str()]).run().expect(&[3]);
    let refused: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT coalesce(entry_path, regexp_replace(s.path, '.*/', '')), reason, detail
           FROM rejects r JOIN sources s ON s.id = r.source_id",
    )
    .fetch_all(&mut database.connect().await)
    .await
    .unwrap();
    let mut failures = Vec::new();
    for (name, _, _, format) in FORMATS {
        let of_it: Vec<_> = refused.iter().filter(|(path, _, _)| path == name).collect();
        // Once as a file, once in the zip.
        let is_named = of_it.len() == 2
            && of_it.iter().all(|(_, reason, detail)| {
                reason == "unsupported_format" && detail.starts_with(&format!("a {format} archive"))
            });
        if !is_named {
            failures.push(format!("{name}: {of_it:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(refused.len(), 2 * FORMATS.len());
}
