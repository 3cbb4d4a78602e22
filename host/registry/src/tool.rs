//! A tool as clients see it, as plain data.

use cofferdam_runtime::Hints;
use serde_json::{Map, Value};

/// A tool as a client sees it: validated, and attributed to the plugin that offers it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// `[a-zA-Z0-9_-]{1,40}`, unique in the catalogue.
    pub name: String,
    /// A short human-readable name.
    pub title: Option<String>,
    /// What the tool does, for a model.
    pub description: String,
    /// JSON Schema of the arguments; its root has `type: object`.
    pub input_schema: Map<String, Value>,
    /// JSON Schema of the structured answer; its root has `type: object`.
    pub output_schema: Option<Map<String, Value>>,
    /// Hints for clients, all four given explicitly.
    pub annotations: Annotations,
    /// What the tool claims of itself, from which the annotations are made with the grants.
    pub hints: Hints,
    /// Members of MCP's `_meta` for this tool.
    pub meta: Option<Map<String, Value>>,
    /// The plugin that answers.
    pub plugin: String,
}

/// Its name.
impl AsRef<str> for Tool {
    fn as_ref(&self) -> &str {
        &self.name
    }
}

/// The four hints of MCP's `ToolAnnotations`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Annotations {
    /// The tool changes nothing outside itself.
    pub read_only: bool,
    /// The tool may destroy something.
    pub destructive: bool,
    /// Calling twice is the same as calling once.
    pub idempotent: bool,
    /// The tool reaches beyond this machine's closed world.
    pub open_world: bool,
}
