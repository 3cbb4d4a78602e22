//! How the `smtp` handler is configured.

use handler_kit::Failure;
use schemars::JsonSchema;
use serde::Deserialize;

/// How the `smtp` handler is configured.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The client's name. Where it is given, EHLO is sent as soon as the server has greeted, and
    /// HELO where the server does not know EHLO.
    pub ehlo: Option<String>,
    /// The longest line of a reply, in bytes with its end: 512 to 65536.
    pub longest_line: usize,
    /// The longest reply, in bytes: 512 to 1000000.
    pub longest_reply: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { ehlo: None, longest_line: 8192, longest_reply: 65536 }
    }
}

impl Config {
    /// What makes no sense is refused.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.ehlo.as_ref().is_some_and(|name| {
            name.is_empty() || name.len() > 255 || !name.bytes().all(|byte| byte.is_ascii_graphic())
        }) {
            return Err(Failure::of("ehlo", "it is a host's name, or an address such as `[192.0.2.1]`"));
        }
        if !(512..=65536).contains(&self.longest_line) {
            return Err(Failure::of("longest_line", "it is from 512 to 65536 bytes"));
        }
        if !(512..=1_000_000).contains(&self.longest_reply) {
            return Err(Failure::of("longest_reply", "it is from 512 to 1000000 bytes"));
        }
        Ok(())
    }
}
