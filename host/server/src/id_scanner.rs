//! Finds the id of a request that cannot be read as a whole: it is too long to keep, or not quite
//! JSON. The scanner looks at every byte once, keeps none of them, and never fails. The id that it
//! finds only addresses an error.

/// Ids longer than this are not recovered.
const MAX_ID: usize = 256;

/// A scanner that is fed a line in pieces.
#[derive(Debug, Default)]
pub(crate) struct IdScanner {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// At depth 1 the next string is a member's name.
    expects_name: bool,
    /// The member being read is `id`.
    at_id: bool,
    /// The name or the id being read; `None` once it is too long or not a scalar.
    token: Option<Vec<u8>>,
    id: Option<String>,
    has_method: bool,
}

impl IdScanner {
    /// The id of a request that is one whole line.
    pub(crate) fn id_of(line: &[u8]) -> Option<String> {
        let mut scanner = Self::default();
        scanner.feed(line);
        scanner.request_id()
    }

    /// The id as JSON text, if the line was a request whose id is an integer or a string.
    pub(crate) fn request_id(mut self) -> Option<String> {
        self.end_scalar();
        self.id.filter(|_| self.has_method)
    }

    /// Looks at the next piece.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if self.in_string {
                self.string_byte(byte);
            } else {
                self.structure_byte(byte);
            }
        }
    }

    fn string_byte(&mut self, byte: u8) {
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.in_string = false;
            if self.depth == 1 {
                self.end_string();
            }
            return;
        }
        if self.depth == 1 {
            self.keep(byte);
        }
    }

    fn structure_byte(&mut self, byte: u8) {
        match byte {
            b'"' => {
                self.in_string = true;
                if self.depth == 1 {
                    self.token = Some(Vec::new());
                }
            }
            b'{' | b'[' => {
                self.depth += 1;
                self.token = None;
                if self.depth == 1 {
                    self.expects_name = byte == b'{';
                }
            }
            b'}' | b']' => {
                self.end_scalar();
                self.depth = self.depth.saturating_sub(1);
            }
            b',' if self.depth == 1 => {
                self.end_scalar();
                self.expects_name = true;
            }
            b':' if self.depth == 1 => {
                self.expects_name = false;
                self.token = Some(Vec::new());
            }
            b'-' | b'0'..=b'9' if self.depth == 1 && self.at_id => self.keep(byte),
            b' ' | b'\t' | b'\r' => {}
            _ => self.token = None,
        }
    }

    fn keep(&mut self, byte: u8) {
        if let Some(token) = &mut self.token {
            if token.len() < MAX_ID { token.push(byte) } else { self.token = None }
        }
    }

    fn end_string(&mut self) {
        let token = self.token.take().and_then(|bytes| String::from_utf8(bytes).ok());
        if self.expects_name {
            self.at_id = token.as_deref() == Some("id");
            self.has_method |= token.as_deref() == Some("method");
        } else if self.at_id {
            let id = token.map(|text| format!("\"{text}\""));
            self.id = self.id.take().or(id.filter(|id| is_json(id)));
        }
    }

    fn end_scalar(&mut self) {
        if self.depth == 1 && self.at_id && !self.expects_name {
            let id = self.token.take().and_then(|bytes| String::from_utf8(bytes).ok());
            self.id = self.id.take().or(id.filter(|id| id.parse::<i64>().is_ok()));
        }
    }
}

/// Whether the text may stand in an answer as it is. The escape of a lone surrogate may.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::IdScanner;

    #[test]
    fn finds_the_id_wherever_it_stands() {
        let cases: &[(&str, Option<&str>)] = &[
            (r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"id":1,"#, Some("7")),
            (r#"{"method":"m","params":{"id":1,"a":["id",{"id":2}]},"jsonrpc":"2.0","id":"a-9"}"#, Some("\"a-9\"")),
            (r#"{"method":"m","params":{"x":"\",\"id\":5,\""},"id":-3}"#, Some("-3")),
            (r#"{ "method" : "m" , "id" : 12 }"#, Some("12")),
            (r#"{"method":"m","id":12"#, Some("12")),
            (r#"{"method":"m","id":"\ud800"}"#, Some("\"\\ud800\"")),
            (r#"{"id":1,"result":{}}"#, None),
            (r#"{"method":"m","id":null}"#, None),
            (r#"{"method":"m","id":{"id":4}}"#, None),
            (r#"{"method":"m","id":1.5}"#, None),
            (r#"{"method":"m","id":true}"#, None),
            (r#"[{"method":"m","id":1}]"#, None),
            (r#"{"method":"m"}"#, None),
            ("Content-Length: 20", None),
            ("", None),
        ];
        for (line, id) in cases {
            assert_eq!(IdScanner::id_of(line.as_bytes()).as_deref(), *id, "{line}");
        }
    }

    #[test]
    fn pieces_are_as_good_as_the_whole() {
        let line = br#"{"method":"m","params":{"x":"\\\"{"},"id":"q\"1"}"#;
        for cut in 0..line.len() {
            let mut scanner = IdScanner::default();
            scanner.feed(&line[..cut]);
            scanner.feed(&line[cut..]);
            assert_eq!(scanner.request_id().as_deref(), Some(r#""q\"1""#));
        }
    }

    #[test]
    fn an_endless_id_is_not_kept() {
        let line = format!(r#"{{"method":"m","id":"{}"}}"#, "x".repeat(10_000));
        assert_eq!(IdScanner::id_of(line.as_bytes()), None);
    }
}
