//! The smallest rules that would allow what was refused, for the operator.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::{Denial, Reason};
use crate::range::{Range, classify, is_closed};
use crate::rule::LOCALHOST;
use crate::{
    Cidr, ConnectRule, HandlerRule, Host, Name, Peers, PingRule, Ports, Protocol, QueryName, ResolveRule, Resource,
    Rule, ServerRule, Servers, Zone, ZoneName, is_compatible,
};

impl Denial {
    /// The rules that would allow the ask; none where no rule would. How they are written, and
    /// whether they can be, is not known here.
    pub(super) fn suggestion(&self) -> Option<Vec<Rule>> {
        if self.near.no_rule_helps {
            return None;
        }
        match self.near.reason {
            Reason::Denied(_)
            | Reason::NotWanted
            | Reason::PinExpired
            | Reason::BadPort
            | Reason::BindNotGranted
            | Reason::NotYetAvailable => return None,
            Reason::NoRule
            | Reason::SpecialRange(_)
            | Reason::OutsideWithin(_)
            | Reason::PortNotGranted(_)
            | Reason::ZoneNotGranted
            | Reason::ServerNotGranted
            | Reason::NotPinned => {}
        }
        match &self.resource {
            Resource::Peer { protocol, to, zone } => {
                let kind = Kind::Connect(*protocol, Ports::one(to.port()).ok()?);
                match &self.near.pinned {
                    Some(name) => one(answer_rule(kind, name, to.ip())?),
                    None => one(kind.rule(exact(to.ip(), zone.as_ref())?)),
                }
            }
            Resource::Target { protocol, name, port } => {
                one(Kind::Connect(*protocol, Ports::one(*port).ok()?).rule(named(name)))
            }
            Resource::Ping { to, zone } => match &self.near.pinned {
                Some(name) => one(answer_rule(Kind::Ping, name, *to)?),
                None => one(Kind::Ping.rule(exact(*to, zone.as_ref())?)),
            },
            Resource::PingTarget(name) => one(Kind::Ping.rule(named(name))),
            Resource::Name(name) => match self.near.key {
                Some("ping") => one(Kind::Ping.rule(named(name))),
                Some("connect") => one(Kind::Connect(Protocol::Tcp, self.ports()).rule(named(name))),
                _ => one(asked_name(name)?.into()),
            },
            Resource::Answer { name, address } => match self.near.key {
                // A name that is only asked for leads nowhere.
                Some("resolve") => None,
                Some("ping") => one(answer_rule(Kind::Ping, name, *address)?),
                _ => one(answer_rule(Kind::Connect(Protocol::Tcp, self.ports()), name, *address)?),
            },
            Resource::Query { server, name } => {
                let missing = match self.near.missing {
                    Some(implicit) => server_rules(*server, implicit)?,
                    None => Vec::new(),
                };
                let named = match self.near.reason {
                    Reason::NoRule => vec![query_rule(name)?.into()],
                    _ => Vec::new(),
                };
                let all = [named, missing].concat();
                (!all.is_empty()).then_some(all)
            }
            Resource::File(path) => one(path.clone().into()),
            Resource::Handler(name) => one(HandlerRule::Name(name.clone()).into()),
            Resource::Interface(_) | Resource::Bind { .. } | Resource::Listen { .. } | Resource::Accept { .. } => None,
        }
    }

    /// The ports that are known, or every one.
    fn ports(&self) -> Ports {
        self.near.ports.clone().unwrap_or_else(Ports::all)
    }
}

/// A rule about peers that is suggested, without its peers.
enum Kind {
    Connect(Protocol, Ports),
    Ping,
}

impl Kind {
    fn rule(self, peers: Peers) -> Rule {
        match self {
            Self::Connect(protocol, ports) => ConnectRule::to(protocol, peers, ports).into(),
            Self::Ping => PingRule::new(peers).into(),
        }
    }
}

fn one(rule: Rule) -> Option<Vec<Rule>> {
    Some(vec![rule])
}

/// Whether rules can be written for the server: those with a zone are the host's own or none.
fn plain(server: SocketAddr) -> bool {
    !matches!(server, SocketAddr::V6(six) if six.scope_id() != 0 || six.ip().is_unicast_link_local())
}

/// The peers of a rule for this very address. None for the unspecified addresses, which are no
/// peers, for those that no rule reaches, and where the zone that a rule would need is missing, or
/// one is there that none has.
fn exact(address: IpAddr, zone: Option<&Zone>) -> Option<Peers> {
    let scoped = matches!(address, IpAddr::V6(six) if is_scoped(six));
    let compatible = matches!(address, IpAddr::V6(six) if is_compatible(six));
    if address.is_unspecified() || compatible || is_closed(address) || scoped != zone.is_some() {
        return None;
    }
    let zone = match zone {
        Some(zone) => Some(ZoneName::parse(&zone.to_string())?),
        None => None,
    };
    Some(Peers::new(Host::Address(address)).on(zone))
}

/// Whether an address means something on a link only.
fn is_scoped(address: Ipv6Addr) -> bool {
    address.is_unicast_link_local() || matches!(address.segments()[0] & 0xff0f, 0xff01 | 0xff02)
}

/// A name as the peers of a rule.
fn named(name: &Name) -> Peers {
    Peers::new(if name.is_localhost() { Host::Localhost } else { Host::Name(name.clone()) })
}

/// A rule about a name to ask for; none for `localhost`, which is in no query.
fn asked_name(name: &Name) -> Option<ResolveRule> {
    (!name.is_localhost()).then(|| ResolveRule::Name(name.clone()))
}

/// The rule that covers a name of a query: the name, its service for an instance of one, or every
/// name for what no rule spells.
fn query_rule(name: &QueryName) -> Option<ResolveRule> {
    match (name.host_name(), name.of_instance()) {
        (Some(name), _) => asked_name(&name),
        (None, Some(service)) => Some(ResolveRule::Below(service)),
        (None, None) => Some(ResolveRule::Any),
    }
}

/// The rules for a name server; the first one has to keep the host's own, which are meant while
/// there is none.
fn server_rules(server: SocketAddr, implicit: bool) -> Option<Vec<Rule>> {
    let compatible = matches!(server.ip(), IpAddr::V6(six) if is_compatible(six));
    if server.ip().is_unspecified() || compatible || is_closed(server.ip()) || !plain(server) {
        return None;
    }
    let own = implicit.then(|| ServerRule::new(Servers::System, None));
    let this = ServerRule::new(Servers::Address(server.ip()), Some(server.port()));
    Some(own.into_iter().chain([this]).map(Rule::from).collect())
}

/// The rule that would let this name lead to this address.
fn answer_rule(kind: Kind, name: &Name, address: IpAddr) -> Option<Rule> {
    let peers = match classify(address) {
        // Nobody can say what `localhost` is: it leads to two addresses, which are granted as such.
        _ if name.is_localhost() && !LOCALHOST.contains(&address) => return None,
        _ if name.is_localhost() => exact(address, None)?,
        Range::Public => named(name),
        // No `within` opens these, and a rule for the address would not let the name lead there.
        special if special.needs_exact_rule() => return None,
        special if is_group(special) && matches!(kind, Kind::Ping) => return None,
        _ => {
            // A link-local address has no zone in an answer.
            exact(address, None)?;
            let bits = if address.is_ipv4() { 32 } else { 128 };
            named(name).within(vec![Cidr::parse(&format!("{address}/{bits}")).ok()?])
        }
    };
    Some(kind.rule(peers))
}

/// Whether many would answer a ping.
fn is_group(range: Range) -> bool {
    matches!(range, Range::Multicast | Range::Broadcast)
}
