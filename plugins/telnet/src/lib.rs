//! Telnet for AI clients: ITMCP's `telnet_tool`, which asks if a port can be reached, and real sessions beside it. This file puts
//! the parts together; what telnet is, is `telnet-logic`'s.

mod answers;
mod arguments;
mod kept;
mod wire;

use std::rc::Rc;
use std::time::Duration;

use cofferdam_sdk::{Cx, Failure};
use plugin_kit::dial::Failed;
use plugin_kit::{Host, HostError, dial};
use telnet_logic::conversation::MOST;
use telnet_logic::{Bounds, Conversation, Ended, Line, Script, Settings, Terminal, Times};
use tokio::sync::Semaphore;

use answers::{Answer, Options, Piece, Session};
use arguments::Telnet as Arguments;
use kept::{Kept, Place};
use wire::Wire;

/// What an answer takes between the end of a session and the call's deadline.
const MARGIN: Duration = Duration::from_millis(250);
/// How long a server may take to greet whoever only asks if it is there; more on a slow way.
const BANNER: Duration = Duration::from_millis(200);
/// Of a greeting so much is told.
const GREETING: usize = 4096;
/// What one session comes to use, by far.
const SESSION: u64 = 8 << 20;

/// The plugin's state: sessions that are kept, and how many may run.
pub struct Telnet {
    kept: Rc<Kept>,
    running: Semaphore,
}

impl Default for Telnet {
    fn default() -> Self {
        let sessions = (cofferdam_sdk::limits().memory / 2 / SESSION).clamp(1, 64);
        Self { kept: Rc::default(), running: Semaphore::new(usize::try_from(sessions).unwrap_or(1)) }
    }
}

#[cofferdam_sdk::plugin]
impl Telnet {
    /// Ask if a TCP port can be reached (only `target` and `port`), or hold a telnet session with `steps`.
    ///
    /// A probe returns whether the port answers, how fast, or why not, and the banner. A session negotiates options, logs in
    /// with `user` and `password` if given, then goes through `steps`: each waits for `expect` and sends `send`. The transcript
    /// says who said what, as plain text; if something does not come in time, what came so far is returned with
    /// ended=timeout. To decide step by step, set `keep` and go on with the `session_id`. For a pager, add a step such as
    /// {"expect": "--More--", "send": " ", "enter": false, "repeat": true} before the one that expects the prompt.
    #[tool(title = "Telnet")]
    async fn telnet_tool(self: Rc<Self>, cx: Cx, a: Arguments) -> Result<cofferdam_sdk::Answer<Answer>, Failure> {
        let began = cofferdam_sdk::now();
        let most = cofferdam_sdk::limits().call.saturating_sub(MARGIN);
        let end = began + most;
        let timeout = plugin_kit::seconds("timeout", a.timeout, Duration::from_secs(5), most)?;
        let refused = |error: HostError| match error.argument() {
            "host" => Failure::argument("target", error.to_string().replace("`host`", "`target`")),
            other => Failure::argument(other, error),
        };
        let host = Host::parse(&a.target).map_err(refused)?;
        let port = plugin_kit::port(a.port.0).map_err(refused)?;
        let answer = if a.is_probe() {
            probe(&host, &a.target, port, timeout).await?
        } else {
            let times = Times { step: timeout, silence: a.silence(most)?, end };
            let script = a.script(times)?;
            self.session(&cx, &a, &host, port, script, times, began).await?
        };
        Ok(cofferdam_sdk::Answer::new(answer.text(), answer))
    }
}

impl Telnet {
    #[expect(clippy::too_many_arguments, reason = "what the tool has read and checked, once")]
    async fn session(
        &self,
        cx: &Cx,
        a: &Arguments,
        host: &Host,
        port: u16,
        script: Script,
        times: Times,
        began: Duration,
    ) -> Result<Answer, Failure> {
        let most = a.most()?;
        let steps = a.steps.as_ref().map_or(0, Vec::len);
        let mut answer = Answer { target: a.target.clone(), port, reachable: true, ..Answer::default() };
        let (session, place) = match &a.session_id {
            Some(id) => {
                let (session, place) = self.resume(a, id, host, port)?;
                (session, Some(place))
            }
            None => {
                let settings = a.settings()?;
                let place = if a.keep.unwrap_or(false) { Some(self.kept.reserve()?) } else { None };
                let (session, connect_ms) = open(host, &a.target, port, times.step, settings).await?;
                answer.connect_ms = Some(connect_ms);
                answer.address = Some(session.address.clone());
                (session, place)
            }
        };
        let place = place.filter(|_| a.keep.unwrap_or(false));
        let left = times.end.saturating_sub(cofferdam_sdk::now());
        let turn = cofferdam_sdk::timeout(left, self.running.acquire()).await;
        let Some(Ok(_turn)) = turn else {
            return Err(Failure::new("overloaded", "too many sessions run at once; try again later"));
        };
        let kept::Session { target, port, address, mut wire, line } = session;
        let mut conversation = Conversation::new(line, script, Bounds { transcript: most, received: MOST });
        let (ended, closed_reason) = wire.run(&mut conversation, cx, times.end).await;
        let now = cofferdam_sdk::now();
        let (line, record) = conversation.finish(now);
        let (client, server) = line.protocol.options();
        answer.negotiation = line.protocol.requests();
        answer.telnet = Some(!answer.negotiation.is_empty());
        let stays = matches!(ended, Ended::Done | Ended::Timeout | Ended::LoginFailed);
        let place: Option<Place> = place.filter(|_| stays);
        let truncated = record.dropped > 0 || record.entries.iter().any(|entry| entry.left_out > 0);
        answer.session = Some(Session {
            completed: record.steps_done == steps && matches!(ended, Ended::Done | Ended::Closed),
            ended: ended.word(),
            closed_reason,
            steps_done: record.steps_done,
            steps,
            waiting_for: record.waiting_for,
            transcript: record.entries.into_iter().map(|entry| Piece::new(entry, began)).collect(),
            truncated,
            options: Options { client, server },
            bytes_received: record.received,
            bytes_sent: record.sent,
            took_ms: answers::millis(now.saturating_sub(began)),
            session_id: place.map(|place| place.fill(kept::Session { target, port, address, wire, line })),
        });
        Ok(answer)
    }

    /// A session that was kept, if it is the one that is meant.
    fn resume(&self, a: &Arguments, id: &str, host: &Host, port: u16) -> Result<(kept::Session, Place), Failure> {
        for (name, given) in
            [("terminal", a.terminal.is_some()), ("columns", a.columns.is_some()), ("rows", a.rows.is_some())]
        {
            if given {
                return Err(Failure::argument(name, "is told when a session begins; leave it out with `session_id`"));
            }
        }
        let (session, place) = self.kept.take(id)?;
        if session.target != host.to_string() || session.port != port {
            let message = format!("session {id} is with {} port {}; write these", session.target, session.port);
            place.fill(session);
            return Err(Failure::argument("session_id", message));
        }
        Ok((session, place))
    }
}

/// Connects, and says how long it took.
async fn open(
    host: &Host,
    target: &str,
    port: u16,
    timeout: Duration,
    settings: Settings,
) -> Result<(kept::Session, f64), Failure> {
    let began = cofferdam_sdk::now();
    let (socket, address) = dial(host, port, timeout).await.map_err(|failed| failure(host, target, port, failed))?;
    let took = tenths(cofferdam_sdk::now().saturating_sub(began));
    let (wire, line) = (Wire::new(socket), Line::new(settings));
    Ok((kept::Session { target: host.to_string(), port, address, wire, line }, took))
}

/// Asks if the port can be reached, and what the server says at once. It is not answered.
async fn probe(host: &Host, target: &str, port: u16, timeout: Duration) -> Result<Answer, Failure> {
    let began = cofferdam_sdk::now();
    let dialled = dial(host, port, timeout).await;
    let took = cofferdam_sdk::now().saturating_sub(began);
    let mut answer = Answer { target: target.to_owned(), port, connect_ms: Some(tenths(took)), ..Answer::default() };
    let (socket, address) = match dialled {
        Ok(made) => made,
        // Whether it can be reached is not known if nobody was asked.
        Err(failed) if !["refused", "timeout", "dns", "unreachable", "reset", "closed"].contains(&failed.reason) => {
            return Err(failure(host, target, port, failed));
        }
        Err(Failed { reason, detail }) => {
            (answer.reason, answer.detail) = (Some(reason), detail);
            return Ok(answer);
        }
    };
    answer.reachable = true;
    answer.address = Some(address);
    let bytes = Wire::new(socket).first(BANNER.max(took * 2).min(timeout)).await;
    let mut line = Line::new(Settings { terminal: "dumb".to_owned(), window: (80, 24) });
    let (mut data, mut unsaid) = (Vec::new(), Vec::new());
    line.protocol.receive(&bytes, &mut data, &mut unsaid);
    let mut terminal = Terminal::new(80, 24);
    let mut greeting = terminal.advance(&data).lines.concat();
    greeting += &terminal.take_line();
    let cut = (0..=GREETING.min(greeting.len())).rev().find(|&at| greeting.is_char_boundary(at)).unwrap_or(0);
    greeting.truncate(cut);
    answer.banner = (!greeting.trim().is_empty()).then_some(greeting);
    answer.negotiation = line.protocol.requests();
    answer.telnet = Some(!answer.negotiation.is_empty());
    Ok(answer)
}

fn failure(host: &Host, target: &str, port: u16, failed: Failed) -> Failure {
    let failure = Failure::new("connection_failed", format_args!("Failed to connect to {target}:{port}"));
    let failure = failure.with("reason", failed.reason);
    match failed {
        Failed { reason: "denied", .. } => {
            failure.with("detail", format!("the operator's policy does not allow tcp://{host}:{port}"))
        }
        Failed { detail: Some(detail), .. } => failure.with("detail", detail),
        Failed { detail: None, .. } => failure,
    }
}

/// Milliseconds to a tenth.
fn tenths(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}
