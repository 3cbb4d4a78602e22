//! Why something is allowed or denied, before it happens: the decision of enforcement, step by step.
//!
//! Nothing is decided here: every answer is `Grants::decide`'s, on the grants that an instance would have. The world is looked at
//! elsewhere: names with the permit of [`lookup_permit`], files with the grants of [`file_to_try`]. What was found is handed in.

mod telling;

use std::net::IpAddr;

use cofferdam_grants::{AbsolutePath, Ask, AtPath, Denial, Grants, Moment, Permit, Pins, Resource, Suggestion};

use crate::effective::effective;
use crate::manifest::Manifest;
use crate::policy::{FLAGS, Policy, RuleSource};
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
    /// It is allowed. A name that nobody looked up is allowed if a public answer may be dialled, or one in the rule's
    /// `within`.
    Allowed,
    /// It is denied.
    Denied,
    /// The rules let the name be looked up, the lookup gave no address, and so there is none that could be dialled.
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
    pub suggestion: Option<Suggestion>,
    /// What would help, in words.
    pub hint: Option<String>,
}

/// What was found out about the world for a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The addresses that the name leads to, or why there are none.
    Addresses(Result<Vec<IpAddr>, String>),
    /// What is at the path.
    File(AtPath),
}

/// The permit to look up the name of the question, which is what a lookup takes; `None` where there is no name, or where
/// it may not be looked up.
pub fn lookup_permit(policy: &Policy, manifest: &Manifest, question: &Question) -> Option<Permit> {
    let grants = effective(policy, manifest).grants;
    let name = question.name()?;
    // Only asked: nothing is dialled here.
    match &question.about {
        About::Name { protocol, name, port } => {
            drop(grants.decide(&Ask::Dial { protocol: *protocol, name, port: *port }).ok()?);
        }
        About::PingName { name } => drop(grants.decide(&Ask::PingName { name }).ok()?),
        _ => {}
    }
    grants.decide(&Ask::Resolve { name }).ok()
}

/// The path of the question and the grants to try it under; `None` where it is about no file, or about one that no rule allows.
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
pub fn explain(policy: &Policy, manifest: &Manifest, question: &Question, found: Option<Found>) -> Explanation {
    let plugin = &manifest.name;
    if let About::Later { .. } = &question.about {
        return not_yet(plugin, question);
    }
    let grants = effective(policy, manifest).grants;
    let mut telling = Telling::new(policy, &grants);
    let answer = answer(&grants, &mut telling, question, found);
    let (steps, addresses, deciding) = (telling.steps, telling.addresses, telling.deciding);
    let denial = match answer {
        Ok(permit) => {
            if let Some(code) = telling.held_back {
                let what = action(permit.resource());
                let summary = format!("plugin `{plugin}` may not {what}: {}", held_back(code));
                let hint = Some("no rule can allow it".to_owned());
                return Explanation { summary, hint, ..refused(code, steps) };
            }
            let may = format!("plugin `{plugin}` may {}", action(permit.resource()));
            let (verdict, reason, summary) = match telling.unresolved {
                None => (Verdict::Allowed, None, may),
                Some(why) => {
                    let summary = format!("{may} as far as rules go, but {why}: no address is known to be allowed");
                    (Verdict::Unresolved, Some("unresolved"), summary)
                }
            };
            let rule = policy.rule(deciding.unwrap_or(permit.rule())).cloned();
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

/// A denial in words for the operator.
pub(crate) struct Refusal {
    /// What the plugin may not do, and why.
    pub(crate) summary: String,
    /// What would help.
    pub(crate) hint: String,
    /// The rule that would allow it.
    pub(crate) suggestion: Option<Suggestion>,
}

/// What the operator is told of a denial, before it happens and when it has.
pub(crate) fn refusal(plugin: &str, denial: &Denial) -> Refusal {
    let suggestion = advice(denial);
    let text = denial.for_operator_with(plugin, suggestion.as_ref());
    let (summary, hint) = text.split_once("\nhint: ").unwrap_or((&text, ""));
    let flag = suggestion.as_ref().and_then(flag).unwrap_or_default();
    Refusal { summary: summary.to_owned(), hint: format!("{hint}{flag}"), suggestion }
}

/// The rule that would allow what was refused, if the rule language takes it: a name may be none to IDNA.
fn advice(denial: &Denial) -> Option<Suggestion> {
    let suggestion = denial.suggestion()?;
    let is_rule =
        |it: &Suggestion| crate::parse("", &format!("[plugins.x]\n{} = [{}]", it.key, it.entry), &|_| None).is_ok();
    let whole = is_rule(&suggestion) && suggestion.also.as_deref().is_none_or(is_rule);
    whole.then_some(suggestion)
}

/// The decision, told step by step.
fn answer(
    grants: &Grants,
    telling: &mut Telling<'_>,
    question: &Question,
    found: Option<Found>,
) -> Result<Permit, Denial> {
    let (pins, now) = (Pins::new(), Moment::default());
    let (ask, stages, then) = match &question.about {
        About::Address { protocol, to, zone } => {
            (Ask::Connect { protocol: *protocol, to: *to, zone: zone.as_ref(), pins: &pins, now }, PEER, None)
        }
        About::Name { protocol, name, port } => {
            let then = Use::Dial(*protocol, *port);
            (Ask::Dial { protocol: *protocol, name, port: *port }, PEER, Some((name, then)))
        }
        About::PingAddress { to, zone } => (Ask::Ping { to: *to, zone: zone.as_ref(), pins: &pins, now }, PEER, None),
        About::PingName { name } => (Ask::PingName { name }, PEER, Some((name, Use::Ping))),
        About::Lookup { name } => (Ask::Resolve { name }, LOOKUP, Some((name, Use::Lookup))),
        About::Query { server, name } => (Ask::Query { server: *server, name }, QUERY, None),
        About::File { path } => (Ask::Read { path }, FILE, None),
        // Not asked: answered before.
        About::Later { .. } => {
            (Ask::Listen { protocol: cofferdam_grants::Protocol::Tcp, at: ([0; 4], 0).into() }, FILE, None)
        }
    };
    let answer = grants.decide(&ask);
    telling.tell(&answer, stages);
    match (answer, then, found) {
        (Ok(permit), Some((name, then)), found) if !name.is_localhost() => {
            let found = match found {
                Some(Found::Addresses(found)) => Some(found),
                _ => None,
            };
            telling.answers(permit, name, then, found)
        }
        (Ok(permit), None, Some(Found::File(found))) => telling.file(permit, found),
        (answer, ..) => answer,
    }
}

const PEER: &[Stage] = &[Stage::Deny, Stage::Rule, Stage::Range, Stage::Manifest];
const LOOKUP: &[Stage] = &[Stage::Deny, Stage::Rule, Stage::Manifest];
const QUERY: &[Stage] = &[Stage::Deny, Stage::Rule, Stage::Server, Stage::Range, Stage::Manifest];
const FILE: &[Stage] = &[Stage::Deny, Stage::Rule, Stage::Manifest];

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

/// A plain rule may as well be a flag, where there is one for its key.
fn flag(suggestion: &Suggestion) -> Option<String> {
    let flag = format!("--allow-{}", suggestion.key);
    let rule = suggestion.plain().filter(|_| FLAGS.contains(&flag.as_str()))?;
    Some(format!(", as would the flag `{flag} '{rule}'`"))
}

fn action(resource: &Resource) -> String {
    match resource {
        Resource::Name(name) => format!("look up `{name}`"),
        Resource::Ping { to, zone: None } => format!("ping `{to}`"),
        Resource::Ping { to, zone: Some(zone) } => format!("ping `{to}%{zone}`"),
        Resource::PingTarget(name) => format!("ping `{name}`"),
        Resource::Query { server, name } => format!("ask `{server}` for `{name}`"),
        Resource::File(path) => format!("read `{path}`"),
        other => format!("connect to `{other}`"),
    }
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
