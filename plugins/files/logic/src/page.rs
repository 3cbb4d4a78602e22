//! One page of a text, from any offset: as much as may be shown at once, and where the next one begins.

use std::io::{self, SeekFrom};

use crate::show::{complete, fitting, shown};
use crate::source::{File, Source, blocks, fill, is_stop};

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// What is shown.
    pub text: String,
    /// Where it begins, in bytes of the text.
    pub offset: u64,
    /// Where the next begins.
    pub next: u64,
    /// Bytes shown as `\xNN`.
    pub escaped: u64,
    /// Whether the text ends here.
    pub end: bool,
    /// Whether it ended because time was up.
    pub partial: bool,
}

/// Reads one page of at most `limit` bytes, as shown.
///
/// # Errors
/// The file cannot be read. That time was up is none, once there is something.
pub fn page<R: File>(source: &mut Source<R>, offset: u64, limit: usize) -> io::Result<Page> {
    // A few bytes more, to know whether there is more.
    let want = limit.saturating_add(4);
    let (offset, read) = match source.plain() {
        Some((file, start)) => {
            let offset = offset.max(start);
            (offset, file.seek(SeekFrom::Start(offset)).and_then(|_| blocks(file, want)))
        }
        None => {
            let mut bytes = vec![0; want];
            let filled = source.at(offset).and_then(|reader| fill(reader, &mut bytes));
            (
                offset,
                filled.map(|filled| {
                    bytes.truncate(filled);
                    bytes
                }),
            )
        }
    };
    let (mut bytes, partial) = match read {
        Ok(bytes) => (bytes, false),
        Err(error) if is_stop(&error) => (Vec::new(), true),
        Err(error) => return Err(error),
    };
    let filled = bytes.len();
    let whole = filled < want && !partial;
    // At the end of the text an unfinished character is shown as the bytes it is.
    let usable = if whole { bytes.len() } else { complete(&bytes) };
    bytes.truncate(usable.min(limit));
    if usable > limit {
        // Within a character nothing ends; what is cut off is the next page's.
        bytes.truncate(complete(&bytes));
    }
    let (text, taken, escaped) = match String::from_utf8(bytes) {
        Ok(text) => {
            let taken = text.len();
            (text, taken, 0)
        }
        Err(error) => {
            let taken = fitting(error.as_bytes(), limit);
            let shown = shown(&error.as_bytes()[..taken]);
            (shown.text.into_owned(), taken, shown.escaped)
        }
    };
    Ok(Page { text, offset, next: offset + taken as u64, escaped, end: whole && taken == filled, partial })
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
            let one = page(&mut source, offset, limit).unwrap();
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
    fn past_the_end_there_is_an_empty_page() {
        let mut source = Source::open(Cursor::new(b"abc".to_vec()), true).unwrap();
        let past = page(&mut source, 10, 10).unwrap();
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
        let first = page(&mut source, 0, 8).unwrap();
        assert_eq!((first.text.as_str(), first.next), ("abcdef", 6));
        let none = page(&mut source, 6, 8).unwrap();
        assert!(none.partial && !none.end && none.text.is_empty());
    }
}
