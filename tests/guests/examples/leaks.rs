//! Claims: what it does not let go of is not counted: connections whose handle it drops and whose
//! streams it keeps, connections that it forgets, timers that nobody waits for.
use std::cell::RefCell;
use std::net::{IpAddr, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use cofferdam_sdk::sockets::{
    IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, StreamReader, StreamWriter, TcpSocket, byte_stream,
};
use cofferdam_sdk::{Cx, Failure, NoArguments};
use guests::{Count, Text, text};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Default)]
struct Guest {
    readers: RefCell<Vec<StreamReader<u8>>>,
    writers: RefCell<Vec<StreamWriter<u8>>>,
}

/// Where, how often, and what of it is kept.
#[derive(Deserialize, JsonSchema)]
struct Dials {
    port: u16,
    count: u32,
    reader: bool,
    writer: bool,
}

#[cofferdam_sdk::plugin(manifest = "guest.toml")]
impl Guest {
    /// Connects so often with WASI 0.3, drops each handle, and keeps its streams; tells how many it
    /// got, and why no more.
    #[tool]
    async fn keep_streams(self: Rc<Self>, _: Cx, a: Dials) -> Result<Text, Failure> {
        for made in 0..a.count {
            let socket = match TcpSocket::create(IpAddressFamily::Ipv4) {
                Ok(socket) => socket,
                Err(code) => return text(format!("{made} {code:?}")),
            };
            let address = Ipv4SocketAddress { port: a.port, address: (127, 0, 0, 1) };
            if let Err(code) = socket.connect(IpSocketAddress::Ipv4(address)).await {
                return text(format!("{made} {code:?}"));
            }
            if a.reader {
                let (reader, _ended) = socket.receive();
                self.readers.borrow_mut().push(reader);
            }
            if a.writer {
                let (writer, bytes) = byte_stream();
                let _ended = socket.send(bytes);
                self.writers.borrow_mut().push(writer);
            }
        }
        text(a.count.to_string())
    }

    /// Lets go of all streams.
    #[tool]
    async fn release(self: Rc<Self>, _: Cx, _: NoArguments) -> Result<Text, Failure> {
        self.readers.take();
        self.writers.take();
        text("released")
    }

    /// Connects so often with std (WASI 0.2), and forgets each connection.
    #[tool]
    async fn forget(self: Rc<Self>, _: Cx, a: Dials) -> Result<Text, Failure> {
        for made in 0..a.count {
            match TcpStream::connect((IpAddr::from([127, 0, 0, 1]), a.port)) {
                Ok(stream) => std::mem::forget(stream),
                Err(error) => return text(format!("{made} {:?}", error.kind())),
            }
        }
        text(a.count.to_string())
    }

    /// Starts so many tasks that sleep for an hour.
    #[tool]
    async fn timers(self: Rc<Self>, _: Cx, a: Count) -> Result<Text, Failure> {
        for _ in 0..a.count {
            cofferdam_sdk::spawn(cofferdam_sdk::sleep(Duration::from_secs(3600)));
        }
        text(a.count.to_string())
    }
}
