//! One page of a text, from any offset: as much as may be shown at once, and
//! where the next one begins.

use std::io::{self, SeekFrom};

use crate::show::{Room, Showing};
use crate::source::{File, Source, blocks, fill, is_stop};

/// The most bytes of a file that one page passes over: a run of one byte takes little
/// room, however long it is.
const MOST: u64 = 256 << 20;

/// The least that is read at a time.
const LEAST: usize = 4 << 10;

/// The most that is read at a time, beside a few bytes that tell whether there is more.
const BLOCK: usize = 1 << 20;

/// A piece of a text.
#[derive(Debug)]
pub struct Page {
    /// What is shown.
    pub text: String,
    /// Where it begins, in bytes of the text.
    pub offset: u64,
    /// Where the next begins.
    pub next: u64,
    /// Bytes that are not shown as they are.
    pub escaped: u64,
    /// Whether the text ends here.
    pub end: bool,
    /// Whether it ended because time was up.
    pub partial: bool,
    /// Why the file could not be read further, although it does not end here.
    pub failed: Option<io::Error>,
}

/// Reads one page, as much as there is room for.
///
/// # Errors
/// The file cannot be read. That time was up is none, nor anything else once there is something.
pub fn page<R: File>(source: &mut Source<R>, offset: u64, room: Room) -> io::Result<Page> {
    let offset = source.plain().map_or(offset, |(_, start)| offset.max(start));
    let mut page =
        Page { text: String::new(), offset, next: offset, escaped: 0, end: false, partial: false, failed: None };
    let mut showing = Showing::new(room);
    let (mut pending, mut begun) = (Vec::new(), false);
    while !showing.is_full() && page.next - offset < MOST {
        let left = room.text.saturating_sub(showing.text().len()) as u64;
        // What takes little room is read in longer and longer pieces.
        let want = usize::try_from(left.max(page.next - offset)).unwrap_or(BLOCK).clamp(LEAST, BLOCK) + 8;
        let (block, error) = match (source.plain(), begun) {
            (Some((file, _)), false) => match file.seek(SeekFrom::Start(offset)) {
                Ok(_) => blocks(file, want),
                Err(error) => (Vec::new(), Some(error)),
            },
            (Some((file, _)), true) => blocks(file, want),
            (None, _) => {
                let mut block = vec![0; want];
                let (filled, error) = match source.at(if begun { 0 } else { offset }) {
                    Ok(reader) => fill(reader, &mut block),
                    Err(error) => (0, Some(error)),
                };
                block.truncate(filled);
                (block, error)
            }
        };
        begun = true;
        let ended = block.len() < want;
        let whole = ended && error.is_none();
        // At the end of the text an unfinished character is shown as the bytes it is.
        page.next += match showing.take(block) {
            Ok(taken) => taken as u64,
            Err(block) => {
                pending.extend_from_slice(&block);
                let taken = showing.push(&pending, whole);
                pending.drain(..taken);
                taken as u64
            }
        };
        if ended {
            page.end = whole && pending.is_empty();
            page.partial = error.as_ref().is_some_and(is_stop);
            page.failed = error.filter(|error| !is_stop(error));
            break;
        }
    }
    (page.text, page.escaped) = showing.finish();
    match page.failed.take_if(|_| page.next == offset) {
        Some(error) => Err(error),
        None => Ok(page),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read, Seek};

    use super::*;
    use crate::source::tests::{gz, utf16};

    fn pages(bytes: &[u8], limit: usize) -> Vec<String> {
        let (mut pages, mut offset) = (Vec::new(), 0);
        loop {
            let mut source = Source::open(Cursor::new(bytes.to_vec()), true).unwrap();
            let one = page(&mut source, offset, Room::of_text(limit)).unwrap();
            assert!(one.text.len() <= limit, "{one:?}");
            assert!(one.end || one.next > offset, "{one:?}");
            pages.push(one.text);
            if one.end {
                return pages;
            }
            offset = one.next;
        }
    }

    #[test]
    fn a_file_that_fits_is_one_page() {
        assert_eq!(pages(b"hello\n", 100), ["hello\n"]);
        assert_eq!(pages(b"hello\n", 6), ["hello\n"]);
        assert_eq!(pages(b"", 6), [""]);
    }

    #[test]
    fn pages_end_between_characters_and_joined_are_the_whole() {
        let text = "grün und 😀 blau\n".repeat(50);
        for limit in [4, 5, 7, 64] {
            assert_eq!(pages(text.as_bytes(), limit).concat(), text, "{limit}");
            assert_eq!(pages(&gz(text.as_bytes()), limit).concat(), text, "{limit}");
            assert_eq!(pages(&utf16(&text, true), limit).concat(), text, "{limit}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_within_the_limit() {
        assert_eq!(pages(&[0xff; 5], 8), [r"\xff\xff", r"\xff\xff", r"\xff"]);
        assert_eq!(pages("ü".as_bytes().split_at(1).0, 8), [r"\xc3"]);
    }

    #[test]
    fn what_takes_little_room_is_read_in_long_pieces() {
        /// So many zeros, and how many reads they took.
        struct Zeros(u64, std::rc::Rc<std::cell::Cell<u32>>);
        impl Read for Zeros {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.1.set(self.1.get() + 1);
                let n = buffer.len().min(usize::try_from(self.0).unwrap());
                buffer[..n].fill(0);
                self.0 -= n as u64;
                Ok(n)
            }
        }
        impl File for Zeros {}
        impl Seek for Zeros {
            fn seek(&mut self, _: io::SeekFrom) -> io::Result<u64> {
                Ok(0)
            }
        }
        let reads = std::rc::Rc::new(std::cell::Cell::new(0));
        let mut source = Source::open(Zeros(300 << 20, reads.clone()), true).unwrap();
        let first = page(&mut source, 0, Room::of_json(30 << 10)).unwrap();
        assert_eq!((first.escaped, first.end, first.partial), (first.next, false, false));
        assert!((MOST..MOST + (2 << 20)).contains(&first.next) && reads.get() < 300, "{} {}", first.next, reads.get());
        assert_eq!(first.text, format!("\\x00 ({} times)", first.next));
    }

    #[test]
    fn past_the_end_there_is_an_empty_page() {
        let mut source = Source::open(Cursor::new(b"abc".to_vec()), true).unwrap();
        let past = page(&mut source, 10, Room::of_text(10)).unwrap();
        assert_eq!((past.text.as_str(), past.end, past.offset), ("", true, 10));
    }

    #[test]
    fn when_time_is_up_what_came_is_the_page() {
        struct Slow(Cursor<Vec<u8>>, usize);
        impl Read for Slow {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.1 = self.1.checked_sub(1).ok_or(io::ErrorKind::TimedOut)?;
                let most = buffer.len().min(3);
                self.0.read(&mut buffer[..most])
            }
        }
        impl File for Slow {}
        impl Seek for Slow {
            fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
                self.0.seek(to)
            }
        }
        // Four reads to look at it, two for the page.
        let file = Slow(Cursor::new(b"abcdefghi".to_vec()), 6);
        let mut source = Source::open(file, true).unwrap();
        let first = page(&mut source, 0, Room::of_text(8)).unwrap();
        assert_eq!((first.text.as_str(), first.next), ("abcdef", 6));
        let none = page(&mut source, 6, Room::of_text(8)).unwrap();
        assert!(none.partial && !none.end && none.text.is_empty());
    }
}
