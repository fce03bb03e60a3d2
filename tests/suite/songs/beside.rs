//! Songs beside others who are at work on them: who waits for whom, who is killed, and what is gone meanwhile.

use std::fs;
use std::path::Path;

use loader::songs::{self, Named, Resolver, SongId};
use sqlx::{Connection as _, Executor as _};

use super::{ABBA, groups, library, number_of, write};
use crate::harness::{TestDatabase, connect_to, passable_directory};
use crate::import::import;
use crate::program::Program;
use crate::rescan::lock_is_free;
use crate::rows::{Rows, assert_sorted, number};

/// Kills an import that waits for the songs, as while another one is merged; answers how many contents it has stored.
async fn killed(database: &TestDatabase, folder: &Path) -> i64 {
    let mut merging = database.connect().await;
    merging.execute("BEGIN; LOCK TABLE song_lookup IN EXCLUSIVE MODE").await.unwrap();
    let mut running = Program::on(database, ["import".as_ref(), folder.as_os_str()]).start();
    running.stands_before(&mut merging, 1).await;
    running.signal("-KILL");
    running.wait();
    merging.close().await.unwrap();
    let mut connection = database.connect().await;
    lock_is_free(database).await;
    assert_eq!(number(&mut connection, "SELECT count(*) FROM songs").await, 0);
    number(&mut connection, "SELECT count(*) FROM files").await
}

#[tokio::test]
async fn killed_while_it_stores_an_import_leaves_contents_and_songs_to_the_next() {
    let (folder, expected) = library(ABBA).await;
    let expected = Rows::of(&expected.url).await;
    let database = TestDatabase::create().await;
    assert_eq!(killed(&database, folder.path()).await, 0);
    import(&database, &[], &[folder.path()]).await;
    expected.assert_same(&Rows::of(&database.url).await, "the next import");
}

#[tokio::test]
async fn killed_while_it_sorts_an_import_leaves_that_to_the_next() {
    // What lies in two places is sorted when both are stored.
    let folder = passable_directory();
    write(folder.path(), ABBA);
    for (number, name) in ABBA.iter().enumerate() {
        fs::copy(folder.path().join(name), folder.path().join(format!("{number}.mid"))).unwrap();
    }
    let expected = TestDatabase::create().await;
    import(&expected, &[], &[folder.path()]).await;
    let expected = Rows::of(&expected.url).await;
    let database = TestDatabase::create().await;
    assert_eq!(killed(&database, folder.path()).await, i64::try_from(ABBA.len()).unwrap());
    import(&database, &[], &[folder.path()]).await;
    expected.assert_same(&Rows::of(&database.url).await, "the next import");
}

#[tokio::test]
async fn a_merge_may_come_in_the_middle_of_an_import() {
    let (folder, database) = library(ABBA).await;
    let (abba, plain) = (number_of(&database, "ABBA - Waterloo"), number_of(&database, "? - Waterloo"));
    let songs = [SongId(abba), SongId(plain)];
    write(folder.path(), &["more/Waterloo.mid", "more/ABBA - Waterloo.mid"]);
    let mut holding = database.connect().await;
    holding.execute("BEGIN; LOCK TABLE song_lookup IN SHARE MODE").await.unwrap();
    let mut running = Program::on(&database, ["import".as_ref(), folder.path().as_os_str()]).start();
    running.stands_before(&mut holding, 1).await;
    let url = database.url.clone();
    let merging = tokio::spawn(async move {
        let mut connection = connect_to(&url).await;
        songs::merge(&mut connection, &songs, false).await.map(|merged| merged.versions)
    });
    holding.execute("COMMIT").await.unwrap();
    running.wait().expect(&[0]);
    let versions = merging.await.unwrap().unwrap();
    assert!((1..=2).contains(&versions), "{versions}");
    // Whichever came first.
    assert_eq!(groups(&database)["ABBA - Waterloo"].len(), 8);
    assert_sorted(&database.url, "a merge beside an import").await;
}

#[tokio::test]
async fn a_song_that_is_deleted_just_now_is_made_anew() {
    let (_folder, database) = library(&["A - One.mid"]).await;
    let mut connection = database.connect().await;
    let again = "DELETE FROM file_songs; INSERT INTO loader.unsorted_contents SELECT id FROM files";
    connection.execute(again).await.unwrap();
    let name = Named { artist: Some("A".to_owned()), title: "One".to_owned() };
    let song = Resolver::default().resolve(&mut connection, &[name]).await.unwrap()[0].unwrap();
    let mut deleting = connection.begin().await.unwrap();
    sqlx::query("DELETE FROM songs WHERE id = $1").bind(song.0).execute(&mut *deleting).await.unwrap();
    let mut running = Program::on(&database, ["songs", "resolve"]).start();
    running.stands_before(&mut deleting, 1).await;
    deleting.commit().await.unwrap();
    running.wait().expect(&[0]).says(&["1 song made"]);
    assert_sorted(&database.url, "afterwards").await;
    assert_ne!(number_of(&database, "A - One"), song.0);
}

#[tokio::test]
async fn an_import_waits_for_whoever_deletes_the_song_that_it_finds() {
    let (folder, database) = library(&["B - Two.mid"]).await;
    let mut connection = database.connect().await;
    let name = Named { artist: Some("A".to_owned()), title: "One".to_owned() };
    let song = Resolver::default().resolve(&mut connection, &[name]).await.unwrap()[0].unwrap();
    let mut deleting = connection.begin().await.unwrap();
    sqlx::query("DELETE FROM songs WHERE id = $1").bind(song.0).execute(&mut *deleting).await.unwrap();
    // One content alone is a batch that cannot be halved.
    write(folder.path(), &["A - One.mid"]);
    let mut running = Program::on(&database, ["import".as_ref(), folder.path().as_os_str()]).start();
    running.stands_before(&mut deleting, 1).await;
    deleting.commit().await.unwrap();
    running.wait().expect(&[0]);
    assert_sorted(&database.url, "afterwards").await;
    assert_ne!(number_of(&database, "A - One"), song.0);
}
