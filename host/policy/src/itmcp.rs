//! The environment variables of ITMCP as rules, where the operator asks for it (`--itmcp-env`).
//!
//! The variables themselves are handed in. What no plugin can do yet is told, never accepted and ignored; without the flag
//! a set variable only warns, as other programs have variables of these names too.

use cofferdam_grants::{Host, Ports, Protocol, Rule};

use crate::diagnostic::{Diagnostic, Source};
use crate::host::parse_host;
use crate::policy::{Policy, PolicyRule, RuleSource, Scope};
use crate::rule::Purpose;

/// The variable that becomes rules.
const HOSTS: &str = "ALLOWED_HOSTS";

/// The variables whose capabilities are not yet available, with what they are about.
const LATER: &[(&str, &str)] = &[
    ("ALLOWED_DIRECTORIES", "directories"),
    ("ALLOWED_REMOTE_COMMANDS", "remote commands"),
    ("SSH_CREDENTIALS_PATH", "ssh credentials"),
    ("SSH_KEYS_PATH", "ssh keys"),
];

/// The variables that have no meaning here, whatever is given.
const DOCKER: &[&str] = &["USE_DOCKER", "DOCKER_CONTAINER"];

impl Policy {
    /// Reads ITMCP's environment variables. With `asked`, each entry of `ALLOWED_HOSTS` (a name or an address, separated
    /// by commas) is a rule for every TCP port and every plugin that wants it. What is set and not used becomes a warning.
    ///
    /// # Errors
    /// Every entry of `ALLOWED_HOSTS` that is not a host. The rules of the others are added.
    pub fn add_itmcp_env(&mut self, asked: bool, env: &dyn Fn(&str) -> Option<String>) -> Result<(), Vec<Diagnostic>> {
        let set = |name: &str| env(name).filter(|value| !value.trim().is_empty());
        // Values may be anybody's: the name alone is shown.
        let mut warn = |name: &'static str, message: String, hint: &str| {
            let source = Source::flag("the environment", name);
            self.warnings.push(source.warning(0..name.len(), message).hint(hint));
        };
        for (name, about) in LATER.iter().filter(|(name, _)| set(name).is_some()) {
            match asked {
                true => warn(
                    name,
                    format!("`{name}` is not used: {about} are not yet available in this version"),
                    "nothing of it is allowed",
                ),
                false => {
                    warn(name, format!("`{name}` is set, and not used"), "`--itmcp-env` asks for ITMCP's variables")
                }
            }
        }
        for name in DOCKER.iter().filter(|name| set(name).is_some()) {
            let hint = "plugins run inside WebAssembly sandboxes; there is nothing to set";
            warn(name, format!("`{name}` is not used: nothing here runs in Docker"), hint);
        }
        let Some(hosts) = set(HOSTS) else { return Ok(()) };
        if !asked {
            warn(HOSTS, format!("`{HOSTS}` is set, and not used"), "with `--itmcp-env` its hosts may be connected to");
            return Ok(());
        }
        let source = Source::flag(HOSTS, &hosts);
        let mut mistakes = Vec::new();
        let mut at = 0;
        for part in hosts.split(',') {
            let start = at + (part.len() - part.trim_start().len());
            at += part.len() + 1;
            let entry = part.trim();
            if entry.is_empty() {
                continue;
            }
            let span = start..start + entry.len();
            match host(entry) {
                Ok(host) => self.rules.push(PolicyRule {
                    source: RuleSource { text: entry.to_owned(), origin: HOSTS.to_owned(), position: None },
                    scope: Scope::Every,
                    denies: false,
                    rule: Rule::new(Protocol::Tcp, host, Ports::all()),
                }),
                Err((message, hint)) => mistakes.push(source.error(span, message).maybe_hint(hint)),
            }
        }
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
    }
}

/// An entry, as ITMCP's users write it: IPv6 addresses with or without brackets, and no ports.
fn host(entry: &str) -> Result<Host, (String, Option<String>)> {
    let bracketed = match entry.parse::<std::net::Ipv6Addr>() {
        Ok(_) => format!("[{entry}]"),
        Err(_) => entry.to_owned(),
    };
    let wider = |rule: &str| {
        let hint = format!("`--allow-connect 'tcp://{rule}:PORTS'` allows more than one host");
        (format!("`{HOSTS}` names single hosts: a name or an address"), Some(hint))
    };
    match entry {
        "any" | "*" => return Err(wider("any")),
        // What a name and a port, or a URL, would look like.
        text if !bracketed.starts_with('[') && text.contains(':') => {
            return Err((
                format!("`{HOSTS}` names hosts alone: `{text}` has more"),
                Some("leave out the protocol and the port".to_owned()),
            ));
        }
        _ => {}
    }
    let host =
        parse_host(&bracketed, Purpose::Allow).map_err(|why| (format!("`{HOSTS}`: {}", why.message), why.hint))?;
    match host {
        Host::Network(_) | Host::Wildcard(_) | Host::Any => Err(wider(entry)),
        Host::Name(_) | Host::Address(_) | Host::Localhost => Ok(host),
    }
}

#[cfg(test)]
#[path = "itmcp_tests.rs"]
mod tests;
