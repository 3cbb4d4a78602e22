//! `cargo xtask guests`: the plugins and the tests' guests as `.wasm` files, without the host.

use std::process::ExitCode;

use cofferdam_xtask::{Component, Toolchain, What, build_components, stderr_progress};

use super::{Outcome, root, target};

/// Builds them, and prints the name and the path of each on a line of stdout.
pub fn run() -> Outcome {
    let toolchain = Toolchain::ensure(&mut stderr_progress())?;
    eprintln!("guest toolchain: {}", toolchain.describe());

    let build = |folder: &str, what| {
        let folder = root().join(folder);
        build_components(&toolchain, &folder, &target().join("guests"), what, &mut stderr_progress())
    };
    let plugins = build("plugins", What::Workspace)?;
    let hostile = [build("tests/guests", What::Workspace)?, build("tests/guests", What::Examples)?].concat();
    for Component { name, path } in plugins.iter().chain(&hostile) {
        println!("{name}\t{}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}
