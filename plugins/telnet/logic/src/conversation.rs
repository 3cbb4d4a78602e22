//! A conversation: what is waited for, what is sent then, and when it is over. It reads no clock
//! and no socket: received bytes and the time are handed in, and what is to be sent is handed out.
//!
//! A step waits for its `expect`, or without one until the server is silent, and sends; what counts
//! as come is in [`crate::wait`]. Nothing that was looked at is kept, however long a wait is.

use std::time::Duration;

use crate::line::Line;
use crate::outcome::{Ended, Progress, Record};
use crate::prompt;
use crate::script::{Expect, Ready, Script};
use crate::transcript::{Hidden, Transcript};
use crate::wait::{ASKED, Found, QUIET, Wait};

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
/// Silence counts from the last byte received. If none was received, a server that was asked
/// something gets this long.
const ANSWERS: Duration = Duration::from_secs(3);
/// The same for a server that was asked nothing.
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
    /// When anything came last, or when the conversation began.
    moved: Option<Duration>,
    /// Since when the unfinished line reads otherwise than the stream.
    unsettled: Option<Duration>,
    /// Whether anything was sent in this conversation.
    asked: bool,
    /// No wait lasts longer, as long as the server has said nothing.
    mute_until: Option<Duration>,
    most: u64,
    received: u64,
    sent: u64,
}

impl Conversation {
    /// A conversation on this line. A prompt at which the server already waits is
    /// one that can be expected.
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
            moved: None,
            unsettled: None,
            asked: false,
            mute_until: None,
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
        if data.iter().all(|byte| *byte == 0) {
            return;
        }
        self.moved = Some(now);
        self.mute_until = None;
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

    /// A server that says nothing at all is given up at this time, whatever the steps wait for.
    pub fn give_up_on_silence(&mut self, at: Duration) {
        self.mute_until = Some(at);
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
            let moved = *self.moved.get_or_insert(now);
            if self.wait.is_none() {
                self.begin(now);
                continue;
            }
            let mut sooner = Vec::new();
            if let Some((index, end)) = self.came(now, moved, &mut sooner) {
                self.line.read_to(end);
                self.matched(index, now);
                continue;
            }
            let Some(wait) = &self.wait else { continue };
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
            } else if now >= self.end_of(wait) {
                self.ended = Some(Ended::Timeout);
            } else {
                let deadline = self.end_of(wait);
                sooner.extend(quiet_at.map(|(_, at)| at).into_iter().chain(refused_at));
                return Progress::Until(sooner.into_iter().fold(deadline, Duration::min));
            }
        }
    }

    /// When a wait is over, whatever has come.
    fn end_of(&self, wait: &Wait) -> Duration {
        wait.deadline.min(self.script.times.end).min(self.mute_until.unwrap_or(Duration::MAX))
    }

    /// The step for which it came what it waits for, and up to where that is read. What would count
    /// if nothing more came is told with its time. `moved`: when anything came last.
    fn came(&mut self, now: Duration, moved: Duration, sooner: &mut Vec<Duration>) -> Option<(usize, u64)> {
        let (wait, line, steps) = (self.wait.as_mut()?, &mut self.line, &self.script.steps);
        let (closed, silence) = (self.closed, self.script.times.silence);
        let (quiet, quiet_at) = (QUIET.min(silence), moved + QUIET.min(silence));
        // Also where something comes all the time, as on a clock that is painted anew each second,
        // the line is seen as it stands.
        self.unsettled = (!line.terminal.is_settled()).then(|| self.unsettled.unwrap_or(moved));
        let settle_at = self.unsettled.map(|since| since + quiet);
        if settle_at.is_some_and(|at| now >= at || now >= quiet_at || closed) {
            line.settle();
            self.unsettled = None;
        } else {
            sooner.extend(settle_at);
        }
        let mut is_due = |at: Duration| {
            if now < at {
                sooner.push(at);
            }
            now >= at
        };
        let found = wait.look(&line.unread, steps);
        let asks_name = |line: &Line| prompt::question(&line.terminal.standing()).is_some_and(|asked| asked.name);
        if let Some(Found { end, index, is_sure }) = found {
            let step = steps.get(index)?;
            let counts = match (is_sure, step.keeps_secret()) {
                (true, _) => true,
                // When the step's time is over, nothing has followed.
                (false, false) => closed || is_due(quiet_at.min(wait.deadline)),
                (false, true) => !closed && is_due(moved + ASKED) && !(step.answers_for_secret() && asks_name(line)),
            };
            if counts {
                return Some((index, end));
            }
        }
        line.read_to(u64::MAX);
        if closed {
            return None;
        }
        let standing = line.terminal.standing();
        if let Some(index) = wait.pending {
            // A question that has ended its line could be any sentence.
            let patience = if standing.trim().is_empty() { silence.max(ASKED) } else { ASKED };
            if is_due(moved + patience) {
                if steps.get(index)?.answers_for_secret() && asks_name(line) {
                    wait.pass_over(line.offset, line.before);
                } else {
                    return Some((index, u64::MAX));
                }
            }
        }
        let question = prompt::question(&standing)?;
        let index = wait.answers(question)?;
        let patience = if question.has_sign { ASKED } else { silence.max(ASKED) };
        is_due(moved + patience).then_some((index, u64::MAX))
    }

    /// Begins to wait for what the step needs whose turn it is, or does it at once.
    fn begin(&mut self, now: Duration) {
        let steps = &self.script.steps;
        let mut silence = Some(steps.len());
        let mut timeout = self.script.times.step;
        let mut expected = Vec::new();
        for (index, step) in steps.iter().enumerate().skip(self.turn) {
            if matches!(step.expect, Expect::Silence) {
                silence = Some(index);
                break;
            }
            expected.push((&step.expect, index));
            timeout = step.timeout;
            if !step.repeat && !step.optional {
                silence = None;
                break;
            }
        }
        if expected.is_empty() && self.line.our_turn {
            // What came before was taken in; what is expected from now on
            // is what comes from now on.
            self.line.read_to(u64::MAX);
            let turn = self.turn;
            self.silent(turn, now);
            return;
        }
        if let Some(step) = silence.and_then(|index| steps.get(index)) {
            timeout = step.timeout;
        }
        let mut wait = Wait::new(silence, now, timeout);
        for (expect, index) in expected {
            wait.expect(expect, index, self.line.offset, self.line.before);
        }
        self.wait = Some(wait);
    }

    fn matched(&mut self, index: usize, now: Duration) {
        self.line.our_turn = true;
        self.line.terminal.read();
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
        self.line.terminal.read();
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
        let Some(step) = self.script.steps.get(index) else { return };
        let Ready { send: Some(text), secret, repeat, number, line_end, .. } = step else { return };
        let asked = prompt::asks_for_secret(&self.line.terminal.question()) || step.answers_for_secret();
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
        let bytes = self.line.protocol.encode(text, *line_end);
        if *repeat && hidden != Some(Hidden::Secret) {
            self.transcript.repeated(text, bytes.len(), Some(*number), now);
        } else {
            let prompt = self.line.terminal.take_line();
            self.transcript.heard(&prompt, Some(*number), now);
            self.transcript.said(text, bytes.len(), hidden, Some(*number), now);
        }
        self.line.terminal.answered();
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
        let waiting_for = waiting_for.and_then(|step| match &step.expect {
            Expect::Silence => None,
            Expect::Name => Some("a question for the user's name".to_owned()),
            Expect::Password => Some("a question for the password".to_owned()),
            Expect::Match(pattern) => Some(pattern.as_str().to_owned()),
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
