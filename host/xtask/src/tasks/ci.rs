//! `cargo xtask ci`: everything that has to hold before a change is taken.

use super::{Outcome, Steps, cargo, root, target, test};

/// The workspaces, by folder: the host's, the plugins', the tests' guests' and fuzz targets.
const WORKSPACES: [&str; 4] = [".", "plugins", "tests/guests", "tests/fuzz"];

/// Formatting and lints of every workspace, then the tests; each step timed, none left out for
/// another's failure.
pub fn run() -> Outcome {
    let mut steps = Steps::default();
    for folder in WORKSPACES {
        let mut fmt = cargo(["fmt", "--all", "--check"]);
        steps.run(&format!("formatting of `{folder}`"), fmt.current_dir(root().join(folder)));
    }
    let lints = ["clippy", "--release", "--workspace", "--all-targets"];
    steps.run("lints", cargo(lints).args(["--", "-D", "warnings"]));
    steps.run(
        "lints of the plugins",
        cargo(lints)
            .arg("--target-dir")
            .arg(target().join("plugins-native"))
            .args(["--", "-D", "warnings"])
            .current_dir(root().join("plugins")),
    );
    steps.run(
        "lints of the fuzz targets",
        cargo(lints)
            .arg("--target-dir")
            .arg(target().join("fuzz/plain"))
            .args(["--", "-D", "warnings"])
            .current_dir(root().join("tests/fuzz")),
    );
    test::add_to(&mut steps, &[]);
    Ok(steps.finish())
}
