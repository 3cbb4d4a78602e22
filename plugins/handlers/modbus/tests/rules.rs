//! Each rule of `modbus`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use handler_kit::testing::{examples_hold, input_is_kept, messages, pieces_change_nothing};
use handler_kit::{Reason, Session, Step, Value, json};
use modbus_handler::Modbus;

fn session(config: Value) -> Session<Modbus> {
    Session::new(config).unwrap()
}

fn read(address: u16) -> Value {
    json!({ "function": "read_holding_registers", "address": address })
}

/// An answer to `read`, of this transaction.
fn answer(transaction: u8, value: u8) -> Vec<u8> {
    vec![0, transaction, 0, 0, 0, 5, 1, 3, 2, 0, value]
}

/// The values and the numbers of the requests that are answered.
fn answered(step: &Step) -> Vec<(Value, Option<u64>)> {
    step.messages.iter().map(|message| (message.value.clone(), message.answers)).collect()
}

#[test]
fn the_examples_hold() {
    examples_hold::<Modbus>();
}

#[test]
fn each_function_has_its_bytes() {
    for (message, pdu) in [
        (json!({ "function": "read_coils", "address": 19, "count": 37 }), "0100130025"),
        (json!({ "function": "read_discrete_inputs", "address": 196, "count": 22 }), "0200c40016"),
        (json!({ "function": "read_holding_registers", "address": 107, "count": 3 }), "03006b0003"),
        (json!({ "function": "read_input_registers", "address": 8 }), "0400080001"),
        (json!({ "function": "read_input_registers", "address": 8, "type": "f64", "count": 2 }), "0400080008"),
        (json!({ "function": "write_coil", "address": 172, "value": true }), "0500acff00"),
        (json!({ "function": "write_coil", "address": 172, "value": false }), "0500ac0000"),
        (json!({ "function": "write_register", "address": 1, "value": 3 }), "0600010003"),
        (json!({ "function": "write_register", "address": 1, "value": -1, "type": "i16" }), "060001ffff"),
        (
            json!({ "function": "write_coils", "address": 19,
                    "values": [true, false, true, true, false, false, true, true, true, false] }),
            "0f0013000a02cd01",
        ),
        (json!({ "function": "write_registers", "address": 1, "values": [10, 258] }), "100001000204000a0102"),
        (
            json!({ "function": "write_registers", "address": 1, "type": "u32", "values": [1], "word_order": "low-first" }),
            "10000100020400010000",
        ),
        (json!({ "function": "mask_write_register", "address": 4, "and_mask": 242, "or_mask": 37 }), "16000400f20025"),
        (
            json!({ "function": "read_write_registers", "address": 3, "count": 6, "write_address": 14,
                    "values": [255, 255, 255] }),
            "1700030006000e00030600ff00ff00ff",
        ),
        (json!({ "function": "read_device_identification" }), "2b0e0100"),
        (json!({ "function": "read_device_identification", "category": "extended", "object": 128 }), "2b0e0380"),
        (json!({ "function": "read_device_identification", "object": 4 }), "2b0e0404"),
    ] {
        let bytes = session(json!({})).encode(&message, 0).unwrap().bytes;
        assert_eq!(handler_kit::hex(&bytes[7..]), pdu, "{message}");
        assert_eq!(usize::from(bytes[5]), bytes.len() - 6, "{message}");
    }
}

#[test]
fn what_makes_no_request_is_refused_by_its_member() {
    let read = "read_holding_registers";
    for (message, member) in [
        (json!("read"), None),
        (json!({}), Some("function")),
        (json!({ "function": "read" }), Some("function")),
        (json!({ "function": 3 }), Some("function")),
        (json!({ "function": read }), Some("address")),
        (json!({ "function": read, "address": 65536 }), Some("address")),
        (json!({ "function": read, "address": -1 }), Some("address")),
        (json!({ "function": read, "address": 0, "count": 0 }), Some("count")),
        (json!({ "function": read, "address": 0, "count": 126 }), Some("count")),
        (json!({ "function": read, "address": 0, "count": 63, "type": "f32" }), Some("count")),
        (json!({ "function": "read_coils", "address": 0, "count": 2001 }), Some("count")),
        (json!({ "function": read, "address": 0, "value": 1 }), Some("value")),
        (json!({ "function": read, "address": 0, "type": "u8" }), Some("type")),
        (json!({ "function": read, "address": 0, "word_order": "big" }), Some("word_order")),
        (json!({ "function": read, "address": 0, "unit": 256 }), Some("unit")),
        (json!({ "function": "write_coil", "address": 0, "value": 1 }), Some("value")),
        (json!({ "function": "write_register", "address": 0, "value": 65536 }), Some("value")),
        (json!({ "function": "write_register", "address": 0, "value": 1, "type": "f32" }), Some("type")),
        (json!({ "function": "write_coils", "address": 0, "values": [] }), Some("values")),
        (json!({ "function": "write_coils", "address": 0, "values": [true, 1] }), Some("values[1]")),
        (json!({ "function": "write_coils", "address": 0, "values": vec![true; 1969] }), Some("values")),
        (json!({ "function": "write_registers", "address": 0, "values": [1, -1] }), Some("values[1]")),
        (json!({ "function": "write_registers", "address": 0, "values": vec![0; 124] }), Some("values")),
        (json!({ "function": "mask_write_register", "address": 0, "and_mask": 1 }), Some("or_mask")),
        (json!({ "function": "read_device_identification", "category": "all" }), Some("category")),
        (json!({ "function": "read_device_identification", "object": 256 }), Some("object")),
    ] {
        assert_eq!(session(json!({})).encode(&message, 0).unwrap_err().member.as_deref(), member, "{message}");
    }
    for (config, member) in [
        (json!({ "unit": 0 }), "unit"),
        (json!({ "timeout_ms": 9 }), "timeout_ms"),
        (json!({ "in_flight": 17 }), "in_flight"),
        (json!({ "turnaround_ms": 60001 }), "turnaround_ms"),
        (json!({ "word_order": "big" }), "handler_config"),
    ] {
        assert_eq!(Session::<Modbus>::new(config).unwrap_err().member.as_deref(), Some(member));
    }
}

#[test]
fn unit_0_is_written_to_only_where_the_message_says_so() {
    let write = |members: Value| {
        let mut message = json!({ "function": "write_register", "address": 1, "value": 2 });
        message.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        session(json!({})).encode(&message, 0)
    };
    assert_eq!(write(json!({ "unit": 0 })).unwrap_err().member.as_deref(), Some("broadcast"));
    assert_eq!(write(json!({ "unit": 5, "broadcast": true })).unwrap_err().member.as_deref(), Some("broadcast"));
    for members in [json!({ "unit": 0, "broadcast": true }), json!({ "broadcast": true })] {
        let encoded = write(members).unwrap();
        assert_eq!((encoded.bytes[6], encoded.request), (0, None), "nobody has to answer");
    }
    let message = json!({ "function": "read_coils", "address": 1, "broadcast": true });
    assert_eq!(session(json!({})).encode(&message, 0).unwrap_err().member.as_deref(), Some("broadcast"));
}

#[test]
fn one_request_is_on_its_way_and_the_others_wait() {
    let mut session = session(json!({ "timeout_ms": 100 }));
    let first = session.encode(&read(1), 0).unwrap();
    let second = session.encode(&read(2), 0).unwrap();
    assert_eq!((first.bytes.len(), first.request), (12, Some(1)));
    assert_eq!((second.bytes.len(), second.request), (0, Some(2)));
    assert_eq!(session.due(), Some(100));
    let step = session.data(&answer(1, 42), 50);
    assert_eq!(
        answered(&step),
        [(json!({ "answer": "read_holding_registers", "address": 1, "values": [42], "unit": 1 }), Some(1))]
    );
    assert_eq!(handler_kit::hex(&step.send), "000200000006010300020001", "the second is sent, in one write");
    assert_eq!(step.tick, Some(150));
}

#[test]
fn a_request_that_nobody_answers_lets_the_next_one_go() {
    let mut session = session(json!({ "timeout_ms": 100 }));
    session.encode(&read(1), 0).unwrap();
    session.encode(&read(2), 10).unwrap();
    assert_eq!(session.tick(99).messages, []);
    let step = session.tick(100);
    assert_eq!(
        answered(&step),
        [(json!({ "unanswered": "read_holding_registers", "unit": 1, "address": 1, "timeout_ms": 100 }), Some(1))]
    );
    assert_eq!(step.send[..2], [0, 2]);
    // The answer comes late: it is nobody's, and says so.
    let step = session.data(&answer(1, 7), 120);
    assert_eq!(answered(&step)[0].0["late"], true);
    assert_eq!(answered(&step)[0].0["address"], 1);
    assert_eq!(answered(&step)[0].1, None);
    assert_eq!(answered(&session.data(&answer(2, 8), 130))[0].1, Some(2));
}

#[test]
fn several_may_be_on_their_way_and_are_paired_by_transaction() {
    let mut session = session(json!({ "in_flight": 2 }));
    assert!(!session.encode(&read(1), 0).unwrap().bytes.is_empty());
    assert!(!session.encode(&read(2), 0).unwrap().bytes.is_empty());
    assert!(session.encode(&read(3), 0).unwrap().bytes.is_empty());
    let step = session.data(&[answer(2, 22), answer(1, 11)].concat(), 1);
    let got: Vec<_> = answered(&step).into_iter().map(|(value, request)| (value["address"].clone(), request)).collect();
    assert_eq!(got, [(json!(2), Some(2)), (json!(1), Some(1))]);
    assert_eq!(step.send[..2], [0, 3]);
}

#[test]
fn a_broadcast_is_given_time_before_the_next_request() {
    let mut session = session(json!({ "turnaround_ms": 50 }));
    let write = json!({ "function": "write_coil", "address": 0, "value": true, "broadcast": true });
    assert!(!session.encode(&write, 0).unwrap().bytes.is_empty());
    assert!(session.encode(&read(1), 10).unwrap().bytes.is_empty());
    assert_eq!(session.due(), Some(50));
    let step = session.tick(50);
    assert_eq!(step.send.len(), 12);
    assert!(step.messages.is_empty());
}

#[test]
fn what_waits_is_bounded_and_told_at_the_end() {
    let mut session = session(json!({}));
    for number in 1..=65 {
        assert_eq!(session.encode(&read(1), 0).unwrap().request, Some(number));
    }
    assert!(session.encode(&read(1), 0).unwrap_err().message.contains("64 requests wait"));
    let step = session.close(Reason::Broken, 1);
    assert_eq!(step.messages.len(), 65);
    assert_eq!(step.messages[64].answers, Some(65));
    assert_eq!(step.messages[0].value["closed"], true);
}

#[test]
fn an_answer_that_does_not_fit_its_request_is_malformed_and_ends_its_wait() {
    for (pdu, words) in [
        ("0402002a", "the answer is of read_input_registers"),
        ("03040000002a", "wrong length"),
        ("0303002a", "wrong length"),
        ("0301", "wrong length"),
        ("8402", "the exception is of function 4"),
        ("83", "an exception has one byte"),
        ("63aa", "function 99"),
    ] {
        let mut session = session(json!({}));
        session.encode(&read(1), 0).unwrap();
        let pdu = handler_kit::bytes_of(&json!({ "hex": pdu }), "").unwrap();
        let mut bytes = vec![0, 1, 0, 0, 0, pdu.len() as u8 + 1, 1];
        bytes.extend(&pdu);
        let step = session.data(&bytes, 0);
        let (value, request) = &answered(&step)[0];
        assert!(value["malformed"].as_str().unwrap().contains(words), "{value}");
        assert_eq!(*request, Some(1));
    }
}

#[test]
fn another_protocol_is_told_as_what_it_is() {
    let got = messages::<Modbus>(&json!({}), b"HTTP/1.1 400 Bad Request\r\n\r\n", &[1]);
    assert_eq!(got.len(), 2);
    assert!(got[0].value["malformed"].as_str().unwrap().ends_with("it looks like an HTTP response"), "{got:?}");
    assert_eq!(got[0].span.end, 7, "it is told when the header is there");
    for bytes in [&b"\0\x01\0\0\xff\xff\x01\x03"[..], b"\0\x01\0\0\0\x01\x01\x03", b"\0\x01\0\x02\0\x03\x01\x83\x01"] {
        input_is_kept::<Modbus>(&json!({}), bytes, &[2]);
        pieces_change_nothing::<Modbus>(&json!({}), bytes, &[2]);
    }
}

#[test]
fn an_answer_to_a_request_that_still_waits_is_unasked() {
    let mut session = session(json!({}));
    let first = session.encode(&read(0), 0).unwrap();
    let second = session.encode(&read(1), 0).unwrap();
    assert!(second.bytes.is_empty(), "one request is without an answer at a time");
    // Both come together: the second cannot be of a request that goes out because of the first.
    let step = session.data(&[answer(1, 7), answer(2, 8)].concat(), 1);
    let value = |value: u8| json!({ "answer": "read_holding_registers", "address": 0, "values": [value], "unit": 1 });
    assert_eq!(answered(&step)[0], (value(7), first.request));
    assert_eq!(step.messages[1].value["unasked"], 2);
    assert_eq!(step.messages[1].answers, None);
    assert_eq!(step.send[..2], [0, 2], "the second request goes out now");
    assert_eq!(session.data(&answer(2, 9), 2).messages[0].answers, second.request);
}
