//! Answers are enforcement's: what is explained as allowed is allowed, what is suggested would be,
//! and what is told of a refusal is what is explained of it.

use std::net::SocketAddr;

use cofferdam_grants::{Name, Protocol};
use proptest::prelude::*;

use super::*;

fn rule() -> impl Strategy<Value = String> {
    let host = prop::sample::select(vec![
        "a.example",
        "*.example",
        "b.a.example",
        "any",
        "localhost",
        "10.0.0.0/8",
        "10.0.0.1",
        "127.0.0.1",
        "0.0.0.0/0",
        "93.184.216.34",
        "169.254.169.254",
        "[2001:4860::]/32",
    ]);
    let ports = prop::sample::select(vec!["*", "22", "1-100", "443"]);
    (host, ports).prop_map(|(host, ports)| format!("\"tcp://{host}:{ports}\""))
}

proptest! {
    #[test]
    fn what_is_explained_is_what_is_enforced(
        allow in prop::collection::vec(rule(), 0..4),
        deny in prop::collection::vec(rule(), 0..3),
        wants in prop::sample::select(vec!["tcp://any:*", "tcp://*.example:*", "tcp://10.0.0.0/8:22", "tcp://localhost:*"]),
        host in prop::sample::select(vec![
            "a.example", "b.a.example", "c.test", "localhost", "10.0.0.1", "10.9.9.9", "127.0.0.1", "93.184.216.34",
            "169.254.169.254", "[::1]", "[2001:4860::8888]", "[::ffff:10.0.0.1]",
        ]),
        port in prop::sample::select(vec![22u16, 80, 443, 9999]),
        answer in prop::sample::select(vec!["93.184.216.34", "10.0.0.1", "127.0.0.1"]),
    ) {
        let text = format!(
            "[plugins.tcp]\nconnect = [{}]\n[deny]\nconnect = [{}]\n", allow.join(", "), deny.join(", ")
        );
        let (policy, manifest) = (policy(&text), manifest(&[wants]));
        let grants = effective(&policy, &manifest).grants;
        let asked = question(&format!("connect {host}:{port}"));
        let found = lookup_permit(&policy, &manifest, &asked).map(|_| Observed::Addresses(Ok(vec![answer.parse().unwrap()])));
        let told = explain(&policy, &manifest, &asked, found);
        // The way of an effect, as the runtime goes it.
        let now = Moment::default();
        let mut pins = Pins::new();
        let targets: Vec<SocketAddr> = match &asked.about {
            About::Address { to, .. } => vec![*to],
            About::Name { name, .. } if name.is_localhost() => {
                vec![SocketAddr::new([127, 0, 0, 1].into(), port), SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), port)]
            }
            About::Name { name, .. } => {
                let address: IpAddr = answer.parse().unwrap();
                let looked_up = grants.decide(&Ask::Resolve { name }).is_ok();
                match grants.decide(&Ask::Pin { name, address }) {
                    Ok(permit) if looked_up => {
                        pins.insert(permit, None, now);
                        vec![SocketAddr::new(address, port)]
                    }
                    _ => Vec::new(),
                }
            }
            _ => Vec::new(),
        };
        let dialled = |to: &SocketAddr| grants.decide(&Ask::Connect { protocol: Protocol::Tcp, to: *to, zone: None, pins: &pins, now }).is_ok();
        let by_address_rule = asked.name().is_some() && targets.iter().any(|to| {
            grants.decide(&Ask::Connect { protocol: Protocol::Tcp, to: *to, zone: None, pins: &Pins::new(), now }).is_ok()
        });
        // An address rule that happens to cover what the name leads to is a permit of its own, not
        // the name's.
        if !by_address_rule {
            prop_assert_eq!(told.verdict == Verdict::Allowed, targets.iter().any(dialled), "{}", shown(&told));
        }
        let allowed = told.verdict == Verdict::Allowed;
        prop_assert_eq!(allowed, told.reason.is_none());
        // What refuses is told as the last step, or as one of the answers.
        prop_assert_eq!(told.steps.iter().any(|step| step.passed == Passed::No), !allowed);
    }

    #[test]
    fn what_is_suggested_would_allow_it(
        allow in prop::collection::vec(rule(), 0..4),
        host in prop::sample::select(vec![
            "a.example", "c.test", "localhost", "10.0.0.1", "127.0.0.1", "8.8.8.8", "169.254.169.254", "224.0.0.1", "[::1]", "[fd00::1]",
        ]),
        port in 1u16..,
        answer in prop::sample::select(vec!["93.184.216.34", "10.0.0.1", "127.0.0.1", "100.64.0.1"]),
    ) {
        let written = |rules: &[String]| policy(&format!("[plugins.tcp]\nconnect = [{}]\n", rules.join(", ")));
        let manifest = manifest(&["tcp://any:*"]);
        let asked = question(&format!("connect {host}:{port}"));
        let answer: IpAddr = answer.parse().unwrap();
        let ask = |policy: &Policy| {
            let found = lookup_permit(policy, &manifest, &asked).map(|_| Observed::Addresses(Ok(vec![answer])));
            explain(policy, &manifest, &asked, found)
        };
        let mut rules = allow;
        // The name first, where its addresses are not known; then where it may lead.
        for _ in 0..2 {
            let told = ask(&written(&rules));
            if let Some(suggestion) = &told.suggestion {
                rules.push(suggestion.entry.clone());
            }
        }
        let told = ask(&written(&rules));
        prop_assert!(told.verdict == Verdict::Allowed, "{:?}\n{}", rules, shown(&told));
    }
}

#[test]
fn what_is_told_of_a_lookup_that_is_refused_is_what_is_explained_of_the_connection() {
    let wants = [
        serde_json::json!({ "connect": ["tcp://any:*"] }),
        serde_json::json!({ "connect": ["tcp://*.lab.example:22"] }),
        serde_json::json!({ "ping": ["any"] }),
        serde_json::json!({ "connect": ["tcp://any:*"], "ping": ["any"] }),
        serde_json::json!({ "resolve": ["any"], "servers": ["any"] }),
    ];
    let policies = [
        "",
        "[defaults]\nresolve = [\"any\"]\n",
        "[defaults]\nresolve = [\"*.lab.example\"]\nping = [\"*.lab.example\"]\n",
        "[defaults]\nping = [\"any\"]\n",
        "[defaults]\nconnect = [\"tcp://other.example:*\"]\nresolve = [\"any\"]\n",
        "[defaults]\nread = [\"/var/log\"]\nresolve = [\"any\"]\n",
        "[defaults]\nresolve = [\"any\"]\n[deny]\nresolve = [\"*.lab.example\"]\n",
        "[defaults]\nconnect = [\"tcp://*.lab.example:*\"]\n[deny]\nconnect = [\"tcp://db.lab.example\"]\n",
        "[defaults]\nconnect = [\"tcp://*.lab.example:*\"]\n[deny]\nconnect = [\"tcp://db.lab.example\"]\nping = [\"db.lab.example\"]\n",
        "[deny]\nconnect = [\"tcp://*.lab.example\"]\nping = [\"my_service.example\"]\n",
    ];
    let key = |it: &Option<Advice>| it.as_ref().map(|it| it.key);
    let mut compared = 0;
    for wants in &wants {
        let json = serde_json::json!({
            "name": "x", "version": "1", "abi": crate::ABI, "kind": "plugin", "wants": wants,
        });
        let manifest = Manifest::of_json(&json.to_string()).unwrap();
        for text in policies {
            let policy = policy(text);
            let grants = effective(&policy, &manifest).grants;
            for host in ["db.lab.example", "my_service.example"] {
                let name = Name::parse(host).unwrap();
                // What a plugin meets first when it connects to a name, or pings one.
                let Err(denial) = grants.decide(&Ask::Resolve { name: &name }) else { continue };
                let met = refusal("x", &denial);
                let about = if wants.get("connect").is_some() { "connect" } else { "ping" };
                let asked = if about == "connect" { format!("connect {host}:22") } else { format!("ping {host}") };
                let told = explain(&policy, &manifest, &question(&asked), None);
                let place = format!("{asked} under {text:?} wanting {wants}: {} | {:?}", met.hint, told.hint);
                assert_eq!(told.verdict, Verdict::Denied, "{place}");
                // A plugin that only asks for names is not one that connects or pings.
                if wants.get("resolve").is_none() {
                    assert_eq!(key(&met.suggestion), key(&told.suggestion), "{place}");
                    let blamed = |reason: &str| matches!(reason, "not-wanted" | "deny-rule");
                    let codes = (denial.reason().code(), told.reason.unwrap());
                    assert_eq!(blamed(codes.0).then_some(codes.0), blamed(codes.1).then_some(codes.1), "{place}");
                    compared += 1;
                }
                // The very same ask has the very same answer.
                let same = explain(&policy, &manifest, &question(&format!("resolve {host}")), None);
                assert_eq!(same.summary, met.summary);
                assert_eq!((same.hint, same.suggestion), (Some(met.hint), met.suggestion), "{place}");
            }
        }
    }
    assert!(compared > 20, "{compared}");
}
