//! Tests of `catalog.rs`.

use serde_json::json;

use super::*;
use crate::testing::{Plugins, tool};

fn names(catalog: &Catalog) -> Vec<&str> {
    catalog.tools.iter().map(|tool| tool.name.as_str()).collect()
}

fn with(
    catalog: &Catalog,
    plugin: &Arc<LoadedPlugin>,
    tools: &[&str],
) -> Result<(Catalog, Vec<(String, String)>), String> {
    let mut draft = catalog.draft();
    let tools = tools.iter().map(|name| tool(name, plugin.name())).collect();
    let without = draft.add(plugin, tools)?;
    let without = without.into_iter().map(|(plugin, why)| (plugin.name().to_string(), why)).collect();
    Ok((draft.finish(), without))
}

fn owner(catalog: &Catalog, tool: &str) -> Option<String> {
    catalog.find(tool).map(|entry| entry.plugin.name().to_string())
}

#[tokio::test]
async fn a_tool_that_is_not_shown_keeps_its_name_and_changes_no_list() {
    let plugins = Plugins::new();
    let (p, q, r) = (plugins.plugin("p", 0), plugins.plugin_in_need("q", 1), plugins.plugin("r", 2));
    let (catalog, _) = with(&Catalog::default(), &p, &["a"]).unwrap();
    let (more, _) = with(&catalog, &q, &["b"]).unwrap();
    assert!(names(&more) == ["a"] && more.known.len() == 2);
    assert!(Arc::ptr_eq(&catalog.tools, &more.tools), "nobody has to be told");
    let check = |tool: &str| {
        let entry = more.find(tool).unwrap();
        async move { entry.check("x", Map::new()).await }
    };
    assert_eq!(check("b").await.unwrap_err().code, "denied");
    assert_eq!(check("a").await.as_deref(), Ok("{}"));
    let clash = with(&more, &r, &["b"]).map(drop).unwrap_err();
    assert_eq!(clash, "its tool `b` is the name of a tool of `q` already");
}

#[tokio::test]
async fn arguments_are_checked_before_any_guest_runs() {
    let plugins = Plugins::new();
    let (catalog, _) = with(&Catalog::default(), &plugins.plugin("p", 0), &["a"]).unwrap();
    let entry = catalog.find("a").unwrap();
    let unknown = json!({ "zzz": 1 }).as_object().unwrap().clone();
    let refusal = entry.check("a", unknown).await.unwrap_err();
    assert_eq!(refusal.code, "invalid_argument");
    assert!(refusal.message.contains("there is no argument `zzz`"), "{}", refusal.message);
    let long = json!({ "text": "x".repeat(ARGUMENTS) }).as_object().unwrap().clone();
    let refusal = entry.check("a", long).await.unwrap_err();
    assert!(refusal.message.ends_with(&format!("bytes, {ARGUMENTS} are the most")), "{}", refusal.message);
}

#[tokio::test]
async fn a_name_belongs_to_the_plugin_that_came_first() {
    let plugins = Plugins::new();
    let (p, q) = (plugins.plugin("p", 0), plugins.plugin("q", 1));
    let (catalog, without) = with(&Catalog::default(), &p, &["b", "a"]).unwrap();
    assert!(names(&catalog) == ["a", "b"] && without.is_empty());
    let clash = with(&catalog, &q, &["c", "a"]).map(drop).unwrap_err();
    assert_eq!(clash, "its tool `a` is the name of a tool of `p` already");
    assert_eq!((owner(&catalog, "a").as_deref(), owner(&catalog, "c")), (Some("p"), None));
}

#[tokio::test]
async fn whoever_is_known_sooner_does_not_take_a_name_from_whoever_was_named_first() {
    let plugins = Plugins::new();
    let (p, q, r) = (plugins.plugin("p", 1), plugins.plugin("q", 2), plugins.plugin("r", 3));
    let (catalog, _) = with(&Catalog::default(), &q, &["a", "c"]).unwrap();
    let (catalog, _) = with(&catalog, &r, &["d"]).unwrap();
    let (catalog, without) = with(&catalog, &p, &["a", "b"]).unwrap();
    assert_eq!(without, [("q".to_owned(), "its tool `a` is the name of a tool of `p` already".to_owned())]);
    assert_eq!(names(&catalog), ["a", "b", "d"]);
    assert_eq!((owner(&catalog, "a").as_deref(), owner(&catalog, "c")), (Some("p"), None));
}
