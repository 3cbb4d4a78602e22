//! The order in which the calls of one session reach a plugin: that of their arrival. Tasks of
//! their own handle requests, and overtake each other; a client that sends three lines at once
//! means them in that order. Plugins do not wait for each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// What calls are kept in order among: those of the plugin of this name, or those whose plugin is
/// not known yet.
pub type Group = Option<Arc<str>>;

/// The orders of one session. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Orders(Arc<Mutex<HashMap<Group, Before>>>);

/// Resolves when the turn before has passed. It gives what that turn was still waiting for, if it
/// never came.
#[derive(Debug)]
struct Before(oneshot::Receiver<Before>);

impl Orders {
    /// The turn after all that were given out in this group before.
    pub fn next_turn(&self, group: Group) -> Turn {
        let (passed, next) = oneshot::channel();
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.insert(group.clone(), Before(next));
        Turn { orders: self.clone(), group, before, passed: Some(passed) }
    }
}

/// A call's turn to be handed over. It passes to the next when this is dropped, whatever became of
/// the call.
#[derive(Debug)]
pub struct Turn {
    orders: Orders,
    group: Group,
    before: Option<Before>,
    passed: Option<oneshot::Sender<Before>>,
}

impl Turn {
    /// Waits for the turn. A wait that is given up loses nothing.
    pub async fn come(&mut self) {
        while let Some(Before(before)) = &mut self.before {
            // A turn that has passed in order sends nothing: its sender is just dropped.
            self.before = before.await.ok();
        }
    }

    /// Takes a turn among the calls of a plugin, for a call whose plugin was not known when it
    /// arrived. The turn that it had passes on. A wait that is given up loses nothing.
    pub async fn join(&mut self, plugin: &Arc<str>) {
        if self.group.as_ref() != Some(plugin) {
            self.come().await;
            *self = self.orders.next_turn(Some(Arc::clone(plugin)));
        }
    }

    /// Takes note of what has passed by now. Without it, turns that are given up one after the
    /// other would each keep the one before.
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

    fn plugin(name: &str) -> Group {
        Some(name.into())
    }

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
        let next = || orders.next_turn(plugin("p"));
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
        let (mut slow, mut unknown) = (orders.next_turn(plugin("p")), orders.next_turn(None));
        let mut other = orders.next_turn(plugin("q"));
        assert!(comes(&mut slow).await && comes(&mut unknown).await && comes(&mut other).await);
    }

    #[tokio::test]
    async fn calls_whose_plugin_becomes_known_keep_their_order() {
        let orders = Orders::default();
        let (mut first, mut second) = (orders.next_turn(None), orders.next_turn(None));
        let plugin = Arc::from("p");
        assert!(tokio::time::timeout(Duration::from_millis(20), second.join(&plugin)).await.is_err());
        first.join(&plugin).await;
        second.join(&plugin).await;
        assert!(comes(&mut first).await);
        assert!(!comes(&mut second).await);
        drop(first);
        assert!(comes(&mut second).await);
    }
}
