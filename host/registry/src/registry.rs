//! The registry: the current generation, and the way of a call: checked, recorded, run.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Instant;

use cofferdam_audit::{Both, Caller, Log, Sink};
use cofferdam_policy::Policy;
use cofferdam_runtime::{CallError, Options, Outcome, Request, Runtime, Shown};
use tokio::sync::watch;
use tracing::{Instrument as _, Span, field};

use crate::call::{Answer, Call, UnknownTool};
use crate::catalog::{Entry, Refusal};
use crate::definition;
use crate::generation::{Generation, Shared};
use crate::load::{LoadProblem, Setup};
use crate::order::Target;
use crate::person::{self, Person};
use crate::plugin::LoadedPlugin;
use crate::preview::PluginStatus;
use crate::record::CallRecord;
use crate::tool::Tool;

/// What is loaded.
pub struct Registry {
    shared: Arc<Shared>,
    current: RwLock<Arc<Generation>>,
    /// The plugins of earlier generations, which have calls yet.
    earlier: Mutex<Vec<Weak<LoadedPlugin>>>,
    /// Generations so far.
    generations: AtomicU32,
    /// Calls so far: their numbers in the audit.
    calls: AtomicU64,
}

impl Registry {
    /// Opens a registry. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// The engine does not start. What is wrong with single plugins is [`Registry::problems`].
    pub fn open(mut setup: Setup) -> Result<Arc<Self>, String> {
        let policies = Arc::clone(&setup.policies);
        let log = Log::new({
            let policies = Arc::clone(&policies);
            move |plugin, denial| policies.explain(plugin, denial)
        });
        let sink: Arc<dyn Sink> = match setup.audit.take() {
            Some(audit) => Arc::new(Both(audit, log)),
            None => Arc::new(log),
        };
        let runtime = Runtime::new(Options {
            cache: setup.cache.clone(),
            total_memory: setup.policy.total_memory(),
            sink: Arc::clone(&sink),
        })?;
        let shared = Arc::new(Shared { runtime, sink, policies, changes: watch::Sender::new(0) });
        let current = RwLock::new(Generation::load(&shared, 0, setup));
        let (generations, calls) = (AtomicU32::new(1), AtomicU64::new(0));
        Ok(Arc::new(Self { shared, current, earlier: Mutex::default(), generations, calls }))
    }

    /// Puts a new generation in the place of the current one. Calls that have been found on the old
    /// one end there. The cache and the audit stay those that the registry was opened with. Must be
    /// called on a tokio runtime.
    pub fn replace(&self, setup: Setup) {
        self.shared.runtime.limit_memory(setup.policy.total_memory());
        let number = self.generations.fetch_add(1, Ordering::SeqCst);
        let next = Generation::load(&self.shared, number, setup);
        let last = std::mem::replace(&mut *self.current.write().unwrap_or_else(PoisonError::into_inner), next);
        last.plugins().iter().for_each(|loaded| loaded.plugin.retire());
        let mut earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        earlier.extend(last.plugins().iter().map(Arc::downgrade));
        drop(last);
        earlier.retain(|plugin| plugin.strong_count() > 0);
        drop(earlier);
        self.shared.changes.send_modify(|version| *version += 1);
    }

    fn current(&self) -> Arc<Generation> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The tools a client may list now.
    pub fn tools(&self) -> Arc<[Tool]> {
        Arc::clone(&self.current().catalog().tools)
    }

    /// The tools that are known, also those that no client is shown.
    pub fn known_tools(&self) -> Arc<[Tool]> {
        Arc::clone(&self.current().catalog().known)
    }

    /// Whether any rule allows any plugin anything.
    pub fn allows_anything(&self) -> bool {
        self.current().plugins().iter().any(|loaded| loaded.candidate.allows_anything())
    }

    /// Changes whenever [`Registry::tools`] does.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    /// Waits until the tools of every plugin are known.
    pub async fn settled(&self) {
        self.current().settled().await;
    }

    /// What could not be loaded, and was known so before anything was served.
    pub fn refused(&self) -> Vec<LoadProblem> {
        self.current().refused().to_vec()
    }

    /// Everything that could not be loaded, so far as is known by now.
    pub fn problems(&self) -> Vec<LoadProblem> {
        self.current().problems()
    }

    /// Every plugin, for people. The policy says where its rules were written.
    pub fn plugins(&self, policy: &Policy) -> Vec<PluginStatus> {
        let (generation, known) = (self.current(), self.known_tools());
        let status = |loaded: &Arc<LoadedPlugin>| {
            let tools = known.iter().filter(|tool| *tool.plugin == **loaded.name());
            loaded.candidate.status(policy, tools)
        };
        generation.plugins().iter().map(status).collect()
    }

    /// A component's definitions, as they are kept and embedded.
    pub fn definitions_json(&self, plugin: &str) -> String {
        let tools: Vec<Tool> = self.known_tools().iter().filter(|tool| tool.plugin == plugin).cloned().collect();
        definition::to_json(&tools)
    }

    /// Where a call of this tool goes; `None` where its plugin is not known (yet).
    pub fn find(&self, tool: &str) -> Option<Target> {
        self.current().find(tool).map(Target)
    }

    /// Runs one call to its end: by its answer, its deadline or its cancellation.
    ///
    /// # Errors
    /// There is no such tool.
    pub async fn call(&self, call: Call) -> Result<Answer, UnknownTool> {
        // Known once the tool is found.
        let [id, tool, plugin, principal] = [const { field::Empty }; 4];
        let span = tracing::debug_span!(target: "cofferdam", "call", id, tool, plugin, principal);
        self.answer(call).instrument(span).await
    }

    async fn answer(&self, call: Call) -> Result<Answer, UnknownTool> {
        let begun = Instant::now();
        let Call { tool, arguments, principal, client, deadline, turn, cancel, progress, person } = call;
        let (target, turn) = turn.map_or((None, None), |turn| (turn.target, Some(turn.turn)));
        let entry = self.entry(target, &tool).await?;
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let span = Span::current();
        span.record("id", number).record("tool", tool.as_str()).record("plugin", &**entry.plugin.name());
        span.record("principal", principal.0.as_str());
        let caller = Arc::new(Caller { call: number, principal: principal.0, client });
        let (sink, plugin) = (&*self.shared.sink, &*entry.plugin);
        let record = CallRecord { sink, caller: Arc::clone(&caller), plugin, tool: &tool, begun };

        let arguments = match entry.check(&tool, arguments).await {
            Ok(arguments) => arguments,
            Err(refusal) => return Ok(record.refused(&refusal)),
        };
        if let Err(answer) = record.started(&arguments) {
            return Ok(answer);
        }
        let request =
            Request { tool: tool.clone(), arguments, replies: Vec::new(), caller, turn, deadline, cancel, progress };
        Ok(Self::run(&record, plugin, request, person.as_deref()).await)
    }

    /// Runs a call that may run, again with every reply to what its tool asks.
    async fn run(
        record: &CallRecord<'_>,
        plugin: &LoadedPlugin,
        request: Request,
        person: Option<&dyn Person>,
    ) -> Answer {
        let Request { tool, mut arguments, mut replies, caller, mut turn, deadline, cancel, progress } = request;
        let invalid = |expected| CallError::OutputInvalid { plugin: plugin.name().to_string(), expected };
        for _ in 0..person::ROUNDS {
            let request = Request {
                tool: tool.clone(),
                // Where nobody can be asked, there is no second time.
                arguments: if person.is_some() { arguments.clone() } else { std::mem::take(&mut arguments) },
                replies: replies.clone(),
                caller: Arc::clone(&caller),
                turn: turn.take(),
                deadline,
                cancel: cancel.clone(),
                progress: progress.clone(),
            };
            let questions = match plugin.plugin.call(request).await {
                (Ok(Outcome::Done(reply)), _) => return record.answered(reply),
                (Err(error), shown) => return record.failed(error, shown),
                (Ok(Outcome::Asks(questions)), _) => questions,
            };
            if let Err(expected) = person::check(&questions) {
                return record.failed(invalid(expected), Shown::default());
            }
            let Some(person) = person else { return record.unasked(&questions) };
            let said = tokio::select! {
                said = person.ask(&questions) => said,
                () = cancel.cancelled() => return record.failed(CallError::Cancelled, Shown::default()),
            };
            match person::replies(&questions, said) {
                Ok(said) => replies.extend(said),
                Err(why) => return record.refused(&Refusal { code: "invalid_reply", message: why }),
            }
        }
        record.failed(invalid("an end to its questions"), Shown::default())
    }

    /// The tool of a call: as it was found when the call arrived, or else as it is known now.
    async fn entry(&self, target: Option<Target>, tool: &str) -> Result<Arc<Entry>, UnknownTool> {
        if let Some(Target(entry)) = target {
            return Ok(entry);
        }
        let generation = self.current();
        if let Some(entry) = generation.find(tool) {
            return Ok(entry);
        }
        // It may belong to a plugin whose tools are not known yet. Right after the start that is no
        // mistake.
        generation.settled().await;
        generation.find(tool).ok_or_else(|| UnknownTool(tool.to_owned()))
    }

    /// Ends every instance. Calls in flight are answered that the server is shutting down.
    pub async fn close(&self) {
        let earlier = std::mem::take(&mut *self.earlier.lock().unwrap_or_else(PoisonError::into_inner));
        let earlier: Vec<_> = earlier.iter().filter_map(Weak::upgrade).collect();
        let earlier = earlier.iter().map(|loaded| loaded.plugin.close());
        futures::future::join(self.current().close(), futures::future::join_all(earlier)).await;
    }
}
