//! Refusals: why, about what, and in which words to whom.
//!
//! The model reads which resource was refused and that the operator decides. What to write into
//! the policy is for the operator only. Whether something is refused is `decide.rs`.

use std::fmt::{self, Write as _};
use std::net::IpAddr;

use crate::range::{Range, classify};
use crate::{Name, Ports, Resource, Rule, RuleId};

/// Why an ask was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No allow rule speaks of it.
    NoRule,
    /// This deny rule covers it.
    Denied(RuleId),
    /// The policy would allow it, but the plugin's manifest does not want it.
    NotWanted,
    /// A name, `any` or a wide network would lead there, but not to special addresses.
    SpecialRange(Range),
    /// The answer lies outside the `within` of this rule.
    OutsideWithin(RuleId),
    /// This rule covers the host, but not the port.
    PortNotGranted(RuleId),
    /// The name was looked up, too long ago.
    PinExpired,
    /// Only names are granted on this port, and none was looked up that led to this address.
    NotPinned,
    /// Port 0 cannot be dialled.
    BadPort,
    /// An IPv6 zone was given; no rule can grant one in this version.
    ZoneNotGranted,
    /// A local address or port was chosen; only the system may choose it.
    BindNotGranted,
    /// Listening and accepting are not available in this version.
    NotYetAvailable,
}

impl Reason {
    /// A stable code for audit lines and JSON.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoRule => "no-rule",
            Self::Denied(_) => "deny-rule",
            Self::NotWanted => "not-wanted",
            Self::SpecialRange(_) => "special-range",
            Self::OutsideWithin(_) => "outside-within",
            Self::PortNotGranted(_) => "port-not-granted",
            Self::PinExpired => "pin-expired",
            Self::NotPinned => "not-pinned",
            Self::BadPort => "bad-port",
            Self::ZoneNotGranted => "zone-not-granted",
            Self::BindNotGranted => "bind-not-granted",
            Self::NotYetAvailable => "not-yet-available",
        }
    }

    /// How near the reason is to a permit: the nearest one is told.
    fn nearness(self) -> u8 {
        match self {
            Self::BadPort | Self::ZoneNotGranted | Self::BindNotGranted | Self::NotYetAvailable => 0,
            Self::NoRule => 1,
            Self::NotPinned => 2,
            Self::SpecialRange(_) => 3,
            Self::OutsideWithin(_) => 4,
            Self::PortNotGranted(_) => 5,
            Self::PinExpired => 6,
            Self::NotWanted => 7,
            Self::Denied(_) => 8,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRule => f.write_str("no rule covers it"),
            Self::Denied(_) => f.write_str("a deny rule covers it, and deny wins"),
            Self::NotWanted => f.write_str("the plugin's manifest does not want it"),
            Self::SpecialRange(range) => {
                write!(f, "it is {range}, which only a rule that says so reaches")
            }
            Self::OutsideWithin(_) => f.write_str("it lies outside the networks in the rule's `within`"),
            Self::PortNotGranted(_) => f.write_str("a rule covers the host, but not the port"),
            Self::PinExpired => f.write_str("the name was looked up too long ago"),
            Self::NotPinned => {
                f.write_str("only names are granted on this port, and none of them was looked up and led here")
            }
            Self::BadPort => f.write_str("port 0 cannot be dialled"),
            Self::ZoneNotGranted => f.write_str("it has an IPv6 zone, and rules cannot name zones in this version"),
            Self::BindNotGranted => f.write_str("a plugin cannot choose its local address or port"),
            Self::NotYetAvailable => f.write_str("listening is not available in this version"),
        }
    }
}

/// What came nearest to a permit while the rules were tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Near {
    reason: Reason,
    rule: Option<RuleId>,
    ports: Option<Ports>,
    pinned: Option<Name>,
}

impl Near {
    pub(crate) fn because(reason: Reason) -> Self {
        let rule = match reason {
            Reason::Denied(id) => Some(id),
            _ => None,
        };
        Self { reason, rule, ports: None, pinned: None }
    }

    /// The same where no lookup could ever make a pin.
    pub(crate) fn without_pins(self) -> Self {
        match self.reason {
            Reason::NotPinned => Self::because(Reason::NoRule),
            _ => self,
        }
    }

    /// Keeps the reason if it is nearer than what was noted so far. `pinned` is the name of the
    /// pin over which the rule was reached.
    pub(crate) fn note(&mut self, reason: Reason, id: RuleId, rule: &Rule, pinned: Option<&Name>) {
        if reason.nearness() <= self.reason.nearness() {
            return;
        }
        let id = match reason {
            Reason::Denied(deny) => deny,
            _ => id,
        };
        *self = Self { reason, rule: Some(id), ports: Some(rule.ports().clone()), pinned: pinned.cloned() };
    }
}

/// A refusal: what was asked for, and why it was not granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    resource: Resource,
    near: Near,
}

impl Denial {
    pub(crate) fn new(resource: Resource, near: Near) -> Self {
        Self { resource, near }
    }

    /// What was asked for, in canonical form; displays as `tcp://10.0.0.1:22`.
    pub fn resource(&self) -> &Resource {
        &self.resource
    }

    /// Why it was refused.
    pub fn reason(&self) -> Reason {
        self.near.reason
    }

    /// The rule that decided or came nearest; none where no rule spoke of it.
    pub fn rule(&self) -> Option<RuleId> {
        self.near.rule
    }

    /// The same refusal of an answer that was to be dialled on this port: its suggestion names the port.
    #[must_use]
    pub fn on_port(mut self, port: u16) -> Self {
        self.near.ports = Ports::one(port).ok();
        self
    }

    /// What the model reads: which resource, and who decides. Never what to write into a policy,
    /// nor which rules there are.
    pub fn for_model(&self) -> String {
        let what = self.action();
        match self.near.reason {
            Reason::NotWanted => format!(
                "denied: this plugin may not {what}: it does not ask for that in its manifest, \
                 beyond which the operator's policy cannot go"
            ),
            Reason::PinExpired => format!(
                "denied: this plugin may not {what} any more: the name has to be looked up again, \
                 as the operator's policy binds addresses to fresh lookups"
            ),
            Reason::BadPort => format!("denied: nothing may {what}: port 0 cannot be dialled"),
            Reason::NotYetAvailable => {
                format!("denied: this plugin may not {what}: that is not available in this version")
            }
            _ => format!("denied: this plugin may not {what}: the operator's policy decides that"),
        }
    }

    /// What the operator reads: the reason, and the smallest rule for this plugin that would allow
    /// it, where one would.
    pub fn for_operator(&self, plugin: &str) -> String {
        let mut text = format!("plugin `{plugin}` may not {}: {}", self.action(), self.near.reason);
        let hint = match self.suggestion() {
            Some(entry) => format!("`[plugins.{plugin}] connect = [{entry}]` would allow it"),
            None => match self.near.reason {
                Reason::Denied(_) => "only a change of the deny rule would allow it".to_owned(),
                Reason::NotWanted => "the plugin's author would have to add it to the `wants` of the manifest".into(),
                Reason::PinExpired => "the plugin has to look the name up again".to_owned(),
                _ => "no rule of this version allows it".to_owned(),
            },
        };
        // Writing into a string cannot fail.
        let _ = write!(text, "\nhint: {hint}");
        text
    }

    /// The element of a `connect` list that would allow the ask, in TOML; none where no rule would.
    /// `PORT` stands in it where the ask has no port and no rule is near.
    pub fn suggestion(&self) -> Option<String> {
        match self.near.reason {
            Reason::Denied(_)
            | Reason::NotWanted
            | Reason::PinExpired
            | Reason::BadPort
            | Reason::ZoneNotGranted
            | Reason::BindNotGranted
            | Reason::NotYetAvailable => return None,
            Reason::NoRule
            | Reason::SpecialRange(_)
            | Reason::OutsideWithin(_)
            | Reason::PortNotGranted(_)
            | Reason::NotPinned => {}
        }
        let ports = self.near.ports.as_ref().map_or("PORT".to_owned(), Ports::to_string);
        match &self.resource {
            Resource::Peer { protocol, to } => match &self.near.pinned {
                Some(name) => answer_rule(name, to.ip(), &to.port().to_string()),
                None if has_no_rule(to.ip()) => None,
                None => Some(format!("\"{protocol}://{to}\"")),
            },
            Resource::Target { protocol, name, port } => Some(format!("\"{protocol}://{name}:{port}\"")),
            Resource::Name(name) => Some(format!("\"tcp://{name}:{ports}\"")),
            Resource::Answer { name, address } => answer_rule(name, *address, &ports),
            Resource::Bind { .. } | Resource::Listen { .. } | Resource::Accept { .. } => None,
        }
    }

    fn action(&self) -> String {
        match &self.resource {
            Resource::Name(name) => format!("look up `{name}`"),
            Resource::Answer { name, address } => {
                format!("reach `{address}`, to which `{name}` leads")
            }
            Resource::Peer { .. } | Resource::Target { .. } => format!("connect to `{}`", self.resource),
            Resource::Bind { protocol, at } => format!("bind `{protocol}://{at}`"),
            Resource::Listen { protocol, at } => format!("listen on `{protocol}://{at}`"),
            Resource::Accept { protocol, from } => {
                format!("accept a connection from `{protocol}://{from}`")
            }
        }
    }
}

/// The rule that would let this name lead to this address.
fn answer_rule(name: &Name, address: IpAddr, ports: &str) -> Option<String> {
    if has_no_rule(address) {
        return None;
    }
    match classify(address) {
        Range::Public if !name.is_localhost() => Some(format!("\"tcp://{name}:{ports}\"")),
        // No `within` opens these; the address has to be granted, and dialled, as such.
        special if special.needs_exact_rule() || name.is_localhost() => {
            let at = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
            Some(format!("\"tcp://{at}:{ports}\""))
        }
        _ => {
            let bits = if address.is_ipv4() { 32 } else { 128 };
            Some(format!("{{ to = \"tcp://{name}:{ports}\", within = [\"{address}/{bits}\"] }}"))
        }
    }
}

/// Addresses that no rule can be written for: link-local IPv6, which would have to name a zone,
/// and the unspecified ones, which are no peers.
fn has_no_rule(address: IpAddr) -> bool {
    address.is_unspecified() || matches!(address, IpAddr::V6(six) if six.is_unicast_link_local())
}

#[cfg(test)]
#[path = "denial_tests.rs"]
mod tests;
