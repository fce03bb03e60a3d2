//! Makes a private cluster's data directory: `initdb`, who may connect, the settings, the database `loader`.
//!
//! Everything is prepared under another name and takes its own only when it is whole: a directory named `postgresql` is
//! always a cluster with its database. Starts no server that anyone could connect to.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt as _;

use super::layout::Layout;
use super::{DATABASE, ROLE};
use crate::error::{Error, ErrorKind, Result};
use crate::server::account::Account;
use crate::server::binaries::Binaries;

/// The settings that are fitted to the machine, in the data directory.
pub(super) const SETTINGS: &str = "loader.conf";

/// Only local connections, and only of users the map admits.
const WHO_MAY_CONNECT: &str = "\
# Written by loader: only this machine's users whom pg_ident.conf admits may connect, proven by the operating system.
local  all  all  peer  map=loader
";

/// Creates the data directory.
///
/// # Errors
/// Where `initdb` or the first server run fails: with what they said.
pub(super) fn create(layout: &Layout, account: &Account, binaries: &Binaries, lock: &fs::File) -> Result<()> {
    let data = layout.new_data();
    if data.symlink_metadata().is_ok() {
        // Left by a creation that was interrupted.
        fs::remove_dir_all(&data)?;
    }
    fs::create_dir(&data)?;
    give(&data, account)?;
    run_initdb(&data, account, binaries, lock)?;

    let mut main = fs::OpenOptions::new().append(true).open(data.join("postgresql.conf"))?;
    write!(
        main,
        "\n# Fitted to this machine by loader. What stands below this line wins over it.\ninclude '{SETTINGS}'\n"
    )?;
    main.sync_all()?;
    write_file(&data.join("pg_hba.conf"), WHO_MAY_CONNECT, account)?;
    write_file(&data.join("pg_ident.conf"), &admitted(&account.name), account)?;
    write_settings(&data, layout, account)?;
    create_database(&data, account, binaries)?;

    fs::rename(&data, &layout.data)?;
    fs::File::open(&layout.base)?.sync_all()?;
    Ok(())
}

/// Writes the settings that fit this machine now; memory, processors and disk may have changed since the last start.
pub(super) fn write_settings(data: &Path, layout: &Layout, account: &Account) -> Result<()> {
    let machine = super::machine::Machine::measure(data);
    write_file(&data.join(SETTINGS), &super::settings::fitted(machine, &layout.socket_directory), account)
}

fn run_initdb(data: &Path, account: &Account, binaries: &Binaries, lock: &fs::File) -> Result<()> {
    // Collation by byte value is the same everywhere and fastest; letters beyond ASCII are still known as letters.
    // What the system lacks, PostgreSQL 17 and later bring along.
    let builtin: &[&str] = &["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
    let locales: &[&[&str]] = if binaries.version.major >= 17 {
        &[&["--locale=C.UTF-8"], builtin, &["--locale=C"]]
    } else {
        &[&["--locale=C.UTF-8"], &["--locale=C"]]
    };
    let mut said = String::new();
    for locale in locales {
        let mut command = account.command(binaries.program("initdb"));
        command
            .args(["--encoding=UTF8", "--auth=peer", "--no-instructions"])
            .arg(format!("--username={ROLE}"));
        command.args(*locale).arg("-D").arg(data).stdin(held_by_program(lock)?);
        let done = output(&mut command, account)?;
        if done.status.success() {
            return Ok(());
        }
        said = text_of(&done);
        if !said.contains("locale") {
            break;
        }
    }
    Err(Error::new(ErrorKind::Run, format!("initdb could not create {}: {}", data.display(), said.trim())))
}

/// The operating system's users who may act as the role: the server's own, and root, who could anyway.
fn admitted(account: &str) -> String {
    let mut text = String::from("# Written by loader: map, operating system user, role.\n");
    for name in [account, "root"] {
        let _ = writeln!(text, "loader  \"{}\"  {ROLE}", name.replace('"', "\"\""));
    }
    text
}

/// Creates the database without a server, in PostgreSQL's single-user mode.
fn create_database(data: &Path, account: &Account, binaries: &Binaries) -> Result<()> {
    let mut command = account.command(binaries.program("postgres"));
    command.args(["--single", "-D"]).arg(data).arg("postgres").stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut server = command.spawn().map_err(|error| not_started(command.get_program(), account, &error))?;
    if let Some(mut input) = server.stdin.take() {
        // A server that failed to start closes its input; its own words say why.
        let _ = input.write_all(format!("CREATE DATABASE {DATABASE}\n").as_bytes());
    }
    let done = server.wait_with_output()?;
    let said = text_of(&done);
    if done.status.success() && !["ERROR:", "FATAL:", "PANIC:"].iter().any(|word| said.contains(word)) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Run,
        format!("the database {DATABASE} could not be created in {}: {}", data.display(), said.trim()),
    ))
}

/// Writes a file for the server alone, durably.
fn write_file(path: &Path, text: &str, account: &Account) -> Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    give(path, account)
}

fn give(path: &Path, account: &Account) -> Result<()> {
    if account.is_another() {
        fs::os::unix::fs::chown(path, Some(account.uid), Some(account.gid))?;
    }
    Ok(())
}

/// The lock as a program's standard input, which it never reads: should this process be killed, the lock stays held until
/// that program has ended too, and nobody works beside it. A server started by `pg_ctl` does not inherit it.
pub(super) fn held_by_program(lock: &fs::File) -> Result<Stdio> {
    Ok(Stdio::from(lock.file().try_clone()?))
}

/// Runs a program of the server to its end.
pub(super) fn output(command: &mut Command, account: &Account) -> Result<Output> {
    command.output().map_err(|error| not_started(command.get_program(), account, &error))
}

/// What a program wrote, warnings and errors last.
pub(super) fn text_of(done: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr))
}

fn not_started(program: &OsStr, account: &Account, error: &std::io::Error) -> Error {
    let failed = Error::new(
        ErrorKind::Run,
        format!("cannot run {} as {}: {error}", Path::new(program).display(), account.name),
    );
    if error.kind() == std::io::ErrorKind::PermissionDenied {
        return failed
            .with_hint(format!("{} must be able to enter every directory on that path", account.name));
    }
    failed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_admits_the_account_and_root() {
        let text = admitted("o\"dd");
        assert!(
            text.contains("loader  \"o\"\"dd\"  loader\n") && text.contains("loader  \"root\"  loader\n"),
            "{text}"
        );
    }
}
