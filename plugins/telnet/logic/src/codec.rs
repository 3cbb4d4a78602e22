//! How telnet's commands lie among the data (RFC 854): taking them apart, and writing data so that
//! none is taken for a command.
//!
//! What a command means is not here but in [`crate::protocol`].

/// "Interpret as command".
pub const IAC: u8 = 255;
/// "I want you to stop", "I want you to", "I will not", "I will".
pub const DONT: u8 = 254;
/// See [`DONT`].
pub const DO: u8 = 253;
/// See [`DONT`].
pub const WONT: u8 = 252;
/// See [`DONT`].
pub const WILL: u8 = 251;
/// A subnegotiation begins.
pub const SB: u8 = 250;
/// A subnegotiation ends.
pub const SE: u8 = 240;
/// The lowest command there is: "end of file" (RFC 1184).
const LOWEST: u8 = 236;

/// The longest subnegotiation that is read; of a longer one the rest is passed over.
pub const LONGEST: usize = 512;

/// What stood in the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Data as the other side meant it.
    Data(Vec<u8>),
    /// WILL, WONT, DO or DONT, and the option.
    Negotiate(u8, u8),
    /// An option's subnegotiation: what stands after the option, unescaped.
    Subnegotiation(u8, Vec<u8>),
    /// Any other command, which carries nothing: NOP, go ahead, data mark …
    Command(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Data,
    /// After a CR in the data.
    Return,
    Command,
    Negotiation(u8),
    Option,
    Subnegotiation(u8),
    SubnegotiationCommand(u8),
}

/// Takes a stream apart, however it is cut into pieces.
#[derive(Debug, Default)]
pub struct Decoder {
    state: State,
    subnegotiation: Vec<u8>,
}

impl Decoder {
    /// Reads up to and including the next event. Gives it with how many bytes it took; `None` if
    /// all were taken without one.
    ///
    /// `binary`: the other side sends in binary (RFC 856), where a NUL after a CR is data.
    pub fn next(&mut self, bytes: &[u8], binary: bool) -> (usize, Option<Event>) {
        let mut data = Vec::new();
        for (at, &byte) in bytes.iter().enumerate() {
            let (state, event) = match (self.state, byte) {
                (State::Data | State::Return, IAC) => {
                    // The data before is an event of its own; the command
                    // follows with the next call.
                    if !data.is_empty() {
                        return (at, Some(Event::Data(data)));
                    }
                    (State::Command, None)
                }
                (State::Return, 0) if !binary => (State::Data, None),
                (State::Data | State::Return, byte) => {
                    data.push(byte);
                    (if byte == b'\r' { State::Return } else { State::Data }, None)
                }
                (State::Command, IAC) => (State::Data, Some(Event::Data(vec![IAC]))),
                (State::Command, SB) => (State::Option, None),
                (State::Command, verb @ WILL..=DONT) => (State::Negotiation(verb), None),
                (State::Command, command @ LOWEST..) => (State::Data, Some(Event::Command(command))),
                // No command. Where a data mark came out of band, the kernel has taken it out
                // behind its IAC: this is data.
                (State::Command, byte) => (State::Data, Some(Event::Data(vec![byte]))),
                (State::Negotiation(verb), option) => (State::Data, Some(Event::Negotiate(verb, option))),
                (State::Option, option) => {
                    self.subnegotiation.clear();
                    (State::Subnegotiation(option), None)
                }
                (State::Subnegotiation(option), IAC) => (State::SubnegotiationCommand(option), None),
                (State::Subnegotiation(option), byte) => (self.keep(option, byte), None),
                (State::SubnegotiationCommand(option), IAC) => (self.keep(option, IAC), None),
                (State::SubnegotiationCommand(option), SE) => {
                    (State::Data, Some(Event::Subnegotiation(option, std::mem::take(&mut self.subnegotiation))))
                }
                // A subnegotiation that a command breaks off is none (RFC 855 knows no such thing).
                (State::SubnegotiationCommand(_), verb @ WILL..=DONT) => (State::Negotiation(verb), None),
                (State::SubnegotiationCommand(_), SB) => (State::Option, None),
                (State::SubnegotiationCommand(option), _) => (State::Subnegotiation(option), None),
            };
            self.state = state;
            if event.is_some() {
                return (at + 1, event);
            }
        }
        (bytes.len(), (!data.is_empty()).then_some(Event::Data(data)))
    }

    fn keep(&mut self, option: u8, byte: u8) -> State {
        if self.subnegotiation.len() < LONGEST {
            self.subnegotiation.push(byte);
        }
        State::Subnegotiation(option)
    }
}

/// What the return key sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// CR LF, as RFC 854 wants it of a network virtual terminal.
    CrLf,
    /// CR alone, as a terminal on a serial line does.
    Cr,
    /// LF alone.
    Lf,
    /// CR NUL, as many clients do in the place of a CR alone.
    CrNul,
}

impl LineEnd {
    fn bytes(self) -> &'static [u8] {
        match self {
            LineEnd::CrLf => b"\r\n",
            LineEnd::Cr => b"\r",
            LineEnd::Lf => b"\n",
            LineEnd::CrNul => b"\r\0",
        }
    }
}

/// Writes text as a network virtual terminal sends it: a line feed is the return key, CR LF if
/// nothing else is asked for, a CR alone is CR NUL, and IAC is doubled. In `binary`, the return key
/// is CR if nothing else is asked for, and a CR is itself.
pub fn encode(text: &[u8], binary: bool, line_end: Option<LineEnd>, out: &mut Vec<u8>) {
    let line_end = line_end.unwrap_or(if binary { LineEnd::Cr } else { LineEnd::CrLf }).bytes();
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            IAC => out.extend([IAC, IAC]),
            b'\r' | b'\n' => {
                let line = byte == b'\n' || bytes.next_if_eq(&b'\n').is_some();
                match (line, binary) {
                    (true, _) => out.extend(line_end),
                    (false, true) => out.push(b'\r'),
                    (false, false) => out.extend(b"\r\0"),
                }
            }
            byte => out.push(byte),
        }
    }
}

/// A subnegotiation, ready to be sent.
pub fn subnegotiation(option: u8, parameters: &[u8], out: &mut Vec<u8>) {
    out.extend([IAC, SB, option]);
    for &byte in parameters {
        out.push(byte);
        if byte == IAC {
            out.push(IAC);
        }
    }
    out.extend([IAC, SE]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(pieces: &[&[u8]]) -> Vec<Event> {
        let mut decoder = Decoder::default();
        let mut events: Vec<Event> = Vec::new();
        for piece in pieces {
            let mut rest = *piece;
            while !rest.is_empty() {
                let (taken, event) = decoder.next(rest, false);
                rest = &rest[taken..];
                match (event, events.last_mut()) {
                    (Some(Event::Data(more)), Some(Event::Data(data))) => data.extend(more),
                    (Some(event), _) => events.push(event),
                    (None, _) => {}
                }
            }
        }
        events
    }

    fn data(bytes: &[u8]) -> Event {
        Event::Data(bytes.to_vec())
    }

    #[test]
    fn commands_are_taken_out_of_the_data() {
        let stream = b"a\xff\xfd\x18b\xff\xff\xff\xf1c\xff\xfa\x18\x01\xff\xff\xff\xf0d";
        let expected = [
            data(b"a"),
            Event::Negotiate(DO, 24),
            data(b"b\xff"),
            Event::Command(241),
            data(b"c"),
            Event::Subnegotiation(24, vec![1, 255]),
            data(b"d"),
        ];
        assert_eq!(decode(&[stream]), expected);
        assert_eq!(decode(&stream.chunks(1).collect::<Vec<_>>()), expected);
    }

    #[test]
    fn a_return_without_a_line_feed_carries_a_nul() {
        assert_eq!(decode(&[b"a\r\0b\r\nc\rd\0"]), [data(b"a\rb\r\nc\rd\0")]);
        assert_eq!(decode(&[b"a\r", b"\0b"]), [data(b"a\rb")]);
        let mut decoder = Decoder::default();
        assert_eq!(decoder.next(b"\r\0", true), (2, Some(data(b"\r\0"))));
    }

    #[test]
    fn a_subnegotiation_without_end_costs_no_memory() {
        let mut decoder = Decoder::default();
        decoder.next(b"\xff\xfa\x27", false);
        for _ in 0..1000 {
            assert_eq!(decoder.next(&[7; 4096], false), (4096, None));
        }
        assert_eq!(decoder.subnegotiation.len(), LONGEST);
        assert_eq!(decode(&[b"\xff\xfa\x18\x01\xff\xfb\x01x"]), [Event::Negotiate(WILL, 1), data(b"x")], "broken off");
        assert_eq!(decode(&[b"\xff\xfa\x18\xff\x07\x01\xff\xf0"]), [Event::Subnegotiation(24, vec![1])]);
    }

    #[test]
    fn a_data_mark_that_came_out_of_band_takes_no_data_with_it() {
        assert_eq!(decode(&[b"a\xff\xf2b"]), [data(b"a"), Event::Command(242), data(b"b")]);
        assert_eq!(decode(&[b"a\xffb"]), [data(b"ab")]);
    }

    #[test]
    fn lines_are_sent_as_a_network_terminal_sends_them() {
        let sent = |text: &str, binary, line_end| {
            let mut out = Vec::new();
            encode(text.as_bytes(), binary, line_end, &mut out);
            String::from_utf8_lossy(&out).into_owned()
        };
        assert_eq!(sent("a\nb\r\nc\rd", false, None), "a\r\nb\r\nc\r\0d");
        assert_eq!(sent("a\nb\r\nc\rd", true, None), "a\rb\rc\rd");
        for (line_end, text, binary) in [
            (LineEnd::CrLf, "a\r\nb\r\nc\r\0d", "a\r\nb\r\nc\rd"),
            (LineEnd::Cr, "a\rb\rc\r\0d", "a\rb\rc\rd"),
            (LineEnd::Lf, "a\nb\nc\r\0d", "a\nb\nc\rd"),
            (LineEnd::CrNul, "a\r\0b\r\0c\r\0d", "a\r\0b\r\0c\rd"),
        ] {
            assert_eq!(sent("a\nb\r\nc\rd", false, Some(line_end)), text);
            assert_eq!(sent("a\nb\r\nc\rd", true, Some(line_end)), binary, "what is asked for holds in binary too");
        }
        let mut out = Vec::new();
        encode(b"\xff", true, None, &mut out);
        subnegotiation(31, &[0, 255], &mut out);
        assert_eq!(out, [255, 255, 255, 250, 31, 0, 255, 255, 255, 240]);
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded_however_it_is_cut(text in prop::collection::vec(any::<u8>(), 0..200), size in 1usize..9) {
            let text: Vec<u8> = text.into_iter().filter(|byte| !b"\0\r\n".contains(byte)).collect();
            let mut out = Vec::new();
            encode(&text, false, None, &mut out);
            let expected: Vec<Event> = if text.is_empty() { Vec::new() } else { vec![Event::Data(text)] };
            prop_assert_eq!(decode(&out.chunks(size).collect::<Vec<_>>()), expected);
        }

        #[test]
        fn every_stream_is_read_alike_however_it_is_cut(
            stream in prop::collection::vec(prop_oneof![any::<u8>(), 236u8..=255, Just(255), Just(0), Just(13)], 0..200),
            size in 1usize..9,
        ) {
            prop_assert_eq!(decode(&stream.chunks(size).collect::<Vec<_>>()), decode(&[&stream]));
        }
    }
}
