//! Files that come, change, move and go.

use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use fs_err as fs;

use super::Watching;
use crate::harness::passable_directory;
use crate::import::count;
use crate::rescan::{piece, set_time, tar, write_pieces};
use crate::rows::try_number;

#[tokio::test]
async fn each_change_arrives() {
    let (folder, away) = (passable_directory(), passable_directory());
    let root = folder.path();
    write_pieces(root, 0..6);
    fs::create_dir_all(root.join("a/b")).unwrap();
    write_pieces(&root.join("a/b"), 6..9);
    fs::write(root.join("set.tar"), tar(&[piece(20), piece(21)])).unwrap();
    let mut watching = Watching::start(root, &[]).await;

    write_pieces(root, 30..32);
    watching.arrives(root, "added files arrive").await;
    fs::write(root.join("1.mid"), piece(33)).unwrap();
    watching.arrives(root, "a changed file arrives").await;
    fs::rename(root.join("2.mid"), root.join("Two.mid")).unwrap();
    watching.arrives(root, "a renamed file arrives").await;
    fs::rename(root.join("3.mid"), root.join("a/b/3.mid")).unwrap();
    watching.arrives(root, "a moved file arrives").await;
    fs::remove_file(root.join("4.mid")).unwrap();
    watching.arrives(root, "a deleted file is marked").await;
    fs::rename(root.join("a"), root.join("c")).unwrap();
    watching.arrives(root, "a renamed folder arrives").await;
    write_pieces(&root.join("c/b"), 34..35);
    watching.arrives(root, "what comes into a renamed folder arrives").await;
    set_time(&root.join("5.mid"), SystemTime::now() + Duration::from_hours(9));
    watching.arrives(root, "a touched file arrives").await;
    // A program that saves an archive well: beside it, then in its place.
    fs::write(root.join("set.tar.new"), tar(&[piece(21), piece(22), piece(23)])).unwrap();
    fs::rename(root.join("set.tar.new"), root.join("set.tar")).unwrap();
    watching.arrives(root, "a replaced archive arrives").await;
    let odd = root.join(std::ffi::OsStr::from_bytes(b"caf\xe9\n.mid"));
    fs::write(&odd, piece(36)).unwrap();
    watching.arrives(root, "a name that is no UTF-8 arrives").await;
    fs::remove_file(&odd).unwrap();
    watching.arrives(root, "it goes").await;
    // A folder that is moved in whole, and another that is made and filled at once.
    let many = away.path().join("many/deep");
    fs::create_dir_all(&many).unwrap();
    write_pieces(&many, 100..600);
    fs::rename(away.path().join("many"), root.join("many")).unwrap();
    watching.arrives(root, "a folder with 500 files arrives").await;
    fs::create_dir_all(root.join("x/y/z")).unwrap();
    write_pieces(&root.join("x/y/z"), 37..40);
    watching.arrives(root, "what is deep below a new folder arrives").await;
    fs::remove_dir_all(root.join("x")).unwrap();
    watching.arrives(root, "a deleted folder is marked").await;
    fs::rename(root.join("c"), away.path().join("c")).unwrap();
    watching.arrives(root, "a folder that was moved out is marked").await;
    fs::rename(away.path().join("c"), root.join("d")).unwrap();
    watching.arrives(root, "a folder that was moved in again arrives").await;

    let (_, passes) = watching.end().await;
    assert_eq!(passes[0]["scope"], "everything");
    assert!(passes[1..].iter().all(|pass| pass["scope"] == "changes"), "{passes:?}");
    assert!(passes.iter().all(|pass| count(pass, "rejected") == 0), "{passes:?}");
    // The first one looked at all there was; what follows looks at what changed, whatever else there is.
    assert_eq!(count(&passes[1], "sources_unchanged"), 0, "{passes:?}");
}

/// Files that nothing happens to are imported while one is still being written, and that one is not.
#[tokio::test]
async fn what_is_being_written_is_left_until_it_is_quiet() {
    let folder = passable_directory();
    write_pieces(folder.path(), 0..1);
    let mut watching = Watching::start(folder.path(), &["--debounce", "2s", "--at-most", "2s"]).await;
    let (path, content) = (folder.path().join("slow/slow.mid"), piece(5));
    let is_over = Arc::new(AtomicBool::new(false));
    let until_over = Arc::clone(&is_over);
    fs::create_dir(folder.path().join("slow")).unwrap();
    let written = path.clone();
    let writing = std::thread::spawn(move || {
        let mut file = fs::File::create(&written).unwrap();
        while !until_over.load(Ordering::Relaxed) {
            file.write_all(b"\0").unwrap();
            std::thread::sleep(Duration::from_millis(5));
        }
        file.set_len(0).unwrap();
        fs::write(&written, content).unwrap();
    });
    write_pieces(folder.path(), 1..3);
    let url = watching.database.url.clone();
    crate::program::until("the others arrive", async || {
        try_number(&url, "SELECT count(*) FROM sources WHERE state = 'complete'").await == Some(3)
    })
    .await;
    // The folder it lies in was looked through with the others.
    let slow = "SELECT count(*) FROM sources WHERE path LIKE '%slow%'";
    assert_eq!(try_number(&url, slow).await, Some(0), "{}", watching.running.said());
    is_over.store(true, Ordering::Relaxed);
    writing.join().unwrap();
    watching.arrives(folder.path(), "it arrives when it is whole").await;
    let (_, passes) = watching.end().await;
    assert!(passes.iter().all(|pass| count(pass, "rejected") == 0), "half a file was read: {passes:?}");
}

/// More happens than the operating system keeps: everything is looked through, and nothing is lost.
#[tokio::test]
async fn too_much_at_once_is_not_lost() {
    let folder = passable_directory();
    write_pieces(folder.path(), 0..2);
    let mut watching = Watching::start(folder.path(), &["--log-file", "watch.log"]).await;
    watching.running.signal("-STOP");
    let limit: usize =
        fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap().trim().parse().unwrap();
    // Two in turn, because the same thing twice is told once.
    let noise = ["noise.a", "noise.b"].map(|name| folder.path().join(name));
    for number in 0..limit {
        fs::write(&noise[number % 2], b"").unwrap();
    }
    write_pieces(folder.path(), 2..4);
    fs::remove_file(folder.path().join("1.mid")).unwrap();
    watching.running.signal("-CONT");
    watching.arrives(folder.path(), "all of it").await;
    let (_, passes) = watching.end().await;
    assert_eq!(passes[1]["scope"], "everything", "{passes:?}");
}
