//! Options: their names, and the state of one on one side by the Q method (RFC 1143), which answers
//! every request once and never answers an answer, so that two sides never loop.
//!
//! Of its six states three are here: we never ask for an option's end, so `WANTNO` and the queue
//! bits cannot come about.

use crate::codec::{DO, DONT, WILL, WONT};

/// RFC 856.
pub const BINARY: u8 = 0;
/// RFC 857.
pub const ECHO: u8 = 1;
/// RFC 858: suppress go ahead.
pub const SGA: u8 = 3;
/// RFC 1091: terminal type.
pub const TTYPE: u8 = 24;
/// RFC 1073: window size.
pub const NAWS: u8 = 31;

/// An option's name, as RFCs and other clients write it; its number if it has none here.
pub fn name(option: u8) -> String {
    let name = match option {
        BINARY => "BINARY",
        ECHO => "ECHO",
        SGA => "SGA",
        5 => "STATUS",
        6 => "TIMING-MARK",
        18 => "LOGOUT",
        TTYPE => "TTYPE",
        25 => "EOR",
        NAWS => "NAWS",
        32 => "TSPEED",
        33 => "LFLOW",
        34 => "LINEMODE",
        35 => "XDISPLOC",
        36 => "ENVIRON",
        37 => "AUTHENTICATION",
        38 => "ENCRYPT",
        39 => "NEW-ENVIRON",
        42 => "CHARSET",
        44 => "COM-PORT",
        46 => "START-TLS",
        69 => "MSDP",
        70 => "MSSP",
        85 | 86 => "MCCP",
        91 => "MXP",
        201 => "GMCP",
        other => return other.to_string(),
    };
    name.to_owned()
}

/// A verb's name.
pub fn verb(verb: u8) -> &'static str {
    match verb {
        WILL => "WILL",
        WONT => "WONT",
        DO => "DO",
        DONT => "DONT",
        _ => "?",
    }
}

/// How an option stands on one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// Off, as all are at first.
    #[default]
    No,
    /// On.
    Yes,
    /// We have asked for it, and no answer has come.
    Asked,
}

/// What is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nothing: it was an answer, or nothing new.
    Nothing,
    /// Agreement (WILL, DO).
    Yes,
    /// Refusal, or agreement to its end (WONT, DONT).
    No,
}

impl State {
    /// The other side asks for it, or agrees to what we asked for. `agree`: whether we want it too.
    pub fn requested(&mut self, agree: bool) -> Answer {
        match (*self, agree) {
            (State::Yes, _) => Answer::Nothing,
            (State::Asked, _) => {
                *self = State::Yes;
                Answer::Nothing
            }
            (State::No, true) => {
                *self = State::Yes;
                Answer::Yes
            }
            (State::No, false) => Answer::No,
        }
    }

    /// The other side refuses it, or ends it.
    pub fn refused(&mut self) -> Answer {
        match std::mem::replace(self, State::No) {
            State::Yes => Answer::No,
            State::No | State::Asked => Answer::Nothing,
        }
    }

    /// Asks for it; false if there is nothing to ask.
    pub fn ask(&mut self) -> bool {
        let asks = *self == State::No;
        if asks {
            *self = State::Asked;
        }
        asks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn requests_are_answered_once_and_answers_never() {
        let mut option = State::default();
        assert_eq!(option.requested(false), Answer::No);
        assert_eq!(option.requested(true), Answer::Yes);
        assert_eq!(option.requested(true), Answer::Nothing);
        assert_eq!(option.refused(), Answer::No);
        assert_eq!(option.refused(), Answer::Nothing);
        assert!(option.ask() && !option.ask());
        assert_eq!(option.requested(false), Answer::Nothing);
        assert_eq!(option, State::Yes);
        assert!(!option.ask());
    }

    proptest! {
        /// Two sides of this method, each asking at any time, fall silent and agree, in whatever
        /// order messages cross.
        #[test]
        fn two_sides_never_talk_in_circles(agree in any::<(bool, bool)>(), moves in prop::collection::vec(0u8..4, 0..40)) {
            let mut sides = [State::No, State::No];
            let agree = [agree.0, agree.1];
            let mut on_the_way = [std::collections::VecDeque::new(), std::collections::VecDeque::new()];
            let deliver = |to: usize, sides: &mut [State; 2], on_the_way: &mut [std::collections::VecDeque<bool>; 2]| {
                let Some(yes) = on_the_way[to].pop_front() else { return };
                let answer = if yes { sides[to].requested(agree[to]) } else { sides[to].refused() };
                match answer {
                    Answer::Nothing => {}
                    Answer::Yes => on_the_way[1 - to].push_back(true),
                    Answer::No => on_the_way[1 - to].push_back(false),
                }
            };
            for step in moves {
                let side = usize::from(step & 1);
                if step < 2 {
                    if agree[side] && sides[side].ask() {
                        on_the_way[1 - side].push_back(true);
                    }
                } else {
                    deliver(side, &mut sides, &mut on_the_way);
                }
            }
            let mut left = 0;
            while on_the_way.iter().any(|queue| !queue.is_empty()) {
                left += 1;
                prop_assert!(left < 100, "they do not fall silent");
                deliver(left % 2, &mut sides, &mut on_the_way);
            }
            prop_assert_eq!(sides[0], sides[1]);
        }
    }
}
