//! What real servers answer, recorded on loopback: pymodbus 3.16.1, modbus_tk 1.1.5, pyModbusTCP
//! 0.3.1 and uModbus 1.0.4, each with 100 registers (three times their address) and 100 coils
//! (every third is on). A recording is the request and the answer, with their transaction numbers.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use handler_kit::{Message, Session, Step, Value, bytes_of, json};
use modbus_handler::Modbus;

fn bytes(hex: &str) -> Vec<u8> {
    bytes_of(&json!({ "hex": hex }), "hex").unwrap()
}

/// Sends the message, checks that it goes out as recorded, and gives the recorded answer.
#[track_caller]
fn ask(message: Value, request: &str, answer: &str) -> Message {
    let mut session = Session::<Modbus>::new(json!({})).unwrap();
    let encoded = session.encode(&message, 0).unwrap();
    assert_eq!(encoded.bytes[2..], bytes(request)[2..], "{message}");
    let mut answer = bytes(answer);
    assert_eq!(answer[..2], bytes(request)[..2], "the recording is of one exchange");
    answer[..2].copy_from_slice(&[0, 1]);
    let mut step: Step = session.data(&answer, 1);
    assert_eq!(step.messages.len(), 1, "{step:?}");
    let got = step.messages.remove(0);
    assert_eq!(got.answers, encoded.request, "{got:?}");
    got
}

const READ: &str = "read_holding_registers";

#[test]
fn all_four_servers_answer_reads_and_writes_alike() {
    let bits = [true, false, false, true, false, false, true, false, false, true];
    for (message, request, answer, expected) in [
        (
            json!({ "function": "read_coils", "address": 0, "count": 10 }),
            "00010000000601010000000a",
            "0001000000050101024902",
            json!({ "answer": "read_coils", "address": 0, "values": bits, "unit": 1 }),
        ),
        (
            json!({ "function": "read_discrete_inputs", "address": 0, "count": 10 }),
            "00020000000601020000000a",
            "0002000000050102024902",
            json!({ "answer": "read_discrete_inputs", "address": 0, "values": bits, "unit": 1 }),
        ),
        (
            json!({ "function": READ, "address": 0, "count": 4 }),
            "000300000006010300000004",
            "00030000000b0103080000000300060009",
            json!({ "answer": READ, "address": 0, "values": [0, 3, 6, 9], "unit": 1 }),
        ),
        (
            json!({ "function": "read_input_registers", "address": 0, "count": 2, "type": "u32" }),
            "000400000006010400000004",
            "00040000000b0104080000000300060009",
            json!({
                "answer": "read_input_registers", "address": 0, "values": [3, 393_225], "hex": "0000000300060009",
                "unit": 1,
            }),
        ),
        (
            json!({ "function": "write_coil", "address": 3, "value": true }),
            "00050000000601050003ff00",
            "00050000000601050003ff00",
            json!({ "answer": "write_coil", "address": 3, "value": true, "unit": 1 }),
        ),
        (
            json!({ "function": "write_register", "address": 1, "value": 4660 }),
            "000600000006010600011234",
            "000600000006010600011234",
            json!({ "answer": "write_register", "address": 1, "value": 4660, "unit": 1 }),
        ),
        (
            json!({
                "function": "write_coils", "address": 0,
                "values": [true, false, true, true, false, false, true, true, true, false],
            }),
            "000700000009010f0000000a02cd01",
            "000700000006010f0000000a",
            json!({ "answer": "write_coils", "address": 0, "count": 10, "unit": 1 }),
        ),
        (
            json!({ "function": "write_registers", "address": 1, "values": [10, 258] }),
            "00080000000b01100001000204000a0102",
            "000800000006011000010002",
            json!({ "answer": "write_registers", "address": 1, "count": 2, "unit": 1 }),
        ),
        (
            json!({ "function": READ, "address": 65535, "count": 2 }),
            "000d000000060103ffff0002",
            "000d00000003018302",
            json!({ "exception": "illegal_data_address", "code": 2, "function": READ, "unit": 1 }),
        ),
    ] {
        assert_eq!(ask(message, request, answer).value, expected);
    }
}

#[test]
fn pymodbus_and_modbus_tk_mask_a_register_and_the_others_do_not() {
    let message = || json!({ "function": "mask_write_register", "address": 4, "and_mask": 242, "or_mask": 37 });
    let request = "0009000000080116000400f20025";
    assert_eq!(
        ask(message(), request, request).value,
        json!({ "answer": "mask_write_register", "address": 4, "and_mask": 242, "or_mask": 37, "unit": 1 })
    );
    assert_eq!(ask(message(), request, "000900000003019601").value["exception"], "illegal_function");
}

#[test]
fn modbus_tk_reads_before_it_writes_and_the_others_write_first() {
    // Register 1 holds 10 before; the request writes 255 there and reads registers 0 and 1.
    let message = || {
        json!({
            "function": "read_write_registers", "address": 0, "count": 2, "write_address": 1, "values": [255],
        })
    };
    let request = "000a0000000d011700000002000100010200ff";
    assert_eq!(ask(message(), request, "000a00000007011704000000ff").value["values"], json!([0, 255]));
    assert_eq!(ask(message(), request, "000a000000070117040000000a").value["values"], json!([0, 10]));
}

#[test]
fn pymodbus_says_what_it_is_and_the_others_refuse_it_each_in_its_way() {
    let message = || json!({ "function": "read_device_identification" });
    let request = "000b00000005012b0e0100";
    let answer = "000b0000001e012b0e0183000003000850796d6f646275730102504d0206332e31362e31";
    assert_eq!(
        ask(message(), request, answer).value,
        json!({
            "answer": "read_device_identification",
            "objects": { "vendor_name": "Pymodbus", "product_code": "PM", "revision": "3.16.1" },
            "conformity": 131, "unit": 1,
        })
    );
    let one = json!({ "function": "read_device_identification", "object": 0 });
    let got = ask(one, "000c00000005012b0e0400", "000c00000012012b0e0483000001000850796d6f64627573");
    assert_eq!(got.value["objects"], json!({ "vendor_name": "Pymodbus" }));
    assert_eq!(ask(message(), request, "000b0000000301ab01").value["exception"], "illegal_function", "modbus_tk");
    let refused = ask(message(), request, "000b0000000301ab02").value;
    assert_eq!(refused["exception"], "illegal_data_address", "pyModbusTCP");
    assert_eq!(refused["function"], "read_device_identification");
}

#[test]
fn pymodbus_says_80_alone_for_what_it_does_not_know() {
    // Recorded for a count of 0 and for function 65, which no message asks for: the answer names no
    // function, and the transaction alone says what it is about.
    let mut session = Session::<Modbus>::new(json!({})).unwrap();
    session.encode(&json!({ "function": READ, "address": 0 }), 0).unwrap();
    let step = session.data(&bytes("000100000003018001"), 1);
    assert_eq!(
        step.messages[0].value,
        json!({ "exception": "illegal_function", "code": 1, "function": READ, "unit": 1 })
    );
    assert_eq!(step.messages[0].answers, Some(1));
}

#[test]
fn pymodbus_says_4_for_an_unknown_unit_and_for_a_broadcast() {
    let message = json!({ "function": READ, "unit": 77, "address": 0 });
    let got = ask(message, "0011000000064d0300000001", "0011000000034d8304").value;
    assert_eq!(got, json!({ "exception": "server_device_failure", "code": 4, "function": READ, "unit": 77 }));
    let got = broadcast(Some("001200000003008604"));
    assert_eq!(got[0].value["exception"], "server_device_failure");
    assert_eq!(got[0].value["broadcast"], true);
}

#[test]
fn umodbus_says_2_for_an_unknown_unit_and_for_a_broadcast() {
    let message = json!({ "function": READ, "unit": 77, "address": 0 });
    let got = ask(message, "0011000000064d0300000001", "0011000000034d8302").value;
    assert_eq!(got, json!({ "exception": "illegal_data_address", "code": 2, "function": READ, "unit": 77 }));
    let got = broadcast(Some("001200000003008602"));
    assert_eq!((&got[0].value["exception"], got[0].answers), (&json!("illegal_data_address"), None));
}

#[test]
fn modbus_tk_is_silent_for_an_unknown_unit_and_the_next_request_is_sent() {
    let mut session = Session::<Modbus>::new(json!({ "timeout_ms": 500 })).unwrap();
    session.encode(&json!({ "function": READ, "unit": 77, "address": 0 }), 0).unwrap();
    session.encode(&json!({ "function": READ, "address": 2 }), 0).unwrap();
    let step = session.tick(500);
    assert_eq!(step.messages[0].value["timeout_ms"], 500);
    assert_eq!(step.messages[0].answers, Some(1));
    assert_eq!(step.send[..2], [0, 2]);
}

#[test]
fn pymodbustcp_answers_every_unit_so_that_an_answer_proves_no_device() {
    let message = json!({ "function": READ, "unit": 77, "address": 0 });
    let got = ask(message, "0011000000064d0300000001", "0011000000054d03020000").value;
    assert_eq!(got, json!({ "answer": READ, "address": 0, "values": [0], "unit": 77 }));
}

/// A broadcast, and what comes then.
fn broadcast(answer: Option<&str>) -> Vec<Message> {
    let mut session = Session::<Modbus>::new(json!({})).unwrap();
    let message = json!({ "function": "write_register", "address": 2, "value": 21845, "broadcast": true });
    let encoded = session.encode(&message, 0).unwrap();
    assert_eq!(encoded.request, None, "nobody waits");
    assert_eq!(encoded.bytes[2..], bytes("001200000006000600025555")[2..]);
    let mut answer = answer.map(bytes).unwrap_or_default();
    if let Some(transaction) = answer.get_mut(..2) {
        transaction.copy_from_slice(&[0, 1]);
    }
    session.data(&answer, 1).messages
}

#[test]
fn modbus_tk_does_what_unit_0_says_and_says_nothing() {
    assert!(broadcast(None).is_empty());
}

#[test]
fn pymodbustcp_answers_a_broadcast_though_nobody_waits() {
    let got = broadcast(Some("001200000006000600025555"));
    assert_eq!(
        got[0].value,
        json!({ "answer": "write_register", "address": 2, "value": 21845, "unit": 0, "broadcast": true })
    );
    assert_eq!(got[0].answers, None);
}

#[test]
fn pymodbus_answers_the_first_of_two_requests_in_a_segment_so_that_one_is_sent_at_a_time() {
    // Recorded: 001400000006010300000001 and 001500000006010300010001 in one segment, and one
    // answer.
    let mut session = Session::<Modbus>::new(json!({})).unwrap();
    let first = session.encode(&json!({ "function": READ, "address": 0 }), 0).unwrap();
    let second = session.encode(&json!({ "function": READ, "address": 1 }), 0).unwrap();
    assert_eq!((first.bytes.len(), second.bytes.len()), (12, 0));
    let step = session.data(&bytes("0001000000050103020000"), 1);
    assert_eq!(step.send, bytes("000200000006010300010001"));
}

#[test]
fn modbus_tk_closes_a_request_that_pauses_so_that_each_goes_out_in_one_write() {
    let mut session = Session::<Modbus>::new(json!({})).unwrap();
    let encoded = session.encode(&json!({ "function": READ, "address": 0, "count": 125 }), 0).unwrap();
    assert_eq!(encoded.bytes.len(), 12, "header and function are together");
}

#[test]
fn modbus_tk_answers_protocol_1_with_protocol_1_which_is_no_modbus() {
    // Recorded as the answer to a request of protocol 1. pyModbusTCP resets the connection,
    // pymodbus is silent, and uModbus answers with protocol 0.
    let mut session = Session::<Modbus>::new(json!({})).unwrap();
    let step = session.data(&bytes("0016000100050103020000000100000003018302"), 0);
    assert_eq!(step.messages[0].value["malformed"], "no Modbus/TCP: protocol 1, where it is 0");
    assert_eq!(step.messages[1].value["exception"], "illegal_data_address", "it goes on behind it");
}
