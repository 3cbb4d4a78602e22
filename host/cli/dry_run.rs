//! `cofferdam serve --dry-run`: what each plugin may do and use under this policy, and what it wants and does not get, as a
//! table. Nothing is compiled, run or served. `cofferdam tools` shows the same grants.

use std::fmt::Write as _;

use anyhow::Context as _;
use cofferdam_policy::Policy;
use cofferdam_registry::PluginStatus;

use crate::args::Common;
use crate::terminal::Colour;
use crate::tools::{size, time};
use crate::{Exit, setup, terminal};

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
    let tables = preview.plugins().iter().map(|plugin| table(plugin, colour)).collect::<Vec<_>>();
    terminal::print(&tables.join("\n")).context("the table cannot be written")?;
    Ok(Exit::Success)
}

/// The name of the plugin, and a row for each rule and each want.
pub fn grants(plugin: &PluginStatus, colour: Colour) -> String {
    let mut text = String::new();
    let from = if plugin.shipped { "shipped with Cofferdam" } else { "loaded from a file" };
    let digest = plugin.digest.get(..12).unwrap_or(&plugin.digest);
    let about = colour.dim(&format!("{from}, sha256:{digest}…"));
    // Writing into a string cannot fail.
    let _ = writeln!(text, "{} {}  {about}", colour.bold(&plugin.name), plugin.version);
    let mut add = |name: &str, value: &str| {
        let _ = writeln!(text, "{}", row(name, value, colour));
    };
    let (denied, allowed): (Vec<_>, Vec<_>) = plugin.rules.iter().partition(|rule| rule.starts_with("deny "));
    for rule in &allowed {
        add("allowed", rule);
    }
    if allowed.is_empty() {
        add("allowed", &colour.red("nothing, until a rule allows it something"));
    }
    for rule in denied {
        add("denied", rule.trim_start_matches("deny "));
    }
    for rule in &plugin.idle {
        add("idle", &format!("{rule}  {}", colour.dim("(its manifest wants nothing of it)")));
    }
    for want in &plugin.unmet {
        add("wants", &format!("{want}  {}", colour.dim("(no rule allows any of it)")));
    }
    for (why, tools) in unlisted(plugin) {
        add("hidden", &format!("{tools}  {}", colour.dim(&format!("({why})"))));
    }
    text
}

/// What is said of the tools that clients are not shown, one line for each reason.
pub fn not_listed(plugin: &PluginStatus) -> Vec<String> {
    let reasons = unlisted(plugin);
    let is_all = reasons.len() == 1 && plugin.unlisted.len() == plugin.tools;
    let line = |(why, tools): (String, String)| {
        let tools = if is_all { format!("the tools of `{}`", plugin.name) } else { tools };
        format!("not listed: {tools} ({why})")
    };
    reasons.into_iter().map(line).collect()
}

/// The tools that clients are not shown, by reason.
pub fn unlisted(plugin: &PluginStatus) -> Vec<(String, String)> {
    let mut reasons: Vec<(String, String)> = Vec::new();
    for (tool, why) in &plugin.unlisted {
        let why = why.to_string();
        match reasons.iter_mut().find(|(reason, _)| *reason == why) {
            Some((_, tools)) => *tools = format!("{tools}, {tool}"),
            None => reasons.push((why, tool.clone())),
        }
    }
    reasons
}

/// One row.
pub fn row(name: &str, value: &str, colour: Colour) -> String {
    format!("  {} {value}", colour.dim(&format!("{name:<7}")))
}

/// A plugin's grants, and its limits under the names that they have in a policy.
fn table(plugin: &PluginStatus, colour: Colour) -> String {
    let limits = &plugin.limits;
    let limits = [
        ("memory", size(limits.memory), "of one instance"),
        ("connections", limits.connections.to_string(), "open at the same time"),
        ("descriptors", limits.descriptors.to_string(), "of all instances"),
        ("mailbox", limits.mailbox.to_string(), "calls that wait or run"),
        ("call", time(limits.call), "of one call"),
        ("cpu", time(limits.cpu), "without a pause"),
        ("output", size(limits.output), "of one answer"),
        ("log_lines", limits.log_lines.to_string(), "a second"),
        ("calls_per_minute", limits.calls_per_minute.to_string(), "evenly"),
        ("concurrent_calls", limits.concurrent_calls.to_string(), "calls that run"),
        ("compile", time(limits.compile), "of a compilation"),
        ("lookups", limits.lookups.to_string(), "of names, under way"),
        ("lookups_per_minute", limits.lookups_per_minute.to_string(), "evenly"),
    ];
    let mut text = grants(plugin, colour);
    for (name, value, about) in limits {
        let (name, about) = (colour.dim(&format!("{name:<18}")), colour.dim(about));
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{}", row("limit", &format!("{name}  {value:>8}  {about}"), colour));
    }
    text
}
