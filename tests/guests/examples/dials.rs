//! Claims: it can dial an address it was never given, by either generation of WASI.
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;

use cofferdam_sdk::sockets::{IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress, TcpSocket};
use cofferdam_sdk::{Cx, Failure};
use guests::{Place, Text, text};

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "guest.toml")]
impl Guest {
    /// Dials with std (WASI 0.2).
    #[tool]
    async fn dial_std(self: Rc<Self>, _: Cx, a: Place) -> Result<Text, Failure> {
        text(format!("{:?}", TcpStream::connect((a.host.as_str(), a.port)).map(drop).map_err(|error| error.kind())))
    }

    /// Dials with WASI 0.3.
    #[tool]
    async fn dial(self: Rc<Self>, _: Cx, a: Place) -> Result<Text, Failure> {
        let address: IpAddr = a.host.parse().map_err(|error| Failure::new("address", error))?;
        let (family, to) = match address {
            IpAddr::V4(v4) => {
                let [b, c, d, e] = v4.octets();
                let address = Ipv4SocketAddress { port: a.port, address: (b, c, d, e) };
                (IpAddressFamily::Ipv4, IpSocketAddress::Ipv4(address))
            }
            IpAddr::V6(v6) => {
                let [b, c, d, e, f, g, h, i] = v6.segments();
                let address = (b, c, d, e, f, g, h, i);
                let address = Ipv6SocketAddress { port: a.port, address, flow_info: 0, scope_id: 0 };
                (IpAddressFamily::Ipv6, IpSocketAddress::Ipv6(address))
            }
        };
        let socket = TcpSocket::create(family).map_err(|code| Failure::new("create", format!("{code:?}")))?;
        text(format!("{:?}", socket.connect(to).await))
    }

    /// Listens with std (WASI 0.2).
    #[tool]
    async fn listen(self: Rc<Self>, _: Cx, a: Place) -> Result<Text, Failure> {
        let address: IpAddr = a.host.parse().map_err(|error| Failure::new("address", error))?;
        let listening = TcpListener::bind(SocketAddr::new(address, a.port));
        text(format!("{:?}", listening.map(drop).map_err(|error| error.kind())))
    }
}
