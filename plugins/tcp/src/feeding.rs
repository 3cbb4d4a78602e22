//! Gives the session what has come: each chunk as it is received, and what the buffer held before a
//! handler was attached, piece by piece, as far as there is room for the messages.

use std::rc::Rc;

use cofferdam_sdk::handlers::{Layer, Reason, Session};
use cofferdam_sdk::{Failure, Integer};
use tcp_logic::stack::{is_empty, joined};
use tcp_logic::{StackError, stack};

use crate::answers::HandlerSet;
use crate::arguments::SetHandler;
use crate::connection::{Connection, Phase};
use crate::json::Object;
use crate::refusal;
use crate::stepping::{self, Out};

/// How much of what was held before is given at once.
const PIECE: u64 = 64 << 10;
/// After so many bytes other tasks get their turn.
const TURN: usize = 256 << 10;

/// A session that waits for its connection.
pub struct Prepared {
    session: Session,
    name: String,
    highest: String,
}

/// Makes the session that the arguments `handler` and `handler_config` mean, if they mean one.
pub async fn prepare(handler: Option<&str>, config: Option<&Object>) -> Result<Option<Prepared>, Failure> {
    let refused = |error: StackError| Failure::argument(error.argument(), error);
    let Some(handler) = handler else {
        let says_nothing = config.is_none_or(|config| is_empty(config.text()));
        return if says_nothing { Ok(None) } else { Err(refused(StackError::Alone)) };
    };
    let layers = stack(handler, config.map(Object::text)).map_err(refused)?;
    let (name, several) = (joined(&layers), layers.len() > 1);
    let highest = layers.last().map_or_else(String::new, |layer| layer.handler.clone());
    let layers = layers.into_iter().map(|layer| Layer { handler: layer.handler, config: layer.config }).collect();
    let session = Session::create(layers).await.map_err(|error| refusal::of_session(error, several))?;
    Ok(Some(Prepared { session, name, highest }))
}

/// Begins a session with what stands at `from` and behind; one before it ends.
pub fn attach(connection: &Rc<Connection>, prepared: Prepared, from: u64) -> Out {
    let ended = detach(connection);
    let Prepared { session, name, highest } = prepared;
    connection.handling.begin(session, name, highest, from);
    ended.then(stepping::step(connection, |session, now| session.open(now)))
}

/// Takes the handlers off; the connection goes on without them.
pub fn detach(connection: &Rc<Connection>) -> Out {
    let out = stepping::close(connection, Reason::Detached);
    connection.handling.forget_name();
    out.without_close()
}

/// `tcp_set_handler`: attaches handlers, or takes them off.
pub async fn set(connection: &Rc<Connection>, a: SetHandler) -> Result<HandlerSet, Failure> {
    let from = a.from.map(|Integer(from)| {
        u64::try_from(from).map_err(|_| Failure::argument("from", format_args!("must not be negative, it is {from}")))
    });
    let from = from.transpose()?;
    let prepared = prepare(a.handler.as_deref(), a.handler_config.as_ref()).await?;
    // Making a session takes its time.
    if connection.phase() == Phase::Disconnected {
        return Err(Failure::new("not_found", format_args!("Connection {} not found", connection.id)));
    }
    let begins = prepared.is_some();
    let (first, last) = {
        let buffer = connection.buffer.borrow();
        (buffer.first_offset(), buffer.bytes_received())
    };
    let from = from.unwrap_or(last).clamp(first, last);
    let out = match prepared {
        Some(prepared) => attach(connection, prepared, from),
        None => detach(connection),
    };
    out.deliver(connection).await;
    match connection.phase() {
        // The reader gives it what came before.
        Phase::Open => connection.changed(),
        phase => {
            let connection = Rc::clone(connection);
            cofferdam_sdk::spawn(async move { end(&connection, end_of(phase)).await });
        }
    }
    Ok(HandlerSet {
        success: true,
        connection_id: connection.id.clone(),
        status: if begins { "attached" } else { "detached" },
        handler: connection.handling.name(),
        from: begins.then_some(from),
        messages: connection.handling.messages.borrow().len(),
    })
}

/// A chunk has been received, and is in the buffer.
pub fn received(connection: &Rc<Connection>, chunk: &[u8]) -> Out {
    let (fed, end) = (connection.handling.fed.get(), connection.buffer.borrow().bytes_received());
    // Where older bytes wait, this one waits behind them.
    if !connection.handling.is_attached() || end.checked_sub(chunk.len() as u64) != Some(fed) {
        return Out::default();
    }
    connection.handling.fed.set(end);
    stepping::step(connection, |session, now| session.data(chunk, now))
}

/// Gives the session what it has not seen, until there is no room for more messages.
pub async fn catch_up(connection: &Rc<Connection>) {
    let mut given = 0;
    while let Some((length, out)) = next(connection) {
        out.deliver(connection).await;
        given += length;
        if given >= TURN {
            given = 0;
            cofferdam_sdk::yield_now().await;
        }
    }
}

fn next(connection: &Rc<Connection>) -> Option<(usize, Out)> {
    if connection.unfed() == 0 {
        return None;
    }
    if !connection.handling.messages.borrow().has_room() {
        connection.relieve();
        if !connection.handling.messages.borrow().has_room() {
            return None;
        }
    }
    let fed = &connection.handling.fed;
    let buffer = connection.buffer.borrow();
    let piece = buffer.slices(fed.get(), PIECE).next()?;
    fed.set(fed.get() + piece.len() as u64);
    Some((piece.len(), stepping::step(connection, |session, now| session.data(piece, now))))
}

/// Nothing more comes: the session sees the rest, and ends. It may have to wait until
/// somebody takes its messages.
pub async fn end(connection: &Rc<Connection>, reason: Reason) {
    let mut changes = connection.watch();
    loop {
        changes.mark_unchanged();
        catch_up(connection).await;
        if !connection.handling.is_attached() || connection.phase() == Phase::Disconnected {
            return;
        }
        if connection.unfed() == 0 {
            return stepping::close(connection, reason).deliver(connection).await;
        }
        _ = changes.changed().await;
    }
}

/// How a handler is told that nothing more comes.
pub fn end_of(phase: Phase) -> Reason {
    if matches!(phase, Phase::Broken(_)) { Reason::Broken } else { Reason::Ended }
}
