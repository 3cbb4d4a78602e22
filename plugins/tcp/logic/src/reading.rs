//! One read of a [`ReceiveBuffer`]: a page of at most 1 MiB, where it lies, and
//! the cursor to go on with.
//!
//! Chunks are addressed by index and count as in TcpSocketMCP, bytes by absolute offset and limit.
//! Nothing here changes the buffer; encodings other than UTF-8 are [`crate::encoding`]'s.

use std::borrow::Cow;

use crate::buffer::ReceiveBuffer;
use crate::text;

/// The most payload one read returns, in bytes: 1 MiB.
pub const PAGE: u64 = 1 << 20;

/// The most chunks one read returns, so that a million one-byte chunks do not
/// become a million strings.
pub const PIECES: usize = 16_384;

/// What one read returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading<'a> {
    /// The payload: one piece per chunk when chunks were asked for, at most
    /// one piece when bytes were.
    pub pieces: Vec<Cow<'a, [u8]>>,
    /// Offset of the first byte returned; without any, where it would be.
    pub first_offset: u64,
    /// Offset after the last byte returned: the cursor for the next read.
    pub next_offset: u64,
    /// Whether the page ended before what was asked for did; then `next_offset` points at the rest,
    /// which may be in the middle of a chunk. For bytes: whether any more are held after
    /// `next_offset`, asked for or not.
    pub more: bool,
    /// Up to three bytes held on either side, so that characters can be joined.
    before: Vec<u8>,
    after: Vec<u8>,
}

/// A reading as UTF-8 text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// One string per piece, joined by the rule of [`crate::text`].
    pub strings: Vec<String>,
    /// The cursor for the next read: before a character whose rest has not arrived yet.
    pub next_offset: u64,
}

/// Why a read cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what each field is")]
pub enum ReadError {
    #[error("`count` must not be negative, it is {0}")]
    NegativeCount(i64),
    #[error("`offset` must not be negative, it is {0}")]
    NegativeOffset(i64),
    #[error("`limit` must not be negative, it is {0}")]
    NegativeLimit(i64),
}

impl ReceiveBuffer {
    /// The chunks from `index` (the first if absent, from the end if negative, none past the end)
    /// and `count` of them (all if absent). An index further from the end than the buffer is long
    /// means the first chunk.
    pub fn read_chunks(&self, index: Option<i64>, count: Option<i64>) -> Result<Reading<'_>, ReadError> {
        let held = self.chunks();
        let index = index.unwrap_or(0);
        let distance = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
        let first = if index < 0 { held.saturating_sub(distance) } else { distance.min(held) };
        let count = match count {
            None => held,
            Some(count) if count < 0 => return Err(ReadError::NegativeCount(count)),
            Some(count) => usize::try_from(count).unwrap_or(usize::MAX),
        };
        let last = first.saturating_add(count).min(held);

        let start = self.chunk(first).map_or(self.bytes_received(), |(start, _)| start);
        let mut at = start;
        let mut pieces = Vec::new();
        for chunk in first..last.min(first.saturating_add(PIECES)) {
            let Some((_, end)) = self.chunk(chunk) else {
                break;
            };
            let stop = end.min(start + PAGE);
            if stop > at {
                pieces.push(self.piece(at, stop));
            }
            at = stop;
            if stop < end {
                break;
            }
        }
        let asked = last.checked_sub(1).filter(|_| last > first).and_then(|chunk| self.chunk(chunk));
        let more = asked.is_some_and(|(_, end)| at < end);
        Ok(self.reading(pieces, start, at, more))
    }

    /// The bytes from absolute `offset`, at most `limit` and at most a page of them, as one piece.
    ///
    /// An offset that was cleared means the first byte held, one that has not
    /// arrived yet means the end.
    pub fn read_bytes(&self, offset: u64, limit: Option<u64>) -> Reading<'_> {
        let start = offset.clamp(self.first_offset(), self.bytes_received());
        let length = limit.unwrap_or(PAGE).min(PAGE);
        let stop = start.saturating_add(length).min(self.bytes_received());
        let pieces = if stop > start { vec![self.piece(start, stop)] } else { Vec::new() };
        self.reading(pieces, start, stop, stop < self.bytes_received())
    }

    fn piece(&self, from: u64, to: u64) -> Cow<'_, [u8]> {
        let mut slices = self.slices(from, to - from);
        let first = slices.next().unwrap_or_default();
        match slices.next() {
            None => Cow::Borrowed(first),
            Some(second) => {
                let mut bytes = [first, second].concat();
                slices.for_each(|slice| bytes.extend_from_slice(slice));
                Cow::Owned(bytes)
            }
        }
    }

    fn reading<'a>(&'a self, pieces: Vec<Cow<'a, [u8]>>, start: u64, end: u64, more: bool) -> Reading<'a> {
        let before = start.saturating_sub(3).max(self.first_offset());
        Reading {
            pieces,
            first_offset: start,
            next_offset: end,
            more,
            before: self.slices(before, start - before).flatten().copied().collect(),
            after: self.slices(end, 3).flatten().copied().collect(),
        }
    }
}

/// An `offset` or `limit` argument as the model wrote it, in the type the reads want.
pub fn offset_and_limit(offset: Option<i64>, limit: Option<i64>) -> Result<(u64, Option<u64>), ReadError> {
    let offset = offset.unwrap_or(0);
    let offset = u64::try_from(offset).map_err(|_| ReadError::NegativeOffset(offset))?;
    let limit = limit.map(|limit| u64::try_from(limit).map_err(|_| ReadError::NegativeLimit(limit))).transpose()?;
    Ok((offset, limit))
}

impl Reading<'_> {
    /// Bytes of payload in all pieces.
    pub fn total_bytes(&self) -> usize {
        self.pieces.iter().map(|piece| piece.len()).sum()
    }

    /// The pieces as UTF-8 text. A character that pages or chunks share is
    /// shown whole where it begins.
    ///
    /// While the stream is `open`, a character whose rest has not arrived is left out and the
    /// cursor stays before it; once the peer's end was read (`open` false) it becomes U+FFFD.
    pub fn text(&self, open: bool) -> Text {
        let mut pieces: Vec<&[u8]> = self.pieces.iter().map(AsRef::as_ref).collect();
        let mut after = self.after.clone();
        let mut held_back = 0;
        if open && after.len() < 3 {
            let mut tail: Vec<u8> = pieces.iter().rev().flat_map(|piece| piece.iter().rev()).take(3).copied().collect();
            tail.reverse();
            let shown = tail.len();
            tail.append(&mut after);
            let incomplete = text::incomplete_tail(&tail);
            held_back = shown.saturating_sub(tail.len() - incomplete);
            after = tail.split_off(shown - held_back);
            let mut drop = held_back;
            for piece in pieces.iter_mut().rev() {
                let cut = drop.min(piece.len());
                *piece = &piece[..piece.len() - cut];
                drop -= cut;
            }
        }
        Text {
            strings: text::utf8_between(&self.before, &pieces, &after),
            next_offset: self.next_offset - held_back as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(chunks: &[&[u8]]) -> ReceiveBuffer {
        let mut buffer = ReceiveBuffer::default();
        chunks.iter().for_each(|chunk| buffer.push(chunk));
        buffer
    }

    fn read(buffer: &ReceiveBuffer, index: Option<i64>, count: Option<i64>) -> Vec<String> {
        buffer.read_chunks(index, count).unwrap().text(false).strings
    }

    #[test]
    fn index_and_count_count_chunks() {
        let buffer = buffer(&[b"a", b"b", b"c", b"d"]);
        assert_eq!(read(&buffer, None, None), ["a", "b", "c", "d"]);
        assert_eq!(read(&buffer, Some(2), None), ["c", "d"]);
        assert_eq!(read(&buffer, Some(1), Some(2)), ["b", "c"]);
        assert_eq!(read(&buffer, None, Some(2)), ["a", "b"], "`count` without `index` is honoured");
        assert_eq!(read(&buffer, Some(-1), None), ["d"]);
        assert_eq!(read(&buffer, Some(-2), Some(2)), ["c", "d"]);
        assert_eq!(read(&buffer, Some(-9), Some(1)), ["a"]);
        assert_eq!(read(&buffer, Some(4), None), [""; 0]);
        assert_eq!(read(&buffer, Some(i64::MAX), Some(i64::MAX)), [""; 0]);
        assert_eq!(read(&buffer, Some(i64::MIN), Some(0)), [""; 0]);
        assert_eq!(buffer.read_chunks(None, Some(-1)), Err(ReadError::NegativeCount(-1)));
        assert_eq!(buffer.total_bytes(), 4, "reads never consume");
    }

    #[test]
    fn a_page_is_one_mebibyte_and_a_cursor() {
        let chunk = vec![b'x'; 700_000];
        let buffer = buffer(&[&chunk, &chunk, b"end"]);
        let page = buffer.read_chunks(None, None).unwrap();
        assert_eq!(page.pieces.iter().map(|piece| piece.len()).collect::<Vec<_>>(), [700_000, 348_576]);
        assert_eq!((page.first_offset, page.next_offset, page.more), (0, PAGE, true));
        let rest = buffer.read_bytes(page.next_offset, None);
        assert_eq!((rest.total_bytes(), rest.next_offset, rest.more), (351_427, 1_400_003, false));
        assert!(rest.pieces[0].ends_with(b"xend"));
        let one = buffer.read_chunks(Some(0), Some(1)).unwrap();
        assert!(!one.more, "more chunks are held, but this one was asked for and is whole");
    }

    #[test]
    fn bytes_are_addressed_by_absolute_offset() {
        let mut buffer = buffer(&[b"abc", b"def"]);
        let reading = buffer.read_bytes(1, Some(3));
        assert_eq!((reading.pieces.concat().as_slice(), reading.next_offset, reading.more), (&b"bcd"[..], 4, true));
        buffer.clear();
        buffer.push(b"ghi");
        let reading = buffer.read_bytes(2, None);
        assert_eq!(
            (reading.pieces.concat().as_slice(), reading.first_offset, reading.next_offset),
            (&b"ghi"[..], 6, 9)
        );
        let reading = buffer.read_bytes(99, None);
        assert_eq!((reading.pieces.len(), reading.first_offset, reading.next_offset, reading.more), (0, 9, 9, false));
        assert_eq!(offset_and_limit(Some(-1), None), Err(ReadError::NegativeOffset(-1)));
        assert_eq!(offset_and_limit(None, Some(-1)), Err(ReadError::NegativeLimit(-1)));
    }

    #[test]
    fn a_character_waits_for_its_rest_while_the_stream_is_open() {
        let mut buffer = buffer(&[b"a\xe2", b"\x82"]);
        let text = buffer.read_chunks(None, None).unwrap().text(true);
        assert_eq!((text.strings, text.next_offset), (vec!["a".to_owned(), String::new()], 1));
        let text = buffer.read_chunks(None, None).unwrap().text(false);
        assert_eq!((text.strings, text.next_offset), (vec!["a\u{FFFD}".to_owned(), String::new()], 3));
        buffer.push(b"\xacb");
        assert_eq!(buffer.read_bytes(1, None).text(true).strings, ["€b"]);
        assert_eq!(read(&buffer, Some(0), Some(1)), ["a€"], "whole where it began, though the rest was not asked for");
        assert_eq!(read(&buffer, Some(2), None), ["b"]);
    }

    #[test]
    fn a_million_tiny_chunks_are_paged() {
        let mut buffer = ReceiveBuffer::default();
        (0..20_000).for_each(|_| buffer.push(b"x"));
        let reading = buffer.read_chunks(None, None).unwrap();
        assert_eq!((reading.pieces.len(), reading.next_offset, reading.more), (PIECES, PIECES as u64, true));
    }
}
