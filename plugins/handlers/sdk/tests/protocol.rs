//! What a protocol's types become, and protocols that answer what they must not.

use cofferdam_handler::testing::{examples_hold, input_is_kept};
use cofferdam_handler::{Example, Failure, Handler, Next, Protocol, Session, config, handler, json, message};

#[derive(Default)]
#[config]
struct Config {
    /// How many bytes each message claims to have
    claims: usize,
}

#[message]
struct Byte {
    byte: u8,
}

/// Each message claims a length of its configuration's, which may be none, or more than there is.
struct Claims(usize);

#[handler(title = "Claims", manifest = "tests/thermometer.toml")]
impl Protocol for Claims {
    type Config = Config;
    type Incoming = Byte;
    type Outgoing = Byte;

    fn new(config: Config) -> Result<Self, Failure> {
        Ok(Self(config.claims))
    }

    fn open(&mut self, send: &mut Vec<u8>) {
        send.push(b'!');
    }

    fn next(&mut self, bytes: &[u8], _: &mut Vec<u8>) -> Next<Byte> {
        match bytes {
            [b'?', ..] => Next::Malformed(self.0, "a question".to_owned()),
            [byte, ..] => Next::Message(self.0, Byte { byte: *byte }),
            [] => Next::More,
        }
    }

    fn encode(&mut self, Byte { byte }: Byte) -> Result<Vec<u8>, Failure> {
        Ok(vec![byte])
    }

    fn examples() -> Vec<Example> {
        vec![Example {
            title: "one byte, one message",
            config: json!({ "claims": 1 }),
            outgoing: vec![(json!({ "byte": 1 }), vec![1])],
            incoming: (b"a?".to_vec(), vec![json!({ "byte": 97 }), json!({ "malformed": "a question", "at": 1 })]),
        }]
    }
}

#[test]
fn a_length_that_cannot_be_neither_ends_nor_loses_anything() {
    examples_hold::<Claims>();
    for claims in [0, 2, usize::MAX] {
        input_is_kept::<Claims>(&json!({ "claims": claims }), b"ab?c?", &[1, 3]);
    }
}

#[test]
fn the_manifest_and_the_types_say_what_it_is() {
    assert_eq!((Claims::NAME, Claims::TITLE), ("thermometer", "Claims"));
    assert_eq!(Claims::SUMMARY, "Readings of two bytes each, in tenths of a degree");
    let schemas = <Claims as Handler>::schemas();
    let [told, malformed] = &schemas.incoming["anyOf"].as_array().unwrap()[..] else { panic!("{}", schemas.incoming) };
    assert_eq!((&told["required"], &malformed["required"]), (&json!(["byte"]), &json!(["malformed", "at"])));
    assert_eq!(schemas.outgoing["required"], json!(["byte"]));
    assert_eq!((told.get("title"), schemas.outgoing.get("title")), (None, None));
}

#[test]
fn what_is_not_in_a_type_is_told_by_its_member() {
    let mut session = Session::<Claims>::new(json!({})).unwrap();
    assert_eq!(session.open(0).send, b"!");
    let told = session.encode(&json!({ "byte": 256 }), 0).unwrap_err();
    assert_eq!(told.member.as_deref(), Some("byte"));
    assert!(told.message.starts_with("invalid value: integer `256`, expected u8"), "{told}");
    let told = session.encode(&json!({}), 0).unwrap_err();
    assert_eq!((told.member.as_deref(), &*told.message), (None, "missing field `byte`"));
    assert!(Session::<Claims>::new(json!({ "clams": 1 })).is_err());
}
