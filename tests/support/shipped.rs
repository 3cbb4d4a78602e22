//! What is shipped, as it stands beside the plugins' sources: nobody has to count.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

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

/// The names of one plugin's tools.
#[track_caller]
pub fn tools_of(plugin: &str) -> BTreeSet<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins").join(plugin).join("tools.json");
    let tools: Vec<Value> = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

/// The names of all shipped tools.
#[track_caller]
pub fn tools() -> BTreeSet<String> {
    plugins().iter().flat_map(|plugin| tools_of(plugin)).collect()
}
