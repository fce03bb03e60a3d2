//! `--keep-mode`: a series of imports with everything left as the mode has it, and the end of it.

use super::Stage;
use crate::rows::{archive, assert_whole};

#[tokio::test]
async fn a_series_keeps_the_mode_and_restore_ends_it() {
    let stage = Stage::set();
    let before = stage.standing().await;
    let first = stage.import("ludicrous", &["--keep-mode"]).await.wait().finished();
    first.says(&["was left so; put it back with: loader restore"]);
    assert_eq!((stage.setting("fsync").await, stage.files().len()), ("off".to_owned(), 1));
    let status = stage.loader(&["status"]).run().expect(&[13]);
    assert!(status.stdout.contains("39 suspended"), "{}", status.stdout);

    // The second adds to the library; what is changed stays changed.
    let more = archive(stage.test.directory(), loader::sample::Container::Zip, 7, 40, 2_000);
    let arguments = ["import", "--mode", "ludicrous", "--keep-mode", more.to_str().unwrap()];
    stage.loader(&arguments).run().finished();
    assert_eq!(stage.setting("fsync").await, "off");

    stage.loader(&["restore"]).run().expect(&[0]);
    before.assert_same(&stage.standing().await, "afterwards");
    assert_whole(&stage.url(), "after the series").await;
    assert_eq!((stage.open().await, stage.files()), (0, vec![]));
}

#[tokio::test]
async fn the_last_import_without_it_ends_it_too() {
    let stage = Stage::set();
    let before = stage.standing().await;
    stage.import("ludicrous", &["--keep-mode"]).await.wait().finished();
    let more = archive(stage.test.directory(), loader::sample::Container::Zip, 7, 40, 2_000);
    stage.loader(&["import", "--mode", "fast", more.to_str().unwrap()]).run().finished();
    before.assert_same(&stage.standing().await, "afterwards");
    assert_whole(&stage.url(), "after the last").await;
}
