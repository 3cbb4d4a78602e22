//! Where a JSON text ends, without reading what it says. The scan goes on where it stopped when
//! more bytes are there, so that no byte is looked at twice.

/// What a scan found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scan {
    /// The document has so many bytes.
    Whole(usize),
    /// It does not end within what is there.
    More,
    /// It cannot become a document: so many bytes are given up, and why.
    Broken(usize, String),
}

/// One document.
#[derive(Clone, Debug, Default)]
pub struct Scanner {
    /// So many bytes were looked at.
    at: usize,
    inside: Inside,
    depth: usize,
    /// Of each open bracket, whether it is an object's. The last one is the lowest bit.
    objects: u128,
    /// The most that `depth` was.
    deepest: usize,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Inside {
    /// Brackets, or the document's first byte.
    #[default]
    Structure,
    /// A string.
    Text,
    /// A string, behind a backslash.
    Escape,
    /// A number or a word that is the whole document.
    Scalar,
}

impl Scanner {
    /// How deep brackets were within each other.
    pub fn deepest(&self) -> usize {
        self.deepest
    }

    /// Whether the document is a number or a word, which ends before the byte behind it only.
    pub fn is_scalar(&self) -> bool {
        self.inside == Inside::Scalar
    }

    /// So many bytes were taken from the front.
    pub fn forget(&mut self, count: usize) {
        self.at = self.at.saturating_sub(count);
    }

    /// Goes on with the document that begins with these bytes.
    pub fn scan(&mut self, bytes: &[u8]) -> Scan {
        while let Some(&byte) = bytes.get(self.at) {
            match self.inside {
                Inside::Structure => match byte {
                    b'{' | b'[' => self.open(byte == b'{'),
                    b'}' | b']' => {
                        if !self.close(byte == b'}') {
                            return Scan::Broken(
                                self.at + 1,
                                format!("a bracket is closed by another: byte {}", self.at),
                            );
                        }
                        if self.depth == 0 {
                            self.at += 1;
                            return Scan::Whole(self.at);
                        }
                    }
                    b'"' => self.inside = Inside::Text,
                    _ if self.depth == 0 => self.inside = Inside::Scalar,
                    _ => {}
                },
                Inside::Text => {
                    let rest = &bytes[self.at..];
                    match rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | b'\n')) {
                        None => {
                            self.at = bytes.len();
                            return Scan::More;
                        }
                        Some(behind) => self.at += behind,
                    }
                    match bytes[self.at] {
                        b'\\' => self.inside = Inside::Escape,
                        b'"' if self.depth == 0 => {
                            self.at += 1;
                            return Scan::Whole(self.at);
                        }
                        b'"' => self.inside = Inside::Structure,
                        _ => return Scan::Broken(self.at, format!("a line ends within a string: byte {}", self.at)),
                    }
                }
                Inside::Escape => self.inside = Inside::Text,
                Inside::Scalar if ends_scalar(byte) => return Scan::Whole(self.at),
                Inside::Scalar => {}
            }
            self.at += 1;
        }
        Scan::More
    }

    fn open(&mut self, object: bool) {
        self.objects = self.objects << 1 | u128::from(object);
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
    }

    /// Whether the bracket closes the one that is open.
    fn close(&mut self, object: bool) -> bool {
        // What is deeper than there are bits is refused anyway, by its depth.
        let fits = self.depth > 0 && (self.deepest > 128 || (self.objects & 1 == 1) == object);
        self.objects >>= 1;
        self.depth = self.depth.saturating_sub(1);
        fits
    }
}

/// White space between documents. A record separator counts as well.
pub fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x1e)
}

/// Whether a document can begin with the byte.
pub fn begins(byte: u8) -> bool {
    matches!(byte, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')
}

/// Whether the byte ends a number or a word.
fn ends_scalar(byte: u8) -> bool {
    is_blank(byte) || matches!(byte, b'{' | b'[' | b'"' | b',' | b'}' | b']' | b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &str) -> Scan {
        let mut by_byte = Scanner::default();
        let mut last = Scan::More;
        for length in 1..=text.len() {
            last = by_byte.scan(&text.as_bytes()[..length]);
            if last != Scan::More {
                break;
            }
        }
        assert_eq!(Scanner::default().scan(text.as_bytes()), last, "{text}");
        last
    }

    #[test]
    fn a_document_ends_where_its_brackets_close() {
        assert_eq!(scan(r#"{"a":[1,{"b":"}"}]}{}"#), Scan::Whole(19));
        assert_eq!(scan(r#""a\"b" "#), Scan::Whole(6));
        assert_eq!(scan(r#""\\""#), Scan::Whole(4));
        assert_eq!(scan("12 "), Scan::Whole(2));
        assert_eq!(scan("true[]"), Scan::Whole(4));
        assert_eq!(scan("12"), Scan::More);
        assert_eq!(scan("[[]"), Scan::More);
    }

    #[test]
    fn what_cannot_become_a_document_is_broken_at_once() {
        assert!(matches!(scan("{]"), Scan::Broken(2, _)));
        assert!(matches!(scan("[{}}"), Scan::Broken(4, _)));
        assert!(matches!(scan("[\"a\n"), Scan::Broken(3, _)));
    }

    #[test]
    fn depth_is_counted_beyond_the_bits() {
        let text = "[".repeat(500) + &"]".repeat(500);
        let mut scanner = Scanner::default();
        assert_eq!(scanner.scan(text.as_bytes()), Scan::Whole(1000));
        assert_eq!(scanner.deepest(), 500);
    }
}
