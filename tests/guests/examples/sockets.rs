//! Claims: it can open sockets without end, and make of them what it likes.
use std::io::{Read, Write};
use std::net::TcpStream;
use std::rc::Rc;
use std::time::Instant;

use cofferdam_sdk::sockets::{IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, TcpSocket, byte_stream};
use cofferdam_sdk::{Cx, Failure, NoArguments};
use guests::{Count, Text, text};
use schemars::JsonSchema;
use serde::Deserialize;
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::network as old;
use wasip2::sockets::tcp::ShutdownType;
use wasip2::sockets::tcp_create_socket::create_tcp_socket;

/// Where, how often, and by which generation of WASI.
#[derive(Deserialize, JsonSchema)]
struct Pairs {
    port: u16,
    count: u32,
    std: bool,
}

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

    /// Sets every option of a new socket, asks for each, and tells what it was
    /// told, by WASI 0.3 and by 0.2.
    #[tool]
    async fn options(self: Rc<Self>, _: Cx, _: NoArguments) -> Result<Text, Failure> {
        let new =
            TcpSocket::create(IpAddressFamily::Ipv4).map_err(|code| Failure::new("create", format!("{code:?}")))?;
        let any = IpSocketAddress::Ipv4(Ipv4SocketAddress { port: 0, address: (0, 0, 0, 0) });
        let lately = format!(
            "{:?}",
            (
                (new.get_local_address(), new.get_remote_address(), new.get_is_listening(), new.get_address_family()),
                (new.set_keep_alive_enabled(true), new.get_keep_alive_enabled()),
                (new.set_keep_alive_idle_time(7_000_000_000), new.get_keep_alive_idle_time()),
                (new.set_keep_alive_interval(1), new.get_keep_alive_interval()),
                (new.set_keep_alive_count(1000), new.get_keep_alive_count()),
                (new.set_hop_limit(7), new.get_hop_limit(), new.set_hop_limit(0)),
                (new.set_receive_buffer_size(9000), new.get_receive_buffer_size()),
                (new.set_send_buffer_size(9000), new.get_send_buffer_size()),
                (new.set_listen_backlog_size(0), new.set_listen_backlog_size(1)),
                (new.bind(any), new.bind(any), new.listen().map(drop)),
            )
        );
        let old = create_tcp_socket(old::IpAddressFamily::Ipv6);
        let old = old.map_err(|code| Failure::new("create", format!("{code:?}")))?;
        let network = instance_network();
        let any = old::IpSocketAddress::Ipv6(old::Ipv6SocketAddress {
            port: 0,
            flow_info: 0,
            address: (0, 0, 0, 0, 0, 0, 0, 0),
            scope_id: 0,
        });
        let formerly = format!(
            "{:?}",
            (
                (old.local_address(), old.remote_address(), old.is_listening(), old.address_family()),
                (old.set_keep_alive_enabled(true), old.keep_alive_enabled()),
                (old.set_keep_alive_idle_time(7_000_000_000), old.keep_alive_idle_time()),
                (old.set_keep_alive_interval(1), old.keep_alive_interval()),
                (old.set_keep_alive_count(1000), old.keep_alive_count()),
                (old.set_hop_limit(7), old.hop_limit(), old.set_hop_limit(0)),
                (old.set_receive_buffer_size(9000), old.receive_buffer_size()),
                (old.set_send_buffer_size(9000), old.send_buffer_size()),
                (old.set_listen_backlog_size(0), old.set_listen_backlog_size(1)),
                (old.finish_bind(), old.start_bind(&network, any), old.finish_bind(), old.start_bind(&network, any)),
                (old.start_listen(), old.finish_listen(), old.accept().map(drop), old.shutdown(ShutdownType::Both)),
                (old.finish_connect().map(drop), old.subscribe().ready()),
            )
        );
        text(format!("{lately}\n{formerly}"))
    }

    /// Sends two small pieces and waits for one answer, so often, by std (WASI 0.2) or by WASI 0.3;
    /// tells how long all of it took, in ms.
    #[tool]
    async fn pairs(self: Rc<Self>, _: Cx, a: Pairs) -> Result<Text, Failure> {
        let failed = |what: &str| Failure::new("failed", what);
        let begun = Instant::now();
        if a.std {
            let mut stream = TcpStream::connect(("127.0.0.1", a.port)).map_err(|error| failed(&error.to_string()))?;
            for _ in 0..a.count {
                for _ in 0..2 {
                    stream.write_all(&[b'x'; 20]).map_err(|error| failed(&error.to_string()))?;
                }
                stream.read_exact(&mut [0]).map_err(|error| failed(&error.to_string()))?;
            }
        } else {
            let socket = TcpSocket::create(IpAddressFamily::Ipv4).map_err(|code| failed(&format!("{code:?}")))?;
            let to = IpSocketAddress::Ipv4(Ipv4SocketAddress { port: a.port, address: (127, 0, 0, 1) });
            socket.connect(to).await.map_err(|code| failed(&format!("{code:?}")))?;
            let (mut reader, _) = socket.receive();
            let (mut writer, bytes) = byte_stream();
            let _sent = socket.send(bytes);
            for _ in 0..a.count {
                for _ in 0..2 {
                    writer.write_all(vec![b'x'; 20]).await;
                }
                reader.next().await.ok_or_else(|| failed("no answer"))?;
            }
        }
        text(begun.elapsed().as_millis().to_string())
    }
}
