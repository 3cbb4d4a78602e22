//! Requests as bytes (RFC 9112 §3). What a server could read as two requests is refused.

use handler_kit::{Failure, Map, Value, bytes_of, members};

use crate::Config;

/// A request, and what its answer depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub method: String,
    pub bytes: Vec<u8>,
}

/// The bytes of a request.
pub(crate) fn encode(message: &Value, config: &Config) -> Result<Request, Failure> {
    let members = members(message, &["method", "target", "headers", "body", "json", "version"])?;
    let method = match members.get("method") {
        None => "GET",
        Some(Value::String(method)) if token(method) => method,
        Some(_) => return Err(Failure::of("method", "it is a word such as GET")),
    };
    let target = members.get("target").and_then(Value::as_str).unwrap_or_default();
    if target.is_empty() || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::of("target", "it is a path such as /a?b=c, without blanks: write those as %20"));
    }
    if method != "CONNECT" && !target.starts_with('/') && !target.contains("://") && target != "*" {
        return Err(Failure::of("target", "it begins with `/`"));
    }
    let version = match members.get("version").map(Value::as_str) {
        None | Some(Some("1.1")) => "1.1",
        Some(Some("1.0")) => "1.0",
        Some(_) => return Err(Failure::of("version", "it is 1.1 or 1.0")),
    };
    let body = body(members)?;
    let mut lines = headers(members.get("headers"))?;
    let named =
        |lines: &[(String, Vec<u8>)], name: &str| lines.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    if named(&lines, "transfer-encoding") {
        return Err(Failure::of("headers.transfer-encoding", "a body is sent whole, with its length"));
    }
    let length = body.as_ref().map_or(0, Vec::len).to_string();
    if lines.iter().any(|(name, value)| name.eq_ignore_ascii_case("content-length") && *value != length.as_bytes()) {
        return Err(Failure::of("headers.content-length", format!("the body has {length} bytes; it is set by itself")));
    }
    if !named(&lines, "host") {
        match &config.host {
            Some(host) => lines.insert(0, ("Host".into(), host.clone().into_bytes())),
            None if version == "1.0" => {}
            None => return Err(Failure::of("headers.host", "HTTP/1.1 wants it, and no `host` is configured")),
        }
    }
    if members.contains_key("json") && !named(&lines, "content-type") {
        lines.push(("Content-Type".into(), b"application/json".to_vec()));
    }
    // A server waits for a body where none is said to be absent.
    if !named(&lines, "content-length") && (body.is_some() || matches!(method, "POST" | "PUT" | "PATCH")) {
        lines.push(("Content-Length".into(), length.into_bytes()));
    }
    let mut bytes = format!("{method} {target} HTTP/{version}\r\n").into_bytes();
    for (name, value) in lines {
        bytes.extend(name.into_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend(value);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend(body.unwrap_or_default());
    Ok(Request { method: method.to_owned(), bytes })
}

fn body(members: &Map<String, Value>) -> Result<Option<Vec<u8>>, Failure> {
    match (members.get("body"), members.get("json")) {
        (Some(_), Some(_)) => Err(Failure::of("json", "a request has a `body` or a `json`, not both")),
        (Some(body), None) => bytes_of(body, "body").map(Some),
        (None, Some(json)) => Ok(Some(json.to_string().into_bytes())),
        (None, None) => Ok(None),
    }
}

fn headers(value: Option<&Value>) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let empty = Map::new();
    let headers = match value {
        None => &empty,
        Some(Value::Object(headers)) => headers,
        Some(_) => return Err(Failure::of("headers", "it is an object of names and values")),
    };
    let mut lines = Vec::new();
    for (name, value) in headers {
        let member = format!("headers.{}", name.to_ascii_lowercase());
        if !token(name) {
            return Err(Failure::of(member, "it is no name of a header"));
        }
        let values = match value {
            Value::Array(values) => values.iter().collect(),
            value => vec![value],
        };
        for value in values {
            let value = match value {
                Value::Number(number) => number.to_string().into_bytes(),
                value => bytes_of(value, &member)?,
            };
            if value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
                return Err(Failure::of(member, "it stands in one line"));
            }
            lines.push((name.clone(), value.trim_ascii().to_vec()));
        }
    }
    Ok(lines)
}

/// Whether it is a token (RFC 9110 §5.6.2).
fn token(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
