//! `cofferdam call`: one call without a client. What the tool answers goes to standard output, also
//! when it is an error.

use std::io::Read as _;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::Context as _;
use cofferdam_audit::ChainFile;
use cofferdam_policy::{Policy, plain, quoted};
use cofferdam_registry::{Answer, Block, Body, Embedded, Person, Policies, Principal, Question, Registry, Said, Tool};
use cofferdam_server::answer_json;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::args::{Call, Level};
use crate::log::Log;
use crate::{Exit, Misuse, audit, setup, terminal};

/// The longest line of faulty JSON that is shown whole, in characters.
const EXCERPT: usize = 100;

/// Makes the call.
///
/// # Errors
/// It cannot be made.
pub fn run(call: Call) -> anyhow::Result<Exit> {
    let arguments = arguments(&call)?;
    let policy = setup::policy(&call.common)?;
    let log = Log::start(call.common.log.unwrap_or(Level::Warn))?;
    let policies = Arc::default();
    let open = |file| audit::open(Some(file), call.audit_arguments, &policies);
    let chain = call.audit.as_deref().map(open).transpose()?;
    let runtime = setup::runtime()?;
    let answer = runtime.block_on(answer(&call, arguments, policy, policies, chain.clone()));
    if let Some(chain) = chain {
        audit::finish(&chain);
    }
    runtime.shutdown_background();
    log.finish();

    let answer = answer?;
    let exit = if answer.is_error { Exit::Failure } else { Exit::Success };
    terminal::print(&if call.json { whole(answer) } else { text(answer) }).context("the answer cannot be written")?;
    Ok(exit)
}

async fn answer(
    call: &Call,
    arguments: Map<String, Value>,
    policy: Policy,
    policies: Arc<Policies>,
    chain: Option<Arc<ChainFile>>,
) -> anyhow::Result<Answer> {
    let registry: Arc<Registry> = setup::open(&call.common, policy, setup::SHIPPED, policies, chain)?;
    let request = cofferdam_registry::Call {
        tool: call.tool.clone(),
        arguments,
        principal: Principal::local(),
        client: Some(concat!("cofferdam-call ", env!("CARGO_PKG_VERSION")).to_owned()),
        turn: None,
        deadline: call.timeout,
        cancel: CancellationToken::new(),
        progress: None,
        person: replies(&call.replies)?,
    };
    let answer = registry.call(request).await;
    // The instance ends with the process.
    Ok(answer.map_err(|unknown| unknown_tool(&unknown.0, &registry.known_tools()))?)
}

/// The blocks, each ended by a line break. What is no text is told by its kind and its size.
fn text(answer: Answer) -> String {
    let shown = |block: Block| match block {
        Block::Text(text) => text,
        Block::Image(data, kind) | Block::Audio(data, kind) => format!("[{kind}, {} bytes]", data.len()),
        Block::Link(link) => format!("[{}: {}]", link.title.unwrap_or(link.name), link.uri),
        Block::Embedded(Embedded { uri, body: Body::Text(text), .. }) => format!("[{uri}]\n{text}"),
        Block::Embedded(Embedded { uri, body: Body::Bytes(bytes), .. }) => format!("[{uri}, {} bytes]", bytes.len()),
    };
    answer.content.into_iter().fold(String::new(), |text, block| text + shown(block).trim_end_matches('\n') + "\n")
}

/// The answer as a client gets it (MCP: `CallToolResult`).
fn whole(answer: Answer) -> String {
    terminal::json(&answer_json(answer))
}

/// Whoever calls, as the person who answers a tool's questions: by `--reply`.
struct Replies(Vec<(String, Said)>);

impl Person for Replies {
    fn ask<'a>(&'a self, questions: &'a [Question]) -> Pin<Box<dyn Future<Output = Vec<Said>> + Send + 'a>> {
        let said = |question: &Question| {
            let given = self.0.iter().find(|(id, _)| *id == question.id);
            given.map_or(Said::Dismissed, |(_, said)| said.clone())
        };
        Box::pin(std::future::ready(questions.iter().map(said).collect()))
    }
}

/// The replies that the command line gives, if it gives any.
fn replies(given: &[String]) -> Result<Option<Arc<dyn Person>>, Misuse> {
    if given.is_empty() {
        return Ok(None);
    }
    let replies = given.iter().map(|text| {
        let wrong = || Misuse(format!("error: `--reply {}` is not `ID=JSON` or `ID=decline`", quoted(text, EXCERPT)));
        let (id, reply) = text.split_once('=').ok_or_else(wrong)?;
        let said = match reply {
            "decline" => Said::Declined,
            json => Said::Accepted(serde_json::from_str(json).map_err(|_| wrong())?),
        };
        Ok((id.to_owned(), said))
    });
    Ok(Some(Arc::new(Replies(replies.collect::<Result<_, _>>()?))))
}

fn unknown_tool(name: &str, tools: &[Tool]) -> Misuse {
    let shown = quoted(name, EXCERPT);
    let near = tools
        .iter()
        .map(|tool| (strsim::jaro_winkler(&tool.name, &name.to_lowercase()), &tool.name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = match near {
        Some((_, near)) => format!("did you mean `{near}`?"),
        None if tools.is_empty() => "no plugin offers any; is one missing? `cofferdam tools` lists them".to_owned(),
        None => "`cofferdam tools` lists them".to_owned(),
    };
    Misuse(format!("error: there is no tool `{shown}`\nhint: {hint}"))
}

/// The arguments that the command line gives.
fn arguments(call: &Call) -> anyhow::Result<Map<String, Value>> {
    let mut text = call.arguments.clone();
    if text == "-" {
        text.clear();
        std::io::stdin().read_to_string(&mut text).context("the arguments cannot be read from standard input")?;
    }
    Ok(parse(&text, &call.tool)?)
}

fn parse(text: &str, tool: &str) -> Result<Map<String, Value>, Misuse> {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(arguments)) => Ok(arguments),
        Ok(other) => {
            let kind = match other {
                Value::Array(_) => "a list",
                Value::String(_) => "a text",
                Value::Number(_) => "a number",
                _ => "a single value",
            };
            Err(Misuse(format!("error: the arguments are {kind}, not an object, as in {{\"name\": \"value\"}}")))
        }
        Err(error) => Err(not_json(text, tool, &error)),
    }
}

/// Shows where the arguments are not JSON, as the policy's diagnostics do.
fn not_json(text: &str, tool: &str, error: &serde_json::Error) -> Misuse {
    let number = error.line().max(1);
    let line = text.lines().nth(number - 1).unwrap_or_default();
    // serde_json counts bytes from 1, and names the byte after the text if the text ends too soon.
    let before = line.bytes().take(error.column().saturating_sub(1)).collect::<Vec<u8>>();
    let column = String::from_utf8_lossy(&before).chars().count() + usize::from(error.is_eof());
    let skipped = column.saturating_sub(EXCERPT / 2);
    let excerpt: String = line.chars().skip(skipped).take(EXCERPT).map(plain).collect();
    let said = error.to_string();
    let cause = said.split(" at line ").next().unwrap_or(&said);
    let margin = " ".repeat(number.to_string().len());
    Misuse(format!(
        "error: the arguments are not JSON: {cause}\n\
         {margin} |\n\
         {number} | {excerpt}\n\
         {margin} | {indent}^\n\
         hint: one quoted word, as in: cofferdam call {tool} '{{\"host\": \"localhost\", \"port\": 80}}'",
        indent = " ".repeat(column - skipped),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faulty_json_is_shown_with_its_place() {
        let shown = parse("{\"host\": local}", "t").unwrap_err().to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[0], "error: the arguments are not JSON: expected value");
        assert_eq!(lines[2..4], ["1 | {\"host\": local}", "  |          ^"]);
        let shown = parse("{\"é\":\n {\"port\": 1", "t").unwrap_err().to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[2..4], ["2 |  {\"port\": 1", "  |            ^"]);
        assert!(parse("", "t").unwrap_err().to_string().contains("1 | \n  | "));
        let long = format!("{{\"a\": \"{}\", x", "y".repeat(500));
        assert!(parse(&long, "t").unwrap_err().to_string().lines().all(|line| line.len() < 120));
    }

    #[test]
    fn arguments_are_an_object() {
        assert!(parse("{}", "t").is_ok());
        for (wrong, kind) in [("[]", "a list"), ("\"x\"", "a text"), ("1", "a number"), ("null", "a single value")] {
            assert!(parse(wrong, "t").unwrap_err().to_string().contains(kind), "{wrong}");
        }
    }
}
