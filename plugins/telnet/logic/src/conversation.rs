//! A conversation: what is waited for, what is sent then, and when it is over. It reads no clock and no socket: received bytes
//! and the time are handed in, and what is to be sent is handed out.
//!
//! A step waits for its `expect`, or without one until the server is silent, and sends. Matching is by [`plugin_kit::Scanner`],
//! so nothing that was looked at is kept, however long a wait is.

use std::time::Duration;

use plugin_kit::Scanner;

use crate::line::Line;
use crate::outcome::{Ended, Progress, Record};
use crate::prompt;
use crate::script::{Ready, Script};
use crate::transcript::{Hidden, Transcript};

/// The most bytes that one conversation receives.
pub const MOST: u64 = 64 << 20;

/// How much a conversation may take.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Bytes of transcript.
    pub transcript: usize,
    /// Bytes received: [`MOST`], but for tests.
    pub received: u64,
}
/// The most times that one step is repeated.
pub const REPEATS: usize = 1000;
/// Silence counts from what came last. If nothing has come at all, a server that was asked something gets so much time, and one
/// that nobody has asked anything so much.
const ANSWERS: Duration = Duration::from_secs(3);
const GREETS: Duration = Duration::from_secs(1);

/// One conversation.
#[derive(Debug)]
pub struct Conversation {
    line: Line,
    script: Script,
    transcript: Transcript,
    outgoing: Vec<u8>,
    /// The step whose turn it is; after the last one, the server's last word is waited for.
    turn: usize,
    wait: Option<Wait>,
    repeats: usize,
    closed: bool,
    ended: Option<Ended>,
    /// When something came last, since something was sent last.
    heard: Option<Duration>,
    /// Whether anything was sent in this conversation.
    asked: bool,
    most: u64,
    received: u64,
    sent: u64,
}

/// What is waited for now.
#[derive(Debug)]
struct Wait {
    /// What is looked for, and whose turn it is then.
    scanners: Vec<(Scanner, usize)>,
    /// Whether silence ends it, and which step's turn it is then.
    silence: Option<usize>,
    since: Duration,
    deadline: Duration,
}

impl Conversation {
    /// A conversation on this line. A prompt at which the server already waits is one that can be expected.
    pub fn new(mut line: Line, script: Script, bounds: Bounds) -> Self {
        line.reread();
        let secrets = std::mem::take(&mut line.secrets);
        Self {
            line,
            script,
            transcript: Transcript::new(bounds.transcript, secrets),
            outgoing: Vec::new(),
            turn: 0,
            wait: None,
            repeats: 0,
            closed: false,
            ended: None,
            heard: None,
            asked: false,
            most: bounds.received,
            received: 0,
            sent: 0,
        }
    }

    /// Takes received bytes.
    pub fn receive(&mut self, bytes: &[u8], now: Duration) {
        self.received += bytes.len() as u64;
        let mut data = Vec::new();
        self.line.protocol.receive(bytes, &mut data, &mut self.outgoing);
        if data.is_empty() {
            return;
        }
        let output = self.line.terminal.advance(&data);
        self.line.unread.extend(&output.stream);
        self.outgoing.extend(&output.answers);
        let step = self.script.steps.get(self.turn).map(|step| step.number);
        for line in output.lines {
            self.transcript.heard(&line, step, now);
            if let Some(login) = &mut self.script.login {
                login.heard(&line);
            }
        }
        // The line break after a password says nothing yet.
        if self.heard.is_some() || output.stream.iter().any(|byte| !b"\r\n \0".contains(byte)) {
            self.heard = Some(now);
        }
    }

    /// The server has closed the connection, or it broke.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// The time for all of it is over: what has come is all there will be.
    pub fn stop(&mut self, now: Duration) {
        self.script.times.end = self.script.times.end.min(now);
    }

    /// What is to be sent, once.
    pub fn outgoing(&mut self) -> Vec<u8> {
        let bytes = std::mem::take(&mut self.outgoing);
        self.sent += bytes.len() as u64;
        bytes
    }

    /// Looks at what came, sends what is due, and tells how it stands.
    pub fn poll(&mut self, now: Duration) -> Progress {
        loop {
            if let Some(ended) = self.ended {
                return Progress::Over(ended);
            }
            let Some(wait) = &mut self.wait else {
                self.begin(now);
                continue;
            };
            if let Some((end, index)) = look(wait, &self.line.unread) {
                self.line.read_to(end);
                self.matched(index, now);
                continue;
            }
            self.line.read_to(u64::MAX);
            let refused_at = self.script.login.as_ref().zip(self.heard).and_then(|(login, heard)| {
                let done = self.script.steps.iter().take(self.turn);
                let password = done.clone().any(|step| step.secret);
                let refused = done.count() > 0 && login.is_refused(&self.line.terminal.standing(), password);
                refused.then_some(heard + self.script.times.silence)
            });
            if refused_at.is_some_and(|at| now >= at || self.closed) {
                self.ended = Some(Ended::LoginFailed);
                continue;
            }
            let quiet_at = wait.silence.map(|next| {
                let patience = if self.asked { ANSWERS } else { GREETS };
                let from_start =
                    wait.since + patience.max(self.script.times.silence).min(wait.deadline.saturating_sub(wait.since));
                (next, self.heard.map_or(from_start, |heard| heard.max(wait.since) + self.script.times.silence))
            });
            if let Some((next, quiet_at)) = quiet_at
                && (now >= quiet_at || self.closed)
            {
                self.silent(next, now);
            } else if self.closed {
                self.ended = Some(Ended::Closed);
            } else if self.received > self.most {
                self.ended = Some(Ended::TooMuch);
            } else if now >= wait.deadline.min(self.script.times.end) {
                self.ended = Some(Ended::Timeout);
            } else {
                let deadline = wait.deadline.min(self.script.times.end);
                let sooner = quiet_at.map(|(_, at)| at).into_iter().chain(refused_at).min();
                return Progress::Until(sooner.map_or(deadline, |at| at.min(deadline)));
            }
        }
    }

    /// Begins to wait for what the step needs whose turn it is, or does it at once.
    fn begin(&mut self, now: Duration) {
        let steps = &self.script.steps;
        let mut scanners = Vec::new();
        let mut silence = Some(steps.len());
        let mut timeout = self.script.times.step;
        for (index, step) in steps.iter().enumerate().skip(self.turn) {
            let Some(pattern) = &step.expect else {
                silence = Some(index);
                break;
            };
            scanners.push((Scanner::new(pattern.clone(), self.line.offset, self.line.before), index));
            timeout = step.timeout;
            if !step.repeat && !step.optional {
                silence = None;
                break;
            }
        }
        if scanners.is_empty() && self.line.our_turn {
            // What came before was taken in; what is expected from now on is what comes from now on.
            self.line.read_to(u64::MAX);
            let turn = self.turn;
            self.silent(turn, now);
            return;
        }
        if let Some(step) = silence.and_then(|index| steps.get(index)) {
            timeout = step.timeout;
        }
        let deadline = now.saturating_add(timeout);
        self.wait = Some(Wait { scanners, silence, since: now, deadline });
    }

    fn matched(&mut self, index: usize, now: Duration) {
        self.line.our_turn = true;
        let Some(step) = self.script.steps.get(index) else { return };
        if step.number > 0 {
            // Whoever has come so far is logged in.
            self.script.login = None;
        }
        let repeat = step.repeat;
        self.turn = index;
        if repeat {
            self.repeats += 1;
            if self.repeats > REPEATS {
                self.ended = Some(Ended::TooMuch);
                return;
            }
            self.send(index, now);
        } else {
            self.act(index, now);
        }
        self.wait = None;
    }

    /// The server is silent: the next step without an `expect` has its turn, or all is over.
    fn silent(&mut self, next: usize, now: Duration) {
        self.line.our_turn = true;
        self.wait = None;
        self.turn = next;
        if next >= self.script.steps.len() {
            self.ended = Some(if self.closed { Ended::Closed } else { Ended::Done });
        } else if self.closed {
            self.ended = Some(Ended::Closed);
        } else {
            if self.script.steps.get(next).is_some_and(|step| step.number > 0) {
                self.script.login = None;
            }
            self.act(next, now);
        }
    }

    /// Does a step, and goes on to the next.
    fn act(&mut self, index: usize, now: Duration) {
        self.send(index, now);
        self.turn = index + 1;
        self.repeats = 0;
    }

    fn send(&mut self, index: usize, now: Duration) {
        let Some(Ready { send: Some(text), secret, repeat, number, expect, .. }) = self.script.steps.get(index) else {
            return;
        };
        let waited_for = expect.as_ref().filter(|_| *number > 0).map_or("", |pattern| pattern.as_str());
        let asked = prompt::asks_for_secret(&self.line.terminal.question()) || prompt::expects_secret(waited_for);
        let hidden = if *secret || asked {
            Some(Hidden::Secret)
        } else if self.line.protocol.server_echoes() {
            Some(Hidden::Echo)
        } else {
            None
        };
        if hidden == Some(Hidden::Secret) && !self.transcript.secrets().has_room_for(text) {
            self.ended = Some(Ended::TooMuch);
            return;
        }
        let bytes = self.line.protocol.encode(text);
        if *repeat && hidden != Some(Hidden::Secret) {
            self.transcript.repeated(text, bytes.len(), Some(*number), now);
        } else {
            let prompt = self.line.terminal.take_line();
            self.transcript.heard(&prompt, Some(*number), now);
            self.transcript.said(text, bytes.len(), hidden, Some(*number), now);
            self.line.terminal.answered();
        }
        self.line.standing.clear();
        if let Some(login) = &mut self.script.login {
            login.sent();
        }
        self.outgoing.extend(bytes);
        self.line.our_turn = false;
        self.asked = true;
        self.heard = None;
    }

    /// The line, to be kept or dropped, and what there is to tell.
    pub fn finish(mut self, now: Duration) -> (Line, Record) {
        let steps = &self.script.steps;
        let step = steps.get(self.turn);
        let waiting_for = step.filter(|_| self.ended == Some(Ended::Timeout) || self.ended == Some(Ended::Closed));
        let waiting_for = waiting_for.and_then(|step| match (&step.expect, step.number, step.secret) {
            (None, ..) => None,
            (Some(_), 0, false) => Some("a question for the user's name".to_owned()),
            (Some(_), 0, true) => Some("a question for the password".to_owned()),
            (Some(pattern), ..) => Some(pattern.as_str().to_owned()),
        });
        let number = step.map(|step| step.number);
        let rest = self.line.terminal.take_line();
        self.transcript.heard(&rest, number, now);
        let steps_done = steps.iter().take(self.turn).filter(|step| step.number > 0).count();
        let waiting_for = waiting_for.map(|pattern| self.transcript.secrets().masked(&pattern));
        let (entries, dropped, secrets) = self.transcript.finish();
        self.line.secrets = secrets;
        let record = Record { entries, dropped, steps_done, waiting_for, received: self.received, sent: self.sent };
        (self.line, record)
    }

    /// The line, while the conversation goes on.
    pub fn line(&self) -> &Line {
        &self.line
    }
}

/// Feeds what was not looked at to all that is looked for: the match that ends first, of those that end together the one that was
/// asked for first.
fn look(wait: &mut Wait, unread: &[u8]) -> Option<(u64, usize)> {
    let ends = wait.scanners.iter_mut().filter_map(|(scanner, index)| {
        let end = scanner.feed(unread).or_else(|| scanner.at_end_of_data())?;
        Some((end, *index))
    });
    ends.min_by_key(|(end, _)| *end)
}
