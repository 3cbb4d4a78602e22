//! Work beside a call that can be ended: a task that nobody holds any more, ends.

use std::future::Future;

use futures::future::{AbortHandle, abortable};

/// A task that runs beside the call that began it, and ends when this is dropped or aborted: at its
/// next `await`, where it is dropped. [`spawn`](crate::spawn) begins one that nobody can end.
///
/// A plugin keeps it with what the task works for, such as a connection, so that both end together.
#[derive(Debug)]
#[must_use = "a task ends when this is dropped; `detach` lets it run"]
pub struct Task {
    handle: Option<AbortHandle>,
}

impl Task {
    /// Begins one.
    pub fn spawn(work: impl Future<Output = ()> + 'static) -> Self {
        let (task, begun) = Self::of(work);
        crate::spawn(begun);
        task
    }

    /// The task, and what has to be run for it.
    fn of(work: impl Future<Output = ()> + 'static) -> (Self, impl Future<Output = ()> + 'static) {
        let (work, handle) = abortable(work);
        // Whether it has ended by itself is nobody's question.
        (Self { handle: Some(handle) }, async move { _ = work.await })
    }

    /// Ends it.
    pub fn abort(self) {
        drop(self);
    }

    /// Lets it run to its own end.
    pub fn detach(mut self) {
        self.handle = None;
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(handle) = &self.handle {
            handle.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::pending;
    use std::pin::pin;
    use std::rc::Rc;

    use futures::FutureExt as _;

    use super::*;

    /// A task that never ends by itself, whether it was dropped, and what runs it.
    fn endless() -> (Task, Rc<Cell<bool>>, impl Future<Output = ()>) {
        struct Held(Rc<Cell<bool>>);
        impl Drop for Held {
            fn drop(&mut self) {
                self.0.set(true);
            }
        }
        let dropped = Rc::new(Cell::new(false));
        let held = Held(Rc::clone(&dropped));
        let (task, begun) = Task::of(async move {
            let _held = held;
            pending::<()>().await;
        });
        (task, dropped, begun)
    }

    #[test]
    fn a_task_ends_with_its_handle() {
        let (task, dropped, begun) = endless();
        let mut begun = pin!(begun);
        assert_eq!(begun.as_mut().now_or_never(), None);
        assert!(!dropped.get());
        task.abort();
        assert_eq!(begun.as_mut().now_or_never(), Some(()));
        assert!(dropped.get());
    }

    #[test]
    fn a_task_that_is_let_go_runs_on() {
        let (task, dropped, begun) = endless();
        let mut begun = pin!(begun);
        task.detach();
        assert_eq!(begun.as_mut().now_or_never(), None);
        assert!(!dropped.get());
    }
}
