//! Files that are broken: what can be read of them is read, as `zcat` reads it,
//! and what is wrong is told.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{self, Cursor, Read as _, Write as _};
use std::process::{Command, Stdio};

use files_logic::{Fault, File, Room, Source, head, page, tail};

struct Bytes(Cursor<Vec<u8>>);

impl io::Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl io::Seek for Bytes {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

impl File for Bytes {}

fn open(bytes: &[u8]) -> Source<Bytes> {
    Source::open(Bytes(Cursor::new(bytes.to_vec())), true).unwrap()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Lines that compress about as log lines do.
fn log(lines: u64) -> Vec<u8> {
    let line =
        |n: u64| format!("Nov 29 {:02}:00 host service[{}]: request {:x}\n", n % 24, n % 977, n * n * 2_654_435_761);
    (0..lines).map(line).collect::<String>().into_bytes()
}

fn read(bytes: &[u8]) -> (Vec<u8>, Option<Fault>) {
    let source = open(bytes);
    let faults = source.faults();
    let mut text = Vec::new();
    source.into_reader(0).unwrap().read_to_end(&mut text).unwrap();
    (text, faults.first())
}

/// What `zcat` writes, and says.
fn zcat(bytes: &[u8]) -> (Vec<u8>, String) {
    let mut child = Command::new("gzip")
        .args(["-dc"])
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("gzip is needed: this test compares with it");
    let mut stdin = child.stdin.take().unwrap();
    let bytes = bytes.to_vec();
    // It may end before it has read all.
    let writing = std::thread::spawn(move || drop(stdin.write_all(&bytes)));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    (output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn what_zcat_reads_of_a_broken_file_is_read() {
    let text = log(4000);
    let whole = gz(&text);
    let members = [gz(&text[..50_000]), gz(&text[50_000..])].concat();
    let first = gz(&text[..50_000]).len();
    let mut wrong = members.clone();
    wrong[first - 6] ^= 1;
    let mut wrong_length = whole.clone();
    let length = wrong_length.len();
    wrong_length[length - 2] ^= 1;
    let cut = |bytes: &[u8], length: usize| bytes[..length].to_vec();
    let with = |bytes: &[u8], more: &[u8]| [bytes, more].concat();
    let early = ("unexpected end of file", Some(Fault::GzipTruncated));
    let garbage = ("trailing garbage ignored", Some(Fault::GzipTrailing));
    let sum = ("crc error", Some(Fault::GzipChecksum));
    let mut cases = vec![
        (whole.clone(), ("", None)),
        (members.clone(), ("", None)),
        (with(&whole, &[0; 1000]), ("", None)),
        (with(&members, &gz(b"")), ("", None)),
        (with(&whole, b"garbage"), garbage),
        (with(&whole, b"\0\0garbage"), garbage),
        (with(&members, b"\x1e\x1e"), garbage),
        (with(&whole, &[0x1f, 0x8b, 8]), early),
        (with(&whole, &[0x1f, 0x8b]), early),
        (cut(&whole, length - 1), early),
        (cut(&whole, length - 8), early),
        (cut(&members, first + 5), early),
        (wrong, sum),
        (wrong_length, ("length error", Some(Fault::GzipChecksum))),
        (cut(&whole, 4), early),
        (cut(&whole, 10), early),
    ];
    cases.extend((1..40).map(|n| (cut(&whole, length * n / 40), early)));
    cases.extend((1..40).map(|n| (cut(&members, members.len() * n / 40), early)));
    for (index, (bytes, (says, fault))) in cases.iter().enumerate() {
        let (theirs, said) = zcat(bytes);
        assert!(says.is_empty() && said.is_empty() || said.contains(says), "{index}: {said}");
        let (ours, told) = read(bytes);
        assert_eq!(told, *fault, "{index}");
        // All of what gzip reads; it asks for more bits than it needs, so that at the end of the
        // data a character may be missing.
        assert!(ours.starts_with(&theirs), "{index}: {} {}", ours.len(), theirs.len());
        let more = ours.len() - theirs.len();
        assert!(more == 0 || (*fault == Some(Fault::GzipTruncated) && more < 300), "{index}: {more} bytes more");
        assert!(text.starts_with(&ours) || fault.is_none(), "{index}");
    }
}

#[test]
fn corruption_in_the_middle_ends_the_text_where_it_is() {
    // In many blocks, so that some of their heads are hit.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    for piece in log(4000).chunks(2000) {
        encoder.write_all(piece).unwrap();
        encoder.flush().unwrap();
    }
    let whole = encoder.finish().unwrap();
    let mut corrupt = 0;
    for n in 1..60 {
        let mut bytes = whole.clone();
        let at = bytes.len() * n / 60;
        let end = (at + 2000).min(bytes.len() - 9);
        for (index, byte) in bytes[at..end].iter_mut().enumerate() {
            *byte = u8::try_from((index * index * 31 + n * 7) % 251).unwrap();
        }
        let ((theirs, said), (ours, told)) = (zcat(&bytes), read(&bytes));
        assert!(ours.starts_with(&theirs), "{n}: {} {}", ours.len(), theirs.len());
        assert!(ours.len() >= 100 || n < 3, "{n}: {}", ours.len());
        match told {
            Some(Fault::GzipCorrupt) => {
                corrupt += 1;
                assert!(said.contains("format violated"), "{n}: {said}");
            }
            Some(Fault::GzipChecksum) => assert!(said.contains("crc error"), "{n}: {said}"),
            Some(Fault::GzipTruncated) => assert!(said.contains("unexpected end"), "{n}: {said}"),
            other => panic!("{n}: {other:?}, {said}"),
        }
    }
    assert!(corrupt > 20, "{corrupt}");
}

#[test]
fn every_tool_has_what_can_be_read_and_the_same_fault() {
    let text = log(4000);
    let mut broken = gz(&text);
    broken.truncate(broken.len() / 2);
    let (whole, _) = read(&broken);
    assert!(whole.len() > 60_000, "{}", whole.len());
    let mut source = open(&broken);
    let one = page(&mut source, 0, Room::of_text(1 << 20)).unwrap();
    assert!(one.text.as_bytes() == whole && one.end && source.faults().first() == Some(Fault::GzipTruncated));
    let mut source = open(&broken);
    let next = page(&mut source, 50_000, Room::of_text(1 << 20)).unwrap();
    assert!(next.text.as_bytes() == &whole[50_000..] && next.end);
    let mut source = open(&broken);
    let last = tail(&mut source, 3, 1 << 20).unwrap();
    assert!(whole.ends_with(&last.bytes) && last.lines == 3);
    assert_eq!(source.faults().first(), Some(Fault::GzipTruncated));
    let mut source = open(&broken);
    let all = head(&mut source, 1 << 20, 1 << 20).unwrap();
    assert!(all.bytes == whole && !all.more);
    // What ends before the fault is not concerned.
    let mut source = open(&broken);
    assert_eq!(head(&mut source, 2, 1 << 20).unwrap().lines, 2);
    assert_eq!(source.faults().first(), None);
}

#[test]
fn utf16_that_ends_within_a_character_says_so() {
    let text = |units: &[u16], odd: bool| {
        let mut bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        bytes.extend(odd.then_some(0x41));
        bytes
    };
    let hello: Vec<u16> = "\u{feff}grün".encode_utf16().collect();
    assert_eq!(read(&text(&hello, false)), ("grün".as_bytes().to_vec(), None));
    let odd = Some(Fault::Utf16Truncated);
    assert_eq!(read(&text(&hello, true)), ("grün\u{fffd}".as_bytes().to_vec(), odd));
    let half = [&hello[..], &[0xd83d]].concat();
    assert_eq!(read(&text(&half, false)), ("grün\u{fffd}".as_bytes().to_vec(), odd));
    let big: Vec<u8> = half.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    assert_eq!(read(&big), ("grün\u{fffd}".as_bytes().to_vec(), odd));
    // Within gzip that ends early as well, the cause is told.
    let mut both = gz(&text(&hello.repeat(5000), false));
    both.truncate(both.len() - 20);
    assert_eq!(read(&both).1, Some(Fault::GzipTruncated));
}

/// Cannot be read at one place.
struct Bad(Cursor<Vec<u8>>, u64);

impl io::Read for Bad {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.1.saturating_sub(self.0.position())).unwrap();
        if left == 0 && !buffer.is_empty() {
            return Err(io::Error::other("bad sector"));
        }
        let most = buffer.len().min(left);
        self.0.read(&mut buffer[..most])
    }
}

impl io::Seek for Bad {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

impl File for Bad {}

#[test]
fn what_comes_before_a_place_that_cannot_be_read_is_shown() {
    let bad = || Source::open(Bad(Cursor::new(log(1000)), 30_000), true).unwrap();
    let one = page(&mut bad(), 0, Room::of_text(1 << 20)).unwrap();
    assert_eq!((one.text.len(), one.end, one.failed.unwrap().to_string()), (30_000, false, "bad sector".to_owned()));
    assert!(page(&mut bad(), 30_000, Room::of_text(1 << 20)).is_err());
    let part = head(&mut bad(), 10_000, 1 << 20).unwrap();
    assert_eq!((part.bytes.len(), part.failed.unwrap().to_string()), (30_000, "bad sector".to_owned()));
}
