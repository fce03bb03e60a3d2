//! Standard input: what arrives there is stored like a file's content, and absorbed when it comes again.

use fs_err as fs;
use loader::sample::{self, Container};
use serde_json::Value;
use sqlx::{Executor as _, Row as _};

use super::{assert_balance, count, import};
use crate::harness::{TestDatabase, connect_to, passable_directory};
use crate::program::Program;
use crate::rescan::tar;
use crate::rows::{Rows, archive, assert_whole, number};

/// What was found where, without the source: reading order, name within it, content.
async fn places(url: &str) -> Vec<(i64, Option<String>, i64)> {
    sqlx::query("SELECT entry_ordinal, entry_path, file_id FROM file_locations ORDER BY entry_ordinal")
        .fetch_all(&mut connect_to(url).await)
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect()
}

async fn import_stream(database: &TestDatabase, file: &std::path::Path) -> Value {
    let ended = Program::on(database, ["import", "--json", "-"]).fed_with(file).run();
    let report = ended.finished().json();
    assert_balance(&report);
    assert_whole(&database.url, &file.display().to_string()).await;
    report
}

#[tokio::test]
async fn archives_arrive_and_are_absorbed_when_they_come_again() {
    for container in [Container::TarGz, Container::TarZst, Container::Tar, Container::Zip] {
        let folder = passable_directory();
        let path = archive(folder.path(), container, 4, 60, 3_000);
        let by_path = TestDatabase::create().await;
        import(&by_path, &[], &[&path]).await;

        let database = TestDatabase::create().await;
        let report = import_stream(&database, &path).await;
        assert_eq!((count(&report, "seen"), count(&report, "inserted")), (60, 60), "{report}");
        assert_eq!(places(&database.url).await, places(&by_path.url).await, "{container}");
        Rows::of(&by_path.url).await.assert_same_in(
            "musical_metadata",
            &Rows::of(&database.url).await,
            container.word(),
        );

        let before = Rows::with_history(&database.url).await;
        let again = import_stream(&database, &path).await;
        assert_eq!((count(&again, "seen"), count(&again, "unchanged")), (60, 60), "{again}");
        let after = Rows::with_history(&database.url).await;
        for table in ["files", "musical_metadata", "file_locations", "rejects"] {
            before.assert_same_in(table, &after, container.word());
        }
        Rows::of(&database.url).await.assert_same(&Rows::of(&database.url).await, container.word());
        assert_eq!(before.count("sources"), after.count("sources"));
    }
}

#[tokio::test]
async fn a_bare_file_on_standard_input() {
    let folder = passable_directory();
    let path = folder.path().join("whatever");
    fs::write(&path, sample::midi(1, 1, 2_000)).unwrap();
    let database = TestDatabase::create().await;
    let report = import_stream(&database, &path).await;
    assert_eq!((count(&report, "seen"), count(&report, "inserted")), (1, 1), "{report}");
    let before = Rows::of(&database.url).await;
    let again = import_stream(&database, &path).await;
    assert_eq!((count(&again, "seen"), count(&again, "unchanged")), (1, 1), "{again}");
    before.assert_same(&Rows::of(&database.url).await, "a bare file, twice");
}

#[tokio::test]
async fn nothing_and_nonsense_on_standard_input() {
    let folder = passable_directory();
    let path = folder.path().join("input");
    for (content, what) in [(&b""[..], "nothing"), (b"some text, and no archive at all", "text")] {
        fs::write(&path, content).unwrap();
        let database = TestDatabase::create().await;
        let report = import_stream(&database, &path).await;
        assert_eq!(count(&report, "inserted"), 0, "{what}: {report}");
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_keeps_what_came_before() {
    let folder = passable_directory();
    let path = archive(folder.path(), Container::TarGz, 4, 60, 3_000);
    let whole = fs::read(&path).unwrap();
    let cut = folder.path().join("cut");
    fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let database = TestDatabase::create().await;
    let report = import_stream(&database, &cut).await;
    // The member that is cut in two, and the stream as a whole.
    assert!((1..=2).contains(&count(&report, "rejected")), "{report}");
    let arrived = count(&report, "inserted");
    assert!((10..60).contains(&arrived), "{report}");
    // The whole stream begins alike: it is the same source, and completes it.
    let report = import_stream(&database, &path).await;
    assert_eq!(count(&report, "inserted") + arrived, 60, "{report}");
}

/// A stream is known by its first mebibyte: what lies behind may be other things the next time, or nothing.
#[tokio::test]
async fn what_a_stream_has_no_more_goes() {
    let folder = passable_directory();
    let (first, second, cut) =
        (folder.path().join("first"), folder.path().join("second"), folder.path().join("cut"));
    let mut contents: Vec<Vec<u8>> = (0..40).map(|index| sample::midi(7, index, 60_000)).collect();
    contents[38] = vec![b' '; 3 << 20];
    fs::write(&first, tar(&contents)).unwrap();
    contents[35] = b"no music, and it says that it is".to_vec();
    contents[36] = contents[2].clone();
    contents.truncate(37);
    contents.extend([Vec::new(), b"MThd, and nothing else".to_vec()]);
    fs::write(&second, tar(&contents)).unwrap();
    let whole = fs::read(&first).unwrap();
    let same = whole.iter().zip(&fs::read(&second).unwrap()).take_while(|(one, other)| one == other).count();
    assert!(same > 1 << 20, "one stream to the loader: {same} bytes are the same");
    fs::write(&cut, &whole[..same - 100_000]).unwrap();

    let expected = TestDatabase::create().await;
    import_stream(&expected, &second).await;
    let expected = Rows::of(&expected.url).await;
    let database = TestDatabase::create().await;
    let limited = Program::on(&database, ["import", "--json", "--max-entry-size", "1", "-"]);
    let report = limited.fed_with(&first).run().expect(&[3]).json();
    assert_eq!((count(&report, "inserted"), count(&report, "rejected")), (39, 1), "{report}");
    import_stream(&database, &second).await;
    assert_eq!(places(&database.url).await.len(), 36);
    let gone = "SELECT count(*) FROM files WHERE NOT is_active";
    assert_eq!(number(&mut database.connect().await, gone).await, 4, "35, 36, 37 and 39 of the first");
    database.pool.execute("DELETE FROM files WHERE NOT is_active").await.unwrap();
    expected.assert_same(&Rows::of(&database.url).await, "the second stream over the first");

    // A tar that ends between two members without the zeros that mark its end may have been cut off.
    let size = |content: &[u8]| 512 + content.len().next_multiple_of(512);
    let members: usize = contents[..30].iter().map(|content| size(content)).sum();
    fs::write(folder.path().join("unmarked"), &whole[..members]).unwrap();
    let report = import_stream(&database, &folder.path().join("unmarked")).await;
    assert_eq!((count(&report, "rejected"), count(&report, "unchanged")), (0, 39), "{report}");
    assert_eq!(places(&database.url).await.len(), 36);

    // What breaks off says nothing of what lies behind. The one that is cut is refused, and the whole, beside the three.
    let report = import_stream(&database, &cut).await;
    assert_eq!((count(&report, "inserted"), count(&report, "rejected")), (0, 5), "{report}");
    assert_eq!(places(&database.url).await.len(), 35);
    import_stream(&database, &second).await;
    expected.assert_same(&Rows::of(&database.url).await, "the second stream again");
}

/// A nested archive that is damaged is read as far as it goes, each time the same.
#[tokio::test]
async fn a_damaged_archive_in_a_stream_is_the_same_each_time() {
    let folder = passable_directory();
    let inner = fs::read(archive(folder.path(), Container::TarGz, 4, 60, 3_000)).unwrap();
    let path = folder.path().join("stream");
    let inner = inner[..inner.len() * 2 / 3].to_vec();
    let contents =
        [vec![sample::midi(1, 1, 900), inner], (2..30).map(|index| sample::midi(1, index, 900)).collect()]
            .concat();
    fs::write(&path, tar(&contents)).unwrap();
    let database = TestDatabase::create().await;
    let report = import_stream(&database, &path).await;
    assert!(count(&report, "inserted") > 40 && count(&report, "rejected") > 0, "{report}");
    let before = Rows::of(&database.url).await;
    for _ in 0..3 {
        let again = import_stream(&database, &path).await;
        assert_eq!(
            (count(&again, "inserted"), count(&again, "seen")),
            (0, count(&report, "seen")),
            "{again}"
        );
        before.assert_same(&Rows::of(&database.url).await, "the same stream again");
    }
}

/// What other compressors and archivers make of the same files.
fn packed(extension: &str, folder: &std::path::Path) -> std::path::PathBuf {
    use std::io::Write as _;

    let files: Vec<(String, Vec<u8>)> =
        (0..40).map(|index| (format!("{index}.mid"), sample::midi(31, index, 2_000))).collect();
    let path = folder.join(format!("set.{extension}"));
    if extension == "7z" {
        let mut writer = sevenz_rust2::ArchiveWriter::create(&path).unwrap();
        let entries = files.iter().map(|(name, _)| sevenz_rust2::ArchiveEntry::new_file(name)).collect();
        let contents: Vec<sevenz_rust2::SourceReader<_>> =
            files.iter().map(|(_, content)| content.as_slice().into()).collect();
        writer.push_archive_entries(entries, contents).unwrap();
        writer.finish().unwrap();
        return path;
    }
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in &files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, name, content.as_slice()).unwrap();
    }
    let tar = tar.into_inner().unwrap();
    let xz = |stream| {
        let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
        encoder.write_all(&tar).unwrap();
        encoder.finish().unwrap()
    };
    let packed = match extension {
        "tar.bz2" => {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(&tar).unwrap();
            encoder.finish().unwrap()
        }
        "tar.xz" => xz(liblzma::stream::Stream::new_easy_encoder(1, liblzma::stream::Check::Crc64).unwrap()),
        "tar.lzma" => {
            let options = liblzma::stream::LzmaOptions::new_preset(1).unwrap();
            xz(liblzma::stream::Stream::new_lzma_encoder(&options).unwrap())
        }
        _ => {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
            encoder.write_all(&tar).unwrap();
            encoder.finish().unwrap()
        }
    };
    fs::write(&path, packed).unwrap();
    path
}

#[tokio::test]
async fn every_compression_arrives() {
    let folder = passable_directory();
    for extension in ["tar.bz2", "tar.xz", "tar.lzma", "tar.lz4", "7z"] {
        let path = packed(extension, folder.path());
        let by_path = TestDatabase::create().await;
        import(&by_path, &[], &[&path]).await;
        let database = TestDatabase::create().await;
        let report = import_stream(&database, &path).await;
        assert_eq!(count(&report, "inserted"), 40, "{extension}: {report}");
        assert_eq!(places(&database.url).await, places(&by_path.url).await, "{extension}");
    }
}

#[tokio::test]
async fn a_stream_that_says_nothing_is_given_up() {
    let folder = passable_directory();
    let path = archive(folder.path(), Container::TarGz, 4, 60, 3_000);
    let whole = fs::read(&path).unwrap();
    let database = TestDatabase::create().await;
    let mut running =
        Program::on(&database, ["import", "--json", "--stall-timeout", "1", "-"]).held_open().start();
    let mut input = running.input();
    crate::program::feed(&mut input, &whole[..whole.len() / 2]);
    let ended = running.wait().expect(&[3]);
    drop(input);
    assert!((1..60).contains(&count(&ended.json(), "inserted")), "{}", ended.stdout);
    let reasons = crate::rows::reasons(&database.url).await;
    assert!(reasons.contains_key("limit_stall"), "{reasons:?}");
}
