//! Which answer belongs to which command, in RESP2 and RESP3.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use handler_kit::{Session, Value, json};
use redis_handler::Redis;

/// Commands go out, then bytes come: the numbers of the requests, and what each message answers.
struct Talk(Session<Redis>);

impl Talk {
    fn new() -> Self {
        Self(Session::new(json!({})).unwrap())
    }

    fn send(&mut self, command: &[&str]) -> Option<u64> {
        self.0.encode(&json!({ "command": command }), 0).unwrap().request
    }

    fn come(&mut self, bytes: &str) -> Vec<(Value, Option<u64>)> {
        self.0.data(bytes.as_bytes(), 0).messages.into_iter().map(|message| (message.value, message.answers)).collect()
    }

    /// What each message answers.
    fn answers(&mut self, bytes: &str) -> Vec<Option<u64>> {
        self.come(bytes).into_iter().map(|(_, answers)| answers).collect()
    }
}

#[test]
fn answers_come_in_order() {
    let mut talk = Talk::new();
    let (a, b) = (talk.send(&["GET", "a"]), talk.send(&["GET", "b"]));
    assert!(a.is_some() && b.is_some() && a != b);
    assert_eq!(talk.answers("$1\r\n1\r\n-ERR x\r\n+more\r\n"), [a, b, None]);
}

#[test]
fn a_push_answers_nothing() {
    let mut talk = Talk::new();
    let get = talk.send(&["GET", "a"]);
    let got = talk.come(">2\r\n+invalidate\r\n*1\r\n+a\r\n$1\r\n1\r\n");
    assert_eq!(got[0], (json!({ "type": "push", "kind": "invalidate", "keys": ["a"] }), None));
    assert_eq!(got[1].1, get);
}

#[test]
fn a_resp3_subscriber_is_answered_by_pushes_and_ping_by_pong() {
    let mut talk = Talk::new();
    let (subscribe, ping) = (talk.send(&["SUBSCRIBE", "a", "b"]), talk.send(&["PING"]));
    let confirm = ">3\r\n+subscribe\r\n+a\r\n:1\r\n>3\r\n+subscribe\r\n+b\r\n:2\r\n";
    assert_eq!(talk.answers(confirm), [subscribe, subscribe]);
    assert_eq!(talk.answers(">3\r\n+message\r\n+a\r\n+hi\r\n+PONG\r\n"), [None, ping]);
}

#[test]
fn a_resp2_subscribers_ping_is_answered_by_an_array() {
    let mut talk = Talk::new();
    let (subscribe, ping) = (talk.send(&["subscribe", "a"]), talk.send(&["PING"]));
    assert_eq!(talk.answers("*3\r\n+subscribe\r\n+a\r\n:1\r\n"), [subscribe]);
    let got = talk.come("*3\r\n+message\r\n+a\r\n+hi\r\n*2\r\n+pong\r\n$0\r\n\r\n");
    assert_eq!(got[0], (json!({ "type": "push", "kind": "message", "channel": "a", "message": "hi" }), None));
    assert_eq!(got[1], (json!({ "type": "array", "value": ["pong", ""] }), ping));
}

#[test]
fn a_list_that_looks_like_a_message_is_an_answer_where_nothing_is_subscribed() {
    let mut talk = Talk::new();
    let list = talk.send(&["LRANGE", "l", "0", "-1"]);
    let got = talk.come("*3\r\n+message\r\n+a\r\n+hi\r\n");
    assert_eq!(got, [(json!({ "type": "array", "value": ["message", "a", "hi"] }), list)]);
    let list = talk.send(&["LRANGE", "l", "0", "-1"]);
    assert_eq!(talk.answers("*3\r\n+subscribe\r\n+a\r\n:1\r\n"), [list]);
    // In RESP3, a subscriber's list is a list.
    let subscribe = talk.send(&["SUBSCRIBE", "a"]);
    assert_eq!(talk.answers(">3\r\n+subscribe\r\n+a\r\n:1\r\n"), [subscribe]);
    let list = talk.send(&["LRANGE", "l", "0", "-1"]);
    assert_eq!(talk.answers("*3\r\n+message\r\n+a\r\n+hi\r\n"), [list]);
}

#[test]
fn unsubscribing_from_all_is_answered_once_for_each() {
    let mut talk = Talk::new();
    let subscribe = talk.send(&["SUBSCRIBE", "a", "b"]);
    assert_eq!(
        talk.answers("*3\r\n+subscribe\r\n+a\r\n:1\r\n*3\r\n+subscribe\r\n+b\r\n:2\r\n"),
        [subscribe, subscribe]
    );
    let (all, get) = (talk.send(&["UNSUBSCRIBE"]), talk.send(&["GET", "k"]));
    let bytes = "*3\r\n+unsubscribe\r\n+a\r\n:1\r\n*3\r\n+unsubscribe\r\n+b\r\n:0\r\n$1\r\nv\r\n";
    assert_eq!(talk.answers(bytes), [all, all, get]);
    // A refusal and one without any channel are one answer each.
    let (all, get) = (talk.send(&["PUNSUBSCRIBE"]), talk.send(&["GET", "k"]));
    assert_eq!(talk.answers("-NOPERM no\r\n$1\r\nv\r\n"), [all, get]);
    let (all, again) = (talk.send(&["UNSUBSCRIBE"]), talk.send(&["UNSUBSCRIBE"]));
    assert_eq!(talk.answers(&"*3\r\n+unsubscribe\r\n$-1\r\n:0\r\n".repeat(2)), [all, again]);
}

#[test]
fn a_refused_or_queued_subscription_is_one_answer() {
    let mut talk = Talk::new();
    let (queued, exec) = (talk.send(&["SUBSCRIBE", "a"]), talk.send(&["EXEC"]));
    assert_eq!(talk.answers("+QUEUED\r\n*0\r\n"), [queued, exec]);
    let none = talk.send(&["SUBSCRIBE"]);
    assert_eq!(talk.answers("-ERR wrong number of arguments\r\n"), [none]);
}

#[test]
fn client_reply_silences_what_it_says() {
    let mut talk = Talk::new();
    assert_eq!(talk.send(&["CLIENT", "REPLY", "SKIP"]), None);
    assert_eq!(talk.send(&["SET", "a", "1"]), None);
    let get = talk.send(&["GET", "a"]);
    assert_eq!(talk.answers("$1\r\n1\r\n"), [get]);
    assert_eq!(talk.send(&["client", "reply", "off"]), None);
    assert_eq!(talk.send(&["GET", "a"]), None);
    let on = talk.send(&["CLIENT", "REPLY", "ON"]);
    let get = talk.send(&["GET", "a"]);
    assert_eq!(talk.answers("+OK\r\n$1\r\n1\r\n"), [on, get]);
}

#[test]
fn the_lines_of_monitor_answer_nothing() {
    let mut talk = Talk::new();
    let monitor = talk.send(&["MONITOR"]);
    assert_eq!(talk.answers("+OK\r\n+1700000000.5 [0 127.0.0.1:5] \"PING\"\r\n"), [monitor, None]);
    let (ping, reset) = (talk.send(&["PING"]), talk.send(&["RESET"]));
    let got = talk.answers("+1700000000.6 [0 127.0.0.1:5] \"PING\"\r\n+PONG\r\n+RESET\r\n");
    assert_eq!(got, [None, ping, reset]);
    let echo = talk.send(&["ECHO", "1.5 [x"]);
    assert_eq!(talk.answers("+1.5 [x\r\n"), [echo]);
}

#[test]
fn what_is_malformed_ends_the_pairing() {
    let mut talk = Talk::new();
    let first = talk.send(&["GET", "a"]);
    talk.send(&["GET", "b"]);
    let step = talk.0.data(b"HTTP/1.1 400 Bad Request\r\n\r\n", 0);
    assert_eq!(step.messages[0].answers, first);
    assert_eq!(step.notes, ["1 commands get no answer: the server broke the protocol"]);
    assert_eq!(talk.send(&["GET", "c"]), None);
    assert_eq!(talk.answers("+OK\r\n"), [None]);
}

#[test]
fn an_answer_that_is_given_up_is_an_answer() {
    let mut talk = Talk(Session::new(json!({ "most_values": 2 })).unwrap());
    let (long, short) = (talk.send(&["KEYS", "*"]), talk.send(&["PING"]));
    assert_eq!(talk.answers(">3\r\n+a\r\n+b\r\n+c\r\n*3\r\n+a\r\n+b\r\n+c\r\n+PONG\r\n"), [None, long, short]);
}

#[test]
fn what_the_handler_asks_is_answered_to_nobody() {
    let mut talk = Talk(Session::new(json!({ "protocol": 3 })).unwrap());
    talk.0.open(0);
    let get = talk.send(&["GET", "a"]);
    assert_eq!(talk.answers("%1\r\n+proto\r\n:3\r\n$1\r\n1\r\n"), [None, get]);
}

#[test]
fn fakeredis_takes_any_hello_and_says_what_it_speaks() {
    let mut talk = Talk(Session::new(json!({ "protocol": 3 })).unwrap());
    talk.0.open(0);
    let step = talk.0.data(b"%1\r\n+proto\r\n:2\r\n", 0);
    assert_eq!(step.notes, ["RESP3 was asked for, and the server says it speaks RESP2"]);
}

#[test]
fn a_refusal_of_what_is_configured_is_told_to_the_operator() {
    let mut talk = Talk(Session::new(json!({ "password": "p" })).unwrap());
    talk.0.open(0);
    let step = talk.0.data(b"-WRONGPASS invalid\r\n", 0);
    let note = "the server refuses what the configuration asks for: {\"code\":\"WRONGPASS\",\"message\":\"invalid\"}";
    assert_eq!(step.notes, [note]);
}
