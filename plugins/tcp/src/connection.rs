//! One connection: its buffer, its triggers, and how its two halves stand. Reading goes on in a task of its own
//! (`reader.rs`), writing in whoever sends; that and dialling are `plugin-kit`'s.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::SystemTime;

use cofferdam_sdk::sockets::TcpSocket;
use plugin_kit::Writer;
use tcp_logic::{ReceiveBuffer, TriggerSet};
use tokio::sync::watch;

use crate::answers;
use crate::budget::Budget;

/// A connection that was made. It is dropped when it is disconnected and its tasks have ended.
pub struct Connection {
    pub id: String,
    pub host: String,
    pub port: u16,
    /// The address that answered.
    pub address: String,
    pub created: SystemTime,
    pub buffer: RefCell<ReceiveBuffer>,
    pub triggers: RefCell<TriggerSet>,
    pub bytes_sent: Cell<u64>,
    pub writer: Writer,
    /// Where the next `tcp_wait` begins if it does not say.
    pub cursor: Cell<u64>,
    /// What the reader has last told those who wait: reading is paused because the buffer, or the
    /// plugin's share of memory, is full.
    pub told_paused: Cell<bool>,
    pub budget: Rc<Budget>,
    phase: Cell<Phase>,
    /// Grows with everything a waiting call may care for.
    changes: watch::Sender<u64>,
    /// Keeps the socket open; both streams hold on to it as well.
    socket: RefCell<Option<TcpSocket>>,
}

/// How the connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The peer may send.
    Open,
    /// The peer's end of stream was read.
    PeerClosed,
    /// It broke; why.
    Broken(&'static str),
    /// We disconnected.
    Disconnected,
}

/// What a connection is made from.
pub struct Made {
    pub id: String,
    pub host: String,
    pub port: u16,
    pub address: String,
    pub buffer_limit: usize,
    pub triggers: TriggerSet,
    pub socket: TcpSocket,
    pub writer: Writer,
    pub budget: Rc<Budget>,
}

impl Connection {
    pub fn new(made: Made) -> Self {
        Self {
            id: made.id,
            host: made.host,
            port: made.port,
            address: made.address,
            created: cofferdam_sdk::wall_clock(),
            buffer: RefCell::new(ReceiveBuffer::new(made.buffer_limit)),
            triggers: RefCell::new(made.triggers),
            bytes_sent: Cell::new(0),
            writer: made.writer,
            cursor: Cell::new(0),
            told_paused: Cell::new(false),
            budget: made.budget,
            phase: Cell::new(Phase::Open),
            changes: watch::Sender::new(0),
            socket: RefCell::new(Some(made.socket)),
        }
    }

    pub fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Whether the peer's half is open: as far as is known.
    pub fn is_connected(&self) -> bool {
        self.phase.get() == Phase::Open
    }

    /// Whether reading is paused, or will be as soon as the reader has its turn. Room that has just
    /// come back counts at once.
    pub fn is_paused(&self) -> bool {
        self.room() == 0
    }

    /// How much may be read now.
    pub fn room(&self) -> usize {
        self.buffer.borrow().space().min(self.budget.left())
    }

    /// Moves on; a connection never goes back to an earlier phase.
    pub fn enter(&self, phase: Phase) {
        let now = self.phase.get();
        if now == Phase::Open || (now != Phase::Disconnected && phase == Phase::Disconnected) {
            self.phase.set(phase);
        }
        if matches!(phase, Phase::Broken(_) | Phase::Disconnected) {
            self.writer.shut();
        }
        if phase == Phase::Disconnected {
            self.budget.give_back(self.buffer.borrow().total_bytes());
            self.buffer.borrow_mut().clear();
            self.socket.take();
        }
        self.changed();
    }

    /// Wakes whoever waits for something to happen here.
    pub fn changed(&self) {
        self.changes.send_modify(|version| *version = version.wrapping_add(1));
    }

    /// Sees every change from now on.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Takes received bytes in. There is room: the reader has looked.
    pub fn receive(&self, bytes: &[u8]) {
        self.budget.take(bytes.len());
        self.buffer.borrow_mut().push(bytes);
        self.changed();
    }

    /// Forgets what was received; reading goes on if it was paused.
    pub fn clear(&self) {
        let mut buffer = self.buffer.borrow_mut();
        self.budget.give_back(buffer.total_bytes());
        buffer.clear();
        drop(buffer);
        self.changed();
    }

    pub fn buffer_info(&self) -> answers::BufferInfo {
        let buffer = self.buffer.borrow();
        let phase = self.phase.get();
        answers::BufferInfo {
            connection_id: self.id.clone(),
            chunks: buffer.chunks(),
            total_bytes: buffer.total_bytes(),
            bytes_sent: self.bytes_sent.get(),
            bytes_received: buffer.bytes_received(),
            connected: phase == Phase::Open,
            peer_closed: phase == Phase::PeerClosed,
            can_send: self.writer.can_send(),
            offset: buffer.first_offset(),
            buffer_limit: buffer.limit(),
            reading_paused: self.is_paused(),
            closed_reason: match phase {
                Phase::Broken(why) => Some(why),
                _ => None,
            },
        }
    }
}
