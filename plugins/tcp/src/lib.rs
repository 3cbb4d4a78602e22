//! TCP for AI clients: TcpSocketMCP's eleven tools, `tcp_wait`, and messages by protocol handlers.
//! This file lists the tools; a connection's life is in `connection.rs` and the files it names,
//! what handlers do in `handling.rs` and those.

mod answers;
mod arguments;
mod budget;
mod connection;
mod connections;
mod dialling;
mod feeding;
mod handling;
mod json;
mod limits;
mod reacting;
mod reader;
mod reading;
mod refusal;
mod scripts;
mod sending;
mod stepping;
mod talk;
mod wait;

use std::rc::Rc;

use cofferdam_sdk::{Cx, Failure, NoArguments, handlers};

use answers::{
    BufferInfo, Cleared, Connected, ConnectedAndSent, ConnectionInfo, Connections as Listed, Disconnected, HandlerSet,
    Handlers, Language, ListedConnection, MessageSent, MessagesAnswer, ReadAnswer, Requested, Sent, TriggerRemoved,
    TriggerSet, Waited,
};
use connections::Connections;
use dialling::Wanted;
use sending::{data, send};

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
    /// Open a raw TCP connection (socket) to a host and port; its connection_id is
    /// for the other tcp tools.
    ///
    /// What arrives is kept, in order, until tcp_clear_buffer.
    ///
    /// # Details
    /// Data is received in the background from the first byte on. Only hosts and ports that the
    /// operator's policy allows can be reached; a refusal (reason `denied`) is final.
    #[tool(title = "Connect")]
    async fn tcp_connect(self: Rc<Self>, _cx: Cx, a: arguments::Connect) -> Result<Connected, Failure> {
        let wanted = Wanted {
            host: &a.host,
            port: a.port.0,
            id: a.connection_id,
            timeout: a.connect_timeout_ms,
            buffer_limit: a.buffer_limit,
            handler: a.handler.as_deref(),
            handler_config: a.handler_config.as_ref(),
        };
        let (connection, applied) = dialling::connect(&self.connections, wanted).await?;
        Ok(Connected {
            success: true,
            connection_id: connection.id.clone(),
            host: connection.host.clone(),
            port: connection.port,
            status: "connected",
            address: connection.address.clone(),
            handler: connection.handling.name(),
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

    /// Read what a connection has received, without consuming it: chunks by `index` and `count`, or
    /// bytes by `offset` and `limit`.
    ///
    /// If `more` is true, go on with `offset` = `next_offset`.
    ///
    /// # Details
    /// A chunk is what one read from the network returned. One answer holds at most 1 MiB.
    #[tool(title = "Read buffer", read_only, pages)]
    async fn tcp_read_buffer(self: Rc<Self>, _cx: Cx, a: arguments::Read) -> Result<ReadAnswer, Failure> {
        let connection = self.connections.get(&a.connection_id)?;
        reading::read(&connection, &a)
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
        let stopped_triggers = connection.triggers.borrow().stopped().cloned().map(Into::into).collect();
        Ok(ConnectionInfo {
            stopped_triggers,
            connection_id: a.connection_id,
            host: connection.host.clone(),
            port: connection.port,
            address: connection.address.clone(),
            connected: connection.is_connected(),
            created_at: humantime::format_rfc3339_micros(connection.created).to_string(),
            buffer: connection.buffer_info(),
            triggers: connection.triggers.borrow().info().into_iter().map(Into::into).collect(),
            handler: connection.handling.name(),
            handler_cut: connection.handling.cut(),
            messages: connection.has_messages().then(|| connection.handling.messages.borrow().len()),
            messages_unread: connection.has_messages().then(|| connection.handling.messages.borrow().available(None)),
        })
    }

    /// Reply automatically whenever received data matches a pattern: keep-alives such as PING/PONG,
    /// prompts, logins, challenges.
    ///
    /// Set before connecting, it applies from the first byte.
    ///
    /// # Details
    /// With on=message it fires once for each message of the connection's handler that its pattern
    /// matches: in the text of `member` (a text is itself, all else its JSON), or in all of the
    /// message's JSON. With response_encoding=message the groups stand in the texts of `response`,
    /// and the handler makes bytes of it; what it refuses is counted as unanswerable, and
    /// tcp_connection_info says why.
    ///
    /// A script runs at each match and keeps its state between runs. Its language, with all helpers
    /// and examples, is in `plugins/scripts/README.md`. What is wrong with it is told with `line`
    /// and `column` when it is set. tcp_connection_info has its last note, how many runs failed,
    /// and why the last of them did; of a trigger that has stopped itself, in `stopped_triggers`.
    #[tool(title = "Set trigger")]
    async fn tcp_set_trigger(self: Rc<Self>, _cx: Cx, a: arguments::SetTrigger) -> Result<TriggerSet, Failure> {
        let trigger_id = connections::checked("trigger_id", a.trigger_id.clone())?;
        let trigger = connections::trigger(&trigger_id, &a).await?;
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
        let wanted = Wanted {
            host: &a.host,
            port: a.port.0,
            id: a.connection_id,
            timeout: a.connect_timeout_ms,
            ..Wanted::default()
        };
        let (connection, applied) = dialling::connect(&self.connections, wanted).await?;
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
                    handler: connection.handling.name(),
                    handler_cut: connection.handling.cut(),
                    messages: connection.has_messages().then(|| connection.handling.messages.borrow().len()),
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

    /// Decoded messages of a connection that has a handler: waits until some are there, returns
    /// those not returned yet.
    ///
    /// If `more` is true, call it again.
    ///
    /// # Details
    /// A message stays until a later call shows that it has arrived, and longer as long as there is
    /// room. An answer ends before it has 32 KiB, but has at least one message. `start` and `end`
    /// are the message's bytes in tcp_read_buffer.
    #[tool(title = "Messages", read_only, pages)]
    async fn tcp_messages(self: Rc<Self>, cx: Cx, a: arguments::Messages) -> Result<MessagesAnswer, Failure> {
        let connection = self.connections.get(&a.connection_id)?;
        talk::messages(cx, connection, a).await
    }

    /// Send a message through a connection's handler, which makes bytes of it.
    #[tool(title = "Send message")]
    async fn tcp_send_message(self: Rc<Self>, _cx: Cx, a: arguments::SendMessage) -> Result<MessageSent, Failure> {
        let connection = self.connections.get(&a.connection_id)?;
        talk::send_message(connection, a).await
    }

    /// Send a message and return its answer, where the handler pairs them (redis, modbus, http1 …).
    ///
    /// # Details
    /// Several requests may wait at once. An answer that comes too late is among tcp_messages.
    /// Without an answer in time, `messages` are what else came meanwhile.
    #[tool(title = "Request")]
    async fn tcp_request(self: Rc<Self>, cx: Cx, a: arguments::SendMessage) -> Result<Requested, Failure> {
        let connection = self.connections.get(&a.connection_id)?;
        talk::request(cx, connection, a).await
    }

    /// Attach a protocol handler to an open connection, or take it off.
    ///
    /// # Details
    /// One that is there already is taken off first. Messages stay, and their numbers go on.
    #[tool(title = "Set handler")]
    async fn tcp_set_handler(self: Rc<Self>, _cx: Cx, a: arguments::SetHandler) -> Result<HandlerSet, Failure> {
        let connection = self.connections.get(&a.connection_id)?;
        feeding::set(&connection, a).await
    }

    /// Protocol handlers (irc, redis, mqtt, modbus, smtp, http1 …), one line each; with `name`, its
    /// config, messages and examples; name=script: the language of tcp_set_trigger's scripts.
    #[tool(title = "Handlers", read_only, closed_world)]
    async fn handlers_list(self: Rc<Self>, _cx: Cx, a: arguments::OfHandler) -> Result<Handlers, Failure> {
        Ok(match a.name {
            None => Handlers {
                handlers: Some(handlers::list().into_iter().map(Into::into).collect()),
                ..Handlers::default()
            },
            Some(name) if name == scripts::NAME => {
                let (language, summary) = scripts::describe().await?;
                Handlers { script: Some(Language { language, summary }), ..Handlers::default() }
            }
            Some(name) => {
                let told = handlers::describe(name).await.map_err(refusal::of_call)?;
                Handlers { handler: Some(told.into()), ..Handlers::default() }
            }
        })
    }
}
