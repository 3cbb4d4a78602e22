//! Other protocols that are known by their first bytes: what is told when a peer turns out to speak
//! something else.

/// First bytes, and the protocol that begins so.
const BEGINNINGS: &[(&[u8], &str)] = &[
    (b"HTTP/1.", "an HTTP response"),
    (b"GET ", "an HTTP request"),
    (b"POST ", "an HTTP request"),
    (b"PRI * HTTP/2", "HTTP/2"),
    (b"SSH-", "SSH"),
    (b"AMQP", "AMQP"),
    (b"RFB ", "VNC (RFB)"),
    (b"<?xml", "XML"),
    (b"<html", "HTML"),
    (b"<!DOCTYPE", "HTML"),
    (b"-ERR ", "RESP (Redis) or POP3"),
    (b"+OK", "RESP (Redis) or POP3"),
    (b"220 ", "SMTP or FTP"),
    (b"220-", "SMTP or FTP"),
    (b"* OK", "IMAP"),
    (b"\x15\x03", "a TLS alert"),
    (b"\x16\x03", "TLS"),
    (b"\xff\xfb", "telnet"),
    (b"\xff\xfd", "telnet"),
];

/// So many bytes have to be there of a beginning that is longer.
const ENOUGH: usize = 4;

/// The protocol that these bytes begin like, if one is known.
pub fn other_protocol(bytes: &[u8]) -> Option<&'static str> {
    let begins =
        |beginning: &[u8]| bytes.starts_with(beginning) || bytes.len() >= ENOUGH && beginning.starts_with(bytes);
    BEGINNINGS.iter().find(|(beginning, _)| begins(beginning)).map(|(_, name)| *name)
}

/// A reason with what the bytes look like, if that is known.
pub fn reason_with(reason: impl Into<String>, bytes: &[u8]) -> String {
    let reason = reason.into();
    match other_protocol(bytes) {
        Some(name) => format!("{reason}; it looks like {name}"),
        None => reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_known_is_told() {
        assert_eq!(other_protocol(b"HTTP/1.1 400 Bad Request\r\n"), Some("an HTTP response"));
        assert_eq!(other_protocol(b"AMQP\x03\x01\x00\x00"), Some("AMQP"));
        assert_eq!(other_protocol(b"SSH-2.0-OpenSSH_10.0\r\n"), Some("SSH"));
        assert_eq!(other_protocol(b"HTTP"), Some("an HTTP response"));
        assert_eq!(other_protocol(b"HT"), None);
        assert_eq!(other_protocol(b"\x00\x01"), None);
        assert_eq!(reason_with("no length", b"GET / "), "no length; it looks like an HTTP request");
    }
}
