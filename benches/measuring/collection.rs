//! The collections that are measured: generated once by the loader's own generator, then kept under `target/bench-data`.
//!
//! Writes and finds; reads none of the files.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use fs_err as fs;
use loader::sample::{self, Container, SampleOptions};
use rayon::prelude::*;

use super::contents;

/// Where what the measurements need is kept from run to run.
pub(crate) fn directory() -> PathBuf {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    temporary.parent().unwrap_or(temporary).join("bench-data")
}

/// The folder of a collection without copies: `files` MIDI files of `mean_size` bytes on average in containers of one kind
/// with `each` files; the usual share of damage and clutter. Generated where it is not there yet.
pub(crate) fn of(container: Container, files: u64, mean_size: usize, each: u64) -> Result<PathBuf> {
    let name = format!("{}-{files}-of-{mean_size}-by-{each}", container.word());
    let folder = directory().join(name);
    if folder.exists() {
        return Ok(folder);
    }
    eprintln!("generating {files} files of {mean_size} bytes in {} …", container.word());
    let options = SampleOptions {
        files,
        mean_size,
        duplicates: 0.0,
        layout: vec![container],
        files_per_archive: each,
        ..SampleOptions::default()
    };
    // Only a collection that is whole gets the name under which it is looked for.
    let unfinished = folder.with_extension("unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    sample::write(&options, &unfinished)?;
    fs::rename(&unfinished, &folder)?;
    Ok(folder)
}

/// The folder of a collection of the sizes that speed is promised for ([`contents`]): zips of up to `each` files, no copies, no
/// clutter, one in fifty damaged. Generated where it is not there yet.
pub(crate) fn promised(files: u64, each: u64) -> Result<PathBuf> {
    let folder = directory().join(format!("promised-{files}-by-{each}"));
    if folder.exists() {
        return Ok(folder);
    }
    eprintln!("generating {files} files of {} to {} bytes in zips …", contents::LEAST, contents::MOST);
    let unfinished = folder.with_extension("unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    fs::create_dir_all(&unfinished)?;
    let zips: Vec<u64> = (0..files.div_ceil(each)).collect();
    zips.par_iter().try_for_each(|number| {
        let file = fs::File::create(unfinished.join(format!("pack-{number:05}.zip")))?;
        let mut writer = zip::ZipWriter::new(BufWriter::new(file));
        for index in number * each..files.min((number + 1) * each) {
            // Names in folders, as packs have them.
            writer.start_file(
                format!("folder {}/piece {index}.mid", index % 17),
                zip::write::SimpleFileOptions::default(),
            )?;
            writer.write_all(&contents::usual(index))?;
        }
        writer.finish()?.flush()?;
        anyhow::Ok(())
    })?;
    fs::rename(&unfinished, &folder)?;
    Ok(folder)
}

/// The files directly in a folder, by name.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// The bytes of the only file in a folder.
pub(crate) fn only_file(folder: &Path) -> Result<Vec<u8>> {
    let paths = files(folder)?;
    let path = paths.first().with_context(|| format!("{} holds no file", folder.display()))?;
    Ok(fs::read(path)?)
}
