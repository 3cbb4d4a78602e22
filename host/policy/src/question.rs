//! What `cofferdam explain` is asked, as text, to what the policy is asked.
//!
//! Hosts and ports are read as in rules. What is not yet available is told, not guessed; answers are `explain.rs`.

use std::fmt;
use std::net::SocketAddr;

use cofferdam_grants::{Host, Name, Ports, Protocol};

use crate::diagnostic::{Diagnostic, Source};
use crate::host::parse_host;
use crate::keys::{KEYS, Section, Status, did_you_mean};
use crate::rule::{Purpose, parse_rule};

/// The asks that can be explained, with how each is written.
const ASKS: &[(&str, &str)] = &[("connect", "connect HOST:PORT"), ("resolve", "resolve NAME")];

/// A question to the policy: may a plugin do this?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub(crate) about: About,
}

/// What a question is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// Dialling an address.
    Address { protocol: Protocol, to: SocketAddr },
    /// Dialling a name.
    Name { protocol: Protocol, name: Name, port: u16 },
    /// Looking a name up.
    Lookup { name: Name },
}

/// The question in its canonical spelling, as `connect tcp://10.0.0.1:22`.
impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.about {
            About::Address { protocol, to } => write!(f, "connect {protocol}://{to}"),
            About::Name { protocol, name, port } => write!(f, "connect {protocol}://{name}:{port}"),
            About::Lookup { name } => write!(f, "resolve {name}"),
        }
    }
}

impl Question {
    /// Reads a question: `connect HOST:PORT` or `resolve NAME`.
    ///
    /// # Errors
    /// What cannot be understood, or is not yet available in this version.
    pub fn parse(words: &[String]) -> Result<Self, Box<Diagnostic>> {
        let text = words.join(" ");
        let source = Source::flag("explain", &text);
        let verb = words.first().map_or("", String::as_str);
        let later = KEYS.iter().any(|key| {
            (key.section, key.status, key.name) == (Section::Plugin, Status::NotYet, verb) && verb != "resolve"
        });
        let Some((_, form)) = ASKS.iter().find(|(known, _)| *known == verb) else {
            let diagnostic = match later {
                true => source.error(0..verb.len(), format!("`{verb}` is not yet available in this version")),
                false => {
                    source.error(0..verb.len(), format!("`{verb}` is nothing that a plugin may ask for")).maybe_hint(
                        did_you_mean(verb, ASKS.iter().map(|(ask, _)| *ask))
                            .map(|near| format!("did you mean `{near}`?")),
                    )
                }
            };
            let all: Vec<String> = ASKS.iter().map(|(_, form)| format!("`{form}`")).collect();
            let hint = diagnostic.hint.clone().unwrap_or_else(|| format!("there are {}", all.join(" and ")));
            return Err(Box::new(diagnostic.hint(hint)));
        };
        let [_, what] = words else {
            return Err(Box::new(
                source.error(0..text.len(), format!("`{verb}` asks about one thing")).hint(format!("write `{form}`")),
            ));
        };
        let about = match verb {
            "resolve" => lookup(what),
            _ => peer(what),
        };
        about.map(|about| Self { about })
    }

    /// The name that has to be looked up before the whole answer is known; none for addresses and for `localhost`.
    pub(crate) fn name(&self) -> Option<&Name> {
        match &self.about {
            About::Address { .. } => None,
            About::Name { name, .. } | About::Lookup { name } => (!name.is_localhost()).then_some(name),
        }
    }
}

/// Reads `HOST:PORT`, perhaps with its protocol.
fn peer(text: &str) -> Result<About, Box<Diagnostic>> {
    let rule_text = if text.contains("://") { text.to_owned() } else { format!("tcp://{text}") };
    let source = Source::flag("explain connect", &rule_text);
    let whole = 0..rule_text.len();
    // A want speaks of special addresses as well: whether they may be reached is the question.
    let rule = parse_rule(&rule_text, Purpose::Want)
        .map_err(|why| Box::new(source.error(why.at, why.message).maybe_hint(why.hint)))?;
    let error = |message: &str, hint: &str| Box::new(source.error(whole.clone(), message).hint(hint));
    let Some(port) = only(rule.ports()) else {
        return Err(error("a question is about one port", "write `HOST:PORT`"));
    };
    let protocol = rule.protocol();
    match rule.host() {
        Host::Address(address) => Ok(About::Address { protocol, to: SocketAddr::new(*address, port) }),
        Host::Name(name) => Ok(About::Name { protocol, name: name.clone(), port }),
        Host::Localhost => match Name::parse("localhost") {
            Ok(name) => Ok(About::Name { protocol, name, port }),
            Err(why) => Err(error(&why.to_string(), "write `127.0.0.1:PORT`")),
        },
        Host::Network(_) | Host::Wildcard(_) | Host::Any => {
            Err(error("a question is about one host", "write a name or an address"))
        }
    }
}

/// Reads the name of a lookup.
fn lookup(text: &str) -> Result<About, Box<Diagnostic>> {
    let source = Source::flag("explain resolve", text);
    let error = |message: &str, hint: &str| Box::new(source.error(0..text.len(), message).hint(hint));
    let host = parse_host(text, Purpose::Want)
        .map_err(|why| Box::new(source.error(0..text.len(), why.message).maybe_hint(why.hint)))?;
    match host {
        Host::Name(name) => Ok(About::Lookup { name }),
        Host::Localhost => {
            Err(error("`localhost` is not looked up: it stands for 127.0.0.1 and ::1", "ask `connect localhost:PORT`"))
        }
        Host::Address(_) => Err(error("an address is not looked up", "ask `connect ADDRESS:PORT`")),
        Host::Network(_) | Host::Wildcard(_) | Host::Any => {
            Err(error("a question is about one name", "write the name in full"))
        }
    }
}

/// The port, where there is one only.
fn only(ports: &Ports) -> Option<u16> {
    (ports.count() == 1).then(|| ports.to_string().parse().ok())?
}

#[cfg(test)]
#[path = "question_tests.rs"]
mod tests;
