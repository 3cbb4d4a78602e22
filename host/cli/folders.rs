//! The user's folders: where compiled code and where state is kept (XDG Base Directory
//! Specification).

use std::path::PathBuf;

use anyhow::Context as _;

/// The folder for compiled code, if a folder of the user is known.
pub fn cache_folder() -> Option<PathBuf> {
    Some(base("XDG_CACHE_HOME", ".cache")?.join("cofferdam").join("code"))
}

/// The folder for state.
///
/// # Errors
/// No folder of the user's is known.
pub fn state_folder() -> anyhow::Result<PathBuf> {
    let states = base("XDG_STATE_HOME", ".local/state")
        .context("no folder for the audit key is known\nhint: set `XDG_STATE_HOME` or `HOME` to an absolute path")?;
    Ok(states.join("cofferdam"))
}

/// The folder that a variable names, or the given one in the home folder.
#[expect(clippy::disallowed_methods, reason = "two variables, for the place of a folder")]
fn base(variable: &str, in_home: &str) -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    folder(variable).or_else(|| folder("HOME").map(|home| home.join(in_home)))
}
