//! Lines of MCP: cut alike however they arrive, a line over the limit named by its id, every
//! request answered by the id that it came with, and every refusal one line of JSON.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use rmcp::model::ClientJsonRpcMessage;
use serde_json::Value;
use tokio::io::{AsyncRead, ReadBuf};

use crate::decode::{self, Decoded};
use crate::id_scanner::IdScanner;
use crate::lines::{InputLine, LineReader};
use crate::refusal::Refusal;

/// Any bytes: a limit, the length of pieces, and the input.
pub fn target(data: &[u8]) {
    let Some((&[limit, piece], input)) = data.split_first_chunk::<2>() else { return };
    let limit = 16 + usize::from(limit) * 8;
    let found = all(input, 1 + usize::from(piece), limit);
    assert_eq!(found, plain_reading(input, limit));
    assert_eq!(found, all(input, input.len().max(1), limit), "however it is cut");
    for line in found.into_iter().flatten() {
        understood(&line, &decode::line(&line));
    }
}

/// A line that is whole, or the id of one that is not.
type Cut = Result<Vec<u8>, Option<String>>;

/// A reader that gives so much at a time.
struct Pieces<'a>(&'a [u8], usize);

impl AsyncRead for Pieces<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let input = self.0;
        let (now, rest) = input.split_at(input.len().min(self.1).min(buffer.remaining()));
        buffer.put_slice(now);
        self.0 = rest;
        Poll::Ready(Ok(()))
    }
}

fn all(input: &[u8], piece: usize, limit: usize) -> Vec<Cut> {
    let mut lines = LineReader::new(Pieces(input, piece), limit);
    let mut found = Vec::new();
    loop {
        let next = std::pin::pin!(lines.next());
        let Poll::Ready(next) = Future::poll(next, &mut Context::from_waker(Waker::noop())) else {
            panic!("the reader never waits");
        };
        match next.unwrap_or_else(|error| panic!("the reader never fails: {error}")) {
            Some(InputLine::Whole(line)) => found.push(Ok(line.to_vec())),
            Some(InputLine::TooLong { id }) => found.push(Err(id)),
            None => return found,
        }
    }
}

fn plain_reading(input: &[u8], limit: usize) -> Vec<Cut> {
    let mut lines: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    let one = |line: &[u8]| match line.len() > limit {
        true => Err(IdScanner::id_of(line)),
        false => Ok(line.strip_suffix(b"\r").unwrap_or(line).to_vec()),
    };
    lines.into_iter().map(one).collect()
}

/// What was made of a line is what the line says.
fn understood(line: &[u8], decoded: &Decoded) {
    let bare = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
    let value = serde_json::from_slice::<Value>(bare).ok();
    match decoded {
        Decoded::Batch(elements) => {
            let array = value.as_ref().and_then(Value::as_array);
            assert!(array.is_none_or(|array| array.len() == elements.len()), "every element is answered for itself");
            elements.iter().for_each(|element| assert!(!matches!(element, Decoded::Batch(_)), "no batch in a batch"));
            elements.iter().for_each(bounded);
        }
        one => {
            bounded(one);
            if let Some(value) = value {
                same_id(&value, bare, one);
            } else if let Decoded::Message(message) = one {
                // What the library's values cannot hold, a lone surrogate or a large number, may
                // stand in a part that is not read.
                assert!(bare.starts_with(b"{"), "{message:?}");
            }
        }
    }
}

fn bounded(decoded: &Decoded) {
    let Decoded::Refused(refusal) = decoded else { return };
    let Refusal { id, error } = refusal;
    let sent = refusal.encode();
    assert!(sent.len() < 4096 && !sent.contains(&b'\n'), "{}", String::from_utf8_lossy(&sent));
    assert!(!error.message.is_empty() && !error.message.chars().any(char::is_control), "{:?}", error.message);
    // An id comes back as it was written, so a lone surrogate in it is the sender's own.
    if id.as_ref().is_none_or(|id| serde_json::from_str::<Value>(id).is_ok()) {
        let told: Value = serde_json::from_slice(&sent).unwrap_or_else(|error| panic!("{error}: {sent:?}"));
        assert_eq!((&told["jsonrpc"], &told["error"]["code"]), (&Value::from("2.0"), &Value::from(error.code.0)));
    }
}

/// A request that can be answered is answered by its own id.
fn same_id(value: &Value, text: &[u8], decoded: &Decoded) {
    let Some(object) = value.as_object() else { return };
    // Names that stand twice are an error whose id is the first one's; `Value` keeps the last.
    let twice =
        text.windows(4).filter(|part| part.eq_ignore_ascii_case(b"\"id\"")).count() > 1 || text.contains(&b'\\');
    let Some(id) = object.get("id").filter(|id| id.is_i64() || id.is_string()) else { return };
    if twice || !object.contains_key("method") || id.to_string().len() > 256 {
        return;
    }
    match decoded {
        Decoded::Message(message) => match message.as_ref() {
            ClientJsonRpcMessage::Request(request) => {
                assert_eq!(serde_json::to_value(&request.id).ok().as_ref(), Some(id));
                assert_eq!(object["jsonrpc"], "2.0");
            }
            other => panic!("a request is taken for {other:?}"),
        },
        Decoded::Refused(refusal) => {
            let told = refusal.id.as_deref().and_then(|id| serde_json::from_str::<Value>(id).ok());
            assert_eq!(told.as_ref(), Some(id), "{}", refusal.error.message);
        }
        Decoded::Batch(_) | Decoded::Nothing => panic!("a request is not answered"),
    }
}
