//! Frames whose length stands before them.

use handler_kit::{Discard, Failure, Input, Span, Step, reason_with};

use crate::config::{Config, Order};

/// Where the length stands, and what it counts.
#[derive(Debug)]
pub struct Length {
    offset: usize,
    length_bytes: usize,
    order: Order,
    inclusive: bool,
    adjust: i32,
    longest: usize,
    send_header: Option<Vec<u8>>,
    /// A frame that is too long, or all that comes because no next frame can be found.
    discard: Option<Discard>,
}

/// A frame: its header, its payload and its bytes.
pub struct Frame {
    pub header: Vec<u8>,
    pub payload: Vec<u8>,
    pub span: Span,
}

impl Length {
    pub fn new(config: &Config) -> Result<Self, Failure> {
        let send_header = config.send_header.as_ref().map(|header| header.bytes("send_header")).transpose()?;
        let offset = usize::from(config.offset);
        if send_header.as_ref().is_some_and(|header| header.len() != offset) {
            return Err(Failure::of("send_header", format!("it has as many bytes as `offset` says: {offset}")));
        }
        Ok(Self {
            offset,
            length_bytes: usize::from(config.length_bytes),
            order: config.byte_order,
            inclusive: config.inclusive,
            adjust: config.adjust,
            longest: config.longest_frame,
            send_header,
            discard: None,
        })
    }

    /// What stands before the payload, in bytes.
    fn before(&self) -> usize {
        self.offset + self.length_bytes
    }

    /// The next frame, if it is whole.
    pub fn next(&mut self, input: &mut Input, step: &mut Step) -> Option<Frame> {
        loop {
            if let Some(discard) = &mut self.discard {
                if !discard.data(input, step) {
                    return None;
                }
                self.discard = None;
            }
            let before = self.before();
            let head = input.bytes().get(..before)?;
            let told = self.read(&head[self.offset..]);
            let length = match self.payload_of(told) {
                Some(length) if length <= self.longest as u64 => length as usize,
                length => {
                    let reason = match length {
                        Some(length) => {
                            format!("the frame has {length} bytes, more than {} (`longest_frame`)", self.longest)
                        }
                        None => format!("no frame has the length {told}: it counts less than itself"),
                    };
                    self.discard = Some(match length {
                        Some(length) => Discard::new("the rest of a frame that is too long", length),
                        None => Discard::all("no frame begins here: a length before it was none"),
                    });
                    let reason = reason_with(reason, head);
                    let span = input.take(before);
                    step.malformed(reason, span);
                    continue;
                }
            };
            let payload = input.bytes().get(before..before + length)?.to_vec();
            let header = input.bytes()[..self.offset].to_vec();
            return Some(Frame { header, payload, span: input.take(before + length) });
        }
    }

    /// The connection ends.
    pub fn close(&mut self, input: &mut Input, step: &mut Step) {
        if let Some(discard) = &mut self.discard {
            discard.close(input, step);
        }
    }

    /// A frame of this payload.
    pub fn encode(&self, header: Option<Vec<u8>>, payload: &[u8]) -> Result<Vec<u8>, Failure> {
        let header = match header.or_else(|| self.send_header.clone()) {
            Some(header) => header,
            None if self.offset == 0 => Vec::new(),
            None => return Err(Failure::of("header", "it is needed: `offset` bytes stand before the length")),
        };
        if header.len() != self.offset {
            return Err(Failure::of("header", format!("it has {} bytes, as `offset` says", self.offset)));
        }
        if payload.len() > self.longest {
            return Err(Failure::of("frame", format!("it has more than {} bytes (`longest_frame`)", self.longest)));
        }
        let most = u64::MAX >> (64 - 8 * self.length_bytes as u32);
        let told = self.told_of(payload.len()).filter(|told| *told <= most).ok_or_else(|| {
            Failure::of("frame", format!("no length of {} bytes tells {} bytes", self.length_bytes, payload.len()))
        })?;
        let mut frame = header;
        match self.order {
            Order::Big => frame.extend_from_slice(&told.to_be_bytes()[8 - self.length_bytes..]),
            Order::Little => frame.extend_from_slice(&told.to_le_bytes()[..self.length_bytes]),
        }
        frame.extend_from_slice(payload);
        Ok(frame)
    }

    fn read(&self, bytes: &[u8]) -> u64 {
        let mut all = [0; 8];
        match self.order {
            Order::Big => {
                all[8 - bytes.len()..].copy_from_slice(bytes);
                u64::from_be_bytes(all)
            }
            Order::Little => {
                all[..bytes.len()].copy_from_slice(bytes);
                u64::from_le_bytes(all)
            }
        }
    }

    /// How many bytes are behind a length, as it is told.
    fn payload_of(&self, told: u64) -> Option<u64> {
        let before = if self.inclusive { self.before() as i128 } else { 0 };
        u64::try_from(i128::from(told) + i128::from(self.adjust) - before).ok()
    }

    /// The length to tell of so many bytes behind it.
    fn told_of(&self, payload: usize) -> Option<u64> {
        let before = if self.inclusive { self.before() as i128 } else { 0 };
        u64::try_from(payload as i128 - i128::from(self.adjust) + before).ok()
    }
}
