//! A socket for echo requests as a guest holds it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::echo::Echo;
use crate::enforce::descriptors::Slot;

/// A guest's socket.
pub struct IcmpSocket {
    pub(super) echo: Arc<Echo>,
    pub(super) _slot: Slot,
    /// Whether it was told that the socket sends more than it may. It is told once for each socket,
    /// not packet by packet.
    pub(super) told: AtomicBool,
}
