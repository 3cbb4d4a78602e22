//! `tcp_messages`, `tcp_send_message` and `tcp_request`: what a handler has told, and what it is
//! told to send.

use std::rc::Rc;
use std::time::Duration;

use cofferdam_sdk::{Cx, Failure, Integer, handlers};
use plugin_kit::Unsent;
use plugin_kit::durations::within;
use tcp_logic::messages::MOST_MESSAGES;

use crate::answers::{MessageSent, MessagesAnswer, Requested, Told};
use crate::arguments;
use crate::connection::{Connection, Phase};
use crate::wait::REPORT;
use crate::{limits, refusal, stepping};

/// What an answer holds besides a message, at most.
const AROUND: usize = 8 << 10;

pub async fn messages(cx: Cx, connection: Rc<Connection>, a: arguments::Messages) -> Result<MessagesAnswer, Failure> {
    let began = cofferdam_sdk::now();
    let limit = within("limit", a.limit, limits::DEFAULT_MESSAGES, 1..=limits::MOST_MESSAGES)?;
    let until: u64 = within("until", a.until, 1, 0..=i64::try_from(MOST_MESSAGES).unwrap_or(i64::MAX))?;
    let after = a.after.map(|Integer(after)| {
        u64::try_from(after)
            .map_err(|_| Failure::argument("after", format_args!("must not be negative, it is {after}")))
    });
    let (after, timeout) = (after.transpose()?, limits::wait(cx, a.timeout_ms)?);
    let handling = &connection.handling;
    if handling.messages.borrow().last() == 0 {
        attached(&connection)?;
    }
    acknowledge(&connection, after);
    let there = || (handling.messages.borrow().available(after) >= until).then_some(());
    let waited = wait_for(cx, &connection, timeout, there).await;
    let page = handling.messages.borrow_mut().page(after, limit, limits::PAGE);
    Ok(MessagesAnswer {
        connection_id: connection.id.clone(),
        satisfied: waited.is_ok(),
        ended: waited.err().unwrap_or("messages"),
        messages: told(&connection, &page.numbers),
        more: page.more,
        next_after: page.next_after,
        forgotten: (page.forgotten > 0).then_some(page.forgotten),
        connected: connection.is_connected(),
        reading_paused: connection.is_paused(),
        handler_cut: handling.cut(),
        waited_ms: since(began),
    })
}

pub async fn send_message(connection: Rc<Connection>, a: arguments::SendMessage) -> Result<MessageSent, Failure> {
    let timeout = limits::milliseconds("timeout_ms", a.timeout_ms, limits::DEFAULT_SEND, limits::call())?;
    let sent = send(&connection, a.message.text(), timeout).await?;
    let (connection_id, bytes_sent) = (connection.id.clone(), sent.bytes);
    Ok(MessageSent { success: true, connection_id, bytes_sent, request: sent.request })
}

pub async fn request(cx: Cx, connection: Rc<Connection>, a: arguments::SendMessage) -> Result<Requested, Failure> {
    let began = cofferdam_sdk::now();
    let timeout = limits::wait(cx, a.timeout_ms)?;
    pairs(&connection).await?;
    let handling = &connection.handling;
    acknowledge(&connection, None);
    let before = handling.messages.borrow().last();
    let sent = send(&connection, a.message.text(), timeout.min(limits::DEFAULT_SEND)).await?;
    let answers = |request| {
        let numbers = handling.messages.borrow().answers_to(request, before);
        (!numbers.is_empty()).then_some(numbers)
    };
    let left = timeout.saturating_sub(cofferdam_sdk::now().saturating_sub(began));
    let waited = match sent.request {
        Some(request) => wait_for(cx, &connection, left, || answers(request)).await,
        None => Err("unanswered"),
    };
    let numbers = match &waited {
        Ok(answers) => handling.messages.borrow_mut().first_of(answers.iter().copied(), limits::PAGE),
        // Answers to others are for whoever waits for them.
        Err(_) => {
            let meanwhile = handling.messages.borrow().unasked(before);
            handling.messages.borrow_mut().first_of(meanwhile.into_iter(), limits::PAGE)
        }
    };
    Ok(Requested {
        connection_id: connection.id.clone(),
        answered: waited.is_ok(),
        ended: waited.err().unwrap_or("answer"),
        request: sent.request,
        bytes_sent: sent.bytes,
        messages: told(&connection, &numbers),
        connected: connection.is_connected(),
        reading_paused: connection.is_paused(),
        handler_cut: handling.cut(),
        waited_ms: since(began),
    })
}

/// What became of a message.
struct Sent {
    bytes: u64,
    request: Option<u64>,
}

/// Makes bytes of a message and sends them in one piece.
async fn send(connection: &Rc<Connection>, message: &str, timeout: Duration) -> Result<Sent, Failure> {
    attached(connection)?;
    let unsent = |unsent: Unsent| {
        Failure::new("send_failed", "Failed to send the message")
            .with("reason", unsent.reason)
            .with("bytes_sent", unsent.sent)
    };
    if !connection.writer.can_send() {
        return Err(unsent(Unsent { sent: 0, reason: "closed" }));
    }
    let encoded = stepping::encode(connection, message).ok_or_else(|| none(connection))?;
    let encoded = encoded.map_err(refusal::of_message)?;
    // A handler may hold a message back until an earlier one is answered.
    if !encoded.send.is_empty() {
        let sent = connection.writer.send(&encoded.send, timeout).await;
        connection.count_sent(sent.as_ref().map_or_else(|unsent| unsent.sent, |()| encoded.send.len()));
        sent.map_err(unsent)?;
    }
    Ok(Sent { bytes: encoded.send.len() as u64, request: encoded.request })
}

/// Fails unless a handler is at work.
fn attached(connection: &Connection) -> Result<(), Failure> {
    if connection.handling.is_attached() { Ok(()) } else { Err(none(connection)) }
}

fn none(connection: &Connection) -> Failure {
    let (id, handling) = (&connection.id, &connection.handling);
    match (handling.cut(), handling.name()) {
        (Some(why), _) => refusal::cut(&why),
        (None, Some(name)) => {
            Failure::new("no_handler", format_args!("`{name}` has ended with connection {id}: nothing more comes"))
        }
        (None, None) => Failure::new(
            "no_handler",
            format_args!("connection {id} has no handler: attach one with tcp_set_handler (handlers_list names them)"),
        ),
    }
}

/// Fails unless the handler says which request a message answers; the host is asked once.
async fn pairs(connection: &Connection) -> Result<(), Failure> {
    let known = || connection.handling.attached.borrow().as_ref().map(|one| (one.highest.clone(), one.pairs));
    let (highest, pairs) = known().ok_or_else(|| none(connection))?;
    let pairs = match pairs {
        Some(pairs) => pairs,
        None => handlers::describe(highest.clone()).await.map_err(refusal::of_call)?.pairs,
    };
    if let Some(attached) = connection.handling.attached.borrow_mut().as_mut().filter(|one| one.highest == highest) {
        attached.pairs = Some(pairs);
    }
    if pairs {
        return Ok(());
    }
    let message =
        format!("`{highest}` does not tell which message answers which: use tcp_send_message, then tcp_messages");
    Err(Failure::new("not_paired", message))
}

/// Somebody asks for messages again: what was returned before has arrived.
fn acknowledge(connection: &Connection, after: Option<u64>) {
    connection.handling.messages.borrow_mut().acknowledge(after);
    if connection.room() == 0 {
        connection.changed();
    }
}

/// Waits until something is there, nothing can come any more, or time is up; why it is not there.
async fn wait_for<T>(
    cx: Cx,
    connection: &Connection,
    timeout: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> Result<T, &'static str> {
    let began = cofferdam_sdk::now();
    let mut changes = connection.watch();
    let mut reported = began;
    loop {
        changes.mark_unchanged();
        if let Some(there) = look() {
            return Ok(there);
        }
        if let Some(why) = in_vain(connection) {
            return Err(why);
        }
        let now = cofferdam_sdk::now();
        let spent = now.saturating_sub(began);
        if spent >= timeout {
            return Err("timeout");
        }
        if now.saturating_sub(reported) >= REPORT {
            reported = now;
            cx.progress(spent.as_secs_f64(), Some(timeout.as_secs_f64()), Some("waiting"));
        }
        _ = cofferdam_sdk::timeout((timeout - spent).min(REPORT), changes.changed()).await;
    }
}

/// Why no message can come as things stand.
fn in_vain(connection: &Connection) -> Option<&'static str> {
    let handling = &connection.handling;
    if handling.cut().is_some() {
        return Some("handler_cut");
    }
    if connection.phase() == Phase::Disconnected {
        return Some("close");
    }
    if !handling.is_attached() {
        return Some(if connection.is_connected() { "detached" } else { "close" });
    }
    connection.is_paused().then_some("buffer_full")
}

/// Messages as an answer has them.
fn told(connection: &Connection, numbers: &[u64]) -> Vec<Told> {
    let most = usize::try_from(cofferdam_sdk::limits().output).unwrap_or(usize::MAX).saturating_sub(AROUND);
    let messages = connection.handling.messages.borrow();
    let one = |number: &u64| {
        let message = messages.get(*number)?;
        let length = message.value.len();
        Some(Told {
            number: *number,
            message: if length <= most { crate::json::Object::given(&*message.value) } else { None },
            start: message.start,
            end: message.end,
            answers: message.answers,
            too_long: (length > most).then_some(length),
        })
    };
    numbers.iter().filter_map(one).collect()
}

fn since(began: Duration) -> u64 {
    u64::try_from(cofferdam_sdk::now().saturating_sub(began).as_millis()).unwrap_or(u64::MAX)
}
