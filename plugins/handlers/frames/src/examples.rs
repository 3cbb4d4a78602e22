//! Worked examples of `frames`, one of each kind.

use handler_kit::{Example, json};

/// The examples; a test runs each.
pub fn examples() -> Vec<Example> {
    vec![
        Example {
            title: "four bytes of length, the highest first",
            config: json!({}),
            outgoing: vec![
                (json!({ "frame": "ping" }), b"\0\0\0\x04ping".to_vec()),
                (json!({ "frame": { "hex": "ff 00" } }), b"\0\0\0\x02\xff\0".to_vec()),
            ],
            incoming: (
                b"\0\0\0\x04pong\0\0\0\x02\xff\0\0\0\0\0".to_vec(),
                vec![json!({ "frame": "pong" }), json!({ "frame": { "base64": "/wA=" } }), json!({ "frame": "" })],
            ),
        },
        Example {
            title: "a type of one byte, then two bytes of length that count the whole frame, the lowest first",
            config: json!({
                "length_bytes": 2, "byte_order": "little", "inclusive": true, "offset": 1, "show": "hex",
                "send_header": { "hex": "01" },
            }),
            outgoing: vec![
                (json!({ "frame": "hi" }), b"\x01\x05\0hi".to_vec()),
                (json!({ "frame": "", "header": "7f" }), b"\x7f\x03\0".to_vec()),
            ],
            incoming: (
                b"\x02\x05\0hi\x03\x02\0".to_vec(),
                vec![
                    json!({ "frame": { "hex": "6869" }, "header": "02" }),
                    json!({ "malformed": "no frame has the length 2: it counts less than itself", "at": 5 }),
                ],
            ),
        },
        Example {
            title: "a zero behind each frame",
            config: json!({ "kind": "delimiter", "delimiter": { "hex": "00" } }),
            outgoing: vec![(json!({ "frame": "{}" }), b"{}\0".to_vec())],
            incoming: (b"a\0\0b\0".to_vec(), vec![json!({"frame": "a"}), json!({"frame": ""}), json!({"frame": "b"})]),
        },
        Example {
            title: "SLIP, with ends before and behind each frame",
            config: json!({ "kind": "slip" }),
            outgoing: vec![(json!({ "frame": { "hex": "01c0" } }), b"\xc0\x01\xdb\xdc\xc0".to_vec())],
            incoming: (
                b"\xc0ab\xdb\xdd\xc0\xc0c\xc0".to_vec(),
                vec![json!({ "frame": { "base64": "YWLb" } }), json!({ "frame": "c" })],
            ),
        },
        Example {
            title: "COBS",
            config: json!({ "kind": "cobs", "show": "hex" }),
            outgoing: vec![(json!({ "frame": { "hex": "11 22 00 33" } }), b"\x03\x11\x22\x02\x33\0".to_vec())],
            incoming: (
                b"\x01\x01\x01\0\x05\x11\0\x02A\0".to_vec(),
                vec![
                    json!({ "frame": { "hex": "0000" } }),
                    json!({ "malformed": "a length within the COBS frame is wrong", "at": 4 }),
                    json!({ "frame": { "hex": "41" } }),
                ],
            ),
        },
    ]
}
