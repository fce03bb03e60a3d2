//! Merge, split and rename: what they change, what they refuse, and what they leave alone with `--dry-run`.

use super::{ABBA, file, groups, library, listed, number_of, songs};
use crate::rows::{Rows, number};

#[tokio::test]
async fn songs_are_merged() {
    let (_folder, database) = library(ABBA).await;
    let (abba, plain) = (number_of(&database, "ABBA - Waterloo"), number_of(&database, "? - Waterloo"));
    let (abba, plain) = (abba.to_string(), plain.to_string());
    let before = Rows::with_history(&database.url).await;
    let trial = songs(&database, &["merge", &abba, &plain, "--dry-run"]).expect(&[0]);
    trial.says(&["would be merged", "ABBA - Waterloo", "1 version", "nothing was done"]);
    before.assert_same(&Rows::with_history(&database.url).await, "a dry run");

    songs(&database, &["merge", &abba, &plain]).expect(&[0]).says(&["merged: "]);
    let groups = groups(&database);
    assert_eq!((groups.len(), groups["ABBA - Waterloo"].len()), (3, 6));
    let mut connection = database.connect().await;
    assert_eq!(
        number(&mut connection, "SELECT count(*) FROM song_lookup").await,
        4,
        "all names lead somewhere"
    );
    songs(&database, &["merge", &abba, &plain]).expect(&[2]).is_well_formed_error();
}

#[tokio::test]
async fn a_version_is_split_off() {
    let (_folder, database) = library(ABBA).await;
    let karaoke = file(&database, "03 - Abba - Waterloo [Karaoke].mid").await.to_string();
    let before = Rows::with_history(&database.url).await;
    let arguments = ["split", &karaoke, "--title", "Waterloo for singers"];
    let trial = songs(&database, &[&arguments[..], &["-n"]].concat()).expect(&[0]);
    trial.says(&["would be split", "Waterloo for singers"]);
    before.assert_same(&Rows::with_history(&database.url).await, "a dry run");

    let split = songs(&database, &[&arguments[..], &["--json"]].concat()).expect(&[0]).json();
    assert_eq!((split["versions"].as_u64(), split["names"].as_u64()), (Some(1), Some(0)), "{split}");
    let groups = groups(&database);
    assert_eq!(groups["ABBA - Waterloo"].len(), 4);
    assert_eq!(groups["Abba - Waterloo for singers"], ["03 - Abba - Waterloo [Karaoke].mid"]);
    let chosen: Vec<_> = listed(&database, &["singers"]);
    assert_eq!(chosen[0]["versions"][0]["is_chosen"], true);

    // Back again it needs nobody's word.
    let (abba, singers) =
        (number_of(&database, "ABBA - Waterloo"), number_of(&database, "Abba - Waterloo for singers"));
    songs(&database, &["merge", &abba.to_string(), &singers.to_string()]).expect(&[0]);
    let mut connection = database.connect().await;
    assert_eq!(number(&mut connection, "SELECT count(*) FROM file_songs WHERE is_chosen").await, 0);
}

#[tokio::test]
async fn a_split_undoes_a_merge() {
    let (folder, database) = library(ABBA).await;
    let (abba, plain) = (number_of(&database, "ABBA - Waterloo"), number_of(&database, "? - Waterloo"));
    songs(&database, &["merge", &abba.to_string(), &plain.to_string()]).expect(&[0]);
    let path = folder.path().join("Waterloo.mid");
    let content = loader::digest::Digest::of(&fs_err::read(path).unwrap()).file_id().0;
    let split = songs(&database, &["split", &content.to_string(), "--json"]).expect(&[0]).json();
    assert_eq!(split["names"], 1, "{split}");
    let mut connection = database.connect().await;
    assert_eq!(number(&mut connection, "SELECT count(*) FROM file_songs WHERE is_chosen").await, 0);
    assert_eq!(groups(&database)["? - Waterloo"], ["Waterloo.mid"]);
}

#[tokio::test]
async fn a_song_is_renamed() {
    let (_folder, database) = library(ABBA).await;
    let song = number_of(&database, "BEYONCE - HALO").to_string();
    let (before, plain) = (Rows::with_history(&database.url).await, Rows::of(&database.url).await);
    songs(&database, &["rename", &song, "--artist", "Beyoncé", "--dry-run"]).expect(&[0]).says(&["would be"]);
    before.assert_same(&Rows::with_history(&database.url).await, "a dry run");
    songs(&database, &["rename", &song, "--artist", "Beyoncé", "--title", "Halo"]).expect(&[0]);
    assert_eq!(groups(&database)["Beyoncé - Halo"].len(), 2);
    songs(&database, &["rename", &song, "--artist", ""]).expect(&[0]);
    assert_eq!(groups(&database)["? - Halo"].len(), 2);

    let renamed = Rows::with_history(&database.url).await;
    let undo = ["rename", &song, "--undo"];
    songs(&database, &[&undo[..], &["-n"]].concat()).expect(&[0]).says(&["would be", "BEYONCE - HALO"]);
    renamed.assert_same(&Rows::with_history(&database.url).await, "a dry run of the way back");
    songs(&database, &undo).expect(&[0]).says(&["BEYONCE - HALO"]);
    plain.assert_same(&Rows::of(&database.url).await, "undone");
    songs(&database, &[&undo[..], &["--title", "x"]].concat()).expect(&[2]);
}

#[tokio::test]
async fn versions_are_split_off_by_their_paths() {
    let (folder, database) = library(ABBA).await;
    let archive = folder.path().join("pack.zip");
    let mut zip = zip::ZipWriter::new(fs_err::File::create(&archive).unwrap());
    zip.start_file("live/ABBA - Waterloo (live).mid", zip::write::SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut zip, &crate::check::tune("", &[60, 62, 64, 67])).unwrap();
    zip.finish().unwrap();
    crate::import::import(&database, &[], &[folder.path()]).await;
    let paths = ["old/abba_-_waterloo.mid", "pack.zip!/live/ABBA - Waterloo (live).mid"];
    let paths = paths.map(|path| folder.path().join(path).to_str().unwrap().to_owned());
    let number = file(&database, "03 - Abba - Waterloo [Karaoke].mid").await.to_string();
    let split = ["split", &paths[0], &number, &paths[1], "--title", "Others"];
    songs(&database, &split).expect(&[0]).says(&["3 versions"]);
    assert_eq!(listed(&database, &["others"])[0]["versions"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_a_remedy() {
    let (_folder, database) = library(ABBA).await;
    let song = number_of(&database, "? - Waterloo").to_string();
    let (only, none) = (file(&database, "Waterloo.mid").await, file(&database, "01.mid").await);
    let (help, halo) =
        (file(&database, "Beatles - Help.mid").await, file(&database, "BEYONCE - HALO.mid").await);
    let [only, none, help, halo] = [only, none, help, halo].map(|id| id.to_string());
    let before = Rows::with_history(&database.url).await;
    for (arguments, message) in [
        (&["merge", &song, "999999"][..], "there is no song 999999"),
        (&["merge", &song, &song], "a merge takes two songs"),
        (&["rename", "999999", "--title", "x"], "there is no song 999999"),
        (&["rename", &song, "--title", "?!"], "a letter or a digit"),
        (&["split", &only], "nothing would be left of it"),
        (&["split", &none], "belongs to no song"),
        (&["split", "5"], "belongs to no song"),
        (&["split", "no/such.mid"], "nothing at"),
        (&["split", &help, &halo], "versions of one song"),
    ] {
        let refused = songs(&database, arguments).expect(&[2]);
        refused.is_well_formed_error();
        refused.says(&[message]);
    }
    before.assert_same(&Rows::with_history(&database.url).await, "refused");
}
