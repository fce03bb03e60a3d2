//! Where the operating system does not tell.

use std::os::unix::fs::MetadataExt as _;
use std::process::Command;

use fs_err as fs;

use super::{Watching, arguments};
use crate::harness::{TestDatabase, passable_directory};
use crate::program::{BINARY, Program};
use crate::rescan::{piece, write_pieces};

#[tokio::test]
async fn folders_are_looked_through_where_that_is_wanted() {
    let folder = passable_directory();
    write_pieces(folder.path(), 0..3);
    let mut watching = Watching::start(folder.path(), &["--poll", "0.1s"]).await;
    watching.says("looked through every 100 ms").await;
    write_pieces(folder.path(), 3..5);
    watching.arrives(folder.path(), "added files arrive").await;
    fs::write(folder.path().join("0.mid"), piece(9)).unwrap();
    fs::remove_file(folder.path().join("1.mid")).unwrap();
    watching.arrives(folder.path(), "a changed one, and one that is gone").await;
    watching.end().await;
}

/// A limit of the operating system: said, with the remedy, and changes arrive all the same.
#[tokio::test]
async fn beyond_the_limit_folders_are_looked_through() {
    let folder = passable_directory();
    for name in ["a", "b", "c"] {
        fs::create_dir(folder.path().join(name)).unwrap();
        write_pieces(&folder.path().join(name), 0..2);
    }
    for (limit, value, words) in [
        ("max_inotify_watches", 2, "fs.inotify.max_user_watches"),
        ("max_inotify_instances", 0, "fs.inotify.max_user_instances"),
    ] {
        let database = TestDatabase::create().await;
        let running = limited(limit, value, arguments(folder.path(), &[])).env("DATABASE_URL", &database.url);
        let running = running.start();
        let mut watching = Watching { running, database };
        let this_user = fs::metadata("/proc/self").unwrap().uid();
        // Root keeps all users and groups it had, so that the server knows it again.
        let maps = match this_user {
            0 => vec![("gid_map", "0 0 65536".to_owned()), ("uid_map", "0 0 65536".to_owned())],
            _ => vec![("uid_map", format!("0 {this_user} 1"))],
        };
        for (name, map) in maps {
            let path = format!("/proc/{}/{name}", watching.running.id());
            let what = "NOT TESTED unless this machine gives user namespaces";
            watching.until(what, |_| fs::write(&path, &map).is_ok()).await;
        }
        watching.says(words).await;
        watching.says("looked through every 10.0s").await;
        write_pieces(&folder.path().join("c"), 2..3);
        watching.arrives(folder.path(), "an added file arrives").await;
        watching.end().await;
        fs::remove_file(folder.path().join("c/2.mid")).unwrap();
    }
}

/// The program under a limit of its own, that of a user namespace: the machine's stay as they are.
fn limited(limit: &str, value: u32, arguments: Vec<std::ffi::OsString>) -> Program {
    // Who becomes root in it has the rights of one from the next program on.
    let script = format!(
        "until [ $(id -u) = 0 ]; do sleep 0.01; done; sh -c 'echo {value} > /proc/sys/user/{limit}' && exec \"$@\""
    );
    let mut command = Command::new("unshare");
    command.args(["--user", "sh", "-c", &script, "sh", BINARY]);
    Program::wrapped(command, arguments)
}
