//! `cofferdam explain`: says whether a plugin may do something, step by step, and what would allow
//! it. The policy crate answers, by the function that decides while serving. Here the question is
//! read and the answer printed.

use std::fmt::Write as _;

use anyhow::Context as _;
use cofferdam_policy::{
    Explanation, Manifest, Observed, Passed, Policy, Question, Verdict, file_to_try, lookup_permit, quoted,
};
use cofferdam_registry::{PluginStatus, Preview, link_of, look_up};
use serde_json::{Value, json};

use crate::args::{Explain, Level};
use crate::log::Log;
use crate::terminal::Colour;
use crate::{Exit, Misuse, setup, status, terminal};

/// Answers the question.
///
/// # Errors
/// The question is not understood, or the policy is wrong.
pub fn run(explain: &Explain) -> anyhow::Result<Exit> {
    let question = Question::parse(&explain.ask).map_err(|why| Misuse(why.to_string()))?.on_links(&link_of);
    let policy = setup::policy(&explain.common)?;
    let preview = setup::preview(&explain.common, policy.clone(), explain.audit.as_deref());
    refuse_what_serve_refuses(&preview)?;
    let plugin = &explain.asker;
    let Some(manifest) = preview.manifest(plugin) else {
        // The problem with a plugin that was named comes first.
        let mut text: String = preview.problems().iter().map(|problem| format!("error: {problem}\n")).collect();
        let known: Vec<String> = preview.names().map(|name| format!("`{name}`")).collect();
        let _ =
            write!(text, "error: there is no plugin `{}`\nhint: known are {}", quoted(plugin, 64), known.join(", "));
        return Err(Misuse(text).into());
    };
    let found = found(explain, &policy, &preview, manifest, &question)?;
    let answer = cofferdam_policy::explain(&policy, manifest, &question, found);
    let status = preview.plugins().into_iter().find(|status| status.name == *plugin);
    let shown = match explain.json {
        true => terminal::json(&as_json(plugin, &question, &answer, status.as_ref())),
        false => as_text(&answer, status.as_ref(), Colour::of_stdout()),
    };
    terminal::print(&shown).context("the answer cannot be written")?;
    Ok(if answer.verdict == Verdict::Allowed { Exit::Success } else { Exit::Failure })
}

/// What a lookup or the file system says about the question, if the question needs it.
fn found(
    explain: &Explain,
    policy: &Policy,
    preview: &Preview,
    manifest: &Manifest,
    question: &Question,
) -> anyhow::Result<Option<Observed>> {
    let name = explain.resolve.then(|| lookup_permit(policy, manifest, question)).flatten();
    let file = file_to_try(policy, manifest, question);
    if name.is_none() && file.is_none() {
        return Ok(None);
    }
    let log = Log::start(explain.common.log.unwrap_or(Level::Warn))?;
    let runtime = setup::runtime()?;
    let found = runtime.block_on(async {
        match (name, file) {
            (Some(permit), _) => Some(Observed::Addresses(look_up(policy, permit).await)),
            (None, Some((grants, path))) => Some(Observed::File(preview.try_reading(grants, path).await)),
            (None, None) => None,
        }
    });
    // A file system may never answer.
    runtime.shutdown_background();
    log.finish();
    Ok(found)
}

/// Refuses a policy that `serve` does not start with.
fn refuse_what_serve_refuses(preview: &Preview) -> Result<(), Misuse> {
    let problems: Vec<String> = preview
        .problems()
        .iter()
        .filter(|problem| !problem.shipped)
        .map(|problem| format!("error: {problem}"))
        .collect();
    match problems.is_empty() {
        true => Ok(()),
        false => Err(Misuse(problems.join("\n"))),
    }
}

fn as_text(answer: &Explanation, status: Option<&PluginStatus>, colour: Colour) -> String {
    let verdict = match answer.verdict {
        Verdict::Allowed => colour.green("allowed"),
        Verdict::Denied => colour.red("denied"),
        Verdict::Unresolved => colour.red("unresolved"),
    };
    let mut text = format!("{verdict}: {}\n", answer.summary);
    // Writing into a string cannot fail.
    if let Some(rule) = &answer.rule {
        let _ = writeln!(text, "rule: {rule}");
    }
    for step in &answer.steps {
        let passed = match step.passed {
            Passed::Yes => colour.green("yes "),
            Passed::No => colour.red("no  "),
            Passed::Open => colour.dim("open"),
        };
        let _ = writeln!(text, "  {:<8}  {passed}  {}", step.name, step.text);
    }
    if let Some(hint) = &answer.hint {
        let _ = writeln!(text, "hint: {hint}");
    }
    for line in status.iter().flat_map(|plugin| status::not_listed(plugin)) {
        let _ = writeln!(text, "{line}");
    }
    text
}

fn as_json(plugin: &str, question: &Question, answer: &Explanation, status: Option<&PluginStatus>) -> Value {
    let steps: Vec<Value> = answer
        .steps
        .iter()
        .map(|step| {
            let passed = match step.passed {
                Passed::Yes => json!(true),
                Passed::No => json!(false),
                Passed::Open => Value::Null,
            };
            json!({ "step": step.name, "passed": passed, "text": step.text })
        })
        .collect();
    let rule = answer.rule.as_ref().map(|rule| {
        let (line, column) = rule.position.unzip();
        json!({
            "key": rule.key, "text": rule.text, "within": rule.within, "origin": rule.origin, "line": line, "column": column,
        })
    });
    let unlisted = status.iter().flat_map(|plugin| &plugin.unlisted);
    json!({
        "plugin": plugin,
        "ask": question.to_string(),
        "allowed": answer.verdict == Verdict::Allowed,
        "summary": answer.summary,
        "reason": answer.reason,
        "rule": rule,
        "steps": steps,
        "addresses": answer.addresses,
        "suggestion": answer.suggestion.as_ref().map(|rule| &rule.entry),
        "key": answer.suggestion.as_ref().map(|rule| rule.key),
        "also": answer.suggestion.as_ref().and_then(|rule| rule.also.as_ref()).map(|also| json!({
            "key": also.key, "suggestion": also.entry,
        })),
        "hint": answer.hint,
        "unlisted": unlisted.map(|(tool, why)| json!({ "tool": tool, "why": why.to_string() })).collect::<Vec<_>>(),
    })
}
