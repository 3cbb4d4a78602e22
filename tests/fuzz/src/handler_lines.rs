//! The handler `lines`, in the sessions of [`handlers`](crate::handlers).

use lines_handler::Lines;

use crate::handlers::{Compared, hold};

/// Configurations that are valid.
const CONFIGS: [&str; 7] = [
    r#"{}"#,
    r#"{"end":"crlf","longest_line":12}"#,
    r#"{"end":"cr","encoding":"latin-1"}"#,
    r#"{"end":"lf","encoding":"shift_jis","silence_ms":50}"#,
    r#"{"end":"none","silence_ms":10,"longest_line":5}"#,
    r#"{"end":{"text":"aab"},"send_end":"lf"}"#,
    r#"{"end":{"hex":"0d0a00"},"encoding":"windows-1253"}"#,
];

/// Any bytes: a session.
pub fn target(data: &[u8]) {
    hold::<Lines>(data, &CONFIGS, Compared::Alike);
}
