//! The resolver: two statements a batch, one song a key, and no song that is no more.

use std::collections::HashSet;

use loader::songs::{self, Named, Resolver, SongId};
use sqlx::Executor as _;

use super::library;
use crate::harness::TestDatabase;
use crate::rows::number;

fn named(artist: &str, title: &str) -> Named {
    Named { artist: Some(artist.to_owned()), title: title.to_owned() }
}

const COUNT: &str = "SELECT count(*) FROM songs";

#[tokio::test]
async fn a_hundred_thousand_names_cost_two_statements_a_batch() {
    let database = TestDatabase::create().await;
    let mut connection = database.connect().await;
    // Each song under two spellings.
    let names: Vec<Named> = (0..100_000)
        .map(|number| match number % 2 {
            0 => named(&format!("Artist {}", number % 977), &format!("Title {}", number / 2)),
            _ => named(&format!("ARTIST {}", (number - 1) % 977), &format!("title_{} (v2)", number / 2)),
        })
        .collect();
    let mut resolver = Resolver::default();
    let found = resolver.resolve(&mut connection, &names).await.unwrap();
    assert_eq!(resolver.statements(), 2 * 10);
    assert_eq!(found.iter().flatten().collect::<HashSet<_>>().len(), 50_000);
    assert!(found.chunks(2).all(|pair| pair[0] == pair[1] && pair[0].is_some()));
    assert_eq!(number(&mut connection, COUNT).await, 50_000);

    // What is known is not asked for, only whether it still holds.
    assert_eq!(resolver.resolve(&mut connection, &names).await.unwrap(), found);
    assert_eq!(resolver.statements(), 3 * 10);
    // Another run has one look-up a batch, and makes nothing.
    let mut another = Resolver::default();
    assert_eq!(another.resolve(&mut connection, &names).await.unwrap(), found);
    assert_eq!(another.statements(), 10);
    assert_eq!(number(&mut connection, COUNT).await, 50_000);
}

#[tokio::test]
async fn resolvers_at_once_make_one_song_of_a_key() {
    let database = TestDatabase::create().await;
    let resolve = |shift: usize| {
        let url = database.url.clone();
        tokio::spawn(async move {
            let mut connection = crate::harness::connect_to(&url).await;
            let mut resolver = Resolver::default();
            let names: Vec<Named> = (0..4_000_usize)
                .map(|number| named("Artist", &format!("Title {}", (number * 7 + shift * 997) % 4_000)))
                .collect();
            let mut found: Vec<(String, Option<SongId>)> = Vec::new();
            for names in names.chunks(500) {
                let songs = resolver.resolve(&mut connection, names).await.unwrap();
                found.extend(names.iter().map(|name| name.title.clone()).zip(songs));
            }
            found.sort();
            found
        })
    };
    let running: Vec<_> = (0..6).map(resolve).collect();
    let mut all = Vec::new();
    for resolver in running {
        all.push(resolver.await.unwrap());
    }
    assert!(all.iter().all(|found| *found == all[0]));
    let mut connection = database.connect().await;
    assert_eq!(number(&mut connection, COUNT).await, 4_000);
}

#[tokio::test]
async fn what_a_resolver_remembers_ends_with_a_merge_a_split_and_a_deletion() {
    let (_folder, database) = library(&["A - One.mid", "B - Two.mid", "B - Two (v2).mid"]).await;
    let mut connection = database.connect().await;
    let names = [named("A", "One"), named("B", "Two")];
    let mut resolver = Resolver::default();
    let resolve = async |resolver: &mut Resolver| -> Vec<SongId> {
        let mut connection = database.connect().await;
        resolver.resolve(&mut connection, &names).await.unwrap().into_iter().flatten().collect()
    };
    let apart = resolve(&mut resolver).await;
    assert_ne!(apart[0], apart[1]);

    songs::merge(&mut connection, &[apart[1], apart[0]], false).await.unwrap();
    assert_eq!(resolve(&mut resolver).await, [apart[1], apart[1]], "merged");

    let one = super::file(&database, "A - One.mid").await;
    let split = songs::split(&mut connection, &[one], None, None, false).await.unwrap();
    assert_eq!((split.versions, split.names), (1, 1));
    assert_eq!(resolve(&mut resolver).await, [split.song.song, apart[1]], "split");

    songs::rename(&mut connection, apart[1], Some("C".to_owned()), None, false).await.unwrap();
    assert_eq!(resolve(&mut resolver).await, [split.song.song, apart[1]], "renamed");

    // The last content of a song goes, and the song with it.
    connection
        .execute("DELETE FROM file_locations; DELETE FROM musical_metadata; DELETE FROM files")
        .await
        .unwrap();
    assert_eq!(number(&mut connection, COUNT).await, 0);
    let anew = resolve(&mut resolver).await;
    assert!(!anew.contains(&apart[1]) && !anew.contains(&split.song.song), "{anew:?}");
    assert_eq!(number(&mut connection, COUNT).await, 2);
}
