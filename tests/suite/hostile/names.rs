//! Names of members: they may say what they like, nothing is ever written by them. What they look like on a terminal is
//! tested in [`crate::refusals`].

use super::forge::{Zip, ZipMember, piece, tar_of};
use super::{Case, run};
use crate::harness::{TestDatabase, passable_directory};
use crate::program::Program;

#[tokio::test]
async fn names_that_would_leave_the_folder() {
    let names = [
        "/etc/passwd.mid",
        "../../../../tmp/up.mid",
        "a/../../b.mid",
        "C:\\Windows\\system.mid",
        "\\\\server\\share\\x.mid",
        "./here.mid",
        "//twice.mid",
        "same.mid",
        "same.mid",
        "SAME.MID",
        ".mid",
        "..",
        "CON.mid",
    ];
    let shown = names.map(|name| name.replace('\\', "/"));
    let zip =
        names.iter().zip(300..).fold(Zip::default(), |zip, (name, number)| zip.store(name, &piece(number)));
    let pieces: Vec<_> = (320..).take(names.len()).map(piece).collect();
    let members: Vec<_> = names.iter().zip(&pieces).map(|(name, piece)| (*name, &piece[..])).collect();
    run(vec![
        Case::new("names.zip", zip.finish()).keeps(shown.clone()),
        Case::new("names.tar", tar_of(&members)).keeps(shown),
        Case::new(
            "long.zip",
            Zip::default()
                .store("n".repeat(4_097), &piece(340))
                .store("n".repeat(4_096), &piece(341))
                .finish(),
        )
        .keeps(["n".repeat(4_096)])
        .refuses([("n".repeat(4_096), "limit_name")]),
        Case::new("no-name.zip", Zip::default().store("", &piece(342)).store("a.mid", &piece(343)).finish())
            .keeps(["", "a.mid"]),
    ])
    .await;
    assert!(!std::path::Path::new("/tmp/up.mid").exists());
}

/// How the names of an archive are written: bytes, and what they mean.
struct Written {
    folder: &'static str,
    encoding: &'static str,
    names: &'static [(&'static [u8], &'static str)],
}

const WRITTEN: [Written; 5] = [
    Written {
        folder: "shift-jis",
        encoding: "shift_jis",
        names: &[
            (b"\x82\xb3\x82\xad\x82\xe7.mid", "さくら.mid"),
            (b"\x89\xcc\x97w\x8b\xc8.mid", "歌謡曲.mid"),
            (b"\x83\x5c\x83\x69\x83\x5e.mid", "ソナタ.mid"),
            (b"\x8c\x8e\x82\xcc\x8c\xf5.mid", "月の光.mid"),
        ],
    },
    Written {
        folder: "cp437",
        encoding: "cp437",
        names: &[
            (b"f\x81r elise.mid", "für elise.mid"),
            (b"caf\x82 concert.mid", "café concert.mid"),
            (b"ma\xa4ana.mid", "mañana.mid"),
            (b"d\x82j\x85 vu.mid", "déjà vu.mid"),
        ],
    },
    Written {
        folder: "cp866",
        encoding: "ibm866",
        names: &[
            (b"\x8a\xa0\xab\xa8\xad\xaa\xa0.mid", "Калинка.mid"),
            (b"\x8f\xa5\xe1\xad\xef \xae \xa3\xab\xa0\xa2\xad\xae\xac.mid", "Песня о главном.mid"),
            (b"\x8a\xa0\xe2\xee\xe8\xa0.mid", "Катюша.mid"),
        ],
    },
    Written {
        folder: "utf-8",
        encoding: "utf-8",
        names: &[("ünïcödé ♪ ピアノ.mid".as_bytes(), "ünïcödé ♪ ピアノ.mid")],
    },
    Written {
        folder: "nul",
        encoding: "utf-8",
        names: &[(b"before\0behind.mid", "before\u{fffd}behind.mid")],
    },
];

#[tokio::test]
async fn names_in_the_encodings_of_their_time() {
    let database = TestDatabase::create().await;
    let folder = passable_directory();
    for (index, Written { folder: name, names, .. }) in (400..).step_by(10).zip(&WRITTEN) {
        let zip = names
            .iter()
            .zip(index..)
            .fold(Zip::default(), |zip, ((raw, _), number)| zip.store(raw, &piece(number)));
        fs_err::write(folder.path().join(format!("{name}.zip")), zip.finish()).unwrap();
    }
    // A plain name in an old encoding, and beside it the name in UTF-8 with the checksum of the plain one.
    let plain = b"\x82\xb3.mid";
    let unicode = "さ.mid";
    let mut field = 0x7075_u16.to_le_bytes().to_vec();
    field.extend(u16::try_from(5 + unicode.len()).unwrap().to_le_bytes());
    field.push(1);
    field.extend(libdeflater::crc32(plain).to_le_bytes());
    field.extend(unicode.as_bytes());
    let content = piece(490);
    let honest = ZipMember::of(plain, 0, &content, &content);
    let extra = Zip::default().forge(honest.clone(), &content, |member| member.extra.clone_from(&field));
    fs_err::write(folder.path().join("extra.zip"), extra.finish()).unwrap();
    // UTF-8 by its own word, and it is none.
    let lie = Zip::default().forge(honest, &content, |member| member.flags = 0x800);
    fs_err::write(folder.path().join("lie.zip"), lie.finish()).unwrap();

    Program::on(&database, ["import".as_ref(), folder.path().as_os_str()]).run().expect(&[0]);
    let mut connection = database.connect().await;
    let mut failures = Vec::new();
    let read = async |connection: &mut sqlx::PgConnection,
                      source: String|
           -> Vec<(String, Option<Vec<u8>>, String)> {
        sqlx::query_as(
            "SELECT entry_path, entry_path_raw, name_encoding
               FROM file_locations l JOIN sources s ON s.id = l.source_id WHERE s.path = $1 ORDER BY entry_ordinal",
        )
        .bind(source)
        .fetch_all(connection)
        .await
        .unwrap()
    };
    for Written { folder: name, encoding, names } in &WRITTEN {
        let source = folder.path().join(format!("{name}.zip")).to_string_lossy().into_owned();
        let expected: Vec<_> = names
            .iter()
            .map(|(raw, text)| {
                ((*text).to_owned(), (*raw != text.as_bytes()).then(|| raw.to_vec()), (*encoding).to_owned())
            })
            .collect();
        let found = read(&mut connection, source).await;
        if found != expected {
            failures.push(format!("{name}: expected {expected:?}, found {found:?}"));
        }
    }
    let source = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let found = read(&mut connection, source("extra.zip")).await;
    if found != [(unicode.to_owned(), None, "utf-8".to_owned())] {
        failures.push(format!("extra field: found {found:?}"));
    }
    let found = read(&mut connection, source("lie.zip")).await;
    if found.len() != 1 || found[0].1.as_deref() != Some(&plain[..]) || found[0].2 == "utf-8" {
        failures.push(format!("a name that lies: found {found:?}"));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
