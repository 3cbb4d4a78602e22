//! `cargo xtask clients`: the newest of each MCP client, over the same six steps against the
//! binary, and a table of what became of them. Outside of continuous integration: what is newest
//! changes, and a test fails only for what has changed here. What a client does is in its script,
//! `tests/clients/*_client.*`; this runs them and reads what they say.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use cofferdam_xtask::{Error, peers, rules_for_every_tool, stderr_progress};
use tinyjson::JsonValue;

use super::{Outcome, built, cargo, exit_code, root, shown, target};

/// The steps, in the order of the table. A client that has no way to do one leaves it out.
const STEPS: [&str; 6] = ["list", "convert", "success", "failure", "page", "cancel"];

/// Where a client comes from: a requirement of pip's with the client's own package first, or an npm
/// package.
enum Source {
    Python(&'static str),
    Npm(&'static str),
}
use Source::{Npm, Python};

/// The clients: how they are named on the command line, their source, their script.
const CLIENTS: [(&str, Source, &str); 14] = [
    ("mcp1", Python("mcp==1.* jsonschema"), "mcp_client.py"),
    ("mcp2", Python("mcp>=2,<3 jsonschema"), "mcp_client.py"),
    ("fastmcp", Python("fastmcp jsonschema"), "fastmcp_client.py"),
    ("inspector", Npm("@modelcontextprotocol/inspector"), "inspector_client.mjs"),
    ("typescript1", Npm("@modelcontextprotocol/sdk"), "typescript_client.mjs"),
    ("typescript2", Npm("@modelcontextprotocol/client"), "typescript_client.mjs"),
    ("openai-agents", Python("openai-agents"), "openai_agents_client.py"),
    ("pydantic-ai", Python("pydantic-ai-slim[mcp]"), "pydantic_ai_client.py"),
    ("google-genai", Python("google-genai mcp<2"), "google_genai_client.py"),
    ("langchain", Python("langchain-mcp-adapters"), "langchain_client.py"),
    ("gemini-cli", Npm("@google/gemini-cli"), "gemini_client.mjs"),
    ("codex", Npm("@openai/codex"), "codex_client.mjs"),
    ("claude-code", Npm("@anthropic-ai/claude-code"), "claude_client.mjs"),
    ("supergateway", Npm("supergateway"), "supergateway_client.mjs"),
];

/// Runs the clients that are named, or all of them; fails if any step has.
pub fn run(names: &[OsString]) -> Outcome {
    if let Some(unknown) = names.iter().find(|name| CLIENTS.iter().all(|(client, ..)| *name != *client)) {
        let known: Vec<_> = CLIENTS.iter().map(|(name, ..)| *name).collect();
        return Err(format!("no client `{}`: there are {}", unknown.display(), known.join(", ")).into());
    }
    let built_it = shown(&mut cargo(["build", "--release"]))?;
    if !built_it.success() {
        return Ok(exit_code(built_it));
    }
    let folder = target().join("clients");
    fs::create_dir_all(&folder)?;
    let page: String = (0..20_000).map(|n| format!("line {n}\n")).collect();
    fs::write(folder.join("page.txt"), page)?;

    let mut table = format!("| client | {} |\n|---|{}\n", STEPS.join(" | "), "---|".repeat(STEPS.len()));
    let mut all_passed = true;
    for (name, source, script) in &CLIENTS {
        if !names.is_empty() && names.iter().all(|one| one != name) {
            continue;
        }
        eprintln!("\n==> {name}");
        let told = one(source, script, &folder).unwrap_or_else(|cause| Told { row: cause, passed: false });
        all_passed &= told.passed;
        let _ = writeln!(table, "| {name} {}", told.row);
    }
    println!("{table}");
    Ok(ExitCode::from(u8::from(!all_passed)))
}

/// What became of one client: the rest of its row.
struct Told {
    row: String,
    passed: bool,
}

fn one(source: &Source, script: &str, folder: &Path) -> Result<Told, String> {
    let mut client = client(source, script).map_err(|error| format!("| could not be had: {error} |"))?;
    let readable = folder.to_str().ok_or("| its folder's path is no text |")?;
    client.arg(folder).arg(built("cofferdam")).arg("serve").args(rules_for_every_tool(readable));
    let output = client.env("HOME", folder).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("| could not be run: {error} |"))?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    let said = stdout.lines().last().and_then(|line| line.parse::<JsonValue>().ok());
    let said = said.ok_or_else(|| format!("| ended without a word ({}) |", output.status))?;
    let object = |value: &JsonValue| value.get::<HashMap<String, JsonValue>>().cloned().unwrap_or_default();
    let said = object(&said);

    let versions = said.get("versions").map(object).unwrap_or_default();
    let mut versions: Vec<String> = versions
        .iter()
        .map(|(package, version)| format!("{package} {}", version.get::<String>().map_or("", String::as_str)))
        .collect();
    versions.sort();
    let mut row = format!("({})", versions.join(", "));
    let mut passed = output.status.success();
    let steps = said.get("steps").map(object).unwrap_or_default();
    for step in STEPS {
        let step = steps.get(step).map(object);
        let ok = step.as_ref().and_then(|step| step.get("ok")?.get::<bool>().copied());
        let words = step.as_ref().and_then(|step| step.get("said")?.get::<String>().cloned()).unwrap_or_default();
        let _ = match ok {
            Some(true) => write!(row, " | {words}"),
            Some(false) => write!(row, " | **failed**: {}", words.replace('|', "/")),
            None => write!(row, " | –"),
        };
        passed &= ok != Some(false);
    }
    if !output.status.success() {
        let _ = write!(row, " ({})", output.status);
    }
    Ok(Told { row: row + " |", passed })
}

/// The command of a client's script, its package brought up to date.
fn client(source: &Source, script: &str) -> Result<Command, Error> {
    let script = root().join("tests/clients").join(script);
    match source {
        Python(requirement) => {
            let python = peers::python_newest(requirement, &mut stderr_progress())?;
            let mut command = Command::new(python);
            command.arg(script);
            Ok(command)
        }
        Npm(package) => {
            let modules: PathBuf = peers::npm_newest(package, &mut stderr_progress())?;
            let mut command = Command::new(peers::node(&mut stderr_progress())?);
            command.arg(script).arg(modules);
            Ok(command)
        }
    }
}
