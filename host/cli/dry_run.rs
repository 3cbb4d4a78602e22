//! `cofferdam serve --dry-run`: what each plugin may do and use under this policy, and what it
//! wants and does not get, as a table. Nothing is compiled, run or served. `cofferdam tools` shows
//! the same grants.

use std::fmt::Write as _;

use anyhow::Context as _;
use cofferdam_policy::{LIMITS, Limits, Policy, show};
use cofferdam_registry::{HandlerStatus, PluginStatus};

use crate::args::Common;
use crate::terminal::Colour;
use crate::{Exit, setup, status, terminal};

/// Prints the table.
///
/// # Errors
/// A plugin that `serve` would not start without cannot be loaded.
pub fn run(common: &Common, policy: Policy) -> anyhow::Result<Exit> {
    let preview = setup::preview(common, policy, None);
    if !preview.problems().is_empty() {
        let all: Vec<String> = preview.problems().iter().map(ToString::to_string).collect();
        anyhow::bail!(all.join("\nerror: "));
    }
    let colour = Colour::of_stdout();
    let plugins = preview.plugins().into_iter().map(|plugin| table(&plugin, colour));
    let handlers = preview.handlers().into_iter().map(|handler| handler_table(&handler, colour));
    let tables: Vec<String> = plugins.chain(handlers).collect();
    terminal::print(&tables.join("\n")).context("the table cannot be written")?;
    Ok(Exit::Success)
}

/// A handler, who may use it, and its limits.
fn handler_table(handler: &HandlerStatus, colour: Colour) -> String {
    let users = match handler.users.is_empty() {
        true => colour.red("no plugin"),
        false => handler.users.join(", "),
    };
    let limits = LIMITS.iter().filter(|limit| Limits::FOR_HANDLERS.contains(&limit.name));
    let limits = limits.map(|limit| format!("{} {}", limit.name, show(limit.unit, limit.amount(&handler.limits))));
    let mut text = status::head(&handler.name, &handler.version, handler.shipped, &handler.digest, colour);
    for (name, value) in
        [("handler", &handler.description), ("for", &users), ("limits", &limits.collect::<Vec<_>>().join(", "))]
    {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{}", status::row(name, value, colour));
    }
    text
}

/// A plugin's grants, and its limits under the names that they have in a policy.
fn table(plugin: &PluginStatus, colour: Colour) -> String {
    let mut text = status::grants(plugin, colour);
    for limit in LIMITS {
        let value = show(limit.unit, limit.amount(&plugin.limits));
        let (name, of) = (colour.dim(&format!("{:<18}", limit.name)), colour.dim(limit.of));
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{}", status::row("limit", &format!("{name}  {value:>8}  {of}"), colour));
    }
    text
}
