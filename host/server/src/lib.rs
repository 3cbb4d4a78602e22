//! Speaks MCP to one client over a pair of pipes, and hands tool calls to the registry. The only crate that knows MCP.
//!
//! What lives here: the wire (lines, ids, batches, errors), the handshake of both protocol generations, lists, calls,
//! progress, cancellation and change notices. What does not: which tools there are, whether a call is allowed, and what
//! it does; that is behind [`Desk`].
//!
//! A message's way in: `lines` cuts the input, `decode` (with `requests`) makes a typed message or the answer
//! to a broken one, `transport` hands it to rmcp's service loop, `guard` bounds and shields it, `handler` answers. Its way out:
//! `convert`, `transport`, `outbox`.

mod desk;
mod pipes;
mod quiet;
mod stdio;

mod arguments;
mod batch;
mod decode;
mod ids;
mod lines;
mod outbox;
mod requests;
mod skim;
mod transport;

mod convert;
mod guard;
mod handler;
mod instructions;
mod notify;
mod pace;
mod schemas;

pub use desk::Desk;
pub use pipes::{Stdin, Stdout, stdio_pipes};
pub use quiet::may_log;
pub use stdio::{End, ServeError, Stdio, serve};
