//! Commands, messages and answers to AUTH as bytes.

use data_encoding::BASE64;
use handler_kit::{Failure, Value, bytes_of, members};

/// The longest command line, with its end (RFC 4954 §4 has the longest).
const LONGEST: usize = 12288;

/// What goes out, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outgoing {
    pub bytes: Vec<u8>,
    pub kind: Kind,
}

/// What goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A command, by its first word in capitals.
    Command(String),
    /// The message behind DATA.
    Data,
    /// The answer to a challenge of AUTH.
    Auth,
}

/// The bytes of a message.
pub(crate) fn encode(message: &Value) -> Result<Outgoing, Failure> {
    let members = members(message, &["command", "data", "bdat", "last", "auth"])?;
    let given: Vec<_> = members.iter().filter(|(name, _)| *name != "last").collect();
    let [(name, value)] = given.as_slice() else {
        return Err(Failure::new("a message has one of `command`, `data`, `bdat` and `auth`"));
    };
    if members.contains_key("last") && *name != "bdat" {
        return Err(Failure::of("last", "it goes with `bdat` only"));
    }
    match name.as_str() {
        "command" => command(value),
        "data" => Ok(Outgoing { bytes: data(&bytes_of(value, "data")?), kind: Kind::Data }),
        "bdat" => {
            let last = match members.get("last") {
                None | Some(Value::Bool(true)) => " LAST",
                Some(Value::Bool(false)) => "",
                Some(_) => return Err(Failure::of("last", "it is true or false")),
            };
            let part = bytes_of(value, "bdat")?;
            let mut bytes = format!("BDAT {}{last}\r\n", part.len()).into_bytes();
            bytes.extend(part);
            Ok(Outgoing { bytes, kind: Kind::Command("BDAT".into()) })
        }
        _ => {
            let mut bytes = match value {
                // A client gives up with `*`.
                Value::String(text) if text == "*" => b"*".to_vec(),
                value => BASE64.encode(&bytes_of(value, "auth")?).into_bytes(),
            };
            bytes.extend_from_slice(b"\r\n");
            Ok(Outgoing { bytes, kind: Kind::Auth })
        }
    }
}

fn command(value: &Value) -> Result<Outgoing, Failure> {
    let line = value.as_str().ok_or_else(|| Failure::of("command", "it is a line: \"RCPT TO:<a@irc.example>\""))?;
    if line.contains(['\r', '\n', '\0']) {
        return Err(Failure::of("command", "it is one line: a mail goes into `data`"));
    }
    let word = line.split([' ', ':']).next().unwrap_or_default();
    if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(Failure::of("command", "it begins with a word: EHLO, MAIL, RCPT, DATA, QUIT"));
    }
    let word = word.to_ascii_uppercase();
    if word == "BDAT" {
        return Err(Failure::of("command", "send what goes with it as `bdat`"));
    }
    if line.len() + 2 > LONGEST {
        return Err(Failure::of("command", format!("it has more than {} bytes", LONGEST - 2)));
    }
    Ok(Outgoing { bytes: format!("{line}\r\n").into_bytes(), kind: Kind::Command(word) })
}

/// A mail behind DATA (RFC 5321 §4.5.2): every line ends with CR LF, whichever end it had; a dot at
/// the beginning of a line is doubled; CR LF . CR LF ends it. Not every server takes another end:
/// with bare LF, aiosmtpd and postfix wait on, and the client seems to hang; exim 4.96 takes it
/// where the mail's first line has ended so as well, and then finds the client out of step.
fn data(mail: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(mail.len() + mail.len() / 32 + 5);
    let mut rest = mail;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
        let (line, behind) = rest.split_at(end);
        if line.starts_with(b".") {
            bytes.push(b'.');
        }
        bytes.extend_from_slice(line);
        bytes.extend_from_slice(b"\r\n");
        rest = behind.strip_prefix(b"\r\n").or(behind.get(1..)).unwrap_or_default();
    }
    bytes.extend_from_slice(b".\r\n");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_always_ends_with_cr_lf_dot_cr_lf() {
        for (mail, bytes) in [
            (&b"a\nb"[..], &b"a\r\nb\r\n.\r\n"[..]),
            (b"a\r\nb\r\n", b"a\r\nb\r\n.\r\n"),
            (b"a\rb\r", b"a\r\nb\r\n.\r\n"),
            (b"a\n\nb\n", b"a\r\n\r\nb\r\n.\r\n"),
            (b".\n..x\n.", b"..\r\n...x\r\n..\r\n.\r\n"),
            (b"a\n.\nQUIT\n", b"a\r\n..\r\nQUIT\r\n.\r\n"),
            (b"a\r.\rb", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"", b".\r\n"),
            (b"\xff.\n", b"\xff.\r\n.\r\n"),
        ] {
            assert_eq!(data(mail), bytes, "{:?}", mail.escape_ascii().to_string());
        }
    }
}
