//! The handler `irc`, in the sessions of [`handlers`](crate::handlers).

use irc_handler::Irc;

use crate::handlers::{Compared, hold};

/// Configurations that are valid.
const CONFIGS: [&str; 4] = [
    r#"{}"#,
    r#"{"nick":"bot","password":"secret","capabilities":["server-time","sasl"]}"#,
    r#"{"nick":"bot","user":"u","realname":"a bot","capabilities":["echo-message"],"cap_end":false}"#,
    r#"{"pong":false,"longest_line":512}"#,
];

/// Any bytes: a session.
pub fn target(data: &[u8]) {
    hold::<Irc>(data, &CONFIGS, Compared::Alike);
}
