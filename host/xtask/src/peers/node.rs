//! Peers written for Node.js: each package in a folder of its own.

use std::path::PathBuf;
use std::process::Command;

use super::folder_name;
use crate::process::{self, Event};
use crate::{Error, Progress, cache};

/// The line of Node.js that has long-term support until April 2028.
const NODE: &str = "24";

/// An npm package as npm names it (`@scope/name@version`), with what it depends on.
///
/// Returns the folder to run it from: its programs are in `node_modules/.bin`.
///
/// # Errors
/// If there is no npm, or it cannot fetch the package.
pub fn npm(package: &str, progress: Progress<'_>) -> Result<PathBuf, Error> {
    modules(package, progress).map_err(|error| error.during(&format!("peer `{package}`")))
}

/// A Node.js new enough for every peer; npm carries the real program, so the machine's own may be
/// older.
///
/// # Errors
/// As for [`npm`], or if npm has no Node.js for this kind of machine.
pub fn node(progress: Progress<'_>) -> Result<PathBuf, Error> {
    let machine = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-x64",
        ("linux", "aarch64") => "linux-arm64",
        (os, arch) => {
            return Err(Error::new(format!(
                "peer `node`: not known under which name npm has it for `{os}` on `{arch}`"
            )));
        }
    };
    let package = format!("node-{machine}");
    let folder = npm(&format!("{package}@{NODE}"), progress)?;
    Ok(folder.join("node_modules").join(package).join("bin/node"))
}

/// The newest version of an npm package, given without one: fetched anew.
///
/// # Errors
/// As for [`npm`].
pub fn npm_newest(package: &str, progress: Progress<'_>) -> Result<PathBuf, Error> {
    let newest = format!("{package}@latest");
    folder(&newest)
        .and_then(|folder| cache::remove_dir(&folder))
        .map_err(|error| error.during(&format!("peer `{package}`")))?;
    npm(&newest, progress)
}

fn folder(package: &str) -> Result<PathBuf, Error> {
    Ok(cache::root()?.join("peers").join(format!("npm-{}", folder_name(package))))
}

fn modules(package: &str, progress: Progress<'_>) -> Result<PathBuf, Error> {
    let folder = folder(package)?;
    cache::keep(&folder, progress, |progress| {
        progress(&format!("peer `{package}`: fetching…"));
        // Without a manifest of its own npm would look for one in the folders above.
        cache::write(&folder.join("package.json"), "{ \"private\": true }\n")?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error", "--prefix"]);
        npm.arg(&folder).arg(package).current_dir(&folder);
        process::run(&mut npm, None, &mut |event| {
            if let Event::Stderr(line) = event {
                progress(&format!("peer `{package}`: {line}"));
            }
        })
        .map_err(|error| error.hint("the tests need Node.js with npm, and a registry that npm can reach"))
    })?;
    Ok(folder)
}
