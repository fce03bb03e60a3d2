//! `kill -9` of PostgreSQL in the middle of an import: the import fails with the way out, and the way out works.

use super::arguments;
use crate::harness::{TestCluster, TestDatabase, passable_directory};
use crate::program::{Ended, Program, is_long, until};
use crate::rows::{Rows, assert_whole, collection, make_large, try_number};

fn import(test: &TestCluster, arguments: &[std::ffi::OsString]) -> Program {
    Program::new(arguments).env("LOADER_DATA_DIR", &test.cluster.layout().base)
}

fn assert_says_how_to_go_on(ended: &Ended) {
    assert!(matches!(ended.code, Some(1 | 10)), "{ended:?}");
    ended.is_well_formed_error();
    ended.says(&["the database server went away", "run the same command again"]);
}

#[tokio::test]
async fn in_the_middle_the_same_command_finishes() {
    let folder = passable_directory();
    collection(folder.path(), 700);
    make_large(folder.path());
    let undisturbed = TestDatabase::create().await;
    // Standard input is open until the server is killed: the loading cannot be over before.
    let arguments = |mode| [arguments(folder.path(), mode, "copy"), vec!["-".into()]].concat();
    Program::on(&undisturbed, arguments("normal")).run().finished();
    let expected = Rows::of(&undisturbed.url).await;

    let modes = if is_long() { &["fast", "normal", "ludicrous"][..] } else { &["fast"] };
    for mode in modes {
        let test = TestCluster::running();
        let url = test.cluster.url();
        let arguments = arguments(mode);
        let mut running = import(&test, &arguments).held_open().start();
        until("some rows are stored", async || {
            assert!(running.is_running(), "it ended too early");
            try_number(&url, "SELECT count(*) FROM files").await > Some(0)
        })
        .await;
        test.kill_server();
        let ended = running.wait();
        println!("{mode}: status {:?} after {:?}\n{}", ended.code, ended.took, ended.stderr);
        assert_says_how_to_go_on(&ended);

        // The cluster starts by itself, and recovers.
        import(&test, &arguments).run().finished();
        assert_whole(&url, mode).await;
        expected.assert_same(&Rows::of(&url).await, mode);
    }
}
