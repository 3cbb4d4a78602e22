//! What a conversation comes to.

use std::time::Duration;

use crate::transcript::Entry;

/// Why a conversation is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Every step was done, and the server is silent.
    Done,
    /// What a step waits for did not come in its time.
    Timeout,
    /// The server closed the connection, or it broke.
    Closed,
    /// The server refused the login.
    LoginFailed,
    /// More came than one conversation takes, one step was repeated too often, or there is no room
    /// for one more secret.
    TooMuch,
}

impl Ended {
    /// A stable word.
    pub fn word(self) -> &'static str {
        match self {
            Ended::Done => "done",
            Ended::Timeout => "timeout",
            Ended::Closed => "closed",
            Ended::LoginFailed => "login_failed",
            Ended::TooMuch => "too_much",
        }
    }
}

/// Where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Poll again when something comes, when the connection ends, or at this time.
    Until(Duration),
    /// It is over.
    Over(Ended),
}

/// What a conversation came to.
#[derive(Debug)]
pub struct Record {
    /// Who said what.
    pub entries: Vec<Entry>,
    /// Pieces that found no room.
    pub dropped: usize,
    /// Steps of the caller's that were done, or passed over.
    pub steps_done: usize,
    /// The pattern that was waited for, if one was when it ended.
    pub waiting_for: Option<String>,
    /// Bytes received and sent.
    pub received: u64,
    /// See `received`.
    pub sent: u64,
}
