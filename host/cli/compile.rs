//! `cofferdam compile`: compiles the shipped plugins and handlers ahead for the baseline CPU. A
//! release is then built with that code.

use std::path::Path;

use anyhow::Context as _;
use cofferdam_registry::{BASELINE, compile_ahead};

use crate::setup::SHIPPED;
use crate::{Exit, terminal};

/// Writes a file for each plugin and handler, named by the digest of its component.
///
/// # Errors
/// A plugin cannot be compiled, or a file cannot be written.
#[expect(clippy::disallowed_methods, reason = "the folder that the one who releases has named")]
pub fn run(folder: &Path) -> anyhow::Result<Exit> {
    let shown = folder.display();
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make `{shown}`"))?;
    for shipped in SHIPPED {
        shipped.verify().map_err(anyhow::Error::msg)?;
        let code = compile_ahead(shipped.component, shipped.handler).map_err(anyhow::Error::msg)?;
        let file = folder.join(format!("{}.code", shipped.digest));
        std::fs::write(&file, &code).with_context(|| format!("cannot write `{}`", file.display()))?;
        terminal::print(&format!("{} bytes for {BASELINE}: {}\n", code.len(), file.display()))?;
    }
    Ok(Exit::Success)
}
