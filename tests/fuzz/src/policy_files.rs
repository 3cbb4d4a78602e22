//! Policy files: any text is read or refused, each mistake stands at a place that the file has, and
//! what is read can be asked anything.

use std::net::{IpAddr, SocketAddr};

use cofferdam_grants::{AbsolutePath, Ask, AtPath, Moment, Name, NameUse, Pins, Protocol, QueryName, RuleId};
use cofferdam_policy::{Diagnostic, Manifest, Observed, Policy, Question, Verdict, check, effective, explain, parse};

/// A plugin that wants everything of every kind.
const GREEDIEST: &str = r#"name = "tcp"
version = "1"
abi = "0.1.0"
kind = "plugin"
[wants]
connect = ["tcp://any:*"]
ping = ["any"]
resolve = ["any"]
servers = ["any"]
read = ["any"]
"#;

/// A plugin that wants to connect anywhere.
pub(crate) const GREEDY: &str = r#"name = "tcp"
version = "1"
abi = "0.1.0"
kind = "plugin"
[wants]
connect = ["tcp://any:*"]
"#;

/// Any bytes, as the text of a policy and, where it is that, of a manifest.
pub fn target(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    if let Err(why) = Manifest::parse_toml(text) {
        assert!(crate::is_plain(&why), "{why:?}");
    }
    let env = |name: &str| match name {
        "LAB" => Some("lab.example".to_owned()),
        "RULE" => Some("tcp://10.0.0.1:22\"]\nconnect = [\"tcp://any:*".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    };
    let checked = check("policy.toml", text, &env, &["tcp"]);
    checked.found.iter().for_each(|found| stands_in(text, found));
    match parse("policy.toml", text, &env) {
        Ok(policy) => asked(&policy),
        Err(mistakes) => {
            assert!(!mistakes.is_empty(), "a refusal says why");
            assert!(checked.policy.is_none(), "a file with mistakes is not used");
            mistakes.iter().for_each(|mistake| stands_in(text, mistake));
            let told = |mistake: &Diagnostic| checked.found.contains(mistake);
            assert!(mistakes.iter().all(told), "`check` tells every mistake");
        }
    }
}

/// The place of a mistake is one that the text has, and its words do nothing to a terminal.
fn stands_in(text: &str, found: &Diagnostic) {
    let line = found.line.unwrap_or_else(|| panic!("no line: {found}"));
    let lines: Vec<&str> = text.split('\n').collect();
    assert!((1..=lines.len()).contains(&line), "line {line} of {}: {found}", lines.len());
    let columns = lines[line - 1].chars().count() + 1;
    assert!((1..=columns).contains(&found.column), "column {} of {columns}: {found}", found.column);
    let shown = found.to_string();
    assert!(crate::is_plain(&shown), "{shown:?}");
    assert!(!found.message.is_empty() && !found.message.contains('\n'), "{shown:?}");
}

/// Everything can be asked of it, by every kind of plugin, and its rules know where they stand.
fn asked(policy: &Policy) {
    let _ = policy.warnings().iter().map(ToString::to_string).collect::<String>();
    let Ok(mut manifest) = Manifest::parse_toml(GREEDIEST) else { panic!("the greedy manifest is one") };
    let names: Vec<String> = policy.plugins().map(|(name, _)| name.to_owned()).collect();
    for name in names.iter().map(String::as_str).chain(["tcp"]) {
        manifest.name = name.to_owned();
        let effective = effective(policy, &manifest);
        for granted in effective.grants.rules() {
            let source = policy.rule(granted.id).unwrap_or_else(|| panic!("a rule from nowhere: {}", granted.rule));
            assert!(source.position.is_some_and(|(line, column)| line > 0 && column > 0));
        }
        for port in [0, 22, u16::MAX] {
            for address in ["10.0.0.1", "93.184.216.34", "169.254.169.254", "::1", "::ffff:127.0.0.1", "2002:a00:1::"] {
                let Ok(address) = address.parse::<IpAddr>() else { continue };
                let (to, pins) = (SocketAddr::new(address, port), Pins::new());
                let ask = Ask::Connect { protocol: Protocol::Tcp, to, zone: None, pins: &pins, now: Moment::default() };
                if let Err(denial) = effective.grants.decide(&ask) {
                    assert!(crate::is_plain(&policy.explain_denial(name, &denial)));
                }
            }
            for host in ["localhost", "db.lab.example", "lab.example"] {
                let Ok(host) = Name::parse(host) else { continue };
                let _ = effective.grants.would_allow(&NameUse::Dial { protocol: Protocol::Tcp, name: &host, port });
            }
        }
        for root in effective.grants.read_roots() {
            assert!(effective.grants.decide(&Ask::Read { path: &root }).is_ok(), "{root} is offered and not given");
        }
        for path in ["/", "/etc/hosts", "/var/log/syslog"] {
            let Ok(path) = AbsolutePath::parse(path) else { panic!("`{path}` is a path") };
            let _ = effective.grants.decide(&Ask::Read { path: &path });
        }
        for (server, asked) in
            [("10.0.0.1:53", "."), ("[::1]:5353", "db.lab.example"), ("9.9.9.9:53", "1.0.0.10.in-addr.arpa")]
        {
            let (Ok(server), Ok(asked)) = (server.parse::<SocketAddr>(), QueryName::parse(asked)) else { continue };
            if let Err(denial) =
                effective.grants.decide(&Ask::Query { server, name: &asked, system: effective.grants.system_servers() })
            {
                assert!(crate::is_plain(&policy.explain_denial(name, &denial)));
            }
            let ping = Ask::Ping { to: server.ip(), zone: None, pins: &Pins::new(), now: Moment::default() };
            if let Err(denial) = effective.grants.decide(&ping) {
                assert!(crate::is_plain(&policy.explain_denial(name, &denial)));
            }
        }
        assert!(policy.idle(&[&manifest]).iter().all(|idle| crate::is_plain(&idle.to_string())));
        let questions = [
            ["connect", "db.lab.example:22"],
            ["connect", "10.0.0.1:22"],
            ["resolve", "lab.example"],
            ["ping", "db.lab.example"],
            ["ping", "224.0.0.1"],
            ["query", ".@10.0.0.1"],
            ["read", "/var/log"],
            ["listen", "22"],
        ];
        for question in questions {
            let Ok(question) = Question::parse(&question.map(str::to_owned)) else { panic!("{question:?} is one") };
            let addresses = [Ok(vec![IpAddr::from([10, 0, 0, 5])]), Err("no".to_owned())].map(Observed::Addresses);
            let files = [AtPath::Refused("own-file"), AtPath::Nothing("nothing is there now")].map(Observed::File);
            for found in addresses.into_iter().chain(files).map(Some).chain([None]) {
                let answer = explain(policy, &manifest, &question, found);
                assert!(
                    crate::is_plain(&answer.summary) && (answer.verdict == Verdict::Allowed) == answer.reason.is_none()
                );
            }
        }
    }
    assert!(policy.rule(RuleId::new(0, u32::MAX)).is_none());
    let canonical = policy.canonical(&|settings| settings.len().to_string());
    assert!(canonical.lines().all(crate::is_plain), "{canonical:?}");
}
