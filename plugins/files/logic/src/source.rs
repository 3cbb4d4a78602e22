//! A file as the tools read it: what is compressed or UTF-16 is a stream of UTF-8 that only goes
//! forward; everything else allows random access. The first bytes say which it is.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use encoding_rs_io::DecodeReaderBytes;

use crate::fault::{Fault, Faults};
use crate::gunzip::Gunzip;

/// How much of a file's beginning is looked at.
const SNIFF: usize = 8 << 10;

/// After how many bytes of a stream it is asked whether time is up.
const ASKED: usize = 64 << 10;

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8, or anything that is not told apart from it.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, little end first, by its byte order mark.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, big end first, by its byte order mark.
    #[serde(rename = "utf-16be")]
    Utf16Be,
}

/// An open file, ready to be read as text.
pub struct Source<R> {
    /// Whether it is a gzip file that is read decompressed.
    pub compressed: bool,
    /// How its text is written.
    pub encoding: Encoding,
    /// Whether its beginning holds what no text does (a NUL byte).
    pub binary: bool,
    inner: Inner<R>,
    faults: Faults,
}

enum Inner<R> {
    Plain { file: R, start: u64 },
    Stream(Box<dyn Read>),
}

/// A file that may have its bytes at hand as a block of their own, so that a long piece of it is
/// not copied once more.
pub trait File: Read + Seek + 'static {
    /// Reads at most so many bytes from where it stands; none at the end.
    ///
    /// # Errors
    /// It cannot be read.
    fn block(&mut self, most: usize) -> io::Result<Vec<u8>> {
        let mut block = vec![0; most];
        let filled = self.read(&mut block)?;
        block.truncate(filled);
        Ok(block)
    }
}

/// Reads so many bytes, or until the file ends or cannot be read further.
pub(crate) fn blocks(file: &mut impl File, want: usize) -> (Vec<u8>, Option<io::Error>) {
    let mut all = Vec::new();
    while all.len() < want {
        match file.block(want - all.len()) {
            Ok(block) if block.is_empty() => break,
            Ok(block) if all.is_empty() => all = block,
            Ok(block) => all.extend_from_slice(&block),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (all, Some(error)),
        }
    }
    (all, None)
}

/// Reads until the buffer is full, or the file ends or cannot be read further. What came
/// before an error is there.
pub(crate) fn fill(reader: &mut (impl Read + ?Sized), buffer: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(error)),
        }
    }
    (filled, None)
}

/// Reads so many bytes at most; nothing at all is an error if there is one.
fn sniff(reader: &mut (impl Read + ?Sized)) -> io::Result<Vec<u8>> {
    let mut head = vec![0; SNIFF];
    let (filled, error) = fill(reader, &mut head);
    head.truncate(filled);
    match error {
        Some(error) if head.is_empty() => Err(error),
        _ => Ok(head),
    }
}

/// Whether an error is the deadline's, which whoever gives the file tells as `TimedOut`: what was
/// read until then is an answer.
pub fn is_stop(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::TimedOut
}

fn mark(head: &[u8]) -> (Encoding, u64) {
    match head {
        [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
        [0xff, 0xfe, ..] => (Encoding::Utf16Le, 2),
        [0xfe, 0xff, ..] => (Encoding::Utf16Be, 2),
        _ => (Encoding::Utf8, 0),
    }
}

impl<R: Read + Seek + 'static> Source<R> {
    /// Looks at a file's beginning. A gzip file is decompressed if `decompress` says so.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(mut file: R, decompress: bool) -> io::Result<Self> {
        let faults = Faults::default();
        let head = sniff(&mut file)?;
        if decompress && head.starts_with(&[0x1f, 0x8b, 8]) {
            file.seek(SeekFrom::Start(0))?;
            let mut text = Gunzip::new(BufReader::with_capacity(crate::BLOCK, file), faults.clone());
            let head = sniff(&mut text)?;
            let (encoding, _) = mark(&head);
            let binary = encoding == Encoding::Utf8 && head.contains(&0);
            let text = decoded(io::Cursor::new(head).chain(text), encoding, &faults);
            return Ok(Self { compressed: true, encoding, binary, inner: Inner::Stream(text), faults });
        }
        let (encoding, start) = mark(&head);
        if encoding == Encoding::Utf8 {
            let binary = memchr::memchr(0, &head).is_some();
            return Ok(Self { compressed: false, encoding, binary, inner: Inner::Plain { file, start }, faults });
        }
        file.seek(SeekFrom::Start(0))?;
        let text = decoded(BufReader::with_capacity(crate::BLOCK, file), encoding, &faults);
        Ok(Self { compressed: false, encoding, binary: false, inner: Inner::Stream(text), faults })
    }

    /// Where it is told what is wrong with the file, once it was read that far.
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }

    /// The file itself, if its bytes are its text.
    pub fn into_plain(self) -> Option<R> {
        match self.inner {
            Inner::Plain { file, .. } => Some(file),
            Inner::Stream(_) => None,
        }
    }

    /// Ends what is decompressed or decoded with `TimedOut` once `up` says so. What is read as it
    /// is, its file ends by itself.
    #[must_use]
    pub fn until(mut self, up: impl Fn() -> bool + 'static) -> Self {
        if let Inner::Stream(text) = self.inner {
            self.inner = Inner::Stream(Box::new(Timed { text, up, left: ASKED }));
        }
        self
    }

    /// The file itself, if its bytes are its text, and where the text begins.
    pub(crate) fn plain(&mut self) -> Option<(&mut R, u64)> {
        match &mut self.inner {
            Inner::Plain { file, start } => Some((file, *start)),
            Inner::Stream(_) => None,
        }
    }

    /// Whether the text's offsets are the file's, so that it can be read from anywhere.
    pub fn is_plain(&self) -> bool {
        matches!(self.inner, Inner::Plain { .. })
    }

    /// A reader at this offset of the text.
    pub(crate) fn at(&mut self, offset: u64) -> io::Result<&mut dyn Read> {
        match &mut self.inner {
            Inner::Plain { file, start } => {
                file.seek(SeekFrom::Start(offset.max(*start)))?;
                Ok(file)
            }
            Inner::Stream(text) => {
                io::copy(&mut text.by_ref().take(offset), &mut io::sink())?;
                Ok(text)
            }
        }
    }

    /// The whole text from this offset on, to be read forward.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn into_reader(mut self, offset: u64) -> io::Result<Box<dyn Read>> {
        self.at(offset)?;
        Ok(match self.inner {
            Inner::Plain { file, .. } => Box::new(file),
            Inner::Stream(text) => text,
        })
    }
}

/// A stream that ends with `TimedOut` once time is up, however little of its file
/// it takes to come that far.
struct Timed<F> {
    text: Box<dyn Read>,
    up: F,
    /// Bytes until it is asked again.
    left: usize,
}

impl<F: Fn() -> bool> Read for Timed<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            if (self.up)() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.left = ASKED;
        }
        let most = buffer.len().min(ASKED);
        let n = self.text.read(&mut buffer[..most])?;
        self.left = self.left.saturating_sub(n);
        Ok(n)
    }
}

/// UTF-16 by its mark as UTF-8; what has none is passed through.
fn decoded(reader: impl Read + 'static, encoding: Encoding, faults: &Faults) -> Box<dyn Read> {
    let mut decoder = encoding_rs_io::DecodeReaderBytesBuilder::new();
    decoder.bom_sniffing(true).utf8_passthru(true).strip_bom(true);
    if encoding == Encoding::Utf8 {
        let decoder: DecodeReaderBytes<_, Vec<u8>> = decoder.build(reader);
        return Box::new(decoder);
    }
    let units = Units { reader, big: encoding == Encoding::Utf16Be, last: [0; 2], odd: false, faults: faults.clone() };
    let decoder: DecodeReaderBytes<_, Vec<u8>> = decoder.build(units);
    Box::new(decoder)
}

/// Bytes of UTF-16, which tells if they end within a character.
struct Units<R> {
    reader: R,
    big: bool,
    /// The last two bytes.
    last: [u8; 2],
    /// Whether their number is odd.
    odd: bool,
    faults: Faults,
}

impl<R: Read> Read for Units<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(buffer)?;
        match buffer.get(..n).unwrap_or_default() {
            [] if !buffer.is_empty() => {
                let unit = if self.big { u16::from_be_bytes(self.last) } else { u16::from_le_bytes(self.last) };
                if self.odd || (0xd800..0xdc00).contains(&unit) {
                    self.faults.tell(Fault::Utf16Truncated);
                }
            }
            [.., before, last] => self.last = [*before, *last],
            [last] => self.last = [self.last[1], *last],
            [] => {}
        }
        self.odd ^= n % 2 == 1;
        Ok(n)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::{Cursor, Write as _};

    use super::*;

    impl File for Cursor<Vec<u8>> {}

    pub fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    pub fn utf16(text: &str, big: bool) -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    }

    fn text(bytes: Vec<u8>, offset: u64) -> String {
        let source = Source::open(Cursor::new(bytes), true).unwrap();
        let mut text = String::new();
        source.into_reader(offset).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_plain_file_is_itself() {
        assert_eq!(text(b"hello".to_vec(), 0), "hello");
        assert_eq!(text(b"hello".to_vec(), 2), "llo");
        assert_eq!(text(b"hello".to_vec(), 9), "");
        assert_eq!(text(b"\xef\xbb\xbfhello".to_vec(), 0), "hello");
        assert_eq!(text(Vec::new(), 0), "");
    }

    #[test]
    fn gzip_of_several_members_and_utf16_are_read_as_text() {
        let members = [gz(b"one\n"), gz(b"two\n")].concat();
        assert_eq!(text(members.clone(), 0), "one\ntwo\n");
        assert_eq!(text(members.clone(), 4), "two\n");
        assert_eq!(text(utf16("grün 😀\n", false), 0), "grün 😀\n");
        assert_eq!(text(utf16("grün 😀\n", true), 0), "grün 😀\n");
        assert_eq!(text(gz(&utf16("grün\n", true)), 0), "grün\n");
        let raw = Source::open(Cursor::new(members), false).unwrap();
        assert!(!raw.compressed && raw.is_plain() && raw.binary);
    }

    #[test]
    fn what_a_file_is_is_told() {
        let about = |bytes: Vec<u8>| {
            let source = Source::open(Cursor::new(bytes), true).unwrap();
            (source.compressed, source.encoding, source.binary)
        };
        assert_eq!(about(b"text".to_vec()), (false, Encoding::Utf8, false));
        assert_eq!(about(b"\x7fELF\0\0".to_vec()), (false, Encoding::Utf8, true));
        assert_eq!(about(utf16("a", false)), (false, Encoding::Utf16Le, false));
        assert_eq!(about(gz(&utf16("a", true))), (true, Encoding::Utf16Be, false));
        assert_eq!(about(gz(b"a\0b")), (true, Encoding::Utf8, true));
    }

    #[test]
    fn what_is_decompressed_ends_when_time_is_up_though_its_file_is_read_already() {
        let asked = std::rc::Rc::new(std::cell::Cell::new(0));
        let count = std::rc::Rc::clone(&asked);
        let up = move || {
            count.set(count.get() + 1);
            count.get() > 3
        };
        let source = Source::open(Cursor::new(gz(&b"line\n".repeat(1_000_000))), true).unwrap().until(up);
        let mut text = Vec::new();
        let error = source.into_reader(0).unwrap().read_to_end(&mut text).unwrap_err();
        assert!(is_stop(&error), "{error}");
        assert!(text.len() < 400_000 && asked.get() == 4, "{} {}", text.len(), asked.get());
    }
}
