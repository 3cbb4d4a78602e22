//! The base of every test: the real binary spoken to over real pipes, peers on loopback, and the
//! hostile guests. No test logic lives here. Every wait has a deadline, and running into it is a
//! failure that says what was waited for.

mod chance;
pub mod clock;
mod files;
mod flow;
mod guests;
mod line;
mod log;
mod names;
mod net;
mod packet;
mod peers;
mod raw;
mod servers;
mod session;
pub mod shipped;
mod tcp;

pub use chance::{Dice, ends, seed};
pub use clock::{Claim, Clock, Passes, eventually, pass};
pub use files::Folder;
pub use flow::Flow;
pub use guests::guest;
pub use line::{Deaf, Line, Listener};
pub use names::{
    Daemon, NameServer, asked_name, free, has_edns, kind, newest_knot, newest_nsd, nsd, reply, reply_six, unbound,
};
pub use net::{Sends, Tun, allow_ping_sockets, in_namespace, ip};
pub use packet::Request;
pub use peers::{Dns, Peer, closed_port};
pub use raw::{add_section, component, raw_guest, raw_guest_with};
pub use servers::{Installed, Server};
pub use session::{Answer, Session, cofferdam, run, scratch, stderr, stdout, warm};
pub use tcp::{ALL, LOCAL, connected, policy};
