//! `+trace`: from the root down, asking each zone's own servers, until one answers. Every step goes
//! strictly downward, so a trace ends; servers that lie about where they stand are passed over.

use std::net::{IpAddr, SocketAddr};

use hickory_proto::rr::{Name, RecordType};

use crate::answer::{Answer, AskedWith, Outcome, Question as Asked, Step, is_referral};
use crate::attempt::{Attempt, milliseconds};
use crate::exchange::{Answered, LIMIT, Patience, Unanswered, ask};
use crate::reply::Reply;
use crate::wire::{Transport, Wire};
use crate::{Question, kind, text};

/// How many servers of one zone are asked before the trace gives up.
const SERVERS: usize = 6;

/// How many servers of one zone are looked up by name where the referral has no address of any.
const LOOKUPS: usize = 3;

/// The root's servers (root hints of IANA), for when nobody can be asked for them.
const ROOT: [(&str, [u8; 4]); 13] = [
    ("a.root-servers.net.", [198, 41, 0, 4]),
    ("b.root-servers.net.", [170, 247, 170, 2]),
    ("c.root-servers.net.", [192, 33, 4, 12]),
    ("d.root-servers.net.", [199, 7, 91, 13]),
    ("e.root-servers.net.", [192, 203, 230, 10]),
    ("f.root-servers.net.", [192, 5, 5, 241]),
    ("g.root-servers.net.", [192, 112, 36, 4]),
    ("h.root-servers.net.", [198, 97, 190, 53]),
    ("i.root-servers.net.", [192, 36, 148, 17]),
    ("j.root-servers.net.", [192, 58, 128, 30]),
    ("k.root-servers.net.", [193, 0, 14, 129]),
    ("l.root-servers.net.", [199, 7, 83, 42]),
    ("m.root-servers.net.", [202, 12, 27, 33]),
];

/// A server of a zone.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    name: Option<Name>,
    address: SocketAddr,
}

/// Everything that a step needs.
struct Walk<'a, W> {
    wire: &'a W,
    /// Whom to ask for the root's servers, and for addresses of servers.
    resolvers: &'a [SocketAddr],
    port: u16,
    question: &'a Question,
    transport: Transport,
    patience: Patience,
}

/// Follows the referrals for a question, and gives what the last server said, with all steps;
/// `incomplete` says why a trace ends before its end. `resolvers` are asked for the root's servers
/// and for addresses of others; all other servers are asked on `port`.
///
/// # Errors
/// Nobody answered at all.
pub async fn trace<W: Wire>(
    wire: &W,
    resolvers: &[SocketAddr],
    port: u16,
    question: &Question,
    transport: Transport,
    patience: Patience,
    attempts: &mut Vec<Attempt>,
) -> Result<Answer, Unanswered> {
    let walk = Walk { wire, resolvers, port, question, transport, patience };
    let mut steps = Vec::new();
    let (mut zone, mut servers) = (Name::root(), walk.root(&mut steps, attempts).await);
    loop {
        let (answered, by) = match walk.ask_zone(&zone, &servers, attempts).await {
            Ok(answered) => answered,
            // Without a step below the root there is nothing to show.
            Err(unanswered) if steps.len() < 2 && zone.is_root() => return Err(unanswered),
            Err(unanswered) => return Ok(incomplete(question, &unanswered, attempts, steps)),
        };
        let Some(below) = referred(&answered.reply, &zone, &question.name) else {
            steps.push(step(&zone, &by, &answered, None));
            let mut answer = Answer::new(answered, std::mem::take(attempts));
            answer.trace = steps;
            return Ok(answer);
        };
        steps.push(step(&zone, &by, &answered, Some(&below)));
        servers = walk.servers_of(&below, &zone, &answered.reply, attempts).await;
        zone = below;
    }
}

impl<W: Wire> Walk<'_, W> {
    /// The root's servers: as the resolvers have them, their addresses too, or as they are known.
    async fn root(&self, steps: &mut Vec<Step>, attempts: &mut Vec<Attempt>) -> Vec<Known> {
        let mut question = Question::new(Name::root(), RecordType::NS);
        question.dnssec = self.question.dnssec;
        let mut servers = Vec::new();
        let asked = ask(self.wire, self.resolvers, &question, self.transport, true, self.patience, attempts).await;
        if let Ok(answered) = asked
            && answered.reply.status == 0
        {
            let by = Known { name: None, address: answered.server };
            steps.push(step(&Name::root(), &by, &answered, None));
            servers =
                self.servers_in(&answered.reply.answers, &Name::root(), &Name::root(), &answered.reply, attempts).await;
        }
        if servers.is_empty() {
            servers = ROOT
                .iter()
                .map(|(name, address)| Known {
                    name: Name::from_ascii(name).ok(),
                    address: SocketAddr::new(IpAddr::from(*address), self.port),
                })
                .collect();
        }
        servers
    }

    /// Asks a zone's servers until one says something that leads on, or ends the walk.
    async fn ask_zone(
        &self,
        zone: &Name,
        servers: &[Known],
        attempts: &mut Vec<Attempt>,
    ) -> Result<(Answered, Known), Unanswered> {
        let mut question = self.question.clone();
        question.recurse = false;
        let mut last = at_limit(attempts).filter(|_| servers.is_empty()).unwrap_or_else(|| Unanswered {
            reason: "no_servers",
            message: format!("no server of {} is known by address", text::name(zone)),
        });
        for server in servers.iter().take(SERVERS) {
            // One try each: where there are several, the next one is the second try.
            let tries = if servers.len() > 1 { 1 } else { self.patience.tries };
            let patience = Patience { tries, ..self.patience };
            match ask(self.wire, &[server.address], &question, self.transport, true, patience, attempts).await {
                Ok(answered) if leads_on(&answered.reply, zone, &question.name) => {
                    return Ok((answered, server.clone()));
                }
                Ok(answered) => {
                    let message =
                        format!("{} does not serve {}: {}", server.address, text::name(zone), answered.reply.status());
                    if let Some(attempt) = attempts.last_mut() {
                        attempt.detail = Some(message.clone());
                    }
                    last = Unanswered { reason: "lame", message };
                }
                Err(unanswered) if unanswered.reason == LIMIT => return Err(unanswered),
                Err(unanswered) => last = unanswered,
            }
        }
        Err(last)
    }

    /// The servers that a referral names, with the addresses it has for them, or
    /// that the resolvers have.
    async fn servers_of(&self, zone: &Name, from: &Name, reply: &Reply, attempts: &mut Vec<Attempt>) -> Vec<Known> {
        self.servers_in(&reply.authority, zone, from, reply, attempts).await
    }

    /// The same from any section of a reply.
    async fn servers_in(
        &self,
        section: &[crate::Record],
        zone: &Name,
        from: &Name,
        reply: &Reply,
        attempts: &mut Vec<Attempt>,
    ) -> Vec<Known> {
        let found = with_addresses(section, zone, from, reply, self.port);
        if !found.is_empty() {
            return found;
        }
        let mut found = Vec::new();
        let names = section.iter().filter(|record| is_ns_of(record, zone)).filter_map(|ns| ns.raw.to.clone());
        for name in names.take(LOOKUPS) {
            for address in addresses(self.wire, self.resolvers, &name, self.patience, attempts).await {
                found.push(Known { name: Some(name.clone()), address: SocketAddr::new(address, self.port) });
            }
            if !found.is_empty() || at_limit(attempts).is_some() {
                break;
            }
        }
        found
    }
}

/// Why no further server is asked, if the operator's limit kept the last question from being sent.
fn at_limit(attempts: &[Attempt]) -> Option<Unanswered> {
    let last = attempts.last().filter(|attempt| attempt.result == LIMIT)?;
    Some(Unanswered { reason: LIMIT, message: last.detail.clone().unwrap_or_default() })
}

/// The addresses of a name, as the resolvers have them: IPv4's, or else IPv6's.
pub async fn addresses<W: Wire>(
    wire: &W,
    resolvers: &[SocketAddr],
    name: &Name,
    patience: Patience,
    attempts: &mut Vec<Attempt>,
) -> Vec<IpAddr> {
    for kind in [RecordType::A, RecordType::AAAA] {
        let question = Question::new(name.clone(), kind);
        if let Ok(answered) = ask(wire, resolvers, &question, Transport::Udp, true, patience, attempts).await {
            let found: Vec<IpAddr> = answered.reply.answers.iter().filter_map(crate::Record::address).collect();
            if !found.is_empty() {
                return found;
            }
        }
        if at_limit(attempts).is_some() {
            break;
        }
    }
    Vec::new()
}

fn is_ns_of(record: &crate::Record, zone: &Name) -> bool {
    record.raw.kind == RecordType::NS && record.raw.name == *zone
}

/// The zone's servers whose addresses stand in the reply. An address counts only if the zone that
/// was asked is above the server's name: it has no say about others.
fn with_addresses(section: &[crate::Record], zone: &Name, from: &Name, reply: &Reply, port: u16) -> Vec<Known> {
    let mut found = Vec::new();
    for ns in section.iter().filter(|record| is_ns_of(record, zone)) {
        let Some(name) = ns.raw.to.as_ref().filter(|name| from.zone_of(name)) else { continue };
        let glue = reply.additional.iter().filter(|record| record.raw.name == *name);
        found.extend(
            glue.filter_map(crate::Record::address)
                .map(|address| Known { name: Some(name.clone()), address: SocketAddr::new(address, port) }),
        );
    }
    // IPv6 is often not there at all: it comes last.
    found.sort_by_key(|known| known.address.is_ipv6());
    found
}

/// The zone that a reply refers to, if it lies below the one that was asked and above the name.
fn referred(reply: &Reply, zone: &Name, name: &Name) -> Option<Name> {
    if !is_referral(reply) {
        return None;
    }
    let names = reply.authority.iter().filter(|record| record.raw.kind == RecordType::NS).map(|ns| &ns.raw.name);
    names
        .filter(|below| zone.zone_of(below) && *below != zone && below.zone_of(name))
        .max_by_key(|below| below.num_labels())
        .cloned()
}

fn leads_on(reply: &Reply, zone: &Name, name: &Name) -> bool {
    match reply.status {
        0 => referred(reply, zone, name).is_some() || reply.header.metadata.authoritative || !reply.answers.is_empty(),
        3 => true,
        _ => false,
    }
}

fn step(zone: &Name, by: &Known, answered: &Answered, below: Option<&Name>) -> Step {
    let reply = &answered.reply;
    let records = match below {
        Some(below) => {
            let of = |record: &&crate::Record| record.raw.name == *below;
            reply.authority.iter().filter(of).take(64).cloned().collect()
        }
        None if reply.answers.is_empty() => reply.authority.iter().take(64).cloned().collect(),
        None => reply.answers.iter().take(64).cloned().collect(),
    };
    Step {
        zone: text::name(zone),
        server_name: by.name.as_ref().map(text::name),
        server: answered.server.to_string(),
        status: reply.status(),
        time_ms: milliseconds(answered.elapsed),
        size: reply.size,
        records,
    }
}

fn incomplete(question: &Question, why: &Unanswered, attempts: &mut Vec<Attempt>, trace: Vec<Step>) -> Answer {
    let last = trace.last();
    Answer {
        outcome: Outcome::Incomplete,
        status: String::new(),
        id: 0,
        flags: Vec::new(),
        question: Asked { name: text::name(&question.name), class: "IN".to_owned(), kind: kind::name(question.kind) },
        answers: Vec::new(),
        authority: Vec::new(),
        additional: Vec::new(),
        omitted: 0,
        chain: Vec::new(),
        edns: None,
        server: last.map(|step| step.server.clone()).unwrap_or_default(),
        transport: None,
        time_ms: last.map_or(0.0, |step| step.time_ms),
        size: 0,
        incomplete: Some(why.message.clone()),
        partial: true,
        asked_with: AskedWith::default(),
        attempts: std::mem::take(attempts),
        trace,
    }
}
