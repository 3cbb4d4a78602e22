//! What servers sent, on loopback: mosquitto 2.0.11 and amqtt 0.12.1.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use handler_kit::{Message, Session, Value, json, testing};
use mqtt_handler::Mqtt;
use proptest::prelude::*;

const MOSQUITTO: &[u8] = include_bytes!("recorded/mosquitto-2.0.11-v4.bin");
const MOSQUITTO_5: &[u8] = include_bytes!("recorded/mosquitto-2.0.11-v5.bin");
const MOSQUITTO_REFUSES: &[u8] = include_bytes!("recorded/mosquitto-2.0.11-refused-v5.bin");
const AMQTT: &[u8] = include_bytes!("recorded/amqtt-0.12.1-v4.bin");
const AMQTT_QOS3: &[u8] = include_bytes!("recorded/amqtt-0.12.1-qos3.bin");

/// What a client sent that subscribed, published with each QoS, asked for an answer and
/// unsubscribed.
fn talk(version: &str, bytes: &[u8]) -> (Vec<Option<u64>>, Vec<Message>, Vec<u8>) {
    let mut session = Session::<Mqtt>::new(json!({ "version": version, "client_id": "bot" })).unwrap();
    session.open(0);
    let requests = [
        json!({ "type": "subscribe", "topics": [{ "filter": "t/#", "qos": 2 }, "u/+"] }),
        json!({ "type": "publish", "topic": "t/0", "payload": "zero" }),
        json!({ "type": "publish", "topic": "t/1", "payload": "one", "qos": 1, "retain": true }),
        json!({ "type": "publish", "topic": "t/2", "payload": { "base64": "/wA=" }, "qos": 2 }),
        json!({ "type": "pingreq" }),
        json!({ "type": "unsubscribe", "topics": ["t/#", "none"] }),
    ]
    .map(|message| session.encode(&message, 0).unwrap().request);
    let step = session.data(bytes, 0);
    (requests.to_vec(), step.messages, step.send)
}

#[test]
fn every_request_is_answered_once() {
    for (version, bytes) in [("3.1.1", MOSQUITTO), ("5", MOSQUITTO_5), ("3.1.1", AMQTT)] {
        let (requests, messages, _) = talk(version, bytes);
        let mut answered: Vec<u64> = messages.iter().filter_map(|message| message.answers).collect();
        answered.sort_unstable();
        assert_eq!(answered, requests.into_iter().flatten().collect::<Vec<_>>());
        let malformed = messages.iter().find(|message| message.value.get("malformed").is_some());
        assert_eq!(malformed, None);
    }
}

#[test]
fn each_message_of_qos_1_and_2_is_acknowledged() {
    let (_, messages, sent) = talk("3.1.1", MOSQUITTO);
    assert!(messages.iter().any(|message| message.value["payload"] == json!({ "base64": "/wA=" })));
    assert_eq!(sent, b"\x40\x02\0\x01\x62\x02\0\x03\x50\x02\0\x02\x70\x02\0\x02");
}

#[test]
fn mosquitto_sends_properties_unasked_and_a_reason_for_each_topic() {
    let (_, messages, _) = talk("5", MOSQUITTO_5);
    assert_eq!(messages[0].value["properties"], json!({ "topic_alias_maximum": 10, "receive_maximum": 20 }));
    let unsuback = messages.iter().find(|message| message.value["type"] == "unsuback").unwrap();
    assert_eq!(unsuback.value["results"][1], json!({ "code": 17, "reason": "no subscription existed" }));
}

#[test]
fn mosquitto_refuses_in_the_shape_of_version_5() {
    let value = &testing::messages::<Mqtt>(&json!({ "version": "5" }), MOSQUITTO_REFUSES, &[1])[0].value;
    assert_eq!((&value["code"], &value["reason"]), (&json!(135), &json!("not authorized")));
}

#[test]
fn amqtt_delivers_a_message_of_qos_0_with_the_subscriptions_qos() {
    let (_, messages, _) = talk("3.1.1", AMQTT);
    let zero = messages.iter().find(|message| message.value["payload"] == "zero").unwrap();
    assert_eq!(zero.value["qos"], 2);
}

#[test]
fn amqtt_refuses_version_5_in_the_shape_of_3_1_1() {
    // 0.12.1 says the same to level 9, and nothing at all to a CONNECT with properties.
    let value = &testing::messages::<Mqtt>(&json!({ "version": "5" }), b"\x20\x02\0\x01", &[1])[0].value;
    assert_eq!(value["reason"], "unacceptable protocol version");
}

#[test]
fn amqtt_closes_on_mqisdp_without_connack() {
    assert!(testing::messages::<Mqtt>(&json!({ "version": "3.1", "client_id": "a" }), b"", &[1]).is_empty());
}

#[test]
fn amqtt_grants_qos_3() {
    let messages = testing::messages::<Mqtt>(&json!({}), AMQTT_QOS3, &[usize::MAX]);
    let results: &Value = &messages.last().unwrap().value["results"];
    assert_eq!(results, &json!([{ "code": 3, "reason": "granted QoS 3, which does not exist" }]));
}

proptest! {
    #[test]
    fn broken_recordings_lose_nothing(
        server in 0usize..4,
        changes in proptest::collection::vec(any::<(u16, u8, u8)>(), 1..8),
    ) {
        let bytes = testing::mutated([MOSQUITTO, MOSQUITTO_5, AMQTT, AMQTT_QOS3][server], &changes);
        let config = json!({ "version": if server == 1 { "5" } else { "3.1.1" } });
        testing::input_is_kept::<Mqtt>(&config, &bytes, &[61]);
        testing::pieces_change_nothing::<Mqtt>(&config, &bytes, &[61, 1, 900]);
    }
}
