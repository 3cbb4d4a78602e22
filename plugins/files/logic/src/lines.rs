//! Lines from either end of a text. The end of a plain file is found backwards, block by block, so
//! that what a tail costs does not depend on how long the file is; a stream is read through, and
//! its last bytes are kept.

use std::io::{self, Read, Seek, SeekFrom};

use crate::BLOCK;
use crate::source::{Source, fill, is_stop};

/// The first block: most answers are short.
const FIRST: usize = 16 << 10;

/// Some lines of a text.
#[derive(Debug, Default)]
pub struct Part {
    /// The lines with their ends.
    pub bytes: Vec<u8>,
    /// Where they begin, in bytes of the text; unknown for the end of a stream.
    pub offset: Option<u64>,
    /// Where what follows begins.
    pub next: u64,
    /// How many lines these are; a last one without an end counts.
    pub lines: u64,
    /// Whether the text goes on after them.
    pub more: bool,
    /// Whether there would be more of the wanted lines, had there been room for them.
    pub truncated: bool,
    /// Whether time was up before all were found.
    pub partial: bool,
    /// Why the file could not be read further.
    pub failed: Option<io::Error>,
}

impl Part {
    /// Keeps what went wrong beside what was read; an error if that is nothing.
    fn broken(&mut self, error: Option<io::Error>, nothing: bool) -> io::Result<bool> {
        match error {
            None => return Ok(false),
            Some(error) if is_stop(&error) => self.partial = true,
            Some(error) if nothing => return Err(error),
            Some(error) => self.failed = Some(error),
        }
        Ok(true)
    }
}

fn count(bytes: &[u8]) -> u64 {
    let ends = memchr::memchr_iter(b'\n', bytes).count() as u64;
    ends + u64::from(bytes.last().is_some_and(|last| *last != b'\n'))
}

/// The first `lines` lines, at most `limit` bytes of them.
///
/// # Errors
/// The file cannot be read.
pub fn head<R: Read + Seek + 'static>(source: &mut Source<R>, lines: u64, limit: usize) -> io::Result<Part> {
    let start = source.plain().map_or(0, |(_, start)| start);
    let reader = source.at(0)?;
    let mut part = Part { offset: Some(start), next: start, more: true, ..Part::default() };
    let (mut left, mut block) = (lines, FIRST);
    while left > 0 && part.bytes.len() <= limit {
        let held = part.bytes.len();
        part.bytes.resize(held + block, 0);
        let (filled, error) = fill(reader, &mut part.bytes[held..]);
        part.bytes.truncate(held + filled);
        let ends = memchr::memchr_iter(b'\n', &part.bytes[held..]).take(usize::try_from(left).unwrap_or(usize::MAX));
        let (found, last) = ends.fold((0, 0), |(found, _), at| (found + 1, at + 1));
        left -= found;
        if left == 0 {
            // Where the block ends with the last line, one byte more says whether anything follows.
            part.more = part.bytes.len() > held + last || (filled == block && fill(reader, &mut [0]).0 > 0);
            part.bytes.truncate(held + last);
        } else if part.broken(error, held + filled == 0)? {
            break;
        } else if filled < block {
            part.more = false;
            break;
        }
        block = BLOCK;
    }
    if part.bytes.len() > limit {
        part.bytes.truncate(limit);
        (part.truncated, part.more) = (true, true);
    }
    part.lines = count(&part.bytes);
    part.next = start + part.bytes.len() as u64;
    Ok(part)
}

/// The last `lines` lines, at most the last `limit` bytes of them.
///
/// # Errors
/// The file cannot be read.
pub fn tail<R: Read + Seek + 'static>(source: &mut Source<R>, lines: u64, limit: usize) -> io::Result<Part> {
    if let Some((file, start)) = source.plain() {
        let size = file.seek(SeekFrom::End(0))?;
        // Some of the kernel's files say that they are empty, and are not: those are read through.
        if size > 0 {
            return tail_of_file(file, start, size, lines, limit);
        }
    }
    tail_of_stream(source.at(0)?, lines, limit)
}

fn tail_of_file<R: Read + Seek>(file: &mut R, start: u64, mut size: u64, lines: u64, limit: usize) -> io::Result<Part> {
    let (mut from, mut found, mut block) = (size, 0, FIRST as u64);
    let mut buffer = Vec::new();
    let mut part = Part::default();
    'blocks: while from > start && size - from <= limit as u64 && lines > 0 {
        let begin = from.saturating_sub(block).max(start);
        buffer.resize(usize::try_from(from - begin).unwrap_or(BLOCK), 0);
        file.seek(SeekFrom::Start(begin))?;
        let (filled, error) = fill(file, &mut buffer);
        if part.broken(error, from == size)? {
            break;
        }
        buffer.truncate(filled);
        // Some of the kernel's files say that they are a page long, and hold less.
        if from == size {
            size = begin + filled as u64;
        }
        for at in memchr::memrchr_iter(b'\n', &buffer) {
            let after = begin + at as u64 + 1;
            // The end of the last line begins none.
            if after == size {
                continue;
            }
            found += 1;
            if found == lines {
                from = after;
                break 'blocks;
            }
        }
        from = begin;
        block = BLOCK as u64;
    }
    if lines == 0 {
        from = size;
    }
    let kept = size.saturating_sub(limit as u64).max(from);
    let mut bytes = vec![0; usize::try_from(size - kept).unwrap_or(limit)];
    file.seek(SeekFrom::Start(kept))?;
    // Bytes written meanwhile belong to the next request. Bytes cut off meanwhile are gone.
    let (filled, error) = fill(file, &mut bytes);
    part.broken(error, filled == 0)?;
    bytes.truncate(filled);
    part.lines = count(&bytes);
    (part.offset, part.next, part.truncated, part.bytes) = (Some(kept), kept + filled as u64, kept > from, bytes);
    Ok(part)
}

fn tail_of_stream(reader: &mut dyn Read, lines: u64, limit: usize) -> io::Result<Part> {
    let mut kept: Vec<u8> = Vec::new();
    let mut part = Part::default();
    let mut cut = false;
    let mut block = vec![0; BLOCK];
    loop {
        let (filled, error) = fill(reader, &mut block);
        kept.extend_from_slice(&block[..filled]);
        part.next += filled as u64;
        if kept.len() > limit.saturating_mul(2).max(BLOCK) {
            kept.drain(..kept.len() - limit);
            cut = true;
        }
        if part.broken(error, part.next == 0)? || filled == 0 {
            break;
        }
    }
    let body = kept.strip_suffix(b"\n").unwrap_or(&kept);
    let wanted = usize::try_from(lines).unwrap_or(usize::MAX);
    let begin = match wanted.checked_sub(1) {
        None => kept.len(),
        Some(before) => match memchr::memrchr_iter(b'\n', body).nth(before) {
            Some(at) => at + 1,
            None => {
                part.truncated = cut;
                0
            }
        },
    };
    kept.drain(..begin);
    if kept.len() > limit {
        kept.drain(..kept.len() - limit);
        part.truncated = true;
    }
    part.lines = count(&kept);
    part.bytes = kept;
    Ok(part)
}
