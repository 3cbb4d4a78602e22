//! `cofferdam doctor`: checks whether the MCP clients of this machine can use this program: their
//! configuration, a start as they do it, the policy, whether audit and cache can be written, ICMP
//! sockets. It changes nothing, and shows no environment variable of a configuration.

mod clients;
mod start;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Parser as _;
use cofferdam_policy::{is_harmful, quoted};
use cofferdam_registry::{PingSockets, may_write, ping_sockets};
use serde_json::{Value, json};

use crate::args::{Cli, Command, Doctor, Serve};
use crate::terminal::Colour;
use crate::{Exit, Misuse, audit, folders, setup, terminal};
use clients::{CLIENTS, Client, ConfigFolders, Server};

/// The longest configuration that is read, in bytes. That of Claude Code holds histories.
const CONFIGURATION: u64 = 64 << 20;

/// The result of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Ok,
    /// It works, but perhaps not as it should.
    Warn,
    Fail,
}

/// One check and its result.
struct Finding {
    verdict: Verdict,
    /// The client that was checked, or `None` for the machine.
    client: Option<&'static str>,
    check: &'static str,
    what: String,
    /// What to do about it.
    hint: Option<String>,
}

/// The checks so far, in order.
struct Examination<'a> {
    config: ConfigFolders,
    found: Vec<Finding>,
    client: Option<&'static str>,
    only: Option<&'a str>,
}

/// Runs the checks.
///
/// # Errors
/// There is no such client, or the user's folder is not known.
pub fn run(asked: &Doctor) -> anyhow::Result<Exit> {
    if let Some(name) = &asked.client
        && !CLIENTS.iter().any(|client| client.name == name)
    {
        let known: Vec<&str> = CLIENTS.iter().map(|client| client.name).collect();
        let text = format!("error: there is no client `{}`\nhint: known are {}", quoted(name, 64), known.join(", "));
        return Err(Misuse(text).into());
    }
    let mut doctor =
        Examination { config: config_folders()?, found: Vec::new(), client: None, only: asked.client.as_deref() };
    doctor.look();
    let found = doctor.found;
    let shown = if asked.json { as_json(&found) } else { as_text(&found, Colour::of_stdout()) };
    terminal::print(&shown).context("what was found cannot be written")?;
    let failed = found.iter().any(|finding| finding.verdict == Verdict::Fail);
    Ok(if failed { Exit::Failure } else { Exit::Success })
}

#[expect(clippy::disallowed_methods, reason = "variables, for the places of files")]
fn config_folders() -> Result<ConfigFolders, Misuse> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = folder("HOME").ok_or_else(|| Misuse("error: `HOME` is not set to an absolute path".to_owned()))?;
    Ok(ConfigFolders { home, settings: folder("XDG_CONFIG_HOME"), mac: cfg!(target_os = "macos") })
}

impl Examination<'_> {
    fn look(&mut self) {
        let (mut named, only) = (false, self.only);
        for client in CLIENTS.iter().filter(|client| only.is_none_or(|only| only == client.name)) {
            self.client = Some(client.name);
            named |= self.client(client);
        }
        self.client = None;
        if !named {
            let verdict = if self.only.is_some() { Verdict::Fail } else { Verdict::Warn };
            let program = program().map_or_else(|| "cofferdam".to_owned(), |path| path.display().to_string());
            let hint = format!("add a server with the command `{program}` and the arguments `serve`, `--policy`, FILE");
            self.add(verdict, "config", "no configuration of a client names this program".to_owned(), Some(hint));
            self.audit(None);
        }
        self.machine();
    }

    fn add(&mut self, verdict: Verdict, check: &'static str, what: String, hint: Option<String>) {
        self.found.push(Finding { verdict, client: self.client, check, what, hint });
    }

    fn ok(&mut self, check: &'static str, what: String) {
        self.add(Verdict::Ok, check, what, None);
    }

    fn fail(&mut self, check: &'static str, what: String, hint: &str) {
        self.add(Verdict::Fail, check, what, Some(hint.to_owned()));
    }

    /// Checks the servers of a client that are this program. Returns whether there is one.
    fn client(&mut self, client: &Client) -> bool {
        let mut named = false;
        let mut read = Vec::new();
        for file in client.files(&self.config) {
            let shown = file.display().to_string();
            let text = match configuration(&file) {
                Ok(Some(text)) => text,
                Ok(None) => continue,
                Err(why) => {
                    self.fail("config", format!("`{shown}`: {why}"), "make the file readable for this user");
                    continue;
                }
            };
            match client.servers(&text) {
                Err(why) => {
                    self.fail("config", format!("`{shown}` {why}"), "mend the file: the client cannot read it either")
                }
                Ok(servers) => {
                    for server in servers.iter().filter(|server| server.is_ours()) {
                        named = true;
                        self.server(server, &shown);
                    }
                    read.push(shown);
                }
            }
        }
        if !named && !read.is_empty() {
            let hint = format!("to use it in {}, add it there", client.title);
            let what = format!("`{}` does not name this program", read.join("`, `"));
            self.add(Verdict::Warn, "config", what, Some(hint));
        }
        named
    }

    fn server(&mut self, server: &Server, file: &str) {
        let what = format!("`{file}` names it as `{}`", server.name);
        if server.disabled {
            let hint = "switch it on in the client".to_owned();
            self.add(Verdict::Warn, "config", format!("{what}, switched off"), Some(hint));
            return;
        }
        if server.has_variables() {
            let hint = "write the values themselves to have it tried".to_owned();
            let what = format!("{what}, with variables that the client replaces: it is not tried");
            self.add(Verdict::Warn, "config", what, Some(hint));
            return;
        }
        self.ok("config", what);
        if !self.command(server) {
            return;
        }
        let serves = self.arguments(server);
        if serves != Some(false) {
            self.start(server);
        }
    }

    /// Checks that the command exists and is this program.
    fn command(&mut self, server: &Server) -> bool {
        let shown = format!("`{}`", server.command);
        if !start::is_found(&server.command, is_file) && server.environment.iter().all(|(key, _)| key != "PATH") {
            let program = program().map_or_else(|| "the whole path".to_owned(), |path| format!("`{}`", path.display()));
            let why =
                if server.command.contains('/') { "is not there" } else { "is not in the bare `PATH` of a client" };
            self.fail("command", format!("{shown} {why}"), &format!("write {program}"));
            return false;
        }
        match (server.own_arguments(), same(&server.command)) {
            (None, _) => self.ok("command", format!("{shown} is to start it")),
            (_, true) => self.ok("command", format!("{shown} is this program")),
            (_, false) => {
                let hint = "compare `--version` of both".to_owned();
                self.add(Verdict::Warn, "command", format!("{shown} is another one"), Some(hint));
            }
        }
        true
    }

    /// Checks the policy and the audit of the arguments. `None` if another program starts this one.
    fn arguments(&mut self, server: &Server) -> Option<bool> {
        let arguments = server.own_arguments()?;
        let words = std::iter::once("cofferdam").chain(arguments.iter().map(String::as_str));
        // clap's message would quote arguments.
        let hint = "run it by hand with these arguments: it says what is wrong";
        let serve = match Cli::try_parse_from(words).map(|cli| cli.command) {
            Ok(Command::Serve(serve)) if !serve.dry_run => serve,
            Ok(_) => {
                self.fail("arguments", "they do not ask it to serve".to_owned(), "begin them with `serve`");
                return Some(false);
            }
            Err(_) => {
                self.fail("arguments", "they are not understood".to_owned(), hint);
                return Some(false);
            }
        };
        let parses = self.policy(server, &serve);
        self.audit(serve.audit.as_deref());
        Some(parses)
    }

    fn policy(&mut self, server: &Server, serve: &Serve) -> bool {
        let common = &serve.common;
        let file = common.policy.as_ref().map(|path| path.display().to_string());
        if let Some(path) = &common.policy
            && path.is_relative()
            && server.folder.is_none()
        {
            let what = format!("`{}` is relative to wherever the client starts it", path.display());
            self.fail("policy", what, "write the whole path");
            return false;
        }
        let variable = |name: &str| {
            let own = server.environment.iter().find(|(key, _)| key == name);
            own.map(|(_, value)| value.clone()).or_else(|| setup::variable(name))
        };
        let policy = match setup::policy_with(common, &variable) {
            Ok(policy) => policy,
            Err(mistakes) => {
                let text = server.masked(&mistakes.to_string());
                let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
                let at = text.lines().find_map(|line| line.trim_start().strip_prefix("--> "));
                let hint =
                    file.map_or_else(|| "mend the flags".to_owned(), |file| format!("run `cofferdam check {file}`"));
                self.fail("policy", at.map_or(first.clone(), |at| format!("{first} ({at})")), &hint);
                return false;
            }
        };
        let warnings = policy.warnings().len();
        let preview = setup::preview(common, policy, serve.audit.as_deref());
        if let Some(problem) = preview.problems().iter().find(|problem| !problem.shipped) {
            let what = server.masked(&problem.to_string());
            self.fail("policy", what, "`cofferdam check` says where");
            return false;
        }
        let shown = file.map_or_else(|| "the flags are".to_owned(), |file| format!("`{file}` is"));
        match warnings {
            0 => self.ok("policy", format!("{shown} understood")),
            n => {
                let hint = Some("`cofferdam check` tells them".to_owned());
                self.add(Verdict::Warn, "policy", format!("{shown} understood, with {n} warnings"), hint);
            }
        }
        true
    }

    fn start(&mut self, server: &Server) {
        match start::start(server, &self.config.home) {
            Err(why) => self.fail("start", why, "start it by hand with the same command, in the folder `/`"),
            Ok(answered) if answered.tools.is_empty() => {
                let hint = "write rules: `cofferdam init` gives a policy to begin with".to_owned();
                let what = format!("{} starts and lists no tool: nothing is allowed", answered.name);
                self.add(Verdict::Warn, "start", what, Some(hint));
            }
            Ok(answered) => {
                let tools = answered.tools.join(", ");
                self.ok("start", format!("{} starts and lists {} tools: {tools}", answered.name, answered.tools.len()));
            }
        }
    }

    fn audit(&mut self, file: Option<&Path>) {
        let file = match file.map(|file| Ok(file.to_owned())).unwrap_or_else(audit::default_place) {
            Ok(file) => file,
            Err(error) => return self.fail("audit", format!("{error:#}").replace('\n', "; "), "set `HOME`"),
        };
        let shown = file.display();
        if file.is_relative() {
            let what = format!("`{shown}` is relative to wherever the client starts it");
            return self.fail("audit", what, "write the whole path");
        }
        match may_write(&file) {
            Ok(()) => self.ok("audit", format!("`{shown}` can be written")),
            Err(error) => self.fail(
                "audit",
                format!("`{shown}` cannot be written: {error}"),
                "let this user write there, or name another file with `--audit`",
            ),
        }
    }

    fn machine(&mut self) {
        match folders::cache_folder() {
            None => {
                let hint = "set `HOME` or `XDG_CACHE_HOME`".to_owned();
                self.add(
                    Verdict::Warn,
                    "cache",
                    "there is no folder for it: every start compiles".to_owned(),
                    Some(hint),
                );
            }
            Some(folder) => match may_write(&folder) {
                Ok(()) => self.ok("cache", format!("`{}` can be written", folder.display())),
                Err(error) => {
                    let what = format!("`{}` cannot be written: {error}; every start compiles", folder.display());
                    self.add(Verdict::Warn, "cache", what, Some("let this user write there".to_owned()));
                }
            },
        }
        match ping_sockets() {
            Ok(PingSockets::Datagram) => self.ok("ping", "datagram ICMP sockets open".to_owned()),
            Ok(PingSockets::Raw) => self.ok("ping", "raw ICMP sockets open".to_owned()),
            Err(error) => {
                let what = format!("no ICMP socket opens ({error}): ping_tool and traceroute_tool will fail");
                let hint = "put this user's group into `net.ipv4.ping_group_range`, or give the program CAP_NET_RAW"
                    .to_owned();
                self.add(Verdict::Warn, "ping", what, Some(hint));
            }
        }
    }
}

/// The text of a configuration, if the file exists.
#[expect(clippy::disallowed_methods, reason = "the configurations of clients, which the operator has asked about")]
fn configuration(file: &Path) -> std::io::Result<Option<String>> {
    let about = match fs::metadata(file) {
        Ok(about) => about,
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if !about.is_file() || about.len() > CONFIGURATION {
        return Err(std::io::Error::other("it is no file, or longer than 64 MiB"));
    }
    fs::read_to_string(file).map(Some)
}

#[expect(clippy::disallowed_methods, reason = "whether a command is there")]
fn is_file(path: &Path) -> bool {
    path.is_file()
}

#[expect(clippy::disallowed_methods, reason = "which file a client's configuration should name")]
fn program() -> Option<PathBuf> {
    std::env::current_exe().ok()
}

/// Whether a command is the file that runs here. One without a path is searched for as clients do.
#[expect(clippy::disallowed_methods, reason = "whether two names are one file")]
fn same(command: &str) -> bool {
    let mut folders = start::BARE_PATH.split(':').map(|folder| Path::new(folder).join(command));
    let path = if command.contains('/') { Some(PathBuf::from(command)) } else { folders.find(|path| path.is_file()) };
    let whole = |path: PathBuf| path.canonicalize().ok();
    path.and_then(whole).is_some_and(|path| program().and_then(whole) == Some(path))
}

fn as_text(found: &[Finding], colour: Colour) -> String {
    let mut text = String::new();
    for Finding { verdict, client, check, what, hint } in found {
        let verdict = match verdict {
            Verdict::Ok => colour.green("ok  "),
            Verdict::Warn => colour.bold("warn"),
            Verdict::Fail => colour.red("fail"),
        };
        let hint = hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        let client = client.unwrap_or("-");
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{verdict}  {client:<14}  {check:<9}  {}", plain(&format!("{what}{hint}")));
    }
    text
}

fn as_json(found: &[Finding]) -> String {
    let word = |verdict: Verdict| match verdict {
        Verdict::Ok => "ok",
        Verdict::Warn => "warn",
        Verdict::Fail => "fail",
    };
    let told: Vec<Value> = found
        .iter()
        .map(|one| {
            json!({
                "verdict": word(one.verdict), "client": one.client, "check": one.check, "what": one.what, "hint": one.hint,
            })
        })
        .collect();
    let well = found.iter().all(|finding| finding.verdict != Verdict::Fail);
    terminal::json(&json!({ "ok": well, "found": told }))
}

/// One line without characters that a terminal obeys: texts come from files and other programs.
fn plain(text: &str) -> String {
    let safe = |c: char| if is_harmful(c) || c == '\n' { ' ' } else { c };
    text.chars().map(safe).collect()
}
