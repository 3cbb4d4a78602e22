//! Which answer belongs to which request, by packet identifier, and which messages are underway.

use std::collections::{HashMap, HashSet, VecDeque};

use handler_kit::Failure;

use crate::packet::{Kind, Packet};

/// The most PINGREQ that may wait for an answer.
const MOST_PINGS: usize = 100;

/// What a packet of the client waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waits {
    Puback,
    /// PUBREC, and PUBCOMP behind it.
    Pubcomp,
    Suback,
    Unsuback,
}

/// The packets of one connection that wait for their answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flow {
    last_id: u16,
    next_request: u64,
    waiting: HashMap<u16, (Waits, u64)>,
    /// PINGREQ of the client, or of the handler itself.
    pings: VecDeque<Option<u64>>,
    connect: Option<u64>,
    /// Messages of QoS 2 that have come and were not released.
    unreleased: HashSet<u16>,
}

impl Flow {
    fn request(&mut self) -> u64 {
        let request = self.next_request;
        self.next_request += 1;
        request
    }

    /// An identifier for a packet: the one that is given, or a free one.
    pub(crate) fn id(&mut self, given: Option<u16>) -> Result<u16, Failure> {
        match given {
            Some(id) if self.waiting.contains_key(&id) => {
                Err(Failure::of("id", format!("a packet with the identifier {id} waits for its answer")))
            }
            Some(id) => Ok(id),
            None => {
                let last = self.last_id;
                let mut ids = (1..=u16::MAX).map(|step| last.wrapping_add(step)).filter(|id| *id > 0);
                let free = ids.find(|id| !self.waiting.contains_key(id));
                free.ok_or_else(|| Failure::new("65535 packets wait for their answers: wait for those first"))
            }
        }
    }

    /// A packet with an identifier goes out.
    pub(crate) fn sent(&mut self, id: u16, waits: Waits) -> u64 {
        self.last_id = id;
        let request = self.request();
        self.waiting.insert(id, (waits, request));
        request
    }

    /// PINGREQ goes out.
    pub(crate) fn ping(&mut self, by_handler: bool) -> Result<Option<u64>, Failure> {
        if self.pings.len() >= MOST_PINGS {
            return Err(Failure::new(format!("{MOST_PINGS} pings wait for their answers")));
        }
        let request = (!by_handler).then(|| self.request());
        self.pings.push_back(request);
        Ok(request)
    }

    /// CONNECT goes out.
    pub(crate) fn connect(&mut self) -> u64 {
        let request = self.request();
        self.connect = Some(request);
        request
    }

    /// A packet has come: the request that it answers.
    pub(crate) fn came(&mut self, packet: &Packet) -> Option<u64> {
        let waits = match packet.kind {
            Kind::Connack => return self.connect.take(),
            Kind::Pingresp => return self.pings.pop_front().flatten(),
            Kind::Puback => Waits::Puback,
            Kind::Pubcomp => Waits::Pubcomp,
            // A refusal is the last word.
            Kind::Pubrec if packet.code >= 0x80 => Waits::Pubcomp,
            Kind::Suback => Waits::Suback,
            Kind::Unsuback => Waits::Unsuback,
            _ => return None,
        };
        let id = packet.id?;
        let (waiting, request) = *self.waiting.get(&id)?;
        if waiting != waits {
            return None;
        }
        self.waiting.remove(&id);
        Some(request)
    }

    /// A message of QoS 2 has come. Whether it came before.
    pub(crate) fn repeated(&mut self, id: u16) -> bool {
        !self.unreleased.insert(id)
    }

    /// A message of QoS 2 is released.
    pub(crate) fn released(&mut self, id: u16) {
        self.unreleased.remove(&id);
    }
}
