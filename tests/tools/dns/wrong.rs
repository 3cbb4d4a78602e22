//! Arguments and options that cannot be meant: refused by name, and nothing is asked.

use serde_json::json;

use super::session;
use crate::support::{NameServer, reply};

#[test]
fn what_cannot_be_meant_is_refused_and_nothing_is_sent() {
    let server = NameServer::new(|question, _| vec![reply(question, 0, 0, &[])]);
    let mut session = session(&[server.address], "\"any\"");
    let wrong = [
        ("target", json!({ "target": "" })),
        ("target", json!({ "target": "a b.example" })),
        ("target", json!({ "target": "a@b.example" })),
        ("target", json!({ "target": " www.example" })),
        ("target", json!({ "target": r"www\" })),
        ("target", json!({ "target": r"www\256.example" })),
        ("target", json!({ "target": "https://example.com" })),
        ("target", json!({ "target": "127.1" })),
        ("server", json!({ "target": "www.example", "server": "127.0.0.1:0" })),
        ("server", json!({ "target": "www.example", "server": "127.0.0.1:54", "port": 53 })),
        ("port", json!({ "target": "www.example", "port": 0 })),
        ("port", json!({ "target": "www.example", "port": 65_536 })),
        ("timeout_ms", json!({ "target": "www.example", "timeout_ms": 0 })),
        ("timeout_ms", json!({ "target": "www.example", "timeout_ms": 60_001 })),
        ("tries", json!({ "target": "www.example", "tries": 11 })),
        ("type", json!({ "target": "192.0.2.1", "type": "A" })),
        ("type", json!({ "target": "www.example", "type": "MXX" })),
        ("type", json!({ "target": "www.example", "type": "TYPE12345" })),
        ("type", json!({ "target": "www.example", "type": "opt" })),
        ("options", json!({ "target": "www.example", "options": "-t MXX" })),
        ("options", json!({ "target": "www.example", "options": "-x" })),
        ("options", json!({ "target": "www.example", "options": "+noedns +dnssec" })),
    ];
    for (argument, arguments) in wrong {
        let failure = session.call("dig_tool", arguments.clone()).failed("invalid_argument");
        assert_eq!(failure["argument"], argument, "{arguments} {failure}");
    }
    // What ITMCP hands to dig's command line, where it reads a file, or sends what
    // it likes to whom it likes.
    for option in [
        "-f",
        "-f/etc/passwd",
        "-k",
        "-b",
        "-4",
        "+subnet=192.0.2.0/24",
        "+cookie=00",
        "+https",
        "data.evil.test",
        "@8.8.8.8",
        ";",
    ] {
        let arguments = json!({ "target": "www.example", "options": format!("+short {option}") });
        let failure = session.call("dig_tool", arguments).failed("invalid_argument");
        let message = failure["message"].as_str().unwrap();
        assert!(message.contains(&format!("`{option}` is not available")), "{message}");
    }
    // Whole zones are not asked for.
    for transfer in ["AXFR", "axfr", "TYPE252"] {
        let failure = session.call("dig_tool", json!({ "target": "www.example", "type": transfer }));
        let failure = failure.failed("invalid_argument");
        assert_eq!(failure["message"], "`type`: AXFR is not asked for: it is no record of a name");
    }
    assert_eq!(server.asked(), Vec::<Vec<u8>>::new());
}
