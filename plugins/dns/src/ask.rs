//! One call: what its arguments and options mean together, whom it asks, and the
//! failure if nobody answers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use cofferdam_sdk::{Cx, Failure, Integer};
use dns_logic::{
    Answer, Attempt, Kind, Name, Options, PORT, Patience, Place, Question, Server, Shown, Target, Transport,
    Unanswered, addresses, ask, trace, written,
};

use crate::arguments::{Dig, Nslookup};
use crate::network::Network;

/// The longest that all tries together take if the caller sets no timeout. Clients
/// abandon a call after 5 s.
const ALL: Duration = Duration::from_secs(4);

/// Of that time one try at one server has at least so much, however many there are.
const LEAST: Duration = Duration::from_millis(400);

/// The same in a trace, which asks the servers of several zones.
const STEP: Duration = Duration::from_secs(1);

/// The longest that one answer is waited for.
const LONGEST: Duration = Duration::from_secs(60);

/// How often dig asks each server.
const TRIES: u32 = 3;

/// What is left of a call's time for saying what came of it.
const MARGIN: Duration = Duration::from_millis(500);

/// A call that is understood.
pub struct Call {
    /// What its text shows.
    pub shown: Shown,
    /// What was asked, as on dig's command line.
    pub command: String,
    question: Question,
    server: Option<Server>,
    port: u16,
    transport: Transport,
    /// A truncated answer is the answer.
    ignore_truncation: bool,
    trace: bool,
    /// How long one answer is waited for, where that is said.
    per_try: Option<Duration>,
    tries: u32,
    /// Whether the next server is asked after a SERVFAIL. nslookup does so, dig does not.
    past_failures: bool,
}

impl Call {
    /// A call of `dig_tool`.
    pub fn dig(a: Dig) -> Result<Self, Failure> {
        let text = a.options.unwrap_or_default();
        let options = Options::parse(&text).map_err(|error| Failure::argument("options", error))?;
        let target = target(&a.target)?;
        if options.reverse && !matches!(target, Target::Address(_)) {
            return Err(Failure::argument("options", "`-x` is for an address as `target`"));
        }
        let kind = kind(&target, argument(a.kind)?.or(options.kind))?;
        let mut question = Question::new(target.name(), kind.wire());
        question.dnssec = a.dnssec.or(options.dnssec).unwrap_or(false);
        question.nsid = options.nsid.unwrap_or(false);
        question.recurse = options.recurse.unwrap_or(true);
        question.unchecked = options.unchecked.unwrap_or(false);
        question.authentic = options.authentic.unwrap_or(true);
        question.edns = match options.edns {
            // Without EDNS there is no room for the wish.
            Some(false) if question.dnssec || question.nsid => {
                return Err(Failure::argument("options", "`+noedns` leaves no room for `+dnssec` and `+nsid`"));
            }
            Some(false) => None,
            _ => options.payload.or(question.edns),
        };
        let (server, port) = server(a.server.as_deref(), a.port, options.port)?;
        let mut shown = options.shown;
        shown.short = a.short.unwrap_or(shown.short);
        // As dig does: what ANY gives rarely fits a datagram, and many servers
        // refuse it there (RFC 8482).
        let tcp = a.tcp.or(options.tcp).unwrap_or(kind == Kind::ANY);
        let tries = match a.tries {
            None => options.tries.unwrap_or(TRIES),
            Some(Integer(n)) => u32::try_from(n)
                .ok()
                .filter(|n| (1..=10).contains(n))
                .ok_or_else(|| Failure::argument("tries", format_args!("it has to be 1 to 10, it is {n}")))?,
        };
        let words = [a.server.map(|server| format!("@{server}")), Some(a.target), kind_word(kind), Some(text)];
        Ok(Self {
            shown,
            command: words.into_iter().flatten().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "),
            question,
            server,
            port,
            transport: if tcp { Transport::Tcp } else { Transport::Udp },
            ignore_truncation: options.ignore,
            trace: a.trace.or(options.trace).unwrap_or(false),
            per_try: wait(a.timeout_ms, options.time)?,
            tries,
            past_failures: false,
        })
    }

    /// A call of `nslookup_tool`.
    pub fn nslookup(a: Nslookup) -> Result<Self, Failure> {
        let target = target(&a.target)?;
        let kind = match (&target, argument(a.kind)?) {
            // As nslookup does: an address is asked about by its name,
            // whatever address type was said.
            (Target::Address(_), Some(Kind::A | Kind::AAAA)) => Kind::PTR,
            (target, asked) => kind(target, asked)?,
        };
        let mut question = Question::new(target.name(), kind.wire());
        // nslookup has never heard of EDNS, and is what is left where a server chokes on it.
        question.edns = None;
        let (server, port) = server(a.server.as_deref(), a.port, None)?;
        Ok(Self {
            shown: Shown::default(),
            command: String::new(),
            question,
            server,
            port,
            transport: Transport::Udp,
            ignore_truncation: false,
            trace: false,
            per_try: wait(a.timeout_ms, None)?,
            tries: TRIES,
            past_failures: true,
        })
    }

    /// Asks.
    pub async fn run(&self, cx: Cx) -> Result<Answer, Failure> {
        let left = cx.time_left();
        let left = left.saturating_sub(MARGIN).max(left / 2);
        let until = cofferdam_sdk::now() + if self.per_try.is_some() { left } else { left.min(ALL) };
        let mut attempts = Vec::new();
        let servers = self.servers(until, &mut attempts).await?;
        let patience = self.patience(until, servers.len());
        let asked = if self.trace {
            trace(&Network, &servers, self.port, &self.question, self.transport, patience, &mut attempts).await
        } else {
            let question = &self.question;
            let answered =
                ask(&Network, &servers, question, self.transport, !self.ignore_truncation, patience, &mut attempts);
            answered.await.map(|answered| Answer::new(answered, std::mem::take(&mut attempts)))
        };
        asked.map_err(|unanswered| no_answer(&self.question, &unanswered, &attempts))
    }

    /// How long each of so many servers is waited for, one after the other: the caller's timeout,
    /// or an equal share of the time.
    fn patience(&self, until: Duration, servers: usize) -> Patience {
        let turns = self.tries.saturating_mul(u32::try_from(servers).unwrap_or(u32::MAX)).max(1);
        let share = if self.trace { STEP } else { (ALL / turns).max(LEAST) };
        let (tries, past_failures) = (self.tries, self.past_failures);
        Patience { per_try: self.per_try.unwrap_or(share), tries, past_failures, until }
    }

    /// Whom to ask: the one that was named, or those that there are.
    async fn servers(&self, until: Duration, attempts: &mut Vec<Attempt>) -> Result<Vec<SocketAddr>, Failure> {
        let usual = cofferdam_sdk::dns::servers;
        match self.server.as_ref().map(|server| &server.place) {
            None => match usual() {
                none if none.is_empty() => {
                    let why = "there is no name server to ask: the machine has none and the policy names none";
                    Err(Failure::new("no_answer", why).with("reason", "no_servers"))
                }
                // Another port is asked for as with dig: of the same servers.
                servers if self.port != PORT => {
                    let mut others: Vec<SocketAddr> = Vec::with_capacity(servers.len());
                    for server in servers {
                        let server = SocketAddr::new(server.ip(), self.port);
                        // Two ports of one address have become the same.
                        if !others.contains(&server) {
                            others.push(server);
                        }
                    }
                    Ok(others)
                }
                servers => Ok(servers),
            },
            Some(Place::Address(address)) => Ok(vec![SocketAddr::new(*address, self.port)]),
            // An alias of two addresses, not a name (RFC 6761).
            Some(Place::Name(name)) if is_localhost(name) => {
                let both = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()];
                Ok(both.into_iter().map(|address| SocketAddr::new(address, self.port)).collect())
            }
            Some(Place::Name(name)) => {
                let usual = usual();
                let found = addresses(&Network, &usual, name, self.patience(until, usual.len()), attempts).await;
                if found.is_empty() {
                    let reason = attempts.last().map_or("no_servers", |attempt| attempt.result);
                    let reason = if reason == "answered" { "dns" } else { reason };
                    let name = written(name);
                    let limit = attempts.last().filter(|last| last.result == "limit");
                    let message = match limit.and_then(|last| last.detail.as_deref()) {
                        Some(limit) => format!("the server {name} was not looked up: {limit}"),
                        None => format!("no name server has an address for the server {name}; write its address"),
                    };
                    return Err(Failure::new("no_answer", message).with("reason", reason).with("attempts", attempts));
                }
                Ok(found.into_iter().map(|address| SocketAddr::new(address, self.port)).collect())
            }
        }
    }
}

fn is_localhost(name: &Name) -> bool {
    name.num_labels() == 1 && name.iter().all(|label| label.eq_ignore_ascii_case(b"localhost"))
}

fn target(text: &str) -> Result<Target, Failure> {
    Target::parse(text).map_err(|error| Failure::argument("target", error))
}

/// The argument `type`.
fn argument(written: Option<String>) -> Result<Option<Kind>, Failure> {
    // Some clients send every argument, and nothing for what is left away.
    let written = written.filter(|written| !written.is_empty());
    written.map(|written| Kind::parse(&written).map_err(|error| Failure::argument("type", error))).transpose()
}

/// The type that is meant: an address is asked about by its name.
fn kind(target: &Target, asked: Option<Kind>) -> Result<Kind, Failure> {
    match (target, asked) {
        (Target::Name(_), asked) => Ok(asked.unwrap_or(Kind::A)),
        (Target::Address(_), None) => Ok(Kind::PTR),
        (Target::Address(_), Some(Kind::A | Kind::AAAA)) => Err(Failure::argument(
            "type",
            "an address has no addresses; leave `type` away for the address's name (PTR)",
        )),
        (Target::Address(_), Some(other)) => Ok(other),
    }
}

/// The type on a command line: dig's default is left away.
fn kind_word(kind: Kind) -> Option<String> {
    (kind != Kind::A).then(|| kind.name())
}

fn server(written: Option<&str>, port: Option<Integer>, option: Option<u16>) -> Result<(Option<Server>, u16), Failure> {
    let server = written.map(Server::parse).transpose().map_err(|error| Failure::argument("server", error))?;
    let argument = match port {
        None => None,
        Some(Integer(n)) => Some(
            u16::try_from(n)
                .ok()
                .filter(|port| *port != 0)
                .ok_or_else(|| Failure::argument("port", format_args!("it has to be 1 to 65535, it is {n}")))?,
        ),
    };
    let own = server.as_ref().and_then(|server| server.port);
    if let (Some(own), Some(other)) = (own, argument.or(option))
        && own != other
    {
        return Err(Failure::argument("server", format_args!("it says port {own}, but the port is given as {other}")));
    }
    Ok((server, argument.or(option).or(own).unwrap_or(PORT)))
}

/// How long one answer is waited for, if that is said.
fn wait(argument: Option<Integer>, option: Option<Duration>) -> Result<Option<Duration>, Failure> {
    let Some(Integer(milliseconds)) = argument else { return Ok(option) };
    let wait = u64::try_from(milliseconds).ok().map(Duration::from_millis);
    wait.filter(|wait| !wait.is_zero() && *wait <= LONGEST).map(Some).ok_or_else(|| {
        let most = LONGEST.as_millis();
        Failure::argument("timeout_ms", format_args!("it has to be 1 to {most}, it is {milliseconds}"))
    })
}

fn no_answer(question: &Question, unanswered: &Unanswered, attempts: &[Attempt]) -> Failure {
    let (name, mut asked) = (written(&question.name), Vec::new());
    // Who was allowed, or has answered another question on the way, is not to blame.
    let denied = unanswered.reason == "denied";
    for attempt in attempts.iter().filter(|attempt| !denied || attempt.result == "denied") {
        let server = format!("{} ({})", attempt.server, attempt.transport.upper());
        if !asked.contains(&server) {
            asked.push(server);
        }
    }
    let message = match unanswered.reason {
        // Whoever would have been asked next has no part in it.
        "limit" => format!("no answer about {name}: {}", unanswered.message),
        _ if asked.is_empty() => format!("no answer about {name}: {}", unanswered.message),
        "denied" => format!("the operator's policy does not allow asking {} about {name}", asked.join(", ")),
        _ => format!("no answer about {name} from {}: {}", asked.join(", "), unanswered.message),
    };
    Failure::new("no_answer", message).with("reason", unanswered.reason).with("attempts", attempts)
}
