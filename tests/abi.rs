//! The contract with plugins: what is embedded about shipped ones is what they say themselves, and
//! a component from elsewhere is loaded by the policy as by a flag.

use std::io::{Read, Write};
use std::path::Path;

use serde_json::json;

use crate::support::{LOCAL, Peer, Session, closed_port, guest, policy, run, scratch, shipped};

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
    assert_eq!(blocks(&page, "rust")[0], source);
    assert_eq!(blocks(&page, "toml")[0], read("tests/guests/greeter.toml"));

    let mut session = Session::serve(&["--plugin", &guest("greeter")]);
    assert_eq!(session.call("greet", json!({ "name": "you" })).ok()["text"], "Hello, you!");
}

#[test]
fn the_handler_in_the_page_for_authors_is_built_and_answers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let page = read("plugins/WRITING.md");
    // It is copied from the template, which has native tests.
    let source = read("plugins/template/handler/src/lib.rs");
    assert_eq!(read("tests/guests/examples/meter.rs").replace(", manifest = \"meter.toml\"", ""), source);
    assert_eq!(blocks(&page, "rust")[1..], [source]);
    let toml = blocks(&page, "toml");
    assert_eq!(toml[2], read("tests/guests/meter.toml"));
    assert_eq!(toml[2], read("plugins/template/handler/plugin.toml"));
    assert_eq!(toml[3].replace("../cofferdam/plugins", "../.."), read("plugins/template/handler/Cargo.toml"));

    let peer = Peer::new(|mut stream| {
        let mut question = [0; 6];
        if stream.read_exact(&mut question).is_ok() && question == *b"volt?\n" {
            let _ = stream.write_all(b"volt=3.3\n");
            // It stays until the other side closes.
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    let mut session = Session::serve(&["--plugin", &guest("meter"), LOCAL[0], LOCAL[1]]);
    let to = json!({ "host": "127.0.0.1", "port": peer.port(), "connection_id": "c", "handler": "meter" });
    assert_eq!(session.call("tcp_connect", to).ok()["handler"], "meter");
    let mut send = |message| session.call("tcp_send_message", json!({ "connection_id": "c", "message": message }));
    assert_eq!(send(json!({ "name": "a b" })).failed("invalid_argument")["argument"], "message.name");
    assert_eq!(send(json!({ "name": "volt" })).ok()["bytes_sent"], 6);
    let heard = session.call("tcp_messages", json!({ "connection_id": "c", "timeout_ms": 15_000 })).ok();
    assert_eq!(heard["messages"][0]["message"], json!({ "name": "volt", "value": 3.3 }));
}

#[test]
fn the_sdks_connections_and_tasks_do_what_it_says_of_them() {
    let peer = Peer::echo();
    let component = guest("streams");
    let mut session = Session::serve(&["--plugin", &component, LOCAL[0], LOCAL[1]]);
    let place = |host: &str, port: u16| json!({ "host": host, "port": port });
    let echo = place("127.0.0.1", peer.port());
    assert_eq!(session.call("line", echo.clone()).ok()["text"], "one\n|two|0");
    assert_eq!(session.call("kept", echo.clone()).ok()["text"], "timeout too_long ab\n");
    assert_eq!(session.call("halves", echo).ok()["text"], "ping");

    let refused = session.call("line", place("localhost", closed_port())).failed("connection_failed");
    assert_eq!(refused["reason"], "refused");
    let denied = session.call("line", place("10.0.0.1", 1)).failed("connection_failed");
    assert_eq!(denied["reason"], "denied");
    assert_eq!(denied["detail"], "the operator's policy does not allow tcp://10.0.0.1:1");
    let spelled = session.call("line", place("http://x", 1)).failed("invalid_argument");
    assert_eq!(spelled["argument"], "host");
}

#[test]
fn a_tool_with_last_words_has_them_after_its_deadline() {
    let [flag, file] = policy("[limits]\ncall = \"1 s\"\n");
    let mut session = Session::serve(&["--plugin", &guest("streams"), &flag, &file, LOCAL[0], LOCAL[1]]);
    assert_eq!(session.call("late", json!({})).ok()["text"], "what there was");
}
