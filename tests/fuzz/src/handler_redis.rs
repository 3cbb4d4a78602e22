//! The handler `redis`, in the sessions of [`handlers`](crate::handlers).

use redis_handler::Redis;

use crate::handlers::{Compared, hold};

/// Configurations that are valid.
const CONFIGS: [&str; 4] = [
    r#"{}"#,
    r#"{"protocol":3,"username":"u","password":"p","client_name":"c","database":2}"#,
    r#"{"password":"p","most_values":8}"#,
    r#"{"protocol":2,"most_values":1}"#,
];

/// Any bytes: a session.
pub fn target(data: &[u8]) {
    hold::<Redis>(data, &CONFIGS, Compared::Alike);
}
