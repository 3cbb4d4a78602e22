//! The components: the hostile guests, built once for all tests, and where their files are; and what the shipped ones offer.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The component of one guest in `tests/guests/examples`.
#[track_caller]
pub fn guest(name: &str) -> String {
    static BUILT: OnceLock<HashMap<String, PathBuf>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut progress = cofferdam_xtask::stderr_progress();
        let built = cofferdam_xtask::Toolchain::ensure(&mut progress).and_then(|toolchain| {
            cofferdam_xtask::build_components(
                &toolchain,
                &root.join("tests/guests"),
                &root.join("target/guests"),
                cofferdam_xtask::What::Examples,
                &mut progress,
            )
        });
        built.unwrap_or_else(|error| panic!("{error}")).into_iter().map(|built| (built.name, built.path)).collect()
    });
    built.get(name).unwrap_or_else(|| panic!("there is no guest `{name}`")).display().to_string()
}

/// The names of all shipped tools, sorted: those of every `plugins/*/tools.json`.
pub fn shipped_tools() -> Vec<String> {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins");
    let lists = std::fs::read_dir(plugins).unwrap().map(|entry| entry.unwrap().path().join("tools.json"));
    let lists = lists.filter_map(|list| std::fs::read_to_string(list).ok());
    let tools = lists.flat_map(|list| serde_json::from_str::<Vec<serde_json::Value>>(&list).unwrap());
    let mut names: Vec<String> = tools.map(|tool| tool["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}
