//! What holds for every policy and every ask, of all kinds mixed.

use super::*;
use crate::Zone;
use crate::testing::any_rule;

const CONNECT: &[&str] = &[
    "any *",
    "any 22",
    "10.0.0.0/8 *",
    "10.0.0.1 22",
    "*.lab 22",
    "db.lab * within 10.0.0.0/8",
    "localhost *",
    "::/0 *",
];
const PING: &[&str] = &[
    "ping any",
    "ping 10.0.0.0/8",
    "ping *.lab",
    "ping db.lab within 10.0.0.0/8",
    "ping localhost",
    "ping fe80::1%eth0",
    "ping 224.0.0.1",
];
const RESOLVE: &[&str] = &["resolve any", "resolve *.lab", "resolve db.lab", "resolve 10.0.0.0/8", "resolve *.arpa"];
const SERVERS: &[&str] = &[
    "servers any",
    "servers every",
    "servers system",
    "servers 9.9.9.9:53",
    "servers 127.0.0.0/8",
    "servers 10.0.0.1",
];
const READ: &[&str] = &["read /", "read /var", "read /var/log", "read /etc/hosts"];

/// A rule of any kind, as text.
fn rule_text() -> impl Strategy<Value = &'static str> {
    let all: Vec<&str> = [CONNECT, PING, RESOLVE, SERVERS, READ].concat();
    prop::sample::select(all)
}

fn built(allow: &[&str], deny: &[&str], wants: &[&str]) -> Grants {
    crate::testing::mixed(allow, deny, wants, &["127.0.0.53:53", "10.0.0.1:53"])
}

/// Addresses that rules speak of, and others.
fn address() -> impl Strategy<Value = IpAddr> {
    let known = [
        "10.0.0.1",
        "10.9.9.9",
        "93.184.216.34",
        "127.0.0.1",
        "::1",
        "fe80::1",
        "224.0.0.1",
        "169.254.169.254",
        "64:ff9b::10.0.0.1",
        "2002:a00:1::1",
        "9.9.9.9",
        "127.0.0.53",
        "::ffff:10.0.0.1",
        "2606:4700::1111",
    ];
    prop_oneof![
        4 => prop::sample::select(known.to_vec()).prop_map(ip),
        1 => any::<u32>().prop_map(|bits| IpAddr::V4(bits.into())),
        1 => any::<u128>().prop_map(|bits| IpAddr::V6(bits.into())),
    ]
}

/// What asks are made of.
#[derive(Clone, Debug)]
struct Parts {
    address: IpAddr,
    port: u16,
    host: &'static str,
    query: &'static str,
    path: &'static str,
    zone: Option<u32>,
    now: u64,
}

fn parts() -> impl Strategy<Value = Parts> {
    (
        address(),
        prop::sample::select(vec![0u16, 22, 53, 80, 5353]),
        prop::sample::select(vec!["db.lab", "a.b.lab", "lab", "localhost", "other.example", "1.0.0.10.in-addr.arpa"]),
        prop::sample::select(vec![
            ".",
            "db.lab",
            "*.lab",
            r"x\.y.lab",
            "1.0.0.10.in-addr.arpa",
            "0.10.in-addr.arpa",
            "arpa",
        ]),
        prop::sample::select(vec!["/", "/var/log/syslog", "/var/logs", "/etc/hosts", "/root"]),
        prop::option::of(0u32..3),
        0u64..120,
    )
        .prop_map(|(address, port, host, query, path, zone, now)| Parts {
            address,
            port,
            host,
            query,
            path,
            zone,
            now,
        })
}

/// Whether an ask was allowed, and whether it was about a name that leads somewhere only once it is
/// looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Answer {
    named: bool,
    allowed: bool,
}

/// Whether each ask that can be made of the parts is allowed, in a fixed order. A bind is none of
/// them: it leads nowhere, and is allowed where there is a rule, denied altogether or not.
fn answers(own: &Grants, parts: &Parts, pins: &Pins) -> Vec<Answer> {
    let mut given = Vec::new();
    let mut ask = |ask: Ask<'_>| {
        let answer = own.decide(&ask);
        match &answer {
            Ok(permit) => assert_eq!(permit.resource(), &ask.resource()),
            Err(denial) => {
                assert_eq!(denial.resource(), &ask.resource());
                // Every refusal has its words.
                assert!(
                    denial.for_model().starts_with("denied: ")
                        && denial.for_operator("x").starts_with("plugin `x` may not ")
                );
            }
        }
        given.push(Answer { named: matches!(ask, Ask::Resolve { .. }), allowed: answer.is_ok() });
    };
    let socket = SocketAddr::new(parts.address, parts.port);
    let (name, query, path) = (name(parts.host), crate::testing::query(parts.query), crate::testing::path(parts.path));
    let zone = parts.zone.map(|index| Zone { index, name: Some("eth0".into()) });
    let now = at(parts.now);
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        for zone in [None, zone.as_ref()] {
            ask(Ask::Connect { protocol, to: socket, zone, pins, now });
        }
        ask(Ask::Listen { protocol, at: socket });
        ask(Ask::Accept { protocol, from: socket });
    }
    for zone in [None, zone.as_ref()] {
        ask(Ask::Ping { to: parts.address, zone, pins, now });
    }
    ask(Ask::Resolve { name: &name });
    ask(Ask::Pin { name: &name, address: parts.address });
    ask(Ask::Query { server: socket, name: &query, system: own.system_servers() });
    ask(Ask::Read { path: &path });
    let dial = |protocol| NameUse::Dial { protocol, name: &name, port: parts.port };
    for how in [dial(Protocol::Tcp), dial(Protocol::Udp), NameUse::Ping { name: &name }] {
        let answer = own.would_allow(&how);
        assert!(answer.as_ref().err().is_none_or(|denial| *denial.resource() == how.resource()));
        given.push(Answer { named: true, allowed: answer.is_ok() });
    }
    given
}

/// The pins that a lookup of each name to this address would leave.
fn kept(own: &Grants, address: IpAddr) -> Pins {
    let mut pins = Pins::new();
    for text in ["db.lab", "a.b.lab", "other.example"] {
        if let Ok(permit) = own.decide(&Ask::Pin { name: &name(text), address }) {
            assert!(pins.insert(permit, None, at(0)));
        }
    }
    pins
}

proptest! {
    #[test]
    fn i4_more_deny_rules_of_any_kind_never_grant_more(
        allow in prop::collection::vec(rule_text(), 0..5),
        deny in prop::collection::vec(rule_text(), 0..3),
        more in rule_text(),
        wants in prop::collection::vec(rule_text(), 0..5),
        parts in parts(),
    ) {
        let before = built(&allow, &deny, &wants);
        let after = built(&allow, &[&deny[..], &[more]].concat(), &wants);
        let pins = kept(&before, parts.address);
        for (was, is) in answers(&before, &parts, &pins).into_iter().zip(answers(&after, &parts, &pins)) {
            prop_assert!(was.allowed || !is.allowed);
        }
        // And every allow rule that the two alone show to be denied altogether is as good as not
        // there.
        let left: Vec<&str> = allow.iter().copied().filter(|own| !any_rule(more).denies_all_of(&any_rule(own))).collect();
        let servers = |rules: &[&str]| rules.iter().any(|rule| rule.starts_with("servers"));
        if servers(&left) == servers(&allow) {
            let without = built(&left, &[&deny[..], &[more]].concat(), &wants);
            let pins = Pins::new();
            // A name whose every address is denied may still be looked up.
            let effects = |own| answers(own, &parts, &pins).into_iter().filter(|it| !it.named).collect::<Vec<_>>();
            prop_assert_eq!(effects(&after), effects(&without));
        }
    }

    #[test]
    fn i4_nothing_is_granted_that_the_manifest_does_not_want(
        allow in prop::collection::vec(rule_text(), 0..5), parts in parts(),
    ) {
        let own = built(&allow, &[], &[]);
        let pins = kept(&built(&allow, &[], &allow), parts.address);
        prop_assert!(own.is_empty());
        prop_assert!(answers(&own, &parts, &pins).into_iter().all(|answer| !answer.allowed));
    }

    #[test]
    fn more_allow_rules_take_nothing_away(
        allow in prop::collection::vec(rule_text(), 0..5),
        deny in prop::collection::vec(rule_text(), 0..3),
        // A first rule for servers is the exception: without one, those of the host are meant.
        more in prop::sample::select([CONNECT, PING, RESOLVE, READ].concat()),
        wants in prop::collection::vec(rule_text(), 0..5),
        parts in parts(),
    ) {
        let before = built(&allow, &deny, &wants);
        let after = built(&[&allow[..], &[more]].concat(), &deny, &wants);
        let pins = kept(&before, parts.address);
        for (was, is) in answers(&before, &parts, &pins).into_iter().zip(answers(&after, &parts, &pins)) {
            prop_assert!(!was.allowed || is.allowed);
        }
    }

    #[test]
    fn what_is_offered_may_be_had(
        allow in prop::collection::vec(rule_text(), 0..5),
        deny in prop::collection::vec(rule_text(), 0..3),
        wants in prop::collection::vec(rule_text(), 0..5),
    ) {
        let own = built(&allow, &deny, &wants);
        for root in own.read_roots() {
            let readable = own.decide(&Ask::Read { path: &root }).is_ok();
            prop_assert!(readable);
        }
        if own.read_roots().is_empty() {
            for text in ["/", "/var/log/syslog", "/etc/hosts"] {
                let refused = own.decide(&Ask::Read { path: &crate::testing::path(text) }).is_err();
                prop_assert!(refused);
            }
        }
        let texts = [".", "db.lab", "1.0.0.10.in-addr.arpa"].map(crate::testing::query);
        let named = texts.iter().any(|name| {
            let denied = own.resolve_denies().any(|(_, deny)| deny.denies(name));
            !denied && own.resolves().any(|(_, rule)| rule.covers(name)) && own.resolve_wants().any(|want| want.covers(name))
        });
        for server in own.servers(own.system_servers()) {
            let asked = texts.iter().any(|name| own.decide(&Ask::Query { server, name, system: own.system_servers() }).is_ok());
            prop_assert_eq!(asked, named, "{}", server);
        }
    }
}
