//! The `tcp` plugin's tools as a model sees them, a file for each topic: the keys and texts that users of TcpSocketMCP know, and
//! each deliberate difference. Peers are the tests' own, on loopback.

mod connect;
mod refused;
mod send;
mod read;
mod buffer;
mod triggers;
mod trigger_limits;
mod wait;
mod bad_input;
