//! Whatever happens to a folder, and whenever an import is killed: afterwards the library holds what one holds that was made of
//! nothing.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fs_err as fs;

use super::{assert_like_new, lock_is_free, piece, set_time, tar};
use crate::dice::Dice;
use crate::harness::{TestDatabase, passable_directory};
use crate::program::{Program, is_long};
use crate::rows::{assert_sorted, assert_whole};

/// Contents there are in all: few, so that copies abound.
const CONTENTS: usize = 12;

const FOLDERS: [&str; 3] = ["", "a", "b"];

/// A folder to which things happen.
pub(crate) struct Disk {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) dice: Dice,
    /// Seconds by which times differ, so that no change is a secret.
    clock: u64,
}

impl Disk {
    pub(crate) fn new(dice: Dice) -> Self {
        let folder = passable_directory();
        FOLDERS.iter().skip(1).for_each(|name| fs::create_dir(folder.path().join(name)).unwrap());
        Self { folder, dice, clock: 0 }
    }

    fn content(&mut self) -> Vec<u8> {
        match self.dice.below(CONTENTS + 2) {
            0 => b"\xff\xd8\xff\xe0\0\x10JFIF\0 a picture".to_vec(),
            1 => Vec::new(),
            number => piece(number as u64),
        }
    }

    fn free_path(&mut self, extension: &str) -> PathBuf {
        let number = self.dice.below(40);
        let titles = ["", "Waterloo ", "Someone - Waterloo (v2) ", "SOMEONE - waterloo "];
        let title = titles[self.dice.below(titles.len())];
        let mut name = format!("{title}{number}.{extension}").into_bytes();
        match number % 5 {
            // No UTF-8, and names that differ in nothing but the case.
            0 => name.insert(0, 0xe9),
            1 => name.insert(0, if self.dice.below(2) == 0 { b'x' } else { b'X' }),
            _ => {}
        }
        let folder = FOLDERS[self.dice.below(FOLDERS.len())];
        self.folder.path().join(folder).join(OsStr::from_bytes(&name))
    }

    fn files(&self) -> Vec<PathBuf> {
        let folders = FOLDERS.iter().map(|name| self.folder.path().join(name));
        let entries = folders.flat_map(|folder| fs::read_dir(folder).unwrap());
        let mut files: Vec<_> =
            entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
        files.sort();
        files
    }

    fn some_file(&mut self) -> Option<PathBuf> {
        let files = self.files();
        let chosen = self.dice.below(files.len());
        files.into_iter().nth(chosen)
    }

    /// Gives a file a time that it never had; some lie before 1970, some far ahead.
    fn tick(&mut self, path: &Path) {
        self.clock += 1;
        let step = Duration::from_millis(self.clock * 1_001);
        let time = match self.dice.below(4) {
            0 => SystemTime::UNIX_EPOCH - step,
            1 => SystemTime::now() + Duration::from_hours(24 * 4_000) + step,
            _ => SystemTime::UNIX_EPOCH + Duration::from_hours(400_000) + step,
        };
        set_time(path, time);
    }

    fn write(&mut self, path: &Path) {
        let content = if path.extension().is_some_and(|extension| extension == "tar") {
            let members: Vec<_> = (0..=self.dice.below(4)).map(|_| self.content()).collect();
            tar(&members)
        } else {
            self.content()
        };
        fs::write(path, content).unwrap();
        self.tick(path);
    }

    /// Something happens. Tells what, for whom it fails.
    pub(crate) fn happen(&mut self) -> String {
        let what = self.dice.below(10);
        let some = self.some_file();
        match (what, some) {
            (0..=2, _) | (_, None) => {
                let extension = ["mid", "mid", "bin", "tar"][self.dice.below(4)];
                let path = self.free_path(extension);
                self.write(&path);
                format!("write {}", path.display())
            }
            (3, Some(path)) => {
                self.write(&path);
                format!("change {}", path.display())
            }
            (4, Some(path)) => {
                self.tick(&path);
                format!("touch {}", path.display())
            }
            (5 | 6, Some(path)) => {
                let extension = path.extension().unwrap().to_str().unwrap().to_owned();
                let to = self.free_path(&extension);
                fs::rename(&path, &to).unwrap();
                format!("move {} to {}", path.display(), to.display())
            }
            (7 | 8, Some(path)) => {
                fs::remove_file(&path).unwrap();
                format!("delete {}", path.display())
            }
            (_, Some(path)) => {
                // Loose files become an archive.
                let content = fs::read(&path).unwrap();
                let to = self.free_path("tar");
                fs::write(&to, tar(&[content])).unwrap();
                self.tick(&to);
                if path != to {
                    fs::remove_file(&path).unwrap();
                }
                format!("pack {} as {}", path.display(), to.display())
            }
        }
    }
}

#[tokio::test]
async fn whatever_happens() {
    let rounds = if is_long() { 60 } else { 8 };
    let mut disk = Disk::new(Dice::seeded());
    let database = TestDatabase::create().await;
    let mut history = Vec::new();
    let path = disk.folder.path().as_os_str().to_owned();
    for round in 0..rounds {
        history.push(format!("-- round {round}"));
        let steps = 1 + disk.dice.below(8);
        history.extend((0..steps).map(|_| disk.happen()));
        let arguments =
            ["import".as_ref(), "--accept-vanished".as_ref(), "--batch-size=3".as_ref(), path.as_os_str()];
        if disk.dice.below(2) == 0 {
            // Killed or asked to stop, then more happens.
            let signal = if disk.dice.below(2) == 0 { "-KILL" } else { "-INT" };
            let mut running = Program::on(&database, arguments).start();
            std::thread::sleep(disk.dice.moment(Duration::from_millis(400)));
            running.signal(signal);
            running.wait();
            history.push(signal.to_owned());
            history.push(disk.happen());
        }
        if disk.dice.below(4) == 0 {
            lock_is_free(&database).await;
            Program::on(&database, ["prune", "--batch-size", "2"]).run().expect(&[0]);
            history.push("prune".to_owned());
        }
        lock_is_free(&database).await;
        Program::on(&database, arguments).run().expect(&[0, 3]);
        let what = history.join("\n");
        assert_whole(&database.url, &what).await;
        assert_sorted(&database.url, &what).await;
        assert_like_new(disk.folder.path(), &database, &what).await;
    }
}
