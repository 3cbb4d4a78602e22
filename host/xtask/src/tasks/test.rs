//! `cargo xtask test`: every test there is, after fetching what the tests talk to.

use std::ffi::OsString;

use cofferdam_xtask::{Error, Toolchain, peers, stderr_progress};

use super::{Outcome, Steps, cargo, fuzz, root, soak, target};

/// Runs the tests of the host's and of the guests' workspace, passing `arguments` on to the host's,
/// fuzzes for a moment and soaks for two minutes.
pub fn run(arguments: &[OsString]) -> Outcome {
    let mut steps = Steps::default();
    add_to(&mut steps, arguments);
    Ok(steps.finish())
}

/// The same as steps of a longer list.
pub fn add_to(steps: &mut Steps, arguments: &[OsString]) {
    let ready = steps.step("guest toolchain", || {
        let toolchain = Toolchain::ensure(&mut stderr_progress())?;
        eprintln!("{}", toolchain.describe());
        Ok::<_, Error>(true)
    });
    // A test whose peer is missing fails by itself and says so: the others are worth running.
    steps.step("test peers", || peers::all(&mut stderr_progress()).map(|()| true));
    if ready {
        steps.run("tests", cargo(["test", "--release", "--workspace", "--no-fail-fast"]).args(arguments));
    }
    steps.run(
        "tests of the plugins",
        // The default members: a component's exports have names that a native linker does not take.
        cargo(["test", "--release", "--no-fail-fast", "--target-dir"])
            .arg(target().join("plugins-native"))
            .current_dir(root().join("plugins")),
    );
    fuzz::add_short_to(steps);
    soak::add_short_to(steps);
}
