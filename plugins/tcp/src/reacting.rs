//! Carries out what triggers do: sends their responses, has messages made into bytes, runs scripts
//! and does what they want. A message is made into bytes right before it is sent, so that a handler
//! that pairs requests with answers sees the order of the wire.

use std::mem::take;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use cofferdam_sdk::handlers::{Encoded, Error};
use tcp_logic::{Done, Piece, Reply, Run};

use crate::connection::{Connection, Phase};
use crate::{limits, refusal};

/// What the peer does not take for so long is given up.
const ANSWER: Duration = Duration::from_secs(30);
/// Bytes are sent together up to so many.
const TOGETHER: usize = 64 << 10;
/// After so much time in scripts other tasks get their turn.
const TURN: Duration = Duration::from_millis(2);

/// Makes bytes of a message by the connection's handler, if it has one.
pub type Encode = fn(&Rc<Connection>, &str) -> Option<Result<Encoded, Error>>;

/// What one firing comes to.
pub struct Reaction {
    trigger_id: Arc<str>,
    reply: Reply,
    /// Whether the session is over that has told the message.
    over: bool,
}

impl Reaction {
    pub fn new(trigger_id: Arc<str>, reply: Reply) -> Self {
        Self { trigger_id, reply, over: false }
    }

    /// The session is over that has told the message: nothing can make bytes of an answer.
    pub fn without_handler(&mut self) {
        self.over = true;
    }
}

/// Sends these bytes, and then does what triggers do. Nothing else is waited for between making
/// bytes of a message and sending them.
pub async fn carry_out(connection: &Rc<Connection>, mut bytes: Vec<u8>, reactions: Vec<Reaction>, by_handler: Encode) {
    let mut spent = Duration::ZERO;
    for Reaction { trigger_id, reply, over } in reactions {
        let by_handler: Encode = if over { |_, _| None } else { by_handler };
        match reply {
            Reply::Bytes(response) => bytes.extend_from_slice(&response),
            Reply::Message(message) => encode(connection, &trigger_id, (over, by_handler), &message, &mut bytes),
            Reply::Script(run) => {
                let began = cofferdam_sdk::now();
                let close = self::run(connection, &trigger_id, (over, by_handler), *run, &mut bytes);
                spent += cofferdam_sdk::now().saturating_sub(began);
                if let Some(why) = close {
                    send(connection, take(&mut bytes)).await;
                    return connection.close_because(why);
                }
            }
        }
        if bytes.len() >= TOGETHER || spent >= TURN {
            send(connection, take(&mut bytes)).await;
        }
        if spent >= TURN {
            spent = Duration::ZERO;
            cofferdam_sdk::yield_now().await;
        }
    }
    send(connection, bytes).await;
}

async fn send(connection: &Connection, bytes: Vec<u8>) {
    if !bytes.is_empty() {
        let sent = connection.writer.send(&bytes, ANSWER).await;
        connection.count_sent(sent.map_or_else(|unsent| unsent.sent, |()| bytes.len()));
    }
}

/// Runs a script, unless the connection is over; why the connection is to be closed, if it is.
fn run(
    connection: &Rc<Connection>,
    trigger_id: &str,
    handler: (bool, Encode),
    run: Run,
    bytes: &mut Vec<u8>,
) -> Option<String> {
    if !matches!(connection.phase(), Phase::Open | Phase::PeerClosed) {
        return None;
    }
    let Done { send, close, stopped } = tcp_logic::run(&connection.triggers, trigger_id, run, limits::now())?;
    if let Some(trigger) = stopped {
        connection.budget.give_back_trigger(trigger.most_memory());
    }
    for piece in send {
        match piece {
            Piece::Bytes(more) => bytes.extend(more),
            Piece::Message(message) => encode(connection, trigger_id, handler, &message, bytes),
        }
    }
    close
}

/// A message as bytes; why there are none is told with the trigger.
fn encode(
    connection: &Rc<Connection>,
    trigger_id: &str,
    (over, by_handler): (bool, Encode),
    message: &str,
    bytes: &mut Vec<u8>,
) {
    let why = match by_handler(connection, message) {
        Some(Ok(encoded)) => return bytes.extend(encoded.send),
        Some(Err(error)) => refusal::text(error),
        None if over || connection.handling.name().is_some() => "the handler's session is over".to_owned(),
        None => "the connection has no handler that makes bytes of a message".to_owned(),
    };
    connection.triggers.borrow_mut().could_not_answer(trigger_id, &why);
}
