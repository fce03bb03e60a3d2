//! `loader sample`: writes a made-up collection to try the loader on, and prints what is in it. The making is
//! [`crate::sample`]'s.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::error::{Error, ErrorKind, ExitStatus, Result};
use crate::sample::{self, Container, SampleOptions, SampleSummary};

/// Write a made-up collection of MIDI files to try the loader on
///
/// The same options give the same files on every machine. Sizes, meters, tempo maps, instruments, names and the share of
/// damaged files follow real collections; all music is generated.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  loader sample ~/midi-sample
  loader sample /tmp/load --files 100000 --archives zip -j 2
  loader sample /tmp/bad --files 500 --damaged 1 --archives loose")]
pub struct SampleArgs {
    /// The folder to write to; made if it is not there
    #[arg(value_name = "DIR")]
    pub to: PathBuf,
    /// How many MIDI files
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub files: u64,
    /// Another seed gives another collection
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Mean size of a file in bytes; the median is about a third of it
    #[arg(long, value_name = "BYTES", default_value_t = 20_000)]
    pub mean_size: usize,
    /// Containers to take in turn: zip, tar.gz, tar.zst, tar, gz (single .mid.gz), loose, nested
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_values_t = Container::ALL)]
    pub archives: Vec<Container>,
    /// Share of files that are copies of others, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    pub duplicates: f64,
    /// Share of files that are damaged, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.02)]
    pub damaged: f64,
    /// Pieces of clutter (thumbnails, covers, ._ files) for each file, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.02)]
    pub clutter: f64,
    /// Most files in one container
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub files_per_archive: u64,
    /// Threads to use [default: one for each processor]
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Write into a folder that is not empty; files of the same names are replaced
    #[arg(long)]
    pub force: bool,
}

impl SampleArgs {
    fn options(&self) -> SampleOptions {
        SampleOptions {
            seed: self.seed,
            files: self.files,
            mean_size: self.mean_size,
            duplicates: self.duplicates,
            damaged: self.damaged,
            clutter: self.clutter,
            layout: self.archives.clone(),
            files_per_archive: self.files_per_archive,
        }
    }
}

/// Writes the sample and prints its summary on standard output.
///
/// # Errors
/// An option out of its range, a folder that is not empty, a file that cannot be written.
pub fn run(args: &SampleArgs, as_json: bool) -> Result<ExitStatus> {
    let options = args.options();
    options.check().map_err(|problem| {
        Error::new(ErrorKind::Usage, problem)
            .with_hint("loader sample --help lists the options and their ranges")
    })?;
    if !args.force {
        refuse_what_is_there(&args.to)?;
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.jobs.unwrap_or(0))
        .build()
        .map_err(|cause| Error::new(ErrorKind::Run, "the threads could not be started").with_cause(cause))?;
    let summary = pool.install(|| sample::write(&options, &args.to))?;
    let report = if as_json { json(&summary)? } else { text(&summary, &args.to) };
    match std::io::stdout().lock().write_all(report.as_bytes()) {
        // Whoever read along has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ExitStatus::Success),
        other => Ok(other.map(|()| ExitStatus::Success)?),
    }
}

/// An error unless the path is free or an empty folder.
fn refuse_what_is_there(to: &Path) -> Result<()> {
    match fs_err::read_dir(to) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(Error::new(
                ErrorKind::Usage,
                format!("{} is not empty; a sample is written into a new or empty folder", to.display()),
            )
            .with_hint("choose another folder, or add --force to write into this one")),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => Err(Error::new(
            ErrorKind::Usage,
            format!("{} is a file; a sample is written into a folder", to.display()),
        )),
        Err(error) => Err(error.into()),
    }
}

fn json(summary: &SampleSummary) -> Result<String> {
    serde_json::to_string_pretty(summary).map(|json| json + "\n").map_err(|cause| {
        Error::new(ErrorKind::Run, "the summary could not be written as JSON").with_cause(cause)
    })
}

/// A few lines for a person.
fn text(summary: &SampleSummary, to: &Path) -> String {
    let total = &summary.total;
    let damaged: u64 = total.damaged.values().sum();
    let mut lines = vec![format!(
        "Wrote {} entries in {} containers to {} ({} of content, {} on disk)",
        grouped(total.entries),
        grouped(summary.parts.len() as u64),
        to.display(),
        megabytes(total.bytes),
        megabytes(summary.stored_bytes),
    )];
    let rows = [
        ("MIDI files", total.midi),
        ("distinct contents", total.distinct),
        ("copies", total.copies),
        ("damaged", damaged),
        ("named like MIDI only", total.not_midi),
        ("clutter", total.clutter),
        ("archives in archives", total.archives),
    ];
    lines.extend(rows.iter().map(|(label, count)| format!("  {label:<21}{:>12}", grouped(*count))));
    lines.push(format!("Next: loader import '{}'", to.display().to_string().replace('\'', "'\\''")));
    lines.join("\n") + "\n"
}

/// A number with commas between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bytes in megabytes of 10^6.
fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", grouped(bytes / 1_000_000), bytes % 1_000_000 / 100_000)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: SampleArgs,
    }

    fn parse(line: &[&str]) -> SampleArgs {
        Line::try_parse_from(std::iter::once(&"sample").chain(line)).unwrap().args
    }

    #[test]
    fn the_defaults_are_the_library_s() {
        assert_eq!(parse(&["x"]).options(), SampleOptions::default());
    }

    #[test]
    fn options_are_taken_over() {
        let args =
            parse(&["x", "--archives", "zip,tar.gz", "--files", "7", "--seed", "9", "--damaged", "0.5"]);
        let options = args.options();
        assert_eq!(options.layout, [Container::Zip, Container::TarGz]);
        assert_eq!((options.files, options.seed, options.damaged), (7, 9, 0.5));
        let Err(error) = Line::try_parse_from(["sample", "x", "--archives", "rar"]) else {
            panic!("rar is unknown")
        };
        assert!(error.to_string().contains("no container is called `rar`"));
    }

    #[test]
    fn a_folder_that_is_not_empty_is_refused_unless_forced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        std::fs::write(folder.path().join("here"), "x").unwrap();
        let line = [path, "--files", "3", "--archives", "zip"];
        let error = run(&parse(&line), false).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.to_string().contains("not empty") && error.hint().unwrap().contains("--force"));
        let status = run(&parse(&[&line[..], &["--force"]].concat()), true).unwrap();
        assert_eq!(status, ExitStatus::Success);
        assert!(folder.path().join("pack-00000.zip").exists() && folder.path().join("here").exists());
    }

    #[test]
    fn options_out_of_range_are_usage_errors() {
        for line in
            [["x", "--duplicates", "1.5"], ["x", "--mean-size", "3"], ["x", "--files-per-archive", "0"]]
        {
            assert_eq!(run(&parse(&line), false).unwrap_err().kind(), ErrorKind::Usage);
        }
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, expected) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), expected);
        }
        assert_eq!(megabytes(1_950_000), "1.9 MB");
    }
}
