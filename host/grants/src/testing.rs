//! Short spellings for this crate's tests. The real rule language is `cofferdam-policy`'s.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::{
    Ask, Cidr, Denial, Grants, GrantsBuilder, Host, Moment, Name, Permit, Pins, Ports, Protocol, Rule, RuleId,
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
pub(crate) fn rule(text: &str) -> Rule {
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
    Rule::new(Protocol::Tcp, host, ports).within(within)
}

/// Grants with these rules, numbered from 0 (allow) and from 100 (deny), for a plugin that wants
/// everything.
pub(crate) fn grants(allow: &[&str], deny: &[&str]) -> Grants {
    grants_wanting(allow, deny, &["any *"])
}

pub(crate) fn grants_wanting(allow: &[&str], deny: &[&str], wants: &[&str]) -> Grants {
    let mut builder = GrantsBuilder::new();
    for (id, text) in (0..).zip(allow) {
        builder = builder.allow(RuleId(id), rule(text));
    }
    for (id, text) in (100..).zip(deny) {
        builder = builder.deny(RuleId(id), rule(text));
    }
    for text in wants {
        builder = builder.want(rule(text));
    }
    builder.finish()
}

pub(crate) fn at(seconds: u64) -> Moment {
    Moment(Duration::from_secs(seconds))
}

pub(crate) fn connect(grants: &Grants, to: &str, pins: &Pins) -> Result<Permit, Denial> {
    connect_at(grants, to, pins, at(0))
}

pub(crate) fn connect_at(grants: &Grants, to: &str, pins: &Pins, now: Moment) -> Result<Permit, Denial> {
    let to: SocketAddr = to.parse().unwrap();
    let protocol = Protocol::Tcp;
    grants.decide(&Ask::Connect { protocol, to, pins, now })
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
