//! Connecting: for a session, or only to see if it can be done.

use std::time::Duration;

use cofferdam_sdk::Failure;
use plugin_kit::Failed;
use plugin_kit::{Host, dial};
use telnet_logic::{Encoding, Line, Settings, Terminal};

use crate::answers::Answer;
use crate::kept;
use crate::turn::{Deadline, before};
use crate::wire::Wire;

/// How long a server may take to greet whoever only asks if it is there; more on a slow way.
const BANNER: Duration = Duration::from_millis(200);
/// Of a greeting so much is told.
const GREETING: usize = 4096;

/// Connects, and says how long it took.
pub async fn open(
    host: &Host,
    target: &str,
    port: u16,
    timeout: Duration,
    settings: Settings,
    deadline: &mut Deadline,
) -> Result<(kept::Session, f64), Failure> {
    let began = cofferdam_sdk::now();
    let dialled = before(deadline, dial(host, port, timeout)).await.unwrap_or_else(late);
    let (socket, address) = dialled.map_err(|failed| failed.failure(host, target, port))?;
    let took = tenths(cofferdam_sdk::now().saturating_sub(began));
    let (wire, line) = (Wire::new(socket), Line::new(settings));
    Ok((kept::Session { target: host.to_string(), port, address, wire, line }, took))
}

/// Asks if the port can be reached, and what the server says at once. It is not answered.
pub async fn probe(
    host: &Host,
    target: &str,
    port: u16,
    timeout: Duration,
    encoding: Encoding,
    deadline: &mut Deadline,
) -> Result<Answer, Failure> {
    let began = cofferdam_sdk::now();
    let dialled = before(deadline, dial(host, port, timeout)).await.unwrap_or_else(late);
    let took = cofferdam_sdk::now().saturating_sub(began);
    let mut answer = Answer { target: target.to_owned(), port, connect_ms: Some(tenths(took)), ..Answer::default() };
    let (socket, address) = match dialled {
        Ok(made) => made,
        // Whether it can be reached is not known if nobody was asked, or
        // nobody could say where it is.
        Err(failed) if failed.inconclusive => return Err(failed.failure(host, target, port)),
        Err(failed) if !["refused", "timeout", "dns", "unreachable", "reset", "closed"].contains(&failed.reason) => {
            return Err(failed.failure(host, target, port));
        }
        Err(Failed { reason, detail, .. }) => {
            (answer.reason, answer.detail) = (Some(reason), detail);
            return Ok(answer);
        }
    };
    answer.reachable = true;
    answer.address = Some(address);
    let mut bytes = Vec::new();
    _ = before(deadline, Wire::new(socket).first(BANNER.max(took * 2).min(timeout), &mut bytes)).await;
    let settings = Settings { terminal: "dumb".to_owned(), window: (200, 100), encoding, line_end: None };
    let mut line = Line::new(settings);
    let (mut data, mut unsaid) = (Vec::new(), Vec::new());
    line.protocol.receive(&bytes, &mut data, &mut unsaid);
    let mut terminal = Terminal::new(200, 100, encoding);
    let mut greeting = terminal.advance(&data).lines.concat();
    greeting += &terminal.take_line();
    let cut = (0..=GREETING.min(greeting.len())).rev().find(|&at| greeting.is_char_boundary(at)).unwrap_or(0);
    greeting.truncate(cut);
    answer.banner = (!greeting.trim().is_empty()).then_some(greeting);
    answer.negotiation = line.protocol.requests();
    answer.telnet = Some(!answer.negotiation.is_empty());
    Ok(answer)
}

/// The call's deadline is the time that there was to connect.
fn late<T>() -> Result<T, Failed> {
    Err(Failed { reason: "timeout", detail: Some("the call's own deadline came".to_owned()), inconclusive: false })
}

/// Milliseconds to a tenth.
fn tenths(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}
