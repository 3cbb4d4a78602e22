//! The handler `frames`, in the sessions of [`handlers`](crate::handlers).

use frames_handler::Frames;

use crate::handlers::{Compared, hold};

/// Configurations that are valid.
const CONFIGS: [&str; 8] = [
    r#"{}"#,
    r#"{"length_bytes":1,"longest_frame":20}"#,
    r#"{"length_bytes":2,"byte_order":"little","inclusive":true,"offset":1,"send_header":{"hex":"01"}}"#,
    r#"{"length_bytes":8,"adjust":-4}"#,
    r#"{"kind":"delimiter","delimiter":{"text":"aab"},"longest_frame":16}"#,
    r#"{"kind":"delimiter","delimiter":{"hex":"00"},"show":"base64"}"#,
    r#"{"kind":"slip","longest_frame":16}"#,
    r#"{"kind":"cobs","show":"hex"}"#,
];

/// Any bytes: a session.
pub fn target(data: &[u8]) {
    hold::<Frames>(data, &CONFIGS, Compared::Alike);
}
