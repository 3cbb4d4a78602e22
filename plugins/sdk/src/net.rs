//! Connections, as granted: how a host may be spelled, how a name becomes addresses, how a
//! connection is made (RFC 8305), and a connection that is read and written with deadlines. What
//! the policy does not allow is refused by the host, at each step.
//!
//! Most plugins need [`TcpStream`] only. The parts are for those that do more with a socket.

mod broken;
mod dial;
mod failed;
mod hosts;
mod lookup;
mod reading;
mod stream;
mod within;
mod writer;

pub use broken::Broken;
pub use dial::{dial, reason};
pub use failed::Failed;
pub use hosts::{Host, HostError, port};
pub use lookup::addresses;
pub use reading::ReadHalf;
pub use stream::{TcpStream, WriteHalf};
pub use within::Within;
pub use writer::{Done, Unsent, Writer};
