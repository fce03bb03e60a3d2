//! Whatever happens to a folder that is watched, and whenever the watching is killed: the library holds what one holds that was
//! made of nothing.

use fs_err as fs;

use super::Watching;
use crate::dice::Dice;
use crate::program::is_long;
use crate::rescan::model::Disk;
use crate::rescan::{lock_is_free, piece};
use crate::rows::assert_whole;

#[tokio::test]
async fn whatever_happens() {
    let rounds = if is_long() { 60 } else { 8 };
    let mut disk = Disk::new(Dice::seeded());
    let root = disk.folder.path().to_owned();
    // Nothing happens to this one: a folder with nothing in it would be taken for a disk that is not mounted.
    fs::create_dir(root.join("kept")).unwrap();
    fs::write(root.join("kept/kept.mid"), piece(1)).unwrap();
    let more = ["--batch-size", "3", "--debounce", "0.2s", "--at-most", "1s"];
    let mut watching = Watching::start(&root, &more).await;
    let mut history = Vec::new();
    for round in 0..rounds {
        history.push(format!("-- round {round}"));
        let stopped = disk.dice.below(3) == 0;
        if stopped {
            watching.running.signal("-STOP");
            history.push("stopped".to_owned());
        }
        for _ in 0..=disk.dice.below(8) {
            history.push(disk.happen());
            // Now and then something is imported between two steps.
            if disk.dice.below(3) == 0 {
                std::thread::sleep(disk.dice.moment(std::time::Duration::from_millis(500)));
            }
        }
        watching.running.signal("-CONT");
        if disk.dice.below(3) == 0 {
            std::thread::sleep(disk.dice.moment(std::time::Duration::from_millis(600)));
            watching.running.signal("-KILL");
            history.push("killed".to_owned());
            let Watching { running, database } = watching;
            drop(running);
            history.push(disk.happen());
            lock_is_free(&database).await;
            watching = Watching::go_on(&root, &more, database).await;
        }
        watching.arrives(&root, &history.join("\n")).await;
    }
    watching.running.signal("-TERM");
    let database = watching.database;
    watching.running.wait();
    assert_whole(&database.url, &history.join("\n")).await;
}
