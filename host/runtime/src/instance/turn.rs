//! The order in which calls reach an instance: that of their arrival. Requests are handled by tasks of their own, which
//! overtake one another; a client that sends three lines at once means them in that order.

use tokio::sync::oneshot;

/// Gives out turns, one after the other.
#[derive(Debug, Default)]
pub struct Order {
    last: Option<Before>,
}

/// Resolves when the turn before has passed: to what that one was still waiting for, if it never had its own.
#[derive(Debug)]
struct Before(oneshot::Receiver<Before>);

impl Order {
    /// The turn after all that were given out before.
    pub fn next_turn(&mut self) -> Turn {
        let (passed, next) = oneshot::channel();
        Turn { before: self.last.replace(Before(next)), passed: Some(passed) }
    }
}

/// A call's turn to be handed over. It passes to the next when this is dropped, whatever became of the call.
#[derive(Debug)]
pub struct Turn {
    before: Option<Before>,
    passed: Option<oneshot::Sender<Before>>,
}

impl Turn {
    /// Waits for it.
    pub async fn come(&mut self) {
        while let Some(Before(before)) = &mut self.before {
            // A turn that has passed in order sends nothing: its sender is just dropped.
            self.before = before.await.ok();
        }
    }
}

impl Turn {
    /// Takes note of what has passed by now. Without it, turns that are given up one after the other would each keep the one before.
    fn look(&mut self) {
        while let Some(Before(before)) = &mut self.before {
            match before.try_recv() {
                Ok(earlier) => self.before = Some(earlier),
                Err(oneshot::error::TryRecvError::Closed) => self.before = None,
                Err(oneshot::error::TryRecvError::Empty) => return,
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.look();
        if let (Some(before), Some(passed)) = (self.before.take(), self.passed.take()) {
            // Given up early: the next waits for whom this one waited.
            let _ = passed.send(before);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn comes(turn: &mut Turn) -> bool {
        tokio::time::timeout(Duration::from_millis(20), turn.come()).await.is_ok()
    }

    #[tokio::test]
    async fn turns_come_in_order() {
        let mut order = Order::default();
        let (mut first, mut second) = (order.next_turn(), order.next_turn());
        assert!(comes(&mut first).await);
        assert!(!comes(&mut second).await);
        drop(first);
        assert!(comes(&mut second).await);
    }

    #[test]
    fn turns_that_are_given_up_keep_nothing() {
        let mut order = Order::default();
        for _ in 0..100_000 {
            drop(order.next_turn());
        }
        let Some(Before(mut last)) = order.last.take() else { panic!("there was a turn") };
        // Each would hold the one before, and so be dropped within it.
        assert!(matches!(last.try_recv(), Err(oneshot::error::TryRecvError::Closed)));
    }

    #[tokio::test]
    async fn one_that_is_given_up_neither_holds_up_nor_lets_overtake() {
        let mut order = Order::default();
        let (mut first, second, third, mut fourth) =
            (order.next_turn(), order.next_turn(), order.next_turn(), order.next_turn());
        assert!(comes(&mut first).await);
        drop(third);
        drop(second);
        assert!(!comes(&mut fourth).await, "the first has it still");
        drop(first);
        assert!(comes(&mut fourth).await);
    }
}
