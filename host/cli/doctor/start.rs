//! Starts a server as its client does, with less: a bare `PATH`, a working directory outside any
//! project, and temporary folders for audit and cache. Asks for its name and its tools.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::demo::{PROTOCOL, Session};
use crate::doctor::clients::Server;

/// The `PATH` that graphical programs give to programs that they start.
pub const BARE_PATH: &str = "/usr/bin:/bin:/usr/sbin:/sbin";

/// How long to wait for an answer: Codex waits for 10 s.
const PATIENCE: Duration = Duration::from_secs(10);

/// The answers of a server.
pub struct Answered {
    /// Its name and version.
    pub name: String,
    /// The tools that it lists.
    pub tools: Vec<String>,
}

/// Starts the server, asks, and ends it.
///
/// # Errors
/// It does not start, or does not answer. What its environment says is masked.
#[expect(clippy::disallowed_methods, reason = "a folder for what the server would keep, gone with it")]
pub fn start(server: &Server, home: &Path) -> Result<Answered, String> {
    let state = std::env::temp_dir().join(format!("cofferdam-doctor-{}", std::process::id()));
    let asked = || {
        let mut session = Session::over(command(server, home, &state), state.clone())?;
        let answer = ask(&mut session);
        if answer.is_err() {
            return answer.map_err(|error| error.context(told(&session.last_words())));
        }
        answer
    };
    asked().map_err(|error| server.masked(&format!("{error:#}")))
}

#[expect(clippy::disallowed_methods, reason = "it tries what the client is configured to start")]
fn command(server: &Server, home: &Path, state: &Path) -> Command {
    let mut command = Command::new(&server.command);
    command.args(elsewhere(&server.arguments, &state.join("audit.jsonl"))).env_clear();
    command.env("PATH", BARE_PATH).env("HOME", home).envs(server.environment.iter().map(|(key, value)| (key, value)));
    command.env("XDG_STATE_HOME", state).env("XDG_CACHE_HOME", state);
    command.current_dir(server.folder.as_deref().unwrap_or(Path::new("/")));
    command
}

/// The arguments, with another audit file.
fn elsewhere(arguments: &[String], audit: &Path) -> Vec<String> {
    let mut told: Vec<String> = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let is_value = told.last().is_some_and(|before| before == "--audit");
        told.push(match argument {
            _ if is_value => audit.display().to_string(),
            joined if joined.starts_with("--audit=") => format!("--audit={}", audit.display()),
            other => other.clone(),
        });
    }
    told
}

fn ask(session: &mut Session) -> anyhow::Result<Answered> {
    let client = json!({ "name": "cofferdam doctor", "version": env!("CARGO_PKG_VERSION") });
    let hello = json!({ "protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": client });
    let hello = session.request("initialize", &hello, PATIENCE)?;
    session.notify("notifications/initialized")?;
    let listed = session.request("tools/list", &json!({}), PATIENCE)?;
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let about = &hello["serverInfo"];
    let tools = listed["tools"].as_array().into_iter().flatten();
    Ok(Answered {
        name: format!("{} {}", text(&about["name"]), text(&about["version"])),
        tools: tools.map(|tool| text(&tool["name"])).collect(),
    })
}

/// The line of a log that explains a missing answer.
fn told(log: &str) -> String {
    let lines = || log.lines().map(str::trim).filter(|line| !line.is_empty());
    let why = lines().find(|line| line.starts_with("error: ")).or_else(|| lines().next_back());
    why.map_or_else(|| "it says nothing".to_owned(), |line| format!("it says: {line}"))
}

/// Where a command would be found with the bare `PATH`.
pub fn is_found(command: &str, is_file: impl Fn(&Path) -> bool) -> bool {
    if command.contains('/') {
        return is_file(Path::new(command));
    }
    BARE_PATH.split(':').map(PathBuf::from).any(|folder| is_file(&folder.join(command)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audit_of_a_trial_is_elsewhere() {
        let arguments = |all: &[&str]| -> Vec<String> { all.iter().map(|one| (*one).to_owned()).collect() };
        let told = elsewhere(&arguments(&["serve", "--audit", "/var/a", "--policy", "/p"]), Path::new("/t/a"));
        assert_eq!(told, ["serve", "--audit", "/t/a", "--policy", "/p"]);
        assert_eq!(elsewhere(&arguments(&["--audit=/var/a"]), Path::new("/t/a")), ["--audit=/t/a"]);
    }

    #[test]
    fn what_a_log_says_of_a_failure_is_its_error() {
        assert_eq!(told("  12:00 INFO x\n  error: no such policy\n  hint: y\n"), "it says: error: no such policy");
        assert_eq!(told("  sh: cofferdam: not found\n"), "it says: sh: cofferdam: not found");
        assert_eq!(told(""), "it says nothing");
    }

    #[test]
    fn a_command_without_a_path_has_to_be_in_a_bare_one() {
        let there = |path: &Path| path == Path::new("/usr/bin/cofferdam") || path == Path::new("/opt/cofferdam");
        assert!(is_found("cofferdam", there) && is_found("/opt/cofferdam", there));
        assert!(!is_found("other", there) && !is_found("/opt/other", there));
    }
}
