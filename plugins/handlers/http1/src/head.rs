//! The head of a response: its status, its headers, and how its body ends (RFC 9112 §6.3).

use handler_kit::{Map, Value, shown};

/// The most headers of a response.
const MOST_HEADERS: usize = 256;

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// After so many bytes.
    Length(u64),
    /// With a chunk of length 0.
    Chunked,
    /// With the connection.
    Close,
    /// The connection speaks another protocol from here on.
    Upgrade,
}

/// A head.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub length: usize,
    pub status: u16,
    /// An answer is still to come.
    pub interim: bool,
    /// The server closes the connection behind it.
    pub closes: bool,
    pub ends: Ends,
    pub value: Map<String, Value>,
}

/// The head that stands first, if it is whole. `method` is that of the request which it answers.
pub(crate) fn read(bytes: &[u8], method: Option<&str>) -> Result<Option<Head>, String> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(bytes).map_err(|error| format!("no head of a response: {error}"))? {
        httparse::Status::Partial => return Ok(None),
        httparse::Status::Complete(length) => length,
    };
    let status = response.code.unwrap_or_default();
    let minor = response.version.unwrap_or_default();
    let headers = response.headers;
    let interim = (100..200).contains(&status) && status != 101;
    let ends = if status == 101 || (method == Some("CONNECT") && (200..300).contains(&status)) {
        Ends::Upgrade
    } else if interim || method == Some("HEAD") || matches!(status, 204 | 304) {
        Ends::Length(0)
    } else {
        ends(headers)?
    };
    let closes =
        match (minor, has_token(headers, "connection", "close"), has_token(headers, "connection", "keep-alive")) {
            (_, true, _) => true,
            (0, _, keeps) => !keeps,
            _ => ends == Ends::Close,
        };
    let mut value = Map::new();
    value.insert("type".into(), "response".into());
    value.insert("status".into(), status.into());
    value.insert("reason".into(), response.reason.unwrap_or_default().into());
    if minor == 0 {
        value.insert("version".into(), "1.0".into());
    }
    value.insert("headers".into(), fields(headers));
    if interim {
        value.insert("interim".into(), true.into());
    }
    Ok(Some(Head { length, status, interim, closes, ends, value }))
}

/// Trailers, if they are whole: their length and their fields.
pub(crate) fn trailers(bytes: &[u8]) -> Result<Option<(usize, Value)>, String> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    match httparse::parse_headers(bytes, &mut headers).map_err(|error| format!("no trailers: {error}"))? {
        httparse::Status::Partial => Ok(None),
        httparse::Status::Complete((length, headers)) => Ok(Some((length, fields(headers)))),
    }
}

fn ends(headers: &[httparse::Header<'_>]) -> Result<Ends, String> {
    let codings = words(headers, "transfer-encoding");
    if let Some(last) = codings.last() {
        // The length does not count beside a transfer coding.
        return Ok(if last.eq_ignore_ascii_case("chunked") { Ends::Chunked } else { Ends::Close });
    }
    let lengths = words(headers, "content-length");
    let Some(first) = lengths.first() else { return Ok(Ends::Close) };
    if lengths.iter().any(|length| length != first) {
        return Err("the response has several lengths".into());
    }
    let digits = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit());
    match first.parse() {
        Ok(length) if digits => Ok(Ends::Length(length)),
        _ => Err("the response's length is no number".into()),
    }
}

/// The words between commas in all headers of a name.
fn words(headers: &[httparse::Header<'_>], name: &str) -> Vec<String> {
    let named = headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
    named
        .flat_map(|header| {
            let text = String::from_utf8_lossy(header.value).into_owned();
            text.split(',').map(|word| word.trim().to_owned()).collect::<Vec<_>>()
        })
        .collect()
}

fn has_token(headers: &[httparse::Header<'_>], name: &str, token: &str) -> bool {
    words(headers, name).iter().any(|word| word.eq_ignore_ascii_case(token))
}

/// Headers by name in small letters. One that comes several times has a list of values.
fn fields(headers: &[httparse::Header<'_>]) -> Value {
    let mut fields = Map::new();
    for header in headers {
        let value = shown(header.value);
        match fields.get_mut(&header.name.to_ascii_lowercase()) {
            None => drop(fields.insert(header.name.to_ascii_lowercase(), value)),
            Some(Value::Array(several)) => several.push(value),
            Some(first) => *first = Value::Array(vec![first.clone(), value]),
        }
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends_of(headers: &str, method: &str) -> Result<Ends, String> {
        let bytes = format!("HTTP/1.1 200 OK\r\n{headers}\r\n");
        read(bytes.as_bytes(), Some(method)).map(|head| head.unwrap().ends)
    }

    #[test]
    fn a_body_ends_where_rfc_9112_says() {
        for (headers, method, ends) in [
            ("Content-Length: 5\r\n", "GET", Ends::Length(5)),
            ("Content-Length: 5, 5\r\nContent-Length: 5\r\n", "GET", Ends::Length(5)),
            ("Content-Length: 5\r\n", "HEAD", Ends::Length(0)),
            ("Transfer-Encoding: chunked\r\n", "HEAD", Ends::Length(0)),
            ("Transfer-Encoding: gzip, Chunked\r\nContent-Length: 5\r\n", "GET", Ends::Chunked),
            ("Transfer-Encoding: gzip\r\n", "GET", Ends::Close),
            ("", "GET", Ends::Close),
            ("Content-Length: 5\r\n", "CONNECT", Ends::Upgrade),
        ] {
            assert_eq!(ends_of(headers, method), Ok(ends), "{headers}");
        }
        for headers in ["Content-Length: 5, 6\r\n", "Content-Length: +5\r\n", "Content-Length:\r\n"] {
            assert!(ends_of(headers, "GET").is_err(), "{headers}");
        }
    }
}
