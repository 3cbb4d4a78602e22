//! Text for the person at the terminal, on standard output or standard error. A reader that has gone is no error and no
//! panic, which it would be for `println!`. Log lines are `log.rs`.

use std::io::{self, IsTerminal as _, Write as _};

use cofferdam_policy::is_harmful;

/// Writes to standard output.
///
/// # Errors
/// It could not be written, and not because its reader has closed it, as `head` does.
#[expect(clippy::disallowed_methods, reason = "commands for people print; `serve` does not come here")]
pub fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// The same JSON, in which characters that could mislead a reader stand as escapes. Between tokens JSON has only spaces and line
/// ends, so a harmful character is inside a string.
pub fn harmless_json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && is_harmful(c) {
            // JSON's escapes are UTF-16.
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text += &format!("\\u{unit:04x}"));
        } else {
            text.push(c);
        }
    }
    text
}

/// Writes a message to standard error, and a line end.
pub fn complain(message: &str) {
    // Where nobody listens, there is nothing left to do.
    let _ = writeln!(io::stderr(), "{message}");
}

/// Colours, or none.
#[derive(Clone, Copy, Debug)]
pub struct Colour(bool);

impl Colour {
    /// Colours where standard output is a terminal and nobody has asked for none (<https://no-color.org>).
    #[expect(clippy::disallowed_methods, reason = "asks what it is, and writes nothing")]
    pub fn of_stdout() -> Self {
        Self(io::stdout().is_terminal() && wanted())
    }

    /// The same for standard error.
    pub fn of_stderr() -> Self {
        Self(io::stderr().is_terminal() && wanted())
    }

    /// Whether there are any.
    pub fn is_on(self) -> bool {
        self.0
    }

    /// Text that matters.
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Text that may be passed over.
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// Text of something that went well.
    pub fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Text of a refusal or a failure.
    pub fn red(self, text: &str) -> String {
        self.paint("31", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.0 && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

#[expect(clippy::disallowed_methods, reason = "one variable, for decoration")]
fn wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stays_the_same_json_and_shows_nothing_that_misleads() {
        let line = "{\"client\":\"a\u{61c}\u{ad}\u{e0041}\u{202e}é\"}";
        let shown = harmless_json(line);
        assert_eq!(shown, r#"{"client":"a\u061c\u00ad\udb40\udc41\u202eé"}"#);
        let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(parse(&shown), parse(line));
    }
}
