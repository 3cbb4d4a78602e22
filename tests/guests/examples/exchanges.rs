//! Claims: its own exchange with a peer is delayed by the host. It sends in small pieces and waits
//! for answers, within one call.
use std::rc::Rc;
use std::time::Duration;

use cofferdam_sdk::sockets::{IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, TcpSocket, byte_stream};
use cofferdam_sdk::{Cx, Failure, now};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How often to exchange, with a peer on this machine that answers every 40 bytes with one.
#[derive(Deserialize, JsonSchema)]
struct Exchange {
    /// The peer's port on 127.0.0.1.
    port: u16,
    /// Exchanges.
    count: usize,
}

#[derive(Serialize, JsonSchema)]
struct Took {
    /// How long half of the exchanges took at most, in nanoseconds.
    p50: u64,
    /// How long the slowest took, in nanoseconds.
    most: u64,
}

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "guest.toml")]
impl Guest {
    /// Sends 20 bytes twice and waits for the answer to both, again and again.
    #[tool]
    async fn exchange(self: Rc<Self>, _: Cx, a: Exchange) -> Result<Took, Failure> {
        let failed = |what: &'static str| move |code| Failure::new(what, format!("{code:?}"));
        let socket = TcpSocket::create(IpAddressFamily::Ipv4).map_err(failed("create"))?;
        let peer = Ipv4SocketAddress { port: a.port, address: (127, 0, 0, 1) };
        socket.connect(IpSocketAddress::Ipv4(peer)).await.map_err(failed("connect"))?;
        let (mut receiving, _received) = socket.receive();
        let (mut writing, sending) = byte_stream();
        let _sent = socket.send(sending);
        let mut times: Vec<Duration> = Vec::with_capacity(a.count);
        for _ in 0..a.count {
            let begun = now();
            for _ in 0..2 {
                if !writing.write_all(vec![b'x'; 20]).await.is_empty() {
                    return Err(Failure::new("send", "the peer takes no more"));
                }
            }
            let (_, answer) = receiving.read(Vec::with_capacity(1)).await;
            if answer.is_empty() {
                return Err(Failure::new("receive", "the peer has closed"));
            }
            times.push(now().saturating_sub(begun));
        }
        times.sort_unstable();
        let nanoseconds =
            |at: usize| times.get(at).map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        Ok(Took { p50: nanoseconds(times.len() / 2), most: nanoseconds(times.len().saturating_sub(1)) })
    }
}
