//! How a client gets in: the negotiation of capabilities (IRCv3 capability negotiation) and the
//! registration. A server that was asked for its capabilities lets nobody in before `CAP END`.

use crate::Config;

/// Where the negotiation of capabilities stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// There is none, or it is over.
    #[default]
    None,
    /// The server lists what it offers. Those that are wanted were seen so far.
    Listing(Vec<String>),
    /// Capabilities were asked for.
    Requested,
    /// `sasl` was granted: the end of AUTHENTICATE is waited for.
    Authenticating,
}

/// The negotiation of one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Negotiation {
    stage: Stage,
    /// The server has welcomed the client.
    welcomed: bool,
}

impl Negotiation {
    /// What is sent first.
    pub(crate) fn open(&mut self, config: &Config) -> Vec<u8> {
        let Some(nick) = &config.nick else { return Vec::new() };
        let mut lines = String::new();
        if !config.capabilities.is_empty() {
            self.stage = Stage::Listing(Vec::new());
            lines.push_str("CAP LS 302\r\n");
        }
        if let Some(password) = &config.password {
            lines.push_str(&format!("PASS {}\r\n", trailing(password)));
        }
        let user = config.user.as_ref().unwrap_or(nick);
        let realname = config.realname.as_ref().unwrap_or(nick);
        lines.push_str(&format!("NICK {nick}\r\nUSER {user} 0 * {}\r\n", trailing(realname)));
        lines.into_bytes()
    }

    /// A line of the client's own has gone out.
    pub(crate) fn sent(&mut self, command: &str, params: &[Vec<u8>]) {
        if command != "CAP" || self.welcomed {
            return;
        }
        match params.first().map(|first| first.to_ascii_uppercase()).as_deref() {
            Some(b"LS") => self.stage = Stage::Listing(Vec::new()),
            Some(b"REQ") => self.stage = Stage::Requested,
            Some(b"END") => self.stage = Stage::None,
            _ => {}
        }
    }

    /// A line of the server has come: what is sent because of it.
    pub(crate) fn came(&mut self, command: &str, params: &[&[u8]], config: &Config) -> Vec<u8> {
        match (command, &mut self.stage) {
            ("001", _) => {
                self.welcomed = true;
                self.stage = Stage::None;
                Vec::new()
            }
            ("CAP", _) => self.capability(params, config),
            // SASL is over: done, refused, aborted or done before.
            ("902" | "903" | "904" | "905" | "906" | "907", Stage::Authenticating) => self.end(config),
            _ => Vec::new(),
        }
    }

    /// `CAP <nick> <subcommand> [*] :<capabilities>`
    fn capability(&mut self, params: &[&[u8]], config: &Config) -> Vec<u8> {
        let subcommand = params.get(1).map(|word| word.to_ascii_uppercase());
        let more = params.len() > 3 && params.get(2) == Some(&&b"*"[..]);
        let list = if params.len() > 2 { params.last().copied().unwrap_or_default() } else { b"" };
        match (subcommand.as_deref(), &mut self.stage) {
            (Some(b"LS"), Stage::Listing(seen)) => {
                for name in String::from_utf8_lossy(list).split_ascii_whitespace() {
                    let name = name.split('=').next().unwrap_or(name);
                    if config.capabilities.iter().any(|wanted| wanted == name) && !seen.iter().any(|s| s == name) {
                        seen.push(name.to_owned());
                    }
                }
                if more {
                    return Vec::new();
                }
                if seen.is_empty() {
                    return self.end(config);
                }
                let request = format!("CAP REQ :{}\r\n", seen.join(" "));
                self.stage = Stage::Requested;
                request.into_bytes()
            }
            (Some(b"ACK"), Stage::Requested) if !more => {
                if list.split(|byte| *byte == b' ').any(|name| name == b"sasl") {
                    self.stage = Stage::Authenticating;
                    return Vec::new();
                }
                self.end(config)
            }
            (Some(b"NAK"), Stage::Requested) => self.end(config),
            _ => Vec::new(),
        }
    }

    fn end(&mut self, config: &Config) -> Vec<u8> {
        self.stage = Stage::None;
        if config.cap_end && !self.welcomed { b"CAP END\r\n".to_vec() } else { Vec::new() }
    }
}

/// A last parameter, with a colon where it needs one.
fn trailing(text: &str) -> String {
    if text.contains(' ') || text.starts_with(':') { format!(":{text}") } else { text.to_owned() }
}
