//! One connection: its buffer, its triggers, and how its two halves stand. Reading goes on in a
//! task of its own (`reader.rs`), writing in whoever sends; that and dialling are `plugin-kit`'s.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::SystemTime;

use cofferdam_sdk::sockets::TcpSocket;
use plugin_kit::Writer;
use tcp_logic::{ReceiveBuffer, TriggerSet};
use tokio::sync::watch;

use crate::answers;
use crate::budget::Budget;
use crate::handling::Handling;

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
    /// The protocol handlers and their messages.
    pub handling: Handling,
    phase: Cell<Phase>,
    /// Why a handler has closed it, if one has.
    closed_because: RefCell<Option<String>>,
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
    /// A handler has closed it.
    Closed,
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
            handling: Handling::default(),
            phase: Cell::new(Phase::Open),
            closed_because: RefCell::default(),
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
    /// come back, or that can be made, counts at once.
    pub fn is_paused(&self) -> bool {
        self.room() == 0 && !self.can_make_room()
    }

    /// How much may be read now: nothing where a handler's messages have no room.
    pub fn room(&self) -> usize {
        let room = self.buffer.borrow().space().min(self.budget.left());
        if self.lacks_room_for_messages() { 0 } else { room }
    }

    fn lacks_room_for_messages(&self) -> bool {
        self.handling.is_attached() && !self.handling.messages.borrow().has_room()
    }

    /// How many bytes the handlers have not seen.
    pub fn unfed(&self) -> u64 {
        let attached = self.handling.is_attached();
        let received = self.buffer.borrow().bytes_received();
        if attached { received.saturating_sub(self.handling.fed.get()) } else { 0 }
    }

    /// The offset up to which bytes may be dropped when the buffer is full. With a handler, the
    /// bytes of acknowledged messages may be dropped. Without one, none may.
    fn spent(&self) -> u64 {
        let first = self.buffer.borrow().first_offset();
        if !self.handling.is_attached() {
            return first;
        }
        let fed = self.handling.fed.get();
        self.handling.messages.borrow().first_needed().unwrap_or(fed).clamp(first, fed.max(first))
    }

    fn can_make_room(&self) -> bool {
        let bytes = self.spent() > self.buffer.borrow().first_offset();
        let messages = self.handling.messages.borrow().has_acknowledged();
        (bytes || self.buffer.borrow().space() > 0)
            && (messages || !self.lacks_room_for_messages())
            && (bytes || messages || self.budget.left() > 0)
    }

    /// Makes room where there is none: forgets messages that were acknowledged, and the older half
    /// of the buffer as far as it may go.
    pub fn relieve(&self) {
        let mut freed = 0;
        if self.lacks_room_for_messages() || self.budget.left() == 0 {
            freed += self.handling.messages.borrow_mut().forget_acknowledged();
        }
        if self.buffer.borrow().space() == 0 || self.budget.left() == 0 {
            let spent = self.spent();
            let mut buffer = self.buffer.borrow_mut();
            let half = buffer.first_offset() + buffer.total_bytes().div_ceil(2) as u64;
            freed += buffer.forget(spent.min(half));
        }
        if freed > 0 {
            self.budget.give_back(freed);
            self.changed();
        }
    }

    /// Whether there is, or was, a handler whose messages count.
    pub fn has_messages(&self) -> bool {
        self.handling.name().is_some() || self.handling.messages.borrow().last() > 0
    }

    /// So many bytes have gone out.
    pub fn count_sent(&self, bytes: usize) {
        self.bytes_sent.set(self.bytes_sent.get() + bytes as u64);
    }

    /// A handler closes it, and says why.
    pub fn close_because(&self, why: String) {
        if self.phase() == Phase::Open {
            self.closed_because.replace(Some(why));
            self.enter(Phase::Closed);
        }
    }

    /// Moves on; a connection never goes back to an earlier phase.
    pub fn enter(&self, phase: Phase) {
        let now = self.phase.get();
        if now == Phase::Open || (now != Phase::Disconnected && phase == Phase::Disconnected) {
            self.phase.set(phase);
        }
        if matches!(phase, Phase::Broken(_) | Phase::Closed | Phase::Disconnected) {
            self.writer.shut();
        }
        if matches!(phase, Phase::Closed | Phase::Disconnected) {
            self.socket.take();
        }
        if phase == Phase::Disconnected {
            self.handling.take();
            self.clear();
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

    /// Forgets what was received, messages as well; reading goes on if it was paused. Bytes that a
    /// handler has still to see stay.
    pub fn clear(&self) {
        let seen = self.buffer.borrow().bytes_received() - self.unfed();
        let bytes = self.buffer.borrow_mut().forget(seen);
        let messages = self.handling.messages.borrow_mut().clear();
        self.budget.give_back(bytes.saturating_add(messages));
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
                Phase::Broken(why) => Some(why.to_owned()),
                _ => self.closed_because.borrow().clone(),
            },
        }
    }
}
