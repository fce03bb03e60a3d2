//! What a person did to songs stays, whatever is imported, analysed or found again; and a song goes with its last version.

use std::time::{Duration, SystemTime};

use fs_err as fs;
use loader::catalog::{Catalog, CatalogSettings};
use loader::digest::FileId;

use super::{ABBA, file, groups, library, listed, number_of, songs, write};
use crate::harness::TestDatabase;
use crate::import::import;
use crate::program::Program;
use crate::rows::{Rows, number};

/// Merges, splits and renames.
async fn edit(database: &TestDatabase) {
    let (abba, plain) = (number_of(database, "ABBA - Waterloo"), number_of(database, "? - Waterloo"));
    songs(database, &["merge", &plain.to_string(), &abba.to_string()]).expect(&[0]);
    let live = file(database, "Help! (live).mid").await.to_string();
    songs(database, &["split", &live, "--title", "Help live"]).expect(&[0]);
    let halo = number_of(database, "BEYONCE - HALO").to_string();
    songs(database, &["rename", &halo, "--title", "The Halo"]).expect(&[0]);
}

#[tokio::test]
async fn whatever_is_done_afterwards() {
    let (folder, database) = library(ABBA).await;
    edit(&database).await;
    let edited = groups(&database);
    let names: Vec<_> = edited.keys().map(String::as_str).collect();
    assert_eq!(names, ["? - Waterloo", "BEYONCE - The Halo", "Beatles - Help", "The Beatles - Help live"]);
    assert_eq!(edited["? - Waterloo"].len(), 6);
    let rows = Rows::of(&database.url).await;
    for how in ["import", "force", "verify", "analyze", "resolve"] {
        match how {
            "import" => drop(import(&database, &[], &[folder.path()]).await),
            "force" => drop(
                Program::on(&database, ["import".as_ref(), "--force".as_ref(), folder.path().as_os_str()])
                    .run()
                    .expect(&[0]),
            ),
            "verify" => drop(import(&database, &["--verify"], &[folder.path()]).await),
            "analyze" => drop(Program::on(&database, ["analyze", "--all"]).run().expect(&[0])),
            _ => drop(songs(&database, &["resolve", "--all"]).expect(&[0])),
        }
        rows.assert_same(&Rows::of(&database.url).await, how);
    }
    // Touched, moved, away and back.
    for name in ABBA {
        let file = fs::OpenOptions::new().write(true).open(folder.path().join(name)).unwrap().into_parts().0;
        file.set_modified(SystemTime::now() + Duration::from_secs(99)).unwrap();
    }
    import(&database, &[], &[folder.path()]).await;
    assert_eq!(groups(&database), edited, "touched");
    let aside = folder.path().parent().unwrap().join("songs-aside");
    let _ = fs::remove_dir_all(&aside);
    fs::rename(folder.path().join("B"), &aside).unwrap();
    import(&database, &[], &[folder.path()]).await;
    assert_eq!(listed(&database, &["help"]).len(), 1, "what lies nowhere is not listed");
    fs::rename(&aside, folder.path().join("B")).unwrap();
    import(&database, &[], &[folder.path()]).await;
    assert_eq!(groups(&database), edited, "back again");

    // What is new comes to where its name leads.
    write(folder.path(), &["more/ABBA - Waterloo (remix).mid", "more/Waterloo (remix).mid"]);
    import(&database, &[], &[folder.path()]).await;
    let after = groups(&database);
    assert_eq!((after.len(), after["? - Waterloo"].len()), (4, 8));
}

#[tokio::test]
async fn a_song_goes_with_its_last_version() {
    let (folder, database) = library(ABBA).await;
    let mut connection = database.connect().await;
    for name in ["BEYONCE - HALO.mid", "Beyoncé - Halo (feat. Nobody).mid", "ABBA - Waterloo.mid"] {
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    import(&database, &[], &[folder.path()]).await;
    assert!(!groups(&database).contains_key("BEYONCE - HALO"));
    assert_eq!(number(&mut connection, "SELECT count(*) FROM songs").await, 4, "until it is pruned");
    Program::on(&database, ["prune"]).run().expect(&[0]);
    assert_eq!(number(&mut connection, "SELECT count(*) FROM songs").await, 3);
    assert_eq!(number(&mut connection, "SELECT count(*) FROM song_lookup").await, 3);
    assert_eq!(number(&mut connection, "SELECT count(*) FROM file_songs").await, 8);

    let help: Vec<FileId> = sqlx::query_scalar(
        "SELECT file_id FROM file_songs JOIN songs ON id = song_id WHERE title_key = 'help'",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap()
    .into_iter()
    .map(FileId)
    .collect();
    assert_eq!(help.len(), 3);
    let mut catalog = Catalog::open(database.target(), CatalogSettings::default()).await.unwrap();
    catalog.delete(&help).await.unwrap();
    catalog.close().await.unwrap();
    assert_eq!(number(&mut connection, "SELECT count(*) FROM songs").await, 2);
}
