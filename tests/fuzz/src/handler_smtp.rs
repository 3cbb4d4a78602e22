//! The handler `smtp`, in the sessions of [`handlers`](crate::handlers).

use smtp_handler::Smtp;

use crate::handlers::{Compared, hold};

/// Configurations that are valid.
const CONFIGS: [&str; 3] =
    [r#"{}"#, r#"{"ehlo":"client.example"}"#, r#"{"ehlo":"[192.0.2.1]","longest_line":512,"longest_reply":512}"#];

/// Any bytes: a session.
pub fn target(data: &[u8]) {
    hold::<Smtp>(data, &CONFIGS, Compared::Alike);
}
