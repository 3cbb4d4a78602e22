//! Peers out of crates: each built once, in a folder of its own.

use std::path::PathBuf;

use super::folder_name;
use crate::process::{self, Event};
use crate::{Error, Progress, cache, cargo};

/// The program `program` of a crate as cargo names it (`wit-bindgen-cli@0.63.0`), built with these
/// features only.
///
/// # Errors
/// If cargo cannot fetch or build the crate.
pub fn rust(package: &str, features: &str, program: &str, progress: Progress<'_>) -> Result<PathBuf, Error> {
    installed(package, features, progress)
        .map(|folder| folder.join("bin").join(program))
        .map_err(|error| error.during(&format!("peer `{package}`")))
}

fn installed(package: &str, features: &str, progress: Progress<'_>) -> Result<PathBuf, Error> {
    let folder = cache::root()?.join("peers").join(format!("rust-{}", folder_name(&format!("{package} {features}"))));
    cache::keep(&folder, progress, |progress| {
        progress(&format!("peer `{package}`: building, which takes some minutes…"));
        let mut cargo = cargo::isolated();
        cargo.args(["install", "--locked", "--no-default-features", "--features", features, "--root"]);
        process::run(cargo.arg(&folder).arg(package).current_dir(&folder), None, &mut |event| {
            if let Event::Stderr(line) = event {
                progress(&format!("peer `{package}`: {}", line.trim_start()));
            }
        })
        .map_err(|error| error.hint("can cargo on this machine reach a registry of crates?"))
    })?;
    Ok(folder)
}
