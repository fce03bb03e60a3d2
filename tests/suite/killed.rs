//! Whatever is killed, and whenever: the same command finishes the job, with the rows of an undisturbed run.
//!
//! A few cases always; all of them with `LOADER_LONG=1`. The moments are drawn from a seed, which is printed;
//! `LOADER_TEST_SEED` repeats it.

mod loader_killed;
mod server_killed;
mod signals;

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use crate::harness::TestDatabase;
use crate::program::{Ended, Program};

/// The arguments of an import of `folder` in a mode, by a writer, in batches small enough that there is always a batch
/// under way.
pub(crate) fn arguments(folder: &Path, mode: &str, writer: &str) -> Vec<OsString> {
    let mut arguments: Vec<OsString> =
        ["import", "--json", "--batch-size", "24", "--mode", mode, "--writer", writer]
            .map(OsString::from)
            .to_vec();
    arguments.push(folder.into());
    arguments
}

/// Runs the command to its end. The server may need a moment to notice that the one before it is gone, and until then says
/// that another import is at work; that is waited for.
fn finish(database: &TestDatabase, arguments: &[OsString]) -> Ended {
    for _ in 0..400 {
        let ended = Program::on(database, arguments).run();
        if ended.code != Some(11) {
            return ended.finished();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("a killed import holds the lock for ever");
}
