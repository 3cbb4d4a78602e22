//! What holds for `nmea` over any input, and over valid sentences that were changed.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use handler_kit::json;
use handler_kit::testing::{input_is_kept, mutated, pieces_change_nothing};
use nmea_handler::Nmea;
use proptest::prelude::*;

/// Sentences of several kinds, and lines of gpsd.
const LINES: &[u8] = include_bytes!("gpsd-3.22.bin");

/// A sentence with its checksum.
fn sentence(body: &str) -> Vec<u8> {
    let sum = body.bytes().skip(1).fold(0, |sum, byte| sum ^ byte);
    format!("{body}*{sum:02X}\r\n").into_bytes()
}

proptest! {
    #[test]
    fn any_input_is_kept(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"$!\\*,\r\n{}GPVDM0123".to_vec())], 0..300),
        pieces in prop::collection::vec(1usize..30, 1..5),
    ) {
        let config = json!({ "longest_line": 82 });
        input_is_kept::<Nmea>(&config, &bytes, &pieces);
        pieces_change_nothing::<Nmea>(&config, &bytes, &pieces);
    }

    #[test]
    fn sentences_that_were_changed_are_kept(
        from in 0usize..2000,
        changes in prop::collection::vec(any::<(u16, u8, u8)>(), 0..6),
        pieces in prop::collection::vec(1usize..100, 1..5),
    ) {
        let from = from.min(LINES.len());
        let bytes = mutated(&LINES[from..(from + 800).min(LINES.len())], &changes);
        for config in [json!({}), json!({ "checksum": "ignored" })] {
            input_is_kept::<Nmea>(&config, &bytes, &pieces);
            pieces_change_nothing::<Nmea>(&config, &bytes, &pieces);
        }
    }

    #[test]
    fn any_fields_are_read(
        name in prop::sample::select(vec!["GGA", "RMC", "GSA", "GSV", "VTG", "GLL", "ZDA", "GNS", "TXT", "HDG", "VDM", "VDO"]),
        fields in prop::collection::vec("[0-9.NSEWAV-]{0,12}|[ -~é]{0,6}", 0..24),
    ) {
        let bytes = sentence(&format!("$GP{name},{}", fields.join(",")));
        input_is_kept::<Nmea>(&json!({}), &bytes, &[usize::MAX]);
    }

    #[test]
    fn any_ais_payload_is_read(first in 0u8..28, rest in "[0-9:;<=>?@A-W`a-w]{0,80}", fill in 0u8..6) {
        let first = char::from(if first < 40 { first + 48 } else { first + 56 });
        let bytes = sentence(&format!("!AIVDM,1,1,,A,{first}{rest},{fill}"));
        input_is_kept::<Nmea>(&json!({}), &bytes, &[usize::MAX]);
    }
}
