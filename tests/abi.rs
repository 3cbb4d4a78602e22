//! The contract with plugins: what is embedded about shipped ones is what they say themselves, and a component from
//! elsewhere is loaded by the policy as by a flag.

use std::path::Path;

use serde_json::json;

use crate::support::{Session, guest, run, scratch, shipped};

#[test]
fn the_embedded_definitions_are_those_of_the_component() {
    for plugin in shipped::plugins() {
        let said = run(&["tools", "--fresh", "--json", "--of", &plugin]);
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins").join(&plugin).join("tools.json");
        assert_eq!(
            String::from_utf8_lossy(&said.stdout).trim(),
            std::fs::read_to_string(file).unwrap().trim(),
            "write it anew: `cofferdam tools --fresh --json --of {plugin} > plugins/{plugin}/tools.json`"
        );
    }
}

#[test]
fn a_policy_loads_a_component_under_its_own_table() {
    let policy = scratch("component").join("policy.toml");
    let table = |name: &str| {
        format!("[plugins.{name}]\ncomponent = \"{}\"\nconnect = [\"tcp://localhost:*\"]\n", guest("trap"))
    };
    std::fs::write(&policy, table("hostile")).unwrap();
    let mut session = Session::serve(&["--policy", &policy.display().to_string()]);
    assert_eq!(session.call("predecessor", json!({})).ok()["text"], "");
    session.call("tcp_list_connections", json!({})).failed("denied");

    std::fs::write(&policy, table("renamed")).unwrap();
    let (status, log) = Session::bare(&["--policy", &policy.display().to_string()]).close();
    assert_eq!(status.code(), Some(1));
    assert!(log.contains("the component's own name is `hostile`"), "{log}");
}

#[test]
fn what_is_no_plugin_is_told_so() {
    let folder = scratch("no-plugin");
    let text = folder.join("text.wasm");
    std::fs::write(&text, "hello").unwrap();
    let bare = folder.join("bare.wasm");
    std::fs::write(&bare, b"\0asm\x0d\0\x01\0").unwrap();
    let missing = folder.join("missing.wasm");
    for (file, problem) in [
        (&text, "not a WebAssembly component"),
        (&bare, "carries no manifest"),
        (&missing, "No such file"),
        (&folder, "is not a file"),
    ] {
        let (status, log) = Session::bare(&["--plugin", &file.display().to_string()]).close();
        assert_eq!(status.code(), Some(1), "{log}");
        assert!(log.contains(problem), "{problem}: {log}");
    }
}

/// The blocks of a language in the page for plugin authors.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    page.split(opening.as_str()).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn the_plugin_in_the_page_for_authors_is_built_and_called() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let page = read("plugins/WRITING.md");
    // Examples of one package share its folder, so that this one names its manifest.
    let source = read("tests/guests/examples/greeter.rs").replace("(manifest = \"greeter.toml\")", "");
    assert_eq!(blocks(&page, "rust"), [source]);
    assert_eq!(blocks(&page, "toml")[0], read("tests/guests/greeter.toml"));

    let mut session = Session::serve(&["--plugin", &guest("greeter")]);
    assert_eq!(session.call("greet", json!({ "name": "you" })).ok()["text"], "Hello, you!");
}
