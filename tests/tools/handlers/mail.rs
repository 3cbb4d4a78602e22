//! The `smtp` handler against real mail servers: postfix, OpenSMTPD and exim, which deliver, and
//! aiosmtpd.

use cofferdam_xtask::peers;
use serde_json::{Value, json};

use super::{connect, has, messages, request, send, until, values};
use crate::support::{Installed, Server, Session, eventually, scratch};

/// Sends a command and gives its reply.
#[track_caller]
fn command(session: &mut Session, command: &str, code: u16) -> Value {
    let told = request(session, json!({ "command": command }));
    let reply = values(&told).remove(0);
    assert_eq!((&told["answered"], &reply["code"]), (&json!(true), &json!(code)), "{command}: {told}");
    assert_eq!(reply["to"], command.split(' ').next().unwrap(), "{told}");
    reply
}

/// Goes as far as the server's 354.
#[track_caller]
fn up_to_data(session: &mut Session, port: u16) {
    connect(session, port, "smtp", json!({ "ehlo": "client.test" }));
    messages(session, 2);
    command(session, "MAIL FROM:<ann@client.test>", 250);
    command(session, "RCPT TO:<bob@mail.test>", 250);
    command(session, "DATA", 354);
}

/// What stands behind the header of the mail, in lines of its own.
#[track_caller]
fn body(server: &Installed) -> String {
    eventually("the mail is delivered", || server.mail().is_some());
    let mail = server.mail().unwrap();
    let (header, body) = mail.split_once("\n\n").unwrap_or_else(|| panic!("no header: {mail}"));
    assert!(header.contains("Subject: x"), "{mail}");
    body.to_owned()
}

/// A whole conversation. `extensions` are among those that the server says in the lines of its
/// answer to EHLO.
fn whole_conversation(server: &Installed, name: &str, extensions: Value, enhanced: bool) {
    let mut session = Session::local();
    connect(&mut session, server.server.port, "smtp", json!({ "ehlo": "client.test" }));
    let told = values(&messages(&mut session, 2));
    has(&told[0], json!({ "code": 220 }));
    assert!(told[0]["lines"][0].as_str().unwrap().contains(name), "{told:?}");
    // EHLO is sent behind the greeting; its answer is one message of many lines.
    has(&told[1], json!({ "code": 250, "to": "EHLO" }));
    let known = told[1]["extensions"].as_object().unwrap();
    assert_eq!(told[1]["lines"].as_array().unwrap().len(), known.len() + 1, "{told:?}");
    has(&told[1]["extensions"], extensions);
    // A refusal is an answer, and the conversation goes on.
    command(&mut session, "RCPT TO:<bob@mail.test>", 503);
    let reply = command(&mut session, "MAIL FROM:<ann@client.test>", 250);
    assert_eq!(reply["enhanced"].is_string(), enhanced, "{reply}");
    command(&mut session, "RCPT TO:<bob@mail.test>", 250);
    session
        .call("tcp_send_message", json!({ "connection_id": "c", "message": { "data": "too early" } }))
        .failed("invalid_argument");
    command(&mut session, "DATA", 354);
    // What it ends with, what begins with a dot, and what looks like the end, in lines that end in
    // LF alone.
    let told = request(&mut session, json!({ "data": "Subject: x\n\n.\n..two\n.three\nend" }));
    has(&values(&told)[0], json!({ "code": 250, "to": "data" }));
    assert_eq!(body(server).trim_end_matches('\n'), ".\n..two\n.three\nend");
    // Commands that are sent together have their replies in order.
    for command in ["NOOP", "RSET", "VRFY"] {
        send(&mut session, json!({ "command": command }));
    }
    let quit = command(&mut session, "QUIT", 221);
    assert_eq!(quit["enhanced"].is_string(), enhanced, "{quit}");
    eventually("the server closes", || session.buffer_info("c")["connected"] == false);
    let asked = json!([null, "EHLO", "RCPT", "MAIL", "RCPT", "DATA", "data", "NOOP", "RSET", "VRFY", "QUIT"]);
    assert_eq!(answered(&mut session), asked);
}

/// What each reply so far is an answer to.
fn answered(session: &mut Session) -> Value {
    let all = json!({ "connection_id": "c", "after": 0, "until": 0, "limit": 100 });
    values(&session.call("tcp_messages", all).ok()).into_iter().map(|reply| reply["to"].clone()).collect()
}

/// An end of bare line feeds, as other clients might send it, is none: only the handler's CR LF .
/// CR LF is answered.
#[track_caller]
fn a_bare_end_gets_no_answer(port: u16, body: impl FnOnce() -> String) {
    let mut session = Session::local();
    up_to_data(&mut session, port);
    session.send_text("c", "Subject: x\r\n\r\none\n.\nMAIL FROM:<eve@client.test>\n");
    let told = request(&mut session, json!({ "data": "two" }));
    has(&values(&told)[0], json!({ "code": 250, "to": "data" }));
    command(&mut session, "QUIT", 221);
    assert_eq!(answered(&mut session), json!([null, "EHLO", "MAIL", "RCPT", "DATA", "data", "QUIT"]));
    let body = body();
    assert!(body.contains("one") && body.contains("eve@client.test") && body.contains("two"), "{body}");
}

#[test]
fn postfix_takes_a_mail_and_waits_for_the_right_end_of_it() {
    let server = Installed::postfix();
    a_bare_end_gets_no_answer(server.server.port, || body(&server));
    server.forget();
    let extensions = json!({ "PIPELINING": "", "CHUNKING": "", "SIZE": "10240000", "ENHANCEDSTATUSCODES": "" });
    whole_conversation(&server, "Postfix", extensions, true);
}

#[test]
fn opensmtpd_takes_a_mail() {
    let extensions = json!({ "8BITMIME": "", "DSN": "", "HELP": "", "ENHANCEDSTATUSCODES": "" });
    whole_conversation(&Installed::opensmtpd(), "OpenSMTPD", extensions, true);
}

#[test]
fn exim_takes_a_mail_and_has_no_enhanced_codes() {
    let server = Installed::exim();
    a_bare_end_gets_no_answer(server.server.port, || body(&server));
    server.forget();
    let extensions = json!({ "PIPELINING": "", "CHUNKING": "", "SIZE": "52428800" });
    whole_conversation(&server, "Exim", extensions, false);
    // Where the first line ends in LF alone it takes an end of that kind, which nobody waits for.
    let mut session = Session::local();
    up_to_data(&mut session, server.server.port);
    session.send_text("c", "Subject: x\n\none\n.\n");
    until(&mut session, "c", &json!({ "code": 250, "to": null }));
}

#[test]
fn a_mail_arrives_as_it_was_written() {
    let folder = scratch("mail");
    let server = Server::python(peers::PYTHON_SERVERS[1], "smtp_server.py", &[&folder.display().to_string()]);
    let mut session = Session::local();
    connect(&mut session, server.port, "smtp", json!({ "ehlo": "client.test" }));
    let arguments = json!({ "connection_id": "c", "until": 2, "timeout_ms": 10_000 });
    let greeting = values(&session.call("tcp_messages", arguments).ok());
    has(&greeting[0], json!({ "code": 220 }));
    has(&greeting[1], json!({ "code": 250 }));
    assert!(greeting[1]["lines"].as_array().unwrap().len() > 1, "{greeting:?}");
    for (command, code) in [("MAIL FROM:<ann@client.test>", 250), ("RCPT TO:<bob@mail.test>", 250), ("DATA", 354)] {
        has(&values(&request(&mut session, json!({ "command": command })))[0], json!({ "code": code }));
    }
    // Lines that begin with a dot are doubled on their way, and bare line feeds become CR LF.
    let told = request(&mut session, json!({ "data": "Subject: x\n\n.\n..two\nend" }));
    has(&values(&told)[0], json!({ "code": 250, "enhanced": "2.0.0" }));
    let mail = std::fs::read(folder.join("1.eml")).unwrap();
    assert_eq!(String::from_utf8_lossy(&mail), "Subject: x\r\n\r\n.\r\n..two\r\nend\r\n");
    has(&values(&request(&mut session, json!({ "command": "QUIT" })))[0], json!({ "code": 221 }));
    a_bare_end_gets_no_answer(server.port, || std::fs::read_to_string(folder.join("2.eml")).unwrap());
}
