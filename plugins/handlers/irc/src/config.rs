//! How the `irc` handler is configured.

use handler_kit::Failure;
use schemars::JsonSchema;
use serde::Deserialize;

/// How the `irc` handler is configured.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The nickname to register with. Where it is given, the handler sends PASS, NICK and USER as
    /// soon as the connection is there.
    pub nick: Option<String>,
    /// The user name to register with. It is the nickname where none is given.
    pub user: Option<String>,
    /// The real name to register with. It is the nickname where none is given.
    pub realname: Option<String>,
    /// The server's password, for PASS.
    pub password: Option<String>,
    /// Capabilities to ask for, such as `server-time`. Those that the server does not offer are
    /// left out. `sasl` makes the handler wait for the end of an AUTHENTICATE that you send.
    pub capabilities: Vec<String>,
    /// Whether PING is answered with PONG.
    pub pong: bool,
    /// Whether a negotiation of capabilities is ended with `CAP END`. Without that, the server does
    /// not let the client in.
    pub cap_end: bool,
    /// The longest line that is read, in bytes with its end and tags: 512 to 65536.
    pub longest_line: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            nick: None,
            user: None,
            realname: None,
            password: None,
            capabilities: Vec::new(),
            pong: true,
            cap_end: true,
            longest_line: 16384,
        }
    }
}

impl Config {
    /// What makes no sense is refused.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if !(512..=65536).contains(&self.longest_line) {
            return Err(Failure::of("longest_line", "it is from 512 to 65536 bytes"));
        }
        for (member, value) in [("nick", &self.nick), ("user", &self.user)] {
            if value.as_deref().is_some_and(|v| v.is_empty() || v.starts_with(':') || v.contains(' ') || breaks(v)) {
                return Err(Failure::of(member, "it is one word that does not begin with `:`"));
            }
        }
        for (member, value) in [("realname", &self.realname), ("password", &self.password)] {
            if value.as_deref().is_some_and(|v| v.is_empty() || breaks(v)) {
                return Err(Failure::of(member, "it is not empty and stands in one line"));
            }
        }
        let words = [("nick", &self.nick), ("user", &self.user), ("realname", &self.realname)];
        for (member, value) in words.into_iter().chain([("password", &self.password)]) {
            if value.as_ref().is_some_and(|v| v.len() > 400) {
                return Err(Failure::of(member, "it is longer than 400 bytes"));
            }
        }
        for (at, name) in self.capabilities.iter().enumerate() {
            if name.is_empty() || name.contains([' ', '=', ':', '*']) || breaks(name) {
                return Err(Failure::of(format!("capabilities[{at}]"), "it is a name such as `server-time`"));
            }
        }
        if self.nick.is_none() && (self.user.is_some() || self.realname.is_some() || self.password.is_some()) {
            return Err(Failure::of("nick", "`user`, `realname` and `password` are sent together with a `nick` only"));
        }
        if self.nick.is_none() && !self.capabilities.is_empty() {
            return Err(Failure::of("nick", "`capabilities` are asked for while a `nick` is registered"));
        }
        let longest = self.capabilities.iter().map(|name| name.len() + 1).sum::<usize>();
        if longest > 400 {
            return Err(Failure::of("capabilities", "they do not fit into one line of 400 bytes"));
        }
        Ok(())
    }
}

/// Whether it holds what ends a line.
fn breaks(text: &str) -> bool {
    text.contains(['\r', '\n', '\0'])
}
