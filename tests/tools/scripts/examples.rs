//! The worked examples of `plugins/scripts/examples`, as they are: those for mail against real
//! servers, of Dovecot, Twisted and aiosmtpd; those for devices against peers that the test plays.

use cofferdam_xtask::peers;
use serde_json::{Value, json};

use super::stopped;
use crate::support::{Installed, Line, Server, Session, connected, eventually, scratch};

/// An example: its pattern, as its comment has it, and its source.
fn example(source: &str) -> (String, String) {
    let pattern =
        source.lines().find_map(|line| line.strip_prefix("// pattern: ")).expect("an example has its pattern");
    (pattern.to_owned(), source.to_owned())
}

macro_rules! example {
    ($name:literal) => {
        example(include_str!(concat!("../../../plugins/scripts/examples/", $name, ".rhai")))
    };
}

#[track_caller]
fn set(session: &mut Session, (pattern, script): (String, String)) -> Value {
    crate::support::warm("script");
    let arguments = json!({ "connection_id": "c", "trigger_id": "t", "pattern": pattern, "script": script });
    session.call("tcp_set_trigger", arguments).ok()
}

/// Waits for text on the connection, from where the last wait has ended.
#[track_caller]
fn wait(session: &mut Session, pattern: &str) -> String {
    let arguments = json!({ "connection_id": "c", "until": "pattern", "pattern": pattern, "timeout_ms": 10_000 });
    let told = session.call("tcp_wait", arguments).ok();
    assert_eq!(told["satisfied"], true, "no {pattern}: {told}");
    told["data"].as_str().unwrap().to_owned()
}

/// The same example with another secret, which its server does not know.
fn with_another_secret((pattern, script): (String, String), secret: &str) -> (String, String) {
    let changed = script.replace(&format!("secret = \"{secret}\""), "secret = \"another\"");
    assert_ne!(script, changed);
    (pattern, changed)
}

fn twisted(kind: &str) -> Server {
    Server::python(peers::PYTHON_SERVERS[2], "mail_server.py", &[kind, "tim", "tanstaaftanstaaf"])
}

#[test]
fn apop_is_answered_before_anybody_asks() {
    for dovecot in Installed::dovecots("mrose", "tanstaaf") {
        let mut session = Session::local();
        set(&mut session, example!("apop"));
        session.connect(dovecot.server.port, "c");
        let told = wait(&mut session, r"^(\+OK [^<]*|-ERR.*)\r\n");
        assert!(told.contains("+OK Logged in"), "{told}");
        stopped(&mut session, "t");
        session.send_text("c", "STAT\r\n");
        assert_eq!(wait(&mut session, r"^.*\r\n"), "+OK 0 0\r\n");
        // The server looks at what it gets.
        let mut session = Session::local();
        set(&mut session, with_another_secret(example!("apop"), "tanstaaf"));
        session.connect(dovecot.server.port, "c");
        assert!(wait(&mut session, r"^(\+OK [^<]*|-ERR.*)\r\n").contains("-ERR"));
    }
}

/// CRAM-MD5 with the right secret and with another, at a server of this protocol.
#[track_caller]
fn cram_md5(port: u16, kind: &str) {
    let (asks, accepted, refused) = match kind {
        "pop3" => ("AUTH CRAM-MD5\r\n", "+OK", "-ERR"),
        "imap" => ("a1 AUTHENTICATE CRAM-MD5\r\n", "a1 OK", "a1 NO"),
        _ => ("EHLO client.test\r\nAUTH CRAM-MD5\r\n", "235", "535"),
    };
    for right in [true, false] {
        let mut session = Session::local();
        session.connect(port, "c");
        wait(&mut session, r"^(\+OK|\* OK|220).*\r\n");
        let (example, secret) = (example!("cram_md5"), "tanstaaftanstaaf");
        set(&mut session, if right { example } else { with_another_secret(example, secret) });
        for line in asks.split_inclusive("\r\n") {
            session.send_text("c", line);
            if line.starts_with("EHLO") {
                wait(&mut session, "^250 .*\r\n");
            }
        }
        // Behind the challenge, which may have the same beginning.
        let told = wait(&mut session, r"^(\+OK [^<]|-ERR|a1 |235|535).*\r\n");
        let last = told.lines().last().unwrap();
        assert!(last.starts_with(if right { accepted } else { refused }), "{kind}, {right}: {told}");
        stopped(&mut session, "t");
    }
}

#[test]
fn cram_md5_opens_pop3_and_imap_of_dovecot() {
    for dovecot in Installed::dovecots("tim", "tanstaaftanstaaf") {
        cram_md5(dovecot.server.port, "pop3");
        cram_md5(dovecot.other, "imap");
    }
}

#[test]
fn cram_md5_opens_pop3_imap_and_smtp_of_twisted() {
    for kind in ["pop3", "imap", "smtp"] {
        cram_md5(twisted(kind).port, kind);
    }
}

#[test]
fn a_mail_goes_from_the_greeting_to_the_end_by_itself() {
    let folder = scratch("script-mail");
    let arguments = [&*folder.display().to_string(), "test", "1234"];
    let server = Server::python(peers::PYTHON_SERVERS[1], "smtp_server.py", &arguments);
    let mut session = Session::local();
    set(&mut session, example!("smtp"));
    session.connect(server.port, "c");
    let told = stopped(&mut session, "t");
    assert_eq!((&told["note"], &told["fired"], &told["failed"]), (&json!("sent"), &json!(8), &json!(0)), "{told}");
    let mail = std::fs::read(folder.join("1.eml")).unwrap();
    assert_eq!(String::from_utf8_lossy(&mail), "Subject: a test\r\n\r\nIt works.\r\n");
    // A reply that is another than the one it waits for ends it, and it says where.
    let mut session = Session::local();
    let (pattern, script) = example!("smtp");
    set(&mut session, (pattern, script.replace("let password = \"1234\"", "let password = \"123\"")));
    session.connect(server.port, "c");
    let told = stopped(&mut session, "t");
    assert_eq!(told["note"], "auth: 535 came, 235 was expected", "{told}");
    assert!(!folder.join("2.eml").exists());
}

#[test]
fn a_device_gets_its_proof_and_a_nonce_that_is_none_closes() {
    let (mut session, mut line): (Session, Line) = connected();
    set(&mut session, example!("challenge"));
    line.say("NONCE 0011223344");
    line.say("5566778899\r\n");
    // HMAC-SHA-256 of the ten bytes by the key `Jefe`, by another implementation.
    line.expect("PROOF a748480824880273c1a8fc43f05d2f20f0d80be79f76ffe0a89c7152efbb341e\r\n");
    line.say("NONCE 00\r\n");
    assert_eq!(line.hear_all(), b"");
    eventually("the connection is closed", || session.buffer_info("c")["connected"] == false);
    assert_eq!(session.buffer_info("c")["closed_reason"], "the nonce is too short to be one");
}

#[test]
fn a_counter_asks_for_the_next_registers_with_a_checksum() {
    let (mut session, mut line) = connected();
    set(&mut session, example!("counter"));
    // Modbus RTU, with CRC-16 by another implementation.
    for frame in
        [b"\x01\x03\x00\x00\x00\x0a\xc5\xcd", b"\x01\x03\x00\x0a\x00\x0a\xe5\xcf", b"\x01\x03\x00\x14\x00\x0a\x85\xc9"]
    {
        line.say("READY\r\n");
        line.expect(frame);
    }
    assert_eq!(session.trigger("c", "t")["fired"], 3);
}
