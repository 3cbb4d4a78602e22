//! A call's context, and what the host tells every plugin. It gives no capability: those are
//! WASI's, as granted.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::watch;

use crate::bindings::cofferdam::host::calls::Context;
use crate::bindings::cofferdam::host::{instance, logging};
use crate::bindings::exports::cofferdam::plugin::tools;
use crate::{Block, Refusal};

pub use crate::bindings::cofferdam::host::logging::Level;

/// One call's context. Once the call has ended it does nothing: no time is left, and nobody hears
/// of progress or blocks.
#[derive(Clone, Copy, Debug)]
pub struct Cx {
    call: u64,
}

impl Cx {
    /// Tells the caller how far the call has come; `progress` has to grow from report to report.
    pub fn progress(&self, progress: f64, total: Option<f64>, message: Option<&str>) {
        self.context(|context| context.progress(progress, total, message));
    }

    /// How long the call may still take. Who ends a little before answers with what there is by
    /// then; who does not is ended.
    pub fn time_left(&self) -> Duration {
        Duration::from_nanos(self.context(Context::time_left).unwrap_or(0))
    }

    /// Writes one line to the operator's log, attributed to this call.
    pub fn log(&self, level: Level, text: &str) {
        if self.context(|context| context.log(level, text)).is_none() {
            log(level, text);
        }
    }

    /// Shows a block before the call ends. It stands before the blocks of the answer, and behind
    /// the words of a failure; a call that ends by its deadline shows what there was until then.
    ///
    /// # Errors
    /// All blocks of the call together are more than the limit `output`.
    pub fn emit(&self, block: impl Into<Block>) -> Result<(), Refusal> {
        let block = block.into();
        self.context(|context| context.emit(&block)).unwrap_or(Ok(()))
    }

    /// Resolves when the call's deadline has come: the operator's, or the caller's own if that is
    /// sooner. Only the host knows it.
    ///
    /// Without asking for it, a tool is dropped at its deadline. A tool that has called this is
    /// not, nor is a `#[tool(last_words)]`: it has [`LAST_WORDS`] to return what it has so far, and
    /// is dropped after that. Whoever is cancelled is dropped in any case. (A plugin with one
    /// instance for each call is not asked: the host drops the instance.)
    pub fn deadline(&self) -> impl Future<Output = ()> + 'static {
        let told = self.running().map(|call| call.told());
        async move {
            if let Some(mut told) = told
                && told.wait_for(|has_come| *has_come).await.is_ok()
            {
                return;
            }
            // The call has ended otherwise.
            std::future::pending().await
        }
    }

    pub(crate) fn running(self) -> Option<Rc<Call>> {
        CALLS.with_borrow(|calls| calls.get(&self.call).cloned())
    }

    fn context<T>(self, ask: impl FnOnce(&Context) -> T) -> Option<T> {
        self.running()?.context.as_ref().map(ask)
    }
}

/// How long a tool may go on after its deadline, if it asked to be told. The host's patience is a
/// little longer.
pub const LAST_WORDS: Duration = Duration::from_millis(400);

std::thread_local! {
    /// The calls that are running.
    static CALLS: RefCell<BTreeMap<u64, Rc<Call>>> = const { RefCell::new(BTreeMap::new()) };
    static NEXT: Cell<u64> = const { Cell::new(0) };
}

/// A call that is running.
pub(crate) struct Call {
    /// None outside a component.
    pub(crate) context: Option<Context>,
    pub(crate) replies: Vec<(String, tools::Reply)>,
    /// What it has asked, and was not answered.
    pub(crate) asked: RefCell<Vec<tools::Question>>,
    /// Whether it goes on for its last words.
    last_words: Cell<bool>,
    /// Whether its deadline has come, for those that want to be told.
    deadline: RefCell<Option<watch::Sender<bool>>>,
}

impl Call {
    pub(crate) fn new(context: Option<Context>, replies: Vec<(String, tools::Reply)>) -> Rc<Self> {
        Rc::new(Self {
            context,
            replies,
            asked: RefCell::default(),
            last_words: Cell::new(false),
            deadline: RefCell::default(),
        })
    }

    /// Makes it known to those that have its [`Cx`], until the guard is dropped.
    pub(crate) fn begin(self: &Rc<Self>) -> (Cx, Forget) {
        let call = NEXT.replace(NEXT.get() + 1);
        CALLS.with_borrow_mut(|calls| calls.insert(call, Rc::clone(self)));
        (Cx { call }, Forget(call))
    }

    /// Lets it go on for a moment after its deadline.
    pub(crate) fn wants_last_words(&self) {
        self.last_words.set(true);
    }

    pub(crate) fn has_last_words(&self) -> bool {
        self.last_words.get()
    }

    fn told(&self) -> watch::Receiver<bool> {
        self.wants_last_words();
        self.deadline.borrow_mut().get_or_insert_with(|| watch::channel(false).0).subscribe()
    }

    /// Its deadline has come.
    pub(crate) fn deadline_has_come(&self) {
        if let Some(told) = &*self.deadline.borrow() {
            told.send_replace(true);
        }
    }
}

/// Forgets a call when it ends, however it does.
pub(crate) struct Forget(u64);

impl Drop for Forget {
    fn drop(&mut self) {
        // The context is dropped outside the borrow.
        drop(CALLS.with_borrow_mut(|calls| calls.remove(&self.0)));
    }
}

/// What the operator limits this plugin to.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Linear memory of the whole instance, in bytes.
    pub memory: u64,
    /// Open sockets at one time.
    pub connections: u32,
    /// The longest a call may take.
    pub call: Duration,
    /// The longest answer of one call, in bytes of JSON.
    pub output: u64,
}

/// The limits in force.
pub fn limits() -> Limits {
    let limits = instance::get_limits();
    Limits {
        memory: limits.memory,
        connections: limits.connections,
        call: Duration::from_nanos(limits.call),
        output: limits.output,
    }
}

/// Writes one line to the operator's log.
pub fn log(level: Level, message: &str) {
    logging::log(level, message);
}

/// Why the instance before this one ended, if it ended badly: what it held is lost.
pub fn predecessor() -> Option<String> {
    instance::predecessor()
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn a_call_is_known_until_it_ends() {
        let call = Call::new(None, Vec::new());
        let (cx, forget) = call.begin();
        let (other, _forget) = Call::new(None, Vec::new()).begin();
        assert!(Rc::ptr_eq(&cx.running().unwrap(), &call));
        assert!(!Rc::ptr_eq(&other.running().unwrap(), &call));
        drop(forget);
        assert!(cx.running().is_none() && other.running().is_some());
        assert_eq!(cx.time_left(), Duration::ZERO);
        assert!(cx.emit("late").is_ok());
        assert_eq!(cx.deadline().now_or_never(), None);
        assert_eq!(Rc::strong_count(&call), 1);
    }

    #[test]
    fn all_who_ask_for_the_deadline_are_told() {
        let call = Call::new(None, Vec::new());
        let (cx, forget) = call.begin();
        assert!(!call.has_last_words());
        let (mut first, second, late) = (Box::pin(cx.deadline()), cx.deadline(), cx.deadline());
        assert!(call.has_last_words());
        assert_eq!(first.as_mut().now_or_never(), None);
        call.deadline_has_come();
        assert_eq!(first.as_mut().now_or_never(), Some(()));
        assert_eq!(second.now_or_never(), Some(()));
        drop((forget, call));
        // What has come has come, whoever looks late.
        assert_eq!(late.now_or_never(), Some(()));
    }

    #[test]
    fn a_deadline_of_a_call_that_has_ended_never_comes() {
        let call = Call::new(None, Vec::new());
        let (cx, forget) = call.begin();
        let mut deadline = Box::pin(cx.deadline());
        assert_eq!(deadline.as_mut().now_or_never(), None);
        drop((forget, call));
        assert_eq!(deadline.now_or_never(), None);
    }
}
