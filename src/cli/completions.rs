//! Shell completions and the manual page, from the same description as the help.

use clap::Command;
use clap_complete::Shell;

use super::terminal::Terminal;
use crate::error::{ExitStatus, Result};

/// Prints the completion script of a shell.
pub(super) fn print(shell: Shell, mut command: Command, terminal: &Terminal) -> Result<ExitStatus> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "loader", &mut script);
    terminal.print(&String::from_utf8_lossy(&script))?;
    Ok(ExitStatus::Success)
}

/// Prints the manual page, in roff.
pub(super) fn print_manual(command: &Command, terminal: &Terminal) -> Result<ExitStatus> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    terminal.print(&String::from_utf8_lossy(&page))?;
    Ok(ExitStatus::Success)
}
