//! House rules, as tests: what reviewers would otherwise have to remember. Each file of `tidy/`
//! reads one kind of thing; here is only how the tree is read.

/// Which crate may know which, from `cargo metadata`.
mod arrows;

/// Which file uses which: no circles within a crate.
mod circles;

/// The contract with plugins: what it offers, and that a released one is never edited.
mod contract;

/// The examples on the pages, which are run.
mod console;

/// The documents: that they name what is there, and only that.
mod documents;

/// The pages: their length, their links, and how each begins.
mod pages;

/// The sources: their form, and words that belong in few places.
mod sources;

/// Sleeps and clocks in tests.
mod timing;

use std::path::{Path, PathBuf};

/// A text of the tree.
struct Text {
    /// From the root, with `/`.
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("`{path}`: {error}"))
}

/// Inputs of the fuzz targets, which may be any bytes. Everything else has to be UTF-8.
const SEEDS: &str = "tests/fuzz/seeds/";

/// The text of a file; of a seed, what of it is text.
fn read_any(path: &str) -> String {
    if !path.starts_with(SEEDS) {
        return read(path);
    }
    let bytes = std::fs::read(root().join(path)).unwrap_or_else(|error| panic!("`{path}`: {error}"));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The texts below these folders whose names end so; what is built, and what is hidden, aside.
fn texts(folders: &[&str], ends: &[&str]) -> Vec<Text> {
    let mut paths = Vec::new();
    folders.iter().for_each(|folder| walk(&root().join(folder), &mut paths));
    paths.sort();
    let shown = |path: PathBuf| path.strip_prefix(root()).unwrap().display().to_string().replace('\\', "/");
    let found: Vec<Text> = paths
        .into_iter()
        .map(shown)
        .filter(|path| ends.iter().any(|end| path.ends_with(end)))
        .map(|path| Text { text: read_any(&path), path })
        .collect();
    assert!(!found.is_empty(), "there is nothing to read in {folders:?}");
    found
}

/// Every Rust source of the project.
fn sources() -> Vec<Text> {
    texts(&["host", "plugins", "tests"], &[".rs"])
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("`{}`: {error}", folder.display()));
    for entry in entries.map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with('.') || matches!(name.as_str(), "target" | "node_modules" | "corpus" | "artifacts") {
            continue;
        }
        match entry.file_type().unwrap().is_dir() {
            true => walk(&entry.path(), paths),
            false => paths.push(entry.path()),
        }
    }
}

/// Fails with all faults at once, and says which rule they break.
#[track_caller]
fn none(rule: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{rule}:\n  {}", faults.join("\n  "));
}
