//! The bits of an AIS payload: six in each character.

/// What is left of a payload's bits.
#[derive(Clone, Debug)]
pub struct Bits {
    /// Six bits in each.
    sixes: Vec<u8>,
    at: usize,
    end: usize,
}

/// The six-bit characters of names and texts.
const CHARACTERS: &[u8; 64] = b"@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_ !\"#$%&'()*+,-./0123456789:;<=>?";

impl Bits {
    /// The bits of a payload, without so many at its end.
    ///
    /// # Errors
    /// A character stands for none.
    pub fn new(payload: &str, fill: u8) -> Result<Self, String> {
        let six = |byte: u8| match byte {
            b'0'..=b'W' => Ok(byte - b'0'),
            b'`'..=b'w' => Ok(byte - b'`' + 40),
            other => Err(format!("`{}` stands for no bits of an AIS payload", char::from(other).escape_default())),
        };
        let sixes = payload.bytes().map(six).collect::<Result<Vec<u8>, _>>()?;
        let end = (sixes.len() * 6).saturating_sub(fill.into());
        Ok(Self { sixes, at: 0, end })
    }

    /// How many bits are left.
    pub fn left(&self) -> usize {
        self.end - self.at
    }

    /// The next bits as a number. Bits that are not there are 0.
    pub fn take(&mut self, count: usize) -> u64 {
        (0..count).fold(0, |number, _| number << 1 | u64::from(self.bit()))
    }

    /// The next bits as a number whose first bit is its sign.
    pub fn signed(&mut self, count: usize) -> i64 {
        let number = self.take(count) as i64;
        let sign = 1i64 << (count - 1);
        (number ^ sign) - sign
    }

    /// So many characters of six bits. `@` ends a text, and blanks at its end say nothing.
    pub fn text(&mut self, count: usize) -> String {
        let characters: Vec<u8> = (0..count).map(|_| CHARACTERS[self.take(6) as usize]).collect();
        let text = characters.split(|character| *character == b'@').next().unwrap_or_default();
        String::from_utf8_lossy(text).trim_end().to_owned()
    }

    /// All that is left, in bytes.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while self.left() > 0 {
            let count = self.left().min(8);
            bytes.push((self.take(count) << (8 - count)) as u8);
        }
        bytes
    }

    fn bit(&mut self) -> u8 {
        if self.at >= self.end {
            return 0;
        }
        let six = self.sixes.get(self.at / 6).copied().unwrap_or_default();
        let bit = six >> (5 - self.at % 6) & 1;
        self.at += 1;
        bit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_taken_from_the_front() {
        let mut bits = Bits::new("0Ww", 2).unwrap();
        assert_eq!(bits.left(), 16);
        assert_eq!((bits.take(6), bits.signed(6), bits.rest()), (0, -25, vec![0xf0]));
        assert_eq!((bits.left(), bits.take(8)), (0, 0));
        assert!(Bits::new("X", 0).is_err());
        assert_eq!(Bits::new("", 5).unwrap().left(), 0);
    }

    #[test]
    fn a_text_ends_with_an_at() {
        assert_eq!(Bits::new("123P0123", 0).unwrap().text(8), "ABC");
        assert_eq!(Bits::new("12Pb", 0).unwrap().text(4), "AB *");
        assert_eq!(Bits::new("12PP", 0).unwrap().text(4), "AB");
    }
}
