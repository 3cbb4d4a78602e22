//! What tests of this crate share: plugins that are loaded, and whose component is never run.

use std::borrow::Cow;
use std::sync::Arc;

use cofferdam_audit::{Event, Sink, Unwritten};
use cofferdam_policy::{ABI, Manifest, Policy, effective};
use cofferdam_runtime::{Digest, Environment, Handlers, NameServers, Options, OwnFiles, Runtime};
use serde_json::json;

use crate::load::Candidate;
use crate::plugin::LoadedPlugin;
use crate::tool::{Annotations, Tool};

/// Takes every event, and keeps none.
struct Nowhere;

impl Sink for Nowhere {
    fn record(&self, _: &Event<'_>) -> Result<(), Unwritten> {
        Ok(())
    }
}

/// Where the plugins of one test are loaded.
pub struct Plugins {
    runtime: Runtime,
    environment: Environment,
}

impl Plugins {
    /// Has to be called on a tokio runtime.
    pub fn new() -> Self {
        let runtime = Runtime::new(Options { cache: None, total_memory: None, sink: Arc::new(Nowhere) }).unwrap();
        let own = OwnFiles::new(Vec::new(), Vec::new(), Vec::new());
        Self { runtime, environment: Environment::new(NameServers::System, own, Handlers::default()) }
    }

    /// A plugin that needs nothing.
    pub fn plugin(&self, name: &str, place: usize) -> Arc<LoadedPlugin> {
        self.with(name, place, "")
    }

    /// A plugin none of whose tools are shown: it needs a rule, and there is none.
    pub fn plugin_in_need(&self, name: &str, place: usize) -> Arc<LoadedPlugin> {
        self.with(name, place, "needs = [\"connect\"]\n[wants]\nconnect = [\"tcp://any:*\"]\n")
    }

    fn with(&self, name: &str, place: usize, more: &str) -> Arc<LoadedPlugin> {
        let manifest = format!("name = \"{name}\"\nversion = \"1\"\nabi = \"{ABI}\"\nkind = \"plugin\"\n{more}");
        let manifest = Manifest::parse_toml(&manifest).unwrap();
        let candidate = Candidate {
            effective: effective(&Policy::empty(), &manifest),
            manifest,
            digest: Digest::of(b""),
            settings: "{}".to_owned(),
            bytes: Cow::Borrowed(b""),
            shipped: None,
            ahead: None,
        };
        LoadedPlugin::new(&self.runtime, &self.environment, &Arc::default(), place, candidate)
    }
}

/// A tool that takes one text.
pub fn tool(name: &str, plugin: &str) -> Tool {
    let input_schema = json!({ "type": "object", "properties": { "text": { "type": "string" } } });
    Tool {
        name: name.to_owned(),
        title: None,
        description: String::new(),
        input_schema: serde_json::from_value(input_schema).unwrap(),
        output_schema: None,
        annotations: Annotations { read_only: true, destructive: false, idempotent: true, open_world: false },
        hints: cofferdam_runtime::Hints::default(),
        meta: None,
        plugin: plugin.to_owned(),
    }
}
