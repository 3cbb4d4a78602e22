//! Why something is allowed or denied, before it happens: the decision of enforcement, step by
//! step.
//!
//! Nothing is decided here: every answer is `Grants::decide`'s, on the grants that an instance
//! would have. The world is looked at elsewhere: names with the permit of [`lookup_permit`], files
//! with the grants of [`file_to_try`]. What was found is handed in.

mod telling;

use std::net::IpAddr;

use cofferdam_grants::{AbsolutePath, Ask, AtPath, Denial, Grants, Moment, NameUse, Permit, Pins, Resource, RuleId};

use crate::advice::{Advice, Refusal, refusal};
use crate::effective::effective;
use crate::manifest::Manifest;
use crate::policy::{Policy, RuleSource};
use crate::question::{About, Question};
use telling::{Stage, Telling, Use};

/// What became of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Passed {
    /// It lets the ask through.
    Yes,
    /// It refuses it.
    No,
    /// It is not known before the name is looked up, or the file is there.
    Open,
}

/// One step of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which: `name`, `rule`, `server`, `range`, `deny`, `manifest`, `lookup`, `file`.
    pub name: &'static str,
    /// What became of it.
    pub passed: Passed,
    /// Why, in one line.
    pub text: String,
}

/// What the answer to a question is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is allowed. A name that nobody looked up is allowed if a public answer may be dialled, or
    /// one in the rule's `within`.
    Allowed,
    /// It is denied.
    Denied,
    /// The rules let the name be looked up, the lookup gave no address, and so there is none that
    /// could be dialled.
    Unresolved,
}

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Whether it is allowed.
    pub verdict: Verdict,
    /// The answer in one line.
    pub summary: String,
    /// A stable code for what is not allowed.
    pub reason: Option<&'static str>,
    /// The rule that decided or came nearest.
    pub rule: Option<RuleSource>,
    /// How it came about; it ends with the step that refuses.
    pub steps: Vec<Step>,
    /// The addresses that may be dialled, where the name was looked up.
    pub addresses: Vec<IpAddr>,
    /// The rule that would allow it, with the key of the plugin's table that it belongs under.
    pub suggestion: Option<Advice>,
    /// What would help, in words.
    pub hint: Option<String>,
}

/// What was found out about the world for a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed {
    /// The addresses that the name leads to, or why there are none.
    Addresses(Result<Vec<IpAddr>, String>),
    /// What is at the path.
    File(AtPath),
}

/// The permit to look up the name of the question, which is what a lookup takes; `None` where there
/// is no name, or where it may not be looked up.
pub fn lookup_permit(policy: &Policy, manifest: &Manifest, question: &Question) -> Option<Permit> {
    let grants = effective(policy, manifest).grants;
    let name = question.name()?;
    if let Some(how) = question.about.name_use() {
        grants.would_allow(&how).ok()?;
    }
    grants.decide(&Ask::Resolve { name }).ok()
}

/// The path of the question and the grants to try it under; `None` where it is about no file, or
/// about one that no rule allows.
pub fn file_to_try<'q>(
    policy: &Policy,
    manifest: &Manifest,
    question: &'q Question,
) -> Option<(Grants, &'q AbsolutePath)> {
    let About::File { path } = &question.about else { return None };
    let grants = effective(policy, manifest).grants;
    // Only asked: nothing is read here.
    drop(grants.decide(&Ask::Read { path }).ok()?);
    Some((grants, path))
}

/// Answers a question. `found` is what the world has to do with it; `None` where nobody has looked.
pub fn explain(policy: &Policy, manifest: &Manifest, question: &Question, found: Option<Observed>) -> Explanation {
    let plugin = &manifest.name;
    let grants = effective(policy, manifest).grants;
    let mut telling = Telling::new(policy, &grants);
    let Some(answer) = answer(&grants, &mut telling, question, found) else { return not_yet(plugin, question) };
    let (steps, addresses, deciding) = (telling.steps, telling.addresses, telling.deciding);
    let denial = match answer {
        Ok(allowed) => {
            if let Some(code) = telling.held_back {
                let what = action(&allowed.resource);
                let summary = format!("plugin `{plugin}` may not {what}: {}", held_back(code));
                let hint = Some("no rule can allow it".to_owned());
                return Explanation { summary, hint, ..refused(code, steps) };
            }
            let may = format!("plugin `{plugin}` may {}", action(&allowed.resource));
            let (verdict, reason, summary) = match telling.unresolved {
                None => (Verdict::Allowed, None, may),
                Some(why) => {
                    let summary = format!("{may} as far as rules go, but {why}: no address is known to be allowed");
                    (Verdict::Unresolved, Some("unresolved"), summary)
                }
            };
            let rule = deciding.or(allowed.rules.first().copied()).and_then(|id| policy.rule(id)).cloned();
            return Explanation { verdict, summary, reason, rule, steps, addresses, suggestion: None, hint: None };
        }
        Err(denial) => denial,
    };
    let Refusal { summary, hint, suggestion } = refusal(plugin, &denial);
    Explanation {
        verdict: Verdict::Denied,
        summary,
        reason: Some(denial.reason().code()),
        rule: denial.rule().and_then(|id| policy.rule(id)).cloned(),
        steps,
        addresses,
        hint: Some(hint),
        suggestion,
    }
}

/// What the rules allow, and which of them do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Allowed {
    resource: Resource,
    rules: Vec<RuleId>,
}

impl From<Permit> for Allowed {
    /// Nothing is done under the permit.
    fn from(permit: Permit) -> Self {
        Self { resource: permit.resource().clone(), rules: permit.rules().to_vec() }
    }
}

/// The decision, told step by step; `None` for what no rule of this version can allow.
fn answer(
    grants: &Grants,
    telling: &mut Telling<'_>,
    question: &Question,
    found: Option<Observed>,
) -> Option<Result<Allowed, Denial>> {
    let (pins, now) = (Pins::new(), Moment::default());
    let decide = |ask: Ask<'_>| grants.decide(&ask).map(Allowed::from);
    let would = |how: NameUse<'_>| {
        let rules = grants.would_allow(&how);
        rules.map(|rules| Allowed { resource: how.resource(), rules })
    };
    let (answer, stages, then) = match &question.about {
        About::Address { protocol, to, zone } => {
            let ask = Ask::Connect { protocol: *protocol, to: *to, zone: zone.as_ref(), pins: &pins, now };
            (decide(ask), PEER, None)
        }
        About::Name { protocol, name, port } => {
            let how = NameUse::Dial { protocol: *protocol, name, port: *port };
            (would(how), PEER, Some((name, Use::Dial(*protocol, *port))))
        }
        About::PingAddress { to, zone } => {
            (decide(Ask::Ping { to: *to, zone: zone.as_ref(), pins: &pins, now }), PEER, None)
        }
        About::PingName { name } => (would(NameUse::Ping { name }), PEER, Some((name, Use::Ping))),
        About::Lookup { name } => (decide(Ask::Resolve { name }), LOOKUP, Some((name, Use::Lookup))),
        About::Query { server, name } => {
            (decide(Ask::Query { server: *server, name, system: grants.system_servers() }), QUERY, None)
        }
        About::File { path } => (decide(Ask::Read { path }), FILE, None),
        About::Handler { name } => (decide(Ask::Handler { name }), HANDLER, None),
        About::Later { .. } => return None,
    };
    telling.tell(&answer, stages);
    Some(match (answer, then, found) {
        (Ok(allowed), Some((name, then)), found) if !name.is_localhost() => {
            let found = match found {
                Some(Observed::Addresses(found)) => Some(found),
                _ => None,
            };
            telling.answers(allowed, name, then, found)
        }
        (Ok(allowed), None, Some(Observed::File(found))) => telling.file(allowed, found),
        (answer, ..) => answer,
    })
}

const PEER: &[Stage] = &[Stage::Deny, Stage::Rule, Stage::Range, Stage::Manifest];
const LOOKUP: &[Stage] = &[Stage::Deny, Stage::Rule, Stage::Manifest];
const QUERY: &[Stage] = &[Stage::Deny, Stage::Rule, Stage::Server, Stage::Range, Stage::Manifest];
const FILE: &[Stage] = &[Stage::Deny, Stage::Rule, Stage::Manifest];
const HANDLER: &[Stage] = FILE;

/// The answer about what no rule of this version can allow.
fn not_yet(plugin: &str, question: &Question) -> Explanation {
    let text = "it is not yet available in this version".to_owned();
    let summary = format!("plugin `{plugin}` may not `{question}`: {text}");
    let hint = Some("no rule of this version allows it".to_owned());
    let steps = vec![Step { name: "rule", passed: Passed::No, text }];
    Explanation { summary, hint, ..refused("not-yet-available", steps) }
}

/// A refusal that is no rule's.
fn refused(code: &'static str, steps: Vec<Step>) -> Explanation {
    Explanation {
        verdict: Verdict::Denied,
        summary: String::new(),
        reason: Some(code),
        rule: None,
        steps,
        addresses: Vec::new(),
        suggestion: None,
        hint: None,
    }
}

/// Why a file is refused whatever the policy says.
fn held_back(code: &str) -> &'static str {
    match code {
        "own-file" => "it is one of this program's own files",
        "process-file" => "it tells about a running process",
        _ => "it leads out of the directories that may be read",
    }
}

fn action(resource: &Resource) -> String {
    match resource {
        Resource::Name(name) => format!("look up `{name}`"),
        Resource::Ping { to, zone: None } => format!("ping `{to}`"),
        Resource::Ping { to, zone: Some(zone) } => format!("ping `{to}%{zone}`"),
        Resource::PingTarget(name) => format!("ping `{name}`"),
        Resource::Query { server, name } => format!("ask `{server}` for `{name}`"),
        Resource::File(path) => format!("read `{path}`"),
        Resource::Handler(name) => format!("use the protocol handler `{name}`"),
        other => format!("connect to `{other}`"),
    }
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
