//! Whether a folder lies on a file system of which the operating system does not tell what others do to it.
//!
//! Reads the table of mounts, nothing else.

use std::path::{Path, PathBuf};

/// File systems that other machines, or programs outside the kernel, change unseen.
const REMOTE: [&str; 22] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "afs",
    "ceph",
    "lustre",
    "ncpfs",
    "glusterfs",
    "gfs2",
    "ocfs2",
    "drvfs",
    "vboxsf",
    "prl_fs",
    "fuse.sshfs",
    "fuse.rclone",
    "fuse.glusterfs",
    "fuse.s3fs",
    "fuse.davfs",
    "fuse.vmhgfs-fuse",
];

/// The kind of the file system that a folder lies on, where it is one of these.
pub(super) fn remote(folder: &Path) -> Option<String> {
    let table = fs_err::read_to_string("/proc/self/mountinfo").ok()?;
    remote_in(&table, folder)
}

/// `36 35 98:0 / /mnt/music rw,noatime shared:1 - nfs4 server:/music rw`; what is mounted later hides what was before.
fn remote_in(table: &str, folder: &Path) -> Option<String> {
    let mount = |line: &str| {
        let (place, kind) = line.split_once(" - ")?;
        let point = PathBuf::from(unescaped(place.split(' ').nth(4)?));
        folder
            .starts_with(&point)
            .then(|| (point.components().count(), kind.split(' ').next().unwrap_or_default().to_owned()))
    };
    let (_, kind) = table.lines().filter_map(mount).max_by_key(|(depth, _)| *depth)?;
    REMOTE.contains(&kind.as_str()).then_some(kind)
}

/// The table writes a blank as `\040`, and so on.
fn unescaped(text: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .into_iter()
        .fold(text.to_owned(), |text, (escaped, meant)| text.replace(escaped, meant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_mount_decides() {
        let table = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
                     23 22 0:30 / /srv/my\\040music rw,noatime shared:1 - nfs4 server:/music rw\n\
                     24 23 8:2 / /srv/my\\040music/local rw - xfs /dev/sdb1 rw\n";
        for (folder, kind) in [
            ("/srv", None),
            ("/srv/my music", Some("nfs4")),
            ("/srv/my music/a/b", Some("nfs4")),
            ("/srv/my music/local/a", None),
            ("/srv/my musical", None),
        ] {
            assert_eq!(remote_in(table, Path::new(folder)).as_deref(), kind, "{folder}");
        }
    }
}
