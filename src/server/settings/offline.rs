//! Mending `postgresql.auto.conf` of a server that does not run, best of one that does not start.
//!
//! Puts back what the files of earlier runs say was there; without any, takes out the one contradiction that keeps a
//! server from starting: `wal_level = minimal` where standbys could connect or the log is archived. Touches no other file
//! of the data directory and starts nothing.

use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use fs_err as fs;

use super::BackupFile;
use crate::error::{Error, ErrorKind, Result};

/// What was mended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// Lines taken out or changed: name, what stood there, what stands there now; none for nothing.
    pub changes: Vec<(String, Option<String>, Option<String>)>,
    /// Files that said what was there before.
    pub sources: Vec<String>,
}

/// Mends the configuration of the cluster in `directory`.
///
/// The files it goes by stay, until a `loader restore` on the running server has seen that everything is as before.
///
/// # Errors
/// [`ErrorKind::Usage`] where this is no data directory or a server runs in it.
pub fn mend(directory: &Path) -> Result<Mended> {
    let system = system_identifier(directory)?;
    refuse_running(directory)?;
    let path = directory.join("postgresql.auto.conf");
    let text = fs::read_to_string(&path)?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut mended = Mended::default();
    for file in BackupFile::of_cluster(system)? {
        for (name, entry) in file.entries()? {
            set(&mut lines, &name, entry.as_deref(), &mut mended);
        }
        mended.sources.push(file.path().display().to_string());
    }
    if mended.sources.is_empty() {
        for name in contradictions(directory, &lines)? {
            set(&mut lines, name, None, &mut mended);
        }
    }
    if !mended.changes.is_empty() {
        replace(&path, &(lines.join("\n") + "\n"))?;
    }
    // Written data may not have reached the disk while fsync was off; the system still has it.
    if mended.changes.iter().any(|(name, ..)| name == "fsync") {
        std::process::Command::new("sync").status()?;
    }
    Ok(mended)
}

/// The number that PostgreSQL gave the cluster when it was made: the first eight bytes of `global/pg_control`.
fn system_identifier(directory: &Path) -> Result<u64> {
    let no_cluster = |found: &str| {
        Error::new(
            ErrorKind::Usage,
            format!("{} is no data directory of PostgreSQL: {found}", directory.display()),
        )
        .with_hint("give the directory that holds postgresql.auto.conf; SHOW data_directory tells it")
    };
    if !directory.join("PG_VERSION").is_file() {
        return Err(no_cluster("there is no PG_VERSION in it"));
    }
    let control = fs::read(directory.join("global/pg_control"))
        .map_err(|error| no_cluster("global/pg_control cannot be read").with_cause(error))?;
    let bytes = control.first_chunk::<8>().ok_or_else(|| no_cluster("global/pg_control is too short"))?;
    Ok(u64::from_ne_bytes(*bytes))
}

/// A running server would overwrite the file, and is better asked.
fn refuse_running(directory: &Path) -> Result<()> {
    let lock = directory.join("postmaster.pid");
    let Ok(text) = fs::read_to_string(&lock) else { return Ok(()) };
    let pid = text.lines().next().unwrap_or_default().trim().to_owned();
    // A server that crashed leaves the file; another program may have its number since.
    let runs = std::fs::canonicalize(format!("/proc/{pid}/cwd")).ok();
    if pid.is_empty() || runs.is_none() || runs != std::fs::canonicalize(directory).ok() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Usage, format!("a server runs in {} (process {pid})", directory.display()))
        .with_hint("ask it: loader restore --database-url postgresql://…, or stop it first"))
}

/// Has the file say `entry` of a setting, or nothing.
fn set(lines: &mut Vec<String>, name: &str, entry: Option<&str>, mended: &mut Mended) {
    let found = value(lines, name);
    if found.as_deref() == entry {
        return;
    }
    lines.retain(|line| parsed(line).is_none_or(|(other, _)| !other.eq_ignore_ascii_case(name)));
    if let Some(entry) = entry {
        lines.push(format!("{name} = '{}'", entry.replace('\\', "\\\\").replace('\'', "''")));
    }
    mended.changes.push((name.to_owned(), found, entry.map(str::to_owned)));
}

/// What lines of a configuration file say of a setting: the last counts.
fn value(lines: &[String], name: &str) -> Option<String> {
    lines
        .iter()
        .rev()
        .filter_map(|line| parsed(line))
        .find_map(|(other, value)| other.eq_ignore_ascii_case(name).then_some(value))
}

/// Name and value of a line `name = 'value'`; the equals sign and the quotes may be missing.
fn parsed(line: &str) -> Option<(&str, String)> {
    let line = line.trim();
    let end = line.find(|character: char| character.is_whitespace() || character == '=')?;
    let (name, rest) = line.split_at(end);
    if name.is_empty() || name.starts_with('#') {
        return None;
    }
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('=').unwrap_or(rest).trim_start();
    let Some(quoted) = rest.strip_prefix('\'') else {
        let end = rest.find(|character: char| character.is_whitespace() || character == '#');
        return Some((name, rest.get(..end.unwrap_or(rest.len()))?.to_owned()));
    };
    let mut value = String::new();
    let mut characters = quoted.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\'' if characters.peek() == Some(&'\'') => _ = characters.next(),
            '\'' => break,
            '\\' => {
                value.extend(characters.next());
                continue;
            }
            _ => {}
        }
        value.push(character);
    }
    Some((name, value))
}

/// Settings of `postgresql.auto.conf` with which no server starts.
fn contradictions(directory: &Path, auto: &[String]) -> Result<Vec<&'static str>> {
    if value(auto, "wal_level").as_deref() != Some("minimal") {
        return Ok(Vec::new());
    }
    // Included files are not read: with what they say the server may be able to start, and then nothing is wrong.
    let main = directory.join("postgresql.conf");
    let main: Vec<String> = if main.exists() {
        fs::read_to_string(main)?.lines().map(str::to_owned).collect()
    } else {
        Vec::new()
    };
    let effective = |name| value(auto, name).or_else(|| value(&main, name));
    let has_senders = effective("max_wal_senders").is_none_or(|senders| senders != "0");
    let is_archiving = effective("archive_mode").is_some_and(|mode| mode != "off");
    Ok(if has_senders || is_archiving { vec!["wal_level"] } else { Vec::new() })
}

/// Writes the file anew, with the same owner and rights, beside what was there: `postgresql.auto.conf.before-mending`.
fn replace(path: &Path, text: &str) -> Result<()> {
    let before = fs::metadata(path)?;
    fs::copy(path, path.with_extension("conf.before-mending"))?;
    let new = path.with_extension("conf.mended");
    let mut file = fs::File::create(&new)?;
    file.write_all(text.as_bytes())?;
    fs::set_permissions(&new, std::fs::Permissions::from_mode(before.mode()))?;
    for changed in [&new, &path.with_extension("conf.before-mending")] {
        std::os::unix::fs::chown(changed, Some(before.uid()), Some(before.gid()))?;
    }
    file.sync_all()?;
    fs::rename(&new, path)?;
    if let Some(folder) = path.parent() {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn lines_are_read_as_the_server_reads_them() {
        for (line, expected) in [
            ("fsync = 'off'", Some(("fsync", "off"))),
            ("  max_wal_size=8GB # large", Some(("max_wal_size", "8GB"))),
            ("work_mem '4MB'", Some(("work_mem", "4MB"))),
            ("archive_command = 'cp ''%p'' \\\\x'", Some(("archive_command", "cp '%p' \\x"))),
            ("# fsync = off", None),
            ("", None),
        ] {
            let expected = expected.map(|(name, value)| (name, value.to_owned()));
            assert_eq!(parsed(line), expected, "{line}");
        }
    }

    #[test]
    fn the_earlier_entry_takes_the_place_of_all_others() {
        let mut text = lines("# Do not edit\nfsync = 'on'\nFSYNC = 'off'\nmax_wal_size = '8GB'");
        let mut mended = Mended::default();
        set(&mut text, "fsync", None, &mut mended);
        set(&mut text, "max_wal_size", Some("2GB"), &mut mended);
        set(&mut text, "work_mem", None, &mut mended);
        assert_eq!(text, ["# Do not edit", "max_wal_size = '2GB'"]);
        let changes = [("fsync", Some("off"), None), ("max_wal_size", Some("8GB"), Some("2GB"))];
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let changes = changes.map(|(name, before, after)| (name.to_owned(), owned(before), owned(after)));
        assert_eq!(mended.changes, changes);
    }

    #[test]
    fn only_what_keeps_a_server_from_starting_contradicts() {
        for (auto, main, expected) in [
            ("wal_level = 'minimal'", "", 1),
            ("wal_level = 'minimal'\nmax_wal_senders = '0'", "", 0),
            ("wal_level = 'minimal'", "max_wal_senders = 0", 0),
            ("wal_level = 'minimal'", "max_wal_senders = 0\narchive_mode = on", 1),
            ("wal_level = 'replica'", "", 0),
            ("", "wal_level = minimal", 0),
        ] {
            let directory = tempfile::tempdir().unwrap();
            fs::write(directory.path().join("postgresql.conf"), main).unwrap();
            let found = contradictions(directory.path(), &lines(auto)).unwrap();
            assert_eq!(found.len(), expected, "{auto} | {main}");
        }
    }
}
