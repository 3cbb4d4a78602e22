//! One line of IRC: tags, source, command and parameters (RFC 1459 §2.3.1, IRCv3 message tags).
//! Words may stand more than one space apart, as RFC 1459 has it and some servers do.

/// A line, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parsed<'a> {
    /// Names and values, in the order of the line. A tag without a value has an empty one.
    pub tags: Vec<(&'a [u8], Vec<u8>)>,
    /// Who it comes from.
    pub source: Option<&'a [u8]>,
    /// The command in capitals, or three digits.
    pub command: String,
    /// The parameters.
    pub params: Vec<&'a [u8]>,
    /// What stands behind the command, as it came.
    pub rest: &'a [u8],
}

/// Takes a line apart, or says why it is none of IRC.
pub(crate) fn parse(line: &[u8]) -> Result<Parsed<'_>, &'static str> {
    if line.contains(&0) {
        return Err("a NUL stands in the line");
    }
    if line.contains(&b'\r') {
        return Err("a CR stands within the line");
    }
    let mut rest = line;
    let mut tags = Vec::new();
    if let Some(behind) = rest.strip_prefix(b"@") {
        let (word, behind) = word(behind);
        tags = word.split(|byte| *byte == b';').filter(|tag| !tag.is_empty()).map(tag).collect();
        rest = behind;
    }
    let mut source = None;
    if let Some(behind) = rest.strip_prefix(b":") {
        let (word, behind) = word(behind);
        source = Some(word);
        rest = behind;
    }
    let (command, behind) = word(rest);
    if command.is_empty() {
        return Err("the line has no command");
    }
    let letters = command.iter().all(u8::is_ascii_alphabetic);
    let number = command.len() == 3 && command.iter().all(u8::is_ascii_digit);
    if !letters && !number {
        return Err("the command is neither letters nor three digits");
    }
    let command = String::from_utf8_lossy(command).to_ascii_uppercase();
    let mut params = Vec::new();
    let mut rest = behind;
    while !rest.is_empty() {
        if let Some(trailing) = rest.strip_prefix(b":") {
            params.push(trailing);
            break;
        }
        let (word, behind) = word(rest);
        params.push(word);
        rest = behind;
    }
    Ok(Parsed { tags, source, command, params, rest: behind })
}

/// The word before the first space, and what stands behind the spaces.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| *byte == b' ').unwrap_or(text.len());
    let (word, mut behind) = text.split_at(end);
    while let Some(next) = behind.strip_prefix(b" ") {
        behind = next;
    }
    (word, behind)
}

/// A tag's name, and its value with the escapes undone.
fn tag(text: &[u8]) -> (&[u8], Vec<u8>) {
    let end = text.iter().position(|byte| *byte == b'=').unwrap_or(text.len());
    let (name, value) = text.split_at(end);
    let mut value = value.iter().skip(1);
    let mut plain = Vec::with_capacity(value.len());
    while let Some(byte) = value.next() {
        let byte = if *byte == b'\\' {
            match value.next() {
                Some(b':') => b';',
                Some(b's') => b' ',
                Some(b'r') => b'\r',
                Some(b'n') => b'\n',
                Some(other) => *other,
                None => break,
            }
        } else {
            *byte
        };
        plain.push(byte);
    }
    (name, plain)
}

/// A tag's value with its escapes.
pub(crate) fn escaped(value: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(value.len());
    for byte in value {
        match byte {
            b';' => text.extend(b"\\:"),
            b' ' => text.extend(b"\\s"),
            b'\\' => text.extend(b"\\\\"),
            b'\r' => text.extend(b"\\r"),
            b'\n' => text.extend(b"\\n"),
            other => text.push(*other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_line_is_told() {
        for (line, reason) in [
            (&b"a\0b"[..], "a NUL stands in the line"),
            (b"PING a\rb", "a CR stands within the line"),
            (b"@tags", "the line has no command"),
            (b":source", "the line has no command"),
            (b" ", "the line has no command"),
            (b"12", "the command is neither letters nor three digits"),
            (b"SSH-2.0-x", "the command is neither letters nor three digits"),
            (b"HTTP/1.1 400 Bad Request", "the command is neither letters nor three digits"),
        ] {
            assert_eq!(parse(line), Err(reason), "{line:?}");
        }
    }

    #[test]
    fn escapes_are_done_and_undone() {
        let value = b"a;b c\\d\r\n";
        let text = [b"k=".to_vec(), escaped(value)].concat();
        assert_eq!(tag(&text), (&b"k"[..], value.to_vec()));
    }
}
