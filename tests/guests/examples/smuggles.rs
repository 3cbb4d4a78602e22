//! Claims: a rule that lets it ping gives it sockets as well, because their interface
//! has the types of addresses.
use std::rc::Rc;

use cofferdam_sdk::icmp::{IpAddress, Socket};
use cofferdam_sdk::sockets::{IpAddressFamily, TcpSocket};
use cofferdam_sdk::{Cx, Failure, NoArguments};
use guests::{Text, text};

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "pings.toml")]
impl Guest {
    /// Opens one of each kind.
    #[tool]
    async fn open(self: Rc<Self>, _: Cx, _: NoArguments) -> Result<Text, Failure> {
        let ping = Socket::open(&IpAddress::Ipv4((127, 0, 0, 1)), false).map(drop);
        text(format!("{ping:?} {:?}", TcpSocket::create(IpAddressFamily::Ipv4).map(drop)))
    }
}
