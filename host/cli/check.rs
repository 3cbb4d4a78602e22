//! `cofferdam check`: every mistake of a policy file at once, and what is broader than it looks.
//! The policy crate and the registry say what is a mistake. No plugin runs.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use cofferdam_policy::{Diagnostic, Severity};
use cofferdam_registry::{LoadProblem, OwnFiles, PluginStatus, Preview, Setup, machine_servers, shipped_names};
use serde_json::{Value, json};

use crate::args::Check;
use crate::{Exit, Misuse, setup, status, terminal};

/// Checks the file.
///
/// # Errors
/// It cannot be read.
pub fn run(check: &Check) -> anyhow::Result<Exit> {
    let (origin, text) = read(&check.file).map_err(Misuse)?;
    let (found, unlisted) = found(&origin, &text);
    let mistakes = found.iter().filter(|one| one.severity == Severity::Error).count();
    let warnings = found.len() - mistakes;
    let shown = match check.json {
        true => {
            let problems: Vec<Value> = found.iter().map(as_json).collect();
            let hidden = unlisted.iter().flat_map(|plugin| {
                plugin
                    .unlisted
                    .iter()
                    .map(|(tool, why)| json!({ "plugin": plugin.name, "tool": tool, "why": why.to_string() }))
            });
            let hidden: Vec<Value> = hidden.collect();
            let all = json!({
                "file": origin, "mistakes": mistakes, "warnings": warnings, "found": problems, "unlisted": hidden,
            });
            terminal::json(&all)
        }
        false => {
            let mut shown = String::new();
            for one in &found {
                // Writing into a string cannot fail.
                let _ = writeln!(shown, "{one}\n");
            }
            let mistaken = match mistakes {
                0 => "no mistakes".to_owned(),
                1 => "1 mistake".to_owned(),
                n => format!("{n} mistakes"),
            };
            let warned = match warnings {
                0 => String::new(),
                1 => ", 1 warning".to_owned(),
                n => format!(", {n} warnings"),
            };
            for line in unlisted.iter().flat_map(status::not_listed) {
                let _ = writeln!(shown, "{line}");
            }
            let _ = writeln!(shown, "{origin}: {mistaken}{warned}");
            shown
        }
    };
    terminal::print(&shown).context("what was found cannot be written")?;
    Ok(if mistakes == 0 { Exit::Success } else { Exit::Failure })
}

/// The file's name and its text.
fn read(path: &Path) -> Result<(String, String), String> {
    if path == Path::new("-") {
        let origin = "standard input".to_owned();
        let text = setup::bounded(std::io::stdin().lock(), &origin)?;
        return Ok((origin, text));
    }
    Ok((path.display().to_string(), setup::policy_text(path)?))
}

/// The mistakes and warnings of the file, with those about plugins. If nothing is wrong: also the
/// plugins with tools that are not listed.
fn found(origin: &str, text: &str) -> (Vec<Diagnostic>, Vec<PluginStatus>) {
    let names = shipped_names(setup::SHIPPED);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let checked = cofferdam_policy::check(origin, text, &setup::variable, &names);
    let mut found = checked.found;
    let whole = checked.policy.is_some();
    let mut policy = checked.policy.unwrap_or(checked.tables);
    policy.set_machine_servers(machine_servers());
    let setup = Setup {
        policy: policy.clone(),
        shipped: setup::SHIPPED.to_vec(),
        plugins: Vec::new(),
        cache: None,
        own: OwnFiles::default(),
        audit: None,
        policies: Arc::default(),
    };
    let preview = if whole { Preview::of(setup) } else { Preview::of_tables(setup) };
    let told = |problem: &LoadProblem| policy.at_plugin(&problem.plugin, problem.part, &*problem.cause);
    found.extend(preview.problems().iter().filter_map(told));
    if whole {
        found.extend(policy.idle(&preview.manifests().collect::<Vec<_>>()));
    }
    found.sort_by_key(|one| (one.line, one.column));
    let mistaken = found.iter().any(|one| one.severity == Severity::Error);
    let plugins = if mistaken { Vec::new() } else { preview.plugins() };
    (found, plugins.into_iter().filter(|plugin| !plugin.unlisted.is_empty()).collect())
}

fn as_json(one: &Diagnostic) -> Value {
    json!({
        "severity": match one.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "message": one.message,
        "hint": one.hint,
        "line": one.line,
        "column": one.column,
    })
}
