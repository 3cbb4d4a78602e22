//! What servers sent, on loopback: redis-server 7.0.15 in RESP2 and RESP3, and fakeredis 2.41.0.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use handler_kit::{Message, Session, Value, json, testing};
use proptest::prelude::*;
use redis_handler::Redis;

const RESP2: &[u8] = include_bytes!("recorded/redis-7.0.15-resp2.bin");
const RESP3: &[u8] = include_bytes!("recorded/redis-7.0.15-resp3.bin");
const FAKE: &[u8] = include_bytes!("recorded/fakeredis-2.41.bin");

/// The messages of a server, after these commands; each line is one.
fn talk(config: Value, commands: &str, bytes: &[u8]) -> (Vec<Option<u64>>, Vec<Message>) {
    let mut session = Session::<Redis>::new(config).unwrap();
    session.open(0);
    let mut requests = Vec::new();
    for command in commands.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = command.split(' ').collect();
        requests.push(session.encode(&json!({ "command": words }), 0).unwrap().request);
    }
    (requests, session.data(bytes, 0).messages)
}

/// Every request has its answers, in order, and what is left are pushes and the lines of MONITOR.
fn all_answered(requests: &[Option<u64>], messages: &[Message]) {
    let mut answered: Vec<u64> = messages.iter().filter_map(|message| message.answers).collect();
    assert!(answered.is_sorted(), "{answered:?}");
    answered.dedup();
    assert_eq!(answered, requests.iter().filter_map(|request| *request).collect::<Vec<_>>());
    for message in messages.iter().filter(|message| message.answers.is_none()) {
        let value = &message.value;
        let line = value["value"].as_str().is_some_and(|text| text.contains(" [0 127.0.0.1:"));
        assert!(value["type"] == "push" || value["type"] == "map" || line, "{value}");
    }
}

fn of(message: &[Message], request: Option<u64>) -> Vec<&Value> {
    message.iter().filter(|message| message.answers == request).map(|message| &message.value).collect()
}

#[test]
fn redis_answers_resp3() {
    let commands = "SET k v
        SET b x
        GET b
        GET none
        HSET h f 1 g 2
        HGETALL h
        SADD s a b
        SMEMBERS s
        LPUSH k x
        ZADD z 1.5 a inf b
        ZRANGE z 0 -1 WITHSCORES
        DEBUG PROTOCOL attrib
        DEBUG PROTOCOL bignum
        DEBUG PROTOCOL verbatim
        DEBUG PROTOCOL true
        DEBUG PROTOCOL push
        DEBUG PROTOCOL double
        DEBUG PROTOCOL map
        DEBUG PROTOCOL null
        SUBSCRIBE a b
        PING
        PUBLISH a hi
        LRANGE nolist 0 -1
        UNSUBSCRIBE
        GET k
        UNSUBSCRIBE
        GET k
        CLIENT TRACKING ON
        GET k
        SET k w
        CLIENT REPLY SKIP
        GET k
        GET k
        MULTI
        GET k
        INCR k
        EXEC
        MONITOR
        PING
        RESET
        QUIT";
    let (requests, messages) = talk(json!({ "protocol": 3, "client_name": "bot" }), commands, RESP3);
    all_answered(&requests, &messages);
    let attributes = json!({ "key-popularity": ["key:123", 90] });
    let text = "Some real reply following the attribute";
    assert_eq!(of(&messages, requests[11]), [&json!({ "type": "bulk", "value": text, "attributes": attributes })]);
    assert_eq!(of(&messages, requests[20]), [&json!({ "type": "status", "value": "PONG" })]);
    assert_eq!(of(&messages, requests[23]).len(), 2);
    let error = json!({ "error": { "code": "ERR", "message": "value is not an integer or out of range" } });
    assert_eq!(of(&messages, requests[36]), [&json!({ "type": "array", "value": ["w", error] })]);
}

#[test]
fn redis_answers_resp2() {
    let commands = "SET k v
        HGETALL h
        SMEMBERS s
        LPUSH k x
        ZRANGE z 0 -1 WITHSCORES
        SUBSCRIBE a b
        PING
        GET k
        UNSUBSCRIBE
        UNSUBSCRIBE
        PSUBSCRIBE
        GET k
        HELLO 9";
    let (requests, messages) = talk(json!({}), commands, RESP2);
    all_answered(&requests, &messages);
    assert_eq!(of(&messages, requests[6]), [&json!({ "type": "array", "value": ["pong", ""] })]);
    assert_eq!(of(&messages, requests[8]).len(), 2);
    assert_eq!(of(&messages, requests[9]).len(), 1);
    assert_eq!(of(&messages, requests[12])[0]["code"], "NOPROTO");
}

#[test]
fn fakeredis_answers_hello_3_with_a_map_and_then_mixes_shapes() {
    let commands = "SET k v
        HSET h f 1 g 2
        HGETALL h
        SADD s a
        SMEMBERS s
        GET none
        LPUSH k x
        SUBSCRIBE a b
        PING
        PUBLISH a hi
        UNSUBSCRIBE
        GET k
        HELLO 9";
    let (requests, messages) = talk(json!({ "protocol": 3 }), commands, FAKE);
    all_answered(&requests, &messages);
    // A set comes as an array, a bulk string as a status, and the code of an error behind ERR.
    assert_eq!(of(&messages, requests[4]), [&json!({ "type": "array", "value": ["a"] })]);
    assert_eq!(of(&messages, requests[11]), [&json!({ "type": "status", "value": "v" })]);
    assert_eq!(of(&messages, requests[6])[0]["code"], "ERR");
    // HELLO takes any number, and answers in RESP2's shape.
    assert_eq!(of(&messages, requests[12])[0]["value"][5], 9);
}

#[test]
fn recordings_are_read_whole() {
    for bytes in [RESP2, RESP3, FAKE] {
        let messages = testing::messages::<Redis>(&json!({}), bytes, &[usize::MAX]);
        assert!(messages.iter().all(|message| message.value.get("malformed").is_none()));
        testing::pieces_change_nothing::<Redis>(&json!({}), bytes, &[1, 5, 70]);
    }
}

proptest! {
    #[test]
    fn broken_recordings_lose_nothing(
        server in 0usize..3,
        changes in proptest::collection::vec(any::<(u16, u8, u8)>(), 1..8),
    ) {
        let bytes = testing::mutated([RESP2, RESP3, FAKE][server], &changes);
        testing::input_is_kept::<Redis>(&json!({}), &bytes, &[61]);
        testing::pieces_change_nothing::<Redis>(&json!({}), &bytes, &[61, 1, 900]);
    }
}
