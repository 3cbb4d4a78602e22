//! Telnet: a stream is read alike however it is cut, no secret comes through in any pieces, what is
//! answered is telnet and bounded, and what is shown of a terminal does nothing to another.

use telnet_logic::codec::{Decoder, Event, LONGEST, subnegotiation};
use telnet_logic::protocol::ANSWERS;
use telnet_logic::secrets::Secrets;
use telnet_logic::{Encoding, Protocol, Settings, Terminal};

/// What is not to be seen.
const SECRET: &str = "hunter22";

/// The terminal's columns and rows.
const WINDOW: (u16, u16) = (80, 24);

/// Any bytes: the length of pieces, then what a server sends.
pub fn target(data: &[u8]) {
    let Some((&piece, stream)) = data.split_first() else { return };
    let piece = 1 + usize::from(piece % 16);
    let whole = events(&[stream]);
    assert_eq!(events(&stream.chunks(piece).collect::<Vec<_>>()), whole, "however it is cut");
    for event in &whole {
        if let Event::Subnegotiation(_, parameters) = event {
            assert!(parameters.len() <= LONGEST);
        }
    }
    round_trip(stream);
    let (data, answers) = spoken(&[stream]);
    let (in_pieces, _) = spoken(&stream.chunks(piece).collect::<Vec<_>>());
    assert_eq!(data, in_pieces, "data is data however it is cut");
    assert!(data.len() <= stream.len());
    is_telnet(&answers);
    shown(&data, piece);
    hidden(&data, piece);
}

/// The events of a stream; data that is not broken off by anything is one.
fn events(pieces: &[&[u8]]) -> Vec<Event> {
    let (mut decoder, mut events) = (Decoder::default(), Vec::<Event>::new());
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            let (taken, event) = decoder.next(rest, false);
            assert!((1..=rest.len()).contains(&taken) || event.is_some(), "it goes on");
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

fn round_trip(bytes: &[u8]) {
    let Some((&option, parameters)) = bytes.split_first() else { return };
    let mut sent = Vec::new();
    subnegotiation(option, parameters, &mut sent);
    let kept = parameters[..parameters.len().min(LONGEST)].to_vec();
    assert_eq!(events(&[&sent]), [Event::Subnegotiation(option, kept)]);
}

fn spoken(pieces: &[&[u8]]) -> (Vec<u8>, Vec<u8>) {
    let settings = Settings { terminal: "xterm".to_owned(), window: WINDOW, encoding: Encoding::Utf8, line_end: None };
    let (mut protocol, mut data, mut answers) = (Protocol::new(settings), Vec::new(), Vec::new());
    for piece in pieces {
        protocol.receive(piece, &mut data, &mut answers);
    }
    assert!(protocol.requests().len() <= 64);
    (data, answers)
}

/// What is answered is negotiation alone, and not without end.
fn is_telnet(answers: &[u8]) {
    assert!(answers.len() <= (ANSWERS + 3) * 32, "{} bytes are answered", answers.len());
    for event in events(&[answers]) {
        assert!(matches!(event, Event::Negotiate(..) | Event::Subnegotiation(..)), "{event:?} is said");
    }
}

/// Lines of a terminal are text, and no more of it than what came can write.
fn shown(data: &[u8], piece: usize) {
    let mut terminal = Terminal::new(WINDOW.0, WINDOW.1, Encoding::Utf8);
    let mut length = 0;
    let is_text = |line: &str| {
        let inner = line.strip_suffix('\n').unwrap_or(line);
        assert!(!inner.chars().any(|c| c.is_control() && c != '\t'), "{line:?}");
    };
    for piece in data.chunks(piece) {
        let output = terminal.advance(piece);
        output.lines.iter().for_each(|line| is_text(line));
        length += output.lines.iter().map(String::len).sum::<usize>();
        let asked = piece.len() + 64;
        assert!(output.answers.len() <= 32 * asked, "{} bytes are answered", output.answers.len());
        is_text(&terminal.line());
        is_text(&terminal.standing());
        is_text(&terminal.question());
    }
    // A byte that moves the cursor, or writes a line again, costs a line at most.
    let most = (data.len() + 1) * 4 * (usize::from(WINDOW.0) + 8) + (64 << 10);
    assert!(length <= most, "{length} bytes of lines for {}", data.len());
}

/// A secret that comes back is masked in whatever pieces, and so is its echo.
fn hidden(data: &[u8], piece: usize) {
    let text = String::from_utf8_lossy(data);
    let mut secrets = Secrets::default();
    secrets.keep(SECRET);
    let mut out = String::new();
    let mut rest = text.as_ref();
    while !rest.is_empty() {
        let at = rest.char_indices().map(|(at, _)| at).nth(piece).unwrap_or(rest.len());
        out += &secrets.heard(&rest[..at]);
        rest = &rest[at..];
    }
    out += &secrets.rest();
    assert!(!out.contains(SECRET), "{out:?}");
    let masked = secrets.masked(&text);
    assert!(!masked.contains(SECRET));
    assert!(text.contains(SECRET) || masked == text, "nothing else is masked");
}
