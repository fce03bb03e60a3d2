//! What names claim: stored the same by either writer, and anew where a place holds something else.

use fs_err as fs;
use loader::sample;
use sqlx::postgres::PgConnection;

use super::import;
use crate::harness::{TestDatabase, connect_to, passable_directory};
use crate::program::Program;
use crate::rows::number;

/// Tempo, key, bars, artist and title.
type Claimed = (Option<f32>, Option<String>, Option<i16>, Option<String>, Option<String>);

fn claimed(bpm: f32, key: &str, bars: i16, artist: &str, title: &str) -> Claimed {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    (
        Some(bpm).filter(|bpm| *bpm > 0.0),
        text(key),
        Some(bars).filter(|bars| *bars > 0),
        text(artist),
        text(title),
    )
}

async fn claims_of(connection: &mut PgConnection, name: &str) -> Claimed {
    sqlx::query_as(
        "SELECT name_bpm, name_key, name_bars, name_artist, name_title FROM file_locations WHERE name = $1",
    )
    .bind(name)
    .fetch_one(connection)
    .await
    .unwrap()
}

#[tokio::test]
async fn either_writer_stores_what_names_claim() {
    let names = [
        ("Am_120bpm_Nordwind - Heimweg (v2).mid", claimed(120.0, "Am", 0, "Nordwind", "Heimweg")),
        ("Élodie Noël - Été 127.3bpm (4 Bars).mid", claimed(127.3, "", 4, "Élodie Noël", "Été")),
        ("Nebula_F#m.mid", claimed(0.0, "F#m", 0, "", "Nebula")),
        ("track01.mid", claimed(0.0, "", 0, "", "")),
    ];
    let folder = passable_directory();
    for ((name, _), index) in names.iter().zip(0..) {
        fs::write(folder.path().join(name), sample::midi(41, index, 700)).unwrap();
    }
    for writer in ["copy", "unnest"] {
        let database = TestDatabase::create().await;
        import(&database, &["--writer", writer], &[folder.path()]).await;
        let mut connection = connect_to(&database.url).await;
        for (name, expected) in &names {
            assert_eq!(claims_of(&mut connection, name).await, *expected, "{writer}: {name}");
        }
    }
}

/// Two streams that begin alike are one source: where they differ, places are rewritten.
#[tokio::test]
async fn a_place_that_holds_something_else_claims_anew() {
    let stream = |name: &str, content: &[u8]| {
        let mut tar = tar::Builder::new(Vec::new());
        // More than what streams are told apart by.
        for (name, content) in [("noise.bin", &vec![0x55; 2 << 20][..]), (name, content)] {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, name, content).unwrap();
        }
        tar.into_inner().unwrap()
    };
    let folder = passable_directory();
    let path = folder.path().join("stream.tar");
    let (before, after) = ("Am_100bpm_Nordwind - Heimweg.mid", "Nebula_8bars_Cm.mid");
    for writer in ["copy", "unnest"] {
        let database = TestDatabase::create().await;
        let mut connection = connect_to(&database.url).await;
        for (name, index, expected) in [
            (before, 1, claimed(100.0, "Am", 0, "Nordwind", "Heimweg")),
            (after, 2, claimed(0.0, "Cm", 8, "", "Nebula")),
        ] {
            fs::write(&path, stream(name, &sample::midi(42, index, 700))).unwrap();
            Program::on(&database, ["import", "--writer", writer, "-"]).fed_with(&path).run().expect(&[0]);
            assert_eq!(claims_of(&mut connection, name).await, expected, "{writer}: {name}");
        }
        let places = number(&mut connection, "SELECT count(*) FROM file_locations").await;
        assert_eq!(places, 1, "{writer}");
    }
}
