//! `tcp_wait`: watches a connection until what the caller waits for has come, the peer has closed,
//! or time is up; then returns what came. It consumes nothing.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use cofferdam_sdk::{Cx, Failure};
use tcp_logic::{Pattern, PatternError, Progress, Until, Wait};

use crate::answers::Waited;
use crate::arguments;
use crate::connection::{Connection, Phase};
use crate::limits;

/// How often a caller hears that the wait goes on.
pub const REPORT: Duration = Duration::from_secs(1);
pub async fn wait(cx: Cx, connection: Rc<Connection>, arguments: arguments::Wait) -> Result<Waited, Failure> {
    let began = cofferdam_sdk::now();
    let until = until(&arguments)?;
    let timeout = limits::wait(cx, arguments.timeout_ms)?;
    let from = match arguments.from {
        None => connection.cursor.get(),
        Some(from) => u64::try_from(from.0)
            .map_err(|_| Failure::argument("from", format_args!("must not be negative, it is {}", from.0)))?,
    };
    let from = from.max(connection.buffer.borrow().first_offset());
    let mut wait = Wait::new(until, from, began);
    let mut changes = connection.watch();
    let mut reported = began;
    let (end, ended) = loop {
        changes.mark_unchanged();
        let now = cofferdam_sdk::now();
        let closed = connection.phase() != Phase::Open;
        let progress = wait.poll(&connection.buffer.borrow(), closed, now);
        let wake_at = match progress {
            Progress::Satisfied { end } => break (end, word(arguments.until)),
            Progress::Closed { end } => break (end, "close"),
            Progress::Full { end } if connection.is_paused() => break (end, "buffer_full"),
            // With a handler, the reader makes room for more.
            Progress::Full { .. } => None,
            Progress::Pending { wake_at } => wake_at,
        };
        // The plugin's common share may be used up while this buffer has room.
        if connection.is_paused() {
            break (connection.buffer.borrow().bytes_received(), "buffer_full");
        }
        let spent = now.saturating_sub(began);
        if spent >= timeout {
            break (connection.buffer.borrow().bytes_received(), "timeout");
        }
        if now.saturating_sub(reported) >= REPORT {
            reported = now;
            cx.progress(spent.as_secs_f64(), Some(timeout.as_secs_f64()), Some("waiting"));
        }
        let left = [Some(timeout - spent), wake_at.map(|at| at.saturating_sub(now)), Some(REPORT)];
        match left.into_iter().flatten().min() {
            // There is more to look at right now: let others have their turn in between.
            Some(Duration::ZERO) => cofferdam_sdk::yield_now().await,
            Some(left) => _ = cofferdam_sdk::timeout(left, changes.changed()).await,
            None => {}
        }
    };
    answer(&connection, &arguments, from, end, ended, began)
}

fn answer(
    connection: &Connection,
    arguments: &arguments::Wait,
    from: u64,
    end: u64,
    ended: &'static str,
    began: Duration,
) -> Result<Waited, Failure> {
    let buffer = connection.buffer.borrow();
    let reading = buffer.read_bytes(from, Some(end.saturating_sub(from)));
    let encoding = tcp_logic::Encoding::from(arguments.format);
    let (data, next_offset) = match encoding {
        tcp_logic::Encoding::Utf8 => {
            let text = reading.text(connection.is_connected());
            (text.strings.concat(), text.next_offset)
        }
        _ => (reading.pieces.iter().map(|piece| tcp_logic::encode(piece, encoding)).collect(), reading.next_offset),
    };
    connection.cursor.set(next_offset);
    let took = cofferdam_sdk::now().saturating_sub(began);
    Ok(Waited {
        connection_id: connection.id.clone(),
        satisfied: ended == word(arguments.until),
        ended,
        data,
        format: encoding.name(),
        offset: reading.first_offset,
        next_offset,
        more: reading.next_offset < end,
        connected: connection.is_connected(),
        reading_paused: connection.is_paused(),
        handler_cut: connection.handling.cut(),
        waited_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    })
}

fn until(arguments: &arguments::Wait) -> Result<Until, Failure> {
    use arguments::Until as Wanted;
    let missing =
        |name: &'static str| Failure::argument(name, format_args!("is needed with until={}", word(arguments.until)));
    Ok(match arguments.until {
        Wanted::Pattern => {
            let pattern = arguments.pattern.as_deref().ok_or_else(|| missing("pattern"))?;
            Until::Pattern(compiled(pattern).map_err(|error| Failure::argument("pattern", error))?)
        }
        Wanted::Bytes => {
            let bytes = arguments.bytes.ok_or_else(|| missing("bytes"))?.0;
            let refused = || Failure::argument("bytes", format_args!("must be at least 1, it is {bytes}"));
            Until::Bytes(u64::try_from(bytes).ok().filter(|n| *n > 0).ok_or_else(refused)?)
        }
        Wanted::Silence => {
            let most = Duration::from_secs(3600);
            Until::Silence(limits::milliseconds("silence_ms", arguments.silence_ms, limits::DEFAULT_SILENCE, most)?)
        }
        Wanted::Close => Until::Close,
    })
}

/// A compiled pattern. The last few are kept, since a caller that waits for a prompt does so often.
fn compiled(text: &str) -> Result<Pattern, PatternError> {
    const KEPT: usize = 8;
    thread_local! {
        static LAST: RefCell<VecDeque<Pattern>> = const { RefCell::new(VecDeque::new()) };
    }
    if let Some(pattern) = LAST.with_borrow(|last| last.iter().find(|pattern| pattern.as_str() == text).cloned()) {
        return Ok(pattern);
    }
    let pattern = Pattern::new(text)?;
    LAST.with_borrow_mut(|last| {
        last.truncate(KEPT - 1);
        last.push_front(pattern.clone());
    });
    Ok(pattern)
}

fn word(until: arguments::Until) -> &'static str {
    match until {
        arguments::Until::Pattern => "pattern",
        arguments::Until::Bytes => "bytes",
        arguments::Until::Silence => "silence",
        arguments::Until::Close => "close",
    }
}
