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

/// A catalogue that is being made.
pub struct Draft {
    tools: Vec<Tool>,
    entries: HashMap<String, Arc<Entry>>,
}

impl Draft {
    /// Adds a further plugin's tools. Where a name is taken, the plugin that was named first has it, whichever of them was
    /// known sooner: the other one has none of its tools. Gives who has lost them now, and why.
    ///
    /// # Errors
    /// A name belongs to an earlier plugin; which, and to whom.
    pub fn add(&mut self, plugin: usize, tools: Vec<Tool>) -> Result<Vec<(usize, String)>, String> {
        let taken = |tool: &Tool, by: &str| format!("its tool `{}` is the name of a tool of `{by}` already", tool.name);
        let mut lost: Vec<(usize, String)> = Vec::new();
        for tool in &tools {
            let Some(entry) = self.entries.get(&tool.name) else { continue };
            let by = self.tools.iter().find(|other| other.name == tool.name).map_or("", |other| &other.plugin);
            if entry.plugin < plugin {
                return Err(taken(tool, by));
            }
            if lost.iter().all(|(loser, _)| *loser != entry.plugin) {
                lost.push((entry.plugin, taken(tool, &tool.plugin)));
            }
        }
        self.entries.retain(|_, entry| lost.iter().all(|(loser, _)| *loser != entry.plugin));
        self.tools.retain(|tool| self.entries.contains_key(&tool.name));
        for tool in tools {
            let arguments = Arguments::new(tool.input_schema.clone());
            self.entries.insert(tool.name.clone(), Arc::new(Entry { plugin, arguments }));
            self.tools.push(tool);
        }
        Ok(lost)
    }

    /// The catalogue.
    pub fn finish(mut self) -> Catalog {
        self.tools.sort_by(|a, b| a.name.cmp(&b.name));
        Catalog { tools: self.tools.into(), entries: self.entries }
    }
}

impl Catalog {
    /// What it has, to be added to.
    pub fn draft(&self) -> Draft {
        Draft { tools: self.tools.to_vec(), entries: self.entries.clone() }
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
            hints: cofferdam_runtime::Hints::default(),
            plugin: plugin.into(),
        }
    }

    fn names(catalog: &Catalog) -> Vec<&str> {
        catalog.tools.iter().map(|tool| tool.name.as_str()).collect()
    }

    fn with(catalog: &Catalog, plugin: usize, tools: Vec<Tool>) -> Result<(Catalog, Vec<(usize, String)>), String> {
        let mut draft = catalog.draft();
        draft.add(plugin, tools).map(|lost| (draft.finish(), lost))
    }

    #[test]
    fn a_name_belongs_to_the_plugin_that_came_first() {
        let (catalog, lost) = with(&Catalog::default(), 0, vec![tool("b", "p"), tool("a", "p")]).unwrap();
        assert!(names(&catalog) == ["a", "b"] && lost.is_empty());
        let clash = with(&catalog, 1, vec![tool("c", "q"), tool("a", "q")]).unwrap_err();
        assert_eq!(clash, "its tool `a` is the name of a tool of `p` already");
        assert_eq!(catalog.find("a").unwrap().plugin, 0);
        assert!(catalog.find("c").is_none());
    }

    #[test]
    fn whoever_is_known_sooner_does_not_take_a_name_from_whoever_was_named_first() {
        let (catalog, _) = with(&Catalog::default(), 2, vec![tool("a", "q"), tool("c", "q")]).unwrap();
        let (catalog, _) = with(&catalog, 3, vec![tool("d", "r")]).unwrap();
        let (catalog, lost) = with(&catalog, 1, vec![tool("a", "p"), tool("b", "p")]).unwrap();
        assert_eq!(lost, [(2, "its tool `a` is the name of a tool of `p` already".to_owned())]);
        assert_eq!(names(&catalog), ["a", "b", "d"]);
        assert_eq!(catalog.find("a").unwrap().plugin, 1);
        assert!(catalog.find("c").is_none());
    }
}
