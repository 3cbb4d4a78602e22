//! A response of which the body comes. Where it is told as one message, its body is gathered; a
//! body that is too long for that, or is to be told as it comes, is told in messages of its own.

use handler_kit::{Input, Map, Span, Step, Value, json, shown};

use crate::head::{self, Ends, Head};

/// A body is told in parts of this length, unless it is told as it comes.
const PART: usize = 65536;
/// The longest line with a chunk's length, and the longest trailers.
const LONGEST_LINE: usize = 16384;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// So many bytes of the body.
    Bytes(u64),
    /// All that comes, up to the end of the connection.
    All,
    ChunkLength,
    /// The line end behind a chunk.
    ChunkEnd,
    Trailers,
}

/// Whether the body has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// One step is done, and another one may be.
    Again,
    /// More has to come.
    More,
    /// The body has ended, and is told.
    Ended,
    /// The framing is broken: why.
    Broken(String),
}

/// A response of which the body comes.
#[derive(Debug)]
pub(crate) struct Body {
    start: u64,
    next: Next,
    chunked: bool,
    head: Map<String, Value>,
    /// The request that it answers.
    request: Option<u64>,
    /// The body so far, where it is told with its head.
    gathered: Option<Vec<u8>>,
    longest: usize,
    /// Parts are told as they come.
    stream: bool,
    /// Where the next part begins.
    told: u64,
    /// The body's part that is taken from the input and not told yet.
    part: Vec<u8>,
}

impl Body {
    /// A body behind its head, which has been taken from the input. None where the response ends
    /// with its head: it is told.
    pub(crate) fn begin(
        head: Head,
        span: Span,
        request: Option<u64>,
        how: (bool, usize),
        step: &mut Step,
    ) -> Option<Self> {
        let next = match head.ends {
            Ends::Length(0) | Ends::Upgrade => {
                let mut value = head.value;
                if head.ends == Ends::Upgrade {
                    value.insert("upgraded".into(), true.into());
                }
                tell(Value::Object(value), span, request, step);
                return None;
            }
            Ends::Length(length) => Next::Bytes(length),
            Ends::Chunked => Next::ChunkLength,
            Ends::Close => Next::All,
        };
        let (stream, longest) = how;
        let mut body = Self {
            start: span.start,
            next,
            chunked: head.ends == Ends::Chunked,
            head: head.value,
            request,
            gathered: Some(Vec::new()),
            longest,
            stream,
            told: span.end,
            part: Vec::new(),
        };
        if stream || matches!(next, Next::Bytes(length) if length > longest as u64) {
            body.tell_head(span.end, step);
        }
        Some(body)
    }

    /// Takes what has come.
    pub(crate) fn data(&mut self, input: &mut Input, step: &mut Step) -> Progress {
        loop {
            let progress = match self.next {
                Next::Bytes(left) => self.bytes(left, input, step),
                Next::All => match self.take(u64::MAX, input, step) {
                    0 => Progress::More,
                    _ => Progress::Again,
                },
                Next::ChunkLength => self.chunk_length(input, step),
                Next::ChunkEnd => self.chunk_end(input, step),
                Next::Trailers => self.trailers(input, step),
            };
            if progress != Progress::Again {
                if self.stream && progress == Progress::More {
                    self.tell_part(input.at(), step);
                }
                return progress;
            }
        }
    }

    fn bytes(&mut self, left: u64, input: &mut Input, step: &mut Step) -> Progress {
        let took = self.take(left, input, step);
        let left = left - took;
        if left > 0 {
            self.next = Next::Bytes(left);
            return if took == 0 { Progress::More } else { Progress::Again };
        }
        if self.chunked {
            self.next = Next::ChunkEnd;
            return Progress::Again;
        }
        self.finish(None, input.at(), step);
        Progress::Ended
    }

    /// Takes bytes of the body, and tells parts that are whole. How many it took.
    fn take(&mut self, left: u64, input: &mut Input, step: &mut Step) -> u64 {
        let there = input.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let room = match &self.gathered {
            Some(gathered) => self.longest - gathered.len(),
            None => PART - self.part.len(),
        };
        let count = there.min(room);
        let bytes = input.bytes().get(..count).unwrap_or_default();
        match &mut self.gathered {
            Some(gathered) => gathered.extend_from_slice(bytes),
            None => self.part.extend_from_slice(bytes),
        }
        input.take(count);
        if self.part.len() == PART {
            self.tell_part(input.at(), step);
        }
        if there > 0 && room == 0 && self.gathered.is_some() {
            // A body of unknown length turns out to be too long.
            self.tell_head(self.told, step);
            self.tell_part(input.at(), step);
            return self.take(left, input, step);
        }
        count as u64
    }

    fn chunk_length(&mut self, input: &mut Input, step: &mut Step) -> Progress {
        match httparse::parse_chunk_size(input.bytes()) {
            Ok(httparse::Status::Complete((length, size))) => {
                if self.gathered.as_ref().is_some_and(|all| size > (self.longest - all.len()) as u64) {
                    self.tell_head(self.told, step);
                    self.tell_part(input.at(), step);
                }
                input.take(length);
                self.next = if size == 0 { Next::Trailers } else { Next::Bytes(size) };
                Progress::Again
            }
            Ok(httparse::Status::Partial) if input.len() <= LONGEST_LINE => Progress::More,
            Ok(httparse::Status::Partial) => Progress::Broken("the line with a chunk's length is too long".into()),
            Err(_) => Progress::Broken("a chunk has no length".into()),
        }
    }

    fn chunk_end(&mut self, input: &mut Input, step: &mut Step) -> Progress {
        match input.bytes().get(..2) {
            None if b"\r\n".starts_with(input.bytes()) => Progress::More,
            Some(b"\r\n") => {
                input.take(2);
                self.next = Next::ChunkLength;
                self.tell_part(input.at(), step);
                Progress::Again
            }
            _ => Progress::Broken("a chunk is not as long as it says".into()),
        }
    }

    fn trailers(&mut self, input: &mut Input, step: &mut Step) -> Progress {
        match head::trailers(input.bytes()) {
            Ok(Some((length, fields))) => {
                input.take(length);
                let fields = Some(fields).filter(|fields| fields.as_object().is_some_and(|all| !all.is_empty()));
                self.finish(fields, input.at(), step);
                Progress::Ended
            }
            Ok(None) if input.len() <= LONGEST_LINE => Progress::More,
            Ok(None) => Progress::Broken("the trailers are too long".into()),
            Err(reason) => Progress::Broken(reason),
        }
    }

    /// The body has ended: tells what was not told.
    fn finish(&mut self, trailers: Option<Value>, end: u64, step: &mut Step) {
        if let Some(gathered) = self.gathered.take() {
            let mut value = std::mem::take(&mut self.head);
            value.insert("body".into(), shown(&gathered));
            value.extend(trailers.map(|fields| ("trailers".to_owned(), fields)));
            tell(Value::Object(value), Span { start: self.start, end }, self.request, step);
            return;
        }
        let mut value = json!({ "type": "body", "data": shown(&std::mem::take(&mut self.part)), "last": true });
        if let (Some(fields), Value::Object(members)) = (trailers, &mut value) {
            members.insert("trailers".into(), fields);
        }
        step.message(value, Span { start: self.told, end });
    }

    /// The body is cut off, or ends with the connection.
    pub(crate) fn close(&mut self, end: u64, step: &mut Step) {
        if self.next != Next::All {
            match &self.gathered {
                Some(_) => drop(self.head.insert("incomplete".into(), true.into())),
                None => {
                    let data = shown(&std::mem::take(&mut self.part));
                    let value = json!({ "type": "body", "data": data, "last": true, "incomplete": true });
                    step.message(value, Span { start: self.told, end });
                    return;
                }
            }
        }
        self.finish(None, end, step);
    }

    /// Tells the head: its body is told in messages of its own from here on.
    fn tell_head(&mut self, end: u64, step: &mut Step) {
        let mut value = std::mem::take(&mut self.head);
        value.insert("more".into(), true.into());
        tell(Value::Object(value), Span { start: self.start, end }, self.request, step);
        self.told = end;
        self.part = self.gathered.take().unwrap_or_default();
    }

    /// Tells what was taken and not told, if there is any.
    fn tell_part(&mut self, end: u64, step: &mut Step) {
        if self.part.is_empty() {
            return;
        }
        let data = shown(&std::mem::take(&mut self.part));
        step.message(json!({ "type": "body", "data": data, "last": false }), Span { start: self.told, end });
        self.told = end;
    }
}

fn tell(value: Value, span: Span, request: Option<u64>, step: &mut Step) {
    match request {
        Some(request) => step.answer(value, span, request),
        None => step.message(value, span),
    }
}
