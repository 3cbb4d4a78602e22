//! What a plugin is and may do, in rows for people: `tools` and `serve --dry-run` print them.

use std::fmt::Write as _;

use cofferdam_registry::PluginStatus;

use crate::terminal::Colour;

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
    text
}

/// One row.
pub fn row(name: &str, value: &str, colour: Colour) -> String {
    format!("  {} {value}", colour.dim(&format!("{name:<7}")))
}
