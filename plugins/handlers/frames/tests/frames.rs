//! Each rule of `frames`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use frames_handler::Frames;
use handler_kit::testing::{examples_hold, input_is_kept, messages, pieces_change_nothing};
use handler_kit::{Session, Value, json};

fn values(config: &Value, bytes: &[u8]) -> Vec<Value> {
    for pieces in [1, 2, 3, 7] {
        pieces_change_nothing::<Frames>(config, bytes, &[pieces]);
    }
    input_is_kept::<Frames>(config, bytes, &[3]);
    messages::<Frames>(config, bytes, &[usize::MAX]).into_iter().map(|message| message.value).collect()
}

fn refused(config: Value) -> Option<String> {
    Session::<Frames>::new(config).unwrap_err().member
}

#[test]
fn the_examples_hold() {
    examples_hold::<Frames>();
}

#[test]
fn lengths_have_one_two_four_or_eight_bytes_in_both_orders() {
    for length_bytes in [1usize, 2, 4, 8] {
        for (order, inclusive) in [("big", false), ("big", true), ("little", false), ("little", true)] {
            let config = json!({ "length_bytes": length_bytes, "byte_order": order, "inclusive": inclusive });
            let mut session = Session::<Frames>::new(config.clone()).unwrap();
            let bytes = session.encode(&json!({ "frame": "abc" }), 0).unwrap().bytes;
            let mut expected = vec![0; length_bytes];
            let place = if order == "big" { length_bytes - 1 } else { 0 };
            expected[place] = if inclusive { 3 + length_bytes as u8 } else { 3 };
            expected.extend(b"abc");
            assert_eq!(bytes, expected, "{config}");
            let twice = bytes.repeat(2);
            assert_eq!(values(&config, &twice), [json!({ "frame": "abc" }), json!({ "frame": "abc" })], "{config}");
        }
    }
}

#[test]
fn a_length_may_count_something_else() {
    // The length counts itself and not the two bytes before it.
    let config = json!({ "length_bytes": 2, "offset": 2, "adjust": -2 });
    let bytes = b"AB\0\x05abc";
    assert_eq!(values(&config, bytes), [json!({ "frame": "abc", "header": "4142" })]);
    let mut session = Session::<Frames>::new(config).unwrap();
    let message = json!({ "frame": "abc", "header": "41 42" });
    assert_eq!(session.encode(&message, 0).unwrap().bytes, bytes);
    assert_eq!(session.encode_payload(b"abc", 0).unwrap_err().member.as_deref(), Some("header"));
}

#[test]
fn a_length_of_two_to_the_63_allocates_nothing() {
    let config = json!({ "length_bytes": 8 });
    let mut bytes = (1u64 << 63).to_be_bytes().to_vec();
    bytes.extend([b'x'; 10_000]);
    let got = values(&config, &bytes);
    assert_eq!(got[0]["malformed"], "the frame has 9223372036854775808 bytes, more than 1048576 (`longest_frame`)");
    assert_eq!(got[1], json!({ "malformed": "the rest of a frame that is too long", "at": 8 }));
    let most = values(&json!({ "length_bytes": 8, "inclusive": true, "adjust": 65536 }), &[0xff; 20]);
    assert_eq!(most[0]["at"], 0);
}

#[test]
fn what_comes_behind_a_frame_that_is_too_long_is_read_again() {
    let config = json!({ "length_bytes": 2, "longest_frame": 4 });
    let got = values(&config, b"\0\x05abcde\0\x02ok");
    assert_eq!(got[0]["malformed"], "the frame has 5 bytes, more than 4 (`longest_frame`)");
    assert_eq!(got[1]["at"], 2);
    assert_eq!(got[2], json!({ "frame": "ok" }));
}

#[test]
fn http_in_place_of_a_length_is_told_as_http() {
    let got = values(&json!({}), b"HTTP/1.1 400 Bad Request\r\n\r\n");
    let reason = got[0]["malformed"].as_str().unwrap();
    assert!(reason.ends_with("it looks like an HTTP response"), "{reason}");
}

#[test]
fn a_frame_that_is_not_whole_is_told_at_the_end() {
    assert_eq!(
        values(&json!({}), b"\0\0\0\x05abc"),
        [json!({ "malformed": "the connection ends within a message", "at": 0 })]
    );
}

#[test]
fn ends_without_a_frame_belong_to_the_next() {
    let slip = json!({ "kind": "slip" });
    let got = messages::<Frames>(&slip, b"\xc0\xc0\xc0a\xc0\xc0b\xc0", &[1]);
    assert_eq!(got.iter().map(|m| (m.span.start, m.span.end)).collect::<Vec<_>>(), [(0, 5), (5, 8)]);
    assert_eq!(values(&slip, b"a\xc0\xc0"), [json!({ "frame": "a" }), json!({ "frame": "" })]);
    assert_eq!(values(&json!({ "kind": "cobs" }), b"\0\0\x02a\0"), [json!({ "frame": "a" })]);
    assert_eq!(values(&slip, &[0xc0; 3000]), [json!({ "frame": "" }), json!({ "frame": "" }), json!({ "frame": "" })]);
}

#[test]
fn slip_goes_on_behind_an_escape_that_is_none() {
    let got = values(&json!({ "kind": "slip" }), b"a\xdbb\xc0a\xdb\xc0ok\xc0");
    assert_eq!(got[0], json!({ "malformed": "SLIP knows no escape of 62", "at": 0 }));
    assert_eq!(got[1], json!({ "malformed": "a SLIP frame ends within an escape", "at": 4 }));
    assert_eq!(got[2], json!({ "frame": "ok" }));
}

#[test]
fn cobs_is_as_its_authors_wrote_it() {
    // The examples of the article on COBS, and of its longest runs.
    let run: Vec<u8> = (1..=254).collect();
    let full = [b"\xff".as_slice(), &run, b"\0"].concat();
    let cases: [(&[u8], &[u8]); 6] = [
        (b"\0", b"\x01\x01\0"),
        (b"\0\0", b"\x01\x01\x01\0"),
        (b"\x11\x22\0\x33", b"\x03\x11\x22\x02\x33\0"),
        (b"\x11\0\0\0", b"\x02\x11\x01\x01\x01\0"),
        (b"", b"\x01\0"),
        (&run, &full),
    ];
    for (payload, frame) in cases {
        let config = json!({ "kind": "cobs" });
        let got = messages::<Frames>(&config, frame, &[1]);
        assert_eq!(got[0].payload.as_deref(), Some(payload), "{frame:x?}");
        let mut session = Session::<Frames>::new(config).unwrap();
        assert_eq!(session.encode_payload(payload, 0).unwrap().bytes, frame, "{payload:x?}");
    }
}

#[test]
fn a_frame_without_an_end_is_told_in_parts() {
    for kind in ["slip", "cobs", "delimiter"] {
        let mut config = json!({ "kind": kind, "longest_frame": 10 });
        if kind == "delimiter" {
            config["delimiter"] = json!({ "text": "\r\n" });
        }
        let mut bytes = vec![b'x'; 75];
        bytes.extend(b"\xc0\0\r\n");
        let got = values(&config, &bytes);
        assert!(got[0]["malformed"].as_str().unwrap().contains("longer than 10"), "{kind}: {got:?}");
        assert!(got[1]["malformed"].as_str().unwrap().starts_with("the rest"), "{kind}: {got:?}");
    }
}

#[test]
fn a_delimiter_is_not_within_a_frame_to_the_peer() {
    let mut session = Session::<Frames>::new(json!({ "kind": "delimiter", "delimiter": { "text": "aab" } })).unwrap();
    for frame in ["aab", "xaabx", "a"] {
        assert_eq!(session.encode(&json!({ "frame": frame }), 0).map_err(|error| error.member), {
            match frame {
                // The delimiter would begin one byte early.
                "a" => Ok(handler_kit::Encoded { bytes: b"aaab".to_vec(), request: None }),
                _ => Err(Some("frame".to_owned())),
            }
        });
    }
    assert!(
        values(&json!({ "kind": "delimiter", "delimiter": { "text": "aab" } }), b"aaab") == [json!({ "frame": "a" })]
    );
}

#[test]
fn messages_and_configurations_that_make_no_sense_name_their_member() {
    let mut session = Session::<Frames>::new(json!({ "length_bytes": 1 })).unwrap();
    for (message, member) in [
        (json!({ "frame": "x".repeat(256) }), Some("frame")),
        (json!({ "frame": 5 }), Some("frame")),
        (json!({}), Some("frame")),
        (json!({ "frame": "", "header": "00" }), Some("header")),
        (json!({ "frame": "", "header": 1 }), Some("header")),
        (json!({ "frame": "", "flags": 1 }), Some("flags")),
        (json!([]), None),
    ] {
        assert_eq!(session.encode(&message, 0).unwrap_err().member.as_deref(), member, "{message}");
    }
    for (config, member) in [
        (json!({ "length_bytes": 3 }), "length_bytes"),
        (json!({ "offset": 65 }), "offset"),
        (json!({ "offset": 2, "send_header": { "hex": "00" } }), "send_header"),
        (json!({ "adjust": 70000 }), "adjust"),
        (json!({ "longest_frame": 0 }), "longest_frame"),
        (json!({ "longest_frame": 1u64 << 33 }), "longest_frame"),
        (json!({ "kind": "delimiter" }), "delimiter"),
        (json!({ "delimiter": { "text": ";" } }), "delimiter"),
        (json!({ "kind": "delimiter", "delimiter": { "text": "" } }), "delimiter"),
        (json!({ "kind": "slip", "offset": 1 }), "kind"),
        (json!({ "kind": "varint" }), "handler_config"),
    ] {
        assert_eq!(refused(config.clone()).as_deref(), Some(member), "{config}");
    }
}
