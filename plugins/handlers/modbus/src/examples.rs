//! Worked examples of `modbus`.

use handler_kit::{Example, json};

/// The examples; a test runs each.
pub fn examples() -> Vec<Example> {
    vec![
        Example {
            title: "two holding registers",
            config: json!({}),
            outgoing: vec![(
                json!({ "function": "read_holding_registers", "address": 0, "count": 2 }),
                b"\0\x01\0\0\0\x06\x01\x03\0\0\0\x02".to_vec(),
            )],
            incoming: (
                b"\0\x01\0\0\0\x07\x01\x03\x04\0\x2a\xff\xff".to_vec(),
                vec![json!({ "answer": "read_holding_registers", "address": 0, "values": [42, 65535], "unit": 1 })],
            ),
        },
        Example {
            title: "a floating point number whose low register comes first, of a unit behind a gateway",
            config: json!({ "word_order": "low-first" }),
            outgoing: vec![(
                json!({ "function": "read_input_registers", "unit": 17, "address": 100, "type": "f32" }),
                b"\0\x01\0\0\0\x06\x11\x04\0\x64\0\x02".to_vec(),
            )],
            incoming: (
                b"\0\x01\0\0\0\x07\x11\x04\x04\0\0\x41\xac".to_vec(),
                vec![json!({
                    "answer": "read_input_registers", "address": 100, "values": [21.5], "hex": "000041ac", "unit": 17,
                })],
            ),
        },
        Example {
            title: "a coil that is not there",
            config: json!({}),
            outgoing: vec![(
                json!({ "function": "write_coil", "address": 5000, "value": true }),
                b"\0\x01\0\0\0\x06\x01\x05\x13\x88\xff\0".to_vec(),
            )],
            incoming: (
                b"\0\x01\0\0\0\x03\x01\x85\x02".to_vec(),
                vec![json!({ "exception": "illegal_data_address", "code": 2, "function": "write_coil", "unit": 1 })],
            ),
        },
        Example {
            title: "a write to every device",
            config: json!({}),
            outgoing: vec![(
                json!({ "function": "write_register", "broadcast": true, "address": 1, "value": 7 }),
                b"\0\x01\0\0\0\x06\0\x06\0\x01\0\x07".to_vec(),
            )],
            incoming: (vec![], vec![]),
        },
        Example {
            title: "text in registers, what a device says of itself, and an answer that nobody asked for",
            config: json!({ "in_flight": 2 }),
            outgoing: vec![
                (
                    json!({ "function": "write_registers", "address": 16, "type": "text", "values": "pump1" }),
                    b"\0\x01\0\0\0\x0d\x01\x10\0\x10\0\x03\x06pump1\0".to_vec(),
                ),
                (json!({ "function": "read_device_identification" }), b"\0\x02\0\0\0\x05\x01\x2b\x0e\x01\0".to_vec()),
            ],
            incoming: (
                b"\0\x02\0\0\0\x0e\x01\x2b\x0e\x01\x01\0\0\x01\0\x04ACME\0\x01\0\0\0\x06\x01\x10\0\x10\0\x03\
                  \0\x09\0\0\0\x05\x01\x03\x02\0\x01"
                    .to_vec(),
                vec![
                    json!({
                        "answer": "read_device_identification", "objects": { "vendor_name": "ACME" }, "conformity": 1,
                        "unit": 1,
                    }),
                    json!({ "answer": "write_registers", "address": 16, "count": 3, "unit": 1 }),
                    json!({ "answer": "read_holding_registers", "values": [1], "unit": 1, "unasked": 9 }),
                ],
            ),
        },
    ]
}
