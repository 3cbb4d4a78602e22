//! What the check says of files that were cut, torn or written to.

use super::*;
use crate::place_tests::LogFolder;

/// A file of which a part is there when its end is reached, and the rest when it is read
/// further.
struct Grows(Vec<&'static [u8]>);

impl io::Read for Grows {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(part) = self.0.first_mut() else { return Ok(0) };
        let len = part.len().min(into.len());
        into[..len].copy_from_slice(&part[..len]);
        *part = &part[len..];
        if len == 0 {
            self.0.remove(0);
        }
        Ok(len)
    }
}

#[test]
fn a_line_that_is_being_written_behind_a_head_that_was_read_before_is_no_fault() {
    let place = LogFolder::with(5);
    let key = Key::open(&place.key()).unwrap();
    let bytes: &'static [u8] = std::fs::read(place.log()).unwrap().leak();
    let whole: Vec<_> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let (_, tail) = unseal(whole[1].strip_suffix(b"\n").unwrap()).unwrap();
    let walked = |parts: Vec<&'static [u8]>, seq: u64| {
        let before = HeadState::Known(Known { tail: Tail { seq, ..tail }, base: 1, synced: 0 });
        let report = Report { files: vec![place.log()], ..Report::default() };
        let mut walk = Walk { key: &key, before, base: 1, report, tail: None, met: false, signed: 0 };
        let fault = walk.file(&place.log(), BufReader::new(Grows(parts))).unwrap();
        (fault.map(|fault| fault.kind), walk.report.lines, walk.report.notes.len())
    };
    // The head knew line 2 when it was read; then 3 was written whole, and 4 in two parts.
    let upto = whole[..3].iter().map(|line| line.len()).sum::<usize>() + 40;
    assert_eq!(walked(vec![&bytes[..upto]], 2), (None, 3, 1));
    assert_eq!(walked(vec![&bytes[..upto], &bytes[upto..]], 2), (None, 3, 1));
    // A line that the head knew is another matter.
    assert_eq!(walked(vec![&bytes[..upto]], 4), (Some(Kind::CutAtEnd), 3, 0));
}
