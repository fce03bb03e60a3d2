//! Where the operating system does not tell.

use std::process::Command;

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
    fs_err::write(folder.path().join("0.mid"), piece(9)).unwrap();
    fs_err::remove_file(folder.path().join("1.mid")).unwrap();
    watching.arrives(folder.path(), "a changed one, and one that is gone").await;
    watching.end().await;
}

/// A limit of the operating system: said, with the remedy, and changes arrive all the same.
#[tokio::test]
async fn beyond_the_limit_folders_are_looked_through() {
    let folder = passable_directory();
    for name in ["a", "b", "c"] {
        fs_err::create_dir(folder.path().join(name)).unwrap();
        write_pieces(&folder.path().join(name), 0..2);
    }
    for (limit, words) in [
        ("max_inotify_watches", "fs.inotify.max_user_watches"),
        ("max_inotify_instances", "fs.inotify.max_user_instances"),
    ] {
        // Limits of a namespace of its own: those of the machine stay as they are.
        let value = if limit == "max_inotify_watches" { 2 } else { 0 };
        let script = format!("echo {value} > /proc/sys/user/{limit} && exec \"$@\"");
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "sh", "-c", &script, "sh", BINARY]);
        let probe = Command::new("unshare")
            .args([
                "--user",
                "--map-root-user",
                "sh",
                "-c",
                &format!("echo {value} > /proc/sys/user/{limit}"),
            ])
            .status();
        assert!(
            probe.is_ok_and(|status| status.success()),
            "NOT TESTED: this machine gives no user namespaces, by which limits are lowered for one program"
        );
        let database = TestDatabase::create().await;
        let more = ["--poll", "0.1s"];
        let running = Program::wrapped(command, arguments(folder.path(), &more[..0]))
            .env("DATABASE_URL", &database.url)
            .start();
        let mut watching = Watching { running, database };
        watching.says(words).await;
        watching.says("looked through every 10.0s").await;
        write_pieces(&folder.path().join("c"), 2..3);
        watching.arrives(folder.path(), "an added file arrives").await;
        watching.end().await;
        fs_err::remove_file(folder.path().join("c/2.mid")).unwrap();
    }
}
