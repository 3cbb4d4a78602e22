//! Speaks MCP to one client over a pair of pipes, and hands tool calls to the registry. The only
//! crate that knows MCP.
//!
//! What lives here: lines, ids, batches and errors, the handshake of both protocol generations,
//! lists, calls, progress, cancellation and change notifications. What does not: which tools there
//! are, whether a call is allowed, and what it does; that is behind [`ToolService`].
//!
//! A message on its way in: `lines` cuts the input. `decode` (with `requests`) makes a typed
//! message, or the answer to a broken one. `admission` lets a request in or refuses it. `transport`
//! hands it to rmcp's service loop, `guard` shields the handler, and `handler` answers. On its way
//! out: `convert`, `admission`, `transport`, `outbox`.

mod pipes;
mod stdio;
mod tool_service;

mod admission;
mod handshake;
mod ids;
mod refusal;

mod arguments;
mod batch;
mod decode;
mod id_scanner;
mod json;
mod lines;
mod outbox;
mod pipe_state;
mod requests;
mod transport;

mod convert;
mod guard;
mod handler;
mod instructions;
mod notify;
mod pace;
mod schemas;

pub use convert::answer_json;
pub use pipes::{Stdin, Stdout, stdio_pipes};
pub use stdio::{End, ServeError, Stdio, block_on, serve};
pub use tool_service::ToolService;
