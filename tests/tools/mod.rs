//! The `tcp` plugin's tools as a model sees them, a file for each topic: the keys and texts that users of TcpSocketMCP know, and
//! each deliberate difference. Peers are the tests' own, on loopback.

/// Connections, their ids, their end.
mod connect;

/// Connections that cannot be made.
mod refused;

/// What goes out.
mod send;

/// What came in, by chunks and by bytes.
mod read;

/// How much of it is held.
mod buffer;

/// Answers that nobody has to call for.
mod triggers;

/// What a trigger may not do.
mod trigger_limits;

/// Until something comes.
mod wait;

/// Arguments that are wrong.
mod bad_input;

/// The `ping` plugin: echo requests.
pub mod ping;

/// The `ping` plugin: the way to a target.
mod traceroute;
