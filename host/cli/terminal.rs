//! Text for the person at the terminal, on standard output or standard error. A closed reader is no
//! error; for `println!` it is a panic. Log lines are `log.rs`.

use std::io::{self, IsTerminal as _, Write as _};

use cofferdam_policy::harmless_json;
use serde_json::Value;

/// Writes to standard output.
///
/// # Errors
/// The text cannot be written. A closed reader, as `head`, is no error.
#[expect(clippy::disallowed_methods, reason = "commands for people print; `serve` does not come here")]
pub fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// A value as every command with `--json` prints it: indented, characters that could mislead a
/// reader as escapes, and a line end.
pub fn json(value: &Value) -> String {
    harmless_json(&format!("{value:#}\n")).into_owned()
}

/// Writes a message to standard error, and a line end.
pub fn complain(message: &str) {
    // Nobody reads an error about standard error.
    let _ = writeln!(io::stderr(), "{message}");
}

/// Colours, or none.
#[derive(Clone, Copy, Debug)]
pub struct Colour(bool);

impl Colour {
    /// Colours if standard output is a terminal and `NO_COLOR` is not set
    /// (<https://no-color.org>).
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

    /// Text of less interest.
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
    fn a_value_is_shown_without_what_misleads_and_stays_the_same() {
        let value = serde_json::json!({ "client": "a\u{61c}\u{ad}\u{e0041}\u{202e}é\r\n" });
        let shown = json(&value);
        assert_eq!(shown, "{\n  \"client\": \"a\\u061c\\u00ad\\udb40\\udc41\\u202eé\\r\\n\"\n}\n");
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), value);
    }
}
