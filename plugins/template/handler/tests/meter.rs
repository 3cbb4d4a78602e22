//! The meter's handler: what holds for every handler, and what only it does.
use cofferdam_handler::testing::{examples_hold, input_is_kept, pieces_change_nothing};
use cofferdam_handler::{Session, json};
use meter::Meter;

#[test]
fn its_examples_are_true() {
    examples_hold::<Meter>();
}

#[test]
fn no_byte_is_lost_however_it_comes() {
    let bytes = b"volt=3.3\r\nnonsense\n\xff=1\nampere=x\n\nvolt=";
    for pieces in [1, 3, 1000] {
        input_is_kept::<Meter>(&json!({}), bytes, &[pieces]);
        pieces_change_nothing::<Meter>(&json!({}), bytes, &[pieces]);
    }
}

#[test]
fn it_answers_and_refuses_by_name() {
    let mut session = Session::<Meter>::new(json!({})).unwrap();
    assert_eq!(session.data(b"volt=1\nnonsense\n", 0).send, b"OK\n");
    let member = |message| session.encode(&message, 0).unwrap_err().member;
    let members = [json!({ "name": "a b" }), json!({ "name": 1 }), json!({ "name": "a", "nane": 1 })].map(member);
    assert_eq!(members, [Some("name".into()), Some("name".into()), Some("nane".into())]);
}
