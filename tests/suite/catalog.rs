//! The library for programs that embed the crate: whole batches in, out and looked up, whatever happens in between.

mod trouble;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use loader::batch::{FileRows, Finding, Item};
use loader::catalog::{Catalog, CatalogSettings, Original};
use loader::digest::{Digest, FileId};
use loader::midi::{Analyser, AnalysisLevel};
use loader::record::{SourceRow, SourceState};
use loader::sample;
use loader::sink::{SourceClose, WriterKind};
use loader::writer::BatchLimits;

use crate::harness::{TestDatabase, passable_directory};
use crate::import::import;
use crate::program::Program;
use crate::rows::{Rows, assert_whole, number};

/// Small batches, and no patience.
pub(crate) const SMALL: CatalogSettings = CatalogSettings {
    batch: BatchLimits { items: 16, bytes: 1 << 20 },
    look_up: 7,
    writer: WriterKind::Copy,
    retry_pauses: &[Duration::from_millis(1), Duration::from_millis(50), Duration::from_millis(200)],
};

/// A content, another for each number.
pub(crate) fn content(index: u64) -> Vec<u8> {
    sample::midi(5, index, 500)
}

/// Where it lies.
pub(crate) fn path(index: u64) -> PathBuf {
    PathBuf::from(format!("/own/{index}.mid"))
}

/// Its id.
pub(crate) fn id(index: u64) -> FileId {
    Digest::of(&content(index)).file_id()
}

/// Its rows and place.
pub(crate) fn item(run_id: i32, index: u64) -> Item {
    let content = content(index);
    let path = path(index);
    let original = Original { md5: true, ..Original::bare(&path, &content) };
    original.item(run_id, &mut Analyser::new(AnalysisLevel::Standard)).unwrap()
}

/// Its rows.
pub(crate) fn rows(item: &Item) -> Arc<FileRows> {
    let Finding::New(rows, _) = &item.finding else { panic!("no content: {item:?}") };
    Arc::clone(rows)
}

/// A database as an import leaves it, with nothing in it.
pub(crate) async fn library() -> TestDatabase {
    let (database, folder) = (TestDatabase::create().await, passable_directory());
    import(&database, &[], &[folder.path()]).await;
    database
}

/// A catalog with so many contents in it.
pub(crate) async fn filled(database: &TestDatabase, contents: u64) -> Catalog {
    let mut catalog = Catalog::open(database.target(), SMALL).await.unwrap();
    let run = catalog.run_id().await.unwrap();
    let outcome = catalog.insert((0..contents).map(|index| item(run, index)).collect()).await.unwrap();
    assert_eq!((outcome.applied, outcome.inserted), (contents, contents));
    assert_eq!((outcome.missing, outcome.refused), (vec![], vec![]));
    catalog
}

/// A program that embeds it may run it on any thread.
#[test]
fn its_futures_may_move() {
    fn may_move<T: Send>(_: impl FnOnce(&'static mut Catalog) -> T) {}
    may_move(|catalog| catalog.insert(Vec::new()));
    may_move(|catalog| catalog.update(Vec::new()));
    may_move(|catalog| catalog.delete(&[]));
    may_move(|catalog| catalog.mark_inactive(&[]));
    may_move(|catalog| catalog.by_digests(&[]));
    may_move(|catalog| catalog.by_paths(&["/a"]));
    may_move(|catalog| catalog.places(&[]));
    may_move(async |catalog| Box::pin(catalog.begin().await.unwrap().finish()).await);
}

/// What is inserted by a program is what an import would have stored.
#[tokio::test]
async fn the_rows_are_those_of_an_import() {
    let folder = passable_directory();
    let imported = TestDatabase::create().await;
    let own = library().await;
    let mut catalog = Catalog::open(own.target(), SMALL).await.unwrap();
    let mut session = catalog.begin().await.unwrap();
    for index in 0..50 {
        let path = folder.path().join(format!("{index:02} Nordwind - Heimweg_120bpm_Am.mid"));
        // The last ten are copies.
        let content = content(index.min(40));
        fs_err::write(&path, &content).unwrap();
        let modified_ns = loader::discover::FoundFile::look(path.clone()).unwrap().mtime_ns;
        let item = session.read(&Original { modified_ns, ..Original::bare(&path, &content) }).unwrap();
        session.add(item).await.unwrap();
    }
    assert_eq!(session.outcome().applied, 48, "three batches of sixteen are stored, two items wait");
    assert!(session.read(&Original::bare(Path::new("/none.mid"), b"no music")).is_err());
    let outcome = Box::pin(session.finish()).await.unwrap();
    assert_eq!((outcome.applied, outcome.inserted, outcome.refused.len()), (50, 41, 0));
    catalog.close().await.unwrap();
    // Which songs these are is found by whoever has the library's lock.
    Program::on(&own, ["songs", "resolve"]).run().expect(&[0]);
    import(&imported, &[], &[folder.path()]).await;
    Rows::of(&imported.url).await.assert_same(&Rows::of(&own.url).await, "by a program");
    assert_whole(&own.url, "after a session").await;
    let before = Rows::with_history(&own.url).await;
    import(&own, &[], &[folder.path()]).await;
    before.assert_same(&Rows::with_history(&own.url).await, "an import finds nothing to do");
}

#[tokio::test]
async fn look_ups_answer_in_the_order_of_what_was_asked() {
    let database = TestDatabase::create().await;
    let mut catalog = filled(&database, 40).await;
    // Every third is unknown.
    let asked: Vec<u64> =
        (0..40).map(|index| if index % 3 == 0 { 1_000 + index } else { 39 - index }).collect();
    let expected: Vec<_> = asked.iter().map(|index| (*index < 40).then(|| id(*index))).collect();
    let ids: Vec<_> = asked.iter().map(|index| id(*index)).collect();
    let digests: Vec<_> = asked.iter().map(|index| Digest::of(&content(*index))).collect();
    let sums: Vec<_> = asked.iter().map(|index| Digest::md5(&content(*index))).collect();
    let paths: Vec<_> = asked.iter().map(|index| path(*index).display().to_string()).collect();
    let found = [
        catalog.by_ids(&ids).await.unwrap(),
        catalog.by_digests(&digests).await.unwrap(),
        catalog.by_paths(&paths).await.unwrap(),
        catalog.by_md5(&sums).await.unwrap().into_iter().map(|found| found.into_iter().next()).collect(),
    ];
    for found in found {
        let ids: Vec<_> = found.iter().map(|found| found.as_ref().map(|content| content.id)).collect();
        assert_eq!(ids, expected);
        let known = found.iter().flatten().next().unwrap();
        assert_eq!((known.is_active, known.md5.is_some(), &*known.parse_status), (true, true, "clean"));
    }
    // A digest that only begins alike is another content.
    let mut other = *digests[1].as_bytes();
    other[31] ^= 1;
    assert_eq!(catalog.by_digests(&[Digest::from_bytes(other)]).await.unwrap(), [None]);
    let places = catalog.places(&ids[..3]).await.unwrap();
    assert_eq!(places[0], Vec::<String>::new());
    assert_eq!(places[1], [paths[1].clone()]);
    let signature: i64 = sqlx::query_scalar("SELECT note_signature FROM musical_metadata WHERE file_id = $1")
        .bind(ids[1].0)
        .fetch_one(&database.pool)
        .await
        .unwrap();
    let found = catalog.by_note_signatures(&[0, signature]).await.unwrap();
    assert!(found[0].is_empty() && found[1].iter().any(|content| content.id == ids[1]), "{found:?}");
    assert!(catalog.by_ids(&[]).await.unwrap().is_empty());
    // A content under a second path with the same MD5, BLAKE3 and notes stays one content with two places.
    catalog.close().await.unwrap();
}

#[tokio::test]
async fn archives_have_places_within() {
    let database = library().await;
    let mut catalog = Catalog::open(database.target(), SMALL).await.unwrap();
    let run = catalog.run_id().await.unwrap();
    let archive = Path::new("/own/pack.zip!/odd.zip");
    let source = SourceRow {
        id: loader::digest::SourceId::of(b"/own/pack.zip!/odd.zip").0,
        path: archive.display().to_string(),
        path_raw: None,
        kind: "zip",
        size_bytes: 1_000,
        mtime_ns: 7,
        state: SourceState::Loading.word(),
        entries: 0,
        not_midi: 0,
        first_run_id: run,
        inode: None,
        device: None,
    };
    catalog.register(std::slice::from_ref(&source)).await.unwrap();
    let mut session = catalog.begin().await.unwrap();
    let contents: Vec<_> = (0..20).map(content).collect();
    for (ordinal, content) in (0..).zip(&contents) {
        let entry = format!("in!/{ordinal}.mid");
        let original =
            Original { path: archive, entry: Some((&entry, ordinal)), modified_ns: 7, content, md5: false };
        let item = session.read(&original).unwrap();
        session.add(item).await.unwrap();
    }
    Box::pin(session.finish()).await.unwrap();
    let close = SourceClose {
        id: source.id,
        state: SourceState::Complete,
        kind: "zip",
        entries: 20,
        not_midi: 0,
        refused: false,
        gone: Vec::new(),
    };
    catalog.complete(&[close]).await.unwrap();
    let found =
        catalog.by_paths(&["/own/pack.zip!/odd.zip!/in!/3.mid", "/own/pack.zip!/3.mid"]).await.unwrap();
    assert_eq!(found[0].as_ref().map(|content| content.id), Some(id(3)));
    assert_eq!(found[1], None);
    catalog.delete(&[id(3), id(4)]).await.unwrap();
    catalog.close().await.unwrap();
    assert_whole(&database.url, "with a part of an archive deleted").await;
}

#[tokio::test]
async fn contents_change_vanish_and_go() {
    let database = library().await;
    let mut catalog = filled(&database, 40).await;
    let run = catalog.run_id().await.unwrap();
    let mut connection = database.connect().await;

    // Rows that say the same are not written; what was found anew is; what is not there is missing.
    let before = Rows::with_history(&database.url).await;
    let all: Vec<_> = (0..42).map(|index| rows(&item(run, index))).collect();
    let outcome = catalog.update(all.clone()).await.unwrap();
    assert_eq!((outcome.applied, outcome.missing), (40, vec![40, 41]));
    before.assert_same(&Rows::with_history(&database.url).await, "nothing new was found");
    let changed = all.iter().take(30).map(|rows| {
        let mut rows = (**rows).clone();
        rows.metadata.metadata.title = Some("another".to_owned());
        Arc::new(rows)
    });
    assert_eq!(catalog.update(changed.collect()).await.unwrap().applied, 30);
    let titled = "SELECT count(*) FROM musical_metadata WHERE title = 'another'";
    assert_eq!(number(&mut connection, titled).await, 30);

    let ids: Vec<_> = (35..45).rev().map(id).collect();
    let outcome = catalog.mark_inactive(&ids).await.unwrap();
    assert_eq!((outcome.applied, outcome.missing), (5, vec![0, 1, 2, 3, 4]));
    assert!(!catalog.by_ids(&[id(39)]).await.unwrap()[0].as_ref().unwrap().is_active);
    assert!(
        !catalog.by_paths(&[path(39).display().to_string()]).await.unwrap()[0].as_ref().unwrap().is_active
    );
    assert_eq!(catalog.places(&[id(39)]).await.unwrap(), [Vec::<String>::new()]);
    let inactive = "SELECT count(*) FROM file_locations WHERE NOT is_active";
    assert_eq!(number(&mut connection, inactive).await, 5);

    let outcome = catalog.delete(&ids).await.unwrap();
    assert_eq!((outcome.applied, outcome.missing.len()), (5, 5));
    for table in ["files", "musical_metadata", "file_locations", "sources"] {
        let query = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let count: i64 = sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap();
        assert_eq!(count, 35, "{table}");
    }
    let outcome = catalog.insert(vec![item(run, 39)]).await.unwrap();
    assert_eq!(outcome.inserted, 1, "what was deleted may come again");
    catalog.close().await.unwrap();
    assert_whole(&database.url, "after changes").await;
}

#[tokio::test]
async fn an_empty_library_and_nothing_to_do() {
    let database = TestDatabase::create().await;
    let mut catalog = Catalog::open(database.target(), CatalogSettings::default()).await.unwrap();
    assert_eq!(catalog.by_digests(&[Digest::of(b"x")]).await.unwrap(), [None]);
    assert_eq!(catalog.delete(&[id(1)]).await.unwrap().missing, [0]);
    assert_eq!(catalog.insert(Vec::new()).await.unwrap(), loader::catalog::Outcome::default());
    catalog.close().await.unwrap();
    let mut connection = database.connect().await;
    assert_eq!(number(&mut connection, "SELECT count(*) FROM runs").await, 0, "looking up is no run");
    let empty = TestDatabase::create_empty().await;
    let error = Catalog::open(empty.target(), CatalogSettings::default()).await.unwrap_err();
    assert_eq!(error.kind(), loader::error::ErrorKind::Schema);
}
