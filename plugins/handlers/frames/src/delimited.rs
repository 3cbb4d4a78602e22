//! Frames with bytes behind them that stand nowhere in them: a delimiter, SLIP, COBS.

use handler_kit::{Failure, Input, Span, Step, reason_with};
use memchr::memmem;

use crate::config::{Config, Kind};
use crate::slip;

/// So many ends without a frame are told as an empty one.
const MOST_ENDS: usize = 1024;

/// How the bytes between two ends become a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    /// They are it.
    Plain,
    Slip,
    Cobs,
}

/// What ends a frame, and what is between.
#[derive(Debug)]
pub struct Delimited {
    code: Code,
    end: memmem::Finder<'static>,
    longest: usize,
    /// The most bytes between two ends.
    longest_code: usize,
    /// So much of the input is known to hold no end, but for ends before the frame.
    scanned: usize,
    /// A frame is too long: it is given up to its end.
    overlong: bool,
}

impl Delimited {
    pub fn new(config: &Config) -> Result<Self, Failure> {
        let longest = config.longest_frame;
        let (code, end, longest_code) = match config.kind {
            Kind::Slip => (Code::Slip, vec![slip::END], longest * 2),
            Kind::Cobs => (Code::Cobs, vec![0], longest + longest / 254 + 1),
            Kind::Length | Kind::Delimiter => {
                let end = config.delimiter.as_ref().map(|end| end.bytes("delimiter")).transpose()?.unwrap_or_default();
                (Code::Plain, end, longest)
            }
        };
        if !(1..=32).contains(&end.len()) {
            return Err(Failure::of("delimiter", format!("it has 1 to 32 bytes, not {}", end.len())));
        }
        let end = memmem::Finder::new(&end).into_owned();
        Ok(Self { code, end, longest, longest_code, scanned: 0, overlong: false })
    }

    /// The next frame, if it is whole: its payload and its bytes.
    pub fn next(&mut self, input: &mut Input, step: &mut Step) -> Option<(Vec<u8>, Span)> {
        loop {
            let bytes = input.bytes();
            let ends = self.ends_before(bytes);
            if ends >= MOST_ENDS {
                self.scanned = 0;
                return Some((Vec::new(), input.take(MOST_ENDS)));
            }
            let end = self.end.needle().len();
            let code = &bytes[ends..];
            let from = self.scanned.saturating_sub(end - 1).min(code.len());
            let found = self.end.find(&code[from..]).map(|at| from + at);
            self.scanned = 0;
            match found {
                Some(at) if at <= self.longest_code => {
                    let all = ends + at + end;
                    if std::mem::take(&mut self.overlong) {
                        let span = input.take(all);
                        step.malformed(self.rest(), span);
                        continue;
                    }
                    match self.decode(&code[..at]) {
                        Ok(payload) => return Some((payload, input.take(all))),
                        Err(reason) => {
                            let reason = reason_with(reason, code);
                            let span = input.take(all);
                            step.malformed(reason, span);
                        }
                    }
                }
                None if code.len() < self.longest_code + end => {
                    self.scanned = code.len();
                    return None;
                }
                _ => {
                    let reason = match std::mem::replace(&mut self.overlong, true) {
                        true => self.rest(),
                        false => format!("the frame is longer than {} bytes (`longest_frame`)", self.longest),
                    };
                    let span = input.take(ends + self.longest_code);
                    step.malformed(reason, span);
                }
            }
        }
    }

    /// The connection ends: ends that no frame follows are told as one frame, an empty one.
    pub fn close(&mut self, input: &mut Input) -> Option<Span> {
        let ends = self.ends_before(input.bytes());
        (ends > 0 && ends == input.len()).then(|| input.take_all())
    }

    /// A frame of this payload.
    pub fn encode(&self, payload: &[u8]) -> Result<Vec<u8>, Failure> {
        if payload.len() > self.longest {
            return Err(Failure::of("frame", format!("it has more than {} bytes (`longest_frame`)", self.longest)));
        }
        let end = self.end.needle();
        Ok(match self.code {
            Code::Slip => slip::encode(payload),
            Code::Cobs => [cobs::encode_vec(payload).as_slice(), end].concat(),
            Code::Plain => {
                let frame = [payload, end].concat();
                if self.end.find(&frame) != Some(payload.len()) {
                    return Err(Failure::of("frame", "the delimiter stands within it"));
                }
                frame
            }
        })
    }

    /// Ends that stand before a frame belong to it: SLIP and COBS know no empty frames.
    fn ends_before(&self, bytes: &[u8]) -> usize {
        match self.code {
            Code::Plain => 0,
            Code::Slip | Code::Cobs if self.overlong => 0,
            Code::Slip | Code::Cobs => {
                let end = self.end.needle();
                bytes.iter().take_while(|byte| end == [**byte]).count()
            }
        }
    }

    fn decode(&self, code: &[u8]) -> Result<Vec<u8>, String> {
        let payload = match self.code {
            Code::Plain => return Ok(code.to_vec()),
            Code::Slip => slip::decode(code)?,
            Code::Cobs => cobs::decode_vec(code).map_err(|_| "a length within the COBS frame is wrong".to_owned())?,
        };
        match payload.len() <= self.longest {
            true => Ok(payload),
            false => Err(format!("the frame is longer than {} bytes (`longest_frame`)", self.longest)),
        }
    }

    fn rest(&self) -> String {
        format!("the rest of a frame that is longer than {} bytes", self.longest)
    }
}
