//! Which names may be asked for, and of whom: allow and deny in pairs.

use super::*;
use crate::testing::{ask_server, mixed, suggested};

const WANTS: [&str; 2] = ["resolve any", "servers every"];
const SYSTEM: [&str; 2] = ["127.0.0.53:53", "192.0.2.1:53"];

fn dns(allow: &[&str], deny: &[&str]) -> Grants {
    mixed(allow, deny, &WANTS, &SYSTEM)
}

#[test]
fn a_query_needs_a_rule_for_the_name_and_one_for_the_server() {
    let own = dns(&["resolve *.example.com", "servers 198.51.100.53:53"], &[]);
    let permit = ask_server(&own, "198.51.100.53:53", "WWW.example.com.").unwrap();
    assert_eq!((permit.rules(), permit.rule()), (&[RuleId::new(0, 0), RuleId::new(0, 1)][..], RuleId::new(0, 0)));
    assert_eq!(permit.resource().to_string(), "dns://198.51.100.53:53/www.example.com");
    assert_eq!(reason(ask_server(&own, "198.51.100.53:53", "example.com")), Reason::NoRule);
    for server in ["198.51.100.54:53", "198.51.100.53:5353", "127.0.0.53:53", "[64:ff9b::198.51.100.53]:53"] {
        assert_eq!(reason(ask_server(&own, server, "www.example.com")), Reason::ServerNotGranted, "{server}");
    }
    assert!(ask_server(&own, "[::ffff:198.51.100.53]:53", "www.example.com").is_ok());
    assert_eq!(reason(ask_server(&own, "198.51.100.53:0", "www.example.com")), Reason::BadPort);
    assert_eq!(reason(ask_server(&dns(&["servers any"], &[]), "9.9.9.9:53", "a.example")), Reason::NoRule);
}

#[test]
fn without_a_rule_for_servers_the_hosts_own_are_asked() {
    let own = dns(&["resolve any"], &[]);
    for server in SYSTEM {
        assert!(ask_server(&own, server, "a.example").is_ok(), "{server}");
    }
    for server in ["9.9.9.9:53", "127.0.0.53:54", "127.0.0.54:53"] {
        assert_eq!(reason(ask_server(&own, server, "a.example")), Reason::ServerNotGranted, "{server}");
    }
    let named = dns(&["resolve any", "servers system", "servers 198.51.100.53:5353"], &[]);
    assert!(ask_server(&named, "127.0.0.53:53", "a.example").is_ok());
    assert!(ask_server(&named, "198.51.100.53:5353", "a.example").is_ok());
    let only = dns(&["resolve any", "servers 198.51.100.53:53"], &[]);
    assert_eq!(reason(ask_server(&only, "127.0.0.53:53", "a.example")), Reason::ServerNotGranted);
    let none = mixed(&["resolve any"], &[], &WANTS, &[]);
    assert_eq!(reason(ask_server(&none, "127.0.0.53:53", "a.example")), Reason::ServerNotGranted);
}

#[test]
fn a_server_of_the_hosts_may_have_a_zone_and_no_other_may() {
    let system = ["[fe80::1%2]:53"];
    let own = mixed(&["resolve any"], &[], &WANTS, &system);
    assert!(ask_server(&own, "[fe80::1%2]:53", "a.example").is_ok());
    assert_eq!(reason(ask_server(&own, "[fe80::1%3]:53", "a.example")), Reason::ServerNotGranted);
    let exact = mixed(&["resolve any", "servers [fe80::1]:53"], &[], &WANTS, &[]);
    assert_eq!(reason(ask_server(&exact, "[fe80::1%2]:53", "a.example")), Reason::ServerNotGranted);
}

#[test]
fn any_and_networks_of_servers_are_filtered_as_peers_are() {
    let own = dns(&["resolve any", "servers any", "servers 10.0.0.0/8"], &[]);
    assert!(ask_server(&own, "9.9.9.9:53", "a.example").is_ok());
    assert!(ask_server(&own, "10.0.0.53:53", "a.example").is_ok());
    assert_eq!(reason(ask_server(&own, "9.9.9.9:5353", "a.example")), Reason::ServerNotGranted);
    for (server, range) in [
        ("127.0.0.53:53", Range::Loopback),
        ("192.168.0.1:53", Range::Private),
        ("169.254.169.254:53", Range::Metadata),
        ("[64:ff9b::10.0.0.53]:53", Range::Private),
    ] {
        assert_eq!(reason(ask_server(&own, server, "a.example")), Reason::SpecialRange(range), "{server}");
    }
    let exact = dns(&["resolve any", "servers 169.254.169.254:53", "servers 127.0.0.1:5300"], &[]);
    assert!(ask_server(&exact, "169.254.169.254:53", "a.example").is_ok());
    assert!(ask_server(&exact, "127.0.0.1:5300", "a.example").is_ok());
}

#[test]
fn only_any_covers_what_is_no_host_name() {
    let names = dns(&["resolve *.example.com", "resolve com", "resolve _x.lab"], &[]);
    let any = dns(&["resolve any"], &[]);
    for (text, named) in [
        ("a.example.com", true),
        ("_sip._tcp.example.com", true),
        ("com", true),
        ("_X.Lab", true),
        (".", false),
        ("*.example.com", false),
        (r"a\.b.example.com", false),
        (r"secret\032data.example.com", false),
        ("-x.example.com", false),
        ("net", false),
        // Instances of services are called anything.
        (r"My\032Printer._ipp._tcp.example.com", true),
        (r"v1\.2._http._tcp.lab.example.com", true),
        (r"My\032Printer._ipp._tcp.example.com.evil", false),
        (r"My\032Printer._ipp._tcp.example.net", false),
        (r"My\032Printer\000._ipp._tcp.example.com", false),
        (r"secret\032data._tcp.example.com", false),
    ] {
        assert_eq!(ask_server(&names, SYSTEM[0], text).is_ok(), named, "{text}");
        assert!(ask_server(&any, SYSTEM[0], text).is_ok(), "{text}");
    }
}

#[test]
fn the_instances_of_one_service_are_granted_and_denied_by_its_name() {
    let own = dns(&["resolve *._ipp._tcp.example.com"], &["resolve *._ipp._tcp.lab.example.com"]);
    assert!(ask_server(&own, SYSTEM[0], r"My\032Printer._ipp._tcp.example.com").is_ok());
    for text in
        [r"My\032Printer._http._tcp.example.com", "_ipp._tcp.example.com", r"My\032Printer._ipp._tcp.lab.example.com"]
    {
        assert!(ask_server(&own, SYSTEM[0], text).is_err(), "{text}");
    }
    let any = dns(&["resolve any"], &["resolve *.lab.example.com"]);
    assert!(matches!(
        reason(ask_server(&any, SYSTEM[0], r"My\032Printer._ipp._tcp.lab.example.com")),
        Reason::Denied(_)
    ));
}

#[test]
fn networks_of_names_are_their_reverse_names() {
    let own = dns(&["resolve 192.0.2.0/24", "resolve 2001:db8::/32", "resolve 10.0.0.7/32"], &[]);
    let six = "0.".repeat(24);
    for (text, covered) in [
        ("7.2.0.192.in-addr.arpa", true),
        ("2.0.192.in-addr.arpa", true),
        ("0.192.in-addr.arpa", false),
        ("7.3.0.192.in-addr.arpa", false),
        ("x.7.2.0.192.in-addr.arpa", false),
        ("7.0.0.10.in-addr.arpa", true),
        ("8.0.0.10.in-addr.arpa", false),
        (&format!("{six}8.b.d.0.1.0.0.2.ip6.arpa"), true),
        ("9.b.d.0.1.0.0.2.ip6.arpa", false),
        ("in-addr.arpa", false),
        ("www.example.com", false),
    ] {
        assert_eq!(ask_server(&own, SYSTEM[0], text).is_ok(), covered, "{text}");
    }
}

#[test]
fn deny_wins_for_names_and_for_servers() {
    let deny = ["resolve *.bad.example", "resolve 10.0.0.0/8", "servers 9.9.9.9", "servers 127.0.0.53:53"];
    let own = dns(&["resolve any", "servers any", "servers system"], &deny);
    assert!(ask_server(&own, "8.8.8.8:53", "a.example").is_ok());
    assert!(ask_server(&own, "192.0.2.1:53", "bad.example").is_ok());
    for (server, text, id) in [
        ("8.8.8.8:53", "a.bad.example", 100),
        ("8.8.8.8:53", "*.bad.example", 100),
        ("8.8.8.8:53", r"\000.Bad.Example", 100),
        ("8.8.8.8:53", "1.2.3.10.in-addr.arpa", 101),
        ("8.8.8.8:53", "data.3.2.10.in-addr.arpa", 101),
        ("9.9.9.9:53", "a.example", 102),
        ("[64:ff9b::9.9.9.9]:53", "a.example", 102),
        ("127.0.0.53:53", "a.example", 103),
    ] {
        assert_eq!(reason(ask_server(&own, server, text)), Reason::Denied(RuleId::new(0, id)), "{text} of {server}");
    }
    let quiet = dns(&["resolve any"], &["servers system"]);
    assert_eq!(reason(ask_server(&quiet, SYSTEM[0], "a.example")), Reason::Denied(RuleId::new(0, 100)));
    assert!(quiet.servers(quiet.system_servers()).is_empty());
}

#[test]
fn both_keys_are_needed_for_names_and_servers() {
    let own = mixed(&["resolve any", "servers any"], &[], &["resolve *.example.com"], &SYSTEM);
    assert_eq!(reason(ask_server(&own, "9.9.9.9:53", "a.example.com")), Reason::NotWanted);
    let own = mixed(&["resolve any", "servers any"], &[], &["resolve *.example.com", "servers every"], &SYSTEM);
    assert!(ask_server(&own, "9.9.9.9:53", "a.example.com").is_ok());
    assert_eq!(reason(ask_server(&own, "9.9.9.9:53", "a.example.net")), Reason::NotWanted);
    let own = mixed(&["resolve any"], &[], &["resolve any"], &SYSTEM);
    assert!(ask_server(&own, SYSTEM[0], "a.example").is_ok(), "a manifest without servers wants the host's own");
    assert!(!mixed(&["resolve any"], &[], &["any *"], &SYSTEM).grants_query());
}

#[test]
fn the_hosts_own_lookup_is_allowed_by_the_same_rules_and_makes_no_pin() {
    let own = dns(&["resolve *.lab", "resolve 192.0.2.0/24"], &["resolve bad.lab"]);
    assert!(resolve(&own, "db.lab").is_ok());
    assert!(resolve(&own, "7.2.0.192.in-addr.arpa").is_ok());
    assert_eq!(reason(resolve(&own, "bad.lab")), Reason::Denied(RuleId::new(0, 100)));
    assert_eq!(reason(resolve(&own, "lab")), Reason::NoRule);
    assert_eq!(reason(resolve(&dns(&["resolve any"], &[]), "localhost")), Reason::NotWanted);
    assert_eq!(reason(pin(&own, "db.lab", "93.184.216.34")), Reason::NotWanted);
    // And a name that may not be asked for is not dialled either.
    let dials = mixed(&["*.lab 22"], &["resolve bad.lab"], &["any *"], &[]);
    assert!(resolve(&dials, "db.lab").is_ok());
    for refused in [resolve(&dials, "bad.lab"), pin(&dials, "bad.lab", "93.184.216.34")] {
        assert_eq!(reason(refused), Reason::Denied(RuleId::new(0, 100)));
    }
    let dial = NameUse::Dial { protocol: Protocol::Tcp, name: &name("bad.lab"), port: 22 };
    assert_eq!(reason(dials.would_allow(&dial)), Reason::Denied(RuleId::new(0, 100)));
}

#[test]
fn the_servers_to_ask_are_those_that_may_be_asked() {
    let shown = |own: &Grants| own.servers(own.system_servers()).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(shown(&dns(&["resolve any"], &[])), SYSTEM);
    assert_eq!(shown(&dns(&["servers 9.9.9.9:53"], &[])), [""; 0]);
    assert_eq!(shown(&dns(&["resolve any", "servers 9.9.9.9:53"], &[])), ["9.9.9.9:53"]);
    let both = dns(&["resolve any", "servers 9.9.9.9:53", "servers system"], &["servers 127.0.0.53:53"]);
    assert_eq!(shown(&both), ["9.9.9.9:53", "192.0.2.1:53"]);
    // A rule for many servers names none; of the host's own it lets those be asked that it covers.
    assert_eq!(shown(&dns(&["resolve any", "servers 192.0.2.0/24"], &[])), ["192.0.2.1:53"]);
    assert_eq!(shown(&dns(&["resolve any", "servers any"], &[])), [""; 0]);
    for own in [both, dns(&["resolve any"], &["servers 192.0.2.1"])] {
        assert!(
            own.servers(own.system_servers())
                .iter()
                .all(|server| ask_server(&own, &server.to_string(), "a.example").is_ok())
        );
    }
}

#[test]
fn refusals_name_both_and_the_line_that_is_missing() {
    let denial = ask_server(&dns(&[], &[]), "9.9.9.9:53", "a.example").unwrap_err();
    assert_eq!(
        denial.for_model(),
        "denied: this plugin may not ask `9.9.9.9:53` for `a.example`: the operator's policy decides that"
    );
    assert_eq!(suggested(&denial), ["resolve a.example", "servers system", "servers 9.9.9.9:53"]);
    let of_the_hosts = ask_server(&dns(&[], &[]), SYSTEM[0], "a.example").unwrap_err();
    assert_eq!(suggested(&of_the_hosts), ["resolve a.example"]);
    let hint = |own: &Grants, server: &str| suggested(&ask_server(own, server, "a.example").unwrap_err());
    let implicit = dns(&["resolve any"], &[]);
    assert_eq!(hint(&implicit, "9.9.9.9:53"), ["servers system", "servers 9.9.9.9:53"]);
    let named = dns(&["resolve any", "servers 9.9.9.9:53"], &[]);
    assert_eq!(hint(&named, "9.9.9.9:5353"), ["servers 9.9.9.9:5353"]);
    assert_eq!(hint(&named, "[2001:db8::53]:53"), ["servers [2001:db8::53]:53"]);
    let root = ask_server(&dns(&["resolve a.example"], &[]), SYSTEM[0], ".").unwrap_err();
    assert_eq!(suggested(&root), ["resolve any"]);
    let instance = r"My\032Printer._ipp._tcp.example";
    let denial = ask_server(&dns(&["resolve a.example"], &[]), SYSTEM[0], instance).unwrap_err();
    assert_eq!(suggested(&denial), ["resolve *._ipp._tcp.example"]);
    assert!(ask_server(&dns(&["resolve *._ipp._tcp.example"], &[]), SYSTEM[0], instance).is_ok());
    assert_eq!(suggested(&resolve(&dns(&[], &[]), "a.example").unwrap_err()), ["resolve a.example"]);
}

#[test]
fn words_that_are_no_names_in_rules_are_not_suggested_as_rules() {
    for text in ["localhost", "localhost."] {
        let denial = ask_server(&dns(&[], &[]), SYSTEM[0], text).unwrap_err();
        assert_eq!((denial.reason(), suggested(&denial)), (Reason::NoRule, Vec::new()), "{text}");
    }
    // Nor where no rule for the server would be one.
    let hintless = |server| suggested(&ask_server(&dns(&[], &[]), server, "a.example").unwrap_err()).is_empty();
    for server in ["0.0.0.0:53", "[fe80::1]:53", "[2002:a00:1::1]:53"] {
        assert!(hintless(server), "{server}");
    }
}

#[test]
fn i7_what_is_granted_of_dns_is_known_before_linking() {
    for (allow, granted) in [(&["resolve a.example"][..], true), (&["servers any"], false), (&["any *"], false)] {
        let own = dns(allow, &[]);
        assert_eq!((own.grants_query(), own.is_empty()), (granted, !granted), "{allow:?}");
    }
    let want = |text: &str| crate::testing::any_rule(text);
    assert!(dns(&["resolve any"], &[]).meets(&want("servers any")), "by the host's own");
    assert!(!mixed(&["resolve any"], &[], &WANTS, &[]).meets(&want("servers any")));
    assert!(!dns(&[], &[]).meets(&want("servers any")));
    for (allow, wanted, met) in [
        ("resolve *.lab", "resolve db.lab", true),
        ("resolve db.lab", "resolve *.lab", true),
        ("resolve *.lab", "resolve lab", false),
        ("resolve 10.0.0.0/8", "resolve 10.1.0.0/16", true),
        ("resolve 10.0.0.0/8", "resolve *.10.in-addr.arpa", true),
        ("resolve 10.0.0.0/8", "resolve *.arpa", true),
        ("resolve 10.0.0.0/8", "resolve *.lab", false),
        ("resolve 1.0.0.10.in-addr.arpa", "resolve 10.0.0.0/8", true),
        ("servers 9.9.9.9:53", "servers 9.9.9.0/24", true),
        ("servers any", "servers 10.0.0.0/8", false),
        ("servers system", "servers 192.0.2.0/24", true),
        ("servers 192.0.2.1:53", "servers system", true),
        ("servers 9.9.9.9:53", "servers system", false),
    ] {
        let own = dns(&[allow], &[]);
        assert_eq!(own.meets(&want(wanted)), met, "{allow} for {wanted}");
    }
}
