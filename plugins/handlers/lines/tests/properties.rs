//! What holds for `lines` over any input.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use handler_kit::testing::{input_is_kept, mutated, pieces_change_nothing};
use handler_kit::{Session, Value, json};
use lines_handler::Lines;
use proptest::prelude::*;

fn config() -> impl Strategy<Value = Value> {
    let ends =
        [json!("auto"), json!("crlf"), json!("lf"), json!("cr"), json!({ "text": "aab" }), json!({ "hex": "00" })];
    let encodings = ["utf-8", "latin-1", "windows-1253", "shift_jis"];
    (prop::sample::select(ends.to_vec()), prop::sample::select(encodings.to_vec()), 1usize..20)
        .prop_map(|(end, encoding, longest)| json!({ "end": end, "encoding": encoding, "longest_line": longest }))
}

/// Bytes that ends are often among.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![any::<u8>(), prop::sample::select(b"\r\nab\0".to_vec())];
    prop::collection::vec(byte, 0..200)
}

proptest! {
    #[test]
    fn any_input_is_kept(config in config(), bytes in bytes(), pieces in prop::collection::vec(1usize..30, 1..5)) {
        input_is_kept::<Lines>(&config, &bytes, &pieces);
        pieces_change_nothing::<Lines>(&config, &bytes, &pieces);
    }

    #[test]
    fn lines_that_were_changed_are_kept(
        lines in prop::collection::vec("[ -~é]{0,12}", 1..10),
        changes in prop::collection::vec(any::<(u16, u8, u8)>(), 0..6),
        pieces in prop::collection::vec(1usize..30, 1..5),
    ) {
        let config = json!({ "longest_line": 12 });
        let bytes = mutated((lines.join("\r\n") + "\n").as_bytes(), &changes);
        input_is_kept::<Lines>(&config, &bytes, &pieces);
        pieces_change_nothing::<Lines>(&config, &bytes, &pieces);
    }

    #[test]
    fn what_is_encoded_comes_back(line in "[^\r\n]{0,80}") {
        let message = json!({ "line": line });
        let mut session = Session::<Lines>::new(json!({})).unwrap();
        let bytes = session.encode(&message, 0).unwrap().bytes;
        let step = session.data(&bytes, 0);
        prop_assert_eq!(&step.messages[0].value, &message);
        prop_assert_eq!(step.messages.len(), 1);
    }
}
