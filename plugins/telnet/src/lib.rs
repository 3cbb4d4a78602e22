//! Telnet for AI clients: ITMCP's `telnet_tool`, which asks if a port can be reached, and real
//! sessions beside it. This file puts the parts together; what telnet is, is `telnet-logic`'s.

mod answers;
mod arguments;
mod kept;
mod reach;
mod turn;
mod wire;

use std::rc::Rc;
use std::time::Duration;

use cofferdam_sdk::{Cx, Failure};
use plugin_kit::{Host, HostError};
use telnet_logic::conversation::MOST;
use telnet_logic::{Bounds, Conversation, Ended, Script, ScriptError, Times};

use answers::{Answer, Options, Piece, Session};
use arguments::Telnet as Arguments;
use kept::{Kept, Place};
use turn::{Deadline, Turns};

/// How long to connect, and how long a step waits, where nobody says otherwise: clients
/// give a call up after 5 s.
const WAIT: Duration = Duration::from_secs(4);
/// The same for a whole call in which the server says nothing.
const MUTE: Duration = Duration::from_millis(4400);

/// The plugin's state: sessions that are kept, and whose turn it is.
#[derive(Default)]
pub struct Telnet {
    kept: Rc<Kept>,
    turns: Turns,
}

#[cofferdam_sdk::plugin]
impl Telnet {
    /// Check whether a TCP port is open (target and port alone), or log in to a device by
    /// telnet and run commands.
    ///
    /// It answers the login with `user` and `password`; then each step waits for regex `expect` (a
    /// prompt: `[>#] ?\z`; none: until silent) and sends `send` and return (\u0003: Ctrl-C). A
    /// pager: {"expect":"--More--","send":" ","enter":false,"repeat":true} before the prompt's
    /// step. `keep` gives a session_id to go on with. If a login fails, try line_end cr.
    ///
    /// # Details
    /// A probe returns whether the port answers, how fast, or why not, and the banner. A session
    /// negotiates options, logs in with `user` and `password` if given, then goes through `steps`.
    /// The transcript says who said what, as plain text; if something does not come in time, what
    /// came so far is returned with ended=timeout. To decide step by step, set `keep` and go on
    /// with the `session_id`. A server that says nothing is given up after about 4 seconds, unless
    /// `timeout` says otherwise.
    #[tool(title = "Telnet", pages)]
    async fn telnet_tool(self: Rc<Self>, cx: Cx, a: Arguments) -> Result<cofferdam_sdk::Answer<Answer>, Failure> {
        let began = cofferdam_sdk::now();
        let most = cofferdam_sdk::limits().call;
        let mut deadline = Deadline::new(&cx);
        let timeout = plugin_kit::seconds("timeout", a.timeout, WAIT, most)?;
        let refused = |error: HostError| match error.argument() {
            "host" => Failure::argument("target", error.to_string().replace("`host`", "`target`")),
            other => Failure::argument(other, error),
        };
        let host = Host::parse(&a.target).map_err(refused)?;
        let port = plugin_kit::port(a.port.0).map_err(refused)?;
        let answer = if a.is_probe() {
            reach::probe(&host, &a.target, port, timeout, a.encoding(), &mut deadline).await?
        } else {
            let times = Times { step: timeout, silence: a.silence(most)?, end: began + most };
            let script = a.script(times)?;
            self.session(&cx, &a, &host, port, script, times, began, &mut deadline).await?
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
        deadline: &mut Deadline,
    ) -> Result<Answer, Failure> {
        let most = a.most()?;
        let steps = a.steps.as_ref().map_or(0, Vec::len);
        let mut answer = Answer { target: a.target.clone(), port, reachable: true, ..Answer::default() };
        // What is wrong is told at once, not in turn.
        let unsent = |error: ScriptError| Failure::argument(error.argument(), error);
        let settings = a.settings()?;
        match &a.session_id {
            Some(id) => self.kept.is_there(id)?,
            None => script.can_be_sent_in(settings.encoding).map_err(unsent)?,
        }
        let left = times.end.saturating_sub(cofferdam_sdk::now());
        let patience = left.saturating_sub(a.asked(times, left));
        let _turn = self.turns.come(script.most_memory(), most, patience, deadline).await?;
        let (session, place) = match &a.session_id {
            Some(id) => {
                let (session, place) = self.resume(id, host, port)?;
                if let Err(error) = script.can_be_sent_in(session.line.protocol.encoding()) {
                    place.fill(session);
                    return Err(unsent(error));
                }
                (session, Some(place))
            }
            None => {
                let place = if a.keep.unwrap_or(false) { Some(self.kept.reserve()?) } else { None };
                let (session, connect_ms) = reach::open(host, &a.target, port, times.step, settings, deadline).await?;
                answer.connect_ms = Some(connect_ms);
                answer.address = Some(session.address.clone());
                (session, place)
            }
        };
        let place = place.filter(|_| a.keep.unwrap_or(false));
        let kept::Session { target, port, address, mut wire, mut line } = session;
        if let Some(line_end) = a.line_end {
            line.protocol.set_line_end(line_end.into());
        }
        let mut conversation = Conversation::new(line, script, Bounds { transcript: most, received: MOST });
        let waits = a.timeout.is_some() || a.steps.iter().flatten().any(|step| step.timeout_ms.is_some());
        if !waits {
            conversation.give_up_on_silence(began + MUTE);
        }
        let (ended, closed_reason) = wire.run(&mut conversation, cx, times.end, deadline).await;
        let now = cofferdam_sdk::now();
        let (line, record) = conversation.finish(now);
        let (client, server) = line.protocol.options();
        answer.negotiation = line.protocol.requests();
        answer.telnet = Some(!answer.negotiation.is_empty());
        // A login can be refused by closing the connection.
        let stays = wire.is_open() && matches!(ended, Ended::Done | Ended::Timeout | Ended::LoginFailed);
        let place: Option<Place> = place.filter(|_| stays);
        let truncated = record.dropped > 0 || record.entries.iter().any(|entry| entry.left_out > 0);
        answer.session = Some(Session {
            completed: record.steps_done == steps && matches!(ended, Ended::Done | Ended::Closed),
            ended: ended.word(),
            closed_reason,
            hint: (ended == Ended::LoginFailed).then(|| answers::after_refusal(line.protocol.line_end())),
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
    fn resume(&self, id: &str, host: &Host, port: u16) -> Result<(kept::Session, Place), Failure> {
        let (session, place) = self.kept.take(id)?;
        if session.target != host.to_string() || session.port != port {
            let message = format!("session {id} is with {} port {}; write these", session.target, session.port);
            place.fill(session);
            return Err(Failure::argument("session_id", message));
        }
        Ok((session, place))
    }
}
