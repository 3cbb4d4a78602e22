//! The smallest rule that would allow what was refused, for the operator.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::{Denial, Reason};
use crate::range::{Range, classify, is_closed};
use crate::{Name, Ports, QueryName, Resource, Zone};

/// A rule that would allow what was refused: the key that it belongs under, and the element, or elements, of its list, in
/// TOML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// As `connect`.
    pub key: &'static str,
    /// As `"tcp://10.0.0.1:22"`, with its quotes.
    pub entry: String,
}

impl Suggestion {
    fn new(key: &'static str, entry: String) -> Option<Self> {
        Some(Self { key, entry })
    }

    /// The rule itself, where it is one string, so that it may as well be a flag.
    pub fn plain(&self) -> Option<&str> {
        let inner = self.entry.strip_prefix('"')?.strip_suffix('"')?;
        (!inner.contains(['"', '\\', '\''])).then_some(inner)
    }
}

impl Denial {
    /// The rule that would allow the ask; none where no rule would.
    pub fn suggestion(&self) -> Option<Suggestion> {
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
            Resource::Peer { protocol, to, zone } => match &self.near.pinned {
                Some(name) => answer_rule("connect", name, to.ip(), &to.port().to_string()),
                None => {
                    let host = exact(to.ip(), zone.as_ref(), true)?;
                    Suggestion::new("connect", format!("\"{protocol}://{host}:{}\"", to.port()))
                }
            },
            Resource::Target { protocol, name, port } => {
                Suggestion::new("connect", format!("\"{protocol}://{name}:{port}\""))
            }
            Resource::Ping { to, zone } => match &self.near.pinned {
                Some(name) => answer_rule("ping", name, *to, ""),
                None => Suggestion::new("ping", format!("\"{}\"", exact(*to, zone.as_ref(), false)?)),
            },
            Resource::PingTarget(name) => Suggestion::new("ping", format!("\"{name}\"")),
            Resource::Name(name) => match self.near.key {
                Some("ping") => Suggestion::new("ping", format!("\"{name}\"")),
                Some("connect") => Suggestion::new("connect", format!("\"tcp://{name}:{}\"", self.ports())),
                _ if name.is_localhost() => None,
                _ => Suggestion::new("resolve", format!("\"{name}\"")),
            },
            Resource::Answer { name, address } => match self.near.key {
                // A name that is only asked for leads nowhere.
                Some("resolve") => None,
                Some("ping") => answer_rule("ping", name, *address, ""),
                _ => answer_rule("connect", name, *address, &self.ports()),
            },
            Resource::Query { server, name } => match self.near.reason {
                Reason::NoRule => Suggestion::new("resolve", format!("\"{}\"", query_rule(name))),
                _ if server.ip().is_unspecified() || is_closed(server.ip()) || !plain(*server) => None,
                _ => {
                    let rule = if server.port() == 53 { server.ip().to_string() } else { server.to_string() };
                    let own = if self.near.key.is_some() { "\"system\", " } else { "" };
                    Suggestion::new("servers", format!("{own}\"{rule}\""))
                }
            },
            Resource::File(path) => {
                // What has to be escaped to be shown cannot be written as a rule, and `${` would be a variable.
                let plain = |text: &&str| **text == path.to_string() && !text.contains("${");
                let text = std::str::from_utf8(path.as_bytes()).ok().filter(plain)?;
                Suggestion::new("read", format!("\"{}\"", text.replace('"', "\\\"")))
            }
            Resource::Bind { .. } | Resource::Listen { .. } | Resource::Accept { .. } => None,
        }
    }

    /// The ports that are known, or every one.
    fn ports(&self) -> String {
        self.near.ports.as_ref().map_or("*".to_owned(), Ports::to_string)
    }
}

/// Whether rules can be written for the server: those with a zone are the host's own or none.
fn plain(server: SocketAddr) -> bool {
    !matches!(server, SocketAddr::V6(six) if six.scope_id() != 0 || six.ip().is_unicast_link_local())
}

/// The host part of a rule for this very address. None for the unspecified addresses, which are no peers, for those that
/// no rule reaches, and where the zone that a rule would need is missing, or one is there that none has.
fn exact(address: IpAddr, zone: Option<&Zone>, brackets: bool) -> Option<String> {
    let scoped = matches!(address, IpAddr::V6(six) if is_scoped(six));
    if address.is_unspecified() || is_closed(address) || scoped != zone.is_some() {
        return None;
    }
    let zone = zone.map(|zone| format!("%{zone}")).unwrap_or_default();
    Some(match address {
        IpAddr::V6(six) if brackets => format!("[{six}{zone}]"),
        address => format!("{address}{zone}"),
    })
}

/// Whether an address means something on a link only.
fn is_scoped(address: Ipv6Addr) -> bool {
    address.is_unicast_link_local() || matches!(address.segments()[0] & 0xff0f, 0xff01 | 0xff02)
}

/// The rule that covers a name of a query: the name, or `any` for what no rule can spell.
fn query_rule(name: &QueryName) -> String {
    name.host_name().map_or("any".to_owned(), |name| name.to_string())
}

/// The rule that would let this name lead to this address.
fn answer_rule(key: &'static str, name: &Name, address: IpAddr, ports: &str) -> Option<Suggestion> {
    let connects = key == "connect";
    let shown = |host: &str| if connects { format!("tcp://{host}:{ports}") } else { host.to_owned() };
    let own = shown(name.as_str());
    let entry = match classify(address) {
        Range::Public if !name.is_localhost() => format!("\"{own}\""),
        // No `within` opens these; the address has to be granted, and dialled, as such.
        special if special.needs_exact_rule() || name.is_localhost() || is_group(special) && !connects => {
            format!("\"{}\"", shown(&exact(address, None, connects)?))
        }
        _ => {
            // A link-local address has no zone in an answer.
            exact(address, None, connects)?;
            let bits = if address.is_ipv4() { 32 } else { 128 };
            format!("{{ to = \"{own}\", within = [\"{address}/{bits}\"] }}")
        }
    };
    Suggestion::new(key, entry)
}

/// Whether many would answer a ping.
fn is_group(range: Range) -> bool {
    matches!(range, Range::Multicast | Range::Broadcast)
}
