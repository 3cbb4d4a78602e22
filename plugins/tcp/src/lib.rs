//! Raw TCP for AI clients: TcpSocketMCP's eleven tools and `tcp_wait`. This file lists the tools and puts their parts
//! together; a connection's life is in `connection.rs` and the files it names.

mod answers;
mod arguments;
mod budget;
mod connection;
mod connections;
mod limits;
mod reader;
mod wait;

use std::rc::Rc;
use std::time::Duration;

use cofferdam_sdk::{Cx, Failure, Integer, NoArguments, sockets};
use plugin_kit::{Host, HostError, Unsent, Writer, dial};
use tcp_logic::{Encoding, offset_and_limit};

use answers::{
    BufferInfo, Cleared, Connected, ConnectedAndSent, ConnectionInfo, Connections as Listed, Disconnected,
    ListedConnection, ReadAnswer, Sent, TriggerRemoved, TriggerSet, Waited,
};
use connection::{Connection, Made};
use connections::Connections;

/// The plugin's state: every connection of this instance.
pub struct Tcp {
    connections: Rc<Connections>,
}

impl Default for Tcp {
    fn default() -> Self {
        Self { connections: Rc::new(Connections::new(cofferdam_sdk::limits().memory)) }
    }
}

#[cofferdam_sdk::plugin]
impl Tcp {
    /// Open a raw TCP connection (socket) to a host and port; its connection_id is for the other tcp tools.
    ///
    /// What arrives is kept, in order, until tcp_clear_buffer.
    ///
    /// # Details
    /// Data is received in the background from the first byte on. Only hosts and ports that the operator's policy allows
    /// can be reached; a refusal (reason `denied`) is final.
    #[tool(title = "Connect")]
    async fn tcp_connect(self: Rc<Self>, _cx: Cx, a: arguments::Connect) -> Result<Connected, Failure> {
        let (connection, applied) =
            self.connect(&a.host, a.port, a.connection_id, a.connect_timeout_ms, a.buffer_limit).await?;
        Ok(Connected {
            success: true,
            connection_id: connection.id.clone(),
            host: a.host,
            port: connection.port,
            status: "connected",
            address: connection.address.clone(),
            message: applied.as_ref().map(|ids| format!("Applied {} pre-registered trigger(s)", ids.len())),
            applied_triggers: applied,
        })
    }

    /// Close a connection. Its buffer and triggers are gone, its id is free.
    #[tool(title = "Disconnect", idempotent)]
    async fn tcp_disconnect(self: Rc<Self>, _cx: Cx, a: arguments::OfConnection) -> Result<Disconnected, Failure> {
        self.connections.remove(&a.connection_id)?;
        Ok(Disconnected { success: true, connection_id: a.connection_id, status: "disconnected" })
    }

    /// Send text or bytes over a connection; then use tcp_wait for the answer.
    ///
    /// Line protocols need their line end: set `terminator`.
    #[tool(title = "Send")]
    async fn tcp_send(self: Rc<Self>, _cx: Cx, a: arguments::Send) -> Result<Sent, Failure> {
        let connection = self.connections.get(&a.connection_id)?;
        let data = data(a.data, a.encoding, a.terminator.as_deref())?;
        let timeout = limits::milliseconds("timeout_ms", a.timeout_ms, limits::DEFAULT_SEND, limits::call())?;
        send(&connection, &data, timeout, a.end.unwrap_or(false)).await.map_err(|unsent| {
            Failure::new("send_failed", "Failed to send data")
                .with("reason", unsent.reason)
                .with("bytes_sent", unsent.sent)
        })?;
        Ok(Sent { success: true, connection_id: a.connection_id, bytes_sent: data.len() as u64 })
    }

    /// Read what a connection has received, without consuming it: chunks by `index` and `count`, or bytes by `offset` and
    /// `limit`.
    ///
    /// If `more` is true, go on with `offset` = `next_offset`.
    ///
    /// # Details
    /// A chunk is what one read from the network returned. One answer holds at most 1 MiB.
    #[tool(title = "Read buffer", read_only, pages)]
    async fn tcp_read_buffer(self: Rc<Self>, _cx: Cx, a: arguments::Read) -> Result<ReadAnswer, Failure> {
        let connection = self.connections.get(&a.connection_id)?;
        read(&connection, &a)
    }

    /// Forget what a connection has received; a full buffer is read into again.
    #[tool(title = "Clear buffer", idempotent)]
    async fn tcp_clear_buffer(self: Rc<Self>, _cx: Cx, a: arguments::OfConnection) -> Result<Cleared, Failure> {
        self.connections.get(&a.connection_id)?.clear();
        Ok(Cleared { success: true, connection_id: a.connection_id, buffer_cleared: true })
    }

    /// How many bytes a connection has received and sent, and whether it is open.
    #[tool(title = "Buffer info", read_only)]
    async fn tcp_buffer_info(self: Rc<Self>, _cx: Cx, a: arguments::OfConnection) -> Result<BufferInfo, Failure> {
        Ok(self.connections.get(&a.connection_id)?.buffer_info())
    }

    /// State of a connection: peer, buffer, and its triggers with how often they fired.
    #[tool(title = "Connection info", read_only)]
    async fn tcp_connection_info(
        self: Rc<Self>,
        _cx: Cx,
        a: arguments::OfConnection,
    ) -> Result<ConnectionInfo, Failure> {
        let connection = self.connections.get(&a.connection_id)?;
        Ok(ConnectionInfo {
            connection_id: a.connection_id,
            host: connection.host.clone(),
            port: connection.port,
            address: connection.address.clone(),
            connected: connection.is_connected(),
            created_at: humantime::format_rfc3339_micros(connection.created).to_string(),
            buffer: connection.buffer_info(),
            triggers: connection.triggers.borrow().info().into_iter().map(Into::into).collect(),
        })
    }

    /// Reply automatically whenever received data matches a pattern: keep-alives such as PING/PONG, prompts, logins.
    ///
    /// Set before connecting, it applies from the first byte.
    #[tool(title = "Set trigger")]
    async fn tcp_set_trigger(self: Rc<Self>, _cx: Cx, a: arguments::SetTrigger) -> Result<TriggerSet, Failure> {
        let trigger_id = connections::checked("trigger_id", a.trigger_id)?;
        let (encoding, terminator) = (a.response_encoding.into(), a.response_terminator.as_deref());
        let trigger = tcp_logic::Trigger::new(&trigger_id, &a.pattern, &a.response, encoding, terminator)
            .map_err(|error| Failure::argument(error.argument(), error))?;
        let active = self.connections.set_trigger(a.connection_id.clone(), trigger)?;
        Ok(TriggerSet {
            success: true,
            connection_id: a.connection_id,
            trigger_id,
            pattern: a.pattern,
            status: if active { "active" } else { "pending" },
            message: (!active).then_some("Trigger pre-registered and will activate when connection is established"),
        })
    }

    /// Remove a trigger of a connection, open or still to come.
    #[tool(title = "Remove trigger", idempotent)]
    async fn tcp_remove_trigger(
        self: Rc<Self>,
        _cx: Cx,
        a: arguments::RemoveTrigger,
    ) -> Result<TriggerRemoved, Failure> {
        let active = self.connections.remove_trigger(&a.connection_id, &a.trigger_id)?;
        Ok(TriggerRemoved {
            success: true,
            connection_id: a.connection_id,
            trigger_id: a.trigger_id,
            status: if active { "removed_active" } else { "removed_pending" },
        })
    }

    /// Open a TCP connection and send data at once, to ask a server one question.
    ///
    /// It stays open: use tcp_wait (until=close, or silence) for the whole answer.
    #[tool(title = "Connect and send")]
    async fn tcp_connect_and_send(
        self: Rc<Self>,
        _cx: Cx,
        a: arguments::ConnectAndSend,
    ) -> Result<ConnectedAndSent, Failure> {
        let data = data(a.data, a.encoding, a.terminator.as_deref())?;
        let timeout = limits::milliseconds("timeout_ms", a.timeout_ms, limits::DEFAULT_SEND, limits::call())?;
        let (connection, applied) = self.connect(&a.host, a.port, a.connection_id, a.connect_timeout_ms, None).await?;
        let mut changes = connection.watch();
        if let Err(unsent) = send(&connection, &data, timeout, false).await {
            let message = format!("Connected but failed to send data to {}:{}", a.host, connection.port);
            return Err(Failure::new("send_failed", message)
                .with("reason", unsent.reason)
                .with("bytes_sent", unsent.sent)
                .with("connection_id", &connection.id));
        }
        if connection.buffer.borrow().chunks() == 0 {
            let first = changes.wait_for(|_| connection.buffer.borrow().chunks() > 0 || !connection.is_connected());
            let _ = cofferdam_sdk::timeout(limits::FIRST_ANSWER, first).await;
        }
        let chunks = connection.buffer.borrow().chunks();
        Ok(ConnectedAndSent {
            success: true,
            connection_id: connection.id.clone(),
            host: a.host,
            port: connection.port,
            bytes_sent: data.len() as u64,
            status: "connected",
            immediate_response: chunks > 0,
            buffer_chunks: chunks,
            applied_triggers: applied,
        })
    }

    /// List the TCP connections that are open, or whose data is still held.
    #[tool(title = "List connections", read_only)]
    async fn tcp_list_connections(self: Rc<Self>, _cx: Cx, _a: NoArguments) -> Result<Listed, Failure> {
        let connections: Vec<_> = (self.connections.all().iter())
            .map(|connection| {
                let buffer = connection.buffer.borrow();
                ListedConnection {
                    connection_id: connection.id.clone(),
                    host: connection.host.clone(),
                    port: connection.port,
                    connected: connection.is_connected(),
                    bytes_sent: connection.bytes_sent.get(),
                    bytes_received: buffer.bytes_received(),
                    buffer_chunks: buffer.chunks(),
                    triggers: connection.triggers.borrow().len(),
                }
            })
            .collect();
        Ok(Listed { total_connections: connections.len(), connections })
    }

    /// Wait for the answer on a connection and return it, instead of polling.
    ///
    /// Each wait begins where the last one ended; tcp_read_buffer still has all of it.
    #[tool(title = "Wait for data", read_only, pages)]
    async fn tcp_wait(self: Rc<Self>, cx: Cx, a: arguments::Wait) -> Result<Waited, Failure> {
        let connection = self.connections.get(&a.connection_id)?;
        wait::wait(cx, connection, a).await
    }
}

impl Tcp {
    async fn connect(
        &self,
        host: &str,
        port: Integer,
        id: Option<String>,
        timeout: Option<Integer>,
        buffer_limit: Option<Integer>,
    ) -> Result<(Rc<Connection>, Option<Vec<String>>), Failure> {
        let refused = |error: HostError| Failure::argument(error.argument(), error);
        let to = Host::parse(host).map_err(refused)?;
        let port = plugin_kit::port(port.0).map_err(refused)?;
        let timeout = limits::milliseconds("connect_timeout_ms", timeout, limits::DEFAULT_CONNECT, limits::call())?;
        let buffer_limit = limits::buffer(buffer_limit)?;
        let reserved = self.connections.reserve(id)?;
        let dialled = dial(&to, port, timeout).await;
        let (socket, address) = dialled.map_err(|failed| failed.failure(&to, host, port))?;
        let (receiving, received) = socket.receive();
        let (writing, sending) = sockets::byte_stream();
        let sent = socket.send(sending);
        let triggers = self.connections.take_pending(&reserved.id);
        let applied: Vec<String> = triggers.ids().map(str::to_owned).collect();
        let connection = Rc::new(Connection::new(Made {
            id: reserved.id.clone(),
            host: host.to_owned(),
            port,
            address,
            buffer_limit,
            triggers,
            socket,
            writer: Writer::new(writing, Box::pin(std::future::IntoFuture::into_future(sent))),
            budget: Rc::clone(&self.connections.budget),
        }));
        self.connections.insert(&connection);
        drop(reserved);
        cofferdam_sdk::spawn(reader::run(
            Rc::clone(&connection),
            receiving,
            std::future::IntoFuture::into_future(received),
        ));
        Ok((connection, (!applied.is_empty()).then_some(applied)))
    }
}

/// The bytes to send; nothing is sent of what cannot be read as it claims to be written.
fn data(data: String, encoding: arguments::Encoding, terminator: Option<&str>) -> Result<Vec<u8>, Failure> {
    let terminator = terminator.map_or(Ok(Vec::new()), tcp_logic::terminator);
    let terminator = terminator.map_err(|error| Failure::argument("terminator", error))?;
    let mut bytes = match encoding {
        // The text is its own encoding: no copy of what may be long.
        arguments::Encoding::Utf8 => data.into_bytes(),
        other => tcp_logic::decode(&data, other.into()).map_err(|error| Failure::argument("data", error))?,
    };
    bytes.extend_from_slice(&terminator);
    if bytes.len() > limits::MOST_DATA {
        let message =
            format!("has {} bytes, {} are the most at once; send it in parts", bytes.len(), limits::MOST_DATA);
        return Err(Failure::argument("data", message));
    }
    Ok(bytes)
}

async fn send(connection: &Connection, data: &[u8], timeout: Duration, end: bool) -> Result<(), Unsent> {
    let sent = connection.writer.send(data, timeout).await;
    let bytes = sent.as_ref().map_or_else(|unsent| unsent.sent, |()| data.len());
    connection.bytes_sent.set(connection.bytes_sent.get() + bytes as u64);
    sent?;
    if end {
        let ended = connection.writer.end(timeout).await;
        return ended.map_err(|unsent| Unsent { sent: data.len(), ..unsent });
    }
    Ok(())
}

fn read(connection: &Connection, a: &arguments::Read) -> Result<ReadAnswer, Failure> {
    let refused = |error: tcp_logic::ReadError| Failure::new("invalid_argument", error);
    let integer = |given: Option<Integer>| given.map(|Integer(value)| value);
    let by_bytes = a.offset.is_some() || a.limit.is_some();
    if by_bytes && (a.index.is_some() || a.count.is_some()) {
        return Err(Failure::new(
            "invalid_argument",
            "`index` and `count` are chunks, `offset` and `limit` bytes: give one pair",
        ));
    }
    let buffer = connection.buffer.borrow();
    let reading = if by_bytes {
        let (offset, limit) = offset_and_limit(integer(a.offset), integer(a.limit)).map_err(refused)?;
        buffer.read_bytes(offset, limit)
    } else {
        buffer.read_chunks(integer(a.index), integer(a.count)).map_err(refused)?
    };
    let encoding = Encoding::from(a.format);
    let (data, next_offset) = match encoding {
        Encoding::Utf8 => {
            let text = reading.text(connection.is_connected());
            (text.strings, text.next_offset)
        }
        _ => (reading.pieces.iter().map(|piece| tcp_logic::encode(piece, encoding)).collect(), reading.next_offset),
    };
    Ok(ReadAnswer {
        connection_id: connection.id.clone(),
        chunks: buffer.chunks(),
        data,
        format: encoding.name(),
        offset: reading.first_offset,
        next_offset,
        more: reading.more,
        reading_paused: connection.is_paused(),
    })
}
