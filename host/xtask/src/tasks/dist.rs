//! `cargo xtask dist`: what is released. The binary is built, compiles its plugins' code ahead for
//! the baseline CPU, and is built once more with that code in it; only its last crate is compiled
//! again. Then it makes its first call, without a cache, and runs every plugin without compiling
//! one.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use cofferdam_xtask::{Toolchain, stderr_progress};

use super::{Outcome, cargo, exit_code, shown, target};

/// The largest that is released, in bytes.
const LARGEST: u64 = 25_000_000;

/// The longest that a first call may take: clients give up after 5 s.
const FIRST_CALL: Duration = Duration::from_millis(500);

/// Builds it, and says where it is, how large, and how long a first call takes.
pub fn run() -> Outcome {
    eprintln!("guest toolchain: {}", Toolchain::ensure(&mut stderr_progress())?.describe());
    let folder = target().join("dist");
    let (binary, code) = (folder.join("cofferdam"), folder.join("code"));
    let build = ["build", "--profile", "dist", "--package", "cofferdam", "--bin", "cofferdam"];
    for step in [
        cargo(build).env_remove("COFFERDAM_CODE"),
        Command::new(&binary).arg("compile").arg(&code),
        cargo(build).env("COFFERDAM_CODE", &code),
    ] {
        let status = shown(step)?;
        if !status.success() {
            return Ok(exit_code(status));
        }
    }
    let bytes = std::fs::metadata(&binary)?.len();
    let home = empty_home(&folder)?;
    let first = first_call(&binary, &home)?;
    runs_from_its_code(&binary, &empty_home(&folder)?)?;
    println!("{}: {bytes} bytes; a first call on an empty cache takes {} ms", binary.display(), first.as_millis());
    if bytes > LARGEST || first > FIRST_CALL {
        return Err(format!("at most {LARGEST} bytes and {} ms are released", FIRST_CALL.as_millis()).into());
    }
    Ok(std::process::ExitCode::SUCCESS)
}

/// A home without a cache.
fn empty_home(folder: &Path) -> std::io::Result<PathBuf> {
    let home = folder.join("empty-home");
    if home.exists() {
        std::fs::remove_dir_all(&home)?;
    }
    std::fs::create_dir_all(&home)?;
    Ok(home)
}

/// The program, with this home.
fn at_home(binary: &Path, home: &Path) -> Command {
    let mut command = Command::new(binary);
    command.env("HOME", home).env_remove("XDG_CACHE_HOME").env_remove("XDG_STATE_HOME");
    command
}

/// A call of the largest plugin, from before the program is started until it has ended, in a home
/// that is empty.
fn first_call(binary: &Path, home: &Path) -> Result<Duration, Box<dyn std::error::Error>> {
    let arguments = format!("{{\"file_path\":{:?}}}", home.join("file").display().to_string());
    std::fs::write(home.join("file"), "a line\n")?;
    let begun = Instant::now();
    let called =
        at_home(binary, home).args(["call", "--allow-read"]).arg(home).args(["head_tool", &arguments]).output()?;
    let took = begun.elapsed();
    if !called.status.success() {
        return Err(format!("the call failed: {}", String::from_utf8_lossy(&called.stderr)).into());
    }
    Ok(took)
}

/// Asks every plugin for its tools, in a home that is empty: it runs, and nothing is compiled for
/// it.
fn runs_from_its_code(binary: &Path, home: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let listed = at_home(binary, home).args(["tools", "--json", "--fresh", "--log", "debug"]).output()?;
    let log = String::from_utf8_lossy(&listed.stderr);
    if !listed.status.success() {
        return Err(format!("the plugins cannot be listed: {log}").into());
    }
    match log.lines().find(|line| line.contains("the component is compiled")) {
        Some(line) => Err(format!("a plugin does not run from the code that came along: {line}").into()),
        None => Ok(()),
    }
}
