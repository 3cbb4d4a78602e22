//! Asks all servers, one after the other, each when the ones before have been silent for a while,
//! until one answers. Asks for aliases in turn.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cofferdam_grants::Name;
use futures::stream::{FuturesUnordered, StreamExt as _};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::Name as WireName;
use tokio::time::{Instant, sleep};

use super::question::{ALIASES, Answer, Question};
use super::server::{Fault, Server};
use super::shared::Told;
use super::{Family, Resolved, Unresolved};

/// The longest a lookup may take, whatever the servers do.
const LOOKUP: Duration = Duration::from_secs(6);

/// The next server is asked when the ones before have not answered for so long.
const NEXT: Duration = Duration::from_millis(1000);

/// The most servers that are asked (as `MAXNS` of resolv.conf(5)), and so the most sockets of a
/// question.
const MOST: usize = 3;

/// The servers, in the order in which they are asked.
#[derive(Debug)]
pub struct Servers(Vec<Server>);

impl Servers {
    pub fn new(addresses: &[SocketAddr]) -> Self {
        Self(addresses.iter().take(MOST).map(|address| Server::new(*address)).collect())
    }

    /// How many are asked: the most sockets of a question.
    pub fn number(&self) -> usize {
        self.0.len()
    }

    /// The first answer.
    async fn first(&self, question: &Question, end: Instant) -> Result<Answer, Unresolved> {
        let mut waiting = self.0.iter();
        let mut asked = FuturesUnordered::new();
        let mut worst: Option<Fault> = None;
        loop {
            match waiting.next() {
                Some(server) => asked.push(async move { (server, server.ask(question, end).await) }),
                None if asked.is_empty() => return Err(worst.map_or(Unresolved::Failed(NO_SERVER), unresolved)),
                None => {}
            }
            let more = waiting.len() > 0;
            let answered = tokio::select! {
                answered = asked.next() => answered,
                () = sleep(NEXT), if more => None,
            };
            match answered {
                Some((_, Ok(answer))) => return Ok(answer),
                Some((server, Err(fault))) => {
                    let (server, name) = (server.address(), &question.name);
                    tracing::debug!(target: "cofferdam", %server, %name, ?fault, "the name server gives no answer");
                    if worst.is_none_or(|worst| weight(fault) > weight(worst)) {
                        worst = Some(fault);
                    }
                }
                None => {}
            }
        }
    }
}

const NO_SERVER: &str = "there is no name server to ask";

/// Asks for the addresses of a name, of this kind.
pub async fn ask(servers: Arc<Servers>, name: Name, family: Family) -> Told {
    let end = Instant::now() + LOOKUP;
    let failed = |why| Told { outcome: Err(why), nothing_for: None };
    // As it is spelt, byte for byte: the library's own reading of names knows fewer of them.
    let Ok(mut name) = WireName::from_labels(name.as_str().split('.').map(str::as_bytes)) else {
        return failed(Unresolved::Failed("the name cannot be asked for"));
    };
    name.set_fqdn(true);
    let (mut question, mut least) = (Question { name, family }, u32::MAX);
    let seconds = |ttl: u32| Duration::from_secs(ttl.into());
    for _ in 0..ALIASES {
        let answer = match tokio::time::timeout_at(end, servers.first(&question, end)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(why)) => return failed(why),
            Err(_) => return failed(Unresolved::NoAnswer),
        };
        match answer {
            Answer::Addresses(addresses, ttl) => {
                let until = Some(Instant::now() + seconds(ttl.min(least)));
                return Told { outcome: Ok(Resolved { addresses: addresses.into(), until }), nothing_for: None };
            }
            Answer::Nothing { exists, ttl } => {
                let why = if exists { Unresolved::NoAddresses } else { Unresolved::NoSuchName };
                return Told { outcome: Err(why), nothing_for: ttl.map(|ttl| seconds(ttl.min(least))) };
            }
            Answer::Circle => break,
            Answer::Alias(name, ttl) => {
                least = least.min(ttl);
                question.name = name;
            }
        }
    }
    failed(Unresolved::Failed("the aliases of the name lead nowhere"))
}

/// Which of several faults tells most.
fn weight(fault: Fault) -> u8 {
    match fault {
        Fault::Code(_) => 5,
        Fault::Truncated => 4,
        Fault::Lies => 3,
        Fault::NoSocket => 2,
        Fault::Silent => 1,
        Fault::Unreachable => 0,
    }
}

fn unresolved(fault: Fault) -> Unresolved {
    match fault {
        Fault::Silent => Unresolved::NoAnswer,
        Fault::Unreachable => Unresolved::Failed("the name server cannot be reached"),
        Fault::Code(ResponseCode::ServFail) => Unresolved::Failed("the name server has failed (SERVFAIL)"),
        Fault::Code(ResponseCode::Refused) => Unresolved::Failed("the name server refuses to answer (REFUSED)"),
        Fault::Code(ResponseCode::FormErr) => {
            Unresolved::Failed("the name server does not understand the question (FORMERR)")
        }
        Fault::Code(ResponseCode::NotImp) => Unresolved::Failed("the name server does not do what is asked (NOTIMP)"),
        Fault::Code(_) => Unresolved::Failed("the name server answers with an error"),
        Fault::Truncated => Unresolved::Failed("the name server's answer is cut off, and over TCP none comes"),
        Fault::Lies => Unresolved::Failed("what comes from the name server is no answer to the question"),
        Fault::NoSocket => Unresolved::Failed("no socket could be opened for the question"),
    }
}
