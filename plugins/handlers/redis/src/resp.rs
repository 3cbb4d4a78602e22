//! RESP, read as it comes: RESP2, RESP3 and their mixtures. A message may come in any pieces, and
//! no byte of it is looked at twice, except for a line that is not whole yet. Nothing is allocated
//! for a length that is only announced.

use handler_kit::{Input, Span, Step, Value, other_protocol, reason_with, shown};

use crate::scalar::{self, number};
use crate::tokens::{LONGEST, Token, Tokens};
use crate::value::{self, Item, Kind};

/// A message that is given up is told in parts of this length.
const PART: usize = 65536;
/// The deepest nesting that becomes JSON. Readers of JSON stop at 128 levels, and one level here is
/// up to four there.
const DEEPEST: usize = 24;
/// The deepest nesting that is followed while a message is given up.
const DEEPEST_GIVEN_UP: usize = 1024;

/// A whole message.
#[derive(Debug)]
pub(crate) struct Whole {
    pub item: Item,
    pub span: Span,
}

/// What the parser has come upon.
#[derive(Debug)]
pub(crate) enum Next {
    /// A message.
    Whole(Whole),
    /// Something that is none was told: what comes may not be what it seems to be.
    Broken,
    /// A message was given up and told, but the next one begins where it should.
    GivenUp {
        /// It was a push, which answers nothing.
        push: bool,
    },
    /// More has to come.
    More,
}

/// Something that holds values and is not whole.
#[derive(Debug)]
struct Open {
    holds: Holds,
    /// So many values are still to come, or those until an end is told.
    left: Option<u64>,
    items: Vec<Value>,
    /// Attributes of the next value in it.
    attributes: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Values(Kind),
    Attributes,
}

/// The state between two pieces.
#[derive(Debug)]
pub(crate) struct Parser {
    most_values: usize,
    tokens: Tokens,
    open: Vec<Open>,
    /// Attributes of the whole message.
    attributes: Option<Value>,
    values: usize,
    /// The bytes of a streamed string.
    chunks: Option<Vec<u8>>,
    /// Why the message is given up. It is followed to its end all the same.
    given_up: Option<String>,
}

impl Parser {
    pub(crate) fn new(most_values: usize) -> Self {
        let (tokens, open, attributes) = (Tokens::default(), Vec::new(), None);
        Self { most_values, tokens, open, attributes, values: 0, chunks: None, given_up: None }
    }

    /// Reads on, up to the end of one message.
    pub(crate) fn next(&mut self, input: &mut Input, step: &mut Step) -> Next {
        loop {
            if self.given_up.is_some() {
                self.tell_parts(input, step);
            }
            let token = match self.tokens.next(input, self.given_up.is_some()) {
                Ok(Some(Token::TooLong)) => {
                    self.give_up(format!("the message is longer than {LONGEST} bytes"));
                    continue;
                }
                Ok(Some(token)) => token,
                Ok(None) => {
                    if self.given_up.is_some() {
                        self.tell_parts(input, step);
                    }
                    return Next::More;
                }
                Err(reason) => return self.broken(&reason, input, step),
            };
            let item = match self.take(token) {
                Ok(None) => continue,
                Ok(Some(item)) => item,
                Err(reason) => return self.broken(&reason, input, step),
            };
            match self.insert(item) {
                Ok(None) => {}
                Ok(Some(item)) => {
                    let reason = self.given_up.clone();
                    if reason.is_some() {
                        self.tell_parts(input, step);
                    }
                    let span = input.take(self.tokens.read);
                    *self = Self::new(self.most_values);
                    let Some(reason) = reason else { return Next::Whole(Whole { item, span }) };
                    if span.start < span.end {
                        step.malformed(reason, span);
                    }
                    return Next::GivenUp { push: item.kind == Kind::Push };
                }
                Err(reason) => return self.broken(&reason, input, step),
            }
        }
    }

    /// Tells what was read of a message that is given up, in parts.
    fn tell_parts(&mut self, input: &mut Input, step: &mut Step) {
        while self.tokens.read >= PART {
            let span = input.take(PART);
            step.malformed(self.given_up.clone().unwrap_or_default(), span);
            self.tokens.read -= PART;
        }
    }

    /// Tells all that was read of the message, and begins anew behind it.
    fn broken(&mut self, reason: &str, input: &mut Input, step: &mut Step) -> Next {
        if self.given_up.is_some() {
            self.tell_parts(input, step);
        }
        let bytes = input.bytes().get(..self.tokens.read).unwrap_or_default();
        let reason = match other_protocol(bytes) {
            Some(name) if !name.contains("RESP") => reason_with(reason, bytes),
            _ => reason.to_owned(),
        };
        let span = input.take(self.tokens.read);
        step.malformed(reason, span);
        *self = Self::new(self.most_values);
        Next::Broken
    }

    fn give_up(&mut self, reason: String) {
        if self.given_up.is_none() {
            self.given_up = Some(reason);
            self.open.iter_mut().for_each(|open| open.items = Vec::new());
            self.chunks = self.chunks.as_ref().map(|_| Vec::new());
        }
    }

    /// A token as a value, if it is a whole one.
    fn take(&mut self, token: Token) -> Result<Option<Item>, String> {
        if self.chunks.is_some() {
            return match token {
                Token::Line(b';', _) => Ok(self.chunks.take().map(|bytes| Item::new(Kind::Bulk, shown(&bytes)))),
                Token::String(b';', bytes) => {
                    self.chunks.get_or_insert_default().extend(bytes);
                    Ok(None)
                }
                // The bytes of a string that is given up come as a string without bytes.
                Token::String(..) if self.given_up.is_some() => Ok(None),
                _ => Err("a streamed string has a part that is none".into()),
            };
        }
        match token {
            Token::TooLong => Ok(None),
            Token::Line(b'$', text) if text == b"?" => {
                self.chunks = Some(Vec::new());
                Ok(None)
            }
            Token::Line(kind @ (b'*' | b'~' | b'%' | b'>' | b'|'), text) if text != b"-1" || kind != b'*' => {
                self.begin(kind, &text)
            }
            Token::Line(b'.', text) if text.is_empty() => self.end_streamed().map(Some),
            Token::Line(kind, text) => scalar::line(kind, &text).map(Some),
            Token::String(b'=', _) if self.given_up.is_some() => Ok(Some(Item::new(Kind::Verbatim, Value::Null))),
            Token::String(kind, text) => scalar::string(kind, &text).map(Some),
        }
    }

    /// Something that holds values begins.
    fn begin(&mut self, kind: u8, count: &[u8]) -> Result<Option<Item>, String> {
        let (holds, each) = match kind {
            b'*' => (Holds::Values(Kind::Array), 1),
            b'~' => (Holds::Values(Kind::Set), 1),
            b'>' => (Holds::Values(Kind::Push), 1),
            b'%' => (Holds::Values(Kind::Map), 2),
            _ => (Holds::Attributes, 2),
        };
        let left = match count {
            b"?" => None,
            digits => Some(number(digits).and_then(|n| n.checked_mul(each)).ok_or("a count is none")?),
        };
        let deepest = if self.given_up.is_some() { DEEPEST_GIVEN_UP } else { DEEPEST };
        if self.open.len() >= deepest {
            if self.given_up.is_some() {
                return Err(format!("the message is nested deeper than {DEEPEST_GIVEN_UP}"));
            }
            self.give_up(format!("the message is nested deeper than {DEEPEST}"));
        }
        let open = Open { holds, left, items: Vec::new(), attributes: None };
        if left == Some(0) {
            return self.closed(open);
        }
        self.values += 1;
        self.open.push(open);
        Ok(None)
    }

    /// A line that ends something of which the count was not told.
    fn end_streamed(&mut self) -> Result<Item, String> {
        match self.open.pop() {
            Some(open) if open.left.is_none() => {
                let pairs = !matches!(open.holds, Holds::Values(Kind::Array | Kind::Set | Kind::Push));
                if pairs && open.items.len() % 2 == 1 && self.given_up.is_none() {
                    return Err("a map ends behind a key".into());
                }
                match self.closed(open)? {
                    Some(item) => Ok(item),
                    None => Err("streamed attributes are not known".into()),
                }
            }
            _ => Err("an end stands where nothing is streamed".into()),
        }
    }

    /// All its values are there: it is a value itself, or says something of the next one.
    fn closed(&mut self, open: Open) -> Result<Option<Item>, String> {
        match open.holds {
            Holds::Values(Kind::Map) => Ok(Some(Item::new(Kind::Map, value::map(open.items)))),
            Holds::Values(kind) => Ok(Some(Item::new(kind, open.items.into()))),
            Holds::Attributes => {
                let attributes = Some(value::map(open.items));
                match self.open.last_mut() {
                    Some(holder) => holder.attributes = attributes,
                    None => self.attributes = attributes,
                }
                Ok(None)
            }
        }
    }

    /// Puts a value where it belongs. The whole message, if that is whole with it.
    fn insert(&mut self, mut item: Item) -> Result<Option<Item>, String> {
        self.values += 1;
        if self.values > self.most_values {
            self.give_up(format!("the message has more than {} values", self.most_values));
        }
        if self.tokens.read > LONGEST {
            self.give_up(format!("the message is longer than {LONGEST} bytes"));
        }
        loop {
            let Some(holder) = self.open.last_mut() else {
                item.attributes = self.attributes.take();
                return Ok(Some(item));
            };
            item.attributes = holder.attributes.take();
            if self.given_up.is_none() {
                holder.items.push(item.nested());
            }
            let Some(left) = &mut holder.left else { return Ok(None) };
            *left -= 1;
            if *left > 0 {
                return Ok(None);
            }
            let Some(open) = self.open.pop() else { return Ok(None) };
            match self.closed(open)? {
                Some(closed) => item = closed,
                None => return Ok(None),
            }
        }
    }
}
