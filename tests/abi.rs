//! The contract with plugins: what is embedded about shipped ones is what they say themselves, and a component from
//! elsewhere is loaded by the policy as by a flag.

use serde_json::json;

use crate::support::{Session, guest, run, scratch};

#[test]
fn the_embedded_definitions_are_those_of_the_component() {
    let plugins = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins");
    let mut compared = 0;
    for folder in std::fs::read_dir(plugins).unwrap().map(|entry| entry.unwrap().path()) {
        let Ok(kept) = std::fs::read_to_string(folder.join("tools.json")) else { continue };
        let name = folder.file_name().unwrap().to_str().unwrap();
        let said = run(&["tools", "--fresh", "--json", "--of", name]);
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        assert_eq!(
            String::from_utf8_lossy(&said.stdout).trim(),
            kept.trim(),
            "write it anew: `cofferdam tools --fresh --json --of {name} > plugins/{name}/tools.json`"
        );
        compared += 1;
    }
    assert!(compared >= 2, "`tcp` and `ping` have theirs");
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
