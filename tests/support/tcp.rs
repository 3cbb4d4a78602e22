//! What tests of the `tcp` plugin say again and again.

use cofferdam_xtask::rules_for_every_tool;
use serde_json::{Value, json};

use super::{Line, Listener, Session, eventually, scratch};

/// Everything on this machine may be dialled.
pub const LOCAL: [&str; 2] = ["--allow-connect", "tcp://localhost:*"];

/// Rules that let every shipped tool do something.
pub const ALL: [&str; 8] = rules_for_every_tool("/tmp");

/// `--policy FILE` with this text.
pub fn policy(text: &str) -> [String; 2] {
    let file = scratch("policy").join("policy.toml");
    std::fs::write(&file, text).unwrap();
    ["--policy".to_owned(), file.display().to_string()]
}

/// A server that may dial everything on this machine, with the connection `c` to a peer
/// that the test plays itself.
pub fn connected() -> (Session, Line) {
    let listener = Listener::new();
    let mut session = Session::local();
    session.connect(listener.port(), "c");
    let line = listener.accept();
    (session, line)
}

impl Session {
    /// A server that may dial everything on this machine.
    pub fn local() -> Self {
        Self::serve(&LOCAL)
    }

    /// Connects to a port of 127.0.0.1 under an id.
    #[track_caller]
    pub fn connect(&mut self, port: u16, id: &str) -> Value {
        self.call("tcp_connect", json!({ "host": "127.0.0.1", "port": port, "connection_id": id })).ok()
    }

    /// Sends text.
    #[track_caller]
    pub fn send_text(&mut self, id: &str, text: &str) -> Value {
        self.call("tcp_send", json!({ "connection_id": id, "data": text })).ok()
    }

    #[track_caller]
    pub fn buffer_info(&mut self, id: &str) -> Value {
        self.call("tcp_buffer_info", json!({ "connection_id": id })).ok()
    }

    /// Waits until so many bytes have been received in all, without moving
    /// the cursor of `tcp_wait`.
    #[track_caller]
    pub fn receives(&mut self, id: &str, bytes: u64) {
        eventually(&format!("{bytes} bytes of `{id}`"), || {
            self.buffer_info(id)["bytes_received"].as_u64() >= Some(bytes)
        });
    }

    /// All that is held, as one text.
    #[track_caller]
    pub fn read_text(&mut self, id: &str) -> String {
        let read = self.call("tcp_read_buffer", json!({ "connection_id": id })).ok();
        read["data"].as_array().unwrap().iter().map(|chunk| chunk.as_str().unwrap()).collect()
    }

    /// What `tcp_connection_info` says of one trigger.
    #[track_caller]
    pub fn trigger(&mut self, id: &str, trigger: &str) -> Value {
        let info = self.call("tcp_connection_info", json!({ "connection_id": id })).ok();
        let triggers = info["triggers"].as_array().unwrap();
        triggers.iter().find(|one| one["trigger_id"] == trigger).unwrap_or_else(|| panic!("{info}")).clone()
    }
}
