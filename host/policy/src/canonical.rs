//! The whole policy as one text, so that two policies can be told apart by its digest: what is
//! allowed, denied, limited, loaded and asked, whatever file, flag or variable it was written in,
//! and in which order.
//!
//! Settings may hold secrets: they stand in it as a digest, which the caller makes.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use cofferdam_grants::{LIMITS, Limit, Limits, Unit};
use serde_json::Value;

use crate::policy::{Policy, Scope};

/// The form of the text. A change of it changes every digest.
const FORM: &str = "cofferdam policy 1";

impl Policy {
    /// The policy, one thing a line. `digest` makes something short, in one line, of settings.
    pub fn canonical(&self, digest: &dyn Fn(&[u8]) -> String) -> String {
        // In full, so that what a policy may say some day cannot be forgotten here.
        let Self {
            generation: _,
            rules,
            plugins,
            limits,
            total_memory,
            plugin_limits,
            plugin_places: _,
            name_servers,
            machine_servers,
            warnings: _,
        } = self;
        let mut lines: BTreeSet<String> = BTreeSet::new();
        for own in rules {
            let verb = if own.denies { "deny" } else { "allow" };
            let whom = match &own.scope {
                Scope::Every => "every plugin".to_owned(),
                Scope::Plugin(name) => format!("plugin {name}"),
            };
            lines.insert(format!("{verb} {whom} {} {}", own.rule.key(), own.rule));
        }
        for (name, table) in plugins {
            if let Some(component) = &table.component {
                lines.insert(format!("plugin {name} component {component:?}"));
            }
            if let Some(tools) = &table.tools {
                let tools: BTreeSet<&str> = tools.iter().map(String::as_str).collect();
                let tools = tools.into_iter().collect::<Vec<_>>().join(" ");
                lines.insert(format!("plugin {name} tools {tools}"));
            }
            if let Some(settings) = &table.settings {
                let settings = digest(sorted(settings).to_string().as_bytes());
                lines.insert(format!("plugin {name} settings {settings}"));
            }
        }
        let shared = limits.over(Limits::default());
        lines.extend(limit_lines("every plugin", &shared));
        if let Some(bytes) = total_memory {
            lines.insert(format!("limit process total_memory {bytes}"));
        }
        for (name, own) in plugin_limits {
            let own = own.over(shared);
            if own != shared {
                lines.extend(limit_lines(&format!("plugin {name}"), &own));
            }
        }
        let mut text = String::from(FORM);
        for line in lines {
            // Writing into a string cannot fail.
            let _ = write!(text, "\n{line}");
        }
        // These are asked in their order.
        let (whose, servers) = match name_servers.is_empty() {
            true => ("machine", machine_servers),
            false => ("policy", name_servers),
        };
        for server in servers {
            let _ = write!(text, "\nnames {whose} {server}");
        }
        text.push('\n');
        text
    }
}

fn limit_lines(whom: &str, limits: &Limits) -> Vec<String> {
    let line = |limit: &Limit| {
        let unit = if limit.unit == Unit::Milliseconds { "_ms" } else { "" };
        format!("limit {whom} {}{unit} {}", limit.name, limit.amount(limits))
    };
    LIMITS.iter().map(line).collect()
}

/// The same JSON with the keys of every object in order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut all: Vec<_> = fields.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            all.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(all.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        plain => plain.clone(),
    }
}

#[cfg(test)]
#[path = "canonical_tests.rs"]
mod tests;
