//! Requests that wait to be sent or to be answered. An answer is known by its transaction number
//! alone: unit and function of an answer may be others.

use std::collections::VecDeque;

use handler_kit::{Failure, Now};

use crate::config::Config;
use crate::request::Request;

/// So many requests may wait to be sent.
const MOST_QUEUED: usize = 64;
/// So many requests that nobody waits for any more are remembered, for answers that come late.
const MOST_PAST: usize = 32;

/// A request on its way.
#[derive(Clone, Debug)]
pub struct Sent {
    pub transaction: u16,
    /// The number that the caller knows it by.
    pub number: u64,
    pub request: Request,
    deadline: Now,
}

/// The requests of one connection.
#[derive(Debug)]
pub struct Exchange {
    timeout: u64,
    turnaround: u64,
    in_flight: usize,
    sent: Vec<Sent>,
    queue: VecDeque<(u64, Request)>,
    past: VecDeque<Sent>,
    /// Nothing is sent before this time, because a broadcast went out.
    quiet_until: Option<Now>,
    last_transaction: u16,
    last_number: u64,
}

impl Exchange {
    pub fn new(config: &Config) -> Self {
        Self {
            timeout: config.timeout_ms,
            turnaround: config.turnaround_ms,
            in_flight: config.in_flight,
            sent: Vec::new(),
            queue: VecDeque::new(),
            past: VecDeque::new(),
            quiet_until: None,
            last_transaction: 0,
            last_number: 0,
        }
    }

    /// A new request. Its number.
    ///
    /// # Errors
    /// Too many wait.
    pub fn ask(&mut self, request: Request) -> Result<u64, Failure> {
        if self.queue.len() >= MOST_QUEUED {
            return Err(Failure::new(format!("{MOST_QUEUED} requests wait already: wait for their answers")));
        }
        self.last_number += 1;
        self.queue.push_back((self.last_number, request));
        Ok(self.last_number)
    }

    /// The bytes of the next request, if one waits and may be sent.
    pub fn next(&mut self, now: Now) -> Option<Vec<u8>> {
        if self.quiet_until.is_some_and(|until| now < until) || self.sent.len() >= self.in_flight {
            return None;
        }
        self.quiet_until = None;
        let (number, request) = self.queue.pop_front()?;
        let transaction = self.transaction();
        let mut bytes = Vec::with_capacity(7 + request.pdu.len());
        bytes.extend_from_slice(&transaction.to_be_bytes());
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(&(1 + request.pdu.len() as u16).to_be_bytes());
        bytes.push(request.unit);
        bytes.extend_from_slice(&request.pdu);
        let deadline = now.saturating_add(self.timeout);
        let sent = Sent { transaction, number, request, deadline };
        match sent.request.is_broadcast() {
            true => {
                self.quiet_until = Some(now.saturating_add(self.turnaround));
                self.forget(sent);
            }
            false => self.sent.push(sent),
        }
        Some(bytes)
    }

    /// The request of this transaction, and whether somebody waits for its answer.
    pub fn answered(&mut self, transaction: u16) -> Option<(Sent, bool)> {
        if let Some(index) = self.sent.iter().position(|sent| sent.transaction == transaction) {
            return Some((self.sent.remove(index), true));
        }
        let index = self.past.iter().rposition(|sent| sent.transaction == transaction)?;
        self.past.remove(index).map(|sent| (sent, false))
    }

    /// A request whose time is over, if there is one.
    pub fn overdue(&mut self, now: Now) -> Option<Sent> {
        let index = self.sent.iter().position(|sent| sent.deadline <= now)?;
        let sent = self.sent.remove(index);
        self.forget(sent.clone());
        Some(sent)
    }

    /// All that were sent or wait, when the connection ends.
    pub fn end(&mut self) -> Vec<(u64, Request)> {
        let sent = self.sent.drain(..).map(|sent| (sent.number, sent.request));
        let mut all: Vec<_> = sent.collect();
        all.extend(self.queue.drain(..));
        all
    }

    /// When something has to happen next.
    pub fn due(&self) -> Option<Now> {
        let quiet = self.quiet_until.filter(|_| !self.queue.is_empty());
        self.sent.iter().map(|sent| sent.deadline).chain(quiet).min()
    }

    fn forget(&mut self, sent: Sent) {
        if self.past.len() >= MOST_PAST {
            self.past.pop_front();
        }
        self.past.push_back(sent);
    }

    /// A number that no request on its way has.
    fn transaction(&mut self) -> u16 {
        loop {
            self.last_transaction = self.last_transaction.wrapping_add(1);
            if self.sent.iter().all(|sent| sent.transaction != self.last_transaction) {
                return self.last_transaction;
            }
        }
    }
}
