//! The parts of packets: integers, strings and their lengths (MQTT 5 §1.5).

use handler_kit::Failure;

/// Reads the parts of a packet, one after another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(pub &'a [u8]);

/// A part is not there: what is missing.
pub(crate) type Missing = String;

impl<'a> Reader<'a> {
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn bytes(&mut self, count: usize, what: &str) -> Result<&'a [u8], Missing> {
        let (part, rest) = self.0.split_at_checked(count).ok_or_else(|| format!("{what} is cut off"))?;
        self.0 = rest;
        Ok(part)
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    pub(crate) fn byte(&mut self, what: &str) -> Result<u8, Missing> {
        Ok(self.bytes(1, what)?.iter().fold(0, |_, byte| *byte))
    }

    /// An integer of two or four bytes.
    pub(crate) fn integer(&mut self, length: usize, what: &str) -> Result<u32, Missing> {
        Ok(self.bytes(length, what)?.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
    }

    pub(crate) fn variable(&mut self, what: &str) -> Result<u32, Missing> {
        match variable(self.0) {
            Variable::Whole(value, length) => {
                self.bytes(length, what)?;
                Ok(value)
            }
            Variable::More => Err(format!("{what} is cut off")),
            Variable::TooLong => Err(format!("{what} has more than four bytes")),
        }
    }

    /// Bytes behind a length of two bytes.
    pub(crate) fn binary(&mut self, what: &str) -> Result<&'a [u8], Missing> {
        let length = self.integer(2, what)?;
        self.bytes(length as usize, what)
    }

    /// A string behind a length of two bytes.
    pub(crate) fn text(&mut self, what: &str) -> Result<&'a str, Missing> {
        std::str::from_utf8(self.binary(what)?).map_err(|_| format!("{what} is not UTF-8"))
    }
}

/// A variable byte integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variable {
    /// Its value and its length.
    Whole(u32, usize),
    More,
    TooLong,
}

/// The variable byte integer that stands first.
pub(crate) fn variable(bytes: &[u8]) -> Variable {
    let mut value = 0;
    for at in 0..4 {
        let Some(byte) = bytes.get(at) else { return Variable::More };
        value |= u32::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Variable::Whole(value, at + 1);
        }
    }
    Variable::TooLong
}

/// The largest variable byte integer.
pub(crate) const LARGEST: usize = 268_435_455;

pub(crate) fn put_variable(bytes: &mut Vec<u8>, value: usize) {
    let mut rest = value;
    loop {
        let low = (rest & 0x7f) as u8;
        rest >>= 7;
        bytes.push(if rest > 0 { low | 0x80 } else { low });
        if rest == 0 {
            return;
        }
    }
}

/// Bytes behind a length of two bytes.
pub(crate) fn put_binary(bytes: &mut Vec<u8>, part: &[u8], member: &str) -> Result<(), Failure> {
    let length = u16::try_from(part.len()).map_err(|_| Failure::of(member, "it has at most 65535 bytes"))?;
    bytes.extend(length.to_be_bytes());
    bytes.extend_from_slice(part);
    Ok(())
}

/// A packet: its first byte, its length and the rest.
pub(crate) fn packet(first: u8, rest: &[u8]) -> Result<Vec<u8>, Failure> {
    if rest.len() > LARGEST {
        return Err(Failure::of("payload", format!("the packet has {} bytes: at most {LARGEST} go", rest.len())));
    }
    let mut bytes = vec![first];
    put_variable(&mut bytes, rest.len());
    bytes.extend_from_slice(rest);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variable_integers_go_and_come() {
        for value in [0, 127, 128, 16383, 16384, 2_097_151, 2_097_152, LARGEST] {
            let mut bytes = Vec::new();
            put_variable(&mut bytes, value);
            assert_eq!(variable(&bytes), Variable::Whole(value as u32, bytes.len()));
            assert_eq!(variable(&bytes[..bytes.len() - 1]), Variable::More);
        }
        assert_eq!(variable(&[0xff; 4]), Variable::TooLong);
    }
}
