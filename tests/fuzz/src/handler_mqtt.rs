//! The handler `mqtt`, in the sessions of [`handlers`](crate::handlers).

use mqtt_handler::Mqtt;

use crate::handlers::{Compared, hold};

/// Configurations that are valid.
const CONFIGS: [&str; 5] = [
    r#"{}"#,
    r#"{"version":"5","session_expiry":60,"will":{"topic":"gone","payload":"x","qos":1}}"#,
    r#"{"version":"3.1","client_id":"c","username":"u","password":"p"}"#,
    r#"{"version":"5","connect":false,"acknowledge":false,"keep_alive":0,"longest_packet":64}"#,
    r#"{"connect":false,"keep_alive":1,"longest_packet":64}"#,
];

/// Any bytes: a session.
pub fn target(data: &[u8]) {
    hold::<Mqtt>(data, &CONFIGS, Compared::Alike);
}
