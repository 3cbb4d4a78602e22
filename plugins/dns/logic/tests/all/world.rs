//! A small DNS without a network: servers by address, each a function from a
//! question to what comes back.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use dns_logic::{Transport, Wire, WireError};
use hickory_proto::op::{Message, MessageType, ResponseCode};
use hickory_proto::rr::rdata::{A, CNAME, NS, SOA, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};

/// The messages that come back to a question, each after some milliseconds. None at all is silence.
pub type Coming = Result<Vec<(u64, Vec<u8>)>, WireError>;

/// What a server does with a question.
pub type Serve = Box<dyn Fn(&Message, Transport) -> Coming>;

#[derive(Default)]
pub struct World {
    servers: HashMap<SocketAddr, Serve>,
    now: Cell<Duration>,
    ids: Cell<u16>,
    /// How many questions may still be sent, where there is a limit.
    left: Cell<Option<usize>>,
    pub asked: RefCell<Vec<(SocketAddr, Transport, String, bool)>>,
}

pub struct Query {
    id: u16,
    sent: Duration,
    coming: RefCell<VecDeque<(u64, Vec<u8>)>>,
}

impl World {
    pub fn server(mut self, at: &str, serve: impl Fn(&Message, Transport) -> Coming + 'static) -> Self {
        self.servers.insert(at.parse().unwrap(), Box::new(serve));
        self
    }

    /// The same, in which so many questions may be sent.
    pub fn limited(self, most: usize) -> Self {
        self.left.set(Some(most));
        self
    }
}

impl Wire for World {
    type Query = Query;

    async fn send(
        &self,
        server: SocketAddr,
        transport: Transport,
        message: &[u8],
        within: Duration,
    ) -> Result<Query, WireError> {
        if let Some(left) = self.left.get() {
            let left = left.checked_sub(1).ok_or_else(|| WireError::Limit("the limit is reached".to_owned()))?;
            self.left.set(Some(left));
        }
        let mut question = Message::from_vec(message).unwrap();
        assert_eq!(question.metadata.id, 0, "the carrier draws the id");
        self.ids.set(self.ids.get() + 7);
        question.metadata.id = self.ids.get();
        let (name, recurse) = (question.queries[0].name.to_ascii(), question.metadata.recursion_desired);
        self.asked.borrow_mut().push((server, transport, name, recurse));
        let Some(serve) = self.servers.get(&server) else {
            self.now.set(self.now.get() + within);
            return Err(WireError::Timeout);
        };
        let coming = serve(&question, transport)?;
        Ok(Query { id: question.metadata.id, sent: self.now.get(), coming: RefCell::new(coming.into()) })
    }

    fn id(&self, query: &Query) -> u16 {
        query.id
    }

    async fn receive(&self, query: &Query, within: Duration) -> Result<(Vec<u8>, Duration), WireError> {
        assert!(!within.is_zero());
        let next = query.coming.borrow_mut().pop_front();
        match next {
            Some((after, message)) if Duration::from_millis(after) <= within => {
                self.now.set(self.now.get() + Duration::from_millis(after));
                Ok((message, self.now.get() - query.sent))
            }
            _ => {
                self.now.set(self.now.get() + within);
                Err(WireError::Timeout)
            }
        }
    }

    fn now(&self) -> Duration {
        self.now.get()
    }
}

pub fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

/// An empty reply to a question.
pub fn reply(question: &Message) -> Message {
    let mut reply = Message::new(question.metadata.id, MessageType::Response, question.metadata.op_code);
    reply.add_queries(question.queries.clone());
    reply
}

/// One reply, at once.
pub fn at_once(reply: &Message) -> Coming {
    Ok(vec![(1, reply.to_vec().unwrap())])
}

pub fn a(owner: &str, address: [u8; 4]) -> Record {
    Record::from_rdata(name(owner), 60, RData::A(A(address.into())))
}

pub fn ns(zone: &str, server: &str) -> Record {
    Record::from_rdata(name(zone), 60, RData::NS(NS(name(server))))
}

pub fn cname(owner: &str, to: &str) -> Record {
    Record::from_rdata(name(owner), 60, RData::CNAME(CNAME(name(to))))
}

pub fn txt(owner: &str, text: &str) -> Record {
    Record::from_rdata(name(owner), 60, RData::TXT(TXT::new(vec![text.to_owned()])))
}

pub fn soa(zone: &str) -> Record {
    let soa = SOA::new(name("ns.example."), name("admin.example."), 7, 3600, 600, 86400, 300);
    Record::from_rdata(name(zone), 60, RData::SOA(soa))
}

/// A server of one zone: refers to `below`, answers what it has, denies the rest.
pub fn zone(
    apex: &'static str,
    below: &'static [(&'static str, &'static str, Option<[u8; 4]>)],
    has: &'static [(&'static str, [u8; 4])],
) -> impl Fn(&Message, Transport) -> Coming {
    move |question, _| {
        let (asked, mut reply) = (&question.queries[0].name, reply(question));
        for (child, server, glue) in below.iter().filter(|(child, ..)| name(child).zone_of(asked)) {
            reply.add_authority(ns(child, server));
            reply.add_additionals(glue.map(|address| a(server, address)));
        }
        if reply.authorities.is_empty() {
            reply.metadata.authoritative = true;
            let found = has.iter().filter(|(owner, _)| name(owner) == *asked);
            reply.add_answers(found.map(|(owner, address)| a(owner, *address)).collect::<Vec<_>>());
            if asked.is_root() && question.queries[0].query_type == RecordType::NS {
                reply.add_answer(ns(".", "ns.root."));
                reply.add_additional(a("ns.root.", [192, 0, 2, 1]));
            } else if reply.answers.is_empty() {
                reply.metadata.response_code = ResponseCode::NXDomain;
                reply.add_authority(soa(apex));
            }
        }
        at_once(&reply)
    }
}
