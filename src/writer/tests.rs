//! What a writer does about a sink's errors, shown with a library in memory and faults made on purpose.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering::Relaxed;

use tokio::sync::mpsc::unbounded_channel;

use super::*;
use crate::record::{FileRow, Metadata, MetadataRow, SourceRow, SourceState};
use crate::sink::{Fault, FaultySink, MemoryLibrary, MemorySink};
use crate::songs::Called;

const NO_PAUSE: &[Duration] = &[Duration::ZERO; 3];
const LIMITS: BatchLimits = BatchLimits { items: 8, bytes: 1 << 20 };

fn place(file: i64, ordinal: i64) -> LocationRow {
    LocationRow {
        source_id: 1,
        entry_ordinal: ordinal,
        file_id: file,
        run_id: 1,
        entry_path: Some(format!("{ordinal}.mid")),
        entry_path_raw: None,
        name: format!("{ordinal}.mid"),
        extension: "mid".to_owned(),
        name_encoding: "utf-8",
        name_bpm: None,
        name_key: None,
        name_bars: None,
        name_artist: None,
        name_title: None,
    }
}

fn new(file: i64, ordinal: i64) -> Item {
    new_with_digest(file, ordinal, [u8::try_from(file % 251).unwrap(); 32])
}

fn new_with_digest(file: i64, ordinal: i64, digest: [u8; 32]) -> Item {
    let parse_status = "clean";
    let file_row =
        FileRow { id: file, digest, size_bytes: 1, parse_status, warnings: 0, first_run_id: 1, md5: None };
    let metadata = MetadataRow { file_id: file, metadata: Metadata::default() };
    let rows = Arc::new(FileRows { file: file_row, metadata, called: Called::Open });
    Item { source: None, finding: Finding::New(rows, place(file, ordinal)) }
}

fn duplicate(file: i64, ordinal: i64) -> Item {
    Item { source: None, finding: Finding::Duplicate(place(file, ordinal)) }
}

fn source() -> SourceRow {
    SourceRow {
        id: 1,
        path: "/a.zip".to_owned(),
        path_raw: None,
        kind: "zip",
        size_bytes: 1,
        mtime_ns: 0,
        state: SourceState::Loading.word(),
        entries: 0,
        not_midi: 0,
        first_run_id: 1,
        inode: None,
        device: None,
    }
}

/// What a run of these deliveries leaves behind: the result, the library, the counters, the calls of `store`.
async fn run(
    deliveries: Vec<Vec<Item>>,
    faults: Vec<Fault>,
    library: MemorySink,
) -> (Result<()>, MemoryLibrary, Arc<Counters>, usize) {
    let mut memory = library.clone();
    memory.register(&[source()]).await.unwrap();
    let (closed, _closes) = unbounded_channel();
    let ledger = Arc::new(Ledger::new(closed));
    let counters = Arc::new(Counters::default());
    let sink = FaultySink::new(memory, faults);
    let calls = sink.clone();
    let registry = Arc::new(Registry::default());
    registry.add(std::iter::once(1));
    let writer = Writer::new(sink, LIMITS, (Arc::clone(&ledger), registry), Arc::clone(&counters), 1)
        .with_retry_pauses(NO_PAUSE);
    let (sender, inbox) = unbounded_channel();
    for items in deliveries {
        ledger.sending(1, items.len() as u64);
        sender.send(Delivery { items, permit: None, merge: false }).unwrap();
    }
    drop(sender);
    let result = writer.run(inbox, Pool::new(1 << 20, 0)).await.map(|_| ());
    (result, library.library(), counters, calls.calls())
}

fn stored(library: &MemoryLibrary) -> (Vec<i64>, Vec<i64>, Vec<(i64, &'static str)>) {
    let files = library.files.keys().copied().collect();
    let places = library.locations.keys().map(|(_, ordinal)| *ordinal).collect();
    let rejects = library.rejects.iter().map(|((_, ordinal), reject)| (*ordinal, reject.reason)).collect();
    (files, places, rejects)
}

#[tokio::test]
async fn batches_close_at_their_limit() {
    let items: Vec<_> = (0..20).map(|id| new(id, id)).collect();
    let (result, library, counters, calls) = run(vec![items], vec![], MemorySink::default()).await;
    assert!(result.is_ok());
    assert_eq!(library.files.len(), 20);
    assert_eq!(calls, 3, "20 items in batches of 8");
    assert_eq!(counters.inserted.load(Relaxed), 20);
}

#[tokio::test]
async fn a_batch_that_meets_known_rows_is_merged_and_never_halved() {
    let library = MemorySink::default();
    run(vec![vec![new(1, 1), new(2, 2)]], vec![], library.clone()).await.0.unwrap();
    let again = vec![vec![new(1, 1), new(2, 2), new(3, 3), duplicate(1, 4)]];
    let (result, stored_now, counters, calls) = run(again, vec![], library).await;
    assert!(result.is_ok());
    assert_eq!(stored(&stored_now), (vec![1, 2, 3], vec![1, 2, 3, 4], vec![]));
    assert_eq!(calls, 2, "once fresh, once merged");
    assert_eq!(counters.inserted.load(Relaxed), 1);
}

#[tokio::test]
async fn the_bad_item_is_found_and_every_other_arrives() {
    for bad in 0..8 {
        let refuse = Fault::Refuse(Arc::new(move |item| {
            item.file_id().is_some_and(|id| id.0 == bad) && !matches!(item.finding, Finding::Rejected(_))
        }));
        let items: Vec<_> = (0..8).map(|id| new(id, id)).collect();
        let (result, library, counters, _) = run(vec![items], vec![refuse], MemorySink::default()).await;
        assert!(result.is_ok());
        let others: Vec<_> = (0..8).filter(|id| *id != bad).collect();
        assert_eq!(stored(&library), (others.clone(), others, vec![(bad, "database_refused")]));
        assert_eq!((counters.inserted.load(Relaxed), counters.rejected.load(Relaxed)), (7, 1));
    }
}

#[tokio::test]
async fn a_duplicate_of_a_refused_content_brings_it_in() {
    // The place at ordinal 1 is refused, whatever it holds; the content itself is fine.
    let refuse = Fault::Refuse(Arc::new(|item| match &item.finding {
        Finding::New(_, place) | Finding::Duplicate(place) => place.entry_ordinal == 1,
        _ => false,
    }));
    for deliveries in [
        vec![vec![new(7, 1), duplicate(7, 2), duplicate(7, 3), new(8, 4)]],
        vec![
            vec![new(7, 1), new(8, 4)],
            (10..18).map(|id| new(id, id)).collect(),
            vec![duplicate(7, 2), duplicate(7, 3)],
        ],
    ] {
        let (result, library, ..) = run(deliveries, vec![refuse.clone()], MemorySink::default()).await;
        assert!(result.is_ok());
        let (files, places, rejects) = stored(&library);
        assert!(BTreeSet::from([7, 8]).is_subset(&files.into_iter().collect()));
        assert!(BTreeSet::from([2, 3, 4]).is_subset(&places.into_iter().collect()));
        assert_eq!(rejects, [(1, "database_refused")]);
    }
}

#[tokio::test]
async fn duplicates_of_a_content_that_cannot_be_stored_are_rejected_with_it() {
    let refuse =
        Fault::Refuse(Arc::new(|item| matches!(&item.finding, Finding::New(rows, _) if rows.file.id == 7)));
    let items = vec![new(7, 1), duplicate(7, 2), new(8, 3)];
    let (result, library, ..) = run(vec![items], vec![refuse], MemorySink::default()).await;
    assert!(result.is_ok());
    let rejected = vec![(1, "database_refused"), (2, "database_refused")];
    assert_eq!(stored(&library), (vec![8], vec![3], rejected));
}

#[tokio::test]
async fn a_lost_answer_stores_nothing_twice() {
    let items: Vec<_> = (0..8).map(|id| new(id, id)).collect();
    let (result, library, _, calls) =
        run(vec![items], vec![Fault::LoseAnswer(1)], MemorySink::default()).await;
    assert!(result.is_ok());
    assert_eq!((library.files.len(), library.locations.len(), calls), (8, 8, 2));
}

#[tokio::test]
async fn transient_errors_are_retried_and_then_end_the_run() {
    let once = vec![Fault::FailCall(1, SinkErrorKind::Transient)];
    let (result, library, ..) = run(vec![vec![new(1, 1)]], once, MemorySink::default()).await;
    assert!(result.is_ok());
    assert_eq!(library.files.len(), 1);

    let always = (1..=10).map(|call| Fault::FailCall(call, SinkErrorKind::Transient)).collect();
    let (result, library, _, calls) = run(vec![vec![new(1, 1)]], always, MemorySink::default()).await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Unreachable);
    assert_eq!((library.files.len(), calls), (0, 1 + NO_PAUSE.len()));
}

#[tokio::test]
async fn what_a_crash_may_have_taken_is_not_built_upon() {
    let faults = vec![Fault::FailCall(1, SinkErrorKind::Lost)];
    let (result, _, _, calls) = run(vec![vec![new(1, 1)]], faults, MemorySink::default()).await;
    let error = result.unwrap_err();
    assert_eq!((error.kind(), calls), (ErrorKind::Run, 1));
    assert!(error.hint().unwrap().contains("run the same command again"));
}

#[tokio::test]
async fn a_full_disk_ends_the_run_at_once() {
    let faults = vec![Fault::FailCall(1, SinkErrorKind::DiskFull)];
    let (result, _, _, calls) = run(vec![vec![new(1, 1)]], faults, MemorySink::default()).await;
    let error = result.unwrap_err();
    assert_eq!((error.kind(), calls), (ErrorKind::Run, 1));
    assert!(error.hint().unwrap().contains("free some space"));
}

#[tokio::test]
async fn an_id_that_another_content_has_is_a_collision() {
    let library = MemorySink::default();
    run(vec![vec![new_with_digest(7, 1, [1; 32])]], vec![], library.clone()).await.0.unwrap();
    let other = vec![vec![new_with_digest(7, 2, [2; 32]), new(8, 3)]];
    let (result, library, counters, _) = run(other, vec![], library).await;
    assert!(result.is_ok());
    assert_eq!(stored(&library), (vec![7, 8], vec![1, 3], vec![(2, "id_collision")]));
    assert_eq!(library.files[&7].file.digest, [1; 32]);
    assert_eq!((counters.inserted.load(Relaxed), counters.rejected.load(Relaxed)), (1, 1));
}
