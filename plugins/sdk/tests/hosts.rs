//! Hosts as anybody may write them: no text is too strange to be told apart from a host in one
//! printable line.

use cofferdam_sdk::net::Host;
use proptest::prelude::*;

proptest! {
    #[test]
    fn no_host_is_too_strange(text in any::<String>()) {
        if let Err(error) = Host::parse(&text) {
            prop_assert!(!error.to_string().chars().any(char::is_control));
        }
    }
}
