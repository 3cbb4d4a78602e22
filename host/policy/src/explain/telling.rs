//! Decisions put into steps, in the order in which they are gone through. What refuses is the last
//! of them, or one of the answers to a lookup.

use std::net::{IpAddr, SocketAddr};

use cofferdam_grants::{
    Ask, AtPath, Denial, Grants, Moment, Name, Pins, Protocol, Range, Reason, Resource, RuleId, classify,
};

use super::{Allowed, Passed, Step, held_back};
use crate::policy::Policy;

/// What the addresses of a name are wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Dial(Protocol, u16),
    Ping,
    /// Nothing further: the lookup itself is the question.
    Lookup,
}

/// A step that every ask of its kind goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Deny,
    Rule,
    Server,
    Range,
    Manifest,
}

impl Stage {
    fn of(reason: Reason) -> Self {
        match reason {
            Reason::Denied(_) => Self::Deny,
            Reason::SpecialRange(_) | Reason::OutsideWithin(_) => Self::Range,
            Reason::NotWanted => Self::Manifest,
            Reason::ServerNotGranted => Self::Server,
            Reason::NoRule
            | Reason::PortNotGranted(_)
            | Reason::NotPinned
            | Reason::PinExpired
            | Reason::BadPort
            | Reason::ZoneNotGranted
            | Reason::BindNotGranted
            | Reason::NotYetAvailable => Self::Rule,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Rule => "rule",
            Self::Server => "server",
            Self::Range => "range",
            Self::Manifest => "manifest",
        }
    }
}

/// Puts decisions into steps.
pub(super) struct Telling<'a> {
    policy: &'a Policy,
    grants: &'a Grants,
    pub(super) steps: Vec<Step>,
    pub(super) addresses: Vec<IpAddr>,
    /// The rule over which the first kept answer may be dialled.
    pub(super) deciding: Option<RuleId>,
    /// Why a lookup that was made gave no address.
    pub(super) unresolved: Option<String>,
    /// Why a file is refused whatever the policy says.
    pub(super) held_back: Option<&'static str>,
}

impl<'a> Telling<'a> {
    pub(super) fn new(policy: &'a Policy, grants: &'a Grants) -> Self {
        let (steps, addresses) = (Vec::new(), Vec::new());
        Self { policy, grants, steps, addresses, deciding: None, unresolved: None, held_back: None }
    }

    fn step(&mut self, name: &'static str, passed: Passed, text: impl Into<String>) {
        self.steps.push(Step { name, passed, text: text.into() });
    }

    fn source(&self, id: RuleId) -> String {
        if id == self.policy.implicit_rule() {
            return "no `handlers` rule serves this plugin, so that it may use every handler that is loaded".to_owned();
        }
        self.policy.rule(id).map(ToString::to_string).unwrap_or_default()
    }

    /// The stages up to the one that refuses, in the order in which they were gone through.
    pub(super) fn tell(&mut self, answer: &Result<Allowed, Denial>, stages: &[Stage]) {
        let (refusing, rule, resource) = match answer {
            Ok(allowed) => (None, allowed.rules.first().copied(), &allowed.resource),
            Err(denial) => (Some((Stage::of(denial.reason()), denial.reason())), denial.rule(), denial.resource()),
        };
        for stage in stages {
            if let Some((refusing, reason)) = refusing
                && refusing == *stage
            {
                let told = !matches!(reason, Reason::NotWanted | Reason::ServerNotGranted);
                let rule = rule.filter(|_| told).map(|id| format!(": {}", self.source(id)));
                self.step(stage.name(), Passed::No, format!("{reason}{}", rule.unwrap_or_default()));
                return;
            }
            // Where the manifest refuses what no rule covers, there is nothing to tell of rules.
            let unruled = matches!(refusing, Some((Stage::Manifest, _))) && rule.is_none();
            if unruled && *stage != Stage::Deny {
                continue;
            }
            let text = match stage {
                Stage::Deny if self.grants.rules().any(|own| own.denies) => "no deny rule covers it".to_owned(),
                Stage::Deny => "there is no deny rule".to_owned(),
                Stage::Rule => rule.map(|id| self.source(id)).unwrap_or_default(),
                Stage::Server => match answer.as_ref().map(|allowed| allowed.rules.get(1)) {
                    Ok(Some(server)) => self.source(*server),
                    Ok(None) => "it is one of the host's own, and no `servers` rule names others".to_owned(),
                    Err(_) => continue,
                },
                Stage::Range => match range_of(resource) {
                    Some(range) => format!("it is {range}"),
                    None => continue,
                },
                Stage::Manifest => "the plugin's manifest wants it".to_owned(),
            };
            self.step(stage.name(), Passed::Yes, text);
        }
    }

    /// What the answers to a lookup come to: what allows the first that may be used, or the first
    /// denial.
    pub(super) fn answers(
        &mut self,
        allowed: Allowed,
        name: &Name,
        then: Use,
        found: Option<Result<Vec<IpAddr>, String>>,
    ) -> Result<Allowed, Denial> {
        let found = match found {
            Some(Ok(found)) if !found.is_empty() => found,
            Some(none) => {
                let why = none.err().unwrap_or_else(|| format!("`{name}` has no addresses"));
                self.step("lookup", Passed::No, why.clone());
                self.unresolved = Some(why);
                return Ok(allowed);
            }
            None => {
                self.step("lookup", Passed::Open, "not looked up; `--resolve` does");
                let text = self.filter(&allowed);
                self.step("range", Passed::Open, text);
                return Ok(allowed);
            }
        };
        let all: Vec<String> = found.iter().map(ToString::to_string).collect();
        self.step("lookup", Passed::Yes, format!("{name} leads to {}", all.join(", ")));
        if then == Use::Lookup && !self.leads_anywhere(&allowed) {
            let text = "no rule lets any of them be used; that they are known is all";
            self.step("range", Passed::Yes, text);
            return Ok(allowed);
        }
        let mut first = None;
        for address in found {
            match self.answer(name, &allowed.rules, address, then) {
                Ok(()) => self.addresses.push(address),
                Err(denial) => first = first.or(Some(denial)),
            }
        }
        match first {
            Some(denial) if self.addresses.is_empty() => Err(denial),
            _ => Ok(allowed),
        }
    }

    /// What a permitted path comes to as files are now.
    pub(super) fn file(&mut self, allowed: Allowed, found: AtPath) -> Result<Allowed, Denial> {
        match found {
            AtPath::Given { kind, real } => {
                let leads = matches!(&allowed.resource, Resource::File(path) if *path != real);
                let text = if leads { format!("it leads to `{real}`, {kind}") } else { format!("it is {kind}") };
                self.step("file", Passed::Yes, text);
                Ok(allowed)
            }
            AtPath::Nothing(why) => {
                self.step("file", Passed::Open, why);
                Ok(allowed)
            }
            AtPath::Refused(code) => {
                self.step("file", Passed::No, held_back(code));
                self.held_back = Some(code);
                Ok(allowed)
            }
            AtPath::Denied(denial) => {
                let rule = denial.rule().map(|id| format!(": {}", self.source(id))).unwrap_or_default();
                let place = match denial.resource() {
                    Resource::File(path) => path.to_string(),
                    other => other.to_string(),
                };
                let text = format!("it leads to `{place}`: {}{rule}", denial.reason());
                self.step("file", Passed::No, text);
                Err(denial)
            }
        }
    }

    /// One answer on the way of an effect: kept, and used.
    fn answer(&mut self, name: &Name, naming: &[RuleId], address: IpAddr, then: Use) -> Result<(), Denial> {
        let (now, mut pins) = (Moment::default(), Pins::new());
        let kept = self.grants.decide(&Ask::Pin { name, address });
        let refusal = match kept {
            Err(denial) => match then {
                Use::Dial(_, port) => denial.on_port(port),
                Use::Ping | Use::Lookup => denial,
            },
            Ok(permit) => {
                // Where an address rule covers the answer too, the name's own rule is the one to
                // tell.
                let keeping = permit.rules().iter().copied().find(|id| naming.contains(id)).unwrap_or(permit.rule());
                pins.insert(permit, None, now);
                let used = match then {
                    Use::Dial(protocol, port) => {
                        let to = SocketAddr::new(address, port);
                        Some(self.grants.decide(&Ask::Connect { protocol, to, zone: None, pins: &pins, now }))
                    }
                    Use::Ping => Some(self.grants.decide(&Ask::Ping { to: address, zone: None, pins: &pins, now })),
                    Use::Lookup => None,
                };
                match used {
                    Some(Err(denial)) => denial,
                    Some(Ok(_)) | None => {
                        self.deciding = self.deciding.or(Some(keeping));
                        self.step("range", Passed::Yes, format!("{address} is {}, and kept", classify(address)));
                        return Ok(());
                    }
                }
            }
        };
        let rule = refusal.rule().map(|id| format!(": {}", self.source(id))).unwrap_or_default();
        let stage = Stage::of(refusal.reason()).name();
        self.step(stage, Passed::No, format!("{address} is left out: {}{rule}", refusal.reason()));
        Err(refusal)
    }

    /// Whether a rule that lets the name be looked up lets its addresses be used; one that only
    /// lets it be asked for does not.
    fn leads_anywhere(&self, allowed: &Allowed) -> bool {
        let mut naming = self.grants.rules().filter(|own| !own.denies && allowed.rules.contains(&own.id));
        naming.any(|own| own.rule.peers().is_some())
    }

    /// Where the rules let the name lead.
    fn filter(&self, allowed: &Allowed) -> String {
        let mut places: Vec<String> = Vec::new();
        for own in self.grants.rules().filter(|own| !own.denies && allowed.rules.contains(&own.id)) {
            match own.rule.peers().map(cofferdam_grants::Peers::networks) {
                None => {}
                Some([]) => places.push("public ones".to_owned()),
                Some(_) => {
                    let written = self.policy.rule(own.id).map(|source| source.within.join(", ")).unwrap_or_default();
                    places.push(format!("those in {written}"));
                }
            }
        }
        places.dedup();
        if places.is_empty() {
            return "the rule lets the name be asked for; it lets none of its addresses be used".to_owned();
        }
        let pings = matches!(allowed.resource, Resource::PingTarget(_));
        let used = if pings { "pinged" } else { "dialled" };
        let unless = if self.grants.rules().any(|own| own.denies) { ", unless a deny rule covers them" } else { "" };
        format!("of its addresses may be {used}: {}{unless}", places.join(", "))
    }
}

fn range_of(resource: &Resource) -> Option<Range> {
    match resource {
        Resource::Peer { to, .. } | Resource::Query { server: to, .. } => Some(classify(to.ip())),
        Resource::Ping { to, .. } => Some(classify(*to)),
        Resource::Target { name, .. } | Resource::PingTarget(name) if name.is_localhost() => Some(Range::Loopback),
        _ => None,
    }
}
