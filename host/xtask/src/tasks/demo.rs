//! `cargo xtask demo`: from a fresh clone to the running demonstration in one command.

use std::ffi::OsString;
use std::process::Command;

use cofferdam_xtask::{Toolchain, stderr_progress};

use super::{Outcome, built, cargo, exit_code, shown};

/// Fetches the guest toolchain, builds the host with its plugins, runs `cofferdam demo` and passes
/// its exit code on.
pub fn run(arguments: &[OsString]) -> Outcome {
    eprintln!(
        "Building Cofferdam and running its demonstration. The first time takes about 10 minutes on 2 cores, later times seconds."
    );
    eprintln!("[1/3] guest toolchain");
    let toolchain = Toolchain::ensure(&mut stderr_progress())?;
    eprintln!("      {}", toolchain.describe());

    eprintln!("[2/3] cargo build --release");
    let built_it = shown(&mut cargo(["build", "--release"]))?;
    if !built_it.success() {
        return Ok(exit_code(built_it));
    }

    eprintln!("[3/3] cofferdam demo");
    let demo = shown(Command::new(built("cofferdam")).arg("demo").args(arguments))?;
    Ok(exit_code(demo))
}
