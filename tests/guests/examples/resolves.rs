//! Claims: it can look up any name, and dial what the answer was changed to later.
use std::net::{TcpStream, ToSocketAddrs};
use std::rc::Rc;

use cofferdam_sdk::sockets::ip_name_lookup;
use cofferdam_sdk::{Cx, Failure};
use guests::{Place, Text, text};

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "guest.toml")]
impl Guest {
    /// Looks a name up with std (WASI 0.2).
    #[tool]
    async fn resolve_std(self: Rc<Self>, _: Cx, a: Place) -> Result<Text, Failure> {
        let found = (a.host.as_str(), a.port).to_socket_addrs();
        text(format!("{:?}", found.map(Vec::from_iter).map_err(|error| error.kind())))
    }

    /// Looks a name up with WASI 0.3.
    #[tool]
    async fn resolve(self: Rc<Self>, _: Cx, a: Place) -> Result<Text, Failure> {
        text(format!("{:?}", ip_name_lookup::resolve_addresses(a.host).await))
    }

    /// Looks a name up and dials it, with std.
    #[tool]
    async fn dial_std(self: Rc<Self>, _: Cx, a: Place) -> Result<Text, Failure> {
        text(format!("{:?}", TcpStream::connect((a.host.as_str(), a.port)).map(drop).map_err(|error| error.kind())))
    }
}
