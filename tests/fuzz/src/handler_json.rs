//! The handler `json`, in the sessions of [`handlers`](crate::handlers).

use json_handler::Json;

use crate::handlers::{Compared, hold};

/// Configurations that are valid.
const CONFIGS: [&str; 5] = [
    r#"{}"#,
    r#"{"framing":"concatenated","longest_document":40}"#,
    r#"{"framing":"sequence","send_end":"crlf"}"#,
    r#"{"framing":"concatenated","deepest":3}"#,
    r#"{"longest_document":24,"deepest":120,"send_end":"none"}"#,
];

/// Any bytes: a session.
pub fn target(data: &[u8]) {
    hold::<Json>(data, &CONFIGS, Compared::Alike);
}
