//! Peers written in Python: each requirement in an environment of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{debian, folder_name};
use crate::process::{self, Event};
use crate::{Error, Progress, cache};

/// Interpreters to look for, the machine's usual one first.
const INTERPRETERS: [&str; 7] =
    ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "/usr/bin/python3"];

/// The oldest Python the MCP packages run on.
const OLDEST: (u32, u32) = (3, 10);

/// An interpreter that can import what `requirement` brings: as pip reads it (`mcp==1.*`), or
/// several with blanks between them.
///
/// # Errors
/// If there is no Python of at least 3.10, or pip cannot fetch the requirement.
pub fn python(requirement: &str, progress: Progress<'_>) -> Result<PathBuf, Error> {
    environment(requirement, progress).map_err(|error| error.during(&format!("peer `{requirement}`")))
}

/// The same, fetched anew: with the newest versions that the requirement allows.
///
/// # Errors
/// As for [`python`].
pub fn python_newest(requirement: &str, progress: Progress<'_>) -> Result<PathBuf, Error> {
    folder(requirement)
        .and_then(|folder| cache::remove_dir(&folder))
        .map_err(|error| error.during(&format!("peer `{requirement}`")))?;
    python(requirement, progress)
}

fn folder(requirement: &str) -> Result<PathBuf, Error> {
    Ok(cache::root()?.join("peers").join(format!("python-{}", folder_name(requirement))))
}

fn environment(requirement: &str, progress: Progress<'_>) -> Result<PathBuf, Error> {
    let folder = folder(requirement)?;
    let python = folder.join("bin/python");
    cache::keep(&folder, progress, |progress| {
        let (base, version) = interpreter()?;
        progress(&format!("peer `{requirement}`: fetching for Python {}.{}…", version.0, version.1));
        let venv = process::capture(Command::new(&base).args(["-m", "venv"]).arg(&folder));
        match venv {
            Ok(_) => pip(Command::new(&python).args(["-m", "pip"]), requirement, None, progress),
            // Debian splits `venv` and `pip` off: then the packages go into a plain folder.
            Err(_) => without_venv(&base, &folder, requirement, progress),
        }
    })?;
    Ok(python)
}

fn without_venv(base: &Path, folder: &Path, requirement: &str, progress: Progress<'_>) -> Result<(), Error> {
    cache::remove_dir(folder)?;
    cache::create_dir(&folder.join("bin"))?;
    let packages = folder.join("packages");
    let mut own_pip = Command::new(base);
    if process::capture(Command::new(base).args(["-m", "pip", "--version"])).is_err() {
        own_pip.env("PYTHONPATH", pip_of_debian(progress)?);
    }
    pip(own_pip.args(["-m", "pip"]), requirement, Some(&packages), progress)?;

    // A script in the place where a venv has its interpreter, so that callers need not know the
    // difference.
    let script = format!("#!/bin/sh\nexport PYTHONPATH='{}'\nexec '{}' \"$@\"\n", packages.display(), base.display());
    let python = folder.join("bin/python");
    cache::write(&python, &script)?;
    cache::make_executable(&python)
}

/// The wheel of pip that Debian keeps for its own `venv`: a wheel runs without being installed.
fn pip_of_debian(progress: Progress<'_>) -> Result<PathBuf, Error> {
    let wheels = debian("python3-pip-whl", progress)?.root().join("usr/share/python-wheels");
    cache::entries(&wheels)
        .into_iter()
        .find(|file| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("pip-")))
        .ok_or_else(|| Error::new("no wheel of pip in Debian's `python3-pip-whl`").hint("install `python3-venv`"))
}

fn pip(pip: &mut Command, requirement: &str, target: Option<&Path>, progress: Progress<'_>) -> Result<(), Error> {
    pip.args(["install", "--quiet", "--no-input", "--disable-pip-version-check", "--progress-bar=off"]);
    // Root in a container is no cause for a warning; an old pip passes over variables it does not
    // know.
    pip.env("PIP_ROOT_USER_ACTION", "ignore");
    if let Some(target) = target {
        pip.arg("--target").arg(target);
    }
    process::run(pip.args(requirement.split_whitespace()), None, &mut |event| {
        if let Event::Stderr(line) = event {
            progress(&format!("peer `{requirement}`: {line}"));
        }
    })
    .map_err(|error| error.hint("can pip on this machine reach a package index?"))
}

/// The first interpreter that runs and is new enough, by its real path.
fn interpreter() -> Result<(PathBuf, (u32, u32)), Error> {
    const ASK: &str = "import sys; print(sys.version_info[0], sys.version_info[1], sys.executable)";
    for name in INTERPRETERS {
        let Ok(answer) = process::capture(Command::new(name).args(["-c", ASK])) else {
            continue;
        };
        let mut words = answer.trim().splitn(3, ' ');
        let mut number = || words.next()?.parse().ok();
        if let (Some(major), Some(minor)) = (number(), number())
            && (major, minor) >= OLDEST
            && let Some(path) = words.next()
        {
            return Ok((PathBuf::from(path), (major, minor)));
        }
    }
    Err(Error::new(format!("no Python of at least {}.{}", OLDEST.0, OLDEST.1)).hint("install `python3`"))
}
