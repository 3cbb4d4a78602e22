//! What a server's log says, by the fields of its lines.

use std::time::Duration;

use super::clock::holds_within;
use super::session::Session;

impl Session {
    /// Waits until one line of the log holds all of these texts.
    #[track_caller]
    pub fn log_line_has(&self, texts: &[&str]) {
        let has_all = |line: &str| texts.iter().all(|text| line.contains(text));
        let there = holds_within(Duration::from_secs(5), || self.log().lines().any(has_all));
        assert!(there, "no line of the log holds {texts:?}:\n{}", self.log());
    }
}
