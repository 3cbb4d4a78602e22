//! What is shipped, as it stands beside the plugins' sources: nobody has to count.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

/// The shipped plugins' folders.
pub fn plugins() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins");
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().join("tools.json").is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() >= 2, "{names:?}");
    names
}

/// One plugin's tools as they are listed.
#[track_caller]
fn definitions(plugin: &str) -> Vec<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins").join(plugin).join("tools.json");
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// The names of one plugin's tools.
#[track_caller]
pub fn tools_of(plugin: &str) -> BTreeSet<String> {
    definitions(plugin).iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

/// Fails unless the structured answer of a shipped tool matches the tool's output schema. Other
/// tools may say what they like.
#[track_caller]
pub fn check_answer(tool: &str, structured: &Value) {
    static SCHEMAS: LazyLock<HashMap<String, Validator>> = LazyLock::new(|| {
        let tools = plugins().into_iter().flat_map(|plugin| definitions(&plugin));
        tools
            .map(|tool| {
                let schema = jsonschema::validator_for(&tool["outputSchema"]).unwrap();
                (tool["name"].as_str().unwrap().to_owned(), schema)
            })
            .collect()
    });
    let Some(schema) = SCHEMAS.get(tool) else { return };
    let wrong: Vec<String> = schema.iter_errors(structured).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "`{tool}` answers what its output schema does not allow: {wrong:?}\n{structured}");
}

/// The names of the shipped tools that can do something where peers on this machine may be dialled.
#[track_caller]
pub fn local_tools() -> BTreeSet<String> {
    ["tcp", "telnet"].iter().flat_map(|plugin| tools_of(plugin)).collect()
}

/// The names of all shipped tools.
#[track_caller]
pub fn tools() -> BTreeSet<String> {
    plugins().iter().flat_map(|plugin| tools_of(plugin)).collect()
}
