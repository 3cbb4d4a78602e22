//! What a trigger answers: fixed bytes, or a template with the groups of its match.
//!
//! Only `utf-8` responses are templates: `$1` (digits only, so `$1abc` is group 1 and `abc`), `$0`
//! the whole match, `$name`, `${name}`, `${1}`, and `$$` for a dollar sign. A `$` before anything
//! else is itself. Groups are bytes and go out as they came in. A response can be a message for the
//! connection's handler too (`message.rs`): then each text in its JSON is a template.

mod message;

use std::sync::Arc;

use serde_json::Value;

use crate::encoding::{self, Encoding, EncodingError};
use crate::pattern::Pattern;

/// The largest response, as written and once expanded: 1 MiB.
pub const LARGEST: usize = 1 << 20;

/// A response, ready to be sent or expanded.
#[derive(Debug, Clone)]
pub struct Response {
    kind: Kind,
    size: usize,
}

#[derive(Debug, Clone)]
enum Kind {
    Fixed(Arc<[u8]>),
    Template(Vec<Part>),
    Message(Value),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Bytes(Vec<u8>),
    Group(usize),
}

/// Why a response is refused. Positions count characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what each field is")]
pub enum ResponseError {
    #[error("`response`: {0}")]
    Encoding(EncodingError),
    #[error("`response_terminator`: {0}")]
    Terminator(EncodingError),
    #[error(
        "`response`: unknown group `{name}` at character {position}: the pattern has {known}; write `$$` for a dollar sign"
    )]
    UnknownGroup { name: String, position: usize, known: String },
    #[error("`response`: `${{` at character {position} is not closed by `}}`; write `$$` for a dollar sign")]
    Unclosed { position: usize },
    #[error("`response`: {size} bytes are too many, {LARGEST} are allowed")]
    TooLarge { size: usize },
    #[error("`response`: it is a JSON object, the message to send: {0}")]
    NoMessage(String),
    #[error("`response_terminator`: the handler ends a message itself")]
    Terminated,
}

impl ResponseError {
    /// The name of the argument that is wrong.
    pub fn argument(&self) -> &'static str {
        match self {
            ResponseError::Terminator(_) | ResponseError::Terminated => "response_terminator",
            _ => "response",
        }
    }
}

impl Response {
    /// Reads the `response`, `response_encoding` and `response_terminator` arguments of a
    /// trigger with that pattern.
    pub fn new(
        pattern: &Pattern,
        text: &str,
        encoding: Encoding,
        terminator: Option<&str>,
    ) -> Result<Response, ResponseError> {
        if text.len() > LARGEST * 2 {
            return Err(ResponseError::TooLarge { size: text.len() });
        }
        let terminator = encoding::terminator(terminator.unwrap_or("")).map_err(ResponseError::Terminator)?;
        let mut parts = match encoding {
            Encoding::Utf8 => template(pattern, text)?,
            other => vec![Part::Bytes(encoding::decode(text, other).map_err(ResponseError::Encoding)?)],
        };
        let written = match encoding {
            Encoding::Utf8 if parts.iter().any(|part| matches!(part, Part::Group(_))) => text.len(),
            _ => parts.iter().map(Part::len).sum(),
        };
        let size = written + terminator.len();
        if size > LARGEST {
            return Err(ResponseError::TooLarge { size });
        }
        push_bytes(&mut parts, &terminator);
        let kind = match parts.as_slice() {
            [] => Kind::Fixed(Arc::new([])),
            [Part::Bytes(bytes)] => Kind::Fixed(bytes.as_slice().into()),
            _ => Kind::Template(parts),
        };
        Ok(Response { kind, size })
    }

    /// Size in bytes, terminator included; of a template, as it was written.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The bytes, if they are the same for every match.
    pub fn fixed(&self) -> Option<Arc<[u8]>> {
        match &self.kind {
            Kind::Fixed(bytes) => Some(Arc::clone(bytes)),
            Kind::Template(_) | Kind::Message(_) => None,
        }
    }

    /// The bytes for one match, where `group` yields a group's bytes (nothing for one that took no
    /// part). `None` if they are more than `most`.
    pub fn expand<'h>(&self, most: usize, group: impl Fn(usize) -> &'h [u8]) -> Option<Arc<[u8]>> {
        let parts = match &self.kind {
            Kind::Fixed(bytes) => return (bytes.len() <= most).then(|| Arc::clone(bytes)),
            Kind::Template(parts) => parts,
            Kind::Message(_) => return None,
        };
        expanded(parts, most, &group).map(Into::into)
    }
}

fn expanded<'h>(parts: &[Part], most: usize, group: &impl Fn(usize) -> &'h [u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for part in parts {
        let part = match part {
            Part::Bytes(literal) => literal.as_slice(),
            Part::Group(index) => group(*index),
        };
        if bytes.len() + part.len() > most {
            return None;
        }
        bytes.extend_from_slice(part);
    }
    Some(bytes)
}

impl Part {
    fn len(&self) -> usize {
        match self {
            Part::Bytes(bytes) => bytes.len(),
            Part::Group(_) => 0,
        }
    }
}

fn push_bytes(parts: &mut Vec<Part>, bytes: &[u8]) {
    match parts.last_mut() {
        _ if bytes.is_empty() => {}
        Some(Part::Bytes(last)) => last.extend_from_slice(bytes),
        _ => parts.push(Part::Bytes(bytes.to_vec())),
    }
}

fn template(pattern: &Pattern, text: &str) -> Result<Vec<Part>, ResponseError> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        push_bytes(&mut parts, &rest.as_bytes()[..dollar]);
        let position = || text[..text.len() - rest.len() + dollar].chars().count() + 1;
        let after = &rest[dollar + 1..];
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let word = after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
        let (name, used) = if let Some(literal) = after.strip_prefix('$') {
            push_bytes(&mut parts, b"$");
            rest = literal;
            continue;
        } else if let Some(braced) = after.strip_prefix('{') {
            let close = braced.find('}').ok_or_else(|| ResponseError::Unclosed { position: position() })?;
            (&braced[..close], close + 2)
        } else if digits > 0 {
            (&after[..digits], digits)
        } else if word > 0 {
            (&after[..word], word)
        } else {
            push_bytes(&mut parts, b"$");
            rest = after;
            continue;
        };
        let group = match name.parse::<usize>() {
            Ok(index) if name.bytes().all(|byte| byte.is_ascii_digit()) => Some(index),
            _ => pattern.group_named(name),
        };
        match group.filter(|&group| group < pattern.groups()) {
            Some(group) => parts.push(Part::Group(group)),
            None => {
                return Err(ResponseError::UnknownGroup {
                    name: format!("${}", name.chars().take(32).flat_map(char::escape_debug).collect::<String>()),
                    position: position(),
                    known: known(pattern),
                });
            }
        }
        rest = &after[used..];
    }
    push_bytes(&mut parts, rest.as_bytes());
    Ok(parts)
}

fn known(pattern: &Pattern) -> String {
    match pattern.groups() - 1 {
        0 => "no groups".to_owned(),
        1 => "the group `$1`".to_owned(),
        last => format!("the groups `$1` to `${last}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn respond(pattern: &str, text: &str, groups: &[&'static [u8]]) -> Result<Vec<u8>, String> {
        let pattern = Pattern::new(pattern).unwrap();
        let response =
            Response::new(&pattern, text, Encoding::Utf8, Some("0d0a")).map_err(|error| error.to_string())?;
        Ok(response.expand(100, |group| groups[group]).unwrap().to_vec())
    }

    #[test]
    fn groups_are_expanded() {
        let groups: &[&[u8]] = &[b"PING x\xff", b"x\xff", b""];
        let pattern = "PING (?<who>.*)(!)?";
        assert_eq!(respond(pattern, "PONG $1", groups).unwrap(), b"PONG x\xff\r\n");
        assert_eq!(
            respond(pattern, "$1abc ${1}2 $who ${who}s $0", groups).unwrap(),
            b"x\xffabc x\xff2 x\xff x\xffs PING x\xff\r\n"
        );
        assert_eq!(respond(pattern, "[$2]", groups).unwrap(), b"[]\r\n");
        assert_eq!(respond(pattern, "$$1 costs $ 5, $.", groups).unwrap(), b"$1 costs $ 5, $.\r\n");
    }

    #[test]
    fn unknown_groups_are_refused_by_name() {
        assert_eq!(
            respond("(a)", "é$2", &[]).unwrap_err(),
            "`response`: unknown group `$2` at character 2: the pattern has the group `$1`; write `$$` for a dollar sign"
        );
        assert!(
            respond("a", "$HOME", &[])
                .unwrap_err()
                .contains("unknown group `$HOME` at character 1: the pattern has no groups")
        );
        assert!(respond("(a)(b)", "$12", &[]).unwrap_err().contains("`$12`"));
        assert!(respond("(a)", "${1", &[]).unwrap_err().contains("not closed"));
        assert!(respond("(a)", "${}", &[]).unwrap_err().contains("unknown group `$`"));
        assert!(respond("(a)", "$99999999999999999999999", &[]).unwrap_err().contains("unknown group"));
        assert!(respond("(a)", "${+1}", &[]).unwrap_err().contains("unknown group"));
    }

    #[test]
    fn only_text_expands() {
        let pattern = Pattern::new("(a)").unwrap();
        let response = Response::new(&pattern, "2431", Encoding::Hex, None).unwrap();
        assert_eq!((&*response.fixed().unwrap(), response.size()), (&b"$1"[..], 2));
        let response = Response::new(&pattern, "JDE=", Encoding::Base64, Some("\\x0a")).unwrap();
        assert_eq!((&*response.fixed().unwrap(), response.size()), (&b"$1\n"[..], 3));
        let response = Response::new(&pattern, "$$", Encoding::Utf8, Some("")).unwrap();
        assert_eq!((&*response.fixed().unwrap(), response.size()), (&b"$"[..], 1));
    }

    #[test]
    fn mistakes_name_their_argument() {
        let pattern = Pattern::new("a").unwrap();
        let error = Response::new(&pattern, "zz", Encoding::Hex, None).unwrap_err();
        assert_eq!((error.argument(), error.to_string().starts_with("`response`: invalid hex")), ("response", true));
        let error = Response::new(&pattern, "ok", Encoding::Utf8, Some("\r\n!")).unwrap_err();
        assert_eq!(error.argument(), "response_terminator");
        let large = "a".repeat(LARGEST);
        assert!(Response::new(&pattern, &large, Encoding::Utf8, None).is_ok());
        assert!(
            Response::new(&pattern, &large, Encoding::Utf8, Some("00")).unwrap_err().to_string().contains("1048577")
        );
    }

    #[test]
    fn expansion_is_bounded() {
        let pattern = Pattern::new("(a)").unwrap();
        let response = Response::new(&pattern, "$1$1", Encoding::Utf8, None).unwrap();
        assert!(response.expand(7, |_| b"1234").is_none());
        assert_eq!(response.expand(8, |_| b"1234").unwrap().len(), 8);
    }
}
