//! What the contract lets a plugin do in a call: show blocks, ask the person behind the client,
//! go on when nobody waits; and what holds for its instance: settings, calls at one time.

use serde_json::{Value, json};

use crate::support::{LOCAL, Session, add_section, guest, policy, run, scratch, stderr, stdout};

fn with_local(name: &str) -> Session {
    Session::serve(&["--plugin", &guest(name), LOCAL[0], LOCAL[1]])
}

fn with_limits(name: &str, limits: &str) -> Session {
    let [flag, file] = policy(&format!("[limits]\n{limits}\n"));
    Session::serve(&[&flag, &file, "--plugin", &guest(name), LOCAL[0], LOCAL[1]])
}

/// The result of a call as a client gets it.
fn result(session: &mut Session, tool: &str, arguments: Value) -> Value {
    session.request("tools/call", json!({ "name": tool, "arguments": arguments }))["result"].take()
}

/// The blocks of an answer that is a success without structured content.
fn content(session: &mut Session, tool: &str, arguments: Value) -> Value {
    let mut result = result(session, tool, arguments);
    assert_eq!(result["isError"], false, "{result}");
    assert!(result.get("structuredContent").is_none(), "{result}");
    result["content"].take()
}

#[test]
fn every_kind_of_block_reaches_the_client() {
    let mut session = with_local("blocks");
    let text = |text: &str| json!({ "type": "text", "text": text });
    assert_eq!(content(&mut session, "text", json!({ "text": "plain" })), json!([text("plain")]));
    assert_eq!(content(&mut session, "nothing", json!({})), json!([text("done")]));
    let picture = content(&mut session, "picture", json!({}))[0].take();
    assert_eq!((&picture["type"], &picture["mimeType"]), (&json!("image"), &json!("image/png")));
    assert!(picture["data"].as_str().unwrap().starts_with("iVBORw0KGgo"), "{picture}");
    let sound = json!([{ "type": "audio", "data": "UklGRgQAAABXQVZF", "mimeType": "audio/wav" }]);
    assert_eq!(content(&mut session, "sound", json!({})), sound);
    let link = json!([{ "type": "resource_link", "uri": "thing:x", "name": "thing", "title": "A thing",
        "description": "What it is", "mimeType": "text/plain", "size": 7 }]);
    assert_eq!(content(&mut session, "link", json!({ "text": "thing:x" })), link);
    let inner = json!({ "uri": "thing:text", "mimeType": "text/plain", "text": "all" });
    let embedded = json!([{ "type": "resource", "resource": inner }]);
    assert_eq!(content(&mut session, "resource", json!({ "text": "all" })), embedded);
    let embedded = json!([{ "type": "resource", "resource": { "uri": "thing:bytes", "blob": "AAEC/w==" } }]);
    assert_eq!(content(&mut session, "bytes", json!({})), embedded);
    assert_eq!(content(&mut session, "several", json!({})), json!([text("first"), picture, text("last")]));
    let both = result(&mut session, "both", json!({ "text": "x" }));
    assert_eq!((&both["content"], &both["structuredContent"]), (&json!([picture]), &json!({ "text": "x" })));
}

#[test]
fn i12_a_block_that_is_not_what_it_says_is_refused() {
    let mut session = with_local("blocks");
    for kind in ["png", "image/", "image/png\u{1b}[2J"] {
        session.call("picture_of", json!({ "text": kind })).failed("output_invalid");
    }
    for uri in ["x", "a b:c", "a:\u{202e}x"] {
        session.call("link", json!({ "text": uri })).failed("output_invalid");
    }
    assert_eq!(content(&mut session, "picture_of", json!({ "text": "image/gif" }))[0]["mimeType"], "image/gif");
}

#[test]
fn a_tool_says_more_of_itself_in_its_meta() {
    let mut session = with_local("blocks");
    session.call("nothing", json!({}));
    let listed = session.request("tools/list", json!({}));
    let tools = listed["result"]["tools"].as_array().unwrap();
    let nothing = tools.iter().find(|tool| tool["name"] == "nothing").unwrap();
    assert_eq!(nothing["_meta"], json!({ "example.com/kind": "nothing" }));
    assert!(nothing.get("outputSchema").is_none(), "{nothing}");
}

#[test]
fn what_is_shown_before_the_end_stands_before_the_answer_and_behind_a_failure() {
    let mut session = with_limits("blocks", "call = \"1 s\"");
    let answered = result(&mut session, "shows_and_answers", json!({ "text": "x" }));
    assert_eq!(answered["content"][0]["text"], "shown before");
    assert_eq!(answered["structuredContent"], json!({ "text": "x" }));
    for (tool, code) in [("shows_and_fails", "on_purpose"), ("shows_and_waits", "deadline")] {
        let arguments = if tool == "shows_and_fails" { json!({ "text": "x" }) } else { json!({}) };
        let failed = result(&mut session, tool, arguments);
        assert_eq!(failed["isError"], true, "{failed}");
        let failure: Value = serde_json::from_str(failed["content"][0]["text"].as_str().unwrap()).unwrap();
        assert_eq!((&failure["error"], &failed["content"][1]["text"]), (&json!(code), &json!("shown before")));
    }
}

#[test]
fn i12_blocks_that_are_shown_count_against_the_output() {
    let mut session = with_limits("blocks", "output = \"1 MiB\"");
    let told = result(&mut session, "shows_much", json!({ "count": 100 }));
    // Each is 64 KiB, a third more in Base64: eleven are within a MiB.
    assert_eq!(told["structuredContent"]["text"], "11 limit: the limit `output` is reached", "{}", told["isError"]);
    assert_eq!(told["content"].as_array().unwrap().len(), 12);
}

#[test]
fn a_question_that_nobody_can_answer_is_a_failure_that_tells_it() {
    let mut session = with_local("asks_person");
    let failure = session.call("clear", json!({ "text": "it" })).failed("input_required");
    let questions = failure["questions"].as_array().unwrap();
    assert_eq!((questions.len(), &questions[0]["id"]), (1, &json!("sure")));
    assert_eq!(questions[0]["message"], "Clear it?");
    assert_eq!(questions[0]["schema"]["properties"]["sure"]["type"], "boolean");
    let failure = session.call("both", json!({})).failed("input_required");
    assert_eq!(failure["questions"].as_array().unwrap().len(), 2, "{failure}");
}

/// `cofferdam call` of a tool that asks, with these replies.
fn asked(tool: &str, arguments: &str, replies: &[&str]) -> (bool, String) {
    let component = guest("asks_person");
    let replies = replies.iter().flat_map(|reply| ["--reply", reply]);
    let fixed = ["call", tool, arguments, "--plugin", &component, LOCAL[0], LOCAL[1]];
    let output = run(&fixed.into_iter().chain(replies).collect::<Vec<_>>());
    (output.status.success(), stdout(&output) + &stderr(&output))
}

#[test]
fn a_tool_that_asks_runs_again_with_all_replies() {
    let clear = |replies: &[&str]| asked("clear", "{\"text\":\"it\"}", replies);
    let whole = ["sure={\"sure\":true}", "why={\"reason\":\"spring\",\"level\":\"low\",\"times\":2}"];
    let (ok, told) = clear(&whole);
    assert!(ok && told.contains("it was cleared in 3 runs: spring Some(Low) Some(2)"), "{told}");
    let (ok, told) = clear(&["sure={\"sure\":true}", "why=decline"]);
    assert!(ok && told.contains("it was cleared in 3 runs: declined"), "{told}");
    let (ok, told) = clear(&["sure=decline"]);
    assert!(ok && told.contains("nothing was cleared in 2 runs"), "{told}");
    // Who has other things to say has made no choice here.
    let (ok, told) = clear(&["other={}"]);
    assert!(ok && told.contains("nothing was cleared in 2 runs"), "{told}");
    let (ok, told) = asked("both", "{}", &whole);
    assert!(ok && told.contains("Some(true) spring Some(Low) Some(2) in 2 runs"), "{told}");
}

#[test]
fn a_reply_that_is_not_what_was_asked_for_does_not_reach_the_tool() {
    for (reply, part) in [
        ("sure={\"sure\":\"yes\"}", "the reply to `sure` does not match what was asked"),
        ("sure={}", "the reply to `sure` does not match what was asked"),
        ("sure=[1]", "is not `ID=JSON` or `ID=decline`"),
        ("sure", "is not `ID=JSON` or `ID=decline`"),
    ] {
        let (ok, told) = asked("clear", "{\"text\":\"it\"}", &[reply]);
        assert!(!ok && told.contains(part), "{reply}: {told}");
    }
    let replies: Vec<String> = (1..20).map(|run| format!("sure-{run}={{\"sure\":true}}")).collect();
    let replies: Vec<&str> = replies.iter().map(String::as_str).collect();
    let (ok, told) = asked("pester", "{}", &replies);
    assert!(!ok && told.contains("output_invalid") && told.contains("an end to its questions"), "{told}");
}

#[test]
fn i11_a_cancelled_call_that_has_not_asked_goes_on_and_its_answer_is_dropped() {
    let mut session = with_limits("deaf", "call = \"30 s\"");
    let waiting = session.post_call("wait", json!({ "count": 1500 }));
    session.log_has("`wait` begins");
    session.cancel(waiting);
    assert_eq!(session.ends(waiting), "cancelled");
    assert_eq!(session.call("quick", json!({})).ok()["text"], "at once");
    // It was awaited in the same instance, beyond the grace of those that have asked.
    session.log_has("`wait` has waited");
    assert_eq!(session.call("quick", json!({})).ok()["text"], "at once");
    assert!(!session.log().contains("an instance is lost"), "the instance lives on:\n{}", session.log());
    assert!(session.is_pending(waiting), "nobody gets the late answer");
}

#[test]
fn i11_a_cancelled_call_that_has_not_asked_ends_by_its_deadline() {
    let mut session = with_limits("deaf", "call = \"2 s\"");
    let waiting = session.post_call("wait", json!({ "count": 3_600_000 }));
    session.log_has("`wait` begins");
    session.cancel(waiting);
    assert_eq!(session.ends(waiting), "cancelled");
    session.log_line_has(&["an instance is lost", "reason=a call did not end at its deadline"]);
    assert_eq!(session.call("quick", json!({})).ok()["text"], "at once");
}

#[test]
fn an_instance_takes_as_many_calls_at_one_time_as_its_manifest_says() {
    let mut session = with_limits("one_at_a_time", "call = \"30 s\"");
    let calls: Vec<u64> = (0..5).map(|_| session.post_call("wait", json!({ "count": 20 }))).collect();
    for (index, id) in calls.into_iter().enumerate() {
        let expected = format!("call {} began after {index} had ended", index + 1);
        assert_eq!(session.called(id).ok()["text"], expected);
    }
}

#[test]
fn i11_a_call_that_waits_for_a_busy_instance_ends_without_it() {
    let mut session = with_limits("one_at_a_time", "call = \"30 s\"");
    let first = session.post_call("wait", json!({ "count": 1000 }));
    session.log_has("`wait 1` begins");
    let second = session.post_call("wait", json!({ "count": 0 }));
    session.cancel(second);
    assert_eq!(session.ends(second), "cancelled");
    assert_eq!(session.called(first).ok()["text"], "call 1 began after 0 had ended");
    assert_eq!(session.call("wait", json!({ "count": 0 })).ok()["text"], "call 2 began after 1 had ended");
    assert!(!session.log().contains("an instance is lost"), "{}", session.log());
}

/// The guest that begins with its settings, under a policy that has these.
fn settled(settings: &str, more: &str) -> [String; 2] {
    let component = json!(guest("settled")).to_string();
    let rules = "connect = [\"tcp://localhost:*\"]";
    policy(&format!("[defaults]\n{rules}\n{more}\n[plugins.settled]\ncomponent = {component}\n{settings}\n"))
}

/// A server that refuses to start; why.
fn refused(settings: &str) -> String {
    let [flag, file] = settled(settings, "");
    let (status, log) = Session::bare(&[&flag, &file]).close();
    assert_eq!(status.code(), Some(1), "{log}");
    log
}

#[test]
fn an_instance_begins_with_its_settings() {
    let [flag, file] = settled(
        "settings = { word = \"spring\", times = 2, manner = \"loud\", places = [{ host = \"a\" }], others = { b = true } }",
        "",
    );
    let mut session = Session::serve(&[&flag, &file]);
    let told = session.call("tell", json!({})).ok()["text"].take();
    assert_eq!(told, "spring 2 Some(Loud) [\"a:None\"] {\"b\": true}");
    assert_eq!(session.call("read", json!({})).text, "spring");
    session.call("tell", json!({})).ok();
    assert_eq!(session.log().matches("begins with `spring`").count(), 1, "once an instance");
    let (_, log) = session.close();
    assert!(log.contains("ends with `spring`"), "{log}");
}

#[test]
fn settings_are_checked_against_the_schema_that_the_component_carries() {
    for (settings, part) in [
        ("", "\"word\" is a required property (write `[plugins.settled.settings]`)"),
        ("settings = {}", "\"word\" is a required property"),
        ("settings = { word = 1 }", "`settings.word`"),
        ("settings = { word = \"x\", times = 256 }", "`settings.times`"),
        ("settings = { word = \"x\", manner = \"shy\" }", "`settings.manner`"),
        ("settings = { word = \"x\", places = [{ port = 1 }] }", "`settings.places.0`"),
        ("settings = { word = \"x\", wrod = \"y\" }", "wrod"),
    ] {
        let log = refused(settings);
        assert!(log.contains(part), "{settings}: {log}");
    }
}

#[test]
fn i10_settings_that_a_plugin_does_not_take_fail_its_calls_and_nothing_else() {
    let [flag, file] = settled("settings = { word = \"refuse\" }", "");
    let mut session = Session::serve(&[&flag, &file]);
    let failure = session.call("tell", json!({})).failed("invalid_settings");
    let message = failure["message"].as_str().unwrap();
    assert_eq!(message, "the `settled` plugin does not take its settings: `word` is `refuse`");
    session.log_has("the plugin does not take its settings");
    session.call("tell", json!({})).failed("invalid_settings");
    session.call("tcp_list_connections", json!({})).ok();

    let [flag, file] = settled("settings = { word = \"panic\" }", "");
    let mut session = Session::serve(&[&flag, &file]);
    session.call("tell", json!({})).failed("instance_lost");
    session.call("tcp_list_connections", json!({})).ok();
}

#[test]
fn i11_a_plugin_that_takes_long_to_begin_or_to_end_is_not_waited_for() {
    let [flag, file] = settled("settings = { word = \"wait\" }", "[limits]\ncall = \"1 s\"");
    let mut session = Session::serve(&[&flag, &file]);
    let answer = session.call("tell", json!({}));
    assert!(answer.is_error && !answer.text.contains("instance_lost"), "{}", answer.text);

    let [flag, file] = settled("settings = { word = \"stay\" }", "");
    let mut session = Session::serve(&[&flag, &file]);
    session.call("tell", json!({})).ok();
    let (status, log) = session.close();
    assert!(status.success() && log.contains("ends with `stay`"), "{log}");
}

/// A component that exports nothing, with this manifest (Component Model: Binary.md).
fn bare(manifest: &str) -> String {
    let file = scratch("bare").join("bare.wasm");
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    add_section(&mut bytes, "cofferdam-manifest", manifest.as_bytes());
    std::fs::write(&file, bytes).unwrap();
    file.display().to_string()
}

#[test]
fn a_component_may_lack_every_export_and_be_of_a_later_patch() {
    let manifest = |abi: &str| format!("name = \"bare\"\nversion = \"1\"\nabi = \"{abi}\"\nkind = \"plugin\"\n");
    let component = bare(&manifest("0.1.7"));
    let mut session = Session::serve(&["--plugin", &component, LOCAL[0], LOCAL[1]]);
    session.call("tcp_list_connections", json!({})).ok();
    let (_, log) = session.close();
    assert!(!log.contains("ERROR") && !log.contains("WARN"), "{log}");
    for abi in ["0.2.0", "1.0.0", "0.1", "0.1.x"] {
        let (status, log) = Session::bare(&["--plugin", &bare(&manifest(abi)), LOCAL[0], LOCAL[1]]).close();
        assert_eq!(status.code(), Some(1), "{log}");
        assert!(log.contains(&format!("`abi` is `{abi}`, this host speaks `0.1.0`")), "{log}");
    }
}
