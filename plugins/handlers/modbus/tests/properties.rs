//! What holds for `modbus` over any input, and over valid answers that were changed.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use handler_kit::testing::{input_is_kept, messages_after, mutated, pieces_change_nothing};
use handler_kit::{Value, json};
use modbus_handler::Modbus;
use proptest::prelude::*;

/// Requests of all functions, and the answers of a server.
fn exchange() -> (Vec<Value>, Vec<u8>) {
    let sent = vec![
        json!({ "function": "read_coils", "address": 0, "count": 10 }),
        json!({ "function": "read_holding_registers", "address": 0, "count": 2, "type": "f32" }),
        json!({ "function": "write_coils", "address": 0, "values": [true, false] }),
        json!({ "function": "mask_write_register", "address": 4, "and_mask": 1, "or_mask": 2 }),
        json!({ "function": "read_device_identification" }),
        json!({ "function": "read_input_registers", "address": 9 }),
    ];
    let bytes = b"\0\x01\0\0\0\x05\x01\x01\x02\x49\x02\
        \0\x02\0\0\0\x0b\x01\x03\x08\x41\xac\0\0\x41\xac\0\0\
        \0\x03\0\0\0\x06\x01\x0f\0\0\0\x02\
        \0\x04\0\0\0\x08\x01\x16\0\x04\0\x01\0\x02\
        \0\x05\0\0\0\x0b\x01\x2b\x0e\x01\x01\0\0\x01\0\x01A\
        \0\x06\0\0\0\x03\x01\x84\x02";
    (sent, bytes.to_vec())
}

proptest! {
    #[test]
    fn any_input_is_kept(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"\0\0\0\x01\x02\x03\x05\x83".to_vec())], 0..200),
        pieces in prop::collection::vec(1usize..30, 1..5),
    ) {
        input_is_kept::<Modbus>(&json!({}), &bytes, &pieces);
        pieces_change_nothing::<Modbus>(&json!({}), &bytes, &pieces);
    }

    #[test]
    fn answers_that_were_changed_are_kept(
        changes in prop::collection::vec(any::<(u16, u8, u8)>(), 0..4),
        pieces in prop::collection::vec(1usize..30, 1..5),
    ) {
        let (sent, bytes) = exchange();
        let config = json!({ "in_flight": 16 });
        let bytes = mutated(&bytes, &changes);
        let got = messages_after::<Modbus>(&config, &sent, &bytes, &pieces);
        prop_assert_eq!(&got, &messages_after::<Modbus>(&config, &sent, &bytes, &[usize::MAX]));
        // Each request is answered, or told as unanswered, exactly once.
        let mut numbers: Vec<u64> = got.iter().filter_map(|message| message.answers).collect();
        numbers.sort_unstable();
        prop_assert_eq!(numbers, (1..=6).collect::<Vec<u64>>());
        let mut at = 0;
        for message in &got {
            prop_assert_eq!(message.span.start, at);
            at = message.span.end;
        }
        prop_assert_eq!(at, bytes.len() as u64);
    }
}
