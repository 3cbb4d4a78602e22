//! What the tool answers: JSON for programs, and the same as text for people.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;
use telnet_logic::{Entry, Hidden, LineEnd, Speaker, secrets::MASK};

#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Answer {
    pub target: String,
    pub port: u16,
    /// Whether a connection was made
    pub reachable: bool,
    /// Why not: refused, timeout, dns or unreachable
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The address that answered
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// How long connecting took, or failing to, the lookup of the name included
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_ms: Option<f64>,
    /// Of a probe: what the server said at once
    #[serde(skip_serializing_if = "Option::is_none")]
    pub banner: Option<String>,
    /// Whether the server has begun to negotiate telnet options
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telnet: Option<bool>,
    /// What it has asked for, as `DO TTYPE` or `WILL ECHO`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub negotiation: Vec<String>,
    /// What a session came to
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Session {
    /// Whether every step was done
    pub completed: bool,
    /// Why it ended: done, timeout, closed, login_failed or too_much
    pub ended: &'static str,
    /// Why the connection broke, if it did
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_reason: Option<&'static str>,
    /// What to try after a refused login
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<&'static str>,
    pub steps_done: usize,
    pub steps: usize,
    /// What had not come when it ended
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_for: Option<String>,
    /// Who said what
    pub transcript: Vec<Piece>,
    /// Something of the transcript was left out
    pub truncated: bool,
    /// Options that are on, on our side and on the server's
    pub options: Options,
    pub bytes_received: u64,
    pub bytes_sent: u64,
    pub took_ms: u64,
    /// For the next call, if the session was kept
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Options {
    pub client: Vec<String>,
    pub server: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Piece {
    /// server or client
    pub from: &'static str,
    /// The step that waited or sent, from 1; 0 is the login
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// Since the call began
    pub at_ms: u64,
    /// Absent if hidden
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Why the client's text is not shown: secret, or echo (the server
    /// shows of it what may be seen)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<&'static str>,
    /// Bytes sent
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<usize>,
    /// How many times it was sent, if more than once
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<usize>,
    /// Bytes left out in the middle of `text`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<usize>,
}

/// What to try after a login that was refused with this line end.
pub fn after_refusal(line_end: LineEnd) -> &'static str {
    match line_end {
        LineEnd::CrLf => {
            "if the name and the password are right, try `line_end`: `cr`, in a new session; some consoles take the LF of CR LF for an \
             empty password"
        }
        LineEnd::Cr | LineEnd::Lf | LineEnd::CrNul => {
            "if the name and the password are right, try another `line_end` in a new session: `crlf`, `cr`, `cr-nul` or `lf`"
        }
    }
}

impl Piece {
    pub fn new(entry: Entry, began: std::time::Duration) -> Self {
        let is_ours = entry.speaker == Speaker::Client;
        let text = match entry.left_out {
            0 => entry.text + &entry.end,
            count => format!("{}\n[… {count} bytes left out …]\n{}", entry.text, entry.end),
        };
        Self {
            from: if is_ours { "client" } else { "server" },
            step: entry.step,
            at_ms: millis(entry.at.saturating_sub(began)),
            text: entry.hidden.is_none().then_some(text),
            hidden: entry.hidden.map(|hidden| match hidden {
                Hidden::Secret => "secret",
                Hidden::Echo => "echo",
            }),
            bytes: is_ours.then_some(entry.bytes),
            times: (entry.times > 1).then_some(entry.times),
            left_out: (entry.left_out > 0).then_some(entry.left_out),
        }
    }
}

pub fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Answer {
    /// The same for people.
    pub fn text(&self) -> String {
        let place = match self.target.contains(':') {
            true => format!("[{}]:{}", self.target.trim_matches(['[', ']']), self.port),
            false => format!("{}:{}", self.target, self.port),
        };
        let time = self.connect_ms.map_or(String::new(), |ms| format!(" after {ms} ms"));
        if !self.reachable {
            let why = match self.reason {
                Some("refused") => "refused: nobody listens there",
                Some("timeout") => "timeout: no answer came",
                Some("unreachable") => "unreachable: there is no way to that address",
                Some(other) => other,
                None => "unknown",
            };
            let detail = self.detail.as_deref().map_or(String::new(), |detail| format!(" ({detail})"));
            return format!("{place} is not reachable{time}: {why}{detail}\n");
        }
        let mut text = match &self.address {
            Some(address) => format!("{place} is reachable: {address} answered{time}\n"),
            None => format!("{place}\n"),
        };
        if !self.negotiation.is_empty() {
            let _ = writeln!(text, "the server speaks telnet: {}", self.negotiation.join(", "));
        }
        if let Some(banner) = &self.banner {
            let _ = write!(text, "banner:\n{banner}");
        }
        if let Some(session) = &self.session {
            session.write(&mut text);
        }
        text
    }
}

impl Session {
    fn write(&self, text: &mut String) {
        for piece in &self.transcript {
            let step = match piece.step {
                Some(0) => " (login)".to_owned(),
                Some(step) => format!(" (step {step})"),
                None => String::new(),
            };
            let times = piece.times.map_or(String::new(), |times| format!(", {times} times"));
            let _ = writeln!(text, "--- {}{step}{times}", piece.from);
            match (&piece.text, piece.hidden) {
                (Some(said), _) => text.push_str(said),
                (None, Some("secret")) => text.push_str(MASK),
                (None, _) => {
                    let _ = write!(text, "[{} bytes, echoed by the server]", piece.bytes.unwrap_or(0));
                }
            }
            if !text.ends_with('\n') {
                text.push('\n');
            }
        }
        let _ = write!(text, "--- {}: {} of {} steps in {} ms", self.ended, self.steps_done, self.steps, self.took_ms);
        if let Some(reason) = self.closed_reason {
            let _ = write!(text, "; the connection broke: {reason}");
        }
        if let Some(pattern) = &self.waiting_for {
            let _ = write!(text, "; this did not come: {pattern}");
        }
        if let Some(id) = &self.session_id {
            let _ = write!(text, "; kept as session_id {id}");
        }
        if let Some(hint) = self.hint {
            let _ = write!(text, "; {hint}");
        }
        text.push('\n');
    }
}
