//! Sockets as guests use them, by both generations of WASI: what they ask of one is answered, and
//! what they write goes out at once.

use std::io::{Read, Write};
use std::time::Duration;

use serde_json::json;

use super::with_guest;
use crate::support::{Claim, Clock, Peer, Session};

/// Answers with one byte to every forty, and to nothing less.
fn pairs() -> Peer {
    Peer::new(|mut stream| {
        let mut pair = [0; 40];
        while stream.read_exact(&mut pair).is_ok() && stream.write_all(b".").is_ok() {}
    })
}

/// With Nagle's algorithm the second piece waits for the first one's acknowledgement: 40 ms, once
/// the kernel delays those.
const ROUNDS: u64 = 100;
const MOST: Duration = Duration::from_millis(1500);

#[test]
fn small_pieces_are_sent_at_once_by_both_generations() {
    let peer = pairs();
    let mut session = with_guest("sockets");
    for std in [true, false] {
        let asked = json!({ "port": peer.port(), "count": ROUNDS, "std": std });
        let took = session.call("pairs", asked).ok()["text"].as_str().unwrap().parse().unwrap();
        assert!(Duration::from_millis(took) < MOST, "{ROUNDS} rounds took {took} ms, std {std}");
    }
}

#[test]
fn two_small_sends_of_a_client_and_an_answer_wait_for_no_acknowledgement() {
    let peer = pairs();
    let mut session = Session::local();
    session.connect(peer.port(), "c");
    let begun = Clock::start();
    for _ in 0..ROUNDS {
        session.send_text("c", "twenty bytes of text");
        session.send_text("c", "and then twenty more");
        session.call("tcp_wait", json!({ "connection_id": "c", "until": "bytes", "bytes": 1 })).ok();
    }
    begun.within(Claim::Pace, MOST);
}

#[test]
fn every_option_of_a_socket_is_answered_as_wasi_has_it() {
    let mut session = with_guest("sockets");
    let told = session.call("options", json!({})).ok()["text"].as_str().unwrap().to_owned();
    let (lately, formerly) = told.split_once('\n').unwrap();
    for part in [
        "(Err(ErrorCode::InvalidState), Err(ErrorCode::InvalidState), false, IpAddressFamily::Ipv4)",
        "(Ok(()), Ok(true)), (Ok(()), Ok(7000000000)), (Ok(()), Ok(1000000000)), (Ok(()), Ok(127))",
        "(Ok(()), Ok(7), Err(ErrorCode::InvalidArgument)), (Ok(()), Ok(9000)), (Ok(()), Ok(9000))",
        "(Err(ErrorCode::InvalidArgument), Ok(()))",
        "(Ok(()), Err(ErrorCode::InvalidState), Err(ErrorCode::AccessDenied))",
    ] {
        assert!(lately.contains(part), "{part}\nis not in\n{lately}");
    }
    for part in
        ["false, IpAddressFamily::Ipv6)", "(Ok(()), Ok(true)), (Ok(()), Ok(7000000000)), (Ok(()), Ok(1000000000))"]
    {
        assert!(formerly.contains(part), "{part}\nis not in\n{formerly}");
    }
}
