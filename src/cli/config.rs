//! `loader config`: what is in force, and who says so.
//!
//! Shows and explains; what goes before what is decided in [`super::configuration`].

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use super::Everywhere;
use super::configuration::{ConfigurationFile, Effort, InForce, Wishes};
use super::terminal::{Terminal, safe_line};
use crate::discover::Roots;
use crate::error::{ExitStatus, Result};

const EXAMPLES: &str = "\
Flags go before LOADER_* variables, these before the configuration file, that before the profile, and the profile before
what is built in.

Examples:
  loader config                                      what an import would work with
  loader config --profile auto --read /mnt/music     what auto would choose for what lies there
  loader config example > \"$(loader config path)\"    a first file, everything in it commented out";

/// A configuration file with everything in it explained and commented out.
const EXAMPLE: &str = include_str!("../../docs/config.toml");

/// What `loader config` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(super) struct ConfigArguments {
    #[command(subcommand)]
    command: Option<ConfigCommand>,
    /// What would be read, for auto to look at
    #[arg(long, value_name = "PATH")]
    read: Vec<PathBuf>,
    #[command(flatten)]
    wishes: Wishes,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print where the configuration file is looked for
    Path,
    /// Print a configuration file to start from
    Example,
}

impl ConfigArguments {
    /// Whether the configuration has to be read for it.
    pub(super) const fn shows_what_is_in_force(&self) -> bool {
        self.command.is_none()
    }
}

/// Shows it.
///
/// # Errors
/// Where a path does not exist, or stdout cannot be written.
pub(super) fn run(
    arguments: &ConfigArguments,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    match &arguments.command {
        Some(ConfigCommand::Path) => {
            let path = ConfigurationFile::place(everywhere.config.clone())?;
            terminal.print(&format!("{}\n", path.display()))?;
        }
        Some(ConfigCommand::Example) => terminal.print(EXAMPLE)?,
        None => show(arguments, everywhere, terminal)?,
    }
    Ok(ExitStatus::Success)
}

fn show(arguments: &ConfigArguments, everywhere: &Everywhere, terminal: &Terminal) -> Result<()> {
    let roots = Roots::resolve(&arguments.read)?;
    let configuration = &everywhere.configuration;
    let effort = Effort::resolve(configuration, &arguments.wishes, roots.paths());
    effort.announce(terminal);
    let file = configuration.file().map(|file| file.path().display().to_string());
    let settings = [effort.settings.clone(), everywhere.in_force()?].concat();
    if everywhere.json {
        return terminal.print_json(&json!({
            "file": file,
            "profile": effort.profile,
            "why": effort.why,
            "settings": settings,
        }));
    }
    let named = settings.iter().map(|setting| setting.name.len()).max().unwrap_or_default();
    let valued = settings.iter().map(|setting| setting.value.chars().count()).max().unwrap_or_default();
    let lines: String = settings
        .iter()
        .map(|InForce { name, value, from }| {
            format!("{name:named$}  {:valued$}  {}\n", safe_line(value), safe_line(from))
        })
        .collect();
    terminal.print(&lines)?;
    if file.is_none() {
        let path = ConfigurationFile::place(everywhere.config.clone())?;
        terminal.say(&format!("there is no configuration file '{}'", path.display()));
    }
    Ok(())
}
