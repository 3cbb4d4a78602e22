//! From the file as written to the policy: every string understood, every mistake collected.
//!
//! The shape of the file was checked in `file.rs`; the rule language is `rule.rs`. Nothing is
//! decided or granted here.

mod limits;

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::Path;

use cofferdam_grants::{Cidr, DNS_PORT, Host, Peers, is_component_name};
use limits::of_the_process;
use toml::de::DeTable;

use crate::breadth;
use crate::diagnostic::{Diagnostic, Source};
use crate::expand::{ExpandError, expand};
use crate::file::{File, PluginText, Reader, RuleText, Text};
use crate::host::parse_within;
use crate::json::{JsonError, to_json};
use crate::manifest::is_tool_name;
use crate::mend::mend;
use crate::policy::{Part, PluginTable, Policy, PolicyRule, RuleSource, Scope};
use crate::rule::{Capability, Purpose, further, groups, is_of_groups, parse_rule};

/// The most name servers that make sense.
const MAX_SERVERS: usize = 8;

/// Reads a policy file. `origin` is how messages name it, for instance its path; `env` gives the
/// values of environment variables for `${VAR}`.
///
/// # Errors
/// Every mistake of the file, in the order of its lines.
pub fn parse(origin: &str, text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Policy, Vec<Diagnostic>> {
    let (policy, problems) = read(origin, text, env);
    if problems.is_empty() { Ok(policy) } else { Err(problems) }
}

/// What can be understood of a file, and its mistakes. Where there are any, the policy lacks what
/// they are about and must not be used: a deny rule may be missing from it.
pub(crate) fn read(origin: &str, text: &str, env: &dyn Fn(&str) -> Option<String>) -> (Policy, Vec<Diagnostic>) {
    let source = Source::file(origin, text);
    let (mended, broken) = mend(text);
    let (document, _) = DeTable::parse_recoverable(&mended);
    let mut reader = Reader::new(source);
    let file = reader.file(document.get_ref());
    let mut lowering = Lowering { source, env, policy: Policy::empty(), problems: reader.problems };
    lowering.file(&file);

    let mut problems: Vec<_> = broken.into_iter().map(|(at, message)| source.error(at, message)).collect();
    problems.extend(lowering.problems);
    problems.sort_by_key(|problem| (problem.line, problem.column));
    problems.dedup();
    (lowering.policy, problems)
}

pub(crate) struct Lowering<'s> {
    source: Source<'s>,
    env: &'s dyn Fn(&str) -> Option<String>,
    policy: Policy,
    problems: Vec<Diagnostic>,
}

impl Lowering<'_> {
    fn file(&mut self, file: &File<'_>) {
        for plugin in &file.plugins {
            self.plugin(plugin);
        }
        self.rules(&file.defaults, &Scope::Every, Purpose::Allow);
        self.rules(&file.deny, &Scope::Every, Purpose::Deny);
        let (all, own) = of_the_process(&file.limits);
        self.policy.limits = self.limits(&own);
        self.policy.total_memory = all.first().and_then(|entry| self.total_memory(entry));
        if let Some((span, servers)) = &file.servers {
            self.servers(span.clone(), servers);
        }
    }

    fn plugin(&mut self, plugin: &PluginText<'_>) {
        let name = &plugin.name.value;
        if !is_component_name(name) {
            self.error(
                plugin.name.span.clone(),
                format!("`{name}` is not a plugin's name"),
                Some("a name is a lower-case letter, then up to 31 letters, digits and hyphens".into()),
            );
        }
        self.rules(&plugin.rules, &Scope::Plugin(name.clone()), Purpose::Allow);
        let (line, _) = self.source.position(plugin.name.span.start);
        let table = PluginTable {
            component: plugin.component.as_ref().and_then(|path| self.component(path)),
            component_text: plugin.component.as_ref().map(|path| path.value.clone()),
            settings: plugin.settings.as_ref().map(|(_, table)| self.settings(table)),
            tools: plugin.tools.as_ref().map(|(span, tools)| self.tools(span.clone(), tools)),
            origin: format!("{}:{line}", self.source.origin),
        };
        let component = plugin.component.as_ref().map(|path| (Part::Component, path.span.clone()));
        let settings = plugin.settings.as_ref().map(|(span, _)| (Part::Settings, span.clone()));
        let tools = plugin.tools.iter().flat_map(|(_, tools)| tools).enumerate();
        let tools = tools.map(|(index, tool)| (Part::Tool(index), tool.span.clone()));
        let table_itself = Some((Part::Table, plugin.name.span.clone()));
        for (part, span) in [table_itself, component, settings].into_iter().flatten().chain(tools) {
            let place = self.source.error(span, "");
            self.policy.plugin_places.insert((name.clone(), part), place);
        }
        let (all, own) = of_the_process(&plugin.limits);
        for entry in all {
            let message = format!("`{}` is a limit of the process, not of a plugin", entry.key);
            self.error(entry.span.clone(), message, Some("write it into `[limits]`".into()));
        }
        let limits = self.limits(&own);
        self.policy.plugin_limits.insert(name.clone(), limits);
        self.policy.plugins.insert(name.clone(), table);
    }

    /// The names of tools. Whether the plugin has them is not known here.
    fn tools(&mut self, span: Range<usize>, tools: &[Text]) -> Vec<String> {
        if tools.is_empty() {
            let hint = "name a tool, or take the key out for all of them".to_owned();
            self.error(span, "`tools` is empty, so that no tool is left".into(), Some(hint));
        }
        let mut names: Vec<String> = Vec::new();
        for tool in tools {
            let name = &tool.value;
            if !is_tool_name(name) {
                let hint = "a name is 1 to 40 letters, digits, `_` and `-`".to_owned();
                self.error(tool.span.clone(), format!("`{name}` is not a tool's name"), Some(hint));
            } else if names.contains(name) {
                self.error(tool.span.clone(), format!("`{name}` stands in `tools` twice"), None);
            }
            names.push(name.clone());
        }
        names
    }

    /// A plugin is loaded from an absolute path: what the working directory is depends on the
    /// client, and may be somebody else's project.
    fn component(&mut self, text: &Text) -> Option<String> {
        let path = self.expanded(text)?.value;
        if !Path::new(&path).is_absolute() {
            self.error(text.span.clone(), "the path of a component has to be absolute".into(), None);
            return None;
        }
        Some(path)
    }

    fn rules(&mut self, rules: &[RuleText], scope: &Scope, purpose: Purpose) {
        for written in rules {
            let Some(to) = self.expanded(&written.to) else {
                continue;
            };
            let rule = match parse_rule(written.about, &to.value, purpose) {
                Ok(rule) => rule,
                Err(why) => {
                    let ports = (written.about == Capability::Connect).then(|| further(&to.value, &why)).flatten();
                    for why in [Some(why), ports].into_iter().flatten() {
                        let at = to.place(&why.at);
                        let (message, hint) = to.told(why.message, why.hint);
                        self.error(at, message, hint);
                    }
                    continue;
                }
            };
            let Some(networks) = self.within(written, rule.peers().map(Peers::host), purpose) else {
                continue;
            };
            let (networks, within) = networks.into_iter().unzip();
            let rule = rule.within(networks);
            if purpose == Purpose::Allow {
                let warn = |message: String| {
                    let broad =
                        || format!("`{}` is broader than it looks, with its variables replaced", written.to.value);
                    self.source.warning(to.span.clone(), if to.written.is_some() { broad() } else { message })
                };
                self.policy.warnings.extend(breadth::warnings(&rule, warn));
            }
            self.policy.rules.push(PolicyRule {
                source: RuleSource {
                    key: rule.key(),
                    text: written.to.value.clone(),
                    within,
                    origin: self.source.origin.to_owned(),
                    position: Some(self.source.position(to.span.start)),
                },
                place: Some(self.source.warning(to.span.clone(), "")),
                scope: scope.clone(),
                denies: purpose == Purpose::Deny,
                rule,
            });
        }
    }

    /// The networks of `within`, each as it is shown; `None` after a problem.
    fn within(&mut self, rule: &RuleText, host: Option<&Host>, purpose: Purpose) -> Option<Vec<(Cidr, String)>> {
        let Some((span, texts)) = &rule.within else {
            return Some(Vec::new());
        };
        let misplaced = match (host, purpose) {
            (_, Purpose::Deny) => Some("a deny rule has no `within`"),
            (Some(Host::Name(_) | Host::Wildcard(_)), _) => None,
            _ => Some("`within` says where a name may lead, and this rule has no name"),
        };
        if let Some(message) = misplaced {
            self.error(span.clone(), message.to_owned(), None);
            return None;
        }
        if texts.is_empty() {
            let hint = "leave `within` out for public addresses".to_owned();
            self.error(span.clone(), "`within` is empty, so it allows nothing".into(), Some(hint));
            return None;
        }
        let mut networks = Vec::new();
        for text in texts {
            let Some(text) = self.expanded(text) else {
                continue;
            };
            match parse_within(&text.value) {
                Ok(network) if rule.about == Capability::Ping && is_of_groups(&network) => {
                    let (message, hint) = text.told(groups(&network), None);
                    self.error(text.span, message, hint);
                }
                Ok(network) => networks.push((network, text.written.unwrap_or_else(|| network.to_string()))),
                Err((message, hint)) => {
                    let (message, hint) = text.told(message, hint);
                    self.error(text.span, message, hint);
                }
            }
        }
        (networks.len() == texts.len()).then_some(networks)
    }

    fn servers(&mut self, span: Range<usize>, texts: &[Text]) {
        if texts.is_empty() || texts.len() > MAX_SERVERS {
            let message = format!("`servers` has to name 1 to {MAX_SERVERS} name servers");
            let hint = "leave it out to ask the machine's own".to_owned();
            self.error(span, message, Some(hint));
        }
        for text in texts {
            let Some(text) = self.expanded(text) else {
                continue;
            };
            let server = text
                .value
                .parse::<SocketAddr>()
                .or_else(|_| text.value.parse::<IpAddr>().map(|address| SocketAddr::new(address, DNS_PORT)));
            match server {
                Ok(server) if server.port() != 0 && !server.ip().is_unspecified() => {
                    self.policy.name_servers.push(server);
                }
                _ => {
                    let hint = "write `192.0.2.53`, `192.0.2.53:5353` or `[2001:db8::53]:53`";
                    let message = "a name server is an address, with or without a port";
                    self.error(text.span, message.to_owned(), Some(hint.to_owned()));
                }
            }
        }
    }

    /// The settings as JSON. What is wrong is told without the value: it may be a secret.
    fn settings(&mut self, table: &DeTable<'_>) -> serde_json::Value {
        let mut problems = Vec::new();
        let settings = to_json(
            table,
            &mut |value, span| {
                let text = Text { value: value.to_owned(), span, start: None, written: None };
                self.expanded(&text).map_or_else(String::new, |text| text.value)
            },
            &mut |error: JsonError, span| problems.push((error, span)),
        );
        for (error, span) in problems {
            self.error(span, error.to_string(), None);
        }
        settings
    }

    /// The text with its variables replaced; `None` after a problem.
    pub(crate) fn expanded(&mut self, text: &Text) -> Option<Text> {
        match expand(&text.value, self.env) {
            Ok(value) if value == text.value => Some(text.clone()),
            // Parts of a replaced text stand nowhere in the file.
            Ok(value) => Some(Text { value, span: text.span.clone(), start: None, written: Some(text.value.clone()) }),
            Err(why) => {
                let (message, hint) = match why {
                    ExpandError::Open => ("`${` is not closed".to_owned(), "write `$${` for `${` itself"),
                    ExpandError::Name(name) => (
                        format!("`{name}` is not the name of an environment variable"),
                        "write `${NAME}`; there are no defaults",
                    ),
                    ExpandError::Unset(name) => {
                        (format!("the environment variable `{name}` is not set"), "set it, or write the value itself")
                    }
                };
                self.error(text.span.clone(), message, Some(hint.to_owned()));
                None
            }
        }
    }

    pub(crate) fn error(&mut self, at: Range<usize>, message: String, hint: Option<String>) {
        self.problems.push(self.source.error(at, message).maybe_hint(hint));
    }
}

impl Text {
    /// What is said of the text. Where a variable was replaced, its value may be a secret: nothing
    /// that quotes the text is said.
    fn told(&self, message: String, hint: Option<String>) -> (String, Option<String>) {
        match &self.written {
            None => (message, hint),
            Some(written) if quotes(&message) => {
                let message = format!("`{written}` is not understood, with its variables replaced");
                (message, Some("what it says then is not shown, as it may be a secret".to_owned()))
            }
            Some(_) => (message, None),
        }
    }

    /// The place of a part of the text in the file, or of the whole where that is not known.
    fn place(&self, part: &Range<usize>) -> Range<usize> {
        match self.start {
            Some(start) => start + part.start..start + part.end,
            None => self.span.clone(),
        }
    }
}

/// Whether a message may quote what it is about.
pub(crate) fn quotes(message: &str) -> bool {
    message.contains(|c: char| c == '`' || c.is_ascii_digit())
}

#[cfg(test)]
#[path = "lower_tests.rs"]
mod tests;
