//! Answers in full. That they are enforcement's is `explain_property_tests.rs`.

#[path = "explain_property_tests.rs"]
mod property_tests;

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
    Manifest::of_json(&json.to_string()).unwrap()
}

fn question(text: &str) -> Question {
    Question::parse(&text.split(' ').map(str::to_owned).collect::<Vec<_>>()).unwrap()
}

fn policy(text: &str) -> Policy {
    crate::parse("p.toml", text, &|_| None).unwrap()
}

fn asked(text: &str, found: Option<&[&str]>) -> Explanation {
    let found = found.map(|all| Observed::Addresses(Ok(all.iter().map(|address| address.parse().unwrap()).collect())));
    explain(&policy(FILE), &manifest(&["tcp://any:*"]), &question(text), found)
}

fn verdict(it: &Explanation) -> &'static str {
    match it.verdict {
        Verdict::Allowed => "allowed",
        Verdict::Denied => "denied",
        Verdict::Unresolved => "unresolved",
    }
}

/// The explanation as lines: the answer, the rule, each step, the hint.
fn shown(it: &Explanation) -> String {
    let mut lines = vec![format!("{}: {}", verdict(it), it.summary)];
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
    assert!(within.verdict == Verdict::Allowed && within.steps.last().unwrap().text.contains("those in 10.0.0.0/8"));
}

#[test]
fn every_answer_to_a_lookup_is_told() {
    assert_eq!(
        shown(&asked("connect db.corp.example:22", Some(&["10.0.0.5", "10.0.0.13", "93.184.216.34"]))),
        "\
allowed: plugin `tcp` may connect to `tcp://db.corp.example:22`
by p.toml:4: tcp://db.corp.example:22 within 10.0.0.0/8
+ deny: no deny rule covers it
+ rule: p.toml:4: tcp://db.corp.example:22 within 10.0.0.0/8
+ manifest: the plugin's manifest wants it
+ lookup: db.corp.example leads to 10.0.0.5, 10.0.0.13, 93.184.216.34
+ range: 10.0.0.5 is a private address, and kept
- deny: 10.0.0.13 is left out: a deny rule covers it, and deny wins: p.toml:8: tcp://10.0.0.13
- range: 93.184.216.34 is left out: it lies outside the networks in the rule's `within`: p.toml:4: tcp://db.corp.example:22 within 10.0.0.0/8"
    );
    let private = asked("connect a.lab.example:5432", Some(&["10.0.0.5"]));
    assert_eq!((private.verdict, private.reason), (Verdict::Denied, Some("special-range")));
    let suggestion = "{ to = \"tcp://a.lab.example:5432\", within = [\"10.0.0.5/32\"] }";
    assert_eq!(private.suggestion.unwrap().entry, suggestion);
    assert_eq!(asked("resolve a.lab.example", Some(&["93.184.216.34"])).verdict, Verdict::Allowed);
}

const TOOLS: &str = r#"[plugins.tcp]
ping = ["10.0.0.0/8", { to = "db.lab.example", within = ["10.0.0.0/8"] }]
resolve = ["*.example.com"]
servers = ["system", "192.0.2.53"]
read = ["/var/log"]
[deny]
read = ["/var/log/private"]
"#;

/// Asks under a policy with a rule of every kind, for a plugin that wants everything.
fn tool(text: &str, found: Option<&str>) -> Explanation {
    let wants = r#"{ "ping": ["any"], "resolve": ["any"], "servers": ["any"], "read": ["any"] }"#;
    let json = format!(r#"{{"name":"x","version":"1","abi":"0.1.0","kind":"plugin","wants":{wants}}}"#);
    let manifest = Manifest::of_json(&json.replace("\"x\"", "\"tcp\"")).unwrap();
    let mut policy = policy(TOOLS);
    policy.set_machine_servers(vec!["127.0.0.53:53".parse().unwrap()]);
    explain(
        &policy,
        &manifest,
        &question(text),
        found.map(|address| Observed::Addresses(Ok(vec![address.parse().unwrap()]))),
    )
}

#[test]
fn every_kind_of_question_is_answered() {
    assert_eq!(
        shown(&tool("query www.example.com@127.0.0.53", None)),
        "\
allowed: plugin `tcp` may ask `127.0.0.53:53` for `www.example.com`
by p.toml:3: resolve *.example.com
+ deny: no deny rule covers it
+ rule: p.toml:3: resolve *.example.com
+ server: p.toml:4: servers system
+ range: it is a loopback address
+ manifest: the plugin's manifest wants it"
    );
    assert_eq!(
        shown(&tool("query www.example.com@9.9.9.9", None)),
        "\
denied: plugin `tcp` may not ask `9.9.9.9:53` for `www.example.com`: the name may be asked for, but not of this server
by p.toml:3: resolve *.example.com
+ deny: no deny rule covers it
+ rule: p.toml:3: resolve *.example.com
- server: the name may be asked for, but not of this server
hint: `[plugins.tcp] servers = [\"9.9.9.9\"]` would allow it"
    );
    assert_eq!(
        shown(&tool("read /var/log/private/x", None)),
        "\
denied: plugin `tcp` may not read `/var/log/private/x`: a deny rule covers it, and deny wins
by p.toml:7: read /var/log/private
- deny: a deny rule covers it, and deny wins: p.toml:7: read /var/log/private
hint: only a change of the deny rule would allow it"
    );
    let outside = tool("read /etc/it's", None);
    assert_eq!(outside.hint.as_deref(), Some("`[plugins.tcp] read = [\"/etc/it's\"]` would allow it"));
    let outside = tool("read /etc/passwd", None);
    assert!(outside.hint.unwrap().ends_with(", as would the flag `--allow-read '/etc/passwd'`"));
    assert_eq!(tool("read /var/log/syslog", None).verdict, Verdict::Allowed);
}

#[test]
fn what_is_at_a_path_is_the_last_step() {
    let wants =
        Manifest::of_json(r#"{"name":"tcp","version":"1","abi":"0.1.0","kind":"plugin","wants":{"read":["any"]}}"#)
            .unwrap();
    let (policy, asked) = (policy(TOOLS), question("read /var/log/link"));
    let (grants, path) = file_to_try(&policy, &wants, &asked).unwrap();
    assert!(file_to_try(&policy, &wants, &question("read /etc/passwd")).is_none());
    let real = |text: &str| AbsolutePath::parse(text.as_bytes()).unwrap();
    let last = |found: AtPath| {
        let it = explain(&policy, &wants, &asked, Some(Observed::File(found)));
        let step = it.steps.last().unwrap().clone();
        assert_eq!(step.name, "file");
        (it.verdict, it.reason, step.passed, step.text)
    };
    let given = |text: &str| AtPath::Given { kind: "a directory", real: real(text) };
    let yes = |text: &str| (Verdict::Allowed, None, Passed::Yes, text.to_owned());
    assert_eq!(last(given("/var/log/link")), yes("it is a directory"));
    assert_eq!(last(given("/var/log/real")), yes("it leads to `/var/log/real`, a directory"));
    let (verdict, _, passed, _) = last(AtPath::Nothing("nothing is there now"));
    assert_eq!((verdict, passed), (Verdict::Allowed, Passed::Open));
    let (verdict, reason, passed, _) = last(AtPath::Refused("own-file"));
    assert_eq!((verdict, reason, passed), (Verdict::Denied, Some("own-file"), Passed::No));
    let denial = grants.decide(&Ask::Read { path: &real("/var/log/private/x") }).unwrap_err();
    let (verdict, reason, passed, text) = last(AtPath::Denied(denial));
    assert_eq!((verdict, reason, passed), (Verdict::Denied, Some("deny-rule"), Passed::No));
    assert!(text.starts_with("it leads to `/var/log/private/x`: a deny rule covers it"), "{text}");
    assert_eq!(*path, real("/var/log/link"));
}

#[test]
fn a_ping_and_a_lookup_say_what_becomes_of_their_addresses() {
    assert_eq!(
        shown(&tool("ping db.lab.example", Some("10.0.0.5"))),
        "\
allowed: plugin `tcp` may ping `db.lab.example`
by p.toml:2: ping db.lab.example within 10.0.0.0/8
+ deny: no deny rule covers it
+ rule: p.toml:2: ping db.lab.example within 10.0.0.0/8
+ manifest: the plugin's manifest wants it
+ lookup: db.lab.example leads to 10.0.0.5
+ range: 10.0.0.5 is a private address, and kept"
    );
    assert_eq!(tool("ping db.lab.example", Some("192.168.0.1")).reason, Some("outside-within"));
    assert_eq!(tool("ping 10.1.2.3", None).steps[2].text, "it is a private address");
    assert_eq!(tool("ping 11.1.2.3", None).suggestion.unwrap().entry, "\"11.1.2.3\"");
    let open = tool("ping db.lab.example", None);
    assert!(open.steps.last().unwrap().text.starts_with("of its addresses may be pinged: those in 10.0.0.0/8"));
    let asked = tool("resolve www.example.com", Some("93.184.216.34"));
    assert_eq!((asked.verdict, asked.addresses.len()), (Verdict::Allowed, 0));
    assert_eq!(asked.steps.last().unwrap().text, "no rule lets any of them be used; that they are known is all");
    let open = tool("resolve www.example.com", None);
    assert!(open.steps.last().unwrap().text.ends_with("it lets none of its addresses be used"));
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
    assert_eq!((bad.verdict, bad.reason), (Verdict::Denied, Some("deny-rule")));
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
}

#[test]
fn a_lookup_that_fails_is_neither_allowed_nor_denied() {
    let (policy, manifest) = (policy(FILE), manifest(&["tcp://any:*"]));
    let failed = explain(
        &policy,
        &manifest,
        &question("connect a.lab.example:5432"),
        Some(Observed::Addresses(Err("no name server answered in time".into()))),
    );
    assert_eq!(
        shown(&failed),
        "\
unresolved: plugin `tcp` may connect to `tcp://a.lab.example:5432` as far as rules go, but no name server answered in time: no address is known to be allowed
by p.toml:3: tcp://*.lab.example:5432
+ deny: no deny rule covers it
+ rule: p.toml:3: tcp://*.lab.example:5432
+ manifest: the plugin's manifest wants it
- lookup: no name server answered in time"
    );
    let empty =
        explain(&policy, &manifest, &question("resolve a.lab.example"), Some(Observed::Addresses(Ok(Vec::new()))));
    assert_eq!((empty.verdict, empty.reason), (Verdict::Unresolved, Some("unresolved")));
}

#[test]
fn what_is_not_yet_available_is_denied_and_says_so() {
    let it = asked("listen 8080", None);
    assert_eq!((it.verdict, it.reason, it.suggestion.clone()), (Verdict::Denied, Some("not-yet-available"), None));
    assert_eq!(
        shown(&it),
        "\
denied: plugin `tcp` may not `listen 8080`: it is not yet available in this version
- rule: it is not yet available in this version
hint: no rule of this version allows it"
    );
}
