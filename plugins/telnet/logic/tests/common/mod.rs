//! What tests of conversations set up: a line, steps and scripts, on a clock of the tests' own.

use std::time::Duration;

use telnet_logic::{Bounds, Encoding, Line, Script, Settings, Step, Times};

pub const BOUNDS: Bounds = Bounds { transcript: 64 << 10, received: 1 << 20 };

pub const TIMES: Times =
    Times { step: Duration::from_secs(5), silence: Duration::from_millis(500), end: Duration::from_secs(50) };

pub fn line() -> Line {
    let encoding = Encoding::Utf8;
    Line::new(Settings { terminal: "dumb".to_owned(), window: (200, 100), encoding, line_end: None })
}

/// Waits for a text, if there is one, and then sends one, if there is one.
pub fn step(expect: &str, send: &str) -> Step {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Step { expect: text(expect), send: text(send), enter: true, ..Step::default() }
}

pub fn script(steps: &[Step]) -> Script {
    Script::new(None, None, steps, TIMES).unwrap()
}
