//! What the fuzz targets hold readers to, held to generated archives as well: whole, cut and with a flipped bit. So the
//! targets always build, and nobody needs a fuzzer to see that a contract is broken.

use fs_err as fs;
use loader::format::{Compression, Container};
use loader::sample::{self, SampleOptions};

use crate::harness::passable_directory;

#[path = "../../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "it is a library of its own, which others reach")]
mod targets;

/// Every target, whatever the bytes are.
fn hold_all(bytes: &[u8]) {
    targets::read_zip(bytes);
    targets::read_tar(bytes);
    targets::read_seven_zip(bytes);
    targets::read_rar(bytes);
    targets::read_directory(Container::Lzh, bytes);
    for compression in Compression::ALL {
        targets::decode(compression, bytes);
    }
    targets::analyse(bytes);
    targets::decode_names(bytes);
}

#[test]
fn what_targets_assert_holds_for_generated_archives() {
    let folder = passable_directory();
    let options =
        SampleOptions { files: 60, mean_size: 2_000, files_per_archive: 10, ..SampleOptions::default() };
    sample::write(&options, folder.path()).unwrap();
    let mut held = 0;
    for entry in walkdir::WalkDir::new(folder.path()) {
        let entry = entry.unwrap();
        if !entry.file_type().is_file() || held == 40 {
            continue;
        }
        let whole = fs::read(entry.path()).unwrap();
        hold_all(&whole);
        hold_all(whole.get(..whole.len() / 2).unwrap());
        let mut flipped = whole.clone();
        let middle = flipped.len() / 2;
        if let Some(byte) = flipped.get_mut(middle) {
            *byte ^= 0x10;
        }
        hold_all(&flipped);
        held += 1;
    }
    assert!(held >= 20, "{held} files were generated");
}
