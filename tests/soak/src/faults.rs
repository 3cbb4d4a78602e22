//! Faults of the server's surroundings, by choices of the seed: a full disk under the
//! audit, hardly any descriptor left. While one lasts, and a moment after, calls may fail
//! that would not otherwise.

use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::place::Place;

/// How long after a fault its traces may show.
const AFTERWARDS: Duration = Duration::from_millis(700);

#[derive(Default)]
pub struct Faults {
    state: Mutex<State>,
    pub full: AtomicU64,
    pub few: AtomicU64,
}

#[derive(Default)]
struct State {
    now: Option<&'static str>,
    ended: Option<Instant>,
}

impl Faults {
    /// Whether a fault was there at any time since then.
    pub fn met(&self, since: Instant) -> bool {
        let state = self.state.lock().unwrap();
        state.now.is_some() || state.ended.is_some_and(|ended| ended + AFTERWARDS > since)
    }

    /// What is wrong now.
    pub fn now(&self) -> &'static str {
        self.state.lock().unwrap().now.unwrap_or("")
    }

    fn begins(&self, what: &'static str) {
        self.state.lock().unwrap().now = Some(what);
    }

    fn ends(&self) {
        *self.state.lock().unwrap() = State { now: None, ended: Some(Instant::now()) };
    }

    /// Injects faults until it is told to stop, and leaves none behind.
    pub fn inject(&self, mut rng: Rng, place: &Place, pid: u32, stop: &AtomicBool) {
        let wait = |for_ms: u64| {
            let until = Instant::now() + Duration::from_millis(for_ms);
            while Instant::now() < until && !stop.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(20));
            }
        };
        loop {
            wait(rng.u64(2_500..6_000));
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let lasts = rng.u64(200..1_200);
            match rng.u8(0..2) {
                0 if place.disk => {
                    self.begins("disk full");
                    if place.fill_disk() {
                        self.full.fetch_add(1, Ordering::Relaxed);
                    }
                    wait(lasts);
                    while !place.free_disk() {
                        std::thread::sleep(Duration::from_millis(20));
                    }
                }
                _ => {
                    let Some((soft, hard)) = limit(pid) else { continue };
                    let left = rng.usize(0..4);
                    self.begins("few descriptors");
                    if set_limit(pid, &(descriptors(pid) + left).to_string(), &hard) {
                        self.few.fetch_add(1, Ordering::Relaxed);
                    }
                    wait(lasts);
                    set_limit(pid, &soft, &hard);
                }
            }
            self.ends();
        }
    }
}

/// How many descriptors a process has open.
pub fn descriptors(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// A process's limit of open files.
fn limit(pid: u32) -> Option<(String, String)> {
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let mut words = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?.split_whitespace();
    Some((words.next()?.to_owned(), words.next()?.to_owned()))
}

fn set_limit(pid: u32, soft: &str, hard: &str) -> bool {
    let mut prlimit = Command::new("prlimit");
    prlimit.args(["--pid", &pid.to_string(), &format!("--nofile={soft}:{hard}")]).stderr(Stdio::null());
    prlimit.status().is_ok_and(|status| status.success())
}
