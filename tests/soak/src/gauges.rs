//! The server's resident memory over time, and its plateau: what it is after the first minute and
//! what it is at the end.

use std::sync::Mutex;
use std::time::{Duration, Instant};

pub struct Gauges {
    pid: u32,
    begun: Instant,
    samples: Mutex<Vec<(Duration, u64)>>,
}

impl Gauges {
    pub fn new(pid: u32) -> Self {
        Self { pid, begun: Instant::now(), samples: Mutex::default() }
    }

    /// A value of `/proc/PID/status` in bytes.
    pub fn status(&self, field: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let value = status.lines().find(|line| line.starts_with(field));
        let number = value.and_then(|line| line.split_whitespace().nth(1)).and_then(|word| word.parse::<u64>().ok());
        number.unwrap_or(0) << 10
    }

    /// Takes a sample; what it is.
    pub fn sample(&self) -> u64 {
        let resident = self.status("VmRSS");
        self.samples.lock().unwrap().push((self.begun.elapsed(), resident));
        resident
    }

    /// The mean between two times.
    pub fn mean(&self, from: Duration, to: Duration) -> u64 {
        let samples = self.samples.lock().unwrap();
        let within: Vec<u64> =
            samples.iter().filter(|(at, _)| *at >= from && *at <= to).map(|(_, resident)| *resident).collect();
        within.iter().sum::<u64>() / (within.len() as u64).max(1)
    }

    /// The mean of every minute so far, for the table.
    pub fn by_minute(&self) -> Vec<u64> {
        let minutes = self.begun.elapsed().as_secs() / 60 + 1;
        (0..minutes)
            .map(|minute| self.mean(Duration::from_secs(minute * 60), Duration::from_secs(minute * 60 + 60)))
            .collect()
    }
}

pub fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
