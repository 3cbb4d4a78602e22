//! Refusals: why, about what, and in which words to whom.
//!
//! The model reads which resource was refused and that the operator decides. What would help is for
//! the operator only: it is data here, and `cofferdam-policy` puts it into words. Whether something
//! is refused is `decide.rs`.

mod suggest;

use std::fmt;

use crate::{Name, Ports, Range, Resource, Rule, RuleId};

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
    /// Only names are granted there, and none was looked up that led to this address.
    NotPinned,
    /// The name may be asked for, but no rule covers the server.
    ServerNotGranted,
    /// Port 0 cannot be dialled.
    BadPort,
    /// An IPv6 zone was asked about, and the rule names another or none.
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
            Self::ServerNotGranted => "server-not-granted",
            Self::BadPort => "bad-port",
            Self::ZoneNotGranted => "zone-not-granted",
            Self::BindNotGranted => "bind-not-granted",
            Self::NotYetAvailable => "not-yet-available",
        }
    }

    /// How near the reason is to a permit: the nearest one is told.
    fn nearness(self) -> u8 {
        match self {
            Self::BadPort | Self::BindNotGranted | Self::NotYetAvailable => 0,
            Self::NoRule => 1,
            Self::NotPinned | Self::ServerNotGranted => 2,
            Self::SpecialRange(_) => 3,
            Self::OutsideWithin(_) => 4,
            Self::ZoneNotGranted => 5,
            Self::PortNotGranted(_) => 6,
            Self::PinExpired => 7,
            Self::NotWanted => 8,
            Self::Denied(_) => 9,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRule => f.write_str("no rule covers it"),
            Self::Denied(_) => f.write_str("a deny rule covers it, and deny wins"),
            Self::NotWanted => f.write_str("the plugin's manifest does not want it"),
            Self::SpecialRange(range) if range.is_closed() => write!(f, "it is {range}, which no rule reaches"),
            Self::SpecialRange(range) => {
                write!(f, "it is {range}, which only a rule that says so reaches")
            }
            Self::OutsideWithin(_) => f.write_str("it lies outside the networks in the rule's `within`"),
            Self::PortNotGranted(_) => f.write_str("a rule covers the host, but not the port"),
            Self::PinExpired => f.write_str("the name was looked up too long ago"),
            Self::NotPinned => {
                f.write_str("only names are granted there, and none of them was looked up and led to it")
            }
            Self::ServerNotGranted => f.write_str("the name may be asked for, but not of this server"),
            Self::BadPort => f.write_str("port 0 cannot be dialled"),
            Self::ZoneNotGranted => f.write_str("it is in an IPv6 zone that no rule names"),
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
    /// The key of the rule that would help, where the resource alone does not say it.
    key: Option<&'static str>,
    /// Whether a rule for the server of a query is missing; and if so, whether there is none for
    /// any server yet.
    missing: Option<bool>,
    /// Whether no rule would help: the manifest wants nothing that a rule could name.
    no_rule_helps: bool,
}

impl Near {
    pub(crate) fn because(reason: Reason) -> Self {
        let rule = match reason {
            Reason::Denied(id) => Some(id),
            _ => None,
        };
        Self { reason, rule, ports: None, pinned: None, key: None, missing: None, no_rule_helps: false }
    }

    /// No rule covers the server of a query; `named` is the rule that covers its name.
    pub(crate) fn of_server(named: RuleId) -> Self {
        Self { rule: Some(named), ..Self::because(Reason::ServerNotGranted) }
    }

    /// The reason.
    pub(crate) fn reason(&self) -> Reason {
        self.reason
    }

    /// The name of the pin over which a rule was reached.
    pub(crate) fn pinned(&self) -> Option<&Name> {
        self.pinned.as_ref()
    }

    /// Where the manifest does not want what was asked for, no rule would help, and that is the
    /// reason: it is told before what a rule lacks. A deny rule is told before it.
    pub(crate) fn unless_wanted(self, wanted: bool) -> Self {
        match self.reason {
            Reason::NoRule
            | Reason::NotPinned
            | Reason::ServerNotGranted
            | Reason::SpecialRange(_)
            | Reason::OutsideWithin(_)
            | Reason::ZoneNotGranted
            | Reason::PortNotGranted(_)
                if !wanted =>
            {
                Self::because(Reason::NotWanted)
            }
            _ => self,
        }
    }

    /// The same refusal where no rule would help: the manifest does not want the address, but a
    /// name that leads to it.
    pub(crate) fn without_rule(self) -> Self {
        Self { no_rule_helps: true, ..self }
    }

    /// The same where no lookup could ever make a pin.
    pub(crate) fn without_pins(self) -> Self {
        match self.reason {
            Reason::NotPinned => Self::because(Reason::NoRule),
            _ => self,
        }
    }

    /// Keeps the reason if it is nearer than what was noted so far. `ports` are the rule's,
    /// `pinned` is the name of the pin over which the rule was reached.
    pub(crate) fn note(&mut self, reason: Reason, id: RuleId, ports: Option<&Ports>, pinned: Option<&Name>) {
        if reason.nearness() <= self.reason.nearness() {
            return;
        }
        let id = match reason {
            Reason::Denied(deny) => deny,
            _ => id,
        };
        *self = Self { rule: Some(id), ports: ports.cloned(), pinned: pinned.cloned(), ..Self::because(reason) };
    }

    /// As [`Near::note`], where rules of several kinds may allow the ask.
    pub(crate) fn note_rule(&mut self, reason: Reason, id: RuleId, rule: &Rule) {
        let nearer = reason.nearness() > self.reason.nearness();
        self.note(reason, id, rule.ports(), None);
        if nearer {
            self.key = Some(rule.key());
        }
    }

    /// Where no rule is near, one of the kind that the manifest wants would help, on the ports that
    /// it wants.
    pub(crate) fn or_for(mut self, want: &Rule) -> Self {
        if self.key != Some(want.key()) {
            self.key = Some(want.key());
            self.ports = want.ports().cloned();
        }
        self
    }

    /// Whether the reason is something that a rule lacks.
    pub(crate) fn is_about_a_rule(&self) -> bool {
        matches!(self.reason, Reason::SpecialRange(_) | Reason::OutsideWithin(_))
    }

    /// The key and the ports of the rule that came nearest.
    pub(crate) fn nearest(&self) -> Option<(&'static str, Option<&Ports>)> {
        Some((self.key?, self.ports.as_ref()))
    }

    /// Whether a rule for the server of a query is missing.
    pub(crate) fn lacks_server(&self) -> bool {
        self.missing.is_some()
    }

    /// A rule for the server of a query is missing; `implicit` while there is none for any server.
    pub(crate) fn missing_server(self, implicit: bool) -> Self {
        Self { missing: Some(implicit), ..self }
    }
}

/// What would help against a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// These rules, all of them: the smallest that would allow it, at least one.
    Rules(Vec<Rule>),
    /// Only a change of the deny rule that covers it.
    DenyRule,
    /// Only a change of the plugin's manifest.
    Manifest,
    /// The plugin looks the name up again.
    LookUpAgain,
    /// The plugin looks the name up first.
    LookUp,
    /// Nothing: no rule lets a name lead there.
    NoRuleForAnswer,
    /// Nothing: no rule of this version allows it.
    NoRule,
}

/// A refusal: what was asked for, and why it was not granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    resource: Resource,
    near: Box<Near>,
}

impl Denial {
    pub(crate) fn new(resource: Resource, near: Near) -> Self {
        Self { resource, near: Box::new(near) }
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

    /// The same refusal of an answer that was to be dialled on this port: its suggestion names the
    /// port.
    #[must_use]
    pub fn on_port(mut self, port: u16) -> Self {
        self.near.ports = Ports::one(port).ok();
        self.near.key = Some("connect");
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

    /// What the operator reads: what was refused, and why.
    pub fn for_operator(&self, plugin: &str) -> String {
        format!("plugin `{plugin}` may not {}: {}", self.action(), self.near.reason)
    }

    /// What would help against the refusal.
    pub fn remedy(&self) -> Remedy {
        let answers = matches!(self.resource, Resource::Answer { .. });
        match (self.suggestion(), self.near.reason) {
            (Some(rules), _) => Remedy::Rules(rules),
            (None, Reason::Denied(_)) => Remedy::DenyRule,
            (None, Reason::NotWanted) => Remedy::Manifest,
            (None, Reason::PinExpired) => Remedy::LookUpAgain,
            (None, Reason::NotPinned) => Remedy::LookUp,
            (None, Reason::SpecialRange(_) | Reason::OutsideWithin(_)) if answers => Remedy::NoRuleForAnswer,
            (None, _) => Remedy::NoRule,
        }
    }

    /// What the plugin wanted to do, for a sentence.
    fn action(&self) -> String {
        match &self.resource {
            Resource::Name(name) => format!("look up `{name}`"),
            Resource::Answer { name, address } => {
                format!("reach `{address}`, to which `{name}` leads")
            }
            Resource::Peer { .. } | Resource::Target { .. } => format!("connect to `{}`", self.resource),
            Resource::Ping { to, zone: None } => format!("ping `{to}`"),
            Resource::Ping { to, zone: Some(zone) } => format!("ping `{to}%{zone}`"),
            Resource::PingTarget(name) => format!("ping `{name}`"),
            Resource::Query { server, name } => format!("ask `{server}` for `{name}`"),
            Resource::File(path) => format!("read `{path}`"),
            Resource::Handler(name) => format!("use the protocol handler `{name}`"),
            Resource::Interface(import) => format!("use `{import}`"),
            Resource::Bind { protocol, at } => format!("bind `{protocol}://{at}`"),
            Resource::Listen { protocol, at } => format!("listen on `{protocol}://{at}`"),
            Resource::Accept { protocol, from } => {
                format!("accept a connection from `{protocol}://{from}`")
            }
        }
    }
}

#[cfg(test)]
#[path = "denial_tests.rs"]
mod tests;
