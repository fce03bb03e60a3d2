//! The cases, one after the other for each fault, and the ones that are always run.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use super::injection::inject;
use super::moments::reach;
use super::stage::{Stage, import};
use super::state::{State, assert_nothing_left};
use super::verdict::{judge, judge_status};
use super::{Case, Fault, MODES, Phase};
use crate::dice::Dice;
use crate::harness::passable_directory;
use crate::program::is_long;
use crate::rows::{Rows, assert_whole, collection, make_large};

/// Those that are always run: they meet everything at least once.
const ALWAYS: [(&str, Fault, Phase); 10] = [
    ("normal", Fault::LoaderKilled, Phase::MidLoad),
    ("fast", Fault::LoaderKilled, Phase::Building),
    ("fast", Fault::ServerKilled, Phase::MidLoad),
    ("ludicrous", Fault::ServerKilled, Phase::Suspending),
    ("ludicrous", Fault::ServerKilled, Phase::RestoringSettings),
    ("fast", Fault::ServerStopped, Phase::Building),
    ("normal", Fault::ConnectionCut, Phase::BeforeTheFirstBatch),
    ("ludicrous", Fault::ConnectionCut, Phase::MidLoad),
    ("normal", Fault::DiskFull, Phase::Building),
    ("fast", Fault::DiskFull, Phase::Restoring),
];

#[tokio::test]
async fn the_loader_is_killed() {
    run(Fault::LoaderKilled).await;
}

#[tokio::test]
async fn the_server_is_killed() {
    run(Fault::ServerKilled).await;
}

#[tokio::test]
async fn the_server_is_stopped() {
    run(Fault::ServerStopped).await;
}

#[tokio::test]
async fn the_connection_is_cut() {
    run(Fault::ConnectionCut).await;
}

#[tokio::test]
async fn the_disk_is_full() {
    run(Fault::DiskFull).await;
}

#[test]
fn the_selection_meets_everything() {
    assert_eq!(Case::matrix().count(), 75);
    let always: Vec<Case> = Case::all().filter(is_always).collect();
    assert_eq!(always.len(), ALWAYS.len(), "each is a case, and none stands there twice");
    for mode in MODES {
        assert!(always.iter().any(|case| case.mode == mode), "{mode}");
    }
    for fault in Fault::ALL {
        assert!(always.iter().any(|case| case.fault == fault), "{fault:?}");
    }
    for phase in Phase::ALL {
        assert!(always.iter().any(|case| case.phase == phase), "{phase:?}");
    }
}

/// All in the long form, else those that are always run; `LOADER_TEST_CASE="fast, ServerKilled, MidLoad"` chooses.
fn is_wanted(case: Case) -> bool {
    match std::env::var("LOADER_TEST_CASE") {
        Ok(chosen) => case.to_string().contains(&chosen),
        Err(_) => is_long() || is_always(&case),
    }
}

fn is_always(case: &Case) -> bool {
    ALWAYS.contains(&(case.mode, case.fault, case.phase))
}

/// A collection, and the rows of an undisturbed import of it.
struct Collection {
    folder: tempfile::TempDir,
    rows: Rows,
}

impl Collection {
    async fn make(stage: &mut Stage, is_large: bool) -> Self {
        let folder = passable_directory();
        collection(folder.path(), 420);
        if is_large {
            make_large(folder.path());
        }
        stage.clear().await;
        stage.finish(&import(folder.path(), "normal", "copy")).finished();
        Self { rows: Rows::of(&stage.url()).await, folder }
    }
}

/// Runs the cases of a fault. One that fails does not keep the others from being tried.
async fn run(fault: Fault) {
    let dice = Dice::seeded();

    let Some(mut stage) = Stage::set(fault).await else { return };
    // One in which a careful import keeps its indexes, and one in which it suspends them.
    let small = Collection::make(&mut stage, false).await;
    let large = Collection::make(&mut stage, true).await;

    let cases = Case::all().zip(0..).filter(|(case, _)| case.fault == fault);
    let (mut tried, mut failed) = (0, Vec::new());
    for (case, number) in cases.filter(|(case, _)| is_wanted(*case)) {
        let collection = if case.suspends() { &large } else { &small };
        let began = std::time::Instant::now();
        let trying = AssertUnwindSafe(try_case(&mut stage, case, collection, dice.of_case(number)));
        let passed = trying.catch_unwind().await.is_ok();
        tried += 1;
        println!("{} in {:?}: {case}", if passed { "passed" } else { "FAILED" }, began.elapsed());
        if !passed {
            failed.push(case.to_string());
            // What it has left behind is not to disturb the next.
            match Stage::set(fault).await {
                Some(other) => stage = other,
                None => break,
            }
        }
    }
    let of = |cases: &mut dyn Iterator<Item = Case>| cases.filter(|case| case.fault == fault).count();
    let (matrix, beside) = (of(&mut Case::matrix()), of(&mut Case::beside()));
    println!("{fault:?}: {tried} cases run, of {matrix} of the matrix and {beside} beside it");
    assert!(failed.is_empty(), "{} of {tried} cases failed: {failed:#?}", failed.len());
}

/// From an empty library to one that is as if nothing had happened.
async fn try_case(stage: &mut Stage, case: Case, collection: &Collection, mut dice: Dice) {
    stage.clear().await;
    let before = State::of(stage).await;
    let writer = dice.pick(&["copy", "unnest"]);
    let import = import(collection.folder.path(), case.mode, writer);

    let moment = reach(stage, case, &import, &mut dice).await;
    let suffered = inject(stage, case, moment, &mut dice).await;
    let left = stage.left().await;
    println!("the command took {:?}: {:?}, {:?}", suffered.ended.took, suffered.server, suffered.ended.code);
    let is_done = judge(case, &suffered, left);
    if is_done {
        collection.rows.assert_same(&Rows::of(&stage.url()).await, &format!("{case}: a success"));
    }
    judge_status(stage, case, is_done, left);

    stage.finish(&["restore"]).expect(&[0]);
    before.assert_same(&State::of(stage).await, &format!("{case}: after loader restore"));
    assert_nothing_left(stage, &format!("{case}: after loader restore")).await;

    stage.finish(&import).finished();
    assert_whole(&stage.url(), &case.to_string()).await;
    collection.rows.assert_same(&Rows::of(&stage.url()).await, &case.to_string());
    before.assert_same(&State::of(stage).await, &case.to_string());
    assert_nothing_left(stage, &case.to_string()).await;
}
