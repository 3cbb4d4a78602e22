//! Answers in full, and the property that they are enforcement's: what is explained as allowed is allowed, and what is
//! suggested would be.

use proptest::prelude::*;

use super::*;

const FILE: &str = r#"[plugins.tcp]
connect = [
  "tcp://*.lab.example:5432",
  { to = "tcp://db.corp.example:22", within = ["10.0.0.0/8"] },
  "tcp://10.0.0.0/8:22",
]
[deny]
connect = ["tcp://10.0.0.13", "tcp://bad.lab.example"]
"#;

fn manifest(wants: &[&str]) -> Manifest {
    let json = serde_json::json!({
        "name": "tcp", "version": "1", "abi": crate::ABI, "kind": "plugin", "wants": { "connect": wants },
    });
    Manifest::parse_json(&json.to_string()).unwrap()
}

fn question(text: &str) -> Question {
    Question::parse(&text.split(' ').map(str::to_owned).collect::<Vec<_>>()).unwrap()
}

fn policy(text: &str) -> Policy {
    crate::parse("p.toml", text, &|_| None).unwrap()
}

fn asked(text: &str, found: Option<&[&str]>) -> Explanation {
    let found = found.map(|all| Ok(all.iter().map(|address| address.parse().unwrap()).collect()));
    explain(&policy(FILE), &manifest(&["tcp://any:*"]), &question(text), found)
}

/// The explanation as lines: the answer, the rule, each step, the hint.
fn shown(it: &Explanation) -> String {
    let mut lines = vec![format!("{}: {}", if it.allowed { "allowed" } else { "denied" }, it.summary)];
    lines.extend(it.rule.iter().map(|rule| format!("by {rule}")));
    lines.extend(it.steps.iter().map(|step| {
        let mark = match step.passed {
            Passed::Yes => '+',
            Passed::No => '-',
            Passed::Open => '?',
        };
        format!("{mark} {}: {}", step.name, step.text)
    }));
    lines.extend(it.hint.iter().map(|hint| format!("hint: {hint}")));
    lines.join("\n")
}

#[test]
fn a_covered_name_is_allowed_and_says_that_its_addresses_are_filtered() {
    assert_eq!(
        shown(&asked("connect a.lab.example:5432", None)),
        "\
allowed: plugin `tcp` may connect to `tcp://a.lab.example:5432`
by p.toml:3: tcp://*.lab.example:5432
+ deny: no deny rule covers it
+ rule: p.toml:3: tcp://*.lab.example:5432
+ manifest: the plugin's manifest wants it
? lookup: not looked up; `--resolve` does
? range: of its addresses may be dialled: public ones, unless a deny rule covers them"
    );
    let within = asked("connect db.corp.example:22", None);
    assert!(within.allowed && within.steps.last().unwrap().text.contains("those in 10.0.0.0/8"));
}

#[test]
fn every_answer_to_a_lookup_is_told() {
    assert_eq!(
        shown(&asked("connect db.corp.example:22", Some(&["10.0.0.5", "10.0.0.13", "93.184.216.34"]))),
        "\
allowed: plugin `tcp` may connect to `tcp://db.corp.example:22`
by p.toml:4: tcp://db.corp.example:22
+ deny: no deny rule covers it
+ rule: p.toml:4: tcp://db.corp.example:22
+ manifest: the plugin's manifest wants it
+ lookup: db.corp.example leads to 10.0.0.5, 10.0.0.13, 93.184.216.34
+ range: 10.0.0.5 is a private address, and kept
- deny: 10.0.0.13 is left out: a deny rule covers it, and deny wins: p.toml:8: tcp://10.0.0.13
- range: 93.184.216.34 is left out: it lies outside the networks in the rule's `within`: p.toml:4: tcp://db.corp.example:22"
    );
    let private = asked("connect a.lab.example:5432", Some(&["10.0.0.5"]));
    assert_eq!((private.allowed, private.reason), (false, Some("special-range")));
    let suggestion = "{ to = \"tcp://a.lab.example:5432\", within = [\"10.0.0.5/32\"] }";
    assert_eq!(private.suggestion.as_deref(), Some(suggestion));
    assert!(asked("resolve a.lab.example", Some(&["93.184.216.34"])).allowed);
}

#[test]
fn a_denial_names_the_step_the_line_and_what_would_help() {
    assert_eq!(
        shown(&asked("connect 10.0.0.1:23", None)),
        "\
denied: plugin `tcp` may not connect to `tcp://10.0.0.1:23`: a rule covers the host, but not the port
by p.toml:5: tcp://10.0.0.0/8:22
+ deny: no deny rule covers it
- rule: a rule covers the host, but not the port: p.toml:5: tcp://10.0.0.0/8:22
hint: `[plugins.tcp] connect = [\"tcp://10.0.0.1:23\"]` would allow it, as would the flag `--allow-connect 'tcp://10.0.0.1:23'`"
    );
    assert_eq!(
        shown(&asked("connect [::ffff:10.0.0.13]:22", None)),
        "\
denied: plugin `tcp` may not connect to `tcp://10.0.0.13:22`: a deny rule covers it, and deny wins
by p.toml:8: tcp://10.0.0.13
- deny: a deny rule covers it, and deny wins: p.toml:8: tcp://10.0.0.13
hint: only a change of the deny rule would allow it"
    );
    let bad = asked("resolve bad.lab.example", None);
    assert_eq!((bad.allowed, bad.reason), (false, Some("deny-rule")));
    let wanting = explain(&policy(FILE), &manifest(&["tcp://any:80"]), &question("connect 10.0.0.1:22"), None);
    assert_eq!(wanting.steps.last().unwrap().name, "manifest");
    assert_eq!(wanting.reason, Some("not-wanted"));
}

#[test]
fn a_lookup_is_permitted_only_where_it_would_be() {
    let (policy, manifest) = (policy(FILE), manifest(&["tcp://any:*"]));
    let permitted = |text: &str| lookup_permit(&policy, &manifest, &question(text)).is_some();
    assert!(permitted("connect a.lab.example:5432") && permitted("resolve a.lab.example"));
    for text in ["connect a.lab.example:22", "resolve other.example", "connect 10.0.0.1:22", "connect localhost:22"] {
        assert!(!permitted(text), "{text}");
    }
    // What a lookup comes to when nobody answers does not change what the policy says.
    let failed = explain(&policy, &manifest, &question("resolve a.lab.example"), Some(Err("no answer".into())));
    assert!(failed.allowed && failed.steps.last().unwrap().passed == Passed::No);
}

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
        let found = lookup_permit(&policy, &manifest, &asked).map(|_| Ok(vec![answer.parse().unwrap()]));
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
            About::Lookup { .. } => Vec::new(),
        };
        let dialled = |to: &SocketAddr| grants.decide(&Ask::Connect { protocol: Protocol::Tcp, to: *to, pins: &pins, now }).is_ok();
        let by_address_rule = asked.name().is_some() && targets.iter().any(|to| {
            grants.decide(&Ask::Connect { protocol: Protocol::Tcp, to: *to, pins: &Pins::new(), now }).is_ok()
        });
        // An address rule that happens to cover what the name leads to is a permit of its own, not the name's.
        if !by_address_rule {
            prop_assert_eq!(told.allowed, targets.iter().any(dialled), "{}", shown(&told));
        }
        prop_assert_eq!(told.allowed, told.reason.is_none());
        // What refuses is told as the last step, or as one of the answers.
        prop_assert_eq!(told.steps.iter().any(|step| step.passed == Passed::No), !told.allowed);
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
            let found = lookup_permit(policy, &manifest, &asked).map(|_| Ok(vec![answer]));
            explain(policy, &manifest, &asked, found)
        };
        let mut rules = allow;
        // The name first, where its addresses are not known; then where it may lead.
        for _ in 0..2 {
            let told = ask(&written(&rules));
            if let Some(suggestion) = &told.suggestion {
                rules.push(suggestion.clone());
            }
        }
        let told = ask(&written(&rules));
        prop_assert!(told.allowed, "{:?}\n{}", rules, shown(&told));
    }
}
