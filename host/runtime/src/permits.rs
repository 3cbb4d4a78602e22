//! Limits as permits of a semaphore.

use tokio::sync::Semaphore;

/// A limit as permits of a semaphore: one at least, and no more than a semaphore may have.
pub fn permits(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(1).clamp(1, Semaphore::MAX_PERMITS)
}
