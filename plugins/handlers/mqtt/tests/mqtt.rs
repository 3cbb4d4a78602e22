//! What holds for the `mqtt` handler: its examples, its duties, its pairing and its refusals.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use handler_kit::{Handler, Session, Step, Value, json, testing};
use mqtt_handler::Mqtt;
use proptest::prelude::*;

fn session(config: Value) -> Session<Mqtt> {
    let mut session = Session::new(config).unwrap();
    session.open(0);
    session
}

fn values(config: &Value, bytes: &[u8]) -> Vec<Value> {
    testing::messages::<Mqtt>(config, bytes, &[usize::MAX]).into_iter().map(|message| message.value).collect()
}

fn v5() -> Value {
    json!({ "version": "5" })
}

#[test]
fn examples_hold() {
    testing::examples_hold::<Mqtt>();
}

#[test]
fn the_summary_fits() {
    assert!(Mqtt::SUMMARY.len() <= 120, "{}", Mqtt::SUMMARY.len());
}

#[test]
fn connect_says_what_is_configured() {
    let open = |config: Value| Session::<Mqtt>::new(config).unwrap().open(0).send;
    assert_eq!(open(json!({ "connect": false })), b"");
    assert_eq!(open(json!({})), b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0");
    assert_eq!(open(json!({ "version": "3.1", "client_id": "a" })), b"\x10\x0f\0\x06MQIsdp\x03\x02\0\x3c\0\x01a");
    let will = json!({ "topic": "w", "payload": "x", "qos": 1, "retain": true });
    let config =
        json!({ "client_id": "a", "clean": false, "username": "u", "password": "p", "will": will, "keep_alive": 0 });
    assert_eq!(open(config), b"\x10\x19\0\x04MQTT\x04\xec\0\0\0\x01a\0\x01w\0\x01x\0\x01u\0\x01p");
    let config = json!({ "version": "5", "session_expiry": 7, "longest_packet": 4096 });
    assert_eq!(open(config), b"\x10\x17\0\x04MQTT\x05\x02\0\x3c\x0a\x11\0\0\0\x07\x27\0\0\x10\0\0\0");
}

#[test]
fn a_configuration_that_makes_no_sense_is_refused() {
    for (config, member) in [
        (json!({ "longest_packet": 1 }), "longest_packet"),
        (json!({ "clean": false }), "client_id"),
        (json!({ "password": "p" }), "username"),
        (json!({ "session_expiry": 1 }), "session_expiry"),
        (json!({ "client_id": "a\0" }), "client_id"),
        (json!({ "will": { "topic": "a/#" } }), "will.topic"),
        (json!({ "will": { "topic": "a", "qos": 3 } }), "will.qos"),
        (json!({ "version": "4" }), "handler_config"),
    ] {
        assert_eq!(Session::<Mqtt>::new(config.clone()).unwrap_err().member.as_deref(), Some(member), "{config}");
    }
}

#[test]
fn answers_are_paired_by_identifier_in_any_order() {
    let mut session = session(json!({}));
    let mut send = |message: Value| session.encode(&message, 0).unwrap().request.unwrap();
    let one = send(json!({ "type": "publish", "topic": "a", "qos": 1 }));
    let two = send(json!({ "type": "publish", "topic": "a", "qos": 2 }));
    let subscribe = send(json!({ "type": "subscribe", "topics": ["a"] }));
    let unsubscribe = send(json!({ "type": "unsubscribe", "topics": ["a"] }));
    let ping = send(json!({ "type": "pingreq" }));
    let given = send(json!({ "type": "publish", "topic": "a", "qos": 1, "id": 500 }));
    let step = session.data(
        b"\x40\x02\x01\xf4\x90\x03\0\x03\0\xd0\0\x50\x02\0\x02\x70\x02\0\x02\xb0\x02\0\x04\x40\x02\0\x01\x40\x02\0\x01",
        0,
    );
    let answers: Vec<_> = step.messages.iter().map(|message| message.answers).collect();
    let expected = [Some(given), Some(subscribe), Some(ping), None, Some(two), Some(unsubscribe), Some(one), None];
    assert_eq!(answers, expected);
    assert_eq!(step.send, b"\x62\x02\0\x02");
}

#[test]
fn an_acknowledgement_of_the_wrong_kind_answers_nothing() {
    let mut session = session(json!({}));
    session.encode(&json!({ "type": "publish", "topic": "a", "qos": 1 }), 0).unwrap();
    assert_eq!(session.data(b"\xb0\x02\0\x01", 0).messages[0].answers, None);
    assert!(session.data(b"\x40\x02\0\x01", 0).messages[0].answers.is_some());
}

#[test]
fn a_refused_pubrec_is_the_last_word() {
    let mut session = session(v5());
    let request = session.encode(&json!({ "type": "publish", "topic": "a", "qos": 2 }), 0).unwrap().request;
    let step = session.data(b"\x50\x03\0\x01\x87", 0);
    assert_eq!((step.messages[0].answers, step.send), (request, vec![]));
    assert_eq!(step.messages[0].value["reason"], "not authorized");
}

#[test]
fn identifiers_are_not_used_twice() {
    let mut session = session(json!({}));
    let publish = json!({ "type": "publish", "topic": "a", "qos": 1, "id": 1 });
    session.encode(&publish, 0).unwrap();
    assert_eq!(session.encode(&publish, 0).unwrap_err().member.as_deref(), Some("id"));
    for _ in 0..65534 {
        session.encode(&json!({ "type": "publish", "topic": "a", "qos": 1 }), 0).unwrap();
    }
    let failure = session.encode(&json!({ "type": "subscribe", "topics": ["a"] }), 0).unwrap_err();
    assert!(failure.message.starts_with("65535 packets wait"));
    session.data(b"\x40\x02\0\x09", 0);
    let bytes = session.encode(&json!({ "type": "subscribe", "topics": ["a"] }), 0).unwrap().bytes;
    assert_eq!(bytes[2..4], [0, 9]);
}

#[test]
fn what_comes_is_acknowledged_unless_that_is_off() {
    let one = b"\x32\x06\0\x01a\0\x07x";
    let two = b"\x34\x06\0\x01a\0\x08x";
    let again = b"\x3c\x06\0\x01a\0\x08x";
    let mut session = session(json!({}));
    assert_eq!(session.data(one, 0).send, b"\x40\x02\0\x07");
    assert_eq!(session.data(two, 0).send, b"\x50\x02\0\x08");
    let step = session.data(again, 0);
    assert_eq!(step.send, b"\x50\x02\0\x08");
    assert_eq!((&step.messages[0].value["dup"], &step.messages[0].value["repeated"]), (&json!(true), &json!(true)));
    assert_eq!(session.data(b"\x62\x02\0\x08", 0).send, b"\x70\x02\0\x08");
    assert!(session.data(two, 0).messages[0].value.get("repeated").is_none());

    let mut session = Session::<Mqtt>::new(json!({ "acknowledge": false })).unwrap();
    assert_eq!(session.data(&[&one[..], two, b"\x62\x02\0\x08"].concat(), 0).send, b"");
    let ack = session.encode(&json!({ "type": "puback", "id": 7 }), 0).unwrap();
    assert_eq!((ack.bytes, ack.request), (b"\x40\x02\0\x07".to_vec(), None));
}

#[test]
fn the_keep_alive_is_kept_by_ticks() {
    let mut session = session(json!({ "keep_alive": 60 }));
    assert_eq!(session.due(), Some(10_000));
    let step = session.data(b"\x20\x02\0\0", 1000);
    assert_eq!(step.tick, Some(46_000));
    session.encode(&json!({ "type": "publish", "topic": "a" }), 30_000).unwrap();
    assert_eq!(session.due(), Some(75_000));
    assert_eq!(session.tick(46_000), Step { tick: Some(75_000), ..Step::default() });
    assert_eq!(session.tick(75_000), Step { send: b"\xc0\0".to_vec(), tick: Some(135_000), ..Step::default() });
    // The answer is to nobody.
    assert_eq!(session.data(b"\xd0\0", 75_001).messages[0].answers, None);
    assert_eq!(session.tick(135_000).send, b"\xc0\0");
    let close = session.tick(195_000).close;
    assert_eq!(close.as_deref(), Some("the server has not answered PINGREQ within 60 seconds"));
    assert_eq!(session.due(), None);
}

#[test]
fn the_server_sets_the_keep_alive() {
    let mut session = session(v5());
    assert_eq!(session.data(b"\x20\x06\0\0\x03\x13\0\x04", 0).tick, Some(3000));
    let mut session = Session::<Mqtt>::new(json!({ "keep_alive": 0 })).unwrap();
    assert_eq!(session.data(b"\x20\x02\0\0", 0).tick, None);
}

#[test]
fn a_server_that_does_not_answer_connect_is_told() {
    // amqtt 0.12.1 waits for more where CONNECT has properties; for `MQIsdp` it closes without a
    // word.
    let mut session = session(v5());
    let note = "the server has not answered CONNECT: it may not know this version of MQTT";
    assert_eq!(session.tick(10_000).notes, [note]);
    assert_eq!(session.due(), None);
    assert!(values(&json!({ "version": "3.1", "client_id": "a" }), b"").is_empty());
}

#[test]
fn a_refusal_is_read_by_its_length_not_by_the_version_asked_for() {
    for (config, bytes, code, reason) in [
        (v5(), &b"\x20\x02\0\x01"[..], 1, "unacceptable protocol version"),
        (v5(), b"\x20\x02\0\x84", 132, "unsupported protocol version"),
        (v5(), b"\x20\x03\0\x87\0", 135, "not authorized"),
        (json!({}), b"\x20\x02\0\x05", 5, "not authorized"),
        (json!({}), b"\x20\x03\0\x84\0", 132, "unsupported protocol version"),
    ] {
        let expected = json!({ "type": "connack", "session_present": false, "code": code, "reason": reason });
        assert_eq!(values(&config, bytes), [expected]);
    }
}

#[test]
fn a_server_that_accepts_in_the_old_shape_speaks_the_old_version() {
    let mut session = session(v5());
    assert_eq!(session.data(b"\x20\x02\0\0", 0).notes.len(), 1);
    assert_eq!(session.data(b"\x30\x04\0\x01a\x05", 0).messages[0].value["payload"], "\u{5}");
    assert_eq!(session.encode(&json!({ "type": "publish", "topic": "a" }), 0).unwrap().bytes, b"\x30\x03\0\x01a");
}

#[test]
fn properties_come_unasked() {
    let bytes = b"\x20\x0d\0\0\x0a\x21\0\x14\x22\0\x0a\x27\0\0\x10\x00";
    let properties = json!({ "receive_maximum": 20, "topic_alias_maximum": 10, "maximum_packet_size": 4096 });
    for config in [v5(), json!({})] {
        // The length of the properties is one too small here on purpose: see the malformed one
        // below.
        assert!(values(&config, bytes)[0]["malformed"].is_string());
    }
    let bytes = b"\x20\x0e\0\0\x0b\x21\0\x14\x22\0\x0a\x27\0\0\x10\x00";
    for config in [v5(), json!({})] {
        assert_eq!(values(&config, bytes)[0]["properties"], properties);
    }
}

#[test]
fn a_broken_packet_is_malformed_and_the_next_one_is_read() {
    for (bytes, reason) in [
        (&b"\x20\x01\0"[..], "connack: the code is cut off"),
        (b"\x36\x04\0\x01ax", "publish: there is no QoS 3"),
        (b"\x30\x02\0\x05", "publish: the topic is cut off"),
        (b"\x30\x03\0\x01\xff", "publish: the topic is not UTF-8"),
        (b"\x32\x05\0\x01a\0\0", "publish: the packet identifier is 0"),
        (b"\x40\x01\0", "puback: the packet identifier is cut off"),
        (b"\x90\x02\0\x01", "suback: the codes are cut off"),
        (b"\xd0\x01\0", "pingresp: 1 bytes stand behind the packet's end"),
        (b"\x32\x16 mail.example ESMTP\r\n.", "publish: the topic is cut off"),
    ] {
        let got = values(&json!({}), &[bytes, b"\xd0\0"].concat());
        assert_eq!(got, [json!({ "malformed": reason, "at": 0 }), json!({ "type": "pingresp" })]);
    }
}

#[test]
fn another_protocol_is_told_as_what_it_is() {
    for (bytes, reason) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "no packet of MQTT begins so; it looks like an HTTP response"),
        (b"SSH-2.0-OpenSSH_10.0\r\n", "no packet of MQTT begins so; it looks like SSH"),
        (b"\x15\x03\x03\0\x02\x02\x46", "no packet of MQTT begins so; it looks like a TLS alert"),
        (b"AMQP\x03\x01\0\0", "no packet of MQTT begins so; it looks like AMQP"),
        (b"HT", "no packet of an MQTT server begins with 0x48"),
        (b"\x10\x0c\0\x04MQTT", "no packet of an MQTT server begins with 0x10"),
        (b"\x20\xff\xff\xff\xff\x01", "the packet's length has more than four bytes"),
    ] {
        let got = values(&json!({}), bytes);
        assert_eq!(got[0], json!({ "malformed": reason, "at": 0 }));
        assert!(got[1..].iter().all(|rest| rest["malformed"] == "it stands behind what cannot be read"));
        // It is told at once, while the connection stays.
        let told = session(json!({})).data(bytes, 0).messages.len();
        assert_eq!(told, usize::from(bytes.len() > 5));
        testing::pieces_change_nothing::<Mqtt>(&json!({}), bytes, &[1]);
    }
}

#[test]
fn a_packet_that_is_too_long_is_given_up_and_the_next_one_is_read() {
    let bytes = [&b"\x30\xe8\x07"[..], &[b'x'; 1000], b"\xd0\0"].concat();
    let got = values(&json!({ "longest_packet": 500 }), &bytes);
    assert_eq!(got[0], json!({ "malformed": "the packet has 1003 bytes, more than 500", "at": 0 }));
    assert_eq!(got[1], json!({ "type": "pingresp" }));
    // 256 MiB are announced: nothing is held.
    testing::input_is_kept::<Mqtt>(&json!({}), b"\x30\xff\xff\xff\x7fabc", &[1]);
}

#[test]
fn a_message_that_is_none_is_refused_by_its_member() {
    for (version, message, failure) in [
        ("3.1.1", json!({ "type": "pub" }), "`type`: it is publish"),
        ("3.1.1", json!({ "type": "connect" }), "`type`: CONNECT was sent already"),
        ("3.1.1", json!({ "type": "auth" }), "`type`: MQTT 5 has"),
        ("3.1.1", json!({ "type": "publish", "topic": "a", "properties": {} }), "`properties`: MQTT 5 has them only"),
        ("3.1.1", json!({ "type": "publish", "topic": "a/#" }), "`topic`: `#` and `+`"),
        ("3.1.1", json!({ "type": "publish" }), "`topic`: it has from 1"),
        ("3.1.1", json!({ "type": "publish", "topic": "a", "qos": 3 }), "`qos`: it is 0, 1 or 2"),
        ("3.1.1", json!({ "type": "publish", "topic": "a", "payload": {} }), "`payload`: it is a string"),
        ("3.1.1", json!({ "type": "publish", "topic": "a", "retain": 1 }), "`retain`: it is true or false"),
        ("3.1.1", json!({ "type": "publish", "topic": "a", "qos": 1, "id": 0 }), "`id`: it is from 1"),
        ("3.1.1", json!({ "type": "publish", "topics": "a" }), "`topics`: there is no such member"),
        ("3.1.1", json!({ "type": "subscribe", "topics": [] }), "`topics`: it is a list"),
        ("3.1.1", json!({ "type": "subscribe", "topics": ["a", 1] }), "`topics[1]`: it is a filter"),
        ("3.1.1", json!({ "type": "subscribe", "topics": [{ "filter": "a#" }] }), "`topics[0]`: `+` is a whole level"),
        ("3.1.1", json!({ "type": "subscribe", "topics": [{ "filter": "a", "qos": 3 }] }), "`topics[0].qos`: it is 0"),
        (
            "3.1.1",
            json!({ "type": "subscribe", "topics": [{ "filter": "a", "no_local": true }] }),
            "`topics[0].no_local`",
        ),
        ("3.1.1", json!({ "type": "puback" }), "`id`: it says which"),
        ("3.1.1", json!({ "type": "disconnect", "code": 0 }), "`code`: there is no such member"),
        ("5", json!({ "type": "disconnect", "code": 256 }), "`code`: it is an integer"),
        ("5", json!({ "type": "publish", "topic": "a", "properties": { "x": 1 } }), "`properties.x`"),
        ("5", json!([]), "`type`: it is publish"),
    ] {
        let got = session(json!({ "version": version })).encode(&message, 0).unwrap_err().to_string();
        assert!(got.starts_with(failure), "{message}: {got}");
    }
}

#[test]
fn version_5_has_options_and_reasons() {
    let mut session = session(v5());
    let topic = json!({ "filter": "a", "qos": 1, "no_local": true, "retain_as_published": true, "retain_handling": 2 });
    let subscribe = json!({ "type": "subscribe", "topics": [topic], "properties": { "subscription_identifier": 200 } });
    assert_eq!(session.encode(&subscribe, 0).unwrap().bytes, b"\x82\x0a\0\x01\x03\x0b\xc8\x01\0\x01a\x2d");
    let disconnect = json!({ "type": "disconnect", "code": 4 });
    assert_eq!(session.encode(&disconnect, 0).unwrap().bytes, b"\xe0\x02\x04\0");
    let alias = json!({ "type": "publish", "topic": "", "properties": { "topic_alias": 1 } });
    assert_eq!(session.encode(&alias, 0).unwrap().bytes, b"\x30\x06\0\0\x03\x23\0\x01");
}

#[test]
fn connect_can_be_sent_later_and_is_answered() {
    let mut session = Session::<Mqtt>::new(json!({ "connect": false })).unwrap();
    assert_eq!(session.open(0).send, b"");
    let connect = session.encode(&json!({ "type": "connect" }), 0).unwrap();
    assert!(connect.request.is_some() && connect.bytes[0] == 0x10);
    assert_eq!(session.data(b"\x20\x02\0\0", 0).messages[0].answers, connect.request);
}

/// Packets, whole and cut.
fn packets() -> impl Strategy<Value = Vec<u8>> {
    let packet = proptest::sample::select(vec![
        &b"\x20\x02\0\0"[..],
        b"\x20\x03\0\0\0",
        b"\x32\x06\0\x01a\0\x07x",
        b"\x34\x06\0\x01a\0\x08x",
        b"\x40\x02\0\x01",
        b"\xd0\0",
        b"\x50\x02\0\x02",
        b"\x62\x02\0\x08",
        b"\x90\x03\0\x01\x80",
        b"\xe0\x02\x8b\0",
        b"\x30",
        b"\x05",
        b"\xff",
        b"\xf0\0",
    ]);
    proptest::collection::vec(packet, 0..40).prop_map(|packets| packets.concat())
}

proptest! {
    #[test]
    fn input_is_kept(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        pieces in proptest::collection::vec(1usize..40, 1..5),
        five: bool,
    ) {
        let config = json!({ "version": if five { "5" } else { "3.1.1" }, "longest_packet": 64 });
        testing::input_is_kept::<Mqtt>(&config, &bytes, &pieces);
        testing::pieces_change_nothing::<Mqtt>(&config, &bytes, &pieces);
    }

    #[test]
    fn input_is_kept_near_the_protocol(
        bytes in packets(),
        pieces in proptest::collection::vec(1usize..40, 1..5),
        five: bool,
    ) {
        let config = json!({ "version": if five { "5" } else { "3.1.1" }, "longest_packet": 64 });
        testing::input_is_kept::<Mqtt>(&config, &bytes, &pieces);
        testing::pieces_change_nothing::<Mqtt>(&config, &bytes, &pieces);
    }
}
