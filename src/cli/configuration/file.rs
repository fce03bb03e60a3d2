//! The configuration file: TOML, one table, keys called as the flags are.
//!
//! Nothing in it is passed over in silence: what is not known or not possible is refused with file, line and what was
//! probably meant.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::Written;
use crate::error::{Error, ErrorKind, Result};
use crate::server::connect::without_password;

/// How much alike a key must be to one that exists to be taken for a slip, 0 to 1.
const ALIKE: f64 = 0.75;

/// A file that was read.
#[derive(Clone, Debug)]
pub(in super::super) struct ConfigurationFile {
    path: PathBuf,
    written: Written,
    lines: BTreeMap<String, usize>,
    is_shared: bool,
}

impl ConfigurationFile {
    /// Reads the file that is named, else that of `LOADER_CONFIG`, else the user's own, which need not be there.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] where a named one is not there, and where a line cannot be used.
    pub(in super::super) fn find(named: Option<PathBuf>) -> Result<Option<Self>> {
        let is_named = named.is_some() || named_by_variable().is_some();
        let Some(path) = named.or_else(named_by_variable).or_else(usual_place) else { return Ok(None) };
        match fs_err::read_to_string(&path) {
            Ok(text) => Self::parse(path, &text).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !is_named => Ok(None),
            Err(error) => Err(Error::new(ErrorKind::Usage, "the configuration file cannot be read")
                .with_cause(error)
                .with_hint(
                    "name another with --config FILE; a first one is written by: loader config example",
                )),
        }
    }

    /// Where a file would be looked for: as [`Self::find`] does.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] without a home directory.
    pub(in super::super) fn place(named: Option<PathBuf>) -> Result<PathBuf> {
        named.or_else(named_by_variable).or_else(usual_place).ok_or_else(|| {
            Error::new(
                ErrorKind::Usage,
                "there is no place for a configuration file: neither XDG_CONFIG_HOME nor HOME is set",
            )
            .with_hint("name one with --config FILE")
        })
    }

    fn parse(path: PathBuf, text: &str) -> Result<Self> {
        let refuse = |offset: usize, what: String, hint: String| {
            let place = format!("'{}', line {}", path.display(), line_at(text, offset));
            Error::new(ErrorKind::Usage, format!("{place}: {what}")).with_hint(hint)
        };
        let table = DeTable::parse(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            refuse(offset, error.message().to_owned(), "a line reads: jobs = 4".to_owned())
        })?;
        let known = Written::keys();
        let mut found: Vec<_> =
            table.get_ref().iter().map(|(key, value)| (key.span().start, key, value)).collect();
        // The first thing that is wrong is told, as a reader meets it.
        found.sort_by_key(|(start, ..)| *start);
        let (mut settings, mut lines) = (Vec::new(), BTreeMap::new());
        for (start, key, value) in found {
            let key = key.get_ref().as_ref();
            if !known.iter().any(|known| known == key) {
                let (what, hint) = unknown(key, value.get_ref(), &known);
                return Err(refuse(start, what, hint));
            }
            let written = plain(value.get_ref()).ok_or_else(|| {
                let what = format!("{key} is a list or a table, and takes one value");
                refuse(
                    start,
                    what,
                    format!("write it as the flag takes it: loader import --help tells of --{key}"),
                )
            })?;
            Written::check(key, &written).map_err(|reason| {
                // A database's address may hold a password.
                let shown = if key == "database-url" { String::new() } else { format!(" = {written}") };
                let hint = format!("write what the flag takes: loader import --help tells of --{key}");
                refuse(start, format!("{key}{shown} cannot be used: {reason}"), hint)
            })?;
            lines.insert(key.to_owned(), line_at(text, start));
            settings.push((key.to_owned(), written));
        }
        let is_shared = fs_err::metadata(&path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0);
        Ok(Self { written: Written::of(&settings), lines, is_shared, path })
    }

    /// Where it lies.
    pub(in super::super) fn path(&self) -> &Path {
        &self.path
    }

    /// What it asks for.
    pub(super) const fn written(&self) -> &Written {
        &self.written
    }

    /// The line of a setting in it.
    pub(super) fn line(&self, key: &str) -> usize {
        self.lines.get(key).copied().unwrap_or_default()
    }

    /// What its owner should know: that others can read a password in it.
    pub(in super::super) fn warning(&self) -> Option<String> {
        let url = self.written.database_url.as_deref()?;
        (self.is_shared && without_password(url).1.is_some()).then(|| {
            let path = self.path.display();
            format!("'{path}' holds a password and others may read it: chmod 600 '{path}', or better keep it in ~/.pgpass")
        })
    }
}

fn named_by_variable() -> Option<PathBuf> {
    std::env::var_os("LOADER_CONFIG").filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// `$XDG_CONFIG_HOME/loader/config.toml`, else `~/.config/loader/config.toml`.
fn usual_place() -> Option<PathBuf> {
    let variable =
        |name| std::env::var_os(name).filter(|value| Path::new(value).is_absolute()).map(PathBuf::from);
    let base = variable("XDG_CONFIG_HOME").or_else(|| variable("HOME").map(|home| home.join(".config")))?;
    Some(base.join("loader/config.toml"))
}

/// What is said of a key that is no setting, and what to do about it.
fn unknown(key: &str, value: &DeValue<'_>, known: &[String]) -> (String, String) {
    let all = "all settings, with what they mean: loader config example".to_owned();
    if key == "mode" {
        return (
            "the mode is no setting: what is given up for speed is chosen for each run".to_owned(),
            "take the line out, and say it where it is meant: loader import --mode fast".to_owned(),
        );
    }
    if matches!(value, DeValue::Table(_)) {
        return (format!("there is no section '{key}': all settings stand side by side"), all);
    }
    let what = format!("there is no setting '{key}'");
    let alike = known.iter().map(|known| (strsim::jaro_winkler(key, &known.replace('_', "-")), known));
    let nearest = alike.max_by(|(one, _), (other, _)| one.total_cmp(other));
    match nearest.filter(|(likeness, _)| *likeness >= ALIKE) {
        Some((_, nearest)) => (what, format!("'{nearest}' is one; {all}")),
        None => (what, all),
    }
}

/// A value as a flag would take it.
fn plain(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number.to_string())
        }
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

/// The line of a byte, from 1.
fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
