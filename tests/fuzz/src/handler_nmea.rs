//! The handler `nmea`, in the sessions of [`handlers`](crate::handlers).

use nmea_handler::Nmea;

use crate::handlers::{Compared, hold};

/// Configurations that are valid.
const CONFIGS: [&str; 4] = [
    r#"{}"#,
    r#"{"checksum":"required","longest_line":82}"#,
    r#"{"checksum":"ignored","parts_ms":100}"#,
    r#"{"ais":false}"#,
];

/// Any bytes: a session.
pub fn target(data: &[u8]) {
    hold::<Nmea>(data, &CONFIGS, Compared::Alike);
}
