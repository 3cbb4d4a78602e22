//! The contract in other languages: one plugin each in Python, JavaScript and C, built from its
//! source with tools that are fetched (`cofferdam_xtask::build_language`), and called through the
//! binary. A tool that cannot be had fails its tests.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use cofferdam_xtask::{Language, build_language, stderr_progress};
use serde_json::{Value, json};

use crate::support::{LOCAL, Peer, Session, add_section, closed_port, policy, run, scratch, stderr, stdout};

/// The component in a language, with its manifest, compiled and kept: nobody waits for a compiler.
#[track_caller]
fn plugin(language: Language) -> String {
    static MADE: Mutex<Option<HashMap<&str, String>>> = Mutex::new(None);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let name = language.name();
    if let Some(path) = made.as_ref().and_then(|made| made.get(name)) {
        return path.clone();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let built = build_language(language, root, &mut stderr_progress()).unwrap_or_else(|error| panic!("{error}"));
    let mut component = std::fs::read(built).unwrap();
    let manifest = std::fs::read(root.join("tests/guests").join(name).join("plugin.toml")).unwrap();
    add_section(&mut component, "cofferdam-manifest", &manifest);
    let path = scratch(name).join(format!("{name}.wasm")).display().to_string();
    std::fs::write(&path, component).unwrap();

    let [flag, file] = policy("[limits]\ncall = \"10 min\"\ncompile = \"10 min\"\n");
    let greet = ["call", "greet", "{\"name\":\"you\"}", "--plugin", &path, &flag, &file];
    let output = run(&greet);
    assert!(output.status.success(), "{}", stderr(&output));
    made.get_or_insert_default().insert(name, path.clone());
    path
}

fn with(language: Language) -> Session {
    Session::serve(&["--plugin", &plugin(language), LOCAL[0], LOCAL[1]])
}

/// The blocks of an answer.
fn content(session: &mut Session, tool: &str) -> Value {
    let mut answer = session.request("tools/call", json!({ "name": tool, "arguments": {} }));
    assert_eq!(answer["result"]["isError"], false, "{answer}");
    answer["result"]["content"].take()
}

/// Whatever a language can do, it can do this.
#[track_caller]
fn answers_shows_and_asks(language: Language) {
    let mut session = with(language);
    assert_eq!(session.call("greet", json!({ "name": "Zoë" })).ok()["text"], "Hello, Zoë!");
    let shown = content(&mut session, "show");
    let before = json!({ "type": "text", "text": "shown before" });
    let picture = json!({ "type": "image", "data": "iVBORw0KGgo=", "mimeType": "image/png" });
    assert_eq!(shown, json!([before, picture]));
    let failure = session.call("ask", json!({})).failed("input_required");
    assert_eq!(failure["questions"][0]["id"], "sure", "{failure}");
    assert!(!session.log().contains("ended:"), "{}", session.log());

    let component = plugin(language);
    for (reply, expected) in [
        ("sure={\"sure\":true}", "cleared"),
        ("sure={\"sure\":false}", "left as it is"),
        ("sure=decline", "left as it is"),
    ] {
        let output = run(&["call", "ask", "{}", "--plugin", &component, LOCAL[0], LOCAL[1], "--reply", reply]);
        let said = stdout(&output);
        assert!(output.status.success() && said.contains(expected), "{reply}: {said}{}", stderr(&output));
    }
}

/// A plugin that is told its settings, and refuses some.
#[track_caller]
fn is_told_its_settings(language: Language) {
    let (name, component) = (language.name(), plugin(language));
    let serve = |settings: &str| {
        let table = format!("[plugins.{name}]\ncomponent = {component:?}\nsettings = {settings}\n");
        let [flag, file] = policy(&table);
        Session::serve(&[&flag, &file])
    };
    let mut session = serve("{ greeting = \"Good day\" }");
    assert_eq!(session.call("greet", json!({ "name": "you" })).ok()["text"], "Good day, you!");
    let mut session = serve("{ greeting = \"\" }");
    let answer = session.call("greet", json!({ "name": "you" }));
    assert!(answer.is_error && answer.text.contains("`greeting` is empty"), "{}", answer.text);
}

/// A plugin that connects by WASI's own sockets, and takes other calls while it waits.
#[track_caller]
fn connects_and_waits_aside(language: Language) {
    let (echo, (silent, _heard)) = (Peer::echo(), Peer::hears());
    let mut session = with(language);
    let line = |port: u16| json!({ "host": "127.0.0.1", "port": port, "line": "over there" });
    let waiting = session.post_call("fetch", line(silent.port()));
    session.begins(waiting);
    assert_eq!(session.call("fetch", line(echo.port())).ok()["text"], "over there");
    assert_eq!(session.call("greet", json!({ "name": "you" })).ok()["text"], "Hello, you!");
    assert!(session.is_pending(waiting));
    let refused = session.call("fetch", line(closed_port())).failed("connect_failed");
    assert_eq!(refused["retry"], true, "{refused}");
    let elsewhere = json!({ "host": "192.0.2.1", "port": 7, "line": "x" });
    let denied = session.call("fetch", elsewhere).failed("connect_failed");
    let told = denied["message"].as_str().unwrap().replace('-', "").to_lowercase();
    assert!(told.contains("accessdenied"), "{denied}");
    session.log_has("may not connect to `tcp://192.0.2.1:7`");
    session.cancel(waiting);
    assert_eq!(session.ends(waiting), "cancelled");
    assert_eq!(session.call("greet", json!({ "name": "you" })).ok()["text"], "Hello, you!");
    assert!(!session.log().contains("ended:"), "the instance lives on:\n{}", session.log());
}

#[test]
fn a_plugin_in_python_answers_shows_and_asks() {
    answers_shows_and_asks(Language::Python);
}

#[test]
fn a_plugin_in_python_is_told_its_settings() {
    is_told_its_settings(Language::Python);
}

#[test]
fn a_plugin_in_python_connects_and_is_cancelled() {
    connects_and_waits_aside(Language::Python);
}

#[test]
fn a_plugin_in_javascript_answers_shows_and_asks() {
    answers_shows_and_asks(Language::JavaScript);
}

#[test]
fn a_plugin_in_javascript_is_told_its_settings() {
    is_told_its_settings(Language::JavaScript);
}

#[test]
fn a_plugin_in_javascript_connects_and_is_cancelled() {
    connects_and_waits_aside(Language::JavaScript);
}

#[test]
fn a_plugin_in_c_answers_shows_and_asks() {
    answers_shows_and_asks(Language::C);
}

#[test]
fn a_plugin_in_c_is_told_its_settings() {
    is_told_its_settings(Language::C);
}
