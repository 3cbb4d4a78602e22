//! The manifest's `needs`: what tools cannot do without. What follows from it under a policy is in
//! `listing.rs`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Want, unknown_field};
use crate::capability::Capability;

/// The most tools that a manifest says the needs of.
const MAX_TOOLS: usize = 128;

/// What a plugin's tools cannot do without, by the manifest's `needs`: keys of its wants, of each
/// of which something has to be allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Of every tool that has no needs of its own.
    every: Vec<Capability>,
    /// Of single tools, by name.
    own: BTreeMap<String, Vec<Capability>>,
}

impl Needs {
    /// Reads `needs`: a list for every tool, or a table of lists by tool.
    pub(crate) fn read(value: Option<Value>, wants: &[Want]) -> Result<Self, String> {
        let mut needs = Self::default();
        match value {
            None => {}
            Some(Value::Array(keys)) => needs.every = capabilities(keys, wants)?,
            Some(Value::Object(tools)) if tools.len() <= MAX_TOOLS => {
                for (tool, keys) in tools {
                    let Value::Array(keys) = keys else {
                        return Err("manifest: `needs` of a tool has to be a list of keys of `wants`".to_owned());
                    };
                    needs.own.insert(tool, capabilities(keys, wants)?);
                }
            }
            Some(_) => {
                return Err(format!("manifest: `needs` has to be a list, or a table of at most {MAX_TOOLS} tools"));
            }
        }
        Ok(needs)
    }

    pub(crate) fn of(&self, tool: &str) -> &[Capability] {
        self.own.get(tool).unwrap_or(&self.every)
    }
}

fn capabilities(keys: Vec<Value>, wants: &[Want]) -> Result<Vec<Capability>, String> {
    let read = |key: Value| {
        let key = key.as_str().ok_or("manifest: `needs` has to be a list of keys of `wants`")?.to_owned();
        let about = Capability::of_key(&key);
        let about = about.ok_or_else(|| unknown_field(&key, &Capability::ALL.map(Capability::key)))?;
        let wanted = wants.iter().any(|want| want.rule.key() == about.key());
        if wanted { Ok(about) } else { Err(format!("manifest: `needs` has `{key}`, of which `wants` has nothing")) }
    };
    keys.into_iter().map(read).collect()
}
