//! One line of input becomes a typed message, or the answer to a broken one. Every request is
//! answered by its id, if an id can be found. Nothing that was sent is quoted back beyond names and
//! a parser's reason.
//!
//! The envelope is read as raw JSON, which tolerates what typed strings do not (lone surrogates).
//! Each part is then read for itself. rmcp's own reader buffers a message several times over and
//! drops what it cannot read.

use rmcp::model::{ClientJsonRpcMessage, ClientNotification, ErrorCode, RequestId};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    id_scanner::IdScanner,
    json::{present, reason},
    refusal::Refusal,
    requests,
};

/// What a line turned out to be.
#[derive(Debug)]
pub(crate) enum Decoded {
    /// A message for the service loop.
    Message(Box<ClientJsonRpcMessage>),
    /// A request that is answered at once.
    Refused(Refusal),
    /// The elements of an array, none of them a batch.
    Batch(Vec<Decoded>),
    /// Nothing to do and nothing to answer: an empty line, or a notification or response that
    /// nobody waits for.
    Nothing,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    jsonrpc: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    method: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    error: Option<&'a RawValue>,
}

/// Reads one line.
pub(crate) fn line(bytes: &[u8]) -> Decoded {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii();
    if bytes.is_empty() {
        return Decoded::Nothing;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if text.starts_with('[') => batch(text),
        Ok(text) => message(text),
        Err(error) => {
            let reason = format!("the line is not UTF-8 (at byte {})", error.valid_up_to());
            Decoded::Refused(Refusal::new(IdScanner::id_of(bytes), ErrorCode::PARSE_ERROR, reason))
        }
    }
}

fn batch(text: &str) -> Decoded {
    let refused = |code, reason: String| Decoded::Refused(Refusal::new(None, code, reason));
    match serde_json::from_str::<Vec<&RawValue>>(text) {
        Ok(elements) if elements.is_empty() => refused(ErrorCode::INVALID_REQUEST, "the batch is empty".to_owned()),
        Ok(elements) => Decoded::Batch(elements.into_iter().map(|element| message(element.get())).collect()),
        Err(error) => refused(ErrorCode::PARSE_ERROR, format!("the line is not JSON: {}", reason(&error))),
    }
}

fn message(text: &str) -> Decoded {
    let envelope = match serde_json::from_str::<Envelope<'_>>(text) {
        Ok(_) if !text.starts_with('{') => return refused_shape(None, "a message is a JSON object"),
        Ok(envelope) => envelope,
        Err(error) if error.is_data() && text.starts_with('{') => {
            return refused_shape(
                IdScanner::id_of(text.as_bytes()),
                &format!("not a JSON-RPC message: {}", reason(&error)),
            );
        }
        Err(error) if error.is_data() => return refused_shape(None, "a message is a JSON object"),
        Err(error) => {
            let id = IdScanner::id_of(text.as_bytes());
            let reason = format!("the line is not JSON: {}", reason(&error));
            return Decoded::Refused(Refusal::new(id, ErrorCode::PARSE_ERROR, reason));
        }
    };
    let Some(method) = envelope.method else {
        if envelope.result.is_some() || envelope.error.is_some() {
            return response(text);
        }
        return refused_shape(envelope.id.and_then(echo), "the message has no `method`");
    };
    let Some(id) = envelope.id else {
        return notification(text);
    };
    if envelope.jsonrpc.map(RawValue::get) != Some("\"2.0\"") {
        return refused_shape(echo(id), "`jsonrpc` must be \"2.0\"");
    }
    let Ok(request_id) = serde_json::from_str::<RequestId>(id.get()) else {
        return refused_shape(echo(id), "`id` must be a string or an integer");
    };
    let Ok(method) = serde_json::from_str::<String>(method.get()) else {
        return refused_shape(echo(id), "`method` must be a string");
    };
    match requests::read(&method, text, envelope.params) {
        Ok(request) => Decoded::Message(Box::new(ClientJsonRpcMessage::request(request, request_id))),
        Err(why) => {
            let reason = format!("invalid params of `{method}`: {why}");
            Decoded::Refused(Refusal::new(echo(id), ErrorCode::INVALID_PARAMS, reason))
        }
    }
}

/// A notification is never answered. One that is unknown or broken is dropped.
fn notification(text: &str) -> Decoded {
    match serde_json::from_str::<ClientNotification>(text) {
        Ok(ClientNotification::CustomNotification(_)) | Err(_) => Decoded::Nothing,
        Ok(notification) => Decoded::Message(Box::new(ClientJsonRpcMessage::notification(notification))),
    }
}

/// The answer to a request of ours. It is dropped if it is broken: two peers that answer errors
/// with errors never end.
fn response(text: &str) -> Decoded {
    serde_json::from_str(text).map_or(Decoded::Nothing, |message| Decoded::Message(Box::new(message)))
}

fn refused_shape(id: Option<String>, reason: &str) -> Decoded {
    Decoded::Refused(Refusal::new(id, ErrorCode::INVALID_REQUEST, reason))
}

/// The id as it is sent back, if it is one that a client can match.
fn echo(id: &RawValue) -> Option<String> {
    let scalar = id.get().starts_with(|first: char| first == '"' || first == '-' || first.is_ascii_digit());
    (scalar && id.get().len() <= 1024).then(|| id.get().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error's code and id, or the message's method.
    fn read(text: &[u8]) -> String {
        show(&line(text))
    }

    fn show(decoded: &Decoded) -> String {
        match decoded {
            Decoded::Refused(refusal) => {
                format!(
                    "{} {} {}",
                    refusal.error.code.0,
                    refusal.id.as_deref().unwrap_or("null"),
                    refusal.error.message
                )
            }
            Decoded::Message(message) => match message.as_ref() {
                ClientJsonRpcMessage::Request(request) => {
                    format!("request {} {}", request.id, request.request.method())
                }
                ClientJsonRpcMessage::Notification(_) => "notification".to_owned(),
                _ => "response".to_owned(),
            },
            Decoded::Batch(elements) => elements.iter().map(show).collect::<Vec<_>>().join(" | "),
            Decoded::Nothing => "nothing".to_owned(),
        }
    }

    #[test]
    fn broken_lines_are_answered_by_id() {
        let cases: &[(&str, &str)] = &[
            ("", "nothing"),
            ("  \t", "nothing"),
            ("hello", "-32700 null the line is not JSON: expected value"),
            (
                "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"ping\"",
                "-32700 3 the line is not JSON: EOF while parsing an object",
            ),
            ("42", "-32600 null a message is a JSON object"),
            ("[]", "-32600 null the batch is empty"),
            ("[1]", "-32600 null a message is a JSON object"),
            (r#"{"jsonrpc":"2.0","id":1}"#, "-32600 1 the message has no `method`"),
            (r#"{"id":1,"method":"ping"}"#, "-32600 1 `jsonrpc` must be \"2.0\""),
            (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, "-32600 1 `jsonrpc` must be \"2.0\""),
            (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, "-32600 null `id` must be a string or an integer"),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, "-32600 1.5 `id` must be a string or an integer"),
            (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, "-32600 null `id` must be a string or an integer"),
            (
                r#"{"jsonrpc":"2.0","id":"\ud800","method":"ping"}"#,
                "-32600 \"\\ud800\" `id` must be a string or an integer",
            ),
            (r#"{"jsonrpc":"2.0","id":1,"method":5}"#, "-32600 1 `method` must be a string"),
            (
                r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#,
                "-32600 1 not a JSON-RPC message: duplicate field `id`",
            ),
            (
                r#"{"jsonrpc":"2.0","id":"a","method":"tools/call"}"#,
                "-32602 \"a\" invalid params of `tools/call`: `name` is missing",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7}}"#,
                "-32602 1 invalid params of `tools/call`: `name`: invalid type: integer `7`, expected a string",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"a\u001b[2J\u007f"}}"#,
                "-32602 1 invalid params of `logging/setLevel`: unknown variant `a\\u{1b}[2J\\u{7f}`, expected one of `debug`, `info`, `notice`, `warning`, `error`, `critical`, `alert`, `emergency`",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":[]}}"#,
                "-32602 1 invalid params of `tools/call`: `arguments` must be an object",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[1]}"#,
                "-32602 1 invalid params of `tools/call`: `params` must be an object",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#,
                "-32602 1 invalid params of `initialize`: missing field `protocolVersion`",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":5}}"#,
                "-32602 1 invalid params of `tools/list`: `cursor`: invalid type: integer `5`, expected a string",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text.as_bytes()), *expected, "{text}");
        }
        assert!(
            read(b"{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"ping\xff\"}")
                .starts_with("-32700 9 the line is not UTF-8")
        );
    }

    #[test]
    fn whole_messages_pass() {
        let cases: &[(&str, &str)] = &[
            ("\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", "request 1 ping"),
            (r#"{"method":"tools/list","jsonrpc":"2.0","id":"x","params":null}"#, "request x tools/list"),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":null}}"#,
                "request 1 tools/call",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{"a":"\ud800"}}}"#,
                "request 1 tools/call",
            ),
            (r#"{"jsonrpc":"2.0","id":1,"method":"no/such","params":[1]}"#, "request 1 no/such"),
            (r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, "notification"),
            (r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#, "notification"),
            (r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":[]}}"#, "nothing"),
            (r#"{"jsonrpc":"2.0","method":"textDocument/didOpen"}"#, "nothing"),
            (r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"t"}}"#, "nothing"),
            (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, "response"),
            (r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}"#, "response"),
            (
                r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2}]"#,
                "request 1 ping | -32600 2 the message has no `method`",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text.as_bytes()), *expected, "{text}");
        }
    }
}
