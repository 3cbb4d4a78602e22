//! Who may go on when: sessions take turns for memory, and every wait ends at the call's deadline.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use cofferdam_sdk::{Cx, Failure};
use tokio::sync::{Semaphore, SemaphorePermit};

/// What every session comes to use, beside its script and its answer: a line, what was read at
/// once, its place in tables.
const SESSION: usize = 512 << 10;
/// An answer is at hand several times: as pieces, as JSON, as text, and on its way out.
const COPIES: usize = 4;
/// Memory is given out in units of so many bytes.
const UNIT: usize = 64 << 10;

/// The call's deadline, the caller's or the operator's.
pub struct Deadline {
    coming: Pin<Box<dyn Future<Output = ()>>>,
    has_come: bool,
}

impl Deadline {
    /// The deadline of this call, which from now on may answer what it has when it comes.
    pub fn new(cx: &Cx) -> Self {
        Self { coming: Box::pin(cx.deadline()), has_come: false }
    }

    /// Whether it has come, as far as anybody has looked.
    pub fn has_come(&self) -> bool {
        self.has_come
    }

    /// Looks if it has come. It may be asked again when it has.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.has_come {
            self.has_come = self.coming.as_mut().poll(cx).is_ready();
        }
        if self.has_come { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Runs this until the deadline comes: `None`, and it is dropped.
pub async fn before<T>(deadline: &mut Deadline, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => deadline.poll(cx).map(|()| None),
    })
    .await
}

/// The memory that sessions share: half of the plugin's.
pub struct Turns {
    room: Semaphore,
    all: usize,
}

impl Default for Turns {
    fn default() -> Self {
        let all = usize::try_from(cofferdam_sdk::limits().memory / 2).unwrap_or(usize::MAX) / UNIT;
        let all = all.clamp(1, Semaphore::MAX_PERMITS >> 1);
        Self { room: Semaphore::new(all), all }
    }
}

impl Turns {
    /// Waits until there is memory for a script and an answer of these sizes, in the order of the
    /// calls, for `patience` at most.
    pub async fn come(
        &self,
        script: usize,
        answer: usize,
        patience: Duration,
        deadline: &mut Deadline,
    ) -> Result<SemaphorePermit<'_>, Failure> {
        let units = (SESSION + script + answer * COPIES).div_ceil(UNIT).min(self.all);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        let turn = before(deadline, cofferdam_sdk::timeout(patience, self.room.acquire_many(units))).await;
        match turn {
            Some(Some(Ok(turn))) => Ok(turn),
            _ => Err(Failure::new(
                "overloaded",
                "nobody was dialled: other sessions hold the memory for sessions, and if this one waited longer, less than the \
                 time it asks for would be left; try again later, with fewer sessions at once, or with shorter times \
                 (`timeout`, `timeout_ms`) and a smaller `output_limit`",
            )
            .retry(true)),
        }
    }
}
