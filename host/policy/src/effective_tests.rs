//! Two keys for one door, and the way from a refusal back to a line.

use std::net::{IpAddr, SocketAddr};

use cofferdam_grants::{
    AbsolutePath, Ask, Denial, HandlerName, Moment, Name, Permit, Pins, Protocol, QueryName, Reason, Zone,
};
use proptest::prelude::*;

use super::*;

fn manifest(name: &str, wants: &[&str]) -> Manifest {
    let json = serde_json::json!({
        "name": name, "version": "1", "abi": crate::ABI, "kind": "plugin",
        "wants": { "connect": wants },
    });
    Manifest::of_json(&json.to_string()).unwrap()
}

fn read(text: &str) -> Policy {
    crate::parse("cofferdam.toml", text, &|_| None).unwrap()
}

fn connect(grants: &Grants, to: &str) -> Result<Permit, Denial> {
    let (protocol, pins) = (Protocol::Tcp, Pins::new());
    let to = to.parse().unwrap();
    grants.decide(&Ask::Connect { protocol, to, zone: None, pins: &pins, now: Moment::default() })
}

fn resolve(grants: &Grants, name: &str) -> Result<Permit, Denial> {
    grants.decide(&Ask::Resolve { name: &Name::parse(name).unwrap() })
}

#[test]
fn i1_an_empty_policy_grants_nothing_to_the_greediest_manifest() {
    for policy in [Policy::empty(), read(""), read("[plugins.tcp]\nlimits = { mailbox = 1 }")] {
        let own = effective(&policy, &manifest("tcp", &["tcp://any:*"]));
        assert!(own.grants.is_empty());
        assert!(connect(&own.grants, "93.184.216.34:22").is_err());
        assert!(resolve(&own.grants, "localhost").is_err());
        assert_eq!(own.unmet, ["tcp://any:*"]);
    }
}

#[test]
fn i2_the_crate_knows_no_runtime() {
    let manifest = include_str!("../Cargo.toml");
    for word in ["tokio", "wasmtime", "rmcp", "cofferdam-runtime", "cofferdam-server"] {
        assert!(!manifest.contains(word), "{word}");
    }
}

#[test]
fn i4_grants_are_the_intersection_of_policy_and_manifest() {
    let policy = read("[plugins.tcp]\nconnect = [\"tcp://10.0.0.0/8:22,80\"]");
    let wanting = |wants: &[&str]| effective(&policy, &manifest("tcp", wants));
    let both = wanting(&["tcp://10.0.0.1:22", "tcp://db.lab:22"]);
    assert!(connect(&both.grants, "10.0.0.1:22").is_ok());
    for to in ["10.0.0.1:80", "10.0.0.2:22"] {
        assert_eq!(connect(&both.grants, to).unwrap_err().reason(), Reason::NotWanted, "{to}");
    }
    assert_eq!(both.unmet, ["tcp://db.lab:22"]);
    let nothing = wanting(&[]);
    assert!(nothing.grants.is_empty() && nothing.unmet.is_empty());
    // `any` of a manifest means whatever the operator allows, special ranges included.
    let any = wanting(&["tcp://any:*"]);
    assert!(connect(&any.grants, "10.9.9.9:80").is_ok());
    assert!(any.unmet.is_empty());
}

#[test]
fn i4_one_plugins_table_serves_no_other() {
    let policy = read("[plugins.tcp]\nconnect = [\"tcp://localhost:*\"]");
    let any = &["tcp://any:*"];
    assert!(connect(&effective(&policy, &manifest("tcp", any)).grants, "127.0.0.1:1").is_ok());
    let other = effective(&policy, &manifest("tcp2", any));
    assert!(connect(&other.grants, "127.0.0.1:1").is_err());
    assert!(other.grants.is_empty());
}

#[test]
fn defaults_and_flags_serve_every_plugin_that_wants_them() {
    let mut policy = read("[defaults]\nconnect = [\"tcp://localhost:80\"]");
    policy.add_flag("--allow-connect", "tcp://10.0.0.1:80").unwrap();
    for name in ["a", "b"] {
        let own = effective(&policy, &manifest(name, &["tcp://any:80"]));
        assert!(connect(&own.grants, "127.0.0.1:80").is_ok());
        assert!(connect(&own.grants, "10.0.0.1:80").is_ok());
        assert!(effective(&policy, &manifest(name, &["tcp://any:81"])).grants.is_empty());
    }
}

#[test]
fn deny_serves_every_plugin_and_wins() {
    let mut policy =
        read("[plugins.tcp]\nconnect = [\"tcp://10.0.0.0/8:22\"]\n[deny]\nconnect = [\"tcp://10.0.0.13\"]");
    policy.add_flag("--deny-connect", "tcp://10.0.0.14").unwrap();
    let own = effective(&policy, &manifest("tcp", &["tcp://any:*"]));
    assert!(connect(&own.grants, "10.0.0.12:22").is_ok());
    for to in ["10.0.0.13:22", "[::ffff:10.0.0.13]:22", "[64:ff9b::10.0.0.13]:22", "10.0.0.14:22"] {
        let denial = connect(&own.grants, to).unwrap_err();
        assert!(matches!(denial.reason(), Reason::Denied(_)), "{to}");
    }
    let denial = connect(&own.grants, "10.0.0.13:22").unwrap_err();
    assert_eq!(
        policy.explain_denial("tcp", &denial),
        "\
plugin `tcp` may not connect to `tcp://10.0.0.13:22`: a deny rule covers it, and deny wins
rule: cofferdam.toml:4: tcp://10.0.0.13
hint: only a change of the deny rule would allow it"
    );
}

#[test]
fn a_permit_leads_back_to_its_line() {
    let policy = read("[plugins.tcp]\nconnect = [\n  \"tcp://db.lab:22\",\n  \"tcp://localhost:22\",\n]");
    let own = effective(&policy, &manifest("tcp", &["tcp://any:*"]));
    let permit = connect(&own.grants, "127.0.0.1:22").unwrap();
    let source = policy.rule(permit.rule()).unwrap();
    assert_eq!(source.to_string(), "cofferdam.toml:4: tcp://localhost:22");
    assert_eq!(source.position, Some((4, 3)));
    let denial = connect(&own.grants, "127.0.0.1:23").unwrap_err();
    assert_eq!(
        policy.explain_denial("tcp", &denial),
        "\
plugin `tcp` may not connect to `tcp://127.0.0.1:23`: a rule covers the host, but not the port
rule: cofferdam.toml:4: tcp://localhost:22
hint: `[plugins.tcp] connect = [\"tcp://127.0.0.1:23\"]` would allow it, as would the flag `--allow-connect 'tcp://127.0.0.1:23'`"
    );
}

#[test]
fn limits_of_a_plugin_stand_over_shared_ones_over_defaults() {
    let policy = read("[limits]\nmemory = \"64 MiB\"\nmailbox = 5\n[plugins.a.limits]\nmemory = \"32 MiB\"");
    let of = |name| effective(&policy, &manifest(name, &[])).limits;
    let default = Limits::default();
    assert_eq!(of("a"), Limits { memory: 32 << 20, mailbox: 5, ..default });
    assert_eq!(of("b"), Limits { memory: 64 << 20, mailbox: 5, ..default });
    assert_eq!(effective(&Policy::empty(), &manifest("a", &[])).limits, default);
    assert_eq!((default.memory, default.mailbox, default.connections), (256 << 20, 1024, 2048));
}

#[test]
fn every_loaded_handler_may_be_used_unless_the_policy_says_which() {
    let allowed = |text: &str, handler: &str| {
        let policy = crate::parse("p", text, &|_| None).unwrap();
        let wanting = r#"{"name":"tcp","version":"1","abi":"0.1.0","kind":"plugin","wants":{"handlers":["any"]}}"#;
        let grants = effective(&policy, &Manifest::of_json(wanting).unwrap()).grants;
        grants
            .decide(&Ask::Handler { name: &HandlerName::parse(handler).unwrap() })
            .map(|permit| permit.rules().to_vec())
    };
    assert_eq!(allowed("", "irc").unwrap(), [Policy::empty().implicit_rule()]);
    assert!(allowed("[plugins.tcp]\nhandlers = [\"irc\"]\n", "irc").is_ok());
    let refused = allowed("[plugins.tcp]\nhandlers = [\"irc\"]\n", "redis").unwrap_err();
    assert_eq!(refused.reason(), Reason::NoRule);
    assert!(allowed("[plugins.other]\nhandlers = [\"irc\"]\n", "redis").is_ok(), "the rule serves another plugin");
    assert!(allowed("[defaults]\nhandlers = [\"irc\"]\n", "redis").is_err());
    assert!(allowed("[deny]\nhandlers = [\"irc\"]\n", "irc").is_err());
    assert!(allowed("[deny]\nhandlers = [\"irc\"]\n", "redis").is_ok());
    assert!(allowed("[plugins.tcp]\nhandlers = []\n", "irc").is_err());
    let unwanting = effective(&Policy::empty(), &manifest("tcp", &[])).grants;
    assert!(unwanting.decide(&Ask::Handler { name: &HandlerName::parse("irc").unwrap() }).is_err());
}

#[test]
fn a_handler_gets_nothing() {
    let mut policy = Policy::empty();
    policy.add_flag("--allow-connect", "tcp://any:*").unwrap();
    let json = r#"{"name":"h","version":"1","abi":"0.1.0","kind":"handler"}"#;
    let own = effective(&policy, &Manifest::of_json(json).unwrap());
    assert!(own.grants.is_empty() && own.grants.rules().next().is_none());
}

proptest! {
    /// What the operator is told to write does allow what was refused, and nothing is suggested
    /// that the language would not take.
    #[test]
    fn a_suggestion_allows_what_was_refused(v4: u32, v6: u128, port in 1u16.., which in 0usize..6) {
        let address = match which {
            0 => IpAddr::V6(v6.into()),
            1 => IpAddr::V6((0x64ff9b_u128 << 96 | u128::from(v4)).into()),
            2 => IpAddr::V6((0x2002_u128 << 112 | u128::from(v4) << 80).into()),
            3 => "169.254.169.254".parse().unwrap(),
            _ => IpAddr::V4(v4.into()),
        };
        let to = SocketAddr::new(address, port).to_string();
        let wants = manifest("tcp", &["tcp://any:*"]);
        let denial = connect(&effective(&Policy::empty(), &wants).grants, &to).unwrap_err();
        if let Some(line) = crate::advice::refusal("x", &denial).suggestion.map(|it| it.entry) {
            let policy = read(&format!("[plugins.tcp]\nconnect = [{line}]"));
            prop_assert!(connect(&effective(&policy, &wants).grants, &to).is_ok(), "{line}");
        }
    }

    #[test]
    fn a_suggestion_for_an_answer_lets_it_be_kept_or_dialled(v4: u32, which in 0usize..4) {
        let address = match which {
            0 => IpAddr::V4((v4 >> 8 | 10 << 24).into()),
            1 => IpAddr::V6((0xfd00_u128 << 112 | u128::from(v4)).into()),
            2 => "100.100.100.200".parse().unwrap(),
            _ => IpAddr::V4(v4.into()),
        };
        let wants = manifest("tcp", &["tcp://any:*"]);
        let name = Name::parse("db.lab").unwrap();
        let pin = Ask::Pin { name: &name, address };
        let public = effective(&read("[plugins.tcp]\nconnect = [\"tcp://db.lab:22\"]"), &wants);
        if let Err(denial) = public.grants.decide(&pin) {
            let Some(line) = crate::advice::refusal("x", &denial).suggestion.map(|it| it.entry) else { return Ok(()) };
            let policy = read(&format!("[plugins.tcp]\nconnect = [{line}]"));
            let grants = effective(&policy, &wants).grants;
            let to = SocketAddr::new(address, 22).to_string();
            prop_assert!(grants.decide(&pin).is_ok() || connect(&grants, &to).is_ok(), "{line}");
        }
    }
}

/// Whether following each refusal's advice, as often as there is some, leads to a permit.
fn advised(wants: &str, asked: &dyn Fn(&Grants) -> Result<Permit, Denial>) -> Result<bool, String> {
    let json = format!(r#"{{"name":"x","version":"1","abi":"0.1.0","kind":"plugin","wants":{wants}}}"#);
    let manifest = Manifest::of_json(&json).unwrap();
    let mut lines: std::collections::BTreeMap<&str, Vec<String>> = Default::default();
    for _ in 0..3 {
        let tables: Vec<_> = lines.iter().map(|(key, rules)| format!("{key} = [{}]", rules.join(", "))).collect();
        let text = format!("[plugins.x]\n{}", tables.join("\n"));
        let mut policy = crate::parse("p.toml", &text, &|_| None).map_err(|all| format!("{text}\n{}", all[0]))?;
        policy.set_machine_servers(vec!["127.0.0.53:53".parse().unwrap()]);
        match asked(&effective(&policy, &manifest).grants) {
            Ok(_) => return Ok(true),
            Err(denial) => match crate::advice::refusal("x", &denial).suggestion {
                Some(advice) => {
                    lines.entry(advice.key).or_default().push(advice.entry);
                    lines.extend(advice.also.map(|also| (also.key, vec![also.entry])));
                }
                None => return Ok(false),
            },
        }
    }
    Err(format!("{lines:?} does not help"))
}

proptest! {
    #[test]
    fn a_suggestion_for_every_kind_of_ask_allows_it(
        v4: u32, v6: u128, port in 1u16..,
        labels in prop::collection::vec("[a-z0-9_*.\\\\ é-]{1,8}", 0..4),
        path in "(/[ -~é]{1,8}){1,4}",
        wants in prop::sample::select(vec![
            r#"{ "connect": ["tcp://any:*"] }"#,
            r#"{ "ping": ["any"] }"#,
            r#"{ "resolve": ["any"], "servers": ["any"] }"#,
            r#"{ "read": ["any"] }"#,
            r#"{ "connect": ["tcp://any:*"], "ping": ["any"], "resolve": ["any"], "servers": ["any"], "read": ["any"] }"#,
        ]),
    ) {
        let name = Name::parse("db.lab.example").unwrap();
        let query = QueryName::from_labels(&labels).unwrap();
        let wanted = |key: &str| wants.contains(key);
        let names = ["\"connect\"", "\"ping\"", "\"resolve\""].iter().any(|key| wanted(key));
        let resolved = advised(wants, &|own| own.decide(&Ask::Resolve { name: &name }));
        prop_assert!(resolved == Ok(names), "{:?}", resolved);
        for address in [IpAddr::V4(v4.into()), IpAddr::V6(v6.into()), "224.0.0.1".parse().unwrap(), "fe80::1".parse().unwrap()] {
            let six = matches!(address, IpAddr::V6(six) if six.is_unicast_link_local());
            let some = !(address.to_canonical().is_unspecified() || cofferdam_grants::is_closed(address) || address.is_multicast() && address.is_ipv6() || six);
            let pins = Pins::new();
            let pinged = advised(wants, &|own| own.decide(&Ask::Ping { to: address, zone: None, pins: &pins, now: Moment::default() }));
            prop_assert!(!some || pinged == Ok(wanted("\"ping\"")), "{address}: {:?}", pinged);
            let server = SocketAddr::new(address, port);
            let asked = advised(wants, &|own| own.decide(&Ask::Query { server, name: &query, system: own.system_servers() }));
            prop_assert!(!some || asked == Ok(wanted("\"resolve\"")), "{server} {query}: {:?}", asked);
        }
        let zone = Zone { index: 7, name: Some("eth0".into()) };
        let (pins, to) = (Pins::new(), "fe80::1".parse().unwrap());
        let linked = advised(wants, &|own| own.decide(&Ask::Ping { to, zone: Some(&zone), pins: &pins, now: Moment::default() }));
        prop_assert!(linked == Ok(wanted("\"ping\"")), "{:?}", linked);
        if let Ok(path) = AbsolutePath::parse(&path) {
            let plain = !path.to_string().contains('\\') && !path.to_string().contains("${");
            let read = advised(wants, &|own| own.decide(&Ask::Read { path: &path }));
            prop_assert!(read == Ok(wanted("\"read\"") && plain), "{path}: {:?}", read);
        }
    }
}
