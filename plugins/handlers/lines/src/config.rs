//! How lines are configured.

use handler_kit::Failure;

use crate::end::{End, Named};

/// How lines are configured.
#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What ends a line: `auto` (LF, with or without a CR before it), `crlf`, `lf`, `cr`, `none`
    /// (silence only), `{"text": ";"}` or `{"hex": "0d0a00"}`.
    pub end: End,
    /// What ends a line to the peer, where it is not the same. `auto` sends CR LF.
    pub send_end: Option<End>,
    /// The encoding of the characters: `utf-8`, `latin-1`, `windows-1252` and all others of the
    /// Encoding Standard that keep ASCII as it is.
    pub encoding: String,
    /// The most bytes of a line, without its end: 1 to 1048576.
    pub longest_line: usize,
    /// After so many milliseconds without a byte, what has come is a line: 10 to 600000. For
    /// devices that end their answers with nothing.
    pub silence_ms: Option<u64>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            end: End::default(),
            send_end: None,
            encoding: "utf-8".to_owned(),
            longest_line: 64 << 10,
            silence_ms: None,
        }
    }
}

impl Config {
    /// Whether the numbers are in their bounds and go together.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if !(1..=1 << 20).contains(&self.longest_line) {
            return Err(Failure::of("longest_line", "it is 1 to 1048576 bytes"));
        }
        if self.silence_ms.is_some_and(|silence| !(10..=600_000).contains(&silence)) {
            return Err(Failure::of("silence_ms", "it is 10 to 600000 milliseconds"));
        }
        if self.end == End::Named(Named::None) && self.silence_ms.is_none() {
            return Err(Failure::of("silence_ms", "it is needed where `end` is `none`"));
        }
        Ok(())
    }
}
