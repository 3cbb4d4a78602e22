//! What holds for the `smtp` handler: its examples, its pairing, its refusals, and what mail
//! servers sent.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use handler_kit::{Handler, Session, Value, json, testing};
use proptest::prelude::*;
use smtp_handler::Smtp;

/// One connection, for which commands and replies alternate.
struct Talk(Session<Smtp>);

impl Talk {
    fn new(config: Value) -> Self {
        let mut session = Session::new(config).unwrap();
        session.open(0);
        Self(session)
    }

    fn send(&mut self, message: Value) -> Option<u64> {
        self.0.encode(&message, 0).unwrap().request
    }

    /// What each message says, and what it answers.
    fn come(&mut self, bytes: &str) -> Vec<(Value, Option<u64>)> {
        self.0.data(bytes.as_bytes(), 0).messages.into_iter().map(|message| (message.value, message.answers)).collect()
    }

    fn refused(&mut self, message: Value) -> String {
        self.0.encode(&message, 0).unwrap_err().to_string()
    }
}

fn values(config: &Value, bytes: &[u8]) -> Vec<Value> {
    testing::messages::<Smtp>(config, bytes, &[usize::MAX]).into_iter().map(|message| message.value).collect()
}

#[test]
fn examples_hold() {
    testing::examples_hold::<Smtp>();
}

#[test]
fn the_summary_fits() {
    assert!(Smtp::SUMMARY.len() <= 120, "{}", Smtp::SUMMARY.len());
}

#[test]
fn ehlo_is_sent_behind_the_greeting_and_helo_where_it_is_not_known() {
    let mut talk = Talk::new(json!({ "ehlo": "client.example" }));
    assert_eq!(talk.0.data(b"220-mail.example\r\n", 0).send, b"");
    assert_eq!(talk.0.data(b"220 ESMTP\r\n", 0).send, b"EHLO client.example\r\n");
    let step = talk.0.data(b"502 what?\r\n", 0);
    assert_eq!(step.send, b"HELO client.example\r\n");
    assert_eq!((step.messages[0].value["to"].as_str(), step.messages[0].answers), (Some("EHLO"), None));
    assert_eq!(talk.come("250 hello\r\n"), [(json!({ "code": 250, "lines": ["hello"], "to": "HELO" }), None)]);
    // A server that does not let the client in is not greeted.
    assert_eq!(Talk::new(json!({ "ehlo": "client.example" })).0.data(b"554 no\r\n", 0).send, b"");
    assert_eq!(Talk::new(json!({})).0.data(b"220 hi\r\n", 0).send, b"");
}

#[test]
fn replies_are_paired_with_commands_also_when_those_go_out_together() {
    let mut talk = Talk::new(json!({}));
    talk.come("220 hi\r\n");
    let mail = talk.send(json!({ "command": "MAIL FROM:<ann@mail.example>" }));
    let rcpt = talk.send(json!({ "command": "rcpt to:<bob@mail.example>" }));
    let data = talk.send(json!({ "command": "DATA" }));
    let got = talk.come("250 2.1.0 ok\r\n550-5.7.26 no\r\n550 5.7.26 relay\r\n354 go on\r\n421 bye\r\n");
    assert_eq!(got[0], (json!({ "code": 250, "enhanced": "2.1.0", "lines": ["2.1.0 ok"], "to": "MAIL" }), mail));
    let lines = ["5.7.26 no", "5.7.26 relay"];
    assert_eq!(got[1], (json!({ "code": 550, "enhanced": "5.7.26", "lines": lines, "to": "RCPT" }), rcpt));
    assert_eq!(got[2], (json!({ "code": 354, "lines": ["go on"], "to": "DATA" }), data));
    assert_eq!(got[3], (json!({ "code": 421, "lines": ["bye"] }), None));
}

#[test]
fn a_mail_goes_out_where_the_server_waits_for_one_only() {
    let mut talk = Talk::new(json!({}));
    talk.come("220 hi\r\n");
    assert!(talk.refused(json!({ "data": "x" })).starts_with("`data`: the server has not said 354"));
    talk.send(json!({ "command": "DATA" }));
    assert!(talk.refused(json!({ "data": "x" })).starts_with("`data`: the server has not said 354"));
    talk.come("354 go on\r\n");
    assert_eq!(talk.refused(json!({ "command": "QUIT" })), "the server waits for a mail: send `data`");
    let mail = talk.0.encode(&json!({ "data": "Subject: x\n\n.\nend" }), 0).unwrap();
    assert_eq!(mail.bytes, b"Subject: x\r\n\r\n..\r\nend\r\n.\r\n");
    assert_eq!(talk.come("250 ok\r\n"), [(json!({ "code": 250, "lines": ["ok"], "to": "data" }), mail.request)]);
    assert!(talk.send(json!({ "command": "QUIT" })).is_some());
    // A refused DATA wants no mail.
    let mut talk = Talk::new(json!({}));
    talk.come("220 hi\r\n");
    talk.send(json!({ "command": "DATA" }));
    talk.come("503 no recipients\r\n");
    assert!(talk.refused(json!({ "data": "x" })).starts_with("`data`"));
}

#[test]
fn a_challenge_of_auth_is_read_and_answered() {
    let mut talk = Talk::new(json!({}));
    talk.come("220 hi\r\n");
    talk.send(json!({ "command": "AUTH LOGIN" }));
    assert_eq!(talk.come("334 VXNlcm5hbWU6\r\n")[0].0["challenge"], "Username:");
    let answer = talk.0.encode(&json!({ "auth": "ann" }), 0).unwrap();
    assert_eq!(answer.bytes, b"YW5u\r\n");
    assert_eq!(talk.come("334 ?\r\n"), [(json!({ "code": 334, "lines": ["?"], "to": "auth" }), answer.request)]);
    assert_eq!(talk.0.encode(&json!({ "auth": "*" }), 0).unwrap().bytes, b"*\r\n");
    let plain = json!({ "auth": "\u{0}ann\u{0}pw" });
    assert_eq!(talk.0.encode(&plain, 0).unwrap().bytes, b"AGFubgBwdw==\r\n");
}

#[test]
fn what_would_be_two_commands_is_refused() {
    let mut talk = Talk::new(json!({}));
    for (message, failure) in [
        (json!({ "command": "NOOP\r\nQUIT" }), "`command`: it is one line"),
        (json!({ "command": "" }), "`command`: it begins with a word"),
        (json!({ "command": " NOOP" }), "`command`: it begins with a word"),
        (json!({ "command": ["NOOP"] }), "`command`: it is a line"),
        (json!({ "command": "BDAT 3" }), "`command`: send what goes with it as `bdat`"),
        (json!({ "command": "x".repeat(12287) }), "`command`: it has more than 12286 bytes"),
        (json!({ "command": "NOOP", "data": "" }), "a message has one of"),
        (json!({}), "a message has one of"),
        (json!({ "command": "NOOP", "last": true }), "`last`: it goes with `bdat` only"),
        (json!({ "bdat": "", "last": 1 }), "`last`: it is true or false"),
        (json!({ "auth": 1 }), "`auth`: it is a string"),
        (json!({ "cmd": "NOOP" }), "`cmd`: there is no such member"),
    ] {
        let got = talk.refused(message.clone());
        assert!(got.starts_with(failure), "{message}: {got}");
    }
    assert_eq!(talk.0.encode(&json!({ "bdat": ".\n", "last": false }), 0).unwrap().bytes, b"BDAT 2\r\n.\n");
}

#[test]
fn a_configuration_that_makes_no_sense_is_refused() {
    for (config, member) in [
        (json!({ "ehlo": "a b" }), "ehlo"),
        (json!({ "ehlo": "" }), "ehlo"),
        (json!({ "longest_line": 1 }), "longest_line"),
        (json!({ "longest_reply": 1 }), "longest_reply"),
    ] {
        assert_eq!(Session::<Smtp>::new(config.clone()).unwrap_err().member.as_deref(), Some(member), "{config}");
    }
}

#[test]
fn what_is_no_reply_is_malformed_and_the_next_one_is_read() {
    let got = values(&json!({}), b"HTTP/1.1 400 Bad Request\r\n220-a\r\nwhat\r\n220-b\r\n220 c\r\n250-d\r\n");
    assert_eq!(
        got,
        [
            json!({ "malformed": "no line of a reply; it looks like an HTTP response", "at": 0 }),
            json!({ "malformed": "a reply has no last line", "at": 26 }),
            json!({ "malformed": "no line of a reply", "at": 33 }),
            json!({ "code": 220, "lines": ["b", "c"] }),
            json!({ "malformed": "the connection ends within a reply", "at": 53 }),
        ]
    );
    let long = [b"220-a\r\n".to_vec(), vec![b'x'; 600], b"\r\n220 b\r\n".to_vec()].concat();
    let got = values(&json!({ "longest_line": 512 }), &long);
    assert_eq!(got[0], json!({ "malformed": "a reply has no last line", "at": 0 }));
    assert_eq!(got[1]["at"], 7);
    assert_eq!(got.last().unwrap(), &json!({ "code": 220, "lines": ["b"] }));
}

#[test]
fn a_reply_without_end_is_not_held() {
    let bytes = b"220-0123456789\r\n".repeat(100);
    let got = values(&json!({ "longest_reply": 512 }), &bytes);
    assert_eq!(got[0], json!({ "malformed": "the reply is longer than 512 bytes", "at": 0 }));
    assert_eq!(got.len(), 4);
}

#[test]
fn text_in_latin_1_is_base64() {
    assert_eq!(values(&json!({}), b"220 gr\xfc\r\n")[0]["lines"], json!([{ "base64": "Z3L8" }]));
}

/// What servers sent, on loopback: smtp-sink is postfix's server for tests.
const RECORDED: [(&str, &[u8]); 3] = [
    ("exim 4.96", include_bytes!("recorded/exim-4.96.bin")),
    ("aiosmtpd 1.4.6", include_bytes!("recorded/aiosmtpd-1.4.6.bin")),
    ("postfix 3.7.11, smtp-sink", include_bytes!("recorded/smtp-sink-3.7.11.bin")),
];

#[test]
fn what_servers_sent_is_read_whole() {
    for (server, bytes) in RECORDED {
        let got = values(&json!({ "ehlo": "client.example" }), bytes);
        assert!(got.iter().all(|message| message.get("malformed").is_none()), "{server}: {got:?}");
        assert!(got[1]["extensions"].is_object(), "{server}");
        testing::pieces_change_nothing::<Smtp>(&json!({}), bytes, &[1, 7, 90]);
    }
}

#[test]
fn aiosmtpd_and_postfix_take_no_end_but_cr_lf_dot_cr_lf() {
    for mail in ["a", "a\n", "a\r", "a\r\n", "a\n.\n", "a\n.\r\n", "a\r\n.\n", "a\r.\r", "."] {
        let mut talk = Talk::new(json!({}));
        talk.come("220 hi\r\n");
        talk.send(json!({ "command": "DATA" }));
        talk.come("354 go on\r\n");
        let bytes = talk.0.encode(&json!({ "data": mail }), 0).unwrap().bytes;
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.ends_with("\r\n.\r\n"), "{mail:?}");
        // The end stands once, and nothing else in the mail could be taken for one.
        assert_eq!(text.replace("\r\n", "").find(['\r', '\n']), None, "{mail:?}");
        assert_eq!(text.matches("\r\n.\r\n").count(), 1, "{mail:?}");
    }
}

#[test]
fn exim_refuses_and_takes_chunks_in_several_lines() {
    let got = values(&json!({}), RECORDED[0].1);
    assert!(got.iter().any(|message| message["lines"] == json!(["no relay", "for you"])));
    assert!(got.iter().any(|message| message["lines"][0] == " 17 byte chunk, total 17"));
}

#[test]
fn smtp_sinks_answer_to_ehlo_ends_with_an_empty_line() {
    let got = values(&json!({ "ehlo": "client.example" }), RECORDED[2].1);
    assert_eq!(got[1]["lines"].as_array().unwrap().last().unwrap(), "");
    assert_eq!(got[1]["extensions"]["AUTH"], "PLAIN LOGIN");
}

/// Lines, broken and whole.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let line = proptest::sample::select(vec![
        &b"220 a\r\n"[..],
        b"250-a\r\n",
        b"250 b\n",
        b"250\r\n",
        b"x\r\n",
        b"\r\n",
        b"250-",
        b"354 go\r\n",
        b"\xff",
        b"502 no\r\n",
    ]);
    proptest::collection::vec(line, 0..60).prop_map(|lines| lines.concat())
}

proptest! {
    #[test]
    fn input_is_kept(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        pieces in proptest::collection::vec(1usize..40, 1..5),
    ) {
        let config = json!({ "longest_line": 512, "longest_reply": 512 });
        testing::input_is_kept::<Smtp>(&config, &bytes, &pieces);
        testing::pieces_change_nothing::<Smtp>(&config, &bytes, &pieces);
    }

    #[test]
    fn input_is_kept_near_the_protocol(bytes in lines(), pieces in proptest::collection::vec(1usize..40, 1..5)) {
        testing::input_is_kept::<Smtp>(&json!({ "ehlo": "c" }), &bytes, &pieces);
        testing::pieces_change_nothing::<Smtp>(&json!({ "ehlo": "c" }), &bytes, &pieces);
    }

    #[test]
    fn broken_recordings_lose_nothing(
        server in 0usize..3,
        changes in proptest::collection::vec(any::<(u16, u8, u8)>(), 1..8),
    ) {
        let bytes = testing::mutated(RECORDED[server].1, &changes);
        testing::input_is_kept::<Smtp>(&json!({}), &bytes, &[61]);
        testing::pieces_change_nothing::<Smtp>(&json!({}), &bytes, &[61, 1, 900]);
    }
}
