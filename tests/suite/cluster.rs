//! The private cluster: created, started, killed, refused, destroyed; as root and as an ordinary user.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use fs_err as fs;
use loader::error::ErrorKind;
use loader::server::account::Account;
use loader::server::cluster::{PrivateCluster, Started, State};
use loader::server::connect::{self, Origin, Target};
use sqlx::Executor as _;

use crate::harness::{TestCluster, passable_directory};

/// Names the directory in which [`an_ordinary_user_needs_nothing_else`] makes its user work.
const USER_DIRECTORY: &str = "LOADER_TEST_USER_DIRECTORY";

#[tokio::test]
async fn a_whole_life() {
    let test = TestCluster::absent();
    live(&test.cluster).await;
}

/// From nothing to nothing; used for every kind of user.
async fn live(cluster: &PrivateCluster) {
    assert_eq!(cluster.status().unwrap().state, State::Absent);
    assert!(!cluster.stop().unwrap());

    assert_eq!(cluster.start().unwrap(), Started::Created);
    assert_eq!(cluster.start().unwrap(), Started::AlreadyRunning);
    let status = cluster.status().unwrap();
    assert_eq!(status.state, State::Running);
    assert!(status.major.is_some() && status.pid.is_some());

    let target = Target::private(cluster);
    let mut connection = connect::connect(&target, "loader test").await.unwrap();
    for (setting, expected) in [
        ("listen_addresses", ""),
        ("wal_level", "minimal"),
        ("max_wal_senders", "0"),
        ("archive_mode", "off"),
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("server_encoding", "UTF8"),
        ("cluster_name", "loader"),
        ("search_path", "public"),
        ("application_name", "loader test"),
    ] {
        let found: String = sqlx::query_scalar("SELECT current_setting($1)")
            .bind(setting)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(found, expected, "{setting}");
    }
    let from_options: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_settings WHERE source = 'command line' AND name NOT IN ('config_file', 'data_directory', 'hba_file', 'ident_file')")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(from_options, 0, "a setting on the command line cannot be changed by the modes");
    let (identity, letters): (String, bool) = sqlx::query_as("SELECT current_user::text, 'ÄÖ' ILIKE 'äö'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!((identity.as_str(), letters), ("loader", true));
    drop(connection);

    let socket = fs::metadata(&cluster.layout().socket_directory).unwrap();
    let data = fs::metadata(&cluster.layout().data).unwrap();
    assert_eq!((socket.mode() & 0o777, data.mode() & 0o777), (0o700, 0o700));
    assert_eq!(socket.uid(), data.uid());

    assert!(cluster.stop().unwrap());
    assert!(!cluster.stop().unwrap());
    assert_eq!(cluster.status().unwrap().state, State::Stopped);
    assert_eq!(connect::connect(&target, "loader test").await.unwrap_err().kind(), ErrorKind::Unreachable);
    assert_eq!(cluster.start().unwrap(), Started::Started);

    assert_eq!(cluster.destroy(false).unwrap_err().kind(), ErrorKind::Usage);
    assert_eq!(cluster.status().unwrap().state, State::Running);
    cluster.destroy(true).unwrap();
    assert_eq!(cluster.status().unwrap().state, State::Absent);
    assert!(!cluster.layout().base.exists());
}

#[test]
fn commands_that_start_it_at_the_same_moment_agree() {
    let test = TestCluster::absent();
    for expected in [Started::Created, Started::Started] {
        let all: Vec<_> = std::thread::scope(|scope| {
            let starting: Vec<_> = (0..6).map(|_| scope.spawn(|| test.cluster.start().unwrap())).collect();
            starting.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(all.iter().filter(|started| **started == expected).count(), 1, "{all:?}");
        assert_eq!(all.iter().filter(|started| **started == Started::AlreadyRunning).count(), 5, "{all:?}");
        assert!(test.cluster.stop().unwrap());
    }
}

#[tokio::test]
async fn a_killed_server_starts_again_with_what_was_committed() {
    let test = TestCluster::running();
    let mut connection = test.connect().await;
    connection.execute("CREATE TABLE kept AS SELECT 42 AS answer").await.unwrap();
    test.kill_server();
    assert_eq!(test.cluster.start().unwrap(), Started::Started);
    let answer: i32 =
        sqlx::query_scalar("SELECT answer FROM kept").fetch_one(&mut test.connect().await).await.unwrap();
    assert_eq!(answer, 42);
}

#[test]
fn a_process_id_used_again_by_another_program_is_not_in_the_way() {
    let test = TestCluster::running();
    let file = test.cluster.layout().data.join("postmaster.pid");
    let content = fs::read_to_string(&file).unwrap();
    test.kill_server();
    // A program of the server's own account now has the id, as far as a look at the id can tell.
    let owner = fs::metadata(&test.cluster.layout().data).unwrap();
    let mut stranger = Command::new("sleep");
    stranger.arg("60").current_dir("/");
    if Account::running().unwrap().uid == 0 {
        stranger.uid(owner.uid()).gid(owner.gid());
    }
    let mut stranger = stranger.spawn().unwrap();
    let (_, rest) = content.split_once('\n').unwrap();
    fs::write(&file, format!("{}\n{rest}", stranger.id())).unwrap();
    assert_eq!(test.cluster.start().unwrap(), Started::Started);
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[test]
fn a_failing_start_shows_the_log() {
    let test = TestCluster::running();
    test.cluster.stop().unwrap();
    let main = test.cluster.layout().data.join("postgresql.conf");
    let content = fs::read_to_string(&main).unwrap();
    fs::write(&main, format!("{content}\nwal_buffers = 'nonsense'\n")).unwrap();
    let error = test.cluster.start().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(error.to_string().contains("wal_buffers"), "{error}");
    assert!(error.hint().unwrap().contains("server.log"));
}

#[test]
fn a_data_directory_of_another_version_is_refused() {
    let test = TestCluster::running();
    test.cluster.stop().unwrap();
    let version = test.cluster.layout().data.join("PG_VERSION");
    let own = fs::read_to_string(&version).unwrap();
    fs::write(&version, "12\n").unwrap();
    let error = test.cluster.start().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.to_string().contains("PostgreSQL 12"), "{error}");
    let hint = error.hint().unwrap();
    assert!(
        hint.contains("postgresql-12") && hint.contains("LOADER_PG_BIN") && hint.contains("destroy"),
        "{hint}"
    );
    fs::write(&version, own).unwrap();
    assert_eq!(test.cluster.start().unwrap(), Started::Started);
}

#[test]
fn directories_of_others_are_neither_taken_nor_destroyed() {
    let directory = passable_directory();
    fs::create_dir(directory.path().join("postgresql")).unwrap();
    fs::write(directory.path().join("postgresql/PG_VERSION"), "15\n").unwrap();
    let cluster = PrivateCluster::at(directory.path()).unwrap();
    for error in
        [cluster.start().unwrap_err(), cluster.stop().unwrap_err(), cluster.destroy(true).unwrap_err()]
    {
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.to_string().contains("is not a private cluster of loader"), "{error}");
    }
    assert!(directory.path().join("postgresql/PG_VERSION").exists());
    let nowhere = PrivateCluster::at(&directory.path().join("absent")).unwrap();
    assert_eq!(nowhere.destroy(true).unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn a_creation_that_was_interrupted_is_begun_again() {
    let test = TestCluster::absent();
    let base = &test.cluster.layout().base;
    // What a kill in the middle of initdb leaves: the mark and half a data directory under its first name.
    test.cluster.start().unwrap();
    test.cluster.stop().unwrap();
    fs::rename(&test.cluster.layout().data, base.join("postgresql.new")).unwrap();
    fs::remove_file(base.join("postgresql.new/PG_VERSION")).unwrap();
    assert_eq!(test.cluster.start().unwrap(), Started::Created);
    assert!(!base.join("postgresql.new").exists());
}

#[tokio::test]
async fn a_long_directory_name_still_gets_a_socket() {
    let directory = passable_directory();
    let cluster =
        PrivateCluster::at(&directory.path().join("long ".repeat(20)).join("it's \"odd\"")).unwrap();
    cluster.start().unwrap_or_else(|error| panic!("{error}"));
    connect::connect(&Target::private(&cluster), "loader test").await.unwrap();
    cluster.destroy(true).unwrap();
    assert!(!std::path::Path::new(&cluster.layout().socket_directory).exists());
}

#[tokio::test]
async fn odd_characters_in_the_socket_directory() {
    let directory = passable_directory();
    let cluster = PrivateCluster::at(&directory.path().join("a, it's \"odd\" ü%41 $HOME `id` \\")).unwrap();
    cluster.start().unwrap_or_else(|error| panic!("{error}"));
    let target = Target::from_url(&cluster.url(), Origin::Flag).unwrap();
    connect::connect(&target, "loader test").await.unwrap();
    cluster.destroy(true).unwrap();
}

#[test]
fn the_url_works_in_psql() {
    let Some(psql) = loader::server::binaries::program_in_path("psql") else {
        // A client is no part of a server's installation: nothing else needs it.
        return;
    };
    let test = TestCluster::running();
    let owner = fs::metadata(&test.cluster.layout().data).unwrap();
    let mut as_owner = Command::new(&psql);
    if Account::running().unwrap().uid == 0 {
        as_owner.uid(owner.uid()).gid(owner.gid());
    }
    for mut command in [Command::new(&psql), as_owner] {
        // Variables of the surroundings must not lead it elsewhere.
        command.env("PGHOST", "nowhere.invalid").env("PGPORT", "1").env("PGUSER", "nobody").current_dir("/");
        let done = command.arg(test.cluster.url()).args(["-XAtc", "SELECT current_user"]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), "loader");
    }
}

/// As root, the suite becomes the user nobody and does it all again with nothing but a directory.
#[test]
fn an_ordinary_user_needs_nothing_else() {
    let directory = passable_directory();
    fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let mut again = Command::new(std::env::current_exe().unwrap());
    again
        .args(["--exact", "cluster::as_the_user_of_this_process", "--ignored"])
        .current_dir("/")
        .stdin(Stdio::null());
    again.env(USER_DIRECTORY, directory.path()).env("HOME", directory.path());
    if Account::running().unwrap().uid == 0 {
        let passwd = fs::read_to_string("/etc/passwd").unwrap();
        let nobody = passwd.lines().find(|line| line.starts_with("nobody:")).unwrap();
        let id = |field| nobody.split(':').nth(field).unwrap().parse().unwrap();
        again.uid(id(2)).gid(id(3));
    }
    let done = again.output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

#[tokio::test]
#[ignore = "run by an_ordinary_user_needs_nothing_else"]
async fn as_the_user_of_this_process() {
    let directory = std::env::var_os(USER_DIRECTORY).expect("run by an_ordinary_user_needs_nothing_else");
    let cluster = PrivateCluster::at(&std::path::Path::new(&directory).join("cluster")).unwrap();
    assert_ne!(Account::running().unwrap().uid, 0);
    live(&cluster).await;
}

#[tokio::test]
async fn root_says_which_directory_keeps_the_server_out() {
    if Account::running().unwrap().uid != 0 {
        // Only root hands over to another account.
        return;
    }
    let closed = passable_directory();
    fs::set_permissions(closed.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let cluster = PrivateCluster::at(&closed.path().join("cluster")).unwrap();
    let error = cluster.start().unwrap_err();
    assert!(error.to_string().contains(&closed.path().display().to_string()), "{error}");
    assert!(error.hint().unwrap().contains("LOADER_DATA_DIR"));
    assert!(!cluster.layout().base.exists(), "a refusal leaves nothing behind");
}
