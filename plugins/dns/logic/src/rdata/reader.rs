//! The bytes of one record's data, in its message: what is read in place ends where the record
//! ends, and only a compressed name reaches beyond.

use std::ops::Range;

use hickory_proto::rr::Name;
use hickory_proto::serialize::binary::{BinDecodable as _, BinDecoder};

use crate::text;

/// Reads the data of one record from its beginning to its end.
pub(crate) struct Reader<'a> {
    decoder: BinDecoder<'a>,
    end: usize,
    /// The compressed names that were read: where they stand in the message,
    /// and their bytes in full.
    compressed: Vec<(Range<usize>, Vec<u8>)>,
}

impl<'a> Reader<'a> {
    /// The next `length` bytes of a message.
    pub fn new(decoder: &BinDecoder<'a>, length: usize) -> Option<Self> {
        let start = decoder.index();
        let end = start.checked_add(length).filter(|_| length <= decoder.len())?;
        Some(Self { decoder: decoder.clone(u16::try_from(start).ok()?), end, compressed: Vec::new() })
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.end.saturating_sub(self.decoder.index())
    }

    pub fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        if length > self.left() {
            return None;
        }
        Some(self.decoder.read_slice(length).ok()?.unverified(/* only shown */))
    }

    pub fn rest(&mut self) -> &'a [u8] {
        self.take(self.left()).unwrap_or_default()
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub fn octet(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub fn u48(&mut self) -> Option<u64> {
        self.array().map(|[a, b, c, d, e, f]| u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    pub fn v4(&mut self) -> Option<std::net::Ipv4Addr> {
        self.array::<4>().map(Into::into)
    }

    pub fn v6(&mut self) -> Option<std::net::Ipv6Addr> {
        self.array::<16>().map(Into::into)
    }

    /// One `<character-string>`.
    pub fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.octet()?;
        self.take(usize::from(length))
    }

    /// A name, compressed or not, as BIND writes it.
    pub fn name(&mut self) -> Option<String> {
        let start = self.decoder.index();
        let name = Name::read(&mut self.decoder).ok()?;
        let end = self.decoder.index();
        if end > self.end {
            return None;
        }
        let mut whole: Vec<u8> = Vec::new();
        for label in name.iter() {
            whole.push(u8::try_from(label.len()).ok()?);
            whole.extend(label);
        }
        whole.push(0);
        if whole.len() != end - start {
            self.compressed.push((start..end, whole));
        }
        Some(text::name(&name))
    }

    /// The data with the compressed names in it written in full: outside of its message a pointer
    /// means nothing (RFC 3597, section 4). `start` is where the data begins in the message.
    pub fn expanded(&self, raw: &[u8], start: usize) -> Vec<u8> {
        let (mut whole, mut at) = (Vec::with_capacity(raw.len()), 0);
        for (range, name) in &self.compressed {
            let (from, to) = (range.start.saturating_sub(start), range.end.saturating_sub(start));
            whole.extend(raw.get(at..from).unwrap_or_default());
            whole.extend(name);
            at = to;
        }
        whole.extend(raw.get(at..).unwrap_or_default());
        whole
    }
}

/// The numbers of the bits that are set, the highest bit of the first byte being number 0.
pub(super) fn bits(bytes: &[u8]) -> impl Iterator<Item = u16> {
    (0u16..)
        .zip(bytes)
        .flat_map(|(index, octet)| (0..8).filter(move |bit| octet & (0x80 >> bit) != 0).map(move |bit| index * 8 + bit))
}
