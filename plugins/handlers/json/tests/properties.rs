//! What holds for `json` over any input, and over valid input that was changed.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use handler_kit::testing::{input_is_kept, messages, pieces_change_nothing};
use handler_kit::{Session, Value, json};
use json_handler::Json;
use proptest::prelude::*;

fn config() -> impl Strategy<Value = Value> {
    let framings = vec!["lines", "concatenated", "sequence"];
    (prop::sample::select(framings), 1usize..40, 1usize..5).prop_map(
        |(framing, longest, deepest)| json!({ "framing": framing, "longest_document": longest, "deepest": deepest }),
    )
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,10}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((".{0,4}", inner), 0..4).prop_map(|members| members.into_iter().collect::<Value>()),
        ]
    })
}

proptest! {
    #[test]
    fn any_input_is_kept(
        config in config(),
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"{}[]\"\\:,1 \n\x1etrue".to_vec())], 0..200),
        pieces in prop::collection::vec(1usize..30, 1..5),
    ) {
        input_is_kept::<Json>(&config, &bytes, &pieces);
        pieces_change_nothing::<Json>(&config, &bytes, &pieces);
    }

    #[test]
    fn what_is_encoded_comes_back_and_mutations_are_kept(
        framing in prop::sample::select(vec!["lines", "concatenated", "sequence"]),
        documents in prop::collection::vec(document(), 1..4),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        pieces in prop::collection::vec(1usize..30, 1..5),
    ) {
        let config = json!({ "framing": framing });
        let mut session = Session::<Json>::new(config.clone()).unwrap();
        let sent: Vec<Value> = documents.into_iter().map(|document| json!({ "json": document })).collect();
        let mut bytes: Vec<u8> = sent.iter().flat_map(|message| session.encode(message, 0).unwrap().bytes).collect();
        let mut got: Vec<_> = messages::<Json>(&config, &bytes, &pieces).into_iter().map(|m| m.value).collect();
        got.retain(|message| message.get("blank").is_none());
        prop_assert_eq!(got, sent);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        input_is_kept::<Json>(&config, &bytes, &pieces);
        pieces_change_nothing::<Json>(&config, &bytes, &pieces);
    }
}
