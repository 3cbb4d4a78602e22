//! The registry: what is loaded, and the way of a call. Opening it compiles nothing; what has to be compiled before its tools
//! are known is compiled behind the scenes, and its tools appear when it is done.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cofferdam_audit::{Both, Caller, Event, Log, Sink};
use cofferdam_grants::RuleId;
use cofferdam_policy::Policy;
use cofferdam_runtime::{CallError, Digest, Options, OwnFiles, Plugin, Request, Runtime};
use tokio::sync::watch;

use crate::call::{Answer, Call, Progress, Tool, UnknownTool};
use crate::catalog::Catalog;
use crate::definition::{self, Reach};
use crate::load::{Found, LoadProblem, Setup, find, name_servers, reach};
use crate::outcome;
use crate::preview::PluginStatus;

/// The longest JSON of one call's arguments.
const ARGUMENTS: usize = 24 << 20;

/// After how long a component whose tools could not be had is asked again: at first, and at most.
const AGAIN: Duration = Duration::from_secs(1);
const SELDOM: Duration = Duration::from_secs(60);

/// What is loaded.
pub struct Registry {
    runtime: Runtime,
    sink: Arc<dyn Sink>,
    plugins: Vec<Loaded>,
    catalog: Mutex<Arc<Catalog>>,
    changes: watch::Sender<u64>,
    /// How many plugins' tools are not known yet.
    pending: watch::Sender<usize>,
    /// What was refused before anything was served.
    refused: Vec<LoadProblem>,
    /// What turned out later.
    late: Mutex<Vec<LoadProblem>>,
    /// Calls so far: their numbers in the audit.
    calls: AtomicU64,
}

struct Loaded {
    found: Found,
    plugin: Arc<Plugin>,
    reach: Reach,
}

impl Registry {
    /// Opens a registry. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// The engine does not start. What is wrong with single plugins is [`Registry::problems`].
    pub fn open(setup: Setup) -> Result<Arc<Self>, String> {
        let (found, refused) = find(&setup);
        let own = own_files(&setup);
        let policy = Arc::new(setup.policy);
        let log = Log::new({
            let policy = Arc::clone(&policy);
            move |plugin, denial| policy.explain_denial(plugin, denial)
        });
        let sink: Arc<dyn Sink> = match setup.audit {
            Some(audit) => Arc::new(Both(audit, log)),
            None => Arc::new(log),
        };
        let rules = (0..).map_while(|id| policy.rule(RuleId(id))).count();
        let text = policy.canonical(&|settings| Digest::of(settings).as_str().to_owned());
        // If it cannot be written now, it is before anything else: until then nothing is granted.
        sink.defer(&Event::PolicyLoaded { text: &text, rules });
        for LoadProblem { plugin, cause, .. } in &refused {
            sink.defer(&Event::LoadRefused { plugin, cause });
        }
        let name_servers = name_servers(&policy);
        let runtime = Runtime::new(Options {
            cache: setup.cache,
            name_servers,
            own,
            total_memory: policy.total_memory(),
            sink: Arc::clone(&sink),
        })?;
        let plugins: Vec<Loaded> = found
            .into_iter()
            .map(|found| Loaded { plugin: Arc::new(Plugin::new(&runtime, found.spec())), reach: reach(&found), found })
            .collect();
        for loaded in &plugins {
            let plugin = Arc::downgrade(&loaded.plugin);
            runtime.before_trimming(move || plugin.upgrade().iter().for_each(|plugin| plugin.let_go()));
        }
        let registry = Arc::new(Self {
            runtime,
            sink,
            plugins,
            catalog: Mutex::default(),
            changes: watch::Sender::new(0),
            pending: watch::Sender::new(0),
            refused,
            late: Mutex::default(),
            calls: AtomicU64::new(0),
        });
        registry.fill();
        Ok(registry)
    }

    /// Lists what is known without running anything, and starts finding out about the rest.
    fn fill(self: &Arc<Self>) {
        let mut known = Vec::new();
        for (index, loaded) in self.plugins.iter().enumerate() {
            let name = &loaded.found.manifest.name;
            if self.refused.iter().any(|refused| refused.plugin == *name) {
                continue;
            }
            let kept = match loaded.found.shipped {
                Some(json) => Some(json.to_vec()),
                None => self.runtime.kept_definitions(&loaded.found.digest),
            };
            let listed = kept.map(|json| definition::from_json(name, loaded.reach, &json));
            match listed {
                Some(Ok(tools)) => known.push((index, tools)),
                // An empty list of a shipped plugin means that its definitions are being made just now.
                Some(Err(_)) | None => {
                    self.pending.send_modify(|pending| *pending += 1);
                    let registry = Arc::clone(self);
                    tokio::spawn(async move { registry.discover(index).await });
                    continue;
                }
            }
            let plugin = Arc::clone(&loaded.plugin);
            if !plugin.has_code() {
                // Compiled before the first call, most times; a call that comes sooner waits for it. Code that is kept
                // is loaded by the first call, in milliseconds: most clients use few of the plugins.
                tokio::spawn(async move { plugin.prepare().await });
            }
        }
        self.list(known);
    }

    /// Asks a component for its tools. One that is not compiled in time, or not at all for now, is asked again; meanwhile it has none.
    async fn discover(&self, index: usize) {
        let loaded = &self.plugins[index];
        let name = &loaded.found.manifest.name;
        let mut pause = AGAIN;
        let mut waited_for = true;
        loop {
            let given = loaded.plugin.definitions().await;
            let passes = given.as_ref().is_err_and(CallError::may_pass);
            let listed = match given {
                Ok(given) => definition::from_component(name, loaded.reach, given),
                Err(error) => Err(error.to_string()),
            };
            match listed {
                Ok(tools) => {
                    self.runtime.keep_definitions(&loaded.found.digest, definition::to_json(&tools).as_bytes());
                    self.list(vec![(index, tools)]);
                }
                // It is told once.
                Err(cause) if waited_for => self.problem(name, cause),
                Err(_) => {}
            }
            if std::mem::take(&mut waited_for) {
                self.pending.send_modify(|pending| *pending -= 1);
            }
            if !passes {
                return;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(SELDOM);
        }
    }

    /// Lists the tools of plugins, given by their places.
    fn list(&self, all: Vec<(usize, Vec<Tool>)>) {
        let mut problems = Vec::new();
        let changed = {
            let mut catalog = self.catalog.lock().unwrap_or_else(PoisonError::into_inner);
            let mut draft = catalog.draft();
            for (index, tools) in all {
                let listing = &self.plugins[index].found.effective.listing;
                let unknown = listing.unknown(&tools.iter().map(|tool| &*tool.name).collect::<Vec<_>>());
                problems.extend(unknown.into_iter().map(|(_, cause)| (index, cause)));
                match draft.add(index, tools, |tool| listing.unlisted(tool)) {
                    Ok(lost) => problems.extend(lost),
                    Err(cause) => problems.push((index, cause)),
                }
            }
            let before = Arc::clone(&catalog.tools);
            *catalog = Arc::new(draft.finish());
            !Arc::ptr_eq(&before, &catalog.tools)
        };
        for (index, cause) in problems {
            self.problem(&self.plugins[index].found.manifest.name, cause);
        }
        if changed {
            self.changes.send_modify(|version| *version += 1);
        }
    }

    fn problem(&self, plugin: &str, cause: String) {
        let problem = LoadProblem::new(plugin, cause);
        self.sink.defer(&Event::LoadRefused { plugin, cause: &problem.cause });
        tracing::error!(target: "cofferdam", "{problem}");
        self.late.lock().unwrap_or_else(PoisonError::into_inner).push(problem);
    }

    fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The tools a client may list now.
    pub fn tools(&self) -> Arc<[Tool]> {
        Arc::clone(&self.catalog().tools)
    }

    /// The tools that are known, also those that no client is shown.
    pub fn known_tools(&self) -> Arc<[Tool]> {
        Arc::clone(&self.catalog().known)
    }

    /// Whether any rule allows any plugin anything.
    pub fn allows_anything(&self) -> bool {
        self.plugins.iter().any(|loaded| loaded.found.allows_anything())
    }

    /// Changes whenever [`Registry::tools`] does.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Waits until the tools of every plugin are known.
    pub async fn settled(&self) {
        // The sender lives in `self`: waiting cannot fail.
        let _ = self.pending.subscribe().wait_for(|pending| *pending == 0).await;
    }

    /// What could not be loaded, and was known so before anything was served.
    pub fn refused(&self) -> &[LoadProblem] {
        &self.refused
    }

    /// Everything that could not be loaded, so far as is known by now.
    pub fn problems(&self) -> Vec<LoadProblem> {
        let late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        self.refused.iter().chain(late.iter()).cloned().collect()
    }

    /// Every plugin, for people. `rule` says where a rule was written.
    pub fn plugins(&self, policy: &Policy) -> Vec<PluginStatus> {
        let (known, found) = (self.known_tools(), self.plugins.iter().map(|loaded| &loaded.found));
        found
            .map(|found| found.status(policy, known.iter().filter(|tool| tool.plugin == found.manifest.name)))
            .collect()
    }

    /// A component's definitions, as they are kept and embedded.
    pub fn definitions_json(&self, plugin: &str) -> String {
        let tools: Vec<Tool> = self.known_tools().iter().filter(|tool| tool.plugin == plugin).cloned().collect();
        definition::to_json(&tools)
    }

    /// Which calls a call of this tool is kept in order with: those of its plugin, or those whose plugin is not known yet.
    pub fn group(&self, tool: &str) -> Option<usize> {
        self.catalog().find(tool).map(|entry| entry.plugin)
    }

    /// Runs one call to its end: by its answer, its deadline or its cancellation.
    ///
    /// # Errors
    /// There is no such tool.
    pub async fn call(&self, call: Call) -> Result<Answer, UnknownTool> {
        let entry = match self.catalog().find(&call.tool) {
            Some(entry) => entry,
            None => {
                // It may belong to a plugin whose tools are not known yet: right after the start that is no mistake.
                self.settled().await;
                self.catalog().find(&call.tool).ok_or_else(|| UnknownTool(call.tool.clone()))?
            }
        };
        let loaded = &self.plugins[entry.plugin];
        let begun = std::time::Instant::now();
        let plugin = &loaded.found.manifest.name;
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let caller = Arc::new(Caller { call: number, principal: call.principal.0, client: call.client });
        let ended = |outcome: &str, answer: &Answer| {
            let bytes_out = answer.content.iter().map(|text| text.len() as u64).sum();
            // Whatever effects the call had, it has had: the line is owed, but no longer a condition.
            self.sink.defer(&Event::CallEnded {
                caller: &caller,
                plugin,
                tool: &call.tool,
                outcome,
                took: begun.elapsed(),
                bytes_out,
            });
        };
        let refused = |code: &str, why: &str| {
            let answer = outcome::failure(code, why, serde_json::Map::new());
            ended(code, &answer);
            Ok(answer)
        };
        if let Some(unlisted) = &entry.unlisted {
            tracing::warn!(target: "cofferdam", "plugin `{plugin}`: `{}` is not listed: {unlisted}", call.tool);
            return refused("denied", &unlisted.for_model(&call.tool));
        }
        let invalid = |mistake: &str| refused("invalid_argument", mistake);
        let checked = if entry.arguments.is_dear(&call.arguments) {
            let (entry, arguments) = (Arc::clone(&entry), call.arguments);
            let check = tokio::task::spawn_blocking(move || entry.arguments.check(arguments));
            check.await.unwrap_or_else(|_| Err("the check of the arguments failed".to_owned()))
        } else {
            entry.arguments.check(call.arguments)
        };
        let arguments = match checked {
            Ok(arguments) => serde_json::Value::Object(arguments).to_string(),
            Err(mistake) => return invalid(&mistake),
        };
        if arguments.len() > ARGUMENTS {
            return invalid(&format!("the arguments have {} bytes, {ARGUMENTS} are the most", arguments.len()));
        }
        let started = Event::CallStarted {
            caller: &caller,
            plugin,
            digest: loaded.found.digest.as_str(),
            tool: &call.tool,
            arguments: &arguments,
        };
        if let Err(unwritten) = self.sink.record(&started) {
            return Ok(outcome::failure("audit_failed", &unwritten.to_string(), serde_json::Map::new()));
        }
        let (progress, forwarding) = forward(call.progress);
        let turn = match call.turn {
            Some(turn) => Some(turn.among(entry.plugin).await),
            None => None,
        };
        let request = Request {
            tool: call.tool.clone(),
            arguments,
            caller: Arc::clone(&caller),
            turn,
            deadline: call.deadline,
            cancel: call.cancel,
            progress,
        };
        let result = loaded.plugin.call(request).await;
        if let Some(forwarding) = forwarding {
            // Ends with the last sender, which the call has just dropped; reports go out before the answer does.
            let _ = tokio::time::timeout(Duration::from_millis(100), forwarding).await;
        }
        let outcome = result.as_ref().err().map_or("ok", |error| error.code()).to_owned();
        let answer = outcome::answer(result);
        ended(&outcome, &answer);
        Ok(answer)
    }

    /// Ends every instance; calls in flight are answered that the server is shutting down.
    pub async fn close(&self) {
        futures::future::join_all(self.plugins.iter().map(|loaded| loaded.plugin.close())).await;
    }
}

type Forwarded =
    (Option<tokio::sync::mpsc::Sender<cofferdam_runtime::ProgressReport>>, Option<tokio::task::JoinHandle<()>>);

/// The runtime's reports as ours.
fn forward(to: Option<tokio::sync::mpsc::Sender<Progress>>) -> Forwarded {
    let Some(to) = to else { return (None, None) };
    let (sender, mut reports) = tokio::sync::mpsc::channel::<cofferdam_runtime::ProgressReport>(16);
    let task = tokio::spawn(async move {
        let mut last = f64::NEG_INFINITY;
        while let Some(report) = reports.recv().await {
            // MCP: the number grows with every report. One that does not is a mistake of the plugin's.
            if report.progress.partial_cmp(&last) != Some(std::cmp::Ordering::Greater) {
                continue;
            }
            last = report.progress;
            let progress = Progress { progress: report.progress, total: report.total, message: report.message };
            // A caller that does not keep up loses reports.
            let _ = to.try_send(progress);
        }
    });
    (Some(sender), Some(task))
}

/// What is ours, with the components that were named and the cache.
pub(crate) fn own_files(setup: &Setup) -> OwnFiles {
    let mut own = setup.own.clone();
    let named = setup.policy.plugins().filter_map(|(_, table)| table.component.as_ref().map(PathBuf::from));
    own.files.extend(setup.plugins.iter().cloned().chain(named));
    own.folders.extend(setup.cache.clone());
    // A working directory that is gone makes nothing of ours readable: what is relative to it cannot be found either.
    for path in own.files.iter_mut().chain(&mut own.families).chain(&mut own.folders) {
        *path = std::path::absolute(&*path).unwrap_or_else(|_| path.clone());
    }
    own.remember();
    own
}
