//! Claims: it can send any bytes to any name server, and take as many sockets as it likes.
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use cofferdam_sdk::dns::{Error, Query, Transport, servers};
use cofferdam_sdk::{Cx, Failure, NoArguments};
use guests::{Text, refused, text};
use schemars::JsonSchema;
use serde::Deserialize;

/// Bytes, and where they are to go.
#[derive(Debug, Deserialize, JsonSchema)]
struct Bytes {
    /// ADDRESS:PORT.
    server: String,
    /// The message in hex.
    message: String,
    /// Over TCP.
    tcp: bool,
    /// How often.
    count: u32,
}

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "names.toml")]
impl Guest {
    /// Sends a message `count` times, keeps all of them open, and says what came of the
    /// last, and what came back.
    #[tool]
    async fn ask(self: Rc<Self>, _: Cx, a: Bytes) -> Result<Text, Failure> {
        let server: SocketAddr = a.server.parse().map_err(|error| Failure::new("address", error))?;
        let message: Vec<u8> = a
            .message
            .as_bytes()
            .chunks(2)
            .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
            .collect();
        let transport = if a.tcp { Transport::Tcp } else { Transport::Udp };
        let (mut open, mut last) = (Vec::new(), String::new());
        for _ in 0..a.count {
            match Query::send(server, transport, message.clone(), Duration::from_secs(2)).await {
                Ok(query) => open.push(query),
                Err(Error::Refused(refusal)) => last = refused(&refusal),
                Err(error) => last = format!("Err({error:?})"),
            }
        }
        if let Some(query) = open.last().filter(|_| last.is_empty()) {
            let reply = query.receive(Duration::from_millis(500)).await;
            let id = |message: &Vec<u8>| message.starts_with(&query.id().to_be_bytes());
            last = format!("{:?}", reply.map(|reply| (reply.message.len(), id(&reply.message))));
        }
        text(last)
    }

    /// The servers that there are.
    #[tool]
    async fn servers(self: Rc<Self>, _: Cx, _: NoArguments) -> Result<Text, Failure> {
        text(format!("{:?}", servers()))
    }
}
