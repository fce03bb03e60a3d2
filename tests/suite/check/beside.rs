//! A check beside others, with no rights but to read, and asking as seldom as it says.

use fs_err as fs;
use loader::sample;
use sqlx::{AssertSqlSafe, Executor as _};

use super::{check, standings};
use crate::harness::{TestDatabase, passable_directory};
use crate::import::import;
use crate::program::{Program, feed, until};
use crate::rows::{Rows, assert_whole, number, try_number};

/// While an import runs, holds the lock and has a batch of its own in the making.
#[tokio::test]
async fn an_import_under_way_is_not_waited_for() {
    let folder = passable_directory();
    let (had, come) = (folder.path().join("had"), folder.path().join("come"));
    for (path, seed) in [(&had, 1), (&come, 2)] {
        fs::create_dir_all(path).unwrap();
        for index in 0..40 {
            fs::write(path.join(format!("{index}.mid")), sample::midi(seed, index, 700)).unwrap();
        }
    }
    let database = TestDatabase::create().await;
    import(&database, &[], &[&had]).await;
    let mut importing =
        Program::on(&database, ["import", "--mode", "fast", "--json", "-"]).held_open().start();
    let loading = "SELECT count(*) FROM runs WHERE progress->>'phase' = 'loading'";
    until("it waits for its input", async || try_number(&database.url, loading).await == Some(1)).await;
    let (answers, _) = check(&database, &["--only", "known"], &[&had, &come]);
    assert_eq!(answers.len(), 40, "{:?}", standings(&answers));
    let mut input = importing.input();
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_dir_all("come", &come).unwrap();
    feed(&mut input, &tar.into_inner().unwrap());
    drop(input);
    // Whatever it has stored by now, each answer is right for one moment.
    let (answers, _) = check(&database, &[], &[&had, &come]);
    assert_eq!(answers.len(), 80);
    assert!(standings(&answers)["known"] >= 40, "{:?}", standings(&answers));
    importing.wait().expect(&[0]);
    assert_whole(&database.url, "after a check beside it").await;
    let (answers, _) = check(&database, &["--only", "known"], &[&come]);
    assert_eq!(answers.len(), 40);
}

/// A role that may read and nothing else.
#[tokio::test]
async fn whoever_may_read_may_check() {
    let folder = passable_directory();
    for index in 0..5 {
        fs::write(folder.path().join(format!("{index}.mid")), sample::midi(1, index, 700)).unwrap();
    }
    let database = TestDatabase::create().await;
    import(&database, &[], &[folder.path()]).await;
    let before = Rows::with_history(&database.url).await;
    let role = format!("{}_reader", database.name);
    for statement in [
        format!("CREATE ROLE {role}"),
        format!("GRANT USAGE ON SCHEMA public, loader TO {role}"),
        format!("GRANT SELECT ON ALL TABLES IN SCHEMA public, loader TO {role}"),
        format!("ALTER DATABASE {} SET role = {role}", database.name),
    ] {
        database.pool.execute(AssertSqlSafe(statement)).await.unwrap();
    }
    let mut connection = database.connect().await;
    let may_write = "SELECT count(*) WHERE has_table_privilege('files', 'INSERT')";
    assert_eq!(number(&mut connection, may_write).await, 0, "the role is in force");
    let (answers, _) = check(&database, &[], &[folder.path()]);
    assert_eq!(standings(&answers)["known"], 5);
    Program::on(&database, ["duplicates"]).run().expect(&[0]).says(&["no duplicates"]);
    for statement in [
        "SET ROLE NONE".to_owned(),
        format!("ALTER DATABASE {} RESET role", database.name),
        format!("DROP OWNED BY {role}"),
        format!("DROP ROLE {role}"),
    ] {
        connection.execute(AssertSqlSafe(statement)).await.unwrap();
    }
    before.assert_same(&Rows::with_history(&database.url).await, "a check writes nothing");
}

/// Many files cost few queries: each transaction of a check is one, but for those that connect.
#[tokio::test]
async fn one_query_for_many_files() {
    let folder = passable_directory();
    for index in 0..1_500 {
        fs::write(folder.path().join(format!("{index:04}.mid")), sample::midi(1, index, 250)).unwrap();
    }
    let database = TestDatabase::create().await;
    let transactions =
        "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()";
    let mut connection = database.connect().await;
    let mut spent_by = async |standing: &str| {
        let before = number(&mut connection, transactions).await;
        let (answers, _) = check(&database, &[], &[folder.path()]);
        assert_eq!(standings(&answers)[standing], 1_500);
        // The server counts a session's transactions when it ends.
        until("the check's sessions have been counted", async || {
            number(&mut connection, transactions).await - before >= 6
        })
        .await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        number(&mut connection, transactions).await - before
    };
    let spent = spent_by("new").await;
    assert!(spent < 150, "{spent} transactions for 1,500 files");
    let written = number(
        &mut database.connect().await,
        "SELECT (tup_inserted + tup_updated + tup_deleted) FROM pg_stat_database WHERE datname = current_database()",
    )
    .await;
    assert_eq!(written, 0, "nothing was written");

    // Nor do those that lie between others which need not be read.
    import(&database, &[], &[folder.path()]).await;
    for index in (0..1_500).step_by(2) {
        let file =
            fs::File::options().write(true).open(folder.path().join(format!("{index:04}.mid"))).unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
    }
    let spent = spent_by("known").await;
    assert!(spent < 150, "{spent} transactions for 1,500 files of which every second is known unread");
}

/// The server goes away: said, with the remedy, and no answer is made up.
#[tokio::test]
async fn a_server_that_goes_away_is_an_error() {
    let database = TestDatabase::create().await;
    let mut running = Program::on(&database, ["check", "-"]).held_open().start();
    let connected = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'loader check'
                      AND datname = current_database()";
    until("it has connected", async || try_number(&database.url, connected).await == Some(1)).await;
    database.pool.execute("ALTER TABLE files RENAME TO gone").await.unwrap();
    let mut input = running.input();
    feed(&mut input, &sample::midi(1, 1, 500));
    drop(input);
    // 12 where it had not looked at the tables yet.
    let ended = running.wait().expect(&[1, 12]);
    ended.is_well_formed_error();
    assert_eq!(ended.stdout, "");
}
