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

/// Files: from the beginning, from the end, page by page.
mod files;

/// Files that grow.
mod files_follow;

/// What is in files.
mod files_grep;

/// Directories, and what is known of files.
mod files_list;
