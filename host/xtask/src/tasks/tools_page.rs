//! `cargo xtask tools-page`: the reference of all tools, written anew.

use std::fs;
use std::process::ExitCode;

use cofferdam_xtask::tools_page;

use super::{Outcome, root};

/// Writes `plugins/TOOLS.md`, and says whether it has changed.
pub fn run() -> Outcome {
    let plugins = root().join("plugins");
    let path = plugins.join("TOOLS.md");
    let page = tools_page(&plugins)?;
    let changed = fs::read_to_string(&path)? != page;
    if changed {
        fs::write(&path, page)?;
    }
    println!("{}: {}", path.display(), if changed { "made anew" } else { "as it was" });
    Ok(ExitCode::SUCCESS)
}
