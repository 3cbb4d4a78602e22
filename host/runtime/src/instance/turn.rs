//! The order in which the calls of one session reach a plugin: that of their arrival. Requests are handled by tasks of their own,
//! which overtake one another; a client that sends three lines at once means them in that order. Plugins do not wait for each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// What calls are kept in order among: those of one plugin, by its place in the registry, or those whose plugin is not known yet.
pub type Group = Option<usize>;

/// The orders of one session. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Orders(Arc<Mutex<HashMap<Group, Before>>>);

/// Resolves when the turn before has passed: to what that one was still waiting for, if it never had its own.
#[derive(Debug)]
struct Before(oneshot::Receiver<Before>);

impl Orders {
    /// The turn after all that were given out in this group before.
    pub fn next_turn(&self, group: Group) -> Turn {
        let (passed, next) = oneshot::channel();
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.insert(group, Before(next));
        Turn { orders: self.clone(), group, before, passed: Some(passed) }
    }
}

/// A call's turn to be handed over. It passes to the next when this is dropped, whatever became of the call.
#[derive(Debug)]
pub struct Turn {
    orders: Orders,
    group: Group,
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

    /// The turn among the calls of a plugin, for a call whose plugin was not known when it arrived.
    pub async fn among(mut self, plugin: usize) -> Self {
        if self.group == Some(plugin) {
            return self;
        }
        self.come().await;
        self.orders.next_turn(Some(plugin))
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
        let orders = Orders::default();
        let (mut first, mut second) = (orders.next_turn(None), orders.next_turn(None));
        assert!(comes(&mut first).await);
        assert!(!comes(&mut second).await);
        drop(first);
        assert!(comes(&mut second).await);
    }

    #[test]
    fn turns_that_are_given_up_keep_nothing() {
        let orders = Orders::default();
        for _ in 0..100_000 {
            drop(orders.next_turn(None));
        }
        let Some(Before(mut last)) = orders.0.lock().unwrap().remove(&None) else { panic!("there was a turn") };
        // Each would hold the one before, and so be dropped within it.
        assert!(matches!(last.try_recv(), Err(oneshot::error::TryRecvError::Closed)));
    }

    #[tokio::test]
    async fn one_that_is_given_up_neither_holds_up_nor_lets_overtake() {
        let orders = Orders::default();
        let next = || orders.next_turn(Some(1));
        let (mut first, second, third, mut fourth) = (next(), next(), next(), next());
        assert!(comes(&mut first).await);
        drop(third);
        drop(second);
        assert!(!comes(&mut fourth).await, "the first has it still");
        drop(first);
        assert!(comes(&mut fourth).await);
    }

    #[tokio::test]
    async fn plugins_do_not_wait_for_each_other() {
        let orders = Orders::default();
        let (mut slow, mut unknown) = (orders.next_turn(Some(1)), orders.next_turn(None));
        let mut other = orders.next_turn(Some(2));
        assert!(comes(&mut slow).await && comes(&mut unknown).await && comes(&mut other).await);
    }

    #[tokio::test]
    async fn calls_whose_plugin_becomes_known_keep_their_order() {
        let orders = Orders::default();
        let (first, second) = (orders.next_turn(None), orders.next_turn(None));
        let mut second = tokio::spawn(second.among(1));
        assert!(tokio::time::timeout(Duration::from_millis(20), &mut second).await.is_err());
        let mut first = first.among(1).await;
        let mut second = second.await.unwrap();
        assert!(comes(&mut first).await);
        assert!(!comes(&mut second).await);
        drop(first);
        assert!(comes(&mut second).await);
    }
}
