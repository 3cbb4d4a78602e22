//! What `tcp_send` and `tcp_connect_and_send` send, and how.

use std::time::Duration;

use cofferdam_sdk::Failure;
use plugin_kit::Unsent;

use crate::connection::Connection;
use crate::{arguments, limits};

/// The bytes to send; nothing is sent of what cannot be read as it claims to be written.
pub fn data(data: String, encoding: arguments::Encoding, terminator: Option<&str>) -> Result<Vec<u8>, Failure> {
    let terminator = terminator.map_or(Ok(Vec::new()), tcp_logic::terminator);
    let terminator = terminator.map_err(|error| Failure::argument("terminator", error))?;
    let mut bytes = match encoding {
        // The text is its own encoding: no copy of what may be long.
        arguments::Encoding::Utf8 => data.into_bytes(),
        other => tcp_logic::decode(&data, other.into()).map_err(|error| Failure::argument("data", error))?,
    };
    bytes.extend_from_slice(&terminator);
    if bytes.len() > limits::MOST_DATA {
        let message =
            format!("has {} bytes, {} are the most at once; send it in parts", bytes.len(), limits::MOST_DATA);
        return Err(Failure::argument("data", message));
    }
    Ok(bytes)
}

/// Sends all of it; with `end`, closes our half then.
pub async fn send(connection: &Connection, data: &[u8], timeout: Duration, end: bool) -> Result<(), Unsent> {
    let sent = connection.writer.send(data, timeout).await;
    connection.count_sent(sent.as_ref().map_or_else(|unsent| unsent.sent, |()| data.len()));
    sent?;
    if end {
        let ended = connection.writer.end(timeout).await;
        return ended.map_err(|unsent| Unsent { sent: data.len(), ..unsent });
    }
    Ok(())
}
