//! The shipped plugins' tools as a model sees them, a file for each topic: the keys and texts
//! that users of TcpSocketMCP and ITMCP know, and each deliberate difference. Peers are the
//! tests' own, on loopback.

/// Connections, their ids, their end.
mod connect;

/// Connections that cannot be made.
mod refused;

/// Names: which there are, and name servers that are silent, lie, or know no EDNS.
mod names;

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

/// Protocol handlers: what comes and goes as messages.
mod handlers;

/// Triggers that run scripts.
mod scripts;

/// Arguments that are wrong.
mod bad_input;

/// Callers who wait for less time than they might.
mod deadlines;

/// `telnet_tool` as a probe: whether a port can be reached, and why not.
mod telnet;

/// `telnet_tool` in session: steps, secrets, kept sessions.
mod telnet_session;

/// A real telnet server out of Debian.
mod telnet_server;

/// Servers that mean harm to a telnet session.
mod telnet_hostile;

/// Telnet servers that close, reset, half close or stall, at any moment.
mod telnet_ends;

/// What a telnet server writes, in every piece and on every screen.
mod telnet_screen;

/// Telnet sessions' time and memory: deadlines, and turns.
mod telnet_turns;

/// Files: from the beginning, from the end, page by page.
mod files;

/// Files that are broken, and bytes that are no text.
mod files_broken;

/// Files that become anything while they are read.
mod files_ends;

/// Files that grow.
mod files_follow;

/// What is in files.
mod files_grep;

/// Directories, and what is known of files.
mod files_list;

/// The `dns` plugin, against real name servers and lying ones.
mod dns;

/// The `ping` plugin: echo requests.
pub mod ping;

/// Peers that answer anything, and links that go down, at any moment of a run.
mod ping_ends;

/// How long calls wait where nobody says how long.
mod patience;

/// The `ping` plugin: links that go down, many runs at once, groups.
mod ping_links;

/// The `ping` plugin: the way to a target.
mod traceroute;

/// The `ping` plugin beside the real programs, and against peers that lie.
mod ping_compared;

/// The `ping` plugin over raw sockets, beside the real program: advice, and
/// answers with a wrong checksum.
mod ping_raw;
