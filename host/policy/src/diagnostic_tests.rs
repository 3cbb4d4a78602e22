//! The form of a diagnostic, down to the caret.

use super::*;

#[test]
fn a_mistake_in_a_file_shows_its_line_and_a_caret() {
    let text = "[plugins.tcp]\r\n\tconect = [\"tcp://localhost:*\"]\r\n";
    let problem = Source::file("cofferdam.toml", text)
        .error(16..22, "unknown key `conect` in `[plugins.tcp]`")
        .hint("did you mean `connect`?");
    assert_eq!(
        problem.to_string(),
        "\
error: unknown key `conect` in `[plugins.tcp]`
 --> cofferdam.toml:2:2
  |
2 |  conect = [\"tcp://localhost:*\"]
  |  ^^^^^^
hint: did you mean `connect`?"
    );
}

#[test]
fn a_mistake_in_a_flag_shows_its_value() {
    let problem = Source::flag("--allow-connect", "tcp://a..b:1").warning(6..10, "look");
    assert_eq!(
        problem.to_string(),
        "\
warning: look
--> --allow-connect
 |
 | tcp://a..b:1
 |       ^^^^"
    );
}

#[test]
fn any_place_in_any_text_can_be_shown() {
    let text = "ä = 1\n\nb = \"x\u{202e}y\u{1b}[31m\"\nlast";
    let source = Source::file("f", text);
    for start in 0..text.len() + 3 {
        for end in [start, start + 1, text.len(), text.len() + 9] {
            let shown = source.error(start..end, "m\u{1b}").to_string();
            assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
            assert!(shown.contains('^'));
        }
    }
    assert_eq!(source.position(3), (1, 3));
    assert_eq!(source.position(7), (2, 1));
    assert_eq!(source.position(text.len()), (4, 5));
}

#[test]
fn a_long_line_is_shown_around_the_spot() {
    let text = format!("a = \"{}X{}\"", "-".repeat(5000), "-".repeat(5000));
    let spot = text.find('X').unwrap();
    let shown = Source::file("f", &text).error(spot..spot + 1, "m").to_string();
    let lines: Vec<_> = shown.lines().collect();
    assert!(lines[3].len() < 200 && lines[4].len() < 200);
    let caret = lines[4].find('^').unwrap();
    assert_eq!(&lines[3][caret..=caret], "X");
}
