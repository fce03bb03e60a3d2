//! A server whose disk is full: the import stops and says so; with space again, the same command finishes.
//!
//! The disk is a small tmpfs, which only root may mount. Where that is not allowed the test says so and passes, unless
//! `LOADER_LONG=1` asks for everything: then it fails.

use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use loader::server::cluster::PrivateCluster;

use crate::harness::{TestDatabase, passable_directory};
use crate::program::{Program, is_long};
use crate::rows::{Rows, assert_whole, collection, make_large};

/// A file system of its own, taken away with this value.
struct SmallDisk {
    cluster: PrivateCluster,
    mount: PathBuf,
    _directory: tempfile::TempDir,
}

impl SmallDisk {
    fn mount(mebibytes: u32) -> Option<Self> {
        let directory = passable_directory();
        let mount = directory.path().join("disk");
        fs::create_dir(&mount).unwrap();
        let options = format!("size={mebibytes}m,mode=0755");
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", &options, "loader-test"]).arg(&mount);
        if !command.status().is_ok_and(|status| status.success()) {
            return None;
        }
        let cluster = PrivateCluster::at(&mount.join("cluster")).unwrap();
        Some(Self { cluster, mount, _directory: directory })
    }

    fn ballast(&self) -> PathBuf {
        self.mount.join("ballast")
    }

    /// Fills it up but for `left` bytes.
    fn fill(&self, left: u64) {
        let file = fs::File::create(self.ballast()).unwrap();
        let free = free_bytes(&self.mount);
        let piece = vec![0; 1 << 16];
        let mut written = 0;
        while written + left < free {
            let next = (free - left - written).min(piece.len() as u64);
            if std::io::Write::write_all(&mut &file, &piece[..usize::try_from(next).unwrap()]).is_err() {
                return;
            }
            written += next;
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.ballast());
        let _ = self.cluster.stop();
        // The server's last processes may still be ending: at once out of sight, gone when they are.
        let _ = Command::new("umount").arg("--lazy").arg(&self.mount).status();
    }
}

fn free_bytes(path: &Path) -> u64 {
    let done = Command::new("df").args(["--output=avail", "-B1"]).arg(path).output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    text.lines().nth(1).unwrap().trim().parse().unwrap()
}

#[tokio::test]
async fn a_full_disk_stops_the_import_and_it_goes_on_later() {
    let Some(disk) = SmallDisk::mount(256) else {
        assert!(!is_long(), "a tmpfs cannot be mounted here, so a full disk was not tried: run as root");
        println!("a tmpfs cannot be mounted here: a full disk was not tried");
        return;
    };
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
        fs::remove_file(disk.ballast()).unwrap();
    }
    import(folder.path(), "normal").finished();
    assert_whole(&url, "with space again").await;
    expected.assert_same(&Rows::of(&url).await, "with space again");
}
