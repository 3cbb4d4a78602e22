//! What the commands of `cargo xtask` share: where the repository is, and how a step's program is
//! run.

pub mod bench;
pub mod ci;
pub mod clients;
pub mod demo;
pub mod dist;
pub mod fuzz;
pub mod guests;
pub mod soak;
pub mod test;
pub mod tools_page;

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};
use std::time::Instant;

/// Why a task could not even start a step; a step that fails is an exit code, its program has said
/// why.
pub type Outcome = Result<ExitCode, Box<dyn std::error::Error>>;

/// The repository's root: two folders above this package.
pub fn root() -> PathBuf {
    // Cargo sets the variable for `cargo run`; the compiled-in path is for a binary that is run by
    // hand.
    let package =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.ancestors().nth(2).map_or(package.clone(), Path::to_path_buf)
}

/// A program that the host's workspace builds in release mode.
pub fn built(name: &str) -> PathBuf {
    target().join("release").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// The host workspace's target folder.
pub fn target() -> PathBuf {
    // Joining an absolute path replaces; a relative one is relative to where cargo runs, which is
    // the root.
    root().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// Cargo, to be run in the repository's root, without the variables that tell *this* program's
/// build apart.
pub fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        let ours = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_", "CARGO_MAKEFLAGS"];
        if ours.iter().any(|prefix| name.starts_with(prefix)) {
            cargo.env_remove(&*name);
        }
    }
    cargo.args(arguments).current_dir(root());
    cargo
}

/// Runs a program whose output is the developer's to see.
pub fn shown(command: &mut Command) -> Result<ExitStatus, String> {
    command.status().map_err(|error| format!("cannot run `{}`: {error}", command.get_program().display()))
}

/// The exit code to pass on. A program that a signal has ended has none, and counts as failed.
pub fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    ExitCode::from(code.unwrap_or(1))
}

/// Steps that all run, whatever became of those before, and a table of what became of them.
#[derive(Default)]
pub struct Steps {
    done: Vec<Step>,
}

struct Step {
    name: String,
    passed: bool,
    seconds: u64,
}

impl Steps {
    /// Runs a step: its command passes by its exit code.
    pub fn run(&mut self, name: &str, command: &mut Command) {
        self.step(name, || shown(command).map(|status| status.success()));
    }

    /// Runs a step: it passes with `Ok(true)`; an error is printed and fails it.
    pub fn step<E: fmt::Display>(&mut self, name: &str, act: impl FnOnce() -> Result<bool, E>) -> bool {
        eprintln!("\n==> {name}");
        let started = Instant::now();
        let passed = act().unwrap_or_else(|error| {
            eprintln!("error: {error}");
            false
        });
        let seconds = started.elapsed().as_secs();
        eprintln!("<== {name}: {} after {seconds} s", verdict(passed));
        self.done.push(Step { name: name.to_owned(), passed, seconds });
        passed
    }

    /// Prints the table, the failures last, where they are read; fails if any step has.
    pub fn finish(mut self) -> ExitCode {
        self.done.sort_by_key(|step| !step.passed);
        eprintln!();
        for step in &self.done {
            eprintln!("{:>6}  {:>5} s  {}", verdict(step.passed), step.seconds, step.name);
        }
        let all_passed = self.done.iter().all(|step| step.passed);
        ExitCode::from(u8::from(!all_passed))
    }
}

fn verdict(passed: bool) -> &'static str {
    if passed { "ok" } else { "FAILED" }
}
