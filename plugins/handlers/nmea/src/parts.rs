//! AIS messages that come in several sentences. Messages may come between each other's parts: they
//! are told apart by their number and their channel.

use handler_kit::Now;

/// So many messages may wait for their parts.
const MOST_WAITING: usize = 16;
/// The longest message has 5 slots, which are some 200 characters.
const LONGEST: usize = 512;

/// Where a message stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is whole: its characters.
    Whole(String),
    /// More parts come.
    Waits,
    /// A part before this one has not come, or has come too long ago.
    Missing,
}

/// One sentence of a message.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    pub number: u8,
    pub of: u8,
    /// VDM or VDO, the message's number and its channel.
    pub key: [&'a str; 3],
    pub payload: &'a str,
}

/// The messages that are not whole yet.
#[derive(Debug)]
pub struct Parts {
    keep: u64,
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    key: [String; 3],
    of: u8,
    next: u8,
    payload: String,
    until: Now,
}

impl Parts {
    /// None yet; each waits for so many milliseconds.
    pub fn new(keep: u64) -> Self {
        Self { keep, waiting: Vec::new() }
    }

    /// A sentence has come.
    pub fn add(&mut self, piece: Piece, now: Now) -> Progress {
        self.waiting.retain(|waiting| now <= waiting.until);
        if piece.of == 1 {
            return Progress::Whole(piece.payload.to_owned());
        }
        let found = self.waiting.iter().position(|waiting| waiting.key == piece.key);
        let mut waiting = match (found.map(|index| self.waiting.remove(index)), piece.number) {
            (_, 1) => {
                let key = piece.key.map(ToOwned::to_owned);
                Waiting { key, of: piece.of, next: 1, payload: String::new(), until: now.saturating_add(self.keep) }
            }
            (Some(waiting), number) if number == waiting.next && piece.of == waiting.of => waiting,
            _ => return Progress::Missing,
        };
        if waiting.payload.len() + piece.payload.len() > LONGEST {
            return Progress::Missing;
        }
        waiting.payload.push_str(piece.payload);
        if piece.number == piece.of {
            return Progress::Whole(waiting.payload);
        }
        waiting.next = piece.number + 1;
        if self.waiting.len() >= MOST_WAITING {
            self.waiting.remove(0);
        }
        self.waiting.push(waiting);
        Progress::Waits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece<'a>(number: u8, of: u8, sequence: &'a str, payload: &'a str) -> Piece<'a> {
        Piece { number, of, key: ["VDM", sequence, "A"], payload }
    }

    #[test]
    fn messages_may_come_between_each_others_parts() {
        let mut parts = Parts::new(100);
        assert_eq!(parts.add(piece(1, 1, "", "x"), 0), Progress::Whole("x".to_owned()));
        assert_eq!(parts.add(piece(1, 2, "3", "a"), 0), Progress::Waits);
        assert_eq!(parts.add(piece(1, 3, "4", "b"), 0), Progress::Waits);
        assert_eq!(parts.add(piece(2, 2, "3", "c"), 0), Progress::Whole("ac".to_owned()));
        assert_eq!(parts.add(piece(2, 3, "4", "d"), 0), Progress::Waits);
        assert_eq!(parts.add(piece(3, 3, "4", "e"), 0), Progress::Whole("bde".to_owned()));
    }

    #[test]
    fn what_is_missing_is_told() {
        let mut parts = Parts::new(100);
        assert_eq!(parts.add(piece(2, 2, "3", "c"), 0), Progress::Missing);
        parts.add(piece(1, 3, "3", "a"), 0);
        assert_eq!(parts.add(piece(3, 3, "3", "c"), 0), Progress::Missing, "the second has not come");
        parts.add(piece(1, 2, "3", "a"), 0);
        assert_eq!(parts.add(piece(2, 2, "3", "b"), 101), Progress::Missing, "the first has come too long ago");
        parts.add(piece(1, 2, "3", "a"), 0);
        parts.add(piece(1, 2, "3", "A"), 0);
        assert_eq!(parts.add(piece(2, 2, "3", "b"), 0), Progress::Whole("Ab".to_owned()), "the last first counts");
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut parts = Parts::new(100);
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(parts.add(piece(1, 2, "1", &long), 0), Progress::Missing);
        for sequence in 0..1000 {
            parts.add(piece(1, 9, &sequence.to_string(), "a"), 0);
        }
        assert_eq!(parts.waiting.len(), MOST_WAITING);
    }
}
