//! A generation: a policy, the plugins that are loaded under it, and the catalogue of their tools.
//! It is replaced as a whole. A call holds the entry of the catalogue that it was found by, and so
//! ends on its generation. The instances of a generation that was replaced go with its last call.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use cofferdam_audit::{Event, Sink};
use cofferdam_policy::Kind;
use cofferdam_runtime::{CallError, Digest, Environment, Handlers, Runtime};
use tokio::sync::watch;

use crate::catalog::{Catalog, Entry};
use crate::definition;
use crate::load::{Candidate, LoadProblem, Setup, find, name_servers, own_files};
use crate::plugin::LoadedPlugin;
use crate::policies::Policies;
use crate::tool::Tool;

/// After how long a component whose tools could not be had is asked again: at first, and at most.
const AGAIN: Duration = Duration::from_secs(1);
const SELDOM: Duration = Duration::from_secs(60);

/// What all generations share.
pub struct Shared {
    pub runtime: Runtime,
    pub sink: Arc<dyn Sink>,
    pub policies: Arc<Policies>,
    /// Changes whenever the list of tools does that clients are shown.
    pub changes: watch::Sender<u64>,
}

/// One generation.
pub struct Generation {
    shared: Arc<Shared>,
    plugins: Vec<Arc<LoadedPlugin>>,
    catalog: Mutex<Arc<Catalog>>,
    /// How many plugins' tools are not known yet.
    pending: watch::Sender<usize>,
    /// What was refused before anything was served.
    refused: Vec<LoadProblem>,
    /// What turned out later.
    late: Mutex<Vec<LoadProblem>>,
}

impl Generation {
    /// Loads a generation. Compiles nothing; what has to be compiled before its tools are known is
    /// compiled on a task of its own.
    pub fn load(shared: &Arc<Shared>, number: u32, setup: Setup) -> Arc<Self> {
        let setup = Setup { policy: setup.policy.in_generation(number), ..setup };
        let (found, refused) = find(&setup);
        let (pure, found): (Vec<_>, Vec<_>) = found.into_iter().partition(Candidate::is_pure);
        // One that was refused is not there.
        let is_refused = |name: &str| refused.iter().any(|problem| problem.plugin == name);
        let pure = pure.iter().filter(|one| !is_refused(&one.manifest.name));
        let (handlers, scripts): (Vec<_>, Vec<_>) = pure.partition(|one| one.manifest.kind == Kind::Handler);
        let handlers = handlers.into_iter().map(Candidate::pure_spec);
        // The operator's own comes after the shipped one, and is meant.
        let handlers = Handlers::new(&shared.runtime, handlers, scripts.last().map(|one| one.pure_spec()));
        let environment = Environment::new(name_servers(&setup.policy), own_files(&setup), handlers);
        let policy = Arc::new(setup.policy);
        shared.policies.add(number, &policy);
        let text = policy.canonical(&|settings| Digest::of(settings).as_str().to_owned());
        // If it cannot be written now, it is before anything else: until then nothing is granted.
        shared.sink.defer(&Event::PolicyLoaded { text: &text, rules: policy.rule_ids().count() });
        for LoadProblem { plugin, cause, .. } in &refused {
            shared.sink.defer(&Event::LoadRefused { plugin, cause });
        }
        let load = |(place, candidate)| LoadedPlugin::new(&shared.runtime, &environment, &policy, place, candidate);
        let generation = Arc::new(Self {
            plugins: found.into_iter().enumerate().map(load).collect(),
            shared: Arc::clone(shared),
            catalog: Mutex::default(),
            pending: watch::Sender::new(0),
            refused,
            late: Mutex::default(),
        });
        generation.fill();
        generation
    }

    /// Lists what is known without running anything, and starts finding out about the rest.
    fn fill(self: &Arc<Self>) {
        let runtime = &self.shared.runtime;
        let is_refused = |plugin: &LoadedPlugin| self.refused.iter().any(|refused| *refused.plugin == **plugin.name());
        let mut known = Vec::new();
        for loaded in self.plugins.iter().filter(|loaded| !is_refused(loaded)) {
            let kept = match loaded.candidate.shipped {
                Some(json) => Some(json.to_vec()),
                None => runtime.kept_definitions(&loaded.candidate.digest),
            };
            match kept.map(|json| definition::from_json(loaded.name(), loaded.reach, &json)) {
                Some(Ok(tools)) => known.push((Arc::clone(loaded), tools)),
                // An empty list of a shipped plugin means that its definitions are being made just
                // now.
                Some(Err(_)) | None => {
                    self.pending.send_modify(|pending| *pending += 1);
                    tokio::spawn(discover(Arc::downgrade(self), Arc::clone(loaded)));
                    continue;
                }
            }
            // A plugin that is allowed nothing is not called.
            if !loaded.plugin.has_code() && loaded.candidate.allows_anything() {
                // Compiled before the first call, most times; a call that comes sooner waits for
                // it. Code that is kept is loaded by the first call, in milliseconds: most clients
                // use few of the plugins.
                let plugin = Arc::clone(&loaded.plugin);
                tokio::spawn(async move { plugin.prepare().await });
            }
        }
        self.list(known);
    }

    /// Lists the tools of plugins.
    fn list(&self, all: Vec<(Arc<LoadedPlugin>, Vec<Tool>)>) {
        let mut problems = Vec::new();
        let changed = {
            let mut catalog = self.catalog.lock().unwrap_or_else(PoisonError::into_inner);
            let mut draft = catalog.draft();
            for (plugin, tools) in all {
                let listing = &plugin.candidate.effective.listing;
                let unknown = listing.unknown(&tools.iter().map(|tool| &*tool.name).collect::<Vec<_>>());
                problems.extend(unknown.into_iter().map(|(_, cause)| (Arc::clone(&plugin), cause)));
                match draft.add(&plugin, tools) {
                    Ok(without) => problems.extend(without),
                    Err(cause) => problems.push((plugin, cause)),
                }
            }
            let before = Arc::clone(&catalog.tools);
            *catalog = Arc::new(draft.finish());
            !Arc::ptr_eq(&before, &catalog.tools)
        };
        for (plugin, cause) in problems {
            self.problem(&plugin, cause);
        }
        if changed {
            self.shared.changes.send_modify(|version| *version += 1);
        }
    }

    fn problem(&self, plugin: &LoadedPlugin, cause: String) {
        let problem = LoadProblem::new(&**plugin.name(), cause);
        self.shared.sink.defer(&Event::LoadRefused { plugin: plugin.name(), cause: &problem.cause });
        let LoadProblem { plugin, cause, .. } = &problem;
        tracing::error!(target: "cofferdam", plugin, %cause, "a plugin has a problem");
        self.late.lock().unwrap_or_else(PoisonError::into_inner).push(problem);
    }

    /// The tools as they are known now.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where a call to this tool goes.
    pub fn find(&self, tool: &str) -> Option<Arc<Entry>> {
        self.catalog.lock().unwrap_or_else(PoisonError::into_inner).find(tool)
    }

    /// The plugins, in the order in which they were named.
    pub fn plugins(&self) -> &[Arc<LoadedPlugin>] {
        &self.plugins
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

    /// Ends every instance. Calls in flight are answered that the server is shutting down.
    pub async fn close(&self) {
        futures::future::join_all(self.plugins.iter().map(|loaded| loaded.plugin.close())).await;
    }
}

/// Asks a component for its tools, for as long as its generation is there. A component that is not
/// compiled in time, or not at all for now, is asked again; meanwhile it has no tools.
async fn discover(generation: Weak<Generation>, loaded: Arc<LoadedPlugin>) {
    let mut pause = AGAIN;
    let mut is_first = true;
    loop {
        let given = loaded.definitions().await;
        let Some(generation) = generation.upgrade() else { return };
        let passes = given.as_ref().is_err_and(CallError::may_pass);
        let listed = match given {
            Ok(given) => definition::from_component(loaded.name(), loaded.reach, given),
            Err(error) => Err(error.to_string()),
        };
        match listed {
            Ok(tools) => {
                let json = definition::to_json(&tools);
                generation.shared.runtime.keep_definitions(&loaded.candidate.digest, json.as_bytes());
                generation.list(vec![(Arc::clone(&loaded), tools)]);
            }
            // It is told once.
            Err(cause) if is_first => generation.problem(&loaded, cause),
            Err(_) => {}
        }
        if std::mem::take(&mut is_first) {
            generation.pending.send_modify(|pending| *pending -= 1);
        }
        drop(generation);
        if !passes {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(SELDOM);
    }
}
