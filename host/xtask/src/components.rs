//! Building guests: a cargo run for `wasm32-wasip2` in a guest workspace, and the components that
//! came out of it.
//!
//! Nothing here looks into a component.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use tinyjson::JsonValue;

use crate::process::{self, Event};
use crate::{Error, Progress, Toolchain};

/// Which parts of a guest workspace to build.
#[derive(Debug, Clone, Copy)]
pub enum What<'a> {
    /// Every member.
    Workspace,
    /// These members, by package name.
    Packages(&'a [&'a str]),
    /// The examples of every member.
    Examples,
}

/// One component on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// The package's name, or the example's, as written in its manifest or file name.
    pub name: String,
    /// The `.wasm` file, as cargo names it; absolute if the target folder was given so.
    pub path: PathBuf,
}

/// Builds the guest workspace in `manifest_dir` in release mode and returns its components, sorted
/// by name.
///
/// A component is what a `cdylib` library or example becomes. `target_dir` has to be another folder
/// than that of a cargo that is waiting for us, or both wait for each other. Cargo's own lines go
/// to `progress`, the compiler's messages among them. With `CI=true` the build is `--locked`.
///
/// # Errors
/// If the build fails. `progress` was told why.
pub fn build_components(
    toolchain: &Toolchain,
    manifest_dir: &Path,
    target_dir: &Path,
    what: What<'_>,
    progress: Progress<'_>,
) -> Result<Vec<Component>, Error> {
    let mut cargo = toolchain.cargo();
    cargo.args([
        "build",
        "--release",
        "--target",
        crate::toolchain::TARGET,
        "--message-format=json-render-diagnostics",
    ]);
    cargo.current_dir(manifest_dir).arg("--target-dir").arg(target_dir);
    match what {
        What::Workspace => _ = cargo.arg("--workspace"),
        What::Packages(names) => _ = cargo.args(names.iter().flat_map(|name| ["--package", *name])),
        What::Examples => _ = cargo.args(["--workspace", "--examples"]),
    }
    if std::env::var_os("CI").is_some_and(|ci| ci == "true") {
        cargo.arg("--locked");
    }

    let mut messages = Vec::new();
    process::run(&mut cargo, None, &mut |event| match event {
        Event::Stdout(line) => messages.push(line.to_owned()),
        Event::Stderr(line) => progress(line),
        Event::Tick => {}
    })
    .map_err(|error| error.brief().during(&format!("guests in `{}`", manifest_dir.display())))?;

    let mut components: Vec<Component> = messages.iter().filter_map(|line| component(line, what)).collect();
    components.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(components)
}

/// The component that one of cargo's messages announces, if it does. Format: "JSON messages" in the
/// Cargo book.
fn component(message: &str, what: What<'_>) -> Option<Component> {
    let message: HashMap<String, JsonValue> = message.parse::<JsonValue>().ok()?.try_into().ok()?;
    let text = |key: &str| message.get(key)?.get::<String>();
    if text("reason")? != "compiler-artifact" {
        return None;
    }
    // A library from elsewhere may be a `cdylib` too, and is no guest.
    let id = text("package_id")?;
    if !id.starts_with("path+file:") {
        return None;
    }
    let target = message.get("target")?.get::<HashMap<_, _>>()?;
    let has = |key: &str, wanted: &str| strings(target.get(key)).any(|value| value == wanted);
    if !has("crate_types", "cdylib") {
        return None;
    }
    let name = match what {
        What::Examples if has("kind", "example") => target.get("name")?.get::<String>()?.as_str(),
        What::Workspace if !has("kind", "example") => package_name(id)?,
        What::Packages(names) => package_name(id).filter(|name| names.contains(name))?,
        _ => return None,
    };
    let path = strings(message.get("filenames")).find(|file| file.ends_with(".wasm"))?;
    Some(Component { name: name.to_owned(), path: PathBuf::from(path) })
}

fn strings(value: Option<&JsonValue>) -> impl Iterator<Item = &str> {
    let values = value.and_then(|value| value.get::<Vec<JsonValue>>()).map_or(&[][..], Vec::as_slice);
    values.iter().filter_map(|value| value.get::<String>().map(String::as_str))
}

/// The name in a package id: `path+file:///x/dir#name@1.0.0`, or `path+file:///x/name#1.0.0` if the
/// folder has that name.
fn package_name(id: &str) -> Option<&str> {
    let (folder, fragment) = id.rsplit_once('#')?;
    match fragment.split_once('@') {
        Some((name, _version)) => Some(name),
        None => folder.rsplit('/').next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIBRARY: &str = r#"{"reason":"compiler-artifact","package_id":"path+file:///w/plugins/tcp#cofferdam-tcp@0.1.0","target":{"kind":["cdylib"],"crate_types":["cdylib"],"name":"cofferdam_tcp"},"filenames":["/t/release/cofferdam_tcp.wasm"],"fresh":true}"#;
    const EXAMPLE: &str = r#"{"reason":"compiler-artifact","package_id":"path+file:///w/tests/guests#0.1.0","target":{"kind":["example"],"crate_types":["cdylib"],"name":"spin"},"filenames":["/a \"b\"/spin.wasm"],"fresh":false}"#;

    #[test]
    fn a_library_is_named_for_its_package_and_an_example_for_itself() {
        let library = Component { name: "cofferdam-tcp".into(), path: "/t/release/cofferdam_tcp.wasm".into() };
        assert_eq!(component(LIBRARY, What::Workspace).as_ref(), Some(&library));
        assert_eq!(component(LIBRARY, What::Packages(&["cofferdam-tcp"])), Some(library));
        assert_eq!(component(LIBRARY, What::Packages(&["other"])), None);
        assert_eq!(component(LIBRARY, What::Examples), None);

        let example = Component { name: "spin".into(), path: "/a \"b\"/spin.wasm".into() };
        assert_eq!(component(EXAMPLE, What::Examples), Some(example));
        assert_eq!(component(EXAMPLE, What::Workspace), None);
    }

    #[test]
    fn everything_else_that_cargo_says_is_no_component() {
        let registry =
            LIBRARY.replace("path+file:///w/plugins/tcp#", "registry+https://github.com/rust-lang/crates.io-index#");
        let rlib = LIBRARY.replace(r#""crate_types":["cdylib"]"#, r#""crate_types":["rlib"]"#);
        for message in [&*registry, &*rlib, r#"{"reason":"build-finished","success":true}"#, "not JSON", ""] {
            assert_eq!(component(message, What::Workspace), None, "{message}");
        }
    }

    #[test]
    fn a_package_id_names_its_package_in_both_spellings() {
        assert_eq!(package_name("path+file:///w/plugins/tcp#cofferdam-tcp@0.1.0"), Some("cofferdam-tcp"));
        assert_eq!(package_name("path+file:///w/plugins/tcp#0.1.0"), Some("tcp"));
    }
}
