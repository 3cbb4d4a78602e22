//! How the `http1` handler is configured.

use handler_kit::Failure;
use schemars::JsonSchema;
use serde::Deserialize;

/// How the `http1` handler is configured.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The host for requests that have no `host` header, such as `web.example:8080`.
    pub host: Option<String>,
    /// Whether a body is told as it comes, in messages of its own behind the response's head.
    /// Otherwise a response is one message, unless its body is longer than `longest_body`.
    pub stream: bool,
    /// The longest body that is told together with its head, in bytes: 0 to 3000000.
    pub longest_body: usize,
    /// The longest head of a response, in bytes: 256 to 1000000.
    pub longest_head: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { host: None, stream: false, longest_body: 1 << 20, longest_head: 65536 }
    }
}

impl Config {
    /// What makes no sense is refused.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let graphic = |host: &String| !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic());
        if !self.host.as_ref().is_none_or(graphic) {
            return Err(Failure::of("host", "it is a host and perhaps a port: `web.example:8080`"));
        }
        if self.longest_body > 3_000_000 {
            return Err(Failure::of("longest_body", "it is from 0 to 3000000 bytes"));
        }
        if !(256..=1_000_000).contains(&self.longest_head) {
            return Err(Failure::of("longest_head", "it is from 256 to 1000000 bytes"));
        }
        Ok(())
    }
}
