//! Takes files out of the system's memory, so that they are read from the disk again.
//!
//! Only these files, by dd (GNU), whoever asks: emptying the whole cache (`/proc/sys/vm/drop_caches`) needs root and slows
//! down everybody else on the machine.

use std::path::PathBuf;
use std::process::Command;

/// Forgets files; the share of their bytes that is still in memory, none where that cannot be told.
pub(crate) fn forget(files: &[PathBuf]) -> Option<f64> {
    // Only what is on the disk can be forgotten.
    Command::new("sync").status().ok()?;
    for file in files {
        let mut from = std::ffi::OsString::from("if=");
        from.push(file);
        let dd = Command::new("dd").arg(from).args(["iflag=nocache", "count=0", "status=none"]).status();
        if !dd.is_ok_and(|status| status.success()) {
            return None;
        }
    }
    let mut look = Command::new("fincore");
    look.args(["--bytes", "--raw", "--noheadings", "--output", "RES,SIZE"]).args(files);
    let output = look.output().ok().filter(|output| output.status.success())?;
    let output = String::from_utf8(output.stdout).ok()?;
    let (mut resident, mut size) = (0.0, 0.0);
    for line in output.lines() {
        let mut numbers = line.split_whitespace().filter_map(|number| number.parse::<f64>().ok());
        resident += numbers.next()?;
        size += numbers.next()?;
    }
    (size > 0.0).then_some(resident / size)
}
