//! What holds for the `irc` handler: its examples, its input, and its rules.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use handler_kit::{Handler, Session, Value, json, testing};
use irc_handler::Irc;
use proptest::prelude::*;

/// One message for each line of the bytes.
fn values(config: &Value, bytes: &[u8]) -> Vec<Value> {
    testing::messages::<Irc>(config, bytes, &[usize::MAX]).into_iter().map(|message| message.value).collect()
}

/// What is sent because of these bytes, after what is sent first.
fn sent(config: Value, pieces: &[&[u8]]) -> Vec<String> {
    let mut session = Session::<Irc>::new(config).unwrap();
    let mut all = vec![session.open(0).send];
    all.extend(pieces.iter().map(|piece| session.data(piece, 1).send));
    all.into_iter().map(|bytes| String::from_utf8(bytes).unwrap()).collect()
}

fn encoded(message: Value) -> Result<String, String> {
    let mut session = Session::<Irc>::new(json!({})).unwrap();
    let encoded = session.encode(&message, 0).map_err(|failure| failure.to_string())?;
    Ok(String::from_utf8(encoded.bytes).unwrap())
}

#[test]
fn examples_hold() {
    testing::examples_hold::<Irc>();
}

#[test]
fn tags_sources_and_last_parameters_are_read() {
    let line = b"@id=a\\:b\\s;flag;+x.example/y= :nick!user@host.example privmsg #room :two words\r\n";
    let got = values(&json!({}), line);
    assert_eq!(got.len(), 1);
    assert_eq!(got[0]["command"], "PRIVMSG");
    assert_eq!(got[0]["params"], json!(["#room", "two words"]));
    assert_eq!(got[0]["source"], "nick!user@host.example");
    assert_eq!(got[0]["tags"], json!({ "id": "a;b ", "flag": "", "+x.example/y": "" }));
}

#[test]
fn the_last_parameter_is_marked_where_it_has_to_be() {
    let line = |params: Value| encoded(json!({ "command": "TOPIC", "params": params })).unwrap();
    assert_eq!(line(json!(["#room", "word"])), "TOPIC #room word\r\n");
    assert_eq!(line(json!(["#room", "two words"])), "TOPIC #room :two words\r\n");
    assert_eq!(line(json!(["#room", ""])), "TOPIC #room :\r\n");
    assert_eq!(line(json!(["#room", ":)"])), "TOPIC #room ::)\r\n");
}

#[test]
fn a_ping_is_answered_with_its_own_words() {
    let pong = |line: &str| sent(json!({}), &[line.as_bytes()]).remove(1);
    assert_eq!(pong("PING :a b\r\n"), "PONG :a b\r\n");
    assert_eq!(pong("@t=1 :irc.example PING 4711 irc.example\r\n"), "PONG 4711 irc.example\r\n");
    assert_eq!(pong("ping\n"), "PONG\r\n");
    assert_eq!(sent(json!({ "pong": false }), &[b"PING :a\r\n"])[1], "");
}

#[test]
fn a_ping_may_stand_before_001() {
    let sent = sent(json!({ "nick": "bot" }), &[b"PING :2231421034\r\n", b":irc.example 001 bot :Hi\r\n"]);
    assert_eq!(sent, ["NICK bot\r\nUSER bot 0 * bot\r\n", "PONG :2231421034\r\n", ""]);
}

#[test]
fn notices_may_stand_before_nick() {
    let got = values(&json!({}), b"NOTICE AUTH :*** Looking up your hostname...\r\n:irc.example NOTICE * :*** Hi\r\n");
    assert_eq!(got[0], json!({ "command": "NOTICE", "params": ["AUTH", "*** Looking up your hostname..."] }));
    assert_eq!(got[1]["params"], json!(["*", "*** Hi"]));
}

#[test]
fn a_registration_has_all_its_words() {
    let config = json!({ "nick": "bot", "user": "u", "realname": "A Bot", "password": ":se cret" });
    assert_eq!(sent(config, &[])[0], "PASS ::se cret\r\nNICK bot\r\nUSER u 0 * :A Bot\r\n");
    assert_eq!(sent(json!({}), &[])[0], "");
}

#[test]
fn after_cap_ls_comes_cap_end_always() {
    let config = json!({ "nick": "bot", "capabilities": ["server-time", "echo-message"] });
    let asked = "CAP LS 302\r\nNICK bot\r\nUSER bot 0 * bot\r\n";
    for (case, lines, answers) in [
        // miniircd 2.3 offers nothing and waits.
        ("an empty list", vec![":irc.example CAP * LS :\r\n"], vec!["CAP END\r\n"]),
        ("no list", vec![":irc.example CAP * LS\r\n"], vec!["CAP END\r\n"]),
        ("nothing that is wanted", vec![":irc.example CAP * LS :sasl=PLAIN multi-prefix\r\n"], vec!["CAP END\r\n"]),
        (
            "a list that ends in a blank, as InspIRCd's",
            vec![
                ":irc.example CAP bot LS :multi-prefix server-time \r\n",
                ":irc.example CAP bot ACK :server-time \r\n",
            ],
            vec!["CAP REQ :server-time\r\n", "CAP END\r\n"],
        ),
        (
            "a list in two lines, and a refusal",
            vec![
                "CAP * LS * :server-time=x\r\n",
                "CAP * LS :echo-message\r\n",
                "CAP * NAK :server-time echo-message\r\n",
            ],
            vec!["", "CAP REQ :server-time echo-message\r\n", "CAP END\r\n"],
        ),
        ("a welcome without a word about it", vec![":irc.example 001 bot :Hi\r\n", "CAP * LS :\r\n"], vec!["", ""]),
    ] {
        let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        let sent = sent(config.clone(), &lines);
        assert_eq!(sent[0], asked, "{case}");
        assert_eq!(sent[1..], answers, "{case}");
    }
}

#[test]
fn sasl_is_waited_for() {
    let config = json!({ "nick": "bot", "capabilities": ["sasl"] });
    let lines: [&[u8]; 3] = [b"CAP * LS :sasl\r\n", b"CAP * ACK :sasl\r\n", b":irc.example 904 bot :Failed\r\n"];
    assert_eq!(sent(config, &lines)[1..], ["CAP REQ :sasl\r\n", "", "CAP END\r\n"]);
}

#[test]
fn a_negotiation_of_the_models_own_is_ended_too() {
    for (config, end) in [(json!({}), "CAP END\r\n"), (json!({ "cap_end": false }), "")] {
        let mut session = Session::<Irc>::new(config).unwrap();
        session.encode(&json!({ "command": "CAP", "params": ["LS", 302] }), 0).unwrap();
        assert_eq!(session.data(b":irc.example CAP * LS :\r\n", 0).send, end.as_bytes());
    }
}

#[test]
fn what_a_server_would_read_as_something_else_is_refused() {
    for (message, failure) in [
        (json!({ "command": "PRIVMSG #a" }), "`command`: it is a word"),
        (json!({ "params": ["a"] }), "`command`: it is a word"),
        (json!({ "command": "JOIN", "params": ["#a b", "c"] }), "`params[0]`: only the last one"),
        (json!({ "command": "JOIN", "params": ["", "c"] }), "`params[0]`: only the last one"),
        (json!({ "command": "JOIN", "params": ["#a\r\nQUIT"] }), "`params[0]`: it holds the end of a line"),
        (json!({ "command": "JOIN", "params": "#a" }), "`params`: it is an array"),
        (json!({ "command": "JOIN", "params": [["#a"]] }), "`params[0]`: it is a string"),
        (json!({ "command": "JOIN", "source": "me" }), "`source`: the server sets it"),
        (json!({ "command": "JOIN", "param": [] }), "`param`: there is no such member"),
        (json!({ "command": "PRIVMSG", "params": ["#a", "x".repeat(500)] }), "`params`: the line has 513 bytes"),
        (json!({ "command": "A", "params": vec!["x"; 16] }), "`params`: there are 16"),
        (json!({ "command": "A", "tags": { "a b": "" } }), "`tags.a b`: a tag's name"),
        (json!({ "command": "A", "tags": { "a": [] } }), "`tags.a`: it is a string"),
        (json!({ "command": "A", "tags": { "+a": "x".repeat(5000) } }), "`tags`: they have 5005 bytes"),
        (json!(["A"]), "a message is a JSON object"),
    ] {
        let got = encoded(message.clone()).unwrap_err();
        assert!(got.starts_with(failure), "{message}: {got}");
    }
    assert_eq!(encoded(json!({ "command": "PRIVMSG", "params": ["#a", "x".repeat(499)] })).unwrap().len(), 512);
}

#[test]
fn a_configuration_that_makes_no_sense_is_refused() {
    for (config, member) in [
        (json!({ "nick": "a b" }), "nick"),
        (json!({ "user": "a" }), "nick"),
        (json!({ "capabilities": ["a"] }), "nick"),
        (json!({ "nick": "a", "password": "b\r\nQUIT" }), "password"),
        (json!({ "nick": "a", "realname": "b".repeat(401) }), "realname"),
        (json!({ "nick": "a", "capabilities": ["a", "b c"] }), "capabilities[1]"),
        (json!({ "longest_line": 1 }), "longest_line"),
        (json!({ "nik": "a" }), "handler_config"),
    ] {
        let failure = Session::<Irc>::new(config.clone()).unwrap_err();
        assert_eq!(failure.member.as_deref(), Some(member), "{config}");
    }
}

#[test]
fn broken_lines_are_told_and_the_next_is_read() {
    let long = [b"A ".to_vec(), vec![b'x'; 600], b"\r\nPING a\r\n".to_vec()].concat();
    let got = values(&json!({ "longest_line": 512 }), &long);
    assert_eq!(got[0], json!({ "malformed": "the line is longer than 512 bytes", "at": 0 }));
    assert_eq!(got[1], json!({ "malformed": "the line is longer than 512 bytes", "at": 512 }));
    assert_eq!(got[2]["command"], "PING");
    let got = values(&json!({}), b"HTTP/1.1 400 Bad Request\r\n\r\n\r\nPING a\r\n\r\nPIN");
    let http = "the command is neither letters nor three digits; it looks like an HTTP response";
    assert_eq!(got[0], json!({ "malformed": http, "at": 0 }));
    assert_eq!(got[1]["command"], "PING");
    assert_eq!(got[2], json!({ "malformed": "an empty line", "at": 38 }));
    assert_eq!(got[3], json!({ "malformed": "the connection ends within a line", "at": 40 }));
}

/// What servers sent, on loopback.
const RECORDED: [(&str, &[u8]); 4] = [
    ("ngircd 26.1", include_bytes!("recorded/ngircd-26.1.bin")),
    ("ngircd 26.1, a wrong PONG", include_bytes!("recorded/ngircd-26.1-wrong-pong.bin")),
    ("miniircd 2.3", include_bytes!("recorded/miniircd-2.3.bin")),
    ("InspIRCd 3.15", include_bytes!("recorded/inspircd-3.15.bin")),
];

#[test]
fn what_servers_sent_is_read_whole() {
    for (server, bytes) in RECORDED {
        let got = values(&json!({}), bytes);
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(got.len(), lines, "{server}");
        assert!(got.iter().all(|message| message.get("malformed").is_none()), "{server}: {got:?}");
        testing::pieces_change_nothing::<Irc>(&json!({}), bytes, &[1, 7, 400]);
    }
}

#[test]
fn ngircd_asks_before_001_and_takes_the_answer() {
    let config = json!({ "nick": "bot", "capabilities": ["server-time", "multi-prefix"] });
    let sent = sent(config, &[RECORDED[0].1]).concat();
    assert!(sent.contains("CAP REQ :multi-prefix\r\nPONG :392955026\r\nCAP END\r\n"), "{sent}");
}

#[test]
fn a_wrong_pong_gets_only_a_notice() {
    let got = values(&json!({}), RECORDED[1].1);
    assert_eq!(got.last().unwrap()["command"], "NOTICE");
    assert_eq!(got.last().unwrap()["params"], json!(["bot", "To connect, type /QUOTE PONG 2639772203"]));
}

#[test]
fn miniircd_answers_cap_ls_with_an_empty_list_and_waits_for_cap_end() {
    let config = json!({ "nick": "bot", "capabilities": ["server-time"] });
    let mut session = Session::<Irc>::new(config).unwrap();
    session.open(0);
    let list = RECORDED[2].1.split_inclusive(|byte| *byte == b'\n').next().unwrap();
    let step = session.data(list, 0);
    assert_eq!(step.messages[0].value["params"], json!(["*", "LS", ""]));
    assert_eq!(step.send, b"CAP END\r\n");
}

#[test]
fn inspircds_list_ends_in_a_blank() {
    let config = json!({ "nick": "bot", "capabilities": ["server-time", "userhost-in-names", "none"] });
    let list = RECORDED[3].1.split_inclusive(|byte| *byte == b'\n').next().unwrap();
    assert!(list.ends_with(b"userhost-in-names \r\n"));
    assert_eq!(sent(config, &[list])[1], "CAP REQ :server-time userhost-in-names\r\n");
}

#[test]
fn inspircd_tags_what_it_echoes() {
    let got = values(&json!({}), RECORDED[3].1);
    let echo = got.iter().find(|message| message["command"] == "PRIVMSG").unwrap();
    assert_eq!(echo["tags"]["+x"], "a;b c\\d");
    assert_eq!(echo["tags"]["inspircd.org/echo"], "");
}

#[test]
fn the_summary_fits() {
    assert!(Irc::SUMMARY.len() <= 120, "{}", Irc::SUMMARY.len());
}

/// Lines, broken and whole.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let word = proptest::sample::select(vec![
        &b"PING"[..],
        b":irc.example",
        b"@a=b;c",
        b"001",
        b"CAP",
        b"LS",
        b"*",
        b":",
        b" ",
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b"PRIVMSG",
        b"\x01",
        b"\xff",
        b"#lab",
        b"ACK",
        b"sasl",
    ]);
    proptest::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn input_is_kept(bytes in proptest::collection::vec(any::<u8>(), 0..600), pieces in proptest::collection::vec(1usize..40, 1..5)) {
        testing::input_is_kept::<Irc>(&json!({ "longest_line": 512 }), &bytes, &pieces);
        testing::pieces_change_nothing::<Irc>(&json!({ "longest_line": 512 }), &bytes, &pieces);
    }

    #[test]
    fn broken_recordings_lose_nothing(server in 0usize..4, changes in proptest::collection::vec(any::<(u16, u8, u8)>(), 1..8)) {
        let bytes = testing::mutated(RECORDED[server].1, &changes);
        testing::input_is_kept::<Irc>(&json!({}), &bytes, &[61]);
        testing::pieces_change_nothing::<Irc>(&json!({}), &bytes, &[61, 1, 900]);
    }

    #[test]
    fn input_is_kept_near_the_protocol(bytes in lines(), pieces in proptest::collection::vec(1usize..40, 1..5)) {
        let config = json!({ "nick": "bot", "capabilities": ["sasl"], "longest_line": 512 });
        testing::input_is_kept::<Irc>(&config, &bytes, &pieces);
        testing::pieces_change_nothing::<Irc>(&config, &bytes, &pieces);
    }
}
