//! `cargo xtask soak`: mixed calls with faults injected, which are a program of the host's
//! workspace named `soak`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use cofferdam_xtask::{Toolchain, What, build_components, stderr_progress};

use super::{Outcome, Steps, built, cargo, exit_code, root, shown, target};

/// How long the tests soak, in seconds, and with which choices.
const SHORT: [&str; 4] = ["--seconds", "120", "--seed", "1"];

/// Builds the workspace, soaks with `arguments` and passes the exit code on.
pub fn run(arguments: &[OsString]) -> Outcome {
    let guest = guest()?;
    let built_it = shown(&mut cargo(["build", "--release", "--workspace"]))?;
    if !built_it.success() {
        return Ok(exit_code(built_it));
    }
    let soaked = shown(Command::new(built("soak")).arg("--guest").arg(guest).args(arguments))?;
    Ok(exit_code(soaked))
}

/// Adds the short one that the tests end with.
pub fn add_short_to(steps: &mut Steps) {
    steps.step("soak", || -> Result<bool, String> {
        let guest = guest()?;
        if !shown(&mut cargo(["build", "--release", "--workspace"]))?.success() {
            return Ok(false);
        }
        shown(Command::new(built("soak")).arg("--guest").arg(guest).args(SHORT)).map(|status| status.success())
    });
}

/// The component of the hostile guest that has every kind of harm.
fn guest() -> Result<PathBuf, String> {
    let (folder, target) = (root().join("tests/guests"), target().join("guests"));
    let mut progress = stderr_progress();
    let built = Toolchain::ensure(&mut progress)
        .and_then(|toolchain| build_components(&toolchain, &folder, &target, What::Examples, &mut progress));
    let examples = built.map_err(|error| error.to_string())?;
    let found = examples.into_iter().find(|example| example.name == "mixed");
    found.map(|example| example.path).ok_or_else(|| "tests/guests has no example `mixed`".to_owned())
}
