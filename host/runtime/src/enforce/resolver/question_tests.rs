//! Messages byte by byte: what is sent, and what is believed of what comes back.

use super::*;

fn question(text: &str, family: Family) -> Question {
    let mut name = Name::from_labels(text.split('.').map(str::as_bytes)).unwrap();
    name.set_fqdn(true);
    Question { name, family }
}

fn wire(text: &str) -> Vec<u8> {
    let labels = text.split('.').flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat());
    labels.chain([0]).collect()
}

/// A record of class IN: owner, type, lifetime, data.
fn record(owner: &str, kind: u8, ttl: u32, data: &[u8]) -> Vec<u8> {
    [&wire(owner)[..], &[0, kind, 0, 1], &ttl.to_be_bytes(), &(data.len() as u16).to_be_bytes(), data].concat()
}

/// An answer about `a_b.example` A: flags, code, answers, authorities.
fn answer(flags: u8, code: u8, answers: &[Vec<u8>], authorities: &[Vec<u8>]) -> Vec<u8> {
    let header =
        [0x12, 0x34, 0x80 | flags, 0x80 | code, 0, 1, 0, answers.len() as u8, 0, authorities.len() as u8, 0, 0];
    [&header[..], &wire("a_b.example"), &[0, 1, 0, 1], &answers.concat(), &authorities.concat()].concat()
}

fn read(bytes: &[u8]) -> Reply {
    question("a_b.example", Family::V4).read(bytes, 0x1234, true)
}

fn soa(ttl: u32, minimum: u32) -> Vec<u8> {
    let numbers = [1u32, 2, 3, 4, minimum].map(u32::to_be_bytes).concat();
    record("example", 6, ttl, &[&wire("ns.example")[..], &wire("me.example"), &numbers].concat())
}

#[test]
fn names_are_asked_for_as_they_are_spelt() {
    for name in ["a_b.example", "_x.example", "x_.example", "xn--mnchen-3ya.example", "3com.a--b.example"] {
        let sent = question(name, Family::V6).message(7, false).unwrap();
        let expected = [&[0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], &wire(name), &[0, 28, 0, 1]].concat();
        assert_eq!(sent, expected, "{name}");
    }
    let with = question("a_b.example", Family::V4).message(7, true).unwrap();
    assert_eq!((with[11], &with[with.len() - 11..]), (1, &[0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0][..]));
}

#[test]
fn addresses_are_read_through_aliases_in_any_order() {
    let found = answer(
        0,
        0,
        &[
            record("c.example", 1, 300, &[192, 0, 2, 1]),
            record("b.example", 5, 20, &wire("C.example")),
            record("A_B.example", 5, 100, &wire("b.example")),
            record("c.example", 1, 30, &[192, 0, 2, 2]),
            record("other.example", 1, 30, &[6, 6, 6, 6]),
        ],
        &[],
    );
    let addresses = vec!["192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap()];
    assert_eq!(read(&found), Reply::Answer(Answer::Addresses(addresses, 20)));
    let circle = answer(
        0,
        0,
        &[record("a_b.example", 5, 9, &wire("b.example")), record("b.example", 5, 9, &wire("a_b.example"))],
        &[],
    );
    assert_eq!(read(&circle), Reply::Answer(Answer::Circle));
    let own = answer(0, 0, &[record("a_b.example", 5, 9, &wire("a_b.example"))], &[]);
    assert_eq!(read(&own), Reply::Answer(Answer::Circle));
    let dangling = answer(0, 0, &[record("a_b.example", 5, 9, &wire("elsewhere.test"))], &[]);
    assert_eq!(read(&dangling), Reply::Answer(Answer::Alias(question("elsewhere.test", Family::V4).name, 9)));
}

#[test]
fn nothing_is_told_with_its_time() {
    let nothing = |exists, ttl| Reply::Answer(Answer::Nothing { exists, ttl });
    assert_eq!(read(&answer(0, 0, &[], &[soa(600, 60)])), nothing(true, Some(60)));
    assert_eq!(read(&answer(0, 3, &[], &[soa(30, 60)])), nothing(false, Some(30)));
    assert_eq!(read(&answer(0, 3, &[], &[])), nothing(false, None));
    // Addresses of the other kind are none.
    let six = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    assert_eq!(read(&answer(0, 0, &[record("a_b.example", 28, 9, &six)], &[])), nothing(true, None));
    let alias = record("a_b.example", 5, 9, &wire("gone.example"));
    assert_eq!(read(&answer(0, 3, std::slice::from_ref(&alias), &[soa(30, 60)])), nothing(false, Some(9)));
}

#[test]
fn a_server_without_edns_is_known_by_its_answer() {
    let question = question("a_b.example", Family::V4);
    let bare = b"\x12\x34\x80\x01\0\0\0\0\0\0\0\0";
    assert_eq!(question.read(bare, 0x1234, true), Reply::NoEdns);
    assert_eq!(question.read(bare, 0x1234, false), Reply::Code(ResponseCode::FormErr));
    for code in [1, 4] {
        assert_eq!(question.read(&answer(0, code, &[], &[]), 0x1234, true), Reply::NoEdns);
        // With EDNS in it, the answer means what it says.
        let mut knows = answer(0, code, &[], &[]);
        knows[11] = 1;
        knows.extend([0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(question.read(&knows, 0x1234, true), Reply::Code(ResponseCode::from(0, code)));
    }
    assert_eq!(question.read(&answer(0, 2, &[], &[]), 0x1234, true), Reply::Code(ResponseCode::ServFail));
}

#[test]
fn what_answers_another_question_is_not_ours() {
    let right = answer(0, 0, &[record("a_b.example", 1, 9, &[192, 0, 2, 1])], &[]);
    assert!(matches!(read(&right), Reply::Answer(Answer::Addresses(..))));
    let with = |at: usize, byte: u8| {
        let mut bytes = right.clone();
        bytes[at] = byte;
        read(&bytes)
    };
    // Its number, that it is an answer, its kind, its name, type and class.
    let question = 12 + wire("a_b.example").len();
    for (at, byte) in [(0, 0), (2, 0), (2, 0x88), (13, b'x'), (question + 1, 28), (question + 3, 3)] {
        assert_eq!(with(at, byte), Reply::NotOurs, "{at}");
    }
    for length in 0..right.len() {
        assert_eq!(read(&right[..length]), Reply::NotOurs, "{length}");
    }
    // One that says that it was cut may end anywhere.
    let cut = answer(2, 0, &[record("a_b.example", 1, 9, &[192, 0, 2, 1])], &[]);
    assert_eq!(read(&cut[..cut.len() - 3]), Reply::Truncated);
}

#[test]
fn an_address_of_another_class_is_none() {
    let mut chaos = record("a_b.example", 1, 9, &[192, 0, 2, 1]);
    let class = wire("a_b.example").len() + 3;
    chaos[class] = 3;
    assert_eq!(read(&answer(0, 0, &[chaos], &[])), Reply::Answer(Answer::Nothing { exists: true, ttl: None }));
}
