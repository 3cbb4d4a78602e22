//! What is counted: calls and how long they took, answers that were lost or another's, and
//! everything else that must not be.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How many examples of one kind of breach are printed.
const EXAMPLES: u64 = 3;

/// The longest text of one example.
const LONGEST: usize = 600;

#[derive(Default)]
pub struct Tally {
    calls: AtomicU64,
    answers: AtomicU64,
    lost: AtomicU64,
    crossed: AtomicU64,
    tools: Mutex<BTreeMap<String, Tool>>,
    failures: Mutex<BTreeMap<String, u64>>,
    breaches: Mutex<BTreeMap<String, u64>>,
}

/// One tool's calls.
#[derive(Clone, Default)]
pub struct Tool {
    pub calls: u64,
    pub longest: Duration,
}

impl Tally {
    pub fn called(&self, tool: &str) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.tools.lock().unwrap().entry(tool.to_owned()).or_default().calls += 1;
    }

    pub fn answered(&self, tool: &str, took: Duration) {
        self.answers.fetch_add(1, Ordering::Relaxed);
        if let Some(tool) = self.tools.lock().unwrap().get_mut(tool) {
            tool.longest = tool.longest.max(took);
        }
    }

    /// A failure that may be: how often each is met shows whether the run meets what it is to meet.
    pub fn failed(&self, code: &str) {
        *self.failures.lock().unwrap().entry(code.to_owned()).or_default() += 1;
    }

    pub fn lost(&self, what: impl FnOnce() -> String) {
        self.lost.fetch_add(1, Ordering::Relaxed);
        self.breach("an answer is lost", what);
    }

    pub fn crossed(&self, what: impl FnOnce() -> String) {
        self.crossed.fetch_add(1, Ordering::Relaxed);
        self.breach("an answer is another call's", what);
    }

    /// Something that must not be.
    pub fn breach(&self, kind: &str, what: impl FnOnce() -> String) {
        let mut breaches = self.breaches.lock().unwrap();
        let count = breaches.entry(kind.to_owned()).or_default();
        *count += 1;
        if *count <= EXAMPLES {
            let mut text = what();
            text.truncate(text.floor_char_boundary(LONGEST));
            eprintln!("BREACH {kind}: {text}");
        }
    }

    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    pub fn lost_and_crossed(&self) -> (u64, u64) {
        (self.lost.load(Ordering::Relaxed), self.crossed.load(Ordering::Relaxed))
    }

    pub fn tools(&self) -> BTreeMap<String, Tool> {
        self.tools.lock().unwrap().clone()
    }

    pub fn failures(&self) -> BTreeMap<String, u64> {
        self.failures.lock().unwrap().clone()
    }

    pub fn breaches(&self) -> BTreeMap<String, u64> {
        self.breaches.lock().unwrap().clone()
    }
}
