//! Which tool belongs to which plugin: one name, one plugin; and which of them clients are shown. A snapshot; changing it
//! makes a new one.

use std::collections::HashMap;
use std::sync::Arc;

use cofferdam_policy::Unlisted;

use crate::arguments::Arguments;
use crate::call::Tool;

/// The tools of a moment.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// What clients are shown, sorted by name. The same `Arc` as before where that has not changed.
    pub tools: Arc<[Tool]>,
    /// All tools, sorted by name.
    pub known: Arc<[Tool]>,
    entries: HashMap<String, Arc<Entry>>,
}

/// How a call to a tool is checked, and where it goes.
#[derive(Debug)]
pub struct Entry {
    /// The plugin, by its place in the registry.
    pub plugin: usize,
    /// The check of its arguments.
    pub arguments: Arguments,
    /// Why clients are not shown it; then no call of it runs.
    pub unlisted: Option<Unlisted>,
}

/// A catalogue that is being made.
pub struct Draft {
    /// What clients are shown until then.
    before: Arc<[Tool]>,
    tools: Vec<Tool>,
    entries: HashMap<String, Arc<Entry>>,
}

impl Draft {
    /// Adds a further plugin's tools. Where a name is taken, the plugin that was named first has it, whichever of them was
    /// known sooner: the other one has none of its tools. Gives who has lost them now, and why.
    ///
    /// # Errors
    /// A name belongs to an earlier plugin; which, and to whom.
    pub fn add(
        &mut self,
        plugin: usize,
        tools: Vec<Tool>,
        unlisted: impl Fn(&str) -> Option<Unlisted>,
    ) -> Result<Vec<(usize, String)>, String> {
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
            let unlisted = unlisted(&tool.name);
            self.entries.insert(tool.name.clone(), Arc::new(Entry { plugin, arguments, unlisted }));
            self.tools.push(tool);
        }
        Ok(lost)
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

    type Added = Result<(Catalog, Vec<(usize, String)>), String>;

    fn with(catalog: &Catalog, plugin: usize, tools: Vec<Tool>) -> Added {
        let mut draft = catalog.draft();
        draft.add(plugin, tools, |_| None).map(|lost| (draft.finish(), lost))
    }

    #[test]
    fn a_tool_that_is_not_shown_keeps_its_name_and_changes_no_list() {
        let (catalog, _) = with(&Catalog::default(), 0, vec![tool("a", "p")]).unwrap();
        let mut draft = catalog.draft();
        let hidden = |_: &str| Some(Unlisted::Ungranted { keys: vec!["connect"] });
        draft.add(1, vec![tool("b", "q")], hidden).unwrap();
        let more = draft.finish();
        assert!(names(&more) == ["a"] && more.known.len() == 2);
        assert!(Arc::ptr_eq(&catalog.tools, &more.tools), "nobody has to be told");
        assert!(more.find("b").unwrap().unlisted.is_some() && more.find("a").unwrap().unlisted.is_none());
        let clash = with(&more, 2, vec![tool("b", "r")]).unwrap_err();
        assert_eq!(clash, "its tool `b` is the name of a tool of `q` already");
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
