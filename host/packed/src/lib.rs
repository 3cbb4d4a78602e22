//! Packed data that is embedded in the program: components and their compiled code. The build
//! script writes an archive, and [`unpack`] gives back one entry of it. The method is LZMA2; an
//! entry may be packed as what differs from an earlier one, because components have much code in
//! common. This crate knows nothing of what it packs.
//!
//! The packed form of an entry is a slice of the archive that ends with the entry. It begins with
//! the entry that it resembles, if there is one, and so is complete in itself. Its last 16 bytes,
//! each number a little-endian `u32`: the length of its own LZMA2 stream, which stands before them;
//! the length of what it unpacks to; where in the slice the entry that it resembles ends, 0 if it
//! resembles none; [`MARK`].

use std::io::{self, Read as _, Write as _};
use std::ops::Range;

use lzma_rust2::{Lzma2Options, Lzma2Reader, Lzma2Writer};

/// The last bytes of every entry.
const MARK: [u8; 4] = *b"cfp1";

/// The numbers and the mark at an entry's end.
const TRAILER: usize = 16;

/// The longest entry that is packed or unpacked, in bytes.
const LONGEST: usize = 256 << 20;

/// How hard to try to make the archive small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// A third of the time, and about a seventh larger.
    Quick,
    /// What is released.
    Best,
}

/// Entries that are packed one after the other.
#[derive(Debug)]
pub struct Archive {
    bytes: Vec<u8>,
    effort: Effort,
}

/// An entry of an archive, with what it was made from: later entries may resemble it.
#[derive(Debug)]
pub struct Entry {
    /// Where in the archive its packed form is.
    pub range: Range<usize>,
    plain: Vec<u8>,
}

impl Archive {
    /// An empty one.
    pub fn new(effort: Effort) -> Self {
        Self { bytes: Vec::new(), effort }
    }

    /// Packs one more entry, as what differs from an earlier entry of this archive if one is given.
    ///
    /// # Errors
    /// It is longer than 256 MiB.
    pub fn add(&mut self, plain: Vec<u8>, like: Option<&Entry>) -> io::Result<Entry> {
        let too_long = || io::Error::new(io::ErrorKind::InvalidInput, "it is longer than 256 MiB");
        let dictionary = like.map_or(&[][..], |like| &like.plain);
        if plain.len() > LONGEST {
            return Err(too_long());
        }
        let own = pack(&plain, dictionary, self.effort)?;
        let start = like.map_or(self.bytes.len(), |like| like.range.start);
        let numbers = [own.len(), plain.len(), like.map_or(0, |like| like.range.end - start)];
        self.bytes.extend(own);
        for number in numbers {
            self.bytes.extend(u32::try_from(number).map_err(|_| too_long())?.to_le_bytes());
        }
        self.bytes.extend(MARK);
        Ok(Entry { range: start..self.bytes.len(), plain })
    }

    /// All entries, packed.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Whether these bytes end as the packed form of an entry does.
pub fn is_packed(bytes: &[u8]) -> bool {
    bytes.len() > TRAILER && bytes.ends_with(&MARK)
}

/// Gives back what was packed; `None` if this is not the packed form of an entry.
pub fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let (rest, trailer) = packed.split_last_chunk::<TRAILER>()?;
    let (numbers, mark) = trailer.as_chunks::<4>().0.split_at_checked(3)?;
    let [own, length, like] = numbers.iter().map(|number| u32::from_le_bytes(*number) as usize).collect::<Vec<_>>()[..]
    else {
        return None;
    };
    if mark != [MARK] || length > LONGEST {
        return None;
    }
    let (before, own) = rest.split_at_checked(rest.len().checked_sub(own)?)?;
    // What it resembles is shorter than the whole: this ends.
    let dictionary = match like {
        0 => None,
        end => Some(unpack(before.get(..end)?)?),
    };
    let window = window(length, dictionary.as_deref().unwrap_or_default())?;
    let mut plain = Vec::with_capacity(length);
    let reader = Lzma2Reader::new(own, window, dictionary.as_deref());
    reader.take(length as u64 + 1).read_to_end(&mut plain).ok()?;
    (plain.len() == length).then_some(plain)
}

/// One LZMA2 stream.
fn pack(plain: &[u8], dictionary: &[u8], effort: Effort) -> io::Result<Vec<u8>> {
    let mut options = Lzma2Options::with_preset(match effort {
        Effort::Quick => 2,
        Effort::Best => 9,
    });
    let too_long = || io::Error::new(io::ErrorKind::InvalidInput, "it is longer than can be packed");
    options.lzma_options.dict_size = window(plain.len(), dictionary).ok_or_else(too_long)?;
    options.lzma_options.preset_dict = (!dictionary.is_empty()).then(|| dictionary.to_vec());
    let mut writer = Lzma2Writer::new(Vec::new(), options);
    writer.write_all(plain)?;
    writer.finish()
}

/// How far back an entry refers at most: to the beginning of what it resembles.
fn window(length: usize, dictionary: &[u8]) -> Option<u32> {
    u32::try_from(length.checked_add(dictionary.len())?.checked_next_multiple_of(1 << 16)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that do not repeat, by a linear congruential generator.
    fn noise(length: usize, mut seed: u32) -> Vec<u8> {
        let next = |_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        (0..length).map(next).collect()
    }

    #[test]
    fn every_entry_is_given_back_alone() {
        for effort in [Effort::Quick, Effort::Best] {
            let (first, other) = (noise(300_000, 1), noise(10, 2));
            let like_first = [&first[100_000..], b"and something else", &first[..100_000]].concat();
            let like_that = [&like_first[1..], b"."].concat();
            let mut archive = Archive::new(effort);
            let one = archive.add(first.clone(), None).unwrap();
            let two = archive.add(other.clone(), None).unwrap();
            let three = archive.add(like_first.clone(), Some(&one)).unwrap();
            let four = archive.add(Vec::new(), Some(&two)).unwrap();
            let five = archive.add(like_that.clone(), Some(&three)).unwrap();
            for (entry, plain) in [(one, first), (two, other), (three, like_first), (four, vec![]), (five, like_that)] {
                assert_eq!(unpack(&archive.bytes()[entry.range]), Some(plain));
            }
            // What resembles costs next to nothing.
            assert!(archive.bytes().len() < 310_000, "{}", archive.bytes().len());
        }
    }

    #[test]
    fn what_is_no_entry_is_none() {
        let mut archive = Archive::new(Effort::Quick);
        let one = archive.add(b"something".repeat(100), None).unwrap();
        let two = archive.add(b"something else".repeat(100), Some(&one)).unwrap();
        let packed = &archive.bytes()[two.range];
        assert!(unpack(packed).is_some());
        assert_eq!(unpack(b""), None);
        assert_eq!(unpack(b"not packed, and longer than a trailer"), None);
        for cut in 0..packed.len() {
            // An entry may end there, but then it is another one.
            assert!(cut == one.range.end || unpack(&packed[..cut]).is_none(), "{cut}");
        }
        for place in packed.len() - TRAILER..packed.len() {
            let mut damaged = packed.to_vec();
            damaged[place] ^= 1;
            assert_ne!(unpack(&damaged), unpack(packed), "{place}");
        }
    }
}
