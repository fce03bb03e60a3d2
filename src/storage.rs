//! What files lie on, and how they are best read from there.
//!
//! Asks the operating system about paths and devices, and reads no file. Which of its answers matters to whom is decided in
//! [`crate::profile`].

use std::path::Path;

use rustix::fs::{major, minor};

/// How files are read from where they lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessPolicy {
    /// Files of one device being read at the same time, ahead of the tasks that work on them; 0 leaves the reading to the tasks
    /// and counts nothing.
    pub depth: usize,
    /// Whether of a disk that turns, which has one head, one file is read at a time whatever the depth.
    pub spares_heads: bool,
    /// Bytes of an archive that are asked for at once.
    pub piece: usize,
    /// Whether files are read in the order of their inodes, device by device, instead of as folders list them.
    pub by_inode: bool,
}

impl Default for AccessPolicy {
    /// What suits disks without a head that this machine has itself.
    fn default() -> Self {
        Self { depth: 0, spares_heads: true, piece: 1 << 20, by_inode: false }
    }
}

impl AccessPolicy {
    /// How many files of a device may be read at the same time.
    pub(crate) fn depth_on(&self, device: i64) -> usize {
        let has_head = self.spares_heads && is_rotational(device.cast_unsigned()) == Some(true);
        if has_head { 1 } else { self.depth.max(1) }
    }
}

/// What a path lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// A file system that another machine serves, or that a program stands for, by its name.
    Remote(&'static str),
    /// A disk that turns.
    Rotational,
    /// Anything else: a disk without a head, memory.
    Quick,
}

/// File systems whose files come from elsewhere, by the number that `statfs` tells (`linux/magic.h` and their sources).
const REMOTE: [(u64, &str); 12] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB 2"),
    (0x6573_5546, "FUSE"),
    (0x0102_1997, "9P"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x00c3_6400, "Ceph"),
    (0x564c, "NCP"),
    (0x786f_4256, "a shared folder of VirtualBox"),
];

impl Storage {
    /// Looks at what a path lies on; none where the operating system does not tell.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let told = rustix::fs::statfs(path).ok()?;
        // The number has 32 bits; what holds it is wider, and signed in places.
        #[expect(clippy::cast_sign_loss, reason = "only the low 32 bits tell something")]
        let magic = (told.f_type as u64) & 0xffff_ffff;
        if let Some(name) = remote(magic) {
            return Some(Self::Remote(name));
        }
        let device = rustix::fs::stat(path).ok()?.st_dev;
        Some(if is_rotational(device) == Some(true) { Self::Rotational } else { Self::Quick })
    }
}

fn remote(magic: u64) -> Option<&'static str> {
    REMOTE.iter().find(|(number, _)| *number == magic).map(|(_, name)| *name)
}

/// Whether a block device turns; none for what is no block device, or a virtual machine's, which says that it does whatever lies
/// below it.
#[must_use]
pub fn is_rotational(device: u64) -> Option<bool> {
    let place = format!("/sys/dev/block/{}:{}", major(device), minor(device));
    let place = std::fs::canonicalize(place).ok()?;
    if is_of_a_virtual_machine(&place) {
        return None;
    }
    // A partition's queue is that of its disk.
    let queues = [place.join("queue/rotational"), place.parent()?.join("queue/rotational")];
    let told = queues.iter().find_map(|queue| std::fs::read_to_string(queue).ok())?;
    Some(told.trim() == "1")
}

/// By what drives it: `…/virtio1/block/vda`, `…/vbd-768/block/xvda`.
fn is_of_a_virtual_machine(place: &Path) -> bool {
    let is_host = |part: &str| part.starts_with("virtio") || part.starts_with("vbd-");
    place.components().any(|part| part.as_os_str().to_str().is_some_and(is_host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remote_file_systems_are_known_by_their_numbers() {
        assert_eq!(remote(0x6969), Some("NFS"));
        assert_eq!(remote(0xff53_4d42), Some("CIFS"));
        assert_eq!(remote(0x6573_5546), Some("FUSE"));
        // ext4, tmpfs.
        assert_eq!((remote(0xef53), remote(0x0102_1994)), (None, None));
    }

    #[test]
    fn what_this_machine_has_itself_is_not_remote() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!matches!(Storage::of(folder.path()), Some(Storage::Remote("NFS" | "CIFS"))));
        assert_eq!(Storage::of(Path::new("/proc")), Some(Storage::Quick));
        assert_eq!(Storage::of(Path::new("/no/such/path")), None);
        // No block device has the number 0.
        assert_eq!(is_rotational(0), None);
    }

    #[test]
    fn what_a_virtual_machine_says_of_its_disk_is_not_believed() {
        for (place, is_virtual) in [
            ("/sys/devices/pci0000:00/0000:00:02.0/virtio1/block/vda", true),
            ("/sys/devices/vbd-768/block/xvda/xvda1", true),
            ("/sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda/sda1", false),
            ("/sys/devices/virtual/block/dm-0", false),
        ] {
            assert_eq!(is_of_a_virtual_machine(Path::new(place)), is_virtual, "{place}");
        }
    }

    #[test]
    fn what_is_no_disk_is_read_as_deep_as_asked() {
        let policy = AccessPolicy { depth: 16, ..AccessPolicy::default() };
        assert_eq!(policy.depth_on(0), 16);
        assert_eq!(AccessPolicy::default().depth_on(0), 1);
    }
}
