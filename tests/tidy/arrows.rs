//! Which crate may know which: read from `cargo metadata`, so that an arrow that was drawn in a
//! hurry is seen.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use super::{none, root};

/// Our crates, and which of ours each may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("cofferdam-grants", &[]),
    ("cofferdam-policy", &["cofferdam-grants"]),
    ("cofferdam-audit", &["cofferdam-grants"]),
    ("cofferdam-packed", &[]),
    ("cofferdam-runtime", &["cofferdam-audit", "cofferdam-grants", "cofferdam-packed"]),
    ("cofferdam-registry", &["cofferdam-audit", "cofferdam-grants", "cofferdam-policy", "cofferdam-runtime"]),
    ("cofferdam-server", &["cofferdam-registry"]),
    ("cofferdam", &["cofferdam-audit", "cofferdam-policy", "cofferdam-registry", "cofferdam-server"]),
    // The workbench, the benchmark and the soak are no part of the program.
    ("cofferdam-xtask", &[]),
    ("cofferdam-bench", &["cofferdam-audit", "cofferdam-xtask"]),
    ("cofferdam-soak", &[]),
];

/// What is needed to build a crate or to test it, beyond that.
const TO_BUILD: &[(&str, &[&str])] = &[("cofferdam", &["cofferdam-packed", "cofferdam-xtask"])];
const TO_TEST: &[(&str, &[&str])] =
    &[("cofferdam", &["cofferdam-grants", "cofferdam-xtask"]), ("cofferdam-runtime", &["cofferdam-policy"])];

/// Crates of others that one of ours knows, and no other: a name, or the beginning of one.
const HOMES: &[(&str, &[&str])] = &[
    ("toml", &["cofferdam-policy"]),
    ("wasmtime*", &["cofferdam-runtime"]),
    ("wasmparser", &["cofferdam-runtime"]),
    ("hickory-*", &["cofferdam-runtime"]),
    ("jsonschema", &["cofferdam-registry", "cofferdam"]),
    ("lzma-rust2", &["cofferdam-packed"]),
    // System calls that std does not have; the tests make devices with one of them.
    ("nix", &["cofferdam-runtime", "cofferdam"]),
    ("rustix", &["cofferdam-runtime"]),
    // The soak's peers reset connections.
    ("socket2", &["cofferdam-runtime", "cofferdam-soak"]),
    // The benchmark compares with a bare server of the same library.
    ("rmcp", &["cofferdam-server", "cofferdam-bench"]),
    ("anyhow", &["cofferdam"]),
    ("clap", &["cofferdam"]),
];

/// One dependency, as a manifest writes it.
struct Dependency {
    of: String,
    on: String,
    /// `normal`, `build` or `dev`.
    kind: String,
    /// The folder, for one of ours.
    path: Option<String>,
}

/// The dependencies of every member of the workspace in this folder.
fn dependencies(folder: &str) -> Vec<Dependency> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut metadata = Command::new(cargo);
    metadata.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).current_dir(root().join(folder));
    let output = metadata.output().expect("cargo can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut found = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        for dependency in package["dependencies"].as_array().unwrap() {
            found.push(Dependency {
                of: text(&package["name"]),
                on: text(&dependency["name"]),
                kind: dependency["kind"].as_str().unwrap_or("normal").to_owned(),
                path: dependency["path"].as_str().map(str::to_owned),
            });
        }
    }
    found
}

fn allowed<'a>(table: &[(&str, &'a [&'a str])], of: &str) -> BTreeSet<&'a str> {
    table.iter().filter(|(crate_, _)| *crate_ == of).flat_map(|(_, on)| on.iter().copied()).collect()
}

#[test]
fn i9_the_arrows_are_those_of_the_design() {
    let all = dependencies(".");
    let members: BTreeSet<&str> = all.iter().map(|dependency| dependency.of.as_str()).collect();
    for member in members {
        assert!(ARROWS.iter().any(|(known, _)| *known == member), "`{member}` has no place in the design");
        let of_kind = |kind: &str| -> BTreeSet<&str> {
            let ours = all.iter().filter(|one| one.of == member && one.kind == kind && one.path.is_some());
            ours.map(|one| one.on.as_str()).collect()
        };
        assert_eq!(of_kind("normal"), allowed(ARROWS, member), "what `{member}` depends on");
        assert_eq!(of_kind("build"), allowed(TO_BUILD, member), "what `{member}` is built with");
        let more: Vec<_> = of_kind("dev").difference(&allowed(TO_TEST, member)).copied().collect();
        assert_eq!(more, Vec::<&str>::new(), "what `{member}` is tested with");
    }
}

#[test]
fn i9_foreign_crates_have_one_home() {
    let is = |name: &str, pattern: &str| match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == pattern,
    };
    let mut faults = Vec::new();
    for Dependency { of, on, .. } in dependencies(".") {
        let home = HOMES.iter().find(|(pattern, _)| is(&on, pattern));
        if let Some((_, homes)) = home
            && !homes.contains(&of.as_str())
        {
            faults.push(format!("`{of}` depends on `{on}`, which is the affair of {homes:?}"));
        }
    }
    none("a foreign crate that shapes code has one home", &faults);
}

#[test]
fn i2_grants_depends_on_nothing_at_all() {
    let all = dependencies(".").into_iter().filter(|one| one.of == "cofferdam-grants" && one.kind != "dev");
    none("`grants` is pure data", &all.map(|one| one.on).collect::<Vec<_>>());
}

#[test]
fn guests_know_the_host_through_the_contract_only() {
    let mut faults = Vec::new();
    for folder in ["plugins", "tests/guests"] {
        for Dependency { of, on, path, .. } in dependencies(folder) {
            let host = root().join("host").display().to_string();
            if path.is_some_and(|path| path.starts_with(&host)) {
                faults.push(format!("`{of}` depends on `{on}`"));
            }
        }
    }
    none("a guest is compiled without the host", &faults);
}
