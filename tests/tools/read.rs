//! Reading what was received: by chunks as users know it, by bytes, page by page, in each format.
//! Reading consumes nothing.

use serde_json::{Value, json};

use crate::support::{Line, Listener, Session};

/// A connection on which these pieces have arrived, each as a chunk of its own.
fn received(pieces: &[&[u8]]) -> (Session, Line) {
    let listener = Listener::new();
    let mut session = Session::local();
    session.connect(listener.port(), "c");
    let mut line = listener.accept();
    let mut total = 0;
    for piece in pieces {
        line.say(piece);
        total += piece.len() as u64;
        session.receives("c", total);
    }
    (session, line)
}

#[track_caller]
fn read(session: &mut Session, arguments: Value) -> Value {
    let mut all = json!({ "connection_id": "c" });
    all.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
    session.call("tcp_read_buffer", all).ok()
}

#[test]
fn index_and_count_count_chunks() {
    let (mut session, _line) = received(&[b"a", b"b", b"c", b"d"]);
    for (arguments, data) in [
        (json!({}), json!(["a", "b", "c", "d"])),
        (json!({ "index": 0 }), json!(["a", "b", "c", "d"])),
        (json!({ "index": 2 }), json!(["c", "d"])),
        (json!({ "index": 1, "count": 2 }), json!(["b", "c"])),
        (json!({ "count": 2 }), json!(["a", "b"])),
        (json!({ "count": 0 }), json!([])),
        (json!({ "index": 3, "count": 99 }), json!(["d"])),
        (json!({ "index": -1 }), json!(["d"])),
        (json!({ "index": -2 }), json!(["c", "d"])),
        (json!({ "index": -3, "count": 1 }), json!(["b"])),
        (json!({ "index": -99, "count": 1 }), json!(["a"])),
        (json!({ "index": 4 }), json!([])),
        (json!({ "index": 1_000_000, "count": 5 }), json!([])),
        (json!({ "index": i64::MAX }), json!([])),
    ] {
        let answer = read(&mut session, arguments.clone());
        assert_eq!(answer["data"], data, "{arguments}");
        assert_eq!(answer["chunks"], 4, "{arguments}");
        assert_eq!((&answer["connection_id"], &answer["format"]), (&json!("c"), &json!("utf-8")));
    }
    assert_eq!(session.buffer_info("c")["total_bytes"], 4, "reading consumes nothing");
}

#[test]
fn formats_show_every_byte() {
    let (mut session, _line) = received(&[b"\x00\xFFhi", b"\xfe"]);
    for (format, data) in [
        ("hex", json!(["00ff6869", "fe"])),
        ("base64", json!(["AP9oaQ==", "/g=="])),
        ("utf-8", json!(["\u{0}\u{fffd}hi", "\u{fffd}"])),
    ] {
        let answer = read(&mut session, json!({ "format": format }));
        assert_eq!((&answer["data"], &answer["format"]), (&data, &json!(format)));
    }
}

#[test]
fn a_character_that_two_segments_share_is_not_destroyed() {
    let (mut session, mut line) = received(&[b"price: 5 \xe2", b"\x82"]);
    // While its rest may come, the cursor stays before it.
    let answer = read(&mut session, json!({}));
    assert_eq!((&answer["data"], &answer["next_offset"]), (&json!(["price: 5 ", ""]), &json!(9)));
    line.say(b"\xac!");
    session.receives("c", 13);
    assert_eq!(read(&mut session, json!({}))["data"], json!(["price: 5 €", "", "!"]));
    assert_eq!(read(&mut session, json!({ "offset": 9 }))["data"], json!(["€!"]));
    assert_eq!(read(&mut session, json!({ "index": 0, "count": 1 }))["data"], json!(["price: 5 €"]));
    assert_eq!(read(&mut session, json!({ "format": "hex" }))["data"], json!(["70726963653a203520e2", "82", "ac21"]));
    // Once nothing more can come, what is no character is shown as one.
    line.say(b"\xe2\x82");
    line.end();
    session.call("tcp_wait", json!({ "connection_id": "c", "until": "close" })).ok();
    assert_eq!(session.read_text("c"), "price: 5 €!\u{fffd}");
}

#[test]
fn bytes_have_absolute_offsets() {
    let (mut session, mut line) = received(&[b"abc", b"def"]);
    let page = |answer: &Value| {
        (answer["data"].clone(), answer["offset"].clone(), answer["next_offset"].clone(), answer["more"].clone())
    };
    for (arguments, expected) in [
        (json!({ "offset": 0 }), (json!(["abcdef"]), json!(0), json!(6), json!(false))),
        (json!({ "offset": 1, "limit": 3 }), (json!(["bcd"]), json!(1), json!(4), json!(true))),
        (json!({ "limit": 2 }), (json!(["ab"]), json!(0), json!(2), json!(true))),
        (json!({ "offset": 4, "limit": 99 }), (json!(["ef"]), json!(4), json!(6), json!(false))),
        (json!({ "offset": 3, "limit": 0 }), (json!([]), json!(3), json!(3), json!(true))),
        (json!({ "offset": 99 }), (json!([]), json!(6), json!(6), json!(false))),
        (json!({ "offset": i64::MAX }), (json!([]), json!(6), json!(6), json!(false))),
    ] {
        assert_eq!(page(&read(&mut session, arguments.clone())), expected, "{arguments}");
    }
    // Offsets outlive a clear.
    session.call("tcp_clear_buffer", json!({ "connection_id": "c" })).ok();
    line.say("ghi");
    session.receives("c", 9);
    assert_eq!(page(&read(&mut session, json!({ "offset": 2 }))), (json!(["ghi"]), json!(6), json!(9), json!(false)));
}

#[test]
fn a_large_buffer_is_read_page_by_page() {
    const TOTAL: usize = 5 << 19;
    let listener = Listener::new();
    let mut session = Session::local();
    session.connect(listener.port(), "c");
    let mut line = listener.accept();
    let data: String = (0..TOTAL / 8).map(|n| format!("{n:07}\n")).collect();
    line.say(&data);
    session.receives("c", TOTAL as u64);

    let (mut all, mut offset, mut pages) = (String::new(), 0, 0);
    loop {
        let answer = read(&mut session, json!({ "offset": offset }));
        let page = answer["data"][0].as_str().unwrap();
        assert!(page.len() <= 1 << 20, "{}", page.len());
        assert_eq!(answer["offset"], offset);
        all.push_str(page);
        offset = answer["next_offset"].as_u64().unwrap();
        pages += 1;
        if answer["more"] == false {
            break;
        }
    }
    assert_eq!((pages, offset), (3, TOTAL as u64));
    assert!(all == data, "not what was sent");

    // By chunks a page ends there as well, and says where to go on.
    let first = read(&mut session, json!({}));
    let bytes: usize = first["data"].as_array().unwrap().iter().map(|chunk| chunk.as_str().unwrap().len()).sum();
    assert_eq!((bytes, &first["next_offset"], &first["more"]), (1 << 20, &json!(1 << 20), &json!(true)));
}

#[test]
fn the_two_ways_of_counting_do_not_mix() {
    let (mut session, _line) = received(&[b"abc"]);
    for arguments in [
        json!({ "connection_id": "c", "index": 0, "offset": 0 }),
        json!({ "connection_id": "c", "count": 1, "limit": 1 }),
    ] {
        let failure = session.call("tcp_read_buffer", arguments).failed("invalid_argument");
        assert!(failure["message"].as_str().unwrap().contains("`index`"), "{failure}");
    }
}
