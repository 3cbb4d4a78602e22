//! How a connection is made: arguments are checked, handlers made ready, the peer is dialled, and
//! reading begins.

use std::future::IntoFuture;
use std::rc::Rc;

use cofferdam_sdk::{Failure, Integer, sockets};
use plugin_kit::{Host, HostError, Writer, dial};

use crate::connection::{Connection, Made};
use crate::connections::Connections;
use crate::json::Object;
use crate::{feeding, limits, reader};

/// What to dial, and what the connection is to have.
#[derive(Default)]
pub struct Wanted<'a> {
    pub host: &'a str,
    pub port: i64,
    pub id: Option<String>,
    pub timeout: Option<Integer>,
    pub buffer_limit: Option<Integer>,
    pub handler: Option<&'a str>,
    pub handler_config: Option<&'a Object>,
}

/// Makes a connection; also says which triggers were waiting for it.
pub async fn connect(
    connections: &Rc<Connections>,
    wanted: Wanted<'_>,
) -> Result<(Rc<Connection>, Option<Vec<String>>), Failure> {
    let refused = |error: HostError| Failure::argument(error.argument(), error);
    let to = Host::parse(wanted.host).map_err(refused)?;
    let port = plugin_kit::port(wanted.port).map_err(refused)?;
    let timeout = limits::milliseconds("connect_timeout_ms", wanted.timeout, limits::DEFAULT_CONNECT, limits::call())?;
    let buffer_limit = limits::buffer(wanted.buffer_limit)?;
    let reserved = connections.reserve(wanted.id)?;
    // A configuration that is wrong, or a handler that is refused, costs no connection.
    let handler = feeding::prepare(wanted.handler, wanted.handler_config).await?;
    let dialled = dial(&to, port, timeout).await;
    let (socket, address) = dialled.map_err(|failed| failed.failure(&to, wanted.host, port))?;
    let (receiving, received) = socket.receive();
    let (writing, sending) = sockets::byte_stream();
    let sent = socket.send(sending);
    let triggers = connections.take_pending(&reserved.id);
    let applied: Vec<String> = triggers.ids().map(str::to_owned).collect();
    let connection = Rc::new(Connection::new(Made {
        id: reserved.id.clone(),
        host: wanted.host.to_owned(),
        port,
        address,
        buffer_limit,
        triggers,
        socket,
        writer: Writer::new(writing, Box::pin(IntoFuture::into_future(sent))),
        budget: Rc::clone(&connections.budget),
    }));
    connections.insert(&connection);
    drop(reserved);
    let opened = handler.map(|handler| feeding::attach(&connection, handler, 0));
    cofferdam_sdk::spawn(reader::run(Rc::clone(&connection), receiving, IntoFuture::into_future(received)));
    if let Some(opened) = opened {
        opened.deliver(&connection).await;
    }
    Ok((connection, (!applied.is_empty()).then_some(applied)))
}
