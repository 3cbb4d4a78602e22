//! The smallest rule that would allow what was refused, for the operator.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::{Denial, Reason};
use crate::range::{Range, classify, is_closed};
use crate::rule::LOCALHOST;
use crate::{Name, Ports, QueryName, Resource, Zone, is_compatible};

/// A rule that would allow what was refused: the key that it belongs under, and the element, or elements, of its list, in
/// TOML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// As `connect`.
    pub key: &'static str,
    /// As `"tcp://10.0.0.1:22"`, with its quotes.
    pub entry: String,
    /// The other rule that is missing: a question to a name server takes one for the name and one for the server.
    pub also: Option<Box<Suggestion>>,
}

impl Suggestion {
    fn new(key: &'static str, entry: String) -> Option<Self> {
        Some(Self { key, entry, also: None })
    }

    /// As it would be written into the table of a plugin: `` `[plugins.tcp] connect = ["tcp://10.0.0.1:22"]` ``.
    pub fn in_table(&self, plugin: &str) -> String {
        let also = self.also.as_ref().map(|also| format!(" and `{} = [{}]`", also.key, also.entry));
        format!("`[plugins.{plugin}] {} = [{}]`{}", self.key, self.entry, also.unwrap_or_default())
    }

    /// The rule itself, where it is one string, so that it may as well be a flag.
    pub fn plain(&self) -> Option<&str> {
        let inner = self.entry.strip_prefix('"')?.strip_suffix('"').filter(|_| self.also.is_none())?;
        (!inner.contains(['"', '\\', '\''])).then_some(inner)
    }
}

impl Denial {
    /// The rule that would allow the ask; none where no rule would. A name in it may be none to IDNA, which is not known here.
    pub fn suggestion(&self) -> Option<Suggestion> {
        if self.near.hopeless {
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
            Resource::Peer { protocol, to, zone } => match &self.near.pinned {
                Some(name) => answer_rule("connect", name, to.ip(), &to.port().to_string()),
                None => {
                    let host = exact(to.ip(), zone.as_ref(), true)?;
                    Suggestion::new("connect", format!("\"{protocol}://{host}:{}\"", to.port()))
                }
            },
            Resource::Target { protocol, name, port } => {
                Suggestion::new("connect", format!("\"{protocol}://{}:{port}\"", host(name)?))
            }
            Resource::Ping { to, zone } => match &self.near.pinned {
                Some(name) => answer_rule("ping", name, *to, ""),
                None => Suggestion::new("ping", format!("\"{}\"", exact(*to, zone.as_ref(), false)?)),
            },
            Resource::PingTarget(name) => Suggestion::new("ping", format!("\"{}\"", host(name)?)),
            Resource::Name(name) => match self.near.key {
                Some("ping") => Suggestion::new("ping", format!("\"{}\"", host(name)?)),
                Some("connect") => Suggestion::new("connect", format!("\"tcp://{}:{}\"", host(name)?, self.ports())),
                _ => Suggestion::new("resolve", format!("\"{}\"", asked_name(name)?)),
            },
            Resource::Answer { name, address } => match self.near.key {
                // A name that is only asked for leads nowhere.
                Some("resolve") => None,
                Some("ping") => answer_rule("ping", name, *address, ""),
                _ => answer_rule("connect", name, *address, &self.ports()),
            },
            Resource::Query { server, name } => {
                let missing = match self.near.missing {
                    Some(implicit) => Some(server_rule(*server, implicit)?),
                    None => None,
                };
                match self.near.reason {
                    Reason::NoRule => {
                        let named = Suggestion::new("resolve", format!("\"{}\"", query_rule(name)?))?;
                        Some(Suggestion { also: missing.map(Box::new), ..named })
                    }
                    _ => missing,
                }
            }
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
    let compatible = matches!(address, IpAddr::V6(six) if is_compatible(six));
    if address.is_unspecified() || compatible || is_closed(address) || scoped != zone.is_some() {
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

/// A name as the host of a rule; none for the name that a rule would take for its word for every host.
fn host(name: &Name) -> Option<&str> {
    (name.as_str() != "any").then_some(name.as_str())
}

/// A name in a rule about names to ask for; none for the words that are no names there.
fn asked_name(name: &Name) -> Option<&str> {
    host(name).filter(|_| !name.is_localhost())
}

/// The rule that covers a name of a query: the name, its service for an instance of one, or `any` for what no rule can spell.
fn query_rule(name: &QueryName) -> Option<String> {
    match (name.host_name(), name.of_instance()) {
        (Some(name), _) => asked_name(&name).map(str::to_owned),
        (None, Some(service)) => Some(format!("*.{service}")),
        (None, None) => Some("any".to_owned()),
    }
}

/// The rule for a name server; the first one has to keep the host's own, which are meant while there is none.
fn server_rule(server: SocketAddr, implicit: bool) -> Option<Suggestion> {
    let compatible = matches!(server.ip(), IpAddr::V6(six) if is_compatible(six));
    if server.ip().is_unspecified() || compatible || is_closed(server.ip()) || !plain(server) {
        return None;
    }
    let rule = if server.port() == 53 { server.ip().to_string() } else { server.to_string() };
    let own = if implicit { "\"system\", " } else { "" };
    Suggestion::new("servers", format!("{own}\"{rule}\""))
}

/// The rule that would let this name lead to this address.
fn answer_rule(key: &'static str, name: &Name, address: IpAddr, ports: &str) -> Option<Suggestion> {
    let connects = key == "connect";
    let shown = |host: &str| if connects { format!("tcp://{host}:{ports}") } else { host.to_owned() };
    let own = shown(host(name)?);
    let entry = match classify(address) {
        // Nobody can say what `localhost` is: it leads to two addresses, which are granted as such.
        _ if name.is_localhost() && !LOCALHOST.contains(&address) => return None,
        _ if name.is_localhost() => format!("\"{}\"", shown(&exact(address, None, connects)?)),
        Range::Public => format!("\"{own}\""),
        // No `within` opens these, and a rule for the address would not let the name lead there.
        special if special.needs_exact_rule() || (is_group(special) && !connects) => return None,
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
