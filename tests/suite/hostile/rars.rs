//! RAR: encryption, damage, cuts.

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

#[tokio::test]
async fn whole_encrypted_and_cut() {
    let mut cases = Vec::new();
    for (version, called, first) in
        [(ArchiveVersion::Rar29, "rar4", 950), (ArchiveVersion::Rar50, "rar5", 970)]
    {
        let case = |what: &str, bytes: Vec<u8>| Case::new(&format!("{called}-{what}.rar"), bytes);
        let whole = builder(version, first).to_bytes().unwrap();
        let secret = || builder(version, first + 3).password(Some(b"secret".to_vec()));
        let of_content = secret().to_bytes().unwrap();
        let of_header = secret().header_encryption(true).to_bytes().unwrap();
        let stored = builder(version, first + 6).store(true).to_bytes().unwrap();
        let solid = builder(version, first + 9).solid(true).to_bytes().unwrap();
        let mut flipped = stored.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 0xff;
        cases.extend([
            case("whole", whole.clone()).keeps(FILES),
            case("solid", solid).keeps(FILES),
            case("stored", stored.clone()).keeps(FILES),
            case("encrypted", of_content).refuses(FILES.map(|file| (file, "encrypted"))),
            case("encrypted-header", of_header).refuses([(WHOLE, "encrypted")]),
            case("flipped", flipped).keeps(["a.mid", "c.mid"]).refuses([("b.mid", "archive_damaged")]),
            case("cut", stored[..middle].to_vec())
                .keeps(["a.mid"])
                .refuses([("b.mid", "archive_truncated"), (WHOLE, "archive_truncated")]),
            case("prefix", [&[0x11; 3_000][..], &whole].concat()),
        ]);
    }
    cases.push(Case::new("start-only.rar", b"Rar!\x1a\x07\x01\0".to_vec()).refuses_between_any(
        1,
        1,
        &["archive_truncated", "archive_damaged"],
    ));
    cases.push(Case::new("text.rar", b"no archive at all".repeat(40)).refuses_between_any(
        1,
        1,
        &["archive_damaged"],
    ));
    run(cases).await;
}
