//! `cargo xtask bench`: the benchmarks, which are a program of the host's workspace named `bench`.

use std::ffi::OsString;
use std::process::Command;

use cofferdam_xtask::{Toolchain, stderr_progress};

use super::{Outcome, built, cargo, exit_code, shown};

/// Builds the workspace, runs the benchmarks with `arguments` and passes their exit code on.
pub fn run(arguments: &[OsString]) -> Outcome {
    let toolchain = Toolchain::ensure(&mut stderr_progress())?;
    eprintln!("guest toolchain: {}", toolchain.describe());

    let built_it = shown(&mut cargo(["build", "--release", "--workspace"]))?;
    if !built_it.success() {
        return Ok(exit_code(built_it));
    }
    let bench = shown(Command::new(built("bench")).args(arguments))?;
    Ok(exit_code(bench))
}
