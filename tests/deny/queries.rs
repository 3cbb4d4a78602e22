//! Questions to name servers: only granted names are asked for, only of granted servers, and a
//! question carries nothing but what a question has. Each refusal stands beside what is allowed.

use serde_json::json;

use crate::support::{NameServer, Session, eventually, guest, policy, reply};

/// A server with the `asks` guest and these grants.
fn asks(grants: &str) -> Session {
    let [flag, file] = policy(&format!("[plugins.hostile]\ncomponent = \"{}\"\n{grants}\n", guest("asks")));
    Session::serve(&[&flag, &file])
}

fn answering() -> NameServer {
    NameServer::new(|question, _| vec![reply(question, 0, 0, &[[192, 0, 2, 80]])])
}

fn granted(name: &str, server: &NameServer) -> String {
    format!("resolve = [\"{name}\"]\nservers = [\"{}\"]", server.address)
}

/// A question of type A, in hex, with the id 0x6464 ("dd").
fn question(labels: &[&[u8]]) -> String {
    let mut message = b"dd\x01\0\0\x01\0\0\0\0\0\0".to_vec();
    for label in labels {
        message.push(u8::try_from(label.len()).unwrap());
        message.extend(*label);
    }
    message.extend(b"\0\0\x01\0\x01");
    hex(&message)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn send(session: &mut Session, server: &str, message: &str) -> String {
    let arguments = json!({ "server": server, "message": message, "tcp": false, "count": 1 });
    session.call("ask", arguments).ok()["text"].as_str().unwrap().to_owned()
}

const WWW: [&[u8]; 3] = [b"www", b"lab", b"example"];

#[test]
fn only_a_granted_name_is_asked_for() {
    let server = answering();
    let (at, mut session) = (server.address.to_string(), asks(&granted("*.lab.example", &server)));
    assert!(send(&mut session, &at, &question(&WWW)).starts_with("Ok("));
    // An instance of a service has any name, a dot and a blank in it included.
    assert!(
        send(&mut session, &at, &question(&[b"My Printer v1.2", b"_ipp", b"_tcp", b"lab", b"example"]))
            .starts_with("Ok(")
    );
    assert_eq!(server.asked().len(), 2);
    let denied: [&[&[u8]]; 9] = [
        &[b"lab", b"example"],
        &[b"www", b"evil", b"example"],
        &[b"www", b"lab", b"example", b"evil"],
        // A dot in a label makes a name that only looks like a granted one; so does a
        // label that is cut by a zero.
        &[b"www.lab.example"],
        &[b"evil\0", b"lab.example"],
        // So might an instance of a service that ends early.
        &[b"evil.example\0", b"_ipp", b"_tcp", b"lab", b"example"],
        &[b"My Printer", b"_ipp", b"_tcp", b"evil", b"example"],
        &[b"My Printer", b"lab", b"example"],
        &[],
    ];
    for labels in denied {
        assert_eq!(send(&mut session, &at, &question(labels)), "denied", "{labels:?}");
    }
    assert_eq!(server.asked().len(), 2, "a refused name leaves the machine");
    session.log_has("www.evil.example");
}

#[test]
fn only_a_granted_server_is_asked() {
    let (server, other) = (answering(), answering());
    let mut session = asks(&granted("any", &server));
    assert!(send(&mut session, &server.address.to_string(), &question(&WWW)).starts_with("Ok("));
    let port = server.address.port();
    let elsewhere = [
        other.address.to_string(),
        format!("127.0.0.2:{port}"),
        format!("[::1]:{port}"),
        "169.254.169.254:53".to_owned(),
        "127.0.0.1:0".to_owned(),
    ];
    for at in elsewhere {
        assert_eq!(send(&mut session, &at, &question(&WWW)), "denied", "{at}");
    }
    // The same server in IPv6 clothing is what it is.
    assert!(send(&mut session, &format!("[::ffff:127.0.0.1]:{port}"), &question(&WWW)).starts_with("Ok("));
    assert_eq!((server.asked().len(), other.asked().len()), (2, 0));
}

#[test]
fn a_question_carries_nothing_but_a_question() {
    let server = answering();
    let (at, mut session) = (server.address.to_string(), asks(&granted("*.lab.example", &server)));
    // In mixed case, with an id, and with flags that no question has: all of
    // that would be room for data.
    let mut mixed = question(&[b"wWw", b"LAB", b"eXample"]);
    mixed.replace_range(4..8, "07ff");
    assert!(send(&mut session, &at, &mixed).ends_with(", true))"), "the reply has the question's id");
    let sent = server.asked().remove(0);
    assert_eq!(
        hex(&sent[2..]),
        question(&WWW)[4..].replacen("0100", "0130", 1),
        "lower case, no flags but RD, AD and CD"
    );
    let plain = question(&WWW);
    for _ in 0..4 {
        send(&mut session, &at, &plain);
    }
    let ids: Vec<Vec<u8>> = server.asked().iter().map(|message| message[..2].to_vec()).collect();
    assert!(ids.iter().filter(|id| **id == b"dd").count() < 2, "the id is not the guest's: {ids:?}");
    let before = server.asked().len();

    let with = |counts: &str, more: &[u8]| format!("{}{counts}{}{}", &plain[..8], &plain[24..], hex(more));
    let hidden = [
        ("two questions", with("0002000000000000", b"\x04evil\0\0\x01\0\x01")),
        ("an answer", with("0001000100000000", b"\x04evil\0\0\x01\0\x01\0\0\0\0\0\0")),
        ("an authority", with("0001000000010000", b"\x04evil\0\0\x10\0\x01\0\0\0\0\0\x02\x01x")),
        ("an additional record", with("0001000000000001", b"\x04evil\0\0\x10\0\x01\0\0\0\0\0\x02\x01x")),
        ("a name of the OPT record", with("0001000000000001", b"\x04evil\0\0\x29\x04\xd0\0\0\0\0\0\x04\0\x0a\0\0")),
        ("an EDNS cookie", with("0001000000000001", b"\0\0\x29\x04\xd0\0\0\0\0\0\x0c\0\x0a\0\x08evildata")),
        ("padding", with("0001000000000001", b"\0\0\x29\x04\xd0\0\0\0\0\0\x08\0\x0c\0\x04evil")),
        (
            "a client subnet",
            with("0001000000000001", b"\0\0\x29\x04\xd0\0\0\0\0\0\x0b\0\x08\0\x07\0\x01\x18\0\xc0\0\x02"),
        ),
        ("a size of one's choice", with("0001000000000001", b"\0\0\x29\x12\x34\0\0\0\0\0\0")),
        ("bytes behind the message", plain.clone() + "6576696c"),
        ("another class", plain[..plain.len() - 4].to_owned() + "0003"),
        ("a type that nobody has assigned", plain[..plain.len() - 8].to_owned() + "30390001"),
        ("a transfer of a zone", plain[..plain.len() - 8].to_owned() + "00fc0001"),
        ("an update", plain.replacen("0100", "2800", 1)),
        ("a reply", plain.replacen("0100", "8180", 1)),
        ("nothing", String::new()),
        ("a name that points at itself", format!("{}c00c00010001", &plain[..24])),
    ];
    for (what, message) in hidden {
        let answer = send(&mut session, &at, &message);
        assert!(answer.starts_with("Err(Error::Malformed("), "{what}: {answer}");
    }
    assert_eq!(send(&mut session, &at, &"00".repeat(4097)), "Err(Error::TooLarge)");
    assert_eq!(server.asked().len(), before, "nothing of it has left the machine");
    let edns = with("0001000000000001", b"\0\0\x29\x04\xd0\0\0\x80\0\0\x04\0\x03\0\0");
    assert!(send(&mut session, &at, &edns).starts_with("Ok("), "EDNS as it is described is sent");
}

#[test]
fn questions_count_as_connections() {
    let silent = NameServer::new(|_, _| Vec::new());
    let mut session = asks(&format!("{}\nlimits = {{ connections = 4 }}", granted("any", &silent)));
    for tcp in [false, true] {
        let mut ask = |count: u32| {
            let arguments =
                json!({ "server": silent.address.to_string(), "message": question(&WWW), "tcp": tcp, "count": count });
            session.call("ask", arguments).ok()["text"].as_str().unwrap().to_owned()
        };
        // Over TCP the server closes at once, over UDP it is silent: either way four were sent.
        let four = ask(4);
        assert!(["Err(Error::Timeout)", "Err(Error::Closed)"].contains(&four.as_str()), "{four}");
        assert_eq!(ask(5), "limit: the limit of 4 connections is reached");
        // What a call held is given back when it ends.
        assert_eq!(ask(4), four);
    }
}

#[test]
fn i7_without_a_resolve_rule_nothing_is_behind_the_interface() {
    let text = format!("[plugins.hostile]\ncomponent = \"{}\"\n", guest("asks"));
    let [flag, file] = policy(&text);
    let mut session = Session::serve(&[&flag, &file]);
    assert_eq!(session.call("servers", json!({})).ok()["text"], "[]");
    // With it, it is; and the servers are those of the policy.
    let server = answering();
    let mut session = asks(&granted("www.lab.example", &server));
    assert_eq!(session.call("servers", json!({})).ok()["text"], format!("[{}]", server.address));
}

#[test]
fn what_is_denied_is_told_by_the_tool_and_to_the_operator() {
    let server = answering();
    let [flag, file] = policy(&format!("[plugins.dns]\n{}\n", granted("*.lab.example", &server)));
    let mut session = Session::serve(&[&flag, &file]);
    assert!(!session.call("dig_tool", json!({ "target": "www.lab.example" })).is_error);
    let failure = session.call("dig_tool", json!({ "target": "secret-data.evil.example" })).failed("no_answer");
    assert_eq!(failure["reason"], "denied");
    let message = failure["message"].as_str().unwrap();
    assert!(message.starts_with("the operator's policy does not allow asking"), "{message}");
    assert!(!failure.to_string().contains("resolve ="), "the model is not told what to write: {failure}");
    session.log_has("secret-data.evil.example");
    assert_eq!(server.asked().len(), 1);
}

/// A server whose `dig_tool` may ask this server, under these limits.
fn digs(server: &NameServer, limits: &str) -> Session {
    let text = format!(
        "[plugins.dns]\nresolve = [\"*.example\"]\nservers = [\"{}\"]\n[plugins.dns.limits]\n{limits}\n",
        server.address
    );
    let [flag, file] = policy(&text);
    Session::serve(&[&flag, &file])
}

#[test]
fn questions_count_as_lookups_at_one_time_and_by_the_minute() {
    let server = NameServer::new(|question, _| match question[13] {
        b'x' => Vec::new(),
        _ => vec![reply(question, 0, 0, &[[192, 0, 2, 80]])],
    });
    let refused = |failure: &serde_json::Value, limit: &str| {
        assert_eq!(failure["reason"], "limit", "{failure}");
        let message = failure["message"].as_str().unwrap();
        assert!(message.starts_with("no answer about www.example.: the limit of "), "{failure}");
        assert!(message.ends_with(&format!("is reached (`{limit}`)")), "{failure}");
    };
    let (ask, silent) = (json!({ "target": "www.example" }), json!({ "target": "x.example", "tries": 1 }));

    // At one time: two are under way, the third is one too many, in whatever call;
    // then there is room again.
    let mut session = digs(&server, "lookups = 2");
    let held: Vec<u64> = (0..2).map(|_| session.post_call("dig_tool", silent.clone())).collect();
    eventually("both are asked", || server.asked().len() == 2);
    for tool in ["dig_tool", "nslookup_tool"] {
        refused(&session.call(tool, ask.clone()).failed("no_answer"), "lookups");
    }
    session.log_line_has(&["a limit is hit", "plugin=\"dns\"", "limit=\"lookups\""]);
    for id in held {
        assert_eq!(session.called(id).failed("no_answer")["reason"], "timeout");
    }
    assert!(!session.call("dig_tool", ask.clone()).is_error);
    assert_eq!(server.asked().len(), 3, "what is refused is not sent");

    // By the minute: each try counts, and what the policy does not allow counts for nothing.
    let mut session = digs(&server, "lookups_per_minute = 3");
    for _ in 0..10 {
        let denied = session.call("dig_tool", json!({ "target": "www.elsewhere" })).failed("no_answer");
        assert_eq!(denied["reason"], "denied");
    }
    let twice = json!({ "target": "x.example", "tries": 2, "timeout_ms": 20 });
    assert_eq!(session.call("dig_tool", twice.clone()).failed("no_answer")["reason"], "timeout");
    assert!(!session.call("dig_tool", ask.clone()).is_error);
    refused(&session.call("dig_tool", ask.clone()).failed("no_answer"), "lookups_per_minute");
    session.log_line_has(&["a limit is hit", "plugin=\"dns\"", "limit=\"lookups_per_minute\""]);
    assert_eq!(server.asked().len(), 6);

    // As many as clients ask at one time, and by the minute, are let through
    // without a word about it.
    let mut session = digs(&server, "");
    let posted: Vec<u64> = (0..250).map(|_| session.post_call("dig_tool", silent.clone())).collect();
    for id in posted {
        assert_eq!(session.called(id).failed("no_answer")["reason"], "timeout");
    }
}
