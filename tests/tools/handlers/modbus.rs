//! The `modbus` handler against three real servers, and what each of them does that the others do
//! not: pymodbus, modbus_tk and pyModbusTCP.

use cofferdam_xtask::peers;
use serde_json::{Value, json};

use super::{connect, has, request, send, until, values};
use crate::support::{Server, Session, eventually};

/// A connection to the server of a script.
fn served(requirement: usize, script: &str, config: Value) -> (Server, Session) {
    let server = Server::python(peers::PYTHON_SERVERS[requirement], script, &[]);
    let mut session = Session::local();
    connect(&mut session, server.port, "modbus", config);
    (server, session)
}

fn modbus_tk(config: Value) -> (Server, Session) {
    served(3, "modbus_tk_server.py", config)
}

fn pymodbustcp() -> (Server, Session) {
    served(4, "pymodbustcp_server.py", json!({}))
}

#[track_caller]
fn answer(session: &mut Session, message: Value) -> Value {
    let told = request(session, message);
    assert_eq!(told["answered"], true, "{told}");
    values(&told).remove(0)
}

fn read(unit: u8, address: u16) -> Value {
    json!({ "function": "read_holding_registers", "unit": unit, "address": address })
}

fn broadcast(address: u16, value: u16) -> Value {
    json!({ "function": "write_register", "address": address, "value": value, "broadcast": true })
}

#[track_caller]
fn is_refused(session: &mut Session, message: Value, word: &str) {
    let arguments = json!({ "connection_id": "c", "message": message });
    let refused = session.call("tcp_send_message", arguments).failed("invalid_argument");
    assert!(refused["message"].as_str().unwrap().contains(word), "{refused}");
}

#[test]
fn unit_0_is_every_device_of_modbus_tk_and_is_asked_for_by_name() {
    let (_server, mut session) = modbus_tk(json!({}));
    has(&answer(&mut session, read(1, 7)), json!({ "values": [1007], "unit": 1 }));
    has(&answer(&mut session, read(2, 7)), json!({ "values": [2007], "unit": 2 }));
    let to_all = json!({ "function": "write_register", "unit": 0, "address": 7, "value": 42 });
    is_refused(&mut session, to_all, "broadcast");
    let nobody_answers = json!({ "function": "read_holding_registers", "address": 7, "broadcast": true });
    is_refused(&mut session, nobody_answers, "broadcast");
    has(&answer(&mut session, read(1, 7)), json!({ "values": [1007] }));
    // It changes every device, and none says so.
    assert!(send(&mut session, broadcast(7, 42))["request"].is_null());
    for unit in [1, 2] {
        has(&answer(&mut session, read(unit, 7)), json!({ "values": [42], "unit": unit }));
    }
    let all = json!({ "connection_id": "c", "after": 0, "until": 0 });
    let told = session.call("tcp_messages", all).ok();
    assert!(values(&told).iter().all(|message| message["answer"] == "read_holding_registers"), "{told}");
}

#[test]
fn modbus_tk_is_silent_for_an_unknown_unit_and_the_next_request_has_its_own_answer() {
    let (_server, mut session) = modbus_tk(json!({ "timeout_ms": 300 }));
    let asked = [read(77, 1), read(2, 3)].map(|message| {
        session.post_call("tcp_request", json!({ "connection_id": "c", "message": message, "timeout_ms": 10_000 }))
    });
    let [silent, next] = asked.map(|id| session.called(id).ok());
    has(&values(&silent)[0], json!({ "timeout_ms": 300, "unit": 77 }));
    has(&values(&next)[0], json!({ "values": [2003], "unit": 2 }));
}

#[test]
fn modbus_tk_reads_before_it_writes_and_masks_a_register() {
    let (_server, mut session) = modbus_tk(json!({}));
    let both = json!({
        "function": "read_write_registers", "address": 4, "count": 2, "write_address": 5, "values": [255],
    });
    has(&answer(&mut session, both.clone()), json!({ "answer": "read_write_registers", "values": [1004, 1005] }));
    has(&answer(&mut session, both), json!({ "values": [1004, 255] }));
    let mask = json!({ "function": "mask_write_register", "address": 5, "and_mask": 0x0f, "or_mask": 0x20 });
    has(&answer(&mut session, mask), json!({ "answer": "mask_write_register", "and_mask": 15, "or_mask": 32 }));
    has(&answer(&mut session, read(1, 5)), json!({ "values": [0x2f] }));
    let coils = json!({ "function": "write_coils", "address": 3, "values": [true, false, true] });
    has(&answer(&mut session, coils), json!({ "answer": "write_coils", "count": 3 }));
    let coils = json!({ "function": "read_coils", "address": 2, "count": 5 });
    has(&answer(&mut session, coils), json!({ "values": [false, true, false, true, false] }));
    let device = json!({ "function": "read_device_identification" });
    has(&answer(&mut session, device), json!({ "exception": "illegal_function" }));
}

#[test]
fn modbus_tk_answers_requests_that_go_out_together_and_each_gets_its_own() {
    let (_server, mut session) = modbus_tk(json!({ "in_flight": 16 }));
    let asked: Vec<_> = (0..40)
        .map(|n| {
            let message = read(1 + n % 2, u16::from(n));
            let arguments = json!({ "connection_id": "c", "message": message, "timeout_ms": 20_000 });
            (session.post_call("tcp_request", arguments), n)
        })
        .collect();
    for (id, n) in asked {
        let told = session.called(id).ok();
        let value = 1000 * (1 + u64::from(n) % 2) + u64::from(n);
        has(&values(&told)[0], json!({ "values": [value], "unit": 1 + n % 2 }));
    }
}

#[test]
fn modbus_tk_closes_on_a_request_that_pauses() {
    let (_server, mut session) = modbus_tk(json!({}));
    has(&answer(&mut session, read(1, 0)), json!({ "values": [1000] }));
    // The handler's own go out whole, as all tests here show. This is the half of one.
    session.send_text("c", "\0\u{9}\0\0\0\u{6}\u{1}");
    eventually("it closes", || session.buffer_info("c")["connected"] == false);
}

#[test]
fn pymodbustcp_answers_for_every_unit_so_that_an_answer_proves_no_device() {
    let (_server, mut session) = pymodbustcp();
    for unit in [1, 77, 255] {
        has(&answer(&mut session, read(unit, 9)), json!({ "values": [0], "unit": unit }));
    }
    let write = json!({ "function": "write_registers", "address": 9, "type": "i32", "values": [-5] });
    has(&answer(&mut session, write), json!({ "answer": "write_registers", "count": 2 }));
    let number = json!({ "function": "read_holding_registers", "unit": 77, "address": 9, "type": "i32" });
    has(&answer(&mut session, number), json!({ "values": [-5], "unit": 77 }));
    // It writes before it reads, which modbus_tk does not.
    let both = json!({
        "function": "read_write_registers", "address": 20, "count": 1, "write_address": 20, "values": [255],
    });
    has(&answer(&mut session, both), json!({ "values": [255] }));
    let mask = json!({ "function": "mask_write_register", "address": 5, "and_mask": 1, "or_mask": 2 });
    has(&answer(&mut session, mask), json!({ "exception": "illegal_function", "function": "mask_write_register" }));
    let device = json!({ "function": "read_device_identification" });
    has(&answer(&mut session, device), json!({ "exception": "illegal_data_address" }));
}

#[test]
fn pymodbustcp_answers_a_broadcast_which_is_nobodys_answer() {
    let (_server, mut session) = pymodbustcp();
    assert!(send(&mut session, broadcast(3, 7))["request"].is_null());
    let told = until(&mut session, "c", &json!({ "answer": "write_register" }));
    has(&told["message"], json!({ "unit": 0, "broadcast": true, "value": 7 }));
    assert!(told["answers"].is_null(), "{told}");
    has(&answer(&mut session, read(1, 3)), json!({ "values": [7] }));
    // What is no Modbus it answers by a reset.
    session.send_text("c", "\0\u{1}\0\u{1}\0\u{6}\u{1}\u{3}\0\0\0\u{1}");
    eventually("it closes", || session.buffer_info("c")["connected"] == false);
}

#[test]
fn modbus_registers_of_a_real_server_are_read_and_written() {
    let server = Server::python(peers::PYTHON_SERVERS[0], "modbus_server.py", &[]);
    let mut session = Session::local();
    connect(&mut session, server.port, "modbus", json!({}));
    let answer = |session: &mut Session, message: Value| {
        let told = request(session, message);
        assert_eq!(told["answered"], true, "{told}");
        values(&told).remove(0)
    };
    let read = json!({ "function": "read_holding_registers", "address": 10, "count": 3 });
    has(&answer(&mut session, read.clone()), json!({ "values": [10, 11, 12], "unit": 1 }));
    let write = json!({ "function": "write_registers", "address": 10, "type": "f32", "values": [21.5] });
    has(&answer(&mut session, write), json!({ "answer": "write_registers", "address": 10, "count": 2 }));
    let float = json!({ "function": "read_holding_registers", "address": 10, "type": "f32" });
    has(&answer(&mut session, float), json!({ "values": [21.5] }));
    let coils = json!({ "function": "read_coils", "address": 0, "count": 4 });
    has(&answer(&mut session, coils), json!({ "values": [false, true, false, true] }));
    let beyond = json!({ "function": "read_holding_registers", "address": 60_000, "count": 1 });
    has(&answer(&mut session, beyond), json!({ "exception": "illegal_data_address" }));
    // This server answers the first only of several that come in one segment: none of ours is lost.
    let asked: Vec<(u64, u64)> = (20..40)
        .map(|address| {
            let message = json!({ "function": "read_input_registers", "address": address, "count": 1 });
            (
                session.post_call(
                    "tcp_request",
                    json!({ "connection_id": "c", "message": message, "timeout_ms": 20_000 }),
                ),
                address,
            )
        })
        .collect();
    for (id, address) in asked {
        let told = session.called(id).ok();
        assert_eq!(values(&told)[0]["values"], json!([address]), "{told}");
    }
}

#[test]
fn pymodbus_says_4_for_an_unknown_unit_and_80_alone_for_what_it_does_not_know() {
    let (_server, mut session) = served(0, "modbus_server.py", json!({}));
    has(&answer(&mut session, read(77, 1)), json!({ "exception": "server_device_failure", "code": 4, "unit": 77 }));
    let device = json!({ "function": "read_device_identification" });
    let objects = json!({ "vendor_name": "Pymodbus", "product_code": "PM", "revision": "3" });
    has(&answer(&mut session, device), json!({ "objects": objects }));
    send(&mut session, broadcast(3, 7));
    let told = until(&mut session, "c", &json!({ "exception": "server_device_failure" }));
    has(&told["message"], json!({ "broadcast": true, "unit": 0 }));
    // Function 65, which no message asks for.
    session.send_text("c", "\0\u{63}\0\0\0\u{2}\u{1}\u{41}");
    let told = until(&mut session, "c", &json!({ "exception": "illegal_function" }));
    assert!(told["answers"].is_null(), "{told}");
    has(&answer(&mut session, read(1, 5)), json!({ "values": [5] }));
}
