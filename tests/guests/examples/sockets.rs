//! Claims: it can open sockets without end.
use std::rc::Rc;

use cofferdam_sdk::sockets::{IpAddressFamily, TcpSocket};
use cofferdam_sdk::{Cx, Failure};
use guests::{Count, Text, text};

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "guest.toml")]
impl Guest {
    /// Opens so many, and tells how many it got, and why no more.
    #[tool]
    async fn open(self: Rc<Self>, _: Cx, a: Count) -> Result<Text, Failure> {
        let mut sockets = Vec::new();
        for _ in 0..a.count {
            match TcpSocket::create(IpAddressFamily::Ipv4) {
                Ok(socket) => sockets.push(socket),
                Err(code) => return text(format!("{} {code:?}", sockets.len())),
            }
        }
        text(sockets.len().to_string())
    }
}
