//! A component's code, ready to be run. A task of its own makes it, once, and goes on when its
//! callers leave. A failure is told to everyone who waits, and is tried again after a while.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::error::LoadError;

/// The least time between a failure and the next try. What took long to fail is left alone for as
/// long as it took.
const PAUSE: Duration = Duration::from_secs(1);

/// What making it came to.
pub type Made<T> = Result<Arc<T>, LoadError>;

/// How far a component's code is.
pub struct Readiness<T>(Mutex<Phase<T>>);

impl<T> Default for Readiness<T> {
    fn default() -> Self {
        Self(Mutex::new(Phase::Unmade))
    }
}

enum Phase<T> {
    Unmade,
    Making(watch::Receiver<Option<Made<T>>>),
    Made(Arc<T>),
    /// It failed, and is tried again from then on; it takes too long, and nobody waits for it,
    /// where there is no time.
    Failed(LoadError, Option<Instant>),
}

/// What is there now.
enum Now<T> {
    Made(Made<T>),
    Making(watch::Receiver<Option<Made<T>>>),
    /// Nothing: whoever finds this makes it, and tells through the sender.
    Start(watch::Sender<Option<Made<T>>>, watch::Receiver<Option<Made<T>>>),
}

impl<T: Send + Sync + 'static> Readiness<T> {
    /// What is made, or will be. `make` is run on a task of its own if nobody makes it yet; it has
    /// `limit`, after which everybody who waits is answered `late`. What is made nevertheless is
    /// used from then on.
    pub async fn get<F>(self: &Arc<Self>, limit: Duration, late: LoadError, make: impl FnOnce() -> F) -> Made<T>
    where
        F: Future<Output = Made<T>> + Send + 'static,
    {
        let mut making = match self.now() {
            Now::Made(made) => return made,
            Now::Making(making) => making,
            Now::Start(tell, making) => {
                tokio::spawn(Arc::clone(self).run(make(), limit, late, tell));
                making
            }
        };
        match making.wait_for(Option::is_some).await.map(|made| made.clone()) {
            Ok(Some(made)) => made,
            // The task is gone without a word: the server ends.
            _ => Err(LoadError::Stopped),
        }
    }

    async fn run(
        self: Arc<Self>,
        make: impl Future<Output = Made<T>>,
        limit: Duration,
        late: LoadError,
        tell: watch::Sender<Option<Made<T>>>,
    ) {
        let begun = Instant::now();
        let mut make = pin!(make);
        let made = match tokio::time::timeout(limit, &mut make).await {
            Ok(made) => made,
            Err(_) => {
                self.set(Phase::Failed(late.clone(), None));
                tell.send_replace(Some(Err(late)));
                make.await
            }
        };
        self.set(match &made {
            Ok(program) => Phase::Made(Arc::clone(program)),
            Err(error) => Phase::Failed(error.clone(), Some(Instant::now() + begun.elapsed().max(PAUSE))),
        });
        tell.send_if_modified(|told| told.is_none().then(|| *told = Some(made)).is_some());
    }

    /// What is made, if it is.
    pub fn made(&self) -> Option<Arc<T>> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Phase::Made(program) => Some(Arc::clone(program)),
            _ => None,
        }
    }

    /// Lets go of what is made; whoever asks next makes it again.
    pub fn let_go(&self) {
        let mut phase = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*phase, Phase::Made(_)) {
            *phase = Phase::Unmade;
        }
    }

    fn now(&self) -> Now<T> {
        let mut phase = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*phase {
            Phase::Made(program) => return Now::Made(Ok(Arc::clone(program))),
            Phase::Making(making) => return Now::Making(making.clone()),
            Phase::Failed(error, again) if again.is_none_or(|again| Instant::now() < again) => {
                return Now::Made(Err(error.clone()));
            }
            Phase::Unmade | Phase::Failed(..) => {}
        }
        let (tell, making) = watch::channel(None);
        *phase = Phase::Making(making.clone());
        Now::Start(tell, making)
    }

    fn set(&self, phase: Phase<T>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(100);

    fn failure(cause: &str) -> LoadError {
        LoadError::Invalid { plugin: "p".into(), cause: cause.into() }
    }

    fn cause(made: Made<()>) -> String {
        made.err().unwrap().to_string()
    }

    #[tokio::test]
    async fn a_failure_is_told_to_everyone_and_tried_again_after_a_while() {
        let readiness = Arc::new(Readiness::<()>::default());
        let tries = Arc::new(AtomicU32::new(0));
        let ask = || {
            let tries = Arc::clone(&tries);
            readiness.get(LONG, failure("late"), move || async move {
                Err(failure(&format!("try {}", tries.fetch_add(1, Ordering::SeqCst) + 1)))
            })
        };
        let (first, second) = tokio::join!(ask(), ask());
        assert!(cause(first).contains("try 1") && cause(second).contains("try 1"));
        assert!(cause(ask().await).contains("try 1"), "too soon");
        assert_eq!(tries.load(Ordering::SeqCst), 1);
        readiness.set(Phase::Failed(failure("try 1"), Some(Instant::now())));
        assert!(cause(ask().await).contains("try 2"));
    }

    #[tokio::test]
    async fn whoever_leaves_stops_nothing_and_what_is_late_is_not_waited_for() {
        let readiness = Arc::new(Readiness::<()>::default());
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let first = readiness.get(SHORT, failure("late"), move || async move {
            let _ = ended.await;
            Err(failure("the end"))
        });
        assert!(tokio::time::timeout(SHORT / 4, first).await.is_err());
        let nobody = || async { unreachable!("it is being made") };
        assert!(cause(readiness.get(SHORT, failure("not this"), nobody).await).contains("late"));
        assert!(
            cause(readiness.get(SHORT, failure("not this"), nobody).await).contains("late"),
            "at once, from now on"
        );
        drop(end);
        while cause(readiness.get(SHORT, failure("not this"), nobody).await).contains("late") {
            tokio::task::yield_now().await;
        }
        assert!(cause(readiness.get(SHORT, failure("not this"), nobody).await).contains("the end"));
    }
}
