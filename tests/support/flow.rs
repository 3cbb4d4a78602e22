//! Many calls of one session under way at once, some of which are cancelled at some moment. Each of
//! the others has to be answered in time, and no instance of any plugin may be lost, whatever
//! happens to what the calls are about.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Answer, Claim, Clock, Dice, Session, eventually, scratch};

/// One call in so many is cancelled.
const CANCELLED: usize = 8;

/// The longest that a call may take; those of the tests that flow ask for less than two seconds.
const IN_TIME: Duration = Duration::from_secs(15);

/// Descriptors of the event loops of a plugin's threads, which may start while calls flow: four
/// threads with four each.
const EVENT_LOOPS: usize = 16;

/// A server with calls under way.
pub struct Flow {
    pub session: Session,
    pub dice: Dice,
    seed: u64,
    at_once: usize,
    /// The codes of failures that these calls may have.
    known: &'static [&'static str],
    audit: PathBuf,
    under_way: VecDeque<(u64, Clock, Value)>,
    /// How many calls were made.
    pub called: usize,
    /// What came of them: how often.
    pub outcomes: BTreeMap<String, usize>,
    descriptors: usize,
}

impl Flow {
    /// Starts a server under this policy. `warm_up` makes the first calls.
    pub fn new(
        seed: u64,
        at_once: usize,
        policy: &[String; 2],
        known: &'static [&'static str],
        warm_up: impl FnOnce(&mut Session),
    ) -> Self {
        let audit = scratch("flow").join("audit.jsonl");
        let mut session = Session::serve(&[&policy[0], &policy[1], "--audit", &audit.display().to_string()]);
        warm_up(&mut session);
        let descriptors = descriptors(&session);
        let (dice, under_way, outcomes) = (Dice::new(seed), VecDeque::new(), BTreeMap::new());
        Self { session, dice, seed, at_once, known, audit, under_way, called: 0, outcomes, descriptors }
    }

    /// Makes a call. Perhaps one of those under way is cancelled, whichever; where there are too
    /// many, the oldest one's answer is awaited, and given back.
    #[track_caller]
    pub fn call(&mut self, tool: &str, arguments: Value) -> Option<(Value, Answer)> {
        let id = self.session.post_call(tool, arguments.clone());
        self.called += 1;
        self.under_way.push_back((id, Clock::start(), json!({ "tool": tool, "arguments": arguments })));
        if self.dice.one_in(CANCELLED) {
            let which = self.dice.below(self.under_way.len());
            let (id, ..) = self.under_way.remove(which).unwrap();
            let params = json!({ "requestId": id });
            self.session.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params }));
            *self.outcomes.entry("cancelled".to_owned()).or_default() += 1;
        }
        (self.under_way.len() >= self.at_once).then(|| self.next())
    }

    /// The answer of the oldest call under way.
    #[track_caller]
    fn next(&mut self) -> (Value, Answer) {
        let (id, posted, call) = self.under_way.pop_front().unwrap();
        let answer = self.session.called(id);
        let seed = self.seed;
        posted.within(Claim::Deadline, IN_TIME);
        let outcome = if answer.is_error {
            let failure = answer.json();
            let code = failure["error"].as_str().unwrap();
            assert!(self.known.contains(&code), "seed {seed}: {failure} for {call}\n{}", self.session.log());
            [code, failure["reason"].as_str().unwrap_or_default()].join(" ").trim_end().to_owned()
        } else {
            "success".to_owned()
        };
        *self.outcomes.entry(outcome).or_default() += 1;
        (call, answer)
    }

    /// Waits for what is under way, and says what came of all; nothing may be left
    /// of it, and nothing lost.
    #[track_caller]
    pub fn end(mut self) -> BTreeMap<String, usize> {
        while !self.under_way.is_empty() {
            self.next();
        }
        let (seed, before) = (self.seed, self.descriptors);
        let session = &self.session;
        eventually("the descriptors are closed", || descriptors(session) <= before + EVENT_LOOPS);
        let log = self.session.log();
        assert!(!log.contains("panicked"), "seed {seed}:\n{log}");
        let (status, log) = self.session.close();
        assert!(status.success(), "seed {seed}: {status}\n{log}");
        let (mut started, mut ended, mut lost) = (0, 0, String::new());
        for line in std::fs::read_to_string(&self.audit).unwrap().lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            match event["event"].as_str() {
                Some("call_started") => started += 1,
                Some("call_ended") => ended += 1,
                Some("instance_lost") => writeln!(lost, "{line}").unwrap(),
                _ => {}
            }
        }
        assert!(lost.is_empty(), "seed {seed}: {lost}");
        assert!(started > 0 && ended >= started, "seed {seed}: {started} calls, {ended} ends");
        println!("{} calls, seed {seed}: {:?}", self.called, self.outcomes);
        self.outcomes
    }
}

/// Descriptors of the server that are open.
fn descriptors(session: &Session) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", session.pid())).unwrap().count()
}
