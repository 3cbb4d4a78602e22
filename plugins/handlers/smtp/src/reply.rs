//! Replies: lines with a code, of which the last one has no hyphen (RFC 5321 §4.2).

use data_encoding::BASE64;
use handler_kit::{Map, Value, shown};

/// One line of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReplyLine<'a> {
    pub code: u16,
    /// Another line of the same reply follows.
    pub more: bool,
    pub text: &'a [u8],
}

/// Takes a line apart. None if it is no line of a reply.
pub(crate) fn line(line: &[u8]) -> Option<ReplyLine<'_>> {
    let (digits, rest) = line.split_at_checked(3)?;
    let code =
        digits.iter().try_fold(0, |code, digit| digit.is_ascii_digit().then(|| code * 10 + u16::from(digit - b'0')))?;
    if !(200..600).contains(&code) {
        return None;
    }
    match rest.split_first() {
        None => Some(ReplyLine { code, more: false, text: b"" }),
        Some((b' ', text)) => Some(ReplyLine { code, more: false, text }),
        Some((b'-', text)) => Some(ReplyLine { code, more: true, text }),
        Some(_) => None,
    }
}

/// The enhanced code that a line begins with (RFC 3463), such as `5.7.26`.
fn enhanced(text: &[u8]) -> Option<&str> {
    let word = text.split(|byte| *byte == b' ').next()?;
    let mut parts = word.split(|byte| *byte == b'.');
    let number = |part: Option<&[u8]>, most: usize| {
        part.is_some_and(|part| (1..=most).contains(&part.len()) && part.iter().all(u8::is_ascii_digit))
    };
    let good = number(parts.next(), 1) && number(parts.next(), 3) && number(parts.next(), 3) && parts.next().is_none();
    good.then(|| std::str::from_utf8(word).ok()).flatten()
}

/// A whole reply as a message. `to` is the command that it answers.
pub(crate) fn message(code: u16, lines: &[Vec<u8>], to: Option<&str>) -> Value {
    let mut message = Map::new();
    message.insert("code".into(), code.into());
    if let Some(enhanced) = lines.last().and_then(|line| enhanced(line)) {
        message.insert("enhanced".into(), enhanced.into());
    }
    message.insert("lines".into(), lines.iter().map(|line| shown(line)).collect());
    if let Some(to) = to {
        message.insert("to".into(), to.into());
        // A challenge of AUTH (RFC 4954 §4): aiosmtpd ends its own with a NUL.
        if matches!(to, "AUTH" | "auth")
            && code == 334
            && let [line] = lines
            && let Ok(challenge) = BASE64.decode(line)
        {
            message.insert("challenge".into(), shown(&challenge));
        }
        if matches!(to, "EHLO" | "LHLO") && code == 250 {
            message.insert("extensions".into(), extensions(lines));
        }
    }
    Value::Object(message)
}

/// What a server can do, as it answers EHLO: keywords and what stands behind them.
fn extensions(lines: &[Vec<u8>]) -> Value {
    let mut extensions = Map::new();
    for line in lines.iter().skip(1) {
        let text = String::from_utf8_lossy(line);
        let (keyword, behind) = text.split_once(' ').unwrap_or((&text, ""));
        if !keyword.is_empty() {
            extensions.insert(keyword.to_ascii_uppercase(), behind.trim().into());
        }
    }
    Value::Object(extensions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_code() {
        assert_eq!(line(b"250-a"), Some(ReplyLine { code: 250, more: true, text: b"a" }));
        assert_eq!(line(b"250 a"), Some(ReplyLine { code: 250, more: false, text: b"a" }));
        assert_eq!(line(b"250"), Some(ReplyLine { code: 250, more: false, text: b"" }));
        for bad in [&b"25"[..], b"", b"2500 a", b"abc", b"250a", b"199 a", b"600 a", b"+OK"] {
            assert_eq!(line(bad), None);
        }
    }

    #[test]
    fn an_enhanced_code_stands_first() {
        assert_eq!(enhanced(b"5.7.26 no"), Some("5.7.26"));
        assert_eq!(enhanced(b"2.0.0"), Some("2.0.0"));
        for bad in [&b"5.7 no"[..], b"55.1.1 x", b"1.2.3.4 x", b"ok", b"2.0.x y", b""] {
            assert_eq!(enhanced(bad), None);
        }
    }
}
