//! What is in force: flags before the environment before the configuration file before the profile before what is built in.
//!
//! Every layer is read by the same parser as the command line, so a value means the same wherever it stands, and is refused
//! for the same reasons. Which numbers a profile stands for is [`crate::profile`]'s.

mod effort;
mod file;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Parser};

pub(super) use effort::{Effort, InForce};
pub(super) use file::ConfigurationFile;

use super::work::{EffortArguments, WorkArguments};
use super::{ColorChoice, ProgressFace};
use crate::error::{Error, ErrorKind, Result};
use crate::midi::AnalysisLevel;

/// What one layer asks for, setting by setting; each is called as its flag is.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Wishes {
    #[command(flatten)]
    pub(super) work: WorkArguments,
    /// How much is found out of each file [default: standard]
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(super) analysis: Option<AnalysisLevel>,
}

impl From<EffortArguments> for Wishes {
    fn from(effort: EffortArguments) -> Self {
        Self { work: WorkArguments { effort, ..WorkArguments::default() }, ..Self::default() }
    }
}

/// What a variable or a line of the file may ask for.
#[derive(Clone, Debug, Default, Parser)]
#[command(name = "loader", no_binary_name = true, disable_help_flag = true)]
struct Written {
    #[command(flatten)]
    wishes: Wishes,
    #[arg(long, value_enum)]
    progress: Option<ProgressFace>,
    #[arg(long, value_enum)]
    color: Option<ColorChoice>,
    #[arg(long)]
    database_url: Option<String>,
}

impl Written {
    /// The names of all settings.
    fn keys() -> Vec<String> {
        Self::command()
            .get_arguments()
            .filter_map(|argument| argument.get_long().map(str::to_owned))
            .collect()
    }

    /// Reads settings; each was read alone before, where it says what is wrong with it.
    fn of(settings: &[(String, String)]) -> Self {
        Self::try_parse_from(settings.iter().map(|(key, value)| format!("--{key}={value}")))
            .unwrap_or_default()
    }

    /// Whether a setting may have this value; else why not.
    fn check(key: &str, value: &str) -> std::result::Result<(), String> {
        Self::try_parse_from([format!("--{key}={value}")]).map(|_| ()).map_err(|error| reason(&error))
    }
}

/// Why a value is refused, without the words that only fit a command line.
fn reason(error: &clap::Error) -> String {
    if let Some(ContextValue::Strings(valid)) = error.get(ContextKind::ValidValue)
        && !valid.is_empty()
    {
        return format!("it is one of {}", valid.join(", "));
    }
    match std::error::Error::source(error) {
        Some(source) => source.to_string(),
        None => error.to_string().lines().next().unwrap_or_default().to_owned(),
    }
}

/// Where a value in force comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// This flag.
    Flag(&'static str),
    /// The variable of this setting.
    Variable(&'static str),
    /// The file, at this line.
    File(PathBuf, usize),
    /// A profile that somebody asked for.
    Profile(&'static str),
    /// `--jobs 1`, which does everything in order.
    InOrder,
    /// Nobody has asked.
    BuiltIn,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag(key) => write!(f, "--{key}"),
            Self::Variable(key) => f.write_str(&variable(key)),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Profile(name) => write!(f, "profile {name}"),
            Self::InOrder => f.write_str("one job, in order"),
            Self::BuiltIn => f.write_str("built in"),
        }
    }
}

/// The environment variable of a setting: `LOADER_BATCH_SIZE`.
fn variable(key: &str) -> String {
    format!("LOADER_{}", key.to_uppercase().replace('-', "_"))
}

/// What stands in the environment and in the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Configuration {
    environment: Written,
    file: Option<ConfigurationFile>,
}

impl Configuration {
    /// Reads the environment, and the file: the one that is `named`, else that of `LOADER_CONFIG`, else the user's own, which
    /// need not be there.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] for a value that is refused, a key that is not known, and a named file that cannot be read.
    pub(super) fn read(named: Option<PathBuf>) -> Result<Self> {
        let environment = from_environment(|name| std::env::var_os(name))?;
        Ok(Self { environment, file: ConfigurationFile::find(named)? })
    }

    /// The file, where there is one.
    pub(super) const fn file(&self) -> Option<&ConfigurationFile> {
        self.file.as_ref()
    }

    /// How progress is shown, and who says so.
    pub(super) fn progress(&self, flag: Option<ProgressFace>) -> (ProgressFace, Origin) {
        self.first(flag, "progress", |written| written.progress)
            .unwrap_or((ProgressFace::Auto, Origin::BuiltIn))
    }

    /// When colours are used, and who says so.
    pub(super) fn color(&self, flag: Option<ColorChoice>) -> (ColorChoice, Origin) {
        self.first(flag, "color", |written| written.color).unwrap_or((ColorChoice::Auto, Origin::BuiltIn))
    }

    /// The database that the file names.
    pub(super) fn database(&self) -> Option<&str> {
        self.written().and_then(|written| written.database_url.as_deref())
    }

    fn written(&self) -> Option<&Written> {
        self.file.as_ref().map(ConfigurationFile::written)
    }

    /// The first layer that asks for a setting, and what it asks.
    fn asked<T>(
        &self,
        flags: &Wishes,
        key: &'static str,
        wish: impl Fn(&Wishes) -> Option<T>,
    ) -> Option<(T, Origin)> {
        self.first(wish(flags), key, |written| wish(&written.wishes))
    }

    /// The same, for what a flag asks.
    fn first<T>(
        &self,
        flag: Option<T>,
        key: &'static str,
        wish: impl Fn(&Written) -> Option<T>,
    ) -> Option<(T, Origin)> {
        let variable = || wish(&self.environment).map(|value| (value, Origin::Variable(key)));
        let file = || {
            let file = self.file.as_ref()?;
            Some((wish(file.written())?, Origin::File(file.path().to_owned(), file.line(key))))
        };
        flag.map(|value| (value, Origin::Flag(key))).or_else(variable).or_else(file)
    }
}

/// The layer of the environment. The database has variables of its own, and is not asked for here.
fn from_environment(variable_of: impl Fn(&str) -> Option<OsString>) -> Result<Written> {
    let mut settings = Vec::new();
    for key in Written::keys().into_iter().filter(|key| key != "database-url") {
        let name = variable(&key);
        let Some(value) = variable_of(&name).filter(|value| !value.is_empty()) else { continue };
        let value = value.to_string_lossy().into_owned();
        Written::check(&key, &value).map_err(|reason| {
            Error::new(ErrorKind::Usage, format!("{name}={value} cannot be used: {reason}"))
                .with_hint(format!("correct it, or take it out: unset {name}"))
        })?;
        settings.push((key, value));
    }
    Ok(Written::of(&settings))
}

#[cfg(test)]
mod tests;
