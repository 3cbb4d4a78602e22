//! The buffer against a plain vector, and encodings there and back.

#![allow(clippy::unwrap_used, missing_docs)]

use proptest::prelude::*;
use tcp_logic::buffer::ReceiveBuffer;
use tcp_logic::encoding::{Encoding, decode, encode};

#[derive(Debug, Clone)]
enum Step {
    Push(Vec<u8>),
    Clear,
    Chunks(Option<i64>, Option<i64>),
    Bytes(u64, Option<u64>),
}

fn step() -> impl Strategy<Value = Step> {
    let size = prop_oneof![Just(0usize), 1usize..10, 100usize..300, Just(70_000), Just(400_000)];
    prop_oneof![
        8 => (size, any::<u8>()).prop_map(|(size, seed)| Step::Push((0..size).map(|i| (i as u8).wrapping_mul(31).wrapping_add(seed)).collect())),
        1 => Just(Step::Clear),
        4 => (prop::option::of(-12i64..12), prop::option::of(0i64..12)).prop_map(|(index, count)| Step::Chunks(index, count)),
        4 => (0u64..900_000, prop::option::of(0u64..900_000)).prop_map(|(offset, limit)| Step::Bytes(offset, limit)),
    ]
}

/// A small buffer's boundaries never run out in these tests.
const LIMIT: usize = 8 << 20;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_buffer_is_a_list_of_chunks(steps in prop::collection::vec(step(), 0..40)) {
        let mut buffer = ReceiveBuffer::new(LIMIT);
        let (mut model, mut cleared): (Vec<Vec<u8>>, u64) = (Vec::new(), 0);
        for step in steps {
            match step {
                Step::Push(chunk) => {
                    buffer.push(&chunk);
                    if !chunk.is_empty() {
                        model.push(chunk);
                    }
                }
                Step::Clear => {
                    buffer.clear();
                    cleared += model.drain(..).map(|chunk| chunk.len() as u64).sum::<u64>();
                }
                Step::Chunks(index, count) => {
                    let held = model.len() as i64;
                    let first = match index.unwrap_or(0) {
                        index if index < 0 => (held + index).max(0),
                        index => index.min(held),
                    };
                    let last = count.map_or(held, |count| (first + count).min(held));
                    let asked = &model[first as usize..last as usize];
                    let reading = buffer.read_chunks(index, count).unwrap();
                    let expected = asked.concat();
                    let page = expected.len().min(1 << 20);
                    prop_assert_eq!(reading.pieces.concat(), &expected[..page]);
                    prop_assert_eq!(reading.more, page < expected.len());
                    let before = model[..first as usize].iter().map(|chunk| chunk.len() as u64).sum::<u64>();
                    prop_assert_eq!(reading.first_offset, cleared + before);
                    prop_assert_eq!(reading.next_offset, cleared + before + page as u64);
                    for (piece, chunk) in reading.pieces.iter().zip(asked) {
                        prop_assert!(chunk.starts_with(piece));
                    }
                }
                Step::Bytes(offset, limit) => {
                    let all = model.concat();
                    let start = (offset.max(cleared) - cleared).min(all.len() as u64);
                    let length = limit.unwrap_or(u64::MAX).min(1 << 20).min(all.len() as u64 - start);
                    let reading = buffer.read_bytes(offset, limit);
                    prop_assert_eq!(reading.pieces.concat(), &all[start as usize..(start + length) as usize]);
                    prop_assert_eq!(reading.next_offset, cleared + start + length);
                    prop_assert_eq!(reading.more, start + length < all.len() as u64);
                }
            }
            let held = model.iter().map(Vec::len).sum::<usize>();
            prop_assert_eq!((buffer.chunks(), buffer.total_bytes()), (model.len(), held));
            prop_assert_eq!((buffer.first_offset(), buffer.bytes_received()), (cleared, cleared + held as u64));
            prop_assert_eq!(buffer.space(), LIMIT.saturating_sub(held));
            prop_assert!(buffer.heap_bytes() <= held * 2 + (64 << 10) + model.len() * 16 + 4096, "{} for {}", buffer.heap_bytes(), held);
        }
    }

    #[test]
    fn pages_of_text_join_to_the_whole(data in prop::collection::vec(any::<char>(), 0..50), page in 1u64..9, chunk in 1usize..7) {
        let text: String = data.into_iter().collect();
        let mut buffer = ReceiveBuffer::default();
        let (mut at, mut shown) = (0, String::new());
        // Data arrives and is read by cursor at the same time, so that pages end in
        // the middle of characters.
        for piece in text.as_bytes().chunks(chunk) {
            buffer.push(piece);
            let read = buffer.read_bytes(at, Some(page)).text(true);
            shown.push_str(&read.strings.concat());
            at = read.next_offset;
        }
        while at < buffer.bytes_received() {
            let read = buffer.read_bytes(at, Some(page)).text(false);
            shown.push_str(&read.strings.concat());
            at = read.next_offset;
        }
        prop_assert_eq!(shown, text);
    }

    #[test]
    fn encodings_go_there_and_back(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for encoding in [Encoding::Hex, Encoding::Base64] {
            prop_assert_eq!(decode(&encode(&bytes, encoding), encoding).unwrap(), bytes.clone());
        }
        let spaced: String = bytes.iter().map(|byte| format!("0x{byte:02X} \r\n")).collect();
        prop_assert_eq!(decode(&spaced, Encoding::Hex).unwrap(), bytes.clone());
        let escaped: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        prop_assert_eq!(decode(&escaped, Encoding::Hex).unwrap(), bytes);
    }

    #[test]
    fn no_text_is_too_strange(text in any::<String>()) {
        for encoding in [Encoding::Hex, Encoding::Base64, Encoding::Utf8] {
            if let Err(error) = decode(&text, encoding) {
                prop_assert!(!error.to_string().chars().any(char::is_control));
            }
        }
        if let Err(error) = tcp_logic::pattern::Pattern::new(&text) {
            prop_assert!(!error.to_string().contains('\n'));
        }
    }
}
