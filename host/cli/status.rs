//! What a plugin is and may do, in rows for people: `tools` and `serve --dry-run` print them.

use std::fmt::Write as _;

use cofferdam_registry::PluginStatus;

use crate::terminal::Colour;

/// The name of the plugin, and a row for each rule and each want.
pub fn grants(plugin: &PluginStatus, colour: Colour) -> String {
    let mut text = head(&plugin.name, &plugin.version, plugin.shipped, &plugin.digest, colour);
    let mut add = |name: &str, value: &str| {
        // Writing into a string cannot fail.
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

/// The first line about a component.
pub fn head(name: &str, version: &str, shipped: bool, digest: &str, colour: Colour) -> String {
    let from = if shipped { "shipped with Cofferdam" } else { "loaded from a file" };
    let digest = digest.get(..12).unwrap_or(digest);
    let about = colour.dim(&format!("{from}, sha256:{digest}…"));
    format!("{} {version}  {about}\n", colour.bold(name))
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
