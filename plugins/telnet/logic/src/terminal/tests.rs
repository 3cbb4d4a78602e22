//! What of a server's output is shown, and what patterns see.

use super::screen::{ANSWERS, LONGEST};
use super::*;
use proptest::prelude::*;

fn shown(bytes: &[u8]) -> String {
    let mut terminal = Terminal::new(80, 24, Encoding::Utf8);
    let out = terminal.advance(bytes);
    out.lines.concat() + &terminal.line()
}

fn stream(bytes: &[u8]) -> String {
    String::from_utf8(Terminal::new(80, 24, Encoding::Utf8).advance(bytes).stream).unwrap()
}

#[test]
fn colours_and_titles_are_gone() {
    let bytes = b"\x1b]0;title\x07\x1b[1;31mred\x1b[0m \x1b(Btext\x1bP1;2qdata\x1b\\.\r\n\x1b[?2004hlogin: ";
    assert_eq!(shown(bytes), "red text.\nlogin: ");
    assert_eq!(stream(bytes), "red text.\r\nlogin: ");
}

#[test]
fn what_was_overwritten_is_not_shown() {
    assert_eq!(shown(b"10%\r 50%\r100%\r\n"), "100%\n");
    assert_eq!(shown(b"a\r\n --More-- \x08\x08\x08\x08\x08\x08\x08\x08\x08\x08          \x08\x08\x08\x08\x08\x08\x08\x08\x08\x08b\r\n"), "a\nb\n");
    assert_eq!(shown(b"--More--\r\x1b[Knext\r\n"), "next\n");
    assert_eq!(shown(b"lss\x08 \x08 -l"), "ls -l");
    assert_eq!(shown(b"abcdef\x1b[4D\x1b[2P\r\n"), "abef\n");
    assert_eq!(shown(b"abef\x1b[2D\x1b[2@cd"), "abcdef");
}

/// What patterns have seen of a line when it is settled.
fn settled(bytes: &[u8]) -> String {
    let mut terminal = Terminal::new(80, 24, Encoding::Utf8);
    let mut stream = terminal.advance(bytes).stream;
    stream.extend(terminal.settle());
    assert!(terminal.is_settled() && terminal.settle().is_empty());
    String::from_utf8(stream).unwrap()
}

#[test]
fn a_line_that_was_written_over_is_settled_as_it_stands() {
    for (bytes, seen) in [
        ("sw1# ", "sw1# "),
        ("sw1# \r", "sw1# "),
        ("sw1# \r\x1b[5C", "sw1# "),
        ("a\r\n", "a\r\n"),
        ("lss\x08 \x08", "lss\rls"),
        ("lss\x08 \x08 -l\r\n", "lss\rls -l\r\n"),
        ("10%\r 50%", "10%\r 50%"),
        ("--More--\r        \rnext", "--More--\rnext"),
        ("--More--\x1b[2K", "--More--\r        "),
        ("--More--\r\x1b[K", "--More--\r"),
        ("ab\x1b7\x1b[24;1Hstatus\x1b8", "ab\nstatus\n\rab"),
        ("ab\x1b[5;1H\x1b[2Jx", "ab\n\nx"),
        ("a\x1b[40Gb", &format!("a\ra{}b", " ".repeat(38))),
    ] {
        assert_eq!(settled(bytes.as_bytes()), seen, "{bytes:?}");
    }
    let mut terminal = Terminal::new(80, 24, Encoding::Utf8);
    terminal.advance(b"sw1# ");
    terminal.read();
    assert_eq!(terminal.advance(b"shw\x08ow").stream, b"shw");
    assert_eq!(terminal.settle(), b"\x08show", "only what was not seen, and not as if a line began there");
    terminal.answered();
    assert_eq!(terminal.advance(b"\r\x1b[24;1Hsw1# \x1b7\x1b[5;1Hup\x1b8").stream, b"\nsw1# \nup\n");
    assert_eq!((terminal.settle(), terminal.reread()), (b"\rsw1# ".to_vec(), b"\rsw1# ".to_vec()));
}

#[test]
fn lines_that_the_cursor_has_left_are_bounded() {
    let mut terminal = Terminal::new(1000, 1000, Encoding::Utf8);
    for row in 0..1000 {
        terminal.advance(format!("\x1b[{row};1H{}", "x".repeat(900)).as_bytes());
    }
    assert!(terminal.screen.others.size() <= 32 << 10);
    // A line feed moves all of them, or may.
    terminal.advance(b"\x1b[10;1Habc\x1b[20;1H\n\x1b[10;1H");
    assert_eq!(terminal.line(), "");
}

#[test]
fn jumps_to_other_lines_break_the_line() {
    assert_eq!(
        shown(b"\x1b[2J\x1b[1;1HMenu\x1b[3;3H1) Status\x1b[4;3H2) Quit\x1b[6;1HChoice: "),
        "Menu\n  1) Status\n  2) Quit\nChoice: "
    );
    assert_eq!(stream(b"a\x1b[3;1Hb"), "a\nb");
}

#[test]
fn questions_are_answered_so_many_times() {
    assert_eq!(
        Terminal::new(80, 24, Encoding::Utf8).advance(b"\x1b[cab\x1b[6n\x1b[5n").answers,
        b"\x1b[?6c\x1b[1;3R\x1b[0n"
    );
    let answers = Terminal::new(80, 24, Encoding::Utf8).advance(&b"\x1b[5n".repeat(10_000)).answers;
    assert_eq!(answers.len(), 4 * ANSWERS);
}

#[test]
fn a_prompt_keeps_its_space_and_lines_lose_theirs() {
    assert_eq!(shown(b"line   \r\nPassword: "), "line\nPassword: ");
    let mut terminal = Terminal::new(80, 24, Encoding::Utf8);
    terminal.advance(b"login: ");
    assert_eq!((terminal.take_line(), terminal.line()), ("login: ".to_owned(), String::new()));
}

#[test]
fn bytes_that_are_no_characters_are_shown_as_bytes() {
    let mut terminal = Terminal::new(80, 24, Encoding::Utf8);
    terminal.advance(b"caf\xc3");
    assert_eq!(terminal.advance(b"\xa9").stream, "é".as_bytes());
    assert_eq!(terminal.line(), "café");
    assert_eq!(
        (shown(b"Gr\xf6\xdfe"), Terminal::new(80, 24, Encoding::Latin1).advance(b"\xf6\n").lines.concat()),
        ("Gr\\xf6\\xdfe".to_owned(), "ö\n".to_owned())
    );
    assert_eq!(
        Terminal::new(80, 24, Encoding::Utf8).advance(b"a\xf6\xe2\x82b").stream,
        b"a\xf6\xe2\x82b",
        "patterns see the bytes"
    );
    assert_eq!(shown(b"bell\x07 nul\0 \x7f c1\xc2\x85"), "bell nul  c1");
}

#[test]
fn a_line_without_end_is_given_in_pieces() {
    let mut terminal = Terminal::new(80, 24, Encoding::Utf8);
    let out = terminal.advance(&b"x".repeat(20_000));
    let most = LONGEST - LONGEST % 80;
    assert_eq!(out.lines.iter().map(String::len).collect::<Vec<_>>(), [most, most]);
    assert_eq!(terminal.line().len(), 20_000 - 2 * most);
}

#[test]
fn a_full_row_goes_on_with_the_next_and_is_the_same_line() {
    let row = "x".repeat(80);
    assert_eq!(shown(format!("{row}yz\r\n").as_bytes()), format!("{row}yz\n"));
    assert_eq!(shown(format!("{row}\r\n").as_bytes()), format!("{row}\n"), "a row that is just full");
    // As readline writes: a blank to get to the next row, and a return there.
    assert_eq!(shown(format!("{row} \ryz").as_bytes()), format!("{row}yz"));
    // Up into the first row, its end rewritten.
    assert_eq!(shown(format!("{row}yz\x1b[A\r\x1b[78C--").as_bytes()), format!("{}--yz", "x".repeat(78)));
    assert_eq!(shown(format!("{row}yz\x1b[A\r\x1b[K").as_bytes()), format!("{}yz", " ".repeat(80)));
    assert_eq!(stream(format!("{row}yz").as_bytes()), format!("{row}yz"));
}

#[test]
fn the_cursor_is_saved_and_restored() {
    for (save, restore) in [("\x1b7", "\x1b8"), ("\x1b[s", "\x1b[u")] {
        assert_eq!(shown(format!("ab{save}cdef{restore}CD").as_bytes()), "abCDef");
        assert_eq!(shown(format!("ab{save}\x1b[24;1Hstatus{restore}cd").as_bytes()), "ab\nstatus\nabcd");
    }
}

#[test]
fn characters_are_repeated_and_lines_drawn() {
    assert_eq!((shown(b"=\x1b[9b|"), stream(b"-\x1b[3b")), ("==========|".to_owned(), "----".to_owned()));
    assert_eq!(shown(b"\x1b(0lqk\x1b(B lqk \x1b)0\x0ex\x0fx"), "┌─┐ lqk │x");
    assert_eq!(stream(b"\x1b(0tq\x1b(B"), "├─");
    assert!(shown(b"x\x1b[65535b").len() <= 81);
}

#[test]
fn what_the_cursor_passes_over_is_blank_for_patterns_too() {
    assert_eq!(stream(b"link\x1b[Cis\x1b[1Cup"), "link is up");
    assert_eq!((stream(b"a\x1b[5Gb"), shown(b"a\x1b[5Gb")), ("a   b".to_owned(), "a   b".to_owned()));
}

#[test]
fn a_question_stands_until_it_is_answered() {
    let mut terminal = Terminal::new(80, 24, Encoding::Utf8);
    terminal.advance(b"Enter password:\r\n");
    assert_eq!((terminal.question(), terminal.standing()), ("Enter password:".to_owned(), String::new()));
    terminal.answered();
    assert_eq!(terminal.question(), "");
    terminal.advance(b"\r\nPassword: ");
    assert_eq!((terminal.take_line(), terminal.line()), ("Password: ".to_owned(), String::new()));
    assert_eq!(terminal.question(), "Password: ", "it was taken, not answered");
    terminal.answered();
    assert_eq!(terminal.advance(b"***\r\n").lines, ["***\n"], "what was taken is not told again");
    assert_eq!(terminal.question(), "***");
}

proptest! {
    #[test]
    fn no_output_shows_controls_or_grows_without_bound(
        pieces in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..40),
                (any::<u16>(), any::<u16>(), 0x40u8..0x7f)
                    .prop_map(|(a, b, end)| format!("\x1b[{a};{b}{}x", char::from(end)).into_bytes()),
            ],
            0..60,
        ),
    ) {
        let mut terminal = Terminal::new(80, 24, Encoding::Utf8);
        let mut cut = Terminal::new(80, 24, Encoding::Utf8);
        let mut all = String::new();
        let mut bytewise = String::new();
        for piece in &pieces {
            all += &terminal.advance(piece).lines.concat();
            piece.iter().for_each(|&byte| bytewise += &cut.advance(&[byte]).lines.concat());
        }
        all += &terminal.line();
        bytewise += &cut.line();
        prop_assert!(!all.chars().any(|c| c.is_control() && !"\n\t".contains(c)));
        let most = pieces.iter().map(|piece| piece.len()).sum::<usize>() * 80 * 4;
        prop_assert!(all.len() <= most);
        prop_assert_eq!(all, bytewise);
    }

    /// Whatever is painted: what patterns have seen last is the line as it stands.
    #[test]
    fn the_stream_ends_as_the_line_does(
        pieces in prop::collection::vec(
            prop_oneof![
                "[a-c >#]{1,6}".prop_map(String::into_bytes),
                prop::sample::select(vec!["\r", "\n", "\r\n", "\x08", "\x1b7", "\x1b8", "\x1bE", "\x1b[K", "\x1b[1K", "\x1b[2K", "\x1b[J", "\x1b[2J"])
                    .prop_map(|text| text.as_bytes().to_vec()),
                (1u16..4, 1u16..30, prop::sample::select(vec!['A', 'B', 'C', 'D', 'G', 'H', 'P', '@', 'X', 'b', 'd', 'r']))
                    .prop_map(|(a, b, end)| format!("\x1b[{a};{b}{end}").into_bytes()),
            ],
            0..40,
        ),
    ) {
        let mut terminal = Terminal::new(20, 4, Encoding::Utf8);
        let mut stream = Vec::new();
        for piece in &pieces {
            stream.extend(terminal.advance(piece).stream);
            if piece.len() % 3 == 0 {
                stream.extend(terminal.settle());
            }
        }
        stream.extend(terminal.settle());
        let stream = String::from_utf8(stream).unwrap();
        let (last, standing) = (stream.rsplit(['\n', '\r']).next().unwrap(), terminal.standing());
        prop_assert_eq!(last.trim_end(), standing.trim_end(), "{:?}", stream);
    }
}
