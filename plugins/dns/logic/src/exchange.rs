//! One question, asked until it is answered: server by server, try by try, over TCP where a
//! datagram does not hold the answer. Messages that are not the answer are counted and ignored.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use crate::Question;
use crate::attempt::{Attempt, Ignored, milliseconds};
use crate::reply::{Reply, Unfit};
use crate::wire::{Transport, Wire, WireError};

/// How many messages that are not the answer are passed over before a try counts as failed.
const IGNORED: u32 = 256;

/// The word for a question that was not sent because the operator's limit is reached.
pub(crate) const LIMIT: &str = "limit";

/// How long to wait, and how often to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For one answer.
    pub per_try: Duration,
    /// How often every server is asked.
    pub tries: u32,
    /// A server that fails (SERVFAIL) is passed over while there is another.
    pub past_failures: bool,
    /// When all of it has to be over, on the wire's clock.
    pub until: Duration,
}

impl Patience {
    /// The time for one try from now on; `None` if there is none left.
    fn left(&self, now: Duration) -> Option<Duration> {
        self.until.checked_sub(now).filter(|left| !left.is_zero()).map(|left| left.min(self.per_try))
    }
}

/// An answer, and how it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// What was asked.
    pub question: Question,
    /// What came.
    pub reply: Reply,
    /// From whom.
    pub server: SocketAddr,
    /// How.
    pub transport: Transport,
    /// After how long.
    pub elapsed: Duration,
    /// It is truncated, and TCP was of no help, or not asked.
    pub partial: bool,
}

/// Why there is no answer: the last thing that went wrong, or what was wrong with all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// The stable word.
    pub reason: &'static str,
    /// For people.
    pub message: String,
}

impl From<&WireError> for Unanswered {
    fn from(error: &WireError) -> Self {
        Self { reason: error.reason(), message: error.to_string() }
    }
}

/// Asks until one of the servers answers; a truncated answer is asked for again `over_tcp`. Every
/// try is recorded in `attempts`, whatever its result.
///
/// # Errors
/// Nobody answered.
pub async fn ask<W: Wire>(
    wire: &W,
    servers: &[SocketAddr],
    question: &Question,
    first: Transport,
    over_tcp: bool,
    patience: Patience,
    attempts: &mut Vec<Attempt>,
) -> Result<Answered, Unanswered> {
    let mut worst: Option<Unanswered> = None;
    // Whom asking again cannot help: refused by policy, or by the server's own machine.
    let mut given_up = vec![false; servers.len()];
    let mut failure: Option<Answered> = None;
    for _ in 0..patience.tries.max(1) {
        for (server, given_up) in servers.iter().zip(&mut given_up).filter(|(_, given_up)| !**given_up) {
            // Who is not asked has not failed to answer.
            if patience.left(wire.now()).is_none() {
                let nobody = || worst.unwrap_or(Unanswered::from(&WireError::Timeout));
                return failure.ok_or_else(nobody);
            }
            match try_one(wire, *server, question, first, over_tcp, patience, attempts).await {
                Ok(answered) if patience.past_failures && answered.reply.status == 2 => {
                    *given_up = true;
                    if let Some(attempt) = attempts.last_mut() {
                        attempt.detail = Some(answered.reply.status());
                    }
                    failure.get_or_insert(answered);
                }
                Ok(answered) => return Ok(answered),
                // Another server would be one question more.
                Err(failed) if failed.reason == LIMIT => return failure.ok_or(failed),
                Err(failed) => {
                    *given_up = !matches!(failed.reason, "timeout" | "malformed" | "closed");
                    // What a server has done says more than what the policy has not allowed.
                    if worst.as_ref().is_none_or(|worst| worst.reason == "denied" || failed.reason != "denied") {
                        worst = Some(failed);
                    }
                }
            }
        }
    }
    let nobody =
        || worst.unwrap_or(Unanswered { reason: "no_servers", message: "there is no server to ask".to_owned() });
    failure.ok_or_else(nobody)
}

/// Asks one server once; over TCP as well if its answer is truncated.
async fn try_one<W: Wire>(
    wire: &W,
    server: SocketAddr,
    question: &Question,
    first: Transport,
    over_tcp: bool,
    patience: Patience,
    attempts: &mut Vec<Attempt>,
) -> Result<Answered, Unanswered> {
    let (reply, elapsed) = carry(wire, server, question, first, patience, attempts).await?;
    let answered = |reply, transport, elapsed, partial| Answered {
        question: question.clone(),
        reply,
        server,
        transport,
        elapsed,
        partial,
    };
    if first == Transport::Tcp || !over_tcp || !reply.truncated() {
        let partial = reply.truncated();
        return Ok(answered(reply, first, elapsed, partial));
    }
    if patience.left(wire.now()).is_none() {
        return Ok(answered(reply, first, elapsed, true));
    }
    match carry(wire, server, question, Transport::Tcp, patience, attempts).await {
        // A server may cut off an answer over TCP too.
        Ok((whole, elapsed)) => {
            let partial = whole.truncated();
            Ok(answered(whole, Transport::Tcp, elapsed, partial))
        }
        Err(_) => Ok(answered(reply, first, elapsed, true)),
    }
}

/// Sends the question once and waits for its answer.
async fn carry<W: Wire>(
    wire: &W,
    server: SocketAddr,
    question: &Question,
    transport: Transport,
    patience: Patience,
    attempts: &mut Vec<Attempt>,
) -> Result<(Reply, Duration), Unanswered> {
    let begun = wire.now();
    let mut ignored = BTreeMap::new();
    let came = exchange(wire, server, question, transport, patience, &mut ignored).await;
    let (result, detail) = match &came {
        Ok((reply, _)) if reply.truncated() => ("truncated", None),
        Ok(_) => ("answered", None),
        Err(unanswered) => (unanswered.reason, Some(unanswered.message.clone())),
    };
    let took = came.as_ref().map_or_else(|_| wire.now().saturating_sub(begun), |(_, elapsed)| *elapsed);
    attempts.push(Attempt {
        server: server.to_string(),
        transport,
        result,
        detail,
        time_ms: milliseconds(took),
        ignored: ignored
            .into_iter()
            .map(|(why, count): (Unfit, u32)| Ignored { reason: why.reason(), count })
            .collect(),
    });
    came
}

async fn exchange<W: Wire>(
    wire: &W,
    server: SocketAddr,
    question: &Question,
    transport: Transport,
    patience: Patience,
    ignored: &mut BTreeMap<Unfit, u32>,
) -> Result<(Reply, Duration), Unanswered> {
    let late = || Unanswered::from(&WireError::Timeout);
    let message = question.message().map_err(|error| Unanswered::from(&WireError::Malformed(error)))?;
    let within = patience.left(wire.now()).ok_or_else(late)?;
    // One try has one deadline, however many messages come that are not the answer.
    let until = wire.now() + within;
    let query = wire.send(server, transport, &message, within).await.map_err(|error| Unanswered::from(&error))?;
    let id = wire.id(&query);
    while ignored.values().sum::<u32>() < IGNORED {
        let left = until.checked_sub(wire.now()).filter(|left| !left.is_zero()).ok_or_else(|| late_after(ignored))?;
        match wire.receive(&query, left).await {
            Ok((bytes, elapsed)) => match Reply::read(&bytes, id, question) {
                Ok(reply) => return Ok((reply, elapsed)),
                Err(unfit) => *ignored.entry(unfit).or_default() += 1,
            },
            Err(WireError::Timeout) => return Err(late_after(ignored)),
            Err(error) => return Err(Unanswered::from(&error)),
        }
    }
    Err(Unanswered { reason: "malformed", message: format!("{IGNORED} messages came, none of them the answer") })
}

/// A timeout, unless something came that ought to have been an answer.
fn late_after(ignored: &BTreeMap<Unfit, u32>) -> Unanswered {
    match ignored.keys().next() {
        None => Unanswered::from(&WireError::Timeout),
        Some(Unfit::Garbage) => Unanswered { reason: "malformed", message: "only malformed messages came".to_owned() },
        Some(unfit) => Unanswered {
            reason: "timeout",
            message: format!("timed out; what came was no answer ({})", unfit.reason()),
        },
    }
}
