//! `cofferdam init`: the starter policy, for people to go on from. It never overwrites anything.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use cofferdam_policy::STARTER;

use crate::args::Init;
use crate::{Exit, terminal};

/// A policy may name secrets: its owner reads and writes it, nobody else.
const MODE: u32 = 0o600;

/// Writes the policy.
///
/// # Errors
/// The file exists already, or cannot be written.
pub fn run(init: &Init) -> anyhow::Result<Exit> {
    match &init.file {
        None => terminal::print(STARTER).context("the policy cannot be written")?,
        Some(path) => {
            write(path)?;
            let shown = path.display();
            terminal::print(&format!(
                "`{shown}` allows nothing yet: its examples are comments\nhint: `cofferdam check {shown}` tells its mistakes\n"
            ))
            .context("nobody is there to be told")?;
        }
    }
    Ok(Exit::Success)
}

#[expect(clippy::disallowed_methods, reason = "the one file that the operator wants to have")]
fn write(path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    let opened = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path);
    let mut file = match opened {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            anyhow::bail!("`{shown}` exists already, and is left as it is");
        }
        opened => opened.with_context(|| format!("cannot create `{shown}`"))?,
    };
    file.write_all(STARTER.as_bytes()).with_context(|| format!("cannot write `{shown}`"))
}
