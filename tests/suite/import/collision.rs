//! Two contents with one id: the second is refused by name, at whatever moment it is noticed, and all others arrive.

use fs_err as fs;
use loader::digest::Digest;
use loader::sample;
use sqlx::postgres::PgConnection;

use super::{count, import};
use crate::harness::{TestDatabase, connect_to, passable_directory};
use crate::program::{Program, feed, until};
use crate::rows::{number, reasons, try_number};

/// Stores a content that has the id of another, and its metadata, as if some earlier import had.
async fn occupy(connection: &mut PgConnection, content: &[u8]) {
    let digest = Digest::of(content);
    let mut other = *digest.as_bytes();
    other[31] ^= 1;
    sqlx::query(
        "WITH run AS (
             INSERT INTO runs (state, mode, options, version, host) VALUES ('finished', 'normal', '{}', '', '')
             RETURNING id)
         INSERT INTO files (id, digest, size_bytes, parse_status, warnings, first_run_id)
         SELECT $1, $2, 77, 'clean', 0, id FROM run",
    )
    .bind(digest.file_id().0)
    .bind(other.to_vec())
    .execute(connection)
    .await
    .unwrap();
}

#[tokio::test]
async fn with_a_content_of_an_earlier_import() {
    let folder = passable_directory();
    let database = TestDatabase::create().await;
    import(&database, &[], &[folder.path()]).await;
    let unlucky = sample::midi(1, 1, 900);
    let mut connection = connect_to(&database.url).await;
    occupy(&mut connection, &unlucky).await;
    fs::write(folder.path().join("unlucky.mid"), &unlucky).unwrap();
    fs::write(folder.path().join("again.mid"), &unlucky).unwrap();
    for index in 2..20 {
        fs::write(folder.path().join(format!("{index}.mid")), sample::midi(1, index, 900)).unwrap();
    }
    let arguments = ["import".as_ref(), "--json".as_ref(), folder.path().as_os_str()];
    let report = Program::on(&database, arguments).run().expect(&[3]).json();
    assert_eq!((count(&report, "inserted"), count(&report, "rejected")), (18, 2), "{report}");
    assert_eq!(reasons(&database.url).await.into_iter().collect::<Vec<_>>(), [("id_collision".into(), 2)]);
    let kept = number(&mut connection, "SELECT count(*) FROM files WHERE size_bytes = 77").await;
    assert_eq!(kept, 1, "what was there stays");
}

/// The other content is stored after this run has learnt what there is: only the database can notice.
#[tokio::test]
async fn with_a_content_that_appears_meanwhile() {
    for writer in ["copy", "unnest"] {
        let database = TestDatabase::create().await;
        let arguments = ["import", "--json", "--writer", writer, "--connections", "1", "-"];
        let mut running = Program::on(&database, arguments).held_open().start();
        let loading = "SELECT count(*) FROM runs WHERE progress->>'phase' = 'loading'";
        until("it waits for its input", async || try_number(&database.url, loading).await == Some(1)).await;
        let folder = passable_directory();
        let tar = tar_of(folder.path());
        let mut connection = connect_to(&database.url).await;
        occupy(&mut connection, &sample::midi(1, 3, 900)).await;
        let mut input = running.input();
        feed(&mut input, &tar);
        drop(input);
        let report = running.wait().expect(&[3]).json();
        assert_eq!((count(&report, "inserted"), count(&report, "rejected")), (11, 2), "{writer}: {report}");
        let found: Vec<_> = reasons(&database.url).await.into_iter().collect();
        assert_eq!(found, [("id_collision".into(), 2)], "{writer}");
    }
}

/// A tar of twelve contents, the fourth of them twice.
fn tar_of(folder: &std::path::Path) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (number, index) in [0, 1, 2, 3, 4, 5, 6, 3, 7, 8, 9, 10, 11].into_iter().enumerate() {
        let path = folder.join("piece.mid");
        fs::write(&path, sample::midi(1, index, 900)).unwrap();
        tar.append_path_with_name(&path, format!("{number}.mid")).unwrap();
    }
    tar.into_inner().unwrap()
}
