//! Names in any spelling: instances of services as people call them, labels with escapes. What is
//! asked, granted and denied is the name in the packet.

use serde_json::json;

use super::{native, session, shown, steady};
use crate::support::{free, nsd};

const ZONE: &str = r#"
$ORIGIN services.example.
$TTL 60
@ SOA ns.services.example. admin.services.example. 7 1 1 1 1
@ NS ns
ns A 127.0.0.1
_ipp._tcp PTR My\032Printer._ipp._tcp
My\032Printer._ipp._tcp SRV 0 0 631 ns
v1\.2\032\@\032home._ipp._tcp SRV 0 0 632 ns
Gr\195\182\195\159e._ipp._tcp SRV 0 0 633 ns
a\.b TXT "one label"
a.b TXT "two labels"
my\032host TXT "a blank"
"#;

#[test]
fn instances_and_escaped_labels_are_asked_for() {
    let server = nsd(free("127.0.0.1"), &[("services.example.", ZONE)]);
    let (mut session, port) = (session(&[server.address], "\"any\""), server.address.port().to_string());
    for (target, kind) in [
        (r"my\032printer._ipp._tcp.services.example", "SRV"),
        (r"my\ printer._ipp._tcp.services.example", "SRV"),
        ("my printer._ipp._tcp.services.example", "SRV"),
        (r"v1\.2 @ home._ipp._tcp.services.example", "SRV"),
        (r"gr\195\182\195\159e._ipp._tcp.services.example", "SRV"),
        (r"a\.b.services.example", "TXT"),
        ("a.b.services.example", "TXT"),
        (r"my\032host.services.example", "TXT"),
        (r"none\000\255.services.example", "TXT"),
    ] {
        let theirs = native("dig", &["@127.0.0.1", "-p", &port, "+nocookie", "-q", target, "-t", kind]);
        let arguments =
            json!({ "target": target, "type": kind, "server": "127.0.0.1", "options": format!("-p {port}") });
        let (ours, _) = shown(&mut session, "dig_tool", arguments);
        assert_eq!(steady(&ours), steady(&theirs), "{target}\nours:\n{ours}\ntheirs:\n{theirs}");
    }
    // An instance's name is UTF-8 in the packet, not an A-label (RFC 6763, section 4.1.3).
    let arguments = json!({ "target": "Größe._ipp._tcp.services.example", "type": "srv" });
    let (_, answer) = shown(&mut session, "dig_tool", arguments);
    assert_eq!(answer["answers"][0]["fields"]["port"], 633);
    let arguments = json!({ "target": r"My\032Printer._ipp._tcp.services.example", "type": "Srv" });
    let (text, answer) = shown(&mut session, "nslookup_tool", arguments);
    assert_eq!(answer["answers"][0]["fields"]["port"], 631);
    assert!(
        text.contains("my\\032printer._ipp._tcp.services.example\tservice = 0 0 631 ns.services.example."),
        "{text}"
    );
}

#[test]
fn a_rule_for_a_domain_grants_its_instances_and_no_others() {
    let server = nsd(free("127.0.0.1"), &[("services.example.", ZONE)]);
    let mut session = session(&[server.address], "\"*.services.example\"");
    for target in ["My Printer._ipp._tcp.services.example", r"v1\.2\032\@\032home._ipp._tcp.services.example"] {
        let (_, answer) = shown(&mut session, "dig_tool", json!({ "target": target, "type": "SRV" }));
        assert_eq!(answer["outcome"], "answer", "{target}");
    }
    // A dot in a label is no border between labels, and free text is for instances of services
    // only. What is none has its blanks escaped.
    for target in [
        "My Printer._ipp._tcp.elsewhere.example",
        r"My\032Printer._ipp._tcp\.services.example",
        r"My Printer\000._ipp._tcp.services.example",
        r"a\.b.services.example",
    ] {
        let failure = session.call("dig_tool", json!({ "target": target, "type": "SRV" })).failed("no_answer");
        assert_eq!(failure["reason"], "denied", "{target} {failure}");
    }
}
