//! Where what belongs to a user's runs is kept on this machine: logs, and what is needed to put servers back.
//!
//! Only tells and makes the place; what lies there is others'.

use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};

/// `$XDG_STATE_HOME/loader`, else `~/.local/state/loader`; it need not exist yet.
///
/// # Errors
/// [`ErrorKind::Usage`] where neither variable is set.
pub fn directory() -> Result<PathBuf> {
    let variable =
        |name| std::env::var_os(name).filter(|value| Path::new(value).is_absolute()).map(PathBuf::from);
    variable("XDG_STATE_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".local/state")))
        .map(|base| base.join("loader"))
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Usage,
                "there is no place for logs and journals: neither XDG_STATE_HOME nor HOME is set",
            )
            .with_hint("set XDG_STATE_HOME to a folder of yours")
        })
}
