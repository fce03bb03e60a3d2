//! Little that becomes much: one entry, many entries, archives of archives.

use super::forge::{
    Zip, ZipMember, crc_of_zeros, deflated_zeros, gzip, gzip_of_zeros, piece, tar_header, tar_of,
};
use super::{Case, WHOLE, run};

/// Sixteen mebibytes, 640 times: 10 GiB.
const SECTIONS: usize = 640;

#[tokio::test]
async fn one_entry_of_ten_gibibytes() {
    let data = deflated_zeros(SECTIONS);
    let honest = ZipMember {
        name: b"bomb.mid".to_vec(),
        method: 8,
        crc: crc_of_zeros(SECTIONS),
        compressed: data.len() as u64,
        uncompressed: (SECTIONS as u64) << 24,
        ..ZipMember::default()
    };
    // The same bytes may stand in one file only once; so each lie has a file of its own.
    let file = |name: &str, uncompressed: u64| {
        let member = ZipMember { name: name.as_bytes().to_vec(), uncompressed, ..honest.clone() };
        Zip::default()
            .store("before.mid", &piece(200))
            .forge(member, &data, |_| ())
            .store("behind.mid", &piece(201))
            .finish()
    };
    let good = ["before.mid", "behind.mid"];
    let ten = (SECTIONS as u64) << 24;
    run(vec![
        Case::new("honest.zip", file("bomb.bin", ten)).keeps(good),
        Case::new("honest-midi.zip", file("bomb.mid", ten))
            .keeps(good)
            .refuses([("bomb.mid", "not_midi_content")]),
        Case::new("honest-archive.zip", file("bomb.zip", ten))
            .keeps(good)
            .refuses([("bomb.zip", "limit_nested_size")]),
        Case::new("said-to-be-small.zip", file("bomb.mid", 1_000))
            .keeps(good)
            .refuses([("bomb.mid", "zip_bad_size")]),
        Case::new("said-to-be-just-allowed.zip", file("bomb.mid", 10 << 20))
            .keeps(good)
            .refuses([("bomb.mid", "zip_bad_size")]),
    ])
    .await;
}

#[tokio::test]
async fn many_entries_that_are_each_allowed() {
    // 200 times 16 MiB from 3 MB: more than 1 GiB, and more than 250 times the file.
    let data = deflated_zeros(1);
    let crc = crc_of_zeros(1);
    let mut zip = Zip::default().store("good.mid", &piece(210));
    for index in 0..200 {
        let member = ZipMember {
            name: format!("{index}.bin").into_bytes(),
            method: 8,
            crc,
            compressed: data.len() as u64,
            uncompressed: 16 << 20,
            ..ZipMember::default()
        };
        zip.add(&member, &data);
    }
    run(vec![Case::new("many.zip", zip.finish()).keeps(["good.mid"]).refuses_between(
        1,
        200,
        "limit_output",
    )])
    .await;
}

#[tokio::test]
async fn archives_of_archives_of_archives() {
    // As 42.zip: on each level sixteen copies of the level below; at the bottom 16 MiB of zeros and a piece. All of it
    // would be 1 TiB.
    let data = deflated_zeros(1);
    let crc = crc_of_zeros(1);
    let zeros = ZipMember {
        name: b"0.bin".to_vec(),
        method: 8,
        crc,
        compressed: data.len() as u64,
        uncompressed: 16 << 20,
        ..ZipMember::default()
    };
    let mut zip = Zip::default().store("a.mid", &piece(220)).forge(zeros, &data, |_| ()).finish();
    let mut tar = gzip(&tar_of(&[("a.mid", &piece(221)), ("0.bin", &vec![0; 16 << 20])]));
    for level in 0..4 {
        zip = (0..16)
            .fold(Zip::default(), |outer, copy| outer.deflate(format!("{level}-{copy}.zip"), &zip))
            .finish();
        let names: Vec<_> = (0..16).map(|copy| format!("{level}-{copy}.tgz")).collect();
        let members: Vec<_> = names.iter().map(|name| (name.as_str(), &tar[..])).collect();
        tar = gzip(&tar_of(&members));
    }
    run(vec![
        Case::new("42.zip", zip).keeps_between(1, 2_000).refuses_between(1, 2_000, "limit_output").within(60),
        Case::new("42.tgz", tar).keeps_between(1, 2_000).refuses_between(1, 2_000, "limit_output").within(60),
    ])
    .await;
}

#[tokio::test]
async fn compressed_streams() {
    let before = [
        tar_of(&[("before.mid", &piece(230))])[..1_536].to_vec(),
        tar_header(b"zeros.bin", b'0', (SECTIONS as u64) << 24),
    ]
    .concat();
    let behind = tar_of(&[("behind.mid", &piece(231))]);
    let bomb = gzip_of_zeros(&before, SECTIONS, &behind);
    // The frame of a compressor that is better than the ratio allows.
    let zst = zstd::bulk::compress(&[&before[..], &vec![0; 64 << 20]].concat(), 19).unwrap();
    run(vec![
        Case::new("bomb.tar.gz", bomb).keeps(["before.mid"]).refuses([(WHOLE, "limit_output")]).within(60),
        Case::new("bomb.mid.gz", gzip_of_zeros(b"MThd", SECTIONS, b""))
            .refuses([("bomb.mid", "limit_entry_size")]),
        Case::new("bomb.tar.zst", zst).keeps(["before.mid"]).refuses([(WHOLE, "limit_ratio")]),
        Case::new(
            "bomb.mid.zst",
            zstd::bulk::compress(&[b"MThd".to_vec(), vec![0; 64 << 20]].concat(), 19).unwrap(),
        )
        .refuses([("bomb.mid", "limit_ratio")]),
    ])
    .await;
}
