//! What a lane does: one talk after the other, each a few calls that belong together, by choices of
//! the lane's own generator. Each answer is compared with its call.

mod cancels;
mod files;
mod guests;
mod lookups;
mod pings;
mod refusals;
mod sockets;
mod telnet;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::{Value, json};

use crate::faults::Faults;
use crate::place::Place;
use crate::session::{Pending, Reply, Session};
use crate::tally::Tally;

/// What all lanes share.
pub struct Soak {
    pub session: Arc<Session>,
    pub tally: Arc<Tally>,
    pub faults: Faults,
    pub place: Place,
    /// What was answered to be denied: each has to be in the audit.
    pub refused: Mutex<HashSet<String>>,
    /// Whether this machine lets the server send echo requests.
    pub pings: AtomicBool,
}

/// Codes that say that more than a call is broken: no fault of the surroundings excuses them.
const NEVER: [&str; 6] = ["instance_lost", "output_invalid", "plugin_invalid", "internal", "shutting_down", ""];

/// No call asks for more time than half of this.
const SLOW: Duration = Duration::from_secs(15);

/// One thread's calls, one after the other.
pub struct Lane {
    pub soak: Arc<Soak>,
    pub rng: Rng,
    number: u64,
    made: u64,
    /// What is called may have to be compiled first.
    warming: bool,
}

/// An answer that is as it should be.
pub struct Told {
    pub texts: Vec<String>,
    pub structured: Value,
}

type Talk = fn(&mut Lane);

/// Talks and how often each is chosen.
const TALKS: [(u32, Talk); 13] = [
    (20, sockets::echo),
    (6, sockets::ends),
    (3, sockets::stalls),
    (4, sockets::floods),
    (10, lookups::dig),
    (4, lookups::nslookup),
    (16, files::read),
    (6, files::search),
    (1, files::follow),
    (3, pings::ping),
    (5, telnet::session),
    (8, refusals::one),
    (6, cancels::one),
];

impl Lane {
    pub fn new(soak: &Arc<Soak>, rng: Rng, number: u64) -> Self {
        Self { soak: Arc::clone(soak), rng, number, made: 0, warming: false }
    }

    /// One talk after the other until it is told to stop.
    pub fn run(&mut self, stop: &AtomicBool) {
        let all: u32 = TALKS.iter().map(|(weight, _)| weight).sum();
        while !stop.load(Ordering::Relaxed) {
            let mut at = self.rng.u32(0..all);
            let talk = TALKS.iter().find(|(weight, _)| {
                let here = at < *weight;
                at = at.saturating_sub(*weight);
                here
            });
            if let Some((_, talk)) = talk {
                talk(self);
            }
        }
    }

    /// The hostile guest's calls, until it is told to stop.
    pub fn harm(&mut self, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            guests::one(self);
        }
    }

    /// Every talk once.
    pub fn warm_up(&mut self) {
        self.warming = true;
        TALKS.iter().for_each(|(_, talk)| talk(self));
        guests::one(self);
    }

    /// A number that no other call has.
    pub fn unique(&mut self) -> u64 {
        self.made += 1;
        self.number << 20 | (self.made & 0xf_ffff)
    }

    pub fn begin(&self, tool: &str, arguments: Value) -> Pending {
        self.soak.session.call(tool, arguments)
    }

    /// A call and its answer. A failure with one of these codes is one that may
    /// be; `None` stands for it.
    pub fn call(&mut self, tool: &str, arguments: Value, may_fail: &[&str]) -> Option<Told> {
        let shown = arguments.to_string();
        let pending = self.begin(tool, arguments);
        let begun = pending.begun;
        let reply = pending.wait(&self.soak.session);
        self.settle(tool, &shown, begun, reply, may_fail)
    }

    /// Looks whether an answer may be.
    pub fn settle(&self, tool: &str, arguments: &str, begun: Instant, reply: Reply, may_fail: &[&str]) -> Option<Told> {
        let tally = &self.soak.tally;
        let shown = || arguments.chars().take(200).collect::<String>();
        let took = begun.elapsed();
        if took > SLOW && !self.warming {
            tally.breach("a call takes too long", || format!("{tool} {} took {took:?}: {reply:?}", shown()));
        }
        match reply {
            Reply::Done { texts, structured } => return Some(Told { texts, structured }),
            Reply::Failed { code, text } => {
                tally.failed(&code);
                if code == "audit_failed" {
                    // It costs nothing to fail, and the run is to be about calls that do something.
                    std::thread::sleep(Duration::from_millis(20));
                }
                let excused = self.soak.faults.met(begun) && !NEVER.contains(&code.as_str());
                if !may_fail.contains(&code.as_str()) && !excused {
                    tally.breach(&format!("{tool} answers `{code}`"), || format!("{} → {text}", shown()));
                }
            }
            Reply::Protocol(message) => {
                tally.breach("a call gets an error of the protocol", || format!("{tool} {} → {message}", shown()))
            }
            Reply::Lost => {}
        }
        None
    }

    /// An answer has to carry what its call had.
    pub fn same(&self, what: &str, found: &Value, due: impl Into<Value>) {
        let due = due.into();
        if *found != due {
            self.soak.tally.crossed(|| format!("{what}: {found} stands where {due} is due"));
        }
    }

    /// What has to hold of an answer.
    pub fn holds(&self, what: &str, holds: bool, told: impl FnOnce() -> String) {
        if !holds {
            self.soak.tally.breach(what, told);
        }
    }

    /// Remembers a refusal, which the audit has to have.
    pub fn refused(&self, resource: String) {
        self.soak.refused.lock().unwrap().insert(resource);
    }

    /// A connection to the scripted peer, which was told what to do.
    fn connect(&mut self, order: &str) -> Option<String> {
        let id = format!("c{}", self.unique());
        let host = match self.rng.u8(0..4) {
            0 => format!("n{}-dial.soak.example", self.unique()),
            _ => "127.0.0.1".to_owned(),
        };
        let port = self.soak.place.ports.scripted;
        let arguments = json!({ "host": host, "port": port, "connection_id": id });
        let told = if self.rng.bool() {
            let told = self.call("tcp_connect", arguments, &[])?;
            self.send(&id, &format!("{order}\n"))?;
            told
        } else {
            let mut arguments = arguments;
            arguments["data"] = json!(order);
            arguments["terminator"] = json!("0a");
            self.call("tcp_connect_and_send", arguments, &[])?
        };
        self.same("tcp_connect", &told.structured["connection_id"], id.as_str());
        Some(id)
    }

    fn send(&mut self, id: &str, data: &str) -> Option<()> {
        let told = self.call("tcp_send", json!({ "connection_id": id, "data": data }), &["send_failed"])?;
        self.same("tcp_send", &told.structured["connection_id"], id);
        self.same("tcp_send's bytes", &told.structured["bytes_sent"], data.len());
        Some(())
    }

    /// Closes a connection; where a fault has kept it open, again after that.
    fn disconnect(&mut self, id: &str) {
        for _ in 0..100 {
            let begun = Instant::now();
            if let Some(told) = self.call("tcp_disconnect", json!({ "connection_id": id }), &[]) {
                self.same("tcp_disconnect", &told.structured["connection_id"], id);
                return;
            }
            if !self.soak.faults.met(begun) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
