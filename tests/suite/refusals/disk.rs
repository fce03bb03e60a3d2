//! A server whose disk is full: the import stops and says so; with space again, the same command finishes.
//!
//! Full while an index is built, it is a case of the [faults](crate::faults).

use std::path::Path;

use crate::harness::{TestDatabase, passable_directory};
use crate::program::Program;
use crate::rows::{Rows, assert_whole, collection, make_large};
use crate::small_disk::SmallDisk;

#[tokio::test]
async fn a_full_disk_stops_the_import_and_it_goes_on_later() {
    let Some(disk) = SmallDisk::mount(256) else { return };
    let folder = passable_directory();
    collection(folder.path(), 1_400);
    make_large(folder.path());
    let undisturbed = TestDatabase::create().await;
    Program::on(&undisturbed, ["import".as_ref(), folder.path().as_os_str()]).run().finished();
    let expected = Rows::of(&undisturbed.url).await;

    let import = |path: &Path, mode: &str| {
        Program::new(["import".as_ref(), "--mode".as_ref(), mode.as_ref(), path.as_os_str()])
            .env("LOADER_DATA_DIR", &disk.cluster.layout().base)
            .run()
    };
    // The library is made while there is space.
    let nothing = passable_directory();
    import(nothing.path(), "normal").expect(&[0]);
    let url = disk.cluster.url();
    for mode in ["normal", "fast"] {
        disk.fill(400 << 10);
        let ended = import(folder.path(), mode);
        println!("{mode}: status {:?}\n{}", ended.code, ended.stderr);
        let ended = ended.expect(&[1]);
        ended.is_well_formed_error();
        ended.says(&["disk is full", "free some space", "run the same command again"]);
        disk.free();
    }
    import(folder.path(), "normal").finished();
    assert_whole(&url, "with space again").await;
    expected.assert_same(&Rows::of(&url).await, "with space again");
}
