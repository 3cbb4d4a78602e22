//! What the tools take of a model's context, and which of them it is shown at all.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{ALL, LOCAL, Session, cofferdam, guest, policy, run, scratch, shipped, stderr, stdout};

/// What a model gets of all tools, of one tool, and the whole answer to `tools/list`, each
/// in bytes of compact JSON.
const MODEL: usize = 20_000;
const TOOL: usize = 1_500;
const ANSWER: usize = 40_000;

fn list(session: &mut Session) -> Value {
    session.request("tools/list", json!({}))
}

fn names(session: &mut Session) -> BTreeSet<String> {
    let listed = list(session);
    let tools = listed["result"]["tools"].as_array().unwrap();
    tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

/// The tools of these shipped plugins.
fn of(plugins: &[&str]) -> BTreeSet<String> {
    plugins.iter().flat_map(|plugin| shipped::tools_of(plugin)).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_tools_take_little_of_a_models_context() {
    let mut session = Session::serve(&ALL);
    let listed = list(&mut session);
    let tools = listed["result"]["tools"].as_array().unwrap();
    assert_eq!(tools.len(), shipped::tools().len(), "everything is allowed something");
    let model = |tool: &Value| -> usize {
        let part = |key: &str| tool[key].to_string().len();
        let (name, description, input) = (part("name"), part("description"), part("inputSchema"));
        r#"{"name":,"description":,"inputSchema":}"#.len() + name + description + input
    };
    let sizes: Vec<(usize, &str)> = tools.iter().map(|tool| (model(tool), tool["name"].as_str().unwrap())).collect();
    let all: usize = sizes.iter().map(|(size, _)| size).sum();
    let answer = listed.to_string().len();
    let told = format!("{all} bytes for a model, {answer} in all; each: {sizes:?}");
    assert!(sizes.iter().all(|(size, _)| *size <= TOOL), "{told}");
    assert!(all <= MODEL && answer <= ANSWER, "{told}");
}

#[test]
fn a_model_reads_what_a_tool_is_for_and_not_what_is_for_people() {
    let mut session = Session::serve(&ALL);
    let listed = list(&mut session);
    let text = listed.to_string();
    for word in ["$comment", "$schema", "\"format\":\"uint", "'s arguments"] {
        assert!(!text.contains(word), "`{word}` is in what clients get");
    }
    // What is for people stays in the definitions.
    let definitions = stdout(&run(&["tools", "--json", "--of", "telnet"]));
    assert!(definitions.contains("Kept sessions close after 5 minutes"), "{definitions}");
    assert!(!text.contains("Kept sessions close after 5 minutes"));
    for tool in listed["result"]["tools"].as_array().unwrap() {
        let schema = tool["outputSchema"].to_string();
        assert!(!schema.contains("\"description\":\"") && schema.len() < 900, "{schema}");
    }
}

#[test]
fn a_tool_that_can_do_nothing_is_not_listed() {
    for (rules, plugins) in [
        (&[][..], &[][..]),
        (&["--allow-read", "/tmp"], &["files"]),
        (&["--allow-connect", "tcp://localhost:*"], &["tcp", "telnet"]),
        (&["--allow-ping", "localhost"], &["ping"]),
        (&["--allow-resolve", "a.example"], &["dns"]),
        (&["--allow-read", "/tmp", "--deny-read", "/"], &[]),
        (&["--allow-ping", "localhost", "--deny-ping", "any"], &[]),
        (&ALL, &["dns", "files", "ping", "tcp", "telnet"]),
    ] {
        assert_eq!(names(&mut Session::serve(rules)), of(plugins), "{rules:?}");
    }
    // A server that may be asked is of no use without a name to ask for; a rule of
    // one plugin serves no other.
    let [flag, file] =
        policy("[plugins.dns]\nservers = [\"192.0.2.1\"]\n[plugins.telnet]\nconnect = [\"tcp://localhost:23\"]\n");
    assert_eq!(names(&mut Session::serve(&[&flag, &file])), of(&["telnet"]));
}

#[test]
fn a_call_of_a_tool_that_is_not_listed_is_refused_and_recorded() {
    let log = scratch("unlisted").join("audit.jsonl");
    let mut session = Session::serve(&["--allow-ping", "localhost", "--audit", &log.display().to_string()]);
    for (tool, arguments) in [
        ("tcp_connect", json!({ "host": "127.0.0.1", "port": 1 })),
        ("cat_tool", json!({ "file_path": "/etc/hostname" })),
        // Whatever is wrong with its arguments: nobody is led to believe that others would help.
        ("dig_tool", json!({ "name": 1 })),
    ] {
        let failure = session.call(tool, arguments).failed("denied");
        assert_eq!(failure["message"], format!("the operator's policy does not grant what `{tool}` needs"));
        assert!(!failure.to_string().contains("rule"), "a model is not told what to write: {failure}");
    }
    session.log_line_has(&["plugin=\"tcp\" tool=\"tcp_connect\"", "reason=no `connect` rule allows anything"]);
    session.send_line(
        r#"{"jsonrpc":"2.0","id":81,"method":"tools/call","params":{"name":"cat_tool","arguments":{"file_path":"a\ud800b"}}}"#,
    );
    session.called(81).failed("invalid_argument");
    let unknown = session.request("tools/call", json!({ "name": "tcp_conect", "arguments": {} }));
    assert_eq!(unknown["error"]["code"], -32602, "what nobody has is unknown: {unknown}");
    session.close();
    let written = std::fs::read_to_string(log).unwrap();
    let ended = |line: &&str| line.contains("\"event\":\"call_ended\"") && line.contains("\"reason\":\"denied\"");
    assert_eq!(written.lines().filter(ended).count(), 3, "{written}");
    assert!(!written.contains("\"event\":\"call_started\""), "no guest ran: {written}");
}

#[test]
fn a_policy_names_the_tools_that_are_listed() {
    let [flag, file] = policy(
        "[plugins.tcp]\nconnect = [\"tcp://localhost:*\"]\ntools = [\"tcp_connect\", \"tcp_list_connections\"]\n\
         [plugins.files]\ntools = [\"cat_tool\"]\n",
    );
    let mut session = Session::serve(&[&flag, &file]);
    assert_eq!(names(&mut session), set(&["tcp_connect", "tcp_list_connections"]), "naming grants nothing");
    assert_eq!(session.call("tcp_list_connections", json!({})).ok()["total_connections"], 0);
    let failure = session.call("tcp_send", json!({ "connection_id": "c", "data": "x" })).failed("denied");
    assert_eq!(failure["message"], "the operator's policy does not offer `tcp_send`");
    let told = stdout(&run(&["tools", &flag, &file]));
    assert!(told.contains(&format!("(`tools` of the table at {file}:1 leaves it out)")), "{told}");
    assert!(told.contains("  hidden  cat_tool, grep_tool"), "{told}");
}

#[test]
fn a_name_that_is_no_tools_is_a_mistake_where_it_stands() {
    let text = "[plugins.tcp]\nconnect = [\"tcp://localhost:*\"]\ntools = [\"tcp_connect\", \"tcp_sned\"]\n";
    let [flag, file] = policy(text);
    let checked = run(&["check", &file]);
    assert_eq!(checked.status.code(), Some(1));
    let told = stdout(&checked);
    assert!(told.contains("error: it has no tool `tcp_sned`; did you mean `tcp_send`?"), "{told}");
    assert!(told.contains(&format!("--> {file}:3:25\n")), "{told}");
    assert!(told.contains("\n  |                         ^^^^^^^^^^\n"), "{told}");
    for command in [&["serve"][..], &["serve", "--dry-run"], &["explain", "tcp", "connect", "localhost:1"]] {
        let output = run(&[command, &[&flag, &file]].concat());
        assert!(!output.status.success(), "{command:?}");
        assert!(
            stderr(&output).contains("plugin `tcp`: it has no tool `tcp_sned`; did you mean `tcp_send`?"),
            "{command:?}"
        );
    }
}

#[test]
fn the_tools_of_a_loaded_component_are_named_as_those_of_a_shipped_one() {
    let table =
        |tools: &str| policy(&format!("[plugins.hostile]\ncomponent = \"{}\"\ntools = [{tools}]\n", guest("trap")));
    let [flag, file] = table("\"predecessor\"");
    let mut session = Session::serve(&[&flag, &file]);
    assert_eq!(session.call("predecessor", json!({})).ok()["text"], "");
    assert_eq!(names(&mut session), set(&["predecessor"]));
    session.call("trap", json!({})).failed("denied");
    // Its tools are known once it was asked: it is told then, and what is
    // named beside it is served.
    let [flag, file] = table("\"predecessor\", \"trapp\"");
    let mut session = Session::serve(&[&flag, &file]);
    assert_eq!(session.call("predecessor", json!({})).ok()["text"], "");
    session.log_line_has(&[
        "a plugin has a problem",
        "plugin=\"hostile\"",
        "cause=it has no tool `trapp`; did you mean `trap`?",
    ]);
}

#[test]
fn without_any_rule_the_instructions_say_so_in_one_line() {
    let instructions = |rules: &[&str]| {
        let mut session = Session::bare(rules);
        session.initialize("2025-11-25")["instructions"].as_str().unwrap().to_owned()
    };
    let nothing = instructions(&[]);
    assert!(nothing.starts_with("The operator's policy allows nothing") && nothing.lines().count() == 1, "{nothing}");
    let files = instructions(&["--allow-read", "/tmp"]);
    assert!(files.contains("`ls_tool`") && files.contains("`denied`"), "{files}");
    assert!(!files.contains("tcp_") && !files.contains("allows nothing"), "only what is listed is explained: {files}");
    let tcp = instructions(&LOCAL);
    assert!(tcp.contains("`tcp_wait`") && !tcp.contains("ls_tool"), "{tcp}");
}

#[test]
fn tools_that_come_later_are_announced_if_they_are_listed() {
    let cache = scratch("announced-or-not");
    let with = |tools: &str| {
        let [flag, file] = policy(&format!(
            "[plugins.tcp]\nconnect = [\"tcp://localhost:*\"]\n[plugins.hostile]\ncomponent = \"{}\"\ntools = [\"{tools}\"]\n",
            guest("trap")
        ));
        let mut command = cofferdam(&["serve", "--no-cache", &flag, &file]);
        command.env("XDG_CACHE_HOME", &cache);
        let mut session = Session::spawn(command);
        session.initialize("2025-11-25");
        session
    };
    let announces = |message: &Value| message["method"] == "notifications/tools/list_changed";
    let mut session = with("predecessor");
    if !names(&mut session).contains("predecessor") {
        session.wait_for("the announcement", announces);
        assert!(names(&mut session).contains("predecessor"));
    }
    let mut session = with("nothing-of-this-name");
    let before = names(&mut session);
    // The call waits until every tool is known.
    session.call("trap", json!({})).failed("denied");
    assert_eq!(names(&mut session), before);
    assert!(!session.rest().iter().any(announces), "a list that stays as it is is not announced");
}

#[test]
fn people_are_told_what_is_not_listed_and_why() {
    let [flag, file] = policy("[plugins.ping]\nping = [\"localhost\"]\n");
    let why = "cat_tool, grep_tool, head_tool, ls_tool, stat_tool, tail_tool";
    for command in [&["tools"][..], &["serve", "--dry-run"]] {
        let told = stdout(&run(&[command, &[&flag, &file]].concat()));
        assert!(told.contains(&format!("  hidden  {why}  (no `read` rule allows anything)")), "{command:?}: {told}");
        assert!(!told.contains("hidden  ping_tool"), "{told}");
    }
    let told = stdout(&run(&["check", &file]));
    assert!(told.contains("not listed: the tools of `files` (no `read` rule allows anything)\n"), "{told}");
    let told: Value = serde_json::from_str(&stdout(&run(&["check", "--json", &file]))).unwrap();
    let unlisted = told["unlisted"].as_array().unwrap();
    let dig = json!({ "plugin": "dns", "tool": "dig_tool", "why": "no `resolve` rule allows anything" });
    assert!(unlisted.contains(&dig) && unlisted.iter().all(|one| one["plugin"] != "ping"), "{told}");
    let told = stdout(&run(&["explain", "files", "read", "/etc/hostname", &flag, &file]));
    assert!(told.contains("not listed: the tools of `files` (no `read` rule allows anything)\n"), "{told}");
    let told = stdout(&run(&["explain", "ping", "ping", "localhost", &flag, &file]));
    assert!(!told.contains("not listed"), "{told}");
    let told: Value = serde_json::from_str(&stdout(&run(&["tools", "--json", "--of", "dns", &flag, &file]))).unwrap();
    assert_eq!(told[0]["unlisted"], "no `resolve` rule allows anything");
    let told: Value = serde_json::from_str(&stdout(&run(&["tools", "--json", "--of", "ping", &flag, &file]))).unwrap();
    assert!(told[0].get("unlisted").is_none(), "{told}");
}
