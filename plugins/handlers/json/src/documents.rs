//! Cuts documents out of the input, and finds the next one behind what is none.

use handler_kit::{Input, Map, Step, Value, json, reason_with};

use crate::config::{Config, Framing};
use crate::parse::parse;
use crate::scan::{Scan, Scanner, begins, is_blank};

/// So much white space without a document is told as a message of its own.
const MOST_BLANK: usize = 1024;
/// So much that is no document is told at a time.
const MOST_LOST: usize = 4096;
/// So much is told of something that no document begins with, before the next is looked for.
const TOKEN: usize = 8;
/// A mark that some writers put first.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The documents of one connection.
#[derive(Debug)]
pub struct Documents {
    framing: Framing,
    longest: usize,
    deepest: usize,
    scanner: Scanner,
    /// Lines: so much of the line is known to hold no end.
    scanned: usize,
    /// A document is too long: it is given up to its end.
    overlong: bool,
    /// What came was no document: the next one is looked for.
    lost: bool,
}

impl Documents {
    pub fn new(config: &Config) -> Self {
        Self {
            framing: config.framing,
            longest: config.longest_document,
            deepest: config.deepest,
            scanner: Scanner::default(),
            scanned: 0,
            overlong: false,
            lost: false,
        }
    }

    /// Takes the next document, or a part of what is none. Whether something was taken.
    pub fn next(&mut self, input: &mut Input, step: &mut Step) -> bool {
        if self.lost {
            return self.find(input, step);
        }
        let lead = self.lead(input);
        if lead >= MOST_BLANK {
            let span = input.take(MOST_BLANK);
            step.message(blank(), span);
            return true;
        }
        match self.framing {
            Framing::Lines => self.line(lead, input, step),
            Framing::Concatenated | Framing::Sequence => self.document(lead, input, step),
        }
    }

    /// The connection ends.
    pub fn close(&mut self, input: &mut Input, step: &mut Step) {
        let lead = self.lead(input);
        if input.is_empty() {
            return;
        }
        if self.lost || self.overlong {
            let span = input.take_all();
            step.malformed(if self.overlong { self.rest() } else { NO_DOCUMENT.to_owned() }, span);
        } else if lead == input.len() {
            let span = input.take_all();
            step.message(blank(), span);
        } else {
            let parsed = parse(&input.bytes()[lead..], self.deepest);
            let parsed = parsed.map_err(|error| format!("the connection ends within a document: {error}"));
            tell(parsed, lead, input.len(), input, step);
        }
    }

    /// How much white space is before the document.
    fn lead(&self, input: &Input) -> usize {
        if self.overlong || self.lost {
            return 0;
        }
        let bytes = input.bytes();
        let mark = if input.at() == 0 && bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        mark + bytes[mark..].iter().take(MOST_BLANK).take_while(|byte| is_blank(**byte)).count()
    }

    /// A document that is a line.
    fn line(&mut self, lead: usize, input: &mut Input, step: &mut Step) -> bool {
        let line = &input.bytes()[lead..];
        let from = self.scanned.min(line.len());
        let found = memchr::memchr(b'\n', &line[from..]).map(|at| from + at);
        self.scanned = 0;
        match found {
            Some(at) if at <= self.longest => self.whole(lead, at, 1, input, step),
            None if line.len() <= self.longest => {
                self.scanned = line.len();
                return false;
            }
            _ => self.too_long(lead, input, step),
        }
        true
    }

    /// A document that ends by itself.
    fn document(&mut self, lead: usize, input: &mut Input, step: &mut Step) -> bool {
        let bytes = &input.bytes()[lead..];
        let Some(&first) = bytes.first() else { return false };
        if !self.overlong && !begins(first) {
            return self.token(lead, input, step);
        }
        let window = self.longest + usize::from(self.scanner.is_scalar() || !is_bracket(first));
        match self.scanner.scan(&bytes[..bytes.len().min(window)]) {
            Scan::Whole(length) if length <= self.longest => self.whole(lead, length, 0, input, step),
            Scan::Broken(length, reason) => {
                self.start_over();
                self.lost = true;
                let span = input.take(lead + length);
                step.malformed(reason, span);
            }
            Scan::More if bytes.len() <= self.longest => return false,
            _ => {
                self.too_long(lead, input, step);
                self.scanner.forget(self.longest);
            }
        }
        true
    }

    /// A document is there, or the end of one that is too long.
    fn whole(&mut self, lead: usize, length: usize, behind: usize, input: &mut Input, step: &mut Step) {
        let was_overlong = self.overlong;
        self.start_over();
        if !was_overlong {
            let parsed = parse(&input.bytes()[lead..lead + length], self.deepest);
            tell(parsed, lead, lead + length + behind, input, step);
        } else if length + behind > 0 {
            let span = input.take(length + behind);
            step.malformed(self.rest(), span);
        }
    }

    fn start_over(&mut self) {
        self.scanner = Scanner::default();
        self.scanned = 0;
        self.overlong = false;
    }

    fn too_long(&mut self, lead: usize, input: &mut Input, step: &mut Step) {
        let reason = match std::mem::replace(&mut self.overlong, true) {
            true => self.rest(),
            false => format!("the document is longer than {} bytes (`longest_document`)", self.longest),
        };
        let span = input.take(lead + self.longest);
        step.malformed(reason, span);
    }

    fn rest(&self) -> String {
        format!("the rest of a document that is longer than {} bytes", self.longest)
    }

    /// Something that no document begins with: a few bytes are told at once.
    fn token(&mut self, lead: usize, input: &mut Input, step: &mut Step) -> bool {
        let bytes = &input.bytes()[lead..];
        let ends = |byte: &u8| is_blank(*byte) || matches!(byte, b'{' | b'[');
        let length = match bytes.iter().take(TOKEN).position(ends) {
            Some(at) => at,
            None if bytes.len() >= TOKEN => TOKEN,
            None => return false,
        };
        let reason = format!("no document begins with {}", shown(bytes[0]));
        let reason = reason_with(reason, &bytes[..length]);
        self.lost = true;
        let span = input.take(lead + length);
        step.malformed(reason, span);
        true
    }

    /// Looks for the next document: behind the end of the line, or where a bracket opens.
    fn find(&mut self, input: &mut Input, step: &mut Step) -> bool {
        let bytes = input.bytes();
        let length = match memchr::memchr3(b'\n', b'{', b'[', &bytes[..bytes.len().min(MOST_LOST)]) {
            Some(at) => {
                self.lost = false;
                at
            }
            None if bytes.len() >= MOST_LOST => MOST_LOST,
            None => return false,
        };
        if length > 0 {
            let span = input.take(length);
            step.malformed(NO_DOCUMENT, span);
        }
        true
    }
}

const NO_DOCUMENT: &str = "no document begins here";

/// Takes a document, and tells it.
fn tell(parsed: Result<Value, String>, lead: usize, length: usize, input: &mut Input, step: &mut Step) {
    match parsed {
        Ok(value) => {
            let span = input.take(length);
            // `json!` would copy the document.
            step.message(Value::Object(Map::from_iter([("json".to_owned(), value)])), span);
        }
        Err(reason) => {
            let reason = reason_with(reason, &input.bytes()[lead..length]);
            let span = input.take(length);
            step.malformed(reason, span);
        }
    }
}

fn blank() -> Value {
    json!({ "blank": true })
}

fn is_bracket(byte: u8) -> bool {
    matches!(byte, b'{' | b'[' | b'"')
}

/// A byte in words.
fn shown(byte: u8) -> String {
    match byte.is_ascii_graphic() {
        true => format!("`{}`", char::from(byte)),
        false => format!("the byte {byte:02x}"),
    }
}
