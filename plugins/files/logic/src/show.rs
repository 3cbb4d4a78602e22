//! Bytes as text that can be shown: UTF-8 as it is, every other byte as `\xNN`, and a run of one
//! unprintable byte once, with its number: `\x00 (65505 times)`. Where a file itself has `\x00 (`,
//! its backslash is shown as `\x5c`, so that this form is always a run. The host makes control
//! characters visible, for all plugins alike.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::json::json_len;

/// From how many on the same bytes are shown as one.
const RUN: u64 = 4;

/// How much may be shown: as text, and as a string of JSON, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes of the text.
    pub text: usize,
    /// Bytes of the text in JSON, without its quotation marks.
    pub json: usize,
}

impl Room {
    /// Room for so much text, however long it is in JSON.
    pub fn of_text(text: usize) -> Self {
        Self { text, json: usize::MAX }
    }

    /// Room for so much JSON.
    pub fn of_json(json: usize) -> Self {
        Self { text: json, json }
    }
}

/// Bytes as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown<'a> {
    /// The text.
    pub text: Cow<'a, str>,
    /// How many bytes are not shown as they are.
    pub escaped: u64,
    /// How many bytes are shown, from the first.
    pub taken: usize,
}

/// Shows bytes, as many as there is room for.
pub fn show(bytes: &[u8], room: Room) -> Shown<'_> {
    if let Ok(text) = std::str::from_utf8(bytes)
        && bytes.len() <= room.text
        && !suspicious(bytes)
        && (room.json == usize::MAX || json_len(text) <= room.json)
    {
        return Shown { text: Cow::Borrowed(text), escaped: 0, taken: bytes.len() };
    }
    let mut showing = Showing::new(room);
    let taken = showing.push(bytes, true);
    let (text, escaped) = showing.finish();
    Shown { text: Cow::Owned(text), escaped, taken }
}

/// Shows the last of these bytes, as many as there is room for, and says how many that are.
pub fn show_end(bytes: &[u8], room: Room) -> (Shown<'_>, usize) {
    let mut from = 0;
    loop {
        let rest = &bytes[from..];
        let shown = shown(rest);
        // By how much it is too long, and how many bytes that are at least.
        let over = |has: usize, most: usize| {
            let less = (rest.len() as u64 * has.saturating_sub(most) as u64).div_ceil(has.max(1) as u64);
            usize::try_from(less).unwrap_or(rest.len())
        };
        let less = over(shown.text.len(), room.text).max(over(json_len(&shown.text), room.json)).min(rest.len());
        if less == 0 {
            return (shown, rest.len());
        }
        from += less;
        // Not within a character.
        from += bytes[from..].iter().take(3).take_while(|byte| (0x80..0xc0).contains(*byte)).count();
    }
}

/// Shows bytes, all of them.
pub fn shown(bytes: &[u8]) -> Shown<'_> {
    show(bytes, Room::of_text(usize::MAX))
}

fn unprintable(byte: u8) -> bool {
    (byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0x7f
}

/// How many of these bytes, from the first, are this one.
fn alike(bytes: &[u8], byte: u8) -> usize {
    // Eight at a time: compilers make one comparison of them.
    let eights = bytes.chunks_exact(8).take_while(|eight| **eight == [byte; 8]).count() * 8;
    eights + bytes[eights..].iter().take_while(|one| **one == byte).count()
}

/// Whether UTF-8 may hold what is not shown as it is. A run of four has one of them at a fourth
/// place; one that only begins stands at the end.
fn suspicious(bytes: &[u8]) -> bool {
    let end = &bytes[bytes.len().saturating_sub(3)..];
    bytes.iter().step_by(4).chain(end).any(|byte| unprintable(*byte)) || memchr::memmem::find(bytes, b"\\x").is_some()
}

/// Whether these bytes look like the beginning of a run as it is shown, or may with more of them.
fn like_a_run(bytes: &[u8]) -> bool {
    let hexadecimal = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let fits = |(at, byte): (usize, &u8)| match at {
        0 => *byte == b'\\',
        1 => *byte == b'x',
        2 | 3 => hexadecimal(*byte),
        4 => *byte == b' ',
        _ => *byte == b'(',
    };
    bytes.iter().take(6).enumerate().all(fits)
}

/// The length of these bytes without a character that only begins at their end, so that
/// no page ends inside one.
pub fn complete(bytes: &[u8]) -> usize {
    let from = bytes.len().saturating_sub(3);
    for (index, byte) in bytes.iter().enumerate().skip(from).rev() {
        let wants = match byte {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            0x80..=0xbf => continue,
            _ => return bytes.len(),
        };
        return if index + wants > bytes.len() { index } else { bytes.len() };
    }
    bytes.len()
}

/// Text in the making, until there is no more room.
#[derive(Debug)]
pub struct Showing {
    text: String,
    json: usize,
    room: Room,
    escaped: u64,
    /// The unprintable byte that came last, how often in a row, and whether it is one of UTF-8: it
    /// is written once another follows.
    run: Option<(u8, u64, bool)>,
    full: bool,
}

impl Showing {
    /// Nothing yet, with this room.
    pub fn new(room: Room) -> Self {
        Self::after(String::new(), room)
    }

    /// Goes on after a text, which takes of the room as well.
    pub fn after(text: String, room: Room) -> Self {
        let json = if room.json == usize::MAX { 0 } else { json_len(&text) };
        Self { text, json, room, escaped: 0, run: None, full: false }
    }

    /// Takes bytes in and says how many. The rest belongs before what comes next: there was no room
    /// for it, or it only begins something; the latter is taken if these are the last.
    pub fn push(&mut self, bytes: &[u8], last: bool) -> usize {
        let mut usable = bytes;
        if !last {
            usable = &bytes[..complete(bytes)];
            let tail = usable.len().saturating_sub(5);
            let begun = (tail..usable.len()).find(|at| usable[*at] == b'\\' && like_a_run(&usable[*at..]));
            usable = &usable[..begun.unwrap_or(usable.len())];
        }
        if let Ok(text) = std::str::from_utf8(usable) {
            return self.valid(text);
        }
        let (mut taken, mut at) = (0, 0);
        while at < usable.len() && !self.full {
            let Some(chunk) = usable[at..].utf8_chunks().next() else { break };
            taken += self.valid(chunk.valid());
            at += chunk.valid().len() + chunk.invalid().len();
            for byte in chunk.invalid() {
                taken += usize::from(!self.full && self.byte(*byte, false));
            }
            // 0x80..=0xc1 and 0xf5.. begin no character, so that all that
            // are alike are invalid, too.
            if let [byte @ (0x80..=0xc1 | 0xf5..)] = chunk.invalid()
                && !self.full
            {
                let more = alike(&usable[at..], *byte);
                taken += self.bytes(*byte, more, false);
                at += more;
            }
        }
        taken
    }

    /// Takes a block over as it is, if it is the first, and plain text for which there is room.
    /// Says how many bytes it has.
    ///
    /// # Errors
    /// It is not; the block comes back.
    pub fn take(&mut self, block: Vec<u8>) -> Result<usize, Vec<u8>> {
        let first = self.text.is_empty() && self.run.is_none();
        if !first || self.room.json != usize::MAX || block.len() > self.room.text || suspicious(&block) {
            return Err(block);
        }
        self.text = String::from_utf8(block).map_err(std::string::FromUtf8Error::into_bytes)?;
        Ok(self.text.len())
    }

    /// Whether there is no room for what came last.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// The text so far; a run that may go on is not in it yet.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text, and how many bytes are not shown as they are.
    pub fn finish(mut self) -> (String, u64) {
        self.close();
        (self.text, self.escaped)
    }

    /// Ends the line, if the text is within one: what follows is of another file.
    pub fn end_line(&mut self) {
        self.close();
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
            self.json += 2;
        }
    }

    fn valid(&mut self, text: &str) -> usize {
        if self.full || text.is_empty() {
            return 0;
        }
        if !suspicious(text.as_bytes()) {
            return self.plain(text);
        }
        let (bytes, mut at) = (text.as_bytes(), 0);
        while at < bytes.len() && !self.full {
            let odd = |rest: &[u8]| unprintable(rest[0]) || (rest[0] == b'\\' && rest.len() > 5 && like_a_run(rest));
            match (at..bytes.len()).find(|at| odd(&bytes[*at..])) {
                Some(odd) if odd > at => at += self.plain(&text[at..odd]),
                Some(_) if bytes[at] == b'\\' => at += usize::from(self.byte(b'\\', false)),
                Some(_) => at += self.bytes(bytes[at], alike(&bytes[at..], bytes[at]), true),
                None => at += self.plain(&text[at..]),
            }
        }
        at
    }

    /// Text that is shown as it is.
    fn plain(&mut self, text: &str) -> usize {
        self.close();
        let room = Room {
            text: self.room.text.saturating_sub(self.text.len()),
            json: self.room.json.saturating_sub(self.json),
        };
        let fits = match self.room.json {
            usize::MAX => text.floor_char_boundary(room.text),
            _ => {
                let json = json_len(text);
                if text.len() <= room.text && json <= room.json {
                    self.json += json;
                    self.text.push_str(text);
                    return text.len();
                }
                let mut json = 0;
                let over = text.char_indices().find(|(at, c)| {
                    let length = json_len(c.encode_utf8(&mut [0; 4]));
                    let over = at + c.len_utf8() > room.text || json + length > room.json;
                    json += if over { 0 } else { length };
                    over
                });
                self.json += json;
                over.map_or(text.len(), |(at, _)| at)
            }
        };
        self.text.push_str(&text[..fits]);
        self.full = fits < text.len();
        fits
    }

    /// So many of one byte that are not shown as they are, and for how many of them there is room.
    fn bytes(&mut self, byte: u8, times: usize, utf8: bool) -> usize {
        let mut taken = 0;
        while taken < times && !self.full && self.byte(byte, utf8) {
            taken += 1;
            if let Some((_, told, _)) = self.run.as_mut().filter(|(_, told, _)| *told >= RUN) {
                // Up to the next number with one more digit, the form is as long.
                let longer = 10_u64.saturating_pow(told.ilog10() + 1);
                let more = (longer - 1 - *told).min((times - taken) as u64);
                *told += more;
                taken += usize::try_from(more).unwrap_or(0);
            }
        }
        taken
    }

    /// A byte that is not shown as it is; false if there is no room for it.
    fn byte(&mut self, byte: u8, utf8: bool) -> bool {
        let goes_on = self.run.filter(|(one, _, _)| *one == byte && byte != b'\\');
        if goes_on.is_none() {
            self.close();
        }
        let run = (byte, goes_on.map_or(1, |(_, times, _)| times + 1), utf8);
        let form = form(run);
        let json = json_len(&form);
        if self.text.len() + form.len() > self.room.text || self.json.saturating_add(json) > self.room.json {
            self.full = true;
            return false;
        }
        self.run = Some(run);
        true
    }

    fn close(&mut self) {
        let Some(run) = self.run.take() else { return };
        let form = form(run);
        self.json = self.json.saturating_add(json_len(&form));
        self.text.push_str(&form);
        self.escaped += if run.2 && run.1 < RUN { 0 } else { run.1 };
    }
}

/// A run as it is shown. A few control characters of UTF-8 are left to the host.
fn form((byte, times, utf8): (u8, u64, bool)) -> String {
    let mut form = String::new();
    if times >= RUN {
        // Writing to a string does not fail.
        let _ = write!(form, "\\x{byte:02x} ({times} times)");
        return form;
    }
    for _ in 0..times {
        if utf8 {
            form.push(char::from(byte));
        } else {
            let _ = write!(form, "\\x{byte:02x}");
        }
    }
    form
}

#[cfg(test)]
#[path = "show_tests.rs"]
mod tests;
