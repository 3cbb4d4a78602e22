//! `cofferdam tools`: lists the tools and what each plugin may do. With `--json` it prints the
//! definitions, as `plugins/*/tools.json` has them.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::Context as _;
use cofferdam_policy::{LIMITS, Policy, quoted, show};
use cofferdam_registry::{PluginStatus, Registry, Shipped, Tool};
use serde_json::Value;

use crate::args::{Level, Tools};
use crate::log::Log;
use crate::terminal::Colour;
use crate::{Exit, Misuse, setup, status, terminal};

/// Lists them.
///
/// # Errors
/// The registry does not open, or a plugin that was asked for is not there.
pub fn run(tools: Tools) -> anyhow::Result<Exit> {
    let policy = setup::policy(&tools.common)?;
    let log = Log::start(tools.common.log.unwrap_or(Level::Warn))?;
    let runtime = setup::runtime()?;
    let listed = runtime.block_on(list(&tools, policy));
    runtime.shutdown_background();
    log.finish();

    let (text, exit) = listed?;
    terminal::print(&text).context("the list cannot be written")?;
    Ok(exit)
}

async fn list(tools: &Tools, policy: Policy) -> anyhow::Result<(String, Exit)> {
    // Without their embedded definitions, the shipped components say themselves what their tools
    // are.
    let without =
        |shipped: &Shipped| Shipped { definitions: if tools.fresh { b"" } else { shipped.definitions }, ..*shipped };
    let shipped: Vec<Shipped> = setup::SHIPPED.iter().map(without).collect();
    let registry = setup::open(&tools.common, policy.clone(), &shipped, Arc::default(), None)?;
    registry.settled().await;
    let plugins = registry.plugins(&policy);
    let wanted: Vec<&PluginStatus> = match &tools.of {
        None => plugins.iter().collect(),
        Some(name) => vec![find(name, &plugins)?],
    };
    let text = match tools.json {
        true => definitions(&registry, &wanted, tools.fresh)?,
        false => {
            let colour = Colour::of_stdout();
            wanted.iter().map(|plugin| describe(plugin, &registry.tools(), colour)).collect::<Vec<_>>().join("\n")
        }
    };
    // The log says why tools are missing.
    let known = registry.known_tools();
    let complete = wanted.iter().all(|plugin| known.iter().any(|tool| tool.plugin == plugin.name));
    Ok((text, if complete { Exit::Success } else { Exit::Failure }))
}

fn find<'a>(name: &str, plugins: &'a [PluginStatus]) -> Result<&'a PluginStatus, Misuse> {
    plugins.iter().find(|plugin| plugin.name == name).ok_or_else(|| {
        let known: Vec<String> = plugins.iter().map(|plugin| format!("`{}`", plugin.name)).collect();
        Misuse(format!("error: there is no plugin `{}`\nhint: known are {}", quoted(name, 64), known.join(", ")))
    })
}

/// The plugins' definitions as one JSON list. A tool that is not listed says why in `unlisted`,
/// except in definitions to be embedded: they depend on no policy.
fn definitions(registry: &Registry, plugins: &[&PluginStatus], embedded: bool) -> anyhow::Result<String> {
    let mut all: Vec<Value> = Vec::new();
    for plugin in plugins {
        let list = registry.definitions_json(&plugin.name);
        let mut tools = serde_json::from_str::<Vec<Value>>(&list).context("the definitions are not JSON")?;
        for (name, why) in plugin.unlisted.iter().filter(|_| !embedded) {
            for tool in tools.iter_mut().filter(|tool| tool["name"] == name.as_str()) {
                tool["unlisted"] = why.to_string().into();
            }
        }
        all.extend(tools);
    }
    Ok(terminal::json(&Value::Array(all)))
}

/// A plugin, what it may do, and its tools.
fn describe(plugin: &PluginStatus, tools: &[Tool], colour: Colour) -> String {
    let mut text = status::grants(plugin, colour);
    let limits =
        LIMITS.iter().map(|limit| format!("{} {}", limit.name, show(limit.unit, limit.amount(&plugin.limits))));
    let limits = limits.collect::<Vec<_>>().join(", ");
    // Writing into a string cannot fail.
    let _ = writeln!(text, "{}", status::row("limits", &limits, colour));

    let own: Vec<&Tool> = tools.iter().filter(|tool| tool.plugin == plugin.name).collect();
    let width = own.iter().map(|tool| tool.name.len()).max().unwrap_or(0);
    let _ = writeln!(text);
    if own.is_empty() && plugin.unlisted.is_empty() {
        let _ = writeln!(text, "  its tools are not known; the log says why");
    }
    for tool in own {
        let title = tool.title.as_deref().map(|title| format!("{}: ", colour.bold(title))).unwrap_or_default();
        let _ = writeln!(text, "  {:<width$}  {title}{}", tool.name, first_sentence(&tool.description));
    }
    text
}

/// The first sentence, on one line.
fn first_sentence(description: &str) -> String {
    let paragraph = description.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let end = paragraph.match_indices(". ").map(|(at, _)| at + 1).find(|&end| {
        let word = paragraph[..end].rsplit([' ', '(']).next().unwrap_or_default();
        !matches!(word, "e.g." | "i.e." | "etc." | "vs.")
    });
    paragraph[..end.unwrap_or(paragraph.len())].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_cut_after_its_first_sentence() {
        assert_eq!(first_sentence("Opens a connection. It stays.\n\nMore."), "Opens a connection.");
        assert_eq!(first_sentence("Opens one, e.g. to a\nserver. Then"), "Opens one, e.g. to a server.");
        assert_eq!(first_sentence("No stop"), "No stop");
        assert_eq!(first_sentence("Version 1.5 of it.\n\nMore. And"), "Version 1.5 of it.");
    }
}
