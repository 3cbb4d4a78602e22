//! Pages and lines of files: as they are, compressed, in UTF-16, and half written. Pages put
//! together are the text, however small they are; a text is the same through gzip and in UTF-16;
//! the first and the last lines are the text's own.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write as _};

use files_logic::{File, Room, Source, head, page, shown, tail};

/// A file in memory.
struct Memory(Cursor<Vec<u8>>);

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for Memory {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

impl File for Memory {}

/// Any bytes: how long a page is, what is made of the rest, and that.
pub fn target(data: &[u8]) {
    let Some((&[limit, kind], bytes)) = data.split_first_chunk::<2>() else { return };
    let limit = 32 + usize::from(limit);
    let text = String::from_utf8_lossy(bytes);
    match kind % 7 {
        0 => plain(bytes, limit),
        1 => same(bytes, &gz(bytes), limit),
        2 if is_text(&text) => written(&text, &utf16(&text, false), limit),
        3 if is_text(&text) => written(&text, &utf16(&text, true), limit),
        4 => half_written(bytes, limit),
        5 => drop(pages(&[b"\x1f\x8b\x08", bytes].concat(), limit)),
        _ => written(&text, &gz(&utf16(&text, true)), limit),
    }
}

fn open(bytes: &[u8]) -> io::Result<Source<Memory>> {
    Source::open(Memory(Cursor::new(bytes.to_vec())), true)
}

/// Whether a text has no mark of its own, and nothing that is shown otherwise.
fn is_text(text: &str) -> bool {
    !text.starts_with('\u{feff}') && !text.chars().any(|c| c.is_control() && !"\n\r\t".contains(c))
}

/// All pages of a file, as far as it can be read. Each is within the limit and comes further.
fn pages(bytes: &[u8], limit: usize) -> (String, bool) {
    let (mut text, mut offset) = (String::new(), 0);
    loop {
        let one = open(bytes).and_then(|mut source| page(&mut source, offset, Room::of_text(limit)));
        let Ok(one) = one else { return (text, false) };
        assert!(one.text.len() <= limit, "{one:?}");
        if one.failed.is_some() {
            return (text + &one.text, false);
        }
        assert!(one.end || one.next > offset, "no page comes further: {one:?}");
        assert!(!one.partial && one.offset >= offset && one.next >= one.offset, "{one:?}");
        text += &one.text;
        offset = one.next;
        if one.end {
            return (text, true);
        }
    }
}

/// A file that is read as it is.
fn plain(bytes: &[u8], limit: usize) {
    let (joined, whole) = pages(bytes, limit);
    let has_mark =
        [&b"\xef\xbb\xbf"[..], b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b\x08"].iter().any(|mark| bytes.starts_with(mark));
    if has_mark {
        return;
    }
    assert!(whole, "a file in memory can be read");
    if is_text(&String::from_utf8_lossy(bytes)) {
        // A run that lies on two pages is told on each: what counts is each of its bytes.
        assert_eq!(spelled(&joined), spelled(&shown(bytes).text));
    }
    ends(bytes, bytes, limit);
}

/// The text with each run, `\xNN (COUNT times)`, written out. No other text has that form.
fn spelled(text: &str) -> String {
    const END: &str = " times)";
    let (mut spelled, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(END) {
        let (before, behind) = rest.split_at(at);
        let run = before.rsplit_once(" (").and_then(|(marked, count)| {
            let byte = marked.get(marked.len().checked_sub(4)?..).filter(|byte| byte.starts_with("\\x"))?;
            Some((marked, byte.repeat(count.parse::<usize>().ok()? - 1)))
        });
        match run {
            Some((marked, others)) => spelled.extend([marked, &others]),
            None => spelled.extend([before, END]),
        }
        rest = &behind[END.len()..];
    }
    spelled + rest
}

/// The first and the last lines of a file whose text is known.
fn ends(file: &[u8], text: &[u8], limit: usize) {
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    for wanted in [0, 1, 3, lines.len() as u64, u64::MAX] {
        let count = usize::try_from(wanted).unwrap_or(usize::MAX).min(lines.len());
        for (room, is_small) in [(1 << 20, false), (limit, true)] {
            let read = |last: bool| {
                let mut source = open(file).unwrap_or_else(|error| panic!("{error}"));
                let part = if last { tail(&mut source, wanted, room) } else { head(&mut source, wanted, room) };
                part.unwrap_or_else(|error| panic!("{error}"))
            };
            let (first, last) = (read(false), read(true));
            assert!(first.bytes.len() <= room && last.bytes.len() <= room);
            assert!(text.starts_with(&first.bytes) && text.ends_with(&last.bytes));
            if !is_small {
                assert_eq!(first.bytes, lines[..count].concat(), "the first {wanted}");
                assert_eq!(last.bytes, lines[lines.len() - count..].concat(), "the last {wanted}");
                assert_eq!((first.lines, last.lines), (count as u64, count as u64));
            }
        }
    }
}

/// A file that is another one, compressed: pages and ends are the same.
fn same(bytes: &[u8], compressed: &[u8], limit: usize) {
    if bytes.starts_with(b"\x1f\x8b\x08") {
        return;
    }
    assert_eq!(pages(compressed, limit).0, pages(bytes, limit).0);
    let has_mark = [&b"\xef\xbb\xbf"[..], b"\xff\xfe", b"\xfe\xff"].iter().any(|mark| bytes.starts_with(mark));
    if !has_mark {
        ends(compressed, bytes, limit);
    }
}

/// A file that says this text.
fn written(text: &str, file: &[u8], limit: usize) {
    if !is_text(text) {
        return;
    }
    let (joined, whole) = pages(file, limit);
    assert!(whole && joined == text, "{joined:?} is not {text:?}");
    ends(file, text.as_bytes(), limit);
}

/// A compressed file whose end is missing: what can be read of it is the beginning of its text.
fn half_written(bytes: &[u8], limit: usize) {
    let whole = gz(bytes);
    let at = bytes.first().map_or(0, |first| usize::from(*first) * whole.len() / 256);
    let (joined, _) = pages(&whole[..at.max(3)], limit);
    let Ok(text) = str::from_utf8(bytes) else { return };
    // The last character may be there in part, and is shown as the bytes that it is.
    let known = joined.floor_char_boundary(joined.len().saturating_sub(12));
    assert!(!is_text(text) || text.starts_with(&joined[..known]), "{joined:?}");
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

fn utf16(text: &str, big: bool) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}
