//! Why something is allowed or denied, before it happens: the decision of enforcement, step by step.
//!
//! Nothing is decided here: every answer is `Grants::decide`'s, on the grants that an instance would have. Lookups happen
//! elsewhere, against the permit of [`lookup_permit`]; their answers are handed in.

use std::net::{IpAddr, SocketAddr};

use cofferdam_grants::{
    Ask, Denial, Grants, Moment, Name, Permit, Pins, Protocol, Range, Reason, Resource, RuleId, classify,
};

use crate::effective::effective;
use crate::manifest::Manifest;
use crate::policy::{Policy, RuleSource};
use crate::question::{About, Question};

/// What became of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Passed {
    /// It lets the ask through.
    Yes,
    /// It refuses it.
    No,
    /// It is not known before the name is looked up.
    Open,
}

/// One step of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which: `name`, `rule`, `range`, `deny`, `manifest`, `lookup`.
    pub name: &'static str,
    /// What became of it.
    pub passed: Passed,
    /// Why, in one line.
    pub text: String,
}

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Whether it is allowed. A name that was not looked up is allowed if a public answer may be dialled, or one in the
    /// rule's `within`.
    pub allowed: bool,
    /// The answer in one line.
    pub summary: String,
    /// A stable code for a denial.
    pub reason: Option<&'static str>,
    /// The rule that decided or came nearest.
    pub rule: Option<RuleSource>,
    /// How it came about; it ends with the step that refuses.
    pub steps: Vec<Step>,
    /// The addresses that may be dialled, where the name was looked up.
    pub addresses: Vec<IpAddr>,
    /// The element of the plugin's `connect` list that would allow it, in TOML.
    pub suggestion: Option<String>,
    /// What would help, in words.
    pub hint: Option<String>,
}

/// The permit to look up the name of the question, which is what a lookup takes; `None` where there is no name, or where
/// it may not be looked up.
pub fn lookup_permit(policy: &Policy, manifest: &Manifest, question: &Question) -> Option<(Permit, Name)> {
    let grants = effective(policy, manifest).grants;
    let name = question.name()?;
    if let About::Name { protocol, name, port } = &question.about {
        // Only asked: nothing is dialled here.
        drop(grants.decide(&Ask::Dial { protocol: *protocol, name, port: *port }).ok()?);
    }
    let permit = grants.decide(&Ask::Resolve { name }).ok()?;
    Some((permit, name.clone()))
}

/// Answers a question. `found` is what the lookup gave, or why it gave nothing; `None` where nobody was asked.
pub fn explain(
    policy: &Policy,
    manifest: &Manifest,
    question: &Question,
    found: Option<Result<Vec<IpAddr>, String>>,
) -> Explanation {
    let grants = effective(policy, manifest).grants;
    let mut telling = Telling { policy, grants: &grants, steps: Vec::new(), addresses: Vec::new(), deciding: None };
    let answer = match &question.about {
        About::Address { protocol, to } => telling.address(*protocol, *to),
        About::Name { protocol, name, port } => {
            let answer = grants.decide(&Ask::Dial { protocol: *protocol, name, port: *port });
            telling.tell(&answer, &[Stage::Deny, Stage::Rule, Stage::Range, Stage::Manifest]);
            match answer {
                Ok(permit) if question.name().is_some() => {
                    telling.answers(permit, name, Some((*protocol, *port)), found)
                }
                answer => answer,
            }
        }
        About::Lookup { name } => {
            let answer = grants.decide(&Ask::Resolve { name });
            telling.tell(&answer, &[Stage::Rule, Stage::Deny, Stage::Manifest]);
            match answer {
                Ok(permit) => telling.answers(permit, name, None, found),
                answer => answer,
            }
        }
    };
    let (steps, addresses, deciding) = (telling.steps, telling.addresses, telling.deciding);
    let plugin = &manifest.name;
    match answer {
        Ok(permit) => Explanation {
            allowed: true,
            summary: format!("plugin `{plugin}` may {}", action(permit.resource())),
            reason: None,
            rule: policy.rule(deciding.unwrap_or(permit.rule())).cloned(),
            steps,
            addresses,
            suggestion: None,
            hint: None,
        },
        Err(denial) => {
            let text = denial.for_operator(plugin);
            let (summary, hint) = text.split_once("\nhint: ").unwrap_or((&text, ""));
            let suggestion = denial.suggestion();
            // A plain rule may as well be a flag.
            let flag = suggestion.as_deref().and_then(|rule| rule.strip_prefix('"')?.strip_suffix('"'));
            let flag = flag.map(|rule| format!(", as would the flag `--allow-connect '{rule}'`")).unwrap_or_default();
            Explanation {
                allowed: false,
                summary: summary.to_owned(),
                reason: Some(denial.reason().code()),
                rule: denial.rule().and_then(|id| policy.rule(id)).cloned(),
                steps,
                addresses,
                suggestion,
                hint: (!hint.is_empty()).then(|| format!("{hint}{flag}")),
            }
        }
    }
}

fn action(resource: &Resource) -> String {
    match resource {
        Resource::Name(name) => format!("look up `{name}`"),
        other => format!("connect to `{other}`"),
    }
}

/// A step that every ask of its kind goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Deny,
    Rule,
    Range,
    Manifest,
}

impl Stage {
    fn of(reason: Reason) -> Self {
        match reason {
            Reason::Denied(_) => Self::Deny,
            Reason::SpecialRange(_) | Reason::OutsideWithin(_) => Self::Range,
            Reason::NotWanted => Self::Manifest,
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
            Self::Range => "range",
            Self::Manifest => "manifest",
        }
    }
}

/// Puts decisions into steps.
struct Telling<'a> {
    policy: &'a Policy,
    grants: &'a Grants,
    steps: Vec<Step>,
    addresses: Vec<IpAddr>,
    /// The rule over which the first kept answer may be dialled.
    deciding: Option<RuleId>,
}

impl Telling<'_> {
    fn step(&mut self, name: &'static str, passed: Passed, text: impl Into<String>) {
        self.steps.push(Step { name, passed, text: text.into() });
    }

    fn source(&self, id: RuleId) -> String {
        self.policy.rule(id).map(ToString::to_string).unwrap_or_default()
    }

    fn address(&mut self, protocol: Protocol, to: SocketAddr) -> Result<Permit, Denial> {
        let ask = Ask::Connect { protocol, to, pins: &Pins::new(), now: Moment::default() };
        let answer = self.grants.decide(&ask);
        self.tell(&answer, &[Stage::Deny, Stage::Rule, Stage::Range, Stage::Manifest]);
        answer
    }

    /// The stages up to the one that refuses, in the order in which they were gone through.
    fn tell(&mut self, answer: &Result<Permit, Denial>, stages: &[Stage]) {
        let (refusing, rule, resource) = match answer {
            Ok(permit) => (None, Some(permit.rule()), permit.resource()),
            Err(denial) => (Some((Stage::of(denial.reason()), denial.reason())), denial.rule(), denial.resource()),
        };
        for stage in stages {
            if let Some((refusing, reason)) = refusing
                && refusing == *stage
            {
                let rule = rule.filter(|_| reason != Reason::NotWanted).map(|id| format!(": {}", self.source(id)));
                self.step(stage.name(), Passed::No, format!("{reason}{}", rule.unwrap_or_default()));
                return;
            }
            let denied = matches!(refusing, Some((Stage::Deny, _)));
            let text = match stage {
                Stage::Deny if self.grants.rules().any(|own| own.denies) => "no deny rule covers it".to_owned(),
                Stage::Deny => "there is no deny rule".to_owned(),
                // The rule of such a denial is the deny rule.
                Stage::Rule if denied => "a rule covers it".to_owned(),
                Stage::Rule => rule.map(|id| self.source(id)).unwrap_or_default(),
                Stage::Range => match range_of(resource) {
                    Some(range) => format!("it is {range}"),
                    None => continue,
                },
                Stage::Manifest => "the plugin's manifest wants it".to_owned(),
            };
            self.step(stage.name(), Passed::Yes, text);
        }
    }

    /// What the answers to a lookup come to: the permit for the first that may be dialled, or the first denial.
    fn answers(
        &mut self,
        permit: Permit,
        name: &Name,
        dial: Option<(Protocol, u16)>,
        found: Option<Result<Vec<IpAddr>, String>>,
    ) -> Result<Permit, Denial> {
        let found = match found {
            Some(Ok(found)) if !found.is_empty() => found,
            Some(Ok(_)) => {
                self.step("lookup", Passed::No, "the name has no addresses; the policy would allow public ones");
                return Ok(permit);
            }
            Some(Err(why)) => {
                self.step("lookup", Passed::No, format!("{why}; what the policy allows does not depend on it"));
                return Ok(permit);
            }
            None => {
                self.step("lookup", Passed::Open, "not looked up; `--resolve` does");
                let text = self.filter(&permit);
                self.step("range", Passed::Open, text);
                return Ok(permit);
            }
        };
        let all: Vec<String> = found.iter().map(ToString::to_string).collect();
        self.step("lookup", Passed::Yes, format!("{name} leads to {}", all.join(", ")));
        let mut first = None;
        for address in found {
            match self.answer(name, permit.rules(), address, dial) {
                Ok(()) => self.addresses.push(address),
                Err(denial) => first = first.or(Some(denial)),
            }
        }
        match first {
            Some(denial) if self.addresses.is_empty() => Err(denial),
            _ => Ok(permit),
        }
    }

    /// One answer on the way of an effect: kept, and dialled.
    fn answer(
        &mut self,
        name: &Name,
        naming: &[RuleId],
        address: IpAddr,
        dial: Option<(Protocol, u16)>,
    ) -> Result<(), Denial> {
        let (now, mut pins) = (Moment::default(), Pins::new());
        let kept = self.grants.decide(&Ask::Pin { name, address });
        let refusal = match kept {
            Err(denial) => match dial {
                Some((_, port)) => denial.on_port(port),
                None => denial,
            },
            Ok(permit) => {
                // Where an address rule covers the answer too, the name's own rule is the one to tell.
                let keeping = permit.rules().iter().copied().find(|id| naming.contains(id)).unwrap_or(permit.rule());
                pins.insert(permit, None, now);
                let dialled = dial.map(|(protocol, port)| {
                    let to = SocketAddr::new(address, port);
                    self.grants.decide(&Ask::Connect { protocol, to, pins: &pins, now })
                });
                match dialled {
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

    /// Where the rules let the name lead.
    fn filter(&self, permit: &Permit) -> String {
        let mut places: Vec<String> = Vec::new();
        for own in self.grants.rules().filter(|own| !own.denies && permit.rules().contains(&own.id)) {
            match own.rule.networks() {
                [] => places.push("public ones".to_owned()),
                networks => places.extend(networks.iter().map(|network| format!("those in {network}"))),
            }
        }
        places.dedup();
        let unless = if self.grants.rules().any(|own| own.denies) { ", unless a deny rule covers them" } else { "" };
        format!("of its addresses may be dialled: {}{unless}", places.join(", "))
    }
}

fn range_of(resource: &Resource) -> Option<Range> {
    match resource {
        Resource::Peer { to, .. } => Some(classify(to.ip())),
        Resource::Target { name, .. } if name.is_localhost() => Some(Range::Loopback),
        _ => None,
    }
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
