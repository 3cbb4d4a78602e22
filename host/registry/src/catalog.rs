//! Which tool belongs to which plugin: one name, one plugin. A snapshot; changing it makes a new one.

use std::collections::HashMap;
use std::sync::Arc;

use crate::arguments::Arguments;
use crate::call::Tool;

/// The tools of a moment.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Sorted by name.
    pub tools: Arc<[Tool]>,
    entries: HashMap<String, Arc<Entry>>,
}

/// How a call to a tool is checked, and where it goes.
#[derive(Debug)]
pub struct Entry {
    /// The plugin, by its place in the registry.
    pub plugin: usize,
    /// The check of its arguments.
    pub arguments: Arguments,
}

impl Catalog {
    /// With a further plugin's tools.
    ///
    /// # Errors
    /// A name is taken already; which, and by whom.
    pub fn with(&self, plugin: usize, tools: Vec<Tool>) -> Result<Self, String> {
        for tool in &tools {
            if let Some(other) = self.tools.iter().find(|other| other.name == tool.name) {
                return Err(format!("its tool `{}` is the name of a tool of `{}` already", tool.name, other.plugin));
            }
        }
        let mut entries = self.entries.clone();
        for tool in &tools {
            let arguments = Arguments::new(tool.input_schema.clone());
            entries.insert(tool.name.clone(), Arc::new(Entry { plugin, arguments }));
        }
        let mut all: Vec<Tool> = self.tools.iter().cloned().chain(tools).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { tools: all.into(), entries })
    }

    /// Where a call to this tool goes.
    pub fn find(&self, tool: &str) -> Option<Arc<Entry>> {
        self.entries.get(tool).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Annotations;

    fn tool(name: &str, plugin: &str) -> Tool {
        Tool {
            name: name.into(),
            title: None,
            description: String::new(),
            input_schema: serde_json::Map::new(),
            output_schema: None,
            annotations: Annotations { read_only: true, destructive: false, idempotent: true, open_world: false },
            plugin: plugin.into(),
        }
    }

    #[test]
    fn a_name_belongs_to_the_plugin_that_came_first() {
        let catalog = Catalog::default().with(0, vec![tool("b", "p"), tool("a", "p")]).unwrap();
        assert_eq!(catalog.tools.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let clash = catalog.with(1, vec![tool("c", "q"), tool("a", "q")]).unwrap_err();
        assert_eq!(clash, "its tool `a` is the name of a tool of `p` already");
        assert_eq!(catalog.find("a").unwrap().plugin, 0);
        assert!(catalog.find("c").is_none());
    }
}
