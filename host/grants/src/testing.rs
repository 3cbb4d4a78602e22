//! Short spellings for this crate's tests. The real rule language is `cofferdam-policy`'s.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::{
    AbsolutePath, Ask, Cidr, ConnectRule, Denial, Grants, GrantsBuilder, Host, Moment, Name, Peers, Permit, PingRule,
    Pins, Ports, Protocol, QueryName, Remedy, ResolveRule, Rule, RuleId, ServerRule, Servers, ZoneName,
};

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn cidr(text: &str) -> Cidr {
    Cidr::parse(text).unwrap()
}

/// `HOST PORTS [within CIDR…]`, for instance `*.lab.example 22,80 within 10.0.0.0/8`.
pub(crate) fn rule(text: &str) -> ConnectRule {
    let mut words = text.split_whitespace();
    let host = match words.next().unwrap() {
        "any" => Host::Any,
        "localhost" => Host::Localhost,
        text if text.contains('/') => Host::Network(cidr(text)),
        text => match (text.parse(), text.strip_prefix("*.")) {
            (Ok(address), _) => Host::Address(address),
            (_, Some(apex)) => Host::Wildcard(name(apex)),
            _ => Host::Name(name(text)),
        },
    };
    let ports = Ports::parse(words.next().unwrap()).unwrap();
    let within = words.filter(|word| *word != "within").map(cidr).collect();
    ConnectRule::new(Protocol::Tcp, host, ports).within(within)
}

/// Grants with these rules, numbered from 0 (allow) and from 100 (deny), for a plugin that wants
/// everything.
pub(crate) fn grants(allow: &[&str], deny: &[&str]) -> Grants {
    grants_wanting(allow, deny, &["any *"])
}

pub(crate) fn grants_wanting(allow: &[&str], deny: &[&str], wants: &[&str]) -> Grants {
    let mut builder = GrantsBuilder::new();
    for (id, text) in (0..).zip(allow) {
        builder = builder.allow(RuleId::new(0, id), rule(text));
    }
    for (id, text) in (100..).zip(deny) {
        builder = builder.deny(RuleId::new(0, id), rule(text));
    }
    for text in wants {
        builder = builder.want(rule(text));
    }
    builder.finish()
}

pub(crate) fn at(seconds: u64) -> Moment {
    Moment(Duration::from_secs(seconds))
}

/// The rules that are suggested, each with its key; empty where none is.
pub(crate) fn suggested(denial: &Denial) -> Vec<String> {
    match denial.remedy() {
        Remedy::Rules(rules) => rules.iter().map(|rule| format!("{} {rule}", rule.key())).collect(),
        _ => Vec::new(),
    }
}

pub(crate) fn connect(grants: &Grants, to: &str, pins: &Pins) -> Result<Permit, Denial> {
    connect_at(grants, to, pins, at(0))
}

pub(crate) fn connect_at(grants: &Grants, to: &str, pins: &Pins, now: Moment) -> Result<Permit, Denial> {
    let to: SocketAddr = to.parse().unwrap();
    let protocol = Protocol::Tcp;
    grants.decide(&Ask::Connect { protocol, to, zone: None, pins, now })
}

pub(crate) fn resolve(grants: &Grants, text: &str) -> Result<Permit, Denial> {
    grants.decide(&Ask::Resolve { name: &name(text) })
}

pub(crate) fn pin(grants: &Grants, text: &str, address: &str) -> Result<Permit, Denial> {
    grants.decide(&Ask::Pin { name: &name(text), address: ip(address) })
}

/// Pins that hold these answers since second 0, for 60 s each.
pub(crate) fn pinned(grants: &Grants, answers: &[(&str, &str)]) -> Pins {
    let mut pins = Pins::new();
    for (text, address) in answers {
        assert!(pins.insert(pin(grants, text, address).unwrap(), None, at(0)));
    }
    pins
}

pub(crate) fn path(text: &str) -> AbsolutePath {
    AbsolutePath::parse(text).unwrap()
}

pub(crate) fn query(text: &str) -> QueryName {
    QueryName::parse(text).unwrap()
}

/// A rule of any kind by its key: `ping *.lab within 10.0.0.0/8`, `resolve *.lab`, `servers any`,
/// `read /var/log`; what begins with no key is a `connect` rule.
pub(crate) fn any_rule(text: &str) -> Rule {
    let Some((key, rest)) = text.split_once(' ') else { panic!("{text}") };
    match key {
        "ping" => {
            let (host, within) = rest.split_once(' ').unwrap_or((rest, ""));
            let (host, zone) = host.split_once('%').map_or((host, None), |(host, zone)| (host, ZoneName::parse(zone)));
            let (host, within) = (format!("{host} 1 {within}"), rule(&format!("any 1 {within}")));
            let peers = Peers::new(rule(&host).host().clone()).on(zone).within(within.peers().networks().to_vec());
            PingRule::new(peers).into()
        }
        "resolve" => match (rest, rest.strip_prefix("*.")) {
            ("any", _) => ResolveRule::Any.into(),
            (_, Some(apex)) => ResolveRule::Below(name(apex)).into(),
            (text, _) if text.contains('/') => ResolveRule::Reverse(cidr(text)).into(),
            (text, _) => ResolveRule::Name(name(text)).into(),
        },
        "servers" => match rest {
            "any" => ServerRule::new(Servers::Any, Some(53)).into(),
            "every" => ServerRule::new(Servers::Any, None).into(),
            "system" => ServerRule::new(Servers::System, None).into(),
            text if text.contains('/') => ServerRule::new(Servers::Network(cidr(text)), Some(53)).into(),
            text => match text.parse::<SocketAddr>() {
                Ok(server) => ServerRule::new(Servers::Address(server.ip()), Some(server.port())).into(),
                Err(_) => ServerRule::new(Servers::Address(ip(text)), None).into(),
            },
        },
        "read" => path(rest).into(),
        _ => rule(text).into(),
    }
}

/// As [`grants_wanting`], with rules of any kind, on a host that asks these name servers.
pub(crate) fn mixed(allow: &[&str], deny: &[&str], wants: &[&str], system: &[&str]) -> Grants {
    let mut builder = GrantsBuilder::new().system_servers(system.iter().map(|server| server.parse().unwrap()));
    for (id, text) in (0..).zip(allow) {
        builder = builder.allow(RuleId::new(0, id), any_rule(text));
    }
    for (id, text) in (100..).zip(deny) {
        builder = builder.deny(RuleId::new(0, id), any_rule(text));
    }
    for text in wants {
        builder = builder.want(any_rule(text));
    }
    builder.finish()
}

pub(crate) fn ping(grants: &Grants, to: &str, pins: &Pins) -> Result<Permit, Denial> {
    grants.decide(&Ask::Ping { to: ip(to), zone: None, pins, now: at(0) })
}

pub(crate) fn ask_server(grants: &Grants, server: &str, text: &str) -> Result<Permit, Denial> {
    let (server, system) = (server.parse().unwrap(), grants.system_servers());
    grants.decide(&Ask::Query { server, name: &query(text), system })
}

pub(crate) fn read(grants: &Grants, text: &str) -> Result<Permit, Denial> {
    grants.decide(&Ask::Read { path: &path(text) })
}
