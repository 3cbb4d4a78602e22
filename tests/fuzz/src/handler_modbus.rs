//! The handler `modbus`, in the sessions of [`handlers`](crate::handlers).

use modbus_handler::Modbus;

use crate::handlers::{Compared, hold};

/// Configurations that are valid.
const CONFIGS: [&str; 4] = [
    r#"{}"#,
    r#"{"in_flight":16,"timeout_ms":10}"#,
    r#"{"unit":255,"word_order":"low-first","turnaround_ms":0}"#,
    r#"{"in_flight":2,"turnaround_ms":60000}"#,
];

/// Any bytes: a session.
pub fn target(data: &[u8]) {
    hold::<Modbus>(data, &CONFIGS, Compared::WhereSilent);
}
