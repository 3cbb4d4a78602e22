//! Which tool belongs to which plugin, and which tools clients are shown. One name belongs to one
//! plugin. A catalogue is a snapshot; a change makes a new one.

use std::collections::HashMap;
use std::sync::Arc;

use cofferdam_policy::Unlisted;
use serde_json::{Map, Value};

use crate::arguments::Arguments;
use crate::plugin::LoadedPlugin;
use crate::tool::Tool;

/// The longest JSON of one call's arguments.
const ARGUMENTS: usize = 24 << 20;

/// The tools of a moment.
#[derive(Clone, Default)]
pub struct Catalog {
    /// What clients are shown, sorted by name. The same `Arc` as before where that has not changed.
    pub tools: Arc<[Tool]>,
    /// All tools, sorted by name.
    pub known: Arc<[Tool]>,
    entries: HashMap<String, Arc<Entry>>,
}

/// How a call to a tool is checked, and where it goes.
pub struct Entry {
    /// The plugin.
    pub plugin: Arc<LoadedPlugin>,
    arguments: Arguments,
    /// Why clients are not shown it. Then no call of it runs.
    unlisted: Option<Unlisted>,
}

/// Why a call does not run, as its caller reads it.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// A stable code.
    pub code: &'static str,
    /// What is wrong, without what the caller has sent.
    pub message: String,
}

impl Refusal {
    fn invalid(message: String) -> Self {
        Self { code: "invalid_argument", message }
    }
}

impl Entry {
    /// Checks a call. Gives its arguments as the guest reads them.
    ///
    /// # Errors
    /// The policy leaves the tool out, or the arguments are not what its schema says.
    pub async fn check(self: &Arc<Self>, tool: &str, arguments: Map<String, Value>) -> Result<String, Refusal> {
        if let Some(unlisted) = &self.unlisted {
            let plugin = &**self.plugin.name();
            tracing::warn!(target: "cofferdam", plugin, tool, reason = %unlisted, "a tool that is not listed is called");
            return Err(Refusal { code: "denied", message: unlisted.for_model(tool) });
        }
        let checked = if self.arguments.is_expensive(&arguments) {
            let entry = Arc::clone(self);
            let check = tokio::task::spawn_blocking(move || entry.arguments.check(arguments));
            check.await.unwrap_or_else(|_| Err("the check of the arguments failed".to_owned()))
        } else {
            self.arguments.check(arguments)
        };
        let arguments = Value::Object(checked.map_err(Refusal::invalid)?).to_string();
        if arguments.len() > ARGUMENTS {
            let bytes = arguments.len();
            return Err(Refusal::invalid(format!("the arguments have {bytes} bytes, {ARGUMENTS} are the most")));
        }
        Ok(arguments)
    }
}

/// A plugin whose tools are not in the catalogue, and why.
pub type Without = (Arc<LoadedPlugin>, String);

/// A catalogue that is being made.
pub struct Draft {
    /// What clients are shown until then.
    before: Arc<[Tool]>,
    tools: Vec<Tool>,
    entries: HashMap<String, Arc<Entry>>,
}

impl Draft {
    /// Adds a further plugin's tools. Where a name is taken, the plugin that was named first has
    /// it, whichever of them was known sooner. The other one has none of its tools: those who lose
    /// theirs now are given back, and why.
    ///
    /// # Errors
    /// A name belongs to a plugin that was named earlier; which, and to whom.
    pub fn add(&mut self, plugin: &Arc<LoadedPlugin>, tools: Vec<Tool>) -> Result<Vec<Without>, String> {
        let taken = |tool: &Tool, by: &str| format!("its tool `{}` is the name of a tool of `{by}` already", tool.name);
        let mut without: Vec<Without> = Vec::new();
        for tool in &tools {
            let Some(entry) = self.entries.get(&tool.name) else { continue };
            let other = &entry.plugin;
            if other.place < plugin.place {
                return Err(taken(tool, other.name()));
            }
            if without.iter().all(|(known, _)| !Arc::ptr_eq(known, other)) {
                without.push((Arc::clone(other), taken(tool, plugin.name())));
            }
        }
        self.entries.retain(|_, entry| without.iter().all(|(loser, _)| !Arc::ptr_eq(loser, &entry.plugin)));
        self.tools.retain(|tool| self.entries.contains_key(&tool.name));
        for tool in tools {
            let arguments = Arguments::new(tool.input_schema.clone());
            let unlisted = plugin.candidate.effective.listing.unlisted(&tool.name);
            let entry = Entry { plugin: Arc::clone(plugin), arguments, unlisted };
            self.entries.insert(tool.name.clone(), Arc::new(entry));
            self.tools.push(tool);
        }
        Ok(without)
    }

    /// The catalogue.
    pub fn finish(mut self) -> Catalog {
        self.tools.sort_by(|a, b| a.name.cmp(&b.name));
        let is_listed = |tool: &&Tool| self.entries.get(&tool.name).is_some_and(|entry| entry.unlisted.is_none());
        let listed = self.tools.iter().filter(is_listed).map(|tool| (&tool.plugin, &tool.name));
        let tools = match listed.eq(self.before.iter().map(|tool| (&tool.plugin, &tool.name))) {
            true => self.before,
            false => self.tools.iter().filter(is_listed).cloned().collect(),
        };
        Catalog { tools, known: self.tools.into(), entries: self.entries }
    }
}

impl Catalog {
    /// What it has, to be added to.
    pub fn draft(&self) -> Draft {
        Draft { before: Arc::clone(&self.tools), tools: self.known.to_vec(), entries: self.entries.clone() }
    }

    /// Where a call to this tool goes.
    pub fn find(&self, tool: &str) -> Option<Arc<Entry>> {
        self.entries.get(tool).cloned()
    }
}

#[cfg(test)]
#[path = "catalog_tests.rs"]
mod tests;
