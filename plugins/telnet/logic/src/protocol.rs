//! One end of a telnet connection: what of the received bytes is data, and what is to be answered.
//!
//! We send our terminal type and window size, let the server echo, and take binary and
//! suppress-go-ahead on both sides; every other option is refused as RFC 855 wants it. Nothing is
//! asked before the server has shown that it speaks telnet.

use std::collections::BTreeMap;

use crate::codec::{self, DO, DONT, Decoder, Event, IAC, LineEnd, WILL, WONT};
use crate::encoding::Encoding;
use crate::option::{self, Answer, BINARY, ECHO, NAWS, SGA, State, TTYPE};

/// The most requests that are answered on one connection. Honest servers send
/// a dozen; more are a loop.
pub const ANSWERS: usize = 256;
/// So many of the server's requests are remembered, to be told.
const REMEMBERED: usize = 32;
/// `IS` and `SEND` of RFC 1091.
const IS: u8 = 0;
const SEND: u8 = 1;

/// What we say of ourselves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The terminal's name.
    pub terminal: String,
    /// Its width and height in characters.
    pub window: (u16, u16),
    /// How its bytes are characters; the server is not told.
    pub encoding: Encoding,
    /// What the return key sends; `None`: CR LF, or CR where we send in binary.
    pub line_end: Option<LineEnd>,
}

/// Control characters that make a server throw away what it has not sent yet: those that interrupt,
/// stop, quit and abort.
const INTERRUPTS: [char; 4] = ['\u{3}', '\u{1a}', '\u{1c}', '\u{f}'];
/// The data mark, which says that it did.
const MARK: u8 = 242;

/// One connection's state.
#[derive(Debug)]
pub struct Protocol {
    settings: Settings,
    decoder: Decoder,
    /// Options on our side (the server says DO and DONT), and on the server's
    /// (it says WILL and WONT).
    ours: BTreeMap<u8, State>,
    theirs: BTreeMap<u8, State>,
    requests: Vec<(u8, u8)>,
    answered: usize,
    offered: bool,
    /// Whether a data mark may come of which only half is to be seen: a server
    /// sends the other out of band.
    marks: bool,
}

impl Protocol {
    /// A connection on which nothing has been said.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            decoder: Decoder::default(),
            ours: BTreeMap::new(),
            theirs: BTreeMap::new(),
            requests: Vec::new(),
            answered: 0,
            offered: false,
            marks: false,
        }
    }

    /// Takes received bytes: the data in them is appended to `data`, what is to
    /// be answered to `answers`.
    pub fn receive(&mut self, mut bytes: &[u8], data: &mut Vec<u8>, answers: &mut Vec<u8>) {
        while !bytes.is_empty() {
            let (taken, event) = self.decoder.next(bytes, self.is_on(&self.theirs, BINARY));
            bytes = &bytes[taken..];
            match event {
                Some(Event::Data(mut more)) => {
                    if self.marks
                        && let Some(at) = more.iter().position(|byte| *byte == MARK)
                    {
                        more.remove(at);
                        self.marks = false;
                    }
                    data.append(&mut more);
                }
                Some(Event::Command(MARK)) => self.marks = false,
                Some(Event::Negotiate(verb, option)) => self.negotiate(verb, option, answers),
                Some(Event::Subnegotiation(TTYPE, parameters)) if parameters.first() == Some(&SEND) => {
                    if self.is_on(&self.ours, TTYPE) && self.may_answer() {
                        let is = [&[IS], self.settings.terminal.as_bytes()].concat();
                        codec::subnegotiation(TTYPE, &is, answers);
                    }
                }
                Some(Event::Subnegotiation(..) | Event::Command(_)) | None => {}
            }
        }
        if !self.offered && !self.requests.is_empty() {
            self.offered = true;
            for (verb, option) in [(DO, SGA), (WILL, TTYPE), (WILL, NAWS)] {
                let side = if verb == WILL { &mut self.ours } else { &mut self.theirs };
                // What the server has spoken of already is settled.
                if !side.contains_key(&option) && side.entry(option).or_default().ask() {
                    answers.extend([IAC, verb, option]);
                }
            }
        }
    }

    fn negotiate(&mut self, verb: u8, option: u8, answers: &mut Vec<u8>) {
        if self.requests.len() < REMEMBERED && !self.requests.contains(&(verb, option)) {
            self.requests.push((verb, option));
        }
        let is_ours = matches!(verb, DO | DONT);
        let agree = match is_ours {
            true => matches!(option, BINARY | SGA | TTYPE | NAWS),
            false => matches!(option, BINARY | SGA | ECHO),
        };
        let side = if is_ours { &mut self.ours } else { &mut self.theirs };
        let state = side.entry(option).or_default();
        let before = *state;
        let answer = if matches!(verb, DO | WILL) { state.requested(agree) } else { state.refused() };
        let is_new = *state == State::Yes && before != State::Yes;
        let (yes, no) = if is_ours { (WILL, WONT) } else { (DO, DONT) };
        let word = match answer {
            Answer::Nothing => None,
            Answer::Yes => Some(yes),
            Answer::No => Some(no),
        };
        if let Some(word) = word {
            if !self.may_answer() {
                return;
            }
            answers.extend([IAC, word, option]);
        }
        if is_ours && is_new && option == NAWS {
            let ((columns, rows), mut size) = (self.settings.window, Vec::new());
            size.extend(columns.to_be_bytes());
            size.extend(rows.to_be_bytes());
            codec::subnegotiation(NAWS, &size, answers);
        }
    }

    fn may_answer(&mut self) -> bool {
        self.answered += 1;
        self.answered <= ANSWERS
    }

    fn is_on(&self, side: &BTreeMap<u8, State>, option: u8) -> bool {
        side.get(&option) == Some(&State::Yes)
    }

    /// Text as it is to be sent now, with what the return key sends if not what the session's does.
    /// What the encoding does not have was refused before.
    pub fn encode(&mut self, text: &str, line_end: Option<LineEnd>) -> Vec<u8> {
        self.marks = text.contains(INTERRUPTS);
        let text = self.settings.encoding.encode(text).unwrap_or_default();
        let mut bytes = Vec::with_capacity(text.len() + 2);
        codec::encode(&text, self.is_on(&self.ours, BINARY), line_end.or(self.settings.line_end), &mut bytes);
        bytes
    }

    /// What the return key sends, unless a step says otherwise.
    pub fn line_end(&self) -> LineEnd {
        let usual = if self.is_on(&self.ours, BINARY) { LineEnd::Cr } else { LineEnd::CrLf };
        self.settings.line_end.unwrap_or(usual)
    }

    /// From now on the return key sends this.
    pub fn set_line_end(&mut self, line_end: LineEnd) {
        self.settings.line_end = Some(line_end);
    }

    /// How the server's bytes are characters.
    pub fn encoding(&self) -> Encoding {
        self.settings.encoding
    }

    /// Whether the server echoes what is sent, and so decides what may be seen of it.
    pub fn server_echoes(&self) -> bool {
        self.is_on(&self.theirs, ECHO)
    }

    /// The server's first requests, as words: `DO TTYPE`, `WILL ECHO` … None: it speaks
    /// no telnet, or has not yet.
    pub fn requests(&self) -> Vec<String> {
        let word = |&(verb, option): &(u8, u8)| format!("{} {}", option::verb(verb), option::name(option));
        self.requests.iter().map(word).collect()
    }

    /// The options that are on: ours, then the server's.
    pub fn options(&self) -> (Vec<String>, Vec<String>) {
        let on = |side: &BTreeMap<u8, State>| {
            side.iter().filter(|(_, state)| **state == State::Yes).map(|(option, _)| option::name(*option)).collect()
        };
        (on(&self.ours), on(&self.theirs))
    }

    /// Whether the server made more requests than anybody answers.
    pub fn is_circling(&self) -> bool {
        self.answered > ANSWERS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn protocol() -> Protocol {
        let encoding = Encoding::Utf8;
        Protocol::new(Settings { terminal: "dumb".to_owned(), window: (200, 255), encoding, line_end: None })
    }

    fn hears(protocol: &mut Protocol, bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let (mut data, mut answers) = (Vec::new(), Vec::new());
        protocol.receive(bytes, &mut data, &mut answers);
        (data, answers)
    }

    #[test]
    fn a_telnet_servers_opening_is_answered() {
        let mut protocol = protocol();
        assert_eq!(
            hears(&mut protocol, b"hello"),
            (b"hello".to_vec(), Vec::new()),
            "nothing is asked of who speaks no telnet"
        );
        let (data, answers) = hears(&mut protocol, &[IAC, DO, TTYPE, IAC, WILL, ECHO, IAC, DO, 39, b'x']);
        assert_eq!(data, b"x");
        let expected = [
            [IAC, WILL, TTYPE],
            [IAC, DO, ECHO],
            [IAC, WONT, 39],
            // And what it has not spoken of is offered, once.
            [IAC, DO, SGA],
            [IAC, WILL, NAWS],
        ];
        assert_eq!(answers, expected.concat());
        // Agreement to NAWS is not answered, but the size is told, its 255 doubled.
        assert_eq!(hears(&mut protocol, &[IAC, DO, NAWS]).1, [IAC, 250, NAWS, 0, 200, 0, 255, 255, IAC, 240]);
        assert_eq!(hears(&mut protocol, &[IAC, 250, TTYPE, SEND, IAC, 240]).1, b"\xff\xfa\x18\x00dumb\xff\xf0");
        assert!(protocol.server_echoes());
        assert_eq!(hears(&mut protocol, &[IAC, WONT, ECHO]).1, [IAC, DONT, ECHO]);
        assert!(!protocol.server_echoes());
        assert_eq!(protocol.options(), (vec!["TTYPE".to_owned(), "NAWS".to_owned()], vec![]));
        assert_eq!(protocol.requests(), ["DO TTYPE", "WILL ECHO", "DO NEW-ENVIRON", "DO NAWS", "WONT ECHO"]);
    }

    #[test]
    fn options_that_are_not_ours_are_refused_politely() {
        let mut protocol = protocol();
        for option in [ECHO, 25, 34, 37, 38, 39, 42, 86, 200] {
            let (_, answers) = hears(&mut protocol, &[IAC, DO, option]);
            assert_eq!(answers[..3], [IAC, WONT, option]);
        }
        for option in [TTYPE, NAWS, 25, 34, 42, 86] {
            let (_, answers) = hears(&mut protocol, &[IAC, WILL, option]);
            assert_eq!(answers[..3], [IAC, DONT, option]);
        }
        // What nobody agreed to is not answered in substance either.
        let mut protocol = self::protocol();
        assert_eq!(hears(&mut protocol, &[IAC, 250, TTYPE, SEND, IAC, 240]).1, b"");
    }

    #[test]
    fn binary_changes_how_lines_are_sent() {
        let mut protocol = protocol();
        assert_eq!(protocol.encode("a\n", None), b"a\r\n");
        let (_, answers) = hears(&mut protocol, &[IAC, DO, BINARY, IAC, WILL, BINARY]);
        assert_eq!(answers[..6], [IAC, WILL, BINARY, IAC, DO, BINARY]);
        assert_eq!(protocol.encode("a\n", None), b"a\r");
        assert_eq!(hears(&mut protocol, b"\r\0").0, b"\r\0");
        assert_eq!(protocol.encode("a\n", Some(LineEnd::Lf)), b"a\n");
        assert_eq!(protocol.line_end(), LineEnd::Cr);
        protocol.set_line_end(LineEnd::CrNul);
        assert_eq!((protocol.line_end(), protocol.encode("a\n", None)), (LineEnd::CrNul, b"a\r\0".to_vec()));
        assert_eq!(protocol.encode("a\n", Some(LineEnd::CrLf)), b"a\r\n");
    }

    #[test]
    fn half_a_data_mark_after_an_interrupt_is_no_data() {
        let mut protocol = protocol();
        assert_eq!(hears(&mut protocol, b"\xf2^C").0, b"\xf2^C", "nobody has interrupted anything");
        protocol.encode("\u{3}", None);
        assert_eq!(hears(&mut protocol, b"\xf2^C\r\n\xf2").0, b"^C\r\n\xf2", "one, and no more");
        protocol.encode("\u{3}", None);
        assert_eq!(hears(&mut protocol, &[IAC, 242, 0xf2, b'x']).0, b"\xf2x", "the whole mark was seen");
        protocol.encode("\u{3}", None);
        protocol.encode("text", None);
        assert_eq!(hears(&mut protocol, b"\xf2").0, b"\xf2");
    }

    #[test]
    fn who_talks_in_circles_is_not_answered_for_ever() {
        let mut protocol = protocol();
        let mut answers = 0;
        for _ in 0..10_000 {
            answers += hears(&mut protocol, &[IAC, WILL, ECHO, IAC, WONT, ECHO, IAC, DO, 99]).1.len();
        }
        assert!(protocol.is_circling());
        assert!(answers <= 3 * (ANSWERS + 3), "{answers}");
    }

    proptest! {
        #[test]
        fn no_server_gets_more_than_a_bounded_answer(
            pieces in prop::collection::vec(prop::collection::vec(prop_oneof![any::<u8>(), 236u8..=255, Just(255)], 0..30), 0..30),
        ) {
            let mut protocol = protocol();
            let (mut data, mut answers) = (Vec::new(), Vec::new());
            pieces.iter().for_each(|piece| protocol.receive(piece, &mut data, &mut answers));
            prop_assert!(data.len() <= pieces.concat().len());
            prop_assert!(answers.len() <= ANSWERS * 16 + 64);
        }
    }
}
