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

impl Catalog {
    /// With a further plugin's tools. Where a name is taken, the plugin that was named first has it, whichever of them was
    /// known sooner: the other one has none of its tools. With it, who has lost them now, and why.
    ///
    /// # Errors
    /// A name belongs to an earlier plugin; which, and to whom.
    pub fn with(
        &self,
        plugin: usize,
        tools: Vec<Tool>,
        unlisted: impl Fn(&str) -> Option<Unlisted>,
    ) -> Result<(Self, Vec<(usize, String)>), String> {
        let taken = |tool: &Tool, by: &str| format!("its tool `{}` is the name of a tool of `{by}` already", tool.name);
        let mut lost: Vec<(usize, String)> = Vec::new();
        for tool in &tools {
            let Some(entry) = self.entries.get(&tool.name) else { continue };
            let by = self.known.iter().find(|other| other.name == tool.name).map_or("", |other| &other.plugin);
            if entry.plugin < plugin {
                return Err(taken(tool, by));
            }
            if lost.iter().all(|(loser, _)| *loser != entry.plugin) {
                lost.push((entry.plugin, taken(tool, &tool.plugin)));
            }
        }
        let mut entries = self.entries.clone();
        entries.retain(|_, entry| lost.iter().all(|(loser, _)| *loser != entry.plugin));
        let kept = self.known.iter().filter(|tool| entries.contains_key(&tool.name)).cloned();
        let mut all: Vec<Tool> = kept.chain(tools.iter().cloned()).collect();
        for tool in tools {
            let arguments = Arguments::new(tool.input_schema);
            let unlisted = unlisted(&tool.name);
            entries.insert(tool.name, Arc::new(Entry { plugin, arguments, unlisted }));
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        let is_listed = |tool: &&Tool| entries.get(&tool.name).is_some_and(|entry| entry.unlisted.is_none());
        let listed = all.iter().filter(is_listed).map(|tool| (&tool.plugin, &tool.name));
        let tools = match listed.eq(self.tools.iter().map(|tool| (&tool.plugin, &tool.name))) {
            true => Arc::clone(&self.tools),
            false => all.iter().filter(is_listed).cloned().collect(),
        };
        Ok((Self { tools, known: all.into(), entries }, lost))
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

    fn all(_: &str) -> Option<Unlisted> {
        None
    }

    fn none(_: &str) -> Option<Unlisted> {
        Some(Unlisted::Ungranted { keys: vec!["connect"] })
    }

    #[test]
    fn a_tool_that_is_not_shown_keeps_its_name_and_changes_no_list() {
        let (catalog, _) = Catalog::default().with(0, vec![tool("a", "p")], all).unwrap();
        let (more, _) = catalog.with(1, vec![tool("b", "q")], none).unwrap();
        assert!(names(&more) == ["a"] && more.known.len() == 2);
        assert!(Arc::ptr_eq(&catalog.tools, &more.tools), "nobody has to be told");
        assert!(more.find("b").unwrap().unlisted.is_some() && more.find("a").unwrap().unlisted.is_none());
        let clash = more.with(2, vec![tool("b", "r")], all).unwrap_err();
        assert_eq!(clash, "its tool `b` is the name of a tool of `q` already");
    }

    fn names(catalog: &Catalog) -> Vec<&str> {
        catalog.tools.iter().map(|tool| tool.name.as_str()).collect()
    }

    #[test]
    fn a_name_belongs_to_the_plugin_that_came_first() {
        let (catalog, lost) = Catalog::default().with(0, vec![tool("b", "p"), tool("a", "p")], all).unwrap();
        assert!(names(&catalog) == ["a", "b"] && lost.is_empty());
        let clash = catalog.with(1, vec![tool("c", "q"), tool("a", "q")], all).unwrap_err();
        assert_eq!(clash, "its tool `a` is the name of a tool of `p` already");
        assert_eq!(catalog.find("a").unwrap().plugin, 0);
        assert!(catalog.find("c").is_none());
    }

    #[test]
    fn whoever_is_known_sooner_does_not_take_a_name_from_whoever_was_named_first() {
        let (catalog, _) = Catalog::default().with(2, vec![tool("a", "q"), tool("c", "q")], all).unwrap();
        let (catalog, _) = catalog.with(3, vec![tool("d", "r")], all).unwrap();
        let (catalog, lost) = catalog.with(1, vec![tool("a", "p"), tool("b", "p")], all).unwrap();
        assert_eq!(lost, [(2, "its tool `a` is the name of a tool of `p` already".to_owned())]);
        assert_eq!(names(&catalog), ["a", "b", "d"]);
        assert_eq!(catalog.find("a").unwrap().plugin, 1);
        assert!(catalog.find("c").is_none());
    }
}
