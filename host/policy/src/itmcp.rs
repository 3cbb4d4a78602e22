//! The environment variables of ITMCP as rules, where the operator asks for it (`--itmcp-env`).
//!
//! The variables themselves are handed in. What no plugin can do yet is told, never accepted and
//! ignored; without the flag a set variable only warns, as other programs have variables of these
//! names too.

use cofferdam_grants::{
    Cidr, ConnectRule, DNS_PORT, Host, Peers, PingRule, Ports, Protocol, ResolveRule, Rule, ServerRule, Servers,
};

use crate::diagnostic::{Diagnostic, Source};
use crate::host::parse_host;
use crate::lower::quotes;
use crate::policy::Policy;
use crate::rule::{Capability, Purpose, RuleError, parse_rule};

/// The variables that become rules.
const HOSTS: &str = "ALLOWED_HOSTS";
const DIRECTORIES: &str = "ALLOWED_DIRECTORIES";

/// The variables whose capabilities are not yet available, with what they are about.
const LATER: &[(&str, &str)] = &[
    ("ALLOWED_REMOTE_COMMANDS", "remote commands"),
    ("SSH_CREDENTIALS_PATH", "ssh credentials"),
    ("SSH_KEYS_PATH", "ssh keys"),
];

/// The variables that have no meaning here, whatever is given.
const DOCKER: &[&str] = &["USE_DOCKER", "DOCKER_CONTAINER"];

impl Policy {
    /// Reads ITMCP's environment variables. With `asked`, each entry of `ALLOWED_HOSTS` (a name or
    /// an address; entries stand between commas) may be connected to on every TCP port, pinged and
    /// asked for in DNS, and an address be asked as a name server too, beside the host's own; each
    /// entry of `ALLOWED_DIRECTORIES` may be read; by every plugin that wants it. What is set and
    /// not used becomes a warning.
    ///
    /// # Errors
    /// Every entry that is not a host or a directory. The rules of the others are added.
    pub fn add_itmcp_env(&mut self, asked: bool, env: &dyn Fn(&str) -> Option<String>) -> Result<(), Vec<Diagnostic>> {
        let set = |name: &str| env(name).filter(|value| !value.trim().is_empty());
        let mut warnings = Vec::new();
        // Values may be anybody's: the name alone is shown.
        let mut warn = |name: &'static str, message: String, hint: &str| {
            let source = Source::flag("the environment", name);
            warnings.push(source.warning(0..name.len(), message).hint(hint));
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
        let used = [
            (HOSTS, "with `--itmcp-env` its hosts may be connected to, pinged and asked for"),
            (DIRECTORIES, "with `--itmcp-env` its directories may be read"),
        ];
        let mut mistakes = Vec::new();
        for (variable, hint) in used {
            match set(variable) {
                None => {}
                Some(_) if !asked => warn(variable, format!("`{variable}` is set, and not used"), hint),
                Some(value) => self.entries(variable, &value, &mut mistakes),
            }
        }
        self.warnings.extend(warnings);
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
    }

    /// The rules of a variable's entries. What is said of them does not show them: the variable may
    /// be meant for another program.
    fn entries(&mut self, variable: &str, value: &str, mistakes: &mut Vec<Diagnostic>) {
        let source = Source::flag("the environment", variable);
        for (number, entry) in (1..).zip(value.split(',').map(str::trim)) {
            if entry.is_empty() {
                continue;
            }
            let span = 0..variable.len();
            let rules = match variable {
                HOSTS => host(entry).map(|host| rules_for(&host)),
                _ => directory(entry).map(|rule| vec![rule]),
            };
            match rules {
                Ok(rules) => {
                    for rule in rules {
                        let broad = format!("entry {number} of `{variable}` is broader than it looks");
                        let warn = |_| source.warning(span.clone(), broad.clone());
                        self.warnings.extend(crate::breadth::warnings(&rule, warn));
                        // The host's own name servers are asked besides, once.
                        if matches!(rule, Rule::Server(_)) && !self.asks_system() {
                            let system = ServerRule::new(Servers::System, None).into();
                            self.add_for_all(variable, "system", system, false);
                        }
                        self.add_for_all(variable, entry, rule, false);
                    }
                }
                Err((message, hint)) => {
                    let message = format!("entry {number} of `{variable}` {message}");
                    mistakes.push(source.error(span, message).maybe_hint(hint.map(str::to_owned)));
                }
            }
        }
    }

    fn asks_system(&self) -> bool {
        let system = |rule: &Rule| matches!(rule, Rule::Server(server) if server.servers() == Servers::System);
        self.rules.iter().any(|own| own.source.origin == HOSTS && system(&own.rule))
    }
}

/// What a host of the list may be used for.
fn rules_for(host: &Host) -> Vec<Rule> {
    let mut rules: Vec<Rule> = vec![
        ConnectRule::new(Protocol::Tcp, host.clone(), Ports::all()).into(),
        PingRule::new(Peers::new(host.clone())).into(),
    ];
    match host {
        Host::Name(name) => rules.push(ResolveRule::Name(name.clone()).into()),
        Host::Address(address) => {
            let bits = if address.is_ipv4() { 32 } else { 128 };
            rules.extend(Cidr::new(*address, bits).map(|one| ResolveRule::Reverse(one).into()));
            rules.push(ServerRule::new(Servers::Address(*address), Some(DNS_PORT)).into());
        }
        // It is two addresses, and in no query.
        Host::Localhost | Host::Network(_) | Host::Wildcard(_) | Host::Any => {}
    }
    rules
}

/// What is wrong with an entry, without the entry, and perhaps what to do about it.
type Wrong = (String, Option<&'static str>);

/// What the rule language says of an entry, where it does not quote it.
fn said(why: &RuleError, otherwise: &str) -> String {
    if quotes(&why.message) { otherwise.to_owned() } else { format!("is not understood: {}", why.message) }
}

/// An entry of the list of directories.
fn directory(entry: &str) -> Result<Rule, Wrong> {
    parse_rule(Capability::Read, entry, Purpose::Allow)
        .map_err(|why| (said(&why, "is not a path of a directory that is absolute and has no `.` or `..` in it"), None))
}

/// An entry, as ITMCP's users write it: IPv6 addresses with or without brackets, and no ports.
fn host(entry: &str) -> Result<Host, Wrong> {
    let address = entry.split('%').next().unwrap_or(entry);
    let bracketed = match address.parse::<std::net::Ipv6Addr>() {
        Ok(_) => format!("[{entry}]"),
        Err(_) => entry.to_owned(),
    };
    let wider = || {
        let hint = "`--allow-connect 'tcp://HOST:PORTS'` allows more than one host";
        ("is not a single host: a name or an address".to_owned(), Some(hint))
    };
    match entry {
        "any" | "*" => return Err(wider()),
        // What a name and a port, or a URL, would look like.
        text if !bracketed.starts_with('[') && text.contains(':') => {
            return Err(("is not a host alone".to_owned(), Some("leave out the protocol and the port")));
        }
        _ => {}
    }
    let peers = parse_host(&bracketed, Purpose::Allow).map_err(|why| {
        (said(&why, "is not the name or the address of a host"), Some("rules say more: `--allow-connect`"))
    })?;
    match peers.host() {
        _ if peers.zone().is_some() => {
            let hint = "`--allow-connect 'tcp://[ADDRESS%ZONE]:*'` allows it";
            Err(("is not a host alone: it has a zone".to_owned(), Some(hint)))
        }
        Host::Network(_) | Host::Wildcard(_) | Host::Any => Err(wider()),
        host @ (Host::Name(_) | Host::Address(_) | Host::Localhost) => Ok(host.clone()),
    }
}

#[cfg(test)]
#[path = "itmcp_tests.rs"]
mod tests;
