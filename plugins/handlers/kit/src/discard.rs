//! Bytes that are given up, because the protocol says how many they are but they can be no message,
//! or because nothing says where the next message begins.

use crate::{Input, Step};

/// So many bytes are told as one malformed message. The length is fixed, so that the messages do
/// not depend on how the bytes come.
const PIECE: usize = 4096;

/// So many bytes are given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discard {
    reason: String,
    left: u64,
}

impl Discard {
    /// The next bytes are given up, for this reason.
    pub fn new(reason: impl Into<String>, left: u64) -> Self {
        Self { reason: reason.into(), left }
    }

    /// All that comes is given up.
    pub fn all(reason: impl Into<String>) -> Self {
        Self::new(reason, u64::MAX)
    }

    /// Takes what has come. Whether all is taken that is to be given up.
    pub fn data(&mut self, input: &mut Input, step: &mut Step) -> bool {
        while self.left > 0 {
            let piece = usize::try_from(self.left).unwrap_or(usize::MAX).min(PIECE);
            if input.len() < piece {
                return false;
            }
            let span = input.take(piece);
            step.malformed(self.reason.clone(), span);
            self.left = if self.left == u64::MAX { u64::MAX } else { self.left - piece as u64 };
        }
        true
    }

    /// The connection ends: takes what is left of the input.
    pub fn close(&mut self, input: &mut Input, step: &mut Step) {
        if !input.is_empty() {
            let span = input.take_all();
            step.malformed(self.reason.clone(), span);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_behind_is_kept() {
        let (mut input, mut step) = (Input::default(), Step::default());
        let mut discard = Discard::new("too long", 5000);
        input.push(&[0; 4000]);
        assert!(!discard.data(&mut input, &mut step) && step.messages.is_empty());
        input.push(&[0; 1003]);
        assert!(discard.data(&mut input, &mut step));
        assert_eq!(step.messages.iter().map(|m| m.span.end).collect::<Vec<_>>(), [4096, 5000]);
        assert_eq!(input.len(), 3);
    }

    #[test]
    fn all_means_all() {
        let (mut input, mut step) = (Input::default(), Step::default());
        let mut discard = Discard::all("lost");
        input.push(&[0; 3 * PIECE + 1]);
        assert!(!discard.data(&mut input, &mut step));
        discard.close(&mut input, &mut step);
        assert_eq!(step.messages.last().unwrap().span.end, 3 * PIECE as u64 + 1);
        assert_eq!(step.messages.len(), 4);
    }
}
