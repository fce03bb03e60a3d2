//! A private cluster on a disk so small that it can be filled: a tmpfs, which only root may mount.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use loader::server::cluster::PrivateCluster;

use crate::harness::passable_directory;
use crate::program::is_long;

/// A file system of its own, taken away with this value.
#[derive(Debug)]
pub(crate) struct SmallDisk {
    /// The cluster that lies there; it need not exist yet.
    pub(crate) cluster: PrivateCluster,
    mount: PathBuf,
    _directory: tempfile::TempDir,
}

impl SmallDisk {
    /// A disk of this size. None where it cannot be mounted: then that is said, and with `LOADER_LONG=1`, which asks for
    /// everything, it is a failure.
    pub(crate) fn mount(mebibytes: u32) -> Option<Self> {
        let directory = passable_directory();
        let mount = directory.path().join("disk");
        fs::create_dir(&mount).unwrap();
        let options = format!("size={mebibytes}m,mode=0755");
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", &options, "loader-test"]).arg(&mount);
        if !command.status().is_ok_and(|status| status.success()) {
            assert!(!is_long(), "a tmpfs cannot be mounted here, so a full disk was not tried: run as root");
            println!("NOT TESTED: a full disk, because a tmpfs cannot be mounted here: run as root");
            return None;
        }
        let cluster = PrivateCluster::at(&mount.join("cluster")).unwrap();
        Some(Self { cluster, mount, _directory: directory })
    }

    /// Fills it up but for `left` bytes.
    pub(crate) fn fill(&self, left: u64) {
        let mut file = fs::File::create(self.ballast()).unwrap();
        let free = free_bytes(&self.mount);
        let piece = vec![0; 1 << 16];
        let mut written = 0;
        while written + left < free {
            let next = (free - left - written).min(piece.len() as u64);
            if file.write_all(&piece[..usize::try_from(next).unwrap()]).is_err() {
                return;
            }
            written += next;
        }
    }

    /// Gives the space back.
    pub(crate) fn free(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.mount.join("ballast")
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
