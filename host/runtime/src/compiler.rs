//! The threads that compile components. Each compilation has a few threads, and a few compilations
//! run at one time. Their priority is lower than that of everything else. A compiler cannot be
//! stopped; a caller that does not want to wait leaves, and the compilation ends by itself.

use std::sync::Arc;

use tokio::sync::{Semaphore, oneshot};

use crate::instance::give_way;

/// Compilations at one time. The others wait.
const AT_ONCE: usize = 4;

/// Threads of one compilation.
const THREADS: usize = 4;

/// The nice value of these threads.
const NICE: i32 = 2;

/// Where components are compiled.
pub struct Compiler {
    places: Arc<Semaphore>,
}

/// What a compiler did not come to an end with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// The system has no thread for it.
    #[error("there is no thread to compile on")]
    NoThread,
    /// It panicked.
    #[error("the compiler failed")]
    Panicked,
}

impl Default for Compiler {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Compiler {
    /// Runs a compilation on threads of its own, when there is a place for it. It goes on when this
    /// is dropped.
    ///
    /// # Errors
    /// It did not run to its end.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failed> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| Failed::NoThread)?;
        let (done, result) = oneshot::channel();
        let thread = std::thread::Builder::new().name("compile".to_owned());
        let started = thread.spawn(move || {
            let _place = place;
            give_way(NICE);
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(cores.min(THREADS))
                .thread_name(|_| "compile".to_owned())
                .start_handler(|_| give_way(NICE))
                .build();
            if let Ok(pool) = pool {
                // A panic ends this thread, and with it the channel.
                let _ = done.send(Ok(pool.install(work)));
            } else {
                let _ = done.send(Err(Failed::NoThread));
            }
        });
        started.map_err(|_| Failed::NoThread)?;
        result.await.unwrap_or(Err(Failed::Panicked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_compilation_that_panics_says_so_and_gives_its_place_back() {
        let compiler = Compiler::default();
        for _ in 0..AT_ONCE + 1 {
            let failed = compiler.run(|| panic!("on purpose")).await;
            assert_eq!(failed, Err::<(), _>(Failed::Panicked));
        }
        assert_eq!(compiler.run(|| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn a_compilation_that_takes_long_holds_no_other_up() {
        let compiler = Compiler::default();
        let (end, ended) = std::sync::mpsc::sync_channel::<()>(1);
        let mut long = std::pin::pin!(compiler.run(move || ended.recv().is_err()));
        tokio::select! {
            biased;
            _ = &mut long => unreachable!("nobody has ended it"),
            done = compiler.run(|| 7) => assert_eq!(done, Ok(7)),
        }
        drop(end);
        assert_eq!(long.await, Ok(true));
    }
}
