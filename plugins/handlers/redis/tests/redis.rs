//! What holds for the `redis` handler: its examples, its input, values and malformed messages.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use handler_kit::{Handler, Session, Value, json, testing};
use proptest::prelude::*;
use redis_handler::Redis;

fn values(bytes: &[u8]) -> Vec<Value> {
    configured(&json!({}), bytes)
}

fn configured(config: &Value, bytes: &[u8]) -> Vec<Value> {
    testing::messages::<Redis>(config, bytes, &[usize::MAX]).into_iter().map(|message| message.value).collect()
}

#[test]
fn examples_hold() {
    testing::examples_hold::<Redis>();
}

#[test]
fn the_summary_fits() {
    assert!(Redis::SUMMARY.len() <= 120, "{}", Redis::SUMMARY.len());
}

#[test]
fn every_type_is_read() {
    for (bytes, kind, value) in [
        ("+OK\r\n", "status", json!("OK")),
        ("+\r\n", "status", json!("")),
        (":-7\r\n", "integer", json!(-7)),
        (":+7\r\n", "integer", json!(7)),
        (":9223372036854775807\r\n", "integer", json!("9223372036854775807")),
        ("$0\r\n\r\n", "bulk", json!("")),
        ("$-1\r\n", "null", json!(null)),
        ("*-1\r\n", "null", json!(null)),
        ("_\r\n", "null", json!(null)),
        ("#t\r\n", "bool", json!(true)),
        ("#f\r\n", "bool", json!(false)),
        (",1.5\r\n", "double", json!(1.5)),
        (",10\r\n", "double", json!(10.0)),
        (",-inf\r\n", "double", json!("-inf")),
        (",nan\r\n", "double", json!("nan")),
        (
            "(3492890328409238509324850943850943825024385\r\n",
            "big-number",
            json!("3492890328409238509324850943850943825024385"),
        ),
        ("*0\r\n", "array", json!([])),
        ("*2\r\n:1\r\n*1\r\n$1\r\na\r\n", "array", json!([1, ["a"]])),
        ("*1\r\n-ERR no\r\n", "array", json!([{ "error": { "code": "ERR", "message": "no" } }])),
        ("*1\r\n=6\r\ntxt:ab\r\n", "array", json!([{ "verbatim": { "format": "txt", "text": "ab" } }])),
        ("~2\r\n+a\r\n+b\r\n", "set", json!(["a", "b"])),
        ("*1\r\n~1\r\n+a\r\n", "array", json!([{ "set": ["a"] }])),
        ("%0\r\n", "map", json!({})),
        ("%1\r\n+a\r\n%1\r\n:1\r\n_\r\n", "map", json!({ "a": { "map": [[1, null]] } })),
        // Streamed ones (RESP3 §Streamed data types).
        ("$?\r\n;4\r\nHell\r\n;1\r\no\r\n;0\r\n", "bulk", json!("Hello")),
        ("$?\r\n;0\r\n", "bulk", json!("")),
        ("*?\r\n:1\r\n*?\r\n.\r\n.\r\n", "array", json!([1, []])),
        ("%?\r\n+a\r\n:1\r\n.\r\n", "map", json!({ "a": 1 })),
        ("~?\r\n.\r\n", "set", json!([])),
    ] {
        assert_eq!(values(bytes.as_bytes()), [json!({ "type": kind, "value": value })], "{bytes:?}");
        testing::pieces_change_nothing::<Redis>(&json!({}), bytes.as_bytes(), &[1]);
    }
    assert_eq!(values(b"!8\r\nERR a\r\nb\r\n"), [json!({ "type": "error", "code": "ERR", "message": "a\r\nb" })]);
}

#[test]
fn attributes_are_told_also_inside() {
    let bytes = b"|1\r\n+ttl\r\n:9\r\n*2\r\n|1\r\n+a\r\n|1\r\n+b\r\n:1\r\n:2\r\n+x\r\n+y\r\n";
    let inner = json!({ "attributes": { "a": { "attributes": { "b": 1 }, "value": 2 } }, "value": "x" });
    let expected = json!({ "type": "array", "value": [inner, "y"], "attributes": { "ttl": 9 } });
    assert_eq!(values(bytes), [expected]);
}

#[test]
fn what_breaks_the_protocol_is_malformed_and_the_next_line_is_read() {
    for (bytes, reason) in [
        (&b"HTTP/1.1 400 Bad Request\r\n"[..], "no message begins so; it looks like an HTTP response"),
        (b"SSH-2.0-x\r\n", "no message begins so; it looks like SSH"),
        (b"hello\r\n", "no message begins so"),
        (b"\r\n", "the line is empty"),
        (b"+OK\n", "a line ends without CR"),
        (b"+O\rK\r\n", "a CR stands within a line"),
        (b":1x\r\n", "an integer is none"),
        (b":9223372036854775808\r\n", "an integer is none"),
        (b"$x\r\n", "a string's length is no number"),
        (b"$-2\r\n", "a string's length is no number"),
        (b"*-2\r\n", "a count is none"),
        (b"*x\r\n", "a count is none"),
        (b"%9223372036854775808\r\n", "a count is none"),
        (b"#x\r\n", "a value is none of its type"),
        (b"_x\r\n", "a value is none of its type"),
        (b",1e999\r\n", "a double is none"),
        (b"(1a\r\n", "a big number is none"),
        (b"*1\r\n.\r\n", "an end stands where nothing is streamed"),
        (b"%?\r\n+a\r\n.\r\n", "a map ends behind a key"),
        (b"$?\r\n+a\r\n", "a streamed string has a part that is none"),
        (b";1\r\na\r\n", "a part of a streamed string stands alone"),
        (b"=2\r\nab\r\n", "a verbatim string has no format"),
        (b"*2\r\n:1\r\n?\r\n", "no message begins so"),
    ] {
        let all = [bytes, b"+OK\r\n"].concat();
        let expected = [json!({ "malformed": reason, "at": 0 }), json!({ "type": "status", "value": "OK" })];
        assert_eq!(values(&all), expected, "{:?}", bytes.escape_ascii().to_string());
    }
    let got = values(b"$3\r\nabcd\r\n+OK\r\n");
    assert_eq!(got[0], json!({ "malformed": "a string is not as long as it says", "at": 0 }));
    assert_eq!(got.last().unwrap(), &json!({ "type": "status", "value": "OK" }));
}

#[test]
fn lengths_that_are_only_announced_cost_nothing() {
    for bytes in
        [&b"*2147483647\r\n:1\r\n"[..], b"%9223372036854775807\r\n", b"$4000000\r\nabc", b"~18446744073709551615\r\n"]
    {
        testing::input_is_kept::<Redis>(&json!({}), bytes, &[usize::MAX]);
        assert!(values(bytes)[0]["malformed"].is_string());
    }
}

#[test]
fn a_string_that_is_too_long_is_given_up_and_the_next_message_is_read() {
    let bytes = [b"*2\r\n:1\r\n$5000000\r\n".to_vec(), vec![b'x'; 5_000_000], b"\r\n+OK\r\n".to_vec()].concat();
    let got = values(&bytes);
    assert_eq!(got.last().unwrap(), &json!({ "type": "status", "value": "OK" }));
    assert_eq!(got[0], json!({ "malformed": "the message is longer than 4063232 bytes", "at": 0 }));
    assert_eq!(got.len(), 5_000_000 / 65536 + 2);
    testing::pieces_change_nothing::<Redis>(&json!({}), &bytes, &[100_000, 3]);
}

#[test]
fn a_message_of_too_many_values_is_given_up_and_the_next_one_is_read() {
    let bytes = [b"*50\r\n".to_vec(), b":1\r\n".repeat(50), b"*0\r\n".to_vec()].concat();
    let got = configured(&json!({ "most_values": 50 }), &bytes);
    assert_eq!(got[0], json!({ "malformed": "the message has more than 50 values", "at": 0 }));
    assert_eq!(got[1], json!({ "type": "array", "value": [] }));
    assert_eq!(configured(&json!({ "most_values": 51 }), &bytes)[0]["type"], "array");
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| [b"*1\r\n".repeat(depth), b":1\r\n+OK\r\n".to_vec()].concat();
    assert_eq!(values(&nested(24))[0]["type"], "array");
    let got = values(&nested(25));
    assert_eq!(got[0], json!({ "malformed": "the message is nested deeper than 24", "at": 0 }));
    assert_eq!(got[1], json!({ "type": "status", "value": "OK" }));
    let got = values(&nested(200_000));
    assert_eq!(got[0]["malformed"], "the message is nested deeper than 1024");
    // The deepest value with all its forms can be read back.
    let deep = [b"|1\r\n+a\r\n+b\r\n%1\r\n:1\r\n".repeat(12), b":1\r\n".to_vec()].concat();
    let text = values(&deep)[0].to_string();
    assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}");
}

#[test]
fn a_line_without_an_end_is_not_held() {
    let got = values(&[b"+".to_vec(), vec![b'x'; 70_000], b"\r\n+OK\r\n".to_vec()].concat());
    assert_eq!(got[0], json!({ "malformed": "a line is longer than 65536 bytes", "at": 0 }));
    assert_eq!(got.last().unwrap(), &json!({ "type": "status", "value": "OK" }));
}

#[test]
fn a_command_that_is_none_is_refused_by_its_member() {
    let mut session = Session::<Redis>::new(json!({})).unwrap();
    for (message, failure) in [
        (json!({ "command": "GET key" }), "`command`: write its words apart"),
        (json!({ "command": [] }), "`command`: its first word"),
        (json!({ "command": [""] }), "`command`: its first word"),
        (json!({ "command": ["SET", "a", true] }), "`command[2]`: redis knows words and numbers only"),
        (json!({ "command": ["SET", "a", ["b"]] }), "`command[2]`: it is a string"),
        (json!({ "command": ["psync", "?", -1] }), "`command[0]`: it turns the connection"),
        (json!({ "commands": ["PING"] }), "`commands`: there is no such member"),
        (json!({}), "`command`: it is an array of words"),
        (json!("PING"), "a message is a JSON object"),
    ] {
        let got = session.encode(&message, 0).unwrap_err().to_string();
        assert!(got.starts_with(failure), "{message}: {got}");
    }
}

#[test]
fn a_configuration_is_sent_first() {
    let open = |config: Value| Session::<Redis>::new(config).map(|mut session| session.open(0).send);
    assert_eq!(open(json!({})).unwrap(), b"");
    let hello =
        b"*7\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$7\r\ndefault\r\n$1\r\np\r\n$7\r\nSETNAME\r\n$1\r\nn\r\n";
    assert_eq!(open(json!({ "protocol": 3, "password": "p", "client_name": "n" })).unwrap(), hello);
    let select = b"*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n4\r\n";
    assert_eq!(open(json!({ "username": "u", "password": "p", "database": 4 })).unwrap(), select);
    for (config, member) in [
        (json!({ "protocol": 9 }), "protocol"),
        (json!({ "username": "u" }), "password"),
        (json!({ "most_values": 0 }), "most_values"),
    ] {
        assert_eq!(open(config).unwrap_err().member.as_deref(), Some(member));
    }
}

/// Tokens of RESP, in any order.
fn tokens() -> impl Strategy<Value = Vec<u8>> {
    let token = proptest::sample::select(vec![
        &b"*2\r\n"[..],
        b"*0\r\n",
        b"*?\r\n",
        b"%1\r\n",
        b"%?\r\n",
        b"|1\r\n",
        b"~1\r\n",
        b">2\r\n",
        b".\r\n",
        b"$3\r\nabc\r\n",
        b"$?\r\n",
        b";2\r\nab\r\n",
        b";0\r\n",
        b":1\r\n",
        b"+message\r\n",
        b"-ERR x\r\n",
        b"_\r\n",
        b",1\r\n",
        b"#t\r\n",
        b"=5\r\ntxt:a\r\n",
        b"!3\r\nE a\r\n",
        b"(12\r\n",
        b"$-1\r\n",
        b"\n",
        b"x",
        b"*9999999\r\n",
    ]);
    proptest::collection::vec(token, 0..60).prop_map(|tokens| tokens.concat())
}

proptest! {
    #[test]
    fn input_is_kept(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        pieces in proptest::collection::vec(1usize..40, 1..5),
    ) {
        testing::input_is_kept::<Redis>(&json!({}), &bytes, &pieces);
        testing::pieces_change_nothing::<Redis>(&json!({}), &bytes, &pieces);
    }

    #[test]
    fn input_is_kept_near_the_protocol(bytes in tokens(), pieces in proptest::collection::vec(1usize..40, 1..5)) {
        let config = json!({ "protocol": 3, "most_values": 20 });
        testing::input_is_kept::<Redis>(&config, &bytes, &pieces);
        testing::pieces_change_nothing::<Redis>(&config, &bytes, &pieces);
    }
}
