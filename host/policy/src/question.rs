//! What `cofferdam explain` is asked, as text, to what the policy is asked.
//!
//! Hosts, ports and paths are read as in rules. What is not yet available is told, not guessed;
//! answers are `explain.rs`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use cofferdam_grants::{
    AbsolutePath, HandlerName, HandlerRule, Host, Name, NameUse, Peers, Ports, Protocol, QueryName, Servers, Zone,
    quoted,
};

use crate::capability::{CAPABILITIES, Row, Status};
use crate::diagnostic::{Diagnostic, Source};
use crate::host::parse_host;
use crate::keys::did_you_mean;
use crate::rule::{Purpose, RuleError, parse_connect, parse_handler, parse_ping, parse_server};

/// The asks that can be explained, with how each is written.
fn asks() -> impl Iterator<Item = (&'static str, &'static str)> {
    CAPABILITIES.iter().filter_map(|row| row.ask)
}

/// Asks of later versions that no key of a policy is called after.
const LATER: &[&str] = &["accept", "bind", "udp"];

/// A question to the policy: may a plugin do this?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub(crate) about: About,
}

/// What a question is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// Dialling an address.
    Address { protocol: Protocol, to: SocketAddr, zone: Option<Zone> },
    /// Dialling a name.
    Name { protocol: Protocol, name: Name, port: u16 },
    /// Looking a name up.
    Lookup { name: Name },
    /// Pinging an address.
    PingAddress { to: IpAddr, zone: Option<Zone> },
    /// Pinging a name.
    PingName { name: Name },
    /// Asking a name server.
    Query { server: SocketAddr, name: QueryName },
    /// Reading a file or directory.
    File { path: AbsolutePath },
    /// Using a protocol handler.
    Handler { name: HandlerName },
    /// What no rule of this version can allow, in the words of the question.
    Later { verb: String, what: String },
}

impl About {
    /// What a name would be used for, if the question is about that.
    pub(crate) fn name_use(&self) -> Option<NameUse<'_>> {
        match self {
            Self::Name { protocol, name, port } => Some(NameUse::Dial { protocol: *protocol, name, port: *port }),
            Self::PingName { name } => Some(NameUse::Ping { name }),
            _ => None,
        }
    }
}

/// The question in its canonical spelling, as `connect tcp://10.0.0.1:22`.
impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.about {
            About::Address { protocol, to, zone: Some(zone) } => {
                write!(f, "connect {protocol}://[{}%{zone}]:{}", to.ip(), to.port())
            }
            About::Address { protocol, to, zone: None } => write!(f, "connect {protocol}://{to}"),
            About::Name { protocol, name, port } => write!(f, "connect {protocol}://{name}:{port}"),
            About::Lookup { name } => write!(f, "resolve {name}"),
            About::PingAddress { to, zone: Some(zone) } => write!(f, "ping {to}%{zone}"),
            About::PingAddress { to, zone: None } => write!(f, "ping {to}"),
            About::PingName { name } => write!(f, "ping {name}"),
            About::Query { server, name } => write!(f, "query {name}@{server}"),
            About::File { path } => write!(f, "read {path}"),
            About::Handler { name } => write!(f, "handler {name}"),
            About::Later { verb, what } if what.is_empty() => f.write_str(verb),
            About::Later { verb, what } => write!(f, "{verb} {what}"),
        }
    }
}

impl Question {
    /// Reads a question: `connect HOST:PORT`, `ping HOST`, `resolve NAME`, `query NAME@SERVER`,
    /// `read PATH` or `handler NAME`. One about what is not yet available is a question too, which
    /// is always answered with no.
    ///
    /// # Errors
    /// What cannot be understood.
    pub fn parse(words: &[String]) -> Result<Self, Box<Diagnostic>> {
        let text = words.join(" ");
        let source = Source::flag("explain", &text);
        let verb = words.first().map_or("", String::as_str);
        let Some((_, form)) = asks().find(|(known, _)| *known == verb) else {
            let later = |row: &Row| row.key == verb && row.status() == Status::NotYet;
            if LATER.contains(&verb) || CAPABILITIES.iter().any(later) {
                let what = quoted(&words.get(1..).unwrap_or_default().join(" "), 256);
                return Ok(Self { about: About::Later { verb: verb.to_owned(), what } });
            }
            let near = did_you_mean(verb, asks().map(|(ask, _)| ask));
            let all: Vec<String> = asks().map(|(_, form)| format!("`{form}`")).collect();
            let hint = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", all.join(", ")),
            };
            return Err(Box::new(
                source.error(0..verb.len(), format!("`{verb}` is nothing that a plugin may ask for")).hint(hint),
            ));
        };
        let [_, what] = words else {
            return Err(Box::new(
                source.error(0..text.len(), format!("`{verb}` asks about one thing")).hint(format!("write `{form}`")),
            ));
        };
        let origin = format!("explain {verb}");
        let about = match verb {
            "connect" => peer(&origin, what),
            "ping" => pinged(&origin, what),
            "resolve" => lookup(&origin, what),
            "query" => query(&origin, what),
            "handler" => handler(&origin, what),
            _ => file(&origin, what),
        };
        about.map(|about| Self { about })
    }

    /// The same question with its link known by name and by number, as whoever asks for the effect
    /// knows it. `link` finds that out; the number 0 is one that it could not.
    #[must_use]
    pub fn on_links(mut self, link: &dyn Fn(&str) -> Zone) -> Self {
        let zone = match &mut self.about {
            About::Address { zone, .. } | About::PingAddress { zone, .. } => zone.as_mut(),
            _ => None,
        };
        let Some(zone) = zone else { return self };
        let known = link(&zone.name.as_deref().map_or_else(|| zone.index.to_string(), str::to_owned));
        if known.index != 0 {
            *zone = known;
        }
        let index = zone.index;
        if let About::Address { to: SocketAddr::V6(six), .. } = &mut self.about {
            six.set_scope_id(index);
        }
        self
    }

    /// The name that has to be looked up before the whole answer is known; none for addresses and
    /// for `localhost`.
    pub(crate) fn name(&self) -> Option<&Name> {
        match &self.about {
            About::Name { name, .. } | About::Lookup { name } | About::PingName { name } => {
                (!name.is_localhost()).then_some(name)
            }
            About::Address { .. }
            | About::PingAddress { .. }
            | About::Query { .. }
            | About::File { .. }
            | About::Handler { .. }
            | About::Later { .. } => None,
        }
    }
}

/// Makes a mistake about the whole of a text.
fn mistake(origin: &str, text: &str, message: impl Into<String>, hint: &str) -> Box<Diagnostic> {
    Box::new(Source::flag(origin, text).error(0..text.len(), message).hint(hint))
}

/// Makes a mistake of what the rule language says of a text.
fn of_rule<'a>(origin: &'a str, text: &'a str) -> impl Fn(RuleError) -> Box<Diagnostic> + 'a {
    move |why| Box::new(Source::flag(origin, text).error(why.at, why.message).maybe_hint(why.hint))
}

/// The zone of a question. Nobody has looked up which interface has which index: a name is compared
/// by name.
fn zone(peers: &Peers) -> Option<Zone> {
    let text = peers.zone()?.to_string();
    Some(match text.parse() {
        Ok(index) => Zone { index, name: None },
        Err(_) => Zone { index: Zone::UNKNOWN, name: Some(text.into()) },
    })
}

/// Reads `HOST:PORT`, perhaps with its protocol.
fn peer(origin: &str, text: &str) -> Result<About, Box<Diagnostic>> {
    if text.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("udp://")) {
        return Ok(About::Later { verb: "connect".to_owned(), what: quoted(text, 256) });
    }
    let text = if text.contains("://") { text.to_owned() } else { format!("tcp://{text}") };
    // A want speaks of special addresses as well: whether they may be reached is the question.
    // A question has one port: advice about rules does not help.
    let portless = matches!(parse_connect(&text, Purpose::Deny), Ok(rule) if rule.ports().is_all());
    let rule = match parse_connect(&text, Purpose::Want) {
        Err(_) if portless => {
            let hint = format!("write `connect {}:22`", text.trim_start_matches("tcp://"));
            return Err(mistake(origin, &text, "the question does not say which port", &hint));
        }
        read => read.map_err(of_rule(origin, &text))?,
    };
    let error = |message: &str, hint: &str| mistake(origin, &text, message, hint);
    let Some(port) = only(rule.ports()) else {
        return Err(error("a question is about one port", "write `HOST:PORT`"));
    };
    let protocol = rule.protocol();
    match rule.host() {
        Host::Address(address) => {
            let zone = zone(rule.peers());
            let mut to = SocketAddr::new(*address, port);
            if let (SocketAddr::V6(six), Some(zone)) = (&mut to, &zone) {
                six.set_scope_id(zone.index);
            }
            Ok(About::Address { protocol, to, zone })
        }
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

/// Reads the host of a ping.
fn pinged(origin: &str, text: &str) -> Result<About, Box<Diagnostic>> {
    let rule = parse_ping(text, Purpose::Want).map_err(of_rule(origin, text))?;
    match rule.peers().host() {
        Host::Address(to) => Ok(About::PingAddress { to: *to, zone: zone(rule.peers()) }),
        Host::Name(name) => Ok(About::PingName { name: name.clone() }),
        Host::Localhost => match Name::parse("localhost") {
            Ok(name) => Ok(About::PingName { name }),
            Err(why) => Err(mistake(origin, text, why.to_string(), "write `127.0.0.1`")),
        },
        Host::Network(_) | Host::Wildcard(_) | Host::Any => {
            Err(mistake(origin, text, "a question is about one host", "write a name or an address"))
        }
    }
}

/// Reads the name of a lookup.
fn lookup(origin: &str, text: &str) -> Result<About, Box<Diagnostic>> {
    let error = |message: &str, hint: &str| mistake(origin, text, message, hint);
    let peers =
        parse_host(text, Purpose::Want).map_err(|why| of_rule(origin, text)(RuleError { at: 0..text.len(), ..why }))?;
    match peers.host() {
        Host::Name(name) => Ok(About::Lookup { name: name.clone() }),
        Host::Localhost => {
            Err(error("`localhost` is not looked up: it stands for 127.0.0.1 and ::1", "ask `connect localhost:PORT`"))
        }
        Host::Address(_) => Err(error("an address is not looked up", "ask `connect ADDRESS:PORT`")),
        Host::Network(_) | Host::Wildcard(_) | Host::Any => {
            Err(error("a question is about one name", "write the name in full"))
        }
    }
}

/// Reads `NAME@SERVER`; the name is any that a query may hold, as `_sip._tcp.example.com` or `.`.
fn query(origin: &str, text: &str) -> Result<About, Box<Diagnostic>> {
    let form = "write `query www.example.com@192.0.2.53`, or `resolve NAME` for a name alone";
    let Some((asked, of)) = text.rsplit_once('@') else {
        return Err(mistake(origin, text, "the question does not say which server", form));
    };
    // What is no host name is asked for byte by byte; the others are converted as in rules (IDNA).
    let ascii = if asked.is_ascii() { asked.to_owned() } else { idna::domain_to_ascii(asked).unwrap_or_default() };
    let name = QueryName::parse(&ascii).map_err(|why| mistake(origin, text, why.to_string(), form))?;
    let rule = parse_server(of, Purpose::Want).map_err(of_rule(origin, of))?;
    match (rule.servers(), rule.port()) {
        (Servers::Address(address), port) => {
            Ok(About::Query { server: SocketAddr::new(address, port.unwrap_or(cofferdam_grants::DNS_PORT)), name })
        }
        (Servers::Network(_) | Servers::Any | Servers::System, _) => {
            Err(mistake(origin, of, "a question is about one server", form))
        }
    }
}

/// Reads a path.
fn file(origin: &str, text: &str) -> Result<About, Box<Diagnostic>> {
    AbsolutePath::parse(text)
        .map(|path| About::File { path })
        .map_err(|why| mistake(origin, text, why.to_string(), "write `read /var/log/syslog`"))
}

/// Reads a handler's name.
fn handler(origin: &str, text: &str) -> Result<About, Box<Diagnostic>> {
    match parse_handler(text).map_err(of_rule(origin, text))? {
        HandlerRule::Name(name) => Ok(About::Handler { name }),
        HandlerRule::Any | HandlerRule::None => {
            Err(mistake(origin, text, "a question is about one handler", "write `handler irc`"))
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
