//! The peer's half: reads as fast as the buffer takes it, and lets handlers and triggers answer. It
//! runs from the first byte to the last, whatever calls come and go.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use cofferdam_sdk::sockets::{ErrorCode, StreamReader, StreamResult};

use crate::connection::{Connection, Phase};
use crate::reacting::Reaction;
use crate::{feeding, stepping};
use plugin_kit::reason;

/// The most one read takes.
const READ: usize = 64 << 10;
/// After so many bytes other tasks get their turn, even if the peer has more.
const TURN: usize = 256 << 10;

thread_local! {
    /// Buffers between reads: one connection needs one only while its data is on the way.
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Reads until the stream ends, or until we disconnect.
pub async fn run(
    connection: Rc<Connection>,
    mut stream: StreamReader<u8>,
    done: impl Future<Output = Result<(), ErrorCode>>,
) {
    let mut read_in_turn = 0;
    while has_room(&connection).await {
        let Some(chunk) = read(&connection, &mut stream).await else { break };
        if chunk.is_empty() {
            continue;
        }
        read_in_turn += chunk.len();
        connection.receive(&chunk);
        let mut out = feeding::received(&connection, &chunk);
        let firings = connection.triggers.borrow_mut().push(&chunk, cofferdam_sdk::now());
        keep(chunk);
        out.react(firings.into_iter().map(|firing| Reaction::new(firing.trigger_id, firing.reply)));
        out.deliver(&connection).await;
        if read_in_turn >= TURN {
            read_in_turn = 0;
            cofferdam_sdk::yield_now().await;
        }
    }
    drop(stream);
    let phase = match connection.phase() {
        Phase::Open => match done.await {
            Ok(()) => Phase::PeerClosed,
            Err(code) => Phase::Broken(reason(&code)),
        },
        ended => ended,
    };
    if phase == Phase::Disconnected {
        return;
    }
    let reason = feeding::end_of(phase);
    // What a handler tells of the end is there when the end is; but the end does not wait for
    // whoever takes its messages.
    if connection.unfed() == 0 {
        stepping::close(&connection, reason).deliver(&connection).await;
    }
    connection.enter(phase);
    feeding::end(&connection, reason).await;
}

/// Waits until something may be read; false once we have disconnected.
async fn has_room(connection: &Rc<Connection>) -> bool {
    let mut changes = connection.watch();
    let mut returned = connection.budget.watch();
    loop {
        // A handler that was attached meanwhile sees what came before.
        feeding::catch_up(connection).await;
        if connection.phase() != Phase::Open {
            return false;
        }
        if connection.room() == 0 {
            connection.relieve();
        }
        let paused = connection.room() == 0;
        if connection.told_paused.replace(paused) != paused {
            connection.changed();
            changes.mark_unchanged();
        }
        if !paused {
            return true;
        }
        // Either a clear here, or elsewhere if it is the common share that is used up.
        let (mut here, mut elsewhere) = (pin!(changes.changed()), pin!(returned.changed()));
        poll_fn(|cx| {
            if here.as_mut().poll(cx).is_ready() || elsewhere.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
    }
}

/// One read; nothing where others have taken the room meanwhile, `None` at the end of the stream,
/// or once we have disconnected.
async fn read(connection: &Connection, stream: &mut StreamReader<u8>) -> Option<Vec<u8>> {
    let mut changes = connection.watch();
    loop {
        // Waiting is done with an empty buffer: an idle connection holds none.
        let ready = {
            let mut waiting = pin!(stream.read(Vec::new()));
            loop {
                let mut changed = pin!(changes.changed());
                let ready = poll_fn(|cx| match waiting.as_mut().poll(cx) {
                    Poll::Ready((result, _)) => Poll::Ready(Some(result)),
                    Poll::Pending => changed.as_mut().poll(cx).map(|_| None),
                })
                .await;
                match ready {
                    Some(result) => break result,
                    None if connection.phase() != Phase::Open => return None,
                    None if connection.unfed() > 0 => return Some(Vec::new()),
                    None => {}
                }
            }
        };
        if matches!(ready, StreamResult::Dropped) {
            return None;
        }
        let most = connection.room().min(READ);
        if most == 0 {
            return Some(Vec::new());
        }
        let mut buffer = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
        buffer.clear();
        buffer.reserve_exact(most);
        // A read takes what the vector has room for.
        if buffer.capacity() > most {
            buffer = Vec::with_capacity(most);
        }
        // Readiness may be spurious. If no data comes at once, the reader waits again without a
        // buffer, where it notices a disconnect.
        let (result, buffer) = {
            let mut reading = pin!(stream.read(buffer));
            match poll_fn(|cx| Poll::Ready(reading.as_mut().poll(cx))).await {
                Poll::Ready(read) => read,
                Poll::Pending => reading.as_mut().cancel(),
            }
        };
        match result {
            _ if !buffer.is_empty() => return Some(buffer),
            StreamResult::Complete(_) | StreamResult::Cancelled => keep(buffer),
            StreamResult::Dropped => return None,
        }
    }
}

fn keep(mut buffer: Vec<u8>) {
    SPARE.with_borrow_mut(|spare| {
        if spare.len() < 4 && buffer.capacity() == READ {
            buffer.clear();
            spare.push(buffer);
        }
    });
}
