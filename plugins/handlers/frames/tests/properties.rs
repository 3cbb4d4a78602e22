//! What holds for `frames` over any input, and over valid input that was changed.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use frames_handler::Frames;
use handler_kit::testing::{input_is_kept, messages, pieces_change_nothing};
use handler_kit::{Session, Value, json};
use proptest::prelude::*;

fn config() -> impl Strategy<Value = Value> {
    let length = (prop::sample::select(vec![1, 2, 4, 8]), any::<bool>(), any::<bool>(), 0..3u8, -3..3i32, 1usize..300)
        .prop_map(|(length_bytes, little, inclusive, offset, adjust, longest)| {
            json!({
                "length_bytes": length_bytes, "byte_order": if little { "little" } else { "big" },
                "inclusive": inclusive, "offset": offset, "adjust": adjust, "longest_frame": longest,
                "send_header": { "hex": "00".repeat(offset.into()) },
            })
        });
    let ended = (prop::sample::select(vec!["slip", "cobs", "delimiter"]), 1usize..300).prop_map(|(kind, longest)| {
        let mut config = json!({ "kind": kind, "longest_frame": longest });
        if kind == "delimiter" {
            config["delimiter"] = json!({ "text": "aab" });
        }
        config
    });
    prop_oneof![length, ended]
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![any::<u8>(), prop::sample::select(b"\0\x01\x02\xff\xc0\xdb\xdc\xddab".to_vec())];
    prop::collection::vec(byte, 0..300)
}

proptest! {
    #[test]
    fn any_input_is_kept(config in config(), bytes in payload(), pieces in prop::collection::vec(1usize..30, 1..5)) {
        input_is_kept::<Frames>(&config, &bytes, &pieces);
        pieces_change_nothing::<Frames>(&config, &bytes, &pieces);
    }

    #[test]
    fn what_is_encoded_comes_back_and_mutations_are_kept(
        config in config(),
        payloads in prop::collection::vec(payload(), 1..4),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        pieces in prop::collection::vec(1usize..30, 1..5),
    ) {
        let mut session = Session::<Frames>::new(config.clone()).unwrap();
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        for payload in payloads {
            if let Ok(encoded) = session.encode_payload(&payload, 0) {
                bytes.extend(encoded.bytes);
                expected.push(payload);
            }
        }
        let mut got: Vec<_> = messages::<Frames>(&config, &bytes, &pieces).into_iter().map(|m| m.payload).collect();
        // An empty SLIP frame is two ends, which belong to the next frame.
        if config["kind"] == "slip" {
            got.retain(|payload| payload.as_ref().is_some_and(|payload| !payload.is_empty()));
            expected.retain(|payload| !payload.is_empty());
        }
        prop_assert_eq!(got, expected.into_iter().map(Some).collect::<Vec<_>>());
        for (at, byte) in changes {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        input_is_kept::<Frames>(&config, &bytes, &pieces);
        pieces_change_nothing::<Frames>(&config, &bytes, &pieces);
    }
}
